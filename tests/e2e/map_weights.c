/* map_weights WEIGHTS: two processes run a model on one mapped file of weights and count its pages.
 *
 * Both map the file by themselves. While both have read all of it, the share of each page that is
 * this process's own (Pss of /proc/self/smaps) is half of it. Prints both sizes; exit code 1 where
 * the pages are not shared, or the outputs differ.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "mapped.h"

enum { OUT = MAPPED_OUT_LOGITS_ELEMENTS, IN = MAPPED_IN_IMAGE_ELEMENTS };

static float image[IN];

static _Noreturn void give_up(const char *what) {
  perror(what);
  exit(1);
}

/* The whole file, read only. */
static void *map_file(const char *path, size_t *bytes) {
  struct stat info;
  int file = open(path, O_RDONLY);
  if (file < 0 || fstat(file, &info)) give_up(path);
  *bytes = (size_t)info.st_size;
  void *data = mmap(NULL, *bytes, PROT_READ, MAP_SHARED, file, 0);
  close(file);
  if (data == MAP_FAILED) give_up("mmap");
  return data;
}

/* Runs the model once on weights of its own mapping. */
static void run(const void *weights, float *logits) {
  size_t bytes = (MAPPED_WORKSPACE_BYTES(1) + 63) / 64 * 64;
  void *workspace = aligned_alloc(64, bytes);
  atm_env env = {.size = sizeof env, .weights = weights};
  int code = workspace ? mapped_infer(image, logits, workspace, bytes, &env) : ATM_E_NO_MEMORY;
  free(workspace);
  if (code) {
    fprintf(stderr, "map_weights: %s\n", atm_error_text(code));
    exit(1);
  }
}

/* The line `key` of the mapping that begins at `data`, in KB. */
static long smaps(const void *data, const char *key) {
  FILE *file = fopen("/proc/self/smaps", "r");
  char line[512], begin[32];
  long value = -1;
  int here = 0;
  if (!file) give_up("/proc/self/smaps");
  snprintf(begin, sizeof begin, "%lx-", (unsigned long)(size_t)data);
  while (value < 0 && fgets(line, sizeof line, file)) {
    if (!strncmp(line, begin, strlen(begin))) here = 1;
    if (here && !strncmp(line, key, strlen(key))) value = strtol(line + strlen(key), NULL, 10);
  }
  fclose(file);
  return value;
}

/* The other process: runs, says that it has, and waits until it is let go. */
static void be_other(const char *path, int done, int leave) {
  size_t bytes;
  float logits[OUT];
  char byte;
  run(map_file(path, &bytes), logits);
  if (write(done, logits, sizeof logits) != sizeof logits) give_up("write");
  if (read(leave, &byte, 1) < 0) give_up("read");
}

int main(int argc, char **argv) {
  int done[2], leave[2];
  if (argc != 2 || pipe(done) || pipe(leave)) give_up("map_weights WEIGHTS");
  for (int i = 0; i < IN; ++i) image[i] = (float)(i * 7919 % 1000) / 500 - 1;
  pid_t other = fork();
  if (other < 0) give_up("fork");
  if (other == 0) {
    close(leave[1]);
    be_other(argv[1], done[1], leave[0]);
    return 0;
  }
  close(done[1]);
  size_t bytes;
  const void *weights = map_file(argv[1], &bytes);
  if (mapped_check_weights(weights, bytes) != ATM_OK) {
    fprintf(stderr, "map_weights: %s\n", atm_error_text(ATM_E_WEIGHTS));
    return 1;
  }
  float logits[OUT], others[OUT];
  run(weights, logits);
  if (read(done[0], others, sizeof others) != sizeof others) give_up("read");
  long rss = smaps(weights, "Rss:"), pss = smaps(weights, "Pss:");
  close(leave[1]);
  waitpid(other, NULL, 0);
  printf("weights of %zu KB: Rss %ld KB, Pss %ld KB\n", bytes / 1024, rss, pss);
  return memcmp(logits, others, sizeof logits) != 0 || rss <= 0 || 5 * pss > 3 * rss;
}
