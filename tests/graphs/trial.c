/* Several runs of each build: tasks in order on one worker, then in any order on more, whose bits
 * are the same. Expected values are the interpreter's, in double. Where a result is off by more
 * than rounding explains at first sight, inputs and weights are changed in their last bits, and a
 * result may be off as far as that moves it. */
#include "tests/graphs/trial.h"

#include <float.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ir/rewrite.h"
#include "tests/graphs/compiled.h"

enum { NUDGES = 3 };
static const double tolerance = 2e-5;        /* of the largest value */
static const double nudge = 1.0 / (1 << 20); /* of each input and weight */

_Noreturn static void fail(const Trial *t, const Build *build, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static void print_build(const Build *b) {
  printf("isa %s%s%s%s", b->isa ? b->isa : "neon", b->quantize ? ", int8" : "",
         b->half ? ", f16" : "", b->unoptimized ? ", not optimized" : "");
  for (uint32_t i = 0; i < b->off_count; ++i) printf(", without %s", b->off[i]);
}

_Noreturn static void fail(const Trial *t, const Build *build, const char *format, ...) {
  (void)t;
  va_list args;
  va_start(args, format);
  print_build(build);
  printf(": ");
  vprintf(format, args);
  printf("\n");
  va_end(args);
  fflush(stdout);
  exit(1);
}

/* -- numbers ----------------------------------------------------------------------------------- */

/* `context`: NULL, or a Lot that moves the last bits. */
static Status read_weights(void *context, const char *name, double *out, size_t count) {
  Lot lot = {99};
  for (const char *c = name; *c; ++c) {
    lot.state = (lot.state + (unsigned char)*c) * 0x9e3779b97f4a7c15;
  }
  for (size_t i = 0; i < count; ++i) {
    double value = 0.3 * lot_uniform(&lot);
    out[i] = (float)(strstr(name, "running_var") ? fabs(value) + 0.5 : value);
    if (context) out[i] *= 1 + nudge * lot_uniform(context);
  }
  return STATUS_OK;
}

const WeightSource trial_weights = {.read = read_weights};

static size_t elements(Type type) {
  return (size_t)(type_bytes(type) / dtype_bytes(type.dtype));
}

static void interpret(const Trial *t, const Graph *graph, const WeightSource *weights, Arena *arena,
                      const InterpTensor *inputs, InterpTensor *outputs) {
  Diag diag = {.stream = stderr};
  (void)t;
  if (interp_run(graph, weights, arena, &diag, inputs, outputs)) exit(1);
}

/* An offset into a map of `type`, which is its own: what no model should give, or any number. */
static double some_offset(Lot *lot, Type type) {
  const double height = (double)type.dims[1], width = (double)type.dims[2];
  const double offsets[] = {
      NAN,        INFINITY,      -INFINITY, 1e30,   -1e30, 2147483648.,   -1,           1,
      1e-40,      -1e-40,        -0.,       height, width, height - 1e-4, width - 1e-4, -height,
      1 - height, -width + 1e-4, 0.5,       -1e-7};
  enum { COUNT = sizeof offsets / sizeof *offsets };
  return lot_below(lot, 2) ? 3 * lot_uniform(lot) : offsets[lot_below(lot, COUNT)];
}

void trial_begin(Trial *t) {
  Lot lot = {t->seed + 5};
  NodeId nodes[SUBJECT_INPUTS];
  graph_inputs(t->subject.graph, nodes, SUBJECT_INPUTS);
  for (uint32_t i = 0; i < t->subject.input_count; ++i) {
    Type type = t->subject.types[i];
    t->inputs[i] = (InterpTensor){type, ARENA_ARRAY(t->arena, elements(type), double)};
    bool moves = strcmp(graph_node(t->subject.graph, nodes[i])->attrs.INPUT.name, "offsets") == 0;
    for (size_t e = 0; e < elements(type); ++e) {
      double value = type.dtype == DTYPE_U8 ? lot_below(&lot, 256) : lot_uniform(&lot);
      t->inputs[i].data[e] = moves ? (float)some_offset(&lot, type) : value;
    }
  }
  interpret(t, t->subject.graph, &trial_weights, t->arena, t->inputs, t->expected);
  for (uint32_t i = 0; i < t->subject.graph->output_count; ++i) {
    for (size_t e = 0; e < elements(t->expected[i].type); ++e) {
      t->largest[i] = fmax(t->largest[i], fabs(t->expected[i].data[e]));
    }
  }
}

/* How far output `output` of `graph` moves when inputs and weights do, in their last bits. */
static double sensitivity(const Trial *t, const Graph *graph, uint32_t output,
                          const InterpTensor *expected) {
  double most = 0;
  for (uint32_t n = 0; n < NUDGES; ++n) {
    Arena *arena = arena_new();
    Lot lot = {n + 1};
    WeightSource weights = {.read = read_weights, .context = &lot};
    InterpTensor *inputs = ARENA_ARRAY(arena, SUBJECT_INPUTS, InterpTensor);
    InterpTensor *outputs = ARENA_ARRAY(arena, SUBJECT_OUTPUTS, InterpTensor);
    for (uint32_t i = 0; i < t->subject.input_count; ++i) {
      size_t count = elements(t->inputs[i].type);
      inputs[i] = (InterpTensor){t->inputs[i].type, ARENA_ARRAY(arena, count, double)};
      for (size_t e = 0; e < count; ++e) {
        inputs[i].data[e] = t->inputs[i].data[e] * (1 + nudge * lot_uniform(&lot));
      }
    }
    interpret(t, graph, &weights, arena, inputs, outputs);
    for (size_t e = 0; e < elements(expected->type); ++e) {
      most = fmax(most, fabs(outputs[output].data[e] - expected->data[e]));
    }
    arena_free(arena);
  }
  return most;
}

double trial_allowed(const Trial *t, const Graph *graph, uint32_t output,
                     const InterpTensor *expected) {
  double moves = sensitivity(t, graph, output, expected), largest = 0;
  if (dtype_info(expected->type.dtype)->kind == DTYPE_INTEGER) return moves > 0 ? HUGE_VAL : 0;
  for (size_t e = 0; e < elements(expected->type); ++e) {
    largest = fmax(largest, fabs(expected->data[e]));
  }
  return tolerance * largest + 1e-6 + 64 * moves;
}

/* -- comparing --------------------------------------------------------------------------------- */

size_t trial_caller_index(Type type, bool nchw, size_t e) {
  if (!nchw || type.rank != 4) return e;
  size_t c = (size_t)type.dims[3], hw = (size_t)(type.dims[1] * type.dims[2]);
  size_t row = e / c;
  return (row / hw * c + e % c) * hw + row % hw;
}

typedef struct Difference {
  double error, signal, noise;
  size_t at; /* the element of the largest error */
} Difference;

/* NaN is the largest error. */
static Difference difference_of(const InterpTensor *expected, bool nchw, const double *got) {
  Difference d = {0};
  for (size_t e = 0; e < elements(expected->type); ++e) {
    double want = expected->data[e],
           off = fabs(got[trial_caller_index(expected->type, nchw, e)] - want);
    if (!(off <= d.error)) {
      d.error = off;
      d.at = e;
    }
    d.signal += want * want;
    d.noise += off * off;
  }
  return d;
}

/* What an output that holds places of largest values was chosen from; false: it holds none. */
static bool chosen_from(const Trial *t, uint32_t output, InterpTensor *values, double *largest) {
  Graph graph = *t->subject.graph;
  const Node *node = graph_def(&graph, graph.outputs[output].value);
  Type type = graph_type(&graph, graph.outputs[output].value);
  if (node->op != OP_TOP_K && node->op != OP_ARGMAX) return false;
  if (dtype_info(type.dtype)->kind != DTYPE_INTEGER) return false; /* the largest values */
  const Output operand = {"operand", node->operands[0], false};
  graph.outputs = &operand;
  graph.output_count = 1;
  interpret(t, &graph, &trial_weights, t->arena, t->inputs, values);
  *largest = 0;
  for (size_t i = 0; i < elements(values->type); ++i) {
    *largest = fmax(*largest, fabs(values->data[i]));
  }
  return true;
}

/* The row of `values` that element `e` of the places in `expected` is of. */
static const double *row_of_choice(const InterpTensor *values, const InterpTensor *expected,
                                   size_t e) {
  size_t row = (size_t)type_channels(values->type);
  size_t chosen = elements(expected->type) / (elements(values->type) / row);
  return values->data + e / chosen * row;
}

/* Of places of largest values several may be as large but for rounding: what `got` chose, in the
 * caller's order, is as large as what was expected. */
static bool chooses_as_large(const Trial *t, uint32_t output, const InterpTensor *expected,
                             bool nchw, const double *got) {
  InterpTensor values;
  double largest;
  if (!chosen_from(t, output, &values, &largest)) return false;
  double channels = (double)type_channels(values.type);
  for (size_t e = 0; e < elements(expected->type); ++e) {
    double place = got[trial_caller_index(expected->type, nchw, e)];
    if (!(place >= 0 && place < channels)) return false;
    const double *from = row_of_choice(&values, expected, e);
    double off = from[(size_t)place] - from[(size_t)expected->data[e]];
    if (fabs(off) > tolerance * largest) return false;
  }
  return true;
}

bool trial_may_choose_others(const Trial *t, uint32_t output, const InterpTensor *expected) {
  InterpTensor values;
  double largest;
  if (!chosen_from(t, output, &values, &largest)) return false;
  size_t channels = (size_t)type_channels(values.type);
  for (size_t e = 0; e < elements(expected->type); ++e) {
    const double *from = row_of_choice(&values, expected, e);
    size_t place = (size_t)expected->data[e];
    for (size_t c = 0; c < channels; ++c) {
      if (c != place && fabs(from[c] - from[place]) <= tolerance * largest) return true;
    }
  }
  return false;
}

static void check_output(const Trial *t, const Build *build, const Compiled *c, uint32_t output,
                         const InterpTensor *expected, const void *memory) {
  const PlanTensor *tensor = &c->plan->outputs[output];
  size_t count = elements(expected->type);
  double *got = malloc((count + 1) * sizeof *got), largest = 0;
  dtype_read(expected->type.dtype, memory, count, got);
  Difference d = difference_of(expected, tensor->nchw, got);
  double value = got[trial_caller_index(expected->type, tensor->nchw, d.at)];
  bool as_large = d.error > 0 && chooses_as_large(t, output, expected, tensor->nchw, got);
  free(got);
  if (as_large) return;
  for (size_t e = 0; e < count; ++e) largest = fmax(largest, fabs(expected->data[e]));
  if (d.error <= tolerance * largest + 1e-6) return;
  /* A number on a half may be rounded to either side, which makes others: few, of one step. */
  if (compiled_is_quantized(c) && d.noise <= 1e-3 * d.signal + 1e-12) return;
  double allowed = trial_allowed(t, c->after, output, expected);
  if (d.error <= allowed) return;
  fail(t, build, "output %s: element %zu is %.9g, not %.9g: off by %.3g, may be by %.3g",
       tensor->name, d.at, value, expected->data[d.at], d.error, allowed);
}

/* An output depends on a top_k, whose values are rounded to floats: a sum's last digit in double
 * decides to which. */
static bool has_top_k(const Trial *t, uint32_t output) {
  Graph graph = *t->subject.graph;
  graph.outputs += output;
  graph.output_count = 1;
  const bool *live = graph_live(&graph, t->arena);
  for (uint32_t i = 0; i < graph.node_count; ++i) {
    if (live[i] && graph.nodes[i].op == OP_TOP_K) return true;
  }
  return false;
}

/* Passes keep the meaning, in double. Where weights or rows are rounded, what they make of the
 * graph is expected from then on, in *expected. */
static void check_passes(const Trial *t, const Build *build, const Compiled *c,
                         InterpTensor *expected) {
  bool rounded = compiled_is_rounded(c), quantized = compiled_is_quantized(c);
  InterpTensor *got = ARENA_ARRAY(c->arena, SUBJECT_OUTPUTS, InterpTensor);
  interpret(t, c->after, &trial_weights, c->arena, t->inputs, got);
  for (uint32_t i = 0; i < t->subject.graph->output_count; ++i) {
    if (!type_equal(got[i].type, t->expected[i].type)) fail(t, build, "another type");
    Difference d = difference_of(&t->expected[i], false, got[i].data);
    bool whole = dtype_info(got[i].type.dtype)->kind == DTYPE_INTEGER;
    double exact = has_top_k(t, i) ? FLT_EPSILON : 1e-9;
    double bound = rounded || quantized ? 0.5 : exact;
    if (!(d.error <= bound * t->largest[i] + 1e-12) && !(whole && (rounded || quantized))) {
      double moves = sensitivity(t, t->subject.graph, i, &t->expected[i]);
      double allowed = rounded || quantized ? 1e5 * moves : 1e-6 * moves;
      if (!(d.error <= allowed) && !(whole && moves > 0)) {
        fail(t, build, "passes change output %u by %.3g of %.3g at element %zu; it moves by %.3g",
             i, d.error, t->largest[i], d.at, moves);
      }
    }
    expected[i] = rounded || quantized ? got[i] : t->expected[i];
  }
}

/* -- running ----------------------------------------------------------------------------------- */

static void **new_outputs(const Compiled *c, Arena *arena) {
  void **out = ARENA_ARRAY(arena, c->model->output_count, void *);
  for (uint32_t i = 0; i < c->model->output_count; ++i) {
    out[i] = arena_alloc(arena, call_tensor_bytes(&c->model->entries[0].outputs[i]));
  }
  return out;
}

const void **trial_caller_inputs(const Trial *t, const Plan *plan, int64_t begin, Arena *arena) {
  const void **in = ARENA_ARRAY(arena, plan->input_count, const void *);
  for (uint32_t i = 0; i < plan->input_count; ++i) {
    const PlanTensor *tensor = &plan->inputs[i];
    size_t count = elements(tensor->type), each = count / (size_t)tensor->type.dims[0];
    double *values = ARENA_ARRAY(arena, count, double);
    for (size_t e = 0; e < count; ++e) {
      double value = t->inputs[i].data[(size_t)begin * each + e];
      values[trial_caller_index(tensor->type, tensor->nchw, e)] = value;
    }
    void *memory = arena_alloc(arena, (size_t)type_bytes(tensor->type));
    dtype_write(tensor->type.dtype, values, count, memory);
    in[i] = memory;
  }
  return in;
}

static void run(const Trial *t, const Build *build, const Compiled *c, Call call) {
  call.model = c->model;
  call.entry = &c->model->entries[0];
  call.weights = c->weights;
  call.small_stack = !build->unoptimized; /* whose frames are large */
  const char *wrong = call_model(&call);
  if (wrong) fail(t, build, "%u threads: %s", call.threads, wrong);
}

/* On any number of workers, who take the tasks as they like. */
static void check_threads(const Trial *t, const Build *build, const Compiled *c, const void **in,
                          void **expected) {
  static const uint32_t counts[] = {2, 3, 8, 16};
  Lot lot = {t->seed};
  void **out = new_outputs(c, c->arena);
  for (uint32_t i = 0; i < 5; ++i) {
    bool pooled = i == 4;
    if (pooled && t->seed % 8 != 0) continue;
    Call call = {.inputs = in,
                 .outputs = out,
                 .threads = pooled ? 3 : counts[i],
                 .end = (GuardedEnd)(i % 2),
                 .order = lot_below(&lot, UINT32_MAX) + 1,
                 .pool = pooled ? atm_pool_create(3) : NULL};
    run(t, build, c, call);
    atm_pool_destroy(call.pool);
    for (uint32_t o = 0; o < c->model->output_count; ++o) {
      size_t bytes = call_tensor_bytes(&c->model->entries[0].outputs[o]);
      if (memcmp(out[o], expected[o], bytes) != 0) {
        fail(t, build, "output %u: other bits on %u threads", o, call.threads);
      }
    }
  }
}

static void note_ops(Trial *t, const Plan *plan) {
  for (uint32_t k = 0; k < plan->kernel_count; ++k) {
    const Graph *body = plan->kernels[k].body;
    for (uint32_t i = 0; i < body->node_count; ++i) t->ops[body->nodes[i].op] = true;
  }
}

void trial_build(Trial *t, const Build *build) {
  Compiled c;
  compiled_new(&c, &t->subject, build, "model");
  note_ops(t, c.plan);
  InterpTensor *expected = ARENA_ARRAY(c.arena, SUBJECT_OUTPUTS, InterpTensor);
  check_passes(t, build, &c, expected);
  if (c.loaded) {
    const void **in = trial_caller_inputs(t, c.plan, 0, c.arena);
    void **out = new_outputs(&c, c.arena);
    run(t, build, &c, (Call){.inputs = in, .outputs = out, .threads = 1, .end = GUARDED_END});
    for (uint32_t i = 0; i < c.plan->output_count; ++i) {
      check_output(t, build, &c, i, &expected[i], out[i]);
    }
    check_threads(t, build, &c, in, out);
    ++t->built;
  }
  compiled_free(&c);
}

/* The same graph for one image in a call, without values that no output needs. */
static const Graph *of_one_image(const Graph *graph, Arena *arena) {
  Rewrite rw = rewrite_begin(graph, arena);
  for (uint32_t i = 0; i < graph->node_count; ++i) {
    const Node *node = &graph->nodes[i];
    if (node->op != OP_INPUT) {
      rewrite_copy(&rw, node);
      continue;
    }
    const AttrsINPUT *input = &node->attrs.INPUT;
    Type type = input->declared;
    type.dims[0] = 1;
    ValueId copy = build_input(rewrite_builder(&rw, node), input->name, type, input->nchw);
    rewrite_set(&rw, node_result(node, 0), copy);
  }
  return rewrite_end(&rw);
}

void trial_split(Trial *t, const char *isa) {
  Build build = {.isa = isa};
  int64_t images = t->subject.types[0].dims[0];
  Subject batch = t->subject, single = t->subject;
  /* Values that no output needs could keep passes from what they do to single images. */
  batch.graph = rewrite_drop_dead(t->subject.graph, t->arena);
  single.graph = of_one_image(t->subject.graph, t->arena);
  for (uint32_t i = 0; i < single.input_count; ++i) single.types[i].dims[0] = 1;
  Compiled all, one;
  compiled_new(&all, &batch, &build, "model");
  compiled_new(&one, &single, &build, "model");
  if (all.loaded) {
    void **expected = new_outputs(&all, all.arena), **got = new_outputs(&one, one.arena);
    const void **in = trial_caller_inputs(t, all.plan, 0, all.arena);
    run(t, &build, &all, (Call){.inputs = in, .outputs = expected, .threads = 1});
    for (int64_t n = 0; n < images; ++n) {
      in = trial_caller_inputs(t, one.plan, n, one.arena);
      run(t, &build, &one, (Call){.inputs = in, .outputs = got, .threads = 1});
      for (uint32_t o = 0; o < one.model->output_count; ++o) {
        size_t bytes = call_tensor_bytes(&one.model->entries[0].outputs[o]);
        const char *among = (const char *)expected[o] + (size_t)n * bytes;
        if (memcmp(got[o], among, bytes) != 0) {
          fail(t, &build, "output %u: image %ld has other bits alone", o, (long)n);
        }
      }
    }
  }
  compiled_free(&all);
  compiled_free(&one);
}
