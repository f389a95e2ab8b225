/* PREFIX_selftest: the model's smallest resolution on a generated input, and every word of its
 * weights, against what the driver recorded (ArtifactSelftest).
 *
 *   int PREFIX_selftest_env(void *workspace, size_t bytes, const atm_env *env) {
 *     if (workspace is no pointer, or bytes < own) return ATM_E_WORKSPACE;
 *     inputs[i][k] = element k;                                         own: inputs and outputs
 *     if ((code = PREFIX_run_HxW(inputs, outputs, workspace + own, bytes - own, env))) return code;
 *     if (sum of the words of the weights != their last word) return ATM_E_WEIGHTS;
 *     if (more elements of outputs[i] than `misses` are off) return ATM_E_SELFTEST;
 *     return ATM_OK;
 *   }
 *   int PREFIX_selftest(void *workspace, size_t bytes) { the same with env NULL }
 *
 * Element k of an input is made of a hash of k, in 32 bits:
 *
 *   h = k * 0x9e3779b1; h ^= h >> 15; h *= 0x85ebca77; h ^= h >> 13
 *   float: (int32_t)h * 1.75 / 2^31, of variance 1; uint8_t: h >> 24
 */
#include <string.h>

#include "backends/llvm/artifact.h"
#include "support/checked_math.h"
#include "support/panic.h"

enum { FIRST_SHIFT = 15, SECOND_SHIFT = 13, BYTE_SHIFT = 24 };
#define FIRST_FACTOR UINT32_C(0x9e3779b1)
#define SECOND_FACTOR UINT32_C(0x85ebca77)
#define FLOAT_FACTOR 0x1.cp-31f

static uint32_t hash(uint32_t k) {
  uint32_t h = k * FIRST_FACTOR;
  h ^= h >> FIRST_SHIFT;
  h *= SECOND_FACTOR;
  return h ^ h >> SECOND_SHIFT;
}

void artifact_selftest_input(DType dtype, uint64_t count, void *out) {
  CHECK(dtype == DTYPE_F32 || dtype == DTYPE_U8);
  for (uint64_t k = 0; k < count; ++k) {
    uint32_t h = hash((uint32_t)k);
    if (dtype == DTYPE_F32) {
      ((float *)out)[k] = (float)(int32_t)h * FLOAT_FACTOR;
    } else {
      ((uint8_t *)out)[k] = (uint8_t)(h >> BYTE_SHIFT);
    }
  }
}

/* -- its memory -------------------------------------------------------------------------------- */

static const Plan *plan_of(const ArtifactSpec *spec) {
  return spec->variants[0].plans[spec->selftest->plan];
}

/* Bytes that a tensor takes of the workspace. */
static uint64_t room(const PlanTensor *tensor) {
  return round_up_size(type_bytes(tensor->type), PLAN_ALIGN);
}

/* Bytes in front of the workspace of the run. */
static uint64_t own_bytes(const ArtifactSpec *spec) {
  const Plan *plan = plan_of(spec);
  uint64_t bytes = 0;
  for (uint32_t i = 0; i < plan->input_count; ++i) bytes += room(&plan->inputs[i]);
  for (uint32_t i = 0; i < plan->output_count; ++i) bytes += room(&plan->outputs[i]);
  return bytes;
}

ArtifactWorkspace artifact_selftest_workspace(const ArtifactSpec *spec) {
  ArtifactWorkspace workspace = artifact_workspace(spec, spec->selftest->plan);
  workspace.base += own_bytes(spec);
  return workspace;
}

/* -- the code ---------------------------------------------------------------------------------- */

/* The function under construction: its tensors, in the workspace. */
typedef struct Test {
  Artifact *a;
  ModuleContext *m;
  const Plan *plan;
  LLVMValueRef workspace, env;
  LLVMValueRef bytes; /* i64: of the workspace */
  uint64_t used;      /* of the workspace, by tensors */
} Test;

