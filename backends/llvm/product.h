/* STAGE_PRODUCT in some files: product.c finds the operands and loops over panels and tiles,
 * product_tile.c emits one register tile (of floats; product_quantized.c and product_scaled.c what
 * is different where weights are whole numbers), product_source.c says where its rows are, and
 * product_prefetch.c asks for what comes next. */
#ifndef ATMC_BACKENDS_LLVM_PRODUCT_H
#define ATMC_BACKENDS_LLVM_PRODUCT_H

#include "backends/llvm/kernel.h"

_Static_assert((int)PLAN_TILE_SUMS <= (int)LOOP_MAX_CARRIED,
               "a tile's sums are carried by its loop");

/* Bytes of a column of B at one step of K: an element, or four or eight of s8. */
static inline uint32_t product_column_bytes(Type b) {
  return b.dtype == DTYPE_S8 ? (uint32_t)b.dims[b.rank - 1] : dtype_bytes(b.dtype);
}
/* Bytes of one step of a panel. */
static inline uint32_t product_panel_bytes(Type b) {
  return PLAN_PANEL * product_column_bytes(b);
}

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

/* The rows that are multiplied: `count` of them, which is one of the numbers in counts[kinds]; in
 * ascending order. */
typedef struct ProductRows {
  LLVMValueRef count; /* i64 */
  uint32_t kinds, counts[PLAN_ROW_COUNTS];
} ProductRows;

typedef struct ProductWay ProductWay;

typedef struct Product {
  KernelEmitter *k;
  const Stage *stage;
  ProductPlan plan; /* the stage's */
  RowSource a;
  RowSource stored_a; /* the same, before rows are paired */
  ProductRows rows;
  const View *bias;     /* NULL: none */
  const View *row_bias; /* of mix_rows: one for each row; NULL: none */
  const ProductWay *way;
  /* Of weights that are whole numbers: their columns' scale; and of rows that are, too. */
  const View *column_scale, *row_scale, *first;
  LLVMValueRef weights; /* B */
  Type type;            /* its own, in memory */
  bool aligned;         /* B, to vectors */
  uint64_t step_bytes;  /* of B: from one k to the next, */
  uint64_t panel_bytes; /* and from one panel to the next */
  uint32_t depth;       /* K */
  uint32_t channels;    /* N */
  uint32_t depth_blocks;
  LLVMValueRef sums;    /* stored: [rows of the block][columns]; NULL: in registers */
  LLVMValueRef widened; /* B, converted; NULL: it is not */
  LLVMValueRef paired;  /* A, of a register's rows each; NULL: it is not */
  /* Of a winograd (i64): the only depth block that is multiplied begins at this k. What it comes to
   * is stored, and nothing follows: for each turn of a tile's columns within the panel, sums of
   * `sum_rows` rows. NULL: all depth blocks are. */
  LLVMValueRef only_depth;
  uint64_t sum_rows;
  PanelRange panels;    /* of N: what this task computes */
  LLVMValueRef follows; /* B of the next product, or NULL */
  uint32_t next_lines;  /* of B to prefetch in each turn of the loop over k */
  bool streamed_rows;   /* A passes by: the next block's is prefetched, a line in each turn */
} Product;

/* How the B of a tile stands in memory. */
typedef struct PanelSource {
  DType dtype;           /* of its elements */
  uint32_t column_bytes; /* from one column to the next */
  uint64_t step_bytes;   /* from one k to the next */
} PanelSource;

/* A register tile: `rows` rows from `row` on, `vectors` vectors of columns from `column` on. */
typedef struct Tile {
  LLVMValueRef row, column; /* i64 */
  LLVMValueRef panel;       /* B at k = 0 and `column` */
  PanelSource b;
  /* Of a widened B, what it is converted from, and whether the code at hand does so. */
  LLVMValueRef stored;
  PanelSource stored_b;
  bool converts;
  LLVMValueRef depth; /* i64: k at which the depth block begins */
  uint32_t rows, vectors;
  uint32_t last_lanes; /* of the last vector */
  /* What to prefetch: A's lines from k = 0 on, with streamed_rows; of B, at the depth block's first
   * k, and so many bytes later with each. */
  LLVMValueRef next_rows, next, next_step;
} Tile;

/* -- product_source.c -------------------------------------------------------------------------- */
/* Rows in memory, as `view` has them. */
RowSource product_source_rows(const View *view);
/* The windows of `patches`, in their strip. */
RowSource product_source_strip(KernelEmitter *k, const Node *patches);
/* Row `row` of the block, at k = 0. */
LLVMValueRef product_source_row(ModuleContext *m, const RowSource *a, LLVMValueRef row);
/* What is to be added to that so that, within run `run`, step k is k * step_bytes behind it. */
LLVMValueRef product_source_run(ModuleContext *m, const RowSource *a, LLVMValueRef run);

/* -- product.c --------------------------------------------------------------------------------- */
/* How many tiles the least number of rows is cut into. */
uint32_t product_tiles(const Product *p);
/* B from panel `panel` (i64) on. */
LLVMValueRef product_panel(const Product *p, LLVMValueRef panel);
/* All columns of panel `panel` (i64). */
void product_panel_emit(const Product *p, LLVMValueRef panel);
/* The columns that are finished before the next ones are begun: one panel or several. */
uint32_t product_turn_columns(const Product *p);

