/* The text form of a graph, written here and read by parse.c:
 *
 *   graph    = "graph" NAME [ "rounds" N ] block                 Graph.rounds, where it is not 1
 *   block    = "{" { node | output } "}"
 *   node     = [ "%"N { "," "%"N } "=" ] OP [ operands | RECIPE ] [ attrs ] [ ":" types ]
 *              [ "body" [ NAME ] block ]
 *   operands = "(" [ "%"N { "," "%"N } ] ")"          absent for input, and for constant, which has
 *                                                     a recipe instead (recipe.h)
 *   attrs    = "{" KEY "=" VALUE { "," KEY "=" VALUE } "}"       ops.def's: integer, real, STRING,
 *                                                                window,
 *                                                                or element type
 *   window   = HxW [ "stride" HxW ] [ "pad" TOPxLEFTxBOTTOMxRIGHT ] [ "dilation" HxW ]
 *                                                     where left out: 1x1, 0x0x0x0, 1x1
 *   types    = TYPE { "," TYPE }                      f32[1,?,?,64]
 *   output   = "output" STRING "%"N [ "{" "nchw" "=" "1" "}" ]
 *   NAME     = "@" followed by [A-Za-z0-9_.]+ or a STRING
 *   STRING   = '"' with \" \\ \n \t \xHH '"'
 *
 * Numbering is per block, in order. Attributes that are zero are left out. A `//` comment on the
 * line on which a node starts is its label (as a STRING where the plain text would not read back);
 * on a line of its own it is ignored. Types are optional when reading, except for inputs.
 */
#include "ir/text_write.h"

/* "%3, %4 = op". */
static void print_results(const Node *node, StringBuilder *out) {
  for (uint32_t i = 0; i < node->result_count; ++i) {
    string_builder_printf(out, "%s%%%u", i ? ", " : "", node_result(node, i).index);
  }
  string_builder_printf(out, " = %s", op_info(node->op)->text);
}

/* What is behind the op: a list of values, or a recipe. */
static void print_operands(const Node *node, StringBuilder *out) {
  if (node->op == OP_INPUT) return;
  if (node->op == OP_CONSTANT) {
    string_builder_add(out, " ");
    recipe_print(node->recipe, out);
    return;
  }
  string_builder_add(out, "(");
  for (uint32_t i = 0; i < node->operand_count; ++i) {
    string_builder_printf(out, "%s%%%u", i ? ", " : "", node->operands[i].index);
  }
  string_builder_add(out, ")");
}

static void print_types(const Graph *graph, const Node *node, StringBuilder *out) {
  for (uint32_t i = 0; i < node->result_count; ++i) {
    string_builder_add(out, i ? ", " : " : ");
    text_write_type(graph_type(graph, node_result(node, i)), out);
  }
}

static void print_block(const Graph *graph, int indent, StringBuilder *out);

static void print_node(const Graph *graph, const Node *node, int indent, StringBuilder *out) {
  string_builder_printf(out, "%*s", indent, "");
  print_results(node, out);
  print_operands(node, out);
  text_write_attrs(node, out);
  print_types(graph, node, out);
  if (node->op == OP_KERNEL) {
    string_builder_add(out, " body ");
    if (*node->body->name) {
      text_write_name(node->body->name, out);
      string_builder_add(out, " ");
    }
    string_builder_add(out, "{");
    text_write_label(node->label, out);
    string_builder_add(out, "\n");
    print_block(node->body, indent + 2, out);
    string_builder_printf(out, "%*s}\n", indent, "");
    return;
  }
  text_write_label(node->label, out);
  string_builder_add(out, "\n");
}

/* Nodes in their order, then outputs, each on a line of its own. */
static void print_block(const Graph *graph, int indent, StringBuilder *out) {
  for (uint32_t i = 0; i < graph->node_count; ++i) {
    print_node(graph, &graph->nodes[i], indent, out);
  }
  for (uint32_t i = 0; i < graph->output_count; ++i) {
    const Output *output = &graph->outputs[i];
    string_builder_printf(out, "%*soutput ", indent, "");
    text_write_string(output->name, out);
    string_builder_printf(out, " %%%u%s\n", output->value.index, output->nchw ? " {nchw=1}" : "");
  }
}

void graph_print(const Graph *graph, StringBuilder *out) {
  string_builder_add(out, "graph ");
  text_write_name(graph->name, out);
  if (graph->rounds > 1) string_builder_printf(out, " rounds %u", graph->rounds);
  string_builder_add(out, " {\n");
  print_block(graph, 2, out);
  string_builder_add(out, "}\n");
}
