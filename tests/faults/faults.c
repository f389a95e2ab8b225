/* Every allocation and every system call of atmc fails once, and from then on. Whatever fails, atmc
 * ends with 0 and what it was asked for, or with 3, one message and every file as it was; nothing
 * is left that nobody asked for.
 *
 *   faults ATMC LIBRARY KIND SAMPLES SOURCE_DIR [COMMANDS [SPAN [AT]]]
 *
 * SAMPLES calls of each command are tried, spread over all of them, and the first and the last of
 * each function; 0: every one. COMMANDS, of which commas part several, are tried alone, in SPAN
 * alone. With AT one trial is repeated, and what atmc says is shown.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/personality.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fault.h"

enum { MAX_WORDS = 32, MAX_FILES = 128, MAX_NAME = 64, TRIAL_SECONDS = 60, OK = 0, SYSTEM = 3 };

/* One command of atmc; outputs go to out/. */
typedef struct Command {
  const char *name, *words;
  const char *timed; /* the output whose bytes depend on the clock; NULL: none */
} Command;

/* Every kind of output. What makes code has a model of few kernels, for LLVM takes longest. The
 * runner `there` has a program of its own, in place of what the stand-in for a compiler made. */
#define SLIM "slim.json --weights slim.safetensors"
#define TINY "tiny.json --weights tiny.safetensors"
static const Command commands[] = {
    {"compile",
     "compile " SLIM " --shape 1x3x16x16 -o out/m --isa=v2 "
     "--emit=obj,header,lib,asm,llvm-ir,ir,plan,cxx,python,rust,sbom,dep",
     NULL},
    {"sbom", "compile " SLIM " --shape 1x3x16x16 -o out/m --isa=v2 --emit=sbom", NULL},
    {"compile-external",
     "compile " SLIM " --shape 1x3x16x16,1x3x24x16 -o out/m --isa=v3,v2 --weights-mode=external",
     NULL},
    {"compile-plan", "compile " SLIM " --shape 1x3x16x16 -o out/m --from-plan=m.plan", NULL},
    {"compile-pth", "compile net.json --weights net.pth --shape 1x3x32x32 -o out/m --isa=v2", NULL},
    {"compile-int8", "compile " SLIM " --shape 1x3x16x16 -o out/m --isa=v2 --quantize=int8", NULL},
    {"link", "compile " SLIM " --shape 1x3x16x16 -o out/m --isa=v2 --emit=shared,exe,obj", NULL},
    {"run", "run " TINY " --input x.npy -o out/y.npy --isa=v2 --threads=2", NULL},
    {"run-interp", "run " TINY " --input x.npy -o out/y.npy --engine=interp", NULL},
    {"run-runner", "run " TINY " --input x.npy -o out/y.npy --isa=v2 --runner=./there", NULL},
    {"run-png", "run photo.json --weights photo.safetensors --input p.png --json --isa=v2", NULL},
    {"run-jpg", "run photo.json --weights photo.safetensors --input p.jpg --isa=v2", NULL},
    {"bench",
     "bench " SLIM " --shape 1x3x16x16 --isa=v2 --threads=2 --iterations=1 --profile "
     "--trace=out/t.json",
     "t.json"},
    {"verify", "verify " SLIM " --shape 1x3x16x16 --isa=v2 --threads=2", NULL},
    {"report", "report " SLIM " --shape 1x3x16x16 --isa=v2 -o out/r.html", "r.html"},
    {"offsets", "offsets " TINY " --input x.npy -o out", NULL},
    {"inspect", "inspect tiny.json --json --isa=v2", NULL},
    {"inspect-weights", "inspect net.pth", NULL},
    {"inspect-object", "inspect m.o", NULL},
    {"opt", "opt m.ir --passes=prefetch-weights -o out/o.ir", NULL},
    {"init", "init atmnet_xt --class-names=names -o out/i.json", NULL},
    {"weights", "weights tiny.json --synthetic=1 -o out/w.safetensors", NULL},
    {"import", "import net.pth -o out/w.safetensors", NULL},
};

static const char *const kinds[] = {[FAULT_MEMORY] = "memory",
                                    [FAULT_CALLS] = "calls",
                                    [FAULT_LIBRARIES] = "libraries",
                                    [FAULT_SHORT] = "short"};
static const char *const spans[] = {
    [FAULT_ONCE] = "once", [FAULT_SAME] = "same", [FAULT_ALL] = "all"};
