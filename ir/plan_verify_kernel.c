/* The invariants of one kernel of a plan (ir/plan.h): its domain and ports, then its stages one
 * after the other, as they run: what is read was written, by whom it may be, to where it is still.
 *
 * A stage is taken as a whole: nothing that it reads may share scratch with what it writes.
 */
#include <inttypes.h>

#include "ir/macs.h"
#include "ir/plan_room.h"
#include "ir/plan_verify.h"
#include "ir/plan_winograd.h"
#include "ir/row_domain.h"
#include "support/checked_math.h"

/* Bounds of what plans may ask for, above all that passes choose. */
enum { MAX_BLOCKS = 1 << 20, MAX_COLUMN_BLOCKS = 1 << 12, MAX_UNROLL = 16, NOT_YET = UINT32_MAX };
static const uint64_t MAX_BYTES = UINT64_C(1) << 40; /* of one buffer */
static const uint64_t MAX_PREFETCH_STEP = UINT64_C(256) << PLAN_PREFETCH_FRACTION;

typedef struct Check {
  const PlanKernel *kernel;
  const TargetInfo *target;
  const Graph *body;
  uint32_t *written_in; /* [value] the stage, or NOT_YET; of views and operands too */
  bool *lost;           /* [value] another has been written over its scratch */
  uint64_t block_rows;  /* of the largest block */
  uint32_t stage;       /* at hand */
  Arena *arena;
} Check;

/* -- the domain and the ports ------------------------------------------------------------------ */

/* The numbers that all else is measured by: small enough that products of a few do not overflow. */
static const char *check_domain(const PlanKernel *k) {
  if (!k->images || !k->rows || !k->blocks || !k->column_blocks) return "a domain of nothing";
  if (k->blocks > k->rows || k->blocks > MAX_BLOCKS) return "too many blocks";
  if (!k->line || k->line > k->rows || k->blocks > plan_lines(k)) return "no whole lines";
  if (k->column_blocks > MAX_COLUMN_BLOCKS) return "too many column blocks";
  if (k->blocks > 1 && k->column_blocks > 1) return "cut by rows and by columns";
  uint64_t tasks = (uint64_t)k->images * k->blocks * k->column_blocks;
  if (tasks > INT32_MAX) return "too many tasks";
  if (k->scratch_bytes > MAX_BYTES || k->prefetch_bytes > MAX_BYTES) return "too many bytes";
  if (k->prefetch_step > MAX_PREFETCH_STEP) return "prefetching by too many bytes";
  if (!k->stage_count || !k->result_count) return "no stages, or no results";
  return NULL;
}

/* Whether `pitch` holds rows of value `v`, as whole vectors or, of scales, side by side. */
static bool holds_rows(const Graph *body, ValueId v, uint32_t pitch) {
  Type type = graph_type(body, v);
  if (pitch == 1 && plan_is_scales(body, v)) return true;
  return pitch % plan_pitch_unit(type) == 0 && pitch >= type_channels(type);
}

/* What a port of value `v` that is no weights should be, or NULL. */
static const char *check_rows_port(const PlanKernel *k, const Port *port, ValueId v) {
  int64_t images = port->type.dims[0];
  if (port->type.rank != 4 && port->type.rank != 2) return "a map or a vector per image";
  if (images != k->images) return "of as many images as the kernel";
  if (port->kind == PORT_CALLER) {
    if (port->pitch) return "exact, a caller's";
    return port->nchw && (port->type.rank != 4 || port->type.dtype != DTYPE_F32)
               ? "nchw is for maps of f32"
               : NULL;
  }
  if (port->nchw) return "nchw is a caller's";
  if (!holds_rows(k->body, v, port->pitch)) return "of a pitch that holds its rows";
  uint64_t rows = plan_rows(port->type);
  return (uint64_t)images * rows > MAX_BYTES / 4 / port->pitch ? "smaller" : NULL;
}

