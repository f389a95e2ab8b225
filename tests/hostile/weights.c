/* Hostile safetensors files. */
#include "hostile.h"

static const char compile[] = "compile tiny.json --weights % --shape 1x4x1x1 -o out";

/* -- names that fall together ------------------------------------------------------------------ */

/* A header's length, then the header of `bytes`, which `write` writes. */
static void with_header(FILE *file, uint64_t bytes, void (*write)(FILE *)) {
  fwrite(&bytes, sizeof bytes, 1, file);
  write(file);
}

static void record(FILE *file, const char *name, uint32_t index) {
  fprintf(file, "%s\"%s\":{\"dtype\":\"U8\",\"shape\":[0],\"data_offsets\":[0,0]}",
          index ? "," : "", name);
}

enum { NEIGHBOURS = 52000, RECORD_BYTES = 7 + 50 };
static void neighbour_header(FILE *file) {
  fputs("{", file);
  hostile_neighbours(file, NEIGHBOURS, record);
  fputs("}", file);
}
static void neighbour_names(FILE *file) {
  with_header(file, 1 + NEIGHBOURS * (RECORD_BYTES + 1), neighbour_header);
}

static const Hostile rows[] = {
    {"safetensors_neighbour_names", neighbour_names, compile, 1},
};

const HostileList hostile_weights = {rows, sizeof rows / sizeof *rows};
