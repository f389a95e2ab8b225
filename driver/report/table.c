#include "driver/report/table.h"

#include <string.h>

static const char *const classes[] = {
    [TABLE_TEXT] = NULL, [TABLE_NUMBER] = "number", [TABLE_BAR] = "wide"};

void table_open(Markup *m, const TableHead *heads) {
  markup_open(m, "div", "class", "scroll", NULL);
  markup_open(m, "table", "class", "sortable", NULL);
  markup_open(m, "thead", NULL);
  markup_open(m, "tr", NULL);
  for (; heads->text; ++heads) {
    markup_element(m, "th", heads->text, "scope", "col", "class", classes[heads->kind], NULL);
  }
  markup_close(m);
  markup_close(m);
  markup_open(m, "tbody", NULL);
}

void table_close(Markup *m) {
  for (int i = 0; i < 3; ++i) markup_close(m);
}

void table_name(Markup *m, const char *name, uint32_t most) {
  const char *shown = markup_short(m, name, most);
  markup_element(m, "td", shown, "class", "name", "title", strcmp(shown, name) ? name : NULL, NULL);
}

void table_text(Markup *m, const char *text) {
  markup_element(m, "td", text, NULL);
}

void table_number(Markup *m, double value, const char *shown) {
  markup_element(m, "td", shown, "class", "number", "data-value",
                 arena_printf(m->arena, "%.9g", value), NULL);
}

void table_bar(Markup *m, double part, const char *shown, const char *kind) {
  double width = part < 0 ? 0 : part > 1 ? 1 : part;
  markup_open(m, "td", "class", "bar", "data-value", arena_printf(m->arena, "%.9g", part), NULL);
  markup_element(m, "span", shown, NULL);
  markup_open(m, "b", NULL);
  markup_element(m, "i", "", "class", kind, "style",
                 arena_printf(m->arena, "width:%.1f%%", 100 * width), NULL);
  markup_close(m);
  markup_close(m);
}
