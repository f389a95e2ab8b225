/* Reports: what is written reads back, and what others wrote is not believed. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "driver/report/model.h"

static Arena *arena;
static char *messages;
static size_t message_bytes;

static void begin(void) {
  arena = arena_new();
}
static void end(void) {
  arena_free(arena);
  free(messages);
  messages = NULL;
}
TestSuite(report, .init = begin, .fini = end);

/* Reads `text`; `messages` gets what was said. */
static Status parse(const char *text, ReportRoot *report) {
  FILE *stream = open_memstream(&messages, &message_bytes);
  Diag diag = {.stream = stream};
  Status status = report_parse(arena, &diag, "r.json", text, strlen(text), report);
  fclose(stream);
  return status;
}

static void refuse(const char *text, const char *message) {
  ReportRoot report;
  cr_assert_eq(parse(text, &report), STATUS_BAD_INPUT, "%s", text);
  cr_expect(strstr(messages, message) != NULL, "\"%s\" is not in: %s", message, messages);
  free(messages);
  messages = NULL;
}

Test(report, reads_back_what_it_wrote) {
  ReportRoot report = {.kind = "report",
                       .schema = REPORT_SCHEMA,
                       .model = "<script>\"'&\n",
                       .command = "atmc \xff\xc3\xa9"};
  ReportColumn column = {.shape = "1x3x8x8", .median_ms = 0.125};
  ReportPass pass = {.name = "join-linears", .nodes_after = 7};
  ReportRewrite rewrite = {"a, b", "x\n", "y\n"};
  REPORT_PUSH(arena, pass.rewrites, rewrite);
  REPORT_PUSH(arena, column.passes, pass);
  REPORT_PUSH(arena, column.passes, pass);
  REPORT_PUSH(arena, report.columns, column);
  ReportRoot read;
  const char *text = report_format(&report, arena);
  cr_assert_eq(parse(text, &read), STATUS_OK, "%s", messages);
  cr_expect_str_eq(read.model, report.model);
  cr_expect_str_eq(read.command, "atmc ?\xc3\xa9");
  cr_expect_str_eq(read.hash, "");
  cr_assert_eq(read.columns.count, 1u);
  cr_expect_eq(read.columns.items[0].median_ms, 0.125);
  cr_assert_eq(read.columns.items[0].passes.count, 2u);
  cr_expect_eq(read.columns.items[0].passes.items[1].nodes_after, 7);
  cr_expect_str_eq(read.columns.items[0].passes.items[1].rewrites.items[0].removed, "x\n");
  cr_expect_str_eq(report_format(&read, arena), text);
}

Test(report, reads_what_bench_wrote_as_one_column) {
  ReportRoot read;
  const char *text =
      "{\"kind\": \"bench\", \"schema\": 1, \"model\": \"m\", \"isa\": \"v9\", \"median_ms\": 2.5,"
      " \"new\": [], \"steps\": [{\"kernel\": \"k0\", \"ms\": 1, \"map_bytes\": 64}]}";
  cr_assert_eq(parse(text, &read), STATUS_OK, "%s", messages);
  cr_expect_str_eq(read.model, "m");
  cr_assert_eq(read.columns.count, 1u);
  const ReportColumn *column = &read.columns.items[0];
  cr_expect_str_eq(column->isa, "v9");
  cr_expect_str_eq(column->shape, "");
  cr_expect_eq(column->median_ms, 2.5);
  cr_assert_eq(column->steps.count, 1u);
  cr_expect_eq(column->steps.items[0].map_bytes, 64);
}

Test(report, refuses_what_is_none) {
  refuse("{\"kind\": \"report\"}", "schema 0; this atmc reads schema 1");
  refuse("{\"kind\": \"report\", \"schema\": 2}", "schema 2");
  refuse("{\"schema\": 1}", "neither");
  refuse("{\"kind\": \"report\", \"schema\": \"1\"}",
         "r.json:1:30: error: \"schema\" must be a number");
  refuse("{\"kind\": \"report\", \"schema\": 1, \"model\": 7}", "\"model\" must be a string");
  refuse("{\"kind\": \"report\", \"schema\": 1, \"columns\": {}}", "\"columns\" must be an array");
  refuse("{\"kind\": \"report\", \"schema\": 1, \"columns\": [0]}", "must be an object");
  refuse("[]", "must be an object");
  refuse("{", "r.json:1:");
}

Test(report, numbers_that_json_lacks_are_zero) {
  ReportRoot report = {.kind = "report", .schema = REPORT_SCHEMA}, read;
  ReportColumn column = {.median_ms = 1.0 / 0.0};
  REPORT_PUSH(arena, report.columns, column);
  cr_assert_eq(parse(report_format(&report, arena), &read), STATUS_OK, "%s", messages);
  cr_expect_eq(read.columns.items[0].median_ms, 0);
}
