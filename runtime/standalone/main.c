/* The main program of an emitted executable: reads .npy inputs and photos, runs the model once and
 * writes .npy outputs, or says what came out. ATM_MODEL is the name of the model's PREFIX_model
 * function. */
#define _GNU_SOURCE
#include <errno.h>
#include <getopt.h>
#include <sched.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "atm_runtime.h"
#include "npy.h"
#include "photo.h"

enum { EXIT_BAD_INPUT = 1, EXIT_USAGE = 2, EXIT_SYSTEM = 3, ALIGNMENT = 64, TOP = 5 };
enum { MOST_INTEGERS = 16 };

const atm_model *ATM_MODEL(void);

/* What the command line and the files gave. Arrays are indexed like the model's inputs and outputs.
 */
typedef struct program {
  const atm_model *model;
  const char *name;
  const char **input_files, **output_files;
  const char *weights_file;
  npy_array *inputs, *outputs;
  void *weights;
  const atm_variant *variant; /* forced; NULL: the best that the CPU runs */
  long threads;
  int threads_asked; /* by --threads */
} program;

/* Prints a message; returns `code`. */
__attribute__((format(printf, 3, 4))) static int fail(const program *p, int code,
                                                      const char *format, ...) {
  va_list args;
  va_start(args, format);
  fprintf(stderr, "%s: error: ", p->name);
  vfprintf(stderr, format, args);
  fputc('\n', stderr);
  va_end(args);
  return code;
}

/* As in 1x3x224x224. */
static void print_shape(FILE *stream, uint32_t rank, const uint32_t *dims) {
  for (uint32_t i = 0; i < rank; ++i) {
    fprintf(stream, "%s%u", i ? "x" : "", (unsigned)dims[i]);
  }
}

static void print_tensors(const char *title, const atm_tensor *tensors, uint32_t count) {
  for (uint32_t i = 0; i < count; ++i) {
    printf("  %s %s: %s ", title, tensors[i].name, tensors[i].layout);
    print_shape(stdout, tensors[i].rank, tensors[i].dims);
    putchar('\n');
  }
}

/* Input `i` takes photos. */
static int takes_photos(const program *p, uint32_t i) {
  const atm_model *model = p->model;
  return i == model->image_input && model->pixels[i].order != 0 &&
         model->entries->inputs[i].dtype == ATM_DTYPE_U8;
}

/* What files may be for the image input. */
static const char *photo_names(const program *p) {
  if (!takes_photos(p, p->model->image_input)) return "";
  return "|photo.ppm"
#ifdef ATM_HAVE_PNG
         "|.png"
#endif
#ifdef ATM_HAVE_JPEG
         "|.jpg"
#endif
      ;
}

static void print_help(const program *p) {
  const atm_model *model = p->model;
  printf(
      "Usage: %s --input [NAME=]FILE.npy%s [--output [NAME=]FILE.npy] [--threads=N] "
      "[--isa=NAME]%s\n",
      p->name, photo_names(p), model->weights_bytes ? " --weights=FILE" : "");
  printf("Runs the model %s, compiled for", model->name);
  for (uint32_t i = 0; i < model->variant_count; ++i) {
    printf("%s %s", i ? "," : "", model->variants[i].name);
  }
  puts(".");
  for (uint32_t i = 0; i < model->entry_count; ++i) {
    print_tensors("input", model->entries[i].inputs, model->input_count);
    print_tensors("output", model->entries[i].outputs, model->output_count);
  }
}

static void print_version(const program *p) {
  const atm_model *model = p->model;
  printf("%s %s (%s, C interface %u)\n", model->name, model->hash, model->target,
         (unsigned)model->abi_version);
}

/* -- command line ------------------------------------------------------------------------------ */

