/* Timeline: what each worker did during one call. */
#include <math.h>

#include "driver/report/axis.h"
#include "driver/report/sheet.h"

enum { WIDTH = 760, LEFT = 40, RIGHT = 742, TOP = 10, LANE = 44, BELOW = 46, MOST_WORKERS = 64 };

static uint32_t worker_count(const ReportColumn *column) {
  double most = 0;
  for (uint32_t i = 0; i < column->spans.count; ++i) {
    most = fmax(most, column->spans.items[i].worker);
  }
  return most < MOST_WORKERS ? (uint32_t)most + 1 : MOST_WORKERS;
}

static double length(const ReportColumn *column) {
  double end = 0;
  for (uint32_t i = 0; i < column->spans.count; ++i) end = fmax(end, column->spans.items[i].end_ms);
  return end;
}

static void draw_span(Markup *m, const ReportColumn *column, const Axis *x,
                      const ReportSpan *span) {
  if (span->step < 0 || span->step >= column->steps.count || span->worker >= MOST_WORKERS) return;
  const ReportStep *step = &column->steps.items[(uint32_t)span->step];
  double left = axis_place(x, span->begin_ms), right = axis_place(x, span->end_ms);
  markup_open(m, "rect", "class", sheet_kind(step->stages), "x", markup_number(m, left), "y",
              markup_number(m, TOP + LANE * span->worker + 4), "width",
              markup_number(m, fmax(right - left, 0.3)), "height", markup_number(m, LANE - 8),
              NULL);
  markup_element(
      m, "title",
      arena_printf(m->arena, "%s\n%s\n%s from %s on, %.0f task%s", step->kernel,
                   markup_short(m, step->label, 200), sheet_ms(m, span->end_ms - span->begin_ms),
                   sheet_ms(m, span->begin_ms), span->tasks, span->tasks == 1 ? "" : "s"),
      NULL);
  markup_close(m);
}

static void draw(Markup *m, const ReportColumn *column) {
  uint32_t workers = worker_count(column), count;
  double ticks[AXIS_MAX_TICKS], bottom = TOP + (double)LANE * workers;
  Axis x = {0, length(column), LEFT, RIGHT, false};
  sheet_svg(m, WIDTH, bottom + BELOW, "Timeline of one call");
  count = axis_ticks(&x, 6, ticks);
  for (uint32_t i = 0; i < count; ++i) {
    const char *at = markup_number(m, axis_place(&x, ticks[i]));
    markup_empty(m, "line", "class", "grid", "x1", at, "x2", at, "y1", markup_number(m, TOP), "y2",
                 markup_number(m, bottom), NULL);
    sheet_label(m, axis_place(&x, ticks[i]), bottom + 20, "middle",
                arena_printf(m->arena, "%g", ticks[i]));
  }
  for (uint32_t w = 0; w < workers; ++w) {
    sheet_label(m, LEFT - 8, TOP + LANE * (w + 0.5) + 4, "end", arena_printf(m->arena, "%u", w));
  }
  for (uint32_t i = 0; i < column->spans.count; ++i) {
    draw_span(m, column, &x, &column->spans.items[i]);
  }
  sheet_label(m, RIGHT, bottom + 40, "end", "milliseconds; a lane is a thread");
  markup_close(m);
}

void section_timeline(Markup *m, const Sheet *sheet) {
  sheet_legend(m);
  for (uint32_t i = 0; i < sheet->count; ++i) {
    const ReportColumn *column = sheet->columns[i].column;
    sheet_figure(m, sheet, &sheet->columns[i]);
    if (length(column) <= 0) {
      sheet_nothing(m, "No times: this machine does not run that code, or nobody took them.");
    } else {
      draw(m, column);
    }
    markup_close(m);
  }
}