static LLVMValueRef constant(Test *t, uint32_t value) {
  return LLVMConstInt(t->m->i32, value, 0);
}

/* value ^ value >> shift */
static LLVMValueRef fold(Test *t, LLVMValueRef value, uint32_t shift) {
  LLVMValueRef high = LLVMBuildLShr(t->m->builder, value, constant(t, shift), "");
  return LLVMBuildXor(t->m->builder, value, high, "");
}

/* The element of an input at the i64 `index`. */
static LLVMValueRef element(Test *t, DType dtype, LLVMValueRef index) {
  ModuleContext *m = t->m;
  LLVMBuilderRef b = m->builder;
  LLVMValueRef h = LLVMBuildTrunc(b, index, m->i32, "");
  h = fold(t, LLVMBuildMul(b, h, constant(t, FIRST_FACTOR), ""), FIRST_SHIFT);
  h = fold(t, LLVMBuildMul(b, h, constant(t, SECOND_FACTOR), ""), SECOND_SHIFT);
  if (dtype == DTYPE_U8) {
    return LLVMBuildTrunc(b, LLVMBuildLShr(b, h, constant(t, BYTE_SHIFT), ""), m->i8, "");
  }
  LLVMValueRef number = LLVMBuildSIToFP(b, h, m->f32, "");
  return LLVMBuildFMul(b, number, LLVMConstReal(m->f32, (double)FLOAT_FACTOR), "");
}

/* Element `index` of what is at `base`, of elements of `bytes`. */
static LLVMValueRef place(Test *t, LLVMValueRef base, LLVMValueRef index, uint64_t bytes) {
  return emit_address(t->m, base, emit_mul(t->m, index, bytes));
}

static void fill_input(Test *t, const PlanTensor *input, LLVMValueRef base) {
  ModuleContext *m = t->m;
  uint64_t bytes = dtype_bytes(input->type.dtype);
  Loop loop;
  loop_begin(m, &loop, emit_i64(m, 0), emit_i64(m, (int64_t)(type_bytes(input->type) / bytes)), 1);
  LLVMValueRef value = element(t, input->type.dtype, loop.index);
  LLVMSetAlignment(LLVMBuildStore(m->builder, value, place(t, base, loop.index, bytes)),
                   (uint32_t)bytes);
  loop_end(m, &loop, NULL);
}

/* The next room of the workspace for each of `tensors` [count], and the table of their addresses.
 */
static LLVMValueRef table_of(Test *t, const PlanTensor *tensors, uint32_t count,
                             LLVMValueRef *pointers) {
  ModuleContext *m = t->m;
  LLVMValueRef table = LLVMBuildAlloca(m->builder, LLVMArrayType2(m->ptr, count), "");
  uint32_t pointer_bytes = target_pointer_bytes(m->target);
  for (uint32_t i = 0; i < count; ++i) {
    pointers[i] = emit_address(m, t->workspace, emit_i64(m, (int64_t)t->used));
    t->used += room(&tensors[i]);
    LLVMBuildStore(m->builder, pointers[i],
                   emit_address(m, table, emit_i64(m, (int64_t)i * pointer_bytes)));
  }
  return table;
}

/* Returns what the entry does, unless that is ATM_OK. */
static void run_entry(Test *t, LLVMValueRef in, LLVMValueRef out) {
  ModuleContext *m = t->m;
  LLVMValueRef entry = t->a->entries[t->a->spec->selftest->plan];
  LLVMValueRef own = emit_i64(m, (int64_t)t->used);
  LLVMValueRef arguments[] = {in, out, emit_address(m, t->workspace, own),
                              artifact_to_size(m, LLVMBuildSub(m->builder, t->bytes, own, "")),
                              t->env};
  LLVMValueRef code =
      LLVMBuildCall2(m->builder, LLVMGlobalGetValueType(entry), entry, arguments, 5, "");
  LLVMValueRef fine = LLVMBuildICmp(m->builder, LLVMIntEQ, code, emit_i32(m, ATM_OK), "");
  LLVMValueRef function = LLVMGetBasicBlockParent(LLVMGetInsertBlock(m->builder));
  LLVMBasicBlockRef next = LLVMAppendBasicBlockInContext(m->context, function, "");
  LLVMBasicBlockRef failed = LLVMAppendBasicBlockInContext(m->context, function, "");
  LLVMBuildCondBr(m->builder, fine, next, failed);
  LLVMPositionBuilderAtEnd(m->builder, failed);
  LLVMBuildRet(m->builder, code);
  LLVMPositionBuilderAtEnd(m->builder, next);
}

