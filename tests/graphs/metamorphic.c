/* Each relation draws sizes, builds its two graphs and says how their results must hang together:
 *
 *   zero      sampling at offsets that are 0 at run time gives the map
 *   whole     sampling at whole offsets that are known at run time alone gives a shift
 *   scale     a graph of linear ops gives 2^k times as much for 2^k times its inputs
 *   shuffle   shuffling the results of an FC gives what an FC with shuffled weights gives
 *   fused     a value has the same bits, up to rounding, where all values before it are outputs too
 *
 * Both graphs run as code for one instruction set; all but the last relation are exact. */
#include "tests/graphs/metamorphic.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "ir/rewrite.h"
#include "tests/graphs/compiled.h"

typedef struct Pair {
  Arena *arena;
  Choices *c;
  const char *relation;
  Subject subjects[2];
  float *inputs[2][SUBJECT_INPUTS]; /* nhwc */
  double scale;                     /* results of the second are so many times those of the first */
  double tolerance;                 /* of the largest */
} Pair;

static size_t elements(Type type) {
  return (size_t)(type_bytes(type) / dtype_bytes(type.dtype));
}

/* Begins graph `which`. */
static Builder begin(Pair *p, uint32_t which) {
  Graph *graph = graph_new(p->arena, recipe_table_new(p->arena), p->relation);
  p->subjects[which].graph = graph;
  return (Builder){.graph = graph, .label = "layer"};
}

/* An input of graph `which`, nhwc: all elements `value`, or by lot where that is NaN. */
static ValueId input(Pair *p, uint32_t which, Builder b, const char *name, Type type,
                     double value) {
  Subject *s = &p->subjects[which];
  float *data = ARENA_ARRAY(p->arena, elements(type), float);
  Lot lot = {s->input_count + 1};
  for (size_t i = 0; i < elements(type); ++i) {
    double drawn = lot_uniform(&lot);
    data[i] = (float)(isnan(value) ? drawn : value);
  }
  p->inputs[which][s->input_count] = data;
  s->types[s->input_count++] = type;
  return build_input(b, name, type, false);
}

static ValueId tensor(Builder b, const char *name, Type type) {
  return build_constant(b, recipe_tensor(b.graph->recipes, name, type));
}

static Type some_map(Pair *p) {
  int64_t n = 1 + choose(p->c, 2), h = subject_size(p->c, 33), w = subject_size(p->c, 17);
  return type_map(n, h, w, subject_size(p->c, 65));
}

/* What stands behind the value in both graphs: nothing, or an FC, which may take it in. */
static void finish(Builder b, ValueId x, uint32_t tail) {
  Type weights = type_matrix(tail, type_channels(graph_type(b.graph, x)));
  if (tail) x = build_linear(b, x, tensor(b, "w", weights), VALUE_NONE);
  graph_add_output(b.graph, "y", x, false);
}

/* Sampling at offsets that only the caller knows to be `k`, beside `k` known. */
static void sample(Pair *p, int32_t k) {
  Type type = some_map(p);
  int32_t share = subject_divisor(p->c, type_channels(type)), axis = 1 + (int32_t)choose(p->c, 2);
  uint32_t tail = choose(p->c, 2) ? (uint32_t)subject_size(p->c, 65) : 0;
  Builder b = begin(p, 0);
  ValueId x = input(p, 0, b, "x", type, NAN);
  ValueId offsets =
      input(p, 0, b, "offsets", type_with_channels(type, type_channels(type) / share), k);
  finish(b, build_axial_sample(b, x, offsets, axis, share), tail);
  b = begin(p, 1);
  x = input(p, 1, b, "x", type, NAN);
  AttrsAXIAL_SHIFT shift = {.axis = axis, .share = 1, .period = 1, .lowest = k};
  finish(b, k ? build_axial_shift(b, x, shift) : x, tail);
}

static void relate_zero(Pair *p) {
  p->relation = "zero";
  sample(p, 0);
}

