/* Helpers that every kernel emitter uses: types, constants, arithmetic, memory, functions.
 *
 * Floats in memory are accessed with an alignment of 4: a caller's tensor may have no more.
 * Constants fold as they are built, so callers do not look for zeros and ones.
 */
#include "backends/llvm/emit.h"

#include <string.h>

#include "support/panic.h"

void emit_module_flag(ModuleContext *m, const char *name, uint32_t value) {
  LLVMMetadataRef number = LLVMValueAsMetadata(LLVMConstInt(m->i32, value, false));
  LLVMAddModuleFlag(m->module, LLVMModuleFlagBehaviorWarning, name, strlen(name), number);
}

/* Functions begin with what an indirect call may land on, and the object says so: IBT and shadow
 * stacks of x86-64, BTI of AArch64, whose functions ask for it one by one. The other family's flags
 * say nothing to LLVM. */
static void guard_branches(ModuleContext *m) {
  emit_module_flag(m, "cf-protection-branch", 1);
  emit_module_flag(m, "cf-protection-return", 1);
  emit_module_flag(m, "branch-target-enforcement", 1);
}

ModuleContext emit_open(LLVMContextRef context, const char *name, const TargetInfo *target,
                        Arena *arena) {
  ModuleContext m = {.arena = arena, .context = context};
  m.module = LLVMModuleCreateWithNameInContext(name, context);
  LLVMSetTarget(m.module, target->triple);
  m.builder = LLVMCreateBuilderInContext(context);
  m.void_type = LLVMVoidTypeInContext(context);
  m.i1 = LLVMInt1TypeInContext(context);
  m.i8 = LLVMInt8TypeInContext(context);
  m.i16 = LLVMInt16TypeInContext(context);
  m.i32 = LLVMInt32TypeInContext(context);
  m.i64 = LLVMInt64TypeInContext(context);
  m.f32 = LLVMFloatTypeInContext(context);
  m.f64 = LLVMDoubleTypeInContext(context);
  m.ptr = LLVMPointerTypeInContext(context, 0);
  m.size = target->is_narrow ? m.i32 : m.i64;
  LLVMTypeRef parameters[] = {m.ptr, m.i32, m.i32};
  m.kernel_type = LLVMFunctionType(m.void_type, parameters, 3, false);
  guard_branches(&m);
  return emit_for_target(&m, target);
}

ModuleContext emit_for_target(const ModuleContext *m, const TargetInfo *target) {
  CHECK(target->vector_floats <= MAX_LANES);
  ModuleContext other = *m;
  other.target = target;
  other.vector = LLVMVectorType(m->f32, target->vector_floats);
  other.vector_i32 = LLVMVectorType(m->i32, target->vector_floats);
  return other;
}

void emit_close(ModuleContext *m) {
  LLVMDisposeBuilder(m->builder);
  m->builder = NULL;
}

void emit_text_attribute(ModuleContext *m, LLVMValueRef function, const char *key,
                         const char *value) {
  LLVMAttributeRef attribute = LLVMCreateStringAttribute(m->context, key, (unsigned)strlen(key),
                                                         value, (unsigned)strlen(value));
  LLVMAddAttributeAtIndex(function, LLVMAttributeFunctionIndex, attribute);
}

void emit_attribute(ModuleContext *m, LLVMValueRef function, const char *name) {
  unsigned kind = LLVMGetEnumAttributeKindForName(name, strlen(name));
  LLVMAddAttributeAtIndex(function, LLVMAttributeFunctionIndex,
                          LLVMCreateEnumAttribute(m->context, kind, 0));
}

void emit_unwinding(ModuleContext *m, LLVMValueRef function) {
  enum { EVERYWHERE = 2 }; /* at each instruction, not only at calls */
  unsigned kind = LLVMGetEnumAttributeKindForName("uwtable", strlen("uwtable"));
  LLVMAddAttributeAtIndex(function, LLVMAttributeFunctionIndex,
                          LLVMCreateEnumAttribute(m->context, kind, EVERYWHERE));
}

