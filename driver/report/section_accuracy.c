/* Accuracy: each step alone against the interpreter, fed with what the interpreter computed. */
#include <math.h>

#include "driver/report/step_axis.h"

enum { WIDTH = 760, HEIGHT = 300, LEFT = 66, RIGHT = 742, TOP = 26, BOTTOM = 252 };
static const double LEAST = 1e-10; /* of the axis: an error of 0 has no bar */

static double bound_of(const ReportColumn *column) {
  double bound = 0;
  for (uint32_t i = 0; i < column->checks.count; ++i) {
    bound = fmax(bound, column->checks.items[i].bound);
  }
  return bound;
}

static double largest_of(const ReportColumn *column) {
  double largest = bound_of(column);
  for (uint32_t i = 0; i < column->checks.count; ++i) {
    double relative = column->checks.items[i].relative;
    if (isfinite(relative)) largest = fmax(largest, relative);
  }
  return largest;
}

static void draw_check(Markup *m, const Axis *x, const Axis *y, const ReportCheck *check,
                       uint32_t i) {
  double left = axis_place(x, i), right = axis_place(x, i + 1), gap = 0.15 * (right - left);
  double error = fmin(fmax(check->relative, y->low), y->high);
  double top = axis_place(y, error);
  const char *noise =
      check->quantized != 0 ? arena_printf(m->arena, ", %.1f dB", check->decibels) : "";
  markup_open(m, "rect", "class", check->holds != 0 ? "holds" : "fails", "x",
              markup_number(m, left + gap), "y", markup_number(m, top), "width",
              markup_number(m, right - left - 2 * gap), "height", markup_number(m, BOTTOM - top),
              NULL);
  markup_element(m, "title",
                 arena_printf(m->arena, "%s\n%s\noff by %.2g of the largest value, %.3g%s: %s",
                              check->kernel, markup_short(m, check->label, 200), check->relative,
                              check->largest, noise, check->holds != 0 ? "ok" : "beyond the bound"),
                 NULL);
  markup_close(m);
}

static void draw_errors(Markup *m, const Axis *y) {
  double ticks[AXIS_MAX_TICKS];
  uint32_t count = axis_ticks(y, 6, ticks);
  for (uint32_t i = 0; i < count; ++i) {
    double at = axis_place(y, ticks[i]);
    markup_empty(m, "line", "class", "grid", "x1", markup_number(m, LEFT), "x2",
                 markup_number(m, RIGHT), "y1", markup_number(m, at), "y2", markup_number(m, at),
                 NULL);
    sheet_label(m, LEFT - 8, at + 4, "end", arena_printf(m->arena, "%.0e", ticks[i]));
  }
}

static void draw(Markup *m, const ReportColumn *column) {
  uint32_t count = column->checks.count, bad = 0;
  double bound = bound_of(column);
  Axis x = {0, count, LEFT, RIGHT, false}, y = {LEAST, largest_of(column) * 3, BOTTOM, TOP, true};
  const char **labels = ARENA_ARRAY(m->arena, count, const char *);
  sheet_svg(m, WIDTH, HEIGHT, "Errors of each step");
  draw_errors(m, &y);
  for (uint32_t i = 0; i < count; ++i) {
    draw_check(m, &x, &y, &column->checks.items[i], i);
    labels[i] = column->checks.items[i].label;
    bad += column->checks.items[i].holds == 0;
  }
  const char *at = markup_number(m, axis_place(&y, bound));
  markup_empty(m, "line", "class", "bound", "x1", markup_number(m, LEFT), "x2",
               markup_number(m, RIGHT), "y1", at, "y2", at, NULL);
  sheet_label(m, RIGHT, axis_place(&y, bound) - 6, "end",
              arena_printf(m->arena, "bound %.2g", bound));
  step_axis_draw(m, &x, BOTTOM, labels, count);
  sheet_label(m, RIGHT, HEIGHT - 8, "end", "steps, in order");
  markup_close(m);
  const char *verdict = bad == 0 ? arena_printf(m->arena, "All %u steps hold.", (unsigned)count)
                                 : arena_printf(m->arena, "%u of %u steps are beyond it.",
                                                (unsigned)bad, (unsigned)count);
  markup_element(m, "p",
                 arena_printf(m->arena,
                              "The largest error of each step as a part of its largest value, on a "
                              "logarithmic scale; the bound is that of the longest sum. %s",
                              verdict),
                 "class", "note", NULL);
}

void section_accuracy(Markup *m, const Sheet *sheet) {
  for (uint32_t i = 0; i < sheet->count; ++i) {
    const ReportColumn *column = sheet->columns[i].column;
    sheet_figure(m, sheet, &sheet->columns[i]);
    if (column->checks.count == 0) {
      sheet_nothing(m, "Not compared: this machine does not run that code, or nobody asked.");
    } else {
      draw(m, column);
    }
    markup_close(m);
  }
}
