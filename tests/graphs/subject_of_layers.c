/* Descriptions of models: random layers, each on any earlier ones that it takes, at a resolution
 * that is known here and that the description leaves open. */
#define _GNU_SOURCE /* memfd_create */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "frontend/frontend.h"
#include "support/string_builder.h"
#include "tests/graphs/subject.h"

#define LENGTH(array) ((uint32_t)(sizeof(array) / sizeof *(array)))

enum { MOST_LAYERS = 40 };

typedef struct Drawn { /* a layer, or an input */
  const char *name;
  Type type;
  uint32_t extent; /* maps of equal numbers are known to be of one size */
  int64_t share;   /* of the offsets of an atm_block; 0: it has none */
  bool places;     /* are its result 1 */
} Drawn;

typedef struct Writer {
  Choices *c;
  Arena *arena;
  StringBuilder layers;
  Drawn drawn[MOST_LAYERS];
  uint32_t count, extents;
  int64_t macs; /* what the interpreter may still multiply */
} Writer;

/* Draws one layer of what `x` takes; false: `x` is not for it. */
typedef bool DrawLayer(Writer *w, const Drawn *x);

static bool is_map(const Drawn *x) {
  return x->type.rank == 4;
}

static int64_t channels_of(const Drawn *x) {
  return type_channels(x->type);
}

static int64_t some_channels(Writer *w) {
  return choose_rarely(w->c, 12) ? 64 + 32 * (int64_t)choose(w->c, 4) : subject_size(w->c, 65);
}

static const Drawn *some_layer(Writer *w) {
  uint32_t back = choose(w->c, 2) ? choose(w->c, w->count) : 0;
  return &w->drawn[w->count - 1 - back];
}

static int64_t rows_of(Type type) {
  return type.rank == 4 ? type.dims[0] * type.dims[1] * type.dims[2] : type.dims[0];
}

static bool afford(Writer *w, int64_t macs) {
  if (macs > w->macs) return false;
  w->macs -= macs;
  return true;
}

/* Writes the layer `op` with `inputs` and more keys; `type` and `extent` are of its result. */
static bool add(Writer *w, const char *op, const char *inputs, Drawn result, const char *keys,
                ...) {
  va_list args;
  va_start(args, keys);
  const char *more = arena_vprintf(w->arena, keys, args);
  va_end(args);
  result.name = arena_printf(w->arena, "l%u", w->count);
  string_builder_printf(&w->layers,
                        "%s\n    {\"op\": \"%s\", \"name\": \"%s\", \"inputs\": [%s]%s}",
                        w->layers.length ? "," : "", op, result.name, inputs, more);
  w->drawn[w->count++] = result;
  return true;
}

static const char *quoted(Writer *w, const Drawn *x) {
  return arena_printf(w->arena, "\"%s\"", x->name);
}

static const char *quoted_pair(Writer *w, const Drawn *x, const Drawn *y) {
  return arena_printf(w->arena, "\"%s\", \"%s\"", x->name, y->name);
}

static Drawn with_channels(const Drawn *x, int64_t channels) {
  return (Drawn){.type = type_with_channels(x->type, channels), .extent = x->extent};
}

/* -- windows ----------------------------------------------------------------------------------- */

typedef struct Slide {
  Window window;
  Drawn result;
  const char *keys;
} Slide;

/* A window that fits the map `x`; its padding is below the kernel, or half of it for a pool. */
static bool some_slide(Writer *w, const Drawn *x, int64_t channels, bool pool, Slide *slide) {
  static const int32_t kernels[] = {1, 3, 2, 4, 5, 7};
  Choices *c = w->c;
  if (!is_map(x)) return false;
  int32_t kh = kernels[choose(c, 6)], kw = choose_rarely(c, 3) ? kernels[choose(c, 6)] : kh;
  int32_t sh = 1 + (int32_t)choose(c, 4), sw = choose_rarely(c, 3) ? 1 + (int32_t)choose(c, 3) : sh;
  int32_t ph = (int32_t)choose(c, (uint32_t)(pool ? kh / 2 + 1 : kh));
  int32_t pw = (int32_t)choose(c, (uint32_t)(pool ? kw / 2 + 1 : kw));
  Window window = window_make(kh, kw, sh, sw, ph, pw);
  int64_t height = window_places(window_rows(&window), x->type.dims[1]);
  int64_t width = window_places(window_columns(&window), x->type.dims[2]);
  if (height < 1 || width < 1) return false;
  bool keeps = sh == 1 && sw == 1 && 2 * ph == kh - 1 && 2 * pw == kw - 1;
  slide->window = window;
  slide->result = (Drawn){.type = type_map(x->type.dims[0], height, width, channels),
                          .extent = keeps ? x->extent : w->extents++};
  slide->keys =
      arena_printf(w->arena, ", \"kernel\": [%d, %d], \"stride\": [%d, %d], \"padding\": [%d, %d]",
                   kh, kw, sh, sw, ph, pw);
  return true;
}

