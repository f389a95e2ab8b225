/* What the CPU and its operating system support, asked by the object itself so that it depends on
 * nothing outside: the tests of runtime/isa.def, those alone that some variant of the code needs,
 * without a branch but the one in front of xgetbv, which faults where the system has not switched
 * it on. On Arm the registers are read that Linux answers for; on RISC-V libc is asked, where it is
 * there.
 *
 *   uint64_t PREFIX_cpu_isa(void) {
 *     found = 0;
 *     for each row: found |= (found has its `below`, the registers have its bits) ? its bit : 0;
 *     return found;
 *   }
 */
#include <string.h>

#include "backends/llvm/artifact.h"
#include "runtime/atm_runtime.h"
#include "runtime/isa.def"
#include "support/panic.h"

#define TEST(leaf, reg, mask) {leaf, reg, mask},
#define ISA(NAME, arch, below, tests) {ATM_ISA_##NAME, below, arch, {tests{0, 0, 0}}},

enum { MOST_TESTS = 7, MOST_READ = 8 };

/* Bits of one register; mask 0 ends a list. */
typedef struct Test {
  uint32_t leaf, reg, mask;
} Test;

static const struct {
  uint64_t isa, below;
  int arch;
  Test tests[MOST_TESTS + 1];
} rows[] = {
#include "runtime/isa.def"
};
enum { ROW_COUNT = sizeof rows / sizeof *rows };

/* The function under construction, and what it has read: each leaf is asked once. */
typedef struct Check {
  ModuleContext *m;
  LLVMValueRef function;
  LLVMValueRef last_leaf; /* the last basic one that an x86 CPU has */
  LLVMValueRef saved;     /* xgetbv; NULL until read */
  uint32_t leaves[MOST_READ];
  LLVMValueRef results[MOST_READ];
  uint32_t read_count;
} Check;

static LLVMValueRef i32(Check *c, uint32_t value) {
  return LLVMConstInt(c->m->i32, value, 0);
}

static LLVMValueRef i64(Check *c, uint64_t value) {
  return LLVMConstInt(c->m->i64, value, 0);
}

/* All bits of `mask` are set in `value`. */
static LLVMValueRef has_bits(Check *c, LLVMValueRef value, LLVMValueRef mask) {
  LLVMValueRef masked = LLVMBuildAnd(c->m->builder, value, mask, "");
  return LLVMBuildICmp(c->m->builder, LLVMIntEQ, masked, mask, "");
}

/* An instruction with `arg_count` i32 in registers and `count` i32 out of them. */
static LLVMValueRef instruction(Check *c, const char *text, const char *constraints, uint32_t count,
                                LLVMValueRef *args, uint32_t arg_count) {
  LLVMTypeRef i32s[] = {c->m->i32, c->m->i32, c->m->i32, c->m->i32};
  LLVMTypeRef type =
      LLVMFunctionType(LLVMStructTypeInContext(c->m->context, i32s, count, 0), i32s, arg_count, 0);
  LLVMValueRef code = LLVMGetInlineAsm(type, text, strlen(text), constraints, strlen(constraints),
                                       1, 0, LLVMInlineAsmDialectATT, 0);
  return LLVMBuildCall2(c->m->builder, type, code, args, arg_count, "");
}

/* The four registers after cpuid of `leaf`, with its subleaf. */
static LLVMValueRef cpuid(Check *c, uint32_t leaf) {
  for (uint32_t i = 0; i < c->read_count; ++i) {
    if (c->leaves[i] == leaf) return c->results[i];
  }
  CHECK(c->read_count < MOST_READ);
  LLVMValueRef args[] = {i32(c, leaf & ~(uint32_t)ISA_SUBLEAF), i32(c, leaf / ISA_SUBLEAF % 2)};
  LLVMValueRef result = instruction(
      c, "cpuid", "={ax},={bx},={cx},={dx},{ax},{cx},~{dirflag},~{fpsr},~{flags}", 4, args, 2);
  c->leaves[c->read_count] = leaf;
  return c->results[c->read_count++] = result;
}

/* Register `reg` (ISA_EAX and so on) after cpuid of `leaf`. */
static LLVMValueRef register_after(Check *c, uint32_t leaf, uint32_t reg) {
  return LLVMBuildExtractValue(c->m->builder, cpuid(c, leaf), reg, "");
}

/* What xgetbv tells of the registers that the system saves; 0 where it may not be run. */
static LLVMValueRef saved_registers(Check *c) {
  if (c->saved) return c->saved;
  LLVMBuilderRef b = c->m->builder;
  LLVMValueRef may = has_bits(c, register_after(c, 1, ISA_ECX), i32(c, ISA_OSXSAVE));
  LLVMBasicBlockRef before = LLVMGetInsertBlock(b);
  LLVMBasicBlockRef ask = LLVMAppendBasicBlockInContext(c->m->context, c->function, "");
  LLVMBasicBlockRef known = LLVMAppendBasicBlockInContext(c->m->context, c->function, "");
  LLVMBuildCondBr(b, may, ask, known);
  LLVMPositionBuilderAtEnd(b, ask);
  LLVMValueRef zero = i32(c, 0);
  LLVMValueRef result =
      instruction(c, "xgetbv", "={ax},={dx},{cx},~{dirflag},~{fpsr},~{flags}", 2, &zero, 1);
  LLVMValueRef low = LLVMBuildExtractValue(b, result, 0, "");
  LLVMBuildBr(b, known);
  LLVMPositionBuilderAtEnd(b, known);
  c->saved = LLVMBuildPhi(b, c->m->i32, "");
  LLVMAddIncoming(c->saved, (LLVMValueRef[]){zero, low}, (LLVMBasicBlockRef[]){before, ask}, 2);
  return c->saved;
}

