/* Zip archives, written by hand so that they can be wrong. */
#include "archive.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct Zip {
  FILE *file;
  FILE *directory; /* in memory */
  char *text;
  size_t bytes;
  uint32_t count;
  uint32_t crc_table[256];
};

/* What a directory says of an entry. */
typedef struct Entry {
  const char *name;
  uint32_t method; /* 0: stored, 8: deflated */
  uint32_t crc;
  uint32_t stored; /* bytes in the file */
  uint32_t bytes;
} Entry;

/* -- checksums --------------------------------------------------------------------------------- */

static void fill_crc_table(uint32_t table[256]) {
  for (uint32_t i = 0; i < 256; ++i) {
    uint32_t crc = i;
    for (int bit = 0; bit < 8; ++bit) crc = crc >> 1 ^ (crc & 1 ? 0xEDB88320u : 0);
    table[i] = crc;
  }
}

/* Of `bytes` of data; NULL: of so many zeros. */
static uint32_t crc_of(const Zip *zip, const char *data, size_t bytes) {
  uint32_t crc = UINT32_MAX;
  for (size_t i = 0; i < bytes; ++i) {
    crc = crc >> 8 ^ zip->crc_table[(crc ^ (unsigned char)(data ? data[i] : 0)) & 255];
  }
  return ~crc;
}

/* -- entries ----------------------------------------------------------------------------------- */

/* What a local header and the directory say of an entry alike. */
static void put_entry(FILE *file, const Entry *entry) {
  put(file, 20, 2); /* version; then flags */
  put(file, 0, 2);
  put(file, entry->method, 2);
  put(file, 0, 4); /* time */
  put(file, entry->crc, 4);
  put(file, entry->stored, 4);
  put(file, entry->bytes, 4);
  put(file, strlen(entry->name), 2);
  put(file, 0, 2);
}

static void put_headers(Zip *zip, const Entry *entry) {
  long at = ftell(zip->file);
  put(zip->file, 0x04034b50, 4);
  put_entry(zip->file, entry);
  fputs(entry->name, zip->file);
  put(zip->directory, 0x02014b50, 4);
  put(zip->directory, 20, 2);
  put_entry(zip->directory, entry);
  put(zip->directory, 0, 10); /* comment, disk, attributes */
  put(zip->directory, (uint64_t)at, 4);
  fputs(entry->name, zip->directory);
  ++zip->count;
}

Zip *zip_open(FILE *file) {
  Zip *zip = calloc(1, sizeof *zip);
  zip->file = file;
  zip->directory = open_memstream(&zip->text, &zip->bytes);
  fill_crc_table(zip->crc_table);
  return zip;
}

void zip_add(Zip *zip, const char *name, const char *data, size_t bytes) {
  put_headers(zip, &(Entry){.name = name,
                            .crc = crc_of(zip, data, bytes),
                            .stored = (uint32_t)bytes,
                            .bytes = (uint32_t)bytes});
  fwrite(data, 1, bytes, zip->file);
}

void zip_add_zeros(Zip *zip, const char *name, uint32_t bytes) {
  put_headers(
      zip,
      &(Entry){.name = name, .crc = crc_of(zip, NULL, bytes), .stored = bytes, .bytes = bytes});
  grow(zip->file, (uint64_t)ftell(zip->file) + bytes);
}

void zip_claim(Zip *zip, const char *name, uint32_t method, uint32_t bytes) {
  uint32_t stored = method ? 16 : bytes;
  put_headers(zip, &(Entry){.name = name, .method = method, .stored = stored, .bytes = bytes});
}

/* -- the end ----------------------------------------------------------------------------------- */

/* The records that have room for more entries than 65,535. */
static void put_wide_end(const Zip *zip, uint64_t at) {
  uint64_t end = at + zip->bytes;
  put(zip->file, 0x06064b50, 4);
  put(zip->file, 44, 8);
  put(zip->file, 45, 2);
  put(zip->file, 45, 2);
  put(zip->file, 0, 8);
  put(zip->file, zip->count, 8);
  put(zip->file, zip->count, 8);
  put(zip->file, zip->bytes, 8);
  put(zip->file, at, 8);
  put(zip->file, 0x07064b50, 4);
  put(zip->file, 0, 4);
  put(zip->file, end, 8);
  put(zip->file, 1, 4);
}

void zip_close(Zip *zip) {
  uint64_t at = (uint64_t)ftell(zip->file);
  bool wide = zip->count > UINT16_MAX;
  uint32_t count = wide ? UINT16_MAX : zip->count;
  fclose(zip->directory);
  fwrite(zip->text, 1, zip->bytes, zip->file);
  if (wide) put_wide_end(zip, at);
  put(zip->file, 0x06054b50, 4);
  put(zip->file, 0, 4);
  put(zip->file, count, 2);
  put(zip->file, count, 2);
  put(zip->file, zip->bytes, 4);
  put(zip->file, at, 4);
  put(zip->file, 0, 2);
  free(zip->text);
  free(zip);
}

void zip_add_pickle(Zip *zip, void (*write)(FILE *)) {
  char *text;
  size_t bytes;
  FILE *pickle = open_memstream(&text, &bytes);
  fwrite("\x80\x04", 1, 2, pickle);
  write(pickle);
  fputc('.', pickle);
  fclose(pickle);
  zip_add(zip, "m/data.pkl", text, bytes);
  free(text);
}

void with_pickle(FILE *file, void (*write)(FILE *)) {
  Zip *zip = zip_open(file);
  zip_add_pickle(zip, write);
  zip_close(zip);
}
