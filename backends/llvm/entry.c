/* The entry of a resolution, as in
 *
 *   int PREFIX_run_HxW(const void *const in[], void *const out[], void *workspace, size_t bytes,
 *                  const atm_env *env) {
 *     check the arguments; choose the variant;                    the rest once for each variant
 *     for (round = 0; round < rounds; ++round) {                      in[], out[]: its images
 *       void *args[..] = {scratch, others, operands.., results.., prefetch}; once for each step
 *       if (PREFIX_step(parallel_for, ctx, kernel, args, tasks)) return ATM_E_PARALLEL;
 *     }
 *     return ATM_OK;
 *   }
 *
 * Where an input takes bytes this is PREFIX_run_strided_HxW, which is also told how their rows lie
 * (atm_strides), and PREFIX_run_HxW calls it with NULL.
 *
 * env NULL is replaced by a constant environment with one thread, so that there is one path only.
 * Workspace: the arena of the plan first, in which the plan finds room for worker 0's scratch of
 * each step; then the scratch of the other workers. */
#include "backends/llvm/artifact.h"
#include "backends/llvm/debug_info.h"
#include "ir/kernel_args.h"
#include "runtime/atm_runtime.h"
#include "support/panic.h"

enum { MAX_THREADS = 64 };

/* One entry under construction: its parameters, and what the checks made of them. */
typedef struct Entry {
  Artifact *a;
  ModuleContext *m;
  uint32_t index;          /* of the resolution */
  const VariantCode *code; /* of the variant whose steps are emitted */
  const Plan *plan;        /* its plan */
  LLVMValueRef function;
  LLVMValueRef in, out, workspace, env;
  LLVMValueRef said;              /* of how rows of bytes lie; NULL: the entry is not told */
  LLVMValueRef bytes;             /* i64: of the workspace */
  LLVMValueRef *inputs, *outputs; /* loaded pointers */
  LLVMValueRef *strides;          /* [inputs]: the atm_strides of each, or NULL; if `said` */
  LLVMValueRef threads;           /* i32, at least 1 */
  LLVMValueRef parallel_for;      /* NULL when there is one thread */
  LLVMValueRef able;              /* i64: the ATM_ISA_* bits that variants may use */
  LLVMValueRef weights;
} Entry;

/* -- small pieces ------------------------------------------------------------------------------ */

/* `bytes` behind `base`. */
static LLVMValueRef offset(ModuleContext *m, LLVMValueRef base, uint64_t bytes) {
  LLVMValueRef index = LLVMConstInt(m->i64, bytes, 0);
  return bytes ? LLVMBuildGEP2(m->builder, m->i8, base, &index, 1, "") : base;
}

/* A value of `type` there, aligned as its type is: fields of structures, tables of pointers. */
static LLVMValueRef load(ModuleContext *m, LLVMTypeRef type, LLVMValueRef base, uint64_t bytes) {
  return LLVMBuildLoad2(m->builder, type, offset(m, base, bytes), "");
}

/* What a field of the environment holds. */
static LLVMValueRef env_field(Entry *e, EnvField field) {
  return artifact_env_load(e->m, e->env, field);
}

/* Where pointer `index` of a table begins. */
static uint64_t pointer_offset(const ModuleContext *m, uint32_t index) {
  return (uint64_t)index * target_pointer_bytes(m->target);
}

static LLVMValueRef both(ModuleContext *m, LLVMValueRef a, LLVMValueRef b) {
  return LLVMBuildAnd(m->builder, a, b, "");
}

/* All of `bits` are in the i64 `isa`. */
static LLVMValueRef has_isa(Entry *e, LLVMValueRef isa, uint64_t bits) {
  LLVMValueRef mask = LLVMConstInt(e->m->i64, bits, 0);
  LLVMValueRef there = LLVMBuildAnd(e->m->builder, isa, mask, "");
  return LLVMBuildICmp(e->m->builder, LLVMIntEQ, there, mask, "");
}

/* -- shared helpers ---------------------------------------------------------------------------- */

/* The parallel_for of atm_env: int (ctx, n, fn, arg). */
static LLVMTypeRef parallel_for_type(ModuleContext *m) {
  LLVMTypeRef parameters[] = {m->ptr, m->i32, m->ptr, m->ptr};
  return LLVMFunctionType(m->i32, parameters, 4, 0);
}

/* The type of PREFIX_step. */
static LLVMTypeRef step_type(ModuleContext *m) {
  LLVMTypeRef parameters[] = {m->ptr, m->ptr, m->ptr, m->ptr, m->i32};
  return LLVMFunctionType(m->i32, parameters, 5, 0);
}

