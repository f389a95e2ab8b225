/* The families of published models: who writes the description of each name. */
#ifndef ATMC_FRONTEND_PUBLISHED_H
#define ATMC_FRONTEND_PUBLISHED_H

#include <stdbool.h>
#include <stdint.h>

#include "support/string_builder.h"

typedef struct PublishedModel PublishedModel;

typedef struct PublishedFamily {
  const char *const *names; /* NULL-terminated; model i is that of names[i] */
  bool has_pyramid;         /* a variant that gives the maps of the stages */
  /* Writes the layers, and behind them the outputs: all between "layers": [ and the last ]. */
  void (*write)(StringBuilder *out, uint32_t model, bool pyramid);
} PublishedFamily;

extern const PublishedFamily published_atmnet, published_cyclemlp, published_mixer;

/* Begins a line of the list of layers. */
void published_next_layer(StringBuilder *out);
/* The head behind the last block, and the output of logits. `eps` is that of the norm: "" or a key.
 */
void published_head(StringBuilder *out, const char *eps, int classes);

#endif
