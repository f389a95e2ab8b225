/* Tables that can be sorted by a click on a head, where scripts run. */
#ifndef ATMC_DRIVER_REPORT_TABLE_H
#define ATMC_DRIVER_REPORT_TABLE_H

#include "driver/report/sheet.h"

typedef enum TableKind { TABLE_TEXT, TABLE_NUMBER, TABLE_BAR } TableKind;

typedef struct TableHead {
  const char *text; /* NULL behind the last */
  TableKind kind;
} TableHead;

/* Characters of a layer's name that a cell shows. */
enum { TABLE_NAME_MOST = 44 };

/* Begins a table with these heads; rows (tr) follow. */
void table_open(Markup *m, const TableHead *heads);
/* Ends it. */
void table_close(Markup *m);

/* Cells. A name that is longer than `most` characters is cut, and shown whole on hovering. */
void table_name(Markup *m, const char *name, uint32_t most);
void table_text(Markup *m, const char *text);                  /* as it is */
void table_number(Markup *m, double value, const char *shown); /* sorted by `value` */
/* A bar of `part` (0 to 1) of the cell in the colour of `kind`, with its number. */
void table_bar(Markup *m, double part, const char *shown, const char *kind);

#endif
