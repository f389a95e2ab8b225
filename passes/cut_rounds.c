/* Cuts the images of a call into rounds: the graph takes N / rounds images and runs `rounds` times.
 *
 *   graph {                              graph rounds 4 {
 *     %0 = input : f32[8,224,224,3]  ->    %0 = input : f32[2,224,224,3]
 *     ...                                  ...
 *
 * Maps of many images at once would leave the cache between two kernels. How many images go
 * together is a matter of the largest map that is kept from one kernel to the next; patches are
 * not, they are made for a block of rows at a time. It does nothing to a single image, and none
 * while the number of images is open.
 */
#include "ir/rewrite.h"
#include "passes/cost_model.h"
#include "passes/pass.h"

/* Whether what `node` makes may be kept as a whole from one kernel to the next. */
static bool is_kept(const Node *node) {
  return node->op != OP_CONSTANT && node->op != OP_PATCHES && node->op != OP_DEFORM_PATCHES;
}

/* Of all images of a call together. */
static uint64_t largest_map_bytes(const Graph *graph) {
  uint64_t largest = 0;
  for (uint32_t v = 0; v < graph->value_count; ++v) {
    Type type = graph_type(graph, (ValueId){v});
    if (type.rank != 4 || !is_kept(graph_def(graph, (ValueId){v}))) continue;
    if (type_bytes(type) > largest) largest = type_bytes(type);
  }
  return largest;
}

/* The images of a call; 1 where they are not known, or where not all inputs have them. */
static uint32_t images_of(const Graph *graph) {
  int64_t images = 0;
  for (uint32_t i = 0; i < graph->node_count; ++i) {
    const Node *node = &graph->nodes[i];
    if (node->op != OP_INPUT) continue;
    if (!type_is_known(node->attrs.INPUT.declared)) return 1;
    if (images && node->attrs.INPUT.declared.dims[0] != images) return 1;
    images = node->attrs.INPUT.declared.dims[0];
  }
  return images ? (uint32_t)images : 1;
}

Status cut_rounds(const PassContext *context, const Graph *graph, const Graph **result) {
  *result = graph;
  uint32_t images = images_of(graph);
  if (images == 1 || graph->rounds > 1) return STATUS_OK;
  uint32_t together = cost_model_images(images, largest_map_bytes(graph) / images);
  if (together == images) return STATUS_OK;
  Rewrite rw = rewrite_begin(graph, context->arena);
  rw.to->rounds = images / together;
  for (uint32_t i = 0; i < graph->node_count; ++i) {
    Node node = graph->nodes[i];
    if (node.op == OP_INPUT) node.attrs.INPUT.declared.dims[0] = together;
    rewrite_copy(&rw, &node);
  }
  *result = rewrite_end(&rw);
  return STATUS_OK;
}
