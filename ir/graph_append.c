/* Mutation: the only functions that grow a graph. The arrays of a Graph are const for everyone
 * else; this file casts that away. */
#include <stdio.h>
#include <string.h>

#include "ir/graph.h"
#include "ir/infer.h"
#include "support/panic.h"

/* NULL stays NULL. */
static const char *copy_text(Arena *arena, const char *text) {
  return text ? arena_strdup(arena, text) : NULL;
}

/* Texts among the attributes become the graph's own. */
static void copy_attr_texts(Arena *arena, Node *node) {
  const OpInfo *info = op_info(node->op);
  for (uint32_t i = 0; i < info->attr_count; ++i) {
    if (info->attrs[i].kind != ATTR_TEXT) continue;
    const char **field = (const char **)((char *)&node->attrs + info->attrs[i].offset);
    *field = copy_text(arena, *field);
  }
}

/* Another value, behind all others. */
static void push_value(Graph *graph, Value value) {
  Value *values = (Value *)graph->values;
  ARENA_PUSH(graph->arena, values, graph->value_count, graph->value_capacity, value);
  graph->values = values;
}

void graph_reserve(Graph *graph, uint32_t nodes, uint32_t values) {
  if (nodes > graph->node_capacity) {
    graph->nodes = arena_grow(graph->arena, graph->nodes, graph->node_count, nodes, sizeof(Node));
    graph->node_capacity = nodes;
  }
  if (values > graph->value_capacity) {
    graph->values =
        arena_grow(graph->arena, graph->values, graph->value_count, values, sizeof(Value));
    graph->value_capacity = values;
  }
}

/* The layer of a node is often that of the node before it: one text for both. */
static const char *copy_label(const Graph *graph, const char *label) {
  const char *last = graph->node_count ? graph->nodes[graph->node_count - 1].label : NULL;
  return last && label && strcmp(last, label) == 0 ? last : copy_text(graph->arena, label);
}

static const Position *copy_position(const Graph *graph, const Position *position) {
  const Position *last = graph->node_count ? graph->nodes[graph->node_count - 1].position : NULL;
  if (!position) return NULL;
  bool same = last && last->file == position->file && last->text == position->text &&
              last->line == position->line && last->column == position->column;
  return same ? last : arena_copy(graph->arena, position, sizeof *position);
}

/* Appends a node that was checked, with values of types `results`. Its operands and texts become
 * the graph's own. */
static NodeId push_node(Graph *graph, Node node, const Type *results) {
  NodeId id = {graph->node_count};
  node.operands = arena_copy(graph->arena, node.operands, node.operand_count * sizeof(ValueId));
  node.label = copy_label(graph, node.label);
  node.position = copy_position(graph, node.position);
  copy_attr_texts(graph->arena, &node);
  node.first_result = (ValueId){graph->value_count};
  for (uint32_t i = 0; i < node.result_count; ++i) push_value(graph, (Value){results[i], id});
  Node *nodes = (Node *)graph->nodes;
  ARENA_PUSH(graph->arena, nodes, graph->node_count, graph->node_capacity, node);
  graph->nodes = nodes;
  return id;
}

/* Names of inputs are how a caller tells them apart. */
static bool has_input(const Graph *graph, const char *name) {
  for (uint32_t i = 0; i < graph->node_count; ++i) {
    const Node *node = &graph->nodes[i];
    if (node->op == OP_INPUT && strcmp(node->attrs.INPUT.name, name) == 0) return true;
  }
  return false;
}

/* Absent operands at the end are dropped, so that a node has one form. A kernel may have more
 * results than any other op: they are counted before room is made. */
