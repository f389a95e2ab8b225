/* selective_scan: recurrences along walks over whole maps, whose factors depend on the token.
 *
 *   state[c,s] = exp(step[c] a[s,c]) state[c,s] + step[c] B[s] u[c]        from 0, token by token
 *   y[c]      += sum over s of C[s] state[c,s]                             of each way
 *
 *   step[c]    = steps[c], or softplus(sum over k of x[k] w[k,c] + b[c])
 */
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "ir/ops/op_impl.h"

enum { U, P, A, STEPS, WAY_BOTH = 3, MAX_STATES = 32, MAX_RANK = 1024 };
enum { X, W, BIAS }; /* of a way, where its steps are made of them */

/* How many ways the bits `ways` mean. */
static uint32_t count_ways(int32_t ways) {
  return ways == WAY_BOTH ? 2 : 1;
}

/* The first operand of way `way`, of those that it has. */
static uint32_t steps_of(const AttrsSELECTIVE_SCAN *a, uint32_t way) {
  return STEPS + way * (a->rank ? BIAS + 1 : 1);
}

/* All maps have the same rows. */
static const char *check_maps(const Infer *in, uint32_t ways, Type *result) {
  const AttrsSELECTIVE_SCAN *a = &in->node->attrs.SELECTIVE_SCAN;
  *result = in->operand[U];
  int64_t channels = type_channels(*result), wanted = a->rank ? a->rank : channels;
  for (uint32_t i = 0; i <= ways; ++i) {
    uint32_t operand = i == 0 ? P : steps_of(a, i - 1);
    Type meet = type_with_channels(*result, type_channels(in->operand[operand]));
    if (!infer_types_meet(&meet, in->operand[operand])) {
      return infer_misfit(in, "%s and %s do not fit", INFER_TEXT(in->operand[U]),
                          INFER_TEXT(in->operand[operand]));
    }
    *result = type_with_channels(meet, channels);
    if (operand == P || type_channels(meet) == wanted) continue;
    return infer_misfit(in, "%s %" PRId64 " channels, %s %" PRId64,
                        a->rank ? "steps are made of" : "the map has", wanted,
                        a->rank ? "there are" : "its steps", type_channels(meet));
  }
  return NULL;
}

/* What each way's steps are multiplied by. */
static const char *check_products(const Infer *in, uint32_t ways, int64_t channels) {
  const AttrsSELECTIVE_SCAN *a = &in->node->attrs.SELECTIVE_SCAN;
  for (uint32_t way = 0; way < ways; ++way) {
    uint32_t x = steps_of(a, way);
    Type w = in->operand[x + W];
    int64_t panel = w.rank == 3 && w.dims[2] > 0 ? w.dims[2] : 1;
    RETURN_IF_FAULT(infer_check_packed(in, x + W, channels, a->rank, panel));
    RETURN_IF_FAULT(infer_check_vector(in, x + BIAS, "the bias", channels));
  }
  return NULL;
}

const char *infer_SELECTIVE_SCAN(const Infer *in, Type *result) {
  const AttrsSELECTIVE_SCAN *a = &in->node->attrs.SELECTIVE_SCAN;
  RETURN_IF_FAULT(infer_check_map(in));
  RETURN_IF_FAULT(infer_check_range(in, "axis", a->axis, 1, 2));
  RETURN_IF_FAULT(infer_check_range(in, "ways", a->ways, 1, WAY_BOTH));
  RETURN_IF_FAULT(infer_check_range(in, "rank", a->rank, 0, MAX_RANK));
  uint32_t ways = count_ways(a->ways), each = steps_of(a, 1) - STEPS;
  if (in->count != STEPS + ways * each) {
    return infer_misfit(in, "ways is %d, there are steps for %u", a->ways,
                        (in->count - STEPS) / each);
  }
  RETURN_IF_FAULT(check_maps(in, ways, result));
  int64_t width = type_channels(in->operand[P]), states = width / (2 * (int64_t)ways);
  if (states < 1 || states > MAX_STATES || width != states * 2 * ways) {
    return infer_misfit(in, "%" PRId64 " channels are not B and C of 1 to %d states, for %u way%s",
                        width, MAX_STATES, ways, ways == 1 ? "" : "s");
  }
  int64_t channels = type_channels(in->operand[U]);
  if (a->rank) RETURN_IF_FAULT(check_products(in, ways, channels));
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

/* Steps of `channels`, made of the operands from `x` on: those of a packed_linear. */
static void make_steps(const InterpTensor *x, size_t channels, double *steps) {
  const Node product = {.attrs.PACKED_LINEAR.panel = (int32_t)x[W].type.dims[2]};
  InterpTensor result = {type_with_channels(x[X].type, (int64_t)channels), steps};
  interpret_PACKED_LINEAR(&product, x, &result);
  size_t count = extent_rows(interpret_extent(result.type)) * channels;
  for (size_t i = 0; i < count; ++i) steps[i] = interpret_softplus(steps[i]);
}

void interpret_SELECTIVE_SCAN(const Node *node, const InterpTensor *operands,
                              InterpTensor *result) {
  const AttrsSELECTIVE_SCAN *a = &node->attrs.SELECTIVE_SCAN;
  Extent e = interpret_extent(result->type);
  size_t rows = e.h * e.w, ways = count_ways(a->ways);
  size_t pitch = (size_t)type_channels(operands[P].type), states = pitch / (2 * ways);
  double *state = interpret_buffer(states * e.c), *made[2] = {NULL, NULL};
  for (uint32_t way = 0; a->rank && way < ways; ++way) {
    made[way] = interpret_buffer(extent_rows(e) * e.c);
    make_steps(&operands[steps_of(a, way)], e.c, made[way]);
  }
  memset(result->data, 0, extent_rows(e) * e.c * sizeof(double));
  for (size_t n = 0; n < e.n; ++n) {
    for (size_t way = 0; way < ways; ++way) {
      Way w = {.u = operands[U].data + n * rows * e.c,
               .p = operands[P].data + n * rows * pitch + way * 2 * states,
               .a = operands[A].data + way * states * e.c,
               .steps = (a->rank ? made[way] : operands[STEPS + way].data) + n * rows * e.c,
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
  for (uint32_t way = 0; way < 2; ++way) free(made[way]);
  free(state);
}

ValueId build_selective_scan(Builder b, const ValueId *operands, AttrsSELECTIVE_SCAN scan) {
  return builder_append(b, (Node){.op = OP_SELECTIVE_SCAN,
                                  .operands = operands,
                                  .operand_count = steps_of(&scan, count_ways(scan.ways)),
                                  .attrs.SELECTIVE_SCAN = scan});
}
