/* Between the caller's tensors and the interpreter's doubles: a rank-4 value may be stored as nchw,
 * while logical order is always [N,H,W,C]. */
#ifndef ATMC_DRIVER_LAYOUT_H
#define ATMC_DRIVER_LAYOUT_H

#include "ir/graph.h"

/* The number of elements of a known type. */
size_t layout_count(Type type);
/* The dimensions as stored: of the logical `type` when nchw is false. */
Type layout_stored(Type type, bool nchw);
/* The opposite: the logical type of what is stored with the dimensions of `stored`. */
Type layout_logical(Type stored, bool nchw);

/* Copies all elements of a value of logical `type` from where it is stored into [N,H,W,C] order. */
void layout_to_logical(Type type, bool nchw, const void *stored, double *logical);
/* The way back; each element is rounded to the type's. */
void layout_from_logical(Type type, bool nchw, const double *logical, void *stored);

#endif
