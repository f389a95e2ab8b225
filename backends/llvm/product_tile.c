/* One register tile of a product: the micro-kernel and its epilogue.
 *
 *   acc = 0;  for k: acc[row][vector] += A[row][k] * B[k][vector]
 *   bias, then the pointwise ops behind, per row and vector
 *
 * Cheap epilogues run on the accumulators. Long ones run in a loop over the stored sums of all rows
 * of the block (ProductPlan.sums), which keeps them out of the micro-kernel's code; so do all where
 * K is cut into blocks, whose tiles are added to the sums.
 *
 * Accumulators of a tile of 3 rows and 2 vectors, in the order in which loops carry them:
 *
 *             vector 0   vector 1
 *   row 0      acc[0]     acc[1]       each step of K: two loads of B,
 *   row 1      acc[2]     acc[3]       three broadcasts of A,
 *   row 2      acc[4]     acc[5]       six multiply-adds
 */
#include "backends/llvm/product.h"

#include <string.h>

#include "support/checked_math.h"
#include "support/panic.h"

/* -- the micro-kernel -------------------------------------------------------------------------- */

/* How many lanes of a vector of the tile are columns of the product: all, but in the last vector.
 */
static uint32_t lanes_of(const Product *p, const Tile *tile, uint32_t vector) {
  return vector + 1 < tile->vectors ? p->k->m->target->vector_floats : tile->last_lanes;
}

/* The site that a vector of the tile's columns has in row `row` + `row_plus` of the block. */
static Site site_of(const Product *p, const Tile *tile, LLVMValueRef row, uint32_t row_plus,
                    uint32_t vector) {
  return (Site){.row = row,
                .row_plus = row_plus,
                .column = tile->column,
                .column_plus = vector * p->k->m->target->vector_floats,
                .lanes = lanes_of(p, tile, vector)};
}

Site product_columns(const Product *p, const Tile *tile, uint32_t vector) {
  return site_of(p, tile, tile->row, 0, vector);
}

uint64_t product_column_offset(const Product *p, const Tile *tile, uint32_t step, uint32_t vector) {
  uint32_t vector_bytes = tile->b.column_bytes * p->k->m->target->vector_floats;
  uint32_t panel_bytes = tile->b.column_bytes * PLAN_PANEL;
  uint32_t panel = vector * vector_bytes / panel_bytes, rest = vector * vector_bytes % panel_bytes;
  return tile->b.step_bytes * step + p->panel_bytes * panel + rest;
}

uint32_t product_float_sums(const Product *p, const Tile *tile) {
  (void)p;
  return tile->rows * tile->vectors;
}

void product_float_begin(const Product *p, const Tile *tile, LLVMValueRef *acc) {
  LLVMValueRef zero = LLVMConstNull(p->k->m->vector);
  for (uint32_t i = 0; i < tile->rows * tile->vectors; ++i) acc[i] = zero;
}

/* The bias of the tile's columns, one vector each; zeros where there is none. */
static void load_bias(const Product *p, const Tile *tile, LLVMValueRef *bias) {
  for (uint32_t v = 0; v < tile->vectors; ++v) {
    bias[v] = p->bias ? view_load(p->k, p->bias, product_columns(p, tile, v))
                      : LLVMConstNull(p->k->m->vector);
  }
}

/* Whether sums begin with the bias. Where instructions add to a register, zeros would be an
 * operation for each sum, as is the bias behind; loads take no unit that multiplies. */
static bool begins_with_bias(const Product *p) {
  return p->bias && p->depth_blocks == 1 && !p->a.line && p->k->m->target->fma_overwrites;
}

/* Whether the first turn over K stands before the loop, and its first step multiplies: the same
 * for the sums of a product that has no bias to begin with. */
static bool begins_with_turn(const Product *p) {
  uint32_t last = p->depth - (p->depth_blocks - 1) * p->plan.depth_block;
  return p->k->m->target->fma_overwrites && p->way == &product_of_floats && !p->a.line &&
         !p->plan.widened && last >= p->plan.unroll;
}

