/* PREFIX_peak_f32 and the others, tasks that do nothing but one thing: what the machine can reach
 * with the instructions of the target, for `bench` to compare with.
 *
 *   void PREFIX_peak_f32(float (*sums)[LLVM_PEAK_FLOATS], uint32_t task, uint32_t worker) {
 *     for (turn = 0; turn < TURNS; ++turn) a[i] = a[i] * b + c;    chains of vectors in registers
 *     sums[worker][0 .. lanes) = a[0] + a[1] + ..;                 so that they are used
 *   }
 *
 * That of int8 adds what the target's dot instructions make of a row, which is what was in
 * sums[worker], and of columns. A chain's own bytes are its columns: so no product is the same in
 * two chains or in two turns, none is left out, and nothing is loaded. Those of functions sum
 * their values, with the code that kernels have: sum += f(x + i / 32), x += 1 / TURNS. No value
 * waits for another, as in kernels, whose argument comes from memory.
 */
#include "backends/llvm/artifact.h"
#include "backends/llvm/product.h"

enum { TURNS = 1 << 15, FUNCTION_TURNS = TURNS / 16 };

/* Enough of them to hide the latency of the units, in three quarters of the registers. */
static uint32_t chain_count(const TargetInfo *target) {
  return target->vector_registers * 3 / 4;
}

/* Values of a function in a turn, each of as many vectors as kernels have it of at once. */
static uint32_t function_count(const TargetInfo *target) {
  return 8 / target_long_vectors(target);
}

/* The kernel's own LLVM_PEAK_FLOATS. */
static LLVMValueRef own_sums(ModuleContext *m, LLVMValueRef function) {
  LLVMValueRef worker = LLVMBuildZExt(m->builder, LLVMGetParam(function, 2), m->i64, "");
  LLVMValueRef offset = emit_mul(m, worker, LLVM_PEAK_FLOATS * sizeof(float));
  return emit_address(m, LLVMGetParam(function, 0), offset);
}

static LoopRange turns_of(ModuleContext *m, int64_t turns) {
  return (LoopRange){emit_i64(m, 0), emit_i64(m, turns), 1};
}

/* -- f32 --------------------------------------------------------------------------------------- */

static uint64_t count_fma(const TargetInfo *target) {
  return (uint64_t)TURNS * chain_count(target) * target->vector_floats;
}

/* Stores the sum of the chains. */
static void store_sum(ModuleContext *m, LLVMValueRef function, const LLVMValueRef *chains,
                      uint32_t count) {
  LLVMValueRef sum = chains[0];
  for (uint32_t i = 1; i < count; ++i) sum = emit_fadd(m, sum, chains[i]);
  while (LLVMGetVectorSize(LLVMTypeOf(sum)) > m->target->vector_floats) {
    sum = emit_fadd(m, emit_half(m, sum, 0), emit_half(m, sum, 1));
  }
  emit_store(m, sum, own_sums(m, function), m->target->vector_floats);
}

static void emit_fma_chains(ModuleContext *m, LLVMValueRef function) {
  LLVMValueRef chains[LOOP_MAX_CARRIED];
  uint32_t count = chain_count(m->target);
  for (uint32_t i = 0; i < count; ++i) chains[i] = emit_splat(m, i); /* none equals another */
  Loop turns;
  loop_begin_carrying(m, &turns, turns_of(m, TURNS), chains, count);
  LLVMValueRef b = emit_splat(m, 0.75), c = emit_splat(m, 0.5);
  for (uint32_t i = 0; i < count; ++i) chains[i] = emit_fma(m, turns.carried[i], b, c);
  loop_end(m, &turns, chains);
  store_sum(m, function, turns.carried, count);
}

/* -- functions --------------------------------------------------------------------------------- */

static uint64_t count_functions(const TargetInfo *target) {
  return (uint64_t)FUNCTION_TURNS * function_count(target) * target_long_vectors(target) *
         target->vector_floats;
}

static void emit_function_values(ModuleContext *m, LLVMValueRef function,
                                 LLVMValueRef (*evaluate)(ModuleContext *m, LLVMValueRef x)) {
  enum { ARGUMENT, SUM, CARRIED };
  TargetInfo target;
  ModuleContext wide = long_widen(m, target_long_vectors(m->target), &target);
  LLVMValueRef carried[CARRIED] = {emit_splat(&wide, -1.0), LLVMConstNull(wide.vector)};
  Loop turns;
  loop_begin_carrying(&wide, &turns, turns_of(&wide, FUNCTION_TURNS), carried, CARRIED);
  LLVMValueRef sum = turns.carried[SUM];
  for (uint32_t i = 0; i < function_count(m->target); ++i) {
    LLVMValueRef x = emit_fadd(&wide, turns.carried[ARGUMENT], emit_splat(&wide, i / 32.0));
    sum = emit_fadd(&wide, sum, evaluate(&wide, x));
  }
  carried[ARGUMENT] = emit_fadd(&wide, turns.carried[ARGUMENT], emit_splat(&wide, 1.0 / TURNS));
  carried[SUM] = sum;
  loop_end(&wide, &turns, carried);
  store_sum(m, function, turns.carried + SUM, 1);
}

