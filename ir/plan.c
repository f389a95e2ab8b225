/* Questions about a plan that are more than arithmetic. */
#include "ir/plan.h"

#include "support/panic.h"

uint32_t plan_row_counts(const PlanKernel *kernel, uint32_t counts[PLAN_ROW_COUNTS]) {
  uint32_t count = 0;
  for (uint32_t b = 0; b < kernel->blocks; ++b) {
    uint32_t rows = plan_block_begin(kernel, b + 1) - plan_block_begin(kernel, b), at = 0;
    while (at < count && counts[at] < rows) ++at;
    if (at < count && counts[at] == rows) continue;
    CHECK(count < PLAN_ROW_COUNTS);
    for (uint32_t i = count++; i > at; --i) counts[i] = counts[i - 1];
    counts[at] = rows;
  }
  return count;
}
