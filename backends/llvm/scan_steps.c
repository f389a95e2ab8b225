/* The steps of a scan, made where they are used:
 *
 *   for each chunk of tokens of a line of the walk:
 *     for each tile of its rows:  step = b + sum over k of x[k] w[k]    sums in registers
 *     step = softplus(step)                                             several vectors at once
 *
 * A chunk is short, so that its steps are still in the nearest cache when the walk takes them, and
 * long enough that w is read seldom. The last of a line may begin early: it makes some steps again.
 */
#include "backends/llvm/scan.h"
#include "support/checked_math.h"

enum {
  SPARE_REGISTERS = 4, /* of a tile: what is loaded */
  TOGETHER = 4,        /* vectors of softplus */
};

static uint32_t vector_bytes(const Scan *s) {
  return s->k->m->target->vector_floats * (uint32_t)sizeof(float);
}

void scan_steps_begin(Scan *s) {
  for (uint32_t way = 0; way < SCAN_WAYS; ++way) {
    if (!s->takes[way] || !s->steps[way].rank) continue;
    s->steps[way].made = emit_stack(s->k->m, s->chunk * s->vectors * vector_bytes(s));
  }
}

/* Some rows of a chunk, and what is read for them. */
typedef struct Tile {
  LLVMValueRef x, w; /* the first row; the first vector of the panel */
  LLVMValueRef next; /* where x is in the next chunk */
  uint32_t rows, depth;
  int64_t row_bytes; /* from one row to the next, as the way goes */
} Tile;

/* From the first vector of w at hand to vector `v`, which may be of the next strip. */
static uint32_t panel_bytes(const Scan *s, const Tile *tile, uint32_t v) {
  uint32_t channel = v * s->k->m->target->vector_floats, panels = channel / PLAN_STRIP;
  return (panels * tile->depth * PLAN_STRIP + channel % PLAN_STRIP) * (uint32_t)sizeof(float);
}

/* Adds step `k` (i64) and `plus` of K. */
static void add_products(const Scan *s, const Tile *tile, LLVMValueRef k, uint32_t plus,
                         LLVMValueRef *sums) {
  ModuleContext *m = s->k->m;
  LLVMValueRef w[MAX_REGISTER_LANES];
  LLVMValueRef panel = emit_address(m, tile->w, emit_mul(m, k, PLAN_STRIP * sizeof(float)));
  LLVMValueRef x = emit_address(m, tile->x, emit_mul(m, k, sizeof(float)));
  for (uint32_t v = 0; v < s->vectors; ++v) {
    int64_t bytes = (int64_t)(plus * PLAN_STRIP * sizeof(float) + panel_bytes(s, tile, v));
    w[v] = emit_load(m, emit_address(m, panel, emit_i64(m, bytes)), m->target->vector_floats);
  }
  for (uint32_t r = 0; r < tile->rows; ++r) {
    int64_t bytes = r * tile->row_bytes + (int64_t)(plus * sizeof(float));
    LLVMValueRef factor =
        emit_broadcast(m, emit_load_f32(m, emit_address(m, x, emit_i64(m, bytes))));
    for (uint32_t v = 0; v < s->vectors; ++v) {
      LLVMValueRef *sum = &sums[r * s->vectors + v];
      *sum = emit_fma(m, factor, w[v], *sum);
    }
  }
}

/* Each row of the tile begins as the bias. */
static void start_sums(const Scan *s, const ScanSteps *steps, const Tile *tile,
                       LLVMValueRef *sums) {
  ModuleContext *m = s->k->m;
  uint32_t lanes = m->target->vector_floats;
  for (uint32_t v = 0; v < s->vectors; ++v) {
    Site site = {.row = emit_i64(m, 0), .column = s->column, .column_plus = v * lanes};
    LLVMValueRef bias = emit_load(m, view_address(s->k, &steps->bias, site), lanes);
    for (uint32_t r = 0; r < tile->rows; ++r) sums[r * s->vectors + v] = bias;
  }
}

