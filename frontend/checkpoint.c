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
  const char *from = storage + view->offset * bytes;
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

/* Gives the storage `storage` and its tensors their places behind the `*kept` bytes of storages and
 * the `*copied` bytes of tensors that come before. Those that lie densely in it are parts of it. */
static void place_storage(Checkpoint *c, Storage *storage, uint64_t *kept, uint64_t *copied) {
  storage->base = *kept;
  for (uint32_t i = storage->last_tensor; i != NO_TENSOR; i = c->views[i].previous) {
    FileTensor *tensor = &c->weights->tensors[i];
    uint64_t bytes = tensor->end - tensor->begin;
    tensor->copied = bytes > 0 && !is_dense(tensor, &c->views[i]);
    storage->kept = storage->kept || (bytes > 0 && !tensor->copied);
    tensor->begin = tensor->copied ? *copied : storage->base;
    if (tensor->copied) *copied += bytes;
    if (bytes > 0 && !tensor->copied) {
      tensor->begin += c->views[i].offset * tensor->element->bytes;
    }
    tensor->end = tensor->begin + bytes;
  }
  if (storage->kept) *kept += storage->bytes;
}

/* Lays the data out: storages that tensors lie in, then tensors that are copied. */
static Status lay_out(Checkpoint *c, uint64_t *bytes) {
  uint64_t kept = 0, copied = 0;
  for (uint32_t i = 0; i < c->storage_count; ++i) {
    if (c->storages[i].last_tensor != NO_TENSOR) {
      place_storage(c, &c->storages[i], &kept, &copied);
    }
  }
  if (kept > c->file_bytes || copied > c->file_bytes + CHECKPOINT_MAX_COPIED) {
    return diag_error(c->diag, c->position,
                      "storages of %" PRIu64 " bytes, and %" PRIu64
                      " in tensors that do not lie in them as they are, in a file of %" PRIu64,
                      kept, copied, c->file_bytes);
  }
  for (uint32_t i = 0; i < c->weights->tensor_count; ++i) {
    FileTensor *tensor = &c->weights->tensors[i];
    if (!tensor->copied) continue;
    tensor->begin += kept;
    tensor->end += kept;
  }
  *bytes = kept + copied;
  return STATUS_OK;
}

static void gather_all(Checkpoint *c, const Storage *storage, const char *data) {
  Weights *weights = c->weights;
  for (uint32_t i = storage->last_tensor; i != NO_TENSOR; i = c->views[i].previous) {
    const FileTensor *tensor = &weights->tensors[i];
    if (tensor->copied) gather(tensor, &c->views[i], data, weights->data + tensor->begin);
  }
}

/* Into the data, or into a buffer of its own where all of its tensors are copied. */
static Status read_storage(Checkpoint *c, const Storage *storage) {
  char *own = storage->kept ? NULL : malloc(storage->bytes + 1);
  char *data = storage->kept ? c->weights->data + storage->base : own;
  if (!data) {
    return diag_io_error(c->diag, c->position, "no memory for a storage of %" PRIu64 " bytes",
                         storage->bytes);
  }
  Status status = c->container->read(c, storage, data);
  if (!status) gather_all(c, storage, data);
  free(own);
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
  RETURN_IF_ERROR(lay_out(c, &bytes));
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