LLVMValueRef emit_function(ModuleContext *m, const char *symbol, LLVMTypeRef type) {
  LLVMValueRef function = LLVMAddFunction(m->module, symbol, type);
  const TargetInfo *target = m->target;
  emit_text_attribute(m, function, "target-cpu", target->cpu);
  emit_text_attribute(m, function, "tune-cpu", target->tune);
  if (target->features && *target->features) {
    emit_text_attribute(m, function, "target-features", target->features);
  }
  if (target->vector_floats == MAX_REGISTER_LANES) {
    emit_text_attribute(m, function, "min-legal-vector-width", "512");
    emit_text_attribute(m, function, "prefer-vector-width", "512");
  }
  emit_attribute(m, function, "nounwind");
  emit_unwinding(m, function);
  emit_text_attribute(m, function, "branch-target-enforcement", "true"); /* guard_branches */
  emit_text_attribute(m, function, "warn-stack-size", "0");              /* object.c listens */
  LLVMBasicBlockRef entry = LLVMAppendBasicBlockInContext(m->context, function, "entry");
  LLVMPositionBuilderAtEnd(m->builder, entry);
  return function;
}

/* -- constants --------------------------------------------------------------------------------- */

LLVMValueRef emit_i32(ModuleContext *m, int32_t value) {
  return LLVMConstInt(m->i32, (uint32_t)value, true);
}

LLVMValueRef emit_i64(ModuleContext *m, int64_t value) {
  return LLVMConstInt(m->i64, (uint64_t)value, true);
}

/* A vector constant of the target's width, all lanes `lane`. */
static LLVMValueRef constant_splat(ModuleContext *m, LLVMValueRef lane) {
  LLVMValueRef lanes[MAX_LANES];
  for (uint32_t i = 0; i < m->target->vector_floats; ++i) lanes[i] = lane;
  return LLVMConstVector(lanes, m->target->vector_floats);
}

LLVMValueRef emit_splat(ModuleContext *m, double value) {
  return constant_splat(m, LLVMConstReal(m->f32, value));
}

LLVMValueRef emit_splat_i32(ModuleContext *m, int32_t value) {
  return constant_splat(m, emit_i32(m, value));
}

/* -- arithmetic -------------------------------------------------------------------------------- */

LLVMValueRef emit_add(ModuleContext *m, LLVMValueRef a, LLVMValueRef b) {
  return LLVMBuildAdd(m->builder, a, b, "");
}

LLVMValueRef emit_mul(ModuleContext *m, LLVMValueRef a, uint64_t factor) {
  return LLVMBuildMul(m->builder, a, emit_i64(m, (int64_t)factor), "");
}

LLVMValueRef emit_least(ModuleContext *m, LLVMValueRef a, LLVMValueRef b) {
  return LLVMBuildSelect(m->builder, LLVMBuildICmp(m->builder, LLVMIntSLT, a, b, ""), a, b, "");
}

LLVMValueRef emit_fadd(ModuleContext *m, LLVMValueRef a, LLVMValueRef b) {
  return LLVMBuildFAdd(m->builder, a, b, "");
}

LLVMValueRef emit_fsub(ModuleContext *m, LLVMValueRef a, LLVMValueRef b) {
  return LLVMBuildFSub(m->builder, a, b, "");
}

LLVMValueRef emit_fmul(ModuleContext *m, LLVMValueRef a, LLVMValueRef b) {
  return LLVMBuildFMul(m->builder, a, b, "");
}

/* LLVM declares an intrinsic once per type; asking again gives the same declaration. */
LLVMValueRef emit_intrinsic(ModuleContext *m, const char *name, LLVMValueRef *args,
                            uint32_t count) {
  unsigned id = LLVMLookupIntrinsicID(name, strlen(name));
  CHECK(id != 0);
  LLVMTypeRef type = LLVMTypeOf(args[0]);
  LLVMValueRef function = LLVMGetIntrinsicDeclaration(m->module, id, &type, 1);
  LLVMTypeRef function_type = LLVMIntrinsicGetType(m->context, id, &type, 1);
  return LLVMBuildCall2(m->builder, function_type, function, args, count, "");
}

LLVMValueRef emit_target_intrinsic(ModuleContext *m, const char *name, LLVMValueRef *args,
                                   uint32_t count) {
  unsigned id = LLVMLookupIntrinsicID(name, strlen(name));
  CHECK(id != 0);
  LLVMValueRef function = LLVMGetIntrinsicDeclaration(m->module, id, NULL, 0);
  LLVMTypeRef type = LLVMIntrinsicGetType(m->context, id, NULL, 0);
  return LLVMBuildCall2(m->builder, type, function, args, count, "");
}

