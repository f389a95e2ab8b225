/* One function per op that appends a node and returns its result. `label` and `position` of the new
 * nodes are those of the builder. A misfit panics; or, where the builder has `misfit`, the first
 * one's message goes there, and an operand stands in for each result that is missing. */
#ifndef ATMC_IR_BUILDER_H
#define ATMC_IR_BUILDER_H

#include "ir/graph.h"

typedef struct Builder {
  Graph *graph;
  const char *label;
  Position position;
  const char **misfit; /* NULL: what does not fit is our bug */
} Builder;

typedef struct Window { /* of a convolution */
  int32_t kernel_h, kernel_w, stride_h, stride_w, pad_h, pad_w;
} Window;

ValueId build_input(Builder b, const char *name, Type type, bool nchw);
ValueId build_constant(Builder b, const Recipe *recipe);
/* `bias` may be VALUE_NONE. */
ValueId build_conv2d(Builder b, ValueId x, ValueId w, ValueId bias, Window window, int32_t groups);
ValueId build_linear(Builder b, ValueId x, ValueId w, ValueId bias);
ValueId build_linear_packed(Builder b, ValueId x, ValueId w, ValueId bias, int32_t panel,
                            int32_t channels);
ValueId build_scale_matrix(Builder b, ValueId v, ValueId w);
ValueId build_mix_rows(Builder b, ValueId x, ValueId w, ValueId bias, AttrsMIX_ROWS attrs);
ValueId build_patches(Builder b, ValueId x, Window window, bool channels_first);
ValueId build_depthwise(Builder b, ValueId x, ValueId w, ValueId bias, Window window);
/* `w` is in panels of whole groups (ir/ops.def). */
ValueId build_grouped(Builder b, ValueId x, ValueId w, ValueId bias, Window window, int32_t groups);
ValueId build_axial_sample(Builder b, ValueId x, ValueId offsets, int32_t axis, int32_t share);
ValueId build_axial_shift(Builder b, ValueId x, AttrsAXIAL_SHIFT shift);
/* `mask` may be VALUE_NONE. */
ValueId build_deform_patches(Builder b, ValueId x, ValueId offsets, ValueId mask,
                             AttrsDEFORM_PATCHES attrs);
ValueId build_average_pool(Builder b, ValueId x, Window window, bool count_padding);
ValueId build_resize(Builder b, ValueId x, AttrsRESIZE attrs);
ValueId build_reshape(Builder b, ValueId x, int32_t height, int32_t width, int32_t channels);
ValueId build_transpose(Builder b, ValueId x, AttrsTRANSPOSE attrs);
ValueId build_layer_norm(Builder b, ValueId x, ValueId gain, ValueId bias, double eps);
ValueId build_normalize(Builder b, ValueId x, double eps);
ValueId build_softmax(Builder b, ValueId x, int32_t groups);
ValueId build_slice(Builder b, ValueId x, int32_t begin, int32_t count);
ValueId build_concat(Builder b, const ValueId *parts, uint32_t count);
ValueId build_shuffle(Builder b, ValueId x, int32_t groups);
ValueId build_add(Builder b, ValueId x, ValueId y);
ValueId build_mul(Builder b, ValueId x, ValueId y);
ValueId build_fill(Builder b, ValueId x, double value);
ValueId build_relu(Builder b, ValueId x);
ValueId build_sigmoid(Builder b, ValueId x);
ValueId build_gelu(Builder b, ValueId x);
ValueId build_mean_hw(Builder b, ValueId x);
ValueId build_sum_chunks(Builder b, ValueId x, int32_t chunks);
ValueId build_mean_chunks(Builder b, ValueId x, int32_t rows);

#endif
