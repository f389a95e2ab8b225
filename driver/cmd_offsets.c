/* atmc offsets: where a model looks. Pictures of a query token's samples, the histogram of its
 * offsets over images, and the field that its layers see. */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "driver/commands.h"
#include "driver/layout.h"
#include "driver/offsets_field.h"
#include "driver/offsets_sheet.h"
#include "driver/tensor_files.h"
#include "support/atomic_file.h"
#include "support/npy.h"

enum { MOST_SHOWN = 4 };
static const double PIXELS = 1.5; /* for each unit */

/* -- inputs ------------------------------------------------------------------------------------ */

/* The inputs of the model in logical order. */
static Status read_inputs(Compilation *c, InterpTensor **images) {
  const Graph *graph = c->model->graph;
  uint32_t count = graph_inputs(graph, NULL, 0);
  const void **data = ARENA_ARRAY(c->arena, count, const void *);
  NodeId *nodes = ARENA_ARRAY(c->arena, count, NodeId);
  Shape shape;
  const Type *types;
  RETURN_IF_ERROR(tensor_files_read(c, data, &shape));
  RETURN_IF_ERROR(shapes_input_types(graph, shape, c->arena, c->diag, &types, &count));
  graph_inputs(graph, nodes, count);
  *images = ARENA_ARRAY(c->arena, count, InterpTensor);
  for (uint32_t i = 0; i < count; ++i) {
    (*images)[i].type = types[i];
    (*images)[i].data = ARENA_ARRAY(c->arena, layout_count(types[i]), double);
    layout_to_logical(types[i], graph_node(graph, nodes[i])->attrs.INPUT.nchw, data[i],
                      (*images)[i].data);
  }
  return STATUS_OK;
}

/* Image `index` with its least value black and its largest white; of other than three channels, the
 * first as grey. */
static Photo photo_of(const InterpTensor *images, uint32_t index, Arena *arena) {
  Extent e = interpret_extent(images->type);
  const double *data = images->data + index * e.h * e.w * e.c;
  double low = INFINITY, high = -INFINITY;
  for (size_t i = 0; i < e.h * e.w * e.c; ++i) {
    low = fmin(low, data[i]);
    high = fmax(high, data[i]);
  }
  Photo photo = {arena_alloc(arena, e.h * e.w * 3), (uint32_t)e.h, (uint32_t)e.w};
  double scale = high > low ? 255 / (high - low) : 0;
  for (size_t i = 0; i < e.h * e.w; ++i) {
    for (size_t k = 0; k < 3; ++k) {
      double value = data[i * e.c + (e.c == 3 ? k : 0)];
      double shade = (value - low) * scale + 0.5;
      photo.pixels[3 * i + k] = shade >= 0 && shade < 256 ? (uint8_t)shade : 0; /* or a NaN */
    }
  }
  return photo;
}

static Status parse_token(Compilation *c, Extent map, OffsetsStudy *study) {
  const char *text = c->options->token;
  unsigned y, x;
  int end = 0;
  study->token = (Token){(uint32_t)map.h / 2, (uint32_t)map.w / 2};
  if (!text) return STATUS_OK;
  if (sscanf(text, "%5u,%5u%n", &y, &x, &end) != 2 || text[end] || strpbrk(text, " +-\t\n")) {
    return diag_usage_error(c->diag, "--token: \"%s\" is not of the form Y,X, as 3,5", text);
  }
  if (y >= map.h || x >= map.w) {
    return diag_usage_error(c->diag, "--token: %s is outside of the first layer's %zu x %zu tokens",
                            text, map.h, map.w);
  }
  study->token = (Token){y, x};
  return STATUS_OK;
}

/* -- files ------------------------------------------------------------------------------------- */

typedef struct Folder {
  Compilation *c;
  AtomicFiles *files;
} Folder;

static Status write_file(Folder *o, const char *name, const void *data, size_t bytes) {
  const char *path = arena_printf(o->c->arena, "%s/%s", o->c->options->output, name);
  return atomic_files_write(o->files, path, data, bytes, false);
}

static Status write_text(Folder *o, const char *name, const char *text) {
  return write_file(o, name, text, strlen(text));
}

/* Both forms of a picture. */
static Status write_picture(Folder *o, const char *name, const Canvas *canvas) {
  Arena *arena = o->c->arena;
  char message[PHOTO_MAX_MESSAGE];
  size_t bytes;
  RETURN_IF_ERROR(write_text(o, arena_printf(arena, "%s.svg", name), canvas_svg(canvas)));
  Photo photo = canvas_pixels(canvas, PIXELS);
  const char *png = photo_encode_png(arena, &photo, NULL, &bytes, message);
  if (!png) return diag_io_error(o->c->diag, (Position){0}, "%s.png: %s", name, message);
  return write_file(o, arena_printf(arena, "%s.png", name), png, bytes);
}