LLVMValueRef emit_fma(ModuleContext *m, LLVMValueRef a, LLVMValueRef b, LLVMValueRef c) {
  if (!m->target->has_fma) return emit_fadd(m, emit_fmul(m, a, b), c);
  return emit_intrinsic(m, "llvm.fma", (LLVMValueRef[]){a, b, c}, 3);
}

/* a where `predicate` holds of (a, b), else b. The predicates are ordered, so that a NaN gives b,
 * as x86's maxps and minps have it. */
static LLVMValueRef choose(ModuleContext *m, LLVMRealPredicate predicate, LLVMValueRef a,
                           LLVMValueRef b) {
  return LLVMBuildSelect(m->builder, LLVMBuildFCmp(m->builder, predicate, a, b, ""), a, b, "");
}

/* The same as one instruction, or NULL. It knows two zeros, where a comparison gives b. */
static LLVMValueRef choose_number(ModuleContext *m, const char *of_number, const char *of_nan,
                                  LLVMValueRef a, LLVMValueRef b) {
  if (!m->target->number_min) return NULL;
  LLVMValueRef args[] = {a, b};
  if (LLVMIsConstant(b)) return emit_intrinsic(m, of_number, args, 2);
  if (LLVMIsConstant(a) && !LLVMIsNull(a)) return emit_intrinsic(m, of_nan, args, 2);
  return NULL;
}

LLVMValueRef emit_fmax(ModuleContext *m, LLVMValueRef a, LLVMValueRef b) {
  LLVMValueRef number = choose_number(m, "llvm.maxnum", "llvm.maximum", a, b);
  return number ? number : choose(m, LLVMRealOGT, a, b);
}

LLVMValueRef emit_fmin(ModuleContext *m, LLVMValueRef a, LLVMValueRef b) {
  LLVMValueRef number = choose_number(m, "llvm.minnum", "llvm.minimum", a, b);
  return number ? number : choose(m, LLVMRealOLT, a, b);
}

/* A shuffle of two vectors; `index[i]` chooses lane i of the result, -1: any. */
LLVMValueRef emit_shuffle_two(ModuleContext *m, LLVMValueRef a, LLVMValueRef b,
                              const int32_t *index, uint32_t count) {
  LLVMValueRef mask[MAX_SHUFFLED];
  for (uint32_t i = 0; i < count; ++i) {
    mask[i] = index[i] < 0 ? LLVMGetPoison(m->i32) : emit_i32(m, index[i]);
  }
  return LLVMBuildShuffleVector(m->builder, a, b, LLVMConstVector(mask, count), "");
}

LLVMValueRef emit_shuffle(ModuleContext *m, LLVMValueRef vector, const int32_t *index,
                          uint32_t count) {
  return emit_shuffle_two(m, vector, LLVMGetPoison(LLVMTypeOf(vector)), index, count);
}

LLVMValueRef emit_every_second(ModuleContext *m, LLVMValueRef a, LLVMValueRef b, uint32_t odd) {
  int32_t index[MAX_LANES];
  uint32_t count = LLVMGetVectorSize(LLVMTypeOf(a));
  for (uint32_t i = 0; i < count; ++i) index[i] = (int32_t)(2 * i + odd);
  return emit_shuffle_two(m, a, b, index, count);
}

LLVMValueRef emit_half(ModuleContext *m, LLVMValueRef vector, uint32_t second) {
  int32_t index[MAX_LANES];
  uint32_t count = LLVMGetVectorSize(LLVMTypeOf(vector)) / 2;
  for (uint32_t i = 0; i < count; ++i) index[i] = (int32_t)(i + second * count);
  return emit_shuffle(m, vector, index, count);
}

LLVMValueRef emit_concat(ModuleContext *m, LLVMValueRef a, LLVMValueRef b) {
  int32_t index[MAX_LANES];
  uint32_t count = 2 * LLVMGetVectorSize(LLVMTypeOf(a));
  for (uint32_t i = 0; i < count; ++i) index[i] = (int32_t)i;
  return emit_shuffle_two(m, a, b, index, count);
}

LLVMValueRef emit_broadcast(ModuleContext *m, LLVMValueRef scalar) {
  LLVMTypeRef type = LLVMVectorType(LLVMTypeOf(scalar), m->target->vector_floats);
  LLVMValueRef one =
      LLVMBuildInsertElement(m->builder, LLVMGetPoison(type), scalar, emit_i32(m, 0), "");
  int32_t index[MAX_LANES] = {0};
  return emit_shuffle(m, one, index, m->target->vector_floats);
}

