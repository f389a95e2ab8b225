/* Checkpoints of both containers, made here: views, shared storages, widened elements, prefixes,
 * and files of which any byte is changed. */
#include <criterion/criterion.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zip.h>

#include "frontend/checkpoint.h"

static Arena *arena;
static Diag diag;
static char path[64];

static void set_up(void) {
  arena = arena_new();
  diag = (Diag){0};
  strcpy(path, "/tmp/checkpoint.XXXXXX");
  int fd = mkstemp(path);
  cr_assert_geq(fd, 0);
  close(fd);
}
static void tear_down(void) {
  unlink(path);
  arena_free(arena);
}
TestSuite(checkpoint, .init = set_up, .fini = tear_down);

/* -- writing ----------------------------------------------------------------------------------- */

typedef struct Bytes {
  char data[4096];
  size_t count;
} Bytes;

static void add(Bytes *out, const void *data, size_t count) {
  cr_assert_leq(out->count + count, sizeof out->data);
  memcpy(out->data + out->count, data, count);
  out->count += count;
}
static void add_text(Bytes *out, const char *text) {
  add(out, text, strlen(text));
}
static void add_string(Bytes *out, const char *text) {
  uint32_t length = (uint32_t)strlen(text);
  add_text(out, "X");
  add(out, &length, sizeof length);
  add_text(out, text);
}
static void add_int(Bytes *out, int32_t value) {
  add_text(out, "J");
  add(out, &value, sizeof value);
}
static void add_ints(Bytes *out, const int32_t *values, uint32_t count) {
  add_text(out, "(");
  for (uint32_t i = 0; i < count; ++i) add_int(out, values[i]);
  add_text(out, "t");
}

typedef struct TestTensor {
  const char *name, *type, *key;
  int32_t elements; /* of the storage */
  int32_t offset;
  uint32_t rank;
  int32_t dims[4], strides[4];
} TestTensor;

/* Leaves a tensor on the stack. */
static void add_tensor(Bytes *out, const TestTensor *tensor) {
  add_text(out, "ctorch._utils\n_rebuild_tensor_v2\n((");
  add_string(out, "storage");
  add_text(out, "ctorch\n");
  add_text(out, tensor->type);
  add_text(out, "\n");
  add_string(out, tensor->key);
  add_string(out, "cpu");
  add_int(out, tensor->elements);
  add_text(out, "NtQ");
  add_int(out, tensor->offset);
  add_ints(out, tensor->dims, tensor->rank);
  add_ints(out, tensor->strides, tensor->rank);
  add_text(out,
           "\x89"
           "Nt"
           "R");
}

/* {"epoch": None, STATE: {NAME: tensor, ...}}, or without STATE the inner dict alone. */
static void add_pickle(Bytes *out, const char *state, const TestTensor *tensors, uint32_t count) {
  add_text(out, "\x80\x02");
  if (state) {
    add_text(out, "}(");
    add_string(out, "epoch");
    add_text(out, "N");
    add_string(out, state);
  }
  add_text(out, "ccollections\nOrderedDict\n)R(");
  for (uint32_t i = 0; i < count; ++i) {
    add_string(out, tensors[i].name);
    add_tensor(out, &tensors[i]);
  }
  add_text(out, state ? "uu." : "u.");
}

static void write_file(const void *data, size_t bytes) {
  FILE *file = fopen(path, "wb");
  cr_assert_not_null(file);
  cr_assert_eq(fwrite(data, 1, bytes, file), bytes);
  cr_assert_eq(fclose(file), 0);
}

static void add_entry(zip_t *zip, const char *name, const void *data, size_t bytes) {
  zip_source_t *source = zip_source_buffer(zip, data, bytes, 0);
  zip_int64_t index = zip_file_add(zip, name, source, 0);
  cr_assert_geq(index, 0);
  cr_assert_eq(zip_set_file_compression(zip, (zip_uint64_t)index, ZIP_CM_STORE, 0), 0);
}

/* An archive of `pickle` and of one storage, "0". */
static void write_zip(const Bytes *pickle, const void *storage, size_t bytes) {
  zip_t *zip = zip_open(path, ZIP_CREATE | ZIP_TRUNCATE, NULL);
  cr_assert_not_null(zip);
  add_entry(zip, "a/data.pkl", pickle->data, pickle->count);
  add_entry(zip, "a/data/0", storage, bytes);
  cr_assert_eq(zip_close(zip), 0);
}

