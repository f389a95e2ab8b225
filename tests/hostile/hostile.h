/* Files from someone who means harm: what writes them, and what they may cost (hostile.c). */
#ifndef ATMC_TESTS_HOSTILE_H
#define ATMC_TESTS_HOSTILE_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

typedef struct Hostile {
  const char *name;
  /* Writes the file. Streams: the memory of this process counts as that of what it starts. */
  void (*write)(FILE *file);
  const char *arguments; /* of atmc; % stands for the file */
  int code;              /* the exit code */
} Hostile;

typedef struct HostileList {
  const Hostile *items;
  uint32_t count;
} HostileList;

extern const HostileList hostile_json, hostile_models, hostile_weights, hostile_checkpoints,
    hostile_archives, hostile_arrays, hostile_texts, hostile_plans;

/* How many times longer than meant this processor takes now; at least 1 (slowness.c). */
double hostile_slowness(void);

/* -- what writes them (write.c) ---------------------------------------------------------------- */

/* The lowest `bytes` bytes of a number, little-endian. */
void put(FILE *file, uint64_t value, int bytes);
/* `bytes` of `text`, `count` times. */
void repeat(FILE *file, uint32_t count, const char *text, size_t bytes);
#define REPEAT(file, count, text) repeat(file, count, text, sizeof(text) - 1)
/* Makes the file so long with zeros, which take no room on the disk. */
void grow(FILE *file, uint64_t bytes);

/* Calls `use` for `count` names of seven letters whose FNV-1a hashes, as a table of 2^20 slots has
 * them, are neighbours: in an open-addressed table each is looked for behind all others. */
void hostile_neighbours(FILE *file, uint32_t count,
                        void (*use)(FILE *file, const char *name, uint32_t index));

#endif