/* int PREFIX_step(parallel_for, ctx, kernel, args, tasks): runs all tasks, 0 when they are done. */
static void emit_step(Artifact *a) {
  ModuleContext *m = a->m;
  a->step = artifact_function(a, "step", step_type(m), false);
  LLVMValueRef parallel_for = LLVMGetParam(a->step, 0), ctx = LLVMGetParam(a->step, 1);
  LLVMValueRef kernel = LLVMGetParam(a->step, 2), args = LLVMGetParam(a->step, 3);
  LLVMValueRef tasks = LLVMGetParam(a->step, 4);
  LLVMBasicBlockRef together = LLVMAppendBasicBlockInContext(m->context, a->step, "together");
  LLVMBasicBlockRef alone = LLVMAppendBasicBlockInContext(m->context, a->step, "alone");
  LLVMValueRef many = LLVMBuildICmp(m->builder, LLVMIntUGT, tasks, LLVMConstInt(m->i32, 1, 0), "");
  LLVMValueRef pooled = both(m, LLVMBuildIsNotNull(m->builder, parallel_for, ""), many);
  LLVMBuildCondBr(m->builder, pooled, together, alone);

  LLVMPositionBuilderAtEnd(m->builder, together);
  LLVMValueRef shared[] = {ctx, tasks, kernel, args};
  LLVMBuildRet(m->builder,
               LLVMBuildCall2(m->builder, parallel_for_type(m), parallel_for, shared, 4, ""));

  LLVMPositionBuilderAtEnd(m->builder, alone);
  Loop loop;
  LLVMValueRef count = LLVMBuildZExt(m->builder, tasks, m->i64, "");
  loop_begin(m, &loop, LLVMConstNull(m->i64), count, 1);
  LLVMValueRef task = LLVMBuildTrunc(m->builder, loop.index, m->i32, "");
  LLVMValueRef one[] = {args, task, LLVMConstNull(m->i32)};
  LLVMBuildCall2(m->builder, m->kernel_type, kernel, one, 3, "");
  loop_end(m, &loop, NULL);
  LLVMBuildRet(m->builder, LLVMConstNull(m->i32));
}

void entry_emit_shared(Artifact *a) {
  ModuleContext *m = a->m;
  LLVMValueRef env[ENV_FIELD_COUNT] = {[ENV_SIZE] = LLVMConstInt(m->i32, artifact_env_bytes(m), 0),
                                       [ENV_THREADS] = LLVMConstInt(m->i32, 1, 0),
                                       [ENV_ISA] = LLVMConstNull(m->i64),
                                       [ENV_WEIGHTS] = LLVMConstNull(m->ptr),
                                       [ENV_CTX] = LLVMConstNull(m->ptr),
                                       [ENV_PARALLEL_FOR] = LLVMConstNull(m->ptr)};
  a->default_env = artifact_constant(a, "default_env",
                                     LLVMConstStructInContext(m->context, env, ENV_FIELD_COUNT, 0));
  emit_step(a);
}

/* -- the checks, in the order that the header promises ----------------------------------------- */

/* Loads the `count` pointers of `table`, which must all be aligned to an element of `tensors`. */
static LLVMValueRef *check_tensors(Entry *e, LLVMValueRef table, const PlanTensor *tensors,
                                   uint32_t count) {
  LLVMValueRef *pointers = ARENA_ARRAY(e->a->arena, count, LLVMValueRef);
  artifact_require(e->m, LLVMBuildIsNotNull(e->m->builder, table, ""), ATM_E_ARGUMENT);
  for (uint32_t i = 0; i < count; ++i) {
    pointers[i] = load(e->m, e->m->ptr, table, pointer_offset(e->m, i));
    artifact_require(e->m,
                     artifact_is_pointer(e->m, pointers[i], dtype_bytes(tensors[i].type.dtype)),
                     ATM_E_ARGUMENT);
  }
  return pointers;
}

/* i1: i64 `value` is 0. */
static LLVMValueRef is_zero(ModuleContext *m, LLVMValueRef value) {
  return LLVMBuildICmp(m->builder, LLVMIntEQ, value, emit_i64(m, 0), "");
}

/* i1: rows that are `row` bytes apart, up or down, do not reach into each other. */
static LLVMValueRef is_row(ModuleContext *m, LLVMValueRef row, int64_t least) {
  LLVMValueRef moved = emit_add(m, row, emit_i64(m, least - 1));
  return LLVMBuildICmp(m->builder, LLVMIntUGT, moved, emit_i64(m, 2 * (least - 1)), "");
}

