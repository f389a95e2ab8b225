/* Dense heads behind the stages of a model, as the segmentation framework that trained them calls
 * their parts: backbone, neck, decode_head, auxiliary_head. */
#include <string.h>

#include "frontend/published.h"

enum {
  ADE20K_CLASSES = 150,
  BYTE_CLASSES = 256, /* whose numbers a byte holds */
  AUXILIARY_LEVEL = 2,
};

/* "a", "b", ...: the names as inputs of a layer. */
static void write_inputs(StringBuilder *out, const char *const *levels, uint32_t count) {
  string_builder_add(out, "\"inputs\": [");
  for (uint32_t i = 0; i < count; ++i) {
    string_builder_printf(out, "%s\"%s\"", i ? ", " : "", levels[i]);
  }
  string_builder_add(out, "]");
}

static void write_semantic_fpn(StringBuilder *out, const char *const *levels, uint32_t count,
                               uint32_t classes) {
  published_next_layer(out);
  string_builder_add(out, "{\"op\": \"fpn\", \"name\": \"neck\", ");
  write_inputs(out, levels, count);
  string_builder_add(out, ", \"channels\": 256}");
  published_next_layer(out);
  string_builder_add(out,
                     "{\"op\": \"semantic_fpn_head\", \"name\": \"decode_head\", \"inputs\": [");
  for (uint32_t i = 0; i < count; ++i) {
    string_builder_printf(out, "%s\"neck.%u\"", i ? ", " : "", i);
  }
  string_builder_printf(out, "], \"channels\": 128, \"classes\": %u}", classes);
}

static void write_upernet(StringBuilder *out, const char *const *levels, uint32_t count,
                          uint32_t classes) {
  published_next_layer(out);
  string_builder_add(out, "{\"op\": \"uper_head\", \"name\": \"decode_head\", ");
  write_inputs(out, levels, count);
  string_builder_printf(out, ", \"channels\": 512, \"classes\": %u}", classes);
  published_next_layer(out);
  string_builder_add(out, "{\"op\": \"auxiliary_head\", \"name\": \"auxiliary_head\", ");
  write_inputs(out, levels + AUXILIARY_LEVEL, 1);
  string_builder_printf(out, ", \"channels\": 256, \"classes\": %u}", classes);
}

typedef struct DenseHead {
  const char *name;
  void (*write)(StringBuilder *out, const char *const *levels, uint32_t count, uint32_t classes);
} DenseHead;
static const DenseHead heads[] = {{"semantic_fpn", write_semantic_fpn}, {"upernet", write_upernet}};

/* What is given of the logits at a quarter of the image's size. */
static void write_answer(StringBuilder *out, const char *answer, uint32_t classes) {
  const char *from = "decode_head";
  if (strcmp(answer, "logits4") != 0) {
    published_next_layer(out);
    from = "full_size";
    string_builder_printf(out,
                          "{\"op\": \"resize\", \"name\": \"%s\", \"inputs\": [\"decode_head\", "
                          "\"image\"]}",
                          from);
  }
  if (strcmp(answer, "labels") == 0) {
    published_next_layer(out);
    from = "best";
    string_builder_printf(out, "{\"op\": \"argmax\", \"name\": \"%s\", \"type\": \"%s\"}", from,
                          classes <= BYTE_CLASSES ? "uint8" : "int32");
  }
  string_builder_printf(out, "\n  ],\n  \"outputs\": [\n    {\"name\": \"%s\", \"from\": \"%s\"}",
                        answer, from);
}

static void write_head(StringBuilder *out, const PublishedRequest *request,
                       const char *const *levels, uint32_t count) {
  const PublishedOptions *o = request->options;
  uint32_t classes = o->classes ? o->classes : ADE20K_CLASSES;
  for (size_t i = 0; i < sizeof heads / sizeof *heads; ++i) {
    if (strcmp(heads[i].name, o->head) == 0) heads[i].write(out, levels, count, classes);
  }
  write_answer(out, o->answer ? o->answer : "logits", classes);
}

void published_levels(StringBuilder *out, const PublishedRequest *request,
                      const char *const *levels, uint32_t count) {
  if (request->options->head) {
    write_head(out, request, levels, count);
    return;
  }
  for (uint32_t i = 0; i < count; ++i) {
    string_builder_add(out, i == 0 ? "\n  ],\n  \"outputs\": [\n    " : ",\n    ");
    string_builder_printf(out, "{\"name\": \"level%u\", \"from\": \"%s\", \"layout\": \"nchw\"}", i,
                          levels[i]);
  }
}
