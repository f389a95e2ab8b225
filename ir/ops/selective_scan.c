/* selective_scan: recurrences along walks over whole maps, whose factors depend on the token.
 *
 *   state[c,s] = exp(step[c] a[s,c]) state[c,s] + step[c] B[s] u[c]        from 0, token by token
 *   y[c]      += sum over s of C[s] state[c,s]                             of each way
 */
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "ir/ops/op_impl.h"

enum { U, P, A, STEPS, WAY_BOTH = 3, MAX_STATES = 32 };

/* How many ways the bits `ways` mean. */
static uint32_t count_ways(int32_t ways) {
  return ways == WAY_BOTH ? 2 : 1;
}

/* All maps have the same rows. */
static const char *check_maps(const Infer *in, uint32_t ways, Type *result) {
  *result = in->operand[U];
  int64_t channels = type_channels(*result);
  for (uint32_t i = 0; i <= ways; ++i) {
    uint32_t operand = i == 0 ? P : STEPS + i - 1;
    Type meet = type_with_channels(*result, type_channels(in->operand[operand]));
    if (!infer_types_meet(&meet, in->operand[operand])) {
      return infer_misfit(in, "%s and %s do not fit", INFER_TEXT(in->operand[U]),
                          INFER_TEXT(in->operand[operand]));
    }
    *result = type_with_channels(meet, channels);
    if (operand == P || type_channels(meet) == channels) continue;
    return infer_misfit(in, "the map has %" PRId64 " channels, its steps %" PRId64, channels,
                        type_channels(meet));
  }
  return NULL;
}

const char *infer_SELECTIVE_SCAN(const Infer *in, Type *result) {
  const AttrsSELECTIVE_SCAN *a = &in->node->attrs.SELECTIVE_SCAN;
  RETURN_IF_FAULT(infer_check_map(in));
  RETURN_IF_FAULT(infer_check_range(in, "axis", a->axis, 1, 2));
  RETURN_IF_FAULT(infer_check_range(in, "ways", a->ways, 1, WAY_BOTH));
  uint32_t ways = count_ways(a->ways);
  if (in->count != STEPS + ways) {
    return infer_misfit(in, "ways is %d, there are steps for %u", a->ways, in->count - STEPS);
  }
  RETURN_IF_FAULT(check_maps(in, ways, result));
  int64_t width = type_channels(in->operand[P]), states = width / (2 * (int64_t)ways);
  if (states < 1 || states > MAX_STATES || width != states * 2 * ways) {
    return infer_misfit(in, "%" PRId64 " channels are not B and C of 1 to %d states, for %u way%s",
                        width, MAX_STATES, ways, ways == 1 ? "" : "s");
  }
  int64_t channels = type_channels(in->operand[U]);
  return infer_check_vector(in, A, "a", ways * states * channels);
}

/* The row of the map that step `at` of the walk visits. */
static size_t visited(const AttrsSELECTIVE_SCAN *a, Extent e, bool back, size_t at) {
  size_t step = back ? e.h * e.w - 1 - at : at;
  return a->axis == 2 ? step : step % e.h * e.w + step / e.h;
}

/* One way over one image. */
typedef struct Way {
  const double *u, *p, *a, *steps; /* p: of this way, in the image's first row */
  size_t channels, states, pitch;  /* of p */
  double *state;                   /* [states][channels] */
} Way;

static void visit(const Way *w, size_t row, double *out) {
  const double *u = w->u + row * w->channels, *steps = w->steps + row * w->channels;
  const double *b = w->p + row * w->pitch, *c = b + w->states;
  for (size_t s = 0; s < w->states; ++s) {
    for (size_t i = 0; i < w->channels; ++i) {
      double *state = &w->state[s * w->channels + i];
      *state = exp(steps[i] * w->a[s * w->channels + i]) * *state + steps[i] * b[s] * u[i];
      out[i] += c[s] * *state;
    }
  }
}

void interpret_SELECTIVE_SCAN(const Node *node, const InterpTensor *operands,
                              InterpTensor *result) {
  const AttrsSELECTIVE_SCAN *a = &node->attrs.SELECTIVE_SCAN;
  Extent e = interpret_extent(result->type);
  size_t rows = e.h * e.w, ways = count_ways(a->ways);
  size_t pitch = (size_t)type_channels(operands[P].type), states = pitch / (2 * ways);
  double *state = interpret_buffer(states * e.c);
  memset(result->data, 0, extent_rows(e) * e.c * sizeof(double));
  for (size_t n = 0; n < e.n; ++n) {
    for (size_t way = 0; way < ways; ++way) {
      Way w = {.u = operands[U].data + n * rows * e.c,
               .p = operands[P].data + n * rows * pitch + way * 2 * states,
               .a = operands[A].data + way * states * e.c,
               .steps = operands[STEPS + way].data + n * rows * e.c,
               .channels = e.c,
               .states = states,
               .pitch = pitch,
               .state = state};
      bool back = a->ways == 2 || way == 1;
      memset(state, 0, states * e.c * sizeof(double));
      for (size_t at = 0; at < rows; ++at) {
        size_t row = visited(a, e, back, at);
        visit(&w, row, result->data + (n * rows + row) * e.c);
      }
    }
  }
  free(state);
}

ValueId build_selective_scan(Builder b, const ValueId operands[5], int32_t axis, int32_t ways) {
  return builder_append(b, (Node){.op = OP_SELECTIVE_SCAN,
                                  .operands = operands,
                                  .operand_count = STEPS + count_ways(ways),
                                  .attrs.SELECTIVE_SCAN = {.axis = axis, .ways = ways}});
}
