/* Places the values between kernels in the arena.
 *
 * Time is counted in nodes of the graph of kernels. A value lives from the node that makes it to
 * the last that reads it. A result takes over the memory of an operand that dies at its kernel
 * where that is provably safe:
 *
 *   - operand and result have the kernel's rows, and one pitch and type;
 *   - every reader of the operand in the body reads it row by row (no other block sees it), in a
 *     kernel that is cut by columns at its own columns, and
 *   - runs in an earlier stage than the one that writes the result, or is a pointwise op behind a
 *     product, or winograd, of that stage, no later than the result: at each site it is read before
 *     that is written.
 *
 * So a stage's feature map is updated in place.
 *
 * The scratch of a kernel, for one worker, is a buffer that lives at its node alone: it takes no
 * memory of its own where the maps of that time leave a gap.
 */
#include "ir/row_domain.h"
#include "passes/plan_memory.h"
#include "passes/plan_parts.h"
#include "support/checked_math.h"

enum { NO_BUFFER = UINT32_MAX };

typedef struct Buffer {
  Lifetime life;
  uint32_t home; /* the buffer whose memory it uses: itself, or one that it took over */
} Buffer;

typedef struct Placement {
  const Graph *graph;
  const PlanKernel *const *kernel_of;
  Buffer *buffers;
  uint32_t count;
  uint32_t *buffer_of; /* [value_count] or NO_BUFFER */
} Placement;

/* The stage that node `node` of the body is in; NO_STAGE for inputs and views. */
static uint32_t stage_of_node(const PlanKernel *kernel, uint32_t node) {
  for (uint32_t s = 0; s < kernel->stage_count; ++s) {
    for (uint32_t i = 0; i < kernel->stages[s].node_count; ++i) {
      if (kernel->stages[s].nodes[i].index == node) return s;
    }
  }
  return NO_STAGE;
}

/* The value of the body that is operand `operand`. */
static ValueId body_input(const Graph *body, uint32_t operand) {
  for (uint32_t i = 0;; ++i) {
    if (body->nodes[i].op == OP_INPUT && operand-- == 0) return body->nodes[i].first_result;
  }
}

/* Whether node `reader` of the body, which reads operand `k` by row, is done with what it reads
 * when node `writer` is stored there. */
static bool reads_before(const PlanKernel *kernel, uint32_t reader, uint32_t k, uint32_t writer) {
  const Graph *body = kernel->body;
  uint32_t read = stage_of_node(kernel, reader), write = stage_of_node(kernel, writer);
  if (read != write) return read < write;
  const Node *node = &body->nodes[reader];
  const Node *anchor = graph_node(body, kernel->stages[write].nodes[0]);
  bool same_columns = type_channels(graph_type(body, node->operands[k])) ==
                      type_channels(graph_type(body, node->first_result));
  return op_multiplies(anchor->op) && op_has(node->op, OP_POINTWISE) && reader <= writer &&
         same_columns && !op_has(graph_def(body, node->operands[k])->op, OP_VIEW);
}

/* The conditions of the head, for one operand and one result of a kernel. */
static bool can_take_over(const PlanKernel *kernel, uint32_t operand, uint32_t result) {
  const Graph *body = kernel->body;
  const Port *from = &kernel->operands[operand], *to = &kernel->results[result];
  if (from->kind != PORT_ROWS || from->pitch != to->pitch) return false;
  if (from->type.dtype != to->type.dtype) return false;
  if (plan_rows(from->type) != kernel->rows || plan_rows(to->type) != kernel->rows) return false;
  ValueId input = body_input(body, operand);
  uint32_t writer = body->values[body->outputs[result].value.index].node.index;
  if (op_has(body->nodes[writer].op, OP_REDUCES)) return false;
  for (uint32_t i = 0; i < body->node_count; ++i) {
    const Node *node = &body->nodes[i];
    for (uint32_t k = 0; !op_has(node->op, OP_VIEW) && k < node->operand_count; ++k) {
      if (!value_equal(row_domain_base(body, node->operands[k]), input)) continue;
      if (!row_domain_reads_by_row(node, k) || !reads_before(kernel, i, k, writer)) return false;
      if (kernel->column_blocks > 1 && op_is_product(node->op)) return false;
    }
  }
  return true;
}

/* A buffer for each result in the arena, and how long it lives. Nodes are in the order in which
 * they run, so the last reader that is seen is the last. */
