/* The text form of a Plan:
 *
 *   plan "atmnet_xt" x86-64-v4
 *     input image f32[1,224,224,3] nchw
 *     arena 4214784 bytes (live 4012160), scratch 172032 bytes
 *
 *   kernel k0_patches_linear
 *     images 1, rows 3136, blocks 28, scratch 71808
 *     a0 caller nchw f32[1,224,224,3]
 *     r0 rows pitch 64 f32[1,56,56,64]
 *     stage rows
 *       %3 = patches(%0) {...} : f32[1,56,56,147]  scratch +0 pitch 160
 *     stage product 14x32 full, depth 148, unroll 2
 *       ...
 *
 *   step k0_patches_linear (input 0, weight 0) -> (arena +0)  // patch_embed, 29503488 macs
 *
 * Values of a body are numbered as in it. A slice shows where it is used: %7 = %5[64..128].
 */
#include <inttypes.h>

#include "ir/plan.h"

static const char *const stage_names[] = {
    [STAGE_PRODUCT] = "product",     [STAGE_READ] = "read",           [STAGE_ROWS] = "rows",
    [STAGE_NORMALIZE] = "normalize", [STAGE_POINTWISE] = "pointwise", [STAGE_REDUCE] = "reduce"};

static void print_type(Type type, StringBuilder *out) {
  char text[TYPE_TEXT_MAX];
  string_builder_printf(out, " %s", type_format(type, text));
}

static void print_port(const char *prefix, uint32_t index, const Port *port, StringBuilder *out) {
  static const char *const kinds[] = {
      [PORT_ROWS] = "rows", [PORT_CALLER] = "caller", [PORT_WEIGHTS] = "weights"};
  static const char *const reaches[] = {
      [REACH_NEAR] = "", [REACH_FAR] = " far", [REACH_STREAMS] = " streams"};
  string_builder_printf(out, "  %s%u %s", prefix, index, kinds[port->kind]);
  if (port->kind == PORT_ROWS) string_builder_printf(out, " pitch %u", port->pitch);
  if (port->nchw) string_builder_add(out, " nchw");
  print_type(port->type, out);
  string_builder_add(out, reaches[port->reach]);
  string_builder_add(out, "\n");
}

static void print_place(const PlanKernel *kernel, ValueId v, StringBuilder *out) {
  const ValuePlace *place = &kernel->places[v.index];
  switch (place->kind) {
    case PLACE_REGISTER: string_builder_add(out, "register"); break;
    case PLACE_SCRATCH:
      string_builder_printf(out, "scratch +%" PRIu64 " pitch %u", place->offset, place->pitch);
      break;
    case PLACE_OPERAND: string_builder_printf(out, "a%u", place->index); break;
    case PLACE_RESULT: string_builder_printf(out, "r%u", place->index); break;
  }
  if (place->column) string_builder_printf(out, " column %u", place->column);
  for (uint32_t r = 0; r < kernel->body->output_count; ++r) {
    if (value_equal(kernel->body->outputs[r].value, v) &&
        (place->kind != PLACE_RESULT || place->index != r)) {
      string_builder_printf(out, ", also r%u", r);
    }
  }
}

/* An operand as the reader finds it: an operand of the kernel by its name, a slice by its columns.
 */
static void print_operand(const PlanKernel *kernel, ValueId v, StringBuilder *out) {
  const ValuePlace *place = &kernel->places[v.index];
  const Node *node = graph_def(kernel->body, v);
  if (node->op == OP_SLICE) {
    print_operand(kernel, node->operands[0], out);
    string_builder_printf(out, "[%d..%d]", node->attrs.SLICE.begin,
                          node->attrs.SLICE.begin + node->attrs.SLICE.count);
  } else if (place->kind == PLACE_OPERAND) {
    string_builder_printf(out, "a%u", place->index);
  } else {
    string_builder_printf(out, "%%%u", v.index);
  }
}

static void print_node(const PlanKernel *kernel, NodeId id, StringBuilder *out) {
  const Node *node = graph_node(kernel->body, id);
  ValueId result = node->first_result;
  string_builder_printf(out, "    %%%u = %s(", result.index, op_info(node->op)->text);
  for (uint32_t k = 0; k < node->operand_count; ++k) {
    if (k > 0) string_builder_add(out, ", ");
    print_operand(kernel, node->operands[k], out);
  }
  string_builder_add(out, ")");
  graph_print_attrs(node, out);
  string_builder_add(out, " :");
  print_type(graph_type(kernel->body, result), out);
  string_builder_add(out, "  ");
  print_place(kernel, result, out);
  string_builder_add(out, "\n");
}

