/* Hostile JSON: much text that says little. */
#include "hostile.h"

static void key(FILE *file, const char *name, uint32_t index) {
  fprintf(file, "%s\"%s\":0", index ? "," : "", name);
}
static void neighbour_keys(FILE *file) {
  fputs("{", file);
  hostile_neighbours(file, 60000, key);
  fputs("}", file);
}
static void same_keys(FILE *file) {
  fputs("{\"a\":0", file);
  REPEAT(file, 260000, ",\"a\":0");
  fputs("}", file);
}
static void many_keys(FILE *file) {
  for (uint32_t i = 0; i < 260000; ++i) fprintf(file, "%s\"%x\":0", i ? "," : "{", i);
  fputs("}", file);
}

static void newlines(FILE *file) {
  REPEAT(file, 16 << 20, "\n");
}
static void spaces(FILE *file) {
  REPEAT(file, (16 << 20) - 2, " ");
  fputs("0x", file);
}
static void brackets(FILE *file) {
  REPEAT(file, 1 << 20, "[");
}
static void nested_objects(FILE *file) {
  REPEAT(file, 1 << 20, "{\"a\":");
}
/* As deep as is allowed, and then wide. */
static void deep_and_wide(FILE *file) {
  fputs("[", file);
  for (uint32_t i = 0; i < 4000; ++i) {
    fputs(i ? "," : "", file);
    REPEAT(file, 62, "[");
    REPEAT(file, 62, "]");
  }
  fputs("]", file);
}

static void zeros(FILE *file) {
  fputs("[0", file);
  REPEAT(file, 260000, ",0");
  fputs("]", file);
}
static void empty_objects(FILE *file) {
  fputs("[0", file);
  REPEAT(file, 260000, ",{}");
  fputs("]", file);
}
static void small_objects(FILE *file) {
  fputs("[{\"a\":0}", file);
  REPEAT(file, 125000, ",{\"a\":0}");
  fputs("]", file);
}

static void long_number(FILE *file) {
  fputs("{\"atmc\":", file);
  REPEAT(file, 7 << 20, "9");
  fputs("}", file);
}
static void huge_exponents(FILE *file) {
  fputs("[0", file);
  REPEAT(file, 200000, ",1e999999999999999999999999999");
  fputs("]", file);
}

static void long_string(FILE *file) {
  fputs("{\"atmc\":1,\"name\":\"", file);
  REPEAT(file, 7 << 20, "x");
  fputs("\"}", file);
}
static void long_key(FILE *file) {
  fputs("{\"", file);
  REPEAT(file, 7 << 20, "x");
  fputs("\":0}", file);
}
static void open_string(FILE *file) {
  fputs("{\"name\":\"", file);
  REPEAT(file, 7 << 20, "x");
}
static void escapes(FILE *file) {
  fputs("{\"atmc\":1,\"name\":\"", file);
  REPEAT(file, 1 << 20, "\\u0041");
  fputs("\"}", file);
}
static void surrogates(FILE *file) {
  fputs("{\"atmc\":1,\"name\":\"", file);
  REPEAT(file, 1 << 19, "\\uD83D\\uDE00");
  fputs("\"}", file);
}
static void many_strings(FILE *file) {
  fputs("[0", file);
  REPEAT(file, 250000, ",\"0123456789012345678901234567\"");
  fputs("]", file);
}
static void bad_utf8(FILE *file) {
  fputs("{\"name\":\"", file);
  REPEAT(file, 7 << 20, "\xFE");
}
static void tebibyte(FILE *file) {
  fputs("{\"atmc\":1,", file);
  grow(file, UINT64_C(1) << 40);
}

static const Hostile rows[] = {
    {"json_neighbour_keys", neighbour_keys, "inspect %", 1},
    {"json_same_keys", same_keys, "inspect %", 1},
    {"json_many_keys", many_keys, "inspect %", 1},
    {"json_newlines", newlines, "inspect %", 1},
    {"json_spaces", spaces, "inspect %", 1},
    {"json_brackets", brackets, "inspect %", 1},
    {"json_nested_objects", nested_objects, "inspect %", 1},
    {"json_deep_and_wide", deep_and_wide, "inspect %", 1},
    {"json_zeros", zeros, "inspect %", 1},
    {"json_empty_objects", empty_objects, "inspect %", 1},
    {"json_small_objects", small_objects, "inspect %", 1},
    {"json_long_number", long_number, "inspect %", 1},
    {"json_huge_exponents", huge_exponents, "inspect %", 1},
    {"json_long_string", long_string, "inspect %", 1},
    {"json_long_key", long_key, "inspect %", 1},
    {"json_open_string", open_string, "inspect %", 1},
    {"json_escapes", escapes, "inspect %", 1},
    {"json_surrogates", surrogates, "inspect %", 1},
    {"json_many_strings", many_strings, "inspect %", 1},
    {"json_bad_utf8", bad_utf8, "inspect %", 1},
    {"json_tebibyte", tebibyte, "inspect %", 1},
};

const HostileList hostile_json = {rows, sizeof rows / sizeof *rows};
