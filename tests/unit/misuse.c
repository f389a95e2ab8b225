/* Calls that a host gets wrong, on every instruction set of this machine: each has its code, and
 * writes nothing. */
#include <criterion/criterion.h>
#include <stdint.h>
#include <string.h>

#include "tests/unit/entry_fixture.h"

/* One mistake. Pointers move by bytes; `no` has the bits of those that are NULL. */
enum { NO_IN = 1, NO_INPUT = 2, NO_OUT = 4, NO_OUTPUT = 8, NO_WORKSPACE = 16, NO_WEIGHTS = 32 };

typedef struct Misuse {
  const char *name;
  int code;
  uint32_t no;
  uint32_t input, output, workspace, weights; /* how far they move */
  uint32_t threads;                           /* 0: one, without a pool */
  int64_t bytes;                              /* of the workspace, beyond what is needed */
  uint32_t size;                              /* of the environment; 0: what it is */
  uint64_t isa;
  uint32_t header; /* 1 + the byte of the weights' header that is another */
  int failing;     /* what parallel_for returns */
} Misuse;

static const Misuse misuses[] = {
    {.name = "no inputs", .code = ATM_E_ARGUMENT, .no = NO_IN},
    {.name = "no input", .code = ATM_E_ARGUMENT, .no = NO_INPUT},
    {.name = "no outputs", .code = ATM_E_ARGUMENT, .no = NO_OUT},
    {.name = "no output", .code = ATM_E_ARGUMENT, .no = NO_OUTPUT},
    {.name = "nothing at all", .code = ATM_E_ARGUMENT, .no = NO_IN | NO_OUT | NO_WORKSPACE},
    {.name = "input 1 byte off", .code = ATM_E_ARGUMENT, .input = 1},
    {.name = "input 2 bytes off", .code = ATM_E_ARGUMENT, .input = 2},
    {.name = "input 3 bytes off", .code = ATM_E_ARGUMENT, .input = 3},
    {.name = "output 1 byte off", .code = ATM_E_ARGUMENT, .output = 1},
    {.name = "output 2 bytes off", .code = ATM_E_ARGUMENT, .output = 2},
    {.name = "output 3 bytes off", .code = ATM_E_ARGUMENT, .output = 3},
    {.name = "no workspace", .code = ATM_E_WORKSPACE, .no = NO_WORKSPACE},
    {.name = "no workspace, and a byte less",
     .code = ATM_E_WORKSPACE,
     .no = NO_WORKSPACE,
     .bytes = -1},
    {.name = "workspace 1 byte off", .code = ATM_E_WORKSPACE, .workspace = 1},
    {.name = "workspace 4 bytes off", .code = ATM_E_WORKSPACE, .workspace = 4},
    {.name = "workspace 16 bytes off", .code = ATM_E_WORKSPACE, .workspace = 16},
    {.name = "workspace 32 bytes off", .code = ATM_E_WORKSPACE, .workspace = 32},
    {.name = "workspace too small by a byte", .code = ATM_E_WORKSPACE, .bytes = -1},
    {.name = "workspace too small by a line", .code = ATM_E_WORKSPACE, .bytes = -64},
    {.name = "workspace too small by a byte for 2",
     .code = ATM_E_WORKSPACE,
     .threads = 2,
     .bytes = -1},
    {.name = "workspace too small by a byte for 64",
     .code = ATM_E_WORKSPACE,
     .threads = 64,
     .bytes = -1},
    {.name = "environment of size 1", .code = ATM_E_ENV, .size = 1},
    {.name = "environment of 4 bytes", .code = ATM_E_ENV, .size = 4},
    {.name = "environment short of a pointer",
     .code = ATM_E_ENV,
     .size = sizeof(atm_env) - sizeof(void *)},
    {.name = "environment short of a byte", .code = ATM_E_ENV, .size = sizeof(atm_env) - 1},
    {.name = "65 threads", .code = ATM_E_ENV, .threads = 65},
    {.name = "more threads than an int holds", .code = ATM_E_ENV, .threads = UINT32_MAX},
    {.name = "parallel_for fails with 1", .code = ATM_E_PARALLEL, .threads = 2, .failing = 1},
    {.name = "parallel_for fails with -1", .code = ATM_E_PARALLEL, .threads = 2, .failing = -1},
    {.name = "instructions of no CPU", .code = ATM_E_UNSUPPORTED_CPU, .isa = UINT64_C(1) << 40},
    {.name = "instructions of Arm", .code = ATM_E_UNSUPPORTED_CPU, .isa = ATM_ISA_ARM_NEON},
    {.name = "a CPU that has nothing", .code = ATM_E_UNSUPPORTED_CPU, .isa = ATM_ISA_DETECTED},
    {.name = "no weights", .code = ATM_E_WEIGHTS, .no = NO_WEIGHTS},
    {.name = "weights 1 byte off", .code = ATM_E_WEIGHTS, .weights = 1},
    {.name = "weights 4 bytes off", .code = ATM_E_WEIGHTS, .weights = 4},
    {.name = "weights 32 bytes off", .code = ATM_E_WEIGHTS, .weights = 32},
    {.name = "weights of another magic", .code = ATM_E_WEIGHTS, .header = 1},
    {.name = "weights of another version", .code = ATM_E_WEIGHTS, .header = 1 + 8},
    {.name = "weights of another size", .code = ATM_E_WEIGHTS, .header = 1 + 16},
    {.name = "weights of another model", .code = ATM_E_WEIGHTS, .header = 1 + 24},
    {.name = "weights in another order", .code = ATM_E_WEIGHTS, .header = 1 + 32},
};
enum { MISUSES = sizeof misuses / sizeof *misuses };
_Static_assert(MISUSES >= 40, "as many as the README says");

