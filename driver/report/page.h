/* A report as one HTML page that needs nothing else. */
#ifndef ATMC_DRIVER_REPORT_PAGE_H
#define ATMC_DRIVER_REPORT_PAGE_H

#include "driver/report/model.h"

/* The page, in `arena`. `other`: a second report, whose columns stand beside those of `report`,
 * with the differences marked; NULL: none. */
const char *page_format(const ReportRoot *report, const ReportRoot *other, Arena *arena);

#endif
