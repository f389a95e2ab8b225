/* Results for a caller who wants nchw: the value lives in rows, and when its stage is over, the
 * rows of the block are written to the planes, whole vectors along H * W at a time.
 *
 *   for vector of channels:
 *     for `tile` rows: load a vector of each, transpose in registers, store one to each plane
 *
 * A tile has as many rows as a vector has lanes, or all of them where a block has fewer. The last
 * tile moves back to end with the block: it writes some of its neighbour's elements again, and
 * nothing that is not the block's.
 */
#include "backends/llvm/kernel.h"

typedef struct Planes {
  const View *rows;
  const View *planes;
  uint32_t tile;
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

/* `tile` rows from the site's on, of the site's channels. Lines that are no rows are zeros, and
 * their lanes are not stored. */
static void store_tile(KernelEmitter *k, Site site, const Planes *p) {
  ModuleContext *m = k->m;
  uint32_t width = m->target->vector_floats;
  LLVMValueRef lines[MAX_LANES] = {0};
  for (uint32_t i = 0; i < width; ++i) {
    site.row_plus = i;
    lines[i] = i < p->tile ? view_load(k, p->rows, site) : LLVMConstNull(m->vector);
  }
  transpose(m, lines, width);
  site.row_plus = 0;
  for (uint32_t i = 0; i < site.lanes; ++i) {
    site.column_plus = i;
    emit_store(m, lines[i], view_address(k, p->planes, site), p->tile);
  }
}

/* A SiteEmitter: all rows of the block, for one vector of channels. */
static void store_channels(KernelEmitter *k, Site site, void *context) {
  const Planes *p = context;
  ModuleContext *m = k->m;
  Loop tiles;
  loop_begin(m, &tiles, emit_i64(m, 0), k->row_count, p->tile);
  LLVMValueRef last = emit_add(m, k->row_count, emit_i64(m, -(int64_t)p->tile));
  site.row = emit_least(m, tiles.index, last);
  store_tile(k, site, p);
  loop_end(m, &tiles, NULL);
}

/* Writes `value` to every result in nchw that is this value. */
static void store_value(KernelEmitter *k, ValueId value) {
  uint32_t width = k->m->target->vector_floats, least = k->row_counts[0];
  for (uint32_t r = 0; r < k->body->output_count; ++r) {
    if (!k->kernel->results[r].nchw || !value_equal(k->body->outputs[r].value, value)) continue;
    Planes planes = {.rows = &k->views[value.index],
                     .planes = &k->result_views[r],
                     .tile = least < width ? least : width};
    columns_of_task(k, emit_i64(k->m, 0), value_channels(k, value), store_channels, &planes);
  }
}

void planes_store(KernelEmitter *k, const Stage *stage) {
  for (uint32_t i = 0; i < stage->node_count; ++i) {
    store_value(k, node_result(graph_node(k->body, stage->nodes[i]), 0));
  }
}
