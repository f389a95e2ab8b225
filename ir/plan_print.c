/* The text form of a Plan, written here and read by plan_parse.c:
 *
 *   plan "atmnet_xt" for "x86-64-v4"
 *     input "image" f32[1,224,224,3] nchw
 *     output "logits" f32[1,1000]
 *     rounds 1, arena 4214784, live 4012160, scratch 71808
 *
 *   kernel k0_patches_linear
 *     images 1, rows 3136, blocks 28, scratch 71808
 *     a0 %0 caller nchw f32[1,224,224,3]
 *     r0 %4 rows pitch 64 f32[1,56,56,64] streams
 *     stage rows
 *       %3 = patches(a0) {...} : f32[1,56,56,147]  scratch +0 pitch 160
 *     stage product 14x32 full, depth 148, unroll 2, sums, scratch +20480
 *       ...
 *     stage winograd 14x32, depth 256, unroll 2, parts 1, scratch +0
 *       ...
 *     view %7 = slice(%6) {begin=64, count=64} : f32[1,56,56,64]  scratch +0 pitch 128 column 64
 *
 *   weight 0 = pack(...)
 *
 *   step k0_patches_linear (input 0, weight 0) -> (arena +0), 29503488 macs  // patch_embed
 *
 * Values of a body are numbered as in it: %N; those that are operands go by the operand's name. The
 * line of a stage ends with the place of its room, those below it with the places of their results.
 * The text holds all that code is made from; names and labels inside of bodies are left out.
 */
#include <inttypes.h>

#include "ir/plan_room.h"
#include "ir/plan_text.h"
#include "ir/text_write.h"

const char *const plan_text_stages[PLAN_TEXT_STAGES] = {
    [STAGE_PRODUCT] = "product",     [STAGE_READ] = "read",
    [STAGE_ROWS] = "rows",           [STAGE_NORMALIZE] = "normalize",
    [STAGE_POINTWISE] = "pointwise", [STAGE_REDUCE] = "reduce",
    [STAGE_WINOGRAD] = "winograd",   [STAGE_CALL] = "call"};
const char *const plan_text_ports[PLAN_TEXT_PORTS] = {
    [PORT_ROWS] = "rows", [PORT_CALLER] = "caller", [PORT_WEIGHTS] = "weights"};
const char *const plan_text_reaches[PLAN_TEXT_REACHES] = {
    [REACH_NEAR] = NULL, [REACH_FAR] = "far", [REACH_STREAMS] = "streams", [REACH_PAST] = "past"};
const char *const plan_text_spaces[PLAN_TEXT_SPACES] = {[SPACE_INPUT] = "input",
                                                        [SPACE_OUTPUT] = "output",
                                                        [SPACE_ARENA] = "arena",
                                                        [SPACE_WEIGHTS] = "weight"};

/* The text, and how many of its lines are over. */
typedef struct Writer {
  const TargetInfo *target; /* the plan's */
  StringBuilder *out;
  size_t counted; /* characters of it that were looked at */
  uint32_t line;  /* of the plan, from 1: the one that they end in */
} Writer;

/* The line that is written next. */
static uint32_t line_here(Writer *w) {
  for (; w->counted < w->out->length; ++w->counted) w->line += w->out->text[w->counted] == '\n';
  return w->line;
}

/* "a0 %0 caller nchw TYPE": a port, and the value of the body that it is. */
static void print_port(const char *prefix, uint32_t index, ValueId value, const Port *port,
                       StringBuilder *out) {
  string_builder_printf(out, "  %s%u %%%u %s", prefix, index, value.index,
                        plan_text_ports[port->kind]);
  if (port->kind == PORT_ROWS) string_builder_printf(out, " pitch %u", port->pitch);
  if (port->nchw) string_builder_add(out, " nchw");
  string_builder_add(out, " ");
  text_write_type(port->type, out);
  if (port->reach) string_builder_printf(out, " %s", plan_text_reaches[port->reach]);
  string_builder_add(out, "\n");
}

/* Operands are the inputs of the body, in its order. */
static void print_ports(const PlanKernel *kernel, StringBuilder *out) {
  const Graph *body = kernel->body;
  uint32_t operand = 0;
  for (uint32_t i = 0; i < body->node_count; ++i) {
    const Node *node = &body->nodes[i];
    if (node->op != OP_INPUT) continue;
    print_port("a", operand, node->first_result, &kernel->operands[operand], out);
    ++operand;
  }
  for (uint32_t i = 0; i < kernel->result_count; ++i) {
    print_port("r", i, body->outputs[i].value, &kernel->results[i], out);
  }
}

/* Where a kernel keeps a value: kind, offset in bytes, pitch in floats, first column of its row.
 */
