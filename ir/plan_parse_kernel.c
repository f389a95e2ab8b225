/* Reads one kernel of a plan's text form.
 *
 * A kernel's nodes stand in the order in which they run; its body has them in the order of their
 * values' numbers, which have no gaps. So the lines of a kernel are kept as they come, and the body
 * is made when all are read.
 */
#include <ctype.h>
#include <string.h>

#include "ir/plan_parse.h"
#include "support/panic.h"

enum { MAX_NAME = 200, MAX_VALUES = 1 << 16 };

/* A node as its line has it. */
typedef struct Line {
  const char *at;
  Node node; /* its operands are numbers of values; one of an operand of the kernel: its input */
  uint32_t number; /* of its first result */
  uint32_t stage;  /* UINT32_MAX: an input or a view */
  Type *types;
  ValuePlace *places; /* [node.result_count] */
} Line;

/* The parts of the kernel at hand. */
typedef struct KernelText {
  Line *lines;
  uint32_t line_count, line_capacity;
  Port *operands, *results;
  uint32_t operand_capacity, result_capacity;
  uint32_t *inputs, *outputs; /* numbers of the operands' and results' values */
  uint32_t input_count, output_count, input_capacity, output_capacity;
  Stage *stages;
  uint32_t stage_capacity;
} KernelText;

/* -- the lines of a kernel --------------------------------------------------------------------- */

/* Whether `letter` and a number are next: the name of a port. */
static bool port_follows(PlanParser *p, char letter) {
  text_read_skip(&p->in);
  return p->in.cursor[0] == letter && isdigit((unsigned char)p->in.cursor[1]);
}

/* aN or rN, whose letter is next; N is below `count`. */
static Status read_port_name(PlanParser *p, uint32_t count, uint32_t *index) {
  const char *at = p->in.cursor++;
  RETURN_IF_ERROR(plan_parse_u32(p, index));
  if (*index < count) return STATUS_OK;
  return text_read_fail(&p->in, at, "there is no %.*s", (int)(p->in.cursor - at), at);
}

/* %N, then the port; *number is that of the value. */
static Status read_port(PlanParser *p, Port *port, uint32_t *number) {
  uint32_t kind;
  RETURN_IF_ERROR(text_read_value_number(&p->in, number));
  RETURN_IF_ERROR(plan_parse_choice(p, "\"rows\", \"caller\" or \"weights\"", plan_text_ports,
                                    PLAN_TEXT_PORTS, &kind));
  *port = (Port){.kind = (PortKind)kind};
  if (kind == PORT_ROWS) RETURN_IF_ERROR(plan_parse_word_u32(p, "pitch", &port->pitch));
  port->nchw = text_read_accept(&p->in, "nchw");
  RETURN_IF_ERROR(text_read_type(&p->in, &port->type));
  for (uint32_t i = 0; i < PLAN_TEXT_REACHES; ++i) {
    if (plan_text_reaches[i] && text_read_accept(&p->in, plan_text_reaches[i])) {
      port->reach = (PortReach)i;
    }
  }
  return STATUS_OK;
}

/* Operand and result i must be called ai and ri. */
static Status read_port_number(PlanParser *p, uint32_t expected) {
  const char *at = p->in.cursor;
  uint32_t index;
  RETURN_IF_ERROR(read_port_name(p, UINT32_MAX, &index));
  if (index == expected) return STATUS_OK;
  return text_read_fail(&p->in, at, "expected %c%u", *at, expected);
}

/* An operand is a line of the kernel too: the input of the body. */
static Status read_operand_port(PlanParser *p, KernelText *text, PlanKernel *kernel) {
  Port port;
  uint32_t number, index = kernel->operand_count;
  const char *at = p->in.cursor;
  RETURN_IF_ERROR(read_port_number(p, index));
  RETURN_IF_ERROR(read_port(p, &port, &number));
  ARENA_PUSH(p->in.arena, text->operands, kernel->operand_count, text->operand_capacity, port);
  ARENA_PUSH(p->in.arena, text->inputs, text->input_count, text->input_capacity, number);
  Line line = {.at = at, .number = number, .stage = UINT32_MAX};
  line.node = (Node){.op = OP_INPUT, .result_count = 1, .attrs.INPUT.declared = port.type};
  line.node.attrs.INPUT.name = arena_printf(p->in.arena, "a%u", index);
  line.node.attrs.INPUT.nchw = port.nchw;
  line.types = arena_copy(p->in.arena, &port.type, sizeof port.type);
  ValuePlace place = {.kind = PLACE_OPERAND, .index = index, .pitch = port.pitch};
  line.places = arena_copy(p->in.arena, &place, sizeof place);
  ARENA_PUSH(p->in.arena, text->lines, text->line_count, text->line_capacity, line);
  return STATUS_OK;
}

