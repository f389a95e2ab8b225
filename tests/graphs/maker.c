/* What makers of nodes have in common. */
#include "tests/graphs/maker.h"

Type maker_type(const Maker *m, ValueId v) {
  return graph_type(m->b.graph, v);
}

int64_t maker_channels(const Maker *m, ValueId v) {
  return type_channels(maker_type(m, v));
}

bool maker_is_map(const Maker *m, ValueId v) {
  return maker_type(m, v).rank == 4;
}

void maker_keep(Maker *m, ValueId v) {
  int64_t elements = 0;
  bool fits = !m->misfit && !value_is_none(v) && type_count(maker_type(m, v), &elements);
  m->misfit = NULL;
  if (fits && elements <= 1 << 17 && m->count < SUBJECT_VALUES) m->values[m->count++] = v;
}

bool maker_affords(Maker *m, Type result, int64_t depth) {
  int64_t elements = 0;
  if (!type_count(result, &elements) || elements > m->macs / (depth + 1)) return false;
  m->macs -= elements * depth;
  return true;
}

ValueId maker_weight(Maker *m, Type type) {
  const char *name = arena_printf(m->arena, "w%u", m->weights++);
  return build_constant(m->b, recipe_tensor(m->b.graph->recipes, name, type));
}

ValueId maker_bias(Maker *m, int64_t channels) {
  return choose(m->c, 2) ? maker_weight(m, type_vector(channels)) : VALUE_NONE;
}

int64_t maker_some_channels(Maker *m) {
  return choose_rarely(m->c, 12) ? 64 + 32 * (int64_t)choose(m->c, 7) : subject_size(m->c, 65);
}

ValueId maker_linear(Maker *m, ValueId x, int64_t channels) {
  int64_t depth = maker_channels(m, x);
  if (!maker_affords(m, type_with_channels(maker_type(m, x), channels), depth)) return VALUE_NONE;
  ValueId w = maker_weight(m, type_matrix(channels, depth));
  return build_linear(m->b, x, w, maker_bias(m, channels));
}

ValueId maker_norm(Maker *m, ValueId x) {
  Type vector = type_vector(maker_channels(m, x));
  ValueId gain = maker_weight(m, vector);
  return build_layer_norm(m->b, x, gain, maker_weight(m, vector), 1e-2);
}
