/* Generated entries in this process: answers, and the code of every bad argument. */
#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>

#include "tests/unit/entry_fixture.h"

static int run(Fixture *f, const atm_env *env) {
  return f->model->entries[0].run(f->in, f->out, f->workspace, f->bytes, env);
}

Test(entry, computes_on_every_isa_of_this_machine) {
  static const char *const isas[] = {"v2", "v3", "v4"};
  for (int i = 0; i < 3; ++i) {
    if (!(atm_cpu_isa() & ATM_ISA_X86_64_V2 << i)) continue;
    Fixture f;
    open_fixture(&f, isas[i], false);
    cr_assert_eq(run(&f, NULL), ATM_OK, "isa %s", isas[i]);
    check_answer(&f, ROWS);
    close_fixture(&f);
  }
}

Test(entry, gives_the_same_bits_on_threads_and_in_batches) {
  Fixture f;
  open_fixture(&f, NULL, false);
  cr_assert_eq(run(&f, NULL), ATM_OK);
  size_t bytes = ROWS * TINY_OUT * sizeof(float);
  float *single = malloc(bytes);
  memcpy(single, f.out[0], bytes);
  atm_pool *pool = atm_pool_create(3);
  atm_env env = atm_pool_env(pool);
  memset(f.out[0], 0, bytes);
  cr_assert_eq(f.model->entries[1].run(f.in, f.out, f.workspace, f.bytes, &env), ATM_OK);
  cr_assert_eq(memcmp(single, f.out[0], bytes), 0);
  check_answer(&f, 2 * ROWS);
  atm_pool_destroy(pool);
  free(single);
  close_fixture(&f);
}

/* Rounds run the code of one image, on its workspace. */
Test(entry, gives_the_same_bits_in_rounds) {
  Fixture f;
  open_fixture(&f, NULL, false);
  const atm_entry *single = &f.model->entries[0], *rounds = &f.model->entries[2];
  size_t values = ROWS * TINY_OUT;
  float *expected = malloc(MOST * values * sizeof(float));
  for (size_t i = 0; i < MOST; ++i) {
    const void *in[] = {(const float *)f.in[0] + i * ROWS * TINY_IN};
    void *out[] = {expected + i * values};
    cr_assert_eq(single->run(in, out, f.workspace, f.bytes, NULL), ATM_OK);
  }
  cr_expect_eq(rounds->workspace_base, single->workspace_base);
  cr_expect_eq(rounds->macs, MOST * single->macs);
  for (uint32_t threads = 1; threads <= 3; ++threads) {
    atm_pool *pool = atm_pool_create(threads);
    atm_env env = atm_pool_env(pool);
    size_t bytes = rounds->workspace_base + (threads - 1) * rounds->workspace_scratch;
    memset(f.out[0], 0, MOST * values * sizeof(float));
    cr_assert_eq(rounds->run(f.in, f.out, f.workspace, bytes, &env), ATM_OK);
    cr_expect_eq(memcmp(expected, f.out[0], MOST * values * sizeof(float)), 0, "%u threads",
                 threads);
    atm_pool_destroy(pool);
  }
  check_answer(&f, MOST * ROWS);
  free(expected);
  close_fixture(&f);
}

Test(entry, refuses_bad_tensors) {
  Fixture f;
  open_fixture(&f, NULL, false);
  atm_run_fn *entry = f.model->entries[0].run;
  cr_expect_eq(entry(NULL, f.out, f.workspace, f.bytes, NULL), ATM_E_ARGUMENT);
  cr_expect_eq(entry(f.in, NULL, f.workspace, f.bytes, NULL), ATM_E_ARGUMENT);
  const void *no_in[] = {NULL};
  void *no_out[] = {NULL};
  cr_expect_eq(entry(no_in, f.out, f.workspace, f.bytes, NULL), ATM_E_ARGUMENT);
  cr_expect_eq(entry(f.in, no_out, f.workspace, f.bytes, NULL), ATM_E_ARGUMENT);
  const void *odd_in[] = {(const char *)f.in[0] + 2};
  void *odd_out[] = {(char *)f.out[0] + 1};
  cr_expect_eq(entry(odd_in, f.out, f.workspace, f.bytes, NULL), ATM_E_ARGUMENT);
  cr_expect_eq(entry(f.in, odd_out, f.workspace, f.bytes, NULL), ATM_E_ARGUMENT);
  const void *next_in[] = {(const char *)f.in[0] + sizeof(float)};
  cr_expect_eq(entry(next_in, f.out, f.workspace, f.bytes, NULL), ATM_OK);
  close_fixture(&f);
}

