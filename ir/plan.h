/* The Plan: how a graph of kernels runs, the level below the graph. The backend emits from it and
 * decides nothing.
 *
 * A kernel is a *row kernel*. Its domain is a grid of `rows` rows (H * W tokens) for each image.
 * They are cut into `blocks` blocks (ir/rows.h). For one block of one image the kernel runs its
 * stages one after the other; a stage is one loop nest over the rows of the block and the channels
 * of its anchor op, followed in registers by pointwise ops:
 *
 *   STAGE_PRODUCT   linear, mix_rows: for each panel of columns, for each block of K, for each
 *                   row tile
 *   STAGE_READ      depthwise, grouped, pools, resize: for each row, for each vector of channels,
 *                   some rows of another map
 *   STAGE_ROWS      patches, deform_patches, axial_sample, axial_shift, reshape, transpose,
 *                   softmax, argmax, shuffle, concat: whole rows are written; no pointwise ops
 *                   follow
 *   STAGE_NORMALIZE statistics of each row, then its vectors
 *   STAGE_POINTWISE no anchor
 *   STAGE_REDUCE    sum_chunks over the block's rows (one chunk is one block), or mean_chunks; no
 *                   pointwise ops follow
 *   STAGE_WINOGRAD  winograd: for each run of quads, 2x2 rows: transformed rows of the map, their
 *                   products, transformed sums; all blocks begin at pairs of lines of the result
 *   STAGE_CALL      top_k, selective_scan: the only stage of its kernel, which has one block. It
 *                   gets whole maps of operands and results, and may do with them what it likes.
 *
 * A small map gives too few blocks for several threads, and each would read all weights. There the
 * products stand in kernels of their own, cut by columns: blocks is 1, and column block c computes
 * panels [c*P/column_blocks, (c+1)*P/column_blocks) of the P panels of each value. All stages of
 * such a kernel are products, whose A are operands of the kernel, and pointwise ones; a value of
 * the body is only read at the columns where it is written.
 *
 * Calls of an op with OP_STRIPS are cut by columns too: block c of them computes strips
 * [c*S/column_blocks, (c+1)*S/column_blocks) of the S strips of PLAN_STRIP channels, which fill a
 * cache line.
 *
 * A value of the body lives where its ValuePlace says. Rows in memory have a pitch (in elements)
 * that is a multiple of 64 bytes and at least C, so that whole vectors may be read and written (the
 * lanes from C to the pitch hold anything, finite or not; no stage lets them reach a real lane).
 * Every buffer is followed by at least PLAN_SLACK readable bytes. Scales of quantized rows may
 * stand side by side instead (plan_is_scales): whole vectors of them are never touched, and at 64
 * bytes for each they would be half of what a short row takes. The caller's inputs and outputs are
 * another exception: exact C, alignment of a float, layout nhwc or nchw. Of all ops only patches
 * and pointwise ones read a caller's input; only stages that pointwise ops may follow, argmax and
 * calls write a caller's output.
 *
 * A result may share its memory with an operand: then every stage that reads the operand is over in
 * a block when the first that writes the result begins, and no other block reads those rows. In a
 * stage of a product or winograd that writes the result, pointwise ops up to it may read the whole
 * operand too: they do so at a site, before the result is stored there.
 *
 * (task, worker): the tasks of a step are plan_tasks(kernel), task = (image * blocks + block) *
 * column_blocks + column block; results do not depend on who runs them. Scratch belongs to a
 * worker.
 */
#ifndef ATMC_IR_PLAN_H
#define ATMC_IR_PLAN_H

#include <stdbool.h>
#include <stdint.h>

#include "ir/graph.h"
#include "ir/rows.h"
#include "support/checked_math.h"

enum { PLAN_PITCH_BYTES = 64, PLAN_ALIGN = 64, PLAN_PANEL = 32, PLAN_STRIP = 16 };
/* Rows of a plane of f32 in a cache line. */
enum { PLAN_PLANE_LINE = 16 };
/* Readable bytes behind every buffer. */
enum { PLAN_SLACK = 128 };
/* Of a register tile: vectors in a row, and in all; those of a row that is alone. */
enum { PLAN_TILE_VECTORS = 16, PLAN_TILE_SUMS = 64, PLAN_ROW_VECTORS = 8 };
/* Depth blocks begin at multiples of it. */
enum { PLAN_DEPTH_ALIGN = 4, PLAN_SHORT_RUN = 8 };
/* Blocks have two sizes, and the last may have one of its own. */
enum { PLAN_ROW_COUNTS = 3 };
/* PlanKernel.prefetch_step has so many bits below the point. */
enum { PLAN_PREFETCH_FRACTION = 16 };

