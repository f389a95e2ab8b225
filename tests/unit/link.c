/* Programs and shared libraries made with the C compiler. */
#include <criterion/criterion.h>
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "backends/backend.h"
#include "runtime/atm_runtime.h"
#include "support/npy.h"
#include "tests/unit/tiny_plan.h"

enum { H = 3, W = 4, ROWS = H * W };

typedef struct Fixture {
  Arena *arena;
  Diag diag;
  ArtifactVariant variant;
  const Plan *plan;
  WeightsBlob blob;
  WeightSource source;
  ArtifactSpec spec;
  Emitted object;
  char folder[32];
} Fixture;

static void open_fixture(Fixture *f, const char *isa) {
  *f = (Fixture){.arena = arena_new(), .folder = "/tmp/atmc-link-XXXXXX"};
  cr_assert_not_null(mkdtemp(f->folder));
  const TargetInfo *target = target_choose(&(TargetRequest){.isa = isa}, f->arena, &f->diag);
  f->plan = tiny_plan(f->arena, recipe_table_new(f->arena), target, 1, H, W);
  f->variant = (ArtifactVariant){target, &f->plan};
  f->blob = weights_blob_layout(f->arena, &f->plan, 1);
  f->source = (WeightSource){.read = tiny_read};
  f->spec = (ArtifactSpec){.prefix = "tiny",
                           .name = "tiny",
                           .variants = &f->variant,
                           .variant_count = 1,
                           .plan_count = 1,
                           .blob = &f->blob,
                           .source = &f->source};
  cr_assert_eq(llvm_emit(&f->spec, EMIT_OBJECT, f->arena, &f->diag, &f->object), STATUS_OK);
}

static const char *path(Fixture *f, const char *name) {
  return arena_printf(f->arena, "%s/%s", f->folder, name);
}

static void close_fixture(Fixture *f) {
  cr_expect_eq(system(arena_printf(f->arena, "rm -r %s", f->folder)), 0);
  free(f->object.data);
  arena_free(f->arena);
}

static Status link_as(Fixture *f, LinkKind kind, const char *name) {
  return link_artifact(kind, &f->spec, &f->object, path(f, name), f->arena, &f->diag);
}

static void check_answer(const float *answer) {
  for (size_t i = 0; i < ROWS * TINY_OUT; ++i) {
    cr_assert_float_eq(answer[i], tiny_expected(i / TINY_OUT, i % TINY_OUT), 2e-6);
  }
}

static void write_input(Fixture *f, const char *name, uint32_t height) {
  float image[2 * ROWS * TINY_IN];
  for (size_t i = 0; i < height * W * TINY_IN; ++i) image[i] = tiny_input(i);
  NpyArray array = {.rank = 4, .dims = {1, height, W, TINY_IN}, .data = image};
  cr_assert_eq(npy_write(f->arena, &f->diag, path(f, name), &array), STATUS_OK);
}

/* Runs the linked program with arguments; returns its exit code. */
static int run_program(Fixture *f, const char *emulator, const char *arguments) {
  int state = system(
      arena_printf(f->arena, "cd %s && %s ./program %s >log 2>&1", f->folder, emulator, arguments));
  return WIFEXITED(state) ? WEXITSTATUS(state) : -1;
}

static void check_program(Fixture *f, const char *emulator) {
  cr_assert_eq(link_as(f, LINK_EXECUTABLE, "program"), STATUS_OK);
  write_input(f, "in.npy", H);
  cr_assert_eq(
      run_program(f, emulator, "--input image=in.npy --output=features=out.npy --threads=2"), 0);
  NpyArray out;
  cr_assert_eq(npy_read(f->arena, &f->diag, path(f, "out.npy"), &out), STATUS_OK);
  const int64_t dims[] = {1, H, W, TINY_OUT};
  cr_assert_eq(out.rank, 4u);
  cr_assert_arr_eq(out.dims, dims, sizeof dims);
  check_answer(out.data);
}

Test(link, makes_a_program) {
  Fixture f;
  open_fixture(&f, "v2");
  check_program(&f, "");
  cr_expect_eq(run_program(&f, "", "--help"), 0);
  cr_expect_eq(run_program(&f, "", ""), 2, "the input is missing");
  cr_expect_eq(run_program(&f, "", "--input picture=in.npy"), 2);
  cr_expect_eq(run_program(&f, "", "--input image=in.npy --threads=0"), 2);
  cr_expect_eq(run_program(&f, "", "--input image=in.npy extra"), 2);
  cr_expect_eq(run_program(&f, "", "--input image=nothing.npy"), 3, "the file is missing");
  cr_expect_eq(run_program(&f, "", "--input image=program"), 1, "not an .npy file");
  write_input(&f, "tall.npy", 2 * H);
  cr_expect_eq(run_program(&f, "", "--input image=tall.npy"), 1);
  cr_expect_eq(run_program(&f, "", "--input image=in.npy --output features=/nowhere/o.npy"), 3);
  close_fixture(&f);
}

Test(link, makes_a_program_for_aarch64) {
  if (system("command -v qemu-aarch64 aarch64-linux-gnu-gcc >/dev/null")) {
    cr_skip_test("no qemu-aarch64 or aarch64-linux-gnu-gcc");
  }
  Fixture f;
  open_fixture(&f, "neon");
  check_program(&f, "qemu-aarch64 -L /usr/aarch64-linux-gnu");
  close_fixture(&f);
}

Test(link, makes_a_shared_library) {
  Fixture f;
  open_fixture(&f, "v2");
  cr_assert_eq(link_as(&f, LINK_SHARED, "model.so"), STATUS_OK);
  void *library = dlopen(path(&f, "model.so"), RTLD_NOW);
  cr_assert_not_null(library);
  const atm_model *(*model)(void) =
      (const atm_model *(*)(void))(uintptr_t)dlsym(library, "tiny_model");
  const atm_entry *entry = model()->entries;
  float image[ROWS * TINY_IN], answer[ROWS * TINY_OUT];
  for (size_t i = 0; i < ROWS * TINY_IN; ++i) image[i] = tiny_input(i);
  size_t bytes = entry->workspace_base;
  void *workspace = aligned_alloc(64, bytes);
  const void *const in[] = {image};
  void *const out[] = {answer};
  cr_assert_eq(entry->run(in, out, workspace, bytes, NULL), ATM_OK);
  check_answer(answer);
  cr_expect_not_null(dlsym(library, "atm_pool_create"));
  cr_expect_null(dlsym(library, "tiny_mix"));
  free(workspace);
  dlclose(library);
  close_fixture(&f);
}

Test(link, reports_a_missing_or_failing_compiler) {
  Fixture f;
  open_fixture(&f, "v2");
  setenv("CC", "no-such-compiler -O1", 1);
  cr_expect_eq(link_as(&f, LINK_SHARED, "model.so"), STATUS_IO);
  setenv("CC", "false", 1);
  cr_expect_eq(link_as(&f, LINK_SHARED, "model.so"), STATUS_IO);
  cr_expect_eq(f.diag.errors, 2u);
  setenv("TMPDIR", "/no/such/folder", 1);
  cr_expect_eq(link_as(&f, LINK_SHARED, "model.so"), STATUS_IO);
  cr_expect_neq(access(path(&f, "model.so"), F_OK), 0);
  close_fixture(&f);
}
