/* What every emitter of LLVM IR uses: the module under construction and helpers that carry LLVM's
 * noise, so that a kernel's emitter reads like the loop nest that it emits.
 *
 * Vectors are `<vector_floats x float>` of the target. Addresses are byte offsets from a pointer;
 * row and column counters are i64. The helpers emit at the builder's place; instructions on
 * constants fold.
 */
#ifndef ATMC_BACKENDS_LLVM_EMIT_H
#define ATMC_BACKENDS_LLVM_EMIT_H

#include <llvm-c/Core.h>
#include <stdbool.h>
#include <stdint.h>

#include "ir/plan.h"
#include "support/arena.h"

/* Of a register of any target, and of several of them as one vector. */
enum { MAX_REGISTER_LANES = 16, MAX_LANES = 2 * MAX_REGISTER_LANES };
enum { MAX_SHUFFLED = 4 * MAX_REGISTER_LANES }; /* elements of a shuffle: bytes of a register */

/* One LLVM module being filled. Made by emit_open, which owns builder and module; the context is
 * the caller's. */
typedef struct ModuleContext {
  Arena *arena; /* of the compilation */
  const TargetInfo *target;
  LLVMContextRef context;
  LLVMModuleRef module;
  LLVMBuilderRef builder;
  struct DebugInfo *debug; /* debug_info.h; NULL: none */
  LLVMTypeRef void_type, i1, i8, i16, i32, i64, f32, f64, ptr;
  LLVMTypeRef size;        /* size_t: i32 or i64 */
  LLVMTypeRef vector;      /* <vector_floats x float> */
  LLVMTypeRef vector_i32;  /* <vector_floats x i32> */
  LLVMTypeRef kernel_type; /* void (ptr args, i32 task, i32 worker) */
} ModuleContext;

/* Starts an empty module for `target`; its triple is set, its data layout is the caller's to set.
 */
ModuleContext emit_open(LLVMContextRef context, const char *name, const TargetInfo *target,
                        Arena *arena);
/* The same module and builder, with the vectors of another target of its family. */
ModuleContext emit_for_target(const ModuleContext *m, const TargetInfo *target);
/* Frees the builder. The module stays with the caller. */
void emit_close(ModuleContext *m);

/* Gives the module the flag `name`. Joined with code that has another value, its IR still links. */
void emit_module_flag(ModuleContext *m, const char *name, uint32_t value);
/* Has the frames of `function` described (.eh_frame): debuggers and profilers see what is above it,
 * and exceptions of a caller's parallel_for pass through it. */
void emit_unwinding(ModuleContext *m, LLVMValueRef function);
/* Adds a function whose attributes suit the target (cpu, features, tuning, vector width, nounwind)
 * and puts the builder at the start of its entry block. */
LLVMValueRef emit_function(ModuleContext *m, const char *symbol, LLVMTypeRef type);
/* Gives `function` the attribute "key"="value". */
void emit_text_attribute(ModuleContext *m, LLVMValueRef function, const char *key,
                         const char *value);
/* Gives it the one that LLVM calls `name`. */
void emit_attribute(ModuleContext *m, LLVMValueRef function, const char *name);

/* Emits `kernel` as the hidden function `symbol`, with the arguments of ir/kernel_args.h. */
LLVMValueRef kernel_emit(ModuleContext *m, const PlanKernel *kernel, const char *symbol);

/* -- constants --------------------------------------------------------------------------------- */
LLVMValueRef emit_i32(ModuleContext *m, int32_t value); /* a constant i32 */
LLVMValueRef emit_i64(ModuleContext *m, int64_t value); /* and i64 */
/* All lanes `value`. */
LLVMValueRef emit_splat(ModuleContext *m, double value);
/* The same of integers. */
LLVMValueRef emit_splat_i32(ModuleContext *m, int32_t value);

