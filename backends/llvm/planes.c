/* Results for a caller who wants nchw: the value lives in rows, and when its stage is over, the
 * rows of the block are written to the planes, whole vectors along H * W at a time.
 *
 *   for vector of channels:
 *     for `tile` rows: load a vector of each, transpose in registers, store one to each plane
 *
 * A tile has as many rows as a vector has lanes, or all of them where a block has fewer. The last
 * tile moves back to end with the block: it writes some of its neighbour's elements again, and
 * nothing that is not the block's.
 *
 * What goes past the caches (REACH_PAST) does so by whole cache lines. Where they begin depends on
 * the caller's address, and is the same in all planes. There the tiles begin before the first line,
 * at row 0 at least, so that the others fall into lines; those that do not are stored as any.
 */
#include "backends/llvm/kernel.h"

typedef struct Planes {
  const View *rows;
  const View *planes;
  uint32_t tile;
  bool past;
  LLVMValueRef line, lines; /* i64, of `past`: the first row of whole lines; rows in all of them */
} Planes;

/* Lanes [begin, begin + count / 2) of `a` and `b` in turns. */
static LLVMValueRef interleave(ModuleContext *m, LLVMValueRef a, LLVMValueRef b, uint32_t begin,
                               uint32_t count) {
  LLVMValueRef index[MAX_LANES];
  for (uint32_t i = 0; i < count; ++i) {
    index[i] = emit_i32(m, (int32_t)(begin + i / 2 + (i % 2 ? count : 0)));
  }
  return LLVMBuildShuffleVector(m->builder, a, b, LLVMConstVector(index, count), "");
}

/* log2(count) rounds, in each of which line i and line i + count / 2 become lines 2i and 2i + 1. */
static void transpose(ModuleContext *m, LLVMValueRef *lines, uint32_t count) {
  for (uint32_t round = 1; round < count; round *= 2) {
    LLVMValueRef next[MAX_LANES];
    for (uint32_t i = 0; i < count; ++i) {
      uint32_t pair = i / 2, begin = i % 2 ? count / 2 : 0;
      next[i] = interleave(m, lines[pair], lines[pair + count / 2], begin, count);
    }
    for (uint32_t i = 0; i < count; ++i) lines[i] = next[i];
  }
}

/* Stores to the planes of the site's channels what `tile` of their rows are. */
static void store_lines(KernelEmitter *k, Site site, const Planes *p, LLVMValueRef *tile,
                        bool past) {
  for (uint32_t i = 0; i < site.lanes; ++i) {
    site.column_plus = i;
    LLVMValueRef address = view_address(k, p->planes, site);
    if (past) {
      emit_store_past(k->m, tile[i], address);
    } else {
      emit_store(k->m, tile[i], address, p->tile);
    }
  }
}

/* `tile` rows from the site's on, of the site's channels. Lines that are no rows are zeros, and
 * their lanes are not stored. `in_lines` (i1, of `past`): these rows fill lines, or parts of one.
 */
static void store_tile(KernelEmitter *k, Site site, const Planes *p, LLVMValueRef in_lines) {
  ModuleContext *m = k->m;
  uint32_t width = m->target->vector_floats;
  LLVMValueRef lines[MAX_LANES] = {0};
  for (uint32_t i = 0; i < width; ++i) {
    site.row_plus = i;
    lines[i] = i < p->tile ? view_load(k, p->rows, site) : LLVMConstNull(m->vector);
  }
  transpose(m, lines, width);
  site.row_plus = 0;
  if (!p->past) {
    store_lines(k, site, p, lines, false);
    return;
  }
  Branch branch;
  branch_begin(m, &branch, in_lines);
  store_lines(k, site, p, lines, true);
  branch_else(m, &branch);
  store_lines(k, site, p, lines, false);
  branch_end(m, &branch);
}

