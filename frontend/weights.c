/* The tensors of a weights file in memory: what the readers of its formats fill, and what is asked
 * of them afterwards. Elements are widened where they are asked for. */
#include "frontend/weights.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "frontend/error_list.h"
#include "frontend/json_quote.h"
#include "support/half.h"
#include "support/memory.h"
#include "support/panic.h"
#include "support/string_builder.h"

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "the data of weights are little-endian");

static const ElementType element_types[] = {
    {"F32", 4, true, 0x7F800000}, {"F16", 2, true, 0x7C00}, {"BF16", 2, true, 0x7F80},
    {"F64", 8, true, 0},          {"I64", 8, false, 0},     {"I32", 4, false, 0},
    {"I16", 2, false, 0},         {"I8", 1, false, 0},      {"U64", 8, false, 0},
    {"U32", 4, false, 0},         {"U16", 2, false, 0},     {"U8", 1, false, 0},
    {"BOOL", 1, false, 0},        {"F8_E4M3", 1, false, 0}, {"F8_E5M2", 1, false, 0},
    {"C64", 8, false, 0},
};
enum { SHOWN_NAMES = 3 };
enum { ELEMENT_TYPE_COUNT = sizeof element_types / sizeof *element_types };

const ElementType *weights_element_type(const char *name) {
  for (uint32_t i = 0; i < ELEMENT_TYPE_COUNT; ++i) {
    if (strcmp(element_types[i].name, name) == 0) return &element_types[i];
  }
  return NULL;
}

const char *weights_shape_text(Arena *arena, uint32_t rank, const int64_t *dims) {
  StringBuilder out = {.arena = arena};
  string_builder_add(&out, "[");
  for (uint32_t i = 0; i < rank; ++i) {
    string_builder_printf(&out, "%s%" PRId64, i ? "," : "", dims[i]);
  }
  string_builder_add(&out, "]");
  return string_builder_text(&out);
}

/* -- filling ----------------------------------------------------------------------------------- */

Status weights_read_bytes(int fd, Diag *diag, const char *path, uint64_t offset, char *out,
                          uint64_t bytes) {
  while (bytes > 0) {
    ssize_t got = pread(fd, out, bytes < (1 << 30) ? bytes : (1 << 30), (off_t)offset);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return diag_io_error(diag, diag_file(path), "cannot read: %s", strerror(errno));
    if (got == 0) return diag_io_error(diag, diag_file(path), "the file shrank while it was read");
    out += got;
    offset += (uint64_t)got;
    bytes -= (uint64_t)got;
  }
  return STATUS_OK;
}

Status weights_allocate(Weights *weights, Diag *diag, uint64_t bytes) {
  weights->data_bytes = bytes;
  weights->data = bytes < SIZE_MAX ? memory_try(bytes + 1) : NULL;
  if (weights->data) return STATUS_OK;
  return diag_io_error(diag, diag_file(weights->path), "no memory for %" PRIu64 " bytes of weights",
                       bytes);
}

void weights_close(Weights *weights) {
  if (!weights) return;
  free(weights->data);
  weights->data = NULL;
}

/* -- elements ---------------------------------------------------------------------------------- */

/* The upper half of a float. */
static double widen_bf16(uint16_t bits) {
  uint32_t wide = (uint32_t)bits << 16;
  float value;
  memcpy(&value, &wide, sizeof value);
  return value;
}

static void widen_f32(const char *data, double *out, size_t count) {
  for (size_t i = 0; i < count; ++i) {
    float value;
    memcpy(&value, data + 4 * i, sizeof value);
    out[i] = value;
  }
}

static void widen_halves(const char *data, double *out, size_t count,
                         double (*widen_half)(uint16_t)) {
  for (size_t i = 0; i < count; ++i) {
    uint16_t bits;
    memcpy(&bits, data + 2 * i, sizeof bits);
    out[i] = widen_half(bits);
  }
}

/* To the nearest float, of two as near ones to the even: what all other types are already. */
static void round_f64(const char *data, double *out, size_t count) {
  for (size_t i = 0; i < count; ++i) {
    memcpy(&out[i], data + 8 * i, sizeof out[i]);
    out[i] = (float)out[i];
  }
}

/* `count` elements of a bindable type, which may stand at any address. */
static void widen(const ElementType *element, const char *data, double *out, size_t count) {
  if (strcmp(element->name, "F32") == 0) {
    widen_f32(data, out, count);
  } else if (element->bytes == 8) {
    round_f64(data, out, count);
  } else {
    widen_halves(data, out, count, element->name[0] == 'B' ? widen_bf16 : half_to_double);
  }
}