static bool draw_conv2d(Writer *w, const Drawn *x) {
  int64_t depth = channels_of(x), groups = 1, out = some_channels(w);
  if (choose_rarely(w->c, 3)) {
    groups = choose(w->c, 2) ? subject_divisor(w->c, depth) : depth;
    out = groups * (1 + choose(w->c, 4));
  }
  Slide s;
  if (out > 400 || !some_slide(w, x, out, false, &s)) return false;
  if (!afford(w, rows_of(s.result.type) * out * window_taps(&s.window) * depth / groups)) {
    return false;
  }
  return add(w, "conv2d", quoted(w, x), s.result, ", \"channels\": %ld, \"groups\": %ld%s%s",
             (long)out, (long)groups, s.keys, choose(w->c, 2) ? ", \"bias\": false" : "");
}

static bool draw_pool(Writer *w, const Drawn *x) {
  Slide s;
  if (!some_slide(w, x, channels_of(x), true, &s)) return false;
  return add(w, "average_pool", quoted(w, x), s.result, "%s%s", s.keys,
             choose(w->c, 2) ? ", \"count_padding\": false" : "");
}

static bool draw_max_pool(Writer *w, const Drawn *x) {
  Slide s;
  if (!some_slide(w, x, channels_of(x), true, &s)) return false;
  return add(w, "max_pool", quoted(w, x), s.result, "%s", s.keys);
}

static bool draw_adaptive_pool(Writer *w, const Drawn *x) {
  if (!is_map(x)) return false;
  int64_t height = subject_size(w->c, 17), width = subject_size(w->c, 17);
  Drawn result = {.type = type_map(x->type.dims[0], height, width, channels_of(x)),
                  .extent = w->extents++};
  return add(w, "adaptive_average_pool", quoted(w, x), result, ", \"size\": [%ld, %ld]",
             (long)height, (long)width);
}

/* Offsets and mask are a linear of a convolution that has the same window. */
static bool draw_deform(Writer *w, const Drawn *x) {
  Slide s;
  int64_t depth = channels_of(x), out = some_channels(w);
  if (w->count + 5 > MOST_LAYERS || !some_slide(w, x, out, false, &s)) return false;
  int64_t own = subject_divisor(w->c, depth), taps = window_taps(&s.window);
  int64_t rows = rows_of(s.result.type), slots = own * taps;
  if (slots > 100 || !afford(w, rows * taps * depth * (2 * slots + out + 9))) return false;
  Drawn offsets = s.result, mask = s.result;
  Drawn source = *x;
  offsets.type = type_with_channels(offsets.type, 2 * slots);
  mask.type = type_with_channels(mask.type, slots);
  add(w, "conv2d", quoted(w, &source), offsets, ", \"channels\": %ld%s", (long)(2 * slots), s.keys);
  const char *inputs = quoted_pair(w, &source, &w->drawn[w->count - 1]);
  if (choose(w->c, 2)) {
    add(w, "conv2d", quoted(w, &source), mask, ", \"channels\": %ld%s", (long)slots, s.keys);
    add(w, "sigmoid", quoted(w, &w->drawn[w->count - 1]), mask, "%s", "");
    inputs = arena_printf(w->arena, "%s, \"%s\"", inputs, w->drawn[w->count - 1].name);
  }
  return add(w, "deform_conv2d", inputs, s.result, ", \"channels\": %ld%s", (long)out, s.keys);
}

/* -- blocks ------------------------------------------------------------------------------------ */

static bool afford_block(Writer *w, const Drawn *x, int64_t ratio) {
  int64_t c = channels_of(x);
  return is_map(x) && c >= 4 && afford(w, rows_of(x->type) * c * c * (7 + 2 * ratio));
}

