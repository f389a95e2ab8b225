/* The types of products and of readers of whole maps. A product's and a window's numbers are
 * checked, so that no graph, however hostile its text, has a known type whose elements cannot be
 * counted. */
#include <inttypes.h>

#include "ir/infer_check.h"
#include "support/checked_math.h"

const char *infer_CONV2D(const Infer *in, Type *result) {
  const AttrsCONV2D *a = &in->node->attrs.CONV2D;
  Type x = in->operand[0];
  Type w = in->operand[1];
  INFER_TRY(infer_check_map(in));
  if (w.rank != 4 || !type_is_known(w)) {
    return infer_misfit(in, "the weight must be [O,C/groups,KH,KW], got %s", INFER_TEXT(w));
  }
  INFER_TRY(infer_check_divides(in, "groups", a->groups, type_channels(x)));
  if (w.dims[0] % a->groups != 0) {
    return infer_misfit(in, "groups %d does not divide the %" PRId64 " output channels", a->groups,
                        w.dims[0]);
  }
  if (w.dims[1] != type_channels(x) / a->groups || w.dims[2] != a->kernel_h ||
      w.dims[3] != a->kernel_w) {
    return infer_misfit(in, "the weight is %s, expected f32[%" PRId64 ",%" PRId64 ",%d,%d]",
                        INFER_TEXT(w), w.dims[0], type_channels(x) / a->groups, a->kernel_h,
                        a->kernel_w);
  }
  INFER_TRY(infer_check_vector(in, 2, "the bias", w.dims[0]));
  INFER_SLIDE(in, *a, x, w.dims[0], result);
  return NULL;
}

/* What a linear's weight must be: K and the number of columns that it gives. */
static const char *linear_columns(const Infer *in, int64_t rows_k, int64_t *columns) {
  const AttrsLINEAR *a = &in->node->attrs.LINEAR;
  Type w = in->operand[1];
  int64_t images;
  if (a->panel) {
    INFER_TRY(infer_check_positive(in, "panel", a->panel));
    INFER_TRY(infer_check_positive(in, "channels", a->channels));
    if (a->column_blocks) INFER_TRY(infer_check_positive(in, "column_blocks", a->column_blocks));
    *columns = a->channels;
    Type packed = {
        .rank = 3,
        .dims = {ceil_div_u32((uint32_t)a->channels, (uint32_t)a->panel), rows_k, a->panel}};
    if (type_equal(w, packed)) return NULL;
    return infer_misfit(in, "the packed weight is %s, expected %s", INFER_TEXT(w),
                        INFER_TEXT(packed));
  }
  if (a->channels) return infer_misfit(in, "channels is for packed weights only");
  if (a->column_blocks) return infer_misfit(in, "column_blocks is for packed weights only");
  bool per_image = w.rank == 4 && w.dims[1] == 1;
  if (w.rank != 2 && !per_image) {
    return infer_misfit(in, "the weight must be [O,K] or [N,1,K,O], got %s", INFER_TEXT(w));
  }
  int64_t depth = per_image ? w.dims[2] : w.dims[1];
  if (depth != rows_k) {
    return infer_misfit(in, "the rows have %" PRId64 " channels, the weight %s takes %" PRId64,
                        rows_k, INFER_TEXT(w), depth);
  }
  if (per_image && !infer_dims_meet(w.dims[0], in->operand[0].dims[0], &images)) {
    return infer_misfit(in, "the weight %s is not for the images of %s", INFER_TEXT(w),
                        INFER_TEXT(in->operand[0]));
  }
  *columns = per_image ? w.dims[3] : w.dims[0];
  if (*columns != DIM_OPEN) return NULL;
  return infer_misfit(in, "the rows of the weight %s are open", INFER_TEXT(w));
}

const char *infer_LINEAR(const Infer *in, Type *result) {
  Type x = in->operand[0];
  int64_t columns = 0;
  INFER_TRY(infer_check_rows(in, 0));
  INFER_TRY(linear_columns(in, type_channels(x), &columns));
  INFER_TRY(infer_check_vector(in, 2, "the bias", columns));
  *result = type_with_channels(x, columns);
  return NULL;
}

const char *infer_SCALE_MATRIX(const Infer *in, Type *result) {
  Type v = in->operand[0];
  Type w = in->operand[1];
  if (v.rank != 2) return infer_misfit(in, "needs vectors [N,C], got %s", INFER_TEXT(v));
  if (w.rank != 2 || type_channels(w) != type_channels(v) || w.dims[0] == DIM_OPEN) {
    return infer_misfit(in, "the matrix must be [K,%" PRId64 "], got %s", type_channels(v),
                        INFER_TEXT(w));
  }
  *result = type_map(v.dims[0], 1, w.dims[0], type_channels(w));
  return NULL;
}