/* i1: what is said of `input` can be so. Of floats nothing may be said, of planes where there are
 * some. */
static LLVMValueRef is_possible(ModuleContext *m, const PlanTensor *input, Strides said) {
  Type type = input->type;
  LLVMValueRef row = is_zero(m, said.row), plane = is_zero(m, said.plane);
  if (!plan_takes_strides(input)) {
    LLVMValueRef image = is_zero(m, said.image);
    return both(m, both(m, row, plane), image);
  }
  LLVMValueRef wide = is_row(m, said.row, strides_least_row(type, input->nchw));
  row = LLVMBuildOr(m->builder, row, wide, "");
  return strides_has_planes(type, input->nchw) ? row : both(m, row, plane);
}

/* Sets strides. */
static void check_strides(Entry *e) {
  ModuleContext *m = e->m;
  if (!e->said) return;
  LLVMValueRef none = LLVMBuildIsNull(m->builder, e->said, "");
  e->strides = ARENA_ARRAY(e->a->arena, e->plan->input_count, LLVMValueRef);
  for (uint32_t i = 0; i < e->plan->input_count; ++i) {
    LLVMValueRef at = offset(m, e->said, i * strides_bytes(m));
    e->strides[i] = LLVMBuildSelect(m->builder, none, LLVMConstNull(m->ptr), at, "");
    Strides said = strides_load(m, e->strides[i]);
    artifact_require(m, is_possible(m, &e->plan->inputs[i], said), ATM_E_ARGUMENT);
  }
}

/* Sets env, threads and parallel_for. An environment may be larger than ours (a newer runtime's);
 * one without parallel_for, or with 0 or 1 threads, is that of one thread. */
static void check_env(Entry *e) {
  ModuleContext *m = e->m;
  LLVMBuilderRef b = m->builder;
  e->env = LLVMBuildSelect(b, LLVMBuildIsNull(b, e->env, ""), e->a->default_env, e->env, "");
  LLVMValueRef size = env_field(e, ENV_SIZE);
  artifact_require(
      e->m, LLVMBuildICmp(b, LLVMIntUGE, size, LLVMConstInt(m->i32, artifact_env_bytes(m), 0), ""),
      ATM_E_ENV);
  LLVMValueRef threads = env_field(e, ENV_THREADS);
  artifact_require(e->m,
                   LLVMBuildICmp(b, LLVMIntULE, threads, LLVMConstInt(m->i32, MAX_THREADS, 0), ""),
                   ATM_E_ENV);
  LLVMValueRef call = env_field(e, ENV_PARALLEL_FOR);
  LLVMValueRef one = LLVMConstInt(m->i32, 1, 0);
  LLVMValueRef given = LLVMBuildIsNotNull(b, call, "");
  LLVMValueRef many = both(m, LLVMBuildICmp(b, LLVMIntUGT, threads, one, ""), given);
  e->threads = LLVMBuildSelect(b, many, threads, one, "");
  e->parallel_for = LLVMBuildSelect(b, many, call, LLVMConstNull(m->ptr), "");
}

/* The workspace has room for the scratch of all threads. Threads are at most MAX_THREADS, so
 * nothing here overflows. */
static void check_workspace(Entry *e) {
  ModuleContext *m = e->m;
  LLVMValueRef others = LLVMBuildSub(m->builder, e->threads, LLVMConstInt(m->i32, 1, 0), "");
  ArtifactWorkspace workspace = artifact_workspace(e->a->spec, e->index);
  LLVMValueRef scratch = LLVMConstInt(m->i64, workspace.scratch, 0);
  LLVMValueRef base = LLVMConstInt(m->i64, workspace.base, 0);
  others = LLVMBuildZExt(m->builder, others, m->i64, "");
  LLVMValueRef needed =
      LLVMBuildAdd(m->builder, LLVMBuildMul(m->builder, others, scratch, ""), base, "");
  LLVMValueRef enough = LLVMBuildICmp(m->builder, LLVMIntUGE, e->bytes, needed, "");
  artifact_require(e->m, both(m, artifact_is_pointer(m, e->workspace, PLAN_ALIGN), enough),
                   ATM_E_WORKSPACE);
}

