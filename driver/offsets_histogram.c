/* Figure 3 of the paper, for any model: how far the centre token looks, over many images. */
#include <math.h>

#include "driver/offsets_sheet.h"

enum { PANEL = 220, HEIGHT = 120, GAP = 26, MARGIN = 24, HEAD = 38, FOOT = 44, COLUMNS = 3 };
enum { DOWN, RIGHT, DIRECTIONS };
static const uint32_t colors[DIRECTIONS] = {0x2f6fde, 0xe0752d};

/* The directions that number `k` of a token's offsets is of. */
static int direction_of(const Sampling *s, size_t k) {
  if (s->op == OP_DEFORM_PATCHES) return k % 2 == 0 ? DOWN : RIGHT;
  return s->attrs.AXIAL_SAMPLE.axis == 1 ? DOWN : RIGHT;
}

/* The offsets of the token in the middle, [offsets.c], of an image. */
static const float *center_offsets(const Sampling *s, uint32_t image) {
  size_t token = s->offsets.h / 2 * s->offsets.w + s->offsets.w / 2;
  size_t each = s->offsets.h * s->offsets.w;
  return s->values + ((s->constant ? 0 : image) * each + token) * s->offsets.c;
}

static uint32_t last_of(const SamplingList *list, uint32_t first) {
  uint32_t last = first + 1;
  while (last < list->count && !offsets_begins_layer(list, last)) ++last;
  return last;
}

/* The largest offset of a layer, up to twice the size of its map. */
static double limit_of(const SamplingList *list, uint32_t first) {
  double limit = 0.5;
  for (uint32_t i = first; i < last_of(list, first); ++i) {
    const Sampling *s = &list->items[i];
    for (uint32_t n = 0; n < list->images; ++n) {
      const float *offsets = center_offsets(s, n);
      for (size_t k = 0; k < s->offsets.c; ++k) limit = fmax(limit, fabs((double)offsets[k]));
    }
  }
  double most = fmax((double)list->items[first].map.h, (double)list->items[first].map.w);
  return fmin(limit, 2 * most) * 1.05;
}

static void count_sampling(const Sampling *s, uint32_t images, OffsetsBins *bins,
                           double totals[DIRECTIONS]) {
  for (uint32_t n = 0; n < images; ++n) {
    const float *offsets = center_offsets(s, n);
    for (size_t k = 0; k < s->offsets.c; ++k) {
      double place = (offsets[k] / bins->limit + 1) / 2 * OFFSETS_BINS;
      if (!(place >= 0)) place = 0; /* or a NaN */
      int bin = place < OFFSETS_BINS ? (int)place : OFFSETS_BINS - 1;
      int direction = direction_of(s, k);
      bins->parts[direction][bin] += 1;
      bins->has[direction] = true;
      totals[direction] += 1;
    }
  }
}

OffsetsBins offsets_bins(const OffsetsStudy *study, uint32_t first) {
  const SamplingList *list = study->list;
  OffsetsBins bins = {.limit = limit_of(list, first)};
  double totals[DIRECTIONS] = {0};
  for (uint32_t i = first; i < last_of(list, first); ++i) {
    count_sampling(&list->items[i], list->images, &bins, totals);
  }
  for (int d = 0; d < DIRECTIONS; ++d) {
    for (int b = 0; b < OFFSETS_BINS && bins.has[d]; ++b) bins.parts[d][b] /= totals[d];
  }
  return bins;
}

/* -- drawing ----------------------------------------------------------------------------------- */