/* Stores FILE of [NAME=]FILE at the tensor with that name; without one, at the only tensor. */
static int set_file(const program *p, const char *text, const atm_tensor *tensors, uint32_t count,
                    const char **files) {
  const char *equals = strchr(text, '=');
  if (!equals && count == 1) {
    files[0] = text;
    return 0;
  }
  for (uint32_t i = 0; equals && i < count; ++i) {
    size_t length = strlen(tensors[i].name);
    if (length == (size_t)(equals - text) && strncmp(text, tensors[i].name, length) == 0) {
      files[i] = equals + 1;
      return 0;
    }
  }
  return fail(p, EXIT_USAGE,
              "\"%s\" is not [NAME=]FILE with a name that the model has (see --help)", text);
}

/* Stores N of --threads=N. */
static int set_threads(program *p, const char *text) {
  char *end = NULL;
  p->threads = strtol(text, &end, 10);
  if (*end || end == text || p->threads < 1 || p->threads > 64) {
    return fail(p, EXIT_USAGE, "--threads=%s: 1 to 64 are allowed", text);
  }
  p->threads_asked = 1;
  return 0;
}

/* Forces the variant called `text`. */
static int set_variant(program *p, const char *text) {
  for (uint32_t i = 0; i < p->model->variant_count; ++i) {
    if (strcmp(p->model->variants[i].name, text) == 0) {
      p->variant = &p->model->variants[i];
      return 0;
    }
  }
  return fail(p, EXIT_USAGE, "--isa=%s: the model was not compiled for it (see --help)", text);
}

/* Fills `p`. Returns 0 or an exit code; sets *done when all was to be said of the model. */
static int parse_arguments(program *p, int argc, char **argv, int *done) {
  static const struct option options[] = {
      {"input", required_argument, NULL, 'i'},   {"output", required_argument, NULL, 'o'},
      {"threads", required_argument, NULL, 't'}, {"weights", required_argument, NULL, 'w'},
      {"isa", required_argument, NULL, 'v'},     {"help", no_argument, NULL, 'h'},
      {"version", no_argument, NULL, 'V'},       {0}};
  const atm_model *model = p->model;
  const atm_entry *entry = model->entries;
  int code = 0;
  for (int option; !code && (option = getopt_long(argc, argv, "", options, NULL)) != -1;) {
    switch (option) {
      case 'i':
        code = set_file(p, optarg, entry->inputs, model->input_count, p->input_files);
        break;
      case 'o':
        code = set_file(p, optarg, entry->outputs, model->output_count, p->output_files);
        break;
      case 't': code = set_threads(p, optarg); break;
      case 'v': code = set_variant(p, optarg); break;
      case 'w': p->weights_file = optarg; break;
      case 'h':
        print_help(p);
        *done = 1;
        return 0;
      case 'V':
        print_version(p);
        *done = 1;
        return 0;
      default: return EXIT_USAGE;
    }
  }
  if (!code && optind < argc) {
    return fail(p, EXIT_USAGE, "unexpected argument \"%s\"", argv[optind]);
  }
  return code;
}

/* -- files ------------------------------------------------------------------------------------- */

static int open_file(const program *p, const char *path, FILE **file) {
  *file = fopen(path, "rb");
  return *file ? 0 : fail(p, EXIT_SYSTEM, "%s: %s", path, strerror(errno));
}

/* The photo in `file`, at `path`, for input `i`. */
static int read_photo(program *p, uint32_t i, const char *path, FILE *file) {
  char message[PHOTO_MAX_MESSAGE] = "not a photo that can be resized";
  if (!takes_photos(p, i)) {
    return fail(p, EXIT_BAD_INPUT, "%s: a photo; input %s takes .npy files alone", path,
                p->model->entries->inputs[i].name);
  }
  if (photo_read(file, p->model, &p->inputs[i], message)) return 0;
  return fail(p, EXIT_BAD_INPUT, "%s: %s", path, message);
}

/* Reads every input's file. Elements must be of the model's type; choose_entry looks at the shapes.
 */