/* What `port` of value `v` should be, or NULL. */
static const char *check_port(const PlanKernel *k, const Port *port, ValueId v) {
  int64_t count;
  if (!type_count(port->type, &count) || count > INT32_MAX) return "of a known, smaller size";
  bool rows = port->kind == PORT_ROWS && plan_rows(port->type) == k->rows;
  if (port->reach == REACH_STREAMS && !rows) return "rows of the kernel, to stream";
  if (port->kind != PORT_WEIGHTS) return check_rows_port(k, port, v);
  return port->pitch || port->nchw || port->reach ? "plain weights" : NULL;
}

/* What a result that is written past the caches should be, or NULL. */
static const char *check_past(const Check *c, const Port *port) {
  if (port->reach != REACH_PAST) return NULL;
  if (!plan_fills_lines(c->kernel, port)) {
    return "planes of whole cache lines, to go past the caches";
  }
  return c->target->writes_past ? NULL : "for a target that stores past the caches";
}

/* Operands, then results, which are of values that stages write. */
static const char *check_ports(const Check *c) {
  const PlanKernel *k = c->kernel;
  for (uint32_t i = 0; i < k->operand_count; ++i) {
    const char *wants = check_port(k, &k->operands[i], plan_operand(k->body, i));
    if (k->operands[i].reach == REACH_PAST) wants = "a result, to go past the caches";
    if (wants) return arena_printf(c->arena, "a%u should be %s", i, wants);
  }
  for (uint32_t i = 0; i < k->result_count; ++i) {
    ValueId v = k->body->outputs[i].value;
    const char *wants = check_port(k, &k->results[i], v);
    if (!wants) wants = check_past(c, &k->results[i]);
    if (k->results[i].kind == PORT_WEIGHTS) wants = "no weights";
    OpKind op = graph_def(k->body, v)->op;
    if (op == OP_INPUT || op_has(op, OP_VIEW)) wants = "what a stage writes";
    if (!type_equal(graph_type(k->body, v), k->results[i].type)) wants = "of its value's type";
    if (wants) return arena_printf(c->arena, "r%u should be %s", i, wants);
  }
  return NULL;
}

/* -- places ------------------------------------------------------------------------------------ */

/* "%N: message". */
static const char *value_fault(const Check *c, ValueId v, const char *message) {
  return arena_printf(c->arena, "%%%u: %s", v.index, message);
}

/* Room in scratch for the rows of the largest block. */
static const char *check_scratch_place(const Check *c, ValueId v, const ValuePlace *place) {
  if (place->offset % PLAN_ALIGN) return value_fault(c, v, "its scratch is not aligned");
  if (!holds_rows(c->body, v, place->pitch)) {
    return value_fault(c, v, "its pitch does not hold its rows");
  }
  uint64_t end = place->offset + plan_scratch_bytes(c->kernel, v, c->block_rows) + PLAN_SLACK;
  return end > c->kernel->scratch_bytes ? value_fault(c, v, "it ends behind the scratch") : NULL;
}

/* The strip of patches of an operand: room for the lines of the largest block, all blocks of lines,
 * and windows that reach into the map from everywhere. */
static const char *check_strip_place(const Check *c, const Node *node, const ValuePlace *place) {
  ValueId v = node->first_result;
  if (node->op != OP_PATCHES) return value_fault(c, v, "a strip is of patches");
  const AttrsPATCHES *a = &node->attrs.PATCHES;
  const ValuePlace *map = &c->kernel->places[row_domain_base(c->body, node->operands[0]).index];
  if (map->kind != PLACE_OPERAND ||
      c->kernel->operands[map->index].nchw != (a->channels_first != 0)) {
    return value_fault(c, v, "a strip has the order of its map");
  }
  if (a->window.pad_left >= window_extent(window_columns(&a->window))) {
    return value_fault(c, v, "a strip of padding");
  }
  uint32_t line = (uint32_t)graph_type(c->body, v).dims[2];
  for (uint32_t b = 0; b < c->kernel->blocks; ++b) {
    if (plan_block_begin(c->kernel, b) % line) return value_fault(c, v, "a block within a line");
  }
  if (place->offset % PLAN_ALIGN) return value_fault(c, v, "its strip is not aligned");
  Type in = graph_type(c->body, node->operands[0]);
  if (place->pitch < plan_strip_floats(a, in, graph_type(c->body, v))) {
    return value_fault(c, v, "its pitch does not hold its lines");
  }
  uint64_t bytes = plan_scratch_bytes(c->kernel, v, c->block_rows);
  bool fits = bytes < MAX_BYTES && place->offset + bytes + PLAN_SLACK <= c->kernel->scratch_bytes;
  return fits ? NULL : value_fault(c, v, "it ends behind the scratch");
}

