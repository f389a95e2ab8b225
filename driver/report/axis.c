#include "driver/report/axis.h"

#include <math.h>

double axis_place(const Axis *axis, double value) {
  double part = axis->logarithmic ? log(value / axis->low) / log(axis->high / axis->low)
                                  : (value - axis->low) / (axis->high - axis->low);
  return axis->from + part * (axis->to - axis->from);
}

/* The least of 1, 2, 5 times a power of ten that is no less than `least`. */
static double round_step(double least) {
  double power = pow(10, floor(log10(least)));
  double scaled = least / power;
  return power * (scaled <= 1 ? 1 : scaled <= 2 ? 2 : scaled <= 5 ? 5 : 10);
}

/* Powers of ten; 2 and 5 times them too where there are few. */
static uint32_t logarithmic_ticks(const Axis *axis, uint32_t wanted, double ticks[AXIS_MAX_TICKS]) {
  static const double few[] = {1, 2, 5};
  if (!(axis->low > 0) || !isfinite(axis->high)) return 0;
  double first = floor(log10(axis->low)), last = floor(log10(axis->high) + 1e-9);
  uint32_t count = 0, factors = log10(axis->high / axis->low) < 2.5 ? 3 : 1;
  double step = fmax(1, ceil((last - first) / wanted));
  for (uint32_t i = 0; i <= (last - first) / step; ++i) {
    for (uint32_t k = 0; k < factors && count < AXIS_MAX_TICKS; ++k) {
      double tick = few[k] * pow(10, first + i * step);
      if (tick >= axis->low && tick <= axis->high) ticks[count++] = tick;
    }
  }
  return count;
}

uint32_t axis_ticks(const Axis *axis, uint32_t wanted, double ticks[AXIS_MAX_TICKS]) {
  uint32_t count = 0;
  if (axis->logarithmic) return logarithmic_ticks(axis, wanted, ticks);
  double step = round_step((axis->high - axis->low) / wanted);
  double first = ceil(axis->low / step - 1e-9);
  while (count < AXIS_MAX_TICKS && (first + count) * step <= axis->high + 1e-9 * step) {
    ticks[count] = (first + count) * step + 0.0; /* no -0 */
    ++count;
  }
  return count;
}