static int read_inputs(program *p) {
  for (uint32_t i = 0; i < p->model->input_count; ++i) {
    const char *name = p->model->entries->inputs[i].name;
    const char *path = p->input_files[i];
    if (!path) return fail(p, EXIT_USAGE, "--input %s=FILE.npy is missing", name);
    FILE *file;
    int code = open_file(p, path, &file);
    if (code) return code;
    if (photo_is_file(file)) {
      code = read_photo(p, i, path, file);
      fclose(file);
      if (code) return code;
      continue;
    }
    const char *error = npy_read(file, &p->inputs[i]);
    fclose(file);
    uint32_t wanted = p->model->entries->inputs[i].dtype;
    if (error && error != npy_other_elements) {
      return fail(p, EXIT_BAD_INPUT, "%s: %s", path, error);
    }
    if (error || p->inputs[i].type->dtype != wanted) {
      return fail(p, EXIT_BAD_INPUT, "%s: elements are %s; input %s takes '%s'", path,
                  p->inputs[i].found, name, npy_type_of(wanted)->descr);
    }
  }
  return 0;
}

/* At least `bytes` bytes, and one more; large blocks in large pages where the system has them: of
 * small ones, maps and weights need thousands. NULL where there is not enough memory. */
static void *allocate(size_t bytes) {
  enum { LARGE_PAGE = 2 << 20 };
  size_t alignment = bytes < LARGE_PAGE ? ALIGNMENT : LARGE_PAGE;
  size_t rounded = (bytes + alignment) / alignment * alignment;
  void *memory = aligned_alloc(alignment, rounded);
  if (memory && alignment == LARGE_PAGE) (void)madvise(memory, rounded, MADV_HUGEPAGE);
  return memory;
}

/* Reads the weights' file into p->weights, all of it: a file of another length is of another model.
 */
static int read_weights(program *p) {
  size_t bytes = p->model->weights_bytes;
  if (!bytes) return 0;
  if (!p->weights_file) return fail(p, EXIT_USAGE, "--weights=FILE is missing");
  FILE *file;
  int code = open_file(p, p->weights_file, &file);
  if (code) return code;
  p->weights = allocate(bytes);
  int whole = p->weights && fread(p->weights, 1, bytes, file) == bytes && fgetc(file) == EOF;
  fclose(file);
  if (whole) return 0;
  return fail(p, EXIT_BAD_INPUT, "%s: not the %zu bytes of this model's weights", p->weights_file,
              bytes);
}

/* Writes those outputs that a file was named for. */
static int write_outputs(const program *p) {
  for (uint32_t i = 0; i < p->model->output_count; ++i) {
    if (!p->output_files[i]) continue;
    const char *error = npy_write(p->output_files[i], &p->outputs[i]);
    if (error) return fail(p, EXIT_SYSTEM, "%s: %s", p->output_files[i], error);
  }
  return 0;
}

/* -- answers ----------------------------------------------------------------------------------- */

/* Whether the UTF-8 at `c` is a control character (C0, C1, DEL) or turns the direction of
 * writing. */
static int is_hidden(const unsigned char *c) {
  if (c[0] < 0x80) return c[0] < 0x20 || c[0] == 0x7f;
  if (c[0] == 0xc2) return c[1] < 0xa0;
  if (c[0] == 0xd8) return c[1] == 0x9c;
  if (c[0] != 0xe2) return 0;
  return (c[1] == 0x80 && (c[2] == 0x8e || c[2] == 0x8f || (c[2] >= 0xa8 && c[2] <= 0xae))) ||
         (c[1] == 0x81 && c[2] >= 0xa6 && c[2] <= 0xa9);
}

/* Prints a name from the model, which may hold anything, in a column. */
static void print_name(const char *name) {
  int width = 24;
  for (const char *c = name; *c; ++c, --width) {
    putchar(is_hidden((const unsigned char *)c) ? '?' : *c);
  }
  for (; width > 0; --width) putchar(' ');
}

/* The largest values of one image, with the names of their classes. */
static void print_top(const program *p, const float *values, uint32_t count) {
  float limit = 0;
  uint32_t last = 0;
  for (uint32_t rank = 0; rank < TOP && rank < count; ++rank) {
    uint32_t best = count;
    for (uint32_t i = 0; i < count; ++i) {
      int open = rank == 0 || values[i] < limit || (values[i] == limit && i > last);
      if (open && (best == count || values[i] > values[best])) best = i;
    }
    if (best == count) break;
    limit = values[best];
    last = best;
    if (best < p->model->class_count) {
      printf("  ");
      print_name(p->model->classes[best]);
      printf(" %.4f\n", (double)limit);
    } else {
      printf("  %-24u %.4f\n", (unsigned)best, (double)limit);
    }
  }
}