static void emit_exp_values(ModuleContext *m, LLVMValueRef function) {
  emit_function_values(m, function, elementary_exp2_minus_one);
}

static void emit_softplus_values(ModuleContext *m, LLVMValueRef function) {
  emit_function_values(m, function, elementary_softplus);
}

/* -- int8 -------------------------------------------------------------------------------------- */

/* Of one Dot.add, times all of them. */
static uint64_t count_dots(const TargetInfo *target) {
  const Dot *dot = dot_of_kind(target->dot);
  uint64_t macs = (uint64_t)plan_dot_group(target->dot) * dot->steps * dot->rows;
  macs = macs * target->vector_floats / plan_dot_sums(target->dot, dot->rows) /
         plan_dot_halves(target->dot);
  return TURNS * chain_count(target) * macs;
}

/* `chain` as columns for a row of this type, or as much of it as makes them. */
static LLVMValueRef columns_of(ModuleContext *m, LLVMValueRef chain, LLVMTypeRef row) {
  static const int32_t first[MAX_LANES] = {0, 1, 2, 3, 4, 5, 6, 7};
  LLVMTypeRef element = LLVMGetElementType(row);
  uint32_t bytes = LLVMGetIntTypeWidth(element) / 8, count = LLVMGetVectorSize(row);
  uint32_t all = 4 * m->target->vector_floats / bytes;
  chain = LLVMBuildBitCast(m->builder, chain, LLVMVectorType(element, all), "");
  return count == all ? chain : emit_shuffle(m, chain, first, count);
}

static void emit_dot_chains(ModuleContext *m, LLVMValueRef function) {
  const Dot *dot = dot_of(m);
  LLVMValueRef sums = own_sums(m, function), rows[DOT_MOST_STEPS];
  for (uint32_t s = 0; s < dot->steps; ++s) {
    LLVMValueRef addresses[DOT_MOST_ROWS];
    for (uint32_t r = 0; r < dot->rows; ++r) {
      addresses[r] = emit_address(m, sums, emit_i64(m, 8 * (s * dot->rows + r)));
    }
    rows[s] = dot->row(m, addresses);
  }
  LLVMValueRef chains[LOOP_MAX_CARRIED];
  uint32_t count = chain_count(m->target);
  for (uint32_t i = 0; i < count; ++i) chains[i] = emit_splat_i32(m, (int32_t)i);
  Loop turns;
  loop_begin_carrying(m, &turns, turns_of(m, TURNS), chains, count);
  LLVMValueRef columns[LOOP_MAX_CARRIED][DOT_MOST_STEPS];
  for (uint32_t i = 0; i < count; ++i) {
    for (uint32_t s = 0; s < dot->steps; ++s) {
      columns[i][s] = columns_of(m, turns.carried[i], LLVMTypeOf(rows[s]));
    }
    chains[i] = turns.carried[i];
  }
  dot_add(m, rows, columns, dot->steps, count, chains);
  loop_end(m, &turns, chains);
  LLVMValueRef sum = turns.carried[0];
  for (uint32_t i = 1; i < count; ++i) sum = emit_add(m, sum, turns.carried[i]);
  LLVMSetAlignment(LLVMBuildStore(m->builder, sum, sums), sizeof(float));
}

/* -- the kinds --------------------------------------------------------------------------------- */

typedef struct PeakWay {
  const char *name;
  uint64_t (*count)(const TargetInfo *target); /* of a task */
  void (*emit)(ModuleContext *m, LLVMValueRef function);
} PeakWay;

static const PeakWay ways[PEAK_KIND_COUNT] = {
    [PEAK_F32] = {"f32", count_fma, emit_fma_chains},
    [PEAK_INT8] = {"int8", count_dots, emit_dot_chains},
    [PEAK_EXP] = {"exp", count_functions, emit_exp_values},
    [PEAK_SOFTPLUS] = {"softplus", count_functions, emit_softplus_values},
};

const char *llvm_peak_name(PeakKind kind) {
  return ways[kind].name;
}

uint64_t llvm_peak_count(const TargetInfo *target, PeakKind kind) {
  return ways[kind].count(target);
}

void peak_emit(ModuleContext *m, const char *prefix) {
  for (int kind = 0; kind < PEAK_KIND_COUNT; ++kind) {
    if (kind == PEAK_INT8 && !m->target->dot_rows) continue; /* it computes in floats alone */
    const char *symbol = arena_printf(m->arena, "%s_peak_%s", prefix, ways[kind].name);
    ways[kind].emit(m, emit_function(m, symbol, m->kernel_type));
    LLVMBuildRetVoid(m->builder);
  }
}
