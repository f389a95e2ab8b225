/* Copies of all that a call is given, between guard pages. Inputs and weights may not be written
 * to; rows of bytes are apart, in a way that `order` says, where that is odd; before each task, the
 * scratch of workers behind the first is filled with NaN again. */
#include "tests/graphs/call.h"

#include <limits.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "tests/graphs/strided.h"

/* The runtime's: how tensors, weights and workspaces are aligned at least. */
enum { WORKSPACE_ALIGN = 64, WEIGHTS_ALIGN = 64, SMALL_STACK = 64 << 10 };

typedef struct Workers {
  const Call *call;
  const Guarded *workspace;
  uint64_t state;
} Workers;

static uint32_t draw(Workers *w, uint32_t limit) {
  w->state = w->state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
  return (uint32_t)(((w->state >> 32) * limit) >> 32);
}

/* All tasks once, in an order drawn by lot, each by a worker drawn by lot. */
static int run_tasks(void *ctx, uint32_t n, void (*fn)(void *arg, uint32_t task, uint32_t worker),
                     void *arg) {
  Workers *w = ctx;
  size_t scratch = w->call->entry->workspace_scratch;
  uint32_t *tasks = malloc((n + 1) * sizeof *tasks);
  if (!tasks) return 1;
  for (uint32_t i = 0; i < n; ++i) tasks[i] = i;
  for (uint32_t left = n; left > 0; --left) {
    uint32_t at = w->call->order ? draw(w, left) : 0;
    uint32_t worker = w->call->order ? draw(w, w->call->threads) : 0;
    uint32_t task = w->call->order ? tasks[at] : n - left;
    tasks[at] = tasks[left - 1];
    if (worker > 0) {
      size_t begin = w->call->entry->workspace_base + (worker - 1) * scratch;
      memset(w->workspace->data + begin, 0xff, scratch);
    }
    fn(arg, task, worker);
  }
  free(tasks);
  return 0;
}

size_t call_tensor_bytes(const atm_tensor *tensor) {
  static const size_t bytes[] = {[ATM_DTYPE_F32] = 4, [ATM_DTYPE_F16] = 2, [ATM_DTYPE_S32] = 4,
                                 [ATM_DTYPE_S8] = 1,  [ATM_DTYPE_U8] = 1,  [ATM_DTYPE_S16] = 2};
  size_t count = bytes[tensor->dtype];
  for (uint32_t i = 0; i < tensor->rank; ++i) count *= tensor->dims[i];
  return count;
}

/* A copy of `bytes` of `from` that may not be written to. */
static Guarded copy(const void *from, size_t bytes, size_t align, GuardedEnd end) {
  Guarded g = guarded_new(bytes, align, end);
  if (bytes) memcpy(g.data, from, bytes);
  guarded_protect(&g);
  return g;
}

typedef struct Buffers {
  Strided rows[CALL_MOST]; /* of the inputs of bytes, where the call is strided */
  Guarded in[CALL_MOST], out[CALL_MOST], workspace, weights;
} Buffers;

/* The entry for inputs whose rows are apart; NULL: this call's are dense. */
static atm_run_strided_fn *strided_entry(const Call *call) {
  return call->order % 2 ? atm_model_strided(call->model, call->entry) : NULL;
}

static void make_buffers(const Call *call, Buffers *b) {
  const atm_entry *e = call->entry;
  for (uint32_t i = 0; i < call->model->input_count; ++i) {
    const atm_tensor *tensor = &e->inputs[i];
    b->in[i] = copy(call->inputs[i], call_tensor_bytes(tensor), 4, call->end);
    if (!strided_entry(call) || tensor->dtype != ATM_DTYPE_U8) continue;
    unsigned ways = (unsigned)(call->order / 2 % STRIDED_WAYS);
    b->rows[i] = strided_new(tensor, call->inputs[i], call->end, ways, (unsigned char)call->order);
  }
  for (uint32_t i = 0; i < call->model->output_count; ++i) {
    b->out[i] = guarded_new(call_tensor_bytes(&e->outputs[i]), 4, call->end);
  }
  size_t bytes = e->workspace_base + (call->threads - 1) * e->workspace_scratch;
  b->workspace = guarded_new(bytes, WORKSPACE_ALIGN, call->end);
  b->weights = copy(call->weights, (size_t)call->model->weights_bytes, WEIGHTS_ALIGN, call->end);
}

/* Hands the outputs on; NULL, or what is wrong. */
static const char *finish(const Call *call, Buffers *b) {
  bool intact = guarded_intact(&b->workspace);
  for (uint32_t i = 0; i < call->model->output_count; ++i) {
    intact = intact && guarded_intact(&b->out[i]);
    memcpy(call->outputs[i], b->out[i].data, b->out[i].bytes);
    guarded_free(&b->out[i]);
  }
  for (uint32_t i = 0; i < call->model->input_count; ++i) {
    guarded_free(&b->in[i]);
    if (b->rows[i].first) strided_free(&b->rows[i]);
  }
  guarded_free(&b->workspace);
  guarded_free(&b->weights);
  return intact ? NULL : "writes beside a buffer";
}

typedef struct Run {
  const Call *call;
  const Buffers *buffers;
  const atm_env *env;
  int code;
} Run;

static void *run_entry(void *arg) {
  Run *r = arg;
  const void *in[CALL_MOST];
  void *out[CALL_MOST];
  for (uint32_t i = 0; i < r->call->model->input_count; ++i) in[i] = r->buffers->in[i].data;
  for (uint32_t i = 0; i < r->call->model->output_count; ++i) out[i] = r->buffers->out[i].data;
  const Guarded *workspace = &r->buffers->workspace;
  atm_run_strided_fn *strided = strided_entry(r->call);
  if (!strided) {
    r->code = r->call->entry->run(in, out, workspace->data, workspace->bytes, r->env);
    return NULL;
  }
  atm_strides strides[CALL_MOST] = {{0, 0, 0}};
  for (uint32_t i = 0; i < r->call->model->input_count; ++i) {
    const Strided *rows = &r->buffers->rows[i];
    if (rows->first) in[i] = rows->first, strides[i] = rows->strides;
  }
  r->code = strided(in, strides, out, workspace->data, workspace->bytes, r->env);
  return NULL;
}

/* No thread of AArch64 may have less than 128 KiB. Ends the process where there is no thread. */
static void run_on_small_stack(Run *run) {
  size_t least = (size_t)PTHREAD_STACK_MIN, bytes = least > SMALL_STACK ? least : SMALL_STACK;
  pthread_attr_t attributes;
  pthread_t thread;
  if (pthread_attr_init(&attributes) != 0 || pthread_attr_setstacksize(&attributes, bytes) != 0 ||
      pthread_create(&thread, &attributes, run_entry, run) != 0 ||
      pthread_join(thread, NULL) != 0) {
    exit(3);
  }
  pthread_attr_destroy(&attributes);
}

const char *call_model(const Call *call) {
  Buffers b = {0};
  make_buffers(call, &b);
  Workers workers = {call, &b.workspace, call->order};
  atm_env env = {
      .size = sizeof env, .threads = call->threads, .ctx = &workers, .parallel_for = run_tasks};
  if (call->pool) env = atm_pool_env(call->pool);
  env.weights = b.weights.data;
  Run run = {.call = call, .buffers = &b, .env = &env};
  if (call->small_stack) {
    run_on_small_stack(&run);
  } else {
    run_entry(&run);
  }
  const char *wrong = finish(call, &b);
  return run.code == ATM_OK ? wrong : atm_error_text(run.code);
}
