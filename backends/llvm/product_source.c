/* Where a product finds its rows: in memory as they are, or as the windows of a strip (strip.c).
 *
 *   channels last    a run is a line of the window, kernel_w * C steps; one run for each line
 *   with gaps        a run is a tap, C steps; a run for each tap (inner), for each line (outer)
 *   channels first   a run is kernel_w steps; a run for each line (inner), for each channel (outer)
 *
 * Rows of one line of the map are stride_w pixels apart, so the loads of a tile differ by
 * constants. */
#include "backends/llvm/product.h"

RowSource product_source_rows(const View *view) {
  return (RowSource){
      .base = view->base, .row_bytes = view->row_bytes, .step_bytes = view->channel_bytes};
}

RowSource product_source_strip(KernelEmitter *k, const Node *patches) {
  const AttrsPATCHES *a = &patches->attrs.PATCHES;
  const Window *window = &a->window;
  ValueId y = node_result(patches, 0);
  Type map = graph_type(k->body, patches->operands[0]);
  uint64_t pitch_bytes = 4 * (uint64_t)k->kernel->places[y.index].pitch;
  uint64_t pixel_bytes = 4 * (uint64_t)(a->channels_first ? 1 : map.dims[3]);
  uint64_t tap_bytes = (uint64_t)window->dilation_w * pixel_bytes;
  uint64_t below_bytes = (uint64_t)window->dilation_h * pitch_bytes;
  RowSource source = {.base = k->views[y.index].base,
                      .row_bytes = (uint64_t)window->stride_w * pixel_bytes,
                      .step_bytes = a->channels_first ? tap_bytes : 4,
                      .line = (uint32_t)graph_type(k->body, y).dims[2],
                      .line_bytes = (uint64_t)window->stride_h * pitch_bytes,
                      .run = plan_strip_run(a, map),
                      .inner = a->channels_first ? (uint32_t)window->kernel_h : 0,
                      .inner_bytes = below_bytes,
                      .outer_bytes = strip_plane_bytes(k, patches)};
  if (a->channels_first || window->dilation_w == 1) return source;
  source.inner = (uint32_t)window->kernel_w;
  source.inner_bytes = tap_bytes;
  source.outer_bytes = below_bytes;
  return source;
}

/* `index` / `base` * `high` + `index` % `base` * `low`. */
static LLVMValueRef two_digits(ModuleContext *m, LLVMValueRef index, uint32_t base, uint64_t high,
                               uint64_t low) {
  LLVMValueRef line = LLVMBuildUDiv(m->builder, index, emit_i64(m, base), "");
  LLVMValueRef rest = LLVMBuildURem(m->builder, index, emit_i64(m, base), "");
  return emit_add(m, emit_mul(m, line, high), emit_mul(m, rest, low));
}

/* As a number of which nothing is known, by an assembly of no instruction: LLVM's loop strength
 * reduction would take it apart in every loop around and within, which costs a tenth of the time of
 * a compilation and changes nothing. */
static LLVMValueRef opaque(ModuleContext *m, LLVMValueRef bytes) {
  LLVMTypeRef type = LLVMFunctionType(m->i64, &m->i64, 1, false);
  LLVMValueRef none =
      LLVMGetInlineAsm(type, "", 0, "=r,0", 4, false, false, LLVMInlineAsmDialectATT, false);
  return LLVMBuildCall2(m->builder, type, none, &bytes, 1, "");
}

LLVMValueRef product_source_row(ModuleContext *m, const RowSource *a, LLVMValueRef row) {
  if (!a->line) return emit_address(m, a->base, emit_mul(m, row, a->row_bytes));
  LLVMValueRef bytes = two_digits(m, row, a->line, a->line_bytes, a->row_bytes);
  return emit_address(m, a->base, opaque(m, bytes));
}

LLVMValueRef product_source_run(ModuleContext *m, const RowSource *a, LLVMValueRef run) {
  uint64_t run_bytes = a->run * a->step_bytes;
  if (!a->inner) return opaque(m, emit_mul(m, run, a->inner_bytes - run_bytes));
  LLVMValueRef bytes = two_digits(m, run, a->inner, a->outer_bytes, a->inner_bytes);
  return LLVMBuildSub(m->builder, bytes, emit_mul(m, run, run_bytes), "");
}
