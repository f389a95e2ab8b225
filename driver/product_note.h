/* What a product says of its origin, and finding it in a file. */
#ifndef ATMC_DRIVER_PRODUCT_NOTE_H
#define ATMC_DRIVER_PRODUCT_NOTE_H

#include "driver/compilation.h"

/* The note of an artifact as JSON, in the arena: model, hash, compiler, target, instruction sets,
 * resolutions, arithmetic, what stands where in the weights, passes left out; no paths. */
const char *product_note(const Compilation *c, const ArtifactSpec *spec);
/* *is: the file begins as objects, archives, programs and libraries do. */
MUST_CHECK Status product_is_file(Diag *diag, const char *path, bool *is);
/* Prints the notes that are in the file that is the command's argument, as text or as JSON. */
MUST_CHECK Status product_inspect(const Options *options, Arena *arena, Diag *diag);

#endif
