/* From a graph of kernels to a Plan.
 *
 * Each kernel node becomes a PlanKernel and a step that calls it. Kernels that are the same code
 * (plan_equal.c) are one PlanKernel: layers share code. Then the values
 * between kernels get their memory.
 */
#include <string.h>

#include "ir/macs.h"
#include "ir/row_domain.h"
#include "passes/pass.h"
#include "passes/plan_parts.h"
#include "support/panic.h"

enum { NO_OUTPUT = UINT32_MAX, NO_WEIGHT = UINT32_MAX };

typedef struct Building {
  const Graph *graph;
  Arena *arena;
  const TargetInfo *target;
  uint32_t *output_of; /* [value] the model's output that it is, or NO_OUTPUT */
  uint32_t *input_of;  /* [value] the model's input that it is */
  bool *scales;        /* [value] of quantized rows, for all kernels that make or read it */
  PlanKernel *kernels; /* [kernel_count]: all different; there is room for one of each node */
  uint32_t kernel_count;
  const PlanKernel **kernel_of; /* [node] */
  const Recipe **weights;       /* of the plan, in the order of first use */
  uint32_t *weight_of;          /* [recipe's id] its index in `weights`, or NO_WEIGHT */
  uint32_t weight_count, weight_capacity;
} Building;

/* A value's kernel comes before those that read it. */
static void find_scales(Building *b) {
  for (uint32_t i = 0; i < b->graph->node_count; ++i) {
    const Node *node = &b->graph->nodes[i];
    if (node->op != OP_KERNEL) continue;
    for (uint32_t k = 0; k < node->operand_count; ++k) {
      b->scales[node->operands[k].index] &= plan_is_scales(node->body, plan_operand(node->body, k));
    }
    for (uint32_t r = 0; r < node->result_count; ++r) {
      b->scales[node_result(node, r).index] =
          plan_is_scales(node->body, node->body->outputs[r].value);
    }
  }
}

/* Elements between the rows of `v`, which a kernel makes for others. */
static uint32_t pitch_of(const Building *b, ValueId v) {
  return b->scales[v.index] ? 1 : plan_pitch(graph_type(b->graph, v));
}

/* How a kernel sees `v` of the graph as an operand; its reach is chosen later. */
static Port operand_port(const Building *b, ValueId v) {
  const Node *node = graph_def(b->graph, v);
  Port port = {.kind = PORT_ROWS, .type = graph_type(b->graph, v)};
  if (node->op == OP_CONSTANT) {
    port.kind = PORT_WEIGHTS;
  } else if (node->op == OP_INPUT) {
    port.kind = PORT_CALLER;
    port.nchw = node->attrs.INPUT.nchw;
  } else {
    port.pitch = pitch_of(b, v);
  }
  return port;
}

/* The same of a result: the caller's where it is an output of the model. Planes of one channel are
 * rows. */
static Port result_port(const Building *b, ValueId v) {
  Port port = {.kind = PORT_ROWS, .type = graph_type(b->graph, v)};
  if (b->output_of[v.index] == NO_OUTPUT) {
    port.pitch = pitch_of(b, v);
  } else {
    port.kind = PORT_CALLER;
    bool planes = type_channels(port.type) > 1;
    port.nchw = planes && b->graph->outputs[b->output_of[v.index]].nchw;
  }
  return port;
}

/* Operands and results of the kernel node `node`, in its order. */
static void fill_ports(const Building *b, const Node *node, PlanKernel *kernel, Arena *arena) {
  Port *operands = ARENA_ARRAY(arena, node->operand_count, Port);
  Port *results = ARENA_ARRAY(arena, node->result_count, Port);
  for (uint32_t k = 0; k < node->operand_count; ++k) {
    operands[k] = operand_port(b, node->operands[k]);
  }
  for (uint32_t r = 0; r < node->result_count; ++r) {
    results[r] = result_port(b, node_result(node, r));
  }
  kernel->operands = operands;
  kernel->operand_count = node->operand_count;
  kernel->results = results;
  kernel->result_count = node->result_count;
}

/* The kernel's domain: that of its first op that computes, since all have the same. */
static void fill_rows(PlanKernel *kernel) {
  for (uint32_t i = 0; i < kernel->body->node_count; ++i) {
    const Node *node = &kernel->body->nodes[i];
    if (node->op == OP_INPUT || op_has(node->op, OP_VIEW)) continue;
    Type domain = row_domain(kernel->body, node);
    kernel->images = (uint32_t)domain.dims[0];
    kernel->rows = (uint32_t)(domain.dims[1] * domain.dims[2]);
    return;
  }
  PANIC("an empty kernel");
}

