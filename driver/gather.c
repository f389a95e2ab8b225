#include "driver/gather.h"

#include <stdlib.h>

#include "driver/layers.h"
#include "driver/quantized.h"

/* 1x56x56x64 */
static const char *dims_text(Type type, Arena *arena) {
  StringBuilder text = {.arena = arena};
  for (uint32_t i = 0; i < type.rank; ++i) {
    string_builder_printf(&text, i ? "x%lld" : "%lld", (long long)type.dims[i]);
  }
  return string_builder_text(&text);
}

/* The layers that quantize-products takes are known in front of it. */
static Status gather_layers(Compilation *c, ReportColumn *column) {
  const Graph *graph;
  RETURN_IF_ERROR(compilation_source(c, &c->variants[0].resolutions[0], c->arena, &graph));
  LayerTable layers = layers_measure(graph, c->arena);
  if (compilation_quantized_bytes(c)) {
    Quantized quantized;
    RETURN_IF_ERROR(quantized_begin(c, &quantized));
    RETURN_IF_ERROR(quantized_graph(&quantized, NULL, c->arena, &graph));
    layers_add_quantized(&layers, graph);
  }
  for (uint32_t i = 0; i < layers.count; ++i) {
    const LayerCost *layer = &layers.items[i];
    ReportLayer row = {layer->name, dims_text(layer->type, c->arena), (double)layer->parameters,
                       (double)layer->macs, (double)layer->int8_macs};
    column->int8_macs += row.int8_macs;
    REPORT_PUSH(c->arena, column->layers, row);
  }
  column->parameters = (double)(layers.parameters + layers_optional(c->model));
  column->macs = (double)layers.macs;
  return STATUS_OK;
}

/* What the object's variant takes, and the times of making it. */
static void gather_sizes(Compilation *c, const Emitted *object, ReportColumn *column) {
  WeightSource source = weights_source(c->weights);
  ArtifactSpec spec = compilation_artifact(c, &source);
  column->code_bytes = (double)llvm_code_bytes(&spec, 0, object, c->arena);
  column->weights_bytes = (double)c->blob.bytes;
  column->quantized_bytes = (double)compilation_quantized_bytes(c);
  column->weights = compilation_weights_text(c);
  column->workspace_bytes =
      (double)plan_workspace(c->variants[0].plans[0], (uint32_t)column->threads);
  column->read_ms = 1e3 * c->times.read;
  column->passes_ms = 1e3 * c->times.passes;
  column->emit_ms = 1e3 * c->times.emit;
  column->compile_ms = column->read_ms + column->passes_ms + column->emit_ms;
}

static Status gather_native(Compilation *c, ReportColumn *column) {
  Native native = {0};
  Status status = native_open(&native, c, (uint32_t)c->options->threads);
  if (!status) gather_sizes(c, &native.object, column);
  if (!status) status = gather_machine(c, &native, column);
  native_close(&native, status);
  return status;
}

/* For a machine that is not this one. */
static Status gather_foreign(Compilation *c, ReportColumn *column) {
  WeightSource source = weights_source(c->weights);
  ArtifactSpec spec = compilation_artifact(c, &source);
  Emitted object = {0};
  spec.prefix = "model";
  spec.external_weights = true;
  progress_step(&c->progress, "generating code");
  RETURN_IF_ERROR(compilation_emit(c, &spec, EMIT_OBJECT, &object));
  gather_sizes(c, &object, column);
  free(object.data);
  return STATUS_OK;
}

Status gather_column(Compilation *c, ReportColumn *column) {
  const TargetInfo *target = c->variants[0].target;
  ShapeList shapes;
  *column = (ReportColumn){.isa = target->name, .threads = (double)c->options->threads};
  RETURN_IF_ERROR(shapes_parse(c->options->shape, 1, c->arena, c->diag, &shapes));
  column->shape = shapes_format(shapes.items[0], c->arena);
  RETURN_IF_ERROR(compilation_read(c));
  gather_route_begin(c, column);
  RETURN_IF_ERROR(compilation_plan(c, &shapes));
  if (c->stopped) return STATUS_OK;
  RETURN_IF_ERROR(gather_layers(c, column));
  RETURN_IF_ERROR(gather_route_listings(c, column));
  gather_plan(c->variants[0].plans[0], c->arena, column);
  bool runs = (target->isa_bits & ~atm_cpu_isa()) == 0;
  return (runs ? gather_native : gather_foreign)(c, column);
}