LLVMValueRef emit_lane(ModuleContext *m, LLVMValueRef vector, uint32_t lane) {
  int32_t index[MAX_LANES];
  for (uint32_t i = 0; i < m->target->vector_floats; ++i) index[i] = (int32_t)lane;
  return emit_shuffle(m, vector, index, m->target->vector_floats);
}

/* By halves of lanes: LLVM takes a shuffle of floats, or of whole numbers as wide, for a shufps. */
LLVMValueRef emit_lane_copied(ModuleContext *m, LLVMValueRef vector, uint32_t lane) {
  int32_t index[2 * MAX_LANES];
  uint32_t count = 2 * m->target->vector_floats;
  for (uint32_t i = 0; i < count; ++i) index[i] = (int32_t)(2 * lane + i % 2);
  LLVMTypeRef halves = LLVMVectorType(LLVMInt16TypeInContext(m->context), count);
  LLVMValueRef bits = LLVMBuildBitCast(m->builder, vector, halves, "");
  bits = emit_shuffle(m, bits, index, count);
  return LLVMBuildBitCast(m->builder, bits, LLVMTypeOf(vector), "");
}

/* All lanes made one: halves of what is left, until that is a lane. */
static LLVMValueRef reduce_lanes(ModuleContext *m, LLVMValueRef vector,
                                 LLVMValueRef (*join)(ModuleContext *, LLVMValueRef,
                                                      LLVMValueRef)) {
  while (LLVMGetVectorSize(LLVMTypeOf(vector)) > 1) {
    LLVMValueRef high = emit_half(m, vector, 1), low = emit_half(m, vector, 0);
    vector = join(m, low, high);
  }
  return LLVMBuildExtractElement(m->builder, vector, emit_i32(m, 0), "");
}

LLVMValueRef emit_lane_sum(ModuleContext *m, LLVMValueRef vector) {
  return reduce_lanes(m, vector, emit_fadd);
}

LLVMValueRef emit_lane_max(ModuleContext *m, LLVMValueRef vector) {
  return reduce_lanes(m, vector, emit_fmax);
}

LLVMValueRef emit_keep_lanes(ModuleContext *m, LLVMValueRef vector, uint32_t lanes,
                             LLVMValueRef other) {
  int32_t index[MAX_LANES];
  uint32_t count = m->target->vector_floats;
  if (lanes >= count) return vector;
  for (uint32_t i = 0; i < count; ++i) index[i] = (int32_t)(i < lanes ? i : i + count);
  return emit_shuffle_two(m, vector, other, index, count);
}

/* -- memory ------------------------------------------------------------------------------------ */

LLVMValueRef emit_address(ModuleContext *m, LLVMValueRef base, LLVMValueRef bytes) {
  return LLVMBuildGEP2(m->builder, m->i8, base, &bytes, 1, "");
}

LLVMValueRef emit_settled(ModuleContext *m, LLVMValueRef address) {
  return emit_intrinsic(m, "llvm.strip.invariant.group", &address, 1);
}

/* Floats of `type`, which may stand at any multiple of 4. */
static LLVMValueRef load(ModuleContext *m, LLVMTypeRef type, LLVMValueRef address) {
  LLVMValueRef value = LLVMBuildLoad2(m->builder, type, address, "");
  LLVMSetAlignment(value, 4);
  return value;
}

LLVMValueRef emit_load_f32(ModuleContext *m, LLVMValueRef address) {
  return load(m, m->f32, address);
}

LLVMValueRef emit_load_i32(ModuleContext *m, LLVMValueRef address) {
  return load(m, m->vector_i32, address);
}

void emit_store_f32(ModuleContext *m, LLVMValueRef scalar, LLVMValueRef address) {
  LLVMSetAlignment(LLVMBuildStore(m->builder, scalar, address), 4);
}

/* The largest power of two that is at most `count`. */
static uint32_t power_below(uint32_t count) {
  uint32_t power = 1;
  while (2 * power <= count) power *= 2;
  return power;
}

/* Part of a vector is loaded in pieces whose lanes are powers of two, largest first (11 = 8 + 2 +
 * 1): each is one instruction, and no byte behind the last lane is touched. Not all targets have
 * masked loads. */
