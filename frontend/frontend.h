/* From files to a graph: reads and checks a model description and binds a weights file to it.
 *
 * All input is untrusted. Every error is diagnosed with file, position, value and limit; as many as
 * can be found in one go are reported. json_source.c reads strict JSON with positions,
 * json_fields.c typed fields, weights_open.c the weights, bind_weights.c matches both, and one file
 * per model family lowers its layers (atmnet.c).
 */
#ifndef ATMC_FRONTEND_FRONTEND_H
#define ATMC_FRONTEND_FRONTEND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "frontend/class_names.h"
#include "ir/graph.h"
#include "ir/pixels.h"

/* A tensor that the model needs from its weights file. */
typedef struct WeightNeed {
  const char *name;
  Type type;
  Position position; /* of the layer in the model's file */
  bool optional;     /* training alone uses it: it counts, and need not be there */
} WeightNeed;

/* A tensor that published weights hold although the model fixes its numbers. It may be there. */
typedef struct WeightConstant {
  const char *name;
  const Recipe *value;
  Position position; /* of the layer */
} WeightConstant;

/* A model as read: the graph with N, H, W open, and the weights that it needs in order. */
typedef struct Model {
  const char *path;
  const char *name;
  const char *text; /* of the file, for places */
  Graph *graph;
  const WeightNeed *needs;
  uint32_t need_count;
  const WeightConstant *constants;
  uint32_t constant_count;
  const char *const *keep_float; /* layers that say "quantize": false */
  uint32_t keep_float_count;
  const char *const *class_names; /* from the weights' metadata or the model; may be NULL */
  uint32_t class_count;
  const Pixels *pixels; /* of each input */
} Model;

/* Reads, checks and lowers the model at `path`. */
MUST_CHECK Status frontend_read_model(Arena *arena, RecipeTable *recipes, Diag *diag,
                                      const char *path, Model **model);

typedef struct Weights Weights;

/* Opens and validates a safetensors file or a PyTorch checkpoint, of which `state` is the key of
 * the state to take (NULL: the one that checkpoint.h tells). The file is read, not mapped (a mapped
 * file that shrinks kills the process). To be freed with weights_close. */
MUST_CHECK Status weights_open(Arena *arena, Diag *diag, const char *path, const char *state,
                               Weights **weights);
/* *is: the file at `path` is, or was meant to be, one of weights and no model's description. */
MUST_CHECK Status weights_is_file(Diag *diag, const char *path, bool *is);
/* Opens it as weights_open does, without its data: for its names, shapes, states and notes. Where
 * no state was asked for and none is the usual one, there are no tensors, and the states. */
MUST_CHECK Status weights_list(Arena *arena, Diag *diag, const char *path, const char *state,
                               Weights **weights);
/* The files beside the opened one that it is made of, as the shards of an index; *paths is of the
 * arena of weights_open. */
uint32_t weights_parts(const Weights *weights, const char *const **paths);
/* Frees the data; names and shapes live as long as the arena. NULL is allowed. */
void weights_close(Weights *weights);
/* Keeps the tensors whose names begin with `prefix`, and takes it off. An error where there are
 * none. */
MUST_CHECK Status weights_take_prefix(Weights *weights, const char *prefix, Diag *diag);
/* Lists every missing, mis-shaped and, unless `allow_extra`, extra tensor; sets class names where
 * the model has none: of a checkpoint, or from `__metadata__.classes` (a JSON array of strings, or
 * one character or line per class). Tensors that
 * are no weights are no extra ones: the model's constants, whose numbers are checked, and those of
 * integers. Where the file has a prefix before all wanted names, it is taken off. */
MUST_CHECK Status weights_bind(Weights *weights, Model *model, bool allow_extra, Diag *diag);
/* A source for recipe_evaluate; valid until weights_close. */
WeightSource weights_source(const Weights *weights);

/* How a description differs from the published one. */
typedef struct PublishedOptions {
  bool pixels;            /* images are bytes, which the model normalizes as in training */
  bool pyramid;           /* the maps of the stages instead of logits */
  const char *head;       /* "semantic_fpn" or "upernet" on the maps of the stages; NULL: none */
  const char *answer;     /* of such a head: "logits", "logits4" or "labels"; NULL: logits */
  uint32_t classes;       /* 0: as published */
  ClassNames class_names; /* as many as classes, or none */
  int64_t height, width;  /* of images, where a model fixes them; 0: as published */
} PublishedOptions;

/* The published models (published.c). The description of one, in `arena`; what cannot be is a usage
 * error. `name` may be what its authors or timm call it, of which a note tells. */
MUST_CHECK Status published_write(Arena *arena, Diag *diag, const char *name,
                                  const PublishedOptions *options, const char **text);
/* Their names, NULL-terminated. */
const char *const *published_model_names(void);

/* The recipe of deterministic weights (synthetic.c): element i of tensor `name`; `out` [count]. */
void synthetic_tensor(const char *name, Type type, uint64_t seed, float *out);

/* A file's tensor to be written. */
typedef struct NamedTensor {
  const char *name;
  uint32_t rank;
  const int64_t *dims;
} NamedTensor;
/* All of the opened tensors that weights may be; the others are left out with a warning. Memory
 * comes from the arena of weights_open. */
void weights_named(const Weights *weights, Diag *diag, NamedTensor **tensors, uint32_t *count);
/* `count` elements of the tensor `name` of the list, from `begin` on, as floats. */
void weights_floats(const Weights *weights, const char *name, uint64_t begin, float *out,
                    size_t count);
/* What the opened file says of its classes, as `__metadata__.classes` has it; NULL: nothing. */
const char *weights_classes(const Weights *weights);
/* The bytes of a safetensors file up to those of its tensors, which follow as floats, in order and
 * without gaps; in `arena`. `classes` are its `__metadata__.classes`; NULL: none. */
const char *safetensors_header(Arena *arena, const NamedTensor *tensors, uint32_t count,
                               const char *classes, size_t *bytes);
/* How many elements that are. */
uint64_t safetensors_elements(const NamedTensor *tensor);

#endif
