/* The interpreter's loop: evaluates the nodes of a graph in order, each by its op's function.
 *
 * A value's buffer is allocated when its node runs and freed after its last use, so the memory in
 * use is that of the values alive. Inputs (of the graph, and of a kernel's body) are borrowed.
 * Constants are evaluated from their recipes, in double, without rounding.
 */
#include <stdlib.h>
#include <string.h>

#include "backends/interp/interp.h"
#include "support/panic.h"

static InterpretFunction *const functions[OP_KIND_COUNT] = {
#define STRUCTURE(...)
#define OP(NAME, ...) [OP_##NAME] = interpret_##NAME,
#include "ir/ops.def"
};

/* One graph being run. */
typedef struct Run {
  const Graph *graph;
  const WeightSource *source;
  Arena *arena;         /* bookkeeping; freed after the run */
  InterpTensor *values; /* [value_count]; data NULL before and after its life */
  bool *owned;          /* [value_count] the buffer is ours to free */
  uint32_t *uses;       /* [value_count] those still to come */
} Run;

static size_t element_count(Type type) {
  int64_t count;
  CHECK(type_count(type, &count));
  return (size_t)count;
}

static void allocate_value(Run *run, ValueId v) {
  run->values[v.index].data = interpret_buffer(element_count(graph_type(run->graph, v)));
  run->owned[v.index] = true;
}

static void free_value(Run *run, ValueId v) {
  if (run->owned[v.index]) free(run->values[v.index].data);
  run->values[v.index].data = NULL;
  run->owned[v.index] = false;
}

/* One use of `v` is over. After the last its buffer is freed, outputs excepted: an output counts as
 * a use that never ends. */
static void drop_use(Run *run, ValueId v) {
  CHECK(run->uses[v.index] > 0);
  if (--run->uses[v.index] == 0) free_value(run, v);
}

static Status run_graph(const Graph *graph, const WeightSource *source, const InterpTensor *inputs,
                        InterpTensor *outputs);

/* Computes the results of `node`, whose buffers are allocated. */
static Status run_node(Run *run, const Node *node) {
  InterpTensor *results = &run->values[node->first_result.index];
  if (node->op == OP_CONSTANT) return recipe_evaluate(node->recipe, run->source, results[0].data);
  uint32_t room = node->operand_count < 3 ? 3 : node->operand_count; /* for the optional ones */
  InterpTensor *operands = ARENA_ARRAY(run->arena, room, InterpTensor);
  for (uint32_t i = 0; i < node->operand_count; ++i) {
    operands[i] = run->values[node->operands[i].index];
  }
  if (node->op == OP_KERNEL) return run_graph(node->body, run->source, operands, results);
  functions[node->op](node, operands, results);
  return STATUS_OK;
}

/* Runs all nodes in order; `inputs` stand in the order of the graph's input nodes. */
static Status run_nodes(Run *run, const InterpTensor *inputs) {
  uint32_t next = 0;
  for (uint32_t i = 0; i < run->graph->node_count; ++i) {
    const Node *node = &run->graph->nodes[i];
    if (node->op == OP_INPUT) {
      run->values[node->first_result.index].data = inputs[next++].data;
      continue;
    }
    for (uint32_t r = 0; r < node->result_count; ++r) allocate_value(run, node_result(node, r));
    RETURN_IF_ERROR(run_node(run, node));
    for (uint32_t r = 0; r < node->result_count; ++r) {
      if (run->uses[node_result(node, r).index] == 0) free_value(run, node_result(node, r));
    }
    for (uint32_t o = 0; o < node->operand_count; ++o) drop_use(run, node->operands[o]);
  }
  return STATUS_OK;
}