/* An earlier block whose offsets fit `x`; NULL: none. */
static const Drawn *offsets_for(Writer *w, const Drawn *x) {
  for (uint32_t i = w->count; i-- > 0;) {
    const Drawn *from = &w->drawn[i];
    bool fits = from->extent == x->extent && channels_of(from) == channels_of(x);
    if (from->share && fits) return from;
  }
  return NULL;
}

static bool draw_atm_block(Writer *w, const Drawn *x) {
  uint32_t ratio = 1 + choose(w->c, 4), kind = choose(w->c, 4);
  if (!afford_block(w, x, ratio)) return false;
  Drawn result = *x;
  const Drawn *from = kind > 1 ? offsets_for(w, x) : NULL;
  int64_t share = from ? from->share : 1;
  if (!from && kind != 1 && choose(w->c, 2)) share = subject_divisor(w->c, channels_of(x));
  const char *key =
      from || kind == 1 ? "" : arena_printf(w->arena, ", \"share\": %ld", (long)share);
  result.share = kind == 1 ? 0 : share;
  return add(w, "atm_block", quoted(w, x), result, ", \"mlp_ratio\": %u, \"offsets\": \"%s\"%s",
             ratio,
             from        ? from->name
             : kind == 1 ? "zero"
                         : "new",
             key);
}

static bool draw_cycle_block(Writer *w, const Drawn *x) {
  uint32_t ratio = 1 + choose(w->c, 4);
  return afford_block(w, x, ratio) &&
         add(w, "cycle_block", quoted(w, x), with_channels(x, channels_of(x)),
             ", \"mlp_ratio\": %u", ratio);
}

static bool draw_mixer_block(Writer *w, const Drawn *x) {
  if (!is_map(x) || x->type.dims[1] > 256 || x->type.dims[2] > 256) return false;
  int64_t tokens = subject_size(w->c, 33), hidden = subject_size(w->c, 65), c = channels_of(x);
  if (!afford(w, 2 * rows_of(x->type) * c * (tokens + hidden))) return false;
  return add(w, "mixer_block", quoted(w, x), with_channels(x, c),
             ", \"grid\": [%ld, %ld], \"token_hidden\": %ld, \"channel_hidden\": %ld",
             (long)x->type.dims[1], (long)x->type.dims[2], (long)tokens, (long)hidden);
}

static bool draw_peg(Writer *w, const Drawn *x) {
  return is_map(x) && add(w, "peg", quoted(w, x), with_channels(x, channels_of(x)), "%s", "");
}

/* -- rows -------------------------------------------------------------------------------------- */

static bool draw_linear(Writer *w, const Drawn *x) {
  int64_t out = some_channels(w);
  return afford(w, rows_of(x->type) * out * channels_of(x)) &&
         add(w, "linear", quoted(w, x), with_channels(x, out), ", \"channels\": %ld%s", (long)out,
             choose(w->c, 2) ? ", \"bias\": false" : "");
}

static bool draw_plain(Writer *w, const Drawn *x) {
  static const char *const ops[] = {"relu",    "gelu",       "sigmoid", "layer_norm",
                                    "softmax", "batch_norm", "zeros"};
  uint32_t op = choose(w->c, choose_rarely(w->c, 4) ? 7 : 6);
  return add(w, ops[op], quoted(w, x), with_channels(x, channels_of(x)), "%s",
             op == 3 || op == 5 ? ", \"eps\": 0.01" : "");
}

static bool draw_softmax(Writer *w, const Drawn *x) {
  return add(w, "softmax", quoted(w, x), with_channels(x, channels_of(x)), ", \"groups\": %d",
             subject_divisor(w->c, channels_of(x)));
}

/* Another layer of the same rows, of `channels` channels (0: any); NULL: none. */
static const Drawn *beside(Writer *w, const Drawn *x, int64_t channels) {
  uint32_t start = choose(w->c, w->count);
  for (uint32_t i = 0; i < w->count; ++i) {
    const Drawn *y = &w->drawn[(start + i) % w->count];
    if (y->type.rank == x->type.rank && y->extent == x->extent && y != x &&
        (!channels || channels_of(y) == channels)) {
      return y;
    }
  }
  return NULL;
}

