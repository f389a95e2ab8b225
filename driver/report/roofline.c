#include "driver/report/roofline.h"

#include <math.h>

#include "driver/report/axis.h"

enum {
  WIDTH = 760,
  HEIGHT = 420,
  LEFT = 58,
  RIGHT = 742,
  TOP = 26,
  BOTTOM = 372,
  MOST_NUMBERS = 9
};

typedef struct Roofline {
  const ReportColumn *column;
  const KernelTable *table;
  Axis x, y; /* operations per byte; Gop/s */
} Roofline;

static bool is_point(const KernelRow *row) {
  return row->macs > 0 && row->ms > 0 && row->bytes > 0;
}

/* The decades that hold all points and the corner of the roofs. */
static void choose_axes(Roofline *r) {
  double ridge =
      r->column->bandwidth_gbs > 0 ? r->column->peak_gflops / r->column->bandwidth_gbs : 1;
  double top = fmax(r->column->peak_gflops, r->column->int8_peak_gops);
  double low[2] = {fmin(1, ridge / 4), top / 20}, high[2] = {ridge * 4, top};
  for (uint32_t i = 0; i < r->table->count; ++i) {
    const KernelRow *row = &r->table->items[i];
    if (!is_point(row)) continue;
    low[0] = fmin(low[0], kernels_intensity(row));
    high[0] = fmax(high[0], kernels_intensity(row));
    low[1] = fmin(low[1], kernels_gops(row));
    high[1] = fmax(high[1], kernels_gops(row));
  }
  r->x = (Axis){low[0] / 1.6, high[0] * 1.6, LEFT, RIGHT, true};
  r->y = (Axis){low[1] / 1.6, high[1] * 1.7, BOTTOM, TOP, true};
}

static void line(Markup *m, const char *class, const double at[4]) {
  markup_empty(m, "line", "class", class, "x1", markup_number(m, at[0]), "y1",
               markup_number(m, at[1]), "x2", markup_number(m, at[2]), "y2",
               markup_number(m, at[3]), NULL);
}

static const char *tick_text(const Markup *m, double value) {
  return arena_printf(m->arena, "%g", value);
}

static void draw_grid(Markup *m, const Roofline *r) {
  double ticks[AXIS_MAX_TICKS];
  uint32_t count = axis_ticks(&r->x, 8, ticks);
  for (uint32_t i = 0; i < count; ++i) {
    double x = axis_place(&r->x, ticks[i]);
    line(m, "grid", (double[]){x, TOP, x, BOTTOM});
    sheet_label(m, x, BOTTOM + 20, "middle", tick_text(m, ticks[i]));
  }
  count = axis_ticks(&r->y, 8, ticks);
  for (uint32_t i = 0; i < count; ++i) {
    double y = axis_place(&r->y, ticks[i]);
    line(m, "grid", (double[]){LEFT, y, RIGHT, y});
    sheet_label(m, LEFT - 8, y + 4, "end", tick_text(m, ticks[i]));
  }
  line(m, "axis", (double[]){LEFT, BOTTOM, RIGHT, BOTTOM});
  sheet_label(m, RIGHT, BOTTOM + 42, "end", "operations for each byte of maps and weights");
  sheet_label(m, LEFT - 8, TOP - 10, "start", "Gop/s");
}

/* The slope up to the peak, where the bandwidth is known, and the peak behind it. */
static void draw_roof(Markup *m, const Roofline *r, double peak, const char *name) {
  if (peak <= 0) return;
  double bandwidth = r->column->bandwidth_gbs;
  double ridge = bandwidth > 0 ? peak / bandwidth : r->x.low;
  double y = axis_place(&r->y, peak);
  double corner = axis_place(&r->x, fmin(fmax(ridge, r->x.low), r->x.high));
  line(m, "roof", (double[]){corner, y, RIGHT, y});
  sheet_label(m, RIGHT, y - 8, "end", arena_printf(m->arena, "peak in %s: %.0f Gop/s", name, peak));
  if (bandwidth <= 0) return;
  double begin = fmax(r->x.low, r->y.low / bandwidth); /* where the slope enters the picture */
  double from_x = axis_place(&r->x, begin), from_y = axis_place(&r->y, begin * bandwidth);
  line(m, "roof", (double[]){from_x, from_y, corner, y});
}

