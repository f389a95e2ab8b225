/* Turns axial samplings at constant whole offsets into shifts, which need no index arithmetic:
 *
 *   axial_sample(x, iota3){axis, share=1}
 *     ->  axial_shift(x){axis, share=1, period=3, step=1, phase=1, lowest=-1}
 *   axial_sample(x, fill(k)){axis, share}
 *     ->  axial_shift(x){axis, share=1, period=1, step=0, phase=0, lowest=k}
 *
 * k a whole number. Other constants stay operands of a sampling.
 */
#include <math.h>

#include "ir/rewrite.h"
#include "passes/pass.h"
#include "passes/pattern.h"

/* Positions: beyond any map the result is zero anyway, and no index overflows. */
enum { MAX_SHIFT = 1 << 16 };

/* Whether `node` samples at constant whole offsets; sets *shift to what that is. The first
 * comparison is written so that NaN fails it. */
static bool find_shift(const Graph *graph, const Node *node, AttrsAXIAL_SHIFT *shift) {
  if (node->op != OP_AXIAL_SAMPLE) return false;
  const Recipe *offsets = pattern_vector(graph, node, 1);
  if (!offsets) return false;
  shift->axis = node->attrs.AXIAL_SAMPLE.axis;
  shift->share = 1;
  if (offsets->kind == RECIPE_IOTA3 && node->attrs.AXIAL_SAMPLE.share == 1) {
    shift->period = 3;
    shift->step = 1;
    shift->phase = 1;
    shift->lowest = -1;
    return true;
  }
  if (offsets->kind != RECIPE_FILL || !(fabs(offsets->fill) <= MAX_SHIFT) ||
      offsets->fill != floor(offsets->fill)) {
    return false;
  }
  shift->period = 1;
  shift->phase = 0;
  shift->lowest = (int32_t)offsets->fill;
  return true;
}

Status resolve_constant_offsets(const PassContext *context, const Graph *graph,
                                const Graph **result) {
  *result = graph;
  if (!graph_has_op(graph, OP_AXIAL_SAMPLE)) return STATUS_OK;
  Rewrite rw = rewrite_begin(graph, context->arena);
  for (uint32_t i = 0; i < graph->node_count; ++i) {
    const Node *node = &graph->nodes[i];
    AttrsAXIAL_SHIFT shift = {0};
    if (find_shift(graph, node, &shift)) {
      rewrite_set(&rw, node_result(node, 0),
                  build_axial_shift(rewrite_builder(&rw, node), rewrite_get(&rw, node->operands[0]),
                                    shift));
    } else {
      rewrite_copy(&rw, node);
    }
  }
  *result = rewrite_end(&rw);
  return STATUS_OK;
}