const char *infer_MIX_ROWS(const Infer *in, Type *result) {
  const AttrsMIX_ROWS *a = &in->node->attrs.MIX_ROWS;
  Type x = in->operand[0];
  INFER_TRY(infer_check_map(in));
  INFER_TRY(infer_check_positive(in, "in_h", a->in_h));
  INFER_TRY(infer_check_positive(in, "in_w", a->in_w));
  INFER_TRY(infer_check_positive(in, "out_h", a->out_h));
  INFER_TRY(infer_check_positive(in, "out_w", a->out_w));
  Type weight = type_matrix((int64_t)a->out_h * a->out_w, (int64_t)a->in_h * a->in_w);
  if (!type_equal(in->operand[1], weight)) {
    return infer_misfit(in, "the weight is %s, expected %s", INFER_TEXT(in->operand[1]),
                        INFER_TEXT(weight));
  }
  INFER_TRY(infer_check_vector(in, 2, "the bias", weight.dims[0]));
  Type grid = type_map(x.dims[0], a->in_h, a->in_w, type_channels(x));
  if (!infer_types_meet(&grid, x)) {
    return infer_misfit(in, "the weights are for %dx%d tokens, the map is %s", a->in_h, a->in_w,
                        INFER_TEXT(x));
  }
  *result = type_map(x.dims[0], a->out_h, a->out_w, type_channels(x));
  return NULL;
}

const char *infer_PATCHES(const Infer *in, Type *result) {
  const AttrsPATCHES *a = &in->node->attrs.PATCHES;
  Type x = in->operand[0];
  int64_t channels;
  INFER_TRY(infer_check_map(in));
  INFER_TRY(infer_check_range(in, "channels_first", a->channels_first, 0, 1));
  if (!checked_mul_i64(type_channels(x), (int64_t)a->kernel_h * a->kernel_w, &channels)) {
    return infer_misfit(in, "the patches are too large");
  }
  INFER_SLIDE(in, *a, x, channels, result);
  return NULL;
}

const char *infer_DEPTHWISE(const Infer *in, Type *result) {
  const AttrsDEPTHWISE *a = &in->node->attrs.DEPTHWISE;
  Type x = in->operand[0];
  INFER_TRY(infer_check_map(in));
  INFER_SLIDE(in, *a, x, type_channels(x), result);
  Type taps = type_matrix((int64_t)a->kernel_h * a->kernel_w, type_channels(x));
  if (!type_equal(in->operand[1], taps)) {
    return infer_misfit(in, "the weight is %s, expected %s", INFER_TEXT(in->operand[1]),
                        INFER_TEXT(taps));
  }
  return infer_check_vector(in, 2, "the bias", type_channels(x));
}

const char *infer_GROUPED(const Infer *in, Type *result) {
  const AttrsGROUPED *a = &in->node->attrs.GROUPED;
  Type x = in->operand[0], w = in->operand[1];
  int64_t columns = 0, depth = (int64_t)a->kernel_h * a->kernel_w;
  INFER_TRY(infer_check_map(in));
  INFER_TRY(infer_check_divides(in, "groups", a->groups, type_channels(x)));
  bool fits = checked_mul_i64(depth, type_channels(x) / a->groups, &depth);
  if (!fits || w.rank != 3 || w.dims[1] != depth || w.dims[0] < 1 || w.dims[2] < 1 ||
      !checked_mul_i64(w.dims[0], w.dims[2], &columns)) {
    return infer_misfit(in, "the weight is %s, expected %" PRId64 " rows in each panel",
                        INFER_TEXT(w), depth);
  }
  if (a->groups % w.dims[0] != 0 || columns % a->groups != 0) {
    return infer_misfit(in, "the weight's panels %s are not of whole groups", INFER_TEXT(w));
  }
  INFER_SLIDE(in, *a, x, columns, result);
  return infer_check_vector(in, 2, "the bias", columns);
}

const char *infer_AXIAL_SAMPLE(const Infer *in, Type *result) {
  const AttrsAXIAL_SAMPLE *a = &in->node->attrs.AXIAL_SAMPLE;
  Type x = in->operand[0];
  Type offsets = in->operand[1];
  INFER_TRY(infer_check_map(in));
  INFER_TRY(infer_check_range(in, "axis", a->axis, 1, 2));
  INFER_TRY(infer_check_divides(in, "share", a->share, type_channels(x)));
  int64_t channels = type_channels(x) / a->share;
  *result = x;
  if (type_equal(offsets, type_vector(channels))) return NULL;
  Type expected = type_with_channels(x, channels);
  if (!infer_types_meet(&expected, offsets)) {
    return infer_misfit(in, "the offsets are %s, expected %s or f32[%" PRId64 "]",
                        INFER_TEXT(offsets), INFER_TEXT(expected), channels);
  }
  *result = type_with_channels(expected, type_channels(x));
  return NULL;
}

