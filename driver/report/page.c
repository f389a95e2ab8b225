/* The skeleton: styles, a head, the sections one behind the other, the script. */
#include "driver/report/page.h"

#include "driver/report/assets.h"
#include "driver/report/sheet.h"

static const struct PageSection {
  const char *id, *title;
  Section *write;
} sections[] = {
    {"summary", "Summary", section_summary},
    {"model", "Model", section_model},
    {"route", "Route", section_route},
    {"kernels", "Kernels", section_kernels},
    {"memory", "Memory", section_memory},
    {"timeline", "Timeline", section_timeline},
    {"accuracy", "Accuracy", section_accuracy},
    {"sizes", "Sizes", section_sizes},
    {"reproduce", "Reproduce", section_reproduce},
};
enum { SECTION_COUNT = sizeof sections / sizeof *sections, TITLE_MOST = 80 };

/* The policy lets nothing be loaded, whatever a name may hold. */
static void add_head(Markup *m, const char *title) {
  markup_raw(m, "<!DOCTYPE html>\n");
  markup_open(m, "html", "lang", "en", NULL);
  markup_open(m, "head", NULL);
  markup_raw(m,
             "<meta charset=\"utf-8\">\n"
             "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
             "<meta name=\"color-scheme\" content=\"light dark\">\n"
             "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; "
             "style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data:\">\n"
             "<link rel=\"icon\" href=\"data:,\">\n");
  markup_element(m, "title", title, NULL);
  markup_raw(m, "<style>\n");
  markup_raw(m, report_css);
  markup_raw(m, "</style>\n");
  markup_close(m);
}

static const char *subtitle(const Sheet *sheet) {
  const ReportRoot *report = sheet->report;
  const char *cpu = *report->cpu ? arena_printf(sheet->arena, " · %s", report->cpu) : "";
  if (sheet->count == 1) return arena_printf(sheet->arena, "%s%s", sheet->columns[0].title, cpu);
  return arena_printf(sheet->arena, "%u compilations side by side%s", (unsigned)sheet->count, cpu);
}

static void add_header(Markup *m, const Sheet *sheet, const char *model) {
  markup_open(m, "header", NULL);
  markup_element(m, "h1", model, NULL);
  markup_element(m, "p", subtitle(sheet), NULL);
  markup_open(m, "nav", "aria-label", "Sections", NULL);
  for (int i = 0; i < SECTION_COUNT; ++i) {
    markup_element(m, "a", sections[i].title, "href", arena_printf(m->arena, "#%s", sections[i].id),
                   NULL);
  }
  markup_close(m);
  markup_close(m);
}

static void add_sections(Markup *m, const Sheet *sheet) {
  markup_open(m, "main", "class", sheet->count > 1 ? "several" : NULL, NULL);
  for (int i = 0; i < SECTION_COUNT; ++i) {
    markup_open(m, "section", "id", sections[i].id, NULL);
    markup_element(m, "h2", sections[i].title, NULL);
    sections[i].write(m, sheet);
    markup_close(m);
  }
  markup_close(m);
}

const char *page_format(const ReportRoot *report, const ReportRoot *other, Arena *arena) {
  Markup m = markup_new(arena);
  Sheet sheet = sheet_new(report, other, arena);
  const char *model = markup_short(&m, report->model, TITLE_MOST);
  add_head(&m, arena_printf(arena, "%s, compiled by atmc", model));
  markup_open(&m, "body", NULL);
  add_header(&m, &sheet, model);
  add_sections(&m, &sheet);
  markup_element(&m, "footer", arena_printf(arena, "Written by %s.", report->compiler), NULL);
  markup_raw(&m, "<script>\n");
  markup_raw(&m, report_js);
  markup_raw(&m, "</script>\n");
  markup_close(&m);
  markup_close(&m);
  return markup_text_of(&m);
}