/* What the CPU has: env->isa where that was detected, else the CPU itself is asked. */
static LLVMValueRef detected(Entry *e, LLVMValueRef told) {
  ModuleContext *m = e->m;
  LLVMBuilderRef b = m->builder;
  if (!e->a->cpu_check) return LLVMConstAllOnes(m->i64);
  LLVMValueRef known_before = has_isa(e, told, ATM_ISA_DETECTED);
  LLVMBasicBlockRef before = LLVMGetInsertBlock(b);
  LLVMBasicBlockRef ask = LLVMAppendBasicBlockInContext(m->context, e->function, "");
  LLVMBasicBlockRef known = LLVMAppendBasicBlockInContext(m->context, e->function, "");
  LLVMBuildCondBr(b, known_before, known, ask);
  LLVMPositionBuilderAtEnd(b, ask);
  LLVMTypeRef type = LLVMFunctionType(m->i64, NULL, 0, 0);
  LLVMValueRef found = LLVMBuildCall2(b, type, e->a->cpu_check, NULL, 0, "");
  LLVMBuildBr(b, known);
  LLVMPositionBuilderAtEnd(b, known);
  LLVMValueRef isa = LLVMBuildPhi(b, m->i64, "");
  LLVMAddIncoming(isa, (LLVMValueRef[]){told, found}, (LLVMBasicBlockRef[]){before, ask}, 2);
  return isa;
}

/* The bits of some variant are there, and among those of env->isa unless that is 0. */
static void check_cpu(Entry *e) {
  ModuleContext *m = e->m;
  LLVMBuilderRef b = m->builder;
  LLVMValueRef told = env_field(e, ENV_ISA);
  LLVMValueRef isa = detected(e, told);
  LLVMValueRef any = LLVMBuildICmp(b, LLVMIntEQ, told, LLVMConstNull(m->i64), "");
  LLVMValueRef wanted = LLVMBuildSelect(b, any, LLVMConstAllOnes(m->i64), told, "");
  e->able = LLVMBuildAnd(b, isa, wanted, "");
  const ArtifactSpec *spec = e->a->spec;
  LLVMValueRef some = LLVMConstNull(m->i1);
  for (uint32_t v = 0; v < spec->variant_count; ++v) {
    LLVMValueRef one = has_isa(e, e->able, spec->variants[v].target->isa_bits);
    some = LLVMBuildOr(b, some, one, "");
  }
  artifact_require(e->m, some, ATM_E_UNSUPPORTED_CPU);
}

/* Sets weights: the embedded blob, or the one that the caller maps. */
static void check_weights(Entry *e) {
  e->weights = e->a->weights;
  if (!artifact_weights_are_external(e->a->spec)) return;
  e->weights = env_field(e, ENV_WEIGHTS);
  check_weights_at(e->a, e->weights);
}

/* -- the steps --------------------------------------------------------------------------------- */

/* The first byte of the plan's constant `index`. */
static LLVMValueRef weights_address(Entry *e, uint32_t index) {
  uint32_t recipe = e->plan->weights[index]->id;
  return offset(e->m, e->weights, e->a->weight_offsets[recipe]);
}

/* Where a buffer of a step is in this call, and in this round. */
static LLVMValueRef buffer_address(Entry *e, const BufferRef *ref) {
  switch (ref->space) {
    case SPACE_INPUT: return e->inputs[ref->index];
    case SPACE_OUTPUT: return e->outputs[ref->index];
    case SPACE_ARENA: return offset(e->m, e->workspace, ref->offset);
    case SPACE_WEIGHTS: return offset(e->m, weights_address(e, ref->index), ref->offset);
  }
  PANIC("buffer in space %d", (int)ref->space);
}

/* How the rows of a step's operand lie; NULL: packed. */
static LLVMValueRef strides_of(Entry *e, const BufferRef *ref) {
  CHECK(ref->space == SPACE_INPUT);
  return e->strides[ref->index];
}

/* args[index] = value. */
static void store_arg(Entry *e, LLVMValueRef args, uint32_t index, LLVMValueRef value) {
  LLVMBuildStore(e->m->builder, value, offset(e->m, args, pointer_offset(e->m, index)));
}

/* Fills the arguments of one step and runs its tasks. All steps use the same array: tasks of the
 * one before are over. */
