/* Hostile model descriptions. */
#include "hostile.h"

/* -- keys that fall together ------------------------------------------------------------------- */

static void key(FILE *file, const char *name, uint32_t index) {
  fprintf(file, "%s\"%s\":0", index ? "," : "", name);
}

static void neighbour_keys(FILE *file) {
  fputs("{", file);
  hostile_neighbours(file, 60000, key);
  fputs("}", file);
}

static void layer(FILE *file, const char *name, uint32_t index) {
  fprintf(file, "%s{\"op\":\"gelu\",\"name\":\"%s\"}", index ? "," : "", name);
}

static void neighbour_layers(FILE *file) {
  fputs(
      "{\"atmc\":1,\"name\":\"m\",\"inputs\":[{\"name\":\"x\",\"layout\":\"nc\",\"channels\":4}],"
      "\"layers\":[",
      file);
  hostile_neighbours(file, 1024, layer);
  fputs("],\"outputs\":[{\"name\":\"y\"}]}", file);
}

static const Hostile rows[] = {
    {"json_neighbour_keys", neighbour_keys, "inspect %", 1},
    {"json_neighbour_layers", neighbour_layers, "inspect % --stop-after=fold-affine", 0},
};

const HostileList hostile_models = {rows, sizeof rows / sizeof *rows};
