/* Writing one file or the standard output, for commands that have one result. */
#include "driver/output.h"

#include <errno.h>
#include <stdio.h>
#include <stdio_ext.h>
#include <string.h>

Status output_check(const Options *options, Arena *arena, Diag *diag, const char *path) {
  const TextList *tensors = &options->inputs, *plans = &options->from_plan;
  const char **inputs = ARENA_ARRAY(arena, 3 + tensors->count + plans->count, const char *);
  uint32_t count = 0;
  if (options->command != COMMAND_INIT) inputs[count++] = options->argument;
  if (options->weights) inputs[count++] = options->weights;
  if (options->compare) inputs[count++] = options->compare;
  for (uint32_t i = 0; i < tensors->count; ++i) {
    const char *equals = strchr(tensors->items[i], '='); /* of NAME=FILE */
    inputs[count++] = equals ? equals + 1 : tensors->items[i];
  }
  for (uint32_t i = 0; i < plans->count; ++i) inputs[count++] = plans->items[i];
  return atomic_file_check(arena, diag, path, inputs, count);
}

Status output_check_parts(const Weights *weights, Arena *arena, Diag *diag, const char *path) {
  const char *const *parts;
  uint32_t count = weights_parts(weights, &parts);
  return count ? atomic_file_check(arena, diag, path, parts, count) : STATUS_OK;
}

Status output_finish(Diag *diag) {
  bool written = __fpending(stdout) == 0 || fflush(stdout) == 0;
  if (written && !ferror(stdout)) return STATUS_OK;
  return diag_io_error(diag, (Position){0}, "cannot write the standard output: %s",
                       strerror(errno));
}

Status output_commit(AtomicFiles *files, Diag *diag) {
  RETURN_IF_ERROR(output_finish(diag));
  return atomic_files_commit(files);
}

Status output_file(Arena *arena, Diag *diag, const char *path, const void *data, size_t bytes) {
  AtomicFiles *files = atomic_files_new(arena, diag);
  Status status = atomic_files_write(files, path, data, bytes, false);
  if (!status) status = output_commit(files, diag);
  atomic_files_discard(files);
  return status;
}

Status output_text(Arena *arena, Diag *diag, const char *path, const char *text) {
  if (path) return output_file(arena, diag, path, text, strlen(text));
  fputs(text, stdout); /* main checks the stream */
  return STATUS_OK;
}
