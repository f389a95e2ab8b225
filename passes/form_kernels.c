/* Turns the groups of group_nodes.c into kernel nodes:
 *
 *   p = f(x, w); q = g(p); output q   ->   q = kernel(x, w) body {a0, a1 inputs; ... r0 output}
 *
 * The body holds the group's nodes in their old order and the slices that they read: views of
 * operands or of values inside. Everything that comes from outside is an operand, constants
 * included, in the order of first use, so that equal layers have equal bodies. A value is a result
 * once if other groups read it (the first, kept in memory), and once more for each output of the
 * graph that it is (written in the caller's layout).
 *
 * Equal bodies are one graph, however many kernels have it.
 *
 * Needs known shapes and copy-caller-maps; a graph of kernels is left alone.
 */
#include <string.h>

#include "ir/plan.h"
#include "ir/rewrite.h"
#include "ir/row_domain.h"
#include "passes/group_nodes.h"
#include "passes/pass.h"
#include "passes/pattern.h"
#include "support/panic.h"

typedef struct Forming {
  const Graph *from;
  Graph *to;
  Arena *arena;
  Arena *making; /* of the kernel in the making, and emptied behind it */
  const Graph **bodies;
  uint32_t body_count, body_capacity;
  NodeGroups groups;
  bool *crosses;       /* [old value] read by another group than its producer's */
  ValueId *map;        /* [old value] its value between kernels in the new graph */
  ValueId *inside;     /* [old value] in the body at hand, if inside_of is its group */
  uint32_t *inside_of; /* [old value] the group whose body had it last */
  ValueId *output_map; /* [old output] its value in the new graph */
  uint32_t *next;      /* [node] the next node of the same group; nothing for the last */
  uint32_t *first;     /* [group] */
  uint32_t *last;      /* [group] */
} Forming;

enum { NO_OUTPUT = UINT32_MAX };

typedef struct Result {
  ValueId old;
  uint32_t output; /* the old output that it is, or NO_OUTPUT */
} Result;

/* One kernel in the making. */
typedef struct Kernel {
  uint32_t group;
  Graph *body;
  ValueId *operands;
  uint32_t operand_count, operand_capacity;
  Result *results;
  uint32_t result_count, result_capacity;
} Kernel;

/* The group of the node that makes `v`, or NO_GROUP. */
static uint32_t group_of(const Forming *f, ValueId v) {
  return f->groups.of_node[f->from->values[v.index].node.index];
}

/* Fills first, last and next, the list of each group's nodes in their order, and crosses. A slice
 * is in no group: who reads it reads what it cuts from. */
static void link_groups(Forming *f) {
  for (uint32_t g = 0; g < f->groups.count; ++g) f->first[g] = f->last[g] = UINT32_MAX;
  for (uint32_t i = 0; i < f->from->node_count; ++i) {
    uint32_t g = f->groups.of_node[i];
    if (g == NO_GROUP) continue;
    if (f->first[g] == UINT32_MAX) {
      f->first[g] = i;
    } else {
      f->next[f->last[g]] = i;
    }
    f->last[g] = i;
    const Node *node = &f->from->nodes[i];
    for (uint32_t k = 0; k < node->operand_count; ++k) {
      ValueId base = row_domain_base(f->from, node->operands[k]);
      if (group_of(f, base) != g) f->crosses[base.index] = true;
    }
  }
}

/* The value between kernels of an input, a constant or an earlier kernel's result. */
static ValueId outer_value(Forming *f, ValueId old) {
  ValueId *mapped = &f->map[old.index];
  if (value_is_none(*mapped)) {
    const Node *node = graph_def(f->from, old);
    CHECK(node->op == OP_CONSTANT);
    Node copy = *node;
    *mapped = node_result(graph_node(f->to, graph_append(f->to, &copy)), 0);
  }
  return *mapped;
}

