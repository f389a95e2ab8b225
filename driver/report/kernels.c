#include "driver/report/kernels.h"

#include <stdlib.h>
#include <string.h>

static KernelRow *row_of(KernelTable *table, Arena *arena, const ReportStep *step) {
  for (uint32_t i = 0; i < table->count; ++i) {
    if (strcmp(table->items[i].step->kernel, step->kernel) == 0) return &table->items[i];
  }
  KernelRow row = {.step = step};
  REPORT_PUSH(arena, *table, row);
  return &table->items[table->count - 1];
}

/* For qsort: the slowest first, then by name, so that equal ones have an order. */
static int by_time(const void *a, const void *b) {
  const KernelRow *x = a, *y = b;
  if (x->ms != y->ms) return x->ms < y->ms ? 1 : -1;
  return strcmp(x->step->kernel, y->step->kernel);
}

KernelTable kernels_of(const ReportColumn *column, Arena *arena) {
  KernelTable table = {0};
  for (uint32_t s = 0; s < column->steps.count; ++s) {
    const ReportStep *step = &column->steps.items[s];
    KernelRow *row = row_of(&table, arena, step);
    row->calls += 1;
    row->ms += step->ms;
    row->macs += step->macs;
    row->bytes += step->weight_bytes + step->map_bytes;
    row->least_ms += step->peak_share * step->ms;
    table.ms += step->ms;
  }
  if (table.count) qsort(table.items, table.count, sizeof *table.items, by_time);
  return table;
}

double kernels_intensity(const KernelRow *row) {
  return row->bytes > 0 ? 2 * row->macs / row->bytes : 0;
}

double kernels_gops(const KernelRow *row) {
  return row->ms > 0 ? 2e-6 * row->macs / row->ms : 0;
}
