/* atmc import: a PyTorch checkpoint as a safetensors file of F32 tensors. */
#include "driver/commands.h"
#include "driver/output.h"
#include "frontend/frontend.h"

Status cmd_import(const Options *options, Arena *arena, Diag *diag) {
  Weights *weights;
  RETURN_IF_ERROR(output_check(options, arena, diag, options->output));
  RETURN_IF_ERROR(weights_open(arena, diag, options->argument, options->state, &weights));
  Status status = STATUS_OK;
  if (options->state_prefix) status = weights_take_prefix(weights, options->state_prefix, diag);
  if (status) {
    weights_close(weights);
    return status;
  }
  NamedTensor *tensors;
  uint32_t count;
  weights_floats(weights, diag, &tensors, &count);
  weights_close(weights);
  if (count == 0) {
    return diag_error(diag, diag_file(options->argument), "no tensor is F32, F64, F16 or BF16");
  }
  char *data;
  size_t bytes;
  safetensors_write(arena, tensors, count, &data, &bytes);
  return output_file(arena, diag, options->output, data, bytes);
}
