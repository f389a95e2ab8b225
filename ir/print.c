/* The text form of a graph, written here and read by parse.c:
 *
 *   graph    = "graph" NAME block
 *   block    = "{" { node | output } "}"
 *   node     = [ "%"N { "," "%"N } "=" ] OP [ operands | RECIPE ] [ attrs ] [ ":" types ]
 *              [ "body" [ NAME ] block ]
 *   operands = "(" [ "%"N { "," "%"N } ] ")"          absent for input, and for constant, which has
 *                                                     a recipe instead (recipe.h)
 *   attrs    = "{" KEY "=" VALUE { "," KEY "=" VALUE } "}"       ops.def's: integer, real, STRING
 *                                                                or window
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
#include <ctype.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ir/graph.h"

static void print_string(const char *text, StringBuilder *out) {
  string_builder_add(out, "\"");
  for (const char *c = text; *c; ++c) {
    if (*c == '"' || *c == '\\') {
      string_builder_printf(out, "\\%c", *c);
    } else if (*c == '\n') {
      string_builder_add(out, "\\n");
    } else if (*c == '\t') {
      string_builder_add(out, "\\t");
    } else if ((unsigned char)*c < 0x20 || *c == 0x7f) {
      string_builder_printf(out, "\\x%02x", (unsigned char)*c);
    } else {
      string_builder_printf(out, "%c", *c);
    }
  }
  string_builder_add(out, "\"");
}

static void print_name(const char *name, StringBuilder *out) {
  bool plain = *name != 0;
  for (const char *c = name; *c; ++c) {
    plain = plain && (isalnum((unsigned char)*c) || *c == '_' || *c == '.');
  }
  string_builder_add(out, "@");
  if (plain) {
    string_builder_add(out, name);
  } else {
    print_string(name, out);
  }
}

static void print_label(const char *label, StringBuilder *out) {
  if (!label) return;
  size_t length = strlen(label);
  bool plain = length > 0 && label[0] != ' ' && label[0] != '"' && label[length - 1] != ' ';
  for (const char *c = label; *c; ++c) {
    plain = plain && (unsigned char)*c >= 0x20 && *c != 0x7f;
  }
  string_builder_add(out, "  // ");
  if (plain) {
    string_builder_add(out, label);
  } else {
    print_string(label, out);
  }
}

/* The shortest text that reads back as the same double. */
static void print_real(double value, StringBuilder *out) {
  char text[32];
  for (int digits = 1; digits <= 17; ++digits) {
    snprintf(text, sizeof text, "%.*g", digits, value);
    if (strtod(text, NULL) == value) break;
  }
  string_builder_add(out, text);
}

static void print_window(const Window *w, StringBuilder *out) {
  string_builder_printf(out, "%dx%d", w->kernel_h, w->kernel_w);
  if (w->stride_h != 1 || w->stride_w != 1) {
    string_builder_printf(out, " stride %dx%d", w->stride_h, w->stride_w);
  }
  if (w->pad_top || w->pad_left || w->pad_bottom || w->pad_right) {
    string_builder_printf(out, " pad %dx%dx%dx%d", w->pad_top, w->pad_left, w->pad_bottom,
                          w->pad_right);
  }
  if (w->dilation_h != 1 || w->dilation_w != 1) {
    string_builder_printf(out, " dilation %dx%d", w->dilation_h, w->dilation_w);
  }
}

static void print_attr(const AttrInfo *attr, const void *field, const char *before,
                       StringBuilder *out) {
  string_builder_printf(out, "%s%s=", before, attr->name);
  switch (attr->kind) {
    case ATTR_INT: string_builder_printf(out, "%" PRId32, *(const int32_t *)field); break;
    case ATTR_REAL: print_real(*(const double *)field, out); break;
    case ATTR_TEXT: print_string(*(const char *const *)field, out); break;
    case ATTR_WINDOW: print_window(field, out); break;
  }
}

static bool attr_is_zero(const AttrInfo *attr, const void *field) {
  switch (attr->kind) {
    case ATTR_INT: return *(const int32_t *)field == 0;
    case ATTR_REAL: return *(const double *)field == 0 && !signbit(*(const double *)field);
    case ATTR_TEXT: return *(const char *const *)field == NULL;
    case ATTR_WINDOW: return window_equal(field, &(Window){0});
  }
  return false;
}

void graph_print_attrs(const Node *node, StringBuilder *out) {
  const OpInfo *info = op_info(node->op);
  const char *before = " {";
  for (uint32_t i = 0; i < info->attr_count; ++i) {
    const AttrInfo *attr = &info->attrs[i];
    const void *field = (const char *)&node->attrs + attr->offset;
    if (attr_is_zero(attr, field)) continue;
    print_attr(attr, field, before, out);
    before = ", ";
  }
  if (*before == ',') string_builder_add(out, "}");
}

static void print_results(const Node *node, StringBuilder *out) {
  for (uint32_t i = 0; i < node->result_count; ++i) {
    string_builder_printf(out, "%s%%%u", i ? ", " : "", node_result(node, i).index);
  }
  string_builder_printf(out, " = %s", op_info(node->op)->text);
}

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
  char text[TYPE_TEXT_MAX];
  for (uint32_t i = 0; i < node->result_count; ++i) {
    Type type = graph_type(graph, node_result(node, i));
    string_builder_printf(out, "%s%s", i ? ", " : " : ", type_format(type, text));
  }
}

static void print_block(const Graph *graph, int indent, StringBuilder *out);

static void print_node(const Graph *graph, const Node *node, int indent, StringBuilder *out) {
  string_builder_printf(out, "%*s", indent, "");
  print_results(node, out);
  print_operands(node, out);
  graph_print_attrs(node, out);
  print_types(graph, node, out);
  if (node->op == OP_KERNEL) {
    string_builder_add(out, " body ");
    if (*node->body->name) {
      print_name(node->body->name, out);
      string_builder_add(out, " ");
    }
    string_builder_add(out, "{");
    print_label(node->label, out);
    string_builder_add(out, "\n");
    print_block(node->body, indent + 2, out);
    string_builder_printf(out, "%*s}\n", indent, "");
    return;
  }
  print_label(node->label, out);
  string_builder_add(out, "\n");
}

static void print_block(const Graph *graph, int indent, StringBuilder *out) {
  for (uint32_t i = 0; i < graph->node_count; ++i) {
    print_node(graph, &graph->nodes[i], indent, out);
  }
  for (uint32_t i = 0; i < graph->output_count; ++i) {
    const Output *output = &graph->outputs[i];
    string_builder_printf(out, "%*soutput ", indent, "");
    print_string(output->name, out);
    string_builder_printf(out, " %%%u%s\n", output->value.index, output->nchw ? " {nchw=1}" : "");
  }
}

void graph_print(const Graph *graph, StringBuilder *out) {
  string_builder_add(out, "graph ");
  print_name(graph->name, out);
  string_builder_add(out, " {\n");
  print_block(graph, 2, out);
  string_builder_add(out, "}\n");
}
