/* How the winograd stages of a kernel are computed: blocks of whole lines of quads, of about as
 * many as fit the cache at once, or parts of a line where it is longer. */
#include "ir/plan_winograd.h"
#include "passes/cost_model.h"
#include "passes/plan_parts.h"
#include "support/checked_math.h"

/* The winograd of a stage; NULL: it is of another kind. */
static const Node *winograd_of(const PlanKernel *kernel, uint32_t stage) {
  if (kernel->stages[stage].kind != STAGE_WINOGRAD) return NULL;
  return graph_node(kernel->body, kernel->stages[stage].nodes[0]);
}

/* Quads in a line. */
static uint32_t width_of(const PlanKernel *kernel, const Node *node) {
  return (uint32_t)plan_winograd_width(graph_type(kernel->body, node->first_result));
}

static uint32_t depth_block_of(const PlanKernel *kernel, const Node *node) {
  int64_t depth = type_channels(graph_type(kernel->body, node->operands[0]));
  return choose_depth_block((uint32_t)depth, DTYPE_F32);
}

/* How many quads suit all winograds of the kernel at once, and how many a line has; 0: it has no
 * winograd. */
static uint32_t run_of(const PlanKernel *kernel, uint32_t *width) {
  uint32_t least = 0;
  for (uint32_t i = 0; i < kernel->stage_count; ++i) {
    const Node *node = winograd_of(kernel, i);
    if (!node) continue;
    *width = width_of(kernel, node);
    Stage stage = kernel->stages[i];
    stage.product.depth_block = depth_block_of(kernel, node);
    stage.parts = *width; /* runs of one quad */
    uint32_t run = cost_model_winograd_run(plan_winograd_layout(kernel, &stage).bytes);
    if (!least || run < least) least = run;
  }
  return least;
}

/* Rows of a kernel are of one map: all its winograds have the same lines. */
void choose_winograd_line(PlanKernel *kernel) {
  for (uint32_t i = 0; i < kernel->stage_count; ++i) {
    const Node *node = winograd_of(kernel, i);
    if (!node) continue;
    uint32_t line = (uint32_t)graph_type(kernel->body, node->first_result).dims[2];
    kernel->line = line < kernel->rows ? 2 * line : line;
  }
}

void choose_winograd_blocks(PlanKernel *kernel) {
  uint32_t width = 0, run = run_of(kernel, &width);
  if (run) kernel->blocks = cost_model_winograd_blocks(plan_lines(kernel), width, run);
}

void choose_winograd_parts(PlanKernel *kernel) {
  Stage *stages = (Stage *)kernel->stages;
  uint32_t width = 0, run = run_of(kernel, &width);
  for (uint32_t i = 0; i < kernel->stage_count; ++i) {
    const Node *node = winograd_of(kernel, i);
    if (!node) continue;
    Type type = graph_type(kernel->body, node->first_result);
    bool one = plan_winograd_quads(type, plan_most_rows(kernel)) <= run;
    stages[i].parts = one ? 1 : ceil_div_u32(width, run);
    stages[i].product.depth_block = depth_block_of(kernel, node);
  }
}