/* Runs a graph whose types are known; outputs[i].data are allocated. */
static Status run_graph(const Graph *graph, const WeightSource *source, const InterpTensor *inputs,
                        InterpTensor *outputs) {
  Arena *arena = arena_new();
  Run run = {.graph = graph,
             .source = source,
             .arena = arena,
             .values = ARENA_ARRAY(arena, graph->value_count, InterpTensor),
             .owned = ARENA_ARRAY(arena, graph->value_count, bool),
             .uses = graph_use_counts(graph, arena)};
  for (uint32_t v = 0; v < graph->value_count; ++v) run.values[v].type = graph->values[v].type;
  Status status = run_nodes(&run, inputs);
  for (uint32_t i = 0; i < graph->output_count && !status; ++i) {
    const InterpTensor *value = &run.values[graph->outputs[i].value.index];
    memcpy(outputs[i].data, value->data, element_count(value->type) * sizeof(double));
  }
  for (uint32_t v = 0; v < graph->value_count; ++v) free_value(&run, (ValueId){v});
  arena_free(arena);
  return status;
}

/* The interpreter computes every value, so each must be small enough to count. */
static Status check_sizes(const Graph *graph, Diag *diag) {
  for (uint32_t v = 0; v < graph->value_count; ++v) {
    int64_t count;
    char text[TYPE_TEXT_MAX];
    if (!type_count(graph->values[v].type, &count)) {
      return diag_error(diag, (Position){0}, "a value of type %s cannot be computed",
                        type_format(graph->values[v].type, text));
    }
  }
  return STATUS_OK;
}

/* What round `round` takes of `whole`: its next images. */
static Status take_round(InterpTensor whole, uint32_t rounds, uint32_t round, Diag *diag,
                         InterpTensor *part) {
  if (rounds > 1 && (whole.type.rank < 1 || whole.type.dims[0] % rounds != 0)) {
    char text[TYPE_TEXT_MAX];
    return diag_error(diag, (Position){0}, "%s cannot be cut into %u rounds",
                      type_format(whole.type, text), rounds);
  }
  *part = whole;
  if (rounds == 1) return STATUS_OK;
  part->type.dims[0] /= rounds;
  part->data += round * element_count(part->type);
  return STATUS_OK;
}

static Status take_rounds(const InterpTensor *whole, uint32_t count, const Graph *graph,
                          uint32_t round, Diag *diag, InterpTensor *parts) {
  for (uint32_t i = 0; i < count; ++i) {
    RETURN_IF_ERROR(take_round(whole[i], graph->rounds, round, diag, &parts[i]));
  }
  return STATUS_OK;
}

/* Whole outputs, of all rounds, in `arena`. `graph` is bound: its types are those of one round. */
static void allocate_outputs(const Graph *graph, Arena *arena, InterpTensor *outputs) {
  for (uint32_t i = 0; i < graph->output_count; ++i) {
    Type type = graph_type(graph, graph->outputs[i].value);
    type.dims[0] *= graph->rounds;
    outputs[i].type = type;
    outputs[i].data = ARENA_ARRAY(arena, element_count(type), double);
  }
}

Status interp_run(const Graph *graph, const WeightSource *source, Arena *arena, Diag *diag,
                  const InterpTensor *inputs, InterpTensor *outputs) {
  const Graph *bound = graph;
  uint32_t in = graph_inputs(graph, NULL, 0), out = graph->output_count;
  InterpTensor *reads = ARENA_ARRAY(arena, in, InterpTensor);
  InterpTensor *writes = ARENA_ARRAY(arena, out, InterpTensor);
  for (uint32_t round = 0; round < graph->rounds; ++round) {
    RETURN_IF_ERROR(take_rounds(inputs, in, graph, round, diag, reads));
    if (round == 0) {
      RETURN_IF_ERROR(interp_bind(graph, arena, diag, reads, &bound));
      RETURN_IF_ERROR(check_sizes(bound, diag));
      allocate_outputs(bound, arena, outputs);
    }
    RETURN_IF_ERROR(take_rounds(outputs, out, graph, round, diag, writes));
    RETURN_IF_ERROR(run_graph(bound, source, reads, writes));
  }
  return STATUS_OK;
}
