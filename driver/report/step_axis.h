/* Steps to the right, with the layers that they belong to below: of the memory's picture and of the
 * accuracy's. */
#ifndef ATMC_DRIVER_REPORT_STEP_AXIS_H
#define ATMC_DRIVER_REPORT_STEP_AXIS_H

#include "driver/report/axis.h"
#include "driver/report/sheet.h"

/* Writes a tick and a name below `y` for each run of steps whose layers have a name's first two
 * parts in common ("blocks.0"), where there is room for it. `labels` [count]: the layers of each
 * step; a step is one unit of `x`. */
void step_axis_draw(Markup *m, const Axis *x, double y, const char *const *labels, uint32_t count);

#endif
