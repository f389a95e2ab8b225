/* The cost model: every choice that depends on sizes, and the constants behind it, in one place.
 *
 * Choices depend on shapes and on the target alone, never on the number of threads, and those that
 * fix the order of a summation (the chunks of a mean) on the number of rows alone, so that results
 * are the same bits everywhere.
 */
#ifndef ATMC_PASSES_COST_MODEL_H
#define ATMC_PASSES_COST_MODEL_H

#include <stdbool.h>
#include <stdint.h>

#include "ir/dtype.h"

/* How many of the `images` of a call go through the model together: a divisor of `images`. The
 * largest map of one image has `map_bytes`. */
uint32_t cost_model_images(uint32_t images, uint64_t map_bytes);

/* Into how many chunks a mean over `rows` rows is cut: about 112 rows each, fewer where there
 * are few rows. 1, or an even number. */
uint32_t cost_model_chunks(uint64_t rows);

/* What products of a kernel multiply, if it has any. */
typedef enum ProductsOf { PRODUCTS_NONE, PRODUCTS_FLOATS, PRODUCTS_QUANTIZED } ProductsOf;
/* Into how many blocks a kernel cuts its rows, when it keeps `row_bytes` of scratch for each row:
 * 1, or an even number. */
uint32_t cost_model_blocks(uint64_t rows, uint64_t row_bytes, ProductsOf products);

/* Whether blocks of whole lines, of `line` rows each, are worth it to read windows in place. */
bool cost_model_strip(uint64_t line);

/* Whether convolutions of the parts of a concatenated map beat making it. It has `map_bytes`, and
 * `channels` for each row; the sums of all parts have `sum_channels` together. */
bool cost_model_split_concat(uint64_t map_bytes, uint64_t channels, uint64_t sum_channels);
/* Whether a convolution of 3x3 taps at stride 1 is better computed by quads of 2x2 rows, of which
 * an image has `quads`: 16 multiply-adds for 36, but twice the weights, and transforms. */
bool cost_model_winograd(uint64_t quads, uint64_t depth, uint64_t channels);
/* How many quads, of which each takes `quad_bytes` of scratch, are computed at once. */
uint32_t cost_model_winograd_run(uint64_t quad_bytes);
/* Into how many blocks `lines` lines of quads, of `width` each, are cut: 1, or an even number. */
uint32_t cost_model_winograd_blocks(uint32_t lines, uint32_t width, uint32_t run);

/* Into how many column blocks a product [rows, depth] x [depth, channels] is cut instead of its
 * rows: 0 where there are enough rows, or where it is too small. */
uint32_t cost_model_column_blocks(uint64_t rows, uint64_t depth, uint64_t channels);

/* Whether an FC behind a sum of FCs scaled per image is better multiplied into them. `rows` rows of
 * an image run it; `depth` is the sum of the channels that the scaled FCs read. */
bool cost_model_fold_projection(uint64_t rows, uint64_t depth);

/* Whether sampling a map again for a second reader beats writing the samples and reading them back.
 * The map has `elements` elements; `share` neighbouring channels have one offset. */
bool cost_model_gather_again(uint64_t elements, uint32_t share);
/* The same for a shift by whole rows. */
bool cost_model_shift_again(uint64_t elements);

/* Into how many blocks a call of so many strips of channels is cut; an even number, for two
 * threads, where it can be. */
uint32_t cost_model_strip_blocks(uint32_t strips);
/* Whether a scan had better make its steps, products over `rank` channels, than read them. */
bool cost_model_scan_makes_steps(uint64_t rank);

/* The longest block of a product's K, a multiple of PLAN_DEPTH_ALIGN, where B is stored as `b`. It
 * fixes the order in which an element is summed: the same for all targets. */
uint32_t cost_model_depth_block(DType b);

/* Steps of K in a turn of a product's innermost loop, on a target with so many vector registers;
 * four times as much of it where the product is quantized. */
uint32_t cost_model_unroll(uint32_t vector_registers, bool quantized);

/* Whether weights that are not stored as what is multiplied are converted once for `tiles` tiles of
 * rows, to `bytes` of memory, and not by each of them. */
bool cost_model_widen(uint32_t tiles, uint64_t bytes);

/* Whether rows are brought together by twos before they are multiplied by `columns` columns, and
 * not by each tile of them. */
bool cost_model_pair(uint32_t columns);

/* Whether a map of `map_bytes` for each image is too large for the nearest cache, so that its rows
 * are asked for before they are needed. */
bool cost_model_far(uint64_t map_bytes);
/* Whether a result of `map_bytes`, for all images of a round, is in no cache when the caller reads
 * it. */
bool cost_model_past(uint64_t map_bytes);
/* Into how many blocks, if it is, a kernel without products cuts its rows: as cost_model_blocks. */
uint32_t cost_model_past_blocks(uint64_t rows, uint64_t row_bytes);

/* What prefetching weights across kernels depends on, for one of `macs` multiply-adds that reads
 * `weight_bytes` of weights. */
typedef struct PrefetchCost {
  uint64_t carried; /* bytes that it can prefetch for others while it multiplies */
  uint64_t waited;  /* bytes of its own that it waits for: those of its first panel, or all */
  uint64_t limit;   /* more bytes than this would leave the cache before they are used */
} PrefetchCost;
/* That of a kernel without multiply-adds too (0). */
PrefetchCost cost_model_prefetch(uint64_t macs, uint64_t weight_bytes);

#endif
