/* Sizes: what is shipped, what a call takes, and what compiling took. */
#include "driver/report/sheet.h"

typedef struct Part {
  const char *name, *kind;
  double value;
  const char *shown;
} Part;

/* Bars that begin where the one above ends: parts of a whole. */
static void add_parts(Markup *m, const char *title, const Part *parts, uint32_t count) {
  double sum = 0, begin = 0;
  for (uint32_t i = 0; i < count; ++i) sum += parts[i].value;
  if (sum <= 0) return;
  markup_element(m, "h3", title, NULL);
  markup_open(m, "ul", "class", "parts", NULL);
  for (uint32_t i = 0; i < count; ++i) {
    if (parts[i].value <= 0) continue;
    markup_open(m, "li", NULL);
    markup_element(m, "span", parts[i].name, NULL);
    markup_element(m, "strong", parts[i].shown, NULL);
    markup_open(m, "b", NULL);
    markup_element(m, "i", "", "class", parts[i].kind, "style",
                   arena_printf(m->arena, "margin-left:%.2f%%;width:%.2f%%", 100 * begin / sum,
                                100 * parts[i].value / sum),
                   NULL);
    markup_close(m);
    markup_close(m);
    begin += parts[i].value;
  }
  markup_close(m);
}

static void add_column(Markup *m, const ReportColumn *c) {
  double whole = c->quantized_bytes, scratch = c->workspace_bytes - c->workspace_base;
  const Part shipped[] = {
      {"weights, f32 and f16", "product", c->weights_bytes - whole,
       sheet_bytes(m, c->weights_bytes - whole)},
      {"weights, int8", "rows", whole, sheet_bytes(m, whole)},
      {"code", "read", c->code_bytes, sheet_bytes(m, c->code_bytes)},
  };
  const Part taken[] = {
      {"arena: maps and a worker's scratch", "product", c->workspace_base,
       sheet_bytes(m, c->workspace_base)},
      {"scratch of the other threads", "rows", scratch, sheet_bytes(m, scratch)},
  };
  const Part times[] = {
      {"reading", "other", c->read_ms, sheet_ms(m, c->read_ms)},
      {"passes and plan", "normalize", c->passes_ms, sheet_ms(m, c->passes_ms)},
      {"code and weights", "reduce", c->emit_ms, sheet_ms(m, c->emit_ms)},
  };
  add_parts(m, "What is shipped", shipped, sizeof shipped / sizeof *shipped);
  add_parts(m, "Workspace of a call", taken, sizeof taken / sizeof *taken);
  add_parts(m, "Time of compiling", times, sizeof times / sizeof *times);
}

void section_sizes(Markup *m, const Sheet *sheet) {
  for (uint32_t i = 0; i < sheet->count; ++i) {
    const ReportColumn *column = sheet->columns[i].column;
    sheet_figure(m, sheet, &sheet->columns[i]);
    if (column->code_bytes <= 0) {
      sheet_nothing(m, "The report has no sizes.");
    } else {
      add_column(m, column);
    }
    markup_close(m);
  }
}
