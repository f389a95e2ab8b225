/* Ops that move elements and compute nothing: reshape, transpose, shuffle. */
#include <string.h>

#include "backends/interp/interp.h"

void interpret_RESHAPE(const Node *node, const InterpTensor *operands, InterpTensor *result) {
  (void)node;
  Extent e = interp_extent(result->type);
  memcpy(result->data, operands[0].data, extent_rows(e) * e.c * sizeof *result->data);
}

void interpret_TRANSPOSE(const Node *node, const InterpTensor *operands, InterpTensor *result) {
  const AttrsTRANSPOSE *a = &node->attrs.TRANSPOSE;
  Extent x = interp_extent(operands[0].type), y = interp_extent(result->type);
  size_t steps[] = {x.h * x.w * x.c, x.w * x.c, x.c, 1};
  double *out = result->data;
  for (size_t n = 0; n < y.n; ++n) {
    for (size_t i = 0; i < y.h; ++i) {
      for (size_t j = 0; j < y.w; ++j) {
        for (size_t c = 0; c < y.c; ++c) {
          *out++ = operands[0].data[n * steps[0] + i * steps[a->first] + j * steps[a->second] +
                                    c * steps[a->third]];
        }
      }
    }
  }
}

void interpret_SHUFFLE(const Node *node, const InterpTensor *operands, InterpTensor *result) {
  Extent e = interp_extent(result->type);
  size_t groups = (size_t)node->attrs.SHUFFLE.groups, each = e.c / groups;
  for (size_t r = 0; r < extent_rows(e); ++r) {
    for (size_t g = 0; g < groups; ++g) {
      for (size_t i = 0; i < each; ++i) {
        result->data[r * e.c + i * groups + g] = operands[0].data[r * e.c + g * each + i];
      }
    }
  }
}