/* What the instructions add up that multiply quantized rows (backends/llvm/dot.c). */
typedef enum DotKind {
  DOT_PAIRS,      /* products of s16, two neighbours into one s32: pmaddwd */
  DOT_FOURS_U8,   /* of u8 and s8, four into one s32: vpdpbusd */
  DOT_FOURS_S8,   /* of s8: sdot */
  DOT_LONG_PAIRS, /* of s8 into s16, then two neighbours into one s32: smull, sadalp */
  DOT_EIGHTS_S8,  /* of s8, eight into one s32, for two rows and two columns at once: smmla */
  DOT_KIND_COUNT,
} DotKind;

/* What objects are: on Linux, on Apple's systems, on Windows, for engines of WebAssembly. */
typedef enum ObjectFormat {
  FORMAT_ELF,
  FORMAT_MACHO,
  FORMAT_COFF,
  FORMAT_WASM,
  FORMAT_COUNT
} ObjectFormat;

/* How each lane reads one of several floats, which are in registers. */
typedef enum LookUp {
  LOOK_UP_NONE,
  LOOK_UP_PERMUTED, /* vpermps: of eight, by the low bits of each lane */
  LOOK_UP_BYTES,    /* tbl: of eight in two registers, by the bytes of each lane */
  LOOK_UP_TWO,      /* vpermi2ps: of 32 in two registers, by the low bits of each lane */
} LookUp;

/* How products of floats take the next steps of a row, as many as a vector has lanes. */
typedef enum RowLanes {
  ROW_LANES_NONE,       /* one by one: each is loaded into all lanes */
  ROW_LANES_MULTIPLIED, /* loaded at once: an instruction multiplies by a lane */
  ROW_LANES_COPIED,     /* loaded at once: one copies a lane into all of another register */
} RowLanes;

/* What the choices depend on: one row of the target table. Data only. */
typedef struct TargetInfo {
  const char *name;   /* "x86-64-v4", "x86-64-v3", "x86-64-v2", "armv8-a" */
  const char *triple; /* LLVM target triple */
  ObjectFormat format;
  bool is_narrow;         /* pointers and size_t have 4 bytes, not 8 */
  const char *cpu;        /* LLVM cpu name */
  const char *tune;       /* LLVM cpu name that code is tuned for: "tune-cpu" */
  const char *features;   /* LLVM feature string */
  uint32_t vector_floats; /* lanes of a vector register */
  uint32_t vector_registers;
  bool has_fma;
  bool has_half; /* loads f16 as f32 in one instruction, or two */
  RowLanes row_lanes;
  bool fma_overwrites;      /* what is added: constants are loaded where they are used */
  uint32_t long_vectors;    /* 2 or 4, of which a long op's instructions take turns; 0: one alone */
  bool number_min;          /* one instruction is llvm.minnum, and one llvm.minimum */
  bool writes_past;         /* stores a vector past the caches, and has a fence for it */
  LookUp look_up;           /* GELU's (gelu_pieces.c, gelu_table.c) */
  uint32_t tile_rows;       /* largest register tile of a product, rows x columns; the columns */
  uint32_t tile_columns;    /* divide PLAN_PANEL */
  uint32_t normalized_rows; /* at once, where there are registers for several; 0: one */
  uint32_t row_vectors;     /* of columns, in a tile of a single row; 0: PLAN_ROW_VECTORS */
  DotKind dot;              /* of quantized products */
  uint32_t dot_rows;        /* their register tile */
  uint32_t dot_columns;
  uint64_t isa_bits; /* ATM_ISA_* that the code needs (runtime/atm_runtime.h) */
} TargetInfo;

/* Of a pointer in the target's memory. */
static inline uint32_t target_pointer_bytes(const TargetInfo *target) {
  return target->is_narrow ? 4 : 8;
}