/* A result is kept, and what a stage writes that keeps nothing in registers; what nobody reads of a
 * call is not. */
static bool wants_memory(const Check *c, ValueId v, OpKind op) {
  for (uint32_t r = 0; r < c->kernel->result_count; ++r) {
    if (value_equal(c->body->outputs[r].value, v)) return true;
  }
  return op_info(op)->stage != STAGE_CALL && !op_has(op, OP_EPILOGUE);
}

/* A value that lives in a result is that result, and not in nchw, which stages do not write. */
static const char *check_result_place(const Check *c, ValueId v, const ValuePlace *place) {
  if (!value_equal(c->body->outputs[place->index].value, v)) {
    return value_fault(c, v, "it is not that result");
  }
  return c->kernel->results[place->index].nchw ? value_fault(c, v, "it cannot live in nchw") : NULL;
}

/* Of what a stage writes. */
static const char *check_place(const Check *c, const Node *node, ValueId v) {
  const ValuePlace *place = &c->kernel->places[v.index];
  if (place->column) return value_fault(c, v, "only a view has a column");
  if (op_has(node->op, OP_LEAVES_DOMAIN) && place->kind != PLACE_RESULT) {
    return value_fault(c, v, "a sum of chunks lives in a result");
  }
  for (uint32_t r = 0; r < c->kernel->result_count; ++r) {
    bool mine = value_equal(c->body->outputs[r].value, v);
    bool can_write = op_has(node->op, OP_EPILOGUE | OP_WRITES_CALLER);
    if (mine && c->kernel->results[r].kind == PORT_CALLER && !can_write) {
      return value_fault(c, v, "its op cannot write a caller's output");
    }
  }
  switch (place->kind) {
    case PLACE_REGISTER:
      return wants_memory(c, v, node->op) ? value_fault(c, v, "it must be in memory") : NULL;
    case PLACE_SCRATCH: return check_scratch_place(c, v, place);
    case PLACE_STRIP: return check_strip_place(c, node, place);
    case PLACE_OPERAND: return value_fault(c, v, "an operand is not written");
    case PLACE_RESULT: return check_result_place(c, v, place);
  }
  return NULL;
}

/* A slice has the place of what it cuts from, with its columns added. */
static const char *check_view(const Check *c, const Node *node) {
  ValueId v = node->first_result, base = node->operands[0];
  const ValuePlace *place = &c->kernel->places[v.index], *of = &c->kernel->places[base.index];
  uint32_t begin = (uint32_t)node->attrs.SLICE.begin;
  bool same = place->kind == of->kind && place->index == of->index && place->offset == of->offset &&
              place->pitch == of->pitch && place->column == of->column + begin;
  if (!same || of->kind == PLACE_REGISTER || of->kind == PLACE_STRIP) {
    return value_fault(c, v, "a view lives in what it cuts from");
  }
  bool weights = of->kind == PLACE_OPERAND && c->kernel->operands[of->index].kind == PORT_WEIGHTS;
  if (weights && graph_type(c->body, base).rank != 1) {
    return value_fault(c, v, "a view of weights that are no vector");
  }
  return NULL;
}

/* Views run in no stage, so they are looked at apart. */
static const char *check_views(const Check *c) {
  for (uint32_t i = 0; i < c->body->node_count; ++i) {
    const Node *node = &c->body->nodes[i];
    if (op_has(node->op, OP_VIEW)) RETURN_IF_FAULT(check_view(c, node));
  }
  return NULL;
}

/* -- what is read ------------------------------------------------------------------------------ */