/* Sums of floats begin as zeros, or as the bias, which LLVM would load once and copy. */
static void begin_floats(const Product *p, const Tile *tile, LLVMValueRef *acc) {
  if (begins_with_turn(p)) {
    for (uint32_t i = 0; i < tile->rows * tile->vectors; ++i) acc[i] = NULL;
  } else {
    product_float_begin(p, tile, acc);
  }
  for (uint32_t r = 0; begins_with_bias(p) && r < tile->rows; ++r) {
    if (r) emit_barrier(p->k->m);
    load_bias(p, tile, acc + (size_t)r * tile->vectors);
  }
}

/* Where row `row` of a tile is at step `step` behind `a`. */
static LLVMValueRef row_address(const Product *p, LLVMValueRef a, uint32_t row, uint32_t step) {
  uint64_t bytes = row * p->a.row_bytes + step * p->a.step_bytes;
  return emit_address(p->k->m, a, emit_i64(p->k->m, (int64_t)bytes));
}

/* A vector of the tile's columns at step `step` behind `b`. */
static LLVMValueRef load_columns(const Product *p, const Tile *tile, LLVMValueRef b, uint32_t step,
                                 uint32_t vector) {
  ModuleContext *m = p->k->m;
  LLVMValueRef at = emit_i64(m, (int64_t)product_column_offset(p, tile, step, vector));
  return stored_load(m, tile->b.dtype, emit_address(m, b, at), m->target->vector_floats,
                     p->aligned);
}

/* Whether the steps from here on, `left` of them, are taken by lanes. */
static bool takes_lanes(const Product *p, uint32_t left) {
  const TargetInfo *target = p->k->m->target;
  return target->row_lanes && p->a.step_bytes == 4 && left >= target->vector_floats;
}

/* sum + a b; of no sum yet, the product. */
static LLVMValueRef add_product(ModuleContext *m, LLVMValueRef a, LLVMValueRef b,
                                LLVMValueRef sum) {
  return sum ? emit_fma(m, a, b, sum) : emit_fmul(m, a, b);
}

/* As many steps as a vector has lanes: those of a row are loaded at once, and each is multiplied
 * from its lane. Columns go by one vector at a time: with a vector for each row and the sums they
 * are all that there are registers for. Where copies of lanes are in registers too, no vector of
 * columns may be loaded before it is multiplied. */
static uint32_t add_lanes(const Product *p, const Tile *tile, const LLVMValueRef ab[2],
                          uint32_t step, LLVMValueRef *acc) {
  ModuleContext *m = p->k->m;
  bool copied = m->target->row_lanes == ROW_LANES_COPIED;
  uint32_t lanes = m->target->vector_floats;
  LLVMValueRef rows[PLAN_TILE_SUMS];
  for (uint32_t r = 0; r < tile->rows; ++r) {
    rows[r] = emit_load(m, row_address(p, ab[0], r, step), lanes);
  }
  for (uint32_t lane = 0; lane < lanes; ++lane) {
    for (uint32_t v = 0; v < tile->vectors; ++v) {
      if (copied) emit_barrier(m);
      LLVMValueRef columns = load_columns(p, tile, ab[1], step + lane, v);
      for (uint32_t r = 0; r < tile->rows; ++r) {
        LLVMValueRef *sum = &acc[r * tile->vectors + v];
        LLVMValueRef row = (copied ? emit_lane_copied : emit_lane)(m, rows[r], lane);
        *sum = add_product(m, row, columns, *sum);
      }
    }
  }
  return lanes;
}

/* acc += A[.][k] * B[k][.] for one step of K, or several. `ab` points at k, `step` is added to it.
 */
static uint32_t add_floats(const Product *p, const Tile *tile, const LLVMValueRef ab[2],
                           uint32_t step, uint32_t left, LLVMValueRef *acc) {
  ModuleContext *m = p->k->m;
  if (takes_lanes(p, left)) return add_lanes(p, tile, ab, step, acc);
  LLVMValueRef columns[PLAN_TILE_VECTORS];
  for (uint32_t v = 0; v < tile->vectors; ++v) {
    columns[v] = load_columns(p, tile, ab[1], step, v);
  }
  for (uint32_t r = 0; r < tile->rows; ++r) {
    LLVMValueRef lane = emit_load_f32(m, row_address(p, ab[0], r, step));
    LLVMValueRef row = emit_broadcast(m, lane);
    for (uint32_t v = 0; v < tile->vectors; ++v) {
      LLVMValueRef *sum = &acc[r * tile->vectors + v];
      *sum = add_product(m, row, columns[v], *sum);
    }
  }
  return 1;
}