/* WeightSource.read: of a tensor that is there, with so many elements, as was checked before. */
static Status read_tensor(void *context, const char *name, double *out, size_t count) {
  const Weights *weights = context;
  uint32_t index = 0;
  CHECK(name_table_find(&weights->names, name, &index));
  const FileTensor *tensor = &weights->tensors[index];
  CHECK(tensor->element->bindable &&
        count == (tensor->end - tensor->begin) / tensor->element->bytes);
  widen(tensor->element, weights->data + tensor->begin, out, count);
  return STATUS_OK;
}

WeightSource weights_source(const Weights *weights) {
  return (WeightSource){(void *)weights, read_tensor, weights->diag};
}

/* -- all of them as floats --------------------------------------------------------------------- */

/* What was widened is a float. */
void weights_floats(const Weights *weights, const char *name, uint64_t begin, float *out,
                    size_t count) {
  enum { CHUNK = 1024 };
  double wide[CHUNK];
  uint32_t index = 0;
  CHECK(name_table_find(&weights->names, name, &index));
  const FileTensor *tensor = &weights->tensors[index];
  uint32_t bytes = tensor->element->bytes;
  const char *data = weights->data + tensor->begin + begin * bytes;
  CHECK(begin + count <= (tensor->end - tensor->begin) / bytes);
  for (size_t done = 0; done < count; done += CHUNK) {
    size_t some = count - done < CHUNK ? count - done : CHUNK;
    widen(tensor->element, data + done * bytes, wide, some);
    for (size_t i = 0; i < some; ++i) out[done + i] = (float)wide[i];
  }
}

uint32_t weights_parts(const Weights *weights, const char *const **paths) {
  *paths = weights->parts;
  return weights->part_count;
}

const char *weights_classes(const Weights *weights) {
  const ClassNames *names = &weights->class_names;
  if (weights->classes || !names->count) return weights->classes;
  StringBuilder out = {.arena = weights->arena};
  for (uint32_t i = 0; i < names->count; ++i) {
    string_builder_add(&out, i ? "," : "[");
    json_quote(&out, names->items[i]);
  }
  string_builder_add(&out, "]");
  return string_builder_text(&out);
}

const char *weights_some(const Weights *weights, bool (*is)(const FileTensor *), uint32_t *count) {
  StringBuilder out = {.arena = weights->arena};
  *count = 0;
  for (uint32_t i = 0; i < weights->tensor_count; ++i) {
    if (!is(&weights->tensors[i]) || ++*count > SHOWN_NAMES) continue;
    string_builder_printf(&out, "%s%s", *count > 1 ? ", " : "",
                          error_list_quote(weights->arena, weights->tensors[i].name));
  }
  if (*count > SHOWN_NAMES) string_builder_add(&out, ", ...");
  return string_builder_text(&out);
}

static bool is_odd(const FileTensor *tensor) {
  return tensor->problem != NULL;
}

bool weights_is_no_float(const FileTensor *tensor) {
  return !tensor->problem && !tensor->element->bindable;
}

/* One line for all of them, whatever they are. */
static void warn_left_out(const Weights *weights, Diag *diag) {
  uint32_t count;
  const char *names = weights_some(weights, weights_is_no_float, &count);
  if (count) {
    diag_warning(diag, diag_file(weights->path), "left out, of other types than floats: %u (%s)",
                 count, names);
  }
  names = weights_some(weights, is_odd, &count);
  if (count) {
    diag_warning(diag, diag_file(weights->path), "left out, no tensors that can be read: %u (%s)",
                 count, names);
  }
}

static bool is_f64(const FileTensor *tensor) {
  return !tensor->problem && strcmp(tensor->element->name, "F64") == 0;
}

void weights_note_rounded(const Weights *weights, Diag *diag) {
  uint32_t count;
  const char *names = weights_some(weights, is_f64, &count);
  if (count == 0) return;
  diag_note(diag, diag_file(weights->path), "rounded from F64 to F32: %u tensor%s (%s)", count,
            count == 1 ? "" : "s", names);
}

void weights_named(const Weights *weights, Diag *diag, NamedTensor **tensors, uint32_t *count) {
  *tensors = ARENA_ARRAY(weights->arena, weights->tensor_count, NamedTensor);
  *count = 0;
  for (uint32_t i = 0; i < weights->tensor_count; ++i) {
    const FileTensor *tensor = &weights->tensors[i];
    if (tensor->problem || !tensor->element->bindable) continue;
    (*tensors)[(*count)++] = (NamedTensor){tensor->name, tensor->rank, tensor->dims};
  }
  warn_left_out(weights, diag);
  weights_note_rounded(weights, diag);
}