/* A result names a value that stages define below. */
static Status read_result_port(PlanParser *p, KernelText *text, PlanKernel *kernel) {
  Port port;
  uint32_t number;
  RETURN_IF_ERROR(read_port_number(p, kernel->result_count));
  RETURN_IF_ERROR(read_port(p, &port, &number));
  ARENA_PUSH(p->in.arena, text->results, kernel->result_count, text->result_capacity, port);
  ARENA_PUSH(p->in.arena, text->outputs, text->output_count, text->output_capacity, number);
  return STATUS_OK;
}

/* +N pitch N, of scratch and strips. */
static Status read_scratch(PlanParser *p, ValuePlace *place) {
  RETURN_IF_ERROR(plan_parse_offset(p, &place->offset));
  return plan_parse_word_u32(p, "pitch", &place->pitch);
}

/* Where a value lives. The pitch of an operand or result is its port's. */
static Status read_place(PlanParser *p, const KernelText *text, const PlanKernel *kernel,
                         ValuePlace *place) {
  *place = (ValuePlace){.kind = PLACE_REGISTER};
  if (port_follows(p, 'a')) {
    place->kind = PLACE_OPERAND;
    RETURN_IF_ERROR(read_port_name(p, kernel->operand_count, &place->index));
    CHECK(text->operands);
    place->pitch = text->operands[place->index].pitch;
  } else if (port_follows(p, 'r')) {
    place->kind = PLACE_RESULT;
    RETURN_IF_ERROR(read_port_name(p, kernel->result_count, &place->index));
    CHECK(text->results);
    place->pitch = text->results[place->index].pitch;
  } else if (text_read_accept(&p->in, "scratch")) {
    place->kind = PLACE_SCRATCH;
    RETURN_IF_ERROR(read_scratch(p, place));
  } else if (text_read_accept(&p->in, "strip")) {
    place->kind = PLACE_STRIP;
    RETURN_IF_ERROR(read_scratch(p, place));
  } else if (!text_read_accept(&p->in, "register")) {
    return text_read_fail(&p->in, p->in.cursor, "expected a place");
  }
  return text_read_accept(&p->in, "column") ? plan_parse_u32(p, &place->column) : STATUS_OK;
}

/* aN or %N: the number of the value. */
static Status read_operand(PlanParser *p, const KernelText *text, uint32_t *number) {
  if (!port_follows(p, 'a')) return text_read_value_number(&p->in, number);
  uint32_t index;
  RETURN_IF_ERROR(read_port_name(p, text->input_count, &index));
  CHECK(text->inputs);
  *number = text->inputs[index];
  return STATUS_OK;
}

static Status read_operands(PlanParser *p, const KernelText *text, Node *node) {
  ValueId *values = NULL;
  uint32_t count = 0, capacity = 0;
  RETURN_IF_ERROR(text_read_expect(&p->in, "("));
  do {
    ValueId value;
    RETURN_IF_ERROR(read_operand(p, text, &value.index));
    ARENA_PUSH(p->in.arena, values, count, capacity, value);
  } while (text_read_accept(&p->in, ","));
  node->operands = values;
  node->operand_count = count;
  return text_read_expect(&p->in, ")");
}

/* %N, %N+1, .. */
static Status read_results(PlanParser *p, Line *line) {
  const char *at = p->in.cursor;
  RETURN_IF_ERROR(text_read_value_number(&p->in, &line->number));
  for (line->node.result_count = 1; text_read_accept(&p->in, ","); ++line->node.result_count) {
    uint32_t number;
    RETURN_IF_ERROR(text_read_value_number(&p->in, &number));
    if (number != line->number + line->node.result_count) {
      return text_read_fail(&p->in, at, "the results of a node have consecutive numbers");
    }
  }
  return STATUS_OK;
}

