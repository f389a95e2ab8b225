/* Hostile safetensors files. */
#include <stdlib.h>

#include "hostile.h"

static const char compile[] = "compile tiny.json --weights % --shape 1x4x1x1 -o out";

/* A header's length, then what `write` writes, which is the header, and its data of zeros. */
static void with_header(FILE *file, void (*write)(FILE *), uint64_t data_bytes) {
  put(file, 0, 8);
  write(file);
  uint64_t end = (uint64_t)ftello(file);
  if (fseek(file, 0, SEEK_SET)) abort();
  put(file, end - 8, 8);
  grow(file, end + data_bytes);
}

/* -- names ------------------------------------------------------------------------------------- */

static void record(FILE *file, const char *name, uint32_t index) {
  fprintf(file, "%s\"%s\":{\"dtype\":\"U8\",\"shape\":[0],\"data_offsets\":[0,0]}",
          index ? "," : "", name);
}
static void neighbour_header(FILE *file) {
  fputs("{", file);
  hostile_neighbours(file, 37000, record);
  fputs("}", file);
}
static void neighbour_names(FILE *file) {
  with_header(file, neighbour_header, 0);
}
/* About as many tensors as values are allowed for. */
static void many_header(FILE *file) {
  for (uint32_t i = 0; i < 37000; ++i) {
    char name[16];
    snprintf(name, sizeof name, "t%u", i);
    fputs(i ? "" : "{", file);
    record(file, name, i);
  }
  fputs("}", file);
}
static void many_tensors(FILE *file) {
  with_header(file, many_header, 0);
}
static void long_name_header(FILE *file) {
  fputs("{", file);
  for (uint32_t i = 0; i < 75; ++i) {
    fprintf(file, "%s\"%u", i ? "," : "", i);
    REPEAT(file, 100000, "n");
    fputs("\":{\"dtype\":\"U8\",\"shape\":[0],\"data_offsets\":[0,0]}", file);
  }
  fputs("}", file);
}
static void long_names(FILE *file) {
  with_header(file, long_name_header, 0);
}

/* -- headers ----------------------------------------------------------------------------------- */

static void long_string_header(FILE *file) {
  fputs("{\"", file);
  REPEAT(file, 95000000, "x");
  fputs("\":0}", file);
}
static void long_string(FILE *file) {
  with_header(file, long_string_header, 0);
}
static void note_header(FILE *file) {
  fputs("{\"__metadata__\":{\"note\":\"", file);
  REPEAT(file, 95000000, "x");
  fputs("\"}}", file);
}
static void long_note(FILE *file) {
  with_header(file, note_header, 0);
}
static void notes_header(FILE *file) {
  fputs("{\"__metadata__\":{\"k\":\"v\"", file);
  for (uint32_t i = 0; i < 260000; ++i) fprintf(file, ",\"%u\":\"\"", i);
  fputs("}}", file);
}
static void many_notes(FILE *file) {
  with_header(file, notes_header, 0);
}
static void blank_header(FILE *file) {
  fputs("{", file);
  REPEAT(file, 95000000, " ");
  fputs("}", file);
}
static void blanks(FILE *file) {
  with_header(file, blank_header, 0);
}
static void header_of_exabytes(FILE *file) {
  put(file, UINT64_C(1) << 60, 8);
  fputs("{}", file);
}
static void wide_header(FILE *file) {
  fputs("{\"t\":{\"dtype\":\"U8\",\"shape\":[0", file);
  REPEAT(file, 260000, ",9");
  fputs("],\"data_offsets\":[0,0]}}", file);
}
static void many_dimensions(FILE *file) {
  with_header(file, wide_header, 0);
}
static void overflow_header(FILE *file) {
  fputs(
      "{\"t\":{\"dtype\":\"F64\",\"shape\":[4294967296,4294967296,4294967296],"
      "\"data_offsets\":[0,0]}}",
      file);
}
static void overflow(FILE *file) {
  with_header(file, overflow_header, 0);
}

/* -- data -------------------------------------------------------------------------------------- */

static void overlap_header(FILE *file) {
  for (uint32_t i = 0; i < 37000; ++i) {
    fprintf(file, "%s\"t%u\":{\"dtype\":\"U8\",\"shape\":[1048576],\"data_offsets\":[0,1048576]}",
            i ? "," : "{", i);
  }
  fputs("}", file);
}
static void overlapping_tensors(FILE *file) {
  with_header(file, overlap_header, 1 << 20);
}
static void large_header(FILE *file) {
  fputs("{\"t\":{\"dtype\":\"F32\",\"shape\":[52428800],\"data_offsets\":[0,209715200]}}", file);
}
static void large(FILE *file) {
  with_header(file, large_header, 200 << 20);
}
static void unused_header(FILE *file) {
  fputs("{}", file);
}
static void unused_tebibyte(FILE *file) {
  with_header(file, unused_header, UINT64_C(1) << 40);
}

/* -- shards ------------------------------------------------------------------------------------ */

static void index_of_shards(FILE *file) {
  fputs("{\"weight_map\":{", file);
  for (uint32_t i = 0; i < 200000; ++i) {
    fprintf(file, "%s\"t%u\":\"tiny.safetensors\"", i ? "," : "", i);
  }
  fputs("}}", file);
}
static void index_of_devices(FILE *file) {
  fputs("{\"weight_map\":{\"t\":\"../../../../../dev/zero\"}}", file);
}

static const Hostile rows[] = {
    {"safetensors_neighbour_names", neighbour_names, compile, 1},
    {"safetensors_many_tensors", many_tensors, compile, 1},
    {"safetensors_long_names", long_names, compile, 1},
    {"safetensors_long_string", long_string, compile, 1},
    {"safetensors_long_note", long_note, compile, 1},
    {"safetensors_many_notes", many_notes, compile, 1},
    {"safetensors_blanks", blanks, compile, 1},
    {"safetensors_header_of_exabytes", header_of_exabytes, compile, 1},
    {"safetensors_many_dimensions", many_dimensions, compile, 1},
    {"safetensors_overflow", overflow, compile, 1},
    {"safetensors_overlapping_tensors", overlapping_tensors, compile, 1},
    {"safetensors_unused_tebibyte", unused_tebibyte, compile, 1},
    {"safetensors_inspected", many_tensors, "inspect %", 0},
    {"safetensors_imported", large, "import % -o out.safetensors", 0},
    {"index_of_shards", index_of_shards, compile, 1},
    {"index_of_devices", index_of_devices, compile, 1},
};

const HostileList hostile_weights = {rows, sizeof rows / sizeof *rows};
