/* What the layers of a model description are lowered with. A family (atmnet.c, primitives.c) is a
 * table of LayerOps; frontend.c reads each layer's keys, finds its inputs and calls `lower`, which
 * checks that everything fits, notes the tensors that the layer needs, and appends nodes.
 *
 * H and W are open, so types cannot tell two resolutions apart. Extents can: two maps have the same
 * extent when they come from one input through the same windows.
 */
#ifndef ATMC_FRONTEND_LAYER_H
#define ATMC_FRONTEND_LAYER_H

#include "frontend/error_list.h"
#include "frontend/frontend.h"
#include "frontend/json_fields.h"
#include "ir/builder.h"
#include "support/name_table.h"

enum {
  LAYER_MAX_CHANNELS = 65536,
  LAYER_MAX_WINDOW = 64, /* of kernel, stride and padding */
  LAYER_MAX_RATIO = 64,
  LAYER_MAX_GRID = 256,
  LAYER_MAX_NAME = 128,
  LAYER_MAX_COUNT = 1024,
  LAYER_MAX_SIDE = 16384, /* of a map */
  LAYER_MAX_INPUTS = 32,  /* of a layer */
};
#define LAYER_MAX_PARAMETERS (INT64_C(1) << 31)
#define LAYER_EPS 1e-5 /* of a layer norm, unless said */

/* The keys of all ops; each op's table says which it takes. */
typedef struct LayerSpec {
  const char *op;
  const char *name; /* prefix of the tensors; NULL where there are none and it was not said */
  JsonTexts inputs; /* count 0: the layer before */
  int64_t channels;
  int64_t kernel[2], stride[2], dilation[2];
  int64_t padding[4];        /* top, left, bottom, right */
  int64_t groups;            /* 0: not said */
  int64_t size[2], scale[2]; /* 0: not said */
  int64_t height, width;     /* 0: not said */
  int64_t begin, parts, part;
  int64_t k; /* of top_k */
  int64_t classes;
  JsonInts scales; /* cells a side of pooled maps */
  int64_t mlp_ratio;
  int64_t grid[2], token_hidden, channel_hidden;
  int64_t share;       /* 0: not said */
  const char *offsets; /* "new", "zero", or a block's name */
  const char *axis;
  int64_t shift;
  int64_t segments;
  int64_t states, rank, expansion; /* of a scan; rank 0: not said */
  const char *walk;
  const char *order;
  const char *mode; /* of resize; NULL: not said */
  const char *type; /* of numbers; NULL: not said */
  bool align_corners;
  bool bias;
  bool gated;
  bool count_padding;
  bool quantize; /* its products may be made of whole numbers */
  double eps;
} LayerSpec;

typedef uint32_t ExtentId;
#define EXTENT_NONE UINT32_MAX /* of a vector per image */

/* A layer, or an input of the model, as lowered. */
typedef struct Layer {
  const char *name; /* its op where it has none */
  Position position;
  bool is_input;
  ValueId value; /* VALUE_NONE: an error was reported; what depends on it is skipped silently */
  ExtentId extent;
  /* What later blocks may reuse; VALUE_NONE for other layers. */
  ValueId offsets_w, offsets_h;
  int64_t share;
} Layer;

typedef enum ExtentKind {
  EXTENT_INPUT,   /* whatever an input has */
  EXTENT_WINDOW,  /* what `window` leaves of `before` */
  EXTENT_SIZE,    /* height and width */
  EXTENT_DERIVED, /* neither known nor comparable before the resolution is */
} ExtentKind;

typedef struct Extent {
  ExtentKind kind;
  ExtentId before;
  Window window;
  int64_t height, width;
} Extent;

typedef struct Lowering {
  Arena *arena;
  Arena *growing; /* of what grows and is done with, or copied, at the end */
  Model *model;
  const JsonSource *source;
  ErrorList errors;
  const cJSON *object; /* the layer at hand */
  Builder builder;
  const char *misfit; /* the builder's; NULL: all nodes of the layer at hand fit */
  Layer *layers;      /* the model's inputs, then the layers */
  uint32_t layer_count, layer_capacity;
  NameTable layer_names; /* the last layer of each name */
  WeightNeed *needs;
  uint32_t need_count, need_capacity;
  NameTable need_names;
  WeightConstant *constants;
  uint32_t constant_count, constant_capacity;
  int64_t parameters;
  const char **keep_float; /* the layers that say "quantize": false */
  uint32_t keep_float_count, keep_float_capacity;
  Pixels *pixels; /* of each input */
  Extent *extents;
  uint32_t extent_count, extent_capacity;
} Lowering;

/* Fills in value, extent and offsets of `result`. Leaves its value VALUE_NONE after an error. There
 * are spec->inputs.count inputs, or one, the layer before. */
typedef void LayerLower(Lowering *l, const LayerSpec *spec, const Layer *const *inputs,
                        Layer *result);

typedef struct LayerOp {
  const char *op;
  uint32_t min_inputs, max_inputs;
  LayerLower *lower;
  JsonFields keys;
} LayerOp;

