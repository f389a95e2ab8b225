/* Where values live: addresses, loads and stores.
 *
 * The rows of a buffer have a pitch and slack behind them, so whole vectors are read and written
 * there; a caller's tensor is touched exactly. One in nchw, whose channels are H*W apart, is read a
 * lane at a time, and written by planes.c.
 *
 *   caller, nhwc   row r at r * C, channel c at + c                 exact
 *   caller, nchw   row r at r, channel c at + c * H * W             exact, a lane at a time
 *   caller, bytes  the same of each line, and lines, channels and images as the host says
 *   rows           row r at r * pitch                               whole vectors
 *   scratch        row r of the block at r * pitch                  whole vectors
 *   weights        no rows; whoever uses them knows their shape     whole vectors
 *
 * A slice that begins at a column behind 0 of wider rows is exact too.
 */
#include "backends/llvm/kernel.h"
#include "ir/kernel_args.h"
#include "support/panic.h"

/* How far ahead of a pointwise op what streams is asked for. The same row of the next block would
 * be too far: it leaves the nearest cache before its turn, or it is another core's to write. */
enum { AHEAD_BYTES = 12 << 10 };

/* The port of an operand or a result; NULL for a place inside of the kernel. */
static const Port *port_of(const KernelEmitter *k, const ValuePlace *place) {
  if (place->kind == PLACE_OPERAND) return &k->kernel->operands[place->index];
  if (place->kind == PLACE_RESULT) return &k->kernel->results[place->index];
  return NULL;
}

bool view_in_memory(const KernelEmitter *k, ValueId value) {
  return k->kernel->places[value.index].kind != PLACE_REGISTER;
}

LLVMValueRef view_argument(KernelEmitter *k, uint32_t index) {
  uint32_t bytes = target_pointer_bytes(k->m->target);
  LLVMValueRef at = emit_address(k->m, k->args, emit_i64(k->m, (int64_t)bytes * index));
  LLVMValueRef pointer = LLVMBuildLoad2(k->m->builder, k->m->ptr, at, "");
  LLVMSetAlignment(pointer, bytes);
  return pointer;
}

/* The first byte of operand or result `index`: of all images. */
static LLVMValueRef port_pointer(KernelEmitter *k, PlaceKind kind, uint32_t index) {
  return view_argument(
      k, kind == PLACE_RESULT ? kernel_arg_result(k->kernel, index) : kernel_arg_operand(index));
}

LLVMValueRef view_later_weights(KernelEmitter *k) {
  return view_argument(k, kernel_arg_prefetch(k->kernel));
}

/* The memory of `port` from this image's first row on. */
static View map_of_port(KernelEmitter *k, const Port *port, LLVMValueRef pointer, uint32_t column) {
  uint64_t rows = plan_rows(port->type), channels = (uint64_t)type_channels(port->type);
  uint64_t element = dtype_bytes(port->type.dtype);
  View view = {.base = pointer, .channel_bytes = element, .dtype = port->type.dtype};
  if (port->kind == PORT_WEIGHTS) {
    view.base = emit_address(k->m, pointer, emit_i64(k->m, (int64_t)(element * column)));
    return view;
  }
  uint64_t pitch = port->kind == PORT_CALLER ? channels : port->pitch;
  view.exact = port->kind == PORT_CALLER || column != 0;
  view.row_bytes = element * pitch;
  if (port->nchw && port->type.rank == 4) {
    view.row_bytes = element;
    view.channel_bytes = element * rows;
  }
  LLVMValueRef bytes = emit_add(k->m, emit_mul(k->m, k->image, element * rows * pitch),
                                emit_i64(k->m, (int64_t)(column * view.channel_bytes)));
  view.base = emit_address(k->m, pointer, bytes);
  return view;
}

/* The same of operand `index`, bytes that lie as the host says. */
static View map_of_bytes(KernelEmitter *k, uint32_t index) {
  ModuleContext *m = k->m;
  const Port *port = &k->kernel->operands[index];
  LLVMValueRef pointer = port_pointer(k, PLACE_OPERAND, index);
  LLVMValueRef said = view_argument(k, kernel_arg_strides(k->kernel, index));
  Strides strides = strides_resolve(m, said, port->type, port->nchw);
  View view = map_of_port(k, port, pointer, 0);
  view.base = emit_address(m, pointer, LLVMBuildMul(m->builder, k->image, strides.image, ""));
  view.line_bytes = strides.row;
  if (strides_has_planes(port->type, port->nchw)) view.plane_bytes = strides.plane;
  view.first = emit_i64(m, 0);
  view.width = (uint32_t)port->type.dims[2];
  return view;
}

