/* Tensors in the caller's order (nchw or nhwc) and in the order of the graph, [N,H,W,C]. */
#include "driver/layout.h"

#include "support/panic.h"

size_t layout_count(Type type) {
  int64_t count;
  CHECK(type_count(type, &count));
  return (size_t)count;
}

Type layout_stored(Type type, bool nchw) {
  if (!nchw || type.rank != 4) return type;
  return type_map(type.dims[0], type.dims[3], type.dims[1], type.dims[2]);
}

Type layout_logical(Type stored, bool nchw) {
  if (!nchw || stored.rank != 4) return stored;
  return type_map(stored.dims[0], stored.dims[2], stored.dims[3], stored.dims[1]);
}

/* Where pixel `p` of image `n`, channel `c` is stored. */
typedef struct Strides {
  size_t images, pixels, channels;
  size_t image, pixel, channel; /* steps in elements */
} Strides;

/* Of a map or of vectors [N,C], which count as one pixel. */
static Strides strides_of(Type type, bool nchw) {
  size_t channels = (size_t)type_channels(type);
  size_t images = (size_t)type.dims[0];
  size_t pixels = layout_count(type) / (images * channels);
  bool planes = nchw && type.rank == 4;
  return (Strides){
      images, pixels, channels, pixels * channels, planes ? 1 : channels, planes ? pixels : 1};
}

void layout_to_logical(Type type, bool nchw, const void *stored, double *logical) {
  Strides s = strides_of(type, nchw);
  size_t bytes = dtype_bytes(type.dtype);
  for (size_t n = 0; n < s.images; ++n) {
    for (size_t p = 0; p < s.pixels; ++p) {
      const char *from = (const char *)stored + (n * s.image + p * s.pixel) * bytes;
      for (size_t c = 0; c < s.channels; ++c) {
        dtype_read(type.dtype, from + c * s.channel * bytes, 1, logical++);
      }
    }
  }
}

void layout_from_logical(Type type, bool nchw, const double *logical, void *stored) {
  Strides s = strides_of(type, nchw);
  size_t bytes = dtype_bytes(type.dtype);
  for (size_t n = 0; n < s.images; ++n) {
    for (size_t p = 0; p < s.pixels; ++p) {
      char *to = (char *)stored + (n * s.image + p * s.pixel) * bytes;
      for (size_t c = 0; c < s.channels; ++c) {
        dtype_write(type.dtype, logical++, 1, to + c * s.channel * bytes);
      }
    }
  }
}
