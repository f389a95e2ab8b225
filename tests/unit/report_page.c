/* The page: a golden picture of a tiny plan, texts on hovering, and hostile names. */
#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "driver/report/axis.h"
#include "driver/report/page.h"
#include "driver/report/sheet.h"
#include "driver/report/table.h"
#include "support/atomic_file.h"

static Arena *arena;

static void begin(void) {
  arena = arena_new();
}
static void end(void) {
  arena_free(arena);
}
TestSuite(report_page, .init = begin, .fini = end);

/* Two steps: a map that both see, one that the second makes, and the scratch of the first. */
static ReportRoot tiny_report(const char *layer) {
  ReportRoot report = {.kind = "report",
                       .schema = REPORT_SCHEMA,
                       .model = layer,
                       .compiler = "atmc",
                       .cpu = "cpu",
                       .command = "atmc report tiny.json",
                       .hash = "00"};
  ReportColumn column = {.shape = "1x3x8x8",
                         .isa = "x86-64-v4",
                         .threads = 1,
                         .macs = 1000,
                         .workspace_base = 3 << 20,
                         .live_peak = 2 << 20,
                         .peak_gflops = 100,
                         .bandwidth_gbs = 10,
                         .code_bytes = 1,
                         .peak_of = "",
                         .weights = ""};
  const ReportStep steps[] = {{.kernel = "k0_linear",
                               .label = layer,
                               .ms = 1,
                               .macs = 1e6,
                               .map_bytes = 1e5,
                               .peak_of = "f32",
                               .stages = "product",
                               .tiles = "14x32"},
                              {.kernel = "k1_softmax",
                               .label = "head",
                               .ms = 0.5,
                               .map_bytes = 1e5,
                               .peak_of = "-",
                               .stages = "rows",
                               .tiles = ""}};
  const ReportBuffer buffers[] = {
      {.name = "map", .label = layer, .offset = 0, .bytes = 1 << 20, .first = 0, .last = 1},
      {.name = "scratch", .label = layer, .scratch = 1, .offset = 2 << 20, .bytes = 1 << 20},
      {.name = "answer",
       .label = "head",
       .offset = 1 << 20,
       .bytes = 1 << 19,
       .first = 1,
       .last = 1}};
  for (int i = 0; i < 2; ++i) REPORT_PUSH(arena, column.steps, steps[i]);
  for (int i = 0; i < 3; ++i) REPORT_PUSH(arena, column.buffers, buffers[i]);
  ReportLayer row = {.name = layer, .output = "1x8x8x4", .macs = 1000};
  REPORT_PUSH(arena, column.layers, row);
  ReportSpan span = {.step = 0, .tasks = 4, .end_ms = 1};
  REPORT_PUSH(arena, column.spans, span);
  ReportCheck check = {
      .kernel = "k0_linear", .label = layer, .relative = 1e-7, .bound = 2e-6, .holds = 1};
  REPORT_PUSH(arena, column.checks, check);
  ReportPass pass = {.name = "join-linears", .summary = "joins", .part = "once", .changed = 1};
  ReportRewrite rewrite = {layer, "linear\n", "packed_linear\n"};
  REPORT_PUSH(arena, pass.rewrites, rewrite);
  REPORT_PUSH(arena, column.passes, pass);
  ReportListing listing = {layer, layer};
  REPORT_PUSH(arena, column.listings, listing);
  REPORT_PUSH(arena, report.columns, column);
  return report;
}

static uint32_t count_of(const char *text, const char *part) {
  uint32_t count = 0;
  for (; (text = strstr(text, part)); text += strlen(part)) ++count;
  return count;
}

/* With ATMC_BLESS set, the expected file is written instead, to be read in review. */
Test(report_page, memory_of_a_tiny_plan_is_the_expected_picture) {
  const char *path = ATMC_SOURCE_DIR "/tests/unit/report_memory.expected";
  ReportRoot report = tiny_report("blocks.0");
  Sheet sheet = sheet_new(&report, NULL, arena);
  Markup m = markup_new(arena);
  section_memory(&m, &sheet);
  const char *got = markup_text_of(&m);
  if (getenv("ATMC_BLESS")) {
    FILE *file = fopen(path, "w");
    cr_assert(file);
    fputs(got, file);
    fclose(file);
  }
  char *expected;
  size_t bytes;
  Diag diag = {.stream = stderr};
  cr_assert_eq(atomic_file_read(arena, &diag, path, 1 << 20, &expected, &bytes), STATUS_OK);
  cr_expect_str_eq(got, expected);
}

Test(report_page, boxes_points_and_bars_have_texts_to_hover) {
  ReportRoot report = tiny_report("blocks.0");
  const char *page = page_format(&report, NULL, arena);
  cr_expect_eq(count_of(page, "<title>"), 1u + 3 + 1 + 1 + 1); /* the page's own among them */
  cr_expect(strstr(page, "<title>map\nblocks.0\n1.00 MB at 0 B, steps 0 to 1</title>"));
  cr_expect(strstr(page, "<title>k0_linear: 1.00 ms, 67 % of the time\n"));
  cr_expect(strstr(page, "off by 1e-07 of the largest value"));
  cr_expect_eq(count_of(page, "<svg"), 4u);
}

