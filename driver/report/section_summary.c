/* Summary: the few numbers that are asked for first. Several columns stand side by side, and those
 * of another report say how they differ. */
#include "driver/report/sheet.h"

typedef const char *Format(const Markup *m, double value);

static const char *gops(const Markup *m, double value) {
  return arena_printf(m->arena, "%.1f Gop/s", value);
}

static const char *plain(const Markup *m, double value) {
  return arena_printf(m->arena, "%.1f", value);
}

/* A number of a column. */
typedef struct Figure {
  const char *name;
  size_t offset; /* into ReportColumn */
  Format *format;
  Better better;
  double slack; /* a difference that measuring again may make */
} Figure;

#define OF(field) offsetof(ReportColumn, field)
static const Figure figures[] = {
    {"one call", OF(median_ms), sheet_ms, BETTER_LESS, 0.02},
    {"share of the peak", OF(peak_share), sheet_percent, BETTER_MORE, 0.02},
    {"speed", OF(gflops), gops, BETTER_MORE, 0.02},
    {"images a second", OF(images_per_second), plain, BETTER_MORE, 0.02},
    {"multiply-adds", OF(macs), sheet_count, BETTER_NEITHER, 0},
    {"in int8", OF(int8_macs), sheet_count, BETTER_NEITHER, 0},
    {"parameters", OF(parameters), sheet_count, BETTER_NEITHER, 0},
    {"workspace", OF(workspace_bytes), sheet_bytes, BETTER_LESS, 0},
    {"code", OF(code_bytes), sheet_bytes, BETTER_LESS, 0},
    {"weights", OF(weights_bytes), sheet_bytes, BETTER_LESS, 0},
    {"compiled in", OF(compile_ms), sheet_ms, BETTER_LESS, 0.1},
};
enum { FIGURE_COUNT = sizeof figures / sizeof *figures };

static double value_of(const ReportColumn *column, const Figure *figure) {
  return *(const double *)((const char *)column + figure->offset);
}

static void add_tiles(Markup *m, const ReportColumn *column) {
  markup_open(m, "ul", "class", "tiles", NULL);
  for (int i = 0; i < FIGURE_COUNT; ++i) {
    double value = value_of(column, &figures[i]);
    if (value == 0) continue; /* not measured, or none */
    markup_open(m, "li", NULL);
    markup_element(m, "span", figures[i].name, NULL);
    markup_element(m, "strong", figures[i].format(m, value), NULL);
    markup_close(m);
  }
  markup_close(m);
}

static void add_cell(Markup *m, const SheetColumn *column, const Figure *figure) {
  double value = value_of(column->column, figure);
  markup_open(m, "td", NULL);
  markup_text(m, value == 0 ? "–" : figure->format(m, value));
  if (column->base) {
    double base = value_of(column->base, figure);
    if (value != 0) sheet_mark(m, value, base, figure->slack, figure->better);
  }
  markup_close(m);
}

static void add_table(Markup *m, const Sheet *sheet) {
  markup_open(m, "figure", "class", "whole", NULL);
  markup_open(m, "div", "class", "scroll", NULL);
  markup_open(m, "table", "class", "beside", NULL);
  markup_open(m, "thead", NULL);
  markup_open(m, "tr", NULL);
  markup_element(m, "td", "", NULL);
  for (uint32_t i = 0; i < sheet->count; ++i) {
    markup_element(m, "th", sheet->columns[i].title, "scope", "col", NULL);
  }
  markup_close(m);
  markup_close(m);
  markup_open(m, "tbody", NULL);
  for (int f = 0; f < FIGURE_COUNT; ++f) {
    markup_open(m, "tr", NULL);
    markup_element(m, "th", figures[f].name, "scope", "row", NULL);
    for (uint32_t i = 0; i < sheet->count; ++i) add_cell(m, &sheet->columns[i], &figures[f]);
    markup_close(m);
  }
  for (int i = 0; i < 4; ++i) markup_close(m);
}

void section_summary(Markup *m, const Sheet *sheet) {
  if (sheet->count == 1) {
    add_tiles(m, sheet->columns[0].column);
  } else {
    add_table(m, sheet);
  }
  if (!sheet->other) return;
  markup_element(
      m, "p",
      "Differences are marked in the columns of the other report, against this one: times "
      "beyond 2 %, sizes and counts beyond nothing.",
      "class", "note", NULL);
}
