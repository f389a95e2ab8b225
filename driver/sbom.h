/* --emit=sbom: what the outputs were made from, as SPDX 2.3. */
#ifndef ATMC_DRIVER_SBOM_H
#define ATMC_DRIVER_SBOM_H

#include "driver/compilation.h"

/* A file, under the name that it has when all is done. */
typedef struct SbomFile {
  const char *path;
  const char *now; /* where its bytes are meanwhile */
} SbomFile;

/* The document of a product of `spec` and its `files` [count], in the compilation's arena. Inputs
 * that cannot be read a second time are diagnosed. */
MUST_CHECK Status sbom_write(const Compilation *c, const ArtifactSpec *spec, const SbomFile *files,
                             uint32_t count, const char **text);

#endif
