/* Reads the text form (its grammar: print.c) by recursive descent, straight into a graph.
 *
 * The text is untrusted: nesting is limited, the first error ends the parse, and whatever
 * graph_try_append accepts is a graph that holds its invariants. A value's number is looked up in
 * Scope.numbers, which is sorted because numbers must increase. */
#include <string.h>

#include "ir/text_read.h"

enum { MAX_DEPTH = 4, MAX_RESERVED = 1 << 17 };

typedef struct Parser {
  TextReader in;
  RecipeTable *recipes;
  uint32_t depth; /* of blocks */
} Parser;

/* Lists as read. */
typedef struct Numbers {
  uint32_t *items;
  uint32_t count, capacity;
} Numbers;
typedef struct Types {
  Type *items;
  uint32_t count, capacity;
} Types;
typedef struct Values {
  ValueId *items;
  uint32_t count, capacity;
} Values;

typedef struct Scope {
  Graph *graph;
  uint32_t *numbers; /* of each value of the graph, as the text has it */
  uint32_t count, capacity;
  uint32_t inputs; /* so far */
  /* Of the node at hand; the next one's take their place. */
  Numbers results;
  Types types;
  Values operands;
} Scope;

/* Values and types. */

static Status read_numbers(Parser *p, Numbers *numbers) {
  do {
    uint32_t number;
    RETURN_IF_ERROR(text_read_value_number(&p->in, &number));
    ARENA_PUSH(p->in.arena, numbers->items, numbers->count, numbers->capacity, number);
  } while (text_read_accept(&p->in, ","));
  return STATUS_OK;
}

