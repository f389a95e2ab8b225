/* Graphs of ops, by makers that are drawn by lot (maker.h). */
#include "tests/graphs/maker.h"

/* Often the last one, so that chains become long. */
static ValueId some_value(Maker *m) {
  uint32_t back = choose(m->c, 2) ? choose(m->c, m->count) : 0;
  return m->values[m->count - 1 - back];
}

/* A value of `type`, or VALUE_NONE. */
static ValueId value_like(Maker *m, Type type) {
  uint32_t start = choose(m->c, m->count);
  for (uint32_t i = 0; i < m->count; ++i) {
    ValueId v = m->values[(start + i) % m->count];
    if (type_equal(maker_type(m, v), type)) return v;
  }
  return VALUE_NONE;
}

/* -- products ---------------------------------------------------------------------------------- */

static void make_linear(Maker *m, ValueId x) {
  maker_keep(m, maker_linear(m, x, maker_some_channels(m)));
}

/* A map and its mean by the same weights, which quantization keeps once. */
static void make_shared_linear(Maker *m, ValueId x) {
  if (!maker_is_map(m, x)) return;
  ValueId y = maker_linear(m, x, 32 + 4 * (int64_t)choose(m->c, 4));
  int64_t out = 32 + (int64_t)choose(m->c, 8);
  if (value_is_none(y) ||
      !maker_affords(m, type_with_channels(maker_type(m, y), out), maker_channels(m, y))) {
    return;
  }
  ValueId w = maker_weight(m, type_matrix(out, maker_channels(m, y)));
  ValueId map = build_linear(m->b, y, w, maker_bias(m, out));
  maker_keep(m, build_add(m->b, map, build_linear(m->b, build_mean_hw(m->b, y), w, VALUE_NONE)));
}

static void make_mlp(Maker *m, ValueId x) {
  ValueId hidden = maker_linear(m, x, maker_some_channels(m));
  if (value_is_none(hidden)) return;
  ValueId back = maker_linear(m, build_gelu(m->b, hidden), maker_channels(m, x));
  if (!value_is_none(back)) maker_keep(m, choose(m->c, 2) ? build_add(m->b, x, back) : back);
}

/* A map multiplied by matrices of the image's own. */
static void make_image_linear(Maker *m, ValueId x) {
  if (!maker_is_map(m, x)) return;
  int64_t depth = maker_channels(m, x), out = maker_some_channels(m);
  ValueId v = value_like(m, type_matrix(maker_type(m, x).dims[0], out));
  if (value_is_none(v)) v = maker_linear(m, build_mean_hw(m->b, x), out);
  if (value_is_none(v) || !maker_affords(m, type_with_channels(maker_type(m, x), out), depth)) {
    return;
  }
  ValueId w = build_scale_matrix(m->b, v, maker_weight(m, type_matrix(depth, out)));
  maker_keep(m, build_image_linear(m->b, x, w, maker_bias(m, out)));
}

static void make_mixed_rows(Maker *m, ValueId x) {
  if (!maker_is_map(m, x)) return;
  Type type = maker_type(m, x);
  AttrsMIX_ROWS a = {.in_h = (int32_t)type.dims[1],
                     .in_w = (int32_t)type.dims[2],
                     .out_h = (int32_t)subject_size(m->c, 17),
                     .out_w = (int32_t)subject_size(m->c, 9)};
  int64_t from = (int64_t)a.in_h * a.in_w, to = (int64_t)a.out_h * a.out_w;
  if (!maker_affords(m, type_map(type.dims[0], a.out_h, a.out_w, type.dims[3]), from)) return;
  ValueId w = maker_weight(m, type_matrix(to, from));
  maker_keep(m, build_mix_rows(m->b, x, w, maker_bias(m, to), a));
}

/* -- samples and mixtures ---------------------------------------------------------------------- */

