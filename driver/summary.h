/* The closing summary of `atmc compile`, on standard error. */
#ifndef ATMC_DRIVER_SUMMARY_H
#define ATMC_DRIVER_SUMMARY_H

#include "driver/compilation.h"

typedef struct SummaryFile {
  const char *path;
  uint64_t bytes;
} SummaryFile;

typedef struct Summary {
  Arena *arena;
  SummaryFile *files;
  uint32_t count, capacity;
} Summary;

/* Notes a file that was written. `path` is not copied. */
void summary_add(Summary *summary, const char *path, uint64_t bytes);
/* The size of a file in bytes; 0 when there is none. */
uint64_t summary_file_size(const char *path);
/* Model, target, resolutions, files and times. */
const char *summary_text(const Summary *summary, const Compilation *c, const ArtifactSpec *spec,
                         const Emitted *object);

/* Warns that the instruction set is that of this machine when nobody chose one. */
void summary_warn_isa(const Compilation *c);

#endif
