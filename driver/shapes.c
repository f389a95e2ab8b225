/* --shape, and what it says of a model's inputs: one shape states the images, the channels and the
 * size of the principal input; all other inputs of open size have the same. */
#include "driver/shapes.h"

#include <ctype.h>

enum { DEFAULT_SIDE = 224 };
/* The largest images and tensors that can be compiled for; row numbers fit 32 bits with ease. */
enum { IMAGES_MAX = 1024, CHANNELS_MAX = 65536, SIDE_MAX = 16384, ELEMENTS_MAX = 1 << 28 };

static Status shape_error(Diag *diag, const char *text) {
  return diag_usage_error(diag,
                          "--shape: \"%s\" is not of the form NxCxHxW, as 1x3x224x224 or "
                          "1x3x{224,256}x{224,256}",
                          text);
}

/* One number of at most nine digits at *cursor, which moves behind it. */
static bool parse_dimension(const char **cursor, int64_t *value) {
  const char *c = *cursor;
  int64_t number = 0;
  while (isdigit((unsigned char)*c) && c - *cursor < 9) number = 10 * number + (*c++ - '0');
  bool good = c > *cursor && !isdigit((unsigned char)*c);
  *cursor = c;
  *value = number;
  return good;
}

/* What one dimension may be. */
typedef struct Choices {
  int64_t values[SHAPES_MAX];
  uint32_t count;
} Choices;

/* A number or "{224,256}" at *cursor, which moves behind it. */
static bool parse_choices(const char **cursor, Choices *choices) {
  choices->count = 0;
  bool several = **cursor == '{';
  do {
    if (several) ++*cursor;
    if (choices->count == SHAPES_MAX) return false;
    if (!parse_dimension(cursor, &choices->values[choices->count++])) return false;
  } while (several && **cursor == ',');
  return !several || *(*cursor)++ == '}';
}

const char *shapes_problem(Shape s, Arena *arena) {
  const struct {
    const char *name;
    int64_t value, limit;
  } rows[] = {
      {"N", s.n, IMAGES_MAX}, {"C", s.c, CHANNELS_MAX}, {"H", s.h, SIDE_MAX}, {"W", s.w, SIDE_MAX}};
  int64_t elements = 1; /* at most 2^10 * 2^16 * 2^14 * 2^14 */
  for (uint32_t i = 0; i < sizeof rows / sizeof *rows; ++i) {
    if (rows[i].value < 1 || rows[i].value > rows[i].limit) {
      return arena_printf(arena, "%s is %lld; it must be 1 to %lld", rows[i].name,
                          (long long)rows[i].value, (long long)rows[i].limit);
    }
    elements *= rows[i].value;
  }
  if (elements <= ELEMENTS_MAX) return NULL;
  return arena_printf(arena, "%lld elements; the limit is %d", (long long)elements, ELEMENTS_MAX);
}

/* Another shape, unlike those before. */
static Status add_shape(ShapeList *shapes, uint32_t most, Arena *arena, Diag *diag, Shape shape) {
  const char *problem = shapes_problem(shape, arena);
  if (problem) return diag_usage_error(diag, "--shape: %s", problem);
  if (shapes->count == most) {
    return diag_usage_error(diag, "--shape: at most %u shape%s", most, most == 1 ? "" : "s");
  }
  for (uint32_t i = 0; i < shapes->count; ++i) {
    const Shape *s = &shapes->items[i];
    if (s->n != shape.n || s->c != shape.c || s->h != shape.h || s->w != shape.w) continue;
    return diag_usage_error(diag, "--shape: the same shape twice");
  }
  shapes->items[shapes->count++] = shape;
  return STATUS_OK;
}

/* Every combination of what the dimensions may be. */
static Status add_product(ShapeList *shapes, uint32_t most, Arena *arena, Diag *diag,
                          const Choices dims[4]) {
  uint64_t combinations = 1;
  for (int i = 0; i < 4; ++i) combinations *= dims[i].count;
  for (uint64_t k = 0; k < combinations; ++k) {
    int64_t chosen[4];
    uint64_t rest = k;
    for (int i = 3; i >= 0; --i) {
      chosen[i] = dims[i].values[rest % dims[i].count];
      rest /= dims[i].count;
    }
    Shape shape = {chosen[0], chosen[1], chosen[2], chosen[3]};
    RETURN_IF_ERROR(add_shape(shapes, most, arena, diag, shape));
  }
  return STATUS_OK;
}

