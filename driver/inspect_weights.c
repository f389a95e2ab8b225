/* The list of a weights file: format, states, what is noted beside them, and each tensor with shape
 * and element type, or what it is instead. Texts of the file may hold anything. */
#include "driver/inspect_weights.h"

#include <cjson/cJSON.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "driver/units.h"
#include "frontend/weights.h"
#include "support/panic.h"
#include "support/utf8.h"
#include "support/visible.h"

enum { NAME_COLUMNS = 44 };

/* Elements of all tensors. */
static uint64_t count_elements(const Weights *weights) {
  uint64_t count = 0;
  for (uint32_t i = 0; i < weights->tensor_count; ++i) {
    const FileTensor *tensor = &weights->tensors[i];
    if (!tensor->problem) count += (tensor->end - tensor->begin) / tensor->element->bytes;
  }
  return count;
}

/* -- text -------------------------------------------------------------------------------------- */

static void print_name(const char *name) {
  size_t length = strlen(name);
  visible_print(stdout, name, length);
  printf("%*s ", length < NAME_COLUMNS ? (int)(NAME_COLUMNS - length) : 0, "");
}

static void print_states(const Weights *weights) {
  for (uint32_t i = 0; i < weights->state_count; ++i) {
    const WeightState *state = &weights->states[i];
    printf("%-10s %s, %u entries%s\n", i ? "" : "states",
           error_list_quote(weights->arena, state->key), state->entries,
           state->taken ? ", shown here" : "");
  }
}

static void print_notes(const Weights *weights) {
  for (uint32_t i = 0; i < weights->note_count; ++i) {
    const WeightNote *note = &weights->notes[i];
    printf("%-10s ", i ? "" : "metadata");
    visible_print(stdout, note->key, strlen(note->key));
    fputs(": ", stdout);
    visible_print(stdout, note->text, strlen(note->text));
    fputs("\n", stdout);
  }
}

static void print_tensors(const Weights *weights) {
  for (uint32_t i = 0; i < weights->tensor_count; ++i) {
    const FileTensor *tensor = &weights->tensors[i];
    print_name(tensor->name);
    if (tensor->problem) {
      printf("%s\n", tensor->problem);
    } else {
      printf("%-5s %s\n", tensor->element->name,
             weights_shape_text(weights->arena, tensor->rank, tensor->dims));
    }
  }
}

static void print_text(const Weights *weights) {
  char elements[UNITS_TEXT_MAX];
  printf("%-10s %s\n", "format", weights->format);
  print_states(weights);
  print_notes(weights);
  if (weights->unwrapped) printf("%-10s %s, taken off all names\n", "prefix", weights->unwrapped);
  printf("%-10s %u, of %s elements\n", "tensors", weights->tensor_count,
         units_count(count_elements(weights), elements));
  if (weights->tensor_count) printf("\n");
  print_tensors(weights);
}

/* -- JSON -------------------------------------------------------------------------------------- */

/* `text` where JSON can hold it, else quoted. */
static const char *json_text(const Weights *weights, const char *text) {
  size_t bytes = strlen(text), length = 1;
  for (size_t i = 0; i < bytes && length; i += length) length = utf8_length(text + i, bytes - i);
  return length ? text : error_list_quote(weights->arena, text);
}

static void add_states(cJSON *root, const Weights *weights) {
  cJSON *states = cJSON_AddArrayToObject(root, "states");
  for (uint32_t i = 0; i < weights->state_count; ++i) {
    cJSON *row = cJSON_CreateObject();
    cJSON_AddStringToObject(row, "name", json_text(weights, weights->states[i].key));
    cJSON_AddNumberToObject(row, "entries", weights->states[i].entries);
    cJSON_AddBoolToObject(row, "taken", weights->states[i].taken);
    cJSON_AddItemToArray(states, row);
  }
}

static void add_notes(cJSON *root, const Weights *weights) {
  cJSON *notes = cJSON_AddObjectToObject(root, "metadata");
  for (uint32_t i = 0; i < weights->note_count; ++i) {
    cJSON_AddStringToObject(notes, json_text(weights, weights->notes[i].key),
                            json_text(weights, weights->notes[i].text));
  }
}

static void add_tensor(cJSON *array, const FileTensor *tensor) {
  cJSON *row = cJSON_CreateObject();
  cJSON_AddStringToObject(row, "name", tensor->name);
  if (tensor->problem) {
    cJSON_AddStringToObject(row, "problem", tensor->problem);
  } else {
    cJSON_AddStringToObject(row, "dtype", tensor->element->name);
    cJSON *shape = cJSON_AddArrayToObject(row, "shape");
    for (uint32_t d = 0; d < tensor->rank; ++d) {
      cJSON_AddItemToArray(shape, cJSON_CreateNumber((double)tensor->dims[d]));
    }
  }
  cJSON_AddItemToArray(array, row);
}

static void print_json(const Weights *weights) {
  cJSON *root = cJSON_CreateObject();
  cJSON_AddStringToObject(root, "file", json_text(weights, weights->path));
  cJSON_AddStringToObject(root, "format", weights->format);
  add_states(root, weights);
  add_notes(root, weights);
  if (weights->unwrapped) cJSON_AddStringToObject(root, "prefix", weights->unwrapped);
  cJSON_AddNumberToObject(root, "elements", (double)count_elements(weights));
  cJSON *tensors = cJSON_AddArrayToObject(root, "tensors");
  for (uint32_t i = 0; i < weights->tensor_count; ++i) add_tensor(tensors, &weights->tensors[i]);
  char *text = cJSON_Print(root);
  CHECK(text);
  puts(text);
  free(text);
  cJSON_Delete(root);
}

Status inspect_weights(const Options *options, Arena *arena, Diag *diag) {
  Weights *weights;
  if (options->shape) {
    return diag_usage_error(diag, "--shape: %s holds weights, not a model", options->argument);
  }
  RETURN_IF_ERROR(weights_list(arena, diag, options->argument, options->state, &weights));
  if (options->json) {
    print_json(weights);
  } else {
    print_text(weights);
  }
  weights_close(weights);
  return STATUS_OK;
}