LLVMValueRef emit_load(ModuleContext *m, LLVMValueRef address, uint32_t lanes) {
  uint32_t width = m->target->vector_floats;
  if (lanes >= width) return load(m, m->vector, address);
  LLVMValueRef whole = LLVMConstNull(m->vector);
  for (uint32_t at = 0; at < lanes;) {
    uint32_t count = power_below(lanes - at);
    LLVMValueRef from = emit_address(m, address, emit_i64(m, 4 * at));
    LLVMValueRef piece = load(m, LLVMVectorType(m->f32, count), from);
    int32_t index[MAX_LANES];
    for (uint32_t i = 0; i < width; ++i) index[i] = i < count ? (int32_t)i : -1;
    LLVMValueRef wide = emit_shuffle(m, piece, index, width);
    for (uint32_t i = 0; i < width; ++i) {
      index[i] = (int32_t)(i >= at && i < at + count ? width + i - at : i);
    }
    whole = emit_shuffle_two(m, whole, wide, index, width);
    at += count;
  }
  return whole;
}

/* The same pieces as emit_load's. */
void emit_store(ModuleContext *m, LLVMValueRef vector, LLVMValueRef address, uint32_t lanes) {
  if (lanes >= m->target->vector_floats) {
    LLVMSetAlignment(LLVMBuildStore(m->builder, vector, address), 4);
    return;
  }
  for (uint32_t at = 0; at < lanes;) {
    uint32_t count = power_below(lanes - at);
    int32_t index[MAX_LANES];
    for (uint32_t i = 0; i < count; ++i) index[i] = (int32_t)(at + i);
    LLVMValueRef to = emit_address(m, address, emit_i64(m, 4 * at));
    LLVMSetAlignment(LLVMBuildStore(m->builder, emit_shuffle(m, vector, index, count), to), 4);
    at += count;
  }
}

void emit_store_past(ModuleContext *m, LLVMValueRef vector, LLVMValueRef address) {
  static const char kind[] = "nontemporal";
  LLVMValueRef store = LLVMBuildStore(m->builder, vector, address);
  LLVMMetadataRef one = LLVMValueAsMetadata(emit_i32(m, 1));
  LLVMMetadataRef node = LLVMMDNodeInContext2(m->context, &one, 1);
  LLVMSetAlignment(store, (uint32_t)sizeof(float) * m->target->vector_floats);
  LLVMSetMetadata(store, LLVMGetMDKindIDInContext(m->context, kind, sizeof kind - 1),
                  LLVMMetadataAsValue(m->context, node));
}

/* What LLVM makes of a fence of its own orders no such stores. */
void emit_past_fence(ModuleContext *m) {
  emit_target_intrinsic(m, "llvm.x86.sse.sfence", NULL, 0);
}

/* `use` 0: to read, 1: to write. */
static void prefetch_for(ModuleContext *m, LLVMValueRef address, uint32_t use) {
  LLVMValueRef all_levels = emit_i32(m, 3), data = emit_i32(m, 1);
  emit_intrinsic(m, "llvm.prefetch", (LLVMValueRef[]){address, emit_i32(m, use), all_levels, data},
                 4);
}

void emit_prefetch(ModuleContext *m, LLVMValueRef address) {
  prefetch_for(m, address, 0);
}

void emit_prefetch_write(ModuleContext *m, LLVMValueRef address) {
  prefetch_for(m, address, 1);
}

void emit_barrier(ModuleContext *m) {
  LLVMBuildFence(m->builder, LLVMAtomicOrderingSequentiallyConsistent, true, "");
}

/* The slot is made in the entry block, whatever loop the builder is in: an alloca in a loop would
 * take new bytes in each turn. */
LLVMValueRef emit_stack(ModuleContext *m, uint64_t bytes) {
  LLVMBasicBlockRef here = LLVMGetInsertBlock(m->builder);
  LLVMBasicBlockRef entry = LLVMGetEntryBasicBlock(LLVMGetBasicBlockParent(here));
  LLVMValueRef first = LLVMGetFirstInstruction(entry);
  LLVMMetadataRef line = LLVMGetCurrentDebugLocation2(m->builder);
  if (first) LLVMPositionBuilderBefore(m->builder, first);
  LLVMValueRef slot = LLVMBuildAlloca(m->builder, LLVMArrayType2(m->i8, bytes), "");
  LLVMSetAlignment(slot, PLAN_ALIGN);
  LLVMPositionBuilderAtEnd(m->builder, here);
  LLVMSetCurrentDebugLocation2(m->builder, line);
  return slot;
}