/* A line of stage `stage`, or a view (UINT32_MAX). What its op may do there, plan_verify checks. */
static Status read_node(PlanParser *p, KernelText *text, const PlanKernel *kernel, uint32_t stage) {
  text_read_skip(&p->in);
  Line line = {.at = p->in.cursor, .stage = stage};
  RETURN_IF_ERROR(read_results(p, &line));
  RETURN_IF_ERROR(text_read_expect(&p->in, "="));
  RETURN_IF_ERROR(text_read_op(&p->in, &line.node.op));
  OpKind op = line.node.op;
  bool runs = stage == UINT32_MAX ? op_has(op, OP_VIEW) : op_info(op)->stage != STAGE_NONE;
  if (!runs) return text_read_fail(&p->in, line.at, "%s cannot stand here", op_info(op)->text);
  RETURN_IF_ERROR(read_operands(p, text, &line.node));
  RETURN_IF_ERROR(text_read_attrs(&p->in, &line.node));
  line.types = ARENA_ARRAY(p->in.arena, line.node.result_count, Type);
  line.places = ARENA_ARRAY(p->in.arena, line.node.result_count, ValuePlace);
  for (uint32_t i = 0; i < line.node.result_count; ++i) {
    RETURN_IF_ERROR(text_read_expect(&p->in, i ? "," : ":"));
    RETURN_IF_ERROR(text_read_type(&p->in, &line.types[i]));
  }
  for (uint32_t i = 0; i < line.node.result_count; ++i) {
    if (i) RETURN_IF_ERROR(text_read_expect(&p->in, ","));
    RETURN_IF_ERROR(read_place(p, text, kernel, &line.places[i]));
  }
  ARENA_PUSH(p->in.arena, text->lines, text->line_count, text->line_capacity, line);
  return STATUS_OK;
}

/* ROWSxCOLUMNS [full], depth N, unroll N. */
static Status read_tile(PlanParser *p, ProductPlan *product) {
  RETURN_IF_ERROR(plan_parse_u32(p, &product->tile_rows));
  if (*p->in.cursor != 'x') return text_read_fail(&p->in, p->in.cursor, "expected \"x\"");
  ++p->in.cursor;
  RETURN_IF_ERROR(plan_parse_u32(p, &product->tile_columns));
  product->full = text_read_accept(&p->in, "full");
  RETURN_IF_ERROR(text_read_expect(&p->in, ","));
  RETURN_IF_ERROR(plan_parse_word_u32(p, "depth", &product->depth_block));
  RETURN_IF_ERROR(text_read_expect(&p->in, ","));
  return plan_parse_word_u32(p, "unroll", &product->unroll);
}

/* The numbers of a product, parts N. */
static Status read_winograd(PlanParser *p, Stage *stage) {
  RETURN_IF_ERROR(read_tile(p, &stage->product));
  RETURN_IF_ERROR(text_read_expect(&p->in, ","));
  return plan_parse_word_u32(p, "parts", &stage->parts);
}

/* What may stand behind that: ", sums", ", widened", ", paired", ", scratch +N", in this order. */
static Status read_choices(PlanParser *p, Stage *stage) {
  bool product = stage->kind == STAGE_PRODUCT;
  if (!text_read_accept(&p->in, ",")) return STATUS_OK;
  stage->product.sums = product && text_read_accept(&p->in, "sums");
  if (stage->product.sums && !text_read_accept(&p->in, ",")) return STATUS_OK;
  stage->product.widened = product && text_read_accept(&p->in, "widened");
  if (stage->product.widened && !text_read_accept(&p->in, ",")) return STATUS_OK;
  stage->product.paired = product && text_read_accept(&p->in, "paired");
  if (stage->product.paired && !text_read_accept(&p->in, ",")) return STATUS_OK;
  if (text_read_accept(&p->in, "scratch")) return plan_parse_offset(p, &stage->room);
  return text_read_fail(&p->in, p->in.cursor, "expected %s%s%s\"scratch\"",
                        product && !stage->product.sums ? "\"sums\", " : "",
                        product && !stage->product.widened ? "\"widened\", " : "",
                        product && !stage->product.paired ? "\"paired\" or " : "");
}

/* What is behind the word "stage": its kind, and at least one line. Its nodes are found by
 * build_body. */
