/* Constants of elementary functions in all lanes. Where a multiply-add overwrites its addend, a
 * constant in a register would be copied first, by the units that multiply: there they are loaded
 * each time, which is for free. */
#include "backends/llvm/kernel.h"
#include "support/panic.h"

/* `value` in four lanes of the module's table of constants, which is made when it is needed. */
static LLVMValueRef constant_address(ModuleContext *m, double value) {
  enum { CAPACITY = 64, LANES = 4 };
  static const char symbol[] = "elementary_constants";
  LLVMTypeRef row = LLVMVectorType(m->f32, LANES), type = LLVMArrayType2(row, CAPACITY);
  LLVMValueRef table = LLVMGetNamedGlobal(m->module, symbol);
  if (!table) {
    table = LLVMAddGlobal(m->module, type, symbol);
    LLVMSetLinkage(table, LLVMPrivateLinkage);
    LLVMSetGlobalConstant(table, 1);
    LLVMSetAlignment(table, PLAN_ALIGN);
    LLVMSetInitializer(table, LLVMConstNull(type));
  }
  LLVMValueRef rows[CAPACITY], lanes[LANES];
  for (uint32_t i = 0; i < LANES; ++i) lanes[i] = LLVMConstReal(m->f32, value);
  LLVMValueRef wanted = LLVMConstVector(lanes, LANES);
  uint32_t at = CAPACITY;
  for (uint32_t i = CAPACITY; i-- > 0;) {
    rows[i] = LLVMGetAggregateElement(LLVMGetInitializer(table), i);
    if (LLVMIsNull(rows[i]) || rows[i] == wanted) at = i;
  }
  CHECK(at < CAPACITY);
  rows[at] = wanted;
  LLVMSetInitializer(table, LLVMConstArray2(row, rows, CAPACITY));
  return emit_address(m, table, emit_i64(m, 4 * LANES * (int64_t)at));
}

/* Four lanes of the table. Volatile: LLVM keeps the load where it is. */
static LLVMValueRef load_constant(ModuleContext *m, LLVMValueRef address) {
  LLVMValueRef load = LLVMBuildLoad2(m->builder, LLVMVectorType(m->f32, 4), address, "");
  LLVMSetAlignment(load, 16);
  LLVMSetVolatile(load, true);
  return load;
}

/* `value` in all lanes. `added`: a multiply-add adds it, so that each half of two vectors has a
 * register of its own. */
static LLVMValueRef constant(ModuleContext *m, double value, bool added) {
  if (!m->target->fma_overwrites) return emit_splat(m, value);
  LLVMValueRef address = constant_address(m, value), low = load_constant(m, address);
  if (m->target->vector_floats == 4) return low;
  CHECK(m->target->vector_floats == 8);
  return emit_concat(m, low, added ? load_constant(m, address) : low);
}

/* A constant that is multiplied or compared, */
LLVMValueRef constant_factor(ModuleContext *m, double value) {
  return constant(m, value, false);
}

/* and one that a multiply-add adds. */
LLVMValueRef constant_addend(ModuleContext *m, double value) {
  return constant(m, value, true);
}
