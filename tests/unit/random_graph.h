/* Graphs that are drawn by lot: any op on any value that it takes. Shapes, channels and layouts are
 * chosen to be awkward. The same seed gives the same graph. */
#ifndef ATMC_TESTS_RANDOM_GRAPH_H
#define ATMC_TESTS_RANDOM_GRAPH_H

#include "ir/builder.h"

enum { MAX_VALUES = 64, MAX_OUTPUTS = 4, MAX_INPUTS = 2 };

typedef struct Random {
  uint64_t state;
} Random;

static inline uint32_t below(Random *random, uint32_t limit) {
  random->state = random->state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
  return (uint32_t)(random->state >> 33) % limit;
}

static inline double uniform(Random *random) { /* [-1, 1) */
  return below(random, 1 << 24) / (double)(1 << 23) - 1;
}

/* -- making a graph ---------------------------------------------------------------------------- */

typedef struct Maker {
  Random random;
  Random details; /* of what leaves the number of draws of `random` as it is */
  Arena *arena;
  Builder b;
  ValueId values[MAX_VALUES];
  uint32_t count, weights;
} Maker;

static inline Type type_of(const Maker *m, ValueId v) {
  return graph_type(m->b.graph, v);
}

static inline void keep(Maker *m, ValueId v) {
  if (m->count < MAX_VALUES) m->values[m->count++] = v;
}

static inline ValueId weight(Maker *m, Type type) {
  const char *name = arena_printf(m->arena, "w%u", m->weights++);
  return build_constant(m->b, recipe_tensor(m->b.graph->recipes, name, type));
}

static inline int64_t some_channels(Maker *m) {
  static const int64_t choices[] = {1, 3, 8, 16, 17, 24, 32, 40, 64, 70};
  return choices[below(&m->random, sizeof choices / sizeof *choices)];
}

static inline ValueId some_value(Maker *m) {
  return m->values[below(&m->random, m->count)];
}

/* A value of `type`, or VALUE_NONE. */
static inline ValueId value_like(Maker *m, Type type) {
  uint32_t start = below(&m->random, m->count);
  for (uint32_t i = 0; i < m->count; ++i) {
    ValueId v = m->values[(start + i) % m->count];
    if (type_equal(type_of(m, v), type)) return v;
  }
  return VALUE_NONE;
}

static inline ValueId make_linear(Maker *m, ValueId x, int64_t channels) {
  int64_t depth = type_channels(type_of(m, x));
  ValueId bias = below(&m->random, 2) ? weight(m, type_vector(channels)) : VALUE_NONE;
  return build_linear(m->b, x, weight(m, type_matrix(channels, depth)), bias);
}

static inline ValueId make_norm(Maker *m, ValueId x) {
  Type vector = type_vector(type_channels(type_of(m, x)));
  ValueId gain = weight(m, vector);
  return build_layer_norm(m->b, x, gain, weight(m, vector), 1e-2);
}

static inline bool window_fits(Window w, Type type) {
  return type.rank == 4 && window_places(window_rows(&w), type.dims[1]) > 0 &&
         window_places(window_columns(&w), type.dims[2]) > 0;
}

static inline void make_convolution(Maker *m, ValueId x) {
  Type type = type_of(m, x);
  int32_t k = 1 + (int32_t)below(&m->random, 3), pad = (int32_t)below(&m->random, 2);
  Window window = window_make(k, k, 1 + (int32_t)below(&m->random, 2), 1, pad, pad);
  if (k > 1 && below(&m->details, 3) == 0) {
    window.dilation_h = 1 + (int32_t)below(&m->details, 3);
    window.dilation_w = 1 + (int32_t)below(&m->details, 2);
    window.pad_bottom = (int32_t)below(&m->details, (uint32_t)k);
    window.pad_right = (int32_t)below(&m->details, (uint32_t)k);
  }
  if (!window_fits(window, type)) return;
  int64_t c = type_channels(type), out = below(&m->random, 2) ? c : some_channels(m);
  int64_t groups = c == out && below(&m->random, 2) ? c : 1;
  if (below(&m->random, 3) == 0) {
    groups = 1 + below(&m->random, 8);
    while (c % groups != 0) --groups;
    out = groups * (1 + below(&m->random, 20));
  }
  ValueId w = weight(m, type_map(out, c / groups, k, k));
  ValueId bias = below(&m->random, 2) ? weight(m, type_vector(out)) : VALUE_NONE;
  keep(m, build_conv2d(m->b, x, w, bias, window, (int32_t)groups));
}

