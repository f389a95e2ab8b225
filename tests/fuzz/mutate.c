/* Changes are made where they hurt: beside bits and ranges of bytes, whole numbers, quoted texts
 * and lines are replaced by others, which gets past the scanner into the checks of meaning. */
#include "tests/fuzz/mutate.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_CAREFUL_CHANGES = 2, MOST_WILD_CHANGES = 4, LONGEST_RANGE = 64, TRIES = 32 };

/* A range of bytes. */
typedef struct Span {
  size_t begin, end;
} Span;

uint32_t mutate_random(Random *random, size_t bound) {
  uint64_t z = random->state += UINT64_C(0x9e3779b97f4a7c15); /* splitmix64 */
  z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
  z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
  return (uint32_t)((z ^ (z >> 31)) % bound);
}

/* -- spans ------------------------------------------------------------------------------------- */

static Span random_range(Random *random, Bytes file) {
  size_t begin = mutate_random(random, file.count + 1);
  size_t rest = file.count - begin, most = rest < LONGEST_RANGE ? rest : LONGEST_RANGE;
  return (Span){begin, begin + mutate_random(random, most + 1)};
}

typedef bool BelongsTo(char c);

static bool is_digit(char c) {
  return isdigit((unsigned char)c) != 0;
}
static bool is_number(char c) {
  return isdigit((unsigned char)c) || c == '-' || c == '.';
}
static bool is_word(char c) {
  return isalnum((unsigned char)c) || c == '_' || c == '.' || c == '%' || c == '@';
}
static bool is_quoted(char c) {
  return c != '"' && c != '\'' && c != '\n';
}
static bool is_line(char c) {
  return c != '\n';
}

/* The run of bytes that belong together around a random place; empty when none was met. */
static Span random_run(Random *random, Bytes file, BelongsTo *belongs) {
  for (int i = 0; i < TRIES && file.count > 0; ++i) {
    size_t begin = mutate_random(random, file.count), end = begin;
    if (!belongs(file.data[begin])) continue;
    while (begin > 0 && belongs(file.data[begin - 1])) --begin;
    while (end < file.count && belongs(file.data[end])) ++end;
    return (Span){begin, end};
  }
  return (Span){0, 0};
}

/* `file` with `text` in the place of `span`. */
static Bytes replace(Arena *arena, Bytes file, Span span, const char *text, size_t length) {
  size_t tail = file.count - span.end;
  Bytes result = {.count = span.begin + length + tail};
  result.data = arena_alloc(arena, result.count + 1);
  if (span.begin) memcpy(result.data, file.data, span.begin);
  if (length) memcpy(result.data + span.begin, text, length);
  if (tail) memcpy(result.data + span.begin + length, file.data + span.end, tail);
  return result;
}

static Bytes replace_by_span(Arena *arena, Bytes file, Span span, Span other) {
  return replace(arena, file, span, file.data + other.begin, other.end - other.begin);
}

/* -- changes ----------------------------------------------------------------------------------- */

typedef Bytes Change(Arena *arena, Random *random, Bytes file);

static Bytes flip_bit(Arena *arena, Random *random, Bytes file) {
  if (file.count == 0) return file;
  size_t at = mutate_random(random, file.count);
  char byte = (char)(file.data[at] ^ (1 << mutate_random(random, 8)));
  return replace(arena, file, (Span){at, at + 1}, &byte, 1);
}

static Bytes set_byte(Arena *arena, Random *random, Bytes file) {
  static const char values[] = "\0\xff\x7f\x80\n\"\\{}[](),:%@-09eE/\x1b\xc3\xe2\xf0";
  size_t at = mutate_random(random, file.count + 1);
  size_t end = at < file.count ? at + mutate_random(random, 2) : at;
  return replace(arena, file, (Span){at, end}, &values[mutate_random(random, sizeof values)], 1);
}

static Bytes remove_range(Arena *arena, Random *random, Bytes file) {
  return replace(arena, file, random_range(random, file), "", 0);
}

static Bytes repeat_range(Arena *arena, Random *random, Bytes file) {
  Span range = random_range(random, file);
  return replace_by_span(arena, file, (Span){range.end, range.end}, range);
}

static Bytes cut(Arena *arena, Random *random, Bytes file) {
  return replace(arena, file, (Span){mutate_random(random, file.count + 1), file.count}, "", 0);
}

static Bytes replace_number(Arena *arena, Random *random, Bytes file) {
  static const char *const numbers[] = {
      "0",
      "1",
      "-1",
      "2",
      "3",
      "7",
      "16",
      "17",
      "31",
      "63",
      "65",
      "255",
      "256",
      "1000",
      "65535",
      "65536",
      "1e9",
      "1e-6",
      "1e308",
      "1e999",
      "2147483647",
      "2147483648",
      "4294967295",
      "4294967296",
      "0.5",
      "-0",
      "9223372036854775807",
      "9223372036854775808",
      "18446744073709551615",
      "18446744073709551616",
      "99999999999999999999999999",
      "00",
      "1.",
      "nan",
      "inf",
  };
  const char *number = numbers[mutate_random(random, sizeof numbers / sizeof *numbers)];
  return replace(arena, file, random_run(random, file, is_number), number, strlen(number));
}

