/* atmc report: what the compiler did to a model, and how it runs here, on one page; or the page of
 * a report that was written as JSON. */
#include <string.h>

#include "driver/commands.h"
#include "driver/gather.h"
#include "driver/model_hash.h"
#include "driver/output.h"
#include "driver/report/page.h"
#include "support/atomic_file.h"

/* What a command line asks for: columns for each instruction set and each resolution. */
typedef struct Request {
  const Options *options;
  Arena *arena;
  Diag *diag;
  ReportRoot *report;
  bool stopped; /* by --stop-after */
} Request;

/* A CompilationUse. What is the same for all columns is written each time. */
static Status gather(Compilation *c, void *context) {
  Request *request = context;
  ReportRoot *report = request->report;
  ReportColumn column;
  RETURN_IF_ERROR(gather_column(c, &column));
  request->stopped = c->stopped;
  if (c->stopped) return STATUS_OK;
  report->model = c->model->name;
  report->hash =
      arena_printf(c->arena, "%016llx", (unsigned long long)model_hash(c->model, c->weights));
  REPORT_PUSH(c->arena, report->columns, column);
  return STATUS_OK;
}

/* One resolution for one instruction set, as if nothing else was asked for. */
static Status add_column(Request *request, const char *isa, Shape shape) {
  Options *options = ARENA_NEW(request->arena, Options);
  *options = *request->options;
  options->isa = isa;
  options->shape = shapes_format(shape, request->arena);
  return compilation_with_context(options, request->arena, request->diag, gather, request);
}

static Status add_resolutions(Request *request, const char *isa, const ShapeList *shapes) {
  for (uint32_t i = 0; i < shapes->count && !request->stopped; ++i) {
    RETURN_IF_ERROR(add_column(request, isa, shapes->items[i]));
  }
  return STATUS_OK;
}

/* Whether `name`, of `length` bytes, stands in the list before it. */
static bool is_named_before(const char *list, const char *name, size_t length) {
  for (const char *at = list; at < name; at += strcspn(at, ",") + 1) {
    if (strcspn(at, ",") == length && strncmp(at, name, length) == 0) return true;
  }
  return false;
}

static Status gather_report(Request *request) {
  const Options *options = request->options;
  ShapeList shapes;
  if (!options->weights || !options->shape) {
    return diag_usage_error(request->diag,
                            "atmc report needs --weights=FILE and --shape=NxCxHxW, "
                            "or neither, for a report as JSON");
  }
  RETURN_IF_ERROR(shapes_parse(options->shape, SHAPES_MAX, request->arena, request->diag, &shapes));
  *request->report = (ReportRoot){.kind = "report",
                                  .schema = REPORT_SCHEMA,
                                  .compiler = "atmc " ATMC_VERSION,
                                  .cpu = target_host_cpu(request->arena),
                                  .command = options->line};
  if (!options->isa) return add_resolutions(request, NULL, &shapes);
  for (const char *isa = options->isa; isa && !request->stopped;) {
    size_t length = strcspn(isa, ",");
    if (is_named_before(options->isa, isa, length)) {
      return diag_usage_error(request->diag, "--isa: %.*s is named twice", (int)length, isa);
    }
    RETURN_IF_ERROR(add_resolutions(request, arena_strndup(request->arena, isa, length), &shapes));
    isa = isa[length] ? isa + length + 1 : NULL;
  }
  return STATUS_OK;
}

static Status read_report(Request *request, const char *path, ReportRoot *report) {
  char *text;
  size_t bytes;
  RETURN_IF_ERROR(
      atomic_file_read(request->arena, request->diag, path, REPORT_MAX_BYTES, &text, &bytes));
  return report_parse(request->arena, request->diag, path, text, bytes, report);
}

Status cmd_report(const Options *options, Arena *arena, Diag *diag) {
  ReportRoot report = {0}, other = {0};
  Request request = {.options = options, .arena = arena, .diag = diag, .report = &report};
  if (options->output) RETURN_IF_ERROR(output_check(options, arena, diag, options->output));
  if (options->compare) RETURN_IF_ERROR(read_report(&request, options->compare, &other));
  if (options->weights || options->shape) {
    RETURN_IF_ERROR(gather_report(&request));
  } else {
    RETURN_IF_ERROR(read_report(&request, options->argument, &report));
  }
  if (request.stopped) return STATUS_OK;
  const char *text = options->json ? report_format(&report, arena)
                                   : page_format(&report, options->compare ? &other : NULL, arena);
  return output_text(arena, diag, options->output, text);
}
