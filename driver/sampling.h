/* Where a model's layers sample, and by how much: for `offsets`. The interpreter runs the model's
 * own graph, before any pass, up to the operands of axial_sample and deform_patches.
 */
#ifndef ATMC_DRIVER_SAMPLING_H
#define ATMC_DRIVER_SAMPLING_H

#include "driver/compilation.h"
#include "ir/ops/interpret.h"
#include "ir/tensor.h"

typedef struct Sampling {
  const char *layer;
  OpKind op;        /* OP_AXIAL_SAMPLE, OP_DEFORM_PATCHES */
  Attrs attrs;      /* of it */
  Extent map;       /* that is sampled */
  bool constant;    /* the same for all tokens and images */
  Extent offsets;   /* of one image; of constant ones h and w are 1 */
  float *values;    /* [images][offsets.h][offsets.w][offsets.c]; of constant ones one image */
  uint32_t outputs; /* of the graph that is run: offsets, then the map, then the layer's result */
} Sampling;

typedef struct SamplingList {
  Sampling *items;
  uint32_t count, capacity;
  uint32_t images;
  const Graph *graph; /* gives all that is asked for */
} SamplingList;

/* The samplings of the model that was read, in order: of `layers`, or where that is empty of all
 * layers, those aside whose offsets another one had. None, or a layer without, is an error. */
MUST_CHECK Status sampling_find(Compilation *c, const TextList *layers, SamplingList *list);
/* Runs it on `images` [inputs of the model], which are logical, and fills in types and values. */
MUST_CHECK Status sampling_run(Compilation *c, const InterpTensor *images, SamplingList *list);

/* A token of a map, from 0 on. */
typedef struct Token {
  uint32_t y, x;
} Token;
/* The token of `to` that is where `token` of `from` is. */
Token sampling_same_place(Token token, Extent from, Extent to);

/* One place that a token takes a run of channels from, in tokens of the map. */
typedef struct SamplePoint {
  double y, x;
  double channels;
} SamplePoint;
/* Those of a token, in `arena`; *count gets their number. */
const SamplePoint *sampling_points(const Sampling *s, uint32_t image, Token token, Arena *arena,
                                   uint32_t *count);
/* "horizontal", "vertical", or "points". */
const char *sampling_kind(const Sampling *s);

#endif