/* Writes the sums of a tile that begins at row `first` of the chunk. */
static void multiply_tile(const Scan *s, const ScanSteps *steps, const Tile *tile, uint32_t first) {
  ModuleContext *m = s->k->m;
  uint32_t count = tile->rows * s->vectors, each = steps->rank % 2 ? 1 : 2;
  LLVMValueRef sums[LOOP_MAX_CARRIED];
  start_sums(s, steps, tile, sums);
  Loop loop;
  LoopRange range = {emit_i64(m, 0), emit_i64(m, steps->rank), each};
  loop_begin_carrying(m, &loop, range, sums, count);
  for (uint32_t i = 0; i < count; ++i) sums[i] = loop.carried[i];
  for (uint32_t plus = 0; plus < each; ++plus) add_products(s, tile, loop.index, plus, sums);
  loop_end(m, &loop, sums);
  for (uint32_t i = 0; i < count; ++i) {
    int64_t bytes = ((int64_t)first * s->vectors + i) * vector_bytes(s);
    emit_store(m, loop.carried[i], emit_address(m, steps->made, emit_i64(m, bytes)),
               m->target->vector_floats);
  }
}

/* Asks for the rows of the next chunk: those of a column are too far apart for what the processor
 * asks for by itself, and those of a row may be in another core. */
static void prefetch_tile(const Scan *s, const Tile *tile) {
  ModuleContext *m = s->k->m;
  for (uint32_t r = 0; r < tile->rows; ++r) {
    for (uint32_t line = 0; line * CACHE_LINE < tile->depth * sizeof(float); ++line) {
      int64_t bytes = r * tile->row_bytes + line * CACHE_LINE;
      emit_prefetch(m, emit_address(m, tile->next, emit_i64(m, bytes)));
    }
  }
}

/* The sums of the chunk. */
static void multiply(const Scan *s, uint32_t way, LLVMValueRef first, LLVMValueRef next) {
  ModuleContext *m = s->k->m;
  const ScanSteps *steps = &s->steps[way];
  uint32_t most = (m->target->vector_registers - SPARE_REGISTERS) / s->vectors;
  uint32_t tiles = ceil_div_u32(s->chunk, most), begin = 0;
  int64_t row_bytes = s->stride * (int64_t)steps->map.row_bytes;
  LLVMValueRef panel = emit_add(m, emit_mul(m, s->strip, steps->rank * PLAN_STRIP), s->within);
  LLVMValueRef x = view_row(s->k, &steps->map, first);
  LLVMValueRef later = view_row(s->k, &steps->map, next);
  Tile tile = {.w = emit_address(m, steps->w.base, emit_mul(m, panel, sizeof(float))),
               .depth = steps->rank,
               .row_bytes = way == SCAN_BACK ? -row_bytes : row_bytes};
  for (uint32_t t = 0; t < tiles; ++t, begin += tile.rows) {
    tile.rows = s->chunk / tiles + (t < s->chunk % tiles);
    tile.x = emit_address(m, x, emit_i64(m, begin * tile.row_bytes));
    tile.next = emit_address(m, later, emit_i64(m, begin * tile.row_bytes));
    prefetch_tile(s, &tile);
    multiply_tile(s, steps, &tile, begin);
  }
}

/* Sums become steps. */
static void evaluate(const Scan *s, const ScanSteps *steps) {
  ModuleContext *m = s->k->m;
  uint32_t count = s->chunk * s->vectors, each = TOGETHER, lanes = m->target->vector_floats;
  LLVMValueRef vectors[TOGETHER], places[TOGETHER];
  while (count % each) each /= 2;
  Loop loop;
  loop_begin(m, &loop, emit_i64(m, 0), emit_i64(m, count), each);
  LLVMValueRef from = emit_address(m, steps->made, emit_mul(m, loop.index, vector_bytes(s)));
  for (uint32_t i = 0; i < each; ++i) {
    places[i] = emit_address(m, from, emit_i64(m, i * (int64_t)vector_bytes(s)));
    vectors[i] = emit_load(m, places[i], lanes);
  }
  long_evaluate(m, elementary_softplus, vectors, each);
  for (uint32_t i = 0; i < each; ++i) emit_store(m, vectors[i], places[i], lanes);
  loop_end(m, &loop, NULL);
}

void scan_steps_make(const Scan *s, uint32_t way, LLVMValueRef first, LLVMValueRef next) {
  multiply(s, way, first, next);
  evaluate(s, &s->steps[way]);
}
