/* Resolutions: what --shape means, and the types that they give a model's inputs. */
#ifndef ATMC_DRIVER_SHAPES_H
#define ATMC_DRIVER_SHAPES_H

#include "ir/graph.h"

/* One resolution, in the order of --shape whatever the layout of the model's inputs. */
typedef struct Shape {
  int64_t n, c, h, w;
} Shape;

enum { SHAPES_MAX = 16 };

typedef struct ShapeList {
  Shape items[SHAPES_MAX];
  uint32_t count;
} ShapeList;

/* What exceeds the limits on images, channels, sides and elements; NULL when nothing does. */
const char *shapes_problem(Shape shape, Arena *arena);

/* Parses "1x3x224x224,1x3x384x384": at most `most` shapes, all different, within the limits. A
 * dimension may be a choice: "1x3x{224,256}x{224,256}" is four shapes, the last dimension changing
 * first. */
MUST_CHECK Status shapes_parse(const char *text, uint32_t most, Arena *arena, Diag *diag,
                               ShapeList *shapes);

/* The types of the model's inputs at `shape`, in order: maps take N, H and W from it, unless
 * the model fixes them, and vectors N. It must fit the first map of open size (else the first map,
 * else the first input). */
MUST_CHECK Status shapes_input_types(const Graph *graph, Shape shape, Arena *arena, Diag *diag,
                                     const Type **types, uint32_t *count);

/* Which of the model's inputs the shape states: that map. */
uint32_t shapes_image_input(const Graph *graph, Arena *arena);

/* One image, of 224x224 where the model leaves its size open. */
Shape shapes_default(const Graph *graph, Arena *arena);

/* Whether `input` is a map whose height and width the caller chooses. */
bool shapes_is_open(const Node *input);

/* "1x3x224x224" */
const char *shapes_format(Shape shape, Arena *arena);

#endif
