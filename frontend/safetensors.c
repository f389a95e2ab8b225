/* Reading and writing safetensors files: eight bytes, the length of the header (little-endian), the
 * header, and the data. The header is checked before the data are read. */
#include "frontend/safetensors.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "frontend/json_quote.h"
#include "support/string_builder.h"

/* -- reading ----------------------------------------------------------------------------------- */

Status safetensors_read_names(Weights *weights, int fd, uint64_t file_bytes, Diag *diag) {
  Position position = diag_file(weights->path);
  uint64_t bytes;
  if (file_bytes < sizeof bytes) {
    return diag_error(diag, position, "%" PRIu64 " bytes are too few for a safetensors file",
                      file_bytes);
  }
  RETURN_IF_ERROR(weights_read_bytes(fd, diag, weights->path, 0, (char *)&bytes, sizeof bytes));
  if (bytes > SAFETENSORS_MAX_HEADER) {
    return diag_error(diag, position,
                      "a header of %" PRIu64
                      " bytes; the limit is %d (is this a safetensors file?)",
                      bytes, SAFETENSORS_MAX_HEADER);
  }
  if (bytes > file_bytes - sizeof bytes) {
    return diag_error(diag, position,
                      "a header of %" PRIu64 " bytes does not fit a file of %" PRIu64, bytes,
                      file_bytes);
  }
  weights->data_bytes = file_bytes - sizeof bytes - bytes;
  char *text = malloc(bytes + 1);
  if (!text) {
    return diag_io_error(diag, position, "no memory for a header of %" PRIu64 " bytes", bytes);
  }
  text[bytes] = '\0';
  Status status = weights_read_bytes(fd, diag, weights->path, sizeof bytes, text, bytes);
  if (!status) status = safetensors_read_header(weights, diag, text, bytes);
  free(text);
  return status;
}

Status safetensors_read(Weights *weights, int fd, uint64_t file_bytes, Diag *diag) {
  weights->format = "safetensors";
  RETURN_IF_ERROR(safetensors_read_names(weights, fd, file_bytes, diag));
  if (weights->listing) return STATUS_OK;
  RETURN_IF_ERROR(weights_allocate(weights, diag, weights->data_bytes));
  return weights_read_bytes(fd, diag, weights->path, file_bytes - weights->data_bytes,
                            weights->data, weights->data_bytes);
}

/* -- writing ----------------------------------------------------------------------------------- */

uint64_t safetensors_elements(const NamedTensor *tensor) {
  uint64_t elements = 1;
  for (uint32_t d = 0; d < tensor->rank; ++d) elements *= (uint64_t)tensor->dims[d];
  return elements;
}

const char *safetensors_header(Arena *arena, const NamedTensor *tensors, uint32_t count,
                               const char *classes, size_t *bytes) {
  StringBuilder header = {.arena = arena};
  uint64_t at = 0;
  string_builder_add(&header, "{");
  if (classes) {
    string_builder_add(&header, "\"__metadata__\":{\"classes\":");
    json_quote(&header, classes);
    string_builder_add(&header, count ? "}," : "}");
  }
  for (uint32_t i = 0; i < count; ++i) {
    uint64_t end = at + sizeof(float) * safetensors_elements(&tensors[i]);
    if (i) string_builder_add(&header, ",");
    json_quote(&header, tensors[i].name);
    string_builder_printf(
        &header, ":{\"dtype\":\"F32\",\"shape\":%s,\"data_offsets\":[%" PRIu64 ",%" PRIu64 "]}",
        weights_shape_text(arena, tensors[i].rank, tensors[i].dims), at, end);
    at = end;
  }
  string_builder_add(&header, "}");
  while (header.length % 8 != 0) string_builder_add(&header, " ");
  uint64_t length = header.length;
  *bytes = sizeof length + length;
  char *out = arena_alloc(arena, *bytes);
  memcpy(out, &length, sizeof length);
  memcpy(out + sizeof length, header.text, length);
  return out;
}
