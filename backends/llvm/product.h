/* What the two halves of STAGE_PRODUCT share: product.c finds the operands and loops over panels
 * and tiles, product_tile.c emits one register tile. */
#ifndef ATMC_BACKENDS_LLVM_PRODUCT_H
#define ATMC_BACKENDS_LLVM_PRODUCT_H

#include "backends/llvm/kernel.h"

_Static_assert((int)PLAN_TILE_SUMS <= (int)LOOP_MAX_CARRIED,
               "a tile's sums are carried by its loop");

/* One k of a panel. */
enum { PANEL_BYTES = 4 * PLAN_PANEL, PANEL_LINES = PANEL_BYTES / CACHE_LINE };

/* Where A is. A row's K steps stand in runs: row r at k = 0 is at
 *   base + r / line * line_bytes + r % line * row_bytes
 * and step k of it is behind that by
 *   k / run / inner * outer_bytes + k / run % inner * inner_bytes + k % run * step_bytes
 * Tiles of rows do not cross lines, and blocks begin with one. */
typedef struct RowSource {
  LLVMValueRef base;
  uint64_t row_bytes, step_bytes;
  uint32_t line; /* 0: all rows are one line, and all steps one run */
  uint64_t line_bytes;
  uint32_t run, inner;
  uint64_t inner_bytes, outer_bytes;
} RowSource;

typedef struct Product {
  KernelEmitter *k;
  const Stage *stage;
  ProductPlan plan; /* the stage's */
  RowSource a;
  const View *bias;     /* NULL: none */
  const View *row_bias; /* of mix_rows: one for each row; NULL: none */
  LLVMValueRef weights; /* B */
  bool aligned;         /* B, to vectors */
  uint64_t step_bytes;  /* of B: from one k to the next, */
  uint64_t panel_bytes; /* and from one panel to the next */
  uint32_t depth;       /* K */
  uint32_t channels;    /* N */
  uint32_t depth_blocks;
  LLVMValueRef sums;    /* stored: [rows of the block][columns]; NULL: in registers */
  PanelRange share;     /* of N: what this task computes */
  LLVMValueRef follows; /* B of the next product, or NULL */
  uint32_t ahead_lines; /* to prefetch in each turn of the loop over k */
  bool streamed_rows;   /* A passes by: the next block's is prefetched, a line in each turn */
} Product;

/* A register tile: `rows` rows from `row` on, `vectors` vectors of columns from `column` on. */
typedef struct Tile {
  LLVMValueRef row, column; /* i64 */
  LLVMValueRef panel;       /* B at k = 0 and `column` */
  LLVMValueRef depth;       /* i64: k at which the depth block begins */
  uint32_t rows, vectors;
  uint32_t last_lanes;     /* of the last vector */
  LLVMValueRef rows_ahead; /* A's lines to prefetch from k = 0 on: streamed_rows */
  LLVMValueRef ahead;      /* what to prefetch at the depth block's first k, */
  LLVMValueRef ahead_step; /* and how many bytes later with each k */
} Tile;

/* -- product_source.c -------------------------------------------------------------------------- */
RowSource product_source_rows(const View *view);
/* The windows of `patches`, in their strip. */
RowSource product_source_strip(KernelEmitter *k, const Node *patches);
/* Row `row` of the block, at k = 0. */
LLVMValueRef product_source_row(ModuleContext *m, const RowSource *a, LLVMValueRef row);
/* What is to be added to that so that, within run `run`, step k is k * step_bytes behind it. */
LLVMValueRef product_source_run(ModuleContext *m, const RowSource *a, LLVMValueRef run);

/* -- product_tile.c ---------------------------------------------------------------------------- */
/* Computes one tile: with everything behind the product, or only its sums, if they are stored. Then
 * they are finished for all rows in `tile`'s columns together, and begun if there are several depth
 * blocks, of which `tile` is in one. */
void product_tile_emit(const Product *p, const Tile *tile);
/* Sets the stored sums in `tile`'s columns to 0, for all rows. */
void product_tile_begin_sums(const Product *p, const Tile *tile);
/* Computes what is behind the product from the stored sums in `tile`'s columns, for all rows. */
void product_tile_finish_sums(const Product *p, const Tile *tile);

#endif
