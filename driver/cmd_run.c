/* atmc run: one run of a model on .npy files and photos. */
#include <cjson/cJSON.h>
#include <stdlib.h>
#include <string.h>

#include "driver/commands.h"
#include "driver/layout.h"
#include "driver/native.h"
#include "driver/tensor_files.h"
#include "support/panic.h"
#include "support/visible.h"

enum { TOP_ANSWERS = 5, MAX_INTEGERS = 16 }; /* that are shown of an output */

/* What a run computes: one entry per output of the model. */
typedef struct Results {
  Type *types; /* logical */
  void **data; /* as stored */
} Results;

static Results results_new(Arena *arena, uint32_t count) {
  return (Results){ARENA_ARRAY(arena, count, Type), ARENA_ARRAY(arena, count, void *)};
}

/* Compiles, loads and runs once. */
static Status run_native(Compilation *c, const void *const *inputs, Results *results) {
  RETURN_IF_ERROR(native_check_machine(c));
  const Plan *plan = c->variants[0].plans[0];
  for (uint32_t i = 0; i < plan->output_count; ++i) {
    results->types[i] = plan->outputs[i].type;
    results->data[i] = ARENA_ARRAY(c->arena, layout_count(results->types[i]), float);
  }
  Native native;
  Status status = native_open(&native, c, (uint32_t)c->options->threads);
  if (!status) status = native_run(&native, inputs, results->data);
  native_close(&native, status);
  return status;
}

/* The interpreter runs the model's own graph, before any pass. */
static Status run_interp(Compilation *c, Shape shape, const void *const *inputs, Results *results) {
  const Graph *graph = c->model->graph;
  const Type *types;
  uint32_t count;
  RETURN_IF_ERROR(shapes_input_types(graph, shape, c->arena, c->diag, &types, &count));
  NodeId *nodes = ARENA_ARRAY(c->arena, count, NodeId);
  graph_inputs(graph, nodes, count);
  InterpTensor *in = ARENA_ARRAY(c->arena, count, InterpTensor);
  for (uint32_t i = 0; i < count; ++i) {
    in[i].type = types[i];
    in[i].data = ARENA_ARRAY(c->arena, layout_count(types[i]), double);
    layout_to_logical(types[i], graph_node(graph, nodes[i])->attrs.INPUT.nchw, inputs[i],
                      in[i].data);
  }
  InterpTensor *out = ARENA_ARRAY(c->arena, graph->output_count, InterpTensor);
  WeightSource source = weights_source(c->weights);
  RETURN_IF_ERROR(interp_run(graph, &source, c->arena, c->diag, in, out));
  for (uint32_t i = 0; i < graph->output_count; ++i) {
    results->types[i] = out[i].type;
    results->data[i] = ARENA_ARRAY(c->arena, layout_count(out[i].type), float);
    layout_from_logical(out[i].type, graph->outputs[i].nchw, out[i].data, results->data[i]);
  }
  return STATUS_OK;
}

/* The index of the largest element that comes after element `last` in descending order (ties by
 * index); `count` when there is none. `last` = count: the largest of all. */
static size_t next_largest(const float *values, size_t count, size_t last) {
  size_t best = count;
  for (size_t i = 0; i < count; ++i) {
    bool behind =
        last == count || values[i] < values[last] || (values[i] == values[last] && i > last);
    if (behind && (best == count || values[i] > values[best])) best = i;
  }
  return best;
}

/* The largest values of one vector, with their classes. Names come from files: made visible. */
static void print_answers(const Model *model, const float *values, size_t count) {
  size_t at = count;
  for (int rank = 0; rank < TOP_ANSWERS; ++rank) {
    at = next_largest(values, count, at);
    if (at == count) return;
    printf("  %10.5f  %zu", (double)values[at], at);
    if (at < model->class_count) {
      const char *name = model->class_names[at];
      printf("  ");
      visible_print(stdout, name, strlen(name));
    }
    printf("\n");
  }
}

/* What can be said of a map on one line. */
static void print_range(const float *values, size_t count) {
  double low = values[0], high = values[0], sum = 0;
  for (size_t i = 0; i < count; ++i) {
    if (values[i] < low) low = values[i];
    if (values[i] > high) high = values[i];
    sum += values[i];
  }
  printf("  min %.5f  mean %.5f  max %.5f\n", low, sum / (double)count, high);
}

static void print_integers(DType dtype, const char *values, size_t count) {
  printf(" ");
  for (size_t i = 0; i < count && i < MAX_INTEGERS; ++i) {
    double value;
    dtype_read(dtype, values + i * dtype_bytes(dtype), 1, &value);
    printf(" %.0f", value);
  }
  printf(count > MAX_INTEGERS ? " ...\n" : "\n");
}

