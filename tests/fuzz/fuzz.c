/* fuzz ATMC PROGRAM FIXTURES WORK SECONDS FIRST COUNT [SUBJECT...]
 *
 * Damages files and command lines and hands them to the compiler (and to PROGRAM, an executable
 * that it emitted): COUNT cases of each subject, numbered from FIRST. Each case must end by itself
 * within SECONDS of processor time, with an exit code that its subject allows, and say something
 * readable where it fails; it must leave no temporary, and nothing at all where it fails. A number
 * and a subject always make the same case: FIRST with COUNT 1 repeats one. What fails is kept in
 * WORK.
 *
 * FIXTURES is a folder with the undamaged files. Every case runs in a folder with links to them.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "support/atomic_file.h"
#include "tests/fuzz/mutate.h"

enum {
  MOST_SEEDS = 4,
  MOST_COMMANDS = 5,
  MOST_WORDS = 64,
  WALL_FACTOR = 30, /* a machine may be busy; a process that waits forever is found all the same */
  MOST_FILE_BYTES = 64 << 20,
  MOST_MESSAGE_BYTES = 1 << 20,
};

typedef struct Subject {
  const char *name;
  const char *seeds[MOST_SEEDS];       /* files to damage; none: the command line is damaged */
  const char *commands[MOST_COMMANDS]; /* words behind ATMC; a first word "!" means PROGRAM */
  const char *mutant;                  /* the damaged file in the commands */
  Framing framing;
  uint32_t exit_codes; /* bit i: code i is allowed */
} Subject;

enum {
  FILE_CODES = 1 << 0 | 1 << 1,
  MODEL_CODES = FILE_CODES | 1 << 2, /* --shape may not fit any more */
  LINE_CODES = MODEL_CODES | 1 << 3,
};

static const Subject subjects[] = {
    {.name = "model",
     .seeds = {"model.json", "map.json", "fixed.json", "ops.json"},
     .commands = {"inspect bad.json --shape 1x3x16x16", "inspect bad.json --json --threads=3",
                  "compile bad.json --weights model.safetensors --shape 1x3x16x16 --emit=ir,plan "
                  "-o out/m"},
     .mutant = "bad.json",
     .exit_codes = MODEL_CODES},
    {.name = "weights",
     .seeds = {"model.safetensors"},
     .commands = {"run model.json --weights bad.safetensors --engine=interp --input image.npy",
                  "run model.json --weights bad.safetensors --allow-extra --engine=interp --input "
                  "image.npy --output logits=out/y.npy",
                  "compile model.json --weights bad.safetensors --shape 1x3x16x16 --emit=header "
                  "--weights-mode=external -o out/m"},
     .mutant = "bad.safetensors",
     .framing = FRAMING_SAFETENSORS,
     .exit_codes = FILE_CODES},
    {.name = "checkpoint",
     .seeds = {"tiny.pth", "tiny_legacy.pth"},
     .commands = {"compile tiny.json --weights bad.pth --shape 1x3x16x16 --emit=header "
                  "--weights-mode=external -o out/m"},
     .mutant = "bad.pth",
     .exit_codes = FILE_CODES},
    {.name = "input",
     .seeds = {"image.npy"},
     .commands = {"run model.json --weights model.safetensors --engine=interp --input bad.npy "
                  "--output map=out/map.npy",
                  "! --input image=bad.npy --output logits=out/logits.npy"},
     .mutant = "bad.npy",
     .framing = FRAMING_NPY,
     .exit_codes = FILE_CODES},
    {.name = "ir",
     .seeds = {"model.ir", "stages.ir", "kernels.ir", "atm.ir"},
     .commands = {"opt bad.ir --shape 1x3x16x16", "opt bad.ir --verify-each -o out/good.ir",
                  "opt bad.ir --passes=pack-weights,form-kernels",
                  "opt bad.ir --passes=specialize-shapes,eliminate-common-subexpressions --shape "
                  "2x3x17x9 --verify-each"},
     .mutant = "bad.ir",
     .exit_codes = MODEL_CODES},
    {.name = "line",
     .commands = {"compile model.json --weights model.safetensors --shape 1x3x16x16,2x3x9x8 "
                  "--emit=header,ir,plan,obj --prefix=p --isa=v2 -o out/m",
                  "run model.json --weights model.safetensors --input image=image.npy --output "
                  "logits=out/y.npy --engine interp --threads 2",
                  "inspect model.json --shape=1x3x32x16 --json --target=aarch64-linux-gnu",
                  "opt model.ir --passes=fold-affine,join-linears --disable-pass=commute-means "
                  "--print-after=all --time-passes -oout/m.ir",
                  "weights model.json --synthetic=7 -o out/w.safetensors"},
     .exit_codes = LINE_CODES},
};
enum { SUBJECT_COUNT = sizeof subjects / sizeof *subjects };