Test(report_page, hostile_names_stay_text) {
  static const char override[] = {(char)0xe2, (char)0x80, (char)0xae, 0}; /* U+202E */
  const char *hostile = arena_printf(
      arena, "</title><script>alert(1)</script>\" onload='x' &amp; \x1b[31m %s", override);
  ReportRoot report = tiny_report(hostile);
  const char *page = page_format(&report, NULL, arena);
  cr_expect_eq(count_of(page, "<script>"), 1u); /* ours */
  cr_expect_eq(count_of(page, "alert(1)"), count_of(page, "&lt;script&gt;alert(1)"));
  cr_expect_eq(count_of(page, "\" onload"), 0u);
  cr_expect_eq(count_of(page, "'x'"), 0u);
  cr_expect_eq(count_of(page, "\x1b"), 0u);
  cr_expect_eq(count_of(page, override), 0u);
  cr_expect(count_of(page, "&amp;amp;") > 0);
  cr_expect_eq(count_of(page, "http:"), 0u);
  cr_expect_eq(count_of(page, "https:"), 0u);
}

Test(report_page, long_names_are_cut_where_they_are_shown) {
  enum { LENGTH = 10000 };
  char *name = arena_alloc(arena, LENGTH + 1);
  memset(name, 'n', LENGTH);
  ReportRoot report = tiny_report(name);
  const char *page = page_format(&report, NULL, arena);
  cr_expect(strstr(page, "nnn…</h1>"));
  cr_expect_lt(strlen(page), 150000u);
}

Test(report_page, the_other_report_is_marked) {
  ReportRoot report = tiny_report("a"), other = tiny_report("a");
  ReportColumn *column = &other.columns.items[0];
  column->macs = 1100;
  column->steps.items[0].ms = 2;
  column->steps.items[1].kernel = "k1_other";
  const char *page = page_format(&report, &other, arena);
  cr_expect(strstr(page, "1.10 k <span class=\"mark\">+10 %</span>"));
  cr_expect(strstr(page, "2.00 ms <span class=\"mark worse\">+100 %</span>"));
  cr_expect(strstr(page, "<span class=\"mark\">new</span>"));
  cr_expect_eq(count_of(page, "<figcaption>this: 1x3x8x8"), count_of(page, "<figcaption>other: "));
  cr_expect_eq(count_of(page_format(&report, &report, arena), "<span class=\"mark"), 0u);
}

Test(report_page, a_report_of_nothing_has_a_page) {
  ReportRoot report = {
      .model = "", .cpu = "", .compiler = "", .hash = "", .kind = "report", .command = ""};
  ReportColumn column = {.shape = "", .isa = ""};
  REPORT_PUSH(arena, report.columns, column);
  cr_expect(strstr(page_format(&report, NULL, arena), "class=\"nothing\""));
}

/* Such as a bench without --profile, or for another machine. */
Test(report_page, what_took_no_time_has_dashes) {
  ReportRoot report = tiny_report("a");
  ReportColumn *column = &report.columns.items[0];
  for (uint32_t i = 0; i < 2; ++i) column->steps.items[i].ms = 0;
  column->spans.count = 0;
  const char *page = page_format(&report, NULL, arena);
  cr_expect(strstr(page, "No times: this machine does not run that code.<"));
  cr_expect(strstr(page, "No times: this machine does not run that code, or nobody took them."));
  cr_expect(strstr(page, "data-value=\"0\">–</td>"));
  cr_expect_eq(count_of(page, "nan"), 0u);
  cr_expect_eq(count_of(page, "inf"), 0u);
  column->steps.items[0].ms = 1;
  column->peak_gflops = 0;
  cr_expect(strstr(page_format(&report, NULL, arena), "No times: this machine does not run"));
}

Test(report_page, what_multiplies_nothing_or_reads_nothing_is_no_point) {
  ReportRoot report = tiny_report("a");
  ReportStep *steps = report.columns.items[0].steps.items;
  cr_expect(strstr(page_format(&report, NULL, arena), "1 kernels that multiply nothing take 33 %"));
  steps[0].map_bytes = 0;
  cr_expect(
      strstr(page_format(&report, NULL, arena), "2 kernels that multiply nothing take 100 %"));
  steps[0].map_bytes = 1e5, steps[1].macs = 1e5;
  cr_expect_eq(count_of(page_format(&report, NULL, arena), "multiply nothing"), 0u);
}

Test(report_page, errors_beyond_the_bound_are_marked) {
  ReportRoot report = tiny_report("a");
  ReportCheck *check = &report.columns.items[0].checks.items[0];
  *check = (ReportCheck){.kernel = "k0_linear",
                         .label = "a",
                         .relative = (double)INFINITY,
                         .bound = 2e-6,
                         .quantized = 1,
                         .decibels = 12.5};
  const char *page = page_format(&report, NULL, arena);
  cr_expect(strstr(page, "class=\"fails\""));
  cr_expect(strstr(page, ", 12.5 dB: beyond the bound"));
  cr_expect(strstr(page, "1 of 1 steps are beyond it."));
  cr_expect_eq(count_of(page, "class=\"holds\""), 0u);
}

