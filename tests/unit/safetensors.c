/* Safetensors: what is written is read back, F16 and BF16 are widened exactly, cut files are
 * refused, and classes are taken from the metadata. */
#include <criterion/criterion.h>
#include <fcntl.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "frontend/frontend.h"

static Arena *arena;
static Diag diag;
static char path[64];

static void set_up(void) {
  arena = arena_new();
  diag = (Diag){0};
  strcpy(path, "/tmp/safetensors.XXXXXX");
  int fd = mkstemp(path);
  cr_assert_geq(fd, 0);
  close(fd);
}
static void tear_down(void) {
  unlink(path);
  arena_free(arena);
}
TestSuite(safetensors, .init = set_up, .fini = tear_down);

/* In place: a file that is emptied first goes to the disk when it is closed, thousands of times. */
static void write_bytes(const void *data, size_t bytes) {
  int fd = open(path, O_WRONLY);
  cr_assert_eq(write(fd, data, bytes), (ssize_t)bytes);
  cr_assert_eq(ftruncate(fd, (off_t)bytes), 0);
  cr_assert_eq(close(fd), 0);
}

/* A file of `header` and `data`. */
static void write_file(const char *header, const void *data, size_t bytes) {
  uint64_t length = strlen(header);
  char *file = malloc(8 + length + bytes);
  memcpy(file, &length, 8);
  memcpy(file + 8, header, length);
  memcpy(file + 8 + length, data, bytes);
  write_bytes(file, 8 + length + bytes);
  free(file);
}

/* A model that needs `needs`, and has one output of `classes` channels. */
static Model model_of(const WeightNeed *needs, uint32_t count, int64_t classes) {
  Graph *graph = graph_new(arena, recipe_table_new(arena), "m");
  Node input = {.op = OP_INPUT,
                .attrs.INPUT = {.declared = type_matrix(DIM_OPEN, classes), .name = "x"}};
  graph_add_output(graph, "y", node_result(graph_node(graph, graph_append(graph, &input)), 0),
                   false);
  return (Model){.graph = graph, .needs = needs, .need_count = count};
}

/* A file of `tensors` [count] with their floats in `values`. */
static char *file_of(const NamedTensor *tensors, uint32_t count, const float *values,
                     size_t *bytes) {
  size_t header, elements = 0;
  const char *text = safetensors_header(arena, tensors, count, NULL, &header);
  for (uint32_t i = 0; i < count; ++i) elements += safetensors_elements(&tensors[i]);
  *bytes = header + elements * sizeof *values;
  char *data = arena_alloc(arena, *bytes);
  memcpy(data, text, header);
  memcpy(data + header, values, elements * sizeof *values);
  return data;
}

Test(safetensors, reads_back_what_it_wrote) {
  const float first[] = {1, -2.5f, 3e-40f, INFINITY, 5, 6, 7};
  const NamedTensor tensors[] = {{"b.weight", 2, (const int64_t[]){2, 3}}, {"a", 0, NULL}};
  size_t bytes;
  const char *data = file_of(tensors, 2, first, &bytes);
  uint64_t header;
  memcpy(&header, data, 8);
  cr_expect_eq(header % 8, 0);
  write_bytes(data, bytes);
  WeightNeed need = {.name = "b.weight", .type = type_matrix(2, 3)};
  Model model = model_of(&need, 1, 1);
  Weights *weights;
  cr_assert_eq(weights_open(arena, &diag, path, NULL, &weights), STATUS_OK);
  cr_expect_eq(weights_bind(weights, &model, false, &diag), STATUS_BAD_INPUT);
  cr_expect_eq(diag.errors, 1);
  cr_assert_eq(weights_bind(weights, &model, true, &diag), STATUS_OK);
  WeightSource source = weights_source(weights);
  double out[6];
  cr_assert_eq(source.read(source.context, "b.weight", out, 6), STATUS_OK);
  for (int i = 0; i < 6; ++i) cr_expect_eq(out[i], (double)first[i]);
  weights_close(weights);
}

/* Field by field, as IEEE 754 has it. */
static double widened(uint32_t bits, int exponent_bits, int fraction_bits) {
  int exponent = (int)(bits >> fraction_bits) & ((1 << exponent_bits) - 1);
  uint32_t fraction = bits & ((1u << fraction_bits) - 1);
  int bias = (1 << (exponent_bits - 1)) - 1;
  double sign = bits >> 15 ? -1 : 1;
  if (exponent == (1 << exponent_bits) - 1) return fraction ? NAN : sign * INFINITY;
  if (exponent == 0) return sign * ldexp(fraction, 1 - bias - fraction_bits);
  return sign * ldexp(fraction + (1u << fraction_bits), exponent - bias - fraction_bits);
}