/* A SiteEmitter: all rows of the block, for one vector of channels. */
static void store_channels(KernelEmitter *k, Site site, void *context) {
  const Planes *p = context;
  ModuleContext *m = k->m;
  Loop tiles;
  loop_begin(m, &tiles, emit_i64(m, 0), k->row_count, p->tile);
  LLVMValueRef last = emit_add(m, k->row_count, emit_i64(m, -(int64_t)p->tile));
  site.row = emit_least(m, tiles.index, last);
  store_tile(k, site, p, NULL);
  loop_end(m, &tiles, NULL);
}

/* The same, tiles from one that ends where whole lines begin, or with the first of these. */
static void store_channels_past(KernelEmitter *k, Site site, void *context) {
  const Planes *p = context;
  ModuleContext *m = k->m;
  LLVMValueRef zero = emit_i64(m, 0);
  LLVMValueRef into = LLVMBuildURem(m->builder, p->line, emit_i64(m, p->tile), "");
  LLVMValueRef is_whole = LLVMBuildIsNull(m->builder, into, "");
  LLVMValueRef before = emit_add(m, into, emit_i64(m, -(int64_t)p->tile));
  Loop tiles;
  loop_begin(m, &tiles, LLVMBuildSelect(m->builder, is_whole, zero, before, ""), k->row_count,
             p->tile);
  LLVMValueRef last = emit_add(m, k->row_count, emit_i64(m, -(int64_t)p->tile));
  LLVMValueRef row = emit_least(m, tiles.index, last);
  site.row = emit_intrinsic(m, "llvm.smax", (LLVMValueRef[]){row, zero}, 2);
  LLVMValueRef behind = LLVMBuildSub(m->builder, tiles.index, p->line, "");
  store_tile(k, site, p, LLVMBuildICmp(m->builder, LLVMIntULT, behind, p->lines, ""));
  loop_end(m, &tiles, NULL);
}

/* Finds the lines of a block of `past`. */
static void find_lines(KernelEmitter *k, Planes *p) {
  ModuleContext *m = k->m;
  LLVMValueRef at = LLVMBuildPtrToInt(m->builder, p->planes->base, m->i64, "");
  LLVMValueRef bytes =
      LLVMBuildAnd(m->builder, LLVMBuildNeg(m->builder, at, ""), emit_i64(m, CACHE_LINE - 1), "");
  LLVMValueRef rows = LLVMBuildUDiv(m->builder, bytes, emit_i64(m, sizeof(float)), "");
  p->line = emit_least(m, rows, k->row_count);
  LLVMValueRef rest = LLVMBuildSub(m->builder, k->row_count, p->line, "");
  p->lines = LLVMBuildAnd(m->builder, rest, emit_i64(m, -PLAN_PLANE_LINE), "");
}

/* Writes `value` to result `r`, in nchw. */
static void store_result(KernelEmitter *k, ValueId value, uint32_t r) {
  ModuleContext *m = k->m;
  uint32_t width = m->target->vector_floats, least = k->row_counts[0];
  Planes planes = {.rows = &k->views[value.index],
                   .planes = &k->result_views[r],
                   .tile = least < width ? least : width};
  planes.past = k->kernel->results[r].reach == REACH_PAST && planes.tile == width;
  if (planes.past) find_lines(k, &planes);
  columns_of_task(k, emit_i64(m, 0), value_channels(k, value),
                  planes.past ? store_channels_past : store_channels, &planes);
  if (planes.past) emit_past_fence(m);
}

/* Writes `value` to every result in nchw that is this value. */
static void store_value(KernelEmitter *k, ValueId value) {
  for (uint32_t r = 0; r < k->body->output_count; ++r) {
    if (!k->kernel->results[r].nchw || !value_equal(k->body->outputs[r].value, value)) continue;
    store_result(k, value, r);
  }
}

void planes_store(KernelEmitter *k, const Stage *stage) {
  for (uint32_t i = 0; i < stage->node_count; ++i) {
    store_value(k, node_result(graph_node(k->body, stage->nodes[i]), 0));
  }
}