static void print_product(const ProductPlan *product, StringBuilder *out) {
  string_builder_printf(out, " %ux%u%s, depth %u, unroll %u%s", product->tile_rows,
                        product->tile_columns, product->full ? " full" : "", product->depth_block,
                        product->unroll, product->sums ? ", sums" : "");
}

void plan_print_kernel(const PlanKernel *kernel, StringBuilder *out) {
  string_builder_printf(out, "  images %u, rows %u, blocks %u, ", kernel->images, kernel->rows,
                        kernel->blocks);
  if (kernel->column_blocks > 1) {
    string_builder_printf(out, "column blocks %u, ", kernel->column_blocks);
  }
  string_builder_printf(out, "scratch %" PRIu64, kernel->scratch_bytes);
  if (kernel->prefetch_bytes) {
    string_builder_printf(out, ", prefetch %" PRIu64 " by %" PRIu64, kernel->prefetch_bytes,
                          kernel->prefetch_step);
  }
  string_builder_add(out, "\n");
  for (uint32_t i = 0; i < kernel->operand_count; ++i) {
    print_port("a", i, &kernel->operands[i], out);
  }
  for (uint32_t i = 0; i < kernel->result_count; ++i) print_port("r", i, &kernel->results[i], out);
  for (uint32_t i = 0; i < kernel->stage_count; ++i) {
    const Stage *stage = &kernel->stages[i];
    string_builder_printf(out, "  stage %s", stage_names[stage->kind]);
    if (stage->kind == STAGE_PRODUCT) print_product(&stage->product, out);
    string_builder_add(out, "\n");
    for (uint32_t n = 0; n < stage->node_count; ++n) print_node(kernel, stage->nodes[n], out);
  }
}

static void print_refs(const BufferRef *refs, uint32_t count, StringBuilder *out) {
  static const char *const spaces[] = {
      [SPACE_INPUT] = "input", [SPACE_OUTPUT] = "output", [SPACE_WEIGHTS] = "weight"};
  string_builder_add(out, "(");
  for (uint32_t i = 0; i < count; ++i) {
    if (i > 0) string_builder_add(out, ", ");
    if (refs[i].space == SPACE_ARENA) {
      string_builder_printf(out, "arena +%" PRIu64, refs[i].offset);
    } else {
      string_builder_printf(out, "%s %u", spaces[refs[i].space], refs[i].index);
    }
  }
  string_builder_add(out, ")");
}

static void print_step(const Plan *plan, const Step *step, StringBuilder *out) {
  const PlanKernel *kernel = &plan->kernels[step->kernel];
  string_builder_printf(out, "step %s ", kernel->name);
  print_refs(step->operands, kernel->operand_count, out);
  string_builder_add(out, " -> ");
  print_refs(step->results, kernel->result_count, out);
  if (kernel->scratch_bytes) string_builder_printf(out, " scratch +%" PRIu64, step->scratch);
  if (kernel->prefetch_bytes) string_builder_printf(out, " prefetch weight %u", step->prefetch);
  string_builder_printf(out, "  // %s, %" PRIu64 " macs\n", step->label, step->macs);
}

static void print_tensor(const char *what, const PlanTensor *tensor, StringBuilder *out) {
  string_builder_printf(out, "  %s %s", what, tensor->name);
  print_type(tensor->type, out);
  string_builder_add(out, tensor->nchw ? " nchw\n" : "\n");
}

void plan_print(const Plan *plan, StringBuilder *out) {
  string_builder_printf(out, "plan \"%s\" %s\n", plan->model, plan->target->name);
  for (uint32_t i = 0; i < plan->input_count; ++i) print_tensor("input", &plan->inputs[i], out);
  for (uint32_t i = 0; i < plan->output_count; ++i) print_tensor("output", &plan->outputs[i], out);
  if (plan->rounds > 1) string_builder_printf(out, "  rounds %u\n", plan->rounds);
  string_builder_printf(out,
                        "  arena %" PRIu64 " bytes (live %" PRIu64 "), scratch %" PRIu64 " bytes\n",
                        plan->workspace_base, plan->live_peak, plan->scratch_bytes);
  for (uint32_t i = 0; i < plan->kernel_count; ++i) {
    string_builder_printf(out, "\nkernel %s\n", plan->kernels[i].name);
    plan_print_kernel(&plan->kernels[i], out);
  }
  string_builder_add(out, "\n");
  for (uint32_t i = 0; i < plan->weight_count; ++i) {
    string_builder_printf(out, "weight %u = ", i);
    recipe_print(plan->weights[i], out);
    string_builder_add(out, "\n");
  }
  string_builder_add(out, "\n");
  for (uint32_t i = 0; i < plan->step_count; ++i) print_step(plan, &plan->steps[i], out);
}