/* "k3_linear_gelu": a number, and up to three of the words by which kernels are told apart. */
static const char *name_kernel(const Building *b, const PlanKernel *kernel) {
  enum { MAX_WORDS = 3 };
  const char *words[MAX_WORDS];
  StringBuilder text = {.arena = b->arena};
  string_builder_printf(&text, "k%u", b->kernel_count);
  uint32_t count = 0;
  for (uint32_t i = 0; i < kernel->body->node_count && count < MAX_WORDS; ++i) {
    const char *word = op_info(kernel->body->nodes[i].op)->word;
    bool told = !word;
    for (uint32_t w = 0; w < count; ++w) told = told || strcmp(words[w], word) == 0;
    if (told) continue;
    words[count++] = word;
    string_builder_printf(&text, "_%s", word);
  }
  return string_builder_text(&text);
}

/* What of the kernel of `node` depends on it alone, in `arena`. The order matters: places depend on
 * stages, and reach on all that place_values chooses. */
static PlanKernel make_kernel(const Building *b, const Node *node, Arena *arena) {
  PlanKernel kernel = {.body = node->body};
  fill_ports(b, node, &kernel, arena);
  fill_rows(&kernel);
  const uint32_t *stage_of = schedule_stages(&kernel, arena);
  place_values(&kernel, stage_of, b->target, arena);
  choose_reach(&kernel, b->target);
  return kernel;
}

/* The kernel of `node`: one that is the same code, or made now. `trial` is for what may be made in
 * vain. */
static const PlanKernel *build_kernel(Building *b, const Node *node, Arena *trial) {
  arena_reset(trial);
  PlanKernel kernel = make_kernel(b, node, trial);
  for (uint32_t i = 0; i < b->kernel_count; ++i) {
    if (plan_kernel_equal(&b->kernels[i], &kernel)) return &b->kernels[i];
  }
  kernel = make_kernel(b, node, b->arena);
  kernel.name = name_kernel(b, &kernel);
  b->kernels[b->kernel_count] = kernel;
  return &b->kernels[b->kernel_count++];
}

/* The number of a constant in plan->weights, which it gets when it is first asked for. */
static uint32_t weight_index(Building *b, const Recipe *recipe) {
  uint32_t *index = &b->weight_of[recipe->id];
  if (*index == NO_WEIGHT) {
    *index = b->weight_count;
    ARENA_PUSH(b->arena, b->weights, b->weight_count, b->weight_capacity, recipe);
  }
  return *index;
}

/* Where a value between kernels is in a call. */
static BufferRef buffer_ref(Building *b, const Buffers *buffers, ValueId v) {
  const Node *node = graph_def(b->graph, v);
  if (node->op == OP_CONSTANT) {
    return (BufferRef){.space = SPACE_WEIGHTS, .index = weight_index(b, node->recipe)};
  }
  if (node->op == OP_INPUT) return (BufferRef){.space = SPACE_INPUT, .index = b->input_of[v.index]};
  if (b->output_of[v.index] != NO_OUTPUT) {
    return (BufferRef){.space = SPACE_OUTPUT, .index = b->output_of[v.index]};
  }
  return (BufferRef){.space = SPACE_ARENA, .offset = buffers->offsets[v.index]};
}

/* The call of kernel node `index`. A kernel that several steps call prefetches as much as the one
 * that asks for the most; what it asks for are the weights that no step before has numbered. */
static Step build_step(Building *b, const Buffers *buffers, uint32_t index) {
  const Node *node = &b->graph->nodes[index];
  const PlanKernel *kernel = b->kernel_of[index];
  BufferRef *operands = ARENA_ARRAY(b->arena, node->operand_count, BufferRef);
  BufferRef *results = ARENA_ARRAY(b->arena, node->result_count, BufferRef);
  for (uint32_t k = 0; k < node->operand_count; ++k) {
    operands[k] = buffer_ref(b, buffers, node->operands[k]);
  }
  for (uint32_t r = 0; r < node->result_count; ++r) {
    results[r] = buffer_ref(b, buffers, node_result(node, r));
  }
  PlanKernel *shared = &b->kernels[kernel - b->kernels];
  uint64_t prefetch = (uint64_t)node->attrs.KERNEL.prefetch;
  if (shared->prefetch_bytes < prefetch) shared->prefetch_bytes = prefetch;
  return (Step){.kernel = (uint32_t)(kernel - b->kernels),
                .operands = operands,
                .results = results,
                .scratch = buffers->scratch[index],
                .label = node->label ? node->label : "",
                .macs = macs_of_graph(kernel->body),
                .prefetch = b->weight_count};
}

/* The caller's tensor whose part in one round is `type`. */
static Type of_all_rounds(const Plan *plan, Type type) {
  type.dims[0] *= plan->rounds;
  return type;
}

