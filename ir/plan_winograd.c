/* The layout of what a winograd keeps in scratch. Pitches leave a cache line behind each row: rows
 * at powers of two would meet in few sets of the cache. */
#include "ir/plan_winograd.h"

enum { LINE_FLOATS = 16 };

/* Floats between rows of `count`. */
static uint64_t pitch_of(uint64_t count) {
  return (count + LINE_FLOATS - 1) / LINE_FLOATS * LINE_FLOATS + LINE_FLOATS;
}

WinogradLayout plan_winograd_layout(const PlanKernel *kernel, const Stage *stage) {
  const Node *node = graph_node(kernel->body, stage->nodes[0]);
  Type type = graph_type(kernel->body, node->first_result);
  uint64_t width = plan_winograd_width(type), parts = stage->parts;
  uint64_t panels = ((uint64_t)type_channels(type) + PLAN_PANEL - 1) / PLAN_PANEL;
  WinogradLayout layout = {.quads = (width + parts - 1) / parts};
  if (parts == 1) layout.quads = plan_winograd_quads(type, plan_most_rows(kernel));
  layout.input_pitch = pitch_of(stage->product.depth_block);
  layout.sum_pitch = pitch_of(panels * PLAN_PANEL);
  uint64_t quad_bytes = WINOGRAD_SIDE * sizeof(float) * layout.quads;
  layout.inputs = sizeof(float) * layout.input_pitch;
  layout.products = layout.inputs + quad_bytes * layout.input_pitch;
  layout.sums = layout.products + quad_bytes * PLAN_PANEL;
  layout.bytes = layout.sums + quad_bytes * layout.sum_pitch;
  return layout;
}