Test(entry, refuses_bad_workspaces) {
  Fixture f;
  open_fixture(&f, NULL, false);
  const atm_entry *e = &f.model->entries[0];
  size_t least = e->workspace_base;
  cr_expect_eq(e->run(f.in, f.out, NULL, f.bytes, NULL), ATM_E_WORKSPACE);
  cr_expect_eq(e->run(f.in, f.out, f.workspace + 32, f.bytes - 32, NULL), ATM_E_WORKSPACE);
  cr_expect_eq(e->run(f.in, f.out, f.workspace, least - 1, NULL), ATM_E_WORKSPACE);
  cr_expect_eq(e->run(f.in, f.out, f.workspace, least, NULL), ATM_OK);
  atm_pool *pool = atm_pool_create(2);
  atm_env env = atm_pool_env(pool);
  cr_expect_eq(e->run(f.in, f.out, f.workspace, least, &env), ATM_E_WORKSPACE);
  cr_expect_eq(e->run(f.in, f.out, f.workspace, least + e->workspace_scratch, &env), ATM_OK);
  atm_pool_destroy(pool);
  close_fixture(&f);
}

static int failing_parallel_for(void *ctx, uint32_t n, void (*fn)(void *, uint32_t, uint32_t),
                                void *arg) {
  (void)ctx, (void)n, (void)fn, (void)arg;
  return 7;
}

Test(entry, refuses_bad_environments) {
  Fixture f;
  open_fixture(&f, NULL, false);
  cr_expect_eq(run(&f, &(atm_env){.size = sizeof(atm_env)}), ATM_OK);
  cr_expect_eq(run(&f, &(atm_env){.size = sizeof(atm_env) - 1}), ATM_E_ENV);
  cr_expect_eq(run(&f, &(atm_env){.size = sizeof(atm_env) + 8}), ATM_OK);
  cr_expect_eq(run(&f, &(atm_env){.size = sizeof(atm_env), .threads = 65}), ATM_E_ENV);
  cr_expect_eq(run(&f, &(atm_env){.size = sizeof(atm_env), .threads = 64}), ATM_OK,
               "without parallel_for there is one thread");
  atm_env failing = {.size = sizeof failing, .threads = 2, .parallel_for = failing_parallel_for};
  cr_expect_eq(run(&f, &failing), ATM_E_PARALLEL);
  cr_expect_eq(f.model->entries[2].run(f.in, f.out, f.workspace, f.bytes, &failing),
               ATM_E_PARALLEL);
  close_fixture(&f);
}

Test(entry, refuses_cpus_without_the_instructions) {
  Fixture f;
  open_fixture(&f, NULL, false);
  atm_env env = {.size = sizeof env, .isa = UINT64_C(1) << 40};
  cr_expect_eq(run(&f, &env), ATM_E_UNSUPPORTED_CPU);
  env.isa = f.model->variants[0].isa;
  cr_expect_eq(run(&f, &env), ATM_OK);
  close_fixture(&f);
}

/* The name of the variant that a call with `isa` runs, "" where the call is refused. */
static const char *variant_of(Fixture *f, uint64_t isa) {
  atm_env env = {.size = sizeof env, .isa = isa};
  const atm_variant *variant = atm_model_variant(f->model, &env);
  memset(f->out[0], 0, ROWS * TINY_OUT * sizeof(float));
  int code = run(f, &env);
  cr_expect_eq(code, variant ? ATM_OK : ATM_E_UNSUPPORTED_CPU);
  if (variant) check_answer(f, ROWS);
  return variant ? variant->name : "";
}