static Status read_stage(PlanParser *p, KernelText *text, PlanKernel *kernel) {
  uint32_t kind, before = text->line_count;
  Stage stage = {0};
  RETURN_IF_ERROR(
      plan_parse_choice(p, "a kind of stage", plan_text_stages, PLAN_TEXT_STAGES, &kind));
  stage.kind = (StageKind)kind;
  if (kind == STAGE_PRODUCT) RETURN_IF_ERROR(read_tile(p, &stage.product));
  if (kind == STAGE_WINOGRAD) RETURN_IF_ERROR(read_winograd(p, &stage));
  RETURN_IF_ERROR(read_choices(p, &stage));
  do {
    RETURN_IF_ERROR(read_node(p, text, kernel, kernel->stage_count));
    text_read_skip(&p->in);
  } while (*p->in.cursor == '%');
  stage.node_count = text->line_count - before;
  ARENA_PUSH(p->in.arena, text->stages, kernel->stage_count, text->stage_capacity, stage);
  return STATUS_OK;
}

/* -- from lines to a body ---------------------------------------------------------------------- */

/* [number of a value] the line whose first result it is, NULL for other results. */
static Status order_lines(PlanParser *p, const KernelText *text, const Line ***ordered,
                          uint32_t *value_count) {
  uint32_t values = 0;
  for (uint32_t i = 0; i < text->line_count; ++i) values += text->lines[i].node.result_count;
  const Line **order = ARENA_ARRAY(p->in.arena, values, const Line *);
  bool *defined = ARENA_ARRAY(p->in.arena, values, bool);
  for (uint32_t i = 0; i < text->line_count; ++i) {
    const Line *line = &text->lines[i];
    for (uint32_t r = 0; r < line->node.result_count; ++r) {
      uint64_t number = (uint64_t)line->number + r;
      if (number >= values) {
        return text_read_fail(&p->in, line->at, "a kernel of %u values numbers them from %%0 on",
                              values);
      }
      if (defined[number]) return text_read_fail(&p->in, line->at, "%%%u again", (uint32_t)number);
      defined[number] = true;
    }
    order[line->number] = line;
  }
  *ordered = order;
  *value_count = values;
  return STATUS_OK;
}

/* The types of the line are those that were inferred. */
static Status check_types(PlanParser *p, const Line *line, const Graph *body, const Node *node) {
  char given[TYPE_TEXT_MAX], inferred[TYPE_TEXT_MAX];
  if (node->result_count != line->node.result_count) {
    return text_read_fail(&p->in, line->at, "%s has %u results", op_info(node->op)->text,
                          node->result_count);
  }
  for (uint32_t i = 0; i < node->result_count; ++i) {
    Type type = graph_type(body, node_result(node, i));
    if (type_equal(type, line->types[i])) continue;
    return text_read_fail(&p->in, line->at, "the type is %s, the text says %s",
                          type_format(type, inferred), type_format(line->types[i], given));
  }
  return STATUS_OK;
}

/* Lines come in the order of their values' numbers: then a value's number is its id. */
static Status append_line(PlanParser *p, const Line *line, Graph *body, NodeId *id) {
  for (uint32_t k = 0; k < line->node.operand_count; ++k) {
    uint32_t number = line->node.operands[k].index;
    if (number < body->value_count) continue;
    return text_read_fail(&p->in, line->at, "%%%u is not numbered before its user", number);
  }
  const char *message = graph_try_append(body, &line->node, id);
  if (message) return text_read_fail(&p->in, line->at, "%s", message);
  return check_types(p, line, body, graph_node(body, *id));
}

/* Fills the body, the places and the stages' nodes. */
static Status build_body(PlanParser *p, const KernelText *text, PlanKernel *kernel) {
  const Line **order = NULL;
  uint32_t values = 0;
  RETURN_IF_ERROR(order_lines(p, text, &order, &values));
  Graph *body = graph_new(p->in.arena, p->recipes, "kernel");
  ValuePlace *places = ARENA_ARRAY(p->in.arena, values, ValuePlace);
  NodeId *of_line = ARENA_ARRAY(p->in.arena, text->line_count, NodeId);
  for (uint32_t v = 0; v < values; ++v) {
    if (!order[v]) continue;
    RETURN_IF_ERROR(append_line(p, order[v], body, &of_line[order[v] - text->lines]));
    for (uint32_t r = 0; r < order[v]->node.result_count; ++r) places[v + r] = order[v]->places[r];
  }
  for (uint32_t r = 0; r < text->output_count; ++r) {
    const char *name = arena_printf(p->in.arena, "r%u", r);
    const char *message = graph_try_add_output(body, name, (ValueId){text->outputs[r]}, false);
    if (message) return text_read_fail(&p->in, p->in.cursor, "%s: %s", name, message);
  }
  uint32_t stage = 0;
  for (uint32_t i = 0; i < text->line_count; ++i) {
    if (text->lines[i].stage == UINT32_MAX || text->lines[i].stage < stage) continue;
    CHECK(stage < kernel->stage_count);
    text->stages[stage++].nodes = &of_line[i];
  }
  kernel->body = body;
  kernel->places = places;
  return STATUS_OK;
}