/* Operand `k` of `node` is operand `port` of the kernel. */
static const char *check_port_read(const Check *c, const Node *node, uint32_t k, const Port *port) {
  ValueId v = node->operands[k];
  bool pointwise = op_has(node->op, OP_POINTWISE);
  StageKind kind = op_info(node->op)->stage;
  bool matrix = node->op == OP_IMAGE_LINEAR && k == 1;
  bool multiplies = kind == STAGE_PRODUCT || kind == STAGE_READ || kind == STAGE_WINOGRAD;
  bool constant = multiplies && k > 0 && !matrix;
  constant |= node->op == OP_SCALE_MATRIX && k == 1;
  constant |= node->op == OP_SELECTIVE_SCAN && graph_type(c->body, v).rank == 3;
  constant &= node->op != OP_QUANTIZED_LINEAR || k != 3;
  bool vector = graph_type(c->body, v).rank == 1;
  if (node->op == OP_SCALE_MATRIX && k == 1 && port->type.rank == 3 &&
      port->type.dims[2] != PLAN_PANEL) {
    return value_fault(c, v, "weights in other panels");
  }
  if (port->kind == PORT_WEIGHTS) {
    return k > 0 && (constant || vector) ? NULL : value_fault(c, v, "weights where rows are read");
  }
  if (constant) return value_fault(c, v, "rows where weights are read");
  if (port->kind == PORT_CALLER && !pointwise && !(k == 0 && op_has(node->op, OP_READS_CALLER))) {
    return value_fault(c, v, "its reader cannot read a caller's input");
  }
  return NULL;
}

/* Operand `k` of `node`, in the stage at hand: it was made, by this stage or before, and is still
 * there for this reader. `anchor`: the node is the stage's first, and finds nothing in registers.
 */
static const char *check_read(const Check *c, const Node *node, uint32_t k, bool anchor) {
  ValueId v = node->operands[k], base = row_domain_base(c->body, v);
  const ValuePlace *place = &c->kernel->places[base.index];
  bool elsewhere = !row_domain_reads_by_row(node, k);
  if (place->kind == PLACE_OPERAND) {
    return check_port_read(c, node, k, &c->kernel->operands[place->index]);
  }
  if (elsewhere) return value_fault(c, v, "whole maps are read from operands alone");
  if (c->written_in[base.index] == NOT_YET) {
    return value_fault(c, v, "it is read before it is made");
  }
  if (c->written_in[base.index] == c->stage) {
    bool here = !anchor && value_equal(base, v);
    return here ? NULL : value_fault(c, v, "it is read where it is made");
  }
  if (place->kind == PLACE_REGISTER) return value_fault(c, v, "its stage is over: not in memory");
  bool product = node->op == OP_PACKED_LINEAR && k == 0;
  if (place->kind == PLACE_STRIP && !product) {
    return value_fault(c, v, "products alone read a strip");
  }
  if (c->lost[base.index]) return value_fault(c, v, "another value was written over it");
  if (place->kind == PLACE_RESULT && c->kernel->results[place->index].kind == PORT_CALLER) {
    return value_fault(c, v, "a caller's output is not read");
  }
  return NULL;
}

/* Cut by columns: all reads are of operands, or of the columns at hand. */
static const char *check_columns(const Check *c, const Node *node) {
  if (c->kernel->column_blocks == 1 || op_has(node->op, OP_STRIPS)) return NULL;
  Attrs attrs = node->attrs;
  bool product = op_int(node->op, &attrs, "column_blocks") != NULL;
  if (!product && !op_has(node->op, OP_POINTWISE)) return "its op cannot be cut by columns";
  for (uint32_t k = 0; k < node->operand_count; ++k) {
    ValueId v = node->operands[k], base = row_domain_base(c->body, v);
    bool operand = graph_def(c->body, base)->op == OP_INPUT;
    if (!operand && (product || !value_equal(v, base))) {
      return value_fault(c, v, "other columns are another task's");
    }
  }
  return NULL;
}

/* -- the stages -------------------------------------------------------------------------------- */