typedef struct LayerFamily {
  const LayerOp *ops;
  uint32_t count;
} LayerFamily;
extern const LayerFamily primitives_family;
extern const LayerFamily dense_heads_family;
extern const LayerFamily maps_family;
extern const LayerFamily layouts_family;
extern const LayerFamily atmnet_family;
extern const LayerFamily cyclemlp_family;
extern const LayerFamily mixer_family;
extern const LayerFamily resmlp_family;
extern const LayerFamily gmlp_family;
extern const LayerFamily asmlp_family;
extern const LayerFamily vip_family;
extern const LayerFamily vmamba_family;

/* Rows of the key tables. `required` is 1 or 0. */
#define LAYER_KEY(key, kind, required, min, max) \
  {#key, JSON_##kind, required, min, max, offsetof(LayerSpec, key)}
#define LAYER_COMMON_KEYS(name_required)                       \
  LAYER_KEY(op, TEXT, 1, 1, LAYER_MAX_NAME),                   \
      LAYER_KEY(name, TEXT, name_required, 1, LAYER_MAX_NAME), \
      LAYER_KEY(inputs, TEXTS, 0, 1, LAYER_MAX_NAME)
/* Of layers that hold products. */
#define LAYER_QUANTIZE_KEY LAYER_KEY(quantize, BOOL, 0, 0, 0)
#define LAYER_OP_OF(op, min_inputs, max_inputs, keys)          \
  {                                                            \
    #op, min_inputs, max_inputs, lower_##op, {                 \
      "the " #op " layer", keys, sizeof(keys) / sizeof *(keys) \
    }                                                          \
  }
#define LAYER_OP(op, inputs, keys) LAYER_OP_OF(op, inputs, inputs, keys)

/* Reports an error at key `key` of the layer at hand (the layer itself when NULL or absent), unless
 * a misfit may be what it is about. */
void layer_error(Lowering *l, const char *key, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* Checks that `input` is a map; says that `op` needs one. */
bool layer_is_map(Lowering *l, const LayerSpec *spec, const Layer *input);
/* Whether the height or the width of a lowered map is not known yet. */
bool layer_is_open(const Lowering *l, const Layer *map);
/* The axis that "axis" means: 1 H, 2 W; 0 after an error. */
int32_t layer_axis(Lowering *l, const LayerSpec *spec);
/* Whether `channels` times "mlp_ratio" are not too many; reports when they are. */
bool layer_ratio_fits(Lowering *l, const LayerSpec *spec, int64_t channels);
/* The channels C of a lowered layer, map or vector. */
int64_t layer_channels(const Lowering *l, const Layer *input);

/* One of several maps of the layer at hand, `layer`: later layers find it as NAME.NUMBER. */
void layer_add_part(Lowering *l, const Layer *layer, uint32_t number, ValueId value,
                    ExtentId extent);

/* The constant of tensor PREFIX.SUFFIX; notes the need. Reports a tensor that was needed with
 * another shape before, and too many parameters. */
const Recipe *layer_tensor(Lowering *l, const char *prefix, const char *suffix, Type type);

/* Notes that PREFIX.SUFFIX may be in the file too, with the numbers of `value`. */
void layer_constant(Lowering *l, const char *prefix, const char *suffix, const Recipe *value);

/* "NAME.PART": the prefix of the tensors of a part of the layer at hand. */
const char *layer_part(Lowering *l, const LayerSpec *spec, const char *part);

/* A linear over the C channels of `x`, of the tensors PREFIX.weight [channels,C] and, with `bias`,
 * PREFIX.bias [channels]. */
ValueId layer_linear(Lowering *l, const char *prefix, ValueId x, int64_t channels, bool bias);
/* A layer norm over the C channels of `x`: gain PREFIX.weight [C] and bias PREFIX.bias [C]. */
ValueId layer_norm(Lowering *l, const char *prefix, ValueId x, double eps);
/* Over the rows of `x`, the same for every channel: result row o is the sum over the rows t of
 * PREFIX.weight[o,t] x[t], plus PREFIX.bias[o]. */
ValueId layer_mix_rows(Lowering *l, const char *prefix, ValueId x, AttrsMIX_ROWS a);
/* A batch norm over the C channels of `x`, as a gain and a bias: the tensors PREFIX.weight, .bias,
 * .running_mean and .running_var [C]. */
ValueId layer_batch_norm(Lowering *l, const char *prefix, ValueId x, double eps);
/* linear, gelu, linear back to the channels of `x`: the tensors PREFIX.fc1 and PREFIX.fc2. */
ValueId layer_mlp(Lowering *l, const char *prefix, ValueId x, int64_t hidden);

/* A new extent, of an input of the model: like no other. */
ExtentId layer_input_extent(Lowering *l);
/* The extent of maps of that size. */
ExtentId layer_size_extent(Lowering *l, int64_t height, int64_t width);
/* A new extent that may turn out to be like any other. */
ExtentId layer_derived_extent(Lowering *l);
/* The extent behind a window; `before` itself for a window that keeps the resolution. */
ExtentId layer_window_extent(Lowering *l, ExtentId before, Window window);
/* Whether two maps may have the same height and width. */
bool layer_extents_meet(const Lowering *l, ExtentId a, ExtentId b);
/* Whether two layers may have the same rows; reports when they do not. */
bool layer_rows_meet(Lowering *l, const Layer *a, const Layer *b);

#endif
