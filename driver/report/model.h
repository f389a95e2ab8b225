/* The folder driver/report/ is what is said of a compilation: one data model (report.def), its
 * JSON, and one HTML page of it. It knows neither graphs nor plans; driver/ fills the model.
 *
 * The model: structs that report.def gives. Texts are never NULL; all of a report is in one arena.
 */
#ifndef ATMC_DRIVER_REPORT_MODEL_H
#define ATMC_DRIVER_REPORT_MODEL_H

#include <stddef.h>
#include <stdint.h>

#include "support/arena.h"
#include "support/diag.h"
#include "support/status.h"

/* Of report.def, and of what `bench --json` writes: another number is another meaning. Fields may
 * be added without one. */
enum { REPORT_SCHEMA = 1, REPORT_MAX_BYTES = 256 << 20 };

#define BEGIN(Record) typedef struct Report##Record {
#define NUMBER(Record, field) double field;
#define TEXT(Record, field) const char *field;
#define LIST(Record, Element, field) \
  struct {                           \
    Report##Element *items;          \
    uint32_t count, capacity;        \
  } field;
#define END(Record) \
  }                 \
  Report##Record;
/* clang-format off */
#include "driver/report/report.def"
/* clang-format on */

/* Appends `element` to a list of a record. */
#define REPORT_PUSH(arena, list, element) \
  ARENA_PUSH((arena), (list).items, (list).count, (list).capacity, (element))

/* The report as JSON, in `arena`. Numbers that JSON has no form for are null, and read as 0. */
const char *report_format(const ReportRoot *report, Arena *arena);
/* Reads a report, or what `bench --json` wrote, from untrusted `text` [bytes]; `path` is for
 * messages. Its strings are copies that hold UTF-8. */
MUST_CHECK Status report_parse(Arena *arena, Diag *diag, const char *path, const char *text,
                               size_t bytes, ReportRoot *report);

#endif