static bool draw_pair(Writer *w, const Drawn *x) {
  const Drawn *y = beside(w, x, channels_of(x));
  if (is_map(x) && choose(w->c, 2)) {
    for (uint32_t i = 0; i < w->count; ++i) { /* a vector per image */
      const Drawn *v = &w->drawn[i];
      if (!is_map(v) && channels_of(v) == channels_of(x)) y = v;
    }
  }
  return y && add(w, choose(w->c, 2) ? "mul" : "add", quoted_pair(w, x, y),
                  with_channels(x, channels_of(x)), "%s", "");
}

static bool draw_concat(Writer *w, const Drawn *x) {
  const Drawn *y = beside(w, x, 0);
  if (!y || channels_of(x) + channels_of(y) > 300) return false;
  return add(w, "concat", quoted_pair(w, x, y), with_channels(x, channels_of(x) + channels_of(y)),
             "%s", "");
}

static bool draw_slice(Writer *w, const Drawn *x) {
  uint32_t c = (uint32_t)channels_of(x), begin = choose(w->c, c),
           count = 1 + choose(w->c, c - begin);
  return add(w, "slice", quoted(w, x), with_channels(x, count), ", \"begin\": %u, \"channels\": %u",
             begin, count);
}

static bool draw_split(Writer *w, const Drawn *x) {
  uint32_t parts = (uint32_t)subject_divisor(w->c, channels_of(x));
  return add(w, "split", quoted(w, x), with_channels(x, channels_of(x) / parts),
             ", \"parts\": %u, \"part\": %u", parts, choose(w->c, parts));
}

static bool draw_shuffle(Writer *w, const Drawn *x) {
  return add(w, "channel_shuffle", quoted(w, x), with_channels(x, channels_of(x)),
             ", \"groups\": %d", subject_divisor(w->c, channels_of(x)));
}

/* -- maps -------------------------------------------------------------------------------------- */

static bool draw_sample(Writer *w, const Drawn *x) {
  if (!is_map(x)) return false;
  int32_t share = subject_divisor(w->c, channels_of(x));
  const Drawn *offsets = beside(w, x, channels_of(x) / share);
  return offsets &&
         add(w, "axial_sample", quoted_pair(w, x, offsets), with_channels(x, channels_of(x)),
             ", \"axis\": \"%s\", \"share\": %d", choose(w->c, 2) ? "w" : "h", share);
}

static bool draw_resize(Writer *w, const Drawn *x) {
  Type type = x->type;
  if (!is_map(x) || type.dims[1] * type.dims[2] > 300) return false;
  int64_t h = 1 + choose(w->c, 3), v = 1 + choose(w->c, 3);
  const char *key = "scale";
  Drawn result = {.type = type_map(type.dims[0], type.dims[1] * h, type.dims[2] * v, type.dims[3]),
                  .extent = w->extents++};
  if (choose(w->c, 2)) {
    h = result.type.dims[1] = subject_size(w->c, 33);
    v = result.type.dims[2] = subject_size(w->c, 33);
    key = "size";
  }
  static const char *const modes[] = {"", ", \"align_corners\": true", ", \"mode\": \"nearest\""};
  return add(w, "resize", quoted(w, x), result, ", \"%s\": [%ld, %ld]%s", key, (long)h, (long)v,
             modes[choose(w->c, LENGTH(modes))]);
}

static bool draw_reshape(Writer *w, const Drawn *x) {
  Type t = x->type;
  int64_t each = channels_of(x) * (is_map(x) ? t.dims[1] * t.dims[2] : 1);
  if (each < 700 && choose_rarely(w->c, 3)) {
    Drawn vector = {.type = type_matrix(t.dims[0], each), .extent = UINT32_MAX};
    return add(w, "reshape", quoted(w, x), vector, ", \"channels\": %ld", (long)each);
  }
  int64_t channels = subject_divisor(w->c, each < 400 ? each : channels_of(x));
  int64_t rows = each / channels, height = subject_divisor(w->c, rows < 5000 ? rows : 1);
  Drawn map = {.type = type_map(t.dims[0], height, rows / height, channels),
               .extent = w->extents++};
  return add(w, "reshape", quoted(w, x), map, ", \"height\": %ld, \"channels\": %ld", (long)height,
             (long)channels);
}