/* `count` elements, of one image of a result of type `type`. */
static void print_values(const Model *model, Type type, const void *values, size_t count) {
  if (dtype_info(type.dtype)->kind == DTYPE_INTEGER) {
    print_integers(type.dtype, values, count);
  } else if (type.rank == 2) {
    print_answers(model, values, count);
  } else {
    print_range(values, count);
  }
}

/* Each output, image by image. */
static void print_results(const Compilation *c, const Results *results) {
  for (uint32_t i = 0; i < c->model->graph->output_count; ++i) {
    Type type = results->types[i];
    size_t images = (size_t)type.dims[0];
    size_t count = layout_count(type) / images;
    for (size_t n = 0; n < images; ++n) {
      printf("%s", c->model->graph->outputs[i].name);
      if (images > 1) printf(", image %zu", n);
      printf("\n");
      size_t bytes = n * count * dtype_bytes(type.dtype);
      print_values(c->model, type, (const char *)results->data[i] + bytes, count);
    }
  }
}

/* -- the same as JSON -------------------------------------------------------------------------- */

static void add_answers(cJSON *image, const Model *model, const float *values, size_t count) {
  cJSON *top = cJSON_AddArrayToObject(image, "top");
  size_t at = count;
  for (int rank = 0; rank < TOP_ANSWERS; ++rank) {
    at = next_largest(values, count, at);
    if (at == count) return;
    cJSON *row = cJSON_CreateObject();
    cJSON_AddNumberToObject(row, "class", (double)at);
    if (at < model->class_count) cJSON_AddStringToObject(row, "name", model->class_names[at]);
    cJSON_AddNumberToObject(row, "value", (double)values[at]);
    cJSON_AddItemToArray(top, row);
  }
}

/* The dimensions of an output that has no answers: --output writes its elements. */
static void add_dims(cJSON *image, Type type) {
  cJSON *dims = cJSON_AddArrayToObject(image, "dims");
  for (uint32_t i = 1; i < type.rank; ++i) {
    cJSON_AddItemToArray(dims, cJSON_CreateNumber((double)type.dims[i]));
  }
}

/* An object for each output and image. */
static void print_json(const Compilation *c, const Results *results) {
  cJSON *root = cJSON_CreateObject();
  cJSON *outputs = cJSON_AddArrayToObject(root, "outputs");
  for (uint32_t i = 0; i < c->model->graph->output_count; ++i) {
    Type type = results->types[i];
    size_t images = (size_t)type.dims[0], count = layout_count(type) / images;
    for (size_t n = 0; n < images; ++n) {
      cJSON *image = cJSON_CreateObject();
      cJSON_AddStringToObject(image, "name", c->model->graph->outputs[i].name);
      cJSON_AddNumberToObject(image, "image", (double)n);
      if (type.rank == 2 && type.dtype == DTYPE_F32) {
        add_answers(image, c->model, (const float *)results->data[i] + n * count, count);
      } else {
        add_dims(image, type);
      }
      cJSON_AddItemToArray(outputs, image);
    }
  }
  char *text = cJSON_Print(root);
  CHECK(text);
  puts(text);
  free(text);
  cJSON_Delete(root);
}

static Status run(Compilation *c) {
  bool interp = !strcmp(c->options->engine, "interp");
  if (interp && c->options->runner) {
    return diag_usage_error(c->diag, "--runner: the interpreter runs in this process");
  }
  RETURN_IF_ERROR(compilation_read(c));
  uint32_t input_count = graph_inputs(c->model->graph, NULL, 0);
  uint32_t output_count = c->model->graph->output_count;
  const void **inputs = ARENA_ARRAY(c->arena, input_count, const void *);
  TensorTargets targets;
  ShapeList shapes = {.count = 1};
  RETURN_IF_ERROR(tensor_files_targets(c, &targets));
  RETURN_IF_ERROR(tensor_files_read(c, inputs, &shapes.items[0]));
  if (!interp || c->options->stop_after) RETURN_IF_ERROR(compilation_plan(c, &shapes));
  if (c->stopped) return STATUS_OK;
  Results results = results_new(c->arena, output_count);
  if (interp) {
    RETURN_IF_ERROR(run_interp(c, shapes.items[0], inputs, &results));
  } else {
    RETURN_IF_ERROR(run_native(c, inputs, &results));
  }
  if (c->options->outputs.count == 0 && !c->options->overlay) {
    (c->options->json ? print_json : print_results)(c, &results);
    return STATUS_OK;
  }
  RunTensors tensors = {shapes.items[0], inputs, results.types, results.data};
  return tensor_files_write(c, &targets, &tensors);
}

Status cmd_run(const Options *options, Arena *arena, Diag *diag) {
  return compilation_with(options, arena, diag, run);
}
