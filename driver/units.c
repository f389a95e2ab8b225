/* Numbers as people read them: counts by thousands, bytes by 1024. */
#include "driver/units.h"

#include <stdio.h>

const char *units_count(uint64_t value, char text[UNITS_TEXT_MAX]) {
  static const struct {
    double scale;
    const char *unit;
  } rows[] = {{1e9, "G"}, {1e6, "M"}, {1e3, "k"}};
  for (uint32_t i = 0; i < sizeof rows / sizeof *rows; ++i) {
    /* The first unit in which the number does not round to 0.99 or less. */
    if ((double)value < 0.999995 * rows[i].scale) continue;
    snprintf(text, UNITS_TEXT_MAX, "%.2f %s", (double)value / rows[i].scale, rows[i].unit);
    return text;
  }
  snprintf(text, UNITS_TEXT_MAX, "%llu", (unsigned long long)value);
  return text;
}

const char *units_bytes(uint64_t bytes, char text[UNITS_TEXT_MAX]) {
  static const char *const units[] = {"KB", "MB", "GB", "TB"};
  if (bytes < 1024) {
    snprintf(text, UNITS_TEXT_MAX, "%u bytes", (unsigned)bytes);
    return text;
  }
  double value = (double)bytes / 1024;
  uint32_t unit = 0;
  for (; value >= 1023.95 && unit < 3; ++unit) value /= 1024;
  snprintf(text, UNITS_TEXT_MAX, "%.1f %s", value, units[unit]);
  return text;
}