/* acc += A * B over the `unroll` steps from `k` on; `a` is the tile's first row at step 0. Windows
 * that overlap have elements in common: each is loaded again, for LLVM would keep them in registers
 * that it does not have. */
static void multiply_turn(const Product *p, const Tile *tile, LLVMValueRef rows, LLVMValueRef k,
                          uint32_t unroll, LLVMValueRef *acc) {
  ModuleContext *m = p->k->m;
  LLVMValueRef a = emit_address(m, rows, emit_mul(m, k, p->a.step_bytes));
  LLVMValueRef b = emit_address(m, tile->panel, emit_mul(m, k, tile->b.step_bytes));
  Tile here = *tile;
  if (tile->converts) product_widen_turn(p, &here, k, unroll);
  if (unroll == p->plan.unroll) product_prefetch_turn(p, tile, k);
  uint64_t apart = p->a.line ? p->a.row_bytes / p->a.step_bytes : unroll; /* windows, in steps */
  if (apart == 0) apart = 1; /* taps with gaps between them may meet others' in every step */
  for (uint32_t step = 0; step < unroll;) {
    if (step && step % apart == 0) emit_barrier(m);
    step += p->way->add(p, &here, (LLVMValueRef[]){a, b}, step, unroll - step, acc);
  }
}

/* `tile`, whose addresses are the same in all turns of the loop that follows. */
static Tile settle(const Product *p, const Tile *tile) {
  ModuleContext *m = p->k->m;
  Tile settled = *tile;
  settled.panel = emit_settled(m, tile->panel);
  settled.next = emit_settled(m, tile->next);
  if (p->streamed_rows) settled.next_rows = emit_settled(m, tile->next_rows);
  return settled;
}

/* acc += A * B over the k of `range`, whose step is how many of them one turn takes. */
static void multiply_turns(const Product *p, const Tile *tile, LLVMValueRef rows, LoopRange range,
                           LLVMValueRef *acc) {
  ModuleContext *m = p->k->m;
  uint32_t count = p->way->sums(p, tile);
  Tile settled = settle(p, tile);
  rows = emit_settled(m, rows);
  Loop loop;
  loop_begin_carrying(m, &loop, range, acc, count);
  memcpy(acc, loop.carried, count * sizeof *acc);
  multiply_turn(p, &settled, rows, loop.index, (uint32_t)range.step, acc);
  loop_end(m, &loop, acc);
  memcpy(acc, loop.carried, count * sizeof *acc);
}

/* The same; the first tile of the rows goes through a loop that also converts a widened B, and
 * leaves nothing to the other. */
static void multiply_range(const Product *p, const Tile *tile, LLVMValueRef rows, LoopRange range,
                           LLVMValueRef *acc) {
  if (p->plan.widened) {
    ModuleContext *m = p->k->m;
    Tile first = *tile;
    first.converts = true;
    LLVMValueRef is_first = LLVMBuildICmp(m->builder, LLVMIntEQ, tile->row, emit_i64(m, 0), "");
    LLVMValueRef begin = LLVMBuildSelect(m->builder, is_first, range.end, range.begin, "");
    multiply_turns(p, &first, rows, (LoopRange){range.begin, begin, range.step}, acc);
    range.begin = begin;
  }
  multiply_turns(p, tile, rows, range, acc);
}

