/* quantized_linear in a register tile:
 *
 *   acc = first;  for fours of k: acc[row][vector] += A[row][4k..] . B[4k..][vector], in s32
 *                 (for eights, where instructions take them)
 *   result = f32(acc) * column scale * row scale + bias
 *
 * Columns behind the last are zeros in B, and so are its k behind K, whatever A has there. */
#include "backends/llvm/product.h"

#include <string.h>

#include "support/checked_math.h"
#include "support/panic.h"

static void find(Product *p, const Node *node) {
  KernelEmitter *k = p->k;
  CHECK(p->depth_blocks == 1);
  p->row_scale = &k->views[node->operands[3].index];
  p->column_scale = &k->views[node->operands[4].index];
  bool biased = graph_type(k->body, node->operands[0]).dtype == DTYPE_U8;
  p->first = biased ? &k->views[node->operands[5].index] : NULL;
  p->a.step_bytes *= product_column_bytes(p->type);
}

/* Registers that a vector of columns takes, and its sums of a register of rows. */
static uint32_t parts_of(const Product *p) {
  return plan_dot_sums(p->k->m->target->dot, 1);
}

static uint32_t sum_count(const Product *p, const Tile *tile) {
  return plan_dot_sums(p->k->m->target->dot, tile->rows) * tile->vectors;
}

static void begin(const Product *p, const Tile *tile, LLVMValueRef *acc) {
  ModuleContext *m = p->k->m;
  LLVMValueRef first[PLAN_TILE_VECTORS];
  for (uint32_t v = 0; p->first && v < tile->vectors; ++v) {
    LLVMValueRef at = view_address(p->k, p->first, product_columns(p, tile, v));
    first[v] = emit_load_i32(m, at);
  }
  for (uint32_t i = 0; i < sum_count(p, tile); ++i) {
    acc[i] = p->first ? first[i % tile->vectors] : LLVMConstNull(m->vector_i32);
  }
}

/* A part of K: half `half` of step `step` of a turn. */
typedef struct Depth {
  uint32_t step, half;
} Depth;

/* The registers of vector `vector` of the tile's columns, at `k`: step `s` of `columns`. */
static void load_columns(const Product *p, const Tile *tile, LLVMValueRef b, Depth k,
                         uint32_t vector, LLVMValueRef (*columns)[DOT_MOST_STEPS], uint32_t s) {
  ModuleContext *m = p->k->m;
  uint64_t offset = product_column_offset(p, tile, k.step, vector);
  LLVMValueRef at = emit_address(m, b, emit_i64(m, (int64_t)offset));
  LLVMValueRef parts[DOT_MOST_PARTS] = {0};
  if (tile->converts) {
    uint64_t from = tile->stored_b.step_bytes * k.step +
                    (uint64_t)vector * m->target->vector_floats * tile->stored_b.column_bytes;
    LLVMValueRef stored = emit_address(m, tile->stored, emit_i64(m, (int64_t)from));
    parts[0] = dot_widen(m, stored, at, k.half);
  } else if (tile->b.dtype == DTYPE_S16) {
    parts[0] = dot_load_widened(m, at, k.half);
  } else {
    dot_of(m)->columns(m, at, k.half, parts);
  }
  for (uint32_t i = 0; i < parts_of(p); ++i) columns[i][s] = parts[i];
}

/* The register of rows from `row` on, at `k`. The tile's last row stands for those behind it. */
static LLVMValueRef load_rows(const Product *p, const Tile *tile, LLVMValueRef a, uint32_t row,
                              Depth k) {
  ModuleContext *m = p->k->m;
  uint64_t depth =
      k.step * p->a.step_bytes + k.half * p->a.step_bytes / plan_dot_halves(m->target->dot);
  if (p->paired) {
    uint64_t at = row * p->a.row_bytes + depth;
    return dot_load_pair(m, emit_address(m, a, emit_i64(m, (int64_t)at)));
  }
  LLVMValueRef addresses[DOT_MOST_ROWS];
  for (uint32_t i = 0; i < dot_of(m)->rows; ++i) {
    uint32_t r = row + i < tile->rows ? row + i : tile->rows - 1;
    uint64_t at = r * p->a.row_bytes + depth;
    addresses[i] = emit_address(m, a, emit_i64(m, (int64_t)at));
  }
  return dot_of(m)->row(m, addresses);
}

/* One step where a register has several rows: a tile has fewer of these than of columns, so they
 * stay and columns pass by. What the next step loads waits, for there are no registers for it. */
