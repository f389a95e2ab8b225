/* atmc inspect: what a model is and what it costs at one resolution; or what is in a weights file
 * (inspect_weights.c). */
#include <cjson/cJSON.h>
#include <stdlib.h>
#include <string.h>

#include "driver/commands.h"
#include "driver/compilation.h"
#include "driver/inspect_weights.h"
#include "driver/layers.h"
#include "driver/product_note.h"
#include "driver/quantized.h"
#include "driver/units.h"
#include "support/panic.h"

typedef struct Report {
  const Compilation *c;
  const Plan *plan;
  LayerTable layers;
  uint64_t workspace; /* bytes for --threads */
  uint64_t int8_macs; /* of all layers */
} Report;

/* 1x56x56x64, with channels last as the maps are inside; `text` as for type_format. */
static const char *format_dims(Type type, char text[TYPE_TEXT_MAX]) {
  int length = 0;
  text[0] = '\0';
  for (uint32_t i = 0; i < type.rank; ++i) {
    length += snprintf(text + length, (size_t)(TYPE_TEXT_MAX - length), "%s%lld", i ? "x" : "",
                       (long long)type.dims[i]);
  }
  return text;
}

/* The title stands in front of the first alone. */
static void print_tensors(const char *title, const PlanTensor *tensors, uint32_t count) {
  char dims[TYPE_TEXT_MAX];
  for (uint32_t i = 0; i < count; ++i) {
    const PlanTensor *t = &tensors[i];
    const char *layout = t->type.rank != 4 ? "" : t->nchw ? ", stored as nchw" : ", stored as nhwc";
    printf("%-15s %s %s%s\n", i ? "" : title, t->name, format_dims(t->type, dims), layout);
  }
}

/* Where products are of whole numbers: how many of `macs` multiply-adds, in a column of its own. */
static void print_share(const Report *report, uint64_t int8, uint64_t macs) {
  if (report->int8_macs && int8) printf(" %7.0f %%", 100 * (double)int8 / (double)macs);
  if (report->int8_macs && !int8) printf(" %9s", "-");
  printf("\n");
}

static void print_layers(const Report *report) {
  const LayerTable *layers = &report->layers;
  char dims[TYPE_TEXT_MAX], parameters[UNITS_TEXT_MAX], macs[UNITS_TEXT_MAX];
  printf("\n%-36s %16s %12s %14s%s\n", "layer", "output", "parameters", "multiply-adds",
         report->int8_macs ? "   in int8" : "");
  for (uint32_t i = 0; i < layers->count; ++i) {
    const LayerCost *layer = &layers->items[i];
    printf("%-36s %16s %12s %14s", layer->name, format_dims(layer->type, dims),
           units_count(layer->parameters, parameters), units_count(layer->macs, macs));
    print_share(report, layer->int8_macs, layer->macs);
  }
  printf("%-36s %16s %12s %14s", "total", "", units_count(layers->parameters, parameters),
         units_count(layers->macs, macs));
  print_share(report, report->int8_macs, layers->macs);
}

/* The parameters of all but a classifier: some papers count so. */
static uint64_t without_head(const LayerTable *layers) {
  const LayerCost *last = &layers->items[layers->count - 1];
  return layers->parameters - (strcmp(last->name, "head") == 0 ? last->parameters : 0);
}

static void print_text(const Report *report) {
  const Plan *plan = report->plan;
  char a[UNITS_TEXT_MAX], b[UNITS_TEXT_MAX];
  printf("%-15s %s\n", "model", report->c->model->name);
  print_tensors("inputs", plan->inputs, plan->input_count);
  print_tensors("outputs", plan->outputs, plan->output_count);
  print_layers(report);
  uint64_t parameters = report->layers.parameters, body = without_head(&report->layers);
  uint64_t training = layers_optional(report->c->model);
  printf("\n%-15s %s", "parameters", units_count(parameters + training, a));
  if (training) printf(" (%s of them in training alone)", units_count(training, b));
  if (body < parameters) printf(" (%s without the head)", units_count(body, b));
  printf("\n");
  printf("%-15s %s", "multiply-adds", units_count(report->layers.macs, a));
  uint64_t scans = report->layers.scan_operations;
  if (scans) printf(" (%s with scans and norms)", units_count(report->layers.macs + scans, b));
  printf("\n");
  printf("%-15s %s as %s (for %s)\n", "weights", units_bytes(report->c->blob.bytes, a),
         compilation_weights_text(report->c), report->c->variants[0].target->name);
  uint64_t quantized = compilation_quantized_bytes(report->c);
  if (quantized) printf("%-15s %s of the weights\n", "int8", units_bytes(quantized, a));
  printf("%-15s %s (maps %s, %s for each further thread)\n", "workspace",
         units_bytes(report->workspace, a), units_bytes(plan->live_peak, b),
         units_bytes(plan->scratch_bytes, (char[UNITS_TEXT_MAX]){0}));
}

static void add_numbers(cJSON *object, uint64_t parameters, uint64_t macs) {
  cJSON_AddNumberToObject(object, "parameters", (double)parameters);
  cJSON_AddNumberToObject(object, "macs", (double)macs);
}

static void add_dims(cJSON *object, Type type) {
  cJSON *dims = cJSON_AddArrayToObject(object, "dims");
  for (uint32_t i = 0; i < type.rank; ++i) {
    cJSON_AddItemToArray(dims, cJSON_CreateNumber((double)type.dims[i]));
  }
}