/* How many vectors a long op takes at once. */
static inline uint32_t target_long_vectors(const TargetInfo *target) {
  return target->long_vectors ? target->long_vectors : 1;
}

/* How many vectors of columns a tile of a single row of floats has. */
static inline uint32_t target_row_vectors(const TargetInfo *target) {
  return target->row_vectors ? target->row_vectors : PLAN_ROW_VECTORS;
}

/* Where a value of a kernel's body is while a block runs. */
typedef enum PlaceKind {
  PLACE_REGISTER, /* inside its stage only */
  PLACE_SCRATCH,  /* the worker's scratch: row r of the block at offset, plus r * pitch elements */
  PLACE_OPERAND,  /* operand `index` of the kernel: rows, a whole map, a vector or weights */
  /* Of patches whose rows nobody needs whole: the worker's scratch at offset holds the lines of the
   * map that the block's windows touch, from pad_top above the map on, `pitch` floats apart and
   * with zeros outside of the map; channels are dense. Of a map in nchw such lines of each channel,
   * with room for those of the largest block. */
  PLACE_STRIP,
  PLACE_RESULT, /* result `index`: rows of the kernel's output buffer */
} PlaceKind;

typedef struct ValuePlace {
  PlaceKind kind;
  uint32_t index;  /* OPERAND, RESULT */
  uint64_t offset; /* SCRATCH, STRIP: bytes, a multiple of PLAN_ALIGN */
  uint32_t pitch;  /* elements between rows; 0 for PLACE_REGISTER, and for constants and weights */
  /* Elements from the row's start: a slice is a view, it has a place but no stage. */
  uint32_t column;
} ValuePlace;

/* As what quantized products take their rows. */
DType plan_dot_dtype(DotKind dot);
/* How many k of a column stand together in their weights: a step of K. */
uint32_t plan_dot_group(DotKind dot);
/* In how many parts a step is added, one after the other. */
uint32_t plan_dot_halves(DotKind dot);
/* Vectors of sums of `rows` rows for one vector of columns. */
uint32_t plan_dot_sums(DotKind dot, uint32_t rows);
/* Whether `v` of a kernel's body is scales of quantized rows, written by quantize_rows or an
 * operand, and nothing but quantized products reads it, as such: then its pitch may be 1. */
bool plan_is_scales(const Graph *body, ValueId v);
/* Operand `index` of a kernel, in its body. */
ValueId plan_operand(const Graph *body, uint32_t index);
/* Whether a product `op` by B that is stored as `b` has anything to convert: short floats to f32;
 * s8 to s16, where `dot` multiplies those. */
bool plan_may_widen(OpKind op, DType b, DotKind dot);
/* Whether a register of `dot` has the rows of a product `op` by twos, and tiles of so many rows
 * begin at such. */
bool plan_may_pair(OpKind op, DotKind dot, uint32_t tile_rows);
/* Steps of K of a product: K, or groups of it where its weights are whole numbers. */
uint32_t plan_product_depth(const Graph *body, const Node *node);

/* How a product [rows, K] x [K, columns] is computed. */
typedef struct ProductPlan {
  /* Register tile. The columns divide PLAN_PANEL, or are whole panels. A block of R rows is cut
   * into T = ceil(R / rows) tiles. `full`: all of them but the last have `rows` rows. Else they are
   * about equal: the first R % T have R / T + 1, the others R / T. */
  uint32_t tile_rows, tile_columns;
  bool full;
  /* Steps of K (plan_product_depth), summed before the next: a multiple of PLAN_DEPTH_ALIGN. */
  uint32_t depth_block;
  /* Steps of K in a turn of the innermost loop. Of an operand with PLACE_STRIP whose runs are no
   * longer than PLAN_SHORT_RUN, and whose K is one block: a run. */
  uint32_t unroll;
  /* The sums of a turn's columns, for all rows of the block, stand in memory before what is behind
   * the product is computed: always, where there are several depth blocks. */
  bool sums;
  /* B is converted once for all tiles of a block, where it is not stored as what is multiplied
   * (plan_may_widen): each depth block of a tile's columns. Else each tile converts what it loads.
   */
  bool widened;
  /* Rows are brought together first, by as many as a register has of them (plan_may_pair): all of
   * the block's. Tiles are full and begin at such pairs. Else each tile does so with what it loads.
   */
  bool paired;
} ProductPlan;

