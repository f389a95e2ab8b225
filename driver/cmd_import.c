/* atmc import: a PyTorch checkpoint as a safetensors file of F32 tensors. */
#include "driver/commands.h"
#include "driver/output.h"
#include "driver/progress.h"
#include "frontend/frontend.h"
#include "support/atomic_file.h"

/* Piece by piece: the weights are in memory once. */
static Status write_tensor(const Weights *weights, const NamedTensor *tensor, AtomicFiles *files) {
  enum { PIECE = 1 << 12 };
  float piece[PIECE];
  uint64_t elements = safetensors_elements(tensor);
  for (uint64_t done = 0; done < elements; done += PIECE) {
    size_t some = elements - done < PIECE ? elements - done : PIECE;
    weights_floats(weights, tensor->name, done, piece, some);
    RETURN_IF_ERROR(atomic_files_append(files, piece, some * sizeof *piece));
  }
  return STATUS_OK;
}

static Status write_tensors(const Weights *weights, const Options *options, Progress *progress,
                            Diag *diag, AtomicFiles *files) {
  Arena *arena = progress->arena;
  NamedTensor *tensors;
  uint32_t count;
  size_t bytes;
  weights_named(weights, diag, &tensors, &count);
  if (count == 0) {
    return diag_error(diag, diag_file(options->argument), "no tensor is F32, F64, F16 or BF16");
  }
  const char *header = safetensors_header(arena, tensors, count, weights_classes(weights), &bytes);
  RETURN_IF_ERROR(atomic_files_begin(files, options->output, false));
  RETURN_IF_ERROR(atomic_files_append(files, header, bytes));
  progress_step(progress, "writing");
  for (uint32_t i = 0; i < count; ++i) {
    RETURN_IF_ERROR(write_tensor(weights, &tensors[i], files));
    progress_share(progress, (i + 1.0) / count);
  }
  RETURN_IF_ERROR(atomic_files_end(files));
  return output_commit(files, diag);
}

Status cmd_import(const Options *options, Arena *arena, Diag *diag) {
  Weights *weights;
  RETURN_IF_ERROR(output_check(options, arena, diag, options->output));
  Progress progress = progress_begin(arena, 2, options->quiet);
  progress_step(&progress, "reading");
  RETURN_IF_ERROR(weights_open(arena, diag, options->argument, options->state, &weights));
  AtomicFiles *files = atomic_files_new(arena, diag);
  Status status = output_check_parts(weights, arena, diag, options->output);
  if (!status && options->state_prefix) {
    status = weights_take_prefix(weights, options->state_prefix, diag);
  }
  if (!status) status = write_tensors(weights, options, &progress, diag, files);
  progress_end(&progress);
  atomic_files_discard(files);
  weights_close(weights);
  return status;
}
