/* graph_append keeps every invariant; this looks for what corrupts a graph behind its back, and at
 * the bodies of kernels. */
#include <stdio.h>
#include <string.h>

#include "ir/graph.h"
#include "ir/infer.h"
#include "support/panic.h"

typedef struct Verify {
  const Graph *root; /* dumped when something is broken */
  const Graph *graph;
  const char *where;
} Verify;

/* Shows the whole graph, then panics; v->where is the pass that broke it. */
static _Noreturn void broken(const Verify *v, uint32_t node, const char *message) {
  StringBuilder text = {.arena = v->root->arena};
  graph_print(v->root, &text);
  fputs(string_builder_text(&text), stderr);
  PANIC("after %s: graph %s, node %u: %s", v->where, v->graph->name, node, message);
}

/* Operands come before the node, its results behind those of the nodes before. */
static void verify_order(const Verify *v, uint32_t index, uint32_t first_result) {
  const Node *node = &v->graph->nodes[index];
  if (node->first_result.index != first_result) broken(v, index, "its results are out of order");
  if (node->result_count > v->graph->value_count - first_result) {
    broken(v, index, "its results are missing");
  }
  for (uint32_t i = 0; i < node->operand_count; ++i) {
    if (node->operands[i].index >= first_result) broken(v, index, "an operand comes after it");
  }
  for (uint32_t i = 0; i < node->result_count; ++i) {
    if (v->graph->values[first_result + i].node.index != index) {
      broken(v, index, "a result belongs to another node");
    }
  }
}

/* Every result has the type that inference gives from its operands' types. */
static void verify_types(const Verify *v, uint32_t index) {
  const Node *node = &v->graph->nodes[index];
  uint32_t count = infer_result_count(node);
  Type *types = ARENA_ARRAY(v->graph->arena, count, Type);
  const char *message = infer_types(v->graph, node, types, &count);
  if (message) broken(v, index, message);
  if (count != node->result_count) broken(v, index, "the number of its results is wrong");
  for (uint32_t i = 0; i < count; ++i) {
    if (!type_equal(types[i], graph_type(v->graph, node_result(node, i)))) {
      broken(v, index, "a type is not what inference gives");
    }
  }
}

/* Outputs exist, and have names of their own. */
static void verify_outputs(const Verify *v) {
  const Graph *graph = v->graph;
  for (uint32_t i = 0; i < graph->output_count; ++i) {
    const Output *output = &graph->outputs[i];
    if (output->value.index >= graph->value_count) {
      broken(v, graph->node_count, "the value of an output is missing");
    }
    for (uint32_t j = 0; j < i; ++j) {
      if (strcmp(graph->outputs[j].name, output->name) == 0) {
        broken(v, graph->node_count, "two outputs have the same name");
      }
    }
  }
}

/* One graph, and the bodies of its kernels. Faults that belong to no node are reported behind the
 * last. */
static void verify(const Verify *v) {
  uint32_t first_result = 0;
  for (uint32_t i = 0; i < v->graph->node_count; ++i) {
    verify_order(v, i, first_result);
    verify_types(v, i);
    const Node *node = &v->graph->nodes[i];
    first_result += node->result_count;
    if (node->op == OP_KERNEL) {
      Verify body = {.root = v->root, .graph = node->body, .where = v->where};
      verify(&body);
    }
  }
  if (first_result != v->graph->value_count) {
    broken(v, v->graph->node_count, "there are values that no node defines");
  }
  verify_outputs(v);
}

void graph_verify(const Graph *graph, const char *where) {
  verify(&(Verify){.root = graph, .graph = graph, .where = where});
}
