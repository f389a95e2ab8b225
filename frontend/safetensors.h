/* Reading safetensors files; frontend.h has the writing. */
#ifndef ATMC_FRONTEND_SAFETENSORS_H
#define ATMC_FRONTEND_SAFETENSORS_H

#include "frontend/weights.h"

enum { SAFETENSORS_MAX_HEADER = 100 * 1000 * 1000 };

/* The tensors of the file `fd` of `file_bytes` into `weights`. */
MUST_CHECK Status safetensors_read(Weights *weights, int fd, uint64_t file_bytes, Diag *diag);
/* Reads the header of the file `fd` of `file_bytes`: names, shapes, places, and data_bytes. */
MUST_CHECK Status safetensors_read_names(Weights *weights, int fd, uint64_t file_bytes, Diag *diag);
/* The same for the index of a file in shards, which is that of `weights`: a JSON object whose
 * "weight_map" says in which file, beside the index, each tensor is (safetensors_shards.c). */
MUST_CHECK Status safetensors_read_shards(Weights *weights, Diag *diag);
/* The header's JSON (safetensors_header.c) into `weights`, all of it checked against `data_bytes`.
 */
MUST_CHECK Status safetensors_read_header(Weights *weights, Diag *diag, const char *text,
                                          size_t bytes);

#endif
