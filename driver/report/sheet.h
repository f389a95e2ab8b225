/* What the sections of the page share: the columns to show, their colours, numbers as text. */
#ifndef ATMC_DRIVER_REPORT_SHEET_H
#define ATMC_DRIVER_REPORT_SHEET_H

#include "driver/report/markup.h"
#include "driver/report/model.h"

/* A column, and whose it is. */
typedef struct SheetColumn {
  const ReportColumn *column;
  const ReportRoot *report;
  const ReportColumn *base; /* of the first report, where this is its counterpart in the other */
  const char *title;        /* what tells it apart from the others */
} SheetColumn;

typedef struct Sheet {
  Arena *arena;
  const ReportRoot *report, *other; /* `other` may be NULL */
  SheetColumn *columns;
  uint32_t count;
} Sheet;

/* Those of `report`, then those of `other`. */
Sheet sheet_new(const ReportRoot *report, const ReportRoot *other, Arena *arena);

/* A section: each writes a heading and a figure or table for each column. */
typedef void Section(Markup *m, const Sheet *sheet);
Section section_summary, section_model, section_route, section_kernels, section_memory,
    section_timeline, section_accuracy, section_sizes, section_reproduce; /* section_NAME.c */

/* Begins a figure for a column, with its title where there are several; markup_close ends it. */
void sheet_figure(Markup *m, const Sheet *sheet, const SheetColumn *column);
/* Says in place of a figure why there is none. */
void sheet_nothing(Markup *m, const char *why);
/* A box of `width` by `height` units to draw in, as wide as the page allows; `label` says what it
 * shows. markup_close ends it. */
void sheet_svg(Markup *m, double width, double height, const char *label);
/* Text in a figure. `anchor`: start, middle or end. */
void sheet_label(Markup *m, double x, double y, const char *anchor, const char *text);
/* The colour class of a kernel by its stages. */
const char *sheet_kind(const char *stages);
/* The line that explains those colours. */
void sheet_legend(Markup *m);

/* "2.17 G", "61.4 MB", "0.52 ms", "43 %", in the arena. */
const char *sheet_count(const Markup *m, double value);
const char *sheet_bytes(const Markup *m, double bytes);  /* the same of bytes, by 1024 */
const char *sheet_ms(const Markup *m, double ms);        /* three digits that count */
const char *sheet_percent(const Markup *m, double part); /* of 1 */
typedef enum Better { BETTER_NEITHER, BETTER_LESS, BETTER_MORE } Better;
/* Marks by how much `value` differs from `base`, "+12 %", where that is more than `slack` of it. */
void sheet_mark(Markup *m, double value, double base, double slack, Better better);

#endif
