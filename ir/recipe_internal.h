/* What recipe.c shares with recipe_text.c: building a recipe whose parts may not fit. */
#ifndef ATMC_IR_RECIPE_INTERNAL_H
#define ATMC_IR_RECIPE_INTERNAL_H

#include "ir/recipe.h"

/* Interns the recipe that `prototype` describes (or an equal, simpler one) to *out. Of the type,
 * `prototype` gives only what its operands do not: all of it for TENSOR, FILL, IOTA3 and RESHAPE,
 * dims[0] for SLICE (the count), dims[2] for PACK, PACK4, PACK8 and WINOGRAD (the panel), the
 * element type for ROUND. Returns NULL, or a static text that says what does not fit. */
const char *recipe_try_intern(RecipeTable *table, const Recipe *prototype, const Recipe **out);

#endif
