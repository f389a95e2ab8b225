/* Figure 5 of the paper, for any model: one query token, and where its layers look. */
#include "driver/offsets_sheet.h"

#include <math.h>
#include <string.h>

/* Units. A panel is as wide, or as high, as PANEL. */
enum { PANEL = 132, GAP = 12, MARGIN = 18, HEAD = 34, FOOT = 34, MOST_NAME = 22 };
enum { HORIZONTAL = 0xe0752d, VERTICAL = 0x2f6fde, POINTS = 0x9a4fd0, QUERY = 0xd0204a };

bool offsets_begins_layer(const SamplingList *list, uint32_t i) {
  return i == 0 || strcmp(list->items[i].layer, list->items[i - 1].layer) != 0;
}

/* -- heat -------------------------------------------------------------------------------------- */

static void add(Heat *heat, Extent map, double y, double x, double channels) {
  if (y < 0 || x < 0 || y >= (double)map.h || x >= (double)map.w) {
    heat->outside += channels;
    return;
  }
  double *value = &heat->values[(size_t)y * map.w + (size_t)x];
  *value += channels;
  heat->most = fmax(heat->most, *value);
}

Heat offsets_heat(const OffsetsStudy *study, const Sampling *s, uint32_t image, Arena *arena) {
  Heat heat = {.values = ARENA_ARRAY(arena, s->map.h * s->map.w, double)};
  Extent grid = s->constant ? s->map : s->offsets;
  Token token = sampling_same_place(study->token, study->list->items[0].map, grid);
  uint32_t count;
  const SamplePoint *points = sampling_points(s, image, token, arena, &count);
  for (uint32_t i = 0; i < count; ++i) {
    double y = floor(points[i].y), x = floor(points[i].x);
    double down = points[i].y - y, right = points[i].x - x, channels = points[i].channels;
    if (!(fabs(points[i].y) < 1e6 && fabs(points[i].x) < 1e6)) { /* or a NaN */
      heat.outside += channels;
      continue;
    }
    add(&heat, s->map, y, x, channels * (1 - down) * (1 - right));
    if (right > 0) add(&heat, s->map, y, x + 1, channels * (1 - down) * right);
    if (down > 0) add(&heat, s->map, y + 1, x, channels * down * (1 - right));
    if (down > 0 && right > 0) add(&heat, s->map, y + 1, x + 1, channels * down * right);
  }
  return heat;
}

/* -- the sheet --------------------------------------------------------------------------------- */

static uint32_t color_of(const Sampling *s) {
  if (s->op == OP_DEFORM_PATCHES) return POINTS;
  return s->attrs.AXIAL_SAMPLE.axis == 2 ? HORIZONTAL : VERTICAL;
}

static CanvasBox cell(CanvasBox panel, Extent map, size_t y, size_t x) {
  double h = panel.height / (double)map.h, w = panel.width / (double)map.w;
  return (CanvasBox){panel.x + w * (double)x, panel.y + h * (double)y, w, h};
}

static void draw_heat(Canvas *c, CanvasBox panel, const Sampling *s, const Heat *heat) {
  const double least = 0.12, most = 0.85; /* opaque: of one channel, of most */
  for (size_t i = 0; heat->most > 0 && i < s->map.h * s->map.w; ++i) {
    double part = heat->values[i] / heat->most;
    if (part < 1e-3) continue;
    size_t y = i / s->map.w, x = i % s->map.w;
    const char *title = arena_printf(c->arena, "%s, row %zu, column %zu: %.1f channels",
                                     sampling_kind(s), y, x, heat->values[i]);
    canvas_rect(c, cell(panel, s->map, y, x), color_of(s), least + (most - least) * part, title);
  }
}

/* All samplings of a layer over one image. */
static void draw_panel(Canvas *c, const OffsetsStudy *study, uint32_t first, uint32_t image,
                       CanvasBox panel) {
  const SamplingList *list = study->list;
  canvas_photo(c, panel, &study->photos[image]);
  canvas_rect(c, panel, 0xffffff, 0.35, NULL);
  for (uint32_t i = first; i < list->count && (i == first || !offsets_begins_layer(list, i)); ++i) {
    Heat heat = offsets_heat(study, &list->items[i], image, c->arena);
    draw_heat(c, panel, &list->items[i], &heat);
  }
  Extent map = list->items[first].map;
  Token query = sampling_same_place(study->token, list->items[0].map, map);
  canvas_frame(c, panel, 0xb8bcc4);
  canvas_frame(c, cell(panel, map, query.y, query.x), QUERY);
}

static bool has_kind(const SamplingList *list, const char *kind) {
  bool found = false;
  for (uint32_t i = 0; i < list->count; ++i) {
    found |= strcmp(sampling_kind(&list->items[i]), kind) == 0;
  }
  return found;
}

/* Of the kinds of samplings that there are, and of the query. */
static void draw_legend(Canvas *c, const SamplingList *list, double y) {
  static const struct {
    const char *text;
    uint32_t color;
  } rows[] = {{"horizontal", HORIZONTAL}, {"vertical", VERTICAL}, {"points", POINTS}};
  double x = MARGIN;
  for (size_t i = 0; i < sizeof rows / sizeof *rows; ++i) {
    if (!has_kind(list, rows[i].text)) continue;
    canvas_rect(c, (CanvasBox){x, y - 9, 10, 10}, rows[i].color, 0.8, NULL);
    canvas_text(c, x + 15, y, 12, CANVAS_START, rows[i].text);
    x += 98;
  }
  canvas_frame(c, (CanvasBox){x, y - 9, 10, 10}, QUERY);
  canvas_text(c, x + 15, y, 12, CANVAS_START, "query token");
}

static const char *panel_title(Arena *arena, const Sampling *s) {
  size_t length = strlen(s->layer), from = length > MOST_NAME ? length - MOST_NAME : 0;
  return arena_printf(arena, "%s%s, %zux%zu", from ? "..." : "", s->layer + from, s->map.h,
                      s->map.w);
}

Canvas offsets_sheet(const OffsetsStudy *study, Arena *arena) {
  const SamplingList *list = study->list;
  uint32_t layers = 0;
  for (uint32_t i = 0; i < list->count; ++i) layers += offsets_begins_layer(list, i);
  double aspect = (double)study->photos[0].height / study->photos[0].width;
  double width = aspect <= 1 ? PANEL : PANEL / aspect,
         height = aspect <= 1 ? PANEL * aspect : PANEL;
  double whole = fmax(2 * MARGIN + layers * (width + GAP) - GAP, 380);
  Canvas c = canvas_new(arena, whole, HEAD + study->shown * (height + GAP) + FOOT);
  double x = MARGIN;
  for (uint32_t i = 0; i < list->count; ++i) {
    if (!offsets_begins_layer(list, i)) continue;
    canvas_text(&c, x, HEAD - 10, 12, CANVAS_START, panel_title(arena, &list->items[i]));
    for (uint32_t n = 0; n < study->shown; ++n) {
      draw_panel(&c, study, i, n, (CanvasBox){x, HEAD + n * (height + GAP), width, height});
    }
    x += width + GAP;
  }
  draw_legend(&c, list, c.height - 16);
  return c;
}
