#include "passes/cost_model.h"

#include "ir/plan.h"
#include "support/checked_math.h"

enum {
  /* Rows of a block: a multiple of every target's tile (14, 6, 4) within one row; enough of them
   * that the weights of a product, read once for each block, are outweighed by the arithmetic on
   * them. */
  BLOCK_ROWS = 112,
  /* Fewer rows than this read weights too often, whatever the scratch. */
  MIN_BLOCK_ROWS = 28,
  /* A map is cut into at least so many blocks, so that a few threads have work, if each has so many
   * rows: at 196 rows, 4 blocks of 49 are faster than 2 of 98 even on one thread. */
  FEW_BLOCKS = 4,
  FEW_BLOCKS_ROWS = 48,
  /* On a map that is one block by that rule, the larger products are cut by columns, and all else
   * into so few rows. */
  SMALL_ROWS = 2 * FEW_BLOCKS_ROWS,
  SMALL_BLOCK_ROWS = 12,
  /* Quads are worth their transforms from so many channels on, on both sides, and their weights,
   * 16/9 of those of a product of patches, if there are so many for each; more where weights leave
   * the cache: there 64 quads gain an eighth, for tens of megabytes. */
  WINOGRAD_CHANNELS = 32,
  WINOGRAD_QUADS = 48,
  WINOGRAD_QUADS_FAR = 96,
  WINOGRAD_NEAR_BYTES = 4 << 20,
  /* What a run of quads may take of the second-level cache, beside weights on their way through;
   * and how many are enough for each use of the weights, and too few. */
  WINOGRAD_BUDGET = 1280 << 10,
  WINOGRAD_RUN = 128,
  MIN_WINOGRAD_RUN = 32,
  /* A block of one line that is longer than this has too many rows. */
  LONG_LINE = 4 * BLOCK_ROWS,
  /* Scratch of one block: what an L2 of 1 MiB holds beside a panel of weights on its way through.
   * The rows of a product's operand are streamed, so that a little more than half of it is
   * harmless. */
  SCRATCH_BUDGET = 768 << 10,
  /* More with quantized products: most of their scratch is floats that pass by once, to be
   * quantized, and their weights come through too often otherwise: 9 % on the Mixers. */
  QUANTIZED_BUDGET = 1280 << 10,
  /* Into how many blocks of columns, if each has so many multiply-adds for a row that it is worth
   * waking a thread for. */
  COLUMN_BLOCKS = 4,
  COLUMN_BLOCK_MACS = 16 << 10,
  /* Images whose largest maps fit into this go through the model together: they give threads more
   * tasks, and weights stay in the cache from one image to the next. With more of them maps leave
   * the cache: at 224x224, two already take longer together on one thread. */
  TOGETHER_BYTES = 4 << 20,
  /* A kernel that uses each of its weights for so many rows is busy with arithmetic; any other
   * waits for memory. */
  BUSY_ROWS = 16,
  /* From so many tiles of rows on, converting weights once pays for writing and reading them; not
   * where they leave the nearest cache. */
  WIDENED_TILES = 4,
  WIDENED_BYTES = 64 << 10,
  /* From so many columns on, pairing rows before they are multiplied pays for writing them. */
  PAIRED_COLUMNS = 64,
  /* Multiply-adds that hide the arrival of a byte of another kernel's weights: on a Zen 5 core, a
   * quarter of the memory's bandwidth. What a busy kernel waits for itself, before its own
   * prefetching is under way. And what the last level of the cache keeps until it is used. */
  MACS_PER_BYTE = 8,
  FIRST_PANEL_BYTES = 64 << 10,
  PREFETCH_LIMIT = 8 << 20,
  /* Maps up to this size stay in the cache between two kernels. */
  CACHED_MAP_BYTES = 4 << 20,
  /* Larger ones leave every cache, and are what decides how much memory a model takes. */
  LARGE_MAP_BYTES = 16 << 20,
  /* Rows of a block whose results go past the caches to planes, if there is scratch for so many:
   * runs of 4 KiB. With 112, of 448 bytes, they take a sixth longer on a Zen 5, and with 1024 a
   * third less than through the caches. */
  PAST_BLOCK_ROWS = 1024,
  /* Larger maps of one image are not in the nearest cache when a block of rows needs them. */
  NEAR_BYTES = 96 << 10,
  /* What a block of K takes of a panel (64 KiB) and of a tile's rows stays close to the registers
   * for all tiles of a block of rows. */
  DEPTH_BLOCK = 512,
  /* Converted, it is twice as large, and stays in the nearest cache. */
  HALF_DEPTH_BLOCK = 256,
  /* Strips of a scan that a task walks over together: they share what is read of each token for all
   * channels, and lie side by side. */
  TASK_STRIPS = 2,
  /* Steps of a scan of so many channels are as fast in its strips as in tiles of a product. */
  SCAN_RANK = 64,
  /* Targets with fewer registers than this have small tiles, and short turns of the loop over K. */
  MANY_REGISTERS = 32,
};

