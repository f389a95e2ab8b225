/* Reading and writing safetensors files: eight bytes, the length of the header (little-endian), the
 * header, and the data. The header is checked before the data are read, and all of the file is
 * read: nothing depends on it any more when it changes or shrinks. */
#include "frontend/safetensors.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "support/panic.h"

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "safetensors data are little-endian");

/* -- reading ------------------------------------------------------------------------------------
 */

static Status read_exactly(int fd, Diag *diag, const char *path, char *out, uint64_t bytes) {
  while (bytes > 0) {
    ssize_t got = read(fd, out, bytes < (1 << 30) ? bytes : (1 << 30));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return diag_io_error(diag, diag_file(path), "cannot read: %s", strerror(errno));
    if (got == 0) return diag_io_error(diag, diag_file(path), "the file shrank while it was read");
    out += got;
    bytes -= (uint64_t)got;
  }
  return STATUS_OK;
}

static Status read_header(Weights *weights, int fd, Diag *diag, uint64_t file_bytes) {
  Place place = diag_file(weights->path);
  uint64_t bytes;
  if (file_bytes < sizeof bytes)
    return diag_error(diag, place, "%" PRIu64 " bytes are too few for a safetensors file",
                      file_bytes);
  RETURN_IF_ERROR(read_exactly(fd, diag, weights->path, (char *)&bytes, sizeof bytes));
  if (bytes > SAFETENSORS_MAX_HEADER)
    return diag_error(
        diag, place, "a header of %" PRIu64 " bytes; the limit is %d (is this a safetensors file?)",
        bytes, SAFETENSORS_MAX_HEADER);
  if (bytes > file_bytes - sizeof bytes)
    return diag_error(diag, place, "a header of %" PRIu64 " bytes does not fit a file of %" PRIu64,
                      bytes, file_bytes);
  weights->data_bytes = file_bytes - sizeof bytes - bytes;
  char *text = malloc(bytes + 1);
  if (!text)
    return diag_io_error(diag, place, "no memory for a header of %" PRIu64 " bytes", bytes);
  text[bytes] = '\0';
  Status status = read_exactly(fd, diag, weights->path, text, bytes);
  if (!status) status = safetensors_read_header(weights, diag, text, bytes);
  free(text);
  return status;
}

static Status read_file(Weights *weights, int fd, Diag *diag) {
  Place place = diag_file(weights->path);
  struct stat info;
  if (fstat(fd, &info) != 0) return diag_io_error(diag, place, "cannot read: %s", strerror(errno));
  if (!S_ISREG(info.st_mode)) return diag_io_error(diag, place, "cannot read: not a regular file");
  RETURN_IF_ERROR(read_header(weights, fd, diag, (uint64_t)info.st_size));
  weights->data = malloc(weights->data_bytes + 1);
  if (!weights->data)
    return diag_io_error(diag, place, "no memory for %" PRIu64 " bytes of weights",
                         weights->data_bytes);
  return read_exactly(fd, diag, weights->path, weights->data, weights->data_bytes);
}

Status weights_open(Arena *arena, Diag *diag, const char *path, Weights **weights) {
  *weights = NULL;
  int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK); /* a pipe must not block */
  if (fd < 0) return diag_io_error(diag, diag_file(path), "cannot open: %s", strerror(errno));
  Weights *opened = ARENA_NEW(arena, Weights);
  opened->arena = arena;
  opened->names.arena = arena;
  opened->path = arena_strdup(arena, path);
  Status status = read_file(opened, fd, diag);
  (void)close(fd);
  if (status)
    weights_close(opened);
  else
    *weights = opened;
  return status;
}

void weights_close(Weights *weights) {
  if (!weights) return;
  free(weights->data);
  weights->data = NULL;
}

/* -- elements -----------------------------------------------------------------------------------
 */

static double widen_f16(uint16_t bits) {
  uint32_t sign = (uint32_t)(bits & 0x8000) << 16, exponent = bits >> 10 & 31, rest = bits & 1023;
  if (exponent == 0) return (sign ? -1.0 : 1.0) * rest / (1 << 24);
  uint32_t wide = sign | (exponent == 31 ? 255u : exponent + 112) << 23 | rest << 13;
  float value;
  memcpy(&value, &wide, sizeof value);
  return value;
}

static double widen_bf16(uint16_t bits) {
  uint32_t wide = (uint32_t)bits << 16;
  float value;
  memcpy(&value, &wide, sizeof value);
  return value;
}

static void widen_f32(const char *data, double *out, size_t count) {
  for (size_t i = 0; i < count; i++) {
    float value;
    memcpy(&value, data + 4 * i, sizeof value);
    out[i] = value;
  }
}

static void widen_halves(const char *data, double *out, size_t count, double (*widen)(uint16_t)) {
  for (size_t i = 0; i < count; i++) {
    uint16_t bits;
    memcpy(&bits, data + 2 * i, sizeof bits);
    out[i] = widen(bits);
  }
}

static Status read_tensor(void *context, const char *name, double *out, size_t count) {
  const Weights *weights = context;
  uint32_t index = 0;
  CHECK(name_table_find(&weights->names, name, &index));
  const FileTensor *tensor = &weights->tensors[index];
  const char *data = weights->data + tensor->begin;
  CHECK(tensor->element->bindable &&
        count == (tensor->end - tensor->begin) / tensor->element->bytes);
  if (strcmp(tensor->element->name, "F32") == 0)
    widen_f32(data, out, count);
  else
    widen_halves(data, out, count, tensor->element->name[0] == 'B' ? widen_bf16 : widen_f16);
  return STATUS_OK;
}

WeightSource weights_source(const Weights *weights) {
  return (WeightSource){(void *)weights, read_tensor};
}

/* -- writing ------------------------------------------------------------------------------------
 */

static uint64_t tensor_bytes(const NamedTensor *tensor) {
  uint64_t bytes = sizeof(float);
  for (uint32_t d = 0; d < tensor->rank; d++) bytes *= (uint64_t)tensor->dims[d];
  return bytes;
}

void safetensors_write(Arena *arena, const NamedTensor *tensors, uint32_t count, char **data,
                       size_t *bytes) {
  StringBuilder header = {.arena = arena};
  uint64_t at = 0;
  string_builder_add(&header, "{");
  for (uint32_t i = 0; i < count; i++) {
    uint64_t end = at + tensor_bytes(&tensors[i]);
    string_builder_printf(&header,
                          "%s\"%s\":{\"dtype\":\"F32\",\"shape\":%s,\"data_offsets\":[%" PRIu64
                          ",%" PRIu64 "]}",
                          i ? "," : "", tensors[i].name,
                          safetensors_shape_text(arena, tensors[i].rank, tensors[i].dims), at, end);
    at = end;
  }
  string_builder_add(&header, "}");
  while (header.length % 8 != 0) string_builder_add(&header, " ");
  uint64_t header_bytes = header.length;
  *bytes = sizeof header_bytes + header_bytes + at;
  *data = arena_alloc(arena, *bytes);
  memcpy(*data, &header_bytes, sizeof header_bytes);
  memcpy(*data + sizeof header_bytes, header.text, header_bytes);
  char *out = *data + sizeof header_bytes + header_bytes;
  for (uint32_t i = 0; i < count; i++) {
    memcpy(out, tensors[i].data, tensor_bytes(&tensors[i]));
    out += tensor_bytes(&tensors[i]);
  }
}
