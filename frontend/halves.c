#include "frontend/halves.h"

#include <inttypes.h>

bool halves_fit(Lowering *l, const char *key, int64_t hidden) {
  if (hidden % 2 == 0) return true;
  layer_error(l, key, "\"%s\" (%" PRId64 ") must be even: half of them are gates", key, hidden);
  return false;
}

Halves halves_begin(Lowering *l, const char *prefix, int64_t hidden, int64_t depth) {
  return (Halves){.weight = layer_tensor(l, prefix, "weight", type_matrix(hidden, depth)),
                  .bias = layer_tensor(l, prefix, "bias", type_vector(hidden)),
                  .count = hidden / 2};
}

static ValueId take(Lowering *l, const Halves *halves, const Recipe *whole, Half half) {
  RecipeTable *table = l->model->graph->recipes;
  int64_t begin = half == HALF_GATES ? halves->count : 0;
  return build_constant(l->builder, recipe_slice(table, whole, begin, halves->count));
}

ValueId halves_weight(Lowering *l, const Halves *halves, Half half) {
  return take(l, halves, halves->weight, half);
}

ValueId halves_bias(Lowering *l, const Halves *halves, Half half) {
  return take(l, halves, halves->bias, half);
}

ValueId halves_linear(Lowering *l, const Halves *halves, Half half, ValueId x) {
  ValueId w = halves_weight(l, halves, half);
  return build_linear(l->builder, x, w, halves_bias(l, halves, half));
}
