/* Static libraries: GNU ar with a symbol table.
 *
 *   "!<arch>\n"
 *   member "/"   number of symbols, the file offset of each one's member, the names (numbers are
 *                32 bits, big-endian)
 *   member "//"  names that do not fit a header, each ended by "/\n"; only if there are any
 *   members      at even offsets
 *
 * All of a header is decimal text padded with blanks; dates and owners are zero, so that equal
 * input gives equal bytes. */
#include <stdio.h>
#include <string.h>

#include "backends/backend.h"
#include "support/checked_math.h"
#include "support/panic.h"

static const char magic[] = "!<arch>\n";
enum { MAGIC = 8, HEADER = 60, SHORT_NAME = 15 };

/* What is written so far; `data` has room for all, whose size is known before. */
typedef struct Archive {
  char *data;
  size_t bytes;
} Archive;

static void put(Archive *archive, const void *data, size_t bytes) {
  memcpy(archive->data + archive->bytes, data, bytes);
  archive->bytes += bytes;
}

/* `bytes` of contents follow. Name, date, owner, group, mode and size stand in fixed columns. */
static void put_header(Archive *archive, const char *name, size_t bytes) {
  char header[HEADER + 1];
  int length = snprintf(header, sizeof header, "%-16s%-12d%-6d%-6d%-8s%-10zu`\n", name, 0, 0, 0,
                        "644", bytes);
  CHECK(length == HEADER);
  put(archive, header, HEADER);
}

/* Members begin at even offsets. */
static void put_even(Archive *archive) {
  if (archive->bytes % 2) put(archive, "\n", 1);
}

/* Big-endian, on every machine. */
static void put_u32(Archive *archive, size_t value) {
  CHECK(value <= UINT32_MAX);
  const unsigned char bytes[] = {(unsigned char)(value >> 24), (unsigned char)(value >> 16),
                                 (unsigned char)(value >> 8), (unsigned char)value};
  put(archive, bytes, sizeof bytes);
}

/* A name with its ending "/" does not fit the 16 columns of a header. */
static bool is_long(const char *name) {
  return strlen(name) > SHORT_NAME;
}

/* Of member "/", without its header. */
static size_t symbol_table_bytes(const ArchiveMember *members, uint32_t count) {
  size_t bytes = 4;
  for (uint32_t m = 0; m < count; ++m) {
    for (uint32_t s = 0; s < members[m].symbol_count; ++s) {
      bytes += 4 + strlen(members[m].symbols[s]) + 1;
    }
  }
  return bytes;
}

/* Of member "//", without its header; 0: it is left out. */
static size_t long_names_bytes(const ArchiveMember *members, uint32_t count) {
  size_t bytes = 0;
  for (uint32_t m = 0; m < count; ++m) {
    if (is_long(members[m].name)) bytes += strlen(members[m].name) + 2;
  }
  return bytes;
}

/* `first`: file offset of the first member's header. */
static void put_symbols(Archive *archive, const ArchiveMember *members, uint32_t count,
                        size_t first) {
  size_t total = 0;
  for (uint32_t m = 0; m < count; ++m) total += members[m].symbol_count;
  put_u32(archive, total);
  size_t offset = first;
  for (uint32_t m = 0; m < count; ++m) {
    for (uint32_t s = 0; s < members[m].symbol_count; ++s) put_u32(archive, offset);
    offset += HEADER + round_up_size(members[m].bytes, 2);
  }
  for (uint32_t m = 0; m < count; ++m) {
    for (uint32_t s = 0; s < members[m].symbol_count; ++s) {
      put(archive, members[m].symbols[s], strlen(members[m].symbols[s]) + 1);
    }
  }
  put_even(archive);
}

static void put_long_names(Archive *archive, const ArchiveMember *members, uint32_t count) {
  for (uint32_t m = 0; m < count; ++m) {
    if (!is_long(members[m].name)) continue;
    put(archive, members[m].name, strlen(members[m].name));
    put(archive, "/\n", 2);
  }
  put_even(archive);
}

/* A long name is written as "/" and its offset in member "//". */
static void put_members(Archive *archive, const ArchiveMember *members, uint32_t count) {
  size_t long_offset = 0;
  for (uint32_t m = 0; m < count; ++m) {
    char name[24];
    if (is_long(members[m].name)) {
      snprintf(name, sizeof name, "/%zu", long_offset);
      long_offset += strlen(members[m].name) + 2;
    } else {
      snprintf(name, sizeof name, "%s/", members[m].name);
    }
    put_header(archive, name, members[m].bytes);
    put(archive, members[m].data, members[m].bytes);
    put_even(archive);
  }
}

void archive_write(Arena *arena, const ArchiveMember *members, uint32_t count, char **data,
                   size_t *bytes) {
  size_t symbols = symbol_table_bytes(members, count);
  size_t names = long_names_bytes(members, count);
  size_t first =
      MAGIC + HEADER + round_up_size(symbols, 2) + (names ? HEADER + round_up_size(names, 2) : 0);
  size_t total = first;
  for (uint32_t m = 0; m < count; ++m) total += HEADER + round_up_size(members[m].bytes, 2);
  Archive archive = {.data = arena_alloc(arena, total)};
  put(&archive, magic, MAGIC);
  put_header(&archive, "/", symbols);
  put_symbols(&archive, members, count, first);
  if (names) {
    put_header(&archive, "//", names);
    put_long_names(&archive, members, count);
  }
  CHECK(archive.bytes == first);
  put_members(&archive, members, count);
  CHECK(archive.bytes == total);
  *data = archive.data;
  *bytes = total;
}
