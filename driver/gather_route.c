/* What passes did. Two graphs are compared layer by layer, as bags of lines: a line says a node's
 * op, what ops its operands are of, and its attributes, but no numbers of values, which all change
 * where one node is new. Layers whose lines went and came alike are told once.
 */
#include <string.h>

#include "driver/gather.h"
#include "ir/text_write.h"

/* Of one pass, of one line: what is beyond is cut, for pages that can be read. */
enum { MOST_REWRITES = 24, MOST_LINES = 60, MOST_LINE_BYTES = 160 };

/* A node as a line; `key` is the part of it that is compared, which has no types. */
typedef struct Line {
  const char *label, *text;
  size_t key;   /* bytes of `text` */
  bool matched; /* the other graph has the same line in this layer */
} Line;

typedef struct Lines {
  Line *items;
  uint32_t count;
} Lines;

/* The observer's context. */
typedef struct Route {
  Compilation *c;
  ReportColumn *column;
} Route;

/* -- lines ------------------------------------------------------------------------------------- */

/* Recipes name tensors by their layer: "@blocks.0.1.fc.weight" becomes "@~.fc.weight", so that
 * layers can be alike. */
static const char *without_label(const char *text, const char *label, Arena *arena) {
  const char *name = arena_printf(arena, "@%s.", label);
  size_t length = strlen(name);
  StringBuilder out = {.arena = arena};
  for (const char *found; (found = strstr(text, name)); text = found + length) {
    string_builder_printf(&out, "%.*s@~.", (int)(found - text), text);
  }
  string_builder_add(&out, text);
  return string_builder_text(&out);
}

static void add_operands(const Graph *graph, const Node *node, StringBuilder *out) {
  for (uint32_t i = 0; i < node->operand_count; ++i) {
    string_builder_add(out, i ? ", " : "(");
    if (value_is_none(node->operands[i])) continue;
    string_builder_add(out, op_info(graph_def(graph, node->operands[i])->op)->text);
  }
  if (node->operand_count) string_builder_add(out, ")");
}

static Line line_of(const Graph *graph, const Node *node, Arena *arena) {
  Line line = {.label = node->label ? node->label : ""};
  StringBuilder out = {.arena = arena};
  string_builder_add(&out, op_info(node->op)->text);
  if (node->op == OP_CONSTANT) {
    string_builder_add(&out, " ");
    recipe_print(node->recipe, &out);
  } else {
    add_operands(graph, node, &out);
    text_write_attrs(node, &out);
  }
  const char *text = string_builder_text(&out);
  if (node->op == OP_CONSTANT) text = without_label(text, line.label, arena);
  line.key = strlen(text);
  char type[TYPE_TEXT_MAX];
  type_format(graph_type(graph, node_result(node, 0)), type);
  bool cut = line.key > MOST_LINE_BYTES; /* names of layers have no letters of several bytes */
  if (cut) line.key = MOST_LINE_BYTES;
  line.text = arena_printf(arena, "%.*s%s : %s", (int)line.key, text, cut ? "..." : "", type);
  return line;
}

static Lines lines_of(const Graph *graph, Arena *arena) {
  Lines lines = {ARENA_ARRAY(arena, graph->node_count, Line), graph->node_count};
  for (uint32_t i = 0; i < graph->node_count; ++i) {
    lines.items[i] = line_of(graph, &graph->nodes[i], arena);
  }
  return lines;
}

static bool same_line(const Line *a, const Line *b) {
  return a->key == b->key && memcmp(a->text, b->text, a->key) == 0 &&
         strcmp(a->label, b->label) == 0;
}

/* Each line of one bag takes away one of the other. */
static void match(Lines *before, Lines *after) {
  uint32_t from = 0; /* most lines are where they were, or a little behind */
  for (uint32_t i = 0; i < before->count; ++i) {
    for (uint32_t k = 0; k < after->count; ++k) {
      Line *other = &after->items[(from + k) % after->count];
      if (other->matched || !same_line(&before->items[i], other)) continue;
      before->items[i].matched = other->matched = true;
      from = (from + k + 1) % after->count;
      break;
    }
  }
}

/* -- rewrites ---------------------------------------------------------------------------------- */

/* The lines of a layer that have no match. */
static const char *unmatched(const Lines *lines, const char *label, Arena *arena) {
  StringBuilder text = {.arena = arena};
  uint32_t count = 0;
  for (uint32_t i = 0; i < lines->count; ++i) {
    const Line *line = &lines->items[i];
    if (line->matched || strcmp(line->label, label) != 0) continue;
    if (++count <= MOST_LINES) string_builder_printf(&text, "%s\n", line->text);
  }
  if (count > MOST_LINES) string_builder_printf(&text, "... %u more\n", count - MOST_LINES);
  return string_builder_text(&text);
}

