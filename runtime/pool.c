/* A pool of threads.
 *
 * The tasks of a job are dealt out as ranges, one to each of the first workers, so that a worker
 * meets the same rows of its caches in one step after another. Who is through with his own range
 * helps with the others'.
 *
 * One word for each range, its ticket, says what there is to do: the number of the job in the high
 * half, the tasks not yet taken in the low half. Who wants a task lowers it by one with
 * compare-and-swap; a success proves that the job was still open, so its function and argument,
 * read before, are the right ones (a new job is only written once all tasks of the old one are
 * finished). A worker that sleeps through a job is not missed: nobody waits for workers, only for
 * tasks.
 *
 * Workers look at the number of the newest job for SPIN_NANOSECONDS, then sleep on a condition
 * variable. `sleepers` and `job` are both sequentially consistent: a worker counts itself before it
 * looks for the last time, the caller posts its job before it counts sleepers, so one of them sees
 * the other.
 *
 * While a job runs, other callers (and tasks that call parallel_for themselves) do their tasks
 * alone: they can neither wait for themselves nor for each other.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "atm_runtime.h"

enum { MAX_THREADS = 64, SPIN_NANOSECONDS = 200000, CACHE_LINE = 64 };

typedef void task_fn(void *arg, uint32_t task, uint32_t worker);

typedef struct worker {
  atm_pool *pool;
  uint32_t id; /* 1 and up: 0 is the caller */
  pthread_t thread;
} worker;

typedef struct range {
  _Alignas(CACHE_LINE) _Atomic uint64_t ticket;
} range;

struct atm_pool {
  range ranges[MAX_THREADS];
  _Alignas(CACHE_LINE) _Atomic uint64_t job;      /* the number of the newest */
  _Alignas(CACHE_LINE) _Atomic uint32_t finished; /* tasks of this job */
  /* The job; constant while it is open. */
  _Alignas(CACHE_LINE) _Atomic(task_fn *) fn;
  _Atomic(void *) arg;
  _Atomic uint32_t count;
  _Atomic uint32_t sleepers;
  _Atomic int stop;
  atomic_flag busy; /* a job is running */
  pthread_mutex_t mutex;
  pthread_cond_t wake;
  uint32_t threads; /* the caller included */
  pid_t process;    /* that has the threads: a forked child has none of them */
  worker workers[MAX_THREADS];
};

/* Tells the processor that this is a loop that waits. */
static void pause_briefly(void) {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  __asm__ volatile("isb" ::: "memory");
#endif
}

/* Nanoseconds, from some beginning. */
static uint64_t now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static uint32_t min_u32(uint32_t a, uint32_t b) {
  return a < b ? a : b;
}

/* The first task of range `r`, of `ranges`. */
static uint32_t range_begin(uint32_t count, uint32_t ranges, uint32_t r) {
  return (uint32_t)((uint64_t)count * r / ranges);
}

/* Runs tasks of range `r` until none is left. */
static void work_range(atm_pool *pool, uint32_t r, uint32_t id) {
  _Atomic uint64_t *at = &pool->ranges[r].ticket;
  uint64_t ticket = atomic_load_explicit(at, memory_order_acquire);
  while ((uint32_t)ticket) {
    task_fn *fn = atomic_load_explicit(&pool->fn, memory_order_relaxed);
    void *arg = atomic_load_explicit(&pool->arg, memory_order_relaxed);
    uint32_t count = atomic_load_explicit(&pool->count, memory_order_relaxed);
    if (!atomic_compare_exchange_weak_explicit(at, &ticket, ticket - 1, memory_order_acq_rel,
                                               memory_order_acquire)) {
      continue;
    }
    uint32_t end = range_begin(count, min_u32(count, pool->threads), r + 1);
    fn(arg, end - (uint32_t)ticket, id);
    atomic_fetch_add_explicit(&pool->finished, 1, memory_order_release);
    ticket = atomic_load_explicit(at, memory_order_acquire);
  }
}

/* Runs tasks of the open job until none is left, the worker's own first. */
static void work(atm_pool *pool, uint32_t id) {
  for (uint32_t i = 0; i < pool->threads; ++i) work_range(pool, (id + i) % pool->threads, id);
}

/* No job is newer than `job`. */
static int is_idle(atm_pool *pool, uint64_t job) {
  return atomic_load(&pool->job) == job && !atomic_load(&pool->stop);
}

/* Returns when there is a newer job or the pool stops. */
static void wait_for_work(atm_pool *pool, uint64_t job) {
  uint64_t begin = now();
  for (uint32_t i = 1; is_idle(pool, job); ++i) {
    pause_briefly();
    if (i % 64) continue;
    if (now() - begin > SPIN_NANOSECONDS) break;
    sched_yield();
  }
  if (!is_idle(pool, job)) return;
  pthread_mutex_lock(&pool->mutex);
  atomic_fetch_add(&pool->sleepers, 1);
  while (is_idle(pool, job)) pthread_cond_wait(&pool->wake, &pool->mutex);
  atomic_fetch_sub(&pool->sleepers, 1);
  pthread_mutex_unlock(&pool->mutex);
}

/* The job's number is read before the work on it: a job posted meanwhile is newer, so that no wait
 * misses it. */
