/* Decides where the values of a kernel's body live, and lays its scratch out.
 *
 *   operand                             PLACE_OPERAND
 *   result                              PLACE_RESULT, of the first that is kept in the arena: later
 *                                       stages read it there
 *   patches that only products read     PLACE_STRIP, where blocks can be whole lines of the map
 *   read by another stage, or sliced    PLACE_SCRATCH
 *   otherwise                           PLACE_REGISTER
 *
 * A value that is written for the caller alone lives in scratch and is stored twice if a later
 * stage reads it, or if the caller wants nchw.
 *
 * A slice has the place of what it cuts from, with a column. Scratch is reused when a value's last
 * reading stage is over. What a stage keeps there for itself, its room, is of that stage alone.
 */
#include "ir/plan_room.h"
#include "ir/row_domain.h"
#include "passes/plan_memory.h"
#include "passes/plan_parts.h"
#include "support/panic.h"

typedef struct Placing {
  PlanKernel *kernel;
  const uint32_t *stage_of;
  ValuePlace *places;
  uint32_t *last_stage; /* [value] the last stage that reads it or a slice of it, or its own */
  bool *in_memory;      /* [value] read by another stage, or through a slice */
  Arena *arena;
} Placing;

/* Fills last_stage and in_memory. A reader of a slice reads what it cuts from. */
static void find_readers(Placing *p) {
  const Graph *body = p->kernel->body;
  for (uint32_t v = 0; v < body->value_count; ++v) {
    p->last_stage[v] = p->stage_of[v] == NO_STAGE ? 0 : p->stage_of[v];
  }
  for (uint32_t i = 0; i < body->node_count; ++i) {
    const Node *node = &body->nodes[i];
    if (op_has(node->op, OP_VIEW)) continue;
    for (uint32_t k = 0; k < node->operand_count; ++k) {
      ValueId base = row_domain_base(body, node->operands[k]);
      uint32_t reader = p->stage_of[node->first_result.index];
      if (reader > p->last_stage[base.index]) p->last_stage[base.index] = reader;
      if (reader != p->stage_of[base.index] || !value_equal(base, node->operands[k])) {
        p->in_memory[base.index] = true;
      }
    }
  }
}

/* The place of a value that is result `result`. The caller's memory is not read, and nchw not
 * written by stages: there the value lives in scratch. */
static ValuePlace place_of_result(const Placing *p, ValueId v, uint32_t result) {
  const Port *port = &p->kernel->results[result];
  if (port->nchw || (port->kind == PORT_CALLER && p->in_memory[v.index])) {
    return (ValuePlace){.kind = PLACE_SCRATCH};
  }
  return (ValuePlace){.kind = PLACE_RESULT, .index = result, .pitch = port->pitch};
}

/* Patches marked by read-windows, of a map whose lines are in the order of their rows. */
static bool can_be_strip(const Placing *p, const Node *node) {
  if (node->op != OP_PATCHES || !node->attrs.PATCHES.strip) return false;
  const ValuePlace *map = &p->places[row_domain_base(p->kernel->body, node->operands[0]).index];
  return map->kind == PLACE_OPERAND &&
         p->kernel->operands[map->index].nchw == (node->attrs.PATCHES.channels_first != 0);
}

/* As the head says; of several results it is the first that is kept in the arena, else the first.
 */
static ValuePlace place_of(const Placing *p, ValueId v) {
  const Graph *body = p->kernel->body;
  uint32_t found = UINT32_MAX;
  for (uint32_t r = 0; r < body->output_count; ++r) {
    if (!value_equal(body->outputs[r].value, v)) continue;
    if (found == UINT32_MAX || (p->kernel->results[found].kind == PORT_CALLER &&
                                p->kernel->results[r].kind == PORT_ROWS)) {
      found = r;
    }
  }
  if (found != UINT32_MAX) return place_of_result(p, v, found);
  if (can_be_strip(p, graph_def(body, v))) return (ValuePlace){.kind = PLACE_STRIP};
  return (ValuePlace){.kind = p->in_memory[v.index] ? PLACE_SCRATCH : PLACE_REGISTER};
}

/* Places what a stage writes. */
static void place_result(Placing *p, ValueId v) {
  const Graph *body = p->kernel->body;
  ValuePlace *place = &p->places[v.index];
  *place = place_of(p, v);
  if (place->kind == PLACE_SCRATCH) {
    place->pitch = plan_is_scales(body, v) ? 1 : plan_pitch(graph_type(body, v));
  }
  if (place->kind != PLACE_STRIP) return;
  const Node *node = graph_def(body, v);
  Type map = graph_type(body, node->operands[0]), patches = graph_type(body, v);
  int64_t floats = (int64_t)plan_strip_floats(&node->attrs.PATCHES, map, patches);
  place->pitch = plan_pitch_of(floats, DTYPE_F32);
  p->kernel->line = (uint32_t)patches.dims[2];
}

/* Everything but slices, whose places follow from others'. Sets the kernel's line where it has a
 * strip. */
