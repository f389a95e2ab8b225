/* Hostile checkpoints of PyTorch: zip archives whose pickle is short and whose values are not. */
#include "archive.h"

static const char import[] = "import % -o out.safetensors";

/* -- pickles ----------------------------------------------------------------------------------- */

/* A string of `bytes` letters, in the memo. */
static void put_text(FILE *file, uint32_t bytes, char letter) {
  fputc('X', file);
  put(file, bytes, 4);
  for (uint32_t i = 0; i < bytes; ++i) fputc(letter, file);
  fputc('\x94', file);
}

/* The memo's first two strings as a global, again and again. */
static void put_globals(FILE *file, uint32_t bytes, uint32_t count) {
  put_text(file, bytes, 'm');
  put_text(file, bytes, 'n');
  REPEAT(file, count,
         "h\x00h\x01\x93"
         "0");
}
static void global_of_megabytes(FILE *file) {
  put_globals(file, 1 << 19, 10000);
}
static void global_of_kilobytes(FILE *file) {
  put_globals(file, 1 << 16, 100000);
}
static void global_of_letters(FILE *file) {
  put_globals(file, 200, 300000);
}
static void global_lines(FILE *file) {
  REPEAT(file, 300000, "ca\nb\n0");
}

static void nones(FILE *file) {
  REPEAT(file, 4 << 20, "N");
}
static void empty_dicts(FILE *file) {
  REPEAT(file, 4 << 20, "}");
}
static void floats(FILE *file) {
  REPEAT(file, 2 << 20, "G\x00\x00\x00\x00\x00\x00\x00\x01");
}
static void marks(FILE *file) {
  REPEAT(file, 16 << 20, "(0");
}
static void memo(FILE *file) {
  REPEAT(file, 4 << 20, "N\x94");
}
static void dict(FILE *file) {
  fputc('(', file);
  REPEAT(file, 3 << 20, "K\x01N");
  fputc('d', file);
}
static void list_that_grows(FILE *file) {
  fputc(']', file);
  REPEAT(file, 4 << 20, "Na");
}
static void tuples(FILE *file) {
  fputc('N', file);
  REPEAT(file, 4 << 20, "\x85");
}
static void persistents(FILE *file) {
  fputc('N', file);
  REPEAT(file, 4 << 20, "Q");
}

/* A dict that has one long key very often. */
static void repeated_key(FILE *file) {
  put_text(file, 1 << 16, 'k');
  REPEAT(file, 1, "0(");
  REPEAT(file, 1 << 20, "h\x00N");
  fputc('d', file);
}

/* A list of pairs, made into dicts again and again. */
static void ordered_dicts(FILE *file) {
  REPEAT(file, 1, "ccollections\nOrderedDict\n\x94NN\x86\x94](");
  REPEAT(file, 1 << 16, "h\x01");
  REPEAT(file, 1, "e\x85\x94");
  REPEAT(file, 1 << 16, "h\x00h\x02R");
}

/* One tensor under many names. */
static void many_names(FILE *file) {
  REPEAT(file, 1,
         "ctorch._utils\n_rebuild_tensor_v2\n((U\x07storagectorch\nFloatStorage\nU\x01"
         "0U\x03"
         "cpuK\x01tQK\x00"
         "K\x01\x85K\x01\x85\x89NtR\x94"
         "0(");
  for (uint32_t i = 0; i < 1 << 19; ++i) {
    char name[8];
    snprintf(name, sizeof name, "%06x", i);
    fwrite("U\x06", 1, 2, file);
    fputs(name, file);
    fwrite("h\x00", 1, 2, file);
  }
  fputc('d', file);
}

#define PICKLE(name)                   \
  static void zip_##name(FILE *file) { \
    with_pickle(file, name);           \
  }
PICKLE(global_of_megabytes)
PICKLE(global_of_kilobytes)
PICKLE(global_of_letters)
PICKLE(global_lines)
PICKLE(nones)
PICKLE(empty_dicts)
PICKLE(floats)
PICKLE(marks)
PICKLE(memo)
PICKLE(dict)
PICKLE(list_that_grows)
PICKLE(tuples)
PICKLE(persistents)
PICKLE(repeated_key)
PICKLE(ordered_dicts)
PICKLE(many_names)

static const Hostile rows[] = {
    {"pickle_global_of_megabytes", zip_global_of_megabytes, import, 1},
    {"pickle_global_of_kilobytes", zip_global_of_kilobytes, import, 1},
    {"pickle_global_of_letters", zip_global_of_letters, import, 1},
    {"pickle_global_lines", zip_global_lines, import, 1},
    {"pickle_nones", zip_nones, import, 1},
    {"pickle_empty_dicts", zip_empty_dicts, import, 1},
    {"pickle_floats", zip_floats, import, 1},
    {"pickle_marks", zip_marks, import, 1},
    {"pickle_memo", zip_memo, import, 1},
    {"pickle_dict", zip_dict, import, 1},
    {"pickle_list_that_grows", zip_list_that_grows, import, 1},
    {"pickle_tuples", zip_tuples, import, 1},
    {"pickle_persistents", zip_persistents, import, 1},
    {"pickle_repeated_key", zip_repeated_key, import, 1},
    {"pickle_ordered_dicts", zip_ordered_dicts, import, 1},
    {"pickle_many_names", zip_many_names, import, 1},
};

const HostileList hostile_checkpoints = {rows, sizeof rows / sizeof *rows};
