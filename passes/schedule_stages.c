/* Cuts a kernel's body into stages.
 *
 * Nodes are taken in their order. The first that has no stage yet opens one as its anchor (or, when
 * it is pointwise, as the first of a pointwise stage). Then the stage absorbs, in one sweep over
 * the nodes behind it, every pointwise node that
 *
 *   - reads at least one value of this stage, in registers, and
 *   - whose other operands are operands of the kernel, or values of this or of earlier stages.
 *
 * So each node runs as early as it can without a loop of its own. Slices are views: no stage.
 */
#include "ir/row_domain.h"
#include "passes/plan_parts.h"
#include "support/panic.h"

typedef struct Schedule {
  const Graph *body;
  uint32_t *stage_of; /* [value_count] */
} Schedule;

/* Whether `node` takes part in a stage. */
static bool runs(const Node *node) {
  return node->op != OP_INPUT && !op_has(node->op, OP_VIEW);
}

/* The kind of stage that a node of `op` opens; ops.def says which. */
static StageKind kind_of(OpKind op) {
  StageKind kind = op_info(op)->stage;
  if (kind == STAGE_NONE) PANIC("%s cannot run in a kernel", op_info(op)->text);
  return kind;
}

/* Whether pointwise `node` can follow in stage `stage`. */
static bool follows(const Schedule *s, const Node *node, uint32_t stage) {
  bool attached = false;
  for (uint32_t k = 0; k < node->operand_count; ++k) {
    ValueId base = row_domain_base(s->body, node->operands[k]);
    if (graph_def(s->body, base)->op == OP_INPUT) continue;
    uint32_t home = s->stage_of[base.index];
    if (home == NO_STAGE) return false;
    if (home != stage) continue;
    if (!value_equal(base, node->operands[k])) return false; /* other columns than ours */
    attached = true;
  }
  return attached;
}

/* Opens stage `number` with node `first` and absorbs what can follow it. Writes the stage's nodes
 * to `nodes`, which stay with it, and their stage into s->stage_of. */
static void open_stage(Schedule *s, uint32_t first, uint32_t number, Stage *stage, NodeId *nodes) {
  const Graph *body = s->body;
  const Node *anchor = &body->nodes[first];
  *stage = (Stage){.kind = kind_of(anchor->op), .nodes = nodes};
  nodes[stage->node_count++] = (NodeId){first};
  for (uint32_t r = 0; r < anchor->result_count; ++r) {
    s->stage_of[node_result(anchor, r).index] = number;
  }
  if (!op_has(anchor->op, OP_EPILOGUE)) return;
  for (uint32_t i = first + 1; i < body->node_count; ++i) {
    const Node *node = &body->nodes[i];
    ValueId result = node->first_result;
    if (!op_has(node->op, OP_POINTWISE) || s->stage_of[result.index] != NO_STAGE) continue;
    if (!follows(s, node, number)) continue;
    nodes[stage->node_count++] = (NodeId){i};
    s->stage_of[result.index] = number;
  }
}

const uint32_t *schedule_stages(PlanKernel *kernel, Arena *arena) {
  const Graph *body = kernel->body;
  Schedule s = {body, ARENA_ARRAY(arena, body->value_count, uint32_t)};
  for (uint32_t v = 0; v < body->value_count; ++v) s.stage_of[v] = NO_STAGE;
  Stage *stages = ARENA_ARRAY(arena, body->node_count, Stage);
  NodeId *nodes = ARENA_ARRAY(arena, body->node_count, NodeId);
  uint32_t used = 0;
  for (uint32_t i = 0; i < body->node_count; ++i) {
    const Node *node = &body->nodes[i];
    if (!runs(node) || s.stage_of[node->first_result.index] != NO_STAGE) continue;
    Stage *stage = &stages[kernel->stage_count];
    open_stage(&s, i, kernel->stage_count++, stage, nodes + used);
    used += stage->node_count;
  }
  for (uint32_t v = 0; v < body->value_count; ++v) {
    s.stage_of[v] = s.stage_of[row_domain_base(body, (ValueId){v}).index];
  }
  kernel->stages = stages;
  return s.stage_of;
}
