#include "driver/offsets_field.h"

#include <math.h>
#include <string.h>

#include "driver/layout.h"

enum { GRID = 12, PANEL = 132, GAP = 12, MARGIN = 18, HEAD = 34, FOOT = 34, COLOR = 0xc2410c };

/* What is measured. */
typedef struct Field {
  Compilation *c;
  const OffsetsStudy *study;
  const InterpTensor *images;
  uint32_t input; /* the images among the inputs */
  double *change; /* [samplings][GRID][GRID], of one image */
} Field;

static double spread_of(const double *data, size_t count) {
  double sum = 0, squares = 0;
  for (size_t i = 0; i < count; ++i) {
    sum += data[i];
    squares += data[i] * data[i];
  }
  double mean = sum / (double)count, variance = squares / (double)count - mean * mean;
  return variance > 0 ? sqrt(variance) : 1;
}

/* Adds `more` to cell `cell` of the image. */
static void brighten(double *image, Extent e, uint32_t cell, double more) {
  size_t top = cell / GRID * e.h / GRID, bottom = (cell / GRID + 1) * e.h / GRID;
  size_t left = cell % GRID * e.w / GRID, right = (cell % GRID + 1) * e.w / GRID;
  for (size_t y = top; y < bottom; ++y) {
    for (size_t i = (y * e.w + left) * e.c; i < (y * e.w + right) * e.c; ++i) image[i] += more;
  }
}

/* The outputs on image `index` with cell `cell` brighter, GRID * GRID: none. */
static Status run(const Field *f, uint32_t index, uint32_t cell, Arena *arena,
                  InterpTensor **outputs) {
  const Graph *graph = f->study->list->graph;
  uint32_t count = graph_inputs(graph, NULL, 0);
  InterpTensor *in = ARENA_ARRAY(arena, count, InterpTensor);
  for (uint32_t i = 0; i < count; ++i) {
    in[i] = f->images[i];
    in[i].type.dims[0] = 1;
    size_t each = layout_count(in[i].type);
    in[i].data = arena_copy(arena, in[i].data + index * each, each * sizeof *in[i].data);
  }
  InterpTensor *image = &in[f->input];
  if (cell < GRID * GRID) {
    double more = spread_of(image->data, layout_count(image->type));
    brighten(image->data, interpret_extent(image->type), cell, more);
  }
  *outputs = ARENA_ARRAY(arena, graph->output_count, InterpTensor);
  WeightSource source = weights_source(f->c->weights);
  return interp_run(graph, &source, arena, f->c->diag, in, *outputs);
}

/* How far the token of a layer's result is from what it was. */
static double distance_at(const Field *f, const Sampling *s, const InterpTensor *before,
                          const InterpTensor *after) {
  const InterpTensor *x = &before[s->outputs + 2], *y = &after[s->outputs + 2];
  Extent e = interpret_extent(x->type);
  Token token = sampling_same_place(f->study->token, f->study->list->items[0].map, e);
  size_t at = ((size_t)token.y * e.w + token.x) * e.c;
  double sum = 0;
  for (size_t k = 0; k < e.c; ++k) sum += pow(y->data[at + k] - x->data[at + k], 2);
  return sqrt(sum);
}

static Status measure(Field *f, uint32_t index) {
  const SamplingList *list = f->study->list;
  Arena *arena = arena_new();
  InterpTensor *before;
  Status status = run(f, index, GRID * GRID, arena, &before);
  for (uint32_t cell = 0; cell < GRID * GRID && !status; ++cell) {
    Arena *work = arena_new();
    InterpTensor *after;
    status = run(f, index, cell, work, &after);
    for (uint32_t i = 0; i < list->count && !status; ++i) {
      f->change[i * GRID * GRID + cell] = distance_at(f, &list->items[i], before, after);
    }
    arena_free(work);
    progress_share(&f->c->progress,
                   (index * GRID * GRID + cell + 1.0) / (f->study->shown * GRID * GRID));
  }
  arena_free(arena);
  return status;
}

static void draw_panel(Canvas *c, const Field *f, uint32_t sampling, uint32_t index,
                       CanvasBox panel) {
  const double *change = f->change + (size_t)sampling * GRID * GRID;
  double most = 0, width = panel.width / GRID, height = panel.height / GRID;
  canvas_photo(c, panel, &f->study->photos[index]);
  canvas_rect(c, panel, 0xffffff, 0.35, NULL);
  for (int i = 0; i < GRID * GRID; ++i) most = fmax(most, change[i]);
  for (int i = 0; i < GRID * GRID && most > 0; ++i) {
    int row = i / GRID, column = i % GRID;
    CanvasBox box = {panel.x + column * width, panel.y + row * height, width, height};
    canvas_rect(c, box, COLOR, 0.9 * change[i] / most,
                arena_printf(c->arena, "%.0f %% of the largest change", 100 * change[i] / most));
  }
  canvas_frame(c, panel, 0xb8bcc4);
}

static Status draw(Field *f, Canvas *c, double width, double height) {
  const SamplingList *list = f->study->list;
  for (uint32_t n = 0; n < f->study->shown; ++n) {
    RETURN_IF_ERROR(measure(f, n));
    double x = MARGIN;
    for (uint32_t i = 0; i < list->count; ++i) {
      if (!offsets_begins_layer(list, i)) continue;
      if (n == 0) canvas_text(c, x, HEAD - 10, 12, CANVAS_START, list->items[i].layer);
      draw_panel(c, f, i, n, (CanvasBox){x, HEAD + n * (height + GAP), width, height});
      x += width + GAP;
    }
  }
  canvas_text(c, MARGIN, c->height - 16, 12, CANVAS_START,
              "Change of the query token when a cell changes (finite differences)");
  return STATUS_OK;
}

Status offsets_field(Compilation *c, const OffsetsStudy *study, const InterpTensor *images,
                     Canvas *picture) {
  Field f = {.c = c, .study = study, .images = images};
  f.input = shapes_image_input(c->model->graph, c->arena);
  f.change = ARENA_ARRAY(c->arena, (size_t)study->list->count * GRID * GRID, double);
  uint32_t layers = 0;
  for (uint32_t i = 0; i < study->list->count; ++i) layers += offsets_begins_layer(study->list, i);
  double aspect = (double)study->photos[0].height / study->photos[0].width;
  double width = aspect <= 1 ? PANEL : PANEL / aspect, height = width * aspect;
  *picture = canvas_new(c->arena, fmax(2 * MARGIN + layers * (width + GAP) - GAP, 440),
                        HEAD + study->shown * (height + GAP) + FOOT);
  progress_step(&c->progress, "measuring the field");
  Status status = draw(&f, picture, width, height);
  progress_end(&c->progress);
  return status;
}