/* The bits of `t` are set; leaves that the CPU does not have hold what others do. */
static LLVMValueRef holds_x86(Check *c, const Test *t) {
  if (t->reg == ISA_XCR0) return has_bits(c, saved_registers(c), i32(c, t->mask));
  LLVMValueRef ok = has_bits(c, register_after(c, t->leaf, t->reg), i32(c, t->mask));
  if (t->leaf <= 1 || t->leaf >> 31) return ok; /* every x86-64 CPU has these */
  LLVMValueRef leaf = i32(c, t->leaf & ~(uint32_t)ISA_SUBLEAF);
  LLVMValueRef there = LLVMBuildICmp(c->m->builder, LLVMIntUGE, c->last_leaf, leaf, "");
  return LLVMBuildAnd(c->m->builder, ok, there, "");
}

/* The same of a half of an ID register. */
static LLVMValueRef holds_arm(Check *c, const Test *t) {
  static const char *const texts[] = {"mrs $0, ID_AA64ISAR0_EL1", "mrs $0, ID_AA64ISAR1_EL1"};
  const char *text = texts[t->leaf];
  LLVMTypeRef type = LLVMFunctionType(c->m->i64, NULL, 0, 0);
  LLVMValueRef code = LLVMGetInlineAsm(type, text, strlen(text), "=r", strlen("=r"), 1, 0,
                                       LLVMInlineAsmDialectATT, 0);
  LLVMValueRef bits = LLVMBuildCall2(c->m->builder, type, code, NULL, 0, "");
  uint64_t mask = (uint64_t)t->mask << (t->reg == ISA_HIGH ? 32 : 0);
  return has_bits(c, bits, i64(c, mask));
}

/* The same of getauxval(AT_HWCAP); a program without it has to tell by env->isa. */
static LLVMValueRef holds_riscv(Check *c, const Test *t) {
  enum { HWCAP = 16 };
  LLVMBuilderRef b = c->m->builder;
  LLVMTypeRef type = LLVMFunctionType(c->m->i64, &c->m->i64, 1, 0);
  LLVMValueRef ask = LLVMAddFunction(c->m->module, "getauxval", type);
  LLVMSetLinkage(ask, LLVMExternalWeakLinkage);
  LLVMBasicBlockRef before = LLVMGetInsertBlock(b);
  LLVMBasicBlockRef there = LLVMAppendBasicBlockInContext(c->m->context, c->function, "");
  LLVMBasicBlockRef known = LLVMAppendBasicBlockInContext(c->m->context, c->function, "");
  LLVMBuildCondBr(b, LLVMBuildIsNotNull(b, ask, ""), there, known);
  LLVMPositionBuilderAtEnd(b, there);
  LLVMValueRef key = i64(c, HWCAP), told = LLVMBuildCall2(b, type, ask, &key, 1, "");
  LLVMBuildBr(b, known);
  LLVMPositionBuilderAtEnd(b, known);
  LLVMValueRef bits = LLVMBuildPhi(b, c->m->i64, "");
  LLVMAddIncoming(bits, (LLVMValueRef[]){i64(c, 0), told}, (LLVMBasicBlockRef[]){before, there}, 2);
  return has_bits(c, bits, i64(c, t->mask));
}

static LLVMValueRef holds(Check *c, int arch, const Test *t) {
  switch (arch) {
    case ISA_X86: return holds_x86(c, t);
    case ISA_ARM: return holds_arm(c, t);
    default: CHECK(arch == ISA_RISCV); return holds_riscv(c, t);
  }
}

/* Adds the bit of row `r` to `found` where all that it asks for holds. */
static LLVMValueRef add_row(Check *c, size_t r, LLVMValueRef found) {
  LLVMBuilderRef b = c->m->builder;
  LLVMValueRef ok = has_bits(c, found, i64(c, rows[r].below));
  for (const Test *t = rows[r].tests; t->mask; ++t) {
    ok = LLVMBuildAnd(b, ok, holds(c, rows[r].arch, t), "");
  }
  LLVMValueRef bit = LLVMBuildSelect(b, ok, i64(c, rows[r].isa), i64(c, 0), "");
  return LLVMBuildOr(b, found, bit, "");
}

/* `isa` and all that its bits contain. */
static uint64_t with_below(uint64_t isa) {
  for (size_t r = ROW_COUNT; r-- > 0;) {
    if (rows[r].isa & isa) isa |= rows[r].below;
  }
  return isa;
}

LLVMValueRef cpu_check_emit(Artifact *a, uint64_t isa) {
  uint64_t needed = with_below(isa);
  bool tests = false, cpuid_tells = false;
  for (size_t r = 0; r < ROW_COUNT; ++r) {
    if (!(rows[r].isa & needed)) continue;
    tests |= rows[r].tests[0].mask != 0;
    cpuid_tells |= rows[r].arch == ISA_X86;
  }
  if (!tests) return NULL;
  Check c = {.m = a->m};
  c.function = artifact_function(a, "cpu_isa", LLVMFunctionType(a->m->i64, NULL, 0, 0), false);
  if (cpuid_tells) c.last_leaf = register_after(&c, 0, ISA_EAX);
  LLVMValueRef found = i64(&c, 0);
  for (size_t r = 0; r < ROW_COUNT; ++r) {
    if (rows[r].isa & needed) found = add_row(&c, r, found);
  }
  LLVMBuildRet(a->m->builder, found);
  return c.function;
}