/* -- the whole --------------------------------------------------------------------------------- */

/* It becomes a part of symbols; plan_verify checks its characters. */
static Status read_kernel_name(PlanParser *p, const char **name) {
  text_read_skip(&p->in);
  const char *at = p->in.cursor;
  RETURN_IF_ERROR(text_read_word(&p->in, "the name of a kernel", name));
  if (strlen(*name) <= MAX_NAME) return STATUS_OK;
  return text_read_fail(&p->in, at, "the name has more than %d characters", MAX_NAME);
}

/* The line of numbers in front of the ports. */
static Status read_domain(PlanParser *p, PlanKernel *kernel) {
  RETURN_IF_ERROR(plan_parse_word_u32(p, "images", &kernel->images));
  RETURN_IF_ERROR(text_read_expect(&p->in, ","));
  RETURN_IF_ERROR(plan_parse_word_u32(p, "rows", &kernel->rows));
  RETURN_IF_ERROR(text_read_expect(&p->in, ","));
  RETURN_IF_ERROR(plan_parse_word_u32(p, "blocks", &kernel->blocks));
  RETURN_IF_ERROR(text_read_expect(&p->in, ","));
  kernel->line = kernel->column_blocks = 1;
  if (text_read_accept(&p->in, "lines")) {
    RETURN_IF_ERROR(plan_parse_word_u32(p, "of", &kernel->line));
    RETURN_IF_ERROR(text_read_expect(&p->in, ","));
  }
  if (text_read_accept(&p->in, "column")) {
    RETURN_IF_ERROR(plan_parse_word_u32(p, "blocks", &kernel->column_blocks));
    RETURN_IF_ERROR(text_read_expect(&p->in, ","));
  }
  RETURN_IF_ERROR(plan_parse_word_u64(p, "scratch", &kernel->scratch_bytes));
  if (!text_read_accept(&p->in, ",")) return STATUS_OK;
  RETURN_IF_ERROR(plan_parse_word_u64(p, "prefetch", &kernel->prefetch_bytes));
  return plan_parse_word_u64(p, "by", &kernel->prefetch_step);
}

Status plan_parse_kernel(PlanParser *p, const char *at) {
  PlanKernel kernel = {0};
  KernelText text = {0};
  RETURN_IF_ERROR(read_kernel_name(p, &kernel.name));
  RETURN_IF_ERROR(read_domain(p, &kernel));
  CHECK(!kernel.operand_count && !kernel.result_count && !kernel.stage_count);
  while (port_follows(p, 'a')) RETURN_IF_ERROR(read_operand_port(p, &text, &kernel));
  while (port_follows(p, 'r')) RETURN_IF_ERROR(read_result_port(p, &text, &kernel));
  while (text_read_accept(&p->in, "stage")) RETURN_IF_ERROR(read_stage(p, &text, &kernel));
  while (text_read_accept(&p->in, "view")) {
    RETURN_IF_ERROR(read_node(p, &text, &kernel, UINT32_MAX));
  }
  if (text.line_count > MAX_VALUES) {
    return text_read_fail(&p->in, at, "a kernel has at most %d nodes", MAX_VALUES);
  }
  RETURN_IF_ERROR(build_body(p, &text, &kernel));
  kernel.operands = text.operands;
  kernel.results = text.results;
  kernel.stages = text.stages;
  name_table_set(&p->kernel_names, kernel.name, p->plan.kernel_count);
  ARENA_PUSH(p->in.arena, p->kernels, p->plan.kernel_count, p->kernel_capacity, kernel);
  ARENA_PUSH(p->in.arena, p->kernel_at, p->kernel_at_count, p->kernel_at_capacity, at);
  return STATUS_OK;
}
