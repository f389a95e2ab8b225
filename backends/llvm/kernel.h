/* The state of one kernel's emission, and its stages' emitters.
 *
 * A View is a value's memory as seen from the block (or, of a whole map, from the image); a Site is
 * one vector of one row. Anchors compute a vector and hand it to pointwise_emit, which evaluates
 * the ops behind it and stores what has a place in memory.
 */
#ifndef ATMC_BACKENDS_LLVM_KERNEL_H
#define ATMC_BACKENDS_LLVM_KERNEL_H

#include "backends/llvm/emit.h"

typedef struct View {
  LLVMValueRef base;      /* row 0, channel 0 */
  uint64_t row_bytes;     /* 0: the same for all rows (constants, vectors per image) */
  uint64_t channel_bytes; /* an element's, or more in nchw */
  DType dtype;            /* of the elements in memory */
  bool exact;             /* no lane behind the last channel may be touched */
  /* Of a caller's bytes, whose lines and channels are as far apart as the host says: row r is pixel
   * (first + r) % width of line (first + r) / width, and row_bytes are between pixels. NULL: the
   * two numbers above are all. */
  LLVMValueRef line_bytes, plane_bytes, first;
  uint32_t width;
} View;

/* Lanes [column + column_plus, + lanes) of row row + row_plus; the constants are kept apart so that
 * they end up in addressing modes. */
typedef struct Site {
  LLVMValueRef row;
  uint32_t row_plus;
  LLVMValueRef column;
  uint32_t column_plus;
  uint32_t lanes;
} Site;

enum { POINTWISE_SITES = 4 }; /* that are evaluated together, at most */

typedef struct KernelEmitter {
  ModuleContext *m;
  const PlanKernel *kernel;
  const Graph *body;
  LLVMValueRef args, scratch;
  LLVMValueRef image, block, column_block; /* i64 */
  LLVMValueRef first_row, row_count;       /* i64: of this block */
  uint32_t row_counts[PLAN_ROW_COUNTS];    /* what row_count can be: plan_row_counts */
  uint32_t row_count_kinds;
  /* weight_prefetch.c: its variable, NULL where there is nothing to prefetch; and the first byte
   * of all. */
  LLVMValueRef prefetched, later_weights;
  View *views;        /* [value_count]: of the block, where the value has a place in memory */
  View *result_views; /* [result_count] */
  LLVMValueRef *live; /* [value_count]: in registers at the present site, or NULL */
} KernelEmitter;

/* -- view.c ------------------------------------------------------------------------------------ */
/* Whether `value` has a place that is not a register. */
bool view_in_memory(const KernelEmitter *k, ValueId value);
/* Pointer `index` of the kernel's arguments (ir/kernel_args.h). */
LLVMValueRef view_argument(KernelEmitter *k, uint32_t index);
/* What to prefetch for later steps; only where prefetch_bytes is not 0. */
LLVMValueRef view_later_weights(KernelEmitter *k);
/* Fills k->views and k->result_views. */
void view_prepare(KernelEmitter *k);
/* The whole map (or the vector) of this image behind an operand or a result. */
View view_of_map(KernelEmitter *k, ValueId value);
/* The address of a site's first lane. */
LLVMValueRef view_address(KernelEmitter *k, const View *view, Site site);
/* Channel `column` of the pixel at (line, pixel) of a whole map `width` pixels wide; it may be
 * outside. */
LLVMValueRef view_pixel(KernelEmitter *k, const View *view, int64_t width, LLVMValueRef line,
                        LLVMValueRef pixel, LLVMValueRef column);
/* `view`, of `channels` channels, with the last channel first. */
View view_reversed(KernelEmitter *k, View view, uint32_t channels);
/* The first channel of row `row` (i64). */
LLVMValueRef view_row(KernelEmitter *k, const View *view, LLVMValueRef row);
/* The lanes of a site; no lane behind the last channel is touched if the view is exact, else those
 * behind it hold anything. */
LLVMValueRef view_load(KernelEmitter *k, const View *view, Site site);
/* Its channels are side by side; planes of one pixel are as far apart as the host says. */
bool view_is_packed(const View *view);
/* Writes the lanes of a site, with the same care. */
void view_store(KernelEmitter *k, const View *view, Site site, LLVMValueRef vector);
/* Stores `vector` wherever `value` lives in memory: its place, and the results that repeat it in
 * rows. */
void view_store_value(KernelEmitter *k, ValueId value, Site site, LLVMValueRef vector);

