/* Finishing an ELF64 object that LLVM made: giving it its weights, and local labels their prefix.
 *
 *   the object as it is, its headers edited
 *   its string table again, with the new names behind the old ones
 *   the weights section, if there are weights
 *
 * Sections that grow move to the end: their headers' offsets and sizes change, and the size of the
 * weights' symbol. Relocations count from the start of a section, so they stay right. LLVM leaves
 * the labels of constants (.LCPI0_1) in the symbol table; they become PREFIX_CPI0_1. The input is
 * what LLVM just made; anything else is our bug. */
#include <elf.h>
#include <stdlib.h>
#include <string.h>

#include "backends/llvm/artifact.h"
#include "support/checked_math.h"
#include "support/memory.h"
#include "support/panic.h"

enum { WEIGHTS_ALIGN = 4096 };

/* The bytes of an object, and a copy of its header. Everything else is copied out before it is
 * read: nothing says that it is aligned. */
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

/* The index of a section that must be there; so does symbol_table. */
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

/* A local label of LLVM's, as .LCPI0_1. */
static bool is_label(const char *name) {
  return name[0] == '.' && name[1] == 'L';
}

static Elf64_Sym symbol_read(const Object *object, const Elf64_Shdr *table, uint64_t index) {
  Elf64_Sym symbol;
  memcpy(&symbol, at(object, table->sh_offset + index * sizeof symbol, sizeof symbol),
         sizeof symbol);
  return symbol;
}

/* The bytes that new names take. */
static uint64_t names_bytes(const Object *object, const Elf64_Shdr *table, const char *prefix) {
  uint64_t bytes = 0;
  for (uint64_t i = 0; i < table->sh_size / sizeof(Elf64_Sym); ++i) {
    const char *name = text(object, table->sh_link, symbol_read(object, table, i).st_name);
    if (is_label(name)) bytes += strlen(prefix) + strlen(name);
  }
  return bytes;
}

/* Gives labels their new names, written at the end of the string table, and the weights' symbol its
 * size. */
static void edit_symbols(Object *object, const Elf64_Shdr *table, const ElfFinish *with) {
  Elf64_Shdr strings = section_read(object, table->sh_link);
  uint64_t used = strings.sh_size - names_bytes(object, table, with->prefix);
  for (uint64_t i = 0; i < table->sh_size / sizeof(Elf64_Sym); ++i) {
    Elf64_Sym symbol = symbol_read(object, table, i);
    const char *name = text(object, table->sh_link, symbol.st_name);
    if (strcmp(name, with->weights) == 0) symbol.st_size = with->weights_bytes;
    if (is_label(name)) {
      symbol.st_name = (uint32_t)used;
      size_t head = strlen(with->prefix),
             bytes = head + strlen(name); /* "_" and the end for ".L" */
      char *place = at(object, strings.sh_offset + used, bytes);
      memcpy(place, with->prefix, head);
      place[head] = '_';
      memcpy(place + head + 1, name + 2, bytes - head - 1);
      used += bytes;
    }
    memcpy(at(object, table->sh_offset + i * sizeof symbol, sizeof symbol), &symbol, sizeof symbol);
  }
}

/* Section `index` becomes the `bytes` bytes at `offset`. */
static void section_move(Object *object, uint32_t index, uint64_t offset, uint64_t bytes) {
  Elf64_Shdr section = section_read(object, index);
  section.sh_offset = offset;
  section.sh_size = bytes;
  section_write(object, index, &section);
}

static Object object_open(const char *bytes, size_t size) {
  Object object = {.bytes = (char *)(uintptr_t)bytes, .size = size};
  memcpy(&object.header, at(&object, 0, sizeof object.header), sizeof object.header);
  CHECK(memcmp(object.header.e_ident, ELFMAG, SELFMAG) == 0 &&
        object.header.e_ident[EI_CLASS] == ELFCLASS64 &&
        object.header.e_ident[EI_DATA] == ELFDATA2LSB);
  return object;
}

Emitted elf_finish(const char *object, size_t bytes, const ElfFinish *with, char **contents) {
  const Object old = object_open(object, bytes);
  Elf64_Shdr table = section_read(&old, symbol_table(&old));
  Elf64_Shdr strings = section_read(&old, table.sh_link);
  uint64_t strings_bytes = strings.sh_size + names_bytes(&old, &table, with->prefix);
  size_t begin = round_up_size(bytes + strings_bytes, WEIGHTS_ALIGN);
  Object new = old;
  CHECK(checked_add_size(begin, with->weights_bytes, &new.size));
  new.bytes = calloc(new.size, 1);
  if (!new.bytes) memory_exhausted(new.size, "an object");
  memcpy(new.bytes, object, bytes);
  memcpy(new.bytes + bytes, object + strings.sh_offset, strings.sh_size);
  section_move(&new, table.sh_link, bytes, strings_bytes);
  edit_symbols(&new, &table, with);
  if (with->weights_bytes) {
    section_move(&new, section_find(&new, artifact_weights_section), begin, with->weights_bytes);
  }
  *contents = new.bytes + begin;
  return (Emitted){.data = new.bytes, .bytes = new.size};
}

uint64_t elf_symbol_bytes(const char *bytes, size_t size, const char *name) {
  const Object object = object_open(bytes, size);
  Elf64_Shdr table = section_read(&object, symbol_table(&object));
  for (uint64_t i = 0; i < table.sh_size / sizeof(Elf64_Sym); ++i) {
    Elf64_Sym symbol = symbol_read(&object, &table, i);
    if (strcmp(text(&object, table.sh_link, symbol.st_name), name) == 0) return symbol.st_size;
  }
  PANIC("the object has no symbol %s", name);
}

uint64_t elf_section_bytes(const char *object, size_t bytes, const char *name) {
  const Object opened = object_open(object, bytes);
  return section_read(&opened, section_find(&opened, name)).sh_size;
}
