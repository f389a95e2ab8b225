/* The runtime's pool: every task once, workers that never meet, callers at once, nesting. */
#include <criterion/criterion.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "runtime/atm_runtime.h"

enum { THREADS = 4, TASKS = 1000 };

typedef struct Job {
  atm_env env;
  atomic_uint runs[TASKS];
  atomic_flag in_use[64]; /* by worker */
  atomic_uint collisions;
} Job;

static void job_init(Job *job, atm_env env) {
  memset(job, 0, sizeof *job);
  job->env = env;
}

static void count_task(void *arg, uint32_t task, uint32_t worker) {
  Job *job = arg;
  if (worker >= job->env.threads || atomic_flag_test_and_set(&job->in_use[worker])) {
    atomic_fetch_add(&job->collisions, 1);
    return;
  }
  atomic_fetch_add(&job->runs[task], 1);
  atomic_flag_clear(&job->in_use[worker]);
}

static void check_job(Job *job, uint32_t tasks, uint32_t times) {
  cr_expect_eq(atomic_load(&job->collisions), 0u);
  for (uint32_t i = 0; i < TASKS; ++i) {
    cr_expect_eq(atomic_load(&job->runs[i]), i < tasks ? times : 0u, "task %u", i);
  }
}

Test(pool, runs_every_task_once) {
  atm_pool *pool = atm_pool_create(THREADS);
  cr_assert_not_null(pool);
  const uint32_t sizes[] = {0, 1, 2, 3, 7, TASKS};
  for (size_t i = 0; i < sizeof sizes / sizeof *sizes; ++i) {
    Job job;
    job_init(&job, atm_pool_env(pool));
    cr_expect_eq(job.env.parallel_for(job.env.ctx, sizes[i], count_task, &job), 0);
    check_job(&job, sizes[i], 1);
  }
  atm_pool_destroy(pool);
}

Test(pool, runs_many_jobs_in_a_row) {
  atm_pool *pool = atm_pool_create(THREADS);
  Job job;
  job_init(&job, atm_pool_env(pool));
  for (int i = 0; i < 3000; ++i) job.env.parallel_for(job.env.ctx, 5, count_task, &job);
  check_job(&job, 5, 3000);
  atm_pool_destroy(pool);
}

static void *caller_main(void *arg) {
  Job *job = arg;
  for (int i = 0; i < 500; ++i) job->env.parallel_for(job->env.ctx, 8, count_task, job);
  return NULL;
}

Test(pool, serves_callers_at_once) {
  atm_pool *pool = atm_pool_create(THREADS);
  enum { CALLERS = 3 };
  static Job jobs[CALLERS];
  pthread_t threads[CALLERS];
  for (int i = 0; i < CALLERS; ++i) {
    job_init(&jobs[i], atm_pool_env(pool));
    cr_assert_eq(pthread_create(&threads[i], NULL, caller_main, &jobs[i]), 0);
  }
  for (int i = 0; i < CALLERS; ++i) pthread_join(threads[i], NULL);
  for (int i = 0; i < CALLERS; ++i) check_job(&jobs[i], 8, 500);
  atm_pool_destroy(pool);
}

static void nest_task(void *arg, uint32_t task, uint32_t worker) {
  (void)task, (void)worker;
  Job *outer = arg;
  Job inner;
  job_init(&inner, outer->env);
  inner.env.parallel_for(inner.env.ctx, 6, count_task, &inner);
  check_job(&inner, 6, 1);
  atomic_fetch_add(&outer->runs[0], 1);
}

Test(pool, nests) {
  atm_pool *pool = atm_pool_create(THREADS);
  Job job;
  job_init(&job, atm_pool_env(pool));
  cr_expect_eq(job.env.parallel_for(job.env.ctx, 20, nest_task, &job), 0);
  cr_expect_eq(atomic_load(&job.runs[0]), 20u);
  atm_pool_destroy(pool);
}

/* A child has none of the threads: it neither waits for them nor touches the lock. */
Test(pool, is_destroyed_in_a_forked_child, .timeout = 10) {
  atm_pool *pool = atm_pool_create(THREADS);
  pid_t child = fork();
  if (child == 0) {
    atm_pool_destroy(pool);
    _exit(7);
  }
  int state = 0;
  cr_assert_eq(waitpid(child, &state, 0), child);
  cr_expect(WIFEXITED(state) && WEXITSTATUS(state) == 7);
  atm_pool_destroy(pool);
}

static atomic_uint handled;

static void count_signal(int signal) {
  (void)signal;
  atomic_fetch_add(&handled, 1);
}

/* Each task waits for all others, so that each has a worker of its own. */
static void fault_task(void *arg, uint32_t task, uint32_t worker) {
  (void)task;
  atomic_uint *begun = arg;
  atomic_fetch_add(begun, 1);
  while (atomic_load(begun) < THREADS) sched_yield();
  if (worker > 0) raise(SIGSEGV);
}

Test(pool, shows_faults_of_workers_to_the_handler, .timeout = 10) {
  struct sigaction action = {.sa_handler = count_signal};
  cr_assert_eq(sigaction(SIGSEGV, &action, NULL), 0);
  atm_pool *pool = atm_pool_create(THREADS);
  atm_env env = atm_pool_env(pool);
  atomic_uint begun = 0;
  cr_expect_eq(env.parallel_for(env.ctx, THREADS, fault_task, &begun), 0);
  cr_expect_eq(atomic_load(&handled), THREADS - 1u);
  atm_pool_destroy(pool);
}

Test(pool, limits_threads) {
  cr_expect_null(atm_pool_create(0));
  cr_expect_null(atm_pool_create(65));
  atm_pool_destroy(NULL);
  atm_pool *pool = atm_pool_create(1);
  Job job;
  job_init(&job, atm_pool_env(pool));
  cr_expect_eq(job.env.threads, 1u);
  job.env.parallel_for(job.env.ctx, 9, count_task, &job);
  check_job(&job, 9, 1);
  atm_pool_destroy(pool);
}

Test(pool, has_an_environment_without_a_pool) {
  atm_env env = atm_pool_env(NULL);
  cr_expect_eq(env.size, sizeof env);
  cr_expect_eq(env.threads, 1u);
  cr_expect_null((void *)env.parallel_for);
  cr_expect_eq(env.isa, atm_cpu_isa());
}

Test(pool, explains_every_code) {
  for (int code = ATM_E_SELFTEST; code <= ATM_OK; ++code) {
    cr_expect_str_neq(atm_error_text(code), atm_error_text(99), "code %d", code);
  }
}