uint32_t cost_model_images(uint32_t images, uint64_t map_bytes) {
  uint32_t together = images;
  while (together > 1 && (images % together || together * map_bytes > TOGETHER_BYTES)) --together;
  return together;
}

/* Parts of about `target` rows, or a few of at least `few_rows`; an even number, for two threads.
 */
static uint32_t cut(uint64_t rows, uint64_t target, uint64_t few_rows) {
  uint64_t parts = (rows + target / 2) / target, few = rows / few_rows;
  if (few > FEW_BLOCKS) few = FEW_BLOCKS;
  if (parts < few) parts = few;
  if (parts > 1) parts += parts % 2;
  return parts ? (uint32_t)parts : 1;
}

uint32_t cost_model_chunks(uint64_t rows) {
  return cut(rows, BLOCK_ROWS, rows < SMALL_ROWS ? SMALL_BLOCK_ROWS : FEW_BLOCKS_ROWS);
}

uint32_t cost_model_blocks(uint64_t rows, uint64_t row_bytes, ProductsOf products) {
  if (rows < SMALL_ROWS && products == PRODUCTS_NONE) return cost_model_chunks(rows);
  uint64_t target = BLOCK_ROWS;
  uint64_t budget = products == PRODUCTS_QUANTIZED ? QUANTIZED_BUDGET : SCRATCH_BUDGET;
  if (row_bytes > 0 && budget / row_bytes < target) target = budget / row_bytes;
  return cut(rows, target < MIN_BLOCK_ROWS ? MIN_BLOCK_ROWS : target, FEW_BLOCKS_ROWS);
}

bool cost_model_strip(uint64_t line) {
  return line <= LONG_LINE;
}

bool cost_model_split_concat(uint64_t map_bytes, uint64_t channels, uint64_t sum_channels) {
  return map_bytes >= LARGE_MAP_BYTES && sum_channels <= channels;
}

bool cost_model_winograd(uint64_t quads, uint64_t depth, uint64_t channels) {
  if (depth < WINOGRAD_CHANNELS || channels < WINOGRAD_CHANNELS) return false;
  uint64_t bytes = sizeof(float) * 16 * depth * channels;
  return quads >= (bytes > WINOGRAD_NEAR_BYTES ? WINOGRAD_QUADS_FAR : WINOGRAD_QUADS);
}

uint32_t cost_model_winograd_run(uint64_t quad_bytes) {
  uint64_t run = WINOGRAD_BUDGET / quad_bytes;
  if (run > WINOGRAD_RUN) return WINOGRAD_RUN;
  return run < MIN_WINOGRAD_RUN ? MIN_WINOGRAD_RUN : (uint32_t)run;
}

