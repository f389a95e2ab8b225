/* Gathers what atmc knows of a compilation into a report (driver/report/model.h): for `report`.
 * gather_route.c has the passes, gather_plan.c the plan, gather_machine.c what is measured. */
#ifndef ATMC_DRIVER_GATHER_H
#define ATMC_DRIVER_GATHER_H

#include "driver/measurement.h"
#include "driver/report/model.h"

/* Fills *column with the first resolution of --shape for the instruction set of `c`, which nobody
 * has read yet. Where this machine does not run it, nothing is measured. */
MUST_CHECK Status gather_column(Compilation *c, ReportColumn *column);

/* -- parts of it ------------------------------------------------------------------------------- */

/* Lets the passes of `c` say what they do: to be called before they run. `column` is filled
 * meanwhile. */
void gather_route_begin(Compilation *c, ReportColumn *column);
/* Appends the graph that the model was at first, the graph of kernels and the plan, as text. */
MUST_CHECK Status gather_route_listings(Compilation *c, ReportColumn *column);

/* Appends the steps of `plan` and the buffers of its arena; times stay 0. */
void gather_plan(const Plan *plan, Arena *arena, ReportColumn *column);

/* Runs the model, which is loaded: its time, each step's, the timeline of one call, the machine's
 * bandwidth, and each step against the interpreter. */
MUST_CHECK Status gather_machine(Compilation *c, Native *native, ReportColumn *column);

#endif