static void label_slope(Markup *m, const Roofline *r) {
  double bandwidth = r->column->bandwidth_gbs;
  if (bandwidth <= 0) return;
  double at = sqrt(fmax(r->x.low, r->y.low / bandwidth) * r->column->peak_gflops / bandwidth);
  double x = axis_place(&r->x, at), y = axis_place(&r->y, at * bandwidth);
  double angle = atan2((r->y.to - r->y.from) / log(r->y.high / r->y.low),
                       (r->x.to - r->x.from) / log(r->x.high / r->x.low));
  markup_element(
      m, "text", arena_printf(m->arena, "memory: %.1f GB/s", bandwidth), "text-anchor", "middle",
      "transform",
      arena_printf(m->arena, "translate(%s %s) rotate(%s) translate(0 -8)", markup_number(m, x),
                   markup_number(m, y), markup_number(m, angle * 180 / acos(-1))),
      NULL);
}

/* As large as its part of the time. */
static void draw_point(Markup *m, const Roofline *r, uint32_t index) {
  const KernelRow *row = &r->table->items[index];
  double part = row->ms / r->table->ms;
  double x = axis_place(&r->x, kernels_intensity(row)), y = axis_place(&r->y, kernels_gops(row));
  markup_open(m, "g", "class", arena_printf(m->arena, "point %s", sheet_kind(row->step->stages)),
              NULL);
  markup_element(
      m, "title",
      arena_printf(m->arena, "%s: %s, %s of the time\n%.1f Gop/s, %.1f operations a byte\n%s",
                   row->step->kernel, sheet_ms(m, row->ms), sheet_percent(m, part),
                   kernels_gops(row), kernels_intensity(row), row->step->label),
      NULL);
  markup_empty(m, "circle", "cx", markup_number(m, x), "cy", markup_number(m, y), "r",
               markup_number(m, 4 + 26 * sqrt(part)), NULL);
  if (index < MOST_NUMBERS) {
    sheet_label(m, x, y + 4, "middle", arena_printf(m->arena, "%u", (unsigned)(index + 1)));
  }
  markup_close(m);
}

/* What no point shows. */
static void add_rest(Markup *m, const Roofline *r) {
  double ms = 0, count = 0;
  for (uint32_t i = 0; i < r->table->count; ++i) {
    if (is_point(&r->table->items[i])) continue;
    ms += r->table->items[i].ms;
    count += 1;
  }
  const char *text = "A point is a kernel, as large as its part of the time.";
  if (count > 0 && r->table->ms > 0) {
    text = arena_printf(m->arena, "%s %.0f kernels that multiply nothing take %s of it.", text,
                        count, sheet_percent(m, ms / r->table->ms));
  }
  markup_element(m, "p", text, "class", "note", NULL);
}

void roofline_draw(Markup *m, const ReportColumn *column, const KernelTable *table) {
  if (table->ms <= 0 || column->peak_gflops <= 0) {
    sheet_nothing(m, "No times: this machine does not run that code.");
    return;
  }
  Roofline r = {.column = column, .table = table};
  choose_axes(&r);
  sheet_svg(m, WIDTH, HEIGHT, "Roofline of the kernels");
  draw_grid(m, &r);
  draw_roof(m, &r, column->peak_gflops, "f32");
  draw_roof(m, &r, column->int8_peak_gops, "int8");
  label_slope(m, &r);
  for (uint32_t i = table->count; i-- > 0;) { /* the largest last: nothing covers its number */
    if (is_point(&table->items[i])) draw_point(m, &r, i);
  }
  markup_close(m);
  add_rest(m, &r);
}