/* Makes `old` an operand of the kernel. Returns the body's input for it. */
static ValueId add_operand(Forming *f, Kernel *kernel, ValueId old) {
  ARENA_PUSH(f->making, kernel->operands, kernel->operand_count, kernel->operand_capacity,
             outer_value(f, old));
  Node input = {.op = OP_INPUT, .attrs.INPUT.declared = graph_type(f->from, old)};
  input.attrs.INPUT.name = arena_printf(f->making, "a%u", kernel->operand_count - 1);
  return node_result(graph_node(kernel->body, graph_append(kernel->body, &input)), 0);
}

/* From now on `old` is `value` in the kernel's body. The arrays serve all groups in turn. */
static void set_inside(Forming *f, const Kernel *kernel, ValueId old, ValueId value) {
  f->inside[old.index] = value;
  f->inside_of[old.index] = kernel->group;
}

static ValueId inside_value(Forming *f, Kernel *kernel, ValueId old);

/* Appends `node` to the body: its results are inside. */
static void append_inside(Forming *f, Kernel *kernel, const Node *node) {
  Node copy = *node;
  ValueId *operands = ARENA_ARRAY(f->making, node->operand_count, ValueId);
  for (uint32_t k = 0; k < node->operand_count; ++k) {
    operands[k] = inside_value(f, kernel, node->operands[k]);
  }
  copy.operands = operands;
  copy.label = NULL;
  const Node *made = graph_node(kernel->body, graph_append(kernel->body, &copy));
  for (uint32_t r = 0; r < node->result_count; ++r) {
    set_inside(f, kernel, node_result(node, r), node_result(made, r));
  }
}

/* The value in the body of an old one: there already, a view of one, or a new operand. */
static ValueId inside_value(Forming *f, Kernel *kernel, ValueId old) {
  if (f->inside_of[old.index] != kernel->group) {
    const Node *node = graph_def(f->from, old);
    if (op_has(node->op, OP_VIEW)) {
      append_inside(f, kernel, node);
    } else {
      set_inside(f, kernel, old, add_operand(f, kernel, old));
    }
  }
  return f->inside[old.index];
}

/* One result: for other kernels (NO_OUTPUT), or for an output of the graph. */
static void add_result(Forming *f, Kernel *kernel, ValueId old, uint32_t output) {
  char *name = arena_printf(f->making, "r%u", kernel->result_count);
  graph_add_output(kernel->body, name, f->inside[old.index], false);
  ARENA_PUSH(f->making, kernel->results, kernel->result_count, kernel->result_capacity,
             ((Result){old, output}));
}

/* All results that `old` is: none, one or several. */
static void add_results(Forming *f, Kernel *kernel, ValueId old) {
  if (f->crosses[old.index]) add_result(f, kernel, old, NO_OUTPUT);
  for (uint32_t i = 0; i < f->from->output_count; ++i) {
    if (value_equal(f->from->outputs[i].value, old)) add_result(f, kernel, old, i);
  }
}

/* "first .. last" of the labels in the group. */
static const char *label_of(const Forming *f, uint32_t group) {
  const char *first = f->from->nodes[f->first[group]].label;
  const char *last = f->from->nodes[f->last[group]].label;
  if (!first || !last || strcmp(first, last) == 0) return first ? first : last;
  return arena_printf(f->making, "%s .. %s", first, last);
}

/* The body that `body` is equal to, a copy of it if there is none yet. */
static const Graph *share_body(Forming *f, const Graph *body) {
  for (uint32_t i = f->body_count; i-- > 0;) {
    if (plan_body_equal(f->bodies[i], body)) return f->bodies[i];
  }
  const Graph *copy = rewrite_all(body, f->arena);
  ARENA_PUSH(f->arena, f->bodies, f->body_count, f->body_capacity, copy);
  return copy;
}