uint32_t cost_model_winograd_blocks(uint32_t lines, uint32_t width, uint32_t run) {
  uint32_t each = width < run ? run / width : 1, blocks = (lines + each - 1) / each;
  if (blocks == 1 && lines > 1) return 2;
  return blocks > 1 && blocks % 2 && blocks < lines ? blocks + 1 : blocks;
}

uint32_t cost_model_column_blocks(uint64_t rows, uint64_t depth, uint64_t channels) {
  if (rows >= SMALL_ROWS || channels < COLUMN_BLOCKS * PLAN_PANEL) return 0;
  return depth * channels >= (uint64_t)COLUMN_BLOCKS * COLUMN_BLOCK_MACS ? COLUMN_BLOCKS : 0;
}

bool cost_model_fold_projection(uint64_t rows, uint64_t depth) {
  /* Multiply-adds for each output channel and channel between: of the product saved, and of the
   * matrices made for it. */
  return depth < rows;
}

/* Nanoseconds per element, measured on one AVX-512 core with the kernels as they are, at 800x1280:
 * sampling with 1, 2, 4, and 8 or more channels to an offset; keeping (writing and reading back)
 * what stays in the cache, and what does not. A faster sampling kernel changes the first line. */
static const double SAMPLE_COST[4] = {2.5, 2.0, 1.2, 0.6};
static const double SHIFT_COST = 0.08;
static const double KEEP_CACHED_COST = 0.1;
static const double KEEP_STREAMED_COST = 0.9;

static double keep_cost(uint64_t elements) {
  return elements * 4 > CACHED_MAP_BYTES ? KEEP_STREAMED_COST : KEEP_CACHED_COST;
}

bool cost_model_shift_again(uint64_t elements) {
  return SHIFT_COST < keep_cost(elements);
}

bool cost_model_gather_again(uint64_t elements, uint32_t share) {
  uint32_t row = share >= 8 ? 3 : share >= 4 ? 2 : share >= 2 ? 1 : 0;
  return SAMPLE_COST[row] < keep_cost(elements);
}

uint32_t cost_model_strip_blocks(uint32_t strips) {
  uint32_t blocks = ceil_div_u32(strips, TASK_STRIPS);
  return blocks % 2 && blocks < strips ? blocks + 1 : blocks;
}

bool cost_model_scan_makes_steps(uint64_t rank) {
  return rank <= SCAN_RANK;
}

uint32_t cost_model_depth_block(DType b) {
  return b == DTYPE_F16 ? HALF_DEPTH_BLOCK : DEPTH_BLOCK;
}

uint32_t cost_model_unroll(uint32_t vector_registers, bool quantized) {
  return vector_registers < MANY_REGISTERS && !quantized ? 4 : 2;
}

bool cost_model_widen(uint32_t tiles, uint64_t bytes) {
  return tiles >= WIDENED_TILES && bytes <= WIDENED_BYTES;
}

bool cost_model_pair(uint32_t columns) {
  return columns >= PAIRED_COLUMNS;
}

bool cost_model_far(uint64_t map_bytes) {
  return map_bytes > NEAR_BYTES;
}

bool cost_model_past(uint64_t map_bytes) {
  return map_bytes >= LARGE_MAP_BYTES;
}

uint32_t cost_model_past_blocks(uint64_t rows, uint64_t row_bytes) {
  uint64_t most = SCRATCH_BUDGET / row_bytes;
  return cut(rows, most < PAST_BLOCK_ROWS ? most : PAST_BLOCK_ROWS, FEW_BLOCKS_ROWS);
}

PrefetchCost cost_model_prefetch(uint64_t macs, uint64_t weight_bytes) {
  bool busy = macs > 0 && macs >= BUSY_ROWS * (weight_bytes / sizeof(float));
  return (PrefetchCost){.carried = busy ? macs / MACS_PER_BYTE : 0,
                        .waited = busy ? FIRST_PANEL_BYTES : PREFETCH_LIMIT,
                        .limit = PREFETCH_LIMIT};
}
