/* What a trial is about: a graph, drawn by lot, at one resolution. */
#ifndef ATMC_TESTS_SUBJECT_H
#define ATMC_TESTS_SUBJECT_H

#include "ir/builder.h"
#include "tests/graphs/choices.h"

enum { SUBJECT_INPUTS = 4, SUBJECT_OUTPUTS = 16, SUBJECT_VALUES = 96 };

typedef struct Subject {
  const Graph *graph; /* its inputs may be open */
  Type types[SUBJECT_INPUTS];
  uint32_t input_count;
  const char *model; /* the description that it was read from; NULL: none */
} Subject;

/* A height, width or number of channels up to `most`: of those around the sizes of vectors. */
int64_t subject_size(Choices *c, int64_t most);
/* A divisor of `number`; 1 is the simplest. */
int32_t subject_divisor(Choices *c, int64_t number);

/* A graph of any ops that a graph may begin with, each on any value that it takes. */
void subject_of_ops(Subject *subject, Arena *arena, Choices *c);
/* One that the frontend made from a description of any layers. False: it refused the description,
 * and said why on stderr. */
bool subject_of_layers(Subject *subject, Arena *arena, Choices *c);
/* One that samples at offsets that are its input "offsets". */
void subject_of_offsets(Subject *subject, Arena *arena, Choices *c);
/* One of them, as `seed` says. */
bool subject_draw(Subject *subject, Arena *arena, uint64_t seed, Choices *c);

#endif