/* The embedded blob, or that of env, which the entry has accepted; NULL: there are no weights. */
static LLVMValueRef weights_of(Test *t) {
  if (!artifact_weights_are_external(t->a->spec)) return t->a->weights;
  return artifact_env_load(t->m, t->env, ENV_WEIGHTS);
}

/* Every word of the weights: any that changed changes the sum. */
static void check_sum(Test *t) {
  ModuleContext *m = t->m;
  LLVMValueRef weights = weights_of(t);
  if (!weights) return;
  const uint64_t word = sizeof(uint64_t), last = t->a->spec->blob->bytes - word;
  LoopRange range = {emit_i64(m, sizeof(atm_weights_header)), emit_i64(m, (int64_t)last), word};
  LLVMValueRef sum = emit_i64(m, 0);
  Loop loop;
  loop_begin_carrying(m, &loop, range, &sum, 1);
  LLVMValueRef value = LLVMBuildLoad2(m->builder, m->i64, emit_address(m, weights, loop.index), "");
  sum = LLVMBuildXor(m->builder, loop.carried[0], value, "");
  sum = emit_mul(m, sum, ATM_WEIGHTS_FACTOR);
  loop_end(m, &loop, &sum);
  LLVMValueRef recorded =
      LLVMBuildLoad2(m->builder, m->i64, emit_address(m, weights, emit_i64(m, (int64_t)last)), "");
  artifact_require(m, LLVMBuildICmp(m->builder, LLVMIntEQ, loop.carried[0], recorded, ""),
                   ATM_E_WEIGHTS);
}

/* The constant table of what was recorded of an output. */
static LLVMValueRef recorded_table(Test *t, const SelftestOutput *recorded, DType dtype) {
  ModuleContext *m = t->m;
  const char *bytes = recorded->elements;
  size_t size = recorded->count * dtype_bytes(dtype);
  LLVMValueRef table =
      artifact_constant(t->a, "recorded", LLVMConstStringInContext2(m->context, bytes, size, true));
  LLVMSetAlignment(table, PLAN_ALIGN);
  return table;
}

/* i1: an element is not what was recorded. A NaN is off. */
static LLVMValueRef is_off(Test *t, const SelftestOutput *recorded, DType dtype, LLVMValueRef got,
                           LLVMValueRef wanted) {
  ModuleContext *m = t->m;
  if (dtype != DTYPE_F32) return LLVMBuildICmp(m->builder, LLVMIntNE, got, wanted, "");
  LLVMValueRef error = emit_fsub(m, got, wanted);
  error = emit_intrinsic(m, "llvm.fabs", &error, 1);
  LLVMValueRef tolerance = LLVMConstReal(m->f32, recorded->tolerance);
  return LLVMBuildFCmp(m->builder, LLVMRealUGT, error, tolerance, "");
}

