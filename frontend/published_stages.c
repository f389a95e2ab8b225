/* ATMNet and CycleMLP: four stages of blocks, each at half the resolution of the one before. */
#include "frontend/published.h"

enum { STAGES = 4 };

typedef struct Size {
  int depths[STAGES];
  int ratios[STAGES];
  int dims[STAGES];
  int share[STAGES];
  int interval; /* of blocks that make new offsets */
  int classes;
} Size;

static const char *const atmnet_names[] = {"atmnet_xt", "atmnet_t", "atmnet_s", "atmnet_b",
                                           "atmnet_l",  "glyphs",   NULL};
static const Size atmnet_sizes[] = {
    {{2, 2, 4, 2}, {4, 4, 4, 4}, {64, 128, 320, 512}, {2, 4, 4, 8}, 2, 1000},
    {{2, 3, 10, 3}, {4, 4, 4, 4}, {64, 128, 320, 512}, {2, 4, 4, 8}, 2, 1000},
    {{3, 4, 18, 3}, {8, 8, 4, 4}, {64, 128, 320, 512}, {2, 4, 4, 8}, 6, 1000},
    {{3, 8, 27, 3}, {8, 8, 4, 4}, {64, 128, 320, 512}, {2, 4, 4, 8}, 6, 1000},
    {{3, 4, 24, 3}, {4, 4, 4, 4}, {96, 192, 384, 768}, {2, 4, 4, 8}, 6, 1000},
    {{2, 2, 4, 2}, {2, 2, 2, 2}, {32, 64, 96, 128}, {2, 4, 4, 8}, 2, 34},
};

static const char *const cyclemlp_names[] = {"cyclemlp_b1", "cyclemlp_b2", "cyclemlp_b3",
                                             "cyclemlp_b4", "cyclemlp_b5", NULL};
static const Size cyclemlp_sizes[] = {
    {.depths = {2, 2, 4, 2}, .ratios = {4, 4, 4, 4}, .dims = {64, 128, 320, 512}, .classes = 1000},
    {.depths = {2, 3, 10, 3}, .ratios = {4, 4, 4, 4}, .dims = {64, 128, 320, 512}, .classes = 1000},
    {.depths = {3, 4, 18, 3}, .ratios = {8, 8, 4, 4}, .dims = {64, 128, 320, 512}, .classes = 1000},
    {.depths = {3, 8, 27, 3}, .ratios = {8, 8, 4, 4}, .dims = {64, 128, 320, 512}, .classes = 1000},
    {.depths = {3, 4, 24, 3}, .ratios = {4, 4, 4, 4}, .dims = {96, 192, 384, 768}, .classes = 1000},
};

static const PublishedNorm layer_norm = {"layer_norm", "", ""};

/* A description in the making. `prefix` stands before the names of all layers. */
typedef struct Writing {
  StringBuilder *out;
  const Size *size;
  const char *prefix;
} Writing;

static Writing writing_of(StringBuilder *out, const PublishedRequest *request, const Size *sizes) {
  return (Writing){.out = out,
                   .size = &sizes[request->model],
                   .prefix = request->options->head ? "backbone." : ""};
}

/* A quarter of the image's resolution, in overlapping patches. */
static void write_stem(const Writing *w) {
  string_builder_printf(w->out,
                        "{\"op\": \"conv2d\", \"name\": \"%spatch_embed.proj\", \"channels\": %d, "
                        "\"kernel\": 7, \"stride\": 4, \"padding\": 2}",
                        w->prefix, w->size->dims[0]);
}

/* From a stage to the next. */
static void write_downsample(const Writing *w, const char *name, int channels) {
  published_next_layer(w->out);
  string_builder_printf(w->out,
                        "{\"op\": \"conv2d\", \"name\": \"%s%s\", \"channels\": %d, \"kernel\": 3, "
                        "\"stride\": 2, \"padding\": 1}",
                        w->prefix, name, channels);
}

/* The norms `norms` of the stages' last blocks, `blocks`, and what is made of them. */
static void write_levels(const Writing *w, const PublishedRequest *request,
                         const char *const norms[STAGES], const char *const blocks[STAGES]) {
  const char *names[STAGES];
  for (int stage = 0; stage < STAGES; ++stage) {
    names[stage] = arena_printf(w->out->arena, "%s%s", w->prefix, norms[stage]);
    published_next_layer(w->out);
    string_builder_printf(w->out,
                          "{\"op\": \"layer_norm\", \"name\": \"%s\", \"inputs\": [\"%s%s\"]}",
                          names[stage], w->prefix, blocks[stage]);
  }
  published_levels(w->out, request, names, STAGES);
}

