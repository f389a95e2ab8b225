/* The header of a safetensors file: a JSON object of
 *   "NAME": {"dtype": "F32", "shape": [64, 3], "data_offsets": [begin, end]}
 * and optionally "__metadata__": {"key": "text"}. Every rule of the format is checked before any
 * of it is used: the tensors tile the data without overlap and without holes. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "frontend/error_list.h"
#include "frontend/json_source.h"
#include "frontend/safetensors.h"
#include "support/checked_math.h"

enum { SHOWN_MAX = 60 };

typedef struct Header {
  Weights *weights;
  JsonSource source;
  ErrorList errors;
} Header;

/* An error of one tensor; false, for its caller to return. */
__attribute__((format(printf, 3, 4))) static bool reject(Header *h, const char *tensor,
                                                         const char *format, ...) {
  Arena *arena = h->weights->arena;
  if (error_list_skip(&h->errors)) return false;
  va_list args;
  va_start(args, format);
  const char *message = arena_vprintf(arena, format, args);
  va_end(args);
  error_list_add(&h->errors, diag_file(h->weights->path), "tensor %s: %s",
                 error_list_quote(arena, tensor), message);
  return false;
}

/* A whole number from 0 to INT64_MAX, exactly as it stands in the text. */
static bool read_size(const Header *h, const cJSON *item, int64_t *out) {
  if (!cJSON_IsNumber(item)) return false;
  char *end;
  errno = 0;
  *out = strtoll(json_source_token(&h->source, item), &end, 10);
  return errno == 0 && *out >= 0 && *end != '.' && *end != 'e' && *end != 'E';
}

/* An array of at most `limit` whole numbers. */
static bool read_sizes(const Header *h, const cJSON *array, int64_t *out, uint32_t limit,
                       uint32_t *count) {
  *count = 0;
  if (!cJSON_IsArray(array)) return false;
  for (const cJSON *item = array->child; item; item = item->next) {
    if (*count == limit || !read_size(h, item, &out[*count])) return false;
    ++*count;
  }
  return true;
}

/* The beginning of a member's text, up to a bracket, for messages. */
static const char *shown(const Header *h, const cJSON *record, const char *key) {
  const char *token = json_source_token(&h->source, json_source_member(record, key));
  size_t length = strcspn(token, token[0] == '[' ? "]}" : ",]}");
  length += token[0] == '[' && token[length] == ']';
  return arena_strndup(h->weights->arena, token, length < SHOWN_MAX ? length : SHOWN_MAX);
}

/* NULL after an error. */
static const ElementType *read_element(Header *h, const cJSON *record, const char *tensor) {
  const cJSON *item = json_source_member(record, "dtype");
  if (!cJSON_IsString(item)) {
    reject(h, tensor, "\"dtype\" must be a string, not %s", shown(h, record, "dtype"));
    return NULL;
  }
  const ElementType *element = weights_element_type(item->valuestring);
  if (!element) {
    reject(h, tensor, "unknown dtype %s", error_list_quote(h->weights->arena, item->valuestring));
  }
  return element;
}

/* Shape, place in the data, and that they agree. */
static bool read_extent(Header *h, const cJSON *record, FileTensor *tensor) {
  int64_t offsets[2];
  uint32_t count;
  if (!read_sizes(h, json_source_member(record, "shape"), tensor->dims, WEIGHTS_MAX_RANK,
                  &tensor->rank)) {
    return reject(h, tensor->name, "\"shape\" must be at most %d whole numbers, not %s",
                  WEIGHTS_MAX_RANK, shown(h, record, "shape"));
  }
  if (!read_sizes(h, json_source_member(record, "data_offsets"), offsets, 2, &count) ||
      count != 2) {
    return reject(h, tensor->name, "\"data_offsets\" must be two whole numbers, not %s",
                  shown(h, record, "data_offsets"));
  }
  if (offsets[0] > offsets[1] || (uint64_t)offsets[1] > h->weights->data_bytes) {
    return reject(h, tensor->name,
                  "data_offsets [%" PRId64 ",%" PRId64 "] are not in the data of %" PRIu64 " bytes",
                  offsets[0], offsets[1], h->weights->data_bytes);
  }
  tensor->begin = (uint64_t)offsets[0];
  tensor->end = (uint64_t)offsets[1];
  int64_t bytes = tensor->element->bytes;
  bool fits = true;
  for (uint32_t i = 0; i < tensor->rank; ++i) {
    fits = fits && checked_mul_i64(bytes, tensor->dims[i], &bytes);
  }
  const char *shape = weights_shape_text(h->weights->arena, tensor->rank, tensor->dims);
  if (!fits) return reject(h, tensor->name, "the size of shape %s overflows", shape);
  if (bytes == offsets[1] - offsets[0]) return true;
  return reject(
      h, tensor->name,
      "%s %s takes %" PRId64 " bytes, but data_offsets [%" PRId64 ",%" PRId64 "] span %" PRId64,
      tensor->element->name, shape, bytes, offsets[0], offsets[1], offsets[1] - offsets[0]);
}