/* The same in the format before 1.6. */
static void add_legacy(Bytes *out, const Bytes *pickle, const void *storage, size_t bytes,
                       uint64_t elements) {
  static const char begin[] =
      "\x80\x02\x8a\x0al\xfc\x9c\x46\xf9\x20j\xa8P\x19.\x80\x02M\xe9\x03.\x80\x02}";
  add(out, begin, sizeof begin - 1);
  add_string(out, "little_endian");
  add_text(out, "\x88s.");
  add(out, pickle->data, pickle->count);
  add_text(out, "\x80\x02]");
  add_string(out, "0");
  add_text(out, "a.");
  add(out, &elements, sizeof elements);
  add(out, storage, bytes);
}

/* -- reading ----------------------------------------------------------------------------------- */

static Weights *opened(const char *state) {
  Weights *weights;
  diag.stream = stderr;
  cr_assert_eq(weights_open(arena, &diag, path, state, &weights), STATUS_OK);
  return weights;
}

static void expect_tensor(const Weights *weights, const char *name, const double *expected,
                          size_t count) {
  double out[64];
  uint32_t index;
  WeightSource source = weights_source(weights);
  cr_assert(name_table_find(&weights->names, name, &index), "%s", name);
  cr_assert_eq(source.read(source.context, name, out, count), STATUS_OK);
  for (size_t i = 0; i < count; ++i) cr_expect_eq(out[i], expected[i], "%s[%zu]", name, i);
}

static const TestTensor views[] = {
    {"dense", "FloatStorage", "0", 24, 0, 2, {4, 6}, {6, 1}},
    {"transposed", "FloatStorage", "0", 24, 0, 3, {3, 4, 2}, {1, 6, 3}},
    {"every other", "FloatStorage", "0", 24, 2, 1, {5}, {2}},
    {"repeated", "FloatStorage", "0", 24, 23, 2, {2, 2}, {0, 0}},
    {"scalar", "FloatStorage", "0", 24, 7, 0, {0}, {0}},
    {"empty", "FloatStorage", "0", 24, 24, 2, {0, 3}, {3, 1}},
    {"one row", "FloatStorage", "0", 24, 4, 2, {1, 3}, {99, 1}},
};
enum { VIEW_COUNT = sizeof views / sizeof *views };

static void expect_views(const Weights *weights) {
  double dense[24], transposed[24];
  for (int i = 0; i < 24; ++i) dense[i] = i;
  for (int i = 0; i < 24; ++i) {
    int outer = i / 8, middle = i / 2 % 4, inner = i % 2;
    transposed[i] = outer + 6 * middle + 3 * inner;
  }
  cr_assert_eq(weights->tensor_count, VIEW_COUNT);
  expect_tensor(weights, "dense", dense, 24);
  expect_tensor(weights, "transposed", transposed, 24);
  expect_tensor(weights, "every other", (double[]){2, 4, 6, 8, 10}, 5);
  expect_tensor(weights, "repeated", (double[]){23, 23, 23, 23}, 4);
  expect_tensor(weights, "scalar", (double[]){7}, 1);
  expect_tensor(weights, "empty", NULL, 0);
  expect_tensor(weights, "one row", (double[]){4, 5, 6}, 3);
}

Test(checkpoint, resolves_views_of_one_storage) {
  float storage[24];
  for (int i = 0; i < 24; ++i) storage[i] = (float)i;
  Bytes pickle = {0}, file = {0};
  add_pickle(&pickle, "model", views, VIEW_COUNT);
  write_zip(&pickle, storage, sizeof storage);
  Weights *weights = opened(NULL);
  expect_views(weights);
  weights_close(weights);
  add_legacy(&file, &pickle, storage, sizeof storage, 24);
  write_file(file.data, file.count);
  weights = opened("model");
  expect_views(weights);
  weights_close(weights);
}

Test(checkpoint, widens_halves) {
  static const uint16_t f16[] = {0x3c00, 0xc100, 0x0001, 0x7bff}, bf16[] = {0x3f80, 0xc020, 1};
  const TestTensor half = {"w", "HalfStorage", "0", 4, 0, 2, {2, 2}, {1, 2}};
  Bytes pickle = {0};
  add_pickle(&pickle, "model", &half, 1);
  write_zip(&pickle, f16, sizeof f16);
  Weights *weights = opened(NULL);
  expect_tensor(weights, "w", (double[]){1, 0x1p-24, -2.5, 65504}, 4);
  weights_close(weights);

  const TestTensor brain = {"w", "BFloat16Storage", "0", 3, 0, 1, {3}, {1}};
  pickle.count = 0;
  add_pickle(&pickle, "model", &brain, 1);
  write_zip(&pickle, bf16, sizeof bf16);
  weights = opened(NULL);
  expect_tensor(weights, "w", (double[]){1, -2.5, 0x1p-133}, 3);
  weights_close(weights);
}

