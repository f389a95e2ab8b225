/* Kernels: where the time goes, and how near each comes to what the machine can do. */
#include <stdbool.h>
#include <string.h>

#include "driver/report/kernels.h"
#include "driver/report/roofline.h"
#include "driver/report/table.h"

static const TableHead heads[] = {
    {"#", TABLE_NUMBER},     {"kernel", TABLE_TEXT},   {"calls", TABLE_NUMBER},
    {"time", TABLE_NUMBER},  {"of all", TABLE_BAR},    {"of the peak", TABLE_BAR},
    {"Gop/s", TABLE_NUMBER}, {"macs", TABLE_NUMBER},   {"bytes", TABLE_NUMBER},
    {"rows", TABLE_NUMBER},  {"blocks", TABLE_NUMBER}, {"tile", TABLE_TEXT},
    {"stages", TABLE_TEXT},  {"layers", TABLE_TEXT},   {NULL, TABLE_TEXT},
};

/* "28", or "1 x 8" where columns are cut. */
static const char *blocks_text(const Markup *m, const ReportStep *step) {
  if (step->column_blocks <= 1) return arena_printf(m->arena, "%.0f", step->blocks);
  return arena_printf(m->arena, "%.0f × %.0f", step->blocks, step->column_blocks);
}

static const char *layers_text(const Markup *m, const KernelRow *row) {
  if (row->calls == 1) return row->step->label;
  return arena_printf(m->arena, "%s and %.0f more", row->step->label, row->calls - 1);
}

/* The kernel of the same name in `base`, which may be NULL; NULL: it has none. */
static const KernelRow *counterpart(const KernelTable *base, const KernelRow *row) {
  for (uint32_t i = 0; base && i < base->count; ++i) {
    if (strcmp(base->items[i].step->kernel, row->step->kernel) == 0) return &base->items[i];
  }
  return NULL;
}

/* With how it differs from the kernel of that name in the first report, or that it has none. */
static void add_time(Markup *m, const KernelRow *row, const KernelTable *base) {
  const KernelRow *before = counterpart(base, row);
  markup_open(m, "td", "class", "number", "data-value", arena_printf(m->arena, "%.9g", row->ms),
              NULL);
  markup_text(m, row->ms > 0 ? sheet_ms(m, row->ms) : "–");
  if (before) sheet_mark(m, row->ms, before->ms, 0.05, BETTER_LESS);
  if (base && !before) markup_element(m, "span", "new", "class", "mark", NULL);
  markup_close(m);
}

static void add_row(Markup *m, const KernelTable *table, const KernelTable *base, uint32_t i) {
  const KernelRow *row = &table->items[i];
  const ReportStep *step = row->step;
  double part = table->ms > 0 ? row->ms / table->ms : 0;
  double share = row->ms > 0 ? row->least_ms / row->ms : 0;
  const char *kind = sheet_kind(step->stages);
  markup_open(m, "tr", NULL);
  table_number(m, i + 1, arena_printf(m->arena, "%u", (unsigned)(i + 1)));
  table_name(m, step->kernel, TABLE_NAME_MOST);
  table_number(m, row->calls, sheet_count(m, row->calls));
  add_time(m, row, base);
  table_bar(m, part, sheet_percent(m, part), kind);
  table_bar(m, share, row->macs > 0 ? sheet_percent(m, share) : "–", kind);
  table_number(m, kernels_gops(row),
               row->macs > 0 ? arena_printf(m->arena, "%.1f", kernels_gops(row)) : "–");
  table_number(m, row->macs, sheet_count(m, row->macs));
  table_number(m, row->bytes, sheet_bytes(m, row->bytes));
  table_number(m, step->rows, step->rows > 0 ? sheet_count(m, step->rows) : "–");
  table_number(m, step->blocks * step->column_blocks,
               step->blocks > 0 ? blocks_text(m, step) : "–");
  table_text(m, *step->tiles ? step->tiles : "–");
  table_text(m, step->stages);
  table_name(m, layers_text(m, row), TABLE_NAME_MOST);
  markup_close(m);
}

void section_kernels(Markup *m, const Sheet *sheet) {
  sheet_legend(m);
  for (uint32_t i = 0; i < sheet->count; ++i) {
    const ReportColumn *column = sheet->columns[i].column;
    KernelTable table = kernels_of(column, m->arena), base = {0};
    bool marked = sheet->columns[i].base != NULL;
    if (marked) base = kernels_of(sheet->columns[i].base, m->arena);
    sheet_figure(m, sheet, &sheet->columns[i]);
    if (table.count == 0) {
      sheet_nothing(m, "The report has no kernels: bench --json writes them with --profile.");
    } else {
      roofline_draw(m, column, &table);
      table_open(m, heads);
      for (uint32_t k = 0; k < table.count; ++k) add_row(m, &table, marked ? &base : NULL, k);
      table_close(m);
    }
    markup_close(m);
  }
}
