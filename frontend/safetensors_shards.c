/* A safetensors file in shards: an index, {"weight_map": {"NAME": "FILE", ...}}, and the files
 * beside it. All headers are read first, then all data, one shard behind the other. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "frontend/checkpoint.h"
#include "frontend/json_source.h"
#include "frontend/safetensors.h"
#include "frontend/weights_foreign.h"
#include "support/atomic_file.h"

enum { INDEX_MAX_BYTES = 16 << 20, MAX_SHARDS = 1000 };

typedef struct Shard {
  Weights weights; /* its tensors, at places in its own data */
  uint64_t file_bytes;
} Shard;

typedef struct Shards {
  Weights *whole;
  Diag *diag;
  Position position; /* of the index */
  Shard *items[MAX_SHARDS];
  uint32_t count, capacity; /* capacity of the whole's tensors */
  NameTable names;          /* of files: index into items */
  uint64_t data_bytes;
} Shards;

/* -- a shard ----------------------------------------------------------------------------------- */

/* Opens a shard for reading; its size. */
static Status open_shard(const Shards *s, const char *path, int *fd, uint64_t *bytes) {
  struct stat info;
  *fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (*fd < 0 && errno == ENOENT) {
    return diag_error(s->diag, s->position, "shard %s is not there",
                      error_list_quote(s->whole->arena, path));
  }
  if (*fd < 0) {
    return diag_io_error(s->diag, diag_file(path), "cannot open this shard of %s: %s",
                         s->whole->path, strerror(errno));
  }
  if (fstat(*fd, &info) == 0 && S_ISREG(info.st_mode)) {
    *bytes = (uint64_t)info.st_size;
    return STATUS_OK;
  }
  (void)close(*fd);
  return diag_io_error(s->diag, diag_file(path), "cannot read: not a regular file");
}

/* The header of an open shard. */
static Status read_names(const Shards *s, Shard *shard, int fd) {
  char head[CHECKPOINT_HEAD_BYTES] = {0};
  const char *path = shard->weights.path;
  size_t bytes =
      shard->file_bytes < CHECKPOINT_HEAD_BYTES ? (size_t)shard->file_bytes : CHECKPOINT_HEAD_BYTES;
  RETURN_IF_ERROR(weights_read_bytes(fd, s->diag, path, 0, head, bytes));
  const char *foreign = checkpoint_is(head) ? "a PyTorch checkpoint" : weights_foreign(head, bytes);
  if (foreign) {
    return diag_error(s->diag, diag_file(path), "this is %s; shards are safetensors files",
                      foreign);
  }
  return safetensors_read_names(&shard->weights, fd, shard->file_bytes, s->diag);
}

/* Adds the tensors of a shard to the whole, its data behind those before. */
static Status join(Shards *s, const Shard *shard) {
  Weights *whole = s->whole;
  const Weights *part = &shard->weights;
  for (uint32_t i = 0; i < part->tensor_count; ++i) {
    FileTensor tensor = part->tensors[i];
    uint32_t other;
    if (name_table_find(&whole->names, tensor.name, &other)) {
      return diag_error(s->diag, diag_file(part->path), "tensor %s is in another shard too",
                        error_list_quote(whole->arena, tensor.name));
    }
    tensor.begin += s->data_bytes;
    tensor.end += s->data_bytes;
    name_table_set(&whole->names, tensor.name, whole->tensor_count);
    ARENA_PUSH(whole->arena, whole->tensors, whole->tensor_count, s->capacity, tensor);
  }
  if (part->classes) whole->classes = part->classes;
  s->data_bytes += part->data_bytes; /* sizes of files: far from 2^64 */
  return STATUS_OK;
}

/* The path of a file beside the index. */
static const char *path_beside(const Shards *s, const char *name) {
  const char *index = s->whole->path, *slash = strrchr(index, '/');
  int folder = slash ? (int)(slash + 1 - index) : 0;
  return arena_printf(s->whole->arena, "%.*s%s", folder, index, name);
}