/* The value that the text calls `number`, by bisection; `at` is for the message. */
static Status find_value(const Parser *p, const Scope *scope, const char *at, uint32_t number,
                         ValueId *value) {
  uint32_t low = 0;
  uint32_t high = scope->count;
  while (low < high) {
    uint32_t middle = low + (high - low) / 2;
    if (scope->numbers[middle] < number) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  if (low == scope->count || scope->numbers[low] != number) {
    return text_read_fail(&p->in, at, "%%%u is not defined here", number);
  }
  value->index = low;
  return STATUS_OK;
}

static Status read_value(Parser *p, const Scope *scope, ValueId *value) {
  uint32_t number;
  text_read_skip(&p->in);
  const char *at = p->in.cursor;
  RETURN_IF_ERROR(text_read_value_number(&p->in, &number));
  return find_value(p, scope, at, number, value);
}

/* An element type, as f32. */
static Status read_types(Parser *p, Types *types) {
  do {
    Type type;
    RETURN_IF_ERROR(text_read_type(&p->in, &type));
    ARENA_PUSH(p->in.arena, types->items, types->count, types->capacity, type);
  } while (text_read_accept(&p->in, ","));
  return STATUS_OK;
}

/* Nodes. */

/* "(" values ")": none, or a list. */
static Status read_operands(Parser *p, Scope *scope, Node *node) {
  Values *values = &scope->operands;
  values->count = 0;
  RETURN_IF_ERROR(text_read_expect(&p->in, "("));
  if (text_read_accept(&p->in, ")")) return STATUS_OK;
  do {
    ValueId value = VALUE_NONE;
    RETURN_IF_ERROR(read_value(p, scope, &value));
    ARENA_PUSH(p->in.arena, values->items, values->count, values->capacity, value);
  } while (text_read_accept(&p->in, ","));
  node->operands = values->items;
  node->operand_count = values->count;
  return text_read_expect(&p->in, ")");
}

static Status read_block(Parser *p, Graph *graph);

/* The block of a kernel, and the label on the line where it begins. */
static Status read_body(Parser *p, Node *node) {
  const char *name = "";
  RETURN_IF_ERROR(text_read_expect(&p->in, "body"));
  text_read_skip(&p->in);
  if (*p->in.cursor == '@') RETURN_IF_ERROR(text_read_name(&p->in, &name));
  RETURN_IF_ERROR(text_read_expect(&p->in, "{"));
  RETURN_IF_ERROR(text_read_label(&p->in, &node->label));
  Graph *body = graph_new(p->in.arena, p->recipes, name);
  node->body = body;
  return read_block(p, body);
}

/* What follows the operator. The types stay empty when the text gives none. */
static Status read_rest(Parser *p, Scope *scope, Node *node) {
  Types *types = &scope->types;
  if (node->op == OP_CONSTANT) {
    RETURN_IF_ERROR(text_read_recipe(&p->in, p->recipes, &node->recipe));
  } else if (node->op != OP_INPUT) {
    RETURN_IF_ERROR(read_operands(p, scope, node));
  }
  RETURN_IF_ERROR(text_read_attrs(&p->in, node));
  if (text_read_accept(&p->in, ":")) RETURN_IF_ERROR(read_types(p, types));
  if (node->op == OP_INPUT) {
    if (types->count != 1) return text_read_fail(&p->in, p->in.cursor, "an input needs one type");
    if (++scope->inputs > TEXT_MAX_PORTS) {
      return text_read_fail(&p->in, p->in.cursor, "more than %d inputs", TEXT_MAX_PORTS);
    }
    node->attrs.INPUT.declared = types->items[0];
  }
  return node->op == OP_KERNEL ? read_body(p, node) : text_read_label(&p->in, &node->label);
}

/* The types of the text, where it gives any, are those that were inferred. */
static Status check_types(const Parser *p, const char *at, const Scope *scope, const Node *node) {
  const Types *types = &scope->types;
  char given[TYPE_TEXT_MAX];
  char inferred[TYPE_TEXT_MAX];
  if (types->count == 0) return STATUS_OK;
  if (types->count != node->result_count) {
    return text_read_fail(&p->in, at, "%u types for %u results", types->count, node->result_count);
  }
  for (uint32_t i = 0; i < types->count; ++i) {
    Type type = graph_type(scope->graph, node_result(node, i));
    if (!type_equal(type, types->items[i])) {
      return text_read_fail(&p->in, at, "the type is %s, the text says %s",
                            type_format(type, inferred), type_format(types->items[i], given));
    }
  }
  return STATUS_OK;
}

/* Enters the results of a node, just appended, under their numbers. */
static Status define(Parser *p, const char *at, Scope *scope, const Node *node) {
  const Numbers *numbers = &scope->results;
  if (numbers->count != node->result_count) {
    return text_read_fail(&p->in, at, "%s has %u results, the text names %u",
                          op_info(node->op)->text, node->result_count, numbers->count);
  }
  for (uint32_t i = 0; i < numbers->count; ++i) {
    uint32_t number = numbers->items[i];
    if (scope->count && number <= scope->numbers[scope->count - 1]) {
      return text_read_fail(&p->in, at, "%%%u after %%%u: the numbers of values must increase",
                            number, scope->numbers[scope->count - 1]);
    }
    ARENA_PUSH(p->in.arena, scope->numbers, scope->count, scope->capacity, number);
  }
  return STATUS_OK;
}

/* One node, appended as soon as it is read: so that what follows can refer to it. */
static Status read_node(Parser *p, Scope *scope) {
  Node node = {0};
  const char *at = p->in.cursor;
  scope->results.count = scope->types.count = 0;
  if (scope->graph->node_count == TEXT_MAX_NODES) {
    return text_read_fail(&p->in, at, "more than %d nodes", TEXT_MAX_NODES);
  }
  RETURN_IF_ERROR(read_numbers(p, &scope->results));
  RETURN_IF_ERROR(text_read_expect(&p->in, "="));
  RETURN_IF_ERROR(text_read_op(&p->in, &node.op));
  RETURN_IF_ERROR(read_rest(p, scope, &node));
  NodeId id;
  const char *message = graph_try_append(scope->graph, &node, &id);
  if (message) return text_read_fail(&p->in, at, "%s", message);
  const Node *appended = graph_node(scope->graph, id);
  RETURN_IF_ERROR(check_types(p, at, scope, appended));
  return define(p, at, scope, appended);
}

/* What is behind the word "output". */
static Status read_output(Parser *p, const Scope *scope) {
  const char *at = p->in.cursor;
  const char *name = NULL;
  ValueId value = VALUE_NONE;
  int64_t nchw = 0;
  if (scope->graph->output_count == TEXT_MAX_PORTS) {
    return text_read_fail(&p->in, at, "more than %d outputs", TEXT_MAX_PORTS);
  }
  RETURN_IF_ERROR(text_read_string(&p->in, &name));
  RETURN_IF_ERROR(read_value(p, scope, &value));
  if (text_read_accept(&p->in, "{")) {
    RETURN_IF_ERROR(text_read_expect(&p->in, "nchw"));
    RETURN_IF_ERROR(text_read_expect(&p->in, "="));
    RETURN_IF_ERROR(text_read_int(&p->in, 0, 1, &nchw));
    RETURN_IF_ERROR(text_read_expect(&p->in, "}"));
  }
  const char *message = graph_try_add_output(scope->graph, name, value, nchw != 0);
  return message ? text_read_fail(&p->in, at, "%s", message) : STATUS_OK;
}

/* The nodes and outputs behind a "{", and the "}". */
static Status read_block(Parser *p, Graph *graph) {
  Scope scope = {.graph = graph};
  if (++p->depth > MAX_DEPTH) {
    return text_read_fail(&p->in, p->in.cursor, "bodies are nested too deeply");
  }
  while (!text_read_accept(&p->in, "}")) {
    text_read_skip(&p->in);
    if (*p->in.cursor == '%') {
      RETURN_IF_ERROR(read_node(p, &scope));
    } else if (text_read_accept(&p->in, "output")) {
      RETURN_IF_ERROR(read_output(p, &scope));
    } else {
      return text_read_fail(&p->in, p->in.cursor, "expected a value \"%%N\", \"output\" or \"}\"");
    }
  }
  --p->depth;
  return STATUS_OK;
}

/* Room for about as many nodes as there are, those of bodies too: arrays that grow leave their old
 * selves in the arena. */
static void reserve(Graph *graph, const char *text) {
  uint32_t lines = 0;
  for (; (text = strchr(text, '=')) && lines < MAX_RESERVED; ++text) {
    lines += text[1] == ' ' && text[-1] == ' ';
  }
  graph_reserve(graph, lines, lines);
}

Status graph_parse(Arena *arena, RecipeTable *recipes, Diag *diag, const char *file,
                   const char *text, Graph **graph) {
  Parser parser = {.in = text_read_begin(arena, diag, file, text), .recipes = recipes};
  const char *name = NULL;
  RETURN_IF_ERROR(text_read_expect(&parser.in, "graph"));
  int64_t rounds = 1;
  RETURN_IF_ERROR(text_read_name(&parser.in, &name));
  if (text_read_accept(&parser.in, "rounds")) {
    RETURN_IF_ERROR(text_read_int(&parser.in, 1, INT32_MAX, &rounds));
  }
  RETURN_IF_ERROR(text_read_expect(&parser.in, "{"));
  *graph = graph_new(arena, recipes, name);
  (*graph)->rounds = (uint32_t)rounds;
  reserve(*graph, parser.in.cursor);
  RETURN_IF_ERROR(read_block(&parser, *graph));
  text_read_skip(&parser.in);
  if (*parser.in.cursor) {
    return text_read_fail(&parser.in, parser.in.cursor, "text behind the graph");
  }
  return STATUS_OK;
}