static void relate_whole(Pair *p) {
  p->relation = "whole";
  sample(p, (int32_t)choose(p->c, 13) - 6);
}

/* An op of a map that has the numbers of its operand in proportion, or a ReLU added to it. */
static ValueId link_of_map(Builder b, ValueId x, const char *name, Choices *c) {
  int64_t channels = type_channels(graph_type(b.graph, x)), out = subject_size(c, 65);
  Window window = window_make(3, 3, 1 + (int32_t)choose(c, 2), 1, 1, 1);
  switch (choose(c, 4)) {
    case 0: return build_mean_hw(b, x);
    case 1: {
      ValueId w = tensor(b, name, type_map(out, channels, 3, 3));
      return build_conv2d(b, x, w, VALUE_NONE, window, 1);
    }
    case 2: return build_average_pool(b, x, window, choose(c, 2));
    default: {
      ValueId offsets = build_constant(b, recipe_iota3(b.graph->recipes, channels));
      return build_axial_sample(b, x, offsets, 1 + (int32_t)choose(c, 2), 1);
    }
  }
}

/* The same of rows. */
static ValueId link_of_rows(Builder b, ValueId x, const char *name, Choices *c) {
  int64_t channels = type_channels(graph_type(b.graph, x)), out = subject_size(c, 65);
  switch (choose(c, 3)) {
    case 0: return build_linear(b, x, tensor(b, name, type_matrix(out, channels)), VALUE_NONE);
    case 1: return build_shuffle(b, x, subject_divisor(c, channels));
    default: return build_add(b, x, build_relu(b, x));
  }
}

static ValueId chain(Builder b, ValueId x, Choices *c) {
  for (uint32_t i = 0; i < 5; ++i) {
    const char *name = arena_printf(b.graph->arena, "w%u", i);
    bool map = graph_type(b.graph, x).rank == 4 && choose(c, 2);
    x = map ? link_of_map(b, x, name, c) : link_of_rows(b, x, name, c);
  }
  return x;
}

static void relate_scale(Pair *p) {
  p->relation = "scale";
  Type type = some_map(p);
  p->scale = ldexp(1, (int)choose(p->c, 41) - 20);
  for (uint32_t which = 0; which < 2; ++which) {
    Choices again = *p->c;
    Builder b = begin(p, which);
    ValueId x = input(p, which, b, "x", type, NAN);
    for (size_t i = 0; which && i < elements(type); ++i) p->inputs[1][0][i] *= (float)p->scale;
    graph_add_output(b.graph, "y", chain(b, x, which ? p->c : &again), false);
  }
}

static void relate_shuffle(Pair *p) {
  p->relation = "shuffle";
  Type type = some_map(p);
  int64_t depth = type_channels(type), out = subject_size(p->c, 65);
  int32_t groups = subject_divisor(p->c, out);
  for (uint32_t which = 0; which < 2; ++which) {
    Builder b = begin(p, which);
    ValueId x = input(p, which, b, "x", type, NAN);
    RecipeTable *table = b.graph->recipes;
    const Recipe *w = recipe_tensor(table, "w", type_matrix(out, depth));
    if (which) {
      Type split = type_make(3, (const int64_t[]){groups, out / groups, depth});
      w = recipe_permute(table, recipe_reshape(table, w, split), (const uint32_t[]){1, 0, 2});
      w = recipe_reshape(table, w, type_matrix(out, depth));
    }
    ValueId y = build_linear(b, x, build_constant(b, w), VALUE_NONE);
    graph_add_output(b.graph, "y", which ? y : build_shuffle(b, y, groups), false);
  }
}