static bool draw_transpose(Writer *w, const Drawn *x) {
  Type t = x->type;
  if (!is_map(x)) return false;
  Drawn map = {.type = type_map(t.dims[0], t.dims[2], t.dims[1], t.dims[3]),
               .extent = w->extents++};
  return add(w, "transpose", quoted(w, x), map, "%s", ", \"order\": \"whc\"");
}

static bool draw_mean(Writer *w, const Drawn *x) {
  Type vector = type_matrix(x->type.dims[0], channels_of(x));
  return is_map(x) &&
         add(w, "mean_hw", quoted(w, x), (Drawn){NULL, vector, UINT32_MAX, 0, 0}, "%s", "");
}

/* A block of VMamba, of either generation, or what brings tokens together. */
static bool draw_scans(Writer *w, const Drawn *x) {
  int64_t channels = channels_of(x), rows = rows_of(x->type);
  if (!is_map(x) || channels > 96) return false;
  if (choose_rarely(w->c, 4)) {
    if (!afford(w, rows * 2 * channels * channels)) return false;
    Type t = x->type;
    Drawn map = {
        .type = type_map(t.dims[0], (t.dims[1] + 1) / 2, (t.dims[2] + 1) / 2, 2 * channels),
        .extent = w->extents++};
    return add(w, "token_merging", quoted(w, x), map, "%s", "");
  }
  int64_t states = 1 + (int64_t)choose(w->c, 6), inner = channels * (1 + (int64_t)choose(w->c, 2));
  if (!afford(w, rows * inner * (channels + 200 * states))) return false;
  const char *rest = choose(w->c, 2) ? ", \"gated\": true" : ", \"mlp_ratio\": 1";
  return add(w, "vss_block", quoted(w, x), with_channels(x, channels),
             ", \"states\": %ld, \"expansion\": %ld%s", (long)states, (long)(inner / channels),
             rest);
}

static DrawLayer *const layers[] = {
    draw_plain,         draw_linear,    draw_conv2d,      draw_atm_block, draw_peg,
    draw_cycle_block,   draw_pair,      draw_mixer_block, draw_concat,    draw_pool,
    draw_mean,          draw_softmax,   draw_slice,       draw_split,     draw_shuffle,
    draw_sample,        draw_resize,    draw_reshape,     draw_transpose, draw_deform,
    draw_conv2d,        draw_atm_block, draw_atm_block,   draw_linear,    draw_max_pool,
    draw_adaptive_pool, draw_scans,
};

/* -- the description --------------------------------------------------------------------------- */

/* Of an input of bytes: how they become numbers. */
static const char *pixels_text(Writer *w, int64_t channels) {
  const char *mean = "0.5", *std = "0.3", *layout = choose(w->c, 2) ? "nchw" : "nhwc";
  const char *order = channels == 3 && choose(w->c, 2) ? "bgr" : "rgb";
  for (int64_t i = 1; i < channels; ++i) {
    mean = arena_printf(w->arena, "%s, 0.%u", mean, choose(w->c, 10));
    std = arena_printf(w->arena, "%s, 0.%u", std, 1 + choose(w->c, 9));
  }
  const char *keys = arena_printf(
      w->arena, "\"format\": \"u8\", \"layout\": \"%s\", \"order\": \"%s\"", layout, order);
  return arena_printf(w->arena, "\"pixels\": {%s, \"mean\": [%s], \"std\": [%s]}", keys, mean, std);
}

static void add_input(Writer *w, Subject *s, StringBuilder *text, bool map, Drawn input) {
  const char *layout = map ? (choose(w->c, 2) ? "nhwc" : "nchw") : "nc", *size = "";
  if (map && choose_rarely(w->c, 3)) {
    size = arena_printf(w->arena, ", \"height\": %ld, \"width\": %ld", (long)input.type.dims[1],
                        (long)input.type.dims[2]);
  }
  const char *kind = arena_printf(w->arena, "\"layout\": \"%s\"", layout);
  bool bytes = map && choose_rarely(w->c, 4);
  if (bytes) kind = pixels_text(w, channels_of(&input));
  string_builder_printf(text, "%s\n    {\"name\": \"%s\", %s, \"channels\": %ld%s}",
                        s->input_count ? "," : "", input.name, kind, (long)channels_of(&input),
                        size);
  w->drawn[w->count++] = input;
  s->types[s->input_count++] = bytes ? type_with_dtype(input.type, DTYPE_U8) : input.type;
}