/* The reach of the port where `value` is; near, if it is no operand and no result. */
PortReach view_reach(const KernelEmitter *k, ValueId value);
/* Asks for `value` at `site`, which may be beyond the block, if it is of that kind (PLACE_OPERAND
 * or PLACE_RESULT) and streams. */
void view_prefetch(KernelEmitter *k, ValueId value, PlaceKind kind, Site site);
/* The same as many rows behind `site` as it takes for the lines to arrive in time. */
void view_prefetch_ahead(KernelEmitter *k, ValueId value, PlaceKind kind, Site site);

/* From now on nothing behind the last channel of `value` is written: rows made of several runs. */
void view_make_exact(KernelEmitter *k, ValueId value);
/* Result `r` is `value`, in rows, and not its home. */
bool view_repeats(const KernelEmitter *k, ValueId value, uint32_t r);

/* -- weight_prefetch.c ------------------------------------------------------------------------- */
/* Finds what this task is to prefetch for later steps: k->prefetched. */
void weight_prefetch_begin(KernelEmitter *k, LLVMValueRef task);
/* Asks for what belongs to the `steps` steps of K from `step` on, in the tile at hand. */
void weight_prefetch_emit(KernelEmitter *k, LLVMValueRef step, uint32_t steps);
/* Moves on behind a tile of `depth` steps (i64). */
void weight_prefetch_next(KernelEmitter *k, LLVMValueRef depth);

/* -- planes.c ---------------------------------------------------------------------------------- */
/* Writes the values of `stage`, which is over, to the results that repeat them in nchw. */
void planes_store(KernelEmitter *k, const Stage *stage);

/* -- kernel.c ---------------------------------------------------------------------------------- */
/* What is `bytes` behind the begin of the stage's room in scratch (ir/plan_room.h). */
LLVMValueRef kernel_room(KernelEmitter *k, const Stage *stage, uint64_t bytes);
typedef struct PanelRange {
  LLVMValueRef begin, end; /* i64; constants in kernels that are not cut by columns */
} PanelRange;
/* The panels of columns that this task computes, of a value of `channels` channels. */
PanelRange kernel_panels(KernelEmitter *k, uint32_t channels);
/* The same of `parts` panels or strips. */
PanelRange kernel_parts(KernelEmitter *k, uint32_t parts);
/* The corner of the window that row `row` of the block, of a map of type `out`, reads. */
void kernel_window(KernelEmitter *k, LLVMValueRef row, Type out, const Window *window,
                   LLVMValueRef *top, LLVMValueRef *left);
/* The taps [begin, end) of one axis that are inside of a map of `size`, of a window whose first tap
 * is at `corner`; end may be less than begin where there are none. */
void kernel_taps(KernelEmitter *k, LLVMValueRef corner, WindowAxis axis, int64_t size,
                 LLVMValueRef *begin, LLVMValueRef *end);

/* -- strip.c ----------------------------------------------------------------------------------- */
/* Fills the strip of `patches`, whose result has PLACE_STRIP. */
void strip_fill(KernelEmitter *k, const Node *patches);
/* Bytes from one channel's lines to the next's, where channels come first. */
uint64_t strip_plane_bytes(const KernelEmitter *k, const Node *patches);

/* -- pointwise.c ------------------------------------------------------------------------------- */
/* Stores `anchor` (the vector of the stage's first node at `site`; NULL where the stage has no
 * anchor), then evaluates and stores the pointwise nodes. */
void pointwise_evaluate(KernelEmitter *k, const Stage *stage, Site site, LLVMValueRef anchor);
/* Asks for what the ops behind an anchor read and write at `site` of maps that pass by. */
void pointwise_prefetch(KernelEmitter *k, const Stage *stage, Site site);
/* Evaluates and stores, and asks for what the same takes some rows behind. */
void pointwise_emit(KernelEmitter *k, const Stage *stage, Site site, LLVMValueRef anchor);
/* The same at `count` sites, each with its anchor, as many at once as long ops take. */
void pointwise_emit_all(KernelEmitter *k, const Stage *stage, const Site *sites,
                        const LLVMValueRef *anchors, uint32_t count);

/* -- long_vectors.c ---------------------------------------------------------------------------- */
/* The context of vectors as long as `count` of m; its target is *target. */
ModuleContext long_widen(const ModuleContext *m, uint32_t count, TargetInfo *target);
/* `count` (a power of 2) vectors as one; they are overwritten. */
LLVMValueRef long_join(ModuleContext *m, LLVMValueRef *vectors, uint32_t count);
/* One as `count`. */
void long_split(ModuleContext *m, LLVMValueRef joined, LLVMValueRef *vectors, uint32_t count);
/* Replaces each vector by its value, as many at once as the target's long ops take. */
void long_evaluate(ModuleContext *m, LLVMValueRef (*evaluate)(ModuleContext *m, LLVMValueRef x),
                   LLVMValueRef *vectors, uint32_t count);