const char *infer_AXIAL_SHIFT(const Infer *in, Type *result) {
  const AttrsAXIAL_SHIFT *a = &in->node->attrs.AXIAL_SHIFT;
  INFER_TRY(infer_check_map(in));
  INFER_TRY(infer_check_range(in, "axis", a->axis, 1, 2));
  INFER_TRY(infer_check_range(in, "period", a->period, 1, 16));
  INFER_TRY(infer_check_range(in, "phase", a->phase, 0, a->period - 1));
  INFER_TRY(infer_check_range(in, "lowest", a->lowest, -(1 << 16), 1 << 16));
  *result = in->operand[0];
  return NULL;
}

/* The offsets, or the mask: `each` channels for each tap of each group, over the rows of *result.
 */
static const char *check_taps(const Infer *in, uint32_t i, const char *what, int64_t each,
                              Type *result) {
  const AttrsDEFORM_PATCHES *a = &in->node->attrs.DEFORM_PATCHES;
  int64_t channels = each;
  if (i >= in->count) return NULL;
  if (!checked_mul_i64(channels, (int64_t)a->kernel_h * a->kernel_w, &channels) ||
      !checked_mul_i64(channels, a->offset_groups, &channels)) {
    return infer_misfit(in, "%s are too many", what);
  }
  Type expected = type_with_channels(*result, channels);
  if (!infer_types_meet(&expected, in->operand[i])) {
    return infer_misfit(in, "%s are %s, expected %s", what, INFER_TEXT(in->operand[i]),
                        INFER_TEXT(expected));
  }
  *result = type_with_channels(expected, type_channels(*result));
  return NULL;
}

/* The extent of a kernel whose taps are `dilation` apart. */
static const char *dilate(const Infer *in, int64_t kernel, int64_t dilation, int64_t *extent) {
  INFER_TRY(infer_check_positive(in, "the kernel", kernel));
  INFER_TRY(infer_check_positive(in, "the dilation", dilation));
  *extent = (kernel - 1) * dilation + 1; /* of two 32 bit numbers */
  return NULL;
}

const char *infer_DEFORM_PATCHES(const Infer *in, Type *result) {
  const AttrsDEFORM_PATCHES *a = &in->node->attrs.DEFORM_PATCHES;
  Type x = in->operand[0];
  int64_t height = 0, width = 0, channels;
  INFER_TRY(infer_check_map(in));
  INFER_TRY(dilate(in, a->kernel_h, a->dilation_h, &height));
  INFER_TRY(dilate(in, a->kernel_w, a->dilation_w, &width));
  INFER_TRY(infer_check_divides(in, "offset_groups", a->offset_groups, type_channels(x)));
  if (!checked_mul_i64(type_channels(x), (int64_t)a->kernel_h * a->kernel_w, &channels)) {
    return infer_misfit(in, "the patches are too large");
  }
  *result = type_with_channels(x, channels);
  INFER_TRY(infer_slide(in, "height", x.dims[1], height, a->stride_h, a->pad_h, &result->dims[1]));
  INFER_TRY(infer_slide(in, "width", x.dims[2], width, a->stride_w, a->pad_w, &result->dims[2]));
  INFER_TRY(check_taps(in, 1, "the offsets", 2, result));
  return check_taps(in, 2, "the mask's weights", 1, result);
}

const char *infer_AVERAGE_POOL(const Infer *in, Type *result) {
  const AttrsAVERAGE_POOL *a = &in->node->attrs.AVERAGE_POOL;
  INFER_TRY(infer_check_map(in));
  INFER_TRY(infer_check_range(in, "count_padding", a->count_padding, 0, 1));
  INFER_SLIDE(in, *a, in->operand[0], type_channels(in->operand[0]), result);
  INFER_TRY(infer_check_range(in, "the padding", a->pad_h, 0, a->kernel_h / 2));
  return infer_check_range(in, "the padding", a->pad_w, 0, a->kernel_w / 2);
}

/* One axis of a resized map. */
static const char *resize(const Infer *in, int64_t from, int64_t size, int64_t scale,
                          int64_t *result) {
  INFER_TRY(infer_check_range(in, "the size", size, 0, INT32_MAX));
  *result = size;
  if (size) return NULL;
  INFER_TRY(infer_check_positive(in, "the scale", scale));
  *result = from == DIM_OPEN ? DIM_OPEN : from * scale; /* of two 32 bit numbers */
  return NULL;
}

