/* Axes of figures: from values to places, and where ticks stand. */
#ifndef ATMC_DRIVER_REPORT_AXIS_H
#define ATMC_DRIVER_REPORT_AXIS_H

#include <stdbool.h>
#include <stdint.h>

typedef struct Axis {
  double low, high; /* values, low < high; above 0 where `logarithmic` */
  double from, to;  /* their places */
  bool logarithmic;
} Axis;

enum { AXIS_MAX_TICKS = 12 };

/* The place of `value`. */
double axis_place(const Axis *axis, double value);
/* Round values from low to high, about `wanted` (at most AXIS_MAX_TICKS) of them; powers of ten
 * where the axis is logarithmic, and 2 and 5 times them where these are few. Returns how many. */
uint32_t axis_ticks(const Axis *axis, uint32_t wanted, double ticks[AXIS_MAX_TICKS]);

#endif