/* Constants that passes know, whole numbers and any; or one for each row. */
static ValueId some_offsets(Maker *m, ValueId x, int64_t count) {
  RecipeTable *recipes = m->b.graph->recipes;
  switch (choose(m->c, 5)) {
    case 0: return build_constant(m->b, recipe_fill(recipes, 0, type_vector(count)));
    case 1: return build_constant(m->b, recipe_iota3(recipes, count));
    case 2: {
      double value = (int)choose(m->c, 9) - 4;
      return build_constant(m->b, recipe_fill(recipes, value, type_vector(count)));
    }
    case 3: return maker_weight(m, type_vector(count));
    default: return maker_linear(m, choose(m->c, 2) ? x : maker_norm(m, x), count);
  }
}

static void make_sample(Maker *m, ValueId x) {
  if (!maker_is_map(m, x)) return;
  int64_t c = maker_channels(m, x);
  int32_t share = choose(m->c, 2) ? subject_divisor(m->c, c) : 1;
  int32_t axis = 1 + (int32_t)choose(m->c, 2);
  ValueId offsets = some_offsets(m, x, c / share);
  if (!value_is_none(offsets)) maker_keep(m, build_axial_sample(m->b, x, offsets, axis, share));
}

static void make_shift(Maker *m, ValueId x) {
  if (!maker_is_map(m, x)) return;
  int32_t period = 1 + (int32_t)choose(m->c, 7);
  AttrsAXIAL_SHIFT shift = {.axis = 1 + (int32_t)choose(m->c, 2),
                            .share = 1 + (int32_t)choose(m->c, 9),
                            .period = period,
                            .step = (int32_t)choose(m->c, (uint32_t)period),
                            .phase = (int32_t)choose(m->c, (uint32_t)period),
                            .lowest = 3 - (int32_t)choose(m->c, 9)};
  maker_keep(m, build_axial_shift(m->b, x, shift));
}

/* Three branches of which two sample `x`. */
static bool make_branches(Maker *m, ValueId x, ValueId branch[3]) {
  int64_t c = maker_channels(m, x);
  int32_t share = choose(m->c, 2) ? subject_divisor(m->c, c) : 1;
  int32_t count = (int32_t)(c / share);
  ValueId offsets = maker_linear(m, choose(m->c, 2) ? maker_norm(m, x) : x, 2 * (int64_t)count);
  if (value_is_none(offsets)) return false;
  for (int32_t i = 0; i < 3; ++i) {
    ValueId rows = x;
    if (i < 2) {
      ValueId own = build_slice(m->b, offsets, i * count, count);
      rows = build_axial_sample(m->b, x, own, 2 - i, share);
    }
    branch[i] = maker_linear(m, rows, c);
    if (value_is_none(branch[i])) return false;
  }
  return true;
}

/* What an ATM does: branches, mixing weights from their means, projection. */
static void make_mixture(Maker *m, ValueId x) {
  ValueId branch[3], mixed = VALUE_NONE;
  if (!maker_is_map(m, x) || !make_branches(m, x, branch)) return;
  int64_t c = maker_channels(m, x);
  ValueId sum = build_add(m->b, build_add(m->b, branch[0], branch[1]), branch[2]);
  ValueId gates = maker_linear(m, build_mean_hw(m->b, sum), 3 * c);
  if (value_is_none(gates)) return;
  ValueId a = build_softmax(m->b, gates, 3);
  for (int32_t i = 0; i < 3; ++i) {
    ValueId scaled = build_mul(m->b, branch[i], build_slice(m->b, a, i * (int32_t)c, (int32_t)c));
    mixed = i ? build_add(m->b, mixed, scaled) : scaled;
  }
  ValueId projected = maker_linear(m, mixed, c);
  if (!value_is_none(projected)) maker_keep(m, build_add(m->b, x, projected));
}

/* -- rows and layouts -------------------------------------------------------------------------- */

static void make_norm(Maker *m, ValueId x) {
  maker_keep(m, choose(m->c, 2) ? build_normalize(m->b, x, 1e-2) : maker_norm(m, x));
}