Status shapes_parse(const char *text, uint32_t most, Arena *arena, Diag *diag, ShapeList *shapes) {
  shapes->count = 0;
  for (const char *cursor = text;; ++cursor) {
    Choices dims[4];
    for (int i = 0; i < 4; ++i) {
      if (!parse_choices(&cursor, &dims[i])) return shape_error(diag, text);
      if (i < 3 && *cursor++ != 'x') return shape_error(diag, text);
    }
    if (*cursor != ',' && *cursor != '\0') return shape_error(diag, text);
    RETURN_IF_ERROR(add_product(shapes, most, arena, diag, dims));
    if (*cursor == '\0') return STATUS_OK;
  }
}

/* A size that the model fixes stays. */
static Type input_type(const Node *input, Shape shape) {
  Type type = input->attrs.INPUT.declared;
  const int64_t dims[] = {shape.n, shape.h, shape.w};
  for (uint32_t i = 0; i < 3 && i + 1 < type.rank; ++i) {
    if (type.dims[i] == DIM_OPEN) type.dims[i] = dims[i];
  }
  return type;
}

bool shapes_is_open(const Node *input) {
  Type type = input->attrs.INPUT.declared;
  return type.rank == 4 && (type.dims[1] == DIM_OPEN || type.dims[2] == DIM_OPEN);
}

/* The input that the shape states: the first map of open size, else the first map, else the first.
 */
static uint32_t principal_input(const Graph *graph, const NodeId *nodes, uint32_t count) {
  uint32_t found = count;
  for (uint32_t i = count; i-- > 0;) {
    if (graph_node(graph, nodes[i])->attrs.INPUT.declared.rank == 4) found = i;
  }
  for (uint32_t i = count; i-- > 0;) {
    if (shapes_is_open(graph_node(graph, nodes[i]))) found = i;
  }
  return found == count ? 0 : found;
}

uint32_t shapes_image_input(const Graph *graph, Arena *arena) {
  uint32_t count = graph_inputs(graph, NULL, 0);
  NodeId *nodes = ARENA_ARRAY(arena, count, NodeId);
  graph_inputs(graph, nodes, count);
  return principal_input(graph, nodes, count);
}

Shape shapes_default(const Graph *graph, Arena *arena) {
  uint32_t count = graph_inputs(graph, NULL, 0);
  NodeId *nodes = ARENA_ARRAY(arena, count, NodeId);
  graph_inputs(graph, nodes, count);
  Shape shape = {1, 3, DEFAULT_SIDE, DEFAULT_SIDE};
  if (count == 0) return shape;
  const Node *input = graph_node(graph, nodes[principal_input(graph, nodes, count)]);
  Type type = input_type(input, shape);
  if (type.rank == 4) return (Shape){1, type_channels(type), type.dims[1], type.dims[2]};
  shape.c = type_channels(type);
  return shape;
}

/* The shape states the size of a map, or fits the one that it has. */
static Status check_size(const Node *input, Type type, Shape shape, Arena *arena, Diag *diag) {
  if (type.rank != 4 || (type.dims[1] == shape.h && type.dims[2] == shape.w)) return STATUS_OK;
  return diag_usage_error(diag, "--shape: %s is %lldx%lld; input \"%s\" is %lldx%lld",
                          shapes_format(shape, arena), (long long)shape.h, (long long)shape.w,
                          input->attrs.INPUT.name, (long long)type.dims[1],
                          (long long)type.dims[2]);
}

Status shapes_input_types(const Graph *graph, Shape shape, Arena *arena, Diag *diag,
                          const Type **types, uint32_t *count) {
  *count = graph_inputs(graph, NULL, 0);
  NodeId *nodes = ARENA_ARRAY(arena, *count, NodeId);
  graph_inputs(graph, nodes, *count);
  Type *result = ARENA_ARRAY(arena, *count, Type);
  for (uint32_t i = 0; i < *count; ++i) result[i] = input_type(graph_node(graph, nodes[i]), shape);
  *types = result;
  if (*count == 0) return STATUS_OK;
  uint32_t principal = principal_input(graph, nodes, *count);
  int64_t channels = type_channels(result[principal]);
  const Node *input = graph_node(graph, nodes[principal]);
  if (channels == shape.c) return check_size(input, result[principal], shape, arena, diag);
  return diag_usage_error(diag, "--shape: %s has %lld channels; input \"%s\" has %lld",
                          shapes_format(shape, arena), (long long)shape.c, input->attrs.INPUT.name,
                          (long long)channels);
}

const char *shapes_format(Shape s, Arena *arena) {
  return arena_printf(arena, "%lldx%lldx%lldx%lld", (long long)s.n, (long long)s.c, (long long)s.h,
                      (long long)s.w);
}