/* Whether a layer of this name stands in front of line `index` already. */
static bool is_told(const Lines *lines, uint32_t index, const char *label) {
  for (uint32_t i = 0; i < index; ++i) {
    if (!lines->items[i].matched && strcmp(lines->items[i].label, label) == 0) return true;
  }
  return false;
}

/* Adds it to a rewrite that is the same, or as a new one. */
static void add_rewrite(Arena *arena, ReportPass *pass, ReportRewrite rewrite) {
  for (uint32_t i = 0; i < pass->rewrites.count; ++i) {
    ReportRewrite *other = &pass->rewrites.items[i];
    if (strcmp(other->removed, rewrite.removed) != 0 || strcmp(other->added, rewrite.added) != 0) {
      continue;
    }
    other->layers = arena_printf(arena, "%s, %s", other->layers, rewrite.layers);
    return;
  }
  if (pass->rewrites.count < MOST_REWRITES) REPORT_PUSH(arena, pass->rewrites, rewrite);
}

static void compare_layers(const Graph *before, const Graph *after, Arena *arena,
                           ReportPass *pass) {
  Arena *work = arena_new();
  Lines lines[2] = {lines_of(before, work), lines_of(after, work)};
  match(&lines[0], &lines[1]);
  for (int side = 0; side < 2; ++side) {
    for (uint32_t i = 0; i < lines[side].count; ++i) {
      const Line *line = &lines[side].items[i];
      if (line->matched || is_told(&lines[side], i, line->label)) continue;
      if (side == 1 && is_told(&lines[0], lines[0].count, line->label)) continue;
      ReportRewrite rewrite = {arena_strdup(arena, *line->label ? line->label : "(no layer)"),
                               unmatched(&lines[0], line->label, arena),
                               unmatched(&lines[1], line->label, arena)};
      add_rewrite(arena, pass, rewrite);
    }
  }
  arena_free(work);
}

/* -- counts ------------------------------------------------------------------------------------ */

static void count_ops(const Graph *graph, uint32_t counts[OP_KIND_COUNT]) {
  for (uint32_t i = 0; i < graph->node_count; ++i) ++counts[graph->nodes[i].op];
}

static void add_ops(const Graph *before, const Graph *after, Arena *arena, ReportPass *pass) {
  uint32_t counts[2][OP_KIND_COUNT] = {{0}};
  count_ops(before, counts[0]);
  count_ops(after, counts[1]);
  for (int op = 0; op < OP_KIND_COUNT; ++op) {
    if (counts[0][op] == counts[1][op]) continue;
    ReportOpChange change = {op_info(op)->text, counts[0][op], counts[1][op]};
    REPORT_PUSH(arena, pass->ops, change);
  }
}

static bool is_once(const Pass *pass) {
  PassList once = pipeline_passes(PIPELINE_ONCE);
  for (uint32_t i = 0; i < once.count; ++i) {
    if (once.items[i] == pass) return true;
  }
  return false;
}

/* A PassObserver. Where kernels form, every node goes into one: the listings show them. */
static void observe(void *context, const Pass *pass, const Graph *before, const Graph *after,
                    double ms) {
  const Route *route = context;
  Arena *arena = route->c->arena;
  ReportPass row = {.name = pass->name,
                    .summary = pass->summary,
                    .part = is_once(pass) ? "once" : "resolution",
                    .ms = ms,
                    .changed = before != after,
                    .nodes_before = before->node_count,
                    .nodes_after = after->node_count};
  if (before != after) add_ops(before, after, arena, &row);
  bool forms = graph_has_op(after, OP_KERNEL) && !graph_has_op(before, OP_KERNEL);
  if (before != after && !forms) compare_layers(before, after, arena, &row);
  REPORT_PUSH(arena, route->column->passes, row);
}

void gather_route_begin(Compilation *c, ReportColumn *column) {
  Route *route = ARENA_NEW(c->arena, Route);
  *route = (Route){c, column};
  c->pass_options.observe = observe;
  c->pass_options.observer = route;
}

/* -- listings ---------------------------------------------------------------------------------- */

static void add_graph(Compilation *c, ReportColumn *column, const char *title, const Graph *graph) {
  StringBuilder text = {.arena = c->arena};
  graph_print(graph, &text);
  ReportListing listing = {title, string_builder_text(&text)};
  REPORT_PUSH(c->arena, column->listings, listing);
}

Status gather_route_listings(Compilation *c, ReportColumn *column) {
  const Resolution *r = &c->variants[0].resolutions[0];
  const Graph *source;
  RETURN_IF_ERROR(compilation_source(c, r, c->arena, &source));
  add_graph(c, column, "The model as it was read, at this resolution", source);
  add_graph(c, column, "The graph of kernels, behind all passes", r->graph);
  StringBuilder text = {.arena = c->arena};
  plan_print(r->plan, &text);
  ReportListing plan = {"The plan: steps, places, tiles", string_builder_text(&text)};
  REPORT_PUSH(c->arena, column->listings, plan);
  return STATUS_OK;
}
