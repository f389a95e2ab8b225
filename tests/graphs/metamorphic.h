/* Pairs of graphs whose results must hang together in a way that is known, whatever they are. */
#ifndef ATMC_TESTS_METAMORPHIC_H
#define ATMC_TESTS_METAMORPHIC_H

#include "support/arena.h"
#include "tests/graphs/choices.h"

/* Draws a relation and a pair, and tries it; ends the process where it does not hold. */
void metamorphic_try(Arena *arena, Choices *c, uint64_t seed);

#endif
