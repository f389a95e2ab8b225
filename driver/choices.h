/* Comparing numbers of channels that an argmax chose: where two elements differ in their last bits
 * alone, code and interpreter may choose either. What counts is how much less than the largest
 * element the chosen one is. */
#ifndef ATMC_DRIVER_CHOICES_H
#define ATMC_DRIVER_CHOICES_H

#include "driver/kernel_check.h"

/* `graph` with, behind its outputs, what those of them choose from that are made by an argmax;
 * itself where none is. */
const Graph *choices_expose(const Graph *graph, Arena *arena);
/* Output `output` of `graph`: the place among choices_expose's outputs of what it chooses from; 0:
 * it is no argmax. */
uint32_t choices_place(const Graph *graph, uint32_t output);
/* Takes the choices `actual`, one for each row of `from`, into account. */
void choices_add(Comparison *c, const InterpTensor *from, const double *expected,
                 const double *actual);
/* The same, and nothing else: what was taken into account before is forgotten. */
void choices_set(Comparison *c, const InterpTensor *from, const double *expected,
                 const double *actual);

#endif
