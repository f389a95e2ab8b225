/* RFC 8259 rule by rule: every text of a table, alone and inside of others, is accepted or refused;
 * what is accepted is read as the value that it says. */
#include "frontend/json_scan.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

/* A value, and what surrounds it. */
typedef struct Frame {
  const char *before, *behind;
} Frame;
static const Frame frames[] = {
    {"", ""}, {" \t\r\n", "\n"}, {"[", "]"}, {"[0,", ",0]"}, {"{\"a\":", "}"}, {"[[[", "]]]"},
};
enum { FRAMES = sizeof frames / sizeof *frames };

typedef struct StringRow {
  const char *text, *value;
} StringRow;
static const StringRow strings[] = {
    {"\"\"", ""},
    {"\" \"", " "},
    {"\"a\"", "a"},
    {"\"\\\"\"", "\""},
    {"\"\\\\\"", "\\"},
    {"\"\\/\"", "/"},
    {"\"/\"", "/"},
    {"\"\\b\\f\\n\\r\\t\"", "\b\f\n\r\t"},
    {"\"\\u0001\"", "\x01"},
    {"\"\\u0041\"", "A"},
    {"\"\\u00e9\\u00E9\"", "\xC3\xA9\xC3\xA9"},
    {"\"\\u20AC\"", "\xE2\x82\xAC"},
    {"\"\\uD834\\uDD1E\"", "\xF0\x9D\x84\x9E"},
    {"\"\\udbff\\udfff\"", "\xF4\x8F\xBF\xBF"},
    {"\"\\uFFFF\"", "\xEF\xBF\xBF"},
    {"\"\x7F\"", "\x7F"},
    {"\"\xC2\x80\"", "\xC2\x80"},
    {"\"\xED\x9F\xBF\"", "\xED\x9F\xBF"},
    {"\"\xF4\x8F\xBF\xBF\"", "\xF4\x8F\xBF\xBF"},
    {"\"[1,{'}]\"", "[1,{'}]"},
    {"\"\\\\u0041\"", "\\u0041"},
};

typedef struct NumberRow {
  const char *text;
  double value;
} NumberRow;
static const NumberRow numbers[] = {
    {"0", 0},
    {"-0", -0.0},
    {"7", 7},
    {"-7", -7},
    {"10", 10},
    {"1.5", 1.5},
    {"-0.25", -0.25},
    {"0.0", 0},
    {"1e2", 100},
    {"1E2", 100},
    {"1e+2", 100},
    {"1e-2", 0.01},
    {"12.5e01", 125},
    {"0e0", 0},
    {"9007199254740993", 9007199254740992.0},
    {"0.1", 0.1},
    {"1e-400", 0},
    {"2.2250738585072014e-308", 2.2250738585072014e-308},
    {"1.7976931348623157e308", 1.7976931348623157e308},
};

static const char *const others[] = {
    "true",
    "false",
    "null",
    "[]",
    "{}",
    "[ ]",
    "{ }",
    "[1 , 2]",
    "{\"a\" : 1 , \"b\" : 2}",
    "{\"\":0}",
    "[[],[[]]]",
    "{\"a\":{\"a\":{}}}",
    "{\"\\u0061b\":1,\"a\":2}",
};

/* None of them makes a text, in any frame. */
static const char *const wrong[] = {
    "",
    ",",
    ":",
    "1,",
    ",1",
    "1 2",
    "[",
    "{",
    "[1",
    "{\"a\":1",
    "[1,]",
    "[,1]",
    "[1,,2]",
    "{\"a\"}",
    "{\"a\":}",
    "{\"a\",}",
    "{1:2}",
    "{a:1}",
    "{'a':1}",
    "{\"a\":1,}",
    "{,\"a\":1}",
    "{\"a\" 1}",
    "{null:1}",
    "[1}",
    "{\"a\":1]",
    "{\"a\"::1}",
    "[1:2]",
    "{\"a\":1:2}",
    "01",
    "-01",
    "00",
    "+1",
    "-",
    "--1",
    ".5",
    "-.5",
    "1.",
    "1.e2",
    "1e",
    "1e+",
    "1e-",
    "1e1.5",
    "1ee2",
    "0x1",
    "0b1",
    "1_000",
    "1f",
    "Infinity",
    "-Infinity",
    "NaN",
    "nan",
    "inf",
    "\xEF\xBC\x91",
    "True",
    "FALSE",
    "nul",
    "nulll",
    "tru",
    "truefalse",
    "undefined",
    "'a'",
    "\"",
    "\"a",
    "a\"",
    "\"\\\"",
    "\"\\a\"",
    "\"\\x41\"",
    "\"\\0\"",
    "\"\\'\"",
    "\"\\u\"",
    "\"\\u12\"",
    "\"\\u12G4\"",
    "\"\\U0041\"",
    "\"\\u0000\"",
    "\"\\uD800\"",
    "\"\\uDC00\"",
    "\"\\uD800\\uD800\"",
    "\"\\uDC00\\uD800\"",
    "\"\\uD800x\"",
    "\"\\uD800\\n\"",
    "\"\n\"",
    "\"\t\"",
    "\"\r\"",
    "\"\x01\"",
    "\"\x1F\"",
    "\"\x80\"",
    "\"\xC0\x80\"",
    "\"\xC1\xBF\"",
    "\"\xE0\x80\x80\"",
    "\"\xED\xA0\x80\"",
    "\"\xF0\x80\x80\x80\"",
    "\"\xF4\x90\x80\x80\"",
    "\"\xF5\x80\x80\x80\"",
    "\"\xE2\x82\"",
    "\"\xFF\"",
    "\357\273\2771",
    "\302\2401",
    "\f1",
    "\v1",
    "/*x*/1",
    "1//x",
    "#",
    "(1)",
    "<1>",
    "1;",
    "\\n",
    "\"a\"\"b\"",
    "[]{}",
    "{\"a\":1,\"a\":2}",
    "{\"a\":1,\"\\u0061\":2}",
};