static void print_place(const ValuePlace *place, StringBuilder *out) {
  switch (place->kind) {
    case PLACE_REGISTER: string_builder_add(out, "register"); break;
    case PLACE_SCRATCH:
      string_builder_printf(out, "scratch +%" PRIu64 " pitch %u", place->offset, place->pitch);
      break;
    case PLACE_STRIP:
      string_builder_printf(out, "strip +%" PRIu64 " pitch %u", place->offset, place->pitch);
      break;
    case PLACE_OPERAND: string_builder_printf(out, "a%u", place->index); break;
    case PLACE_RESULT: string_builder_printf(out, "r%u", place->index); break;
  }
  if (place->column) string_builder_printf(out, " column %u", place->column);
}

/* A value as an op reads it. */
static void print_operand(const PlanKernel *kernel, ValueId v, StringBuilder *out) {
  if (graph_def(kernel->body, v)->op == OP_INPUT) {
    string_builder_printf(out, "a%u", kernel->places[v.index].index);
  } else {
    string_builder_printf(out, "%%%u", v.index);
  }
}

/* `%5 = linear(a0, a1){attributes} : f32[1,56,56,64]  scratch +0 pitch 64`: what each result is,
 * and where. */
static void print_node(const PlanKernel *kernel, const Node *node, StringBuilder *out) {
  for (uint32_t i = 0; i < node->result_count; ++i) {
    string_builder_printf(out, "%s%%%u", i ? ", " : "", node_result(node, i).index);
  }
  string_builder_printf(out, " = %s(", op_info(node->op)->text);
  for (uint32_t k = 0; k < node->operand_count; ++k) {
    if (k > 0) string_builder_add(out, ", ");
    print_operand(kernel, node->operands[k], out);
  }
  string_builder_add(out, ")");
  text_write_attrs(node, out);
  for (uint32_t i = 0; i < node->result_count; ++i) {
    string_builder_add(out, i ? ", " : " : ");
    text_write_type(graph_type(kernel->body, node_result(node, i)), out);
  }
  for (uint32_t i = 0; i < node->result_count; ++i) {
    string_builder_add(out, i ? ", " : "  ");
    print_place(&kernel->places[node_result(node, i).index], out);
  }
  string_builder_add(out, "\n");
}

/* A line for the stage, for a product with its tile, and with the stage's room where it has one;
 * and one for each of its nodes. */
static void print_stage(const PlanKernel *kernel, const Stage *stage, Writer *w, uint32_t *nodes) {
  StringBuilder *out = w->out;
  string_builder_printf(out, "  stage %s", plan_text_stages[stage->kind]);
  if (stage->kind == STAGE_PRODUCT || stage->kind == STAGE_WINOGRAD) {
    const ProductPlan *product = &stage->product;
    string_builder_printf(out, " %ux%u%s, depth %u, unroll %u%s%s%s", product->tile_rows,
                          product->tile_columns, product->full ? " full" : "", product->depth_block,
                          product->unroll, product->sums ? ", sums" : "",
                          product->widened ? ", widened" : "", product->paired ? ", paired" : "");
  }
  if (stage->kind == STAGE_WINOGRAD) string_builder_printf(out, ", parts %u", stage->parts);
  if (plan_room_bytes(kernel, stage, w->target)) {
    string_builder_printf(out, ", scratch +%" PRIu64, stage->room);
  }
  string_builder_add(out, "\n");
  for (uint32_t n = 0; n < stage->node_count; ++n) {
    nodes[stage->nodes[n].index] = line_here(w);
    string_builder_add(out, "    ");
    print_node(kernel, graph_node(kernel->body, stage->nodes[n]), out);
  }
}

/* The kernel's name and split, its ports, its stages, and last the views, which belong to no stage.
 */
static PlanKernelLines print_kernel(const PlanKernel *kernel, Writer *w) {
  StringBuilder *out = w->out;
  uint32_t *nodes = ARENA_ARRAY(out->arena, kernel->body->node_count, uint32_t);
  string_builder_add(out, "\n");
  const PlanKernelLines lines = {.kernel = line_here(w), .nodes = nodes};
  string_builder_printf(out, "kernel %s\n", kernel->name);
  string_builder_printf(out, "  images %u, rows %u, blocks %u, ", kernel->images, kernel->rows,
                        kernel->blocks);
  if (kernel->line > 1) string_builder_printf(out, "lines of %u, ", kernel->line);
  if (kernel->column_blocks > 1) {
    string_builder_printf(out, "column blocks %u, ", kernel->column_blocks);
  }
  string_builder_printf(out, "scratch %" PRIu64, kernel->scratch_bytes);
  if (kernel->prefetch_bytes) {
    string_builder_printf(out, ", prefetch %" PRIu64 " by %" PRIu64, kernel->prefetch_bytes,
                          kernel->prefetch_step);
  }
  string_builder_add(out, "\n");
  print_ports(kernel, out);
  for (uint32_t i = 0; i < kernel->stage_count; ++i) {
    print_stage(kernel, &kernel->stages[i], w, nodes);
  }
  for (uint32_t i = 0; i < kernel->body->node_count; ++i) {
    const Node *node = &kernel->body->nodes[i];
    if (!op_has(node->op, OP_VIEW)) continue;
    nodes[i] = line_here(w);
    string_builder_add(out, "  view ");
    print_node(kernel, node, out);
  }
  return lines;
}

