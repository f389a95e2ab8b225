/* The invariants of a plan as a whole: its sizes, and what its steps read and write.
 *
 * The steps are run on paper: each operand in the arena must be what an earlier step left there,
 * and nothing may have been written over it since. A result may take the memory of an operand of
 * its own step where ir/plan.h allows that. */
#include "ir/plan_verify.h"

#include <string.h>

#include "ir/row_domain.h"
#include "support/checked_math.h"

static const uint64_t MAX_ARENA = UINT64_C(1) << 45;

/* A result in the arena that can still be read. */
typedef struct Region {
  uint64_t offset, bytes;
  Type type;
} Region;

typedef struct Check {
  const Plan *plan;
  Region *regions;
  uint32_t region_count, region_capacity;
  uint32_t *written; /* [output] by how many steps */
  Arena *arena;
} Check;

/* Of C: names of kernels become symbols. */
static bool is_identifier(const char *name) {
  for (const char *c = name; *c; ++c) {
    bool letter = (*c >= 'a' && *c <= 'z') || (*c >= 'A' && *c <= 'Z') || *c == '_';
    if (!letter && (c == name || *c < '0' || *c > '9')) return false;
  }
  return *name != 0;
}

/* -- the head ---------------------------------------------------------------------------------- */

/* Inputs or outputs are of a known size, which the rounds divide. */
static const char *check_tensors(const Plan *plan, const PlanTensor *tensors, uint32_t count) {
  for (uint32_t i = 0; i < count; ++i) {
    const Type *type = &tensors[i].type;
    int64_t elements;
    if (!type_count(*type, &elements)) return "an input or output of no known size";
    if (type->rank != 4 && type->rank != 2) return "an input or output that is no map or vector";
    if (type->dims[0] % plan->rounds) return "a number of images that the rounds do not divide";
    if (tensors[i].nchw && type->rank != 4) return "a vector in nchw";
  }
  return NULL;
}

/* Everything that needs no kernel. */
static const char *check_head(const Plan *plan) {
  if (!plan->rounds) return "a call has at least one round";
  RETURN_IF_FAULT(check_tensors(plan, plan->inputs, plan->input_count));
  RETURN_IF_FAULT(check_tensors(plan, plan->outputs, plan->output_count));
  if (!plan->input_count || !plan->output_count) return "no input, or no output";
  if (plan->workspace_base > MAX_ARENA || plan->scratch_bytes > MAX_ARENA) return "too many bytes";
  for (uint32_t i = 0; i < plan->weight_count; ++i) {
    int64_t count;
    if (!type_count(plan->weights[i]->type, &count) || count > INT32_MAX) {
      return "a weight of more elements than a map may have";
    }
  }
  if (plan->scratch_bytes % PLAN_ALIGN) return "the scratch is no multiple of 64 bytes";
  return NULL;
}

/* -- one step ---------------------------------------------------------------------------------- */

/* The part in one round of a caller's tensor is what the port says. A map of one channel has the
 * same memory in both layouts. */
static const char *check_tensor_ref(const Plan *plan, const PlanTensor *tensor, const Port *port) {
  Type type = tensor->type;
  type.dims[0] /= plan->rounds;
  bool laid_out = port->nchw == tensor->nchw || (type.rank == 4 && type_channels(type) == 1);
  bool same = port->kind == PORT_CALLER && laid_out;
  return same && type_equal(type, port->type) ? NULL : "a port is not the tensor that it is given";
}

/* `ref` is what `port` asks for, and inside of what it refers to. */
static const char *check_ref(const Check *c, const BufferRef *ref, const Port *port, bool result) {
  const Plan *plan = c->plan;
  switch (ref->space) {
    case SPACE_INPUT:
      if (result || ref->index >= plan->input_count) return "no such input";
      return check_tensor_ref(plan, &plan->inputs[ref->index], port);
    case SPACE_OUTPUT:
      if (!result || ref->index >= plan->output_count) return "no such output";
      return check_tensor_ref(plan, &plan->outputs[ref->index], port);
    case SPACE_WEIGHTS:
      if (result || ref->index >= plan->weight_count) return "no such weight";
      if (port->kind != PORT_WEIGHTS) return "weights where the kernel has none";
      return type_equal(plan->weights[ref->index]->type, port->type) ? NULL
                                                                     : "weights of another type";
    case SPACE_ARENA: break;
  }
  if (port->kind != PORT_ROWS) return "the arena where the kernel has no rows";
  if (ref->offset % PLAN_ALIGN) return "an offset that is no multiple of 64";
  bool inside = ref->offset + plan_port_bytes(port) + PLAN_SLACK <= plan->workspace_base;
  return inside ? NULL : "a buffer that ends behind the arena";
}