/* acc += A * B over k of [begin, end) in run `run` of A. */
static void multiply_run(const Product *p, const Tile *tile, LLVMValueRef rows, LLVMValueRef run,
                         const LLVMValueRef range[2], LLVMValueRef *acc) {
  ModuleContext *m = p->k->m;
  uint32_t unroll = p->plan.unroll;
  LLVMValueRef start = emit_mul(m, run, p->a.run);
  rows = emit_address(m, rows, product_source_run(m, &p->a, run));
  if (p->depth_blocks == 1 && p->a.run == unroll && !p->plan.widened) {
    multiply_turn(p, tile, rows, start, unroll, acc);
    return;
  }
  LLVMValueRef begin = emit_intrinsic(m, "llvm.smax", (LLVMValueRef[]){start, range[0]}, 2);
  LLVMValueRef end = emit_least(m, emit_add(m, start, emit_i64(m, p->a.run)), range[1]);
  LLVMValueRef even = end;
  bool divides = p->a.run % unroll == 0 && p->plan.depth_block % unroll == 0;
  if (!divides) {
    LLVMValueRef steps = LLVMBuildSub(m->builder, end, begin, "");
    LLVMValueRef rest = LLVMBuildURem(m->builder, steps, emit_i64(m, unroll), "");
    even = LLVMBuildSub(m->builder, end, rest, "");
  }
  multiply_range(p, tile, rows, (LoopRange){begin, even, unroll}, acc);
  if (!divides) multiply_range(p, tile, rows, (LoopRange){even, end, 1}, acc);
}

/* acc += A * B over k of [begin, end), run by run of A. */
static void multiply_runs(const Product *p, const Tile *tile, LLVMValueRef begin, LLVMValueRef end,
                          LLVMValueRef *acc) {
  ModuleContext *m = p->k->m;
  uint32_t count = p->way->sums(p, tile);
  LLVMValueRef rows = product_source_row(m, &p->a, tile->row), length = emit_i64(m, p->a.run);
  LLVMValueRef first = LLVMBuildUDiv(m->builder, begin, length, "");
  LLVMValueRef behind = emit_add(m, end, emit_i64(m, (int64_t)p->a.run - 1));
  Loop runs;
  loop_begin_carrying(
      m, &runs, (LoopRange){first, LLVMBuildUDiv(m->builder, behind, length, ""), 1}, acc, count);
  memcpy(acc, runs.carried, count * sizeof *acc);
  multiply_run(p, tile, rows, runs.index, (LLVMValueRef[]){begin, end}, acc);
  loop_end(m, &runs, acc);
  memcpy(acc, runs.carried, count * sizeof *acc);
}

/* acc = A * B over k of the tile's depth block. Only the last block can be short or have a length
 * that is no multiple of the unrolling. */
static void multiply(const Product *p, const Tile *tile, LLVMValueRef *acc) {
  ModuleContext *m = p->k->m;
  LLVMValueRef begin = tile->depth;
  p->way->begin(p, tile, acc);
  uint32_t rest = p->depth % p->plan.unroll;
  LLVMValueRef even = emit_i64(m, p->depth - rest), last = emit_i64(m, p->depth);
  if (p->depth_blocks > 1) {
    LLVMValueRef next = emit_add(m, begin, emit_i64(m, p->plan.depth_block));
    LLVMValueRef more = LLVMBuildICmp(m->builder, LLVMIntSLT, next, last, "");
    even = LLVMBuildSelect(m->builder, more, next, even, "");
    last = LLVMBuildSelect(m->builder, more, next, last, "");
  }
  if (p->a.line) {
    multiply_runs(p, tile, begin, last, acc);
  } else {
    LLVMValueRef rows = product_source_row(m, &p->a, tile->row);
    if (begins_with_turn(p)) {
      multiply_turn(p, tile, rows, begin, p->plan.unroll, acc);
      begin = emit_add(m, begin, emit_i64(m, p->plan.unroll));
    }
    if (p->depth > rest) {
      multiply_range(p, tile, rows, (LoopRange){begin, even, p->plan.unroll}, acc);
    }
    if (rest) multiply_range(p, tile, rows, (LoopRange){even, last, 1}, acc);
  }
  weight_prefetch_next(p->k, LLVMBuildSub(m->builder, last, tile->depth, ""));
}

/* -- stored sums and the epilogue -------------------------------------------------------------- */

/* Where the sums of a vector of row `row` + `row_plus` of the block are stored:
 * [rows][tile_columns]. */