/* Of rows and weights that are whole numbers. */
static const char *check_quantized(const Check *c, const Node *node, const ProductPlan *p) {
  DType rows = graph_type(c->body, node->operands[0]).dtype;
  if (rows != plan_dot_dtype(c->target->dot)) return "rows as this target quantizes them";
  int64_t group = graph_type(c->body, node->operands[1]).dims[3];
  if (group != plan_dot_group(c->target->dot)) return "weights as this target packs them";
  uint64_t vectors = p->tile_columns / c->target->vector_floats;
  uint64_t sums = vectors * plan_dot_sums(c->target->dot, p->tile_rows);
  return sums > PLAN_TILE_SUMS ? "a smaller tile" : NULL;
}

/* What a product's B must be. */
static const char *check_product_kind(const Check *c, const Node *node, const ProductPlan *p) {
  Attrs attrs = node->attrs;
  const int32_t *panel = op_int(node->op, &attrs, "panel");
  if (panel && *panel != PLAN_PANEL) return "weights in other panels";
  DType dtype = graph_type(c->body, node->operands[1]).dtype;
  bool whole = dtype_info(dtype)->kind == DTYPE_INTEGER;
  if (whole && p->depth_block < plan_product_depth(c->body, node)) return "one depth block";
  if (p->widened && !plan_may_widen(node->op, dtype, c->target->dot)) {
    return "nothing to be widened";
  }
  if (p->paired && !plan_may_pair(node->op, c->target->dot, p->tile_rows)) {
    return "nothing to be paired";
  }
  if (p->paired && !p->full) return "full tiles, of pairs";
  if (node->op == OP_QUANTIZED_LINEAR) return check_quantized(c, node, p);
  if (!whole && dtype != DTYPE_F32 && !c->target->has_half) return "weights of f32 on this target";
  bool view = node->op == OP_IMAGE_LINEAR && c->kernel->places[node->operands[1].index].column;
  return view ? "a view of a matrix" : NULL;
}

/* What the plan of a winograd should be beside that of its products, or NULL. */
static const char *check_winograd(const Check *c, const Stage *stage) {
  const Node *node = graph_node(c->body, stage->nodes[0]);
  Type type = graph_type(c->body, node->first_result);
  if (node->attrs.WINOGRAD.panel != PLAN_PANEL) return "weights in other panels";
  if (stage->product.tile_columns > PLAN_PANEL) return "tiles within a panel";
  const ProductPlan *p = &stage->product;
  if (p->full || p->sums || p->widened || p->paired) return "plain tiles";
  for (uint32_t b = 0; b < c->kernel->blocks; ++b) {
    uint64_t line = 2 * (uint64_t)type.dims[2];
    if (plan_block_begin(c->kernel, b) % line) return "blocks of whole lines of quads";
  }
  bool parts = stage->parts && stage->parts <= plan_winograd_width(type);
  return parts ? NULL : "parts of a line, of a quad at least";
}

/* What the plan of a product should be, or NULL: tiles that fit registers, turns that fit depth
 * blocks. */
static const char *check_product(const Check *c, const Stage *stage) {
  const ProductPlan *p = &stage->product;
  const Node *node = graph_node(c->body, stage->nodes[0]);
  uint64_t depth = stage->kind == STAGE_WINOGRAD
                       ? (uint64_t)type_channels(graph_type(c->body, node->operands[0]))
                       : plan_product_depth(c->body, node);
  uint32_t lanes = c->target->vector_floats, columns = p->tile_columns;
  if (!p->tile_rows || !columns || columns % lanes) return "a tile of whole vectors";
  if (PLAN_PANEL % columns && columns % PLAN_PANEL) return "a tile that divides panels, or of some";
  uint32_t vectors = columns / lanes;
  if (vectors > PLAN_TILE_VECTORS || p->tile_rows > PLAN_TILE_SUMS / vectors) {
    return "a smaller tile";
  }
  if (!p->unroll || p->unroll > MAX_UNROLL) return "1 to 16 steps of K in a turn";
  if (!p->depth_block || p->depth_block % PLAN_DEPTH_ALIGN) {
    return "depth blocks of a multiple of 4";
  }
  bool several = p->depth_block < depth;
  if (several && p->depth_block % p->unroll) return "whole turns in a depth block";
  bool stored = p->sums || stage->kind == STAGE_WINOGRAD;
  if (several && !stored) return "stored sums, with several depth blocks";
  if (p->depth_block > depth + PLAN_DEPTH_ALIGN) return "a depth block of K at most";
  if (p->widened && columns > PLAN_PANEL) return "tiles within a panel, to be widened";
  return stage->kind == STAGE_PRODUCT ? check_product_kind(c, node, p) : check_winograd(c, stage);
}

