/* hosts [RESULTS]: a host program, C99 and C++, around two generated models in one program: `a`,
 * whose weights are embedded, and `b`, of two resolutions, whose weights are in b.weights.
 *
 * Several threads of the host run both models at once, each in its own workspace, some of them on
 * one pool; every answer must have the bits of a quiet run. Then each wrong argument must give its
 * code. The quiet answers are written to the file RESULTS, to be compared between programs.
 */
#define _POSIX_C_SOURCE 200112L
#include "a.h"
#include "b.h"
/* Twice, as includes happen to be. */
#include "a.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { HOST_THREADS = 4, POOL_THREADS = 3, ROUNDS = 8 };
enum { A_IN = A_IN_IMAGE_ELEMENTS, A_OUT = A_OUT_LOGITS_ELEMENTS };
enum { B_IN = B_IN_IMAGE_ELEMENTS_2x16x24, B_MAP = B_OUT_MAP_ELEMENTS_2x16x24 };

#define EXPECT(condition)                                            \
  do {                                                               \
    if (!(condition)) {                                              \
      fprintf(stderr, "hosts.c:%d: not %s\n", __LINE__, #condition); \
      exit(1);                                                       \
    }                                                                \
  } while (0)

typedef struct answers {
  float logits[A_OUT];
  float map[B_MAP];
} answers;

typedef struct host {
  pthread_t thread;
  atm_env env;
} host;

static float a_image[A_IN], b_image[B_IN];
static answers quiet;
static void *b_weights;

static void *allocate(size_t bytes) {
  void *memory = NULL;
  EXPECT(posix_memalign(&memory, 64, bytes) == 0);
  return memory;
}

static void read_weights(void) {
  size_t bytes = (size_t)b_model()->weights_bytes;
  FILE *file = fopen("b.weights", "rb");
  EXPECT(file && bytes > 0);
  b_weights = allocate(bytes);
  EXPECT(fread(b_weights, 1, bytes, file) == bytes && fgetc(file) == EOF);
  fclose(file);
}

static void run_both(const atm_env *env, answers *result) {
  size_t a_bytes = A_WORKSPACE_BYTES(env->threads);
  size_t b_bytes = B_WORKSPACE_BYTES_2x16x24(env->threads);
  void *a_workspace = allocate(a_bytes), *b_workspace = allocate(b_bytes);
  EXPECT(a_infer(a_image, result->logits, a_workspace, a_bytes, env) == ATM_OK);
  EXPECT(b_infer_2x16x24(b_image, result->map, b_workspace, b_bytes, env) == ATM_OK);
  free(a_workspace);
  free(b_workspace);
}

static void *host_main(void *context) {
  const host *self = (const host *)context;
  for (int i = 0; i < ROUNDS; ++i) {
    answers result;
    memset(&result, 0xff, sizeof result);
    run_both(&self->env, &result);
    EXPECT(memcmp(&result, &quiet, sizeof result) == 0);
  }
  return NULL;
}

static atm_env plain_env(void) {
  atm_env env;
  memset(&env, 0, sizeof env);
  env.size = sizeof env;
  env.threads = 1;
  env.weights = b_weights;
  return env;
}

static void check_threads(void) {
  host hosts[HOST_THREADS];
  atm_pool *pool = atm_pool_create(POOL_THREADS);
  EXPECT(pool != NULL);
  for (int i = 0; i < HOST_THREADS; ++i) {
    hosts[i].env = i == 0 ? plain_env() : atm_pool_env(pool);
    hosts[i].env.weights = b_weights;
    EXPECT(pthread_create(&hosts[i].thread, NULL, host_main, &hosts[i]) == 0);
  }
  for (int i = 0; i < HOST_THREADS; ++i) EXPECT(pthread_join(hosts[i].thread, NULL) == 0);
  atm_pool_destroy(pool);
}

static int refuse(void *ctx, uint32_t n, void (*fn)(void *arg, uint32_t task, uint32_t worker),
                  void *arg) {
  (void)ctx, (void)n, (void)fn, (void)arg;
  return 1;
}

static void check_errors(void) {
  const void *in[] = {a_image};
  void *out[] = {quiet.logits};
  size_t bytes = A_WORKSPACE_BYTES(2);
  char *workspace = (char *)allocate(bytes + 64);
  const void *no_in[] = {NULL};
  atm_env env = plain_env();
  EXPECT(a_run(in, out, workspace, A_WORKSPACE_BYTES(1), NULL) == ATM_OK);
  EXPECT(a_run(no_in, out, workspace, bytes, NULL) == ATM_E_ARGUMENT);
  EXPECT(a_run(NULL, out, workspace, bytes, NULL) == ATM_E_ARGUMENT);
  EXPECT(a_run(in, out, NULL, bytes, NULL) == ATM_E_WORKSPACE);
  EXPECT(a_run(in, out, workspace + 4, bytes, NULL) == ATM_E_WORKSPACE);
  EXPECT(a_run(in, out, workspace, A_WORKSPACE_BYTES(1) - 1, NULL) == ATM_E_WORKSPACE);
  env.threads = 2;
  env.parallel_for = refuse;
  EXPECT(a_run(in, out, workspace, bytes - 1, &env) == ATM_E_WORKSPACE);
  EXPECT(a_run(in, out, workspace, bytes, &env) == ATM_E_PARALLEL);
  env.threads = 65;
  EXPECT(a_run(in, out, workspace, bytes, &env) == ATM_E_ENV);
  env = plain_env();
  env.size = 1;
  EXPECT(a_run(in, out, workspace, bytes, &env) == ATM_E_ENV);
  env = plain_env();
  env.isa = UINT64_C(1) << 40; /* of no instruction set */
  EXPECT(a_run(in, out, workspace, bytes, &env) == ATM_E_UNSUPPORTED_CPU);
  free(workspace);

  bytes = B_WORKSPACE_BYTES_MAX(1);
  workspace = (char *)allocate(bytes);
  EXPECT(b_infer_2x16x24(b_image, quiet.map, workspace, bytes, NULL) == ATM_E_WEIGHTS);
  free(workspace);
}

/* Each variant, forced, gives nearly the numbers of the one that runs by itself; or this CPU lacks
 * it. */
static void check_variants(void) {
  const atm_model *a = a_model();
  size_t bytes = A_WORKSPACE_BYTES(1);
  void *workspace = allocate(bytes);
  for (uint32_t i = 0; i < a->variant_count; ++i) {
    float logits[A_OUT];
    atm_env env = plain_env();
    env.isa = a->variants[i].isa;
    int code = a_infer(a_image, logits, workspace, bytes, &env);
    const atm_variant *runs = atm_model_variant(a, &env);
    EXPECT(code == (runs ? ATM_OK : ATM_E_UNSUPPORTED_CPU));
    EXPECT(!runs || runs == &a->variants[i]);
    for (int j = 0; runs && j < A_OUT; ++j) {
      float difference = logits[j] - quiet.logits[j];
      EXPECT(difference * difference < 1e-9f);
    }
  }
  free(workspace);
}

static void check_models(void) {
  const atm_model *a = a_model(), *b = b_model();
  EXPECT(a->abi_version == ATM_ABI_VERSION && a->entry_count == 1 && a->weights_bytes == 0);
  EXPECT(a->class_count == A_OUT / 2 && strcmp(a->classes[0], "none") == 0);
  EXPECT(b->entry_count == 2 && b->entries[0].run != b->entries[1].run && b->class_count == 0);
  EXPECT(a->variant_count == b->variant_count && a->variants[0].isa == b->variants[0].isa);
  EXPECT(atm_model_variant(a, NULL) != NULL);
  EXPECT(a->entries[0].inputs[0].dtype == ATM_DTYPE_F32);
  EXPECT(b->entries[0].workspace_base == B_WORKSPACE_BYTES_2x16x24(1));
  EXPECT(b->entries[0].inputs[0].dims[3] == 24);
}

int main(int argc, char **argv) {
  for (int i = 0; i < A_IN; ++i) a_image[i] = (float)(i * 7919 % 1000) / 500 - 1;
  for (int i = 0; i < B_IN; ++i) b_image[i] = (float)(i * 104729 % 1000) / 500 - 1;
  check_models();
  read_weights();
  atm_env env = plain_env();
  run_both(&env, &quiet);
  check_threads();
  if (argc > 1) {
    FILE *file = fopen(argv[1], "wb");
    EXPECT(file && fwrite(&quiet, sizeof quiet, 1, file) == 1 && fclose(file) == 0);
  }
  check_variants();
  check_errors();
  free(b_weights);
  return 0;
}
