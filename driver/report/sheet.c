#include "driver/report/sheet.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

/* The column of the first report that is of the same resolution and instruction set; its only one
 * where both have one. NULL: none is. */
static const ReportColumn *counterpart(const ReportRoot *report, const ReportRoot *other,
                                       const ReportColumn *column) {
  for (uint32_t i = 0; i < report->columns.count; ++i) {
    const ReportColumn *mine = &report->columns.items[i];
    bool same = strcmp(mine->shape, column->shape) == 0 && strcmp(mine->isa, column->isa) == 0;
    if (same && mine->threads == column->threads) return mine;
  }
  bool one = report->columns.count == 1 && other->columns.count == 1;
  return one ? &report->columns.items[0] : NULL;
}

/* "1x3x224x224 · x86-64-v4 · 2 threads" */
static const char *title_of(const ReportColumn *column, const char *whose, Arena *arena) {
  return arena_printf(arena, "%s%s · %s · %g thread%s", whose, column->shape, column->isa,
                      column->threads, column->threads == 1 ? "" : "s");
}

Sheet sheet_new(const ReportRoot *report, const ReportRoot *other, Arena *arena) {
  Sheet sheet = {.arena = arena, .report = report, .other = other};
  uint32_t most = report->columns.count + (other ? other->columns.count : 0);
  sheet.columns = ARENA_ARRAY(arena, most, SheetColumn);
  for (uint32_t i = 0; i < report->columns.count; ++i) {
    const ReportColumn *column = &report->columns.items[i];
    const char *title = title_of(column, other ? "this: " : "", arena);
    sheet.columns[sheet.count++] = (SheetColumn){column, report, NULL, title};
  }
  for (uint32_t i = 0; other && i < other->columns.count; ++i) {
    const ReportColumn *column = &other->columns.items[i];
    sheet.columns[sheet.count++] = (SheetColumn){column, other, counterpart(report, other, column),
                                                 title_of(column, "other: ", arena)};
  }
  return sheet;
}

/* -- figures ----------------------------------------------------------------------------------- */

void sheet_figure(Markup *m, const Sheet *sheet, const SheetColumn *column) {
  markup_open(m, "figure", NULL);
  if (sheet->count > 1) markup_element(m, "figcaption", column->title, NULL);
}

void sheet_nothing(Markup *m, const char *why) {
  markup_element(m, "p", why, "class", "nothing", NULL);
}

void sheet_svg(Markup *m, double width, double height, const char *label) {
  const char *box =
      arena_printf(m->arena, "0 0 %s %s", markup_number(m, width), markup_number(m, height));
  markup_open(m, "svg", "viewBox", box, "role", "img", "aria-label", label, NULL);
}

void sheet_label(Markup *m, double x, double y, const char *anchor, const char *text) {
  markup_element(m, "text", text, "x", markup_number(m, x), "y", markup_number(m, y), "text-anchor",
                 anchor, NULL);
}

static const struct Kind {
  const char *stage, *class, *text;
} kinds[] = {
    {"product", "product", "products"},
    {"read", "read", "windows"},
    {"rows", "rows", "sampling and copies"},
    {"normalize", "normalize", "normalization"},
    {"reduce", "reduce", "sums"},
    {"", "other", "other"},
};

const char *sheet_kind(const char *stages) {
  const struct Kind *kind = kinds;
  while (!strstr(stages, kind->stage)) ++kind;
  return kind->class;
}

void sheet_legend(Markup *m) {
  markup_open(m, "p", "class", "legend", NULL);
  for (size_t i = 0; i < sizeof kinds / sizeof *kinds; ++i) {
    markup_open(m, "span", NULL);
    markup_element(m, "i", "", "class", kinds[i].class, NULL);
    markup_text(m, kinds[i].text);
    markup_close(m);
  }
  markup_close(m);
}

/* -- numbers ----------------------------------------------------------------------------------- */

/* Three digits that count, no more. */
static const char *digits(const Markup *m, double value, const char *unit) {
  double size = fabs(value);
  int behind = size >= 99.95 || size == 0 ? 0 : size >= 9.995 ? 1 : size >= 0.9995 ? 2 : 3;
  return arena_printf(m->arena, "%.*f%s", behind, value, unit);
}

/* In the largest of `units` [count], each `step` times the one before, that leaves 1 or more. */
static const char *scaled(const Markup *m, double value, double step, const char *const *units,
                          uint32_t count) {
  uint32_t unit = 0;
  for (; unit + 1 < count && fabs(value) >= 0.9995 * step; ++unit) value /= step;
  return digits(m, value, units[unit]);
}

const char *sheet_count(const Markup *m, double value) {
  static const char *const units[] = {"", " k", " M", " G", " T"};
  return value == floor(value) && fabs(value) < 1000
             ? arena_printf(m->arena, "%.0f", value)
             : scaled(m, value, 1000, units, sizeof units / sizeof *units);
}

const char *sheet_bytes(const Markup *m, double bytes) {
  static const char *const units[] = {" B", " KB", " MB", " GB", " TB"};
  return bytes < 1000 ? arena_printf(m->arena, "%.0f B", bytes)
                      : scaled(m, bytes, 1024, units, sizeof units / sizeof *units);
}

const char *sheet_ms(const Markup *m, double ms) {
  return ms >= 9999.5 ? digits(m, ms / 1000, " s")
         : ms < 0.1   ? digits(m, ms * 1000, " µs")
                      : digits(m, ms, " ms");
}

const char *sheet_percent(const Markup *m, double part) {
  double percent = 100 * part;
  return arena_printf(m->arena, percent < 9.95 ? "%.1f %%" : "%.0f %%", percent);
}

void sheet_mark(Markup *m, double value, double base, double slack, Better better) {
  static const char *const classes[] = {"mark better", "mark worse"};
  if (value == base || base == 0 || fabs(value - base) <= slack * fabs(base)) return;
  double percent = 100 * (value / base - 1);
  bool good = (value < base) == (better == BETTER_LESS);
  markup_text(m, " ");
  markup_element(m, "span",
                 arena_printf(m->arena, fabs(percent) < 10 ? "%+.1f %%" : "%+.0f %%", percent),
                 "class", better == BETTER_NEITHER ? "mark" : classes[!good], NULL);
}
