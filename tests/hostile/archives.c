/* Hostile archives of PyTorch, of both kinds: what is around the pickles and behind them. */
#include <string.h>

#include "archive.h"

static const char import[] = "import % -o out.safetensors";

/* -- entries ----------------------------------------------------------------------------------- */

static void empty_state(FILE *file) {
  fputs("}", file);
}
static void empty_entries(FILE *file) {
  Zip *zip = zip_open(file);
  zip_add_pickle(zip, empty_state);
  for (uint32_t i = 0; i < 200000; ++i) {
    char name[32];
    snprintf(name, sizeof name, "m/data/%u", i);
    zip_add(zip, name, "", 0);
  }
  zip_close(zip);
}
static void long_entry_names(FILE *file) {
  static char name[60000];
  Zip *zip = zip_open(file);
  memset(name, 'n', sizeof name - 1);
  for (uint32_t i = 0; i < 1000; ++i) {
    snprintf(name, 8, "%07u", i);
    name[7] = 'n';
    zip_add(zip, name, "", 0);
  }
  zip_close(zip);
}
static void deflated_pickle(FILE *file) {
  Zip *zip = zip_open(file);
  zip_claim(zip, "m/data.pkl", 8, UINT32_MAX - 1);
  zip_close(zip);
}
static void pickle_of_nothing(FILE *file) {
  Zip *zip = zip_open(file);
  zip_claim(zip, "m/data.pkl", 0, UINT32_MAX - 1);
  zip_close(zip);
}
static void directory_of_zeros(FILE *file) {
  Zip *zip = zip_open(file);
  zip_add_pickle(zip, empty_state);
  grow(file, UINT64_C(1) << 32);
  zip_close(zip);
}
static void archive_of_zeros(FILE *file) {
  put(file, 0x04034b50, 4);
  grow(file, UINT64_C(1) << 40);
}

/* -- tensors ----------------------------------------------------------------------------------- */

/* The name of a tensor, and the call that makes it of `rows` rows of `columns` floats, so many
 * apart, in storage `key` of `elements`. */
static void put_tensor(FILE *file, const char *name, const char *key, const uint32_t numbers[4]) {
  uint32_t elements = numbers[0], rows = numbers[1], columns = numbers[2], stride = numbers[3];
  fprintf(file, "U%c%sctorch._utils\n_rebuild_tensor_v2\n((U\x07storagectorch\nFloatStorage\nU%c%s",
          (int)strlen(name), name, (int)strlen(key), key);
  fputs(
      "U\x03"
      "cpuJ",
      file);
  put(file, elements, 4);
  fwrite("tQK\x00(J", 1, 6, file);
  put(file, rows, 4);
  fputs("J", file);
  put(file, columns, 4);
  fputs("t(J", file);
  put(file, stride, 4);
  fputs("K\x01t\x89NtR", file);
}

enum { MEBI = 1 << 20 };
/* `count` tensors of all 16 MiB of one storage, each row beginning one element behind the last. */
static void put_views(FILE *file, uint32_t count) {
  fputs("(", file);
  for (uint32_t i = 0; i < count; ++i) {
    char name[12];
    snprintf(name, sizeof name, "t%04u", i);
    put_tensor(file, name, "0", (uint32_t[]){4 * MEBI, 2 * MEBI, 2, 1});
  }
  fputs("d", file);
}
static void fifteen_views(FILE *file) {
  put_views(file, 15);
}
static void thousand_views(FILE *file) {
  put_views(file, 1000);
}
static void with_storage(FILE *file, void (*pickle)(FILE *), uint32_t bytes) {
  Zip *zip = zip_open(file);
  zip_add_pickle(zip, pickle);
  zip_add_zeros(zip, "m/data/0", bytes);
  zip_close(zip);
}
static void overlapping_views(FILE *file) {
  with_storage(file, fifteen_views, 16 * MEBI);
}
static void many_views(FILE *file) {
  with_storage(file, thousand_views, 16 * MEBI);
}