/* A call: alone in its kernel, and its weights, if it has any, in panels as wide as its strips. */
static const char *check_call(const Check *c, const Node *node) {
  if (c->kernel->stage_count > 1 || c->kernel->blocks > 1) {
    return "a call stands alone, and is not cut";
  }
  for (uint32_t k = 0; k < node->operand_count; ++k) {
    Type type = graph_type(c->body, node->operands[k]);
    if (type.rank == 3 && type.dims[2] != PLAN_STRIP) return "its weights are in other panels";
  }
  return NULL;
}

/* Node `n` of the stage at hand: whether it may stand there, what it reads, and where its results
 * live, which are made from now on. */
static const char *check_node(Check *c, const Stage *stage, uint32_t n) {
  const Node *node = graph_node(c->body, stage->nodes[n]);
  const Node *anchor = graph_node(c->body, stage->nodes[0]);
  if (n == 0 && op_info(node->op)->stage != stage->kind) return "no stage of that kind";
  if (stage->kind == STAGE_CALL) RETURN_IF_FAULT(check_call(c, node));
  if (n > 0 && !(op_has(node->op, OP_POINTWISE) && op_has(anchor->op, OP_EPILOGUE))) {
    return "its op cannot follow there";
  }
  Type domain = row_domain(c->body, node);
  if (domain.dims[0] != c->kernel->images || plan_rows(domain) != c->kernel->rows) {
    return "its rows are not the kernel's";
  }
  if (node->op == OP_SUM_CHUNKS && (uint32_t)node->attrs.SUM_CHUNKS.chunks != c->kernel->blocks) {
    return "one chunk is one block";
  }
  for (uint32_t k = 0; k < node->operand_count; ++k) {
    RETURN_IF_FAULT(check_read(c, node, k, n == 0));
  }
  for (uint32_t r = 0; r < node->result_count; ++r) {
    ValueId v = node_result(node, r);
    RETURN_IF_FAULT(check_place(c, node, v));
    c->written_in[v.index] = c->stage;
  }
  return check_columns(c, node);
}

/* Of the largest block. */
static uint64_t scratch_bytes(const Check *c, ValueId v) {
  return plan_scratch_bytes(c->kernel, v, c->block_rows);
}

/* It is in scratch, and some of its bytes are of the `bytes` from `offset` on. */
static bool shares_scratch(const Check *c, ValueId v, uint64_t offset, uint64_t bytes) {
  const ValuePlace *place = &c->kernel->places[v.index];
  return plan_in_scratch(place) &&
         plan_verify_overlap(place->offset, scratch_bytes(c, v), offset, bytes);
}

/* Whether the stage at hand has `v` as a result, or a value that it reads. */
static bool stage_uses(const Check *c, const Stage *stage, ValueId v) {
  if (c->written_in[v.index] == c->stage) return true;
  for (uint32_t n = 0; n < stage->node_count; ++n) {
    const Node *node = graph_node(c->body, stage->nodes[n]);
    for (uint32_t k = 0; k < node->operand_count; ++k) {
      if (value_equal(row_domain_base(c->body, node->operands[k]), v)) return true;
    }
  }
  return false;
}