View view_of_map(KernelEmitter *k, ValueId value) {
  const ValuePlace *place = &k->kernel->places[value.index];
  const Port *port = port_of(k, place);
  CHECK(port);
  if (place->kind != PLACE_OPERAND || !plan_has_strides(port)) {
    return map_of_port(k, port, port_pointer(k, place->kind, place->index), place->column);
  }
  CHECK(place->column == 0);
  return map_of_bytes(k, place->index);
}

/* `view` of a whole map, moved to the first row of the block. */
static View view_of_block(KernelEmitter *k, View view, Type type) {
  if (view.line_bytes) {
    view.first = k->first_row;
  } else if (type.rank == 4 && plan_rows(type) == k->kernel->rows) {
    view.base = emit_address(k->m, view.base, emit_mul(k->m, k->first_row, view.row_bytes));
  } else if (type.rank != 4) {
    view.row_bytes = 0;
  }
  return view;
}

/* The rows of the block at hand in the worker's scratch; of a strip, its first line. */
static View view_of_scratch(KernelEmitter *k, const ValuePlace *place, Type type) {
  uint64_t element = dtype_bytes(type.dtype), bytes = place->offset + element * place->column;
  return (View){.base = emit_address(k->m, k->scratch, emit_i64(k->m, (int64_t)bytes)),
                .row_bytes = type.rank == 4 ? element * place->pitch : 0,
                .channel_bytes = element,
                .dtype = type.dtype,
                .exact = place->column != 0};
}

/* Addresses are computed once, in the entry block; what a kernel does not use, LLVM drops. */
void view_prepare(KernelEmitter *k) {
  const PlanKernel *kernel = k->kernel;
  k->views = ARENA_ARRAY(k->m->arena, k->body->value_count, View);
  k->result_views = ARENA_ARRAY(k->m->arena, kernel->result_count, View);
  for (uint32_t v = 0; v < k->body->value_count; ++v) {
    ValueId value = {v};
    const ValuePlace *place = &kernel->places[v];
    Type type = graph_type(k->body, value);
    if (place->kind == PLACE_SCRATCH || place->kind == PLACE_STRIP) {
      k->views[v] = view_of_scratch(k, place, type);
    } else if (place->kind != PLACE_REGISTER) {
      k->views[v] = view_of_block(k, view_of_map(k, value), type);
    }
  }
  for (uint32_t r = 0; r < kernel->result_count; ++r) {
    const Port *port = &kernel->results[r];
    View map = map_of_port(k, port, port_pointer(k, PLACE_RESULT, r), 0);
    k->result_views[r] = view_of_block(k, map, port->type);
  }
}

LLVMValueRef view_row(KernelEmitter *k, const View *view, LLVMValueRef row) {
  return emit_address(k->m, view->base, emit_mul(k->m, row, view->row_bytes));
}

/* `column` channels, a variable, in bytes. */
static LLVMValueRef channels_apart(KernelEmitter *k, const View *view, LLVMValueRef column) {
  if (!view->plane_bytes) return emit_mul(k->m, column, view->channel_bytes);
  return LLVMBuildMul(k->m->builder, column, view->plane_bytes, "");
}

LLVMValueRef view_pixel(KernelEmitter *k, const View *view, int64_t width, LLVMValueRef line,
                        LLVMValueRef pixel, LLVMValueRef column) {
  ModuleContext *m = k->m;
  if (!view->line_bytes) {
    LLVMValueRef row = emit_add(m, emit_mul(m, line, (uint64_t)width), pixel);
    return view_address(k, view, (Site){.row = row, .column = column});
  }
  LLVMValueRef bytes = LLVMBuildMul(m->builder, line, view->line_bytes, "");
  bytes = emit_add(m, bytes, emit_mul(m, pixel, view->row_bytes));
  return emit_address(m, view->base, emit_add(m, bytes, channels_apart(k, view, column)));
}

/* A site of a caller's bytes: its row is divided into a line and a pixel. */
static LLVMValueRef site_of_bytes(KernelEmitter *k, const View *view, Site site) {
  ModuleContext *m = k->m;
  LLVMValueRef row = emit_add(m, emit_add(m, site.row, view->first), emit_i64(m, site.row_plus));
  LLVMValueRef width = emit_i64(m, view->width);
  LLVMValueRef line = LLVMBuildUDiv(m->builder, row, width, "");
  LLVMValueRef pixel = LLVMBuildURem(m->builder, row, width, "");
  LLVMValueRef column = emit_add(m, site.column, emit_i64(m, site.column_plus));
  return view_pixel(k, view, view->width, line, pixel, column);
}

