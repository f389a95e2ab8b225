/* Memory: the arena over a call. Time is steps, to the right; addresses go up; a box is a map
 * between kernels, or a worker's scratch during one. */
#include "driver/report/step_axis.h"

enum { WIDTH = 760, HEIGHT = 400, LEFT = 66, RIGHT = 742, TOP = 26, BOTTOM = 352, NAME_MOST = 200 };

/* The colour of the kernel that writes it. */
static const char *class_of(const ReportColumn *column, const ReportBuffer *buffer) {
  if (buffer->scratch != 0) return "scratch";
  if (buffer->first < 0 || buffer->first >= column->steps.count) return "other";
  return sheet_kind(column->steps.items[(uint32_t)buffer->first].stages);
}

static void draw_buffer(Markup *m, const ReportColumn *column, const Axis *x, const Axis *y,
                        const ReportBuffer *buffer) {
  double left = axis_place(x, buffer->first), right = axis_place(x, buffer->last + 1);
  double top = axis_place(y, buffer->offset + buffer->bytes),
         bottom = axis_place(y, buffer->offset);
  markup_open(m, "rect", "class", class_of(column, buffer), "x", markup_number(m, left), "y",
              markup_number(m, top), "width", markup_number(m, right - left), "height",
              markup_number(m, bottom - top), NULL);
  markup_element(
      m, "title",
      arena_printf(m->arena, "%s\n%s\n%s at %s, steps %.0f to %.0f",
                   markup_short(m, buffer->name, NAME_MOST),
                   markup_short(m, buffer->label, NAME_MOST), sheet_bytes(m, buffer->bytes),
                   sheet_bytes(m, buffer->offset), buffer->first, buffer->last),
      NULL);
  markup_close(m);
}

static void draw_level(Markup *m, const Axis *y, double bytes, const char *class) {
  double at = axis_place(y, bytes);
  markup_empty(m, "line", "class", class, "x1", markup_number(m, LEFT), "x2",
               markup_number(m, RIGHT), "y1", markup_number(m, at), "y2", markup_number(m, at),
               NULL);
}

static void draw_bytes(Markup *m, const Axis *y) {
  double ticks[AXIS_MAX_TICKS];
  Axis megabytes = *y;
  megabytes.high /= 1 << 20;
  uint32_t count = axis_ticks(&megabytes, 5, ticks);
  for (uint32_t i = 0; i < count; ++i) {
    double at = axis_place(&megabytes, ticks[i]);
    draw_level(m, &megabytes, ticks[i], "grid");
    sheet_label(m, LEFT - 8, at + 4, "end", arena_printf(m->arena, "%g MB", ticks[i]));
  }
}

static void draw(Markup *m, const ReportColumn *column) {
  uint32_t steps = column->steps.count;
  Axis x = {0, steps, LEFT, RIGHT, false};
  Axis y = {0, column->workspace_base * 1.06, BOTTOM, TOP, false};
  const char **labels = ARENA_ARRAY(m->arena, steps, const char *);
  for (uint32_t s = 0; s < steps; ++s) labels[s] = column->steps.items[s].label;
  sheet_svg(m, WIDTH, HEIGHT, "Memory of a call: steps to the right, addresses up");
  draw_bytes(m, &y);
  for (uint32_t b = 0; b < column->buffers.count; ++b) {
    draw_buffer(m, column, &x, &y, &column->buffers.items[b]);
  }
  draw_level(m, &y, 0, "axis");
  draw_level(m, &y, column->live_peak, "bound");
  step_axis_draw(m, &x, BOTTOM, labels, steps);
  sheet_label(m, RIGHT, HEIGHT - 8, "end", "steps, in order");
  markup_close(m);
  markup_element(
      m, "p",
      arena_printf(m->arena,
                   "The arena takes %s. The dashed line is the lower bound: the largest sum "
                   "of maps that live between two steps, %s. Grey boxes are scratch of one "
                   "worker; each further thread takes %s more.",
                   sheet_bytes(m, column->workspace_base), sheet_bytes(m, column->live_peak),
                   sheet_bytes(m, column->workspace_scratch)),
      "class", "note", NULL);
}

void section_memory(Markup *m, const Sheet *sheet) {
  sheet_legend(m);
  for (uint32_t i = 0; i < sheet->count; ++i) {
    const ReportColumn *column = sheet->columns[i].column;
    sheet_figure(m, sheet, &sheet->columns[i]);
    if (column->buffers.count == 0 || column->workspace_base <= 0 || column->steps.count == 0) {
      sheet_nothing(m, "The report has no plan.");
    } else {
      draw(m, column);
    }
    markup_close(m);
  }
}
