/* The passes, and what stands behind them, for targets that have a graph. */
#ifndef ATMC_TESTS_PIPELINE_H
#define ATMC_TESTS_PIPELINE_H

#include "ir/graph.h"
#include "tests/fuzz/targets/target.h"

/* Runs the passes that run once; the graph is sound after each. */
MUST_CHECK Status pipeline_once(Fuzzed *f, const Graph *graph);
/* All passes, for two images of 16x16 where the graph leaves that open, and the plan, which is
 * sound, and whose text reads back. */
MUST_CHECK Status pipeline_try(Fuzzed *f, const Graph *graph);

#endif