static void draw_bars(Canvas *c, CanvasBox panel, const OffsetsBins *bins, double most) {
  double width = panel.width / OFFSETS_BINS;
  for (int d = 0; d < DIRECTIONS; ++d) {
    for (int b = 0; b < OFFSETS_BINS; ++b) {
      double height = panel.height * bins->parts[d][b] / most;
      double low = bins->limit * (2.0 * b / OFFSETS_BINS - 1),
             step = 2 * bins->limit / OFFSETS_BINS;
      CanvasBox bar = {panel.x + b * width, panel.y + panel.height - height, width, height};
      if (height <= 0) continue;
      canvas_rect(c, bar, colors[d], 0.55,
                  arena_printf(c->arena, "%s, %.2f to %.2f: %.1f %%",
                               d == RIGHT ? "horizontal" : "vertical", low, low + step,
                               100 * bins->parts[d][b]));
    }
  }
}

static void draw_panel(Canvas *c, const OffsetsStudy *study, uint32_t first, CanvasBox panel) {
  const Sampling *s = &study->list->items[first];
  OffsetsBins bins = offsets_bins(study, first);
  double most = 0;
  for (int d = 0; d < DIRECTIONS; ++d) {
    for (int b = 0; b < OFFSETS_BINS; ++b) most = fmax(most, bins.parts[d][b]);
  }
  double middle = panel.x + panel.width / 2, bottom = panel.y + panel.height;
  canvas_text(c, panel.x, panel.y - 10, 12, CANVAS_START,
              arena_printf(c->arena, "%s, %zux%zu", s->layer, s->map.h, s->map.w));
  canvas_text(c, panel.x + panel.width, panel.y - 10, 11, CANVAS_END,
              arena_printf(c->arena, "up to %.0f %%", 100 * most));
  canvas_rect(c, (CanvasBox){middle - 0.5, panel.y, 1, panel.height}, 0xc9ccd1, 1, NULL);
  draw_bars(c, panel, &bins, most);
  canvas_rect(c, (CanvasBox){panel.x, bottom, panel.width, 1}, 0x667084, 1, NULL);
  canvas_text(c, panel.x, bottom + 15, 11, CANVAS_START,
              arena_printf(c->arena, "%.1f", -bins.limit));
  canvas_text(c, middle, bottom + 15, 11, CANVAS_MIDDLE, "0");
  canvas_text(c, panel.x + panel.width, bottom + 15, 11, CANVAS_END,
              arena_printf(c->arena, "%.1f", bins.limit));
}

Canvas offsets_histogram(const OffsetsStudy *study, Arena *arena) {
  const SamplingList *list = study->list;
  uint32_t layers = 0, at = 0;
  for (uint32_t i = 0; i < list->count; ++i) layers += offsets_begins_layer(list, i);
  uint32_t columns = layers < COLUMNS ? layers : COLUMNS, rows = (layers + COLUMNS - 1) / COLUMNS;
  double pitch = HEAD + HEIGHT + GAP;
  double width = fmax(2 * MARGIN + columns * (PANEL + GAP) - GAP, 560);
  Canvas c = canvas_new(arena, width, rows * pitch + FOOT);
  for (uint32_t i = 0; i < list->count; ++i) {
    if (!offsets_begins_layer(list, i)) continue;
    uint32_t row = at / columns, column = at % columns;
    double x = MARGIN + column * (double)(PANEL + GAP);
    draw_panel(&c, study, i, (CanvasBox){x, HEAD + row * pitch, PANEL, HEIGHT});
    ++at;
  }
  const char *text = arena_printf(arena, "Offsets of the centre token, in tokens; %u image%s",
                                  (unsigned)list->images, list->images == 1 ? "" : "s");
  canvas_text(&c, MARGIN, c.height - 14, 12, CANVAS_START, text);
  canvas_rect(&c, (CanvasBox){width - 190, c.height - 23, 10, 10}, colors[RIGHT], 0.7, NULL);
  canvas_text(&c, width - 175, c.height - 14, 12, CANVAS_START, "horizontal");
  canvas_rect(&c, (CanvasBox){width - 95, c.height - 23, 10, 10}, colors[DOWN], 0.7, NULL);
  canvas_text(&c, width - 80, c.height - 14, 12, CANVAS_START, "vertical");
  return c;
}
