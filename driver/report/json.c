/* The codec: rows of report.def, as tables, say where each field of a record is. */
#include <cjson/cJSON.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "driver/report/model.h"
#include "frontend/json_source.h"
#include "support/panic.h"
#include "support/utf8.h"

typedef enum FieldKind { FIELD_NUMBER, FIELD_TEXT, FIELD_LIST } FieldKind;

typedef struct Record Record;
typedef struct Field {
  const char *name;
  FieldKind kind;
  size_t offset;         /* into the record */
  const Record *element; /* of a list */
} Field;

struct Record {
  size_t bytes;
  const Field *fields;
  size_t field_count;
};

/* What every list of model.h has in memory. */
typedef struct List {
  void *items;
  uint32_t count, capacity;
} List;

#define BEGIN(Record) static const Field fields_of_##Record[] = {
#define FIELD(Record, field) .name = #field, .offset = offsetof(Report##Record, field)
#define NUMBER(Record, field) {FIELD(Record, field), .kind = FIELD_NUMBER},
#define TEXT(Record, field) {FIELD(Record, field), .kind = FIELD_TEXT},
#define LIST(Record, Element, field) \
  {FIELD(Record, field), .kind = FIELD_LIST, .element = &record_##Element},
#define END(Record_)                                \
  }                                                 \
  ;                                                 \
  static const Record record_##Record_ = {          \
      sizeof(Report##Record_), fields_of_##Record_, \
      sizeof fields_of_##Record_ / sizeof *fields_of_##Record_};
/* clang-format off */
#include "driver/report/report.def"
/* clang-format on */

/* -- writing ----------------------------------------------------------------------------------- */

static cJSON *format_record(const Record *record, const char *data, Arena *arena);

static cJSON *format_list(const Record *element, const char *data, Arena *arena) {
  List list;
  memcpy(&list, data, sizeof list);
  cJSON *array = cJSON_CreateArray();
  for (uint32_t i = 0; i < list.count; ++i) {
    const char *item = (const char *)list.items + i * element->bytes;
    cJSON_AddItemToArray(array, format_record(element, item, arena));
  }
  return array;
}

/* The command line may hold what is no UTF-8, which no JSON holds: '?' for each such byte. */
static cJSON *format_text(const char *data, Arena *arena) {
  const char *text;
  memcpy(&text, data, sizeof text);
  char *copy = arena_strdup(arena, text ? text : "");
  for (size_t i = 0, length = strlen(copy); i < length;) {
    size_t character = utf8_length(copy + i, length - i);
    if (!character) copy[i] = '?';
    i += character ? character : 1;
  }
  return cJSON_CreateString(copy);
}

static cJSON *format_number(const char *data) {
  double number;
  memcpy(&number, data, sizeof number);
  return isfinite(number) ? cJSON_CreateNumber(number) : cJSON_CreateNull();
}

static cJSON *format_record(const Record *record, const char *data, Arena *arena) {
  cJSON *object = cJSON_CreateObject();
  for (size_t i = 0; i < record->field_count; ++i) {
    const Field *field = &record->fields[i];
    const char *at = data + field->offset;
    cJSON *value = field->kind == FIELD_NUMBER ? format_number(at)
                   : field->kind == FIELD_TEXT ? format_text(at, arena)
                                               : format_list(field->element, at, arena);
    cJSON_AddItemToObject(object, field->name, value);
  }
  return object;
}

const char *report_format(const ReportRoot *report, Arena *arena) {
  cJSON *root = format_record(&record_Root, (const char *)report, arena);
  char *text = cJSON_PrintUnformatted(root);
  CHECK(text);
  const char *copy = arena_printf(arena, "%s\n", text);
  free(text);
  cJSON_Delete(root);
  return copy;
}

/* -- reading ----------------------------------------------------------------------------------- */

static Status parse_record(const JsonSource *source, const Record *record, const cJSON *object,
                           char *data);

static Status misfit(const JsonSource *source, const cJSON *item, const char *name,
                     const char *wanted) {
  return diag_error(source->diag, json_source_place(source, item), "\"%s\" must be %s", name,
                    wanted);
}

static Status parse_list(const JsonSource *source, const Field *field, const cJSON *array,
                         char *data) {
  if (!cJSON_IsArray(array)) return misfit(source, array, field->name, "an array");
  List list = {.count = (uint32_t)cJSON_GetArraySize(array)};
  list.capacity = list.count;
  char *items = arena_array(source->arena, list.count, field->element->bytes);
  const cJSON *item;
  char *at = items;
  cJSON_ArrayForEach(item, array) {
    RETURN_IF_ERROR(parse_record(source, field->element, item, at));
    at += field->element->bytes;
  }
  list.items = items;
  memcpy(data, &list, sizeof list);
  return STATUS_OK;
}

static Status parse_field(const JsonSource *source, const Field *field, const cJSON *item,
                          char *data) {
  if (field->kind == FIELD_LIST) {
    return item ? parse_list(source, field, item, data) : STATUS_OK;
  }
  if (field->kind == FIELD_NUMBER) {
    if (!item || cJSON_IsNull(item)) return STATUS_OK;
    if (!cJSON_IsNumber(item)) return misfit(source, item, field->name, "a number");
    memcpy(data, &item->valuedouble, sizeof item->valuedouble);
    return STATUS_OK;
  }
  if (item && !cJSON_IsString(item)) return misfit(source, item, field->name, "a string");
  const char *text = item ? arena_strdup(source->arena, item->valuestring) : "";
  memcpy(data, &text, sizeof text);
  return STATUS_OK;
}

static Status parse_record(const JsonSource *source, const Record *record, const cJSON *object,
                           char *data) {
  if (!cJSON_IsObject(object)) {
    return diag_error(source->diag, json_source_place(source, object), "must be an object");
  }
  for (size_t i = 0; i < record->field_count; ++i) {
    const Field *field = &record->fields[i];
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, field->name);
    RETURN_IF_ERROR(parse_field(source, field, item, data + field->offset));
  }
  return STATUS_OK;
}

/* What `bench --json` wrote is one column, with the model's name. */
static Status parse_bench(const JsonSource *source, ReportRoot *report) {
  ReportColumn *column = ARENA_NEW(source->arena, ReportColumn);
  report->columns.items = column;
  report->columns.count = report->columns.capacity = 1;
  return parse_record(source, &record_Column, source->root, (char *)column);
}

static bool is_kind(const ReportRoot *report, const char *kind) {
  return report->kind && strcmp(report->kind, kind) == 0;
}

static Status parse_root(const JsonSource *source, ReportRoot *report) {
  RETURN_IF_ERROR(parse_record(source, &record_Root, source->root, (char *)report));
  bool bench = is_kind(report, "bench");
  if (!bench && !is_kind(report, "report")) {
    return diag_error(source->diag, diag_file(source->file),
                      "neither `atmc report --json` nor `atmc bench --json` wrote this");
  }
  if (report->schema != REPORT_SCHEMA) {
    return diag_error(source->diag, diag_file(source->file), "schema %g; this atmc reads schema %d",
                      report->schema, REPORT_SCHEMA);
  }
  return bench ? parse_bench(source, report) : STATUS_OK;
}

Status report_parse(Arena *arena, Diag *diag, const char *path, const char *text, size_t bytes,
                    ReportRoot *report) {
  *report = (ReportRoot){0};
  JsonSource source = {
      .arena = arena, .diag = diag, .file = path, .text = text, .bytes = (uint32_t)bytes};
  Status status = json_source_parse(&source);
  if (!status) status = parse_root(&source, report);
  json_source_free(&source);
  return status;
}
