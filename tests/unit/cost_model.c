#include "passes/cost_model.h"

#include <criterion/criterion.h>

Test(cost_model, chunks_are_about_112_rows) {
  cr_expect_eq(cost_model_chunks(56 * 56), 28);
  cr_expect_eq(cost_model_chunks(28 * 28), 8);
  cr_expect_eq(cost_model_chunks(200 * 320), 572);
}

Test(cost_model, small_maps_are_cut_for_a_few_threads) {
  cr_expect_eq(cost_model_chunks(14 * 14), 4);
  cr_expect_eq(cost_model_chunks(12 * 12), 4);
  cr_expect_eq(cost_model_chunks(7 * 7), 4);
  cr_expect_eq(cost_model_chunks(1), 1);
}

Test(cost_model, small_maps_are_cut_less_where_blocks_read_weights) {
  cr_expect_eq(cost_model_blocks(7 * 7, 0, PRODUCTS_FLOATS), 1);
  cr_expect_eq(cost_model_blocks(7 * 7, 0, PRODUCTS_NONE), 4);
  cr_expect_eq(cost_model_blocks(14 * 14, 0, PRODUCTS_FLOATS), 4);
  cr_expect_eq(cost_model_blocks(1, 0, PRODUCTS_NONE), 1);
}

Test(cost_model, two_threads_get_the_same) {
  for (uint64_t rows = 2; rows < 5000; ++rows) {
    uint32_t chunks = cost_model_chunks(rows),
             blocks = cost_model_blocks(rows, 4000, PRODUCTS_FLOATS);
    cr_assert(chunks == 1 || chunks % 2 == 0);
    cr_assert(blocks == 1 || blocks % 2 == 0);
  }
}

Test(cost_model, never_has_more_chunks_than_rows) {
  for (uint64_t rows = 1; rows < 5000; ++rows) {
    uint32_t chunks = cost_model_chunks(rows);
    cr_assert_geq(chunks, 1);
    cr_assert_leq(chunks, rows);
  }
}

Test(cost_model, takes_images_together_while_they_are_small) {
  cr_expect_eq(cost_model_images(1, 0), 1);
  cr_expect_eq(cost_model_images(8, 256 << 10), 8);
  cr_expect_eq(cost_model_images(32, 256 << 10), 16);
  cr_expect_eq(cost_model_images(12, 512 << 10), 6, "a divisor");
  cr_expect_eq(cost_model_images(7, 1 << 20), 1, "a divisor");
  cr_expect_eq(cost_model_images(8, 56 * 56 * 256 * 4), 1);
  cr_expect_eq(cost_model_images(2, UINT64_C(1) << 33), 1);
}

Test(cost_model, blocks_shrink_until_scratch_fits) {
  cr_expect_eq(cost_model_blocks(56 * 56, 0, PRODUCTS_FLOATS), 28);
  cr_expect_eq(cost_model_blocks(56 * 56, 1024, PRODUCTS_FLOATS), 28);
  cr_expect_gt(cost_model_blocks(56 * 56, 16 << 10, PRODUCTS_FLOATS), 56);
  /* but not below what makes reading the weights worth while */
  cr_expect_eq(cost_model_blocks(56 * 56, 1 << 20, PRODUCTS_FLOATS),
               cost_model_blocks(56 * 56, 1 << 24, PRODUCTS_FLOATS));
}

Test(cost_model, cuts_large_products_on_small_maps_by_columns) {
  cr_expect_eq(cost_model_column_blocks(7 * 7, 512, 2048), 4);
  cr_expect_eq(cost_model_column_blocks(1, 512, 1000), 4);
  cr_expect_eq(cost_model_column_blocks(14 * 14, 512, 2048), 0, "there are rows enough");
  cr_expect_eq(cost_model_column_blocks(7 * 7, 4096, 96), 0, "there are not four panels");
  cr_expect_eq(cost_model_column_blocks(7 * 7, 64, 128), 0, "it is over at once");
}

Test(cost_model, gathers_again_when_maps_leave_the_cache) {
  cr_expect_not(cost_model_gather_again(56 * 56 * 64, 8));
  cr_expect(cost_model_gather_again(200 * 320 * 64, 8));
}

Test(cost_model, shifts_again_always) {
  cr_expect(cost_model_shift_again(28 * 28 * 128));
  cr_expect(cost_model_shift_again(200 * 320 * 64));
}

Test(cost_model, keeps_what_is_dear_to_gather) {
  cr_expect_not(cost_model_gather_again(200 * 320 * 64, 1));
}

Test(cost_model, quads_are_worth_it_where_there_are_many) {
  cr_expect(cost_model_winograd(64 * 64, 512, 512));
  cr_expect(cost_model_winograd(48, 32, 32));
  cr_expect_not(cost_model_winograd(49, 31, 64));
  cr_expect_not(cost_model_winograd(49, 64, 31));
  cr_expect_not(cost_model_winograd(4 * 4, 512, 512));
}

/* Even numbers of blocks, of whole lines; two at least, where there are two lines. */
Test(cost_model, quads_are_cut_into_lines) {
  cr_expect_eq(cost_model_winograd_blocks(64, 64, 64), 64);
  cr_expect_eq(cost_model_winograd_blocks(64, 64, 128), 32);
  cr_expect_eq(cost_model_winograd_blocks(8, 8, 64), 2);
  cr_expect_eq(cost_model_winograd_blocks(1, 8, 64), 1);
  cr_expect_eq(cost_model_winograd_blocks(9, 40, 128), 4);
  cr_expect_eq(cost_model_winograd_blocks(3, 400, 128), 3);
  cr_expect(cost_model_winograd_run(1) >= cost_model_winograd_run(1 << 20));
  cr_expect_geq(cost_model_winograd_run(1 << 30), 1);
}

Test(cost_model, rows_that_go_past_the_caches_are_many) {
  cr_expect_not(cost_model_past(150 * 128 * 128 * 4));
  cr_expect(cost_model_past(150 * 256 * 256 * 4));
  cr_expect_eq(cost_model_past_blocks(512 * 512, 640), 256);
  cr_expect_gt(cost_model_past_blocks(512 * 512, 6400), 1024, "scratch bounds them");
}
