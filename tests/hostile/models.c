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

/* -- much text that says little ---------------------------------------------------------------- */

static void repeat(FILE *file, uint32_t count, const char *text) {
  for (uint32_t i = 0; i < count; ++i) fputs(text, file);
}
static void newlines(FILE *file) {
  repeat(file, 16 << 20, "\n");
}
static void spaces(FILE *file) {
  repeat(file, (16 << 20) - 2, " ");
  fputs("0x", file);
}
static void zeros(FILE *file) {
  fputs("[0", file);
  repeat(file, 500000, ",0");
  fputs("]", file);
}
static void empty_objects(FILE *file) {
  fputs("[0", file);
  repeat(file, 500000, ",{}");
  fputs("]", file);
}
static void brackets(FILE *file) {
  repeat(file, 1 << 20, "[");
}
static void long_string(FILE *file) {
  fputs("{\"atmc\":1,\"name\":\"", file);
  repeat(file, 15 << 20, "x");
  fputs("\"}", file);
}
static void small_objects(FILE *file) {
  fputs("[{\"a\":0}", file);
  repeat(file, 170000, ",{\"a\":0}");
  fputs("]", file);
}
static void many_keys(FILE *file) {
  for (uint32_t i = 0; i < 350000; ++i) fprintf(file, "%s\"%x\":0", i ? "," : "{", i);
  fputs("}", file);
}

/* -- models that are valid, and large ---------------------------------------------------------- */

static void model_head(FILE *file, const char *layout) {
  fprintf(file,
          "{\"atmc\":1,\"name\":\"m\",\"inputs\":[{\"name\":\"x\",\"layout\":\"%s\","
          "\"channels\":8}],\"layers\":[",
          layout);
}
static void model_tail(FILE *file) {
  fputs("],\"outputs\":[{\"name\":\"y\"}]}", file);
}

enum { BLOCKS = 1023 };
static void atm_blocks(FILE *file) {
  model_head(file, "nchw");
  for (uint32_t i = 0; i < BLOCKS; ++i) {
    fprintf(file,
            "%s{\"op\":\"atm_block\",\"name\":\"b%u\",\"mlp_ratio\":3,\"offsets\":\"new\","
            "\"share\":2}",
            i ? "," : "", i);
  }
  model_tail(file);
}
static void cycle_blocks(FILE *file) {
  model_head(file, "nchw");
  for (uint32_t i = 0; i < BLOCKS; ++i) {
    fprintf(file, "%s{\"op\":\"cycle_block\",\"name\":\"b%u\",\"mlp_ratio\":3}", i ? "," : "", i);
  }
  model_tail(file);
}
static void mixer_blocks(FILE *file) {
  model_head(file, "nchw");
  for (uint32_t i = 0; i < BLOCKS; ++i) {
    fprintf(file,
            "%s{\"op\":\"mixer_block\",\"name\":\"b%u\",\"grid\":4,\"token_hidden\":3,"
            "\"channel_hidden\":5}",
            i ? "," : "", i);
  }
  model_tail(file);
}
/* No two layers alike: each is a kernel of its own. */
static void different_linears(FILE *file) {
  model_head(file, "nc");
  for (uint32_t i = 0; i < BLOCKS; ++i) {
    fprintf(file, "%s{\"op\":\"linear\",\"name\":\"b%u\",\"channels\":%u}", i ? "," : "", i, 5 + i);
  }
  model_tail(file);
}
static void large_linears(FILE *file) {
  model_head(file, "nc");
  for (uint32_t i = 0; i < BLOCKS; ++i) {
    fprintf(file, "%s{\"op\":\"linear\",\"name\":\"b%u\",\"channels\":65536}", i ? "," : "", i);
  }
  model_tail(file);
}

static const Hostile rows[] = {
    {"json_neighbour_keys", neighbour_keys, "inspect %", 1},
    {"json_neighbour_layers", neighbour_layers, "inspect % --stop-after=fold-affine", 0},
    {"json_newlines", newlines, "inspect %", 1},
    {"json_spaces", spaces, "inspect %", 1},
    {"json_zeros", zeros, "inspect %", 1},
    {"json_empty_objects", empty_objects, "inspect %", 1},
    {"json_brackets", brackets, "inspect %", 1},
    {"json_long_string", long_string, "inspect %", 1},
    {"json_small_objects", small_objects, "inspect %", 1},
    {"json_many_keys", many_keys, "inspect %", 1},
    {"model_atm_blocks", atm_blocks, "inspect % --shape 1x8x7x7", 0},
    {"model_cycle_blocks", cycle_blocks, "inspect % --shape 1x8x7x7", 0},
    {"model_mixer_blocks", mixer_blocks, "inspect % --shape 1x8x4x4", 0},
    {"model_different_linears", different_linears, "inspect %", 0},
    {"model_large_linears", large_linears, "inspect %", 1},
};

const HostileList hostile_models = {rows, sizeof rows / sizeof *rows};
