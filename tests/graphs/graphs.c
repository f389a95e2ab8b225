/* graphs [--seed=N] [--count=N] [--seconds=N] [--keep=FOLDER] [--all-ops] [--arm=FOLDER]
 *        [FILE.ir...]
 *
 * Draws graphs by lot, numbered from --seed on, and tries each in several ways (trial.h): all of it
 * in child processes, so that a crash is a failure as any other. A number makes the same graph and
 * the same builds always. A failure prints its number and what was wrong, is shrunk, and is written
 * to FOLDER/NUMBER.ir (and .json, where a description made it); --keep is "." unless said.
 * --all-ops: every op that kernels may have must have been tried.
 *
 * --arm: writes the graphs as NEON code to FOLDER, for arm.sh, instead.
 * FILE.ir: tries these graphs in every way that there is, instead.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "support/atomic_file.h"
#include "tests/graphs/arm_emit.h"
#include "tests/graphs/metamorphic.h"
#include "tests/graphs/trial.h"

enum {
  WORK_SECONDS = 60,    /* of a processor: a trial that takes more hangs */
  SHRINK_SECONDS = 120, /* to shrink one failure */
  MOST_FAILURES = 20,
};

/* What a child tells its parent, in memory that both have. */
typedef struct Shared {
  uint64_t seed; /* at hand */
  uint32_t tried, built;
  bool ops[OP_KIND_COUNT];
  Choices choices; /* of the subject at hand */
} Shared;

typedef struct Options {
  uint64_t seed, count;
  time_t seconds; /* 0: as long as it takes */
  const char *keep;
  const char *arm;
  bool all_ops;
} Options;

/* -- one trial --------------------------------------------------------------------------------- */

static void try_subject(Trial *t, Shared *shared) {
  Build builds[TRIAL_BUILDS];
  uint32_t count = trial_builds(t->arena, t->seed, builds);
  trial_begin(t);
  for (uint32_t i = 0; i < count; ++i) trial_build(t, &builds[i]);
  if (t->subject.types[0].dims[0] > 1 && t->seed % 8 == 1) trial_split(t, builds[0].isa);
  shared->built += t->built;
  for (uint32_t i = 0; i < OP_KIND_COUNT; ++i) shared->ops[i] |= t->ops[i];
}

/* Ends the process where it fails. */
static void try_choices(uint64_t seed, Shared *shared) {
  Trial t = {.arena = arena_new(), .seed = seed};
  const struct itimerval limit = {.it_value = {.tv_sec = WORK_SECONDS}};
  setitimer(ITIMER_PROF, &limit, NULL);
  if (seed % 16 == 7) {
    metamorphic_try(t.arena, &shared->choices, seed);
  } else {
    if (!subject_draw(&t.subject, t.arena, seed, &shared->choices)) exit(1);
    try_subject(&t, shared);
  }
  arena_free(t.arena);
}

/* -- shrinking --------------------------------------------------------------------------------- */

static void silence(void) {
  if (!freopen("/dev/null", "w", stdout) || !freopen("/dev/null", "w", stderr)) _exit(3);
}

/* Whether `choices` fail; they are then those that were looked at. */
static bool fails(Shared *shared, uint64_t seed, const Choices *choices) {
  shared->choices = *choices;
  shared->choices.replayed = true;
  shared->choices.next = 0;
  fflush(stdout);
  pid_t child = fork();
  if (child == 0) {
    silence();
    try_choices(seed, shared);
    _exit(0);
  }
  int status = 0;
  waitpid(child, &status, 0);
  return status != 0;
}

typedef struct Shrink {
  Shared *shared;
  uint64_t seed;
  time_t until;
  Choices best;
} Shrink;

static bool better(Shrink *s, const Choices *candidate) {
  if (time(NULL) >= s->until || !fails(s->shared, s->seed, candidate)) return false;
  uint32_t used = s->shared->choices.next;
  s->best = *candidate;
  if (used < s->best.count) s->best.count = used;
  return true;
}