/* The drawn graph as graph `which`: its first output alone, or every value before it too. */
static void copy_drawn(Pair *p, uint32_t which, const Graph *drawn) {
  Rewrite rw = rewrite_begin(drawn, p->arena);
  p->subjects[which] = (Subject){.graph = rw.to};
  for (uint32_t i = 0; i < drawn->node_count; ++i) {
    const Node *node = &drawn->nodes[i];
    if (node->op != OP_INPUT) {
      rewrite_copy(&rw, node);
      continue;
    }
    const AttrsINPUT *a = &node->attrs.INPUT;
    rewrite_set(&rw, node_result(node, 0),
                input(p, which, rewrite_builder(&rw, node), a->name, a->declared, NAN));
  }
  graph_add_output(rw.to, "y", rewrite_get(&rw, drawn->outputs[0].value), false);
  for (uint32_t i = 0; which && i < drawn->node_count; ++i) {
    const Node *node = &drawn->nodes[i];
    bool read = node->op != OP_INPUT && node->op != OP_CONSTANT && node->op != OP_SCALE_MATRIX;
    if (!read || rw.to->output_count == SUBJECT_OUTPUTS) continue;
    ValueId v = rewrite_get(&rw, node_result(node, 0));
    graph_add_output(rw.to, arena_printf(p->arena, "v%u", i), v, false);
  }
  graph_drop_dead(rw.to);
}

static void relate_fused(Pair *p) {
  p->relation = "fused";
  p->tolerance = 1e-4;
  Subject drawn;
  subject_of_ops(&drawn, p->arena, p->c);
  for (uint32_t which = 0; which < 2; ++which) copy_drawn(p, which, drawn.graph);
}

/* -- both graphs, run -------------------------------------------------------------------------- */

static void run(Pair *p, uint32_t which, const Build *build, float **result, size_t *count) {
  Compiled c;
  compiled_new(&c, &p->subjects[which], build, "model");
  *result = NULL;
  if (c.loaded) {
    const atm_entry *entry = &c.model->entries[0];
    void *out[SUBJECT_OUTPUTS];
    for (uint32_t i = 0; i < c.model->output_count; ++i) {
      out[i] = arena_alloc(p->arena, call_tensor_bytes(&entry->outputs[i]));
    }
    const void *in[SUBJECT_INPUTS];
    for (uint32_t i = 0; i < p->subjects[which].input_count; ++i) in[i] = p->inputs[which][i];
    Call call = {.model = c.model,
                 .entry = entry,
                 .inputs = in,
                 .outputs = out,
                 .weights = c.weights,
                 .threads = 1};
    const char *wrong = call_model(&call);
    if (wrong) {
      printf("%s, isa %s: %s\n", p->relation, build->isa, wrong);
      exit(1);
    }
    *result = out[0];
    *count = elements(c.plan->outputs[0].type);
  }
  compiled_free(&c);
}

static void compare(const Pair *p, const Build *build, const float *first, const float *second,
                    size_t count) {
  double largest = 0;
  for (size_t i = 0; i < count; ++i) largest = fmax(largest, fabs(first[i] * p->scale));
  for (size_t i = 0; i < count; ++i) {
    double want = first[i] * p->scale, off = fabs(second[i] - want);
    if (off <= p->tolerance * largest) continue;
    printf("%s, isa %s: element %zu is %.9g, and %.9g in the second graph\n", p->relation,
           build->isa, i, want, (double)second[i]);
    exit(1);
  }
}

void metamorphic_try(Arena *arena, Choices *c, uint64_t seed) {
  static void (*const relations[])(Pair *p) = {relate_zero, relate_whole, relate_scale,
                                               relate_shuffle, relate_fused};
  static const char *const isas[] = {"v4", "v3", "v2"};
  Pair p = {.arena = arena, .c = c, .scale = 1};
  relations[choose(c, 5)](&p);
  Build build = {.isa = isas[seed / 16 % 3]};
  float *results[2];
  size_t counts[2];
  for (uint32_t which = 0; which < 2; ++which) {
    run(&p, which, &build, &results[which], &counts[which]);
  }
  if (results[0]) compare(&p, &build, results[0], results[1], counts[0]);
}