/* One thing of a kind in the place of another. */
static Bytes replace_by_other(Arena *arena, Random *random, Bytes file, BelongsTo *belongs) {
  Span span = random_run(random, file, belongs);
  return replace_by_span(arena, file, span, random_run(random, file, belongs));
}

static Bytes replace_word(Arena *arena, Random *random, Bytes file) {
  return replace_by_other(arena, random, file, is_word);
}

static Bytes replace_quoted(Arena *arena, Random *random, Bytes file) {
  return replace_by_other(arena, random, file, is_quoted);
}

static Bytes replace_line(Arena *arena, Random *random, Bytes file) {
  return replace_by_other(arena, random, file, is_line);
}

static Bytes remove_line(Arena *arena, Random *random, Bytes file) {
  return replace(arena, file, random_run(random, file, is_line), "", 0);
}

static Bytes repeat_line(Arena *arena, Random *random, Bytes file) {
  Span line = random_run(random, file, is_line);
  if (line.end < file.count) ++line.end;
  return replace_by_span(arena, file, (Span){line.end, line.end}, line);
}

static Bytes replace_digits(Arena *arena, Random *random, Bytes file) {
  return replace_by_other(arena, random, file, is_digit);
}

static Bytes set_digits(Arena *arena, Random *random, Bytes file) {
  const char *number = arena_printf(arena, "%u", mutate_random(random, 20));
  return replace(arena, file, random_run(random, file, is_digit), number, strlen(number));
}

/* IR text: an earlier value, as "%12", in the place of an operand. */
static Bytes replace_operand(Arena *arena, Random *random, Bytes file) {
  for (int i = 0; i < TRIES; ++i) {
    Span number = random_run(random, file, is_digit);
    if (number.begin < 2 || file.data[number.begin - 1] != '%') continue;
    if (file.data[number.begin - 2] != '(' && file.data[number.end] != ')') continue;
    uint32_t value = (uint32_t)strtoul(file.data + number.begin, NULL, 10);
    const char *earlier = arena_printf(arena, "%u", mutate_random(random, (size_t)value + 1));
    return replace(arena, file, number, earlier, strlen(earlier));
  }
  return set_digits(arena, random, file);
}

/* Careful changes keep the form of a text; wild ones mostly end at the first check. */
static Change *const careful[] = {
    replace_digits, set_digits,   set_digits,  replace_operand, replace_operand,
    replace_word,   replace_line, remove_line, repeat_line,
};
static Change *const wild[] = {
    flip_bit,     set_byte,       remove_range, repeat_range, cut,         replace_number,
    replace_word, replace_quoted, replace_line, remove_line,  repeat_line,
};
enum { CAREFUL_COUNT = sizeof careful / sizeof *careful, WILD_COUNT = sizeof wild / sizeof *wild };

static Bytes change(Arena *arena, Random *random, Bytes file) {
  bool gentle = mutate_random(random, 3) > 0;
  uint32_t most = gentle ? MOST_CAREFUL_CHANGES : MOST_WILD_CHANGES;
  for (uint32_t count = 1 + mutate_random(random, most); count > 0; --count) {
    Change *one = gentle ? careful[mutate_random(random, CAREFUL_COUNT)]
                         : wild[mutate_random(random, WILD_COUNT)];
    file = one(arena, random, file);
  }
  return file;
}

/* -- headers ----------------------------------------------------------------------------------- */

/* The little-endian number of `bytes` bytes at `at`. */
static uint64_t read_number(const char *at, size_t bytes) {
  uint64_t value = 0;
  for (size_t i = bytes; i-- > 0;) value = value << 8 | (unsigned char)at[i];
  return value;
}

Bytes mutate_file(Arena *arena, Random *random, Bytes file, Framing framing) {
  static const struct {
    size_t at, bytes; /* where the length of the header stands */
  } lengths[] = {[FRAMING_SAFETENSORS] = {0, 8}, [FRAMING_NPY] = {8, 2}};
  if (framing == FRAMING_NONE || mutate_random(random, 4) == 0) return change(arena, random, file);
  size_t at = lengths[framing].at, bytes = lengths[framing].bytes;
  Span header = {.begin = at + bytes};
  header.end = header.begin + (size_t)read_number(file.data + at, bytes);
  Bytes old = {file.data + header.begin, header.end - header.begin};
  Bytes changed = change(arena, random, old);
  Bytes result = replace(arena, file, header, changed.data, changed.count);
  for (size_t i = 0; i < bytes; ++i) result.data[at + i] = (char)(changed.count >> (8 * i));
  return result;
}
