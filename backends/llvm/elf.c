/* Growing one section of an ELF64 object, so that weights never pass through LLVM.
 *
 * The section moves to the end of the file: its header's offset and size, and the symbol's size,
 * are all that changes. Offsets of relocations count from the section's start, so they stay right.
 * The input is what LLVM just made; anything else is our bug. */
#include <elf.h>
#include <stdlib.h>
#include <string.h>

#include "backends/llvm/artifact.h"
#include "support/checked_math.h"
#include "support/panic.h"

typedef struct Object {
  char *bytes;
  size_t size;
  Elf64_Ehdr header;
} Object;

/* `count` bytes at `offset`, inside the object. */
static char *at(const Object *object, uint64_t offset, uint64_t count) {
  CHECK(offset <= object->size && count <= object->size - offset);
  return object->bytes + offset;
}

static Elf64_Shdr section_read(const Object *object, uint32_t index) {
  Elf64_Shdr section;
  uint64_t offset = object->header.e_shoff + (uint64_t)index * sizeof section;
  memcpy(&section, at(object, offset, sizeof section), sizeof section);
  return section;
}

static void section_write(Object *object, uint32_t index, const Elf64_Shdr *section) {
  uint64_t offset = object->header.e_shoff + (uint64_t)index * sizeof *section;
  memcpy(at(object, offset, sizeof *section), section, sizeof *section);
}

/* A text of string table `table`. */
static const char *text(const Object *object, uint32_t table, uint32_t offset) {
  Elf64_Shdr strings = section_read(object, table);
  CHECK(offset < strings.sh_size);
  return at(object, strings.sh_offset + offset, strings.sh_size - offset);
}

static uint32_t section_find(const Object *object, const char *name) {
  for (uint32_t i = 1; i < object->header.e_shnum; ++i) {
    Elf64_Shdr section = section_read(object, i);
    if (strcmp(text(object, object->header.e_shstrndx, section.sh_name), name) == 0) return i;
  }
  PANIC("the object has no section %s", name);
}

static uint32_t symbol_table(const Object *object) {
  for (uint32_t i = 1; i < object->header.e_shnum; ++i) {
    if (section_read(object, i).sh_type == SHT_SYMTAB) return i;
  }
  PANIC("the object has no symbol table");
}

static void symbol_resize(Object *object, const char *name, uint64_t bytes) {
  Elf64_Shdr table = section_read(object, symbol_table(object));
  for (uint64_t i = 0; i < table.sh_size / sizeof(Elf64_Sym); ++i) {
    Elf64_Sym symbol;
    char *place = at(object, table.sh_offset + i * sizeof symbol, sizeof symbol);
    memcpy(&symbol, place, sizeof symbol);
    if (strcmp(text(object, table.sh_link, symbol.st_name), name) != 0) continue;
    symbol.st_size = bytes;
    memcpy(place, &symbol, sizeof symbol);
    return;
  }
  PANIC("the object has no symbol %s", name);
}

char *elf_grow_section(const char *object, size_t object_bytes, const char *symbol, uint64_t bytes,
                       size_t *grown_bytes, char **contents) {
  Object grown = {.size = object_bytes};
  CHECK(object_bytes >= sizeof grown.header);
  memcpy(&grown.header, object, sizeof grown.header);
  CHECK(memcmp(grown.header.e_ident, ELFMAG, SELFMAG) == 0 &&
        grown.header.e_ident[EI_CLASS] == ELFCLASS64 &&
        grown.header.e_ident[EI_DATA] == ELFDATA2LSB);
  size_t begin = round_up_size(object_bytes, 4096);
  CHECK(checked_add_size(begin, bytes, grown_bytes));
  grown.bytes = calloc(*grown_bytes, 1);
  if (!grown.bytes) PANIC("out of memory for an object of %zu bytes", *grown_bytes);
  memcpy(grown.bytes, object, object_bytes);
  uint32_t index = section_find(&grown, module_weights_section);
  Elf64_Shdr section = section_read(&grown, index);
  section.sh_offset = begin;
  section.sh_size = bytes;
  section_write(&grown, index, &section);
  symbol_resize(&grown, symbol, bytes);
  *contents = grown.bytes + begin;
  return grown.bytes;
}