typedef struct Fuzzer {
  const char *atmc, *program, *fixtures, *work;
  uint32_t seconds;
  Arena *arena; /* of one case */
} Fuzzer;

_Noreturn static void stop(const char *what, const char *name) {
  fprintf(stderr, "fuzz: %s %s: %s\n", what, name, strerror(errno));
  exit(2);
}

/* -- folders ----------------------------------------------------------------------------------- */

typedef void Visit(const char *folder, const char *name, void *context);

static void visit_folder(Arena *arena, const char *folder, Visit *visit, void *context) {
  DIR *dir = opendir(folder);
  if (!dir) stop("cannot open", folder);
  for (struct dirent *entry; (entry = readdir(dir)) != NULL;) {
    const char *name = entry->d_name;
    if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0) continue;
    visit(folder, arena_strdup(arena, name), context);
  }
  closedir(dir);
}

static void remove_entry(const char *folder, const char *name, void *context) {
  Arena *arena = context;
  const char *path = arena_printf(arena, "%s/%s", folder, name);
  if (unlink(path) == 0) return;
  visit_folder(arena, path, remove_entry, arena);
  if (rmdir(path) != 0) stop("cannot remove", path);
}

/* A link in the folder of the case. */
static void link_entry(const char *folder, const char *name, void *context) {
  Arena *arena = context;
  const char *path = arena_printf(arena, "%s/%s", folder, name);
  if (link(path, name) != 0) stop("cannot link", path);
}

/* An empty folder `case` but for links to the fixtures and an empty folder `out`: the current one.
 */
static void begin_case(Fuzzer *f) {
  if (chdir(f->work) != 0) stop("cannot enter", f->work);
  if (mkdir("case", 0777) != 0 && errno != EEXIST) stop("cannot make", "case");
  visit_folder(f->arena, "case", remove_entry, f->arena);
  if (chdir("case") != 0) stop("cannot enter", "case");
  visit_folder(f->arena, f->fixtures, link_entry, f->arena);
  if (mkdir("out", 0777) != 0) stop("cannot make", "out");
}

typedef struct Leftovers {
  uint32_t files, temporaries;
} Leftovers;

static void count_entry(const char *folder, const char *name, void *context) {
  (void)folder;
  Leftovers *left = context;
  size_t length = strlen(name);
  ++left->files;
  left->temporaries += name[0] == '.' && length > 4 && strcmp(name + length - 4, ".tmp") == 0;
}

static Leftovers count_files(Fuzzer *f) {
  Leftovers left = {0};
  visit_folder(f->arena, ".", count_entry, &left);
  visit_folder(f->arena, "out", count_entry, &left);
  return left;
}

/* -- files ------------------------------------------------------------------------------------- */

static Bytes read_bytes(Fuzzer *f, const char *path) {
  Bytes file = {0};
  Diag diag = {.stream = stderr};
  if (atomic_file_read(f->arena, &diag, path, SIZE_MAX, &file.data, &file.count)) {
    stop("cannot read", path);
  }
  return file;
}

static void write_bytes(const char *path, Bytes file) {
  FILE *stream = fopen(path, "wb");
  if (!stream || fwrite(file.data, 1, file.count, stream) != file.count || fclose(stream) != 0) {
    stop("cannot write", path);
  }
}

/* -- one process ------------------------------------------------------------------------------- */

static void limit(int resource, rlim_t value) {
  if (setrlimit(resource, &(struct rlimit){value, value}) != 0) _exit(126);
}