static void *worker_main(void *arg) {
  worker *self = arg;
  while (!atomic_load_explicit(&self->pool->stop, memory_order_acquire)) {
    uint64_t job = atomic_load_explicit(&self->pool->job, memory_order_acquire);
    work(self->pool, self->id);
    wait_for_work(self->pool, job);
  }
  return NULL;
}

/* Wakes who sleeps. The job, or the stop, is stored before: see the head. */
static void wake_all(atm_pool *pool) {
  if (atomic_load(&pool->sleepers) == 0) return;
  pthread_mutex_lock(&pool->mutex);
  pthread_cond_broadcast(&pool->wake);
  pthread_mutex_unlock(&pool->mutex);
}

/* Tasks are long or short: look for a while, then let others have this processor. */
static void wait_for_tasks(atm_pool *pool, uint32_t count) {
  for (uint32_t i = 0; atomic_load_explicit(&pool->finished, memory_order_acquire) != count; ++i) {
    if (i < 2000) {
      pause_briefly();
    } else {
      sched_yield();
    }
  }
}

/* Writes the job down; none is open. */
static void post(atm_pool *pool, uint32_t count, task_fn *fn, void *arg) {
  atomic_store_explicit(&pool->fn, fn, memory_order_relaxed);
  atomic_store_explicit(&pool->arg, arg, memory_order_relaxed);
  atomic_store_explicit(&pool->count, count, memory_order_relaxed);
  atomic_store_explicit(&pool->finished, 0, memory_order_relaxed);
  uint64_t job = atomic_load_explicit(&pool->job, memory_order_relaxed) + 1;
  uint32_t ranges = min_u32(count, pool->threads);
  for (uint32_t r = 0; r < ranges; ++r) {
    uint64_t left = range_begin(count, ranges, r + 1) - range_begin(count, ranges, r);
    atomic_store_explicit(&pool->ranges[r].ticket, job << 32 | left, memory_order_release);
  }
  atomic_store(&pool->job, job);
}

/* The env's parallel_for: returns when all tasks are done. One task, or a pool that is busy, is
 * done by the caller as worker 0. */
static int parallel_for(void *ctx, uint32_t count, task_fn *fn, void *arg) {
  atm_pool *pool = ctx;
  if (count <= 1 || pool->threads == 1 ||
      atomic_flag_test_and_set_explicit(&pool->busy, memory_order_acquire)) {
    for (uint32_t task = 0; task < count; ++task) fn(arg, task, 0);
    return 0;
  }
  post(pool, count, fn, arg);
  wake_all(pool);
  work(pool, 0);
  wait_for_tasks(pool, count);
  atomic_flag_clear_explicit(&pool->busy, memory_order_release);
  return 0;
}

/* Starts the workers with the program's signals blocked: those are for its own threads. What a
 * worker itself raises, and the clock of a profiler, is not: a crash handler and a profiler of the
 * program see workers too. Returns how many run. */
static uint32_t start_workers(atm_pool *pool, uint32_t count) {
  static const int own[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGSYS, SIGABRT, SIGPROF};
  sigset_t blocked, old;
  sigfillset(&blocked);
  for (size_t i = 0; i < sizeof own / sizeof *own; ++i) sigdelset(&blocked, own[i]);
  pthread_sigmask(SIG_BLOCK, &blocked, &old);
  uint32_t started = 0;
  for (; started < count; ++started) {
    worker *w = &pool->workers[started];
    w->pool = pool;
    w->id = started + 1;
    if (pthread_create(&w->thread, NULL, worker_main, w)) break;
  }
  pthread_sigmask(SIG_SETMASK, &old, NULL);
  return started;
}

atm_pool *atm_pool_create(uint32_t threads) {
  if (threads < 1 || threads > MAX_THREADS) return NULL;
  atm_pool *pool = aligned_alloc(CACHE_LINE, sizeof *pool);
  if (!pool) return NULL;
  *pool = (atm_pool){.busy = ATOMIC_FLAG_INIT, .threads = threads, .process = getpid()};
  pthread_mutex_init(&pool->mutex, NULL);
  pthread_cond_init(&pool->wake, NULL);
  uint32_t started = start_workers(pool, threads - 1);
  if (started == threads - 1) return pool;
  pool->threads = started + 1;
  atm_pool_destroy(pool);
  return NULL;
}

void atm_pool_destroy(atm_pool *pool) {
  if (!pool) return;
  if (pool->process != getpid()) { /* nobody to stop; the lock may be anyone's */
    free(pool);
    return;
  }
  atomic_store(&pool->stop, 1);
  wake_all(pool);
  for (uint32_t i = 0; i + 1 < pool->threads; ++i) pthread_join(pool->workers[i].thread, NULL);
  pthread_cond_destroy(&pool->wake);
  pthread_mutex_destroy(&pool->mutex);
  free(pool);
}

atm_env atm_pool_env(atm_pool *pool) {
  atm_env env = {.size = sizeof env, .threads = 1, .isa = atm_cpu_isa()};
  if (pool) {
    env.threads = pool->threads;
    env.ctx = pool;
    env.parallel_for = parallel_for;
  }
  return env;
}