static inline void make_sample(Maker *m, ValueId x) {
  Type type = type_of(m, x);
  if (type.rank != 4) return;
  int64_t c = type_channels(type);
  int32_t share = c % 4 == 0 ? 1 << below(&m->random, 3) : 1;
  int32_t axis = 1 + (int32_t)below(&m->random, 2);
  ValueId offsets;
  switch (below(&m->random, 3)) {
    case 0: offsets = build_constant(m->b, recipe_iota3(m->b.graph->recipes, c / share)); break;
    case 1:
      offsets = build_constant(m->b, recipe_fill(m->b.graph->recipes, 0, type_vector(c / share)));
      break;
    default: offsets = make_linear(m, make_norm(m, x), c / share); break;
  }
  keep(m, build_axial_sample(m->b, x, offsets, axis, share));
}

/* What an ATM does: branches, mixing weights from their means, projection. */
static inline void make_mixture(Maker *m, ValueId x) {
  Type type = type_of(m, x);
  if (type.rank != 4) return;
  int64_t c = type_channels(type);
  ValueId offsets = make_linear(m, x, 2 * c), branch[3];
  branch[0] = make_linear(
      m, build_axial_sample(m->b, x, build_slice(m->b, offsets, 0, (int32_t)c), 2, 1), c);
  branch[1] = make_linear(
      m, build_axial_sample(m->b, x, build_slice(m->b, offsets, (int32_t)c, (int32_t)c), 1, 1), c);
  branch[2] = make_linear(m, x, c);
  ValueId mean =
      build_mean_hw(m->b, build_add(m->b, build_add(m->b, branch[0], branch[1]), branch[2]));
  ValueId a = build_softmax(m->b, make_linear(m, mean, 3 * c), 3), mixed = VALUE_NONE;
  for (int32_t i = 0; i < 3; ++i) {
    ValueId scaled = build_mul(m->b, branch[i], build_slice(m->b, a, i * (int32_t)c, (int32_t)c));
    mixed = i ? build_add(m->b, mixed, scaled) : scaled;
  }
  keep(m, build_add(m->b, x, make_linear(m, mixed, c)));
}

static inline void make_pointwise(Maker *m, ValueId x) {
  Type type = type_of(m, x);
  ValueId y = VALUE_NONE;
  switch (below(&m->random, 3)) {
    case 0: y = weight(m, type_vector(type_channels(type))); break;
    case 1: y = value_like(m, type_matrix(type.dims[0], type_channels(type))); break;
    default: y = value_like(m, type); break;
  }
  if (value_is_none(y)) y = x;
  keep(m, below(&m->random, 2) ? build_add(m->b, x, y) : build_mul(m->b, x, y));
}

static inline void make_slice(Maker *m, ValueId x) {
  uint32_t c = (uint32_t)type_channels(type_of(m, x)), begin = below(&m->random, c);
  keep(m, build_slice(m->b, x, (int32_t)begin, 1 + (int32_t)below(&m->random, c - begin)));
}

/* Up to four values with the rows of `x`, among them `x`. */
static inline void make_concat(Maker *m, ValueId x) {
  Type type = type_of(m, x);
  ValueId parts[4] = {x};
  uint32_t count = 1;
  for (uint32_t i = 0; i < m->count && count < 4; ++i) {
    Type other = type_with_channels(type_of(m, m->values[i]), type_channels(type));
    if (!type_equal(other, type) || type_channels(type_of(m, m->values[i])) > 100) continue;
    parts[count++] = m->values[i];
  }
  if (count > 1) keep(m, build_concat(m->b, parts, count));
}

/* A divisor of `number`. */
static inline int32_t some_divisor(Maker *m, int64_t number) {
  int64_t divisor = 1 + below(&m->random, (uint32_t)number);
  while (number % divisor != 0) --divisor;
  return (int32_t)divisor;
}

/* -- ops of free graphs ------------------------------------------------------------------------ */

static inline void make_group_convolution(Maker *m, ValueId x) {
  Type type = type_of(m, x);
  int64_t c = type_channels(type), groups = some_divisor(m, c);
  if (type.rank != 4) return;
  int64_t out = groups * (1 + below(&m->random, 5));
  int32_t k = 1 + 2 * (int32_t)below(&m->random, 2);
  ValueId w = weight(m, type_map(out, c / groups, k, k));
  ValueId bias = below(&m->random, 2) ? weight(m, type_vector(out)) : VALUE_NONE;
  keep(m, build_conv2d(m->b, x, w, bias, window_make(k, k, 1, 1, k / 2, k / 2), (int32_t)groups));
}

