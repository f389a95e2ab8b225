/* The words of the text forms. Everything that is written here reads back as the same: characters
 * that would not, or that a terminal would obey, are escaped; reals have as many digits as they
 * need. */
#include "ir/text_write.h"

#include <ctype.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/visible.h"

/* visible_length is 0 where a byte is not the start of a character that a terminal shows. */
void text_write_string(const char *text, StringBuilder *out) {
  string_builder_add(out, "\"");
  size_t left = strlen(text);
  for (size_t length; left; text += length, left -= length) {
    length = visible_length(text, left);
    if (*text == '"' || *text == '\\') {
      string_builder_printf(out, "\\%c", *text);
    } else if (*text == '\n') {
      string_builder_add(out, "\\n");
    } else if (*text == '\t') {
      string_builder_add(out, "\\t");
    } else if (!length) {
      string_builder_printf(out, "\\x%02x", (unsigned char)*text);
    } else {
      string_builder_printf(out, "%.*s", (int)length, text);
    }
    length += !length;
  }
  string_builder_add(out, "\"");
}

void text_write_name(const char *name, StringBuilder *out) {
  bool plain = *name != 0;
  for (const char *c = name; *c; ++c) {
    plain = plain && (isalnum((unsigned char)*c) || *c == '_' || *c == '.');
  }
  string_builder_add(out, "@");
  if (plain) {
    string_builder_add(out, name);
  } else {
    text_write_string(name, out);
  }
}

void text_write_label(const char *label, StringBuilder *out) {
  if (!label) return;
  string_builder_add(out, "  // ");
  text_write_words(label, out);
}

void text_write_words(const char *label, StringBuilder *out) {
  size_t length = strlen(label);
  bool plain = length > 0 && label[0] != ' ' && label[0] != '"' && label[length - 1] != ' ';
  for (size_t i = 0, step; plain && i < length; i += step) {
    step = visible_length(label + i, length - i);
    plain = step > 0;
  }
  if (plain) {
    string_builder_add(out, label);
  } else {
    text_write_string(label, out);
  }
}

/* The shortest decimal that reads back as the same double; 17 digits always do. */
void text_write_real(double value, StringBuilder *out) {
  char text[32];
  for (int digits = 1; digits <= 17; ++digits) {
    snprintf(text, sizeof text, "%.*g", digits, value);
    if (strtod(text, NULL) == value) break;
  }
  string_builder_add(out, text);
}

/* KHxKW, then what is not its default: stride, the four paddings, dilation. */
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

/* key=value behind `before`, which opens the list or goes on with it. */
static void print_attr(const AttrInfo *attr, const void *field, const char *before,
                       StringBuilder *out) {
  string_builder_printf(out, "%s%s=", before, attr->name);
  switch (attr->kind) {
    case ATTR_INT: string_builder_printf(out, "%" PRId32, *(const int32_t *)field); break;
    case ATTR_REAL: text_write_real(*(const double *)field, out); break;
    case ATTR_TEXT: text_write_string(*(const char *const *)field, out); break;
    case ATTR_WINDOW: print_window(field, out); break;
    case ATTR_ELEMENT: string_builder_add(out, dtype_info(*(const DType *)field)->text); break;
  }
}

/* Zeros are not written; a negative zero is none of them. */
static bool attr_is_zero(const AttrInfo *attr, const void *field) {
  switch (attr->kind) {
    case ATTR_INT: return *(const int32_t *)field == 0;
    case ATTR_REAL: return *(const double *)field == 0 && !signbit(*(const double *)field);
    case ATTR_TEXT: return *(const char *const *)field == NULL;
    case ATTR_WINDOW: return window_equal(field, &(Window){0});
    case ATTR_ELEMENT: return *(const DType *)field == DTYPE_F32;
  }
  return false;
}

/* Nothing at all where every attribute is zero. */
void text_write_attrs(const Node *node, StringBuilder *out) {
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

void text_write_type(Type type, StringBuilder *out) {
  char text[TYPE_TEXT_MAX];
  string_builder_add(out, type_format(type, text));
}
