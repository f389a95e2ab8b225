/* Strict JSON: what is accepted, where values and keys are, and that no change of a good text gets
 * past the check only to be refused by cJSON behind it. */
#include "frontend/json_source.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "support/string_builder.h"

static Arena *arena;
static Diag diag;

static void set_up(void) {
  arena = arena_new();
  diag = (Diag){0};
}
static void tear_down(void) {
  arena_free(arena);
}
TestSuite(json_source, .init = set_up, .fini = tear_down);

static JsonSource source_of(const char *text, size_t bytes) {
  return (JsonSource){
      .arena = arena, .diag = &diag, .file = "t.json", .text = text, .bytes = (uint32_t)bytes};
}

static bool accepts(const char *text, size_t bytes) {
  JsonSource source = source_of(text, bytes);
  Status status = json_source_parse(&source);
  json_source_free(&source);
  return status == STATUS_OK;
}

Test(json_source, accepts_what_the_grammar_allows) {
  static const char *const good[] = {
      "0",
      "-0.5e-10",
      "1e400",
      "\"\"",
      "[]",
      "{}",
      " [ 1 , 2 ] ",
      "\r\n\t{ }\n",
      "true",
      "[null,false]",
      "\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"",
      "\"\\ud834\\udd1e\"",
      "\"\xf0\x9d\x84\x9e\"",
      "{\"\":1,\"a\":{\"a\":[]}}",
      "12345678901234567890123456789012345678901234567890123456789.",
  };
  size_t count = sizeof good / sizeof *good;
  for (size_t i = 0; i + 1 < count; ++i) {
    cr_expect(accepts(good[i], strlen(good[i])), "refused: %s", good[i]);
  }
  cr_expect_not(accepts(good[count - 1], strlen(good[count - 1])));
  cr_expect_eq(diag.errors, 1);
}

Test(json_source, knows_where_values_and_keys_are) {
  const char *text = "{\n  \"a\": [1,\n    {\"b\": \"x\"}],\n\t\"c\" : null\n}\n";
  JsonSource source = source_of(text, strlen(text));
  cr_assert_eq(json_source_parse(&source), STATUS_OK);
  const cJSON *a = json_source_member(source.root, "a");
  const cJSON *b = json_source_member(a->child->next, "b");
  const cJSON *c = json_source_member(source.root, "c");
  Position places[] = {
      json_source_key_place(&source, a),        json_source_place(&source, a),
      json_source_key_place(&source, b),        json_source_place(&source, b),
      json_source_key_place(&source, c),        json_source_place(&source, c),
      json_source_place(&source, a->child),     json_source_place(&source, source.root),
      json_source_key_place(&source, a->child),
  };
  const uint32_t expected[][2] = {{2, 3}, {2, 8}, {3, 6}, {3, 11}, {4, 2},
                                  {4, 8}, {2, 9}, {1, 1}, {2, 9}};
  for (size_t i = 0; i < sizeof places / sizeof *places; ++i) {
    cr_expect_eq(places[i].line, expected[i][0], "place %zu: line %u", i, places[i].line);
    cr_expect_eq(places[i].column, expected[i][1], "place %zu: column %u", i, places[i].column);
  }
  cr_expect_null(json_source_member(source.root, "A"));
  json_source_free(&source);
}

/* Lines of every length around the marks that positions are counted from. */
Test(json_source, knows_where_values_are_in_long_texts) {
  StringBuilder text = {.arena = arena};
  string_builder_add(&text, "[");
  for (uint32_t i = 0; i < 400; ++i) string_builder_printf(&text, "%*s0,\n", (int)i, "");
  string_builder_add(&text, "0]");
  JsonSource source = source_of(text.text, text.length);
  cr_assert_eq(json_source_parse(&source), STATUS_OK);
  uint32_t line = 0;
  for (const cJSON *item = source.root->child; item; item = item->next, ++line) {
    Position position = json_source_place(&source, item);
    cr_assert_eq(position.line, line + 1);
    cr_assert_eq(position.column, line == 400 ? 1 : line + 1 + (line == 0));
  }
  cr_expect_eq(line, 401);
  json_source_free(&source);
}

Test(json_source, limits_depth_and_the_number_of_values) {
  char text[200];
  for (int depth = JSON_MAX_DEPTH; depth <= JSON_MAX_DEPTH + 1; ++depth) {
    memset(text, '[', (size_t)depth);
    memset(text + depth, ']', (size_t)depth);
    cr_expect_eq(accepts(text, 2 * (size_t)depth), depth == JSON_MAX_DEPTH);
  }
  size_t count = JSON_MAX_VALUES; /* and the array itself */
  char *many = malloc(2 * count + 1);
  for (size_t i = 0; i < count; ++i) memcpy(many + 2 * i, i ? ",0" : "[0", 2);
  many[2 * count] = ']';
  cr_expect_not(accepts(many, 2 * count + 1));
  free(many);
}

/* Every prefix, and every byte replaced by every other, of texts with one of everything. A text
 * that the check accepts and cJSON does not would be reported as out of memory; one that both
 * accept with different values would panic. */
static void try_changes(const char *text) {
  size_t bytes = strlen(text);
  char *copy = malloc(bytes + 1);
  for (size_t i = 0; i < bytes; ++i) {
    memcpy(copy, text, bytes + 1);
    cr_expect_not(accepts(copy, i), "accepted the first %zu bytes of %s", i, text);
    for (int c = 0; c < 256; ++c) {
      copy[i] = (char)c;
      (void)accepts(copy, bytes);
    }
  }
  free(copy);
}

Test(json_source, survives_every_change_of_a_byte) {
  char *buffer = NULL;
  size_t size = 0;
  diag.stream = open_memstream(&buffer, &size);
  try_changes("{\"a\":[-1.5e+3,true,{}],\"b\\u00e9\":\"x\\n\\ud834\\udd1e\",\"c\":null,\"d\":0}");
  try_changes("[\"\xc3\xa9\xe2\x82\xac\",false, 10]");
  fclose(diag.stream);
  cr_expect_null(strstr(buffer, "out of memory"));
  free(buffer);
}