static void add_inputs(Writer *w, Subject *s, StringBuilder *text) {
  static const int64_t images[] = {1, 2, 3, 5};
  int64_t n = images[choose(w->c, LENGTH(images))], most = choose_rarely(w->c, 8) ? 65 : 17;
  Type map = type_map(n, subject_size(w->c, most), subject_size(w->c, most), some_channels(w));
  if (choose_rarely(w->c, 5)) {
    add_input(w, s, text, false, (Drawn){"v", type_matrix(n, some_channels(w)), UINT32_MAX, 0, 0});
  }
  add_input(w, s, text, true, (Drawn){.name = "x", .type = map, .extent = w->extents++});
}

/* The places of largest channels, which no layer takes: an output. */
static void draw_answer(Writer *w, const Drawn *x) {
  int64_t channels = channels_of(x), k = is_map(x) ? 0 : choose(w->c, (uint32_t)channels + 1);
  Drawn result = {
      .type = type_with_channels(x->type, k ? k : 1), .extent = x->extent, .places = k > 0};
  const char *key = channels <= 256 && choose(w->c, 2) ? ", \"type\": \"uint8\"" : "";
  if (k) key = arena_printf(w->arena, ", \"k\": %ld", (long)k);
  add(w, k ? "top_k" : "argmax", quoted(w, x), result, "%s", key);
}

/* The last layer and some others, each once. */
static const char *outputs_text(Writer *w, uint32_t first) {
  StringBuilder text = {.arena = w->arena};
  uint32_t wanted = 1 + choose(w->c, 4);
  bool taken[MOST_LAYERS] = {false};
  for (uint32_t i = 0; i < wanted; ++i) {
    uint32_t at = w->count - 1 - (i ? choose(w->c, w->count - first) : 0);
    if (taken[at]) continue;
    taken[at] = true;
    const Drawn *from = &w->drawn[at];
    const char *layout = is_map(from) && choose(w->c, 2) ? ", \"layout\": \"nhwc\"" : "";
    if (from->places && choose(w->c, 2)) layout = ", \"result\": 1";
    string_builder_printf(&text, "%s\n    {\"name\": \"y%u\", \"from\": \"%s\"%s}", i ? "," : "", i,
                          from->name, layout);
  }
  return string_builder_text(&text);
}

/* The frontend reads files: this one is in memory. */
static bool read_model(const char *text, Arena *arena, const Graph **graph) {
  int file = memfd_create("model", MFD_CLOEXEC);
  size_t bytes = strlen(text);
  if (file < 0 || write(file, text, bytes) != (ssize_t)bytes) return false;
  Diag diag = {.stream = stderr};
  Model *model = NULL;
  const char *path = arena_printf(arena, "/proc/self/fd/%d", file);
  Status status = frontend_read_model(arena, recipe_table_new(arena), &diag, path, &model);
  close(file);
  if (!status) *graph = model->graph;
  return !status;
}

bool subject_of_layers(Subject *subject, Arena *arena, Choices *c) {
  Writer w = {.c = c, .arena = arena, .layers = {.arena = arena}};
  StringBuilder inputs = {.arena = arena};
  w.macs = choose_rarely(c, 16) ? 40000000 : 4000000;
  *subject = (Subject){0};
  add_inputs(&w, subject, &inputs);
  uint32_t first = w.count;
  while (!choose_rarely(c, 10) && w.count < MOST_LAYERS && c->next < CHOICES_MOST) {
    if (c->replayed && c->next >= c->count) break;
    layers[choose(c, LENGTH(layers))](&w, some_layer(&w));
  }
  if (w.count == first) draw_plain(&w, &w.drawn[first - 1]);
  if (choose_rarely(c, 4) && w.count < MOST_LAYERS) draw_answer(&w, some_layer(&w));
  const char *outputs = outputs_text(&w, first);
  subject->model =
      arena_printf(arena,
                   "{\n  \"atmc\": 1, \"name\": \"random\",\n  \"inputs\": [%s],\n"
                   "  \"layers\": [%s],\n  \"outputs\": [%s]\n}\n",
                   string_builder_text(&inputs), string_builder_text(&w.layers), outputs);
  return read_model(subject->model, arena, &subject->graph);
}