/* One loop nest. Its nodes are consecutive in execution order: the anchor first, if it has one. */
typedef struct Stage {
  StageKind kind;
  uint32_t node_count;
  const NodeId *nodes; /* of the body */
  ProductPlan product; /* STAGE_PRODUCT, and the 16 of STAGE_WINOGRAD; zero otherwise */
  /* STAGE_WINOGRAD; 0 otherwise. A line of quads is two lines of the result. 1: all quads of a
   * block are one run. Else each line of quads is cut into so many runs. */
  uint32_t parts;
  /* Where in the worker's scratch its room is, what it keeps there for itself (ir/plan_room.h):
   * bytes, a multiple of PLAN_ALIGN; 0 where it keeps nothing. */
  uint64_t room;
} Stage;

/* The memory behind an operand or a result, as the kernel's code sees it. */
typedef enum PortKind {
  PORT_ROWS,    /* [N][rows][pitch] in the arena */
  PORT_CALLER,  /* a caller's tensor: exact C; `nchw` says which layout */
  PORT_WEIGHTS, /* a constant: contiguous, padded with zeros to a multiple of 128 bytes */
} PortKind;

/* How far away a map is when a block of rows needs it, and what is asked for early. */
typedef enum PortReach {
  REACH_NEAR,    /* in a near cache, or a constant: nothing is asked for */
  REACH_FAR,     /* too large for it: a stage that reads windows asks for those of the next block */
  REACH_STREAMS, /* so, and it passes by in rows: PORT_ROWS, the kernel's rows. The next block's are
                  * asked for during a block */
  REACH_PAST,    /* a result in nchw that no cache keeps, where the target can (writes_past): whole
                  * cache lines of its planes, which are such lines apart, are written past them */
} PortReach;

typedef struct Port {
  PortKind kind;
  bool nchw;
  PortReach reach;
  uint32_t pitch; /* PORT_ROWS; 0 otherwise */
  Type type;      /* of one round: maps [N,H,W,C], vectors [N,C], constants as they are */
} Port;

typedef struct PlanKernel {
  const char *name; /* unique in the plan, a C identifier */
  /* Its inputs are the operands, its outputs the results (a value may be twice). */
  const Graph *body;
  uint32_t images, rows, blocks, column_blocks; /* one of the last two is 1 */
  /* Blocks are made of lines of so many rows, of which the last may be shorter; 1: of any rows.
   * Where a value has PLACE_STRIP, all blocks begin at lines of its map. */
  uint32_t line;
  uint32_t operand_count, result_count;
  const Port *operands;
  const Port *results;
  /* [body->value_count]; a value that is a result and not read in scratch has PLACE_RESULT of its
   * first result; others are extra stores. A result in nchw is one always: when the stage of its
   * value is over, it is written from where that lives. */
  const ValuePlace *places;
  uint32_t stage_count;
  const Stage *stages;
  uint64_t scratch_bytes; /* per worker */
  /* Bytes of later steps' weights to prefetch during the products: each task its part. 0: none.
   * And how many of them with each step of K of each tile, with PLAN_PREFETCH_FRACTION bits below
   * the point. */
  uint64_t prefetch_bytes, prefetch_step;
} PlanKernel;

typedef enum Space { SPACE_INPUT, SPACE_OUTPUT, SPACE_ARENA, SPACE_WEIGHTS } Space;

typedef struct BufferRef {
  Space space;
  uint32_t index;  /* INPUT, OUTPUT: of the model; WEIGHTS: of plan->weights */
  uint64_t offset; /* ARENA: bytes from the workspace's base, a multiple of PLAN_ALIGN */
} BufferRef;

/* One call of a kernel. */
typedef struct Step {
  uint32_t kernel;
  const BufferRef *operands; /* [kernel->operand_count] */
  const BufferRef *results;  /* [kernel->result_count] */
  uint64_t scratch;          /* of worker 0, as BufferRef.offset: a gap of the arena */
  uint32_t prefetch; /* the first of plan->weights to prefetch, if the kernel has prefetch_bytes */
  const char *label; /* layers it comes from, for profiles; "": none */
  uint64_t macs;     /* nominal multiply-adds */
} Step;