static void collect(Placement *p) {
  for (uint32_t i = 0; i < p->graph->node_count; ++i) {
    const Node *node = &p->graph->nodes[i];
    const PlanKernel *kernel = p->kernel_of[i];
    for (uint32_t k = 0; kernel && k < node->operand_count; ++k) {
      uint32_t buffer = p->buffer_of[node->operands[k].index];
      if (buffer != NO_BUFFER) p->buffers[buffer].life.last = i;
    }
    for (uint32_t r = 0; kernel && r < node->result_count; ++r) {
      if (kernel->results[r].kind != PORT_ROWS) continue;
      p->buffer_of[node_result(node, r).index] = p->count;
      p->buffers[p->count] = (Buffer){{plan_port_room(&kernel->results[r]), i, i}, p->count};
      ++p->count;
    }
  }
}

/* Lets result `r` of kernel node `index` take over an operand that dies there. */
static void take_over(Placement *p, uint32_t index, uint32_t r) {
  const Node *node = &p->graph->nodes[index];
  uint32_t mine = p->buffer_of[node_result(node, r).index];
  for (uint32_t k = 0; mine != NO_BUFFER && k < node->operand_count; ++k) {
    uint32_t theirs = p->buffer_of[node->operands[k].index];
    if (theirs == NO_BUFFER) continue;
    uint32_t home = p->buffers[theirs].home;
    if (p->buffers[home].life.last != index || p->buffers[theirs].life.last != index) continue;
    if (p->buffers[home].life.bytes != p->buffers[mine].life.bytes) continue;
    if (!can_take_over(p->kernel_of[index], k, r)) continue;
    p->buffers[mine].home = home;
    p->buffers[home].life.last = p->buffers[mine].life.last;
    return;
  }
}

/* The largest sum of what lives across the end of a node: no plan can do with less. */
static uint64_t find_live_peak(const Placement *p, Arena *arena) {
  uint32_t nodes = p->graph->node_count;
  uint64_t *born = ARENA_ARRAY(arena, nodes, uint64_t), *dead = ARENA_ARRAY(arena, nodes, uint64_t);
  for (uint32_t b = 0; b < p->count; ++b) {
    born[p->buffers[b].life.first] += p->buffers[b].life.bytes;
    dead[p->buffers[b].life.last] += p->buffers[b].life.bytes;
  }
  uint64_t peak = 0, live = 0;
  for (uint32_t i = 0; i < nodes; ++i) {
    live = live + born[i] - dead[i];
    if (live > peak) peak = live;
  }
  return peak;
}

/* Homes and scratch are placed together, then read back in the same order. */
static void place(Placement *p, Buffers *out, Arena *arena) {
  uint32_t nodes = p->graph->node_count, count = 0;
  Lifetime *lives = ARENA_ARRAY(arena, p->count + nodes, Lifetime);
  uint64_t *offsets = ARENA_ARRAY(arena, p->count + nodes, uint64_t);
  uint32_t *slot = ARENA_ARRAY(arena, p->count, uint32_t); /* of a home, in `lives` */
  for (uint32_t b = 0; b < p->count; ++b) {
    if (p->buffers[b].home == b) {
      slot[b] = count;
      lives[count++] = p->buffers[b].life;
    }
  }
  uint32_t homes = count;
  for (uint32_t i = 0; i < nodes; ++i) {
    if (p->kernel_of[i]) lives[count++] = (Lifetime){p->kernel_of[i]->scratch_bytes, i, i};
  }
  out->bytes = plan_memory(lives, count, offsets, arena);
  for (uint32_t v = 0; v < p->graph->value_count; ++v) {
    if (p->buffer_of[v] != NO_BUFFER) {
      out->offsets[v] = offsets[slot[p->buffers[p->buffer_of[v]].home]];
    }
  }
  count = homes;
  for (uint32_t i = 0; i < nodes; ++i) {
    if (p->kernel_of[i]) out->scratch[i] = offsets[count++];
  }
}

Buffers place_buffers(const Graph *graph, const PlanKernel *const *kernel_of, Arena *arena) {
  Placement p = {.graph = graph,
                 .kernel_of = kernel_of,
                 .buffers = ARENA_ARRAY(arena, graph->value_count, Buffer),
                 .buffer_of = ARENA_ARRAY(arena, graph->value_count, uint32_t)};
  for (uint32_t v = 0; v < graph->value_count; ++v) p.buffer_of[v] = NO_BUFFER;
  collect(&p);
  Buffers out = {.offsets = ARENA_ARRAY(arena, graph->value_count, uint64_t),
                 .scratch = ARENA_ARRAY(arena, graph->node_count, uint64_t),
                 .live_peak = find_live_peak(&p, arena)};
  for (uint32_t i = 0; i < graph->node_count; ++i) {
    for (uint32_t r = 0; kernel_of[i] && r < graph->nodes[i].result_count; ++r) take_over(&p, i, r);
  }
  place(&p, &out, arena);
  return out;
}
