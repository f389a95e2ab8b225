#include "driver/profile.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "driver/clock.h"
#include "driver/units.h"

/* Ascending, for qsort. */
static int compare_doubles(const void *a, const void *b) {
  double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

double profile_median(double *samples, uint32_t count) {
  qsort(samples, count, sizeof *samples, compare_doubles);
  return 0.5 * (samples[(count - 1) / 2] + samples[count / 2]);
}

Status profile_measure(Native *native, const void *const *in, void *const *out, uint32_t repeats,
                       double *seconds) {
  for (uint32_t r = 0; r < repeats; ++r) {
    for (uint32_t s = 0; s < native->plan->step_count; ++s) {
      double begin = clock_seconds();
      RETURN_IF_ERROR(native_step(native, &native->plan->steps[s], in, out, NULL));
      double elapsed = clock_seconds() - begin;
      if (r == 0 || elapsed < seconds[s]) seconds[s] = elapsed;
    }
  }
  return STATUS_OK;
}

/* -- bytes ------------------------------------------------------------------------------------- */

/* Adds the bytes of `count` ports' whole tensors, weights apart. */
static void add_ports(Traffic *traffic, const Port *ports, uint32_t count) {
  for (uint32_t i = 0; i < count; ++i) {
    uint64_t bytes = type_bytes(ports[i].type);
    *(ports[i].kind == PORT_WEIGHTS ? &traffic->weights : &traffic->maps) += bytes;
  }
}

Traffic profile_traffic(const PlanKernel *kernel) {
  Traffic traffic = {0};
  add_ports(&traffic, kernel->operands, kernel->operand_count);
  add_ports(&traffic, kernel->results, kernel->result_count);
  return traffic;
}

/* -- tables ------------------------------------------------------------------------------------ */

/* What a row of any table shows. */
typedef struct Row {
  const char *name, *label;
  uint32_t calls; /* that stand in the row; 0: it does not count them */
  double seconds;
  Work work;
  uint64_t bytes;
} Row;

/* Adds a step to a row: of its own, of its kernel, or of its layers. */
static void add_step(Row *row, const Profile *profile, uint32_t index) {
  const Step *step = &profile->plan->steps[index];
  const PlanKernel *kernel = &profile->plan->kernels[step->kernel];
  Traffic traffic = profile_traffic(kernel);
  row->name = kernel->name;
  row->seconds += profile->seconds[index];
  work_add(&row->work, work_of_step(profile->plan, step));
  row->bytes += traffic.weights + traffic.maps;
}

static void print_title(const char *what, const char *name) {
  printf("\n%s\n%12s %7s %10s %10s %9s %6s %-8s  %s\n", what, "ms", "time", "macs", "bytes",
         "Gop/s", "peak", "of", name);
}

/* `total` seconds of all steps. */
static void print_row(const Row *row, double total, const Peaks *peaks) {
  char macs[UNITS_TEXT_MAX], bytes[UNITS_TEXT_MAX];
  double rate = (double)work_macs(row->work) / row->seconds;
  printf("%12.3f %5.1f %% %10s %10s %9.1f %4.0f %% %-8s  %-32s", 1e3 * row->seconds,
         100 * row->seconds / total, units_count(work_macs(row->work), macs),
         units_bytes(row->bytes, bytes), 2e-9 * rate,
         100 * work_share(row->work, peaks, row->seconds), work_text(row->work), row->name);
  if (row->calls) printf("  %u call%s", row->calls, row->calls == 1 ? "" : "s");
  if (row->label) printf("  %s", row->label);
  printf("\n");
}

/* The slowest first, for qsort. */
static int compare_rows(const void *a, const void *b) {
  double x = ((const Row *)a)->seconds, y = ((const Row *)b)->seconds;
  return (x < y) - (x > y);
}

/* Steps of one kernel together, the slowest first. */
static void print_kernels(const Profile *profile, double total, Arena *arena) {
  const Plan *plan = profile->plan;
  Row *rows = ARENA_ARRAY(arena, plan->kernel_count, Row);
  for (uint32_t s = 0; s < plan->step_count; ++s) {
    Row *row = &rows[plan->steps[s].kernel];
    add_step(row, profile, s);
    ++row->calls;
  }
  qsort(rows, plan->kernel_count, sizeof *rows, compare_rows);
  print_title("kernels, by time", "kernel");
  for (uint32_t k = 0; k < plan->kernel_count; ++k) print_row(&rows[k], total, &profile->peaks);
}

/* The row of the steps of `label`, a new one behind the *count where there is none. */
static Row *row_of(Row *rows, uint32_t *count, const char *label) {
  for (uint32_t i = 0; i < *count; ++i) {
    if (strcmp(rows[i].name, label) == 0) return &rows[i];
  }
  rows[*count].name = label;
  return &rows[(*count)++];
}

/* Steps of the same layer together, in order; of several layers, those that have the same. */
static void print_layers(const Profile *profile, double total, Arena *arena) {
  const Plan *plan = profile->plan;
  Row *rows = ARENA_ARRAY(arena, plan->step_count, Row);
  uint32_t count = 0;
  for (uint32_t s = 0; s < plan->step_count; ++s) {
    const char *label = plan->steps[s].label;
    Row *row = row_of(rows, &count, label);
    add_step(row, profile, s);
    row->name = label;
    ++row->calls;
  }
  print_title("layers, in order", "layer");
  for (uint32_t i = 0; i < count; ++i) print_row(&rows[i], total, &profile->peaks);
}

void profile_print(const Profile *profile, Arena *arena) {
  const Plan *plan = profile->plan;
  double total = 0;
  for (uint32_t s = 0; s < plan->step_count; ++s) total += profile->seconds[s];
  print_title(plan->rounds > 1
                  ? arena_printf(arena, "steps, in order, of one of %u rounds", plan->rounds)
                  : "steps, in order",
              "kernel");
  for (uint32_t s = 0; s < plan->step_count; ++s) {
    Row row = {.label = plan->steps[s].label};
    add_step(&row, profile, s);
    print_row(&row, total, &profile->peaks);
  }
  print_kernels(profile, total, arena);
  print_layers(profile, total, arena);
}

/* -- JSON -------------------------------------------------------------------------------------- */

cJSON *profile_step_json(const Plan *plan, const Step *step, double seconds, const Peaks *peaks) {
  const PlanKernel *kernel = &plan->kernels[step->kernel];
  Traffic traffic = profile_traffic(kernel);
  Work work = work_of_step(plan, step);
  cJSON *object = cJSON_CreateObject();
  cJSON_AddStringToObject(object, "kernel", kernel->name);
  cJSON_AddStringToObject(object, "label", step->label);
  cJSON_AddNumberToObject(object, "ms", 1e3 * seconds);
  cJSON_AddNumberToObject(object, "macs", (double)work_macs(work));
  cJSON_AddNumberToObject(object, "int8_macs", (double)work.counts[PEAK_INT8]);
  cJSON_AddNumberToObject(object, "weight_bytes", (double)traffic.weights);
  cJSON_AddNumberToObject(object, "map_bytes", (double)traffic.maps);
  cJSON_AddNumberToObject(object, "gflops", 2e-9 * (double)work_macs(work) / seconds);
  cJSON_AddNumberToObject(object, "peak_share", work_share(work, peaks, seconds));
  cJSON_AddStringToObject(object, "peak_of", work_text(work));
  return object;
}

cJSON *profile_json(const Profile *profile) {
  const Plan *plan = profile->plan;
  cJSON *array = cJSON_CreateArray();
  for (uint32_t s = 0; s < plan->step_count; ++s) {
    cJSON_AddItemToArray(
        array, profile_step_json(plan, &plan->steps[s], profile->seconds[s], &profile->peaks));
  }
  return array;
}