static inline void make_mixed_rows(Maker *m, ValueId x) {
  Type type = type_of(m, x);
  if (type.rank != 4) return;
  int32_t height = 1 + (int32_t)below(&m->random, 6), width = 1 + (int32_t)below(&m->random, 9);
  ValueId w = weight(m, type_matrix(height * width, type.dims[1] * type.dims[2]));
  ValueId bias = below(&m->random, 2) ? weight(m, type_vector(height * width)) : VALUE_NONE;
  AttrsMIX_ROWS a = {.in_h = (int32_t)type.dims[1],
                     .in_w = (int32_t)type.dims[2],
                     .out_h = height,
                     .out_w = width};
  keep(m, build_mix_rows(m->b, x, w, bias, a));
}

static inline Window some_pool(Maker *m) {
  int32_t h = 1 + (int32_t)below(&m->random, 4), w = 1 + (int32_t)below(&m->random, 4);
  int32_t stride = 1 + (int32_t)below(&m->random, 2);
  return window_make(h, w, stride, 1, (int32_t)below(&m->random, (uint32_t)h / 2 + 1), w / 2);
}

static inline void make_pool(Maker *m, ValueId x) {
  Window window = some_pool(m);
  if (window_fits(window, type_of(m, x))) {
    bool count_padding = below(&m->random, 2);
    switch (below(&m->details, 3)) {
      case 0: keep(m, build_max_pool(m->b, x, window)); break;
      case 1: keep(m, build_adaptive_pool(m->b, x, window.kernel_h, 1 + window.kernel_w)); break;
      default: keep(m, build_average_pool(m->b, x, window, count_padding)); break;
    }
  }
}

/* One of the last values that is a small map, or VALUE_NONE. */
static inline ValueId some_map(Maker *m) {
  for (uint32_t i = m->count; i-- > 0;) {
    Type type = type_of(m, m->values[i]);
    if (type.rank == 4 && type.dims[1] * type.dims[2] <= 256) return m->values[i];
  }
  return VALUE_NONE;
}

static inline void make_resize(Maker *m, ValueId x) {
  Type type = type_of(m, x);
  AttrsRESIZE resize = {.scale_h = 1 + (int32_t)below(&m->random, 2), .scale_w = 2};
  if (below(&m->random, 2)) resize.width = 1 + (int32_t)below(&m->random, 20);
  if (type.rank != 4 || type.dims[1] * type.dims[2] > 256) return;
  ValueId like = VALUE_NONE;
  uint32_t way = below(&m->details, 4);
  if (way == 0) like = some_map(m);
  if (!value_is_none(like)) resize = (AttrsRESIZE){0};
  resize.nearest = way == 1;
  resize.aligned = way == 2;
  keep(m, build_resize(m->b, x, like, resize));
}

static inline void make_layout(Maker *m, ValueId x) {
  Type type = type_of(m, x);
  int64_t elements = type_channels(type);
  if (type.rank == 4) elements *= type.dims[1] * type.dims[2];
  int32_t channels = some_divisor(m, elements < 100 ? elements : type_channels(type));
  static const AttrsTRANSPOSE orders[] = {
      {.first = 2, .second = 1, .third = 3},
      {.first = 3, .second = 1, .third = 2},
      {.first = 1, .second = 3, .third = 2},
      {.first = 2, .second = 3, .third = 1},
  };
  switch (below(&m->random, 4)) {
    case 0: keep(m, build_shuffle(m->b, x, some_divisor(m, type_channels(type)))); break;
    case 1:
      if (type.rank == 4) keep(m, build_transpose(m->b, x, orders[below(&m->random, 4)]));
      break;
    case 2: keep(m, build_reshape(m->b, x, 1, 0, channels)); break;
    default:
      if (elements < 400) keep(m, build_reshape(m->b, x, 0, 0, (int32_t)elements));
      break;
  }
}

/* Offsets, and perhaps a mask, are made of a pooled map, which has the rows of the result. */
static inline void make_deformed(Maker *m, ValueId x) {
  Type type = type_of(m, x);
  Window window = some_pool(m);
  if (!window_fits(window, type) || window_taps(&window) > 9) return;
  int32_t groups = some_divisor(m, type_channels(type));
  int64_t slots = groups * window_taps(&window);
  if (slots > 80) return;
  ValueId pooled = make_norm(m, build_average_pool(m->b, x, window, true)), mask = VALUE_NONE;
  ValueId offsets = make_linear(m, pooled, 2 * slots);
  if (below(&m->random, 2)) mask = build_sigmoid(m->b, make_linear(m, pooled, slots));
  ValueId patches = build_deform_patches(m->b, x, offsets, mask, window, groups);
  keep(m, make_linear(m, patches, some_channels(m)));
}