/* -- arithmetic -------------------------------------------------------------------------------- */
LLVMValueRef emit_add(ModuleContext *m, LLVMValueRef a, LLVMValueRef b);   /* integers */
LLVMValueRef emit_mul(ModuleContext *m, LLVMValueRef a, uint64_t factor);  /* i64 */
LLVMValueRef emit_least(ModuleContext *m, LLVMValueRef a, LLVMValueRef b); /* signed i64 */
LLVMValueRef emit_fadd(ModuleContext *m, LLVMValueRef a, LLVMValueRef b);  /* floats or vectors */
LLVMValueRef emit_fsub(ModuleContext *m, LLVMValueRef a, LLVMValueRef b);  /* floats or vectors */
LLVMValueRef emit_fmul(ModuleContext *m, LLVMValueRef a, LLVMValueRef b);  /* floats or vectors */
/* a * b + c, fused where the target can (never a call of libm). */
LLVMValueRef emit_fma(ModuleContext *m, LLVMValueRef a, LLVMValueRef b, LLVMValueRef c);
/* `a > b ? a : b`: b where one of them is a NaN. */
LLVMValueRef emit_fmax(ModuleContext *m, LLVMValueRef a, LLVMValueRef b);
/* `a < b ? a : b`, likewise. */
LLVMValueRef emit_fmin(ModuleContext *m, LLVMValueRef a, LLVMValueRef b);
/* An intrinsic that is overloaded on the type of its first argument, as "llvm.floor". */
LLVMValueRef emit_intrinsic(ModuleContext *m, const char *name, LLVMValueRef *args, uint32_t count);
/* One of a target's own, not overloaded. */
LLVMValueRef emit_target_intrinsic(ModuleContext *m, const char *name, LLVMValueRef *args,
                                   uint32_t count);
/* `scalar` in all lanes. */
LLVMValueRef emit_broadcast(ModuleContext *m, LLVMValueRef scalar);
/* Lane `lane` of `vector` in all lanes. */
LLVMValueRef emit_lane(ModuleContext *m, LLVMValueRef vector, uint32_t lane);
/* The same, of which SSE makes one pshufd where emit_lane would be a copy and a shufps. */
LLVMValueRef emit_lane_copied(ModuleContext *m, LLVMValueRef vector, uint32_t lane);
/* Lane i of the result is lane `index[i]` of `vector`; -1: any. */
LLVMValueRef emit_shuffle(ModuleContext *m, LLVMValueRef vector, const int32_t *index,
                          uint32_t count);
/* The same of those of `a` and then `b`. */
LLVMValueRef emit_shuffle_two(ModuleContext *m, LLVMValueRef a, LLVMValueRef b,
                              const int32_t *index, uint32_t count);
/* Every second lane of `a` and then `b`: the even ones, or, where `odd` is 1, the odd ones. */
LLVMValueRef emit_every_second(ModuleContext *m, LLVMValueRef a, LLVMValueRef b, uint32_t odd);
/* The first half of the lanes of `vector`, or, where `second` is 1, the other. */
LLVMValueRef emit_half(ModuleContext *m, LLVMValueRef vector, uint32_t second);
/* The lanes of `a`, then those of `b`. */
LLVMValueRef emit_concat(ModuleContext *m, LLVMValueRef a, LLVMValueRef b);
/* The sum of the lanes, in a fixed order (halves, then quarters, ...). */
LLVMValueRef emit_lane_sum(ModuleContext *m, LLVMValueRef vector);
/* The largest of all lanes, none of which is a NaN. */
LLVMValueRef emit_lane_max(ModuleContext *m, LLVMValueRef vector);
/* `vector` with the lanes from `lanes` on replaced by those of `other`. */
LLVMValueRef emit_keep_lanes(ModuleContext *m, LLVMValueRef vector, uint32_t lanes,
                             LLVMValueRef other);

/* -- memory ------------------------------------------------------------------------------------ */
/* base + bytes (i64). */
LLVMValueRef emit_address(ModuleContext *m, LLVMValueRef base, LLVMValueRef bytes);
/* `address`, which LLVM's strength reduction takes as it is. Of an innermost loop's addresses it
 * would follow how each moves through all loops around it, for a third of the code generator's
 * time. (Of pointers without invariant groups, as ours, the intrinsic strips nothing.) */
LLVMValueRef emit_settled(ModuleContext *m, LLVMValueRef address);
/* One float at `address`. */
LLVMValueRef emit_load_f32(ModuleContext *m, LLVMValueRef address);
/* Whole numbers of a vector, aligned to one. */
LLVMValueRef emit_load_i32(ModuleContext *m, LLVMValueRef address);
/* Writes one float. */
void emit_store_f32(ModuleContext *m, LLVMValueRef scalar, LLVMValueRef address);
/* The first `lanes` floats at `address`; no byte behind them is touched. Other lanes are 0. */
LLVMValueRef emit_load(ModuleContext *m, LLVMValueRef address, uint32_t lanes);
/* stored.c: the same of elements of type `dtype`, as floats: what is not f32 is converted.
 * `aligned`: the address is a multiple of a vector's bytes there, and all lanes are read. */
LLVMValueRef stored_load(ModuleContext *m, DType dtype, LLVMValueRef address, uint32_t lanes,
                         bool aligned);
