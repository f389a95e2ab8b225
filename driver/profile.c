#include "driver/profile.h"

#include <stdio.h>
#include <stdlib.h>

#include "driver/clock.h"
#include "driver/units.h"

static int compare_doubles(const void *a, const void *b) {
  double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

double profile_median(double *samples, uint32_t count) {
  qsort(samples, count, sizeof *samples, compare_doubles);
  return 0.5 * (samples[(count - 1) / 2] + samples[count / 2]);
}

Status profile_measure(Native *native, const float *const *in, float *const *out, uint32_t rounds,
                       double *seconds) {
  for (uint32_t r = 0; r < rounds; ++r) {
    for (uint32_t s = 0; s < native->plan->step_count; ++s) {
      double begin = clock_seconds();
      RETURN_IF_ERROR(native_step(native, &native->plan->steps[s], in, out));
      double elapsed = clock_seconds() - begin;
      if (r == 0 || elapsed < seconds[s]) seconds[s] = elapsed;
    }
  }
  return STATUS_OK;
}

/* What a row of either table shows. */
typedef struct Row {
  const char *name, *label;
  uint32_t calls;
  double seconds;
  uint64_t macs;
} Row;

static void print_row(const Row *row, double total) {
  char macs[UNITS_TEXT_MAX];
  printf("%9.3f ms %5.1f %%  %9s %8.1f GFLOP/s  %-32s", 1e3 * row->seconds,
         100 * row->seconds / total, units_count(row->macs, macs),
         2e-9 * (double)row->macs / row->seconds, row->name);
  if (row->calls) printf("  %u call%s", row->calls, row->calls == 1 ? "" : "s");
  if (row->label) printf("  %s", row->label);
  printf("\n");
}

static int compare_rows(const void *a, const void *b) {
  double x = ((const Row *)a)->seconds, y = ((const Row *)b)->seconds;
  return (x < y) - (x > y);
}

static void print_kernels(const Plan *plan, const double *seconds, double total, Arena *arena) {
  Row *rows = ARENA_ARRAY(arena, plan->kernel_count, Row);
  for (uint32_t s = 0; s < plan->step_count; ++s) {
    Row *row = &rows[plan->steps[s].kernel];
    row->calls++;
    row->seconds += seconds[s];
    row->macs += plan->steps[s].macs;
  }
  for (uint32_t k = 0; k < plan->kernel_count; ++k) rows[k].name = plan->kernels[k].name;
  qsort(rows, plan->kernel_count, sizeof *rows, compare_rows);
  printf("\nkernels, by time\n");
  for (uint32_t k = 0; k < plan->kernel_count; ++k) print_row(&rows[k], total);
}

void profile_print(const Plan *plan, const double *seconds, Arena *arena) {
  double total = 0;
  for (uint32_t s = 0; s < plan->step_count; ++s) total += seconds[s];
  printf("\nsteps, in order");
  if (plan->rounds > 1) printf(", of the first of %u rounds", plan->rounds);
  printf("\n");
  for (uint32_t s = 0; s < plan->step_count; ++s) {
    const Step *step = &plan->steps[s];
    Row row = {.name = plan->kernels[step->kernel].name,
               .label = step->label,
               .seconds = seconds[s],
               .macs = step->macs};
    print_row(&row, total);
  }
  print_kernels(plan, seconds, total, arena);
}

cJSON *profile_json(const Plan *plan, const double *seconds) {
  cJSON *array = cJSON_CreateArray();
  for (uint32_t s = 0; s < plan->step_count; ++s) {
    const Step *step = &plan->steps[s];
    cJSON *row = cJSON_CreateObject();
    cJSON_AddStringToObject(row, "kernel", plan->kernels[step->kernel].name);
    cJSON_AddStringToObject(row, "label", step->label ? step->label : "");
    cJSON_AddNumberToObject(row, "ms", 1e3 * seconds[s]);
    cJSON_AddNumberToObject(row, "macs", (double)step->macs);
    cJSON_AddItemToArray(array, row);
  }
  return array;
}
