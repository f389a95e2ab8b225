/* The process behind `atmc verify|run|bench --runner`: it has the model's code, linked in with all
 * of its kernels exported, and does what it is asked until the socket is closed (agent.h). */
#define _GNU_SOURCE
#include "agent.h"

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "atm_runtime.h"

enum { SPIN_FLOATS = 64 }; /* for each worker, at least what such a function writes */

atm_run_fn model_run;
typedef void kernel_fn(void *args, uint32_t task, uint32_t worker);

typedef struct agent {
  char *memory;
  atm_env env;
  void *sums; /* of AGENT_SPIN */
} agent;

/* Reads all of `data`; 0 where the other side is gone. */
static int receive(void *data, size_t bytes) {
  for (char *at = data; bytes > 0;) {
    ssize_t got = read(AGENT_SOCKET, at, bytes);
    if (got <= 0) return 0;
    at += got;
    bytes -= (size_t)got;
  }
  return 1;
}

static int answer(const void *data, size_t bytes) {
  for (const char *at = data; bytes > 0;) {
    ssize_t put = write(AGENT_SOCKET, at, bytes);
    if (put <= 0) return 0;
    at += put;
    bytes -= (size_t)put;
  }
  return 1;
}

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* A task in place of the kernel's, which it calls and times. */
typedef struct timed_kernel {
  kernel_fn *kernel;
  void *args;
  agent_time *times;
} timed_kernel;

static void run_timed(void *context, uint32_t task, uint32_t worker) {
  const timed_kernel *timed = context;
  agent_time *t = &timed->times[task];
  t->worker = worker;
  t->begin = now();
  timed->kernel(timed->args, task, worker);
  t->end = now();
}

static int run_tasks(const agent *a, kernel_fn *kernel, void *args, uint32_t tasks) {
  if (a->env.parallel_for && tasks > 1) {
    return a->env.parallel_for(a->env.ctx, tasks, kernel, args) ? ATM_E_PARALLEL : ATM_OK;
  }
  for (uint32_t task = 0; task < tasks; ++task) kernel(args, task, 0);
  return ATM_OK;
}

/* AGENT_STEP and AGENT_SPIN; `times` is NULL where they are not asked for. */
static int run_kernel(const agent *a, const agent_request *request, void *args, agent_time *times) {
  kernel_fn *kernel;
  void *symbol = dlsym(RTLD_DEFAULT, request->name);
  if (!symbol) return ATM_E_ARGUMENT;
  memcpy(&kernel, &symbol, sizeof kernel);
  if (!times) return run_tasks(a, kernel, args, request->tasks);
  timed_kernel timed = {kernel, args, times};
  return run_tasks(a, run_timed, &timed, request->tasks);
}

static int serve(agent *a, const agent_request *request, agent_time *times) {
  void *pointers[AGENT_MOST_OFFSETS];
  for (uint32_t i = 0; i < request->count; ++i) {
    pointers[i] = request->offsets[i] ? a->memory + request->offsets[i] : NULL;
  }
  a->env.weights = a->memory + request->weights;
  switch (request->kind) {
    case AGENT_RUN:
      return model_run((const void *const *)pointers, pointers + request->inputs,
                       a->memory + request->workspace, request->workspace_bytes, &a->env);
    case AGENT_STEP: return run_kernel(a, request, pointers, times);
    case AGENT_SPIN: return run_kernel(a, request, a->sums, times);
    default: return ATM_E_ARGUMENT;
  }
}

/* Until the other side is gone. */
static void serve_all(agent *a) {
  agent_request *request = malloc(sizeof *request);
  while (request && receive(request, sizeof *request)) {
    agent_time *times = request->timed ? calloc(request->tasks + 1, sizeof *times) : NULL;
    agent_reply reply = {ATM_E_NO_MEMORY};
    if (times || !request->timed) reply.code = serve(a, request, times);
    int said = answer(&reply, sizeof reply);
    if (said && times && reply.code == ATM_OK) {
      said = answer(times, request->tasks * sizeof *times);
    }
    free(times);
    if (!said) break;
  }
  free(request);
}

int main(int argc, char **argv) {
  if (argc != 3) return 2;
  size_t bytes = (size_t)strtoull(argv[1], NULL, 10);
  uint32_t threads = (uint32_t)strtoul(argv[2], NULL, 10);
  agent a = {.memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, AGENT_MEMORY, 0)};
  atm_pool *pool = threads > 1 ? atm_pool_create(threads) : NULL;
  agent_hello hello = {atm_cpu_isa(), ATM_OK};
  a.env = atm_pool_env(pool);
  a.env.isa = hello.isa;
  a.sums = aligned_alloc(64, threads * SPIN_FLOATS * sizeof(float));
  if (a.memory == MAP_FAILED || !a.sums) hello.code = ATM_E_NO_MEMORY;
  if (threads > 1 && !pool) hello.code = ATM_E_SYSTEM;
  if (answer(&hello, sizeof hello) && hello.code == ATM_OK) {
    memset(a.sums, 0, threads * SPIN_FLOATS * sizeof(float));
    serve_all(&a);
  }
  atm_pool_destroy(pool);
  free(a.sums);
  return 0;
}
