/* From argv to an exit code: reads the command line and calls the command. The only exit. */
#include <cjson/cJSON.h>
#include <errno.h>
#ifdef __GLIBC__
#include <malloc.h>
#endif
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "backends/backend.h"
#include "driver/commands.h"
#include "driver/output.h"
#include "support/memory.h"

static CommandRun *const RUNS[COMMAND_COUNT] = {
#define COMMAND(ID, name, argument, summary, example) [COMMAND_##ID] = cmd_##name,
#include "driver/options.def"
};

static Status print_help(const Options *options) {
  static const struct {
    const char *word;
    void (*print)(FILE *stream);
  } documents[] = {{"man", options_docs_man},
                   {"bash", options_docs_bash},
                   {"zsh", options_docs_zsh},
                   {"fish", options_docs_fish}};
  for (size_t i = 0; i < sizeof documents / sizeof *documents; ++i) {
    if (strcmp(options->help, documents[i].word) != 0) continue;
    documents[i].print(stdout);
    return STATUS_OK;
  }
  options_help_print(options->command, stdout);
  return STATUS_OK;
}

static Status run_command(int argc, char **argv, Arena *arena, Diag *diag) {
  Options options;
  RETURN_IF_ERROR(options_parse(arena, diag, argc, argv, &options));
  if (options.help) return print_help(&options);
  if (options.version) {
    puts("atmc " ATMC_VERSION);
    return STATUS_OK;
  }
  return RUNS[options.command](&options, arena, diag);
}

/* For cJSON, whose own failures would be silent. */
static void *allocate_json(size_t bytes) {
  return memory_new(bytes, 1, "a JSON text");
}

/* Arenas come and go: what is large goes back to the system at once, and is not touched before it
 * is used. glibc would learn to keep it. */
static void return_memory(void) {
#ifdef __GLIBC__
  enum { LARGE_BYTES = 1 << 20 };
  (void)mallopt(M_MMAP_THRESHOLD, LARGE_BYTES);
#endif
}

int main(int argc, char **argv) {
  return_memory();
  cJSON_InitHooks(&(cJSON_Hooks){allocate_json, free}); /* it would leave out what has no room */
  (void)setenv("TZ", "UTC0", 1);  /* libzip asks the C library, and it the system, for each entry */
  (void)signal(SIGXFSZ, SIG_IGN); /* a file beyond the limit: an error of write, not the end */
  Arena *arena = arena_new();
  Diag diag = {.stream = stderr};
  Status status = run_command(argc, argv, arena, &diag);
  if (status == STATUS_OK || status == STATUS_MISMATCH) { /* else there is a message already */
    Status finished = output_finish(&diag);
    if (!status) status = finished;
  }
  arena_free(arena);
  return (int)status;
}