/* Appends {"name", "dims"} to `array`, which owns it; the caller may add to it. */
static cJSON *add_row(cJSON *array, const char *name, Type type) {
  cJSON *row = cJSON_CreateObject();
  cJSON_AddStringToObject(row, "name", name);
  add_dims(row, type);
  cJSON_AddItemToArray(array, row);
  return row;
}

static void add_tensors(cJSON *root, const char *key, const PlanTensor *tensors, uint32_t count) {
  cJSON *array = cJSON_AddArrayToObject(root, key);
  for (uint32_t i = 0; i < count; ++i) {
    cJSON *row = add_row(array, tensors[i].name, tensors[i].type);
    if (tensors[i].type.rank != 4) continue;
    cJSON_AddStringToObject(row, "layout", tensors[i].nchw ? "nchw" : "nhwc");
  }
}

/* The same numbers, bytes as bytes. */
static void print_json(const Report *report) {
  const Plan *plan = report->plan;
  cJSON *root = cJSON_CreateObject();
  cJSON_AddStringToObject(root, "model", report->c->model->name);
  cJSON_AddStringToObject(root, "isa", report->c->variants[0].target->name);
  add_tensors(root, "inputs", plan->inputs, plan->input_count);
  add_tensors(root, "outputs", plan->outputs, plan->output_count);
  uint64_t training = layers_optional(report->c->model);
  add_numbers(root, report->layers.parameters + training, report->layers.macs);
  cJSON_AddNumberToObject(root, "scan_operations", (double)report->layers.scan_operations);
  cJSON_AddNumberToObject(root, "int8_macs", (double)report->int8_macs);
  cJSON_AddNumberToObject(root, "parameters_without_head", (double)without_head(&report->layers));
  cJSON_AddNumberToObject(root, "weights_bytes", (double)report->c->blob.bytes);
  cJSON_AddStringToObject(root, "weights_dtype", dtype_info(report->c->weights_dtype)->text);
  cJSON_AddNumberToObject(root, "quantized_bytes", (double)compilation_quantized_bytes(report->c));
  cJSON_AddNumberToObject(root, "workspace_bytes", (double)report->workspace);
  cJSON_AddNumberToObject(root, "workspace_base", (double)plan->workspace_base);
  cJSON_AddNumberToObject(root, "workspace_scratch", (double)plan->scratch_bytes);
  cJSON_AddNumberToObject(root, "live_peak", (double)plan->live_peak);
  cJSON *layers = cJSON_AddArrayToObject(root, "layers");
  for (uint32_t i = 0; i < report->layers.count; ++i) {
    const LayerCost *layer = &report->layers.items[i];
    cJSON *row = add_row(layers, layer->name, layer->type);
    add_numbers(row, layer->parameters, layer->macs);
    cJSON_AddNumberToObject(row, "int8_macs", (double)layer->int8_macs);
  }
  char *text = cJSON_Print(root);
  CHECK(text);
  puts(text);
  free(text);
  cJSON_Delete(root);
}

/* Which of the layers' multiply-adds are of whole numbers. */
static Status measure_quantized(Compilation *c, Report *report) {
  Quantized quantized;
  const Graph *graph;
  RETURN_IF_ERROR(quantized_begin(c, &quantized));
  RETURN_IF_ERROR(quantized_graph(&quantized, NULL, c->arena, &graph));
  layers_add_quantized(&report->layers, graph);
  for (uint32_t i = 0; i < report->layers.count; ++i) {
    report->int8_macs += report->layers.items[i].int8_macs;
  }
  return STATUS_OK;
}

static Status inspect(Compilation *c) {
  const Options *options = c->options;
  ShapeList shapes = {.count = 1};
  if (options->shape) RETURN_IF_ERROR(shapes_parse(options->shape, 1, c->arena, c->diag, &shapes));
  RETURN_IF_ERROR(compilation_read(c));
  if (!options->shape) shapes.items[0] = shapes_default(c->model->graph, c->arena);
  RETURN_IF_ERROR(compilation_plan(c, &shapes));
  if (c->stopped) return STATUS_OK;
  const Plan *plan = c->variants[0].plans[0];
  const Graph *source;
  RETURN_IF_ERROR(compilation_source(c, &c->variants[0].resolutions[0], c->arena, &source));
  Report report = {.c = c,
                   .plan = plan,
                   .layers = layers_measure(source, c->arena),
                   .workspace = plan_workspace(plan, (uint32_t)options->threads)};
  if (compilation_quantized_bytes(c)) RETURN_IF_ERROR(measure_quantized(c, &report));
  if (options->json) {
    print_json(&report);
  } else {
    print_text(&report);
  }
  return STATUS_OK;
}

Status cmd_inspect(const Options *options, Arena *arena, Diag *diag) {
  bool is;
  RETURN_IF_ERROR(product_is_file(diag, options->argument, &is));
  if (is) return product_inspect(options, arena, diag);
  RETURN_IF_ERROR(weights_is_file(diag, options->argument, &is));
  if (is) return inspect_weights(options, arena, diag);
  if (options->state) return diag_usage_error(diag, "--state: %s is a model", options->argument);
  return compilation_with(options, arena, diag, inspect);
}