/* Context: what it returns. */
static int refuse(void *ctx, uint32_t n, void (*fn)(void *, uint32_t, uint32_t), void *arg) {
  (void)n, (void)fn, (void)arg;
  return *(const int *)ctx;
}

static size_t workspace_bytes(const atm_entry *entry, const Misuse *m) {
  size_t threads = m->threads && m->threads <= 64 ? m->threads : 1;
  return entry->workspace_base + (threads - 1) * entry->workspace_scratch + (size_t)m->bytes;
}

static int call_wrongly(Fixture *f, const Misuse *m, char *weights) {
  const atm_entry *entry = &f->model->entries[0];
  const void *in[] = {m->no & NO_INPUT ? NULL : (const char *)f->in[0] + m->input};
  void *out[] = {m->no & NO_OUTPUT ? NULL : (char *)f->out[0] + m->output};
  int code = m->failing;
  atm_env env = {.size = m->size ? m->size : sizeof env,
                 .threads = m->threads,
                 .isa = m->isa,
                 .weights = m->no & NO_WEIGHTS ? NULL : weights + m->weights,
                 .ctx = &code,
                 .parallel_for = m->threads ? refuse : NULL};
  if (m->header) weights[m->header - 1] ^= 1;
  int result = entry->run(m->no & NO_IN ? NULL : in, m->no & NO_OUT ? NULL : out,
                          m->no & NO_WORKSPACE ? NULL : f->workspace + m->workspace,
                          workspace_bytes(entry, m), &env);
  if (m->header) weights[m->header - 1] ^= 1;
  return result;
}

static bool is_untouched(const Fixture *f) {
  const float *out = f->out[0];
  for (size_t i = 0; i < MOST * ROWS * TINY_OUT; ++i) {
    if (out[i] != 0) return false;
  }
  return true;
}

static void misuse_all(const char *isa) {
  Fixture f;
  open_fixture(&f, isa, true);
  char *weights = evaluated(&f.blob);
  for (uint32_t i = 0; i < MISUSES; ++i) {
    int code = call_wrongly(&f, &misuses[i], weights);
    cr_expect_eq(code, misuses[i].code, "%s, %s: %d", isa, misuses[i].name, code);
    cr_expect(is_untouched(&f), "%s, %s: it wrote", isa, misuses[i].name);
  }
  cr_expect_eq(call_wrongly(&f, &(Misuse){0}, weights), ATM_OK, "what is right still works");
  check_answer(&f, ROWS);
  free(weights);
  close_fixture(&f);
}

Test(misuse, has_its_code_and_writes_nothing) {
  static const char *const isas[] = {"v2", "v3", "v4", "v3-vnni", "v4-vnni"};
  for (int i = 0; i < 5; ++i) {
    if (atm_cpu_isa() & ATM_ISA_X86_64_V2 << i) misuse_all(isas[i]);
  }
}

Test(misuse, of_pools_does_no_harm) {
  cr_expect_null(atm_pool_create(0));
  cr_expect_null(atm_pool_create(65));
  cr_expect_null(atm_pool_create(UINT32_MAX));
  atm_pool_destroy(NULL);
  atm_env env = atm_pool_env(NULL);
  cr_expect_eq(env.size, sizeof env);
  cr_expect_null((void *)(uintptr_t)env.parallel_for);
}
