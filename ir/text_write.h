/* What the text forms of graphs, plans and recipes have in common, as it is written. text_read.h
 * reads it. */
#ifndef ATMC_IR_TEXT_WRITE_H
#define ATMC_IR_TEXT_WRITE_H

#include "ir/graph.h"

/* "text", with \" \\ \n \t \xHH. */
void text_write_string(const char *text, StringBuilder *out);
/* @name, or @"name" where it holds other characters than letters, digits, '_' and '.'. */
void text_write_name(const char *name, StringBuilder *out);
/* A label, as a string where the plain text would not read back. */
void text_write_words(const char *label, StringBuilder *out);
/* "  // label"; nothing where it is NULL. */
void text_write_label(const char *label, StringBuilder *out);
/* The shortest text that reads back as the same double. */
void text_write_real(double value, StringBuilder *out);
/* " {key=value, ..}": the attributes of `node` that are not zero; nothing where all are. */
void text_write_attrs(const Node *node, StringBuilder *out);
/* "f32[1,56,56,64]". */
void text_write_type(Type type, StringBuilder *out);

#endif