const char *graph_try_append(Graph *graph, const Node *prototype, NodeId *id) {
  Node node = *prototype;
  while (node.operand_count && value_is_none(node.operands[node.operand_count - 1])) {
    --node.operand_count;
  }
  Type few[OP_MAX_RESULTS];
  Type *results = few;
  uint32_t count = infer_result_count(&node);
  if (count > OP_MAX_RESULTS) results = ARENA_ARRAY(graph->arena, count, Type);
  RETURN_IF_FAULT(infer_types(graph, &node, results, &node.result_count));
  if (node.op == OP_INPUT && has_input(graph, node.attrs.INPUT.name)) {
    return arena_printf(graph->arena, "input: there is one named \"%s\" already",
                        node.attrs.INPUT.name);
  }
  *id = push_node(graph, node, results);
  return NULL;
}

/* Our bug: shows the graph so far, then panics. */
static _Noreturn void panic_with_dump(const Graph *graph, const char *message) {
  StringBuilder text = {.arena = graph->arena};
  graph_print(graph, &text);
  fputs(string_builder_text(&text), stderr);
  PANIC("%s", message);
}

NodeId graph_append(Graph *graph, const Node *prototype) {
  NodeId id;
  const char *message = graph_try_append(graph, prototype, &id);
  if (message) panic_with_dump(graph, message);
  return id;
}

Status graph_misfit(Diag *diag, const Node *node, const char *message) {
  const char *label = node->label ? node->label : "";
  bool says_more = *label && strcmp(label, op_info(node->op)->text) != 0;
  return diag_error(diag, node->position ? *node->position : (Position){0}, "%s%s%s",
                    says_more ? label : "", says_more ? ": " : "", message);
}

const char *graph_try_add_output(Graph *graph, const char *name, ValueId value, bool nchw) {
  if (value.index >= graph->value_count) return "output: the value is missing";
  if (!name || !*name) return "output: needs a name";
  if (nchw && graph_type(graph, value).rank != 4) return "output: nchw needs a map";
  for (uint32_t i = 0; i < graph->output_count; ++i) {
    if (strcmp(graph->outputs[i].name, name) == 0) {
      return arena_printf(graph->arena, "output: there is one named \"%s\" already", name);
    }
  }
  Output output = {arena_strdup(graph->arena, name), value, nchw};
  Output *outputs = (Output *)graph->outputs;
  ARENA_PUSH(graph->arena, outputs, graph->output_count, graph->output_capacity, output);
  graph->outputs = outputs;
  return NULL;
}

void graph_add_output(Graph *graph, const char *name, ValueId value, bool nchw) {
  const char *message = graph_try_add_output(graph, name, value, nchw);
  if (message) panic_with_dump(graph, message);
}

/* Moves the node `from` and its values down to `to` and its first free value; `map` has the new ids
 * of the values before, and gets theirs. */
static void move_node(Graph *graph, uint32_t from, NodeId to, ValueId *map) {
  Node *node = (Node *)graph->nodes + from;
  Value *values = (Value *)graph->values;
  ValueId *operands = (ValueId *)node->operands;
  for (uint32_t i = 0; i < node->operand_count; ++i) operands[i] = map[operands[i].index];
  for (uint32_t i = 0; i < node->result_count; ++i) {
    uint32_t old = node->first_result.index + i;
    map[old] = (ValueId){graph->value_count + i};
    values[graph->value_count + i] = (Value){values[old].type, to};
  }
  node->first_result = (ValueId){graph->value_count};
  graph->value_count += node->result_count;
  ((Node *)graph->nodes)[to.index] = *node;
}

void graph_drop_dead(Graph *graph) {
  Arena *arena = arena_new();
  const bool *live = graph_live(graph, arena);
  ValueId *map = ARENA_ARRAY(arena, graph->value_count, ValueId);
  uint32_t count = 0, before = graph->node_count;
  graph->value_count = 0;
  for (uint32_t i = 0; i < before; ++i) {
    if (live[i]) move_node(graph, i, (NodeId){count++}, map);
  }
  graph->node_count = count;
  Output *outputs = (Output *)graph->outputs;
  for (uint32_t i = 0; i < graph->output_count; ++i) {
    outputs[i].value = map[outputs[i].value.index];
  }
  arena_free(arena);
}
