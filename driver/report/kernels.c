#include "driver/report/kernels.h"

#include <stdlib.h>
#include <string.h>

/* For qsort: by name, those of one in their order. */
static int by_name(const void *a, const void *b) {
  const ReportStep *x = *(const ReportStep *const *)a, *y = *(const ReportStep *const *)b;
  int order = strcmp(x->kernel, y->kernel);
  return order ? order : (x > y) - (x < y);
}

/* The row of `step`, behind all rows of lesser names. */
static KernelRow *row_of(KernelTable *table, Arena *arena, const ReportStep *step) {
  uint32_t last = table->count - 1;
  if (table->count && strcmp(table->items[last].step->kernel, step->kernel) == 0) {
    return &table->items[last];
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
  uint32_t count = column->steps.count;
  const ReportStep **steps = ARENA_ARRAY(arena, count, const ReportStep *);
  for (uint32_t s = 0; s < count; ++s) steps[s] = &column->steps.items[s];
  if (count) qsort(steps, count, sizeof *steps, by_name);
  for (uint32_t s = 0; s < count; ++s) {
    const ReportStep *step = steps[s];
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