/* The same of lanes that are `step` bytes apart. */
LLVMValueRef stored_load_apart(ModuleContext *m, DType dtype, LLVMValueRef address, uint32_t lanes,
                               LLVMValueRef step);
/* As windows read them: floats as they are, bytes less PIXELS_MIDDLE. */
LLVMValueRef stored_load_centered(ModuleContext *m, DType dtype, LLVMValueRef address,
                                  uint32_t lanes);
/* One of them, as a scalar. */
LLVMValueRef stored_load_centered_one(ModuleContext *m, DType dtype, LLVMValueRef address);
/* Writes the first `lanes` floats of `vector`, and nothing behind them. */
void emit_store(ModuleContext *m, LLVMValueRef vector, LLVMValueRef address, uint32_t lanes);
/* The same of all lanes, past the caches, on targets with writes_past: the address is a multiple of
 * a vector's bytes, and nobody else may read there before emit_past_fence. */
void emit_store_past(ModuleContext *m, LLVMValueRef vector, LLVMValueRef address);
/* What was stored past the caches comes before all that is stored from here on. */
void emit_past_fence(ModuleContext *m);
/* strides.c: how far apart the parts of a caller's bytes are, i64 of bytes. */
typedef struct Strides {
  LLVMValueRef row, plane, image;
} Strides;
/* What the atm_strides at `at` holds; zeros where that is NULL. */
Strides strides_load(ModuleContext *m, LLVMValueRef at);
/* The same, with what zeros stand for: of a map of logical type `map`. */
Strides strides_resolve(ModuleContext *m, LLVMValueRef at, Type map, bool nchw);
/* Whether channels of `map` have planes of their own. */
bool strides_has_planes(Type map, bool nchw);
/* The bytes of a row of pixels: rows are at least so far apart. */
int64_t strides_least_row(Type map, bool nchw);
/* sizeof(atm_strides) on the target. */
uint64_t strides_bytes(const ModuleContext *m);

enum { CACHE_LINE = 64 };
/* Asks for the line at `address`, which need not exist, in all caches. (In the second level alone
 * it is 1.4 % slower in all on Zen 5.) */
void emit_prefetch(ModuleContext *m, LLVMValueRef address);
/* The same for a line that is written then: no other core has it any more. */
void emit_prefetch_write(ModuleContext *m, LLVMValueRef address);
/* Nothing is known behind it of what was loaded before: not one instruction. */
void emit_barrier(ModuleContext *m);
/* A variable of `bytes` on the current function's stack, aligned to 64. What is larger, or grows
 * with a model, stands in a stage's room (ir/plan_room.h). */
LLVMValueRef emit_stack(ModuleContext *m, uint64_t bytes);

/* -- control ----------------------------------------------------------------------------------- */
enum { LOOP_MAX_CARRIED = 64 };

/* for (index = begin; index < end; index += step), with values carried from turn to turn. */
typedef struct Loop {
  LLVMValueRef index; /* i64, inside */
  LLVMValueRef end;
  uint64_t step;
  uint32_t carried_count;
  LLVMValueRef carried[LOOP_MAX_CARRIED]; /* inside: of this turn; after loop_end: the last ones */
  LLVMValueRef initial[LOOP_MAX_CARRIED];
  LLVMBasicBlockRef before, body, exit;
  bool guarded; /* it may run zero times */
} Loop;

/* The turns of a loop: one for begin, begin + step, .. below end; all i64. */
typedef struct LoopRange {
  LLVMValueRef begin, end;
  uint64_t step;
} LoopRange;

/* Enters the body of a loop that carries nothing. */
void loop_begin(ModuleContext *m, Loop *loop, LLVMValueRef begin, LLVMValueRef end, uint64_t step);
/* Enters the body of one that carries `count` values; `carried` are those before the first turn. */
void loop_begin_carrying(ModuleContext *m, Loop *loop, LoopRange range, const LLVMValueRef *carried,
                         uint32_t count);
/* Ends the body with the carried values for the next turn (NULL: none), and leaves the loop. */
void loop_end(ModuleContext *m, Loop *loop, const LLVMValueRef *carried);

/* if (condition) { ... } else { ... } */
typedef struct Branch {
  LLVMBasicBlockRef otherwise, join;
  bool has_else;
} Branch;

/* What follows is emitted for the case that `condition` (i1) holds. */
void branch_begin(ModuleContext *m, Branch *branch, LLVMValueRef condition);
/* What follows is for the other case; may be left out. */
void branch_else(ModuleContext *m, Branch *branch);
/* What follows is for both. */
void branch_end(ModuleContext *m, Branch *branch);

#endif
