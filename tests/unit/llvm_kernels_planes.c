/* Results in nchw that go past the caches, wherever a caller's cache lines begin: kernels against
 * the interpreter, and nothing outside of the result is touched. kernel_fixture.h says how. */
#include "tests/unit/kernel_maps.h"

enum { LINE = PLAN_PLANE_LINE };

/* Two images of `h` * `w` rows in `blocks`, whose result ends `behind` floats before a page. */
static void check_past(int64_t h, int64_t w, int64_t channels, uint32_t blocks, size_t behind) {
  Fixture f = fixture_new();
  f.past = true;
  f.behind = behind;
  ValueId x = fixture_rows(&f, map(2, h, w, channels));
  ValueId y = build_relu(f.b, build_add(f.b, x, fixture_rows(&f, map(2, h, w, channels))));
  fixture_result(&f, y, PORT_CALLER, true);
  fixture_check(&f, 2, (uint32_t)(h * w), blocks, 1e-6);
  fixture_free(&f);
}

Test(llvm_kernels_planes, lines_begin_anywhere) {
  for (size_t behind = 0; behind <= LINE; ++behind) {
    check_past(8, 10, 21, 1, behind);
    check_past(8, 10, 21, 3, behind);
    check_past(1, 48, 5, 2, behind);
  }
}

Test(llvm_kernels_planes, blocks_are_of_any_rows) {
  uint32_t blocks[] = {1, 2, 4, 5, 11, 20, 80};
  for (size_t i = 0; i < sizeof blocks / sizeof *blocks; ++i) {
    check_past(8, 10, 37, blocks[i], 0);
    check_past(8, 10, 3, blocks[i], LINE - 1);
  }
  check_past(4, 4, 19, 1, 0);
  check_past(4, 4, 19, 1, 7);
  check_past(1, 16, 18, 2, 3);
}

/* What a result's page holds around it is as it was, wherever it begins. */
static void check_around(Fixture *f, const TargetInfo *target) {
  enum { ROWS = 80, COUNT = 7 * ROWS, AROUND = 2 * LINE };
  fixture_plan(f, 1, ROWS, 3, target);
  FixtureCode code = fixture_compile(f, target);
  FixtureBuffer from = fixture_fill(&f->operands[0], &f->data[0]);
  for (size_t at = 1; at < AROUND; ++at) {
    FixtureBuffer whole = fixture_buffer(COUNT + AROUND, false), part = whole;
    part.data += at;
    fixture_run(f, code.function, &from, &part);
    for (size_t i = 0; i < COUNT + AROUND; ++i) {
      bool outside = i < at || i >= at + COUNT;
      cr_assert_eq(isnan(whole.data[i]), outside, "%s, behind %zu floats: float %zu", target->name,
                   at, i);
    }
    fixture_release(&whole);
  }
  fixture_release(&from);
  fixture_must(LLVMOrcDisposeLLJIT(code.jit));
}

Test(llvm_kernels_planes, nothing_else_is_written) {
  Fixture f = fixture_new();
  f.past = true;
  ValueId x = fixture_rows(&f, map(1, 8, 10, 7));
  fixture_result(&f, build_relu(f.b, x), PORT_CALLER, true);
  for (uint32_t i = 0; i < target_family_x86.row_count; ++i) {
    const TargetInfo *target = &target_family_x86.rows[i].info;
    if ((atm_cpu_isa() & target->isa_bits) == target->isa_bits) check_around(&f, target);
  }
  fixture_free(&f);
}