/* Every buffer of a step by itself. Outputs are counted: each is to be written once. */
static const char *check_refs(const Check *c, const Step *step) {
  const PlanKernel *kernel = &c->plan->kernels[step->kernel];
  for (uint32_t i = 0; i < kernel->operand_count; ++i) {
    RETURN_IF_FAULT(check_ref(c, &step->operands[i], &kernel->operands[i], false));
  }
  for (uint32_t i = 0; i < kernel->result_count; ++i) {
    RETURN_IF_FAULT(check_ref(c, &step->results[i], &kernel->results[i], true));
    if (step->results[i].space != SPACE_OUTPUT) continue;
    if (c->written[step->results[i].index]++) return "an output is written again";
  }
  if (kernel->prefetch_bytes && step->prefetch >= c->plan->weight_count) {
    return "no such weight to prefetch";
  }
  bool fits = step->scratch % PLAN_ALIGN == 0 &&
              step->scratch + kernel->scratch_bytes <= c->plan->workspace_base;
  return fits ? NULL : "scratch that is not aligned, or ends behind the arena";
}

/* An earlier step left a whole result of this type at `ref`, and nothing was written over it. */
static const char *check_operand_is_there(const Check *c, const BufferRef *ref, const Port *port) {
  for (uint32_t i = 0; i < c->region_count; ++i) {
    const Region *region = &c->regions[i];
    bool same = region->offset == ref->offset && region->bytes == plan_port_bytes(port);
    if (same && type_equal(region->type, port->type)) return NULL;
  }
  return "an operand is not in the arena when it is read";
}

/* Node `node` of stage `stage`. */
typedef struct Turn {
  uint32_t stage, node;
} Turn;

/* Where value `v` of the kernel is made. */
static Turn writing_turn(const PlanKernel *kernel, ValueId v) {
  for (uint32_t s = 0; s < kernel->stage_count; ++s) {
    for (uint32_t n = 0; n < kernel->stages[s].node_count; ++n) {
      const Node *node = graph_node(kernel->body, kernel->stages[s].nodes[n]);
      if (v.index - node->first_result.index < node->result_count) return (Turn){s, n};
    }
  }
  return (Turn){0};
}

/* Whether the node at `at`, which reads operand `k` by row, has read a site of it when the result
 * of `written` is stored there. */
static bool reads_before(const PlanKernel *kernel, Turn at, uint32_t k, Turn written) {
  if (at.stage != written.stage) return at.stage < written.stage;
  const Stage *stage = &kernel->stages[at.stage];
  const Graph *body = kernel->body;
  const Node *node = graph_node(body, stage->nodes[at.node]);
  int64_t read = type_channels(graph_type(body, node->operands[k]));
  return op_multiplies(graph_node(body, stage->nodes[0])->op) && at.node > 0 &&
         at.node <= written.node && op_has(node->op, OP_POINTWISE) &&
         graph_def(body, node->operands[k])->op == OP_INPUT &&
         read == type_channels(graph_type(body, node->first_result));
}

/* Operand `k` of `node` is operand `operand` of the kernel, or a slice of it. */
static bool reads_operand(const PlanKernel *kernel, const Node *node, uint32_t k,
                          uint32_t operand) {
  ValueId base = row_domain_base(kernel->body, node->operands[k]);
  const ValuePlace *place = &kernel->places[base.index];
  return place->kind == PLACE_OPERAND && place->index == operand;
}

/* Whether result `r` may have the memory of operand `o`: no row is read when it was written. */
static bool may_share(const PlanKernel *kernel, uint32_t o, uint32_t r) {
  const Port *from = &kernel->operands[o], *to = &kernel->results[r];
  if (from->pitch != to->pitch || from->type.dtype != to->type.dtype) return false;
  if (plan_rows(from->type) != kernel->rows) return false;
  if (plan_rows(to->type) != kernel->rows) return false;
  Turn written = writing_turn(kernel, kernel->body->outputs[r].value);
  for (uint32_t s = 0; s < kernel->stage_count; ++s) {
    for (uint32_t n = 0; n < kernel->stages[s].node_count; ++n) {
      const Node *node = graph_node(kernel->body, kernel->stages[s].nodes[n]);
      for (uint32_t k = 0; k < node->operand_count; ++k) {
        if (!reads_operand(kernel, node, k, o)) continue;
        if (!row_domain_reads_by_row(node, k)) return false;
        if (!reads_before(kernel, (Turn){s, n}, k, written)) return false;
        if (kernel->column_blocks > 1 && op_is_product(node->op)) return false;
      }
    }
  }
  return true;
}

