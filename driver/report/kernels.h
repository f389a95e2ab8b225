/* The steps of one kernel together. */
#ifndef ATMC_DRIVER_REPORT_KERNELS_H
#define ATMC_DRIVER_REPORT_KERNELS_H

#include "driver/report/model.h"

typedef struct KernelRow {
  const ReportStep *step; /* the first */
  double calls, ms, macs, bytes;
  double least_ms; /* at the peak: of all steps, their share of it times their time */
} KernelRow;

typedef struct KernelTable {
  KernelRow *items; /* the slowest first */
  uint32_t count, capacity;
  double ms; /* of all */
} KernelTable;

/* Of a column's steps, in `arena`. */
KernelTable kernels_of(const ReportColumn *column, Arena *arena);
/* Operations (a multiply-add is two) for each byte of its tensors. */
double kernels_intensity(const KernelRow *row);
/* How many of them there are in a nanosecond. */
double kernels_gops(const KernelRow *row);

#endif