static void place_all(Placing *p) {
  const Graph *body = p->kernel->body;
  uint32_t operand = 0;
  for (uint32_t i = 0; i < body->node_count; ++i) {
    const Node *node = &body->nodes[i];
    ValueId v = node->first_result;
    if (op_has(node->op, OP_VIEW)) continue;
    if (node->op == OP_INPUT) {
      const Port *port = &p->kernel->operands[operand];
      p->places[v.index] =
          (ValuePlace){.kind = PLACE_OPERAND, .index = operand++, .pitch = port->pitch};
      continue;
    }
    for (uint32_t r = 0; r < node->result_count; ++r) place_result(p, node_result(node, r));
  }
}

/* Where a block begins within a line, windows are copied into rows after all. */
static void drop_strips(Placing *p, uint32_t line) {
  const Graph *body = p->kernel->body;
  bool whole = true;
  for (uint32_t b = 0; b < p->kernel->blocks; ++b) {
    whole &= plan_block_begin(p->kernel, b) % line == 0;
  }
  for (uint32_t v = 0; v < body->value_count && !whole; ++v) {
    if (p->places[v].kind != PLACE_STRIP) continue;
    uint32_t pitch = plan_pitch(graph_type(body, (ValueId){v}));
    p->places[v] = (ValuePlace){.kind = PLACE_SCRATCH, .pitch = pitch};
  }
}

/* Bytes of a value in the scratch of a block of `rows` rows; of one row of a strip, its part. */
static uint64_t scratch_of(const Placing *p, ValueId v, uint64_t rows) {
  uint64_t line = (uint64_t)graph_type(p->kernel->body, v).dims[2];
  bool part = p->places[v.index].kind == PLACE_STRIP && rows < line;
  if (!part) return plan_scratch_bytes(p->kernel, v, rows);
  uint64_t two = plan_scratch_bytes(p->kernel, v, 2 * line);
  return (two - plan_scratch_bytes(p->kernel, v, line)) * rows / line;
}

/* Places scratch for blocks of `rows` rows with `slack` bytes behind each value, and rooms of
 * `room_bytes` [stage_count]. Returns its size. */
static uint64_t lay_out(Placing *p, uint64_t rows, uint64_t slack, const uint64_t *room_bytes) {
  uint32_t count = 0, values = p->kernel->body->value_count;
  uint32_t stage_count = p->kernel->stage_count;
  Stage *stages = (Stage *)p->kernel->stages;
  Lifetime *lifetimes = ARENA_ARRAY(p->arena, values + stage_count, Lifetime);
  uint64_t *offsets = ARENA_ARRAY(p->arena, values + stage_count, uint64_t);
  for (uint32_t v = 0; v < values; ++v) {
    if (!plan_in_scratch(&p->places[v])) continue;
    lifetimes[count++] =
        (Lifetime){scratch_of(p, (ValueId){v}, rows) + slack, p->stage_of[v], p->last_stage[v]};
  }
  for (uint32_t i = 0; i < stage_count; ++i) {
    if (room_bytes[i]) lifetimes[count++] = (Lifetime){room_bytes[i], i, i};
  }
  uint64_t bytes = plan_memory(lifetimes, count, offsets, p->arena);
  count = 0;
  for (uint32_t v = 0; v < values; ++v) {
    if (plan_in_scratch(&p->places[v])) p->places[v].offset = offsets[count++];
  }
  for (uint32_t i = 0; i < stage_count; ++i) {
    if (room_bytes[i]) stages[i].room = offsets[count++];
  }
  return bytes;
}

/* In the order of nodes, so that a slice of a slice adds both columns. */
static void place_slices(Placing *p) {
  const Graph *body = p->kernel->body;
  for (uint32_t i = 0; i < body->node_count; ++i) {
    const Node *node = &body->nodes[i];
    if (!op_has(node->op, OP_VIEW)) continue;
    ValuePlace place = p->places[node->operands[0].index];
    CHECK(place.kind != PLACE_REGISTER);
    place.column += (uint32_t)node->attrs.SLICE.begin;
    p->places[node->first_result.index] = place;
  }
}

/* Scratch is laid out twice: for one row, to know how many bytes a row costs, and, when that has
 * given the blocks and these the tiles, for the largest block and with rooms. */
void place_values(PlanKernel *kernel, const uint32_t *stage_of, const TargetInfo *target,
                  Arena *arena) {
  uint32_t values = kernel->body->value_count;
  Placing p = {.kernel = kernel,
               .stage_of = stage_of,
               .places = ARENA_ARRAY(arena, values, ValuePlace),
               .last_stage = ARENA_ARRAY(arena, values, uint32_t),
               .in_memory = ARENA_ARRAY(arena, values, bool),
               .arena = arena};
  find_readers(&p);
  kernel->places = p.places;
  kernel->line = 1;
  place_all(&p);
  uint32_t line = kernel->line;
  choose_winograd_line(kernel);
  uint64_t *rooms = ARENA_ARRAY(arena, kernel->stage_count, uint64_t);
  uint64_t row_bytes = lay_out(&p, 1, 0, rooms);
  choose_blocks(kernel, row_bytes);
  choose_planes_blocks(kernel, row_bytes, target);
  choose_winograd_parts(kernel);
  drop_strips(&p, line);
  choose_tiles(kernel, target);
  for (uint32_t i = 0; i < kernel->stage_count; ++i) {
    rooms[i] = plan_room_bytes(kernel, &kernel->stages[i], target);
  }
  kernel->scratch_bytes = lay_out(&p, plan_most_rows(kernel), PLAN_SLACK, rooms);
  place_slices(&p);
}