/* One member of the header: exactly the three keys. A tensor that is wrong is not entered. */
static void read_tensor(Header *h, const cJSON *record) {
  static const char *const keys[] = {"dtype", "shape", "data_offsets"};
  Weights *weights = h->weights;
  FileTensor tensor = {.name = arena_strdup(weights->arena, record->string)};
  if (!cJSON_IsObject(record)) {
    reject(h, tensor.name, "its record must be an object");
    return;
  }
  for (uint32_t i = 0; i < 3; ++i) {
    if (json_source_member(record, keys[i])) continue;
    reject(h, tensor.name, "\"%s\" is missing", keys[i]);
    return;
  }
  for (const cJSON *item = record->child; item; item = item->next) {
    bool known = false;
    for (uint32_t i = 0; i < 3; ++i) known = known || strcmp(item->string, keys[i]) == 0;
    if (known) continue;
    reject(h, tensor.name, "unknown key %s", error_list_quote(weights->arena, item->string));
    return;
  }
  tensor.element = read_element(h, record, tensor.name);
  if (!tensor.element || !read_extent(h, record, &tensor)) return;
  name_table_set(&weights->names, tensor.name, weights->tensor_count);
  weights->tensors[weights->tensor_count++] = tensor;
}

/* Texts by the format's rule; of them, only the names of classes are of use here. */
static void read_metadata(Header *h, const cJSON *metadata) {
  Weights *weights = h->weights;
  if (!cJSON_IsObject(metadata)) {
    error_list_add(&h->errors, diag_file(weights->path), "__metadata__ must be an object");
    return;
  }
  for (const cJSON *item = metadata->child; item; item = item->next) {
    if (!cJSON_IsString(item)) {
      error_list_add(&h->errors, diag_file(weights->path), "__metadata__ %s must be a string",
                     error_list_quote(weights->arena, item->string));
      continue;
    }
    WeightNote note = {arena_strdup(weights->arena, item->string),
                       arena_strdup(weights->arena, item->valuestring)};
    ARENA_PUSH(weights->arena, weights->notes, weights->note_count, weights->note_capacity, note);
    if (strcmp(note.key, "classes") == 0) weights->classes = note.text;
  }
}

/* For qsort: by begin, and empty tensors before those that begin at the same byte. */
static int compare_places(const void *a, const void *b) {
  const FileTensor *x = *(const FileTensor *const *)a, *y = *(const FileTensor *const *)b;
  if (x->begin != y->begin) return x->begin < y->begin ? -1 : 1;
  return x->end < y->end ? -1 : x->end > y->end;
}

/* The tensors, in the order of the data, follow each other from its first byte to its last. */
static void check_tiling(Header *h) {
  const Weights *weights = h->weights;
  const FileTensor **order = ARENA_ARRAY(weights->arena, weights->tensor_count, const FileTensor *);
  for (uint32_t i = 0; i < weights->tensor_count; ++i) order[i] = &weights->tensors[i];
  qsort(order, weights->tensor_count, sizeof *order, compare_places);
  const FileTensor *last = NULL; /* the one that reaches furthest */
  for (uint32_t i = 0; i < weights->tensor_count; ++i) {
    const FileTensor *tensor = order[i];
    uint64_t end = last ? last->end : 0;
    if (tensor->begin < end) {
      reject(h, tensor->name, "its data overlap those of tensor %s",
             error_list_quote(weights->arena, last->name));
    } else if (tensor->begin > end) {
      reject(h, tensor->name, "unused bytes before its data: %" PRIu64, tensor->begin - end);
    }
    if (tensor->end >= end) last = tensor;
  }
  uint64_t end = last ? last->end : 0;
  if (end < weights->data_bytes) {
    error_list_add(&h->errors, diag_file(weights->path),
                   "unused bytes behind the last tensor: %" PRIu64, weights->data_bytes - end);
  }
}

/* All members. Whether the tensors tile the data is asked only when each is right by itself. */
static Status read_records(Header *h) {
  Weights *weights = h->weights;
  const cJSON *root = h->source.root;
  weights->tensors = ARENA_ARRAY(weights->arena, (size_t)cJSON_GetArraySize(root) + 1, FileTensor);
  for (const cJSON *item = root->child; item; item = item->next) {
    if (strcmp(item->string, "__metadata__") == 0) {
      read_metadata(h, item);
    } else {
      read_tensor(h, item);
    }
  }
  if (h->errors.count == 0) check_tiling(h);
  return error_list_end(&h->errors);
}

Status safetensors_read_header(Weights *weights, Diag *diag, const char *text, size_t bytes) {
  if (text[0] != '{') {
    return diag_error(diag, diag_file(weights->path), "the header must begin with '{'");
  }
  Header h = {.weights = weights,
              .source = {.arena = weights->arena,
                         .diag = diag,
                         .file = weights->path,
                         .text = text,
                         .bytes = (uint32_t)bytes,
                         .embedded = true},
              .errors = {.arena = weights->arena, .diag = diag, .file = weights->path}};
  Status status = json_source_parse(&h.source);
  if (!status) status = read_records(&h);
  json_source_free(&h.source);
  return status;
}
