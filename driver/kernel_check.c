/* Values travel in two forms: in logical order as doubles that are floats (the interpreter's), and
 * in the memory that the native kernel sees (ports: padded rows, caller's tensors, weights). */
#include "driver/kernel_check.h"

#include <stdlib.h>

#include "driver/choices.h"
#include "driver/layout.h"
#include "ir/macs.h"
#include "support/memory.h"
#include "support/panic.h"

uint64_t kernel_check_terms(const Graph *graph) {
  uint64_t most = 0;
  for (uint32_t i = 0; i < graph->node_count; ++i) {
    const Node *node = &graph->nodes[i];
    uint64_t terms = node->body ? kernel_check_terms(node->body) : macs_of_element(graph, node);
    if (terms > most) most = terms;
  }
  return most;
}

/* -- memory of a port -------------------------------------------------------------------------- */

/* The rows of a map or vector [N, rows, C]. */
typedef struct Rows {
  size_t count, channels;
} Rows;

/* All images together. */
static Rows rows_of(Type type) {
  size_t channels = (size_t)type_channels(type);
  return (Rows){layout_count(type) / channels, channels};
}

/* Rows in the arena; what is between the last channel and the pitch stays as it was. */
static void write_port(const Port *port, char *memory, const double *values) {
  if (port->kind != PORT_ROWS) return; /* the caller's input, or weights: there already */
  Rows rows = rows_of(port->type);
  size_t pitch = (size_t)port->pitch * dtype_bytes(port->type.dtype);
  for (size_t r = 0; r < rows.count; ++r, memory += pitch, values += rows.channels) {
    dtype_write(port->type.dtype, values, rows.channels, memory);
  }
}

static void read_port(const Port *port, const char *memory, double *values) {
  if (port->kind == PORT_CALLER) {
    layout_to_logical(port->type, port->nchw, memory, values);
    return;
  }
  Rows rows = rows_of(port->type);
  size_t pitch = (size_t)port->pitch * dtype_bytes(port->type.dtype);
  for (size_t r = 0; r < rows.count; ++r, memory += pitch, values += rows.channels) {
    dtype_read(port->type.dtype, memory, rows.channels, values);
  }
}

/* -- the chain of steps ------------------------------------------------------------------------ */

/* Room for a value of the graph, until kernel_check_end. */
static double *new_value(KernelCheck *check, ValueId v) {
  size_t count = layout_count(graph_type(check->graph, v));
  double *values = memory_new(count, sizeof *values, "the interpreter");
  check->values[v.index] = values;
  return values;
}

/* Kernel nodes are the steps, in order; input nodes hold the model's inputs. */
static void collect_nodes(KernelCheck *check) {
  const Plan *plan = check->native->plan;
  uint32_t steps = 0, inputs = 0;
  for (uint32_t i = 0; i < check->graph->node_count; ++i) {
    const Node *node = &check->graph->nodes[i];
    if (node->op == OP_KERNEL) {
      CHECK(steps < plan->step_count);
      check->nodes[steps++] = node;
    } else if (node->op == OP_INPUT) {
      ValueId v = node_result(node, 0); /* of the first round */
      bool nchw = plan->inputs[inputs].nchw;
      layout_to_logical(graph_type(check->graph, v), nchw, check->in[inputs++],
                        new_value(check, v));
    }
  }
  CHECK(steps == plan->step_count && inputs == plan->input_count);
}

Status kernel_check_begin(KernelCheck *check, Compilation *c, Native *native, const void *const *in,
                          void *const *out) {
  *check = (KernelCheck){.c = c, .native = native, .in = in, .out = out};
  check->graph = c->variants[0].resolutions[0].graph;
  check->nodes = ARENA_ARRAY(c->arena, native->plan->step_count, const Node *);
  check->values = ARENA_ARRAY(c->arena, check->graph->value_count, double *);
  collect_nodes(check);
  return STATUS_OK;
}

void kernel_check_end(KernelCheck *check) {
  for (uint32_t v = 0; v < check->graph->value_count; ++v) free(check->values[v]);
  arena_free(check->arena);
  check->arena = NULL;
}

/* A constant as the native code has it: rounded. */
static double *weights_value(KernelCheck *check, const BufferRef *ref, Type type) {
  const char *memory = native_address(check->native, ref, check->in, check->out);
  size_t count = layout_count(type);
  double *values = ARENA_ARRAY(check->arena, count, double);
  dtype_read(type.dtype, memory, count, values);
  return values;
}

/* The step's operands for the interpreter, and the same in the native kernel's memory. */
static InterpTensor *prepare_operands(KernelCheck *check, const Node *node, const Step *step) {
  const PlanKernel *kernel = &check->native->plan->kernels[step->kernel];
  InterpTensor *operands = ARENA_ARRAY(check->arena, node->operand_count, InterpTensor);
  CHECK(kernel->operand_count == node->operand_count);
  for (uint32_t i = 0; i < node->operand_count; ++i) {
    ValueId v = node->operands[i];
    const BufferRef *ref = &step->operands[i];
    operands[i].type = graph_type(check->graph, v);
    if (graph_recipe(check->graph, v)) {
      operands[i].data = weights_value(check, ref, operands[i].type);
      continue;
    }
    operands[i].data = check->values[v.index];
    CHECK(operands[i].data);
    write_port(&kernel->operands[i], native_address(check->native, ref, check->in, check->out),
               operands[i].data);
  }
  return operands;
}

/* Compares the results with what is in memory, and keeps them, rounded. */
static void compare_results(KernelCheck *check, const Node *node, const Step *step,
                            const InterpTensor *expected, Comparison *comparison) {
  const PlanKernel *kernel = &check->native->plan->kernels[step->kernel];
  for (uint32_t i = 0; i < node->result_count; ++i) {
    size_t count = layout_count(expected[i].type);
    double *actual = ARENA_ARRAY(check->arena, count, double);
    const BufferRef *ref = &step->results[i];
    read_port(&kernel->results[i], native_address(check->native, ref, check->in, check->out),
              actual);
    uint32_t from = choices_place(node->body, i);
    if (from) {
      choices_add(comparison, &expected[from], expected[i].data, actual);
    } else {
      comparison_add(comparison, expected[i].type.dtype, expected[i].data, actual, count);
    }
    double *kept = new_value(check, node_result(node, i));
    for (size_t j = 0; j < count; ++j) {
      kept[j] = dtype_round(expected[i].type.dtype, expected[i].data[j]);
    }
  }
}

Status kernel_check_step(KernelCheck *check, uint32_t index, Comparison *comparison) {
  const Graph *body = check->nodes[index]->body;
  *comparison = (Comparison){.quantized = graph_has_op(body, OP_QUANTIZE_ROWS),
                             .terms = kernel_check_terms(body)};
  arena_free(check->arena);
  check->arena = arena_new();
  const Node *node = check->nodes[index];
  const Step *step = &check->native->plan->steps[index];
  const InterpTensor *operands = prepare_operands(check, node, step);
  body = choices_expose(body, check->arena);
  InterpTensor *expected = ARENA_ARRAY(check->arena, body->output_count, InterpTensor);
  WeightSource source = weights_source(check->c->weights);
  RETURN_IF_ERROR(interp_run(body, &source, check->arena, check->c->diag, operands, expected));
  RETURN_IF_ERROR(native_step(check->native, step, check->in, check->out, NULL));
  compare_results(check, node, step, expected, comparison);
  return STATUS_OK;
}