static void make_softmax(Maker *m, ValueId x) {
  maker_keep(m, build_softmax(m->b, x, subject_divisor(m->c, maker_channels(m, x))));
}

static void make_slice(Maker *m, ValueId x) {
  uint32_t c = (uint32_t)maker_channels(m, x), begin = choose(m->c, c);
  maker_keep(m, build_slice(m->b, x, (int32_t)begin, 1 + (int32_t)choose(m->c, c - begin)));
}

/* Up to four values with the rows of `x`, among them `x`. */
static void make_concat(Maker *m, ValueId x) {
  ValueId parts[4] = {x};
  uint32_t count = 1, start = choose(m->c, m->count);
  for (uint32_t i = 0; i < m->count && count < 4; ++i) {
    ValueId v = m->values[(start + i) % m->count];
    Type other = type_with_channels(maker_type(m, v), maker_channels(m, x));
    if (type_equal(other, maker_type(m, x)) && maker_channels(m, v) <= 200) parts[count++] = v;
  }
  if (count > 1) maker_keep(m, build_concat(m->b, parts, count));
}

static void make_shuffle(Maker *m, ValueId x) {
  maker_keep(m, build_shuffle(m->b, x, subject_divisor(m->c, maker_channels(m, x))));
}

static void make_transpose(Maker *m, ValueId x) {
  static const AttrsTRANSPOSE orders[] = {
      {.first = 2, .second = 1, .third = 3}, {.first = 3, .second = 1, .third = 2},
      {.first = 1, .second = 3, .third = 2}, {.first = 2, .second = 3, .third = 1},
      {.first = 3, .second = 2, .third = 1},
  };
  if (maker_is_map(m, x)) {
    maker_keep(m, build_transpose(m->b, x, orders[choose(m->c, LENGTH(orders))]));
  }
}

static void make_reshape(Maker *m, ValueId x) {
  Type type = maker_type(m, x);
  int64_t elements = maker_channels(m, x), rows;
  if (maker_is_map(m, x)) elements *= type.dims[1] * type.dims[2];
  int32_t channels = subject_divisor(m->c, elements < 300 ? elements : maker_channels(m, x));
  rows = elements / channels;
  int32_t height = subject_divisor(m->c, rows < 5000 ? rows : 1);
  if (elements < 700 && choose_rarely(m->c, 3)) {
    maker_keep(m, build_reshape(m->b, x, 0, 0, (int32_t)elements));
  } else {
    maker_keep(m, build_reshape(m->b, x, height, choose(m->c, 2) ? (int32_t)(rows / height) : 0,
                                channels));
  }
}

static void make_resize(Maker *m, ValueId x) {
  Type type = maker_type(m, x);
  AttrsRESIZE resize = {0};
  if (choose(m->c, 2)) {
    resize.height = (int32_t)subject_size(m->c, 33);
    resize.width = (int32_t)subject_size(m->c, 33);
  } else {
    resize.scale_h = 1 + (int32_t)choose(m->c, 3);
    resize.scale_w = 1 + (int32_t)choose(m->c, 3);
  }
  uint32_t way = choose(m->c, 4);
  ValueId like = way == 3 ? some_value(m) : VALUE_NONE;
  if (!value_is_none(like)) resize = (AttrsRESIZE){0};
  resize.nearest = way == 1;
  resize.aligned = way == 2;
  if (!maker_is_map(m, x) || type.dims[1] * type.dims[2] > 300) return;
  maker_keep(m, build_resize(m->b, x, like, resize));
}

/* -- element by element, and reductions -------------------------------------------------------- */

static void make_pair(Maker *m, ValueId x) {
  Type type = maker_type(m, x);
  ValueId y = VALUE_NONE;
  switch (choose(m->c, 4)) {
    case 0: break; /* with itself */
    case 1: y = maker_weight(m, type_vector(type_channels(type))); break;
    case 2: y = value_like(m, type_matrix(type.dims[0], type_channels(type))); break;
    default: y = value_like(m, type); break;
  }
  if (value_is_none(y)) y = x;
  maker_keep(m, choose(m->c, 2) ? build_mul(m->b, x, y) : build_add(m->b, x, y));
}

