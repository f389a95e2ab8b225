/* The route of a checkpoint: container -> pickle -> state -> storages -> tensors. Each storage is
 * read once, into a buffer of its own, and each of its tensors gathered from there. */
#include "frontend/checkpoint.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "frontend/checkpoint_parts.h"
#include "support/panic.h"

static const char zip_magic[4] = {'P', 'K', 3, 4};
/* A pickle of the number 0x1950a86a20f9469cfc6c, behind its protocol and perhaps a frame. */
static const char legacy_magic[] = "\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19.";

/* Whether the first pickle of the file is that of the old container, in protocol 2 to 5. */
static bool is_legacy(const char head[CHECKPOINT_HEAD_BYTES]) {
  enum { PROTO = 0x80, FRAME = 0x95, FRAME_BYTES = 9 };
  const unsigned char *at = (const unsigned char *)head;
  if (at[0] != PROTO || at[1] < 2 || at[1] > 5) return false;
  at += 2;
  if (*at == FRAME) at += FRAME_BYTES;
  return memcmp(at, legacy_magic, sizeof legacy_magic - 1) == 0;
}

/* NULL: neither. A safetensors file has its header's length there, and then a brace. */
static const Container *find_container(const char *head) {
  if (head[8] == '{') return NULL;
  if (memcmp(head, zip_magic, sizeof zip_magic) == 0) return &checkpoint_zip;
  return is_legacy(head) ? &checkpoint_legacy : NULL;
}

bool checkpoint_is(const char *head) {
  return find_container(head) != NULL;
}

/* -- tensors ----------------------------------------------------------------------------------- */

/* Row-major, without gaps. Where a dimension is 1 its stride is of no matter. */
static bool is_dense(const FileTensor *tensor, const View *view) {
  uint64_t stride = 1;
  for (uint32_t d = tensor->rank; d-- > 0;) {
    if (tensor->dims[d] != 1 && view->strides[d] != stride) return false;
    stride *= (uint64_t)tensor->dims[d];
  }
  return true;
}

/* Copies `count` elements that are `stride` apart. */
static void gather_row(char *out, const char *from, uint64_t count, uint64_t stride,
                       uint32_t bytes) {
  for (uint64_t i = 0; i < count; ++i) memcpy(out + i * bytes, from + i * stride * bytes, bytes);
}

/* The tensor, dense, from the bytes of its storage. All was checked by checkpoint_state_read. */
static void gather(const FileTensor *tensor, const View *view, const char *storage, char *out) {
  uint32_t bytes = tensor->element->bytes, last = tensor->rank - 1;
  uint64_t left = (tensor->end - tensor->begin) / bytes;
  if (left == 0) return; /* its offset was not checked */
  const char *from = storage + view->offset * bytes;
  if (is_dense(tensor, view)) {
    memcpy(out, from, left * bytes);
    return;
  }
  uint64_t row = (uint64_t)tensor->dims[last], at[WEIGHTS_MAX_RANK] = {0};
  for (; left > 0; left -= row, out += row * bytes) {
    uint64_t begin = 0;
    for (uint32_t d = 0; d < last; ++d) begin += at[d] * view->strides[d];
    gather_row(out, from + begin * bytes, row, view->strides[last], bytes);
    for (uint32_t d = last; d > 0; --d) {
      if (++at[d - 1] < (uint64_t)tensor->dims[d - 1]) break;
      at[d - 1] = 0;
    }
  }
}

/* Reads one storage and gathers every tensor that has a part of it: they are a list, from the last
 * on. */
static Status read_storage(Checkpoint *c, const Storage *storage) {
  Weights *weights = c->weights;
  char *data = malloc(storage->bytes + 1);
  if (!data) {
    return diag_io_error(c->diag, c->position, "no memory for a storage of %" PRIu64 " bytes",
                         storage->bytes);
  }
  const Container *container = c->container;
  Status status = container->read(c, storage, data);
  for (uint32_t i = storage->last_tensor; !status && i != NO_TENSOR; i = c->views[i].previous) {
    gather(&weights->tensors[i], &c->views[i], data, weights->data + weights->tensors[i].begin);
  }
  free(data);
  return status;
}

/* Everything is located before anything is read, and before memory is asked for. */
static Status read_tensors(Checkpoint *c) {
  Weights *weights = c->weights;
  uint64_t bytes = weights->tensor_count ? weights->tensors[weights->tensor_count - 1].end : 0;
  if (bytes / CHECKPOINT_MAX_SHARING > c->file_bytes) {
    return diag_error(c->diag, c->position,
                      "tensors of %" PRIu64 " bytes in a file of %" PRIu64
                      "; they may repeat its bytes %d times",
                      bytes, c->file_bytes, CHECKPOINT_MAX_SHARING);
  }
  for (uint32_t i = 0; i < c->storage_count; ++i) {
    if (c->storages[i].last_tensor != NO_TENSOR) {
      RETURN_IF_ERROR(c->container->locate(c, &c->storages[i]));
    }
  }
  if (weights->listing) return STATUS_OK;
  RETURN_IF_ERROR(weights_allocate(weights, c->diag, bytes));
  for (uint32_t i = 0; i < c->storage_count; ++i) {
    if (c->storages[i].last_tensor != NO_TENSOR) RETURN_IF_ERROR(read_storage(c, &c->storages[i]));
  }
  return STATUS_OK;
}

static Status read_all(Checkpoint *c, const char *state) {
  Pickle pickle;
  RETURN_IF_ERROR(c->container->open(c, &pickle));
  RETURN_IF_ERROR(checkpoint_state_read(c, pickle.root, state));
  checkpoint_classes_read(c, pickle.root);
  return read_tensors(c);
}

Status checkpoint_read(Weights *weights, int fd, uint64_t file_bytes, const char *head,
                       const char *state, Diag *diag) {
  Checkpoint c = {.weights = weights,
                  .arena = weights->arena,
                  .diag = diag,
                  .position = diag_file(weights->path),
                  .fd = fd,
                  .file_bytes = file_bytes,
                  .container = find_container(head),
                  .keys = {.arena = weights->arena}};
  CHECK(c.container);
  weights->format = c.container->format;
  Status status = read_all(&c, state);
  c.container->close(&c);
  return status;
}
