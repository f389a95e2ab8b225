#include "support/diag.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "support/panic.h"

typedef struct Capture {
  Diag diag;
  char *text;
  size_t length;
} Capture;

static void capture_begin(Capture *capture) {
  *capture = (Capture){0};
  capture->diag.stream = open_memstream(&capture->text, &capture->length);
}

static void capture_expect(Capture *capture, const char *expected) {
  fclose(capture->diag.stream);
  cr_assert_str_eq(capture->text, expected);
  free(capture->text);
}

Test(diag, errors_name_the_place_and_are_counted) {
  Capture c;
  capture_begin(&c);
  cr_assert_eq(diag_error(&c.diag, diag_file("w.safetensors"), "shape [%d]", 3), STATUS_BAD_INPUT);
  cr_assert_eq(diag_io_error(&c.diag, diag_file("out.o"), "no space"), STATUS_IO);
  cr_assert_eq(diag_usage_error(&c.diag, "unknown option"), STATUS_USAGE);
  cr_assert_eq(diag_error(&c.diag, (Position){"m.json", 12, 7, NULL}, "bad"), STATUS_BAD_INPUT);
  diag_warning(&c.diag, diag_file("m.json"), "odd");
  cr_assert_eq(c.diag.errors, 4);
  cr_assert_eq(c.diag.warnings, 1);
  capture_expect(&c,
                 "w.safetensors: error: shape [3]\nout.o: error: no space\n"
                 "atmc: error: unknown option\nm.json:12:7: error: bad\nm.json: warning: odd\n");
}

Test(diag, no_stream_counts_only) {
  Diag diag = {0};
  cr_assert_eq(diag_error(&diag, diag_file("a"), "b"), STATUS_BAD_INPUT);
  cr_assert_eq(diag.errors, 1);
}

Test(diag, control_characters_are_made_visible) {
  Capture c;
  capture_begin(&c);
  diag_error(&c.diag, diag_file("m.json"), "key \"%s\"", "a\x1b[2J\nb");
  capture_expect(&c, "m.json: error: key \"a\\x1b[2J\\x0ab\"\n");
}

typedef struct CaretCase {
  const char *text;
  uint32_t line, column;
  const char *expected; /* below the message */
} CaretCase;

static const CaretCase caret_cases[] = {
    {"{\n  \"opp\": 1\n}", 2, 3, "    \"opp\": 1\n    ^\n"},
    {"\tx", 1, 2, "          x\n          ^\n"},
    {"a\tx", 1, 3, "  a       x\n          ^\n"},
    {"\xc3\xa4 x", 1, 4, "  \xc3\xa4 x\n    ^\n"},
    {"ab\r\n", 1, 3, "  ab\n    ^\n"},
    {"ab", 1, 99, "  ab\n    ^\n"},
    {"ab", 1, 0, ""},
    {"ab", 5, 1, ""},
    {"", 1, 1, "  \n  ^\n"},
    {"a\x1b[2J", 1, 1, "  a?[2J\n  ^\n"},
    /* NOLINTNEXTLINE(misc-misleading-bidirectional): such text is what is tested */
    {"\xc2\x9b\xe2\x80\xaex", 1, 6, "  ??x\n    ^\n"},
};

Test(diag, the_line_is_shown_with_a_caret) {
  for (size_t i = 0; i < sizeof caret_cases / sizeof *caret_cases; ++i) {
    const CaretCase *t = &caret_cases[i];
    Capture c;
    char expected[200];
    capture_begin(&c);
    diag_error(&c.diag, (Position){"f", t->line, t->column, t->text}, "m");
    snprintf(expected, sizeof expected, "f:%u:%u: error: m\n%s", t->line, t->column, t->expected);
    capture_expect(&c, expected);
  }
}

Test(diag, of_a_long_line_the_part_around_the_column_is_shown) {
  char text[100001];
  memset(text, 'x', sizeof text - 1);
  text[sizeof text - 1] = 0;
  text[50000] = '!';
  Capture c;
  capture_begin(&c);
  diag_error(&c.diag, (Position){"f", 1, 50001, text}, "m");
  fclose(c.diag.stream);
  cr_assert_lt(c.length, 300);
  const char *line = strchr(c.text, '\n') + 1;
  const char *caret_line = strchr(line, '\n') + 1;
  cr_assert_eq(strchr(line, '!') - line, strchr(caret_line, '^') - caret_line);
  free(c.text);
}

Test(panic, ends_with_its_own_code, .exit_code = PANIC_EXIT_CODE) {
  CHECK(1 + 1 == 3);
}