/* Makes the kernel of `group` and enters its results for what comes behind. */
static void form(Forming *f, uint32_t group) {
  const Graph *from = f->from;
  Kernel kernel = {.group = group, .body = graph_new(f->making, from->recipes, "kernel")};
  uint32_t end = f->last[group];
  for (uint32_t i = f->first[group];; i = f->next[i]) {
    append_inside(f, &kernel, &from->nodes[i]);
    if (i == end) break;
  }
  for (uint32_t i = f->first[group];; i = f->next[i]) {
    const Node *node = &from->nodes[i];
    for (uint32_t r = 0; r < node->result_count; ++r) {
      add_results(f, &kernel, node_result(node, r));
    }
    if (i == end) break;
  }
  Builder b = {.graph = f->to, .label = label_of(f, group)};
  ValueId first =
      build_kernel(b, kernel.operands, kernel.operand_count, share_body(f, kernel.body));
  const Node *made = graph_def(f->to, first);
  for (uint32_t i = 0; i < kernel.result_count; ++i) {
    Result r = kernel.results[i];
    if (r.output == NO_OUTPUT) {
      f->map[r.old.index] = node_result(made, i);
    } else {
      f->output_map[r.output] = node_result(made, i);
    }
  }
  arena_reset(f->making);
}

/* All inputs, used or not: they are the caller's. */
static void copy_inputs(Forming *f) {
  for (uint32_t i = 0; i < f->from->node_count; ++i) {
    if (f->from->nodes[i].op != OP_INPUT) continue;
    Node copy = f->from->nodes[i];
    f->map[copy.first_result.index] = node_result(graph_node(f->to, graph_append(f->to, &copy)), 0);
  }
}

/* Every type is known, kernels are not formed yet, and each output is the result of a computation.
 */
static bool is_ready(const Graph *graph) {
  for (uint32_t i = 0; i < graph->value_count; ++i) {
    if (!type_is_known(graph->values[i].type)) return false;
  }
  for (uint32_t i = 0; i < graph->output_count; ++i) {
    OpKind op = graph_def(graph, graph->outputs[i].value)->op;
    if (op == OP_SLICE || op == OP_CONSTANT || op == OP_INPUT) return false;
  }
  return !graph_has_op(graph, OP_KERNEL);
}

Status form_kernels(const PassContext *context, const Graph *graph, const Graph **result) {
  *result = graph;
  if (!is_ready(graph)) return STATUS_OK;
  Arena *arena = context->arena;
  graph = rewrite_drop_dead(graph, arena);
  Forming f = {.from = graph,
               .to = graph_new_like(graph, arena),
               .arena = arena,
               .making = arena_new(),
               .groups = group_nodes(graph, arena),
               .crosses = ARENA_ARRAY(arena, graph->value_count, bool),
               .map = ARENA_ARRAY(arena, graph->value_count, ValueId),
               .inside = ARENA_ARRAY(arena, graph->value_count, ValueId),
               .inside_of = ARENA_ARRAY(arena, graph->value_count, uint32_t),
               .output_map = ARENA_ARRAY(arena, graph->output_count, ValueId),
               .next = ARENA_ARRAY(arena, graph->node_count, uint32_t)};
  f.first = ARENA_ARRAY(arena, f.groups.count, uint32_t);
  f.last = ARENA_ARRAY(arena, f.groups.count, uint32_t);
  for (uint32_t i = 0; i < graph->value_count; ++i) {
    f.map[i] = VALUE_NONE;
    f.inside_of[i] = NO_GROUP;
  }
  link_groups(&f);
  graph_reserve(f.to, graph->node_count, graph->value_count);
  copy_inputs(&f);
  for (uint32_t g = 0; g < f.groups.count; ++g) form(&f, g);
  for (uint32_t i = 0; i < graph->output_count; ++i) {
    const Output *output = &graph->outputs[i];
    graph_add_output(f.to, output->name, f.output_map[i], output->nchw);
  }
  arena_free(f.making);
  *result = f.to;
  return STATUS_OK;
}
