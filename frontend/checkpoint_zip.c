/* The container of PyTorch since 1.6: a zip archive of NAME/data.pkl, the pickle, and
 * NAME/data/KEY, the bytes of each storage. PyTorch compresses nothing: an entry takes as many
 * bytes of the file as it has, or it is refused, so that nothing can swell. Nothing is ever
 * extracted to files; names that would leave their folder are refused all the same, as signs of a
 * forgery. */
#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zip.h>

#include "frontend/checkpoint_parts.h"
#include "frontend/error_list.h"

typedef struct Archive {
  zip_t *zip;
  NameTable entries;
  const char *folder; /* the NAME of all entries */
} Archive;

/* -- entries ----------------------------------------------------------------------------------- */

/* "entry NAME WHAT". Always an error. */
static Status entry_error(Checkpoint *c, const char *name, const char *what) {
  (void)diag_error(c->diag, c->position, "entry %s %s", error_list_quote(c->arena, name), what);
  return STATUS_BAD_INPUT;
}

/* Whether the system failed, and not the archive. */
static bool is_system_error(const zip_error_t *error) {
  switch (zip_error_code_zip(error)) {
    case ZIP_ER_MEMORY:
    case ZIP_ER_READ:
    case ZIP_ER_SEEK:
    case ZIP_ER_OPEN: return true;
    default: return false;
  }
}

/* What libzip says of entry `name`; NULL: of the archive. */
static Status zip_failure(Checkpoint *c, const char *name, zip_error_t *error) {
  const char *what = zip_error_strerror(error);
  if (zip_error_code_zip(error) == ZIP_ER_NOZIP) {
    what = "the list of its entries, at the end, is missing: is the file cut short?";
  }
  const char *text = name ? arena_printf(c->arena, "entry %s cannot be read: %s",
                                         error_list_quote(c->arena, name), what)
                          : arena_printf(c->arena, "a bad zip archive: %s", what);
  return is_system_error(error) ? diag_io_error(c->diag, c->position, "%s", text)
                                : diag_error(c->diag, c->position, "%s", text);
}

/* The entry is stored as it is. */
static Status check_entry(Checkpoint *c, const zip_stat_t *entry) {
  if (entry->encryption_method != ZIP_EM_NONE) return entry_error(c, entry->name, "is encrypted");
  if (entry->comp_method != ZIP_CM_STORE) {
    return entry_error(c, entry->name, "is compressed; PyTorch stores entries uncompressed");
  }
  if (entry->size != entry->comp_size || entry->size > c->file_bytes) {
    return entry_error(c, entry->name, "does not fit the file");
  }
  return STATUS_OK;
}

/* Finds the entry of `name`. */
static Status find_entry(Checkpoint *c, const char *name, zip_stat_t *entry) {
  const Archive *archive = c->archive;
  uint32_t index;
  if (!name_table_find(&archive->entries, name, &index)) {
    return entry_error(c, name, "is not in the archive");
  }
  if (zip_stat_index(archive->zip, index, ZIP_FL_ENC_RAW, entry) != 0) {
    return zip_failure(c, name, zip_get_error(archive->zip));
  }
  return check_entry(c, entry);
}

/* All `bytes` of an open entry, and that there are no more. */
static Status read_opened(Checkpoint *c, const char *name, zip_file_t *file, char *out,
                          uint64_t bytes) {
  char behind;
  while (bytes > 0) {
    zip_int64_t got = zip_fread(file, out, bytes);
    if (got < 0) return zip_failure(c, name, zip_file_get_error(file));
    if (got == 0) return entry_error(c, name, "ends early");
    out += got;
    bytes -= (uint64_t)got;
  }
  zip_int64_t got = zip_fread(file, &behind, 1); /* the checksum is compared at the end */
  if (got < 0) return zip_failure(c, name, zip_file_get_error(file));
  return got == 0 ? STATUS_OK : entry_error(c, name, "is longer than it says");
}

/* Reads all `bytes` of an entry. */
static Status read_entry(Checkpoint *c, const char *name, uint64_t index, char *out,
                         uint64_t bytes) {
  const Archive *archive = c->archive;
  zip_file_t *file = zip_fopen_index(archive->zip, index, 0);
  if (!file) return zip_failure(c, name, zip_get_error(archive->zip));
  Status status = read_opened(c, name, file, out, bytes);
  (void)zip_fclose(file);
  return status;
}

/* -- the archive ------------------------------------------------------------------------------- */

/* Relative, and without "..". */
static bool is_plain(const char *name) {
  if (name[0] == '/' || strpbrk(name, "\\:")) return false;
  for (const char *part = name; part; part = strchr(part, '/')) {
    part += *part == '/';
    if (part[0] == '.' && part[1] == '.' && (part[2] == '/' || part[2] == '\0')) return false;
  }
  return true;
}

/* The NAME of NAME/data.pkl; NULL: it is another entry. */
static const char *folder_of(Arena *arena, const char *name) {
  const char *slash = strchr(name, '/');
  if (!slash || strcmp(slash, "/data.pkl") != 0) return NULL;
  return arena_strndup(arena, name, (size_t)(slash - name));
}

static bool is_array(const char *name) {
  static const char end[] = ".npy";
  size_t length = strlen(name);
  return length >= sizeof end - 1 && strcmp(name + length - (sizeof end - 1), end) == 0;
}

