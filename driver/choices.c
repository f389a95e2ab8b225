#include "driver/choices.h"

#include <math.h>

#include "driver/layout.h"
#include "ir/rewrite.h"

/* The argmax that makes output `output`; NULL: another op does. */
static const Node *argmax_of(const Graph *graph, uint32_t output) {
  const Node *node = graph_def(graph, graph->outputs[output].value);
  return node->op == OP_ARGMAX ? node : NULL;
}

uint32_t choices_place(const Graph *graph, uint32_t output) {
  uint32_t place = graph->output_count;
  if (!argmax_of(graph, output)) return 0;
  for (uint32_t i = 0; i < output; ++i) place += argmax_of(graph, i) != NULL;
  return place;
}

const Graph *choices_expose(const Graph *graph, Arena *arena) {
  Rewrite rw = rewrite_begin(graph, arena);
  bool any = false;
  for (uint32_t i = 0; i < graph->output_count; ++i) any |= argmax_of(graph, i) != NULL;
  if (!any) return graph;
  for (uint32_t i = 0; i < graph->node_count; ++i) rewrite_copy(&rw, &graph->nodes[i]);
  Graph *exposed = rewrite_end(&rw);
  uint32_t outputs = exposed->output_count;
  for (uint32_t i = 0; i < outputs; ++i) {
    const Node *node = argmax_of(exposed, i);
    if (!node) continue;
    const char *name = arena_printf(arena, "chosen from, of %s", exposed->outputs[i].name);
    graph_add_output(exposed, name, node->operands[0], false);
  }
  return exposed;
}

/* The element that a choice stands for; infinite where it stands for none. */
static double chosen(const double *row, size_t channels, double choice) {
  bool is_one = choice >= 0 && choice < (double)channels;
  return is_one ? row[(size_t)choice] : INFINITY;
}

void choices_add(Comparison *c, const InterpTensor *from, const double *expected,
                 const double *actual) {
  size_t channels = (size_t)type_channels(from->type);
  size_t rows = layout_count(from->type) / channels;
  for (size_t r = 0; r < rows; ++r) {
    const double *row = from->data + r * channels;
    double best = chosen(row, channels, expected[r]), got = chosen(row, channels, actual[r]);
    comparison_add(c, DTYPE_F32, &best, &got, 1);
  }
}

void choices_set(Comparison *c, const InterpTensor *from, const double *expected,
                 const double *actual) {
  c->largest = c->error = c->signal = c->noise = c->steps = 0;
  choices_add(c, from, expected, actual);
}
