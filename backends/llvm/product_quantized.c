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

/* The registers of vector `vector` of the tile's columns, at step `step`. */
static void load_columns(const Product *p, const Tile *tile, LLVMValueRef b, uint32_t step,
                         uint32_t vector, LLVMValueRef *columns) {
  ModuleContext *m = p->k->m;
  uint64_t offset = product_column_offset(p, tile, step, vector);
  LLVMValueRef at = emit_address(m, b, emit_i64(m, (int64_t)offset));
  if (tile->b.dtype == DTYPE_S16) {
    dot_load_widened(m, at, columns);
  } else {
    dot_of(m)->columns(m, at, columns);
  }
}

/* The register of rows from `row` on, at step `step`. The tile's last row stands for those behind
 * it. */
static LLVMValueRef load_rows(const Product *p, const Tile *tile, LLVMValueRef a, uint32_t row,
                              uint32_t step) {
  ModuleContext *m = p->k->m;
  LLVMValueRef addresses[DOT_MOST_ROWS];
  for (uint32_t i = 0; i < dot_of(m)->rows; ++i) {
    uint32_t r = row + i < tile->rows ? row + i : tile->rows - 1;
    uint64_t at = r * p->a.row_bytes + step * p->a.step_bytes;
    addresses[i] = emit_address(m, a, emit_i64(m, (int64_t)at));
  }
  return dot_of(m)->row(m, addresses);
}

/* Some steps of rows by a vector of columns, added to its sums. */
static void add_vector(const Product *p, const LLVMValueRef *rows,
                       LLVMValueRef (*columns)[DOT_MOST_PARTS], uint32_t steps,
                       LLVMValueRef *sums) {
  LLVMValueRef own[DOT_MOST_STEPS];
  for (uint32_t part = 0; part < parts_of(p); ++part) {
    for (uint32_t s = 0; s < steps; ++s) own[s] = columns[s][part];
    sums[part] = dot_of(p->k->m)->add(p->k->m, sums[part], rows, own, steps);
  }
}

/* One step where a register has several rows: a tile has fewer of these than of columns, so they
 * stay and columns pass by. What the next step loads waits, for there are no registers for it. */
static void add_passing_columns(const Product *p, const Tile *tile, const LLVMValueRef ab[2],
                                uint32_t step, LLVMValueRef *acc) {
  const Dot *dot = dot_of(p->k->m);
  LLVMValueRef rows[PLAN_TILE_SUMS], columns[1][DOT_MOST_PARTS];
  uint32_t count = ceil_div_u32(tile->rows, dot->rows);
  if (step) emit_barrier(p->k->m);
  for (uint32_t i = 0; i < count; ++i) rows[i] = load_rows(p, tile, ab[0], i * dot->rows, step);
  for (uint32_t v = 0; v < tile->vectors; ++v) {
    load_columns(p, tile, ab[1], step, v, columns[0]);
    for (uint32_t i = 0; i < count; ++i) {
      add_vector(p, &rows[i], columns, 1, &acc[(i * tile->vectors + v) * parts_of(p)]);
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
  LLVMValueRef columns[PLAN_TILE_VECTORS][DOT_MOST_STEPS][DOT_MOST_PARTS];
  LLVMValueRef rows[DOT_MOST_STEPS];
  for (uint32_t s = 0; s < steps; ++s) {
    for (uint32_t v = 0; v < tile->vectors; ++v) {
      load_columns(p, tile, ab[1], step + s, v, columns[v][s]);
    }
  }
  for (uint32_t r = 0; r < tile->rows; r += dot->rows) {
    for (uint32_t s = 0; s < steps; ++s) rows[s] = load_rows(p, tile, ab[0], r, step + s);
    for (uint32_t v = 0; v < tile->vectors; ++v, acc += parts_of(p)) {
      add_vector(p, rows, columns[v], steps, acc);
    }
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
