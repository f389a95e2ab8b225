/* compare_golden [--decibels=N] [--bound=X] GOLDEN.safetensors[:LOGITS] [NAME=]OUT0.npy ..: outputs
 * against recorded ones.
 *
 * A golden file holds either F64 `logits` [N,classes], or under another name, LOGITS; or, for each
 * level L of a pyramid, `levelL.shape`, `levelL.index` (I64, flat positions in [N,C,H,W]),
 * `levelL.value` (F64, there) and `levelL.rms` (F64, of the whole level). Golden files are part of
 * the project and trusted.
 *
 * NAME stands for levelL. NAME class: pixels whose best class leads clearly, `class.index` (I64,
 * flat in [N,H,W]) and `class.value` (I64), against labels in bytes; all are to be the same.
 *
 * Prints the largest error in units of the largest output, and the same as a share of the bound;
 * or, with --decibels, the signal over the noise, which is then to be so many at least. The bound
 * is 2e-6, unless --bound says another.
 * Exit code 1 where an output has another shape, is not finite, or is beyond the bound.
 */
#include <cjson/cJSON.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/atomic_file.h"
#include "support/npy.h"

/* What an output must keep to; decibels 0: the bound, of the largest output. */
typedef struct Wanted {
  double decibels, bound;
} Wanted;

typedef struct Golden {
  const cJSON *header;
  const char *data;
} Golden;

typedef struct Tensor {
  uint32_t rank;
  int64_t dims[NPY_MAX_RANK];
  size_t count;
  const void *data; /* double or int64_t; aligned */
} Tensor;

static _Noreturn void give_up(const char *what, const char *name) {
  fprintf(stderr, "compare_golden: %s: %s\n", name, what);
  exit(1);
}

/* The tensor called `name`; false when there is none. */
static bool find_tensor(Arena *arena, const Golden *golden, const char *name, Tensor *tensor) {
  const cJSON *entry = cJSON_GetObjectItemCaseSensitive(golden->header, name);
  if (!entry) return false;
  const cJSON *dim, *span = cJSON_GetObjectItem(entry, "data_offsets");
  size_t begin = (size_t)cJSON_GetArrayItem(span, 0)->valuedouble;
  *tensor = (Tensor){.count = 1};
  cJSON_ArrayForEach(dim, cJSON_GetObjectItem(entry, "shape")) {
    if (tensor->rank == NPY_MAX_RANK) give_up("too many dimensions", name);
    tensor->dims[tensor->rank++] = (int64_t)dim->valuedouble;
    tensor->count *= (size_t)dim->valuedouble;
  }
  tensor->data = arena_copy(arena, golden->data + begin, tensor->count * 8);
  return true;
}

static Tensor get_tensor(Arena *arena, const Golden *golden, const char *name) {
  Tensor tensor;
  if (!find_tensor(arena, golden, name, &tensor)) give_up("not in the golden file", name);
  return tensor;
}

/* -- one output -------------------------------------------------------------------------------- */

typedef struct Report {
  double error;   /* largest absolute error */
  double largest; /* largest absolute value */
  double signal;  /* sums of squares: of the values, */
  double noise;   /* and of the errors */
} Report;

static void check_shape(const char *name, const NpyArray *out, const int64_t *dims, size_t rank) {
  bool same = out->rank == rank;
  for (size_t i = 0; same && i < rank; ++i) same = out->dims[i] == dims[i];
  if (!same) give_up("the output has another shape", name);
}

static void compare_element(const char *name, double value, double expected, Report *report) {
  if (!isfinite(value)) give_up("an output is not finite", name);
  report->error = fmax(report->error, fabs(value - expected));
  report->largest = fmax(report->largest, fabs(expected));
  report->signal += expected * expected;
  report->noise += (value - expected) * (value - expected);
}

static void compare_logits(const Tensor *logits, const NpyArray *out, Report *report) {
  const double *expected = logits->data;
  check_shape("logits", out, logits->dims, logits->rank);
  for (size_t i = 0; i < out->count; ++i) {
    compare_element("logits", out->data[i], expected[i], report);
  }
}

/* The recorded positions of a level, and its root mean square, which sees the others. */
static void compare_level(Arena *arena, const Golden *golden, const char *level,
                          const NpyArray *out, Report *report) {
  Tensor shape = get_tensor(arena, golden, arena_printf(arena, "%s.shape", level));
  Tensor index = get_tensor(arena, golden, arena_printf(arena, "%s.index", level));
  Tensor value = get_tensor(arena, golden, arena_printf(arena, "%s.value", level));
  Tensor rms = get_tensor(arena, golden, arena_printf(arena, "%s.rms", level));
  const int64_t *at = index.data;
  const double *expected = value.data;
  double squares = 0;
  check_shape(level, out, shape.data, shape.count);
  for (size_t i = 0; i < index.count; ++i) {
    compare_element(level, out->data[at[i]], expected[i], report);
  }
  for (size_t i = 0; i < out->count; ++i) squares += (double)out->data[i] * out->data[i];
  compare_element(level, sqrt(squares / (double)out->count), *(const double *)rms.data, report);
}