/* A value plus one like it that was computed in another way: what joins and residuals are. */
static void make_residual(Maker *m, ValueId x) {
  ValueId y = maker_linear(m, choose(m->c, 2) ? maker_norm(m, x) : x, maker_channels(m, x));
  if (!value_is_none(y)) maker_keep(m, build_add(m->b, x, y));
}

static void make_relu(Maker *m, ValueId x) {
  maker_keep(m, build_relu(m->b, x));
}

static void make_sigmoid(Maker *m, ValueId x) {
  maker_keep(m, build_sigmoid(m->b, x));
}

static void make_rsqrt(Maker *m, ValueId x) {
  maker_keep(m, build_rsqrt(m->b, build_mul(m->b, x, x), 0.5));
}

static void make_gelu(Maker *m, ValueId x) {
  maker_keep(m, build_gelu(m->b, x));
}

static void make_fill(Maker *m, ValueId x) {
  maker_keep(m, build_fill(m->b, x, choose(m->c, 2) ? 0.5 : 0));
}

static void make_mean(Maker *m, ValueId x) {
  if (maker_is_map(m, x)) maker_keep(m, build_mean_hw(m->b, x));
}

static void make_top_k(Maker *m, ValueId x) {
  if (maker_is_map(m, x)) x = build_mean_hw(m->b, x);
  ValueId v = build_top_k(m->b, x, 1 + (int32_t)choose(m->c, (uint32_t)maker_channels(m, x)));
  if (!m->misfit) m->indices = (ValueId){v.index + 1};
  maker_keep(m, v);
}

static void make_argmax(Maker *m, ValueId x) {
  bool few = maker_channels(m, x) <= 256 && choose(m->c, 2);
  ValueId v = build_argmax(m->b, x, few ? DTYPE_U8 : DTYPE_S32);
  if (!m->misfit) m->indices = v;
}

/* Steps of `channels`, made of a few others as models make them; or VALUE_NONE. */
static ValueId make_steps(Maker *m, ValueId x, int64_t channels) {
  ValueId narrow = maker_linear(m, x, 1 + (int64_t)choose(m->c, 24));
  if (value_is_none(narrow)) return narrow;
  ValueId w = maker_weight(m, type_matrix(channels, maker_channels(m, narrow)));
  ValueId bias = maker_weight(m, type_vector(channels));
  return build_softplus(m->b, build_linear(m->b, narrow, w, bias));
}

/* What decays are made of, below 0. */
static ValueId make_rates(Maker *m, int64_t count) {
  RecipeTable *table = m->b.graph->recipes;
  const Recipe *logs = graph_recipe(m->b.graph, maker_weight(m, type_vector(count)));
  const Recipe *minus = recipe_fill(table, -1, logs->type);
  return build_constant(m->b, recipe_mul(table, recipe_exp(table, logs), minus));
}

/* A scan multiplies what it reads by itself, twice: what another made is normalized first, as in
 * models, or squares of it leave the range of floats. */
static void make_scan(Maker *m, ValueId x) {
  if (!maker_is_map(m, x)) return;
  if (graph_has_op(m->b.graph, OP_SELECTIVE_SCAN)) x = build_normalize(m->b, x, 1e-2);
  int64_t channels = maker_channels(m, x), states = 1 + (int64_t)choose(m->c, 16);
  int32_t axis = 1 + (int32_t)choose(m->c, 2), ways = 1 + (int32_t)choose(m->c, 3);
  int64_t count = ways == 3 ? 2 : 1;
  bool shared = choose(m->c, 2);
  if (!maker_affords(m, maker_type(m, x), 40 * states * count)) return;
  ValueId p = maker_linear(m, x, 2 * states * count), first = make_steps(m, x, channels);
  ValueId second = shared ? first : make_steps(m, x, channels);
  if (value_is_none(p) || value_is_none(first) || value_is_none(second)) return;
  const ValueId operands[] = {x, p, make_rates(m, count * states * channels), first, second};
  AttrsSELECTIVE_SCAN scan = {.axis = axis, .ways = ways};
  maker_keep(m, build_selective_scan(m->b, operands, scan));
}