typedef struct PlanTensor { /* an input or output of the model */
  const char *name;
  Type type; /* logical: [N,H,W,C] or [N,C], all rounds together */
  bool nchw;
} PlanTensor;

/* Whether the host may say how the rows of `tensor` lie in memory (atm_strides): of an input, a map
 * of bytes. */
static inline bool plan_takes_strides(const PlanTensor *tensor) {
  return tensor->type.dtype == DTYPE_U8 && tensor->type.rank == 4;
}

/* A call runs the steps `rounds` times, each time on the next N / rounds of its N images: maps of
 * many images at once would leave the cache between two steps. Types of kernels are of one round;
 * inputs and outputs move on by what a round takes of them. */
typedef struct Plan {
  const char *model;
  const TargetInfo *target;
  uint32_t rounds; /* at least 1 */
  uint32_t input_count, output_count, kernel_count, step_count, weight_count;
  const PlanTensor *inputs;
  const PlanTensor *outputs;
  const PlanKernel *kernels;
  const Step *steps;
  const Recipe *const *weights; /* distinct constants, in the order of first use */
  uint64_t workspace_base;      /* arena bytes, with worker 0's scratch of each step */
  uint64_t live_peak;           /* largest sum of maps live between steps: the lower bound */
  uint64_t scratch_bytes;       /* of each further worker: a multiple of PLAN_ALIGN */
} Plan;

/* Bytes of workspace for `threads` (at least 1) workers. */
static inline uint64_t plan_workspace(const Plan *plan, uint32_t threads) {
  return plan->workspace_base + (threads - 1) * plan->scratch_bytes;
}

/* The lines that blocks are made of. */
static inline uint32_t plan_lines(const PlanKernel *kernel) {
  return kernel->rows / kernel->line + (kernel->rows % kernel->line > 0);
}

/* The first row of block `block`; `rows` for block `blocks`, behind the last. */
static inline uint32_t plan_block_begin(const PlanKernel *kernel, uint32_t block) {
  uint64_t begin = rows_begin(plan_lines(kernel), kernel->blocks, block) * kernel->line;
  return begin < kernel->rows ? (uint32_t)begin : kernel->rows;
}

/* The strip of patches (PLACE_STRIP). Lines of the map that windows over `lines` lines of the
 * result touch. Of such a line, floats: those of all channels, or of one where the patches'
 * channels come first. And steps of K of a product of the patches that are equally far apart in it:
 * side by side, but for taps of one channel with gaps between them. */
static inline uint64_t plan_strip_lines(const AttrsPATCHES *patches, uint64_t lines) {
  const Window *w = &patches->window;
  return (lines - 1) * (uint64_t)w->stride_h + (uint64_t)window_extent(window_rows(w));
}
static inline uint64_t plan_strip_floats(const AttrsPATCHES *patches, Type map, Type result) {
  const Window *w = &patches->window;
  uint64_t width = (uint64_t)(result.dims[2] - 1) * (uint64_t)w->stride_w +
                   (uint64_t)window_extent(window_columns(w));
  return width * (patches->channels_first ? 1 : (uint64_t)map.dims[3]);
}
static inline uint32_t plan_strip_run(const AttrsPATCHES *patches, Type map) {
  const Window *w = &patches->window;
  if (patches->channels_first) return (uint32_t)w->kernel_w;
  return (uint32_t)map.dims[3] * (w->dilation_w == 1 ? (uint32_t)w->kernel_w : 1);
}

/* No block has more rows. */
static inline uint64_t plan_most_rows(const PlanKernel *kernel) {
  uint64_t most = rows_most(plan_lines(kernel), kernel->blocks) * kernel->line;
  return most < kernel->rows ? most : kernel->rows;
}

/* Whether it takes bytes of the worker's scratch. */
static inline bool plan_in_scratch(const ValuePlace *place) {
  return place->kind == PLACE_SCRATCH || place->kind == PLACE_STRIP;
}
/* Bytes that `value`, which is in scratch, takes of a block of `rows` rows, of whole lines where it
 * has PLACE_STRIP; UINT64_MAX where they are too many to count. */
