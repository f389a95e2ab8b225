/* The plan as a report shows it. */
#include <string.h>

#include "driver/gather.h"
#include "driver/profile.h"
#include "support/checked_math.h"

/* -- steps ------------------------------------------------------------------------------------- */

static const char *const stage_names[] = {
    [STAGE_NONE] = "none",     [STAGE_PRODUCT] = "product",     [STAGE_READ] = "read",
    [STAGE_ROWS] = "rows",     [STAGE_NORMALIZE] = "normalize", [STAGE_POINTWISE] = "pointwise",
    [STAGE_REDUCE] = "reduce", [STAGE_CALL] = "call",
};

static const char *stages_text(const PlanKernel *kernel, Arena *arena) {
  StringBuilder text = {.arena = arena};
  for (uint32_t s = 0; s < kernel->stage_count; ++s) {
    string_builder_printf(&text, "%s%s", s ? ", " : "", stage_names[kernel->stages[s].kind]);
  }
  return string_builder_text(&text);
}

/* Each register tile once: "14x32, 6x16". */
static const char *tiles_text(const PlanKernel *kernel, Arena *arena) {
  StringBuilder text = {.arena = arena};
  for (uint32_t s = 0; s < kernel->stage_count; ++s) {
    const Stage *stage = &kernel->stages[s];
    if (stage->kind != STAGE_PRODUCT) continue;
    const char *tile = arena_printf(arena, "%ux%u", (unsigned)stage->product.tile_rows,
                                    (unsigned)stage->product.tile_columns);
    if (strstr(string_builder_text(&text), tile)) continue;
    string_builder_printf(&text, "%s%s", text.length ? ", " : "", tile);
  }
  return string_builder_text(&text);
}

static ReportStep step_of(const Plan *plan, const Step *step, Arena *arena) {
  const PlanKernel *kernel = &plan->kernels[step->kernel];
  Traffic traffic = profile_traffic(kernel);
  Work work = work_of_step(plan, step);
  return (ReportStep){.kernel = kernel->name,
                      .label = step->label,
                      .macs = (double)work_macs(work),
                      .int8_macs = (double)work.counts[PEAK_INT8],
                      .weight_bytes = (double)traffic.weights,
                      .map_bytes = (double)traffic.maps,
                      .peak_of = work_text(work),
                      .stages = stages_text(kernel, arena),
                      .tiles = tiles_text(kernel, arena),
                      .images = kernel->images,
                      .rows = kernel->rows,
                      .blocks = kernel->blocks,
                      .column_blocks = kernel->column_blocks,
                      .scratch_bytes = (double)kernel->scratch_bytes};
}

/* -- memory ------------------------------------------------------------------------------------ */

/* The map that was written last at `offset` lives until step `step` at least. */
static void keep_until(ReportColumn *column, uint64_t offset, uint32_t step) {
  for (uint32_t b = column->buffers.count; b-- > 0;) {
    ReportBuffer *buffer = &column->buffers.items[b];
    if (buffer->scratch != 0 || buffer->offset != (double)offset) continue;
    buffer->last = step;
    return;
  }
}

static void add_scratch(const Plan *plan, uint32_t s, Arena *arena, ReportColumn *column) {
  const Step *step = &plan->steps[s];
  const PlanKernel *kernel = &plan->kernels[step->kernel];
  if (!kernel->scratch_bytes) return;
  ReportBuffer buffer = {.name = arena_printf(arena, "scratch of %s", kernel->name),
                         .label = step->label,
                         .scratch = 1,
                         .offset = (double)step->scratch,
                         .bytes = (double)kernel->scratch_bytes,
                         .first = s,
                         .last = s};
  REPORT_PUSH(arena, column->buffers, buffer);
}

static void add_result(const Plan *plan, uint32_t s, uint32_t r, Arena *arena,
                       ReportColumn *column) {
  const Step *step = &plan->steps[s];
  const PlanKernel *kernel = &plan->kernels[step->kernel];
  char type[TYPE_TEXT_MAX];
  if (step->results[r].space != SPACE_ARENA) return;
  type_format(kernel->results[r].type, type);
  ReportBuffer buffer = {.name = arena_printf(arena, "%s of %s", type, kernel->name),
                         .label = step->label,
                         .offset = (double)step->results[r].offset,
                         .bytes = (double)plan_port_room(&kernel->results[r]),
                         .first = s,
                         .last = s};
  REPORT_PUSH(arena, column->buffers, buffer);
}

void gather_plan(const Plan *plan, Arena *arena, ReportColumn *column) {
  for (uint32_t s = 0; s < plan->step_count; ++s) {
    const Step *step = &plan->steps[s];
    const PlanKernel *kernel = &plan->kernels[step->kernel];
    ReportStep row = step_of(plan, step, arena);
    REPORT_PUSH(arena, column->steps, row);
    for (uint32_t i = 0; i < kernel->operand_count; ++i) {
      if (step->operands[i].space == SPACE_ARENA) keep_until(column, step->operands[i].offset, s);
    }
    add_scratch(plan, s, arena, column);
    for (uint32_t r = 0; r < kernel->result_count; ++r) add_result(plan, s, r, arena, column);
  }
  column->rounds = plan->rounds;
  column->kernels = plan->kernel_count;
  column->workspace_base = (double)plan->workspace_base;
  column->workspace_scratch = (double)plan->scratch_bytes;
  column->live_peak = (double)plan->live_peak;
}
