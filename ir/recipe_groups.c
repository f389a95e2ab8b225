/* Weights of a convolution in groups, spread out: each group reads its own channels and zeros
 * elsewhere. A tree of older recipes, as deep as the logarithm of the number of groups. */
#include "ir/recipe.h"

/* The transposed rows [I, O, KH, KW] of group `group` of w [O*groups, I, KH, KW]. */
static const Recipe *group_inputs_first(RecipeTable *table, const Recipe *w, int64_t groups,
                                        int64_t group) {
  static const uint32_t inputs_first[4] = {1, 0, 2, 3};
  int64_t rows = w->type.dims[0] / groups;
  return recipe_permute(table, recipe_slice(table, w, group * rows, rows), inputs_first);
}

/* One group's rows, over the inputs of all. */
static const Recipe *spread_one(RecipeTable *table, const Recipe *w, int64_t groups,
                                int64_t group) {
  static const uint32_t outputs_first[4] = {1, 0, 2, 3};
  const Recipe *rows = group_inputs_first(table, w, groups, group);
  Type zeros = rows->type;
  int64_t inputs = zeros.dims[0];
  if (group > 0) {
    zeros.dims[0] = group * inputs;
    rows = recipe_concat(table, recipe_fill(table, 0, zeros), rows);
  }
  if (group < groups - 1) {
    zeros.dims[0] = (groups - 1 - group) * inputs;
    rows = recipe_concat(table, rows, recipe_fill(table, 0, zeros));
  }
  return recipe_permute(table, rows, outputs_first);
}

/* The rows of groups [begin, end), cut in halves, so that the tree stays flat. */
static const Recipe *spread_range(RecipeTable *table, const Recipe *w, int64_t groups,
                                  int64_t begin, int64_t end) {
  if (end - begin == 1) return spread_one(table, w, groups, begin);
  int64_t middle = begin + (end - begin) / 2;
  return recipe_concat(table, spread_range(table, w, groups, begin, middle),
                       spread_range(table, w, groups, middle, end));
}

const Recipe *recipe_spread_groups(RecipeTable *table, const Recipe *w, int64_t groups) {
  return groups == 1 ? w : spread_range(table, w, groups, 0, groups);
}