static void redirect(const char *path, int flags, int descriptor) {
  int fd = open(path, flags, 0666);
  if (fd < 0 || dup2(fd, descriptor) < 0) _exit(126);
}

_Noreturn static void run_child(const Fuzzer *f, char **words) {
  limit(RLIMIT_CPU, 2 * (rlim_t)f->seconds);
  limit(RLIMIT_FSIZE, MOST_FILE_BYTES);
  limit(RLIMIT_CORE, 0);
  redirect("/dev/null", O_RDONLY, STDIN_FILENO);
  redirect("/dev/null", O_WRONLY, STDOUT_FILENO);
  redirect("../messages", O_WRONLY | O_CREAT | O_TRUNC, STDERR_FILENO);
  execv(words[0], words);
  _exit(127);
}

/* Waits for the process; kills it when it takes too long by the clock. */
static int wait_for(const Fuzzer *f, pid_t pid, struct rusage *usage) {
  const struct timespec pause = {.tv_nsec = 1000000};
  for (uint32_t i = 0; i < f->seconds * WALL_FACTOR * 1000; ++i) {
    int status;
    if (wait4(pid, &status, WNOHANG, usage) == pid) return status;
    nanosleep(&pause, NULL);
  }
  int status;
  kill(pid, SIGKILL);
  wait4(pid, &status, 0, usage);
  return status;
}

/* NULL, or what is wrong with what the process said when it failed. */
static const char *check_messages(Fuzzer *f) {
  Bytes text = read_bytes(f, "../messages");
  if (text.count == 0) return "failed without a word";
  if (text.count > MOST_MESSAGE_BYTES) return "said too much";
  for (size_t i = 0; i < text.count; ++i) {
    if ((unsigned char)text.data[i] < ' ' && text.data[i] != '\n') return "said what is no text";
  }
  return NULL;
}

/* Runs the command in the current folder. NULL, or what is wrong. */
static const char *run(Fuzzer *f, const Subject *subject, char **words) {
  Leftovers before = count_files(f);
  pid_t pid = fork();
  if (pid < 0) stop("cannot start", words[0]);
  if (pid == 0) run_child(f, words);
  struct rusage usage;
  int status = wait_for(f, pid, &usage);
  Leftovers after = count_files(f);
  if (WIFSIGNALED(status)) {
    return arena_printf(f->arena, "ended by signal %d", WTERMSIG(status));
  }
  int code = WEXITSTATUS(status);
  if (code > 31 || !(subject->exit_codes >> code & 1)) {
    return arena_printf(f->arena, "exit code %d", code);
  }
  if (usage.ru_utime.tv_sec + usage.ru_stime.tv_sec >= f->seconds) return "took too long";
  if (after.temporaries) return "left a temporary";
  if (code != 0 && after.files != before.files) return "left a file, but failed";
  return code != 0 ? check_messages(f) : NULL;
}

/* -- cases ------------------------------------------------------------------------------------- */

/* The words of a text; returns their number. */
static uint32_t split(Arena *arena, const char *text, const char **words) {
  uint32_t count = 0;
  char *copy = arena_strdup(arena, text), *rest;
  for (char *word = strtok_r(copy, " ", &rest); word; word = strtok_r(NULL, " ", &rest)) {
    if (count < MOST_WORDS) words[count++] = word;
  }
  return count;
}

static const char *mutate_word(Fuzzer *f, Random *random, const char *word) {
  Bytes text = {.data = arena_strdup(f->arena, word), .count = strlen(word)};
  text = mutate_file(f->arena, random, text, FRAMING_NONE);
  const char *changed = arena_strndup(f->arena, text.data, text.count);
  /* Never a path outside of the case's folder. */
  return changed[0] == '/' || strstr(changed, "/..") || strstr(changed, "=/") ? word : changed;
}