/* The recorded pixels of the labels in `path`, whose last bytes they are. */
static bool compare_labels(Arena *arena, Diag *diag, const Golden *golden, const char *path) {
  Tensor shape = get_tensor(arena, golden, "image.shape");
  Tensor index = get_tensor(arena, golden, "class.index");
  Tensor value = get_tensor(arena, golden, "class.value");
  const int64_t *dims = shape.data, *at = index.data, *expected = value.data;
  size_t pixels = (size_t)(dims[0] * dims[2] * dims[3]), bytes, differ = 0;
  char *file;
  if (atomic_file_read(arena, diag, path, SIZE_MAX, &file, &bytes)) return false;
  if (bytes < pixels) give_up("too few labels", path);
  const unsigned char *labels = (const unsigned char *)file + (bytes - pixels);
  for (size_t i = 0; i < index.count; ++i) differ += labels[at[i]] != expected[i];
  printf("labels: %zu of %zu differ\n", differ, index.count);
  return differ == 0;
}

/* Prints `report`; false when it does not keep to what is wanted. */
static bool print_report(const char *name, Report report, Wanted wanted) {
  if (wanted.decibels > 0) {
    double got = 10 * log10(report.signal / report.noise);
    printf("%s: %.1f dB, %g wanted\n", name, got, wanted.decibels);
    return got >= wanted.decibels;
  }
  double relative = report.error / report.largest;
  printf("%s: max error / max output %.3g, %.3g of the bound\n", name, relative,
         relative / wanted.bound);
  return relative <= wanted.bound;
}

/* Cuts `:LOGITS` off the path and returns it. */
static const char *split_name(char *path) {
  char *colon = strrchr(path, ':');
  if (!colon) return "logits";
  *colon = '\0';
  return colon + 1;
}

/* Takes OPTION=N off the arguments; `absent`: it is not there. */
static double take_number(int *argc, char ***argv, const char *option, double absent) {
  size_t length = strlen(option);
  if (*argc < 2 || strncmp((*argv)[1], option, length) != 0) return absent;
  double number = strtod((*argv)[1] + length, NULL);
  --*argc;
  ++*argv;
  return number;
}

int main(int argc, char **argv) {
  Wanted wanted;
  wanted.decibels = take_number(&argc, &argv, "--decibels=", 0);
  wanted.bound = take_number(&argc, &argv, "--bound=", 2e-6);
  if (argc < 3) {
    fprintf(stderr,
            "usage: compare_golden [--decibels=N] [--bound=X] GOLDEN.safetensors OUT0.npy ..\n");
    return 2;
  }
  Arena *arena = arena_new();
  Diag diag = {.stream = stderr};
  char *file;
  size_t bytes;
  uint64_t header_bytes;
  const char *logits_name = split_name(argv[1]);
  if (atomic_file_read(arena, &diag, argv[1], SIZE_MAX, &file, &bytes)) return 1;
  memcpy(&header_bytes, file, sizeof header_bytes);
  cJSON *header = cJSON_ParseWithLength(file + 8, header_bytes);
  if (!header) give_up("not a safetensors file", argv[1]);
  Golden golden = {header, file + 8 + header_bytes};
  Tensor logits;
  bool good = true, has_logits = find_tensor(arena, &golden, logits_name, &logits);
  for (int i = 2; i < argc; ++i) {
    NpyArray out;
    Report report = {0};
    const char *name = has_logits ? "logits" : arena_printf(arena, "level%d", i - 2);
    const char *path = argv[i], *equals = strchr(path, '=');
    if (equals) {
      name = arena_strndup(arena, path, (size_t)(equals - path));
      path = equals + 1;
    }
    if (strcmp(name, "class") == 0) {
      good = compare_labels(arena, &diag, &golden, path) && good;
      continue;
    }
    if (npy_read(arena, &diag, path, &out)) return 1;
    if (has_logits) {
      compare_logits(&logits, &out, &report);
    } else {
      compare_level(arena, &golden, name, &out, &report);
    }
    good = print_report(name, report, wanted) && good;
  }
  cJSON_Delete(header);
  arena_free(arena);
  return !good;
}
