/* The roofline of a column: operations for each byte to the right, operations a second up. */
#ifndef ATMC_DRIVER_REPORT_ROOFLINE_H
#define ATMC_DRIVER_REPORT_ROOFLINE_H

#include "driver/report/kernels.h"
#include "driver/report/sheet.h"

/* The machine's roofs, and a point for each kernel that multiplies; the number in a point is its
 * row in the table. Says why where nothing was measured. */
void roofline_draw(Markup *m, const ReportColumn *column, const KernelTable *table);

#endif