/* Inputs and outputs of the model, and which values they are. */
static void fill_tensors(Building *b, Plan *plan) {
  const Graph *graph = b->graph;
  for (uint32_t v = 0; v < graph->value_count; ++v) b->output_of[v] = NO_OUTPUT;
  PlanTensor *outputs = ARENA_ARRAY(b->arena, graph->output_count, PlanTensor);
  for (uint32_t i = 0; i < graph->output_count; ++i) {
    const Output *output = &graph->outputs[i];
    CHECK(graph_def(graph, output->value)->op == OP_KERNEL);
    CHECK(b->output_of[output->value.index] == NO_OUTPUT);
    b->output_of[output->value.index] = i;
    outputs[i] = (PlanTensor){output->name, of_all_rounds(plan, graph_type(graph, output->value)),
                              output->nchw};
  }
  PlanTensor *inputs = ARENA_ARRAY(b->arena, graph->node_count, PlanTensor);
  for (uint32_t i = 0; i < graph->node_count; ++i) {
    const Node *node = &graph->nodes[i];
    if (node->op != OP_INPUT) continue;
    b->input_of[node->first_result.index] = plan->input_count;
    inputs[plan->input_count++] =
        (PlanTensor){node->attrs.INPUT.name, of_all_rounds(plan, node->attrs.INPUT.declared),
                     node->attrs.INPUT.nchw};
  }
  plan->inputs = inputs;
  plan->outputs = outputs;
  plan->output_count = graph->output_count;
}

/* Room for the weights' indices. */
static void number_weights(Building *b) {
  uint32_t limit = 0;
  for (uint32_t i = 0; i < b->graph->node_count; ++i) {
    const Recipe *recipe = b->graph->nodes[i].recipe;
    if (recipe && recipe->id >= limit) limit = recipe->id + 1;
  }
  b->weight_of = ARENA_ARRAY(b->arena, limit, uint32_t);
  for (uint32_t i = 0; i < limit; ++i) b->weight_of[i] = NO_WEIGHT;
}

/* Fills kernel_of. Nodes between kernels are inputs and constants, and no kernel reads an output of
 * the model: the caller's memory is written once. */
static void build_kernels(Building *b) {
  Arena *trial = arena_new();
  for (uint32_t i = 0; i < b->graph->node_count; ++i) {
    const Node *node = &b->graph->nodes[i];
    if (node->op == OP_KERNEL) {
      b->kernel_of[i] = build_kernel(b, node, trial);
    } else {
      CHECK(node->op == OP_INPUT || node->op == OP_CONSTANT);
    }
    for (uint32_t k = 0; k < node->operand_count; ++k) {
      CHECK(b->output_of[node->operands[k].index] == NO_OUTPUT);
    }
  }
  arena_free(trial);
}

/* Places the buffers, then makes the steps in the graph's order. */
static void fill_steps(Building *b, Plan *plan) {
  Buffers buffers = place_buffers(b->graph, b->kernel_of, b->arena);
  Step *steps = ARENA_ARRAY(b->arena, b->graph->node_count, Step);
  for (uint32_t i = 0; i < b->graph->node_count; ++i) {
    if (b->kernel_of[i]) steps[plan->step_count++] = build_step(b, &buffers, i);
  }
  for (uint32_t i = 0; i < plan->step_count; ++i) {
    if (steps[i].prefetch == b->weight_count) steps[i].prefetch = 0; /* the next call's */
  }
  for (uint32_t i = 0; i < b->kernel_count; ++i) choose_prefetch_step(&b->kernels[i]);
  plan->steps = steps;
  plan->workspace_base = buffers.bytes;
  plan->live_peak = buffers.live_peak;
}

Status plan_build(const PassContext *context, const Graph *graph, const Plan **result) {
  Arena *arena = context->arena;
  Building b = {.graph = graph,
                .arena = arena,
                .target = context->target,
                .output_of = ARENA_ARRAY(arena, graph->value_count, uint32_t),
                .input_of = ARENA_ARRAY(arena, graph->value_count, uint32_t),
                .scales = ARENA_ARRAY(arena, graph->value_count, bool),
                .kernels = ARENA_ARRAY(arena, graph->node_count, PlanKernel),
                .kernel_of = ARENA_ARRAY(arena, graph->node_count, const PlanKernel *)};
  Plan *plan = ARENA_NEW(arena, Plan);
  plan->model = graph->name;
  plan->target = context->target;
  plan->rounds = graph->rounds;
  fill_tensors(&b, plan);
  find_scales(&b);
  build_kernels(&b);
  number_weights(&b);
  fill_steps(&b, plan);
  plan->kernels = b.kernels;
  plan->kernel_count = b.kernel_count;
  plan->weights = b.weights;
  plan->weight_count = b.weight_count;
  for (uint32_t i = 0; i < b.kernel_count; ++i) {
    if (b.kernels[i].scratch_bytes > plan->scratch_bytes) {
      plan->scratch_bytes = b.kernels[i].scratch_bytes;
    }
  }
  *result = plan;
  return STATUS_OK;
}