enum { COMMANDS = sizeof commands / sizeof *commands, SPANS = sizeof spans / sizeof *spans };

/* What stands in out/. */
typedef struct File {
  char name[MAX_NAME];
  char *data;
  size_t bytes;
} File;

typedef struct Files {
  File items[MAX_FILES];
  uint32_t count;
} Files;

/* One program under trial. */
typedef struct Trials {
  const char *atmc, *library;
  Fault *fault;
  FaultKind kind;
  int span;              /* the only one that is tried; -1: all */
  const Command *loaded; /* the command that `trials` and `ends` are of (fault.h); or NULL */
  int trials, ends;
  uint32_t total, failed, hit; /* hit: something failed in atmc */
} Trials;

/* -- files ------------------------------------------------------------------------------------- */

static void stop(const char *what) {
  perror(what);
  exit(2);
}

static File read_file(const char *folder, const char *name) {
  char path[2 * MAX_NAME + 2];
  File result = {0};
  struct stat info;
  snprintf(result.name, sizeof result.name, "%.*s", MAX_NAME - 1, name);
  snprintf(path, sizeof path, "%s/%s", folder, result.name);
  FILE *file = fopen(path, "rb");
  if (!file || fstat(fileno(file), &info) != 0) stop(path);
  result.bytes = (size_t)info.st_size;
  result.data = malloc(result.bytes + 1);
  if (!result.data || fread(result.data, 1, result.bytes, file) != result.bytes) stop(path);
  result.data[result.bytes] = '\0';
  fclose(file);
  return result;
}

static Files read_folder(const char *folder) {
  Files files = {.count = 0};
  DIR *open = opendir(folder);
  if (!open) stop(folder);
  for (const struct dirent *entry; (entry = readdir(open));) {
    if (!strcmp(entry->d_name, ".") || !strcmp(entry->d_name, "..")) continue;
    if (files.count == MAX_FILES) stop("too many files");
    files.items[files.count++] = read_file(folder, entry->d_name);
  }
  closedir(open);
  return files;
}

/* Empties tmp/; how many entries it had. */
static uint32_t clear_temporaries(void) {
  uint32_t count = 0;
  DIR *open = opendir("tmp");
  if (!open) stop("tmp");
  while (readdir(open)) ++count;
  closedir(open);
  if (count > 2 && system("rm -rf tmp && mkdir tmp") != 0) stop("tmp");
  return count - 2; /* . and .. */
}

static void free_files(Files *files) {
  for (uint32_t i = 0; i < files->count; ++i) free(files->items[i].data);
}

static const File *find(const Files *files, const char *name) {
  for (uint32_t i = 0; i < files->count; ++i) {
    if (!strcmp(files->items[i].name, name)) return &files->items[i];
  }
  return NULL;
}

static void empty_folder(const char *folder) {
  Files files = read_folder(folder);
  for (uint32_t i = 0; i < files.count; ++i) {
    char path[2 * MAX_NAME];
    snprintf(path, sizeof path, "%s/%s", folder, files.items[i].name);
    if (unlink(path) != 0) stop(path);
  }
  free_files(&files);
}

static const char old_text[] = "what was there\n";

/* out/ before a trial: empty, or with an old file for each that the command writes. */
static void prepare(const Files *written, bool fresh) {
  empty_folder("out");
  for (uint32_t i = 0; i < written->count && !fresh; ++i) {
    char path[2 * MAX_NAME];
    snprintf(path, sizeof path, "out/%s", written->items[i].name);
    FILE *file = fopen(path, "w");
    if (!file || fputs(old_text, file) < 0 || fclose(file) != 0) stop(path);
  }
}

/* -- one run ----------------------------------------------------------------------------------- */

/* What is loaded in front of atmc: what fails, and the module that makes code, which each trial
 * would load for itself. (Trials of other commands are copied the faster without it.) */
static const char *preloaded(const Trials *t, const Command *command, char *text, size_t bytes) {
  static const char *const makers[] = {"compile", "run", "bench", "verify", "report"};
  const char *slash = strrchr(t->atmc, '/');
  for (size_t i = 0; i < sizeof makers / sizeof *makers; ++i) {
    if (strncmp(command->words, makers[i], strlen(makers[i])) != 0) continue;
    snprintf(text, bytes, "%s:%.*s/atmc-llvm.so", t->library, (int)(slash - t->atmc), t->atmc);
    return text;
  }
  return t->library;
}

