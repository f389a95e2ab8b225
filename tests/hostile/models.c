/* Hostile model descriptions. */
#include "hostile.h"

/* -- names that fall together ------------------------------------------------------------------ */

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

/* -- models that are large, and wrong ---------------------------------------------------------- */

/* Layer `format` BLOCKS times, each with its number. */
static void layers(FILE *file, const char *layout, void (*write)(FILE *file, uint32_t index)) {
  model_head(file, layout);
  for (uint32_t i = 0; i < BLOCKS; ++i) {
    if (i) fputs(",", file);
    write(file, i);
  }
  model_tail(file);
}
static void unknown_key(FILE *file, uint32_t index) {
  fprintf(file, "{\"op\":\"gelu\",\"name\":\"b%u\",\"channnels\":5,\"chanels\":6}", index);
}
static void unknown_keys(FILE *file) {
  layers(file, "nchw", unknown_key);
}
static void unknown_op(FILE *file, uint32_t index) {
  fprintf(file, "{\"op\":\"gleu%u\",\"name\":\"b%u\"}", index, index);
}
static void unknown_ops(FILE *file) {
  layers(file, "nchw", unknown_op);
}
/* Names of 7 KiB: which known one is near takes time with the product of two lengths. */
static void long_op(FILE *file, uint32_t index) {
  fprintf(file, "{\"name\":\"b%u\",\"op\":\"", index);
  REPEAT(file, 7 << 10, "x");
  fputs("\"}", file);
}
static void long_ops(FILE *file) {
  layers(file, "nchw", long_op);
}
static void long_input(FILE *file, uint32_t index) {
  fprintf(file, "{\"op\":\"gelu\",\"name\":\"b%u\",\"inputs\":[\"", index);
  REPEAT(file, 7 << 10, "b");
  fputs("\"]}", file);
}
static void long_inputs(FILE *file) {
  layers(file, "nchw", long_input);
}
static void many_layers(FILE *file) {
  model_head(file, "nchw");
  REPEAT(file, 80000, "{\"op\":\"gelu\",\"name\":\"b\"},");
  fputs("{}", file);
  model_tail(file);
}
static void many_inputs(FILE *file) {
  fputs("{\"atmc\":1,\"name\":\"m\",\"inputs\":[", file);
  for (uint32_t i = 0; i < 60000; ++i) {
    fprintf(file, "%s{\"name\":\"x%u\",\"layout\":\"nc\",\"channels\":8}", i ? "," : "", i);
  }
  fputs("],\"layers\":[", file);
  model_tail(file);
}
static void many_classes(FILE *file) {
  fputs("{\"atmc\":1,\"name\":\"m\",\"classes\":[\"c\"", file);
  REPEAT(file, 260000, ",\"c\"");
  fputs("],\"inputs\":[{\"name\":\"x\",\"layout\":\"nc\",\"channels\":8}],\"layers\":[", file);
  model_tail(file);
}

static const Hostile rows[] = {
    {"json_neighbour_layers", neighbour_layers, "inspect % --stop-after=fold-affine", 0},
    {"model_atm_blocks", atm_blocks, "inspect % --shape 1x8x7x7", 0},
    {"model_cycle_blocks", cycle_blocks, "inspect % --shape 1x8x7x7", 0},
    {"model_mixer_blocks", mixer_blocks, "inspect % --shape 1x8x4x4", 0},
    {"model_different_linears", different_linears, "inspect %", 0},
    {"model_large_linears", large_linears, "inspect %", 1},
    {"model_unknown_keys", unknown_keys, "inspect %", 1},
    {"model_unknown_ops", unknown_ops, "inspect %", 1},
    {"model_long_ops", long_ops, "inspect %", 1},
    {"model_long_inputs", long_inputs, "inspect %", 1},
    {"model_many_layers", many_layers, "inspect %", 1},
    {"model_many_inputs", many_inputs, "inspect %", 1},
    {"model_many_classes", many_classes, "inspect %", 1},
};

const HostileList hostile_models = {rows, sizeof rows / sizeof *rows};
