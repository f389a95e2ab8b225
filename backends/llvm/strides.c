/* Where a caller's bytes are: atm_strides (runtime/atm_runtime.h), whose fields are numbers of the
 * target's size_t; 0 stands for what follows from the others.
 *
 *            nhwc                     nchw
 *   row      W * C                    W            from a row of pixels to the next
 *   plane    1                        H * row      from a channel to the next
 *   image    H * row                  C * plane
 *
 * With one channel both are the same, and there are no planes to speak of. */
#include "backends/llvm/emit.h"

enum { FIELD_ROW, FIELD_PLANE, FIELD_IMAGE, FIELD_COUNT };

/* Structures that say nothing: all is packed. */
static LLVMValueRef packed_strides(ModuleContext *m) {
  static const char symbol[] = "packed_strides";
  LLVMValueRef packed = LLVMGetNamedGlobal(m->module, symbol);
  if (packed) return packed;
  LLVMTypeRef type = LLVMArrayType2(m->size, FIELD_COUNT);
  packed = LLVMAddGlobal(m->module, type, symbol);
  LLVMSetLinkage(packed, LLVMPrivateLinkage);
  LLVMSetGlobalConstant(packed, 1);
  LLVMSetInitializer(packed, LLVMConstNull(type));
  return packed;
}

uint64_t strides_bytes(const ModuleContext *m) {
  return (uint64_t)FIELD_COUNT * target_pointer_bytes(m->target);
}

/* A field as the host wrote it, as i64. */
static LLVMValueRef field(ModuleContext *m, LLVMValueRef at, uint32_t index) {
  uint32_t bytes = target_pointer_bytes(m->target);
  LLVMValueRef address = emit_address(m, at, emit_i64(m, (int64_t)bytes * index));
  LLVMValueRef value = LLVMBuildLoad2(m->builder, m->size, address, "");
  LLVMSetAlignment(value, bytes);
  return LLVMBuildSExt(m->builder, value, m->i64, "");
}

Strides strides_load(ModuleContext *m, LLVMValueRef at) {
  at = LLVMBuildSelect(m->builder, LLVMBuildIsNull(m->builder, at, ""), packed_strides(m), at, "");
  return (Strides){field(m, at, FIELD_ROW), field(m, at, FIELD_PLANE), field(m, at, FIELD_IMAGE)};
}

/* `value`, or `packed` where it is 0. */
static LLVMValueRef or_packed(ModuleContext *m, LLVMValueRef value, LLVMValueRef packed) {
  LLVMValueRef none = LLVMBuildICmp(m->builder, LLVMIntEQ, value, emit_i64(m, 0), "");
  return LLVMBuildSelect(m->builder, none, packed, value, "");
}

bool strides_has_planes(Type map, bool nchw) {
  return nchw && map.dims[3] > 1;
}

int64_t strides_least_row(Type map, bool nchw) {
  return map.dims[2] * (nchw ? 1 : map.dims[3]);
}

Strides strides_resolve(ModuleContext *m, LLVMValueRef at, Type map, bool nchw) {
  Strides said = strides_load(m, at), s;
  bool planes = strides_has_planes(map, nchw);
  s.row = or_packed(m, said.row, emit_i64(m, strides_least_row(map, nchw)));
  LLVMValueRef image = emit_mul(m, s.row, (uint64_t)map.dims[1]);
  s.plane = planes ? or_packed(m, said.plane, image) : emit_i64(m, 1);
  if (planes) image = emit_mul(m, s.plane, (uint64_t)map.dims[3]);
  s.image = or_packed(m, said.image, image);
  return s;
}