Test(safetensors, widens_every_half) {
  enum { COUNT = 65536 };
  static uint16_t halves[2 * COUNT];
  for (uint32_t i = 0; i < 2 * COUNT; ++i) halves[i] = (uint16_t)i;
  write_file(
      "{\"f\":{\"dtype\":\"F16\",\"shape\":[65536],\"data_offsets\":[0,131072]},"
      "\"b\":{\"dtype\":\"BF16\",\"shape\":[65536],\"data_offsets\":[131072,262144]}}",
      halves, sizeof halves);
  Weights *weights;
  cr_assert_eq(weights_open(arena, &diag, path, NULL, &weights), STATUS_OK);
  WeightSource source = weights_source(weights);
  static double f[COUNT], b[COUNT];
  cr_assert_eq(source.read(source.context, "f", f, COUNT), STATUS_OK);
  cr_assert_eq(source.read(source.context, "b", b, COUNT), STATUS_OK);
  for (uint32_t i = 0; i < COUNT; ++i) {
    double x = widened(i, 5, 10), y = widened(i, 8, 7);
    cr_expect(isnan(x) ? isnan(f[i]) : f[i] == x && signbit(f[i]) == signbit(x), "F16 %04x", i);
    cr_expect(isnan(y) ? isnan(b[i]) : b[i] == y && signbit(b[i]) == signbit(y), "BF16 %04x", i);
  }
  weights_close(weights);
}

Test(safetensors, refuses_files_that_are_cut_or_longer) {
  const float values[] = {1, 2, 3};
  NamedTensor tensor = {"a", 1, (const int64_t[]){3}};
  size_t bytes;
  const char *data = file_of(&tensor, 1, values, &bytes);
  char *longer = arena_alloc(arena, bytes + 1);
  memcpy(longer, data, bytes);
  for (size_t i = 0; i <= bytes + 1; ++i) {
    write_bytes(longer, i);
    Weights *weights;
    Status status = weights_open(arena, &diag, path, NULL, &weights);
    cr_expect_eq(status, i == bytes ? STATUS_OK : STATUS_BAD_INPUT, "%zu bytes", i);
    weights_close(weights);
  }
}

Test(safetensors, survives_every_change_of_the_header) {
  const char *header =
      "{\"__metadata__\":{\"k\":\"v\"},\"a\":{\"dtype\":\"F32\",\"shape\":[2],"
      "\"data_offsets\":[0,8]},\"b\":{\"dtype\":\"U8\",\"shape\":[1,1],\"data_offsets\":[8,9]}}";
  char *copy = arena_strdup(arena, header);
  for (size_t i = 0; i < strlen(header); ++i) {
    for (int c = ' '; c < 127; ++c) {
      copy[i] = (char)c;
      write_file(copy, "123456789", 9);
      Weights *weights;
      if (weights_open(arena, &diag, path, NULL, &weights) == STATUS_OK) weights_close(weights);
    }
    copy[i] = header[i];
  }
}

Test(safetensors, names_classes_by_character) {
  write_file("{\"__metadata__\":{\"classes\":\"a\xc3\xa9\xe2\x82\xac\"}}", "", 0);
  Weights *weights;
  cr_assert_eq(weights_open(arena, &diag, path, NULL, &weights), STATUS_OK);
  Model model = model_of(NULL, 0, 3);
  cr_assert_eq(weights_bind(weights, &model, false, &diag), STATUS_OK);
  cr_assert_eq(model.class_count, 3);
  cr_expect_str_eq(model.class_names[1], "\xc3\xa9");
  Model other = model_of(NULL, 0, 4);
  cr_assert_eq(weights_bind(weights, &other, false, &diag), STATUS_OK);
  cr_expect_eq(other.class_count, 0);
  cr_expect_eq(diag.warnings, 1);
  weights_close(weights);
}

Test(safetensors, names_the_file_that_cannot_be_read) {
  Weights *weights;
  cr_expect_eq(weights_open(arena, &diag, "/no/such/file", NULL, &weights), STATUS_IO);
  cr_expect_eq(weights_open(arena, &diag, "/tmp", NULL, &weights), STATUS_IO);
  cr_expect_eq(weights_open(arena, &diag, "/dev/zero", NULL, &weights), STATUS_IO);
  cr_expect_null(weights);
}
