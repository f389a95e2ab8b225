/* The pictures of `atmc offsets`. */
#ifndef ATMC_DRIVER_OFFSETS_SHEET_H
#define ATMC_DRIVER_OFFSETS_SHEET_H

#include "driver/canvas.h"
#include "driver/sampling.h"

/* What a token is shown of: images as photos. */
typedef struct OffsetsStudy {
  const SamplingList *list;
  const Photo *photos; /* [shown] of the first images */
  uint32_t shown;
  Token token; /* of the first sampling's map */
} OffsetsStudy;

/* How much each token of a map is taken: [h][w], channels. What is between tokens is of both. */
typedef struct Heat {
  double *values;
  double most;
  double outside; /* channels that are taken from outside of the map, where there are zeros */
} Heat;

/* Of a sampling, for the token at the study's place. */
Heat offsets_heat(const OffsetsStudy *study, const Sampling *s, uint32_t image, Arena *arena);

/* A row for each image, a panel for each layer: where the token's samples come from, the more
 * opaque the more channels take them. */
Canvas offsets_sheet(const OffsetsStudy *study, Arena *arena);
/* A panel for each layer: how many of the centre token's offsets are how large, of all images. */
Canvas offsets_histogram(const OffsetsStudy *study, Arena *arena);

/* Offsets of a histogram: bins from -limit to limit, those beyond in the first and the last. */
enum { OFFSETS_BINS = 41 };
typedef struct OffsetsBins {
  double limit;
  double parts[2][OFFSETS_BINS]; /* of all offsets of a direction: down, to the right */
  bool has[2];
} OffsetsBins;
/* Of all samplings of the layer that sampling `first` is of. */
OffsetsBins offsets_bins(const OffsetsStudy *study, uint32_t first);
/* Whether sampling `i` is the first of its layer. */
bool offsets_begins_layer(const SamplingList *list, uint32_t i);

#endif
