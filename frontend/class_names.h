/* Names of classes: those of ImageNet, lists in files, and how weights files hold them. */
#ifndef ATMC_FRONTEND_CLASS_NAMES_H
#define ATMC_FRONTEND_CLASS_NAMES_H

#include <stddef.h>
#include <stdint.h>

#include "support/arena.h"
#include "support/diag.h"

enum { CLASS_NAMES_IMAGENET = 1000, CLASS_NAME_MAX = 256, CLASS_NAMES_MAX = 65536 };

typedef struct ClassNames {
  const char *const *items;
  uint32_t count; /* 0: none */
} ClassNames;

extern const char *const class_names_imagenet[CLASS_NAMES_IMAGENET];

/* "imagenet", or the lines of the file at `path`, a name each. */
MUST_CHECK Status class_names_read(Arena *arena, Diag *diag, const char *path, ClassNames *names);
/* The names in a text of `wanted` classes: a JSON array of strings, one character for each class,
 * or one line for each, whichever gives as many. *found is what was counted where none does. */
ClassNames class_names_parse(Arena *arena, const char *text, uint32_t wanted, uint32_t *found);

#endif