static const TestTensor one = {"module.w", "FloatStorage", "0", 2, 0, 1, {2}, {1}},
                        other = {"w2", "FloatStorage", "0", 2, 0, 1, {2}, {1}};

Test(checkpoint, strips_a_prefix_that_all_have) {
  const float storage[] = {1, 2};
  Bytes pickle = {0};
  add_pickle(&pickle, NULL, &one, 1);
  write_zip(&pickle, storage, sizeof storage);
  Weights *weights = opened(NULL);
  expect_tensor(weights, "w", (double[]){1, 2}, 2);
  weights_close(weights);
  pickle.count = 0;
  add_pickle(&pickle, NULL, (TestTensor[]){one, other}, 2);
  write_zip(&pickle, storage, sizeof storage);
  weights = opened(NULL);
  expect_tensor(weights, "module.w", (double[]){1, 2}, 2);
  expect_tensor(weights, "w2", (double[]){1, 2}, 2);
  weights_close(weights);
}

Test(checkpoint, takes_the_state_that_is_asked_for) {
  const float storage[] = {1, 2};
  static const char *const asked[] = {NULL, "state_dict"};
  Bytes pickle = {0};
  add_pickle(&pickle, "state_dict", &one, 1);
  write_zip(&pickle, storage, sizeof storage);
  Weights *weights;
  cr_expect_eq(weights_open(arena, &diag, path, "epoch", &weights), STATUS_BAD_INPUT);
  cr_expect_eq(weights_open(arena, &diag, path, "model", &weights), STATUS_BAD_INPUT);
  for (int i = 0; i < 2; ++i) {
    weights = opened(asked[i]);
    expect_tensor(weights, "w", (double[]){1, 2}, 2);
    cr_assert_eq(weights->state_count, 1);
    cr_expect(weights->states[0].taken);
    weights_close(weights);
  }
}

Test(checkpoint, leaves_integers_out_of_the_floats) {
  const int64_t storage[] = {5};
  const TestTensor steps = {"num_batches_tracked", "LongStorage", "0", 1, 0, 0, {0}, {0}};
  Bytes pickle = {0};
  add_pickle(&pickle, "model", &steps, 1);
  write_zip(&pickle, storage, sizeof storage);
  Weights *weights = opened(NULL);
  NamedTensor *tensors;
  uint32_t count;
  diag.stream = NULL;
  weights_named(weights, &diag, &tensors, &count);
  cr_expect_eq(count, 0);
  cr_expect_eq(diag.warnings, 1);
  weights_close(weights);
}

/* -- changed files ----------------------------------------------------------------------------- */

static void open_variant(void) {
  Arena *inner = arena_new();
  Diag quiet = {0};
  Weights *weights;
  Status status = weights_open(inner, &quiet, path, NULL, &weights);
  cr_assert(status == STATUS_OK || status == STATUS_BAD_INPUT, "%d", status);
  if (!status) weights_close(weights);
  arena_free(inner);
}

/* Opens the file `data` with each byte changed, and cut at each byte. */
static void open_variants(const char *data, size_t bytes) {
  static const int changes[] = {0x01, 0x80, 0xff, 0x20};
  write_file(data, bytes);
  int fd = open(path, O_WRONLY);
  cr_assert_geq(fd, 0);
  for (size_t i = 0; i < bytes; ++i) {
    for (int kind = 0; kind < 4; ++kind) {
      char changed = (char)(data[i] ^ changes[kind]);
      cr_assert_eq(pwrite(fd, &changed, 1, (off_t)i), 1);
      open_variant();
    }
    cr_assert_eq(pwrite(fd, data + i, 1, (off_t)i), 1);
  }
  for (size_t i = bytes; i-- > 0;) {
    cr_assert_eq(ftruncate(fd, (off_t)i), 0);
    open_variant();
  }
  close(fd);
}

Test(checkpoint, survives_changed_files) {
  float storage[24] = {0};
  Bytes pickle = {0}, file = {0};
  add_pickle(&pickle, "model", views, VIEW_COUNT);
  add_legacy(&file, &pickle, storage, sizeof storage, 24);
  open_variants(file.data, file.count);
  write_zip(&pickle, storage, sizeof storage);
  FILE *stream = fopen(path, "rb");
  cr_assert_not_null(stream);
  file.count = fread(file.data, 1, sizeof file.data, stream);
  fclose(stream);
  open_variants(file.data, file.count);
}