static void emit_call(Entry *e, LLVMValueRef args, const Step *step) {
  ModuleContext *m = e->m;
  const PlanKernel *kernel = &e->plan->kernels[step->kernel];
  debug_info_step(m, e->plan, step);
  store_arg(e, args, KERNEL_ARG_SCRATCH, offset(m, e->workspace, step->scratch));
  for (uint32_t i = 0; i < kernel->operand_count; ++i) {
    store_arg(e, args, kernel_arg_operand(i), buffer_address(e, &step->operands[i]));
    if (!plan_has_strides(&kernel->operands[i])) continue;
    store_arg(e, args, kernel_arg_strides(kernel, i), strides_of(e, &step->operands[i]));
  }
  for (uint32_t i = 0; i < kernel->result_count; ++i) {
    store_arg(e, args, kernel_arg_result(kernel, i), buffer_address(e, &step->results[i]));
  }
  if (kernel->prefetch_bytes) {
    store_arg(e, args, kernel_arg_prefetch(kernel), weights_address(e, step->prefetch));
  }
  LLVMValueRef values[] = {e->parallel_for, env_field(e, ENV_CTX),
                           e->code->kernels[e->index][step->kernel], args,
                           LLVMConstInt(m->i32, plan_tasks(kernel), 0)};
  LLVMValueRef code = LLVMBuildCall2(m->builder, step_type(m), e->a->step, values, 5, "");
  artifact_require(e->m, LLVMBuildIsNull(m->builder, code, ""), ATM_E_PARALLEL);
  debug_info_step_end(m);
}

static void emit_steps(Entry *e, LLVMValueRef args) {
  for (uint32_t i = 0; i < e->plan->step_count; ++i) emit_call(e, args, &e->plan->steps[i]);
}

/* Pointers to whole tensors, moved on to what `round` takes of them. */
static LLVMValueRef *moved_on(Entry *e, LLVMValueRef *pointers, const PlanTensor *tensors,
                              uint32_t count, LLVMValueRef round) {
  LLVMValueRef *moved = ARENA_ARRAY(e->a->arena, count, LLVMValueRef);
  for (uint32_t i = 0; i < count; ++i) {
    uint64_t bytes = type_bytes(tensors[i].type) / e->plan->rounds;
    moved[i] = emit_address(e->m, pointers[i], emit_mul(e->m, round, bytes));
  }
  return moved;
}

/* The same of inputs, whose images may lie as the host says. */
static LLVMValueRef *inputs_moved_on(Entry *e, LLVMValueRef round) {
  ModuleContext *m = e->m;
  const Plan *plan = e->plan;
  LLVMValueRef *moved = moved_on(e, e->inputs, plan->inputs, plan->input_count, round);
  for (uint32_t i = 0; i < plan->input_count; ++i) {
    const PlanTensor *input = &plan->inputs[i];
    if (!plan_takes_strides(input)) continue;
    LLVMValueRef image = strides_resolve(m, e->strides[i], input->type, input->nchw).image;
    LLVMValueRef first = emit_mul(m, round, (uint64_t)input->type.dims[0] / plan->rounds);
    moved[i] = emit_address(m, e->inputs[i], LLVMBuildMul(m->builder, first, image, ""));
  }
  return moved;
}

/* The steps, once or in a loop over rounds. Pointers of the round stand in for the caller's
 * meanwhile. */
static void emit_rounds(Entry *e, LLVMValueRef args) {
  ModuleContext *m = e->m;
  const Plan *plan = e->plan;
  if (plan->rounds == 1) {
    emit_steps(e, args);
    return;
  }
  LLVMValueRef *inputs = e->inputs, *outputs = e->outputs;
  Loop loop;
  loop_begin(m, &loop, emit_i64(m, 0), emit_i64(m, plan->rounds), 1);
  e->inputs = inputs_moved_on(e, loop.index);
  e->outputs = moved_on(e, outputs, plan->outputs, plan->output_count, loop.index);
  emit_steps(e, args);
  loop_end(m, &loop, NULL);
  e->inputs = inputs, e->outputs = outputs;
}

/* Runs the steps of variant `v` and returns. */
static void emit_variant(Entry *e, LLVMValueRef args, uint32_t v) {
  e->code = &e->a->variants[v];
  e->plan = e->code->variant->plans[e->index];
  CHECK(e->plan->workspace_base % PLAN_ALIGN == 0 && e->plan->scratch_bytes % PLAN_ALIGN == 0);
  store_arg(e, args, KERNEL_ARG_OTHERS, offset(e->m, e->workspace, e->plan->workspace_base));
  emit_rounds(e, args);
  LLVMBuildRet(e->m->builder, LLVMConstNull(e->m->i32));
}