_Noreturn static void load(const Trials *t, const Command *command) {
  char copy[512], *words[MAX_WORDS] = {(char *)(uintptr_t)t->atmc};
  snprintf(copy, sizeof copy, "%s", command->words);
  uint32_t count = 1;
  for (char *word = strtok(copy, " "); word && count + 1 < MAX_WORDS; word = strtok(NULL, " ")) {
    words[count++] = word;
  }
  struct rlimit none = {0, 0}, seconds = {TRIAL_SECONDS, TRIAL_SECONDS};
  if (setrlimit(RLIMIT_CORE, &none) != 0 || setrlimit(RLIMIT_CPU, &seconds) != 0) _exit(125);
  /* LLVM's tables go by addresses: without this, runs differ in how often they ask for memory. */
  if (personality(ADDR_NO_RANDOMIZE) < 0) _exit(124);
  char libraries[2 * PATH_MAX];
  setenv("LD_PRELOAD", preloaded(t, command, libraries, sizeof libraries), 1);
  setenv(FAULT_VARIABLE, "fault", 1);
  execv(t->atmc, words);
  _exit(127);
}

static void unload(Trials *t) {
  if (!t->loaded) return;
  t->loaded = NULL;
  if (close(t->trials) != 0 || close(t->ends) != 0 || wait(NULL) < 0) stop("the end of atmc");
}

/* Has atmc loaded for `command` once, for all of its trials. */
static void load_once(Trials *t, const Command *command) {
  if (t->loaded == command) return;
  unload(t);
  int trials[2], ends[2];
  if (pipe2(trials, O_CLOEXEC) != 0 || pipe2(ends, O_CLOEXEC) != 0) stop("pipe");
  fflush(NULL);
  pid_t child = fork();
  if (child < 0) stop("fork");
  if (child == 0) {
    if (dup2(trials[0], FAULT_TRIALS) < 0 || dup2(ends[1], FAULT_ENDS) < 0) _exit(126);
    load(t, command);
  }
  close(trials[0]);
  close(ends[1]);
  t->loaded = command, t->trials = trials[1], t->ends = ends[0];
}

/* The exit code, or 128 and the signal. */
static int run(Trials *t, const Command *command, FaultSpan span, uint32_t at) {
  memset(t->fault, 0, sizeof *t->fault);
  t->fault->kind = t->kind;
  t->fault->span = span;
  t->fault->at = at;
  load_once(t, command);
  int state = 0;
  if (write(t->trials, "", 1) != 1 || read(t->ends, &state, sizeof state) != sizeof state) {
    stop("a trial");
  }
  return WIFEXITED(state) ? WEXITSTATUS(state) : 128 + WTERMSIG(state);
}

/* -- what has to hold -------------------------------------------------------------------------- */

static uint32_t occurrences(const char *text, const char *part) {
  uint32_t count = 0;
  for (const char *at = text; (at = strstr(at, part)); at += strlen(part)) ++count;
  return count;
}

/* NULL, or what is wrong with the messages of a run that ended with `code`. */
static const char *judge_messages(int code, const char *text, bool *stranded) {
  uint32_t errors = occurrences(text, "error: ");
  uint32_t lost = occurrences(text, "cannot be restored; the old file is ");
  *stranded = lost > 0;
  if (code == OK) return errors ? "an error, and exit code 0" : NULL;
  if (code != SYSTEM) return "exit code";
  return errors - lost == 1 ? NULL : "not one message";
}

/* NULL, or what is wrong with the files in out/. */
static const char *judge_files(const Command *command, int code, const Files *written, bool fresh,
                               const Files *now) {
  uint32_t expected = code == SYSTEM && fresh ? 0 : written->count;
  for (uint32_t i = 0; i < now->count; ++i) {
    const File *file = &now->items[i], *good = find(written, file->name);
    if (!good) return "a file is left";
    bool old = !strcmp(file->data, old_text);
    if (code == SYSTEM && !old) return "an output was replaced";
    if (code == SYSTEM || (command->timed && !strcmp(command->timed, good->name))) continue;
    if (file->bytes != good->bytes || memcmp(file->data, good->data, good->bytes) != 0) {
      return "an output is another";
    }
  }
  return now->count == expected ? NULL : "an output is missing, or one too many";
}

