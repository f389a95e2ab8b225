/* Names of classes: in files of lines; beside weights, as JSON, lines or characters. */
#include "frontend/class_names.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "support/string_builder.h"

static Arena *arena;

static void set_up(void) {
  arena = arena_new();
}
static void tear_down(void) {
  arena_free(arena);
}
TestSuite(class_names, .init = set_up, .fini = tear_down);

/* The names with bars between them. */
static const char *joined(const ClassNames *names) {
  StringBuilder text = {.arena = arena};
  for (uint32_t i = 0; i < names->count; ++i) {
    string_builder_printf(&text, i ? "|%s" : "%s", names->items[i]);
  }
  return string_builder_text(&text);
}

/* What class_names_read makes of a file with `bytes` of `text`; *message is what it says. */
static Status read_lines(const char *text, size_t bytes, ClassNames *names, char **message) {
  char path[] = "/tmp/class_names.XXXXXX";
  size_t length;
  FILE *stream = open_memstream(message, &length);
  Diag diag = {.stream = stream};
  int fd = mkstemp(path);
  cr_assert(fd >= 0 && write(fd, text, bytes) == (ssize_t)bytes);
  close(fd);
  Status status = class_names_read(arena, &diag, path, names);
  unlink(path);
  fclose(stream);
  return status;
}

Test(class_names, of_lines) {
  static const char *const cases[][2] = {
      {"cat\ndog\n", "cat|dog"},
      {"cat\r\ndog", "cat|dog"},
      {"a \"b\", \\\n\303\274\n", "a \"b\", \\|\303\274"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; ++i) {
    ClassNames names;
    char *message;
    cr_assert_eq(read_lines(cases[i][0], strlen(cases[i][0]), &names, &message), STATUS_OK);
    cr_expect_str_eq(joined(&names), cases[i][1]);
    free(message);
  }
}

Test(class_names, that_are_none) {
  char long_name[CLASS_NAME_MAX + 3];
  memset(long_name, 'x', sizeof long_name);
  long_name[sizeof long_name - 1] = '\0';
  char *many = calloc(CLASS_NAMES_MAX + 1, 2);
  for (size_t i = 0; i <= CLASS_NAMES_MAX; ++i) memcpy(many + 2 * i, "x\n", 2);
  const struct Case {
    const char *text;
    size_t bytes;
    const char *because;
  } cases[] = {
      {"", 0, "no names of classes"},
      {"cat\n\ndog\n", 9, "line 2 is no name of a class"},
      {"cat\n\r\n", 6, "line 2 is no name of a class"},
      {"c\0t\n", 4, "line 1 is no name of a class"},
      {"cat\n\377\n", 6, "line 2 is no name of a class"},
      {"cat\n\303\n", 6, "line 2 is no name of a class"},
      {long_name, strlen(long_name), "line 1 is no name of a class"},
      {many, 2 * (CLASS_NAMES_MAX + 1), "lines"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; ++i) {
    ClassNames names;
    char *message;
    cr_expect_eq(read_lines(cases[i].text, cases[i].bytes, &names, &message), STATUS_BAD_INPUT,
                 "%zu", i);
    cr_expect(strstr(message, cases[i].because), "%zu: %s", i, message);
    free(message);
  }
  free(many);
}

Test(class_names, beside_weights) {
  static const struct Case {
    const char *text;
    uint32_t wanted;
    const char *names; /* NULL: there are `found` others */
    uint32_t found;
  } cases[] = {
      {"[\"cat\", \"dog\"]", 2, "cat|dog", 0},
      {"[\"cat\", \"dog\"]", 3, NULL, 2},
      {"cat\ndog", 2, "cat|dog", 0},
      {"cat\ndog", 3, NULL, 2},
      {"0123", 4, "0|1|2|3", 0},
      {"0123", 1, "0123", 0},
      {"0123", 3, NULL, 4},
      {"a\303\274", 2, "a|\303\274", 0},
      {"[\"a\"", 4, "[|\"|a|\"", 0}, /* no JSON */
      {"[\"cat\", 1]", 10, "[|\"|c|a|t|\"|,| |1|]", 0},
      {"[\"cat\", \"\"]", 2, NULL, 11},
      {"a\377", 2, NULL, 1},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; ++i) {
    uint32_t found = 0;
    ClassNames names = class_names_parse(arena, cases[i].text, cases[i].wanted, &found);
    if (cases[i].names) {
      cr_expect_str_eq(joined(&names), cases[i].names);
    } else {
      cr_expect(!names.count && found == cases[i].found, "%zu: %u, %u", i, names.count, found);
    }
  }
}