/* Takes runs of choices out, long ones first. */
static bool drop_runs(Shrink *s) {
  bool any = false;
  for (uint32_t length = s->best.count / 2; length > 0; length /= 2) {
    for (uint32_t at = 0; at + length <= s->best.count;) {
      Choices c = s->best;
      memmove(&c.items[at], &c.items[at + length], (c.count - at - length) * sizeof c.items[0]);
      c.count -= length;
      if (better(s, &c)) {
        any = true;
      } else {
        at += length;
      }
    }
  }
  return any;
}

/* Makes single choices smaller. */
static bool lower_choices(Shrink *s) {
  bool any = false;
  for (uint32_t at = 0; at < s->best.count; ++at) {
    for (uint32_t to = 0; at < s->best.count && to < s->best.items[at];) {
      Choices c = s->best;
      c.items[at] = to;
      if (better(s, &c)) {
        any = true;
        break;
      }
      to = to                      ? to + (s->best.items[at] - to + 1) / 2
           : s->best.items[at] / 2 ? s->best.items[at] / 2
                                   : 1;
    }
  }
  return any;
}

/* -- reporting --------------------------------------------------------------------------------- */

static void write_text(const char *folder, uint64_t seed, const char *suffix, const char *text) {
  char path[4096];
  snprintf(path, sizeof path, "%s/%lu.%s", folder, (unsigned long)seed, suffix);
  FILE *file = fopen(path, "w");
  if (!file || fputs(text, file) < 0 || fclose(file) != 0) perror(path);
  printf("kept in %s\n", path);
}

/* The graph with its sizes known, as text. */
static void keep_subject(const Options *o, uint64_t seed, Choices *choices) {
  Arena *arena = arena_new();
  Subject subject;
  choices->replayed = true;
  choices->next = 0;
  Diag diag = {.stream = stderr};
  StringBuilder text = {.arena = arena};
  const Graph *known = NULL;
  if (seed % 16 != 7 && subject_draw(&subject, arena, seed, choices)) {
    PassContext context = {.arena = arena,
                           .diag = &diag,
                           .input_types = subject.types,
                           .input_count = subject.input_count};
    if (pass_table[PASS_specialize_shapes].run(&context, subject.graph, &known)) exit(1);
    graph_print(known, &text);
    write_text(o->keep, seed, "ir", string_builder_text(&text));
    if (subject.model) write_text(o->keep, seed, "json", subject.model);
  }
  arena_free(arena);
}

static void report(const Options *o, Shared *shared, uint64_t seed, int status) {
  uint32_t built = shared->built; /* shrinking does not count */
  if (WIFSIGNALED(status)) printf("ended by signal %d\n", WTERMSIG(status));
  printf("FAILED: seed %lu; shrinking\n", (unsigned long)seed);
  Shrink s = {.shared = shared,
              .seed = seed,
              .until = time(NULL) + SHRINK_SECONDS,
              .best = shared->choices};
  s.best.replayed = true;
  for (bool any = true; any;) {
    any = drop_runs(&s);
    any = lower_choices(&s) || any;
  }
  keep_subject(o, seed, &s.best);
  shared->choices = s.best;
  shared->choices.next = 0;
  fflush(stdout);
  if (fork() == 0) { /* once more, to be seen */
    try_choices(seed, shared);
    printf("it does not fail again\n");
    fflush(stdout);
    _exit(0);
  }
  wait(NULL);
  shared->built = built;
}

/* -- campaigns --------------------------------------------------------------------------------- */

_Noreturn static void work(const Options *o, Shared *shared, uint64_t from, time_t until) {
  for (uint64_t seed = from; seed < o->seed + o->count; ++seed) {
    if (until && time(NULL) >= until) break;
    shared->seed = seed;
    shared->choices = (Choices){.lot = {seed * 0x9e3779b97f4a7c15}};
    try_choices(seed, shared);
    ++shared->tried;
  }
  fflush(stdout);
  _exit(0);
}

