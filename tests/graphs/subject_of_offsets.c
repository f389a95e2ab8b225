/* Graphs that sample at offsets that the caller gives: the input "offsets", for which trials draw
 * what no model should give but some caller will (trial.c). */
#include "tests/graphs/subject.h"

static ValueId add_input(Subject *s, Builder b, const char *name, Type type, bool nchw) {
  s->types[s->input_count++] = type;
  return build_input(b, name, type, nchw);
}

/* x sampled along one axis. */
static ValueId sample(Subject *s, Builder b, Choices *c, ValueId x) {
  Type type = graph_type(b.graph, x);
  int32_t share = subject_divisor(c, type_channels(type)), axis = 1 + (int32_t)choose(c, 2);
  Type offsets = type_with_channels(type, type_channels(type) / share);
  return build_axial_sample(b, x, add_input(s, b, "offsets", offsets, choose(c, 2)), axis, share);
}

/* Patches of x whose taps move. */
static ValueId deform(Subject *s, Builder b, Choices *c, ValueId x) {
  static const int32_t kernels[] = {1, 3, 2};
  Type type = graph_type(b.graph, x);
  int32_t k = kernels[choose(c, 3)], groups = subject_divisor(c, type_channels(type));
  Window window = window_make(k, k, 1 + (int32_t)choose(c, 2), 1, k / 2, k / 2);
  window.dilation_h = 1 + (int32_t)choose(c, 2);
  int64_t height = window_places(window_rows(&window), type.dims[1]);
  int64_t width = window_places(window_columns(&window), type.dims[2]);
  if (height < 1 || width < 1) return sample(s, b, c, x);
  int64_t slots = 2 * (int64_t)groups * k * k;
  ValueId offsets =
      add_input(s, b, "offsets", type_map(type.dims[0], height, width, slots), choose(c, 2));
  return build_deform_patches(b, x, offsets, VALUE_NONE, window, groups);
}

void subject_of_offsets(Subject *subject, Arena *arena, Choices *c) {
  Graph *graph = graph_new(arena, recipe_table_new(arena), "offsets");
  Builder b = {.graph = graph, .label = "layer"};
  *subject = (Subject){.graph = graph};
  Type type =
      type_map(1 + choose(c, 2), subject_size(c, 33), subject_size(c, 17), subject_size(c, 65));
  ValueId x = add_input(subject, b, "x", type, choose(c, 2));
  if (choose(c, 2)) x = build_relu(b, x);
  ValueId y = choose(c, 2) ? deform(subject, b, c, x) : sample(subject, b, c, x);
  if (choose(c, 2)) {
    Type w = type_matrix(subject_size(c, 65), type_channels(graph_type(graph, y)));
    y = build_linear(b, y, build_constant(b, recipe_tensor(graph->recipes, "w", w)), VALUE_NONE);
  }
  graph_add_output(graph, "y", y, choose(c, 2));
}