View view_reversed(KernelEmitter *k, View view, uint32_t channels) {
  ModuleContext *m = k->m;
  LLVMValueRef last = channels_apart(k, &view, emit_i64(m, channels - 1));
  view.base = emit_address(m, view.base, last);
  view.channel_bytes = -view.channel_bytes;
  if (view.plane_bytes) view.plane_bytes = LLVMBuildNeg(m->builder, view.plane_bytes, "");
  return view;
}

/* What is known now is added last, in an instruction of its own: it ends up in the addressing mode,
 * and the variable part is the same for all rows and vectors of a tile. */
LLVMValueRef view_address(KernelEmitter *k, const View *view, Site site) {
  ModuleContext *m = k->m;
  if (view->line_bytes) return site_of_bytes(k, view, site);
  LLVMValueRef bytes = emit_mul(m, site.column, view->channel_bytes);
  if (view->row_bytes) bytes = emit_add(m, bytes, emit_mul(m, site.row, view->row_bytes));
  LLVMValueRef start = emit_address(m, view->base, bytes);
  uint64_t plus = site.column_plus * view->channel_bytes + site.row_plus * view->row_bytes;
  return plus ? emit_address(m, start, emit_i64(m, (int64_t)plus)) : start;
}

bool view_is_packed(const View *view) {
  return view->channel_bytes == dtype_bytes(view->dtype) && !view->plane_bytes;
}

LLVMValueRef view_load(KernelEmitter *k, const View *view, Site site) {
  ModuleContext *m = k->m;
  LLVMValueRef address = view_address(k, view, site);
  uint32_t lanes = view->exact ? site.lanes : m->target->vector_floats;
  if (view_is_packed(view)) {
    return stored_load(m, view->dtype, address, lanes, false);
  }
  LLVMValueRef step = channels_apart(k, view, emit_i64(m, 1));
  return stored_load_apart(m, view->dtype, address, lanes, step);
}

void view_store(KernelEmitter *k, const View *view, Site site, LLVMValueRef vector) {
  ModuleContext *m = k->m;
  CHECK(view->dtype == DTYPE_F32 && view_is_packed(view));
  emit_store(m, vector, view_address(k, view, site),
             view->exact ? site.lanes : m->target->vector_floats);
}

bool view_repeats(const KernelEmitter *k, ValueId value, uint32_t r) {
  const ValuePlace *place = &k->kernel->places[value.index];
  if (place->kind == PLACE_RESULT && place->index == r) return false;
  return value_equal(k->body->outputs[r].value, value) && !k->kernel->results[r].nchw;
}

void view_store_value(KernelEmitter *k, ValueId value, Site site, LLVMValueRef vector) {
  const ValuePlace *place = &k->kernel->places[value.index];
  if (place->kind == PLACE_SCRATCH || place->kind == PLACE_RESULT) {
    view_store(k, &k->views[value.index], site, vector);
  }
  for (uint32_t r = 0; r < k->body->output_count; ++r) {
    if (view_repeats(k, value, r)) view_store(k, &k->result_views[r], site, vector);
  }
}

PortReach view_reach(const KernelEmitter *k, ValueId value) {
  const Port *port = port_of(k, &k->kernel->places[value.index]);
  return port ? port->reach : REACH_NEAR;
}

void view_prefetch(KernelEmitter *k, ValueId value, PlaceKind kind, Site site) {
  if (k->kernel->places[value.index].kind != kind) return;
  if (view_reach(k, value) != REACH_STREAMS) return;
  if (site.column_plus % (CACHE_LINE / 4)) return; /* the line of the vector before */
  emit_prefetch(k->m, view_address(k, &k->views[value.index], site));
}

void view_prefetch_ahead(KernelEmitter *k, ValueId value, PlaceKind kind, Site site) {
  uint64_t row_bytes = k->views[value.index].row_bytes;
  if (!row_bytes) return;
  int64_t rows = (int64_t)((AHEAD_BYTES + row_bytes - 1) / row_bytes);
  site.row = emit_add(k->m, site.row, emit_i64(k->m, rows));
  view_prefetch(k, value, kind, site);
}

void view_make_exact(KernelEmitter *k, ValueId value) {
  k->views[value.index].exact = true;
  for (uint32_t r = 0; r < k->body->output_count; ++r) {
    if (value_equal(k->body->outputs[r].value, value)) k->result_views[r].exact = true;
  }
}