static Arena *arena;
static Diag diag;

static void set_up(void) {
  arena = arena_new();
  diag = (Diag){0};
}
static void tear_down(void) {
  arena_free(arena);
}
TestSuite(json_scan, .init = set_up, .fini = tear_down);

/* `text` in a frame, with its tree where it was accepted. */
static JsonSource parse(const Frame *frame, const char *text, Status *status) {
  const char *whole = arena_printf(arena, "%s%s%s", frame->before, text, frame->behind);
  JsonSource source = {.arena = arena,
                       .diag = &diag,
                       .file = "t.json",
                       .text = whole,
                       .bytes = (uint32_t)strlen(whole)};
  *status = json_source_parse(&source);
  return source;
}

/* In each frame; its value is handed to `check`, which may be NULL, with `row`. */
static void accept_everywhere(const char *text, void (*check)(const cJSON *item, const void *row),
                              const void *row) {
  for (uint32_t f = 0; f < FRAMES; ++f) {
    Status status;
    JsonSource source = parse(&frames[f], text, &status);
    cr_expect_eq(status, STATUS_OK, "refused: %s", source.text);
    const cJSON *item = source.root;
    for (const char *c = frames[f].before; item && *c; ++c) {
      if (*c == '[' || *c == '{') item = item->child;
      if (*c == ',') item = item->next;
    }
    if (item && check) check(item, row);
    json_source_free(&source);
  }
}

static void check_string(const cJSON *item, const void *row) {
  const StringRow *expected = row;
  cr_expect(cJSON_IsString(item) && strcmp(item->valuestring, expected->value) == 0, "%s",
            expected->text);
}

static void check_number(const cJSON *item, const void *row) {
  const NumberRow *expected = row;
  cr_expect(cJSON_IsNumber(item) && item->valuedouble == expected->value, "%s", expected->text);
}

Test(json_scan, reads_every_string_of_the_grammar) {
  for (size_t i = 0; i < sizeof strings / sizeof *strings; ++i) {
    accept_everywhere(strings[i].text, check_string, &strings[i]);
  }
}

Test(json_scan, reads_every_number_of_the_grammar) {
  for (size_t i = 0; i < sizeof numbers / sizeof *numbers; ++i) {
    accept_everywhere(numbers[i].text, check_number, &numbers[i]);
  }
}

Test(json_scan, accepts_words_arrays_and_objects) {
  for (size_t i = 0; i < sizeof others / sizeof *others; ++i) {
    accept_everywhere(others[i], NULL, NULL);
  }
}

/* Nothing is an element of an array: without elements, it is empty. */
static bool is_empty_array(const Frame *frame, const char *text) {
  return !*text && strchr(frame->before, '[') && !strchr(frame->before, ',');
}

Test(json_scan, refuses_what_is_not_in_the_grammar) {
  uint32_t refused = 0;
  for (size_t i = 0; i < sizeof wrong / sizeof *wrong; ++i) {
    for (uint32_t f = 0; f < FRAMES; ++f) {
      if (is_empty_array(&frames[f], wrong[i])) continue;
      Status status;
      uint32_t before = diag.errors;
      JsonSource source = parse(&frames[f], wrong[i], &status);
      cr_expect_eq(status, STATUS_BAD_INPUT, "accepted: %s", source.text);
      cr_expect_eq(diag.errors, before + 1, "%s", source.text);
      json_source_free(&source);
      ++refused;
    }
  }
  cr_expect_geq(refused, 600);
}
