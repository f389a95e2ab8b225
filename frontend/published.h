/* The families of published models: who writes the description of each name. */
#ifndef ATMC_FRONTEND_PUBLISHED_H
#define ATMC_FRONTEND_PUBLISHED_H

#include <stdbool.h>
#include <stdint.h>

#include "frontend/frontend.h"
#include "support/string_builder.h"

/* What is to be written. */
typedef struct PublishedRequest {
  uint32_t model; /* of the family */
  const PublishedOptions *options;
} PublishedRequest;

typedef struct PublishedFamily {
  const char *const *names; /* NULL-terminated; model i is that of names[i] */
  bool has_pyramid;         /* a variant that gives the maps of the stages */
  bool has_one_size;        /* images of 224x224 alone */
  /* The side of the patches that images are cut into where a model fixes their size; NULL: none
   * does. */
  int (*patch)(uint32_t model);
  /* Writes the layers, and behind them the outputs: all between "layers": [ and the last ]. */
  void (*write)(StringBuilder *out, const PublishedRequest *request);
} PublishedFamily;

extern const PublishedFamily published_atmnet, published_cyclemlp, published_mixer, published_asmlp,
    published_vip, published_vmamba, published_vmamba_v0;

/* Other names of the models (published_names.c): what `name` is called here, or NULL. */
const char *published_alias(Arena *arena, const char *name);

/* Begins a line of the list of layers. */
void published_next_layer(StringBuilder *out);
/* The norm before a head: its op, and `eps`, "" or a key; and what stands before the names of both,
 * "" or a prefix. */
typedef struct PublishedNorm {
  const char *op, *eps, *prefix;
} PublishedNorm;

/* The head behind the last block, and the output of logits; `classes` are published. */
void published_head(StringBuilder *out, const PublishedRequest *request, PublishedNorm norm,
                    int classes);

/* What is made of the maps of the layers `levels`, the finest first: the dense head that is asked
 * for and its output, or an output of each. */
void published_levels(StringBuilder *out, const PublishedRequest *request,
                      const char *const *levels, uint32_t count);

#endif