static void dense_state(FILE *file) {
  fputs("(", file);
  put_tensor(file, "t", "0", (uint32_t[]){50 * MEBI, 50, MEBI, MEBI});
  fputs("d", file);
}
static void large(FILE *file) {
  with_storage(file, dense_state, 200 * MEBI);
}
static void repeated_state(FILE *file) {
  fputs("(", file);
  put_tensor(file, "t", "0", (uint32_t[]){1, 1 << 15, 1 << 15, 0});
  fputs("d", file);
}
static void repeated_element(FILE *file) {
  with_storage(file, repeated_state, 4);
}
static void transposed_state(FILE *file) {
  fputs("(", file);
  put_tensor(file, "t", "0", (uint32_t[]){4 * MEBI, 2 * MEBI, 2, 2});
  put_tensor(file, "u", "0", (uint32_t[]){4 * MEBI, 1, 2 * MEBI, 1});
  fputs("d", file);
}
static void shared_storage(FILE *file) {
  with_storage(file, transposed_state, 16 * MEBI);
}
/* As many tensors as there may be, each of a storage of its own. */
static void storages_state(FILE *file) {
  fputs("(", file);
  for (uint32_t i = 0; i < 65000; ++i) {
    char name[16];
    snprintf(name, sizeof name, "t%u", i);
    put_tensor(file, name, name, (uint32_t[]){1, 1, 1, 1});
  }
  fputs("d", file);
}
static void missing_storages(FILE *file) {
  with_pickle(file, storages_state);
}

/* -- before 1.6 -------------------------------------------------------------------------------- */

static void legacy_head(FILE *file) {
  fwrite("\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19.", 1, 15, file);
  fwrite("\x80\x02M\xe9\x03.", 1, 6, file);
  fputs("\x80\x02}U\x0dlittle_endian\x88s.\x80\x02", file);
}
static void legacy_nones(FILE *file) {
  legacy_head(file);
  REPEAT(file, 8 * MEBI, "N");
}
static void legacy_keys(FILE *file) {
  legacy_head(file);
  fputs("}.\x80\x02(", file);
  REPEAT(file, 4 * MEBI, "U\x01k");
  fputs("l.", file);
}
static void legacy_storages(FILE *file) {
  legacy_head(file);
  storages_state(file);
  fputs(".\x80\x02].", file);
}
static void legacy_tebibyte(FILE *file) {
  legacy_head(file);
  grow(file, UINT64_C(1) << 40);
}
static void legacy_large(FILE *file) {
  legacy_head(file);
  dense_state(file);
  fputs(
      ".\x80\x02(U\x01"
      "0l.",
      file);
  put(file, 50 * MEBI, 8);
  grow(file, (uint64_t)ftello(file) + 200 * MEBI);
}

static const Hostile rows[] = {
    {"zip_empty_entries", empty_entries, import, 1},
    {"zip_long_entry_names", long_entry_names, import, 1},
    {"zip_deflated_pickle", deflated_pickle, import, 1},
    {"zip_pickle_of_nothing", pickle_of_nothing, import, 1},
    {"zip_directory_of_zeros", directory_of_zeros, import, 1},
    {"zip_of_zeros", archive_of_zeros, import, 1},
    {"zip_overlapping_views", overlapping_views, import, 1},
    {"zip_many_views", many_views, import, 1},
    {"zip_repeated_element", repeated_element, import, 1},
    {"zip_shared_storage", shared_storage, import, 0},
    {"zip_missing_storages", missing_storages, import, 1},
    {"zip_imported", large, import, 0},
    {"legacy_nones", legacy_nones, import, 1},
    {"legacy_keys", legacy_keys, import, 1},
    {"legacy_storages", legacy_storages, import, 1},
    {"legacy_tebibyte", legacy_tebibyte, import, 1},
    {"legacy_imported", legacy_large, import, 0},
};

const HostileList hostile_archives = {rows, sizeof rows / sizeof *rows};