/* Result `r` against the step's operands, scratch and other results. */
static const char *check_result(const Check *c, const Step *step, uint32_t r) {
  const PlanKernel *kernel = &c->plan->kernels[step->kernel];
  const BufferRef *ref = &step->results[r];
  uint64_t bytes = plan_port_bytes(&kernel->results[r]) + PLAN_SLACK;
  if (plan_verify_overlap(ref->offset, bytes, step->scratch, kernel->scratch_bytes)) {
    return "a result overlaps the scratch";
  }
  for (uint32_t i = 0; i < r; ++i) {
    const BufferRef *other = &step->results[i];
    uint64_t other_bytes = plan_port_bytes(&kernel->results[i]);
    if (other->space == SPACE_ARENA &&
        plan_verify_overlap(ref->offset, bytes, other->offset, other_bytes)) {
      return "two results overlap";
    }
  }
  for (uint32_t o = 0; o < kernel->operand_count; ++o) {
    const BufferRef *other = &step->operands[o];
    if (other->space != SPACE_ARENA) continue;
    uint64_t other_bytes = plan_port_bytes(&kernel->operands[o]);
    if (!plan_verify_overlap(ref->offset, bytes, other->offset, other_bytes)) continue;
    bool same = ref->offset == other->offset && bytes == other_bytes + PLAN_SLACK;
    if (!same || !may_share(kernel, o, r)) return "a result overlaps an operand";
  }
  return NULL;
}

/* A worker's scratch is written while others still read the operands. */
static const char *check_scratch(const Check *c, const Step *step) {
  const PlanKernel *kernel = &c->plan->kernels[step->kernel];
  for (uint32_t o = 0; kernel->scratch_bytes && o < kernel->operand_count; ++o) {
    const BufferRef *ref = &step->operands[o];
    uint64_t bytes = plan_port_bytes(&kernel->operands[o]);
    if (ref->space == SPACE_ARENA &&
        plan_verify_overlap(step->scratch, kernel->scratch_bytes, ref->offset, bytes)) {
      return "the scratch overlaps an operand";
    }
  }
  return NULL;
}

/* Forgets what has a byte in [offset, offset + bytes). */
static void forget(Check *c, uint64_t offset, uint64_t bytes) {
  uint32_t kept = 0;
  for (uint32_t i = 0; i < c->region_count; ++i) {
    Region region = c->regions[i];
    if (!plan_verify_overlap(region.offset, region.bytes, offset, bytes)) {
      c->regions[kept++] = region;
    }
  }
  c->region_count = kept;
}

/* One step on paper: what it reads is there, what it writes is there from now on. */
static const char *check_step(Check *c, const Step *step) {
  const PlanKernel *kernel = &c->plan->kernels[step->kernel];
  RETURN_IF_FAULT(check_refs(c, step));
  RETURN_IF_FAULT(check_scratch(c, step));
  for (uint32_t i = 0; i < kernel->operand_count; ++i) {
    if (step->operands[i].space != SPACE_ARENA) continue;
    RETURN_IF_FAULT(check_operand_is_there(c, &step->operands[i], &kernel->operands[i]));
  }
  forget(c, step->scratch, kernel->scratch_bytes);
  for (uint32_t i = 0; i < kernel->result_count; ++i) {
    if (step->results[i].space != SPACE_ARENA) continue;
    RETURN_IF_FAULT(check_result(c, step, i));
    Region region = {step->results[i].offset, plan_port_bytes(&kernel->results[i]),
                     kernel->results[i].type};
    forget(c, region.offset, region.bytes);
    ARENA_PUSH(c->arena, c->regions, c->region_count, c->region_capacity, region);
  }
  return NULL;
}

/* -- the whole --------------------------------------------------------------------------------- */

/* Its name, its scratch, and then the kernel itself (plan_verify_kernel.c). */
static const char *check_kernel(const Plan *plan, uint32_t index, Arena *arena) {
  const PlanKernel *kernel = &plan->kernels[index];
  if (!is_identifier(kernel->name)) return "the name of a kernel must be an identifier";
  for (uint32_t i = 0; i < index; ++i) {
    if (strcmp(plan->kernels[i].name, kernel->name) == 0) return "two kernels have that name";
  }
  if (kernel->scratch_bytes > plan->scratch_bytes) return "a worker has less scratch than that";
  return plan_verify_kernel(kernel, plan->target, arena);
}

bool plan_verify(const Plan *plan, Arena *arena, PlanFault *fault) {
  Check c = {
      .plan = plan, .arena = arena, .written = ARENA_ARRAY(arena, plan->output_count, uint32_t)};
  *fault = (PlanFault){check_head(plan), PLAN_NOWHERE, PLAN_NOWHERE};
  for (uint32_t i = 0; !fault->message && i < plan->kernel_count; ++i) {
    *fault = (PlanFault){check_kernel(plan, i, arena), i, PLAN_NOWHERE};
  }
  for (uint32_t i = 0; !fault->message && i < plan->step_count; ++i) {
    *fault = (PlanFault){check_step(&c, &plan->steps[i]), PLAN_NOWHERE, i};
  }
  for (uint32_t i = 0; !fault->message && i < plan->output_count; ++i) {
    if (!c.written[i]) *fault = (PlanFault){"no step writes an output", PLAN_NOWHERE, PLAN_NOWHERE};
  }
  return !fault->message;
}
