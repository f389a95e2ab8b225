/* Model: its layers, what each gives, and what it costs. */
#include "driver/report/table.h"

static const TableHead heads[] = {
    {"layer", TABLE_TEXT},           {"output", TABLE_TEXT}, {"parameters", TABLE_NUMBER},
    {"multiply-adds", TABLE_NUMBER}, {"share", TABLE_BAR},   {NULL, TABLE_TEXT},
};

static void add_rows(Markup *m, const ReportColumn *column) {
  for (uint32_t i = 0; i < column->layers.count; ++i) {
    const ReportLayer *layer = &column->layers.items[i];
    double part = column->macs > 0 ? layer->macs / column->macs : 0;
    markup_open(m, "tr", NULL);
    table_name(m, layer->name, TABLE_NAME_MOST);
    table_text(m, layer->output);
    table_number(m, layer->parameters, sheet_count(m, layer->parameters));
    table_number(m, layer->macs, sheet_count(m, layer->macs));
    table_bar(m, part, sheet_percent(m, part), layer->int8_macs > 0 ? "rows" : "product");
    markup_close(m);
  }
}

void section_model(Markup *m, const Sheet *sheet) {
  for (uint32_t i = 0; i < sheet->count; ++i) {
    const ReportColumn *column = sheet->columns[i].column;
    sheet_figure(m, sheet, &sheet->columns[i]);
    if (column->layers.count == 0) {
      sheet_nothing(m, "The report has no layers.");
    } else {
      table_open(m, heads);
      add_rows(m, column);
      table_close(m);
    }
    markup_close(m);
  }
}