static LLVMValueRef sum_address(const Product *p, LLVMValueRef row, uint32_t row_plus,
                                uint32_t vector) {
  ModuleContext *m = p->k->m;
  uint64_t row_bytes = 4 * (uint64_t)p->plan.tile_columns;
  LLVMValueRef start = emit_address(m, p->sums, emit_mul(m, row, row_bytes));
  uint64_t plus = row_plus * row_bytes + 4 * vector * m->target->vector_floats;
  return emit_address(m, start, emit_i64(m, (int64_t)plus));
}

/* `sum` with the row's own bias, if there is one. */
static LLVMValueRef add_row_bias(const Product *p, LLVMValueRef row, uint32_t row_plus,
                                 LLVMValueRef sum) {
  if (!p->row_bias) return sum;
  Site site = {.row = row, .row_plus = row_plus, .column = emit_i64(p->k->m, 0)};
  LLVMValueRef bias = emit_load_f32(p->k->m, view_address(p->k, p->row_bias, site));
  return emit_fadd(p->k->m, sum, emit_broadcast(p->k->m, bias));
}

/* Behind all additions of K where they are one block and did not begin with it; with several,
 * stored sums begin with it. Which it is depends on the target, K, depth_block and whether rows are
 * windows alone. */
static void add_bias(const Product *p, const Tile *tile, LLVMValueRef *acc) {
  if (!p->bias || begins_with_bias(p)) return;
  LLVMValueRef bias[PLAN_TILE_VECTORS];
  load_bias(p, tile, bias);
  for (uint32_t i = 0; i < tile->rows * tile->vectors; ++i) {
    acc[i] = emit_fadd(p->k->m, acc[i], bias[i % tile->vectors]);
  }
}

static void find_nothing(Product *p, const Node *node) {
  (void)p, (void)node;
}

const ProductWay product_of_floats = {
    find_nothing, product_float_sums, begin_floats, add_floats, add_bias,
};

/* The epilogue on the accumulators. It prefetches nothing: product_prefetch.c did during the loop.
 */
static void finish_in_registers(const Product *p, const Tile *tile, const LLVMValueRef *acc) {
  for (uint32_t v = 0; v < tile->vectors; ++v) {
    for (uint32_t r = 0; r < tile->rows; ++r) {
      LLVMValueRef value = acc[r * tile->vectors + v];
      value = add_row_bias(p, tile->row, r, value);
      pointwise_evaluate(p->k, p->stage, site_of(p, tile, tile->row, r, v), value);
    }
  }
}

/* The tile becomes its rows' sums. */
static void store_tile(const Product *p, const Tile *tile, const LLVMValueRef *acc) {
  ModuleContext *m = p->k->m;
  for (uint32_t r = 0; r < tile->rows; ++r) {
    for (uint32_t v = 0; v < tile->vectors; ++v) {
      emit_store(m, acc[r * tile->vectors + v], sum_address(p, tile->row, r, v),
                 m->target->vector_floats);
    }
  }
}

/* sums += tile, for one of several depth blocks. */
static void add_tile(const Product *p, const Tile *tile, const LLVMValueRef *acc) {
  ModuleContext *m = p->k->m;
  uint32_t width = m->target->vector_floats;
  for (uint32_t r = 0; r < tile->rows; ++r) {
    for (uint32_t v = 0; v < tile->vectors; ++v) {
      LLVMValueRef at = sum_address(p, tile->row, r, v);
      LLVMValueRef sum = emit_fadd(m, emit_load(m, at, width), acc[r * tile->vectors + v]);
      emit_store(m, sum, at, width);
    }
  }
}

void product_tile_begin_sums(const Product *p, const Tile *tile) {
  ModuleContext *m = p->k->m;
  LLVMValueRef bias[PLAN_TILE_VECTORS];
  load_bias(p, tile, bias);
  Loop rows;
  loop_begin(m, &rows, emit_i64(m, 0), p->k->row_count, 1);
  for (uint32_t v = 0; v < tile->vectors; ++v) {
    emit_store(m, bias[v], sum_address(p, rows.index, 0, v), m->target->vector_floats);
  }
  loop_end(m, &rows, NULL);
}