/* The first variant whose bits are there; the last one's must be. */
static void emit_variants(Entry *e, LLVMValueRef args) {
  ModuleContext *m = e->m;
  uint32_t last = e->a->spec->variant_count - 1;
  for (uint32_t v = 0; v < last; ++v) {
    LLVMBasicBlockRef here = LLVMAppendBasicBlockInContext(m->context, e->function, "");
    LLVMBasicBlockRef next = LLVMAppendBasicBlockInContext(m->context, e->function, "");
    uint64_t bits = e->a->spec->variants[v].target->isa_bits;
    LLVMBuildCondBr(m->builder, has_isa(e, e->able, bits), here, next);
    LLVMPositionBuilderAtEnd(m->builder, here);
    emit_variant(e, args, v);
    LLVMPositionBuilderAtEnd(m->builder, next);
  }
  emit_variant(e, args, last);
}

/* Of every kernel of every variant. */
static uint32_t most_args(const ArtifactSpec *spec, uint32_t index) {
  uint32_t most = 0;
  for (uint32_t v = 0; v < spec->variant_count; ++v) {
    const Plan *plan = spec->variants[v].plans[index];
    for (uint32_t i = 0; i < plan->kernel_count; ++i) {
      uint32_t count = kernel_arg_count(&plan->kernels[i]);
      if (count > most) most = count;
    }
  }
  return most;
}

/* The type of an entry: one that is told of strides has them behind the inputs. */
static LLVMTypeRef entry_type(ModuleContext *m, bool strided) {
  LLVMTypeRef told[] = {m->ptr, m->ptr, m->ptr, m->ptr, m->size, m->ptr};
  LLVMTypeRef plain[] = {m->ptr, m->ptr, m->ptr, m->size, m->ptr};
  return LLVMFunctionType(m->i32, strided ? told : plain, strided ? 6 : 5, 0);
}

/* Starts the exported function; where it finds its parameters. */
static Entry entry_begin(Artifact *a, uint32_t index, bool strided) {
  const char *name = strided ? "run_strided" : "run";
  name = arena_printf(a->arena, "%s%s", name, artifact_suffix(a->spec, index, a->arena));
  LLVMValueRef function = artifact_function(a, name, entry_type(a->m, strided), true);
  Entry e = {.a = a, .m = a->m, .index = index, .function = function};
  uint32_t next = 0;
  e.in = LLVMGetParam(function, next++);
  if (strided) e.said = LLVMGetParam(function, next++);
  e.out = LLVMGetParam(function, next++);
  e.workspace = LLVMGetParam(function, next++);
  e.bytes = LLVMGetParam(function, next++);
  e.env = LLVMGetParam(function, next);
  return e;
}

/* All of it: what it checks, and the steps of every variant. */
static LLVMValueRef emit_whole(Artifact *a, uint32_t index, bool strided) {
  ModuleContext *m = a->m;
  const Plan *plan = a->spec->variants[0].plans[index];
  Entry e = entry_begin(a, index, strided);
  e.plan = plan;
  debug_info_entry(m, plan, e.function);
  e.bytes = artifact_from_size(m, e.bytes);
  LLVMTypeRef args_type = LLVMArrayType2(m->ptr, most_args(a->spec, index));
  LLVMValueRef args = LLVMBuildAlloca(m->builder, args_type, "args");
  e.inputs = check_tensors(&e, e.in, plan->inputs, plan->input_count);
  check_strides(&e);
  e.outputs = check_tensors(&e, e.out, plan->outputs, plan->output_count);
  check_env(&e);
  check_workspace(&e);
  check_cpu(&e);
  check_weights(&e);
  emit_variants(&e, args);
  debug_info_end(m);
  return e.function;
}

/* PREFIX_run, which says nothing of strides to `strided`. */
static LLVMValueRef emit_packed(Artifact *a, uint32_t index, LLVMValueRef strided) {
  ModuleContext *m = a->m;
  Entry e = entry_begin(a, index, false);
  LLVMValueRef arguments[] = {e.in, LLVMConstNull(m->ptr), e.out, e.workspace, e.bytes, e.env};
  LLVMTypeRef type = LLVMGlobalGetValueType(strided);
  LLVMValueRef code = LLVMBuildCall2(m->builder, type, strided, arguments, 6, "");
  LLVMSetTailCall(code, true);
  LLVMBuildRet(m->builder, code);
  return e.function;
}

void entry_emit(Artifact *a, uint32_t index) {
  if (!artifact_takes_strides(a->spec)) {
    a->entries[index] = emit_whole(a, index, false);
    return;
  }
  a->strided[index] = emit_whole(a, index, true);
  a->entries[index] = emit_packed(a, index, a->strided[index]);
}