/* Of `count` values, at least one. */
static void print_summary(const float *values, size_t count) {
  double sum = 0, low = values[0], high = values[0];
  for (size_t i = 0; i < count; ++i) {
    double value = values[i];
    sum += value;
    if (value < low) low = value;
    if (value > high) high = value;
  }
  printf("  min %.6g, mean %.6g, max %.6g\n", low, sum / (double)count, high);
}

/* The first values of one image: bytes, or of 32 bits. */
static void print_integers(uint32_t dtype, const void *values, size_t count) {
  const uint8_t *bytes = values;
  const int32_t *words = values;
  for (size_t i = 0; i < count && i < MOST_INTEGERS; ++i) {
    printf("  %ld", dtype == ATM_DTYPE_U8 ? (long)bytes[i] : (long)words[i]);
  }
  puts(count > MOST_INTEGERS ? "  ..." : "");
}

/* One output of one image, `count` elements at `data`. */
static void print_image(const program *p, const npy_array *array, const void *data, size_t count) {
  if (array->type->dtype != ATM_DTYPE_F32) {
    print_integers(array->type->dtype, data, count);
  } else if (array->rank == 2) {
    print_top(p, data, array->dims[1]);
  } else {
    print_summary(data, count);
  }
}

static void print_outputs(const program *p, const atm_entry *entry) {
  for (uint32_t i = 0; i < p->model->output_count; ++i) {
    const npy_array *array = &p->outputs[i];
    uint32_t images = array->rank == 2 ? array->dims[0] : 1; /* maps: all together */
    size_t count = npy_count(array->rank, array->dims) / images;
    printf("%s ", entry->outputs[i].name);
    print_shape(stdout, array->rank, array->dims);
    putchar('\n');
    for (uint32_t n = 0; n < images; ++n) {
      if (images > 1) printf(" image %u\n", (unsigned)n);
      print_image(p, array, (const char *)array->data + n * count * array->type->bytes, count);
    }
  }
}

/* -- running ----------------------------------------------------------------------------------- */

/* The inputs that were read have exactly the shapes of `entry`. */
static int entry_fits(const program *p, const atm_entry *entry) {
  for (uint32_t i = 0; i < p->model->input_count; ++i) {
    const atm_tensor *t = &entry->inputs[i];
    if (p->inputs[i].rank != t->rank ||
        memcmp(p->inputs[i].dims, t->dims, t->rank * sizeof *t->dims) != 0) {
      return 0;
    }
  }
  return 1;
}

/* The entry for the shapes of the inputs; NULL after a message. */
static const atm_entry *choose_entry(const program *p) {
  for (uint32_t i = 0; i < p->model->entry_count; ++i) {
    if (entry_fits(p, &p->model->entries[i])) return &p->model->entries[i];
  }
  fprintf(stderr,
          "%s: error: the inputs have shapes that the model was not compiled for:", p->name);
  for (uint32_t i = 0; i < p->model->input_count; ++i) {
    fputc(' ', stderr);
    print_shape(stderr, p->inputs[i].rank, p->inputs[i].dims);
  }
  fprintf(stderr, " (see --help)\n");
  return NULL;
}

/* Room for what `t` describes, in array->data, as large results are written fastest; 0 where there
 * is none. */
static int new_output(const atm_tensor *t, npy_array *array) {
  *array = (npy_array){.type = npy_type_of(t->dtype), .rank = t->rank};
  memcpy(array->dims, t->dims, sizeof array->dims);
  if (array->type) array->data = allocate(npy_count(t->rank, t->dims) * array->type->bytes);
  return array->data != NULL;
}