/* -- columns.c --------------------------------------------------------------------------------- */
/* Emits what is done at one site. */
typedef void SiteEmitter(KernelEmitter *k, Site site, void *context);
/* The vector of row `row` that begins with channel `first`, a constant, of `channels`. */
Site columns_site(KernelEmitter *k, LLVMValueRef row, uint32_t channels, uint32_t first);
/* A loop over the vectors of `channels` channels of row `row`: `emit` is called for the full ones,
 * in a loop, and once more for the rest. */
void columns_all(KernelEmitter *k, LLVMValueRef row, uint32_t channels, SiteEmitter *emit,
                 void *context);
/* The same for the channels that this task computes. */
void columns_of_task(KernelEmitter *k, LLVMValueRef row, uint32_t channels, SiteEmitter *emit,
                     void *context);
/* Copies `count` floats from `from` on, or writes so many zeros where that is NULL; nothing behind
 * them is touched. */
void columns_copy_run(KernelEmitter *k, LLVMValueRef from, LLVMValueRef to, uint64_t count);
/* The same of `count` elements of `dtype`, as windows read them. */
void columns_convert_run(KernelEmitter *k, DType dtype, LLVMValueRef from, LLVMValueRef to,
                         uint64_t count);
/* Writes the `length` floats of `run`, or zeros where that is NULL, `count` times. */
void columns_repeat_run(KernelEmitter *k, LLVMValueRef run, LLVMValueRef to, uint64_t length,
                        uint64_t count);
/* Copies row `row` of `value`, complete in its place, to the results that repeat it in rows. */
void columns_repeat_row(KernelEmitter *k, ValueId value, LLVMValueRef row);

/* -- one emitter per kind of anchor ------------------------------------------------------------ */
typedef void StageEmitter(KernelEmitter *k, const Stage *stage);
StageEmitter product_stage, normalize_stage, pointwise_stage;
#define DECLARE_NONE(name)
#define DECLARE_PRODUCT(name)
#define DECLARE_NORMALIZE(name)
#define DECLARE_POINTWISE(name)
#define DECLARE_READ(name) StageEmitter name##_stage;
#define DECLARE_ROWS(name) StageEmitter name##_stage;
#define DECLARE_REDUCE(name) StageEmitter name##_stage;
#define DECLARE_WINOGRAD(name) StageEmitter name##_stage;
#define DECLARE_CALL(name) StageEmitter name##_stage;
#define OP(NAME, name, min, max, results, stage, ...) DECLARE_##stage(name)
#include "ir/ops.def"

/* -- constants.c: of elementary functions ------------------------------------------------------ */
/* `value` in all lanes: one that is multiplied or compared, */
LLVMValueRef constant_factor(ModuleContext *m, double value);
/* and one that a multiply-add adds. */
LLVMValueRef constant_addend(ModuleContext *m, double value);

/* -- elementary.c: functions of vectors -------------------------------------------------------- */
/* exp of x, clamped to [-87.3, 88]. */
LLVMValueRef elementary_exp(ModuleContext *m, LLVMValueRef x);
/* 2^x - 1 of x up to 127, clamped to -126 below. */
LLVMValueRef elementary_exp2_minus_one(ModuleContext *m, LLVMValueRef x);
/* 1 / (1 + exp(-x)). */
LLVMValueRef elementary_sigmoid(ModuleContext *m, LLVMValueRef x);
/* log(1 + exp(x)). */
LLVMValueRef elementary_softplus(ModuleContext *m, LLVMValueRef x);
/* x Phi(x) with the normal distribution Phi (docs/design.md has its bounds). */
LLVMValueRef elementary_gelu(ModuleContext *m, LLVMValueRef x);
/* gelu_pieces.c: GELU where lanes look up one of eight floats (TargetInfo.look_up). */
LLVMValueRef gelu_pieces_emit(ModuleContext *m, LLVMValueRef x);
/* gelu_table.c: where they look up one of 32. */
LLVMValueRef gelu_table_emit(ModuleContext *m, LLVMValueRef x);

/* The first node of a stage: its anchor, where it has one. */
static inline const Node *stage_anchor(const KernelEmitter *k, const Stage *stage) {
  return graph_node(k->body, stage->nodes[0]);
}
/* Channels of a value of the body. */
static inline uint32_t value_channels(const KernelEmitter *k, ValueId value) {
  return (uint32_t)type_channels(graph_type(k->body, value));
}

#endif
