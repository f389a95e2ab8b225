#include "driver/report/page.h"
const char *page_format(const ReportRoot *report, const ReportRoot *other, Arena *arena) {
  (void)other;
  return report_format(report, arena);
}
