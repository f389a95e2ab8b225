/* Kernels of selective_scan against the interpreter: all walks, few and many states, strips that
 * are cut among tasks, long memories, and states that fade. */
#include "tests/unit/kernel_maps.h"

enum { ALONG_COLUMNS = 1, ALONG_ROWS = 2 };

/* Steps in (0, spread], rates in [-1, 0). */
static void make_positive(Fixture *f, double low, double high) {
  const InterpTensor *data = &f->data[f->operand_count - 1];
  int64_t count = 0;
  cr_assert(type_count(data->type, &count));
  for (int64_t i = 0; i < count; ++i) {
    data->data[i] = (double)(float)(low + (high - low) * (0.5 + 0.5 * data->data[i]));
  }
}

typedef struct Scanned {
  Type map;
  int32_t axis, ways;
  int64_t states;
  double step; /* the longest; the shortest is a tenth */
  uint32_t column_blocks;
  uint32_t results; /* more than one: as no pass does, but a plan may */
  int32_t rank;     /* of steps that it makes itself; 0: of none */
} Scanned;

/* What makes the steps of a way, or those: three operands, or one. x is a view. */
static uint32_t add_steps(Fixture *f, const Scanned *s, ValueId *operands) {
  if (!s->rank) {
    operands[0] = fixture_rows(f, s->map);
    make_positive(f, s->step / 10, s->step);
    return 1;
  }
  int64_t channels = type_channels(s->map), strips = (channels + 15) / 16;
  ValueId x = fixture_rows(f, type_with_channels(s->map, s->rank + 3));
  operands[0] = build_slice(f->b, x, 3, s->rank);
  operands[1] = fixture_weights(f, 3, (int64_t[]){strips, s->rank, 16});
  operands[2] = fixture_vector(f, channels);
  return 3;
}

/* u is a view where there are two ways: what is read may begin anywhere in a row. */
static void check_scan(Scanned s, double tolerance) {
  Fixture f = fixture_new();
  int64_t channels = type_channels(s.map), ways = s.ways == 3 ? 2 : 1;
  bool view = s.ways == 3;
  ValueId operands[9];
  operands[0] = fixture_rows(&f, type_with_channels(s.map, channels + (view ? 5 : 0)));
  if (view) operands[0] = build_slice(f.b, operands[0], 5, (int32_t)channels);
  operands[1] = fixture_rows(&f, type_with_channels(s.map, 2 * ways * s.states));
  operands[2] = fixture_vector(&f, ways * s.states * channels);
  make_positive(&f, -1, -0.1);
  uint32_t count = 3;
  for (int64_t way = 0; way < ways; ++way) count += add_steps(&f, &s, operands + count);
  f.column_blocks = s.column_blocks;
  ValueId y = build_selective_scan(
      f.b, operands, (AttrsSELECTIVE_SCAN){.axis = s.axis, .ways = s.ways, .rank = s.rank});
  for (uint32_t r = 0; r == 0 || r < s.results; ++r) fixture_result(&f, y, PORT_ROWS, false);
  fixture_check(&f, (uint32_t)s.map.dims[0], (uint32_t)(s.map.dims[1] * s.map.dims[2]), 1,
                tolerance);
  fixture_free(&f);
}

Test(llvm_kernels_scans, all_walks) {
  for (int32_t axis = ALONG_COLUMNS; axis <= ALONG_ROWS; ++axis) {
    for (int32_t ways = 1; ways <= 3; ++ways) {
      check_scan((Scanned){map(2, 4, 7, 40), axis, ways, 1, 0.5, 1, 1, 0}, 5e-7);
      check_scan((Scanned){map(1, 5, 3, 16), axis, ways, 2, 2, 1, 1, 0}, 5e-7); /* an odd middle */
      check_scan((Scanned){map(1, 1, 1, 3), axis, ways, 1, 1, 1, 1, 0}, 5e-7);
      check_scan((Scanned){map(1, 1, 9, 5), axis, ways, 4, 1, 1, 1, 0}, 5e-7);
      check_scan((Scanned){map(1, 9, 1, 33), axis, ways, 3, 1, 1, 1, 0}, 5e-7);
    }
  }
}

Test(llvm_kernels_scans, many_states) {
  check_scan((Scanned){map(1, 6, 5, 24), ALONG_COLUMNS, 3, 16, 1, 1, 1, 0}, 1e-6);
  check_scan((Scanned){map(1, 6, 5, 24), ALONG_ROWS, 3, 8, 1, 1, 1, 0}, 1e-6);
  check_scan((Scanned){map(1, 3, 5, 20), ALONG_ROWS, 1, 32, 1, 1, 1, 0}, 1e-6);
  check_scan((Scanned){map(1, 3, 5, 20), ALONG_COLUMNS, 3, 32, 1, 1, 1, 0}, 1e-6);
}

Test(llvm_kernels_scans, several_results) {
  Scanned s = {map(1, 3, 5, 20), ALONG_COLUMNS, 3, 1, 1, 2, 2, 0};
  check_scan(s, 5e-7);
}

Test(llvm_kernels_scans, strips_among_tasks) {
  check_scan((Scanned){map(3, 4, 5, 100), ALONG_ROWS, 3, 1, 0.5, 7, 1, 0}, 5e-7);
  check_scan((Scanned){map(2, 4, 5, 100), ALONG_COLUMNS, 3, 1, 0.5, 3, 1, 0}, 5e-7);
}

/* Lines shorter and longer than a chunk, which it divides or not; odd and even ranks. */
Test(llvm_kernels_scans, steps_made_inside) {
  for (int32_t axis = ALONG_COLUMNS; axis <= ALONG_ROWS; ++axis) {
    for (int32_t ways = 1; ways <= 3; ++ways) {
      check_scan((Scanned){map(2, 4, 7, 40), axis, ways, 1, 0, 1, 1, 6}, 5e-7);
      check_scan((Scanned){map(1, 35, 3, 16), axis, ways, 2, 0, 1, 1, 7}, 5e-7);
      check_scan((Scanned){map(1, 1, 1, 3), axis, ways, 1, 0, 1, 1, 1}, 5e-7);
      check_scan((Scanned){map(1, 16, 2, 33), axis, ways, 3, 0, 1, 1, 24}, 5e-7);
    }
  }
  check_scan((Scanned){map(1, 17, 5, 24), ALONG_COLUMNS, 3, 16, 0, 1, 1, 12}, 1e-6);
  check_scan((Scanned){map(3, 19, 5, 100), ALONG_COLUMNS, 3, 1, 0, 7, 2, 5}, 5e-7);
}

/* Decays next to 1: what is lost at a step is lost thousands of times. */
Test(llvm_kernels_scans, long_memories) {
  check_scan((Scanned){map(1, 128, 128, 16), ALONG_ROWS, 3, 1, 1e-4, 1, 1, 0}, 2e-6);
  check_scan((Scanned){map(1, 128, 128, 16), ALONG_COLUMNS, 3, 1, 0.01, 1, 1, 0}, 1e-6);
}

/* Exponents beyond the range of floats: nothing is left of the state. */
Test(llvm_kernels_scans, steps_that_forget) {
  check_scan((Scanned){map(1, 4, 5, 16), ALONG_ROWS, 3, 2, 1e4, 1, 1, 0}, 5e-7);
}