/* Buffers of a step, in the order of the kernel's ports. */
static void print_refs(const BufferRef *refs, uint32_t count, StringBuilder *out) {
  string_builder_add(out, "(");
  for (uint32_t i = 0; i < count; ++i) {
    string_builder_printf(out, "%s%s ", i ? ", " : "", plan_text_spaces[refs[i].space]);
    if (refs[i].space == SPACE_ARENA) {
      string_builder_printf(out, "+%" PRIu64, refs[i].offset);
    } else {
      string_builder_printf(out, "%u", refs[i].index);
    }
  }
  string_builder_add(out, ")");
}

/* `step NAME (operands) -> (results)` and what is of this step alone: offsets in the workspace,
 * work, label. */
static void print_step(const Plan *plan, const Step *step, StringBuilder *out) {
  const PlanKernel *kernel = &plan->kernels[step->kernel];
  string_builder_printf(out, "step %s ", kernel->name);
  print_refs(step->operands, kernel->operand_count, out);
  string_builder_add(out, " -> ");
  print_refs(step->results, kernel->result_count, out);
  if (kernel->scratch_bytes) string_builder_printf(out, ", scratch +%" PRIu64, step->scratch);
  if (kernel->prefetch_bytes) string_builder_printf(out, ", prefetch weight %u", step->prefetch);
  string_builder_printf(out, ", %" PRIu64 " macs", step->macs);
  if (*step->label) text_write_label(step->label, out);
  string_builder_add(out, "\n");
}

static void print_tensor(const char *what, const PlanTensor *tensor, StringBuilder *out) {
  string_builder_printf(out, "  %s ", what);
  text_write_string(tensor->name, out);
  string_builder_add(out, " ");
  text_write_type(tensor->type, out);
  string_builder_add(out, tensor->nchw ? " nchw\n" : "\n");
}

/* What is of the whole plan: inputs, outputs, memory. */
static void print_head(const Plan *plan, StringBuilder *out) {
  string_builder_add(out, "plan ");
  text_write_string(plan->model, out);
  string_builder_printf(out, " for \"%s\"\n", plan->target->name);
  for (uint32_t i = 0; i < plan->input_count; ++i) print_tensor("input", &plan->inputs[i], out);
  for (uint32_t i = 0; i < plan->output_count; ++i) print_tensor("output", &plan->outputs[i], out);
  string_builder_printf(out,
                        "  rounds %u, arena %" PRIu64 ", live %" PRIu64 ", scratch %" PRIu64 "\n",
                        plan->rounds, plan->workspace_base, plan->live_peak, plan->scratch_bytes);
}

void plan_print_lines(const Plan *plan, StringBuilder *out, PlanLines *lines) {
  Writer w = {.target = plan->target, .out = out, .counted = out->length, .line = 1};
  PlanKernelLines *kernels = ARENA_ARRAY(out->arena, plan->kernel_count, PlanKernelLines);
  uint32_t *steps = ARENA_ARRAY(out->arena, plan->step_count, uint32_t);
  print_head(plan, out);
  for (uint32_t i = 0; i < plan->kernel_count; ++i) {
    kernels[i] = print_kernel(&plan->kernels[i], &w);
  }
  string_builder_add(out, "\n");
  for (uint32_t i = 0; i < plan->weight_count; ++i) {
    string_builder_printf(out, "weight %u = ", i);
    recipe_print(plan->weights[i], out);
    string_builder_add(out, "\n");
  }
  string_builder_add(out, "\n");
  for (uint32_t i = 0; i < plan->step_count; ++i) {
    steps[i] = line_here(&w);
    print_step(plan, &plan->steps[i], out);
  }
  *lines = (PlanLines){.kernels = kernels, .steps = steps};
}

void plan_print(const Plan *plan, StringBuilder *out) {
  PlanLines lines;
  plan_print_lines(plan, out, &lines);
}
