/* Route: what each pass made of the graph, and the graph before and behind all of them. */
#include <string.h>

#include "driver/report/sheet.h"

enum { NAMES_MOST = 120 };

/* "-26 layer_norm, +26 normalize": how many nodes of each op went or came. */
static const char *changes_text(const Markup *m, const ReportPass *pass) {
  StringBuilder text = {.arena = m->arena};
  for (uint32_t i = 0; i < pass->ops.count; ++i) {
    const ReportOpChange *op = &pass->ops.items[i];
    double more = op->after - op->before;
    string_builder_printf(&text, "%s%s%.0f %s", i ? ", " : "", more < 0 ? "−" : "+",
                          more < 0 ? -more : more, op->op);
  }
  return text.length ? string_builder_text(&text) : "the same ops";
}

static void add_rewrite(Markup *m, const ReportRewrite *rewrite) {
  const char *shown = markup_short(m, rewrite->layers, NAMES_MOST);
  const char *whole = strcmp(shown, rewrite->layers) ? rewrite->layers : NULL;
  markup_element(m, "h4", shown, "title", whole, NULL);
  markup_open(m, "pre", "tabindex", "0", NULL);
  if (*rewrite->removed) markup_element(m, "del", rewrite->removed, NULL);
  if (*rewrite->added) markup_element(m, "ins", rewrite->added, NULL);
  markup_close(m);
}

static void add_pass(Markup *m, const ReportPass *pass) {
  markup_open(m, "details", "class", "pass", NULL);
  markup_open(m, "summary", NULL);
  markup_element(m, "code", pass->name, NULL);
  const char *nodes =
      arena_printf(m->arena, "%.0f → %.0f nodes", pass->nodes_before, pass->nodes_after);
  markup_element(m, "span", nodes, "class", "nodes", NULL);
  markup_element(m, "span", changes_text(m, pass), "class", "changes", NULL);
  markup_close(m);
  markup_element(m, "p", arena_printf(m->arena, "%s (%s)", pass->summary, sheet_ms(m, pass->ms)),
                 NULL);
  for (uint32_t i = 0; i < pass->rewrites.count; ++i) add_rewrite(m, &pass->rewrites.items[i]);
  markup_close(m);
}

/* The passes of one half, those that changed nothing in a line of their own. */
static void add_part(Markup *m, const ReportColumn *column, const char *part, const char *title) {
  StringBuilder idle = {.arena = m->arena};
  markup_element(m, "h3", title, NULL);
  for (uint32_t i = 0; i < column->passes.count; ++i) {
    const ReportPass *pass = &column->passes.items[i];
    if (strcmp(pass->part, part) != 0) continue;
    if (pass->changed != 0) {
      add_pass(m, pass);
    } else {
      string_builder_printf(&idle, "%s%s", idle.length ? ", " : "", pass->name);
    }
  }
  if (!idle.length) return;
  markup_element(m, "p",
                 arena_printf(m->arena, "Nothing to do for %s.", string_builder_text(&idle)),
                 "class", "note", NULL);
}

static void add_listings(Markup *m, const ReportColumn *column) {
  markup_element(m, "h3", "As text", NULL);
  for (uint32_t i = 0; i < column->listings.count; ++i) {
    const ReportListing *listing = &column->listings.items[i];
    markup_open(m, "details", "class", "listing", NULL);
    markup_element(m, "summary", listing->title, NULL);
    markup_element(m, "pre", listing->text, "tabindex", "0", NULL);
    markup_close(m);
  }
}

void section_route(Markup *m, const Sheet *sheet) {
  for (uint32_t i = 0; i < sheet->count; ++i) {
    const ReportColumn *column = sheet->columns[i].column;
    sheet_figure(m, sheet, &sheet->columns[i]);
    if (column->passes.count == 0) {
      sheet_nothing(m, "The report has no passes.");
    } else {
      add_part(m, column, "once", "Once for all resolutions");
      add_part(m, column, "resolution", "For this resolution");
      add_listings(m, column);
    }
    markup_close(m);
  }
}