static const char *judge(const Trials *t, const Command *command, int code, const Files *written,
                         bool fresh) {
  File messages = read_file(".", "stderr");
  Files now = read_folder("out");
  uint32_t left = clear_temporaries();
  bool stranded, removed = !strcmp(t->fault->name, "unlink") || !strcmp(t->fault->name, "rmdir");
  const char *wrong = judge_messages(code, messages.data, &stranded);
  if (!wrong && stranded && t->fault->span != FAULT_ALL) wrong = "an old file is elsewhere";
  if (!wrong && !stranded && !removed) wrong = judge_files(command, code, written, fresh, &now);
  if (!wrong && left && !removed) wrong = "a temporary is left";
  if (wrong && t->kind == FAULT_SHORT) fputs(messages.data, stdout);
  free(messages.data);
  free_files(&now);
  return wrong;
}

static void try_one(Trials *t, const Command *command, const Files *written, FaultSpan span,
                    uint32_t at) {
  bool fresh = at % 2;
  prepare(written, fresh);
  int code = run(t, command, span, at);
  const char *wrong = judge(t, command, code, written, fresh);
  if (t->kind == FAULT_SHORT && code != OK && !wrong) wrong = "exit code";
  ++t->total;
  t->hit += code != OK;
  if (!wrong) return;
  ++t->failed;
  printf("FAILED: %s %s %s %u: %s: exit code %d: %s\n", kinds[t->kind], command->name, spans[span],
         at, t->fault->name, code, wrong);
}

/* The files that the command writes, and how many calls there are. */
static Files write_good(Trials *t, const Command *command, uint32_t *calls) {
  empty_folder("out");
  if (run(t, command, FAULT_ONCE, 0) != OK) {
    printf("FAILED: %s: %s\n", command->name, read_file(".", "stderr").data);
    exit(1);
  }
  *calls = atomic_load(&t->fault->seen);
  return read_folder("out");
}

/* Of each function the first call and the last one; of those that libraries make, all from the last
 * one on: as when a thread is refused for want of memory. */
static void try_functions(Trials *t, const Command *command, const Files *written, uint32_t calls) {
  uint8_t functions[FAULT_NAMED];
  uint32_t first[UINT8_MAX + 1] = {0}, last[UINT8_MAX + 1] = {0};
  FaultSpan span = t->kind == FAULT_LIBRARIES ? FAULT_ALL : FAULT_SAME;
  memcpy(functions, t->fault->functions, sizeof functions);
  for (uint32_t at = 1; at <= calls && at <= FAULT_NAMED; ++at) {
    uint8_t f = functions[at - 1];
    if (!first[f]) first[f] = at;
    last[f] = at;
  }
  for (uint32_t f = 0; f <= UINT8_MAX; ++f) {
    if (first[f] && span == FAULT_SAME) try_one(t, command, written, span, first[f]);
    if (last[f] > first[f]) try_one(t, command, written, span, last[f]);
  }
}

static void try_command(Trials *t, const Command *command, uint32_t samples) {
  uint32_t calls, tried = t->total, hit = t->hit;
  Files written = write_good(t, command, &calls);
  uint32_t count = samples && samples < calls ? samples : calls;
  bool slow = command->timed && samples; /* what measures takes a second */
  bool same = t->kind == FAULT_CALLS && (t->span < 0 || t->span == FAULT_SAME) && !slow;
  bool from = t->kind == FAULT_LIBRARIES && (t->span < 0 || t->span == FAULT_ALL);
  if (same || from) try_functions(t, command, &written, calls);
  for (uint32_t span = 0; span < SPANS; ++span) {
    if (t->span >= 0 && (uint32_t)t->span != span) continue;
    if (span == FAULT_SAME && (t->kind != FAULT_CALLS || samples)) continue;
    for (uint32_t i = 0; i < count; ++i) {
      uint32_t at = count < 2 ? 1 : 1 + (uint32_t)((uint64_t)i * (calls - 1) / (count - 1));
      try_one(t, command, &written, span, at);
    }
  }
  printf("%-9s %-16s %6u calls, %5u trials, %5u of them ended it\n", kinds[t->kind], command->name,
         calls, t->total - tried, t->hit - hit);
  free_files(&written);
}

/* -- the whole --------------------------------------------------------------------------------- */

static int find_text(const char *const *texts, uint32_t count, const char *text) {
  for (uint32_t i = 0; i < count; ++i) {
    if (!strcmp(texts[i], text)) return (int)i;
  }
  fprintf(stderr, "faults: there is no \"%s\"\n", text);
  exit(2);
}