/* Runs `entry` in `env`; sets the time in milliseconds. Returns an ATM_E_* code. */
static int run_entry(program *p, const atm_entry *entry, const atm_env *env, double *milliseconds) {
  size_t bytes = entry->workspace_base + (env->threads - 1) * entry->workspace_scratch;
  void *workspace = allocate(bytes);
  const void **in = calloc(p->model->input_count, sizeof *in);
  void **out = calloc(p->model->output_count, sizeof *out);
  int ready = workspace && in && out;
  for (uint32_t i = 0; ready && i < p->model->input_count; ++i) in[i] = p->inputs[i].data;
  for (uint32_t i = 0; ready && i < p->model->output_count; ++i) {
    ready = new_output(&entry->outputs[i], &p->outputs[i]);
    out[i] = p->outputs[i].data;
  }
  struct timespec begin, end;
  clock_gettime(CLOCK_MONOTONIC, &begin);
  int code = ready ? entry->run(in, out, workspace, bytes, env) : ATM_E_NO_MEMORY;
  clock_gettime(CLOCK_MONOTONIC, &end);
  *milliseconds =
      (double)(end.tv_sec - begin.tv_sec) * 1e3 + (double)(end.tv_nsec - begin.tv_nsec) * 1e-6;
  free(in);
  free(out);
  free(workspace);
  return code;
}

/* Threads that nobody asked for are done without where the system refuses them. */
static atm_pool *create_pool(program *p) {
  atm_pool *pool = atm_pool_create((uint32_t)p->threads);
  if (pool || p->threads_asked) return pool;
  p->threads = 1;
  return atm_pool_create(1);
}

/* Files, entry, threads, the run, answers. Returns an exit code; main frees what `p` holds. */
static int run(program *p) {
  int code = read_inputs(p);
  if (!code) code = read_weights(p);
  if (code) return code;
  const atm_entry *entry = choose_entry(p);
  if (!entry) return EXIT_BAD_INPUT;
  atm_pool *pool = create_pool(p);
  if (!pool) return fail(p, EXIT_SYSTEM, "%s", atm_error_text(ATM_E_SYSTEM));
  double milliseconds = 0;
  atm_env env = atm_pool_env(pool);
  env.weights = p->weights;
  if (p->variant) env.isa = p->variant->isa;
  const atm_variant *variant = atm_model_variant(p->model, &env);
  int error = run_entry(p, entry, &env, &milliseconds);
  atm_pool_destroy(pool);
  if (error) return fail(p, EXIT_SYSTEM, "%s", atm_error_text(error));
  print_outputs(p, entry);
  printf("%.3f ms, %ld thread%s, %s\n", milliseconds, p->threads, p->threads == 1 ? "" : "s",
         variant->name);
  if (fflush(stdout) != 0) return fail(p, EXIT_SYSTEM, "standard output: %s", strerror(errno));
  return write_outputs(p);
}

/* As many threads as processors that this process may run on. */
static long allowed_processors(void) {
  cpu_set_t set;
  long count =
      sched_getaffinity(0, sizeof set, &set) == 0 ? CPU_COUNT(&set) : sysconf(_SC_NPROCESSORS_ONLN);
  return count < 1 ? 1 : count > 64 ? 64 : count;
}

int main(int argc, char **argv) {
  program p = {.model = ATM_MODEL(), .name = argv[0]};
  p.threads = allowed_processors();
  uint32_t inputs = p.model->input_count, outputs = p.model->output_count;
  p.input_files = calloc(inputs, sizeof *p.input_files);
  p.output_files = calloc(outputs, sizeof *p.output_files);
  p.inputs = calloc(inputs, sizeof *p.inputs);
  p.outputs = calloc(outputs, sizeof *p.outputs);
  int done = 0;
  int code = EXIT_SYSTEM;
  if (p.input_files && p.output_files && p.inputs && p.outputs) {
    code = parse_arguments(&p, argc, argv, &done);
    if (!code && !done) code = run(&p);
  }
  for (uint32_t i = 0; p.inputs && i < inputs; ++i) free(p.inputs[i].data);
  for (uint32_t i = 0; p.outputs && i < outputs; ++i) free(p.outputs[i].data);
  free(p.input_files), free(p.output_files), free(p.inputs), free(p.outputs), free(p.weights);
  return code;
}