/* A sampling along one axis, as a deformable convolution of one tap. */
static inline void make_deformed_along(Maker *m, ValueId x) {
  Type type = type_of(m, x);
  if (type.rank != 4) return;
  int32_t groups = some_divisor(m, type_channels(type));
  ValueId offsets = make_linear(m, make_norm(m, x), groups), zeros = build_fill(m->b, offsets, 0);
  bool along_w = below(&m->random, 2);
  ValueId pair[2] = {along_w ? zeros : offsets, along_w ? offsets : zeros};
  ValueId both = build_shuffle(m->b, build_concat(m->b, pair, 2), 2);
  Window window = window_make(1, 1, 1, 1, 0, 0);
  keep(m, build_deform_patches(m->b, x, both, VALUE_NONE, window, groups));
}

static inline void make_shift(Maker *m, ValueId x) {
  int32_t period = 1 + (int32_t)below(&m->details, 5);
  AttrsAXIAL_SHIFT shift = {.axis = 1 + (int32_t)below(&m->details, 2),
                            .share = 1 + (int32_t)below(&m->details, 9),
                            .period = period,
                            .step = (int32_t)below(&m->details, (uint32_t)period),
                            .phase = (int32_t)below(&m->details, (uint32_t)period),
                            .lowest = (int32_t)below(&m->details, 4) - 3};
  bool is_map = type_of(m, x).rank == 4;
  keep(m, is_map ? build_axial_shift(m->b, x, shift) : build_sigmoid(m->b, x));
}

/* One that gives the same type; the details are drawn apart, so that other graphs stay. */
static inline void make_unary(Maker *m, ValueId x) {
  switch (below(&m->details, 3)) {
    case 0: keep(m, build_sigmoid(m->b, x)); break;
    case 1: keep(m, build_rsqrt(m->b, build_sigmoid(m->b, x), 1e-3)); break;
    default: make_shift(m, x); break;
  }
}

static inline void make_free_node(Maker *m, ValueId x) {
  switch (below(&m->random, 11)) {
    case 0: make_group_convolution(m, x); break;
    case 1: make_mixed_rows(m, x); break;
    case 2: make_pool(m, x); break;
    case 3: make_resize(m, x); break;
    case 4:
    case 5: make_layout(m, x); break;
    case 6: make_deformed(m, x); break;
    case 7: make_deformed_along(m, x); break;
    case 8: keep(m, build_relu(m->b, x)); break;
    case 9: make_unary(m, x); break;
    default: keep(m, build_softmax(m->b, x, some_divisor(m, type_channels(type_of(m, x))))); break;
  }
}

static inline void make_node(Maker *m) {
  ValueId x = some_value(m);
  Type type = type_of(m, x);
  int64_t c = type_channels(type);
  switch (below(&m->random, 12)) {
    case 0: make_convolution(m, x); break;
    case 1:
    case 2: keep(m, make_linear(m, x, some_channels(m))); break;
    case 3: make_sample(m, x); break;
    case 4: keep(m, make_norm(m, x)); break;
    case 5: keep(m, build_softmax(m->b, x, c % 2 == 0 ? 2 : 1)); break;
    case 6: make_slice(m, x); break;
    case 7: make_concat(m, x); break;
    case 8: make_pointwise(m, x); break;
    case 9: keep(m, build_gelu(m->b, x)); break;
    case 10:
      if (type.rank == 4) keep(m, build_mean_hw(m->b, x));
      break;
    default: make_mixture(m, x); break;
  }
}

static inline Graph *make_graph(Arena *arena, uint64_t seed) {
  Maker m = {.random = {seed}, .details = {seed + 1}, .arena = arena};
  Graph *graph = graph_new(arena, recipe_table_new(arena), "random");
  m.b = (Builder){.graph = graph, .label = "layer"};
  int64_t n = 1 + below(&m.random, 2), h = 1 + below(&m.random, 16), w = 1 + below(&m.random, 16);
  keep(&m, build_input(m.b, "x", type_map(n, h, w, some_channels(&m)), below(&m.random, 2)));
  if (below(&m.random, 3) == 0) {
    keep(&m, build_input(m.b, "v", type_matrix(n, some_channels(&m)), false));
  }
  for (uint32_t nodes = 3 + below(&m.random, 15); nodes > 0; --nodes) {
    if (below(&m.random, 2)) {
      make_node(&m);
    } else {
      make_free_node(&m, some_value(&m));
    }
  }
  uint32_t outputs = 1 + below(&m.random, MAX_OUTPUTS);
  for (uint32_t i = 0; i < outputs; ++i) {
    ValueId v = i == 0 ? m.values[m.count - 1] : some_value(&m);
    bool nchw = type_of(&m, v).rank == 4 && below(&m.random, 2);
    graph_add_output(graph, arena_printf(arena, "y%u", i), v, nchw);
  }
  return graph;
}

#endif