static Status add_shard(Shards *s, const char *name) {
  Arena *arena = s->whole->arena;
  if (!*name || *name == '.' || strpbrk(name, "/\\:")) {
    return diag_error(s->diag, s->position, "shard %s is not a file beside the index",
                      error_list_quote(arena, name));
  }
  if (s->count == MAX_SHARDS) {
    return diag_error(s->diag, s->position, "more than %d shards", MAX_SHARDS);
  }
  Shard *shard = ARENA_NEW(arena, Shard);
  shard->weights = (Weights){
      .arena = arena, .diag = s->diag, .path = path_beside(s, name), .names = {.arena = arena}};
  int fd = -1;
  RETURN_IF_ERROR(open_shard(s, shard->weights.path, &fd, &shard->file_bytes));
  Status status = read_names(s, shard, fd);
  (void)close(fd);
  RETURN_IF_ERROR(status);
  name_table_set(&s->names, arena_strdup(arena, name), s->count);
  s->items[s->count++] = shard;
  return join(s, shard);
}

/* -- the index --------------------------------------------------------------------------------- */

/* One entry of the map: its shard is read where it is the first of it, and has the tensor. */
static Status read_entry(Shards *s, const cJSON *entry) {
  Arena *arena = s->whole->arena;
  const char *name = error_list_quote(arena, entry->string);
  uint32_t index = 0, tensor;
  if (!cJSON_IsString(entry)) {
    return diag_error(s->diag, s->position, "weight_map: the file of tensor %s is no string", name);
  }
  const char *file = entry->valuestring;
  if (!name_table_find(&s->names, file, &index)) {
    index = s->count;
    RETURN_IF_ERROR(add_shard(s, file));
  }
  if (name_table_find(&s->items[index]->weights.names, entry->string, &tensor)) return STATUS_OK;
  return diag_error(s->diag, s->position, "weight_map: tensor %s is not in %s", name,
                    error_list_quote(arena, file));
}

static Status read_map(Shards *s, const JsonSource *source) {
  const cJSON *map = json_source_member(source->root, "weight_map");
  if (!cJSON_IsObject(map)) {
    return diag_error(s->diag, s->position,
                      "a JSON text without an object \"weight_map\" is no index of shards; weights "
                      "are a safetensors file or a PyTorch checkpoint");
  }
  for (const cJSON *entry = map->child; entry; entry = entry->next) {
    RETURN_IF_ERROR(read_entry(s, entry));
  }
  return STATUS_OK;
}

static Status read_data(const Shards *s) {
  uint64_t at = 0;
  RETURN_IF_ERROR(weights_allocate(s->whole, s->diag, s->data_bytes));
  for (uint32_t i = 0; i < s->count; ++i) {
    const Weights *part = &s->items[i]->weights;
    uint64_t bytes;
    int fd = -1;
    RETURN_IF_ERROR(open_shard(s, part->path, &fd, &bytes));
    uint64_t begin = s->items[i]->file_bytes - part->data_bytes;
    Status status =
        weights_read_bytes(fd, s->diag, part->path, begin, s->whole->data + at, part->data_bytes);
    (void)close(fd);
    RETURN_IF_ERROR(status);
    at += part->data_bytes;
  }
  return STATUS_OK;
}

Status safetensors_read_shards(Weights *weights, Diag *diag) {
  Arena *arena = weights->arena;
  char *text;
  size_t bytes;
  RETURN_IF_ERROR(atomic_file_read(arena, diag, weights->path, INDEX_MAX_BYTES, &text, &bytes));
  Shards *s = ARENA_NEW(arena, Shards);
  *s = (Shards){.whole = weights,
                .diag = diag,
                .position = diag_file(weights->path),
                .names = {.arena = arena}};
  JsonSource source = {
      .arena = arena, .diag = diag, .file = weights->path, .text = text, .bytes = (uint32_t)bytes};
  Status status = json_source_parse(&source);
  if (!status) status = read_map(s, &source);
  json_source_free(&source);
  RETURN_IF_ERROR(status);
  weights->format = arena_printf(arena, "safetensors in %u shards", s->count);
  weights->parts = ARENA_ARRAY(arena, s->count, const char *);
  for (uint32_t i = 0; i < s->count; ++i) weights->parts[i] = s->items[i]->weights.path;
  weights->part_count = s->count;
  return weights->listing ? STATUS_OK : read_data(s);
}
