/* When two kernels are the same code: the same domain, ports, places and stages,
 * and bodies that differ in nothing but names and labels. */
#include "ir/plan.h"

/* The name of an input is none of the code's business. */
static bool attrs_equal(const Node *x, const Node *y) {
  if (x->op == OP_INPUT) {
    return x->attrs.INPUT.nchw == y->attrs.INPUT.nchw &&
           type_equal(x->attrs.INPUT.declared, y->attrs.INPUT.declared);
  }
  return op_attrs_equal(x->op, &x->attrs, &y->attrs);
}

/* Operands are compared by their numbers, recipes by their addresses: they are interned. */
static bool node_equal(const Node *x, const Node *y) {
  if (x->op != y->op || x->operand_count != y->operand_count || x->recipe != y->recipe ||
      x->body != y->body) {
    return false;
  }
  for (uint32_t i = 0; i < x->operand_count; ++i) {
    if (!value_equal(x->operands[i], y->operands[i])) return false;
  }
  return attrs_equal(x, y);
}

/* Nodes and values have the same numbers in both: two orders of the same nodes are not equal. */
bool plan_body_equal(const Graph *x, const Graph *y) {
  if (x == y) return true;
  if (x->node_count != y->node_count || x->value_count != y->value_count ||
      x->output_count != y->output_count) {
    return false;
  }
  for (uint32_t i = 0; i < x->node_count; ++i) {
    if (!node_equal(&x->nodes[i], &y->nodes[i])) return false;
  }
  for (uint32_t i = 0; i < x->value_count; ++i) {
    if (!type_equal(x->values[i].type, y->values[i].type)) return false;
  }
  for (uint32_t i = 0; i < x->output_count; ++i) {
    if (!value_equal(x->outputs[i].value, y->outputs[i].value)) return false;
  }
  return true;
}

static bool ports_equal(const Port *x, const Port *y, uint32_t count) {
  for (uint32_t i = 0; i < count; ++i) {
    if (x[i].kind != y[i].kind || x[i].nchw != y[i].nchw || x[i].pitch != y[i].pitch ||
        x[i].reach != y[i].reach || !type_equal(x[i].type, y[i].type)) {
      return false;
    }
  }
  return true;
}

static bool places_equal(const ValuePlace *x, const ValuePlace *y, uint32_t count) {
  for (uint32_t i = 0; i < count; ++i) {
    if (x[i].kind != y[i].kind || x[i].index != y[i].index || x[i].offset != y[i].offset ||
        x[i].pitch != y[i].pitch || x[i].column != y[i].column) {
      return false;
    }
  }
  return true;
}

static bool products_equal(const ProductPlan *x, const ProductPlan *y) {
  return x->tile_rows == y->tile_rows && x->tile_columns == y->tile_columns && x->full == y->full &&
         x->depth_block == y->depth_block && x->unroll == y->unroll && x->sums == y->sums &&
         x->widened == y->widened && x->paired == y->paired;
}

static bool stages_equal(const Stage *x, const Stage *y, uint32_t count) {
  for (uint32_t i = 0; i < count; ++i) {
    if (x[i].kind != y[i].kind || x[i].node_count != y[i].node_count ||
        !products_equal(&x[i].product, &y[i].product) || x[i].parts != y[i].parts ||
        x[i].room != y[i].room) {
      return false;
    }
    for (uint32_t n = 0; n < x[i].node_count; ++n) {
      if (x[i].nodes[n].index != y[i].nodes[n].index) return false;
    }
  }
  return true;
}

bool plan_kernel_equal(const PlanKernel *x, const PlanKernel *y) {
  return x->images == y->images && x->rows == y->rows && x->blocks == y->blocks &&
         x->column_blocks == y->column_blocks && x->line == y->line &&
         x->operand_count == y->operand_count && x->result_count == y->result_count &&
         x->stage_count == y->stage_count && x->scratch_bytes == y->scratch_bytes &&
         x->prefetch_bytes == y->prefetch_bytes && x->prefetch_step == y->prefetch_step &&
         ports_equal(x->operands, y->operands, x->operand_count) &&
         ports_equal(x->results, y->results, x->result_count) &&
         plan_body_equal(x->body, y->body) &&
         places_equal(x->places, y->places, x->body->value_count) &&
         stages_equal(x->stages, y->stages, x->stage_count);
}