/* A layer's name may hold '/'. */
static const char *file_name(Arena *arena, const char *layer) {
  char *name = arena_strdup(arena, layer);
  for (char *at = name; *at; ++at) {
    if (*at == '/') *at = '_';
  }
  return name;
}

/* The offsets of a sampling: [images,H,W,C], of constant ones [1,1,1,C]. */
static Status write_values(Folder *o, const Sampling *s, uint32_t images) {
  Arena *arena = o->c->arena;
  NpyArray array = {.rank = 4,
                    .dims = {s->constant ? 1 : images, (int64_t)s->offsets.h, (int64_t)s->offsets.w,
                             (int64_t)s->offsets.c},
                    .data = s->values};
  array.count = (size_t)array.dims[0] * s->offsets.h * s->offsets.w * s->offsets.c;
  char *file;
  size_t bytes;
  npy_format(arena, &array, &file, &bytes);
  return write_file(o,
                    arena_printf(arena, "%s.%s.npy", file_name(arena, s->layer), sampling_kind(s)),
                    file, bytes);
}

/* A line for each bin. */
static const char *histogram_csv(const OffsetsStudy *study, Arena *arena) {
  StringBuilder text = {.arena = arena};
  string_builder_add(&text, "layer,direction,from,to,part\n");
  for (uint32_t i = 0; i < study->list->count; ++i) {
    if (!offsets_begins_layer(study->list, i)) continue;
    OffsetsBins bins = offsets_bins(study, i);
    double step = 2 * bins.limit / OFFSETS_BINS;
    for (int k = 0; k < 2 * OFFSETS_BINS; ++k) {
      int d = k / OFFSETS_BINS, b = k % OFFSETS_BINS;
      if (!bins.has[d]) continue;
      string_builder_printf(&text, "%s,%s,%.6g,%.6g,%.6g\n", study->list->items[i].layer,
                            d ? "horizontal" : "vertical", b * step - bins.limit,
                            (b + 1) * step - bins.limit, bins.parts[d][b]);
    }
  }
  return string_builder_text(&text);
}

static Status write_data(Folder *o, const OffsetsStudy *study) {
  for (uint32_t i = 0; i < study->list->count; ++i) {
    RETURN_IF_ERROR(write_values(o, &study->list->items[i], study->list->images));
  }
  return write_text(o, "histogram.csv", histogram_csv(study, o->c->arena));
}

/* -- the command ------------------------------------------------------------------------------- */

static Status write_all(Folder *o, const OffsetsStudy *study, const InterpTensor *images) {
  Arena *arena = o->c->arena;
  Canvas sheet = offsets_sheet(study, arena), histogram = offsets_histogram(study, arena);
  RETURN_IF_ERROR(write_picture(o, "sampled", &sheet));
  RETURN_IF_ERROR(write_picture(o, "histogram", &histogram));
  if (o->c->options->data) RETURN_IF_ERROR(write_data(o, study));
  if (o->c->options->field) {
    Canvas field;
    RETURN_IF_ERROR(offsets_field(o->c, study, images, &field));
    RETURN_IF_ERROR(write_picture(o, "field", &field));
  }
  return atomic_files_commit(o->files);
}

static Status offsets(Compilation *c) {
  SamplingList list;
  InterpTensor *images;
  RETURN_IF_ERROR(compilation_read(c));
  RETURN_IF_ERROR(sampling_find(c, &c->options->layers, &list));
  RETURN_IF_ERROR(read_inputs(c, &images));
  RETURN_IF_ERROR(sampling_run(c, images, &list));
  OffsetsStudy study = {.list = &list};
  study.shown = list.images < MOST_SHOWN ? list.images : MOST_SHOWN;
  RETURN_IF_ERROR(parse_token(c, list.items[0].map, &study));
  const InterpTensor *shown = &images[shapes_image_input(c->model->graph, c->arena)];
  Photo *photos = ARENA_ARRAY(c->arena, study.shown, Photo);
  for (uint32_t i = 0; i < study.shown; ++i) photos[i] = photo_of(shown, i, c->arena);
  study.photos = photos;
  if (mkdir(c->options->output, 0777) != 0 && errno != EEXIST) {
    return diag_io_error(c->diag, diag_file(c->options->output), "cannot make the folder: %s",
                         strerror(errno));
  }
  Folder folder = {c, atomic_files_new(c->arena, c->diag)};
  Status status = write_all(&folder, &study, images);
  atomic_files_discard(folder.files);
  return status;
}

Status cmd_offsets(const Options *options, Arena *arena, Diag *diag) {
  return compilation_with(options, arena, diag, offsets);
}