static uint32_t count_missing_ops(const Shared *shared) {
  uint32_t missing = 0;
  for (uint32_t op = 0; op < OP_KIND_COUNT; ++op) {
    if (op_info((OpKind)op)->stage == STAGE_NONE || shared->ops[op]) continue;
    printf("no kernel had %s\n", op_info((OpKind)op)->text);
    ++missing;
  }
  return missing;
}

static int run_campaign(const Options *o, Shared *shared) {
  time_t until = o->seconds ? time(NULL) + o->seconds : 0;
  uint32_t failures = 0;
  for (uint64_t next = o->seed;;) {
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) work(o, shared, next, until);
    int status = 0;
    waitpid(child, &status, 0);
    if (status == 0) break;
    next = shared->seed + 1;
    report(o, shared, next - 1, status);
    if (++failures == MOST_FAILURES) break;
  }
  printf("%u graphs, %u builds, %u failures\n", shared->tried + failures, shared->built, failures);
  uint32_t missing = o->all_ops ? count_missing_ops(shared) : 0;
  return failures || missing;
}

/* -- files ------------------------------------------------------------------------------------- */

static bool try_file(const char *path) {
  Trial t = {.arena = arena_new(), .diag = {.stream = stderr}, .seed = 8};
  char *text = NULL;
  size_t bytes;
  Graph *graph = NULL;
  if (atomic_file_read(t.arena, &t.diag, path, SIZE_MAX, &text, &bytes) ||
      graph_parse(t.arena, recipe_table_new(t.arena), &t.diag, path, text, &graph)) {
    return false;
  }
  NodeId inputs[SUBJECT_INPUTS];
  t.subject.graph = graph;
  t.subject.input_count = graph_inputs(graph, inputs, SUBJECT_INPUTS);
  for (uint32_t i = 0; i < t.subject.input_count; ++i) {
    t.subject.types[i] = graph_node(graph, inputs[i])->attrs.INPUT.declared;
  }
  Build builds[TRIAL_BUILDS];
  uint32_t count = trial_all_builds(t.arena, builds);
  trial_begin(&t);
  for (uint32_t i = 0; i < count; ++i) trial_build(&t, &builds[i]);
  for (uint32_t i = 0; i < 3 && t.subject.types[0].dims[0] > 1; ++i) {
    trial_split(&t, builds[3 * i].isa);
  }
  printf("%s: %u builds\n", path, t.built);
  arena_free(t.arena);
  return true;
}

static const char *value_of(const char *argument, const char *option) {
  size_t length = strlen(option);
  return strncmp(argument, option, length) == 0 ? argument + length : NULL;
}

int main(int argc, char **argv) {
  Options o = {.seed = 1, .count = 1000, .keep = "."};
  int files = 0, wrong = 0;
  for (int i = 1; i < argc; ++i) {
    const char *v;
    if ((v = value_of(argv[i], "--seed="))) {
      o.seed = strtoull(v, NULL, 10);
    } else if ((v = value_of(argv[i], "--count="))) {
      o.count = strtoull(v, NULL, 10);
    } else if ((v = value_of(argv[i], "--seconds="))) {
      o.seconds = strtol(v, NULL, 10);
    } else if ((v = value_of(argv[i], "--keep="))) {
      o.keep = v;
    } else if ((v = value_of(argv[i], "--arm="))) {
      o.arm = v;
    } else if (strcmp(argv[i], "--all-ops") == 0) {
      o.all_ops = true;
    } else {
      ++files;
      wrong += !try_file(argv[i]);
    }
  }
  if (files) return wrong != 0;
  if (o.arm) return !arm_emit(o.arm, o.seed, o.count);
  Shared *shared =
      mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  return shared == MAP_FAILED ? 3 : run_campaign(&o, shared);
}
