/* Reproduce: what was typed, with what, on what. */
#include "driver/report/sheet.h"

static void add(Markup *m, const char *name, const char *value, const char *tag) {
  if (!value || !*value) return;
  markup_element(m, "dt", name, NULL);
  markup_open(m, "dd", NULL);
  markup_element(m, tag, value, NULL);
  markup_close(m);
}

static void add_report(Markup *m, const ReportRoot *report) {
  markup_open(m, "dl", "class", "facts", NULL);
  add(m, "command", report->command, "code");
  add(m, "compiler", report->compiler, "span");
  add(m, "model and weights", report->hash, "code");
  add(m, "CPU", report->cpu, "span");
  add(m, "schema", arena_printf(m->arena, "%s %g", report->kind, report->schema), "span");
  markup_close(m);
}

void section_reproduce(Markup *m, const Sheet *sheet) {
  add_report(m, sheet->report);
  if (!sheet->other) return;
  markup_element(m, "h3", "The other report", NULL);
  add_report(m, sheet->other);
}