/* -- what products of floats and of whole numbers do apart ------------------------------------ */
struct ProductWay {
  /* Finds what the product has more than others. */
  void (*find)(Product *p, const Node *node);
  /* How many vectors of sums a tile has, */
  uint32_t (*sums)(const Product *p, const Tile *tile);
  /* what they begin as, */
  void (*begin)(const Product *p, const Tile *tile, LLVMValueRef *acc);
  /* what steps of K add, from step `step` behind `a`, the tile's first row, and `b` on: as many of
   * `left` as it likes, and it says how many, */
  uint32_t (*add)(const Product *p, const Tile *tile, const LLVMValueRef ab[2], uint32_t step,
                  uint32_t left, LLVMValueRef *acc);
  /* and how they become the vectors of the result, once all of K is in them. */
  void (*finish)(const Product *p, const Tile *tile, LLVMValueRef *acc);
};
extern const ProductWay product_of_floats;    /* product_tile.c */
extern const ProductWay product_of_quantized; /* product_quantized.c */
extern const ProductWay product_of_scaled;    /* product_scaled.c */

/* Sums of floats: one vector for each row and vector of columns; */
uint32_t product_float_sums(const Product *p, const Tile *tile);
/* they begin as zeros. */
void product_float_begin(const Product *p, const Tile *tile, LLVMValueRef *acc);

/* Columns of `tile`, from vector `vector` on. */
Site product_columns(const Product *p, const Tile *tile, uint32_t vector);
/* Where a vector of columns is in B, bytes behind step 0; what `step` adds included. */
uint64_t product_column_offset(const Product *p, const Tile *tile, uint32_t step, uint32_t vector);

/* -- dot.c: the target's instructions for whole numbers --------------------------------------- */
/* The rows of a register, which stand together at `address`. */
LLVMValueRef dot_load_pair(ModuleContext *m, LLVMValueRef address);
/* One register of rows, or of columns, at some steps of K. */
enum { DOT_MOST_ROWS = 2, DOT_MOST_STEPS = 2, DOT_MOST_PARTS = 2 };
typedef struct Dot {
  uint32_t rows;  /* in a register of rows; what stands for a row that is not there is not used */
  uint32_t steps; /* of K, added at once, or one alone */
  /* A half of a step (plan_dot_halves) of `rows` rows, each at an address of its own, */
  LLVMValueRef (*row)(ModuleContext *m, const LLVMValueRef *addresses);
  /* and half `half` of a vector of columns, whose step is at `address`, in as many registers as one
   * row has sums (plan_dot_sums). */
  void (*columns)(ModuleContext *m, LLVMValueRef address, uint32_t half, LLVMValueRef *columns);
  /* The products of a step, whose sums are lane by lane, */
  LLVMValueRef (*multiply)(ModuleContext *m, LLVMValueRef row, LLVMValueRef columns);
  /* or, where that is NULL, those of `steps` steps added to the sums of a register of columns. */
  LLVMValueRef (*add)(ModuleContext *m, LLVMValueRef sums, const LLVMValueRef *row,
                      const LLVMValueRef *columns, uint32_t steps);
  /* Of the sums of a vector of columns those of row `row`, one for each column. */
  LLVMValueRef (*finish)(ModuleContext *m, const LLVMValueRef *sums, uint32_t row);
} Dot;
/* The way of a kind, */
const Dot *dot_of_kind(DotKind kind);
/* and the one that the target of a module has. */
const Dot *dot_of(ModuleContext *m);
/* Adds a register of rows at `steps` steps, times `count` registers of columns, to a sum each. */
void dot_add(ModuleContext *m, const LLVMValueRef *row, LLVMValueRef (*columns)[DOT_MOST_STEPS],
             uint32_t steps, uint32_t count, LLVMValueRef *sums);
/* Of a target that multiplies s16: half `half` of a vector of columns, whose step is at `from`,
 * which is also written to where its step is converted, at `to`; */
LLVMValueRef dot_widen(ModuleContext *m, LLVMValueRef from, LLVMValueRef to, uint32_t half);
/* and loaded from there. */
LLVMValueRef dot_load_widened(ModuleContext *m, LLVMValueRef address, uint32_t half);

/* -- product_widen.c --------------------------------------------------------------------------- */
/* `tile` reads what its depth block becomes converted, if the product is `widened`, */
void product_widen(const Product *p, Tile *tile);
/* once the turn of `steps` steps from step `k` on has converted them: floats before it multiplies;
 * s8 are converted half by half, from the step that is at `tile`'s `stored` then. */
void product_widen_turn(const Product *p, Tile *tile, LLVMValueRef k, uint32_t steps);

/* -- product_pair.c ---------------------------------------------------------------------------- */
/* Brings all rows of the block together, where the product is `paired`: A is there then. */
void product_pair(Product *p);

/* -- product_prefetch.c ------------------------------------------------------------------------ */
/* B of the first product behind `stage`, or NULL. In a kernel that is cut by columns: its first
 * panel of this task, or at the end the first product's first of the next task. */
LLVMValueRef product_prefetch_follows(KernelEmitter *k, const Stage *stage);
/* How many lines of B each turn asks for; 0 where tiles are wider than a panel. */
uint32_t product_prefetch_lines(const Product *p);
/* What to prefetch during the tiles of panel `panel`: the panels behind it, or the next product's
 * first. */
LLVMValueRef product_prefetch_panel(const Product *p, LLVMValueRef panel);
/* And during one depth block of it: the next one, or what is behind. */
LLVMValueRef product_prefetch_depth(const Product *p, const Tile *tile, LLVMValueRef panel);
/* Gives tile `index` of the depth block its part of what is at `next`. */
void product_prefetch_aim(const Product *p, Tile *tile, LLVMValueRef next, LLVMValueRef index);
/* Asks for all that belongs to the turn that begins with step `k`. */
void product_prefetch_turn(const Product *p, const Tile *tile, LLVMValueRef k);

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