/* Whether `name` is one of `names`, which commas part. */
static bool is_named(const char *names, const char *name) {
  size_t length = strlen(name);
  for (const char *at = names; at; at = strchr(at, ',')) {
    at += *at == ',';
    if (!strncmp(at, name, length) && (at[length] == ',' || !at[length])) return true;
  }
  return false;
}

/* The files that commands read, made by atmc itself. */
static void make_inputs(const char *atmc, const char *source) {
  char script[4096];
  snprintf(
      script, sizeof script,
      "set -e; s='%s/tests'; a='%s'; cp $s/faults/tiny.json $s/faults/slim.json $s/faults/names .;"
      "cp $s/e2e/checkpoints/tiny.json net.json; cp $s/e2e/checkpoints/tiny.pth net.pth;"
      "cp $s/e2e/photos/photo.png p.png; cp $s/e2e/photos/photo.jpg p.jpg;"
      "cp $s/e2e/pixels/model.json photo.json;"
      "for m in tiny slim; do $a weights $m.json --synthetic=1 -o $m.safetensors; done;"
      "$a weights photo.json --synthetic=1 -o photo.safetensors;"
      "$a compile slim.json --weights slim.safetensors --shape 1x3x16x16 -o m --isa=v2"
      " --emit=obj,plan,ir 2>log;"
      "{ printf '\\223NUMPY\\001\\000\\166\\000'; printf '%%-117s\\n'"
      " \"{'descr': '<f4', 'fortran_order': False, 'shape': (1, 3, 16, 16), }\";"
      " head -c 3072 /dev/zero; } >x.npy; mkdir out tmp;"
      "printf '%%s\\n' '#!/bin/sh' 'cp \"$1\" agent' 'exec \"$@\"' >keep;"
      "printf '%%s\\n' '#!/bin/sh' shift 'exec ./agent \"$@\"' >there; chmod +x keep there;"
      "$a run tiny.json --weights tiny.safetensors --input x.npy --isa=v2 --runner=./keep >log;"
      "rm log",
      source, atmc);
  if (system(script) != 0) stop(script);
}

static Fault *map_fault(void) {
  int file = open("fault", O_RDWR | O_CREAT, 0600);
  if (file < 0 || ftruncate(file, sizeof(Fault)) != 0) stop("fault");
  void *shared = mmap(NULL, sizeof(Fault), PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
  if (shared == MAP_FAILED) stop("fault");
  close(file);
  return shared;
}

static void repeat(Trials *t, const Command *command, const char *at) {
  uint32_t calls;
  Files written = write_good(t, command, &calls);
  try_one(t, command, &written, (FaultSpan)t->span, (uint32_t)strtoul(at, NULL, 10));
  File messages = read_file(".", "stderr");
  fputs(messages.data, stdout);
  free(messages.data);
  free_files(&written);
}

int main(int argc, char **argv) {
  char folder[] = "/tmp/faults.XXXXXX", tmp[64], command[64], compiler[4096];
  if (argc < 6) return 2;
  Trials t = {.atmc = realpath(argv[1], NULL),
              .library = realpath(argv[2], NULL),
              .kind = (FaultKind)find_text(kinds, sizeof kinds / sizeof *kinds, argv[3]),
              .span = argc > 7 ? find_text(spans, SPANS, argv[7]) : -1};
  const char *source = realpath(argv[5], NULL);
  if (!t.atmc || !t.library || !source || !mkdtemp(folder) || chdir(folder) != 0) return 2;
  make_inputs(t.atmc, source);
  snprintf(tmp, sizeof tmp, "%s/tmp", folder);
  setenv("TMPDIR", tmp, 1);
  snprintf(compiler, sizeof compiler, "sh %s/tests/faults/cc.sh", source);
  setenv("CC", compiler, 1);
  setenv("SOURCE_DATE_EPOCH", "0", 1);
  t.fault = map_fault();
  for (uint32_t i = 0; i < COMMANDS; ++i) {
    if (argc > 6 && !is_named(argv[6], commands[i].name)) continue;
    if (argc > 8) {
      repeat(&t, &commands[i], argv[8]);
    } else {
      try_command(&t, &commands[i], (uint32_t)strtoul(argv[4], NULL, 10));
    }
    fflush(stdout);
  }
  unload(&t);
  printf("%u trials, %u failed\n", t.total, t.failed);
  snprintf(command, sizeof command, "rm -rf %s", folder);
  return system(command) != 0 || t.failed > 0 || t.total == 0;
}