/* Whether the maps of all stages are wanted. */
static bool wants_levels(const PublishedRequest *request) {
  return request->options->pyramid || request->options->head;
}

/* -- ATMNet ------------------------------------------------------------------------------------ */

/* A block makes new offsets every `interval` blocks, but not the last of its stage. */
static bool makes_offsets(const Size *size, int stage, int block) {
  return block % size->interval == 0 && block != size->depths[stage] - 1;
}

/* `source` is the block whose offsets it uses: its own, or those of an earlier one. A positional
 * encoding stands in front of each block that makes some. */
static void write_atm_block(const Writing *w, int stage, int block, int source) {
  published_next_layer(w->out);
  if (source == block) {
    string_builder_printf(w->out, "{\"op\": \"peg\", \"name\": \"%spos_blocks.%d\"}", w->prefix,
                          stage);
    published_next_layer(w->out);
  }
  string_builder_printf(w->out,
                        "{\"op\": \"atm_block\", \"name\": \"%sblocks.%d.%d\", \"mlp_ratio\": %d",
                        w->prefix, stage, block, w->size->ratios[stage]);
  if (source == block) {
    string_builder_printf(w->out, ", \"offsets\": \"new\", \"share\": %d}", w->size->share[stage]);
  } else {
    string_builder_printf(w->out, ", \"offsets\": \"%sblocks.%d.%d\"}", w->prefix, stage, source);
  }
}

/* The blocks of a stage, and the way to the next. */
static void write_atm_stage(const Writing *w, int stage) {
  int last = w->size->depths[stage] - 1, source = 0;
  for (int block = 0; block <= last; ++block) {
    if (makes_offsets(w->size, stage, block)) source = block;
    write_atm_block(w, stage, block, source);
  }
  if (stage == STAGES - 1) return;
  write_downsample(w, arena_printf(w->out->arena, "blocks.%d.%d.downsample.proj", stage, last),
                   w->size->dims[stage + 1]);
}

/* A classifier, or what is made of the normalized maps of all four stages. */
static void write_atmnet(StringBuilder *out, const PublishedRequest *request) {
  Writing w = writing_of(out, request, atmnet_sizes);
  write_stem(&w);
  for (int stage = 0; stage < STAGES; ++stage) write_atm_stage(&w, stage);
  if (!wants_levels(request)) {
    published_head(out, request, layer_norm, w.size->classes);
    return;
  }
  const char *norms[STAGES], *blocks[STAGES];
  for (int stage = 0; stage < STAGES; ++stage) {
    norms[stage] = arena_printf(out->arena, "norm_%d", stage);
    blocks[stage] = arena_printf(out->arena, "blocks.%d.%d", stage, w.size->depths[stage] - 1);
  }
  write_levels(&w, request, norms, blocks);
}

/* -- CycleMLP: network.N is a stage for even N, the way to the next for odd N ------------------ */

static void write_cycle_stage(const Writing *w, int stage) {
  for (int block = 0; block < w->size->depths[stage]; ++block) {
    published_next_layer(w->out);
    string_builder_printf(
        w->out, "{\"op\": \"cycle_block\", \"name\": \"%snetwork.%d.%d\", \"mlp_ratio\": %d}",
        w->prefix, 2 * stage, block, w->size->ratios[stage]);
  }
  if (stage == STAGES - 1) return;
  write_downsample(w, arena_printf(w->out->arena, "network.%d.proj", 2 * stage + 1),
                   w->size->dims[stage + 1]);
}

static void write_cyclemlp(StringBuilder *out, const PublishedRequest *request) {
  Writing w = writing_of(out, request, cyclemlp_sizes);
  write_stem(&w);
  for (int stage = 0; stage < STAGES; ++stage) write_cycle_stage(&w, stage);
  if (!wants_levels(request)) {
    published_head(out, request, layer_norm, w.size->classes);
    return;
  }
  const char *norms[STAGES], *blocks[STAGES];
  for (int stage = 0; stage < STAGES; ++stage) {
    norms[stage] = arena_printf(out->arena, "norm%d", 2 * stage);
    blocks[stage] = arena_printf(out->arena, "network.%d.%d", 2 * stage, w.size->depths[stage] - 1);
  }
  write_levels(&w, request, norms, blocks);
}

const PublishedFamily published_atmnet = {atmnet_names, true, false, NULL, write_atmnet};
const PublishedFamily published_cyclemlp = {cyclemlp_names, true, false, NULL, write_cyclemlp};