const char *infer_RESIZE(const Infer *in, Type *result) {
  const AttrsRESIZE *a = &in->node->attrs.RESIZE;
  INFER_TRY(infer_check_map(in));
  *result = in->operand[0];
  INFER_TRY(resize(in, in->operand[0].dims[1], a->height, a->scale_h, &result->dims[1]));
  return resize(in, in->operand[0].dims[2], a->width, a->scale_w, &result->dims[2]);
}

/* The elements of one image; DIM_OPEN while they cannot be counted. */
static const char *image_elements(const Infer *in, Type type, int64_t *count) {
  *count = 1;
  for (uint32_t i = 1; i < type.rank; ++i) {
    if (type.dims[i] == DIM_OPEN) {
      *count = DIM_OPEN;
      return NULL;
    }
    if (!checked_mul_i64(*count, type.dims[i], count)) return infer_misfit(in, "it is too large");
  }
  return NULL;
}

const char *infer_RESHAPE(const Infer *in, Type *result) {
  const AttrsRESHAPE *a = &in->node->attrs.RESHAPE;
  Type x = in->operand[0];
  int64_t from, to;
  INFER_TRY(infer_check_rows(in, 0));
  INFER_TRY(infer_check_range(in, "height", a->height, 0, INT32_MAX));
  INFER_TRY(infer_check_range(in, "width", a->width, 0, INT32_MAX));
  INFER_TRY(infer_check_positive(in, "channels", a->channels));
  *result = type_map(x.dims[0], a->height ? a->height : DIM_OPEN, a->width ? a->width : DIM_OPEN,
                     a->channels);
  if (!a->height && !a->width) *result = type_matrix(x.dims[0], a->channels);
  Type wanted = *result;
  INFER_TRY(image_elements(in, x, &from));
  if (from == DIM_OPEN) return NULL;
  int64_t *left = !a->height ? &result->dims[1] : &result->dims[2];
  bool has_left = result->rank == 4 && (!a->height || !a->width);
  if (has_left) *left = 1;
  INFER_TRY(image_elements(in, *result, &to));
  if (has_left) *left = from / to;
  if (has_left ? from % to == 0 && from >= to : from == to) return NULL;
  return infer_misfit(in, "the %" PRId64 " elements of an image of %s do not fill %s", from,
                      INFER_TEXT(x), INFER_TEXT(wanted));
}

const char *infer_TRANSPOSE(const Infer *in, Type *result) {
  const AttrsTRANSPOSE *a = &in->node->attrs.TRANSPOSE;
  Type x = in->operand[0];
  INFER_TRY(infer_check_map(in));
  INFER_TRY(infer_check_range(in, "first", a->first, 1, 3));
  INFER_TRY(infer_check_range(in, "second", a->second, 1, 3));
  INFER_TRY(infer_check_range(in, "third", a->third, 1, 3));
  if (a->first == a->second || a->first == a->third || a->second == a->third) {
    return infer_misfit(in, "dimensions %d, %d, %d: one is there twice", a->first, a->second,
                        a->third);
  }
  *result = type_map(x.dims[0], x.dims[a->first], x.dims[a->second], x.dims[a->third]);
  return NULL;
}

const char *infer_MEAN_HW(const Infer *in, Type *result) {
  Type x = in->operand[0];
  INFER_TRY(infer_check_map(in));
  *result = type_matrix(x.dims[0], type_channels(x));
  return NULL;
}

const char *infer_SUM_CHUNKS(const Infer *in, Type *result) {
  Type x = in->operand[0];
  int64_t chunks = in->node->attrs.SUM_CHUNKS.chunks;
  INFER_TRY(infer_check_map(in));
  INFER_TRY(infer_check_positive(in, "chunks", chunks));
  if (x.dims[1] != DIM_OPEN && x.dims[2] != DIM_OPEN && chunks > x.dims[1] * x.dims[2]) {
    return infer_misfit(in, "%" PRId64 " chunks of the %" PRId64 " rows of %s", chunks,
                        x.dims[1] * x.dims[2], INFER_TEXT(x));
  }
  *result = type_map(x.dims[0], 1, chunks, type_channels(x));
  return NULL;
}

const char *infer_MEAN_CHUNKS(const Infer *in, Type *result) {
  Type x = in->operand[0];
  INFER_TRY(infer_check_map(in));
  if (x.dims[1] != 1) return infer_misfit(in, "needs chunks [N,1,chunks,C], got %s", INFER_TEXT(x));
  INFER_TRY(infer_check_positive(in, "rows", in->node->attrs.MEAN_CHUNKS.rows));
  *result = type_matrix(x.dims[0], type_channels(x));
  return NULL;
}