/* Files of --compare may say anything. */
Test(report_page, steps_and_workers_that_are_none_are_not_drawn) {
  ReportRoot report = tiny_report("a");
  ReportColumn *column = &report.columns.items[0];
  uint32_t shown = count_of(page_format(&report, NULL, arena), "tasks</title>");
  ReportSpan spans[] = {{.step = -1, .tasks = 4, .end_ms = 1},
                        {.step = 2, .tasks = 4, .end_ms = 1},
                        {.worker = 1e9, .tasks = 4, .end_ms = 1}};
  for (int i = 0; i < 3; ++i) REPORT_PUSH(arena, column->spans, spans[i]);
  column->buffers.items[0].first = -1;
  column->buffers.items[2].first = 9;
  const char *page = page_format(&report, NULL, arena);
  cr_expect_eq(shown, 1u);
  cr_expect_eq(count_of(page, "tasks</title>"), shown);
  cr_expect(strstr(page, "class=\"other\" x="));
  column->workspace_base = 0;
  cr_expect_eq(count_of(page_format(&report, NULL, arena), "<title>map"), 0u);
}

Test(report_page, numbers_have_units_that_fit) {
  Markup m = markup_new(arena);
  cr_expect_str_eq(sheet_ms(&m, 12345), "12.3 s");
  cr_expect_str_eq(sheet_ms(&m, 0.05), "50.0 µs");
  cr_expect_str_eq(sheet_count(&m, 2.5), "2.50");
  cr_expect_str_eq(sheet_count(&m, 1e18), "1000000 T");
  cr_expect_str_eq(sheet_bytes(&m, 999), "999 B");
  cr_expect_str_eq(sheet_percent(&m, 0.5), "50 %");
  cr_expect_str_eq(markup_number(&m, -0.001), "0");
  cr_expect_str_eq(markup_number(&m, (double)INFINITY), "0");
}

Test(report_page, only_what_differs_is_marked) {
  Markup m = markup_new(arena);
  sheet_mark(&m, 1, 1, 0, BETTER_LESS);
  sheet_mark(&m, 1, 0, 0, BETTER_LESS);
  sheet_mark(&m, 1.04, 1, 0.05, BETTER_LESS);
  cr_expect_str_eq(markup_text_of(&m), "");
  sheet_mark(&m, 0.5, 1, 0.05, BETTER_LESS);
  cr_expect(strstr(markup_text_of(&m), "class=\"mark better\">-50 %<"));
}

Test(report_page, bars_end_where_their_cell_does) {
  Markup m = markup_new(arena);
  table_bar(&m, -1, "", "rows");
  table_bar(&m, 7, "", "rows");
  cr_expect_eq(count_of(markup_text_of(&m), "width:0.0%"), 1u);
  cr_expect_eq(count_of(markup_text_of(&m), "width:100.0%"), 1u);
}

Test(report_page, ticks_are_round) {
  double ticks[AXIS_MAX_TICKS];
  Axis axis = {0, 4.2, 0, 100, false};
  cr_assert_eq(axis_ticks(&axis, 5, ticks), 5u);
  cr_expect_eq(ticks[0], 0);
  cr_expect_eq(ticks[4], 4);
  axis = (Axis){0.7, 300, 0, 100, true};
  cr_assert_eq(axis_ticks(&axis, 8, ticks), 3u);
  cr_expect_float_eq(ticks[2], 100, 1e-9);
  axis = (Axis){4, 60, 0, 100, true};
  cr_expect_eq(axis_ticks(&axis, 8, ticks), 4u); /* 5 10 20 50 */
  axis = (Axis){0, 1, 0, 100, true};
  cr_expect_eq(axis_ticks(&axis, 8, ticks), 0u);
  axis = (Axis){1, (double)INFINITY, 0, 100, true};
  cr_expect_eq(axis_ticks(&axis, 8, ticks), 0u);
  axis = (Axis){0, 10, 0, 100, false};
  cr_expect_eq(axis_ticks(&axis, 10, ticks), 11u); /* each a step of 1 */
  axis = (Axis){0, 20, 0, 100, false};
  cr_expect_eq(axis_ticks(&axis, 20, ticks), (uint32_t)AXIS_MAX_TICKS);
  axis = (Axis){1, 200, 0, 100, true};
  cr_expect_eq(axis_ticks(&axis, AXIS_MAX_TICKS, ticks), 8u); /* 1 2 5 10 20 50 100 200 */
  axis = (Axis){1, 1e12, 0, 100, true};
  cr_expect_eq(axis_ticks(&axis, AXIS_MAX_TICKS, ticks), (uint32_t)AXIS_MAX_TICKS); /* not 13 */
}