Test(entry, chooses_among_variants) {
  Fixture f;
  open_fixture(&f, "v2,v3,v4", false);
  uint64_t here = atm_cpu_isa();
  cr_expect_eq(f.model->variant_count, 3u);
  const char *best = here & ATM_ISA_X86_64_V4   ? "x86-64-v4"
                     : here & ATM_ISA_X86_64_V3 ? "x86-64-v3"
                                                : "x86-64-v2";
  cr_expect_str_eq(variant_of(&f, 0), best);
  cr_expect_str_eq(variant_of(&f, here), best);
  cr_expect_str_eq(variant_of(&f, ATM_ISA_X86_64_V2), "x86-64-v2");
  cr_expect_str_eq(variant_of(&f, ATM_ISA_X86_64_V3), here & ATM_ISA_X86_64_V3 ? "x86-64-v3" : "");
  cr_expect_str_eq(variant_of(&f, ATM_ISA_X86_64_V4), here & ATM_ISA_X86_64_V4 ? "x86-64-v4" : "");
  cr_expect_str_eq(variant_of(&f, ATM_ISA_DETECTED | ATM_ISA_X86_64_V2), "x86-64-v2");
  cr_expect_str_eq(variant_of(&f, ATM_ISA_DETECTED), "");
  close_fixture(&f);
}

typedef int CheckWeights(const void *weights, size_t bytes);

static CheckWeights *check_weights_of(const Fixture *f) {
  return (CheckWeights *)(uintptr_t)llvm_symbol(f->loaded, "tiny_check_weights");
}

Test(entry, refuses_weights_that_are_not_its_own) {
  Fixture f;
  open_fixture(&f, NULL, true);
  char *weights = evaluated(&f.blob);
  atm_env env = {.size = sizeof env, .weights = weights};
  CheckWeights *check = check_weights_of(&f);
  cr_expect_eq(check(weights, f.blob.bytes), ATM_OK);
  cr_expect_eq(check(NULL, f.blob.bytes), ATM_E_WEIGHTS);
  cr_expect_eq(check(weights + 4, f.blob.bytes), ATM_E_WEIGHTS);
  cr_expect_eq(check(weights, f.blob.bytes - 1), ATM_E_WEIGHTS);
  cr_expect_eq(check(weights, f.blob.bytes + 1), ATM_E_WEIGHTS);
  for (size_t i = 0; i < sizeof(atm_weights_header); ++i) {
    weights[i] ^= 1;
    cr_expect_eq(check(weights, f.blob.bytes), ATM_E_WEIGHTS, "byte %zu", i);
    cr_expect_eq(run(&f, &env), ATM_E_WEIGHTS, "byte %zu", i);
    weights[i] ^= 1;
  }
  cr_expect_eq(run(&f, &env), ATM_OK);
  free(weights);
  close_fixture(&f);
}

Test(entry, needs_no_weights_where_they_are_embedded) {
  Fixture f;
  open_fixture(&f, NULL, false);
  cr_expect_eq(check_weights_of(&f)(NULL, 0), ATM_OK);
  close_fixture(&f);
}

Test(entry, is_found_by_its_size) {
  Fixture f;
  open_fixture(&f, NULL, false);
  typedef const atm_entry *Find(uint32_t n, uint32_t h, uint32_t w);
  Find *find = (Find *)(uintptr_t)llvm_symbol(f.loaded, "tiny_find");
  for (uint32_t n = 1; n <= ENTRIES; ++n) cr_expect_eq(find(n, H, W), &f.model->entries[n - 1]);
  cr_expect_null(find(1, W, H));
  cr_expect_null(find(ENTRIES + 1, H, W));
  cr_expect_null(find(0, 0, 0));
  cr_expect_eq(llvm_symbol(f.loaded, "tiny_run"), (void *)(uintptr_t)f.model->entries[0].run);
  close_fixture(&f);
}

Test(entry, is_the_smallest_that_holds_an_image) {
  Fixture f;
  open_fixture(&f, NULL, false);
  const atm_entry *entries = f.model->entries;
  cr_expect_eq(atm_model_fit(f.model, 1, 1, 1), &entries[0]);
  cr_expect_eq(atm_model_fit(f.model, 1, H, W), &entries[0]);
  cr_expect_eq(atm_model_fit(f.model, 2, H, 1), &entries[1]);
  cr_expect_null(atm_model_fit(f.model, 1, H + 1, W));
  cr_expect_null(atm_model_fit(f.model, ENTRIES + 1, 1, 1));
  close_fixture(&f);
}