static void add_passing_columns(const Product *p, const Tile *tile, const LLVMValueRef ab[2],
                                uint32_t step, LLVMValueRef *acc) {
  const Dot *dot = dot_of(p->k->m);
  LLVMValueRef rows[PLAN_TILE_SUMS], columns[DOT_MOST_PARTS][DOT_MOST_STEPS];
  uint32_t count = ceil_div_u32(tile->rows, dot->rows);
  if (step) emit_barrier(p->k->m);
  Depth k = {.step = step};
  for (uint32_t i = 0; i < count; ++i) rows[i] = load_rows(p, tile, ab[0], i * dot->rows, k);
  for (uint32_t v = 0; v < tile->vectors; ++v) {
    load_columns(p, tile, ab[1], k, v, columns, 0);
    for (uint32_t i = 0; i < count; ++i) {
      LLVMValueRef *sums = &acc[(i * tile->vectors + v) * parts_of(p)];
      dot_add(p->k->m, &rows[i], columns, 1, parts_of(p), sums);
    }
  }
}

/* `steps` steps from `k` on, of each the half that it says, where a register has one row. The first
 * row is added vector by vector: LLVM has no register left for two products before it is done. */
static void add_passing_rows(const Product *p, const Tile *tile, const LLVMValueRef ab[2], Depth k,
                             uint32_t steps, LLVMValueRef *acc) {
  LLVMValueRef columns[PLAN_TILE_VECTORS * DOT_MOST_PARTS][DOT_MOST_STEPS];
  LLVMValueRef rows[DOT_MOST_STEPS];
  uint32_t count = tile->vectors * parts_of(p);
  Depth at[DOT_MOST_STEPS];
  for (uint32_t s = 0; s < steps; ++s) {
    at[s] = (Depth){k.step + s, k.half};
    for (uint32_t v = 0; v < tile->vectors; ++v) {
      load_columns(p, tile, ab[1], at[s], v, columns + v * parts_of(p), s);
    }
  }
  for (uint32_t r = 0; r < tile->rows; ++r) {
    for (uint32_t s = 0; s < steps; ++s) rows[s] = load_rows(p, tile, ab[0], r, at[s]);
    uint32_t at_once = r ? count : 1;
    for (uint32_t i = 0; i < count; i += at_once) {
      dot_add(p->k->m, rows, columns + i, steps, at_once, acc + r * count + i);
    }
  }
}

static uint32_t add(const Product *p, const Tile *tile, const LLVMValueRef ab[2], uint32_t step,
                    uint32_t left, LLVMValueRef *acc) {
  const Dot *dot = dot_of(p->k->m);
  if (dot->rows > 1) {
    add_passing_columns(p, tile, ab, step, acc);
    return 1;
  }
  uint32_t steps = left < dot->steps ? 1 : dot->steps;
  for (uint32_t half = 0; half < plan_dot_halves(p->k->m->target->dot); ++half) {
    add_passing_rows(p, tile, ab, (Depth){step, half}, steps, acc);
  }
  return steps;
}

static void finish(const Product *p, const Tile *tile, LLVMValueRef *acc) {
  ModuleContext *m = p->k->m;
  const Dot *dot = dot_of(m);
  LLVMValueRef sums[LOOP_MAX_CARRIED], scale[PLAN_TILE_VECTORS], bias[PLAN_TILE_VECTORS];
  memcpy(sums, acc, sum_count(p, tile) * sizeof *sums);
  for (uint32_t v = 0; v < tile->vectors; ++v) {
    scale[v] = view_load(p->k, p->column_scale, product_columns(p, tile, v));
    bias[v] = view_load(p->k, p->bias, product_columns(p, tile, v));
  }
  for (uint32_t r = 0; r < tile->rows; ++r) {
    Site site = {.row = tile->row, .row_plus = r, .column = emit_i64(m, 0)};
    LLVMValueRef own = emit_load_f32(m, view_address(p->k, p->row_scale, site));
    own = emit_broadcast(m, own);
    for (uint32_t v = 0; v < tile->vectors; ++v) {
      uint32_t first = (r / dot->rows * tile->vectors + v) * parts_of(p);
      LLVMValueRef sum = dot->finish(m, &sums[first], r % dot->rows);
      sum = LLVMBuildSIToFP(m->builder, sum, m->vector, "");
      acc[r * tile->vectors + v] = emit_fma(m, emit_fmul(m, sum, scale[v]), own, bias[v]);
    }
  }
}

const ProductWay product_of_quantized = {find, sum_count, begin, add, finish};
