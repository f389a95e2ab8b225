/* The test for x86-64-v2, v3 and v4, emitted into the object so that it depends on nothing outside:
 *
 *   cpuid(0).eax >= 7
 *   the features of the level and of those below, from cpuid leaves 1, 7 and 0x80000001
 *   v3, v4: xgetbv(0) says that the system saves the wide registers
 *
 * xgetbv faults where the system has not switched it on, so it runs behind the test of that bit. */
#include "backends/llvm/artifact.h"
#include "runtime/atm_runtime.h"
#include "support/panic.h"

enum { EAX, EBX, ECX };
enum { OSXSAVE = 1u << 27 };

/* The bits of one register that a level demands. */
typedef struct CpuidRow {
  uint64_t isa;
  uint32_t leaf, reg, mask;
} CpuidRow;

static const CpuidRow cpuid_rows[] = {
    /* sse3, ssse3, cx16, sse4.1, sse4.2, popcnt */
    {ATM_ISA_X86_64_V2, 1, ECX, 1u | 1u << 9 | 1u << 13 | 1u << 19 | 1u << 20 | 1u << 23},
    /* fma, movbe, avx, f16c */
    {ATM_ISA_X86_64_V3, 1, ECX, 1u << 12 | 1u << 22 | OSXSAVE | 1u << 28 | 1u << 29},
    /* bmi, avx2, bmi2 */
    {ATM_ISA_X86_64_V3, 7, EBX, 1u << 3 | 1u << 5 | 1u << 8},
    /* avx512 f, dq, cd, bw, vl */
    {ATM_ISA_X86_64_V4, 7, EBX, 1u << 16 | 1u << 17 | 1u << 28 | 1u << 30 | 1u << 31},
    /* lahf; lzcnt */
    {ATM_ISA_X86_64_V2, 0x80000001u, ECX, 1u},
    {ATM_ISA_X86_64_V3, 0x80000001u, ECX, 1u << 5},
};
/* What the system must save: xmm and ymm; opmask and zmm. */
enum { XCR0_V3 = 0x06, XCR0_V4 = 0xe6 };

static LLVMValueRef i32(ModuleContext *m, uint32_t value) {
  return LLVMConstInt(m->i32, value, 0);
}

/* All bits of `mask` are set in `value`. */
static LLVMValueRef has_bits(ModuleContext *m, LLVMValueRef value, uint32_t mask) {
  LLVMValueRef masked = LLVMBuildAnd(m->builder, value, i32(m, mask), "");
  return LLVMBuildICmp(m->builder, LLVMIntEQ, masked, i32(m, mask), "");
}

/* Register `reg` after cpuid of `leaf` (subleaf 0). */
static LLVMValueRef cpuid(ModuleContext *m, uint32_t leaf, uint32_t reg) {
  static const char text[] = "cpuid";
  static const char constraints[] = "={ax},={bx},={cx},={dx},{ax},{cx},~{dirflag},~{fpsr},~{flags}";
  LLVMTypeRef four[] = {m->i32, m->i32, m->i32, m->i32};
  LLVMTypeRef type = LLVMFunctionType(LLVMStructTypeInContext(m->context, four, 4, 0), four, 2, 0);
  LLVMValueRef code = LLVMGetInlineAsm(type, text, sizeof text - 1, constraints,
                                       sizeof constraints - 1, 1, 0, LLVMInlineAsmDialectATT, 0);
  LLVMValueRef args[] = {i32(m, leaf), i32(m, 0)};
  LLVMValueRef result = LLVMBuildCall2(m->builder, type, code, args, 2, "");
  return LLVMBuildExtractValue(m->builder, result, reg, "");
}

static LLVMValueRef xgetbv(ModuleContext *m) {
  static const char text[] = "xgetbv";
  static const char constraints[] = "={ax},={dx},{cx},~{dirflag},~{fpsr},~{flags}";
  LLVMTypeRef two[] = {m->i32, m->i32};
  LLVMTypeRef type = LLVMFunctionType(LLVMStructTypeInContext(m->context, two, 2, 0), two, 1, 0);
  LLVMValueRef code = LLVMGetInlineAsm(type, text, sizeof text - 1, constraints,
                                       sizeof constraints - 1, 1, 0, LLVMInlineAsmDialectATT, 0);
  LLVMValueRef args[] = {i32(m, 0)};
  LLVMValueRef result = LLVMBuildCall2(m->builder, type, code, args, 1, "");
  return LLVMBuildExtractValue(m->builder, result, 0, "");
}

/* Returns 0 from the function unless `condition` holds. */
static void require(ModuleContext *m, LLVMValueRef function, LLVMValueRef condition) {
  LLVMBasicBlockRef ok = LLVMAppendBasicBlockInContext(m->context, function, "");
  LLVMBasicBlockRef failed = LLVMAppendBasicBlockInContext(m->context, function, "");
  LLVMBuildCondBr(m->builder, condition, ok, failed);
  LLVMPositionBuilderAtEnd(m->builder, failed);
  LLVMBuildRet(m->builder, LLVMConstNull(m->i1));
  LLVMPositionBuilderAtEnd(m->builder, ok);
}

LLVMValueRef cpu_check_emit(Artifact *a) {
  ModuleContext *m = a->m;
  uint64_t isa = a->row->info.isa_bits;
  if (isa != ATM_ISA_X86_64_V2 && isa != ATM_ISA_X86_64_V3 && isa != ATM_ISA_X86_64_V4) return NULL;
  LLVMValueRef function =
      artifact_function(a, "cpu_check", LLVMFunctionType(m->i1, NULL, 0, 0), false);
  LLVMValueRef leaves = cpuid(m, 0, EAX);
  require(m, function, LLVMBuildICmp(m->builder, LLVMIntUGE, leaves, i32(m, 7), ""));
  for (size_t i = 0; i < sizeof cpuid_rows / sizeof *cpuid_rows; ++i) {
    const CpuidRow *row = &cpuid_rows[i];
    if (row->isa > isa) continue;
    require(m, function, has_bits(m, cpuid(m, row->leaf, row->reg), row->mask));
  }
  if (isa != ATM_ISA_X86_64_V2) {
    uint32_t saved = isa == ATM_ISA_X86_64_V4 ? XCR0_V4 : XCR0_V3;
    require(m, function, has_bits(m, xgetbv(m), saved));
  }
  LLVMBuildRet(m->builder, LLVMConstInt(m->i1, 1, 0));
  return function;
}