Test(entry, takes_external_weights) {
  Fixture f;
  open_fixture(&f, NULL, true);
  cr_expect_eq(run(&f, NULL), ATM_E_WEIGHTS);
  cr_expect_eq(f.model->weights_bytes, f.blob.bytes);
  char *weights = evaluated(&f.blob);
  cr_expect_eq(run(&f, &(atm_env){.size = sizeof(atm_env), .weights = weights + 4}), ATM_E_WEIGHTS);
  cr_expect_eq(run(&f, &(atm_env){.size = sizeof(atm_env), .weights = weights}), ATM_OK);
  check_answer(&f, ROWS);
  free(weights);
  close_fixture(&f);
}

Test(entry, has_a_loop_of_multiply_adds_for_bench) {
  Fixture f;
  open_fixture(&f, NULL, false);
  const TargetInfo *target = target_choose(&(TargetRequest){0}, f.arena, &f.diag);
  void (*peak)(void *, uint32_t, uint32_t) =
      (void (*)(void *, uint32_t, uint32_t))(uintptr_t)llvm_symbol(f.loaded, "tiny_peak_f32");
  cr_assert_not_null((void *)(uintptr_t)peak);
  float sums[2][LLVM_PEAK_FLOATS] = {{0}};
  peak(sums, 0, 1);
  cr_expect_eq(sums[0][0], 0, "worker 0's");
  /* Each chain, in three quarters of the registers, turns x into 0.75 x + 0.5 and so ends at 2. */
  const uint32_t chains = target->vector_registers * 3 / 4;
  const double sum = 2.0 * chains;
  cr_expect_float_eq(sums[1][0], sum, 1e-2);
  cr_expect_float_eq(sums[1][3], sum, 1e-2);
  close_fixture(&f);
}

static double exp2_minus_one(double x) {
  return exp2(x) - 1;
}

static double softplus(double x) {
  return log1p(exp(x));
}

/* Eight vectors a turn, as many at once as kernels have. Of those at once x is the same, then 1/32
 * more; from turn to turn it is 2^-15 more, from -1 on. A lane has the values of its vectors. */
static double sum_of_turns(const TargetInfo *target, uint64_t values, double (*f)(double)) {
  enum { VECTORS = 8 };
  const uint32_t at_once = target_long_vectors(target);
  const uint64_t turns = values / VECTORS / target->vector_floats;
  double sum = 0;
  for (uint64_t t = 0; t < turns; ++t) {
    const double x = -1 + ldexp((double)t, -15);
    for (uint32_t i = 0; i < VECTORS / at_once; ++i) sum += f(x + i / 32.0);
  }
  return sum * at_once;
}

Test(entry, has_loops_of_functions_for_bench) {
  static const struct {
    const char *symbol;
    PeakKind kind;
    double (*f)(double);
  } functions[] = {{"tiny_peak_exp", PEAK_EXP, exp2_minus_one},
                   {"tiny_peak_softplus", PEAK_SOFTPLUS, softplus}};
  Fixture f;
  open_fixture(&f, NULL, false);
  const TargetInfo *target = target_choose(&(TargetRequest){0}, f.arena, &f.diag);
  for (int i = 0; i < 2; ++i) {
    void (*peak)(void *, uint32_t, uint32_t) =
        (void (*)(void *, uint32_t, uint32_t))(uintptr_t)llvm_symbol(f.loaded, functions[i].symbol);
    cr_assert_not_null((void *)(uintptr_t)peak);
    float sums[2][LLVM_PEAK_FLOATS] = {{0}};
    peak(sums, 0, 1);
    cr_expect_eq(sums[0][0], 0, "worker 0's");
    double sum = sum_of_turns(target, llvm_peak_count(target, functions[i].kind), functions[i].f);
    for (uint32_t lane = 0; lane < target->vector_floats; ++lane) {
      cr_expect_float_eq(sums[1][lane], sum, 1e-4 * fabs(sum), "%s: %g, not %g",
                         functions[i].symbol, (double)sums[1][lane], sum);
    }
  }
  close_fixture(&f);
}