uint64_t plan_scratch_bytes(const PlanKernel *kernel, ValueId value, uint64_t rows);

/* How many tasks a step that calls it has. */
static inline uint32_t plan_tasks(const PlanKernel *kernel) {
  return kernel->images * kernel->blocks * kernel->column_blocks;
}

/* Elements of which a pitch of rows of `type` is a multiple. */
static inline uint32_t plan_pitch_unit(Type type) {
  return PLAN_PITCH_BYTES / dtype_bytes(type.dtype);
}

/* Rows of one image of a value: H * W of a map, else 1. */
static inline uint64_t plan_rows(Type type) {
  return type.rank == 4 ? (uint64_t)(type.dims[1] * type.dims[2]) : 1;
}
/* The same of what is behind an operand. */
static inline bool plan_has_strides(const Port *port) {
  return port->kind == PORT_CALLER && port->type.dtype == DTYPE_U8 && port->type.rank == 4;
}
/* Whether `result` is in nchw, of all the kernel's rows, in planes that are whole cache lines
 * apart: it may have REACH_PAST. */
static inline bool plan_fills_lines(const PlanKernel *kernel, const Port *result) {
  uint64_t rows = plan_rows(result->type);
  return result->nchw && rows == kernel->rows && rows % PLAN_PLANE_LINE == 0;
}
/* Bytes of the rows of all images of a port with PORT_ROWS, whose type and pitch are bounded;
 * without the slack behind them. */
static inline uint64_t plan_port_bytes(const Port *port) {
  return dtype_bytes(port->type.dtype) * (uint64_t)port->type.dims[0] * plan_rows(port->type) *
         port->pitch;
}
/* What a buffer of them takes of the arena. */
static inline uint64_t plan_port_room(const Port *port) {
  return round_up_size(plan_port_bytes(port) + PLAN_SLACK, PLAN_ALIGN);
}

/* The distinct numbers of rows of the kernel's blocks, in ascending order; returns how many. */
uint32_t plan_row_counts(const PlanKernel *kernel, uint32_t counts[PLAN_ROW_COUNTS]);

/* Appends the text form. */
void plan_print(const Plan *plan, StringBuilder *out);
/* The lines of the text form, from 1, at which things stand. */
typedef struct PlanKernelLines {
  uint32_t kernel;
  const uint32_t *nodes; /* [body->node_count]; 0 of inputs */
} PlanKernelLines;
typedef struct PlanLines {
  const PlanKernelLines *kernels; /* [kernel_count] */
  const uint32_t *steps;          /* [step_count] */
} PlanLines;
/* The same; the arrays of *lines are in the arena of `out`. */
void plan_print_lines(const Plan *plan, StringBuilder *out, PlanLines *lines);
/* The two bodies differ in nothing but names and labels. */
bool plan_body_equal(const Graph *x, const Graph *y);
/* The two are the same code: they differ in nothing but names and labels (plan_equal.c). */
bool plan_kernel_equal(const PlanKernel *x, const PlanKernel *y);

/* What is wrong with a plan, and where. */
enum { PLAN_NOWHERE = UINT32_MAX };
typedef struct PlanFault {
  const char *message; /* NULL: nothing */
  uint32_t kernel;     /* PLAN_NOWHERE: no kernel in particular */
  uint32_t step;       /* the same of steps */
} PlanFault;
/* Checks every invariant that this file states. False: *fault says which is broken (its message in
 * `arena`). What it accepts is compiled to code that stays inside of its memory. */
bool plan_verify(const Plan *plan, Arena *arena, PlanFault *fault);

/* A plan as text, in the form of plan_print, and the target that it must be for. */
typedef struct PlanText {
  const char *file; /* for messages */
  const char *text; /* untrusted */
  const TargetInfo *target;
} PlanText;
/* Reads it. The plan is in `arena`, its weights in `recipes`; plan_verify accepts it. */
MUST_CHECK Status plan_parse(Arena *arena, RecipeTable *recipes, Diag *diag, const PlanText *from,
                             const Plan **plan);
/* The name of the target that the plan `text` says it is for; NULL where it begins as none. */
const char *plan_parse_target(Arena *arena, const char *text);

#endif
