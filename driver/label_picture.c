/* Labels become colors; libpng writes them (photo_png.c). */
#include "driver/label_picture.h"

#include <string.h>
#include <strings.h>

#include "support/panic.h"

bool label_picture_is_path(const char *path) {
  size_t length = strlen(path);
  return length >= 4 && strcasecmp(path + length - 4, ".png") == 0;
}

void label_picture_palette(uint8_t palette[PHOTO_PALETTE][3]) {
  memset(palette, 0, PHOTO_PALETTE * sizeof palette[0]);
  for (unsigned class = 0; class < PHOTO_PALETTE; ++class) {
    for (unsigned bit = 0; bit < 8; ++bit) {
      palette[class][bit % 3] |= (uint8_t)((class >> bit & 1) << (7 - bit / 3));
    }
  }
}

/* -- before there is work ---------------------------------------------------------------------- */

/* The argmax over a map that gives an output; NULL: something else does. */
static const Node *labels_node(const Graph *graph, uint32_t index) {
  const Node *node = graph_def(graph, graph->outputs[index].value);
  if (node->op != OP_ARGMAX) return NULL;
  return graph_type(graph, graph->outputs[index].value).rank == 4 ? node : NULL;
}

Status label_picture_check(const Compilation *c, uint32_t index, const char *path) {
  const Graph *graph = c->model->graph;
  const char *name = graph->outputs[index].name;
  const Node *node = labels_node(graph, index);
  if (!node) {
    return diag_error(c->diag, diag_file(path),
                      "output \"%s\" gives no labels: a picture shows what argmax gives of a map",
                      name);
  }
  int64_t classes = type_channels(graph_type(graph, node->operands[0]));
  if (classes <= PHOTO_PALETTE) return STATUS_OK;
  return diag_error(c->diag, diag_file(path),
                    "output \"%s\" has %lld classes; the palette of a picture has %d", name,
                    (long long)classes, PHOTO_PALETTE);
}

/* The first input that is a photo; the number of inputs: none is. */
static uint32_t find_photo(const Compilation *c) {
  const Graph *graph = c->model->graph;
  uint32_t count = graph_inputs(graph, NULL, 0), i = 0;
  NodeId *nodes = ARENA_ARRAY(c->arena, count, NodeId);
  graph_inputs(graph, nodes, count);
  for (; i < count; ++i) {
    Type declared = graph_node(graph, nodes[i])->attrs.INPUT.declared;
    if (c->model->pixels[i].declared && type_channels(declared) == 3) break;
  }
  return i;
}

Status label_picture_overlay_check(const Compilation *c, uint32_t *output, uint32_t *input) {
  const Graph *graph = c->model->graph;
  const char *path = c->options->overlay;
  for (*output = 0; *output < graph->output_count && !labels_node(graph, *output);) ++*output;
  if (*output == graph->output_count) {
    return diag_error(c->diag, diag_file(path),
                      "the model has no output of labels, as argmax gives them of a map");
  }
  RETURN_IF_ERROR(label_picture_check(c, *output, path));
  *input = find_photo(c);
  if (*input < graph_inputs(graph, NULL, 0)) return STATUS_OK;
  return diag_error(c->diag, diag_file(path),
                    "nothing to lay labels over: no input of three channels declares \"pixels\"");
}

/* -- the pictures ------------------------------------------------------------------------------ */

/* A PNG shows one image. */
static Status check_one(const Compilation *c, const char *path, LabelMap map) {
  if (map.type.dims[0] == 1) return STATUS_OK;
  return diag_error(c->diag, diag_file(path), "a picture shows one image, not %lld",
                    (long long)map.type.dims[0]);
}

/* The classes as bytes, [height][width]: each has a color. */
static uint8_t *class_bytes(Arena *arena, LabelMap map) {
  size_t count = (size_t)(map.type.dims[1] * map.type.dims[2]);
  uint8_t *classes = arena_alloc(arena, count);
  for (size_t i = 0; i < count; ++i) {
    double label;
    dtype_read(map.type.dtype, (const char *)map.labels + i * dtype_bytes(map.type.dtype), 1,
               &label);
    CHECK(label >= 0 && label < PHOTO_PALETTE);
    classes[i] = (uint8_t)label;
  }
  return classes;
}

static Photo picture_of(LabelMap map, uint8_t *pixels) {
  return (Photo){pixels, (uint32_t)map.type.dims[1], (uint32_t)map.type.dims[2]};
}

static Status encode(const Compilation *c, const char *path, const Photo *picture,
                     const uint8_t (*palette)[3], PictureFile *file) {
  char message[PHOTO_MAX_MESSAGE];
  file->data = photo_encode_png(c->arena, picture, palette, &file->bytes, message);
  return file->data ? STATUS_OK : diag_error(c->diag, diag_file(path), "%s", message);
}

Status label_picture_indexed(const Compilation *c, const char *path, LabelMap map,
                             PictureFile *file) {
  uint8_t palette[PHOTO_PALETTE][3];
  RETURN_IF_ERROR(check_one(c, path, map));
  label_picture_palette(palette);
  Photo picture = picture_of(map, class_bytes(c->arena, map));
  return encode(c, path, &picture, palette, file);
}

/* The bytes of the picture at `image`, as input `index` has them, as [pixel][red, green, blue]. */
static uint8_t *photo_bytes(const Compilation *c, uint32_t index, const uint8_t *image,
                            size_t pixels) {
  const Graph *graph = c->model->graph;
  NodeId *nodes = ARENA_ARRAY(c->arena, index + 1, NodeId);
  graph_inputs(graph, nodes, index + 1);
  bool nchw = graph_node(graph, nodes[index])->attrs.INPUT.nchw;
  size_t pixel_pitch = nchw ? 1 : 3, color_pitch = nchw ? pixels : 1;
  uint8_t *photo = arena_alloc(c->arena, 3 * pixels);
  for (size_t i = 0; i < pixels; ++i) {
    for (size_t color = 0; color < 3; ++color) {
      size_t stored = c->model->pixels[index].reversed ? 2 - color : color;
      photo[3 * i + color] = image[i * pixel_pitch + stored * color_pitch];
    }
  }
  return photo;
}

Status label_picture_overlay(const Compilation *c, LabelMap map, uint32_t input, ImageBytes image,
                             PictureFile *file) {
  const char *path = c->options->overlay;
  uint8_t palette[PHOTO_PALETTE][3];
  RETURN_IF_ERROR(check_one(c, path, map));
  if (map.type.dims[1] != image.height || map.type.dims[2] != image.width) {
    return diag_error(c->diag, diag_file(path),
                      "labels of %lldx%lld over a photo of %lldx%lld: give labels of its size",
                      (long long)map.type.dims[1], (long long)map.type.dims[2],
                      (long long)image.height, (long long)image.width);
  }
  label_picture_palette(palette);
  size_t pixels = (size_t)(image.height * image.width);
  const uint8_t *classes = class_bytes(c->arena, map);
  Photo picture = picture_of(map, photo_bytes(c, input, image.bytes, pixels));
  for (size_t i = 0; i < 3 * pixels; ++i) {
    unsigned sum = picture.pixels[i] + palette[classes[i / 3]][i % 3] + 1u;
    picture.pixels[i] = (uint8_t)(sum / 2);
  }
  return encode(c, path, &picture, NULL, file);
}