/* What a chain that begins as `start` is after `turns` turns, where the row is 1, 0, 0, ..: its own
 * lowest byte, or word, is added. */
static int32_t run_chain(uint32_t start, uint64_t turns, bool bytes) {
  for (uint64_t t = 0; t < turns; ++t) {
    start += bytes ? (uint32_t)(int8_t)start : (uint32_t)(int16_t)start;
  }
  return (int32_t)start;
}

Test(entry, has_a_loop_of_dot_products_for_bench) {
  static const char *const isas[] = {"v2", "v3", "v4", "v3-vnni", "v4-vnni"};
  for (int i = 0; i < 5; ++i) {
    Fixture f;
    Arena *arena = arena_new();
    const TargetInfo *target = target_choose(&(TargetRequest){.isa = isas[i]}, arena, &f.diag);
    if (!(target->isa_bits & ~atm_cpu_isa())) {
      open_fixture(&f, isas[i], false);
      void (*peak)(void *, uint32_t, uint32_t) =
          (void (*)(void *, uint32_t, uint32_t))(uintptr_t)llvm_symbol(f.loaded, "tiny_peak_int8");
      cr_assert_not_null((void *)(uintptr_t)peak);
      _Alignas(8) int32_t sums[2][LLVM_PEAK_FLOATS] = {{0}, {1}};
      peak(sums, 0, 1);
      cr_expect_eq(sums[0][0], 0, "worker 0's");
      uint32_t chains = target->vector_registers * 3 / 4;
      uint64_t turns = llvm_peak_count(target, PEAK_F32) / chains / target->vector_floats;
      uint32_t sum = 0;
      for (uint32_t c = 0; c < chains; ++c) {
        sum += (uint32_t)run_chain(c, turns, target->dot == DOT_FOURS_U8);
      }
      cr_expect_eq(sums[1][0], (int32_t)sum, "%s: %d, expected %d", isas[i], sums[1][0],
                   (int32_t)sum);
      close_fixture(&f);
    }
    arena_free(arena);
  }
}

Test(entry, describes_the_model) {
  Fixture f;
  open_fixture(&f, "v2", false);
  const atm_model *m = f.model;
  cr_expect_eq(m->abi_version, ATM_ABI_VERSION);
  cr_expect_eq(m->input_count, 1u);
  cr_expect_eq(m->output_count, 1u);
  cr_expect_eq(m->entry_count, 3u);
  cr_expect_str_eq(m->name, "tiny");
  cr_expect_str_eq(m->target, "x86_64-unknown-linux-gnu");
  cr_expect_str_eq(m->hash, "c0ffee");
  cr_expect_str_eq(m->arithmetic, "f32");
  cr_expect_eq(m->class_count, 2u);
  cr_expect_str_eq(m->classes[1], "dog");
  cr_expect_eq(m->variant_count, 1u);
  cr_expect_str_eq(m->variants[0].name, "x86-64-v2");
  cr_expect_eq(m->variants[0].isa, ATM_ISA_X86_64_V2);
  cr_expect_eq(m->weights_bytes, 0u);
  const atm_entry *e = &m->entries[1];
  cr_expect_eq(e->macs, 111u);
  cr_expect_str_eq(e->inputs[0].name, "image");
  cr_expect_str_eq(e->outputs[0].layout, "nhwc");
  cr_expect_eq(e->outputs[0].dtype, ATM_DTYPE_F32);
  cr_expect_eq(e->outputs[0].rank, 4u);
  const uint32_t dims[] = {2, H, W, TINY_OUT};
  cr_expect_arr_eq(e->outputs[0].dims, dims, sizeof dims);
  cr_expect_eq((void *)(uintptr_t)e->run, llvm_symbol(f.loaded, "tiny_run_2x5x7"));
  cr_expect_not_null(llvm_symbol(f.loaded, "tiny_mix"));
  cr_expect_null(llvm_symbol(f.loaded, "tiny_nothing"));
  close_fixture(&f);
}