/* Drops, repeats, moves, damages and brings in words of other commands. Returns their number. */
static uint32_t mutate_words(Fuzzer *f, Random *random, const Subject *subject, const char **words,
                             uint32_t count) {
  for (uint32_t changes = 1 + mutate_random(random, 3); changes > 0 && count > 0; --changes) {
    uint32_t at = mutate_random(random, count), other = mutate_random(random, count);
    switch (mutate_random(random, 5)) {
      case 0: memmove(words + at, words + at + 1, (--count - at) * sizeof *words); break;
      case 1:
        if (count < MOST_WORDS) words[count++] = words[at];
        break;
      case 2: {
        const char *word = words[at];
        words[at] = words[other];
        words[other] = word;
        break;
      }
      case 3: {
        const char *others[MOST_WORDS];
        uint32_t command = mutate_random(random, MOST_COMMANDS);
        uint32_t more = split(f->arena, subject->commands[command], others);
        words[at] = others[mutate_random(random, more)];
        break;
      }
      default: words[at] = mutate_word(f, random, words[at]);
    }
  }
  return count;
}

/* The words of the command of a case, in `words`; damages the file or the words. */
static void make_case(Fuzzer *f, Random *random, const Subject *subject, const char **words) {
  uint32_t seeds = 0, commands = 0;
  while (seeds < MOST_SEEDS && subject->seeds[seeds]) ++seeds;
  while (commands < MOST_COMMANDS && subject->commands[commands]) ++commands;
  uint32_t count = split(f->arena, subject->commands[mutate_random(random, commands)], words + 1);
  words[0] = f->atmc;
  if (seeds == 0) {
    count = mutate_words(f, random, subject, words + 1, count);
  } else {
    Bytes file = read_bytes(f, subject->seeds[mutate_random(random, seeds)]);
    write_bytes(subject->mutant, mutate_file(f->arena, random, file, subject->framing));
  }
  if (count > 0 && strcmp(words[1], "!") == 0) {
    words[1] = f->program;
    memmove(words, words + 1, count-- * sizeof *words);
  }
  words[count + 1] = NULL;
}

static void report(Fuzzer *f, const Subject *subject, uint64_t number, const char **words,
                   const char *wrong) {
  printf("%s %" PRIu64 ": %s\n ", subject->name, number, wrong);
  for (uint32_t i = 0; words[i]; ++i) printf(" '%s'", words[i]);
  printf("\n");
  if (subject->mutant) {
    const char *kept =
        arena_printf(f->arena, "../%s-%" PRIu64 "-%s", subject->name, number, subject->mutant);
    write_bytes(kept, read_bytes(f, subject->mutant));
  }
  Bytes text = read_bytes(f, "../messages");
  printf("  %.*s\n", (int)(text.count < 400 ? text.count : 400), text.data);
}

/* Runs case `number`; true when it behaves. */
static bool run_case(Fuzzer *f, const Subject *subject, uint64_t number) {
  f->arena = arena_new();
  Random random = {.state = number << 8 | (uint64_t)(subject - subjects)};
  const char *words[MOST_WORDS + 2];
  begin_case(f);
  make_case(f, &random, subject, words);
  const char *wrong = run(f, subject, (char **)words);
  if (wrong) report(f, subject, number, words, wrong);
  arena_free(f->arena);
  return !wrong;
}

static bool is_wanted(const Subject *subject, char **names, int count) {
  for (int i = 0; i < count; ++i) {
    if (strcmp(names[i], subject->name) == 0) return true;
  }
  return count == 0;
}

int main(int argc, char **argv) {
  if (argc < 8) {
    fprintf(stderr, "usage: fuzz ATMC PROGRAM FIXTURES WORK SECONDS FIRST COUNT [SUBJECT...]\n");
    return 2;
  }
  Fuzzer f = {argv[1], argv[2], argv[3], argv[4], (uint32_t)strtoul(argv[5], NULL, 10), NULL};
  uint64_t first = strtoull(argv[6], NULL, 10), count = strtoull(argv[7], NULL, 10);
  uint64_t cases = 0, failed = 0;
  for (uint32_t s = 0; s < SUBJECT_COUNT; ++s) {
    if (!is_wanted(&subjects[s], argv + 8, argc - 8)) continue;
    for (uint64_t i = 0; i < count; ++i, ++cases) {
      failed += !run_case(&f, &subjects[s], first + i);
    }
  }
  printf("%" PRIu64 " cases, %" PRIu64 " failed\n", cases, failed);
  return failed != 0;
}