/* Fills the table of names, and finds the folder. */
static Status list_entries(Checkpoint *c, Archive *archive) {
  bool arrays = false;
  zip_int64_t count = zip_get_num_entries(archive->zip, 0);
  for (zip_int64_t i = 0; i < count && i < UINT32_MAX; ++i) {
    const char *raw = zip_get_name(archive->zip, (zip_uint64_t)i, ZIP_FL_ENC_RAW);
    if (!raw) return diag_error(c->diag, c->position, "an entry of the archive has no name");
    const char *name = arena_strdup(c->arena, raw), *folder = folder_of(c->arena, name);
    uint32_t other;
    if (!is_plain(name)) return entry_error(c, name, "would leave the archive's folder");
    if (name_table_find(&archive->entries, name, &other)) {
      return entry_error(c, name, "is there twice");
    }
    if (folder && archive->folder) return entry_error(c, name, "is a second pickle in the archive");
    if (folder) archive->folder = folder;
    arrays = arrays || is_array(name);
    name_table_set(&archive->entries, name, (uint32_t)i);
  }
  if (archive->folder) return STATUS_OK;
  if (arrays) {
    return diag_error(c->diag, c->position,
                      "an .npz archive of numpy arrays, as JAX's models are published; save the "
                      "arrays as a safetensors file");
  }
  return diag_error(c->diag, c->position, "an archive without data.pkl is no PyTorch checkpoint");
}

/* Newer versions say how their bytes lie; older ones wrote little-endian on all that we know. */
static Status check_byte_order(Checkpoint *c, const Archive *archive) {
  static const char little[] = "little";
  char text[sizeof little];
  zip_stat_t entry;
  uint32_t index;
  const char *name = arena_printf(c->arena, "%s/byteorder", archive->folder);
  if (!name_table_find(&archive->entries, name, &index)) return STATUS_OK;
  RETURN_IF_ERROR(find_entry(c, name, &entry));
  if (entry.size != sizeof little - 1) {
    return diag_error(c->diag, c->position, "the checkpoint is not little-endian");
  }
  RETURN_IF_ERROR(read_entry(c, name, index, text, entry.size));
  if (memcmp(text, little, sizeof little - 1) == 0) return STATUS_OK;
  return diag_error(c->diag, c->position, "the checkpoint is not little-endian");
}

/* The bytes of the pickle are freed; its values are in the arena. */
static Status read_pickle(Checkpoint *c, const Archive *archive, Pickle *pickle) {
  zip_stat_t entry;
  const char *name = arena_printf(c->arena, "%s/data.pkl", archive->folder);
  RETURN_IF_ERROR(find_entry(c, name, &entry));
  if (entry.size > PICKLE_MAX_BYTES) {
    return diag_error(c->diag, c->position, "a pickle of %" PRIu64 " bytes; the limit is %d",
                      (uint64_t)entry.size, PICKLE_MAX_BYTES);
  }
  char *data = malloc(entry.size + 1);
  if (!data) {
    return diag_io_error(c->diag, c->position, "no memory for a pickle of %" PRIu64 " bytes",
                         (uint64_t)entry.size);
  }
  PickleSource source = {
      .file = c->position.file, .name = "data.pkl", .data = data, .bytes = entry.size};
  Status status = read_entry(c, name, entry.index, data, entry.size);
  if (!status) status = unpickle(c->arena, c->diag, &source, pickle);
  free(data);
  return status;
}

/* On a descriptor of its own. */
static Status open_archive(Checkpoint *c, zip_t **zip) {
  int code = 0, fd = dup(c->fd); /* libzip closes it */
  if (fd < 0) return diag_io_error(c->diag, c->position, "cannot read: %s", strerror(errno));
  errno = 0;
  *zip = zip_fdopen(fd, ZIP_RDONLY, &code);
  if (*zip) return STATUS_OK;
  if (errno == ENOMEM) code = ZIP_ER_MEMORY; /* libzip may take it for the end of the search */
  (void)close(fd);
  zip_error_t error;
  zip_error_init_with_code(&error, code);
  Status status = zip_failure(c, NULL, &error);
  zip_error_fini(&error);
  return status;
}

static Status open_zip(Checkpoint *c, Pickle *pickle) {
  Archive *archive = ARENA_NEW(c->arena, Archive);
  archive->entries.arena = c->arena;
  RETURN_IF_ERROR(open_archive(c, &archive->zip));
  c->archive = archive;
  RETURN_IF_ERROR(list_entries(c, archive));
  RETURN_IF_ERROR(check_byte_order(c, archive));
  return read_pickle(c, archive, pickle);
}

/* The name of the entry that has a storage's bytes. */
static const char *storage_name(Checkpoint *c, const Storage *storage) {
  const Archive *archive = c->archive;
  return arena_printf(c->arena, "%s/data/%s", archive->folder, storage->key);
}

static Status locate_zip(Checkpoint *c, Storage *storage) {
  zip_stat_t entry;
  const char *name = storage_name(c, storage);
  RETURN_IF_ERROR(find_entry(c, name, &entry));
  if (entry.size != storage->bytes) {
    return entry_error(c, name,
                       arena_printf(c->arena, "has %" PRIu64 " bytes, its tensors expect %" PRIu64,
                                    (uint64_t)entry.size, storage->bytes));
  }
  storage->at = entry.index;
  storage->located = true;
  return STATUS_OK;
}

static Status read_zip(Checkpoint *c, const Storage *storage, char *out) {
  return read_entry(c, storage_name(c, storage), storage->at, out, storage->bytes);
}

static void close_zip(Checkpoint *c) {
  Archive *archive = c->archive;
  if (archive) zip_discard(archive->zip);
  c->archive = NULL;
}

const Container checkpoint_zip = {"PyTorch checkpoint", open_zip, locate_zip, read_zip, close_zip};
