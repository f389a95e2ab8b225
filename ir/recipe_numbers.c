/* Vectors whose elements are known without a weights file: fills, one behind the other. */
#include "ir/recipe.h"

#include <string.h>

/* How many of `numbers` from the first on are the same. */
static uint32_t run_of(const double *numbers, uint32_t count) {
  uint32_t run = 1;
  while (run < count && memcmp(&numbers[run], &numbers[0], sizeof *numbers) == 0) ++run;
  return run;
}

const Recipe *recipe_numbers(RecipeTable *table, const double *numbers, uint32_t count) {
  const Recipe *vector = NULL;
  for (uint32_t i = 0, run; i < count; i += run) {
    run = run_of(numbers + i, count - i);
    const Recipe *equal = recipe_fill(table, numbers[i], type_vector(run));
    vector = vector ? recipe_concat(table, vector, equal) : equal;
  }
  return vector;
}

bool recipe_read_numbers(const Recipe *vector, double *numbers) {
  if (vector->type.rank != 1) return false;
  if (vector->kind == RECIPE_CONCAT) {
    const Recipe *first = vector->operands[0];
    return recipe_read_numbers(first, numbers) &&
           recipe_read_numbers(vector->operands[1], numbers + first->type.dims[0]);
  }
  if (vector->kind != RECIPE_FILL) return false;
  for (int64_t i = 0; i < vector->type.dims[0]; ++i) numbers[i] = vector->fill;
  return true;
}
