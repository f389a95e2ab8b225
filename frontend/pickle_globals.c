/* The globals that the pickle of a checkpoint may name and be understood. Names alone: none of them
 * is code.
 *
 * A storage's row says how many bytes an element has, and its element type; NULL where weights
 * cannot be of it: its size is needed all the same, to find what is behind it.
 */
#include <string.h>

#include "frontend/unpickle.h"

static const PickleGlobal globals[] = {
    {"collections", "OrderedDict", PICKLE_ORDERED_DICT, 0, NULL},
    {"torch", "Size", PICKLE_SIZE, 0, NULL},
    {"torch._utils", "_rebuild_tensor", PICKLE_TENSOR, 0, NULL},
    {"torch._utils", "_rebuild_tensor_v2", PICKLE_TENSOR, 0, NULL},
    {"torch._utils", "_rebuild_parameter", PICKLE_PARAMETER, 0, NULL},
    {"torch._utils", "_rebuild_parameter_with_state", PICKLE_PARAMETER, 0, NULL},
    {"torch", "FloatStorage", PICKLE_STORAGE, 4, "F32"},
    {"torch", "HalfStorage", PICKLE_STORAGE, 2, "F16"},
    {"torch", "BFloat16Storage", PICKLE_STORAGE, 2, "BF16"},
    {"torch", "DoubleStorage", PICKLE_STORAGE, 8, "F64"},
    {"torch", "LongStorage", PICKLE_STORAGE, 8, "I64"},
    {"torch", "IntStorage", PICKLE_STORAGE, 4, "I32"},
    {"torch", "ShortStorage", PICKLE_STORAGE, 2, "I16"},
    {"torch", "CharStorage", PICKLE_STORAGE, 1, "I8"},
    {"torch", "ByteStorage", PICKLE_STORAGE, 1, "U8"},
    {"torch", "BoolStorage", PICKLE_STORAGE, 1, "BOOL"},
    {"torch", "ComplexFloatStorage", PICKLE_STORAGE, 8, "C64"},
    {"torch", "ComplexDoubleStorage", PICKLE_STORAGE, 16, NULL},
    {"torch", "QInt8Storage", PICKLE_STORAGE, 1, NULL},
    {"torch", "QUInt8Storage", PICKLE_STORAGE, 1, NULL},
    {"torch", "QInt32Storage", PICKLE_STORAGE, 4, NULL},
};

const PickleGlobal *pickle_global_find(const char *module, const char *name) {
  for (size_t i = 0; i < sizeof globals / sizeof *globals; ++i) {
    if (strcmp(globals[i].module, module) == 0 && strcmp(globals[i].name, name) == 0) {
      return &globals[i];
    }
  }
  return NULL;
}
