/* What stages keep for themselves. */
#include "ir/plan_room.h"

#include "ir/plan_winograd.h"
#include "support/checked_math.h"

/* The slots of a batch of samples: with fewer rows where those of many groups would take more than
 * a quarter of the nearest cache. */
enum { MAX_BATCH = 4, SLOT_BYTES = 12, MAX_SLOT_BYTES = 16384 };
/* What stands for more, of tables that plans may ask for: more than any scratch. */
static const uint64_t MOST_BYTES = UINT64_C(1) << 50;

static const Node *anchor_of(const PlanKernel *kernel, const Stage *stage) {
  return graph_node(kernel->body, stage->nodes[0]);
}

static uint64_t aligned(uint64_t bytes) {
  return round_up_size(bytes, PLAN_ALIGN);
}

ProductRoom plan_product_room(const PlanKernel *kernel, const Stage *stage) {
  const ProductPlan *p = &stage->product;
  DType b = graph_type(kernel->body, anchor_of(kernel, stage)->operands[1]).dtype;
  uint64_t sums = sizeof(float) * plan_most_rows(kernel) * p->tile_columns;
  ProductRoom room = {.widened = p->sums ? aligned(sums) : 0};
  room.paired = room.widened + (p->widened ? aligned(plan_widened_bytes(p, b)) : 0);
  room.bytes = room.paired;
  if (!p->paired) return room;
  uint32_t depth = plan_product_depth(kernel->body, anchor_of(kernel, stage));
  room.bytes += aligned((plan_most_rows(kernel) + 1) / 2 * plan_pair_bytes(depth));
  return room;
}

SampleRoom plan_sample_room(const PlanKernel *kernel, const Stage *stage,
                            const TargetInfo *target) {
  const Node *node = anchor_of(kernel, stage);
  int64_t channels = type_channels(graph_type(kernel->body, node->operands[0]));
  uint64_t groups = (uint64_t)channels / (uint64_t)node->attrs.AXIAL_SAMPLE.share;
  SampleRoom room = {.batch = MAX_BATCH,
                     .slots = (uint32_t)round_up_size(groups, target->vector_floats)};
  while (room.batch > 1 && (uint64_t)room.batch * SLOT_BYTES * room.slots > MAX_SLOT_BYTES) {
    room.batch /= 2;
  }
  room.low = aligned(sizeof(float) * (uint64_t)room.batch * room.slots);
  room.high = 2 * room.low;
  room.bytes = 3 * room.low;
  return room;
}

GroupedRoom plan_grouped_room(const PlanKernel *kernel, const Stage *stage,
                              const TargetInfo *target) {
  const Node *node = anchor_of(kernel, stage);
  const Window *window = &node->attrs.GROUPED.window;
  uint64_t pointers = PLAN_TABLE_POINTER * plan_most_rows(kernel);
  uint64_t taps = (uint64_t)window_taps(window);
  uint64_t channels = (uint64_t)type_channels(graph_type(kernel->body, node->operands[0]));
  uint64_t vector = sizeof(float) * target->vector_floats;
  GroupedRoom room = {.zeros = round_up_size(sizeof(float) * channels, vector) + vector};
  room.table = aligned(room.zeros);
  room.bytes = room.table + (taps > MOST_BYTES / pointers ? MOST_BYTES : aligned(pointers * taps));
  return room;
}

uint64_t plan_room_bytes(const PlanKernel *kernel, const Stage *stage, const TargetInfo *target) {
  if (stage->kind == STAGE_PRODUCT) return plan_product_room(kernel, stage).bytes;
  if (stage->kind == STAGE_WINOGRAD) return plan_winograd_layout(kernel, stage).bytes;
  OpKind op = anchor_of(kernel, stage)->op;
  if (op == OP_AXIAL_SAMPLE) return plan_sample_room(kernel, stage, target).bytes;
  return op == OP_GROUPED ? plan_grouped_room(kernel, stage, target).bytes : 0;
}