static void make_silu(Maker *m, ValueId x) {
  maker_keep(m, choose(m->c, 2) ? build_silu(m->b, x) : build_softplus(m->b, x));
}

static MakeNode *const makers[] = {
    make_relu,          make_linear,    make_conv2d,         make_sample,        make_mixture,
    make_norm,          make_pair,      make_softmax,        make_slice,         make_concat,
    make_gelu,          make_mean,      make_residual,       make_mlp,           make_pool,
    make_resize,        make_transpose, make_reshape,        make_shuffle,       make_depthwise,
    make_patches,       make_shift,     make_deformed_along, make_deformed,      make_sigmoid,
    make_mixed_rows,    make_fill,      make_top_k,          make_image_linear,  make_linear,
    make_conv2d,        make_mixture,   make_max_pool,       make_adaptive_pool, make_argmax,
    make_rsqrt,         make_scan,      make_silu,           make_same_conv2d,   make_same_conv2d,
    make_shared_linear,
};

/* -- the graph --------------------------------------------------------------------------------- */

static void add_input(Maker *m, Subject *s, const char *name, Type type) {
  s->types[s->input_count++] = type;
  m->values[m->count++] = build_input(m->b, name, type, type.rank == 4 && choose(m->c, 2));
}

static void add_inputs(Maker *m, Subject *s) {
  static const int64_t images[] = {1, 2, 3, 5, 7};
  int64_t n = images[choose(m->c, LENGTH(images))];
  int64_t most = n < 3 && choose_rarely(m->c, 4) ? 65 : 17;
  int64_t h = subject_size(m->c, most), w = subject_size(m->c, most);
  if (choose_rarely(m->c, 4)) add_input(m, s, "v", type_matrix(n, maker_some_channels(m)));
  if (choose_rarely(m->c, 4)) add_input(m, s, "y", type_map(n, h, w, maker_some_channels(m)));
  add_input(m, s, "x", type_map(n, h, w, maker_some_channels(m)));
}

/* Some values, the last one among them; or all, so that nothing is fused away. */
static void add_outputs(Maker *m) {
  uint32_t some = 1 + choose(m->c, 4);
  uint32_t outputs = choose_rarely(m->c, 10) ? m->count : some;
  for (uint32_t i = 0; i < outputs && i < SUBJECT_OUTPUTS - 1; ++i) {
    ValueId v = i == 0 || outputs == m->count ? m->values[m->count - 1 - i] : some_value(m);
    bool nchw = maker_is_map(m, v) && choose(m->c, 2);
    graph_add_output(m->b.graph, arena_printf(m->arena, "y%u", i), v, nchw);
  }
  if (!value_is_none(m->indices)) graph_add_output(m->b.graph, "indices", m->indices, false);
}

void subject_of_ops(Subject *subject, Arena *arena, Choices *c) {
  Maker m = {.c = c, .arena = arena, .indices = VALUE_NONE};
  Graph *graph = graph_new(arena, recipe_table_new(arena), "random");
  m.b = (Builder){.graph = graph, .label = "layer", .misfit = &m.misfit};
  m.macs = choose_rarely(c, 16) ? 40000000 : 3000000;
  *subject = (Subject){.graph = graph};
  add_inputs(&m, subject);
  while (!choose_rarely(c, 14) && m.count < SUBJECT_VALUES && c->next < CHOICES_MOST) {
    if (c->replayed && c->next >= c->count) break;
    ValueId x = some_value(&m);
    makers[choose(c, LENGTH(makers))](&m, x);
    m.misfit = NULL;
  }
  add_outputs(&m);
}