/* What is behind the product, from the stored sums of one vector of row `row`. */
static void finish_sum(const Product *p, const Tile *tile, LLVMValueRef row, uint32_t vector) {
  ModuleContext *m = p->k->m;
  LLVMValueRef at = sum_address(p, row, 0, vector);
  LLVMValueRef sum = emit_load(m, at, m->target->vector_floats);
  sum = add_row_bias(p, row, 0, sum);
  pointwise_emit(p->k, p->stage, site_of(p, tile, row, 0, vector), sum);
}

/* The same of the tile's vectors two by two, each two as one of twice the lanes, which addresses
 * them once: NEON's instructions hold no large offsets. */
static void finish_pairs(const Product *p, const Tile *tile, LLVMValueRef row) {
  ModuleContext *m = p->k->m;
  uint32_t lanes = m->target->vector_floats;
  TargetInfo target;
  ModuleContext wide = long_widen(m, 2, &target);
  Tile pairs = *tile;
  pairs.vectors = tile->vectors / 2;
  pairs.last_lanes = tile->vectors % 2 ? 2 * lanes : lanes + tile->last_lanes;
  p->k->m = &wide;
  for (uint32_t v = 0; v < pairs.vectors; ++v) finish_sum(p, &pairs, row, v);
  p->k->m = m;
}

/* What is behind the product, from the stored sums of `count` rows from row `row` on. */
static void finish_rows(const Product *p, const Tile *tile, LLVMValueRef row, uint32_t count) {
  ModuleContext *m = p->k->m;
  LLVMValueRef sums[PLAN_TILE_VECTORS + POINTWISE_SITES];
  Site sites[PLAN_TILE_VECTORS + POINTWISE_SITES];
  uint32_t all = 0;
  for (uint32_t r = 0; r < count; ++r) {
    for (uint32_t v = 0; v < tile->vectors; ++v, ++all) {
      LLVMValueRef sum = emit_load(m, sum_address(p, row, r, v), m->target->vector_floats);
      sums[all] = add_row_bias(p, row, r, sum);
      sites[all] = site_of(p, tile, row, r, v);
    }
  }
  pointwise_emit_all(p->k, p->stage, sites, sums, all);
}

/* All vectors of a row. */
static void finish_row(const Product *p, const Tile *tile, LLVMValueRef row) {
  if (!p->k->m->target->fma_overwrites) {
    finish_rows(p, tile, row, 1);
    return;
  }
  finish_pairs(p, tile, row);
  for (uint32_t v = tile->vectors / 2 * 2; v < tile->vectors; ++v) finish_sum(p, tile, row, v);
}

/* As many rows at once as long ops take vectors of, then those that are left. */
void product_tile_finish_sums(const Product *p, const Tile *tile) {
  ModuleContext *m = p->k->m;
  uint32_t each = m->target->long_vectors / tile->vectors;
  LLVMValueRef count = p->k->row_count, whole = emit_i64(m, 0);
  if (each > 1) {
    LLVMValueRef rest = LLVMBuildURem(m->builder, count, emit_i64(m, each), "");
    whole = LLVMBuildSub(m->builder, count, rest, "");
    Loop rows;
    loop_begin(m, &rows, emit_i64(m, 0), whole, each);
    finish_rows(p, tile, rows.index, each);
    loop_end(m, &rows, NULL);
  }
  Loop rows;
  loop_begin(m, &rows, whole, count, 1);
  finish_row(p, tile, rows.index);
  loop_end(m, &rows, NULL);
}

void product_tile_emit(const Product *p, const Tile *tile) {
  LLVMValueRef acc[LOOP_MAX_CARRIED] = {0};
  CHECK(p->way->sums(p, tile) <= LOOP_MAX_CARRIED);
  multiply(p, tile, acc);
  if (p->depth_blocks > 1 && !p->only_depth) {
    add_tile(p, tile, acc);
    return;
  }
  p->way->finish(p, tile, acc);
  if (p->sums) {
    store_tile(p, tile, acc);
  } else {
    finish_in_registers(p, tile, acc);
  }
}
