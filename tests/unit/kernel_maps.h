/* What tests of kernels over maps share. */
#ifndef ATMC_TESTS_KERNEL_MAPS_H
#define ATMC_TESTS_KERNEL_MAPS_H

#include "tests/unit/kernel_fixture.h"

static inline Type map(int64_t n, int64_t h, int64_t w, int64_t c) {
  return type_map(n, h, w, c);
}

/* Checks `y`, of a graph on maps of two images, in rows and in a caller's layout. */
static inline void fixture_check_map(Fixture *f, ValueId y, uint32_t blocks, double tolerance) {
  Type type = graph_type(f->b.graph, y);
  uint32_t rows = type.rank == 4 ? (uint32_t)(type.dims[1] * type.dims[2]) : 1;
  fixture_result(f, y, PORT_ROWS, false);
  fixture_result(f, y, PORT_CALLER, type.rank == 4);
  fixture_check(f, 2, rows, rows < blocks ? rows : blocks, tolerance);
  fixture_free(f);
}

#endif