static void compare_output(Test *t, const SelftestOutput *recorded, DType dtype, LLVMValueRef at) {
  ModuleContext *m = t->m;
  uint64_t bytes = dtype_bytes(dtype);
  LLVMTypeRef type = dtype == DTYPE_F32 ? m->f32 : LLVMIntTypeInContext(m->context, 8 * bytes);
  LLVMValueRef table = recorded_table(t, recorded, dtype), off = emit_i32(m, 0);
  LoopRange range = {emit_i64(m, 0), emit_i64(m, recorded->count), 1};
  Loop loop;
  loop_begin_carrying(m, &loop, range, &off, 1);
  LLVMValueRef got =
      LLVMBuildLoad2(m->builder, type, place(t, at, loop.index, recorded->step * bytes), "");
  LLVMValueRef wanted = LLVMBuildLoad2(m->builder, type, place(t, table, loop.index, bytes), "");
  LLVMValueRef one = LLVMBuildZExt(m->builder, is_off(t, recorded, dtype, got, wanted), m->i32, "");
  off = emit_add(m, loop.carried[0], one);
  loop_end(m, &loop, &off);
  LLVMValueRef few =
      LLVMBuildICmp(m->builder, LLVMIntULE, loop.carried[0], constant(t, recorded->misses), "");
  artifact_require(m, few, ATM_E_SELFTEST);
}

/* The builder is at the start of PREFIX_selftest_env. */
static void emit_body(Test *t) {
  ModuleContext *m = t->m;
  const ArtifactSelftest *selftest = t->a->spec->selftest;
  const Plan *plan = t->plan;
  LLVMValueRef *inputs = ARENA_ARRAY(t->a->arena, plan->input_count, LLVMValueRef);
  LLVMValueRef *outputs = ARENA_ARRAY(t->a->arena, plan->output_count, LLVMValueRef);
  LLVMValueRef in = table_of(t, plan->inputs, plan->input_count, inputs);
  LLVMValueRef out = table_of(t, plan->outputs, plan->output_count, outputs);
  LLVMValueRef enough =
      LLVMBuildICmp(m->builder, LLVMIntUGE, t->bytes, emit_i64(m, (int64_t)t->used), "");
  LLVMValueRef aligned = artifact_is_pointer(m, t->workspace, PLAN_ALIGN);
  artifact_require(m, LLVMBuildAnd(m->builder, aligned, enough, ""), ATM_E_WORKSPACE);
  for (uint32_t i = 0; i < plan->input_count; ++i) fill_input(t, &plan->inputs[i], inputs[i]);
  run_entry(t, in, out);
  check_sum(t);
  for (uint32_t i = 0; i < plan->output_count; ++i) {
    compare_output(t, &selftest->outputs[i], plan->outputs[i].type.dtype, outputs[i]);
  }
  LLVMBuildRet(m->builder, emit_i32(m, ATM_OK));
}

/* PREFIX_selftest: one thread, embedded weights. */
static void emit_short(Artifact *a, LLVMValueRef whole) {
  ModuleContext *m = a->m;
  LLVMTypeRef parameters[] = {m->ptr, m->size};
  LLVMValueRef function =
      artifact_function(a, "selftest", LLVMFunctionType(m->i32, parameters, 2, 0), true);
  LLVMValueRef arguments[] = {LLVMGetParam(function, 0), LLVMGetParam(function, 1),
                              LLVMConstNull(m->ptr)};
  LLVMTypeRef type = LLVMGlobalGetValueType(whole);
  LLVMBuildRet(m->builder, LLVMBuildCall2(m->builder, type, whole, arguments, 3, ""));
}

void selftest_emit(Artifact *a) {
  if (!a->spec->selftest) return;
  ModuleContext *m = a->m;
  LLVMTypeRef parameters[] = {m->ptr, m->size, m->ptr};
  LLVMValueRef function =
      artifact_function(a, "selftest_env", LLVMFunctionType(m->i32, parameters, 3, 0), true);
  Test t = {.a = a, .m = m, .plan = plan_of(a->spec)};
  t.workspace = LLVMGetParam(function, 0), t.env = LLVMGetParam(function, 2);
  t.bytes = artifact_from_size(m, LLVMGetParam(function, 1));
  emit_body(&t);
  emit_short(a, function);
}
