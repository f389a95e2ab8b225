/* The inputs and outputs of `atmc run`: files named on the command line. */
#ifndef ATMC_DRIVER_TENSOR_FILES_H
#define ATMC_DRIVER_TENSOR_FILES_H

#include "driver/compilation.h"

/* Reads the files of --input, in the order of the model's inputs; `data` [input count] points to
 * their floats or bytes as stored. All must belong to one resolution, which is `shape`. */
MUST_CHECK Status tensor_files_read(const Compilation *c, const void **data, Shape *shape);

/* Where the results of a run go. */
typedef struct TensorTargets {
  const char **paths;     /* [output count]: of --output; NULL for those that are not wanted */
  uint32_t labels, photo; /* the output and the input that --overlay shows, where it is given */
} TensorTargets;

/* Checks the names of --output and --overlay, that they can show what they are to show, and that
 * files can be made there. */
MUST_CHECK Status tensor_files_targets(const Compilation *c, TensorTargets *targets);

/* What a run was given and gave, each as stored. */
typedef struct RunTensors {
  Shape shape;
  const void *const *inputs;
  const Type *types; /* of the outputs, logical */
  void *const *outputs;
} RunTensors;

/* Writes the wanted outputs; all or none. */
MUST_CHECK Status tensor_files_write(const Compilation *c, const TensorTargets *targets,
                                     const RunTensors *run);

#endif