/* What the stage writes to the `bytes` from `offset` on, as `v`, takes the scratch of others. */
static const char *check_write(Check *c, const Stage *stage, ValueId v, uint64_t offset,
                               uint64_t bytes) {
  for (uint32_t o = 0; o < c->body->value_count; ++o) {
    ValueId other = {o};
    if (o == v.index || c->written_in[o] == NOT_YET || c->lost[o]) continue;
    if (op_has(graph_def(c->body, other)->op, OP_VIEW)) continue;
    if (!shares_scratch(c, other, offset, bytes)) continue;
    if (stage_uses(c, stage, other)) {
      return value_fault(c, v, arena_printf(c->arena, "it overlaps %%%u in scratch", o));
    }
    c->lost[o] = true;
  }
  return NULL;
}

/* Of `v` where it lives in scratch. */
static const char *check_value_write(Check *c, const Stage *stage, ValueId v) {
  const ValuePlace *place = &c->kernel->places[v.index];
  if (!plan_in_scratch(place)) return NULL;
  return check_write(c, stage, v, place->offset, scratch_bytes(c, v));
}

/* Of what the stage keeps there itself, which is not where its first result lives either. */
static const char *check_room(Check *c, const Stage *stage) {
  ValueId v = graph_node(c->body, stage->nodes[0])->first_result;
  uint64_t bytes = plan_room_bytes(c->kernel, stage, c->target);
  if (stage->room % PLAN_ALIGN) return value_fault(c, v, "its stage's scratch is not aligned");
  if (!bytes) return stage->room ? value_fault(c, v, "its stage needs no scratch") : NULL;
  bool fits = bytes < MAX_BYTES && stage->room < MAX_BYTES &&
              stage->room + bytes <= c->kernel->scratch_bytes;
  if (!fits) return value_fault(c, v, "its stage needs more scratch");
  if (shares_scratch(c, v, stage->room, bytes)) {
    return value_fault(c, v, "it overlaps what its stage keeps in scratch");
  }
  return check_write(c, stage, v, stage->room, bytes);
}

static const char *check_writes(Check *c, const Stage *stage) {
  for (uint32_t n = 0; n < stage->node_count; ++n) {
    const Node *node = graph_node(c->body, stage->nodes[n]);
    for (uint32_t r = 0; r < node->result_count; ++r) {
      RETURN_IF_FAULT(check_value_write(c, stage, node_result(node, r)));
    }
  }
  return check_room(c, stage);
}

/* A fault without a value's number gets that of its node. */
static const char *check_stage(Check *c, const Stage *stage) {
  for (uint32_t n = 0; n < stage->node_count; ++n) {
    const char *fault = check_node(c, stage, n);
    if (!fault) continue;
    uint32_t value = graph_node(c->body, stage->nodes[n])->first_result.index;
    return *fault == '%' ? fault : value_fault(c, (ValueId){value}, fault);
  }
  if (stage->kind == STAGE_PRODUCT || stage->kind == STAGE_WINOGRAD) {
    const char *wants = check_product(c, stage);
    ValueId v = graph_node(c->body, stage->nodes[0])->first_result;
    if (wants) return value_fault(c, v, arena_printf(c->arena, "the product needs %s", wants));
  }
  return check_writes(c, stage);
}

const char *plan_verify_kernel(const PlanKernel *kernel, const TargetInfo *target, Arena *arena) {
  RETURN_IF_FAULT(check_domain(kernel));
  uint32_t values = kernel->body->value_count;
  Check c = {.kernel = kernel,
             .target = target,
             .body = kernel->body,
             .written_in = ARENA_ARRAY(arena, values, uint32_t),
             .lost = ARENA_ARRAY(arena, values, bool),
             .block_rows = plan_most_rows(kernel),
             .arena = arena};
  for (uint32_t v = 0; v < values; ++v) c.written_in[v] = NOT_YET;
  RETURN_IF_FAULT(check_ports(&c));
  RETURN_IF_FAULT(check_views(&c));
  for (; c.stage < kernel->stage_count; ++c.stage) {
    RETURN_IF_FAULT(check_stage(&c, &kernel->stages[c.stage]));
  }
  for (uint32_t r = 0; r < kernel->result_count; ++r) {
    ValueId v = kernel->body->outputs[r].value;
    if (c.written_in[v.index] == NOT_YET) return value_fault(&c, v, "no stage makes this result");
  }
  return NULL;
}
