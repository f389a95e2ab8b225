/* A pass to start from. It is built with the others, so that it stays true, but is in no table: it
 * rewrites gelu(gelu(x)) as itself.
 *
 * Checklist for a new pass `verb_noun`
 *   1. Copy this file to passes/verb_noun.c. The head says what it matches and what it makes of it,
 *      as a picture of before and after; when it must not fire; and why.
 *   2. One exported function, verb_noun, of type PassRun. It returns `graph` itself when nothing
 *      matched. It fails for user errors alone, with a diagnostic; what cannot be is a CHECK.
 *   3. A row in passes.def; `required` when later passes or the backend cannot do without it.
 *   4. A place in pipeline.c, with the reason for it.
 *   5. tests/passes/verb_noun*.ir: where it fires, each way once, and at least one where it must
 *      not; then `sh tests/passes/run.sh ATMC --bless`, and read what was blessed.
 *      tests/unit/pipeline.c checks by itself that the meaning is kept.
 *   6. Sizes decide? The constants go into cost_model.c, with what they were measured on.
 *   7. It runs alone on any graph, and on the result of any pass before it being switched off.
 */
#include "ir/rewrite.h"
#include "passes/pass.h"
#include "passes/pattern.h"

PassRun template_pass;

static bool matches(const Graph *graph, const Node *node) {
  return node->op == OP_GELU && graph_def(graph, node->operands[0])->op == OP_GELU;
}

static void replace(Rewrite *rw, const Node *node) {
  Builder b = rewrite_builder(rw, node); /* its nodes carry the label of `node` */
  ValueId x = rewrite_get(rw, graph_def(rw->from, node->operands[0])->operands[0]);
  rewrite_set(rw, node_result(node, 0), build_gelu(b, build_gelu(b, x)));
}

Status template_pass(const PassContext *context, const Graph *graph, const Graph **result) {
  *result = graph;
  if (!graph_has_op(graph, OP_GELU)) return STATUS_OK;
  Rewrite rw = rewrite_begin(graph, context->arena);
  for (uint32_t i = 0; i < graph->node_count; ++i) {
    const Node *node = &graph->nodes[i];
    if (matches(graph, node)) {
      replace(&rw, node);
    } else {
      rewrite_copy(&rw, node);
    }
  }
  *result = rewrite_end(&rw);
  return STATUS_OK;
}
