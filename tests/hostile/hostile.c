/* What a hostile file may cost: at most its size and 64 MiB of memory beyond what atmc takes to say
 * its version, and one second of a processor that nobody else uses; a row that takes longer is run
 * again, and what it may take follows how slow the processor is at that time (slowness.c). Each row
 * of the tables is one such file, made here.
 *
 *   hostile ATMC SECONDS [NAME...]     SECONDS 0: neither time nor memory count (sanitizers)
 */
#include "hostile.h"

#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
  ALLOWED_MIB = 64,
  MAX_ARGUMENTS = 16,
  STOPPED_AT = 10 /* seconds of a processor */
};
static const uint64_t STOPPED_AT_BYTES = UINT64_C(3) << 30;

/* The model that hostile weights are bound to. */
static const char tiny_model[] =
    "{\"atmc\":1,\"name\":\"tiny\",\"inputs\":[{\"name\":\"x\",\"layout\":\"nc\",\"channels\":4}],"
    "\"layers\":[{\"op\":\"linear\",\"name\":\"head\",\"channels\":4}],"
    "\"outputs\":[{\"name\":\"y\"}]}";

typedef struct Cost {
  int code; /* the exit code; 128 and the signal where there was one */
  double seconds;
  double mib;
} Cost;

static const HostileList *const lists[] = {
    &hostile_json,     &hostile_models, &hostile_weights, &hostile_checkpoints,
    &hostile_archives, &hostile_arrays, &hostile_texts,   &hostile_plans};

/* So that a row that fails takes neither the machine's memory nor the night. */
static void limit_costs(void) {
  struct rlimit seconds = {STOPPED_AT, STOPPED_AT}, bytes = {STOPPED_AT_BYTES, STOPPED_AT_BYTES};
  if (setrlimit(RLIMIT_CPU, &seconds) != 0 || setrlimit(RLIMIT_DATA, &bytes) != 0) _exit(125);
}

/* Runs atmc with `arguments`, where % is `path`; its streams go to files here. */
static Cost run(const char *atmc, const char *arguments, const char *path, bool limited) {
  char copy[256], *words[MAX_ARGUMENTS] = {(char *)(uintptr_t)atmc};
  snprintf(copy, sizeof copy, "%s", arguments);
  uint32_t count = 1;
  for (char *word = strtok(copy, " "); word && count + 1 < MAX_ARGUMENTS;
       word = strtok(NULL, " ")) {
    words[count++] = strcmp(word, "%") ? word : (char *)(uintptr_t)path;
  }
  pid_t child = fork();
  if (child == 0) {
    if (limited) limit_costs();
    if (!freopen("stdout", "w", stdout) || !freopen("stderr", "w", stderr)) _exit(126);
    execv(atmc, words);
    _exit(127);
  }
  int state = 0;
  struct rusage usage;
  if (child < 0 || wait4(child, &state, 0, &usage) < 0) {
    perror("hostile");
    exit(1);
  }
  Cost cost = {.code = WIFEXITED(state) ? WEXITSTATUS(state) : 128 + WTERMSIG(state),
               .mib = (double)usage.ru_maxrss / 1024};
  const struct timeval *times[] = {&usage.ru_utime, &usage.ru_stime};
  for (int i = 0; i < 2; ++i) {
    cost.seconds += (double)times[i]->tv_sec + 1e-6 * (double)times[i]->tv_usec;
  }
  return cost;
}

static void write_file(const char *path, void (*write)(FILE *)) {
  FILE *file = fopen(path, "w");
  if (!file) {
    perror(path);
    exit(1);
  }
  write(file);
  if (fclose(file) != 0) {
    perror(path);
    exit(1);
  }
}

static void write_tiny(FILE *file) {
  fputs(tiny_model, file);
}

/* Bytes in the file `path`. */
static double size_of(const char *path) {
  struct stat info;
  return stat(path, &info) == 0 ? (double)info.st_size : 0;
}

/* Runs one row; false when it costs too much or ends otherwise than it should. */
static bool check(const char *atmc, const Hostile *hostile, double seconds, double base) {
  write_file("hostile", hostile->write);
  double mib = size_of("hostile") / (1 << 20);
  bool counts = seconds > 0;
  Cost cost = run(atmc, hostile->arguments, "hostile", counts);
  if (counts && cost.seconds > seconds) { /* other programs on the machine cost time too */
    double before = hostile_slowness();
    cost = run(atmc, hostile->arguments, "hostile", counts);
    double after = hostile_slowness(), slowness = before > after ? before : after;
    printf("       again, on a core %.2f times as slow as meant\n", slowness);
    seconds *= slowness;
  }
  bool good = cost.code == hostile->code && (cost.code == 0 || size_of("stderr") > 0) &&
              !(counts && (cost.seconds > seconds || cost.mib - base > mib + ALLOWED_MIB));
  printf("%-6s %-32s %8.2f MiB: code %3d, %6.2f s, %8.1f MiB\n", good ? "ok" : "FAILED",
         hostile->name, mib, cost.code, cost.seconds, cost.mib - base);
  fflush(stdout);
  if (cost.code != hostile->code) {
    printf("  expected code %d; it said:\n", hostile->code);
    fflush(stdout);
    if (system("head -c 1000 stderr") != 0) puts("");
  }
  return good;
}

static bool is_asked(const char *name, char **names, int count) {
  for (int i = 0; i < count; ++i) {
    if (!strcmp(names[i], name)) return true;
  }
  return count == 0;
}

int main(int argc, char **argv) {
  char folder[] = "/tmp/hostile.XXXXXX", command[64];
  char *atmc = argc > 2 ? realpath(argv[1], NULL) : NULL;
  if (!atmc || !mkdtemp(folder) || chdir(folder) != 0) return 2;
  write_file("tiny.json", write_tiny);
  double base = run(atmc, "--version", "", false).mib;
  if (run(atmc, "weights tiny.json --synthetic=1 -o tiny.safetensors", "", false).code != 0) {
    return 2;
  }
  uint32_t total = 0, failed = 0;
  for (uint32_t l = 0; l < sizeof lists / sizeof *lists; ++l) {
    for (uint32_t i = 0; i < lists[l]->count; ++i) {
      if (!is_asked(lists[l]->items[i].name, argv + 3, argc - 3)) continue;
      ++total;
      failed += !check(atmc, &lists[l]->items[i], atof(argv[2]), base);
    }
  }
  printf("%u hostile files, %u failed\n", total, failed);
  snprintf(command, sizeof command, "rm -rf %s", folder);
  if (system(command) != 0) failed = 1;
  free(atmc);
  return failed != 0;
}
