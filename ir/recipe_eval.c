/* Recipes: evaluating them in double.
 *
 * One function per kind writes a recipe's elements to `out`. Operands that have as many elements
 * are evaluated in place there; only what is rearranged or contracted needs a buffer of its own,
 * which lives as long as that one step.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "ir/recipe.h"
#include "support/memory.h"
#include "support/panic.h"

/* The elements of a recipe; there is none that cannot be counted. */
static size_t count_of(const Recipe *r) {
  int64_t count;
  CHECK(type_count(r->type, &count));
  return (size_t)count;
}

/* The caller frees it; a failure ends the process with a message (support/memory.h). */
static double *new_buffer(size_t count) {
  return memory_new(count, sizeof(double), "a constant");
}

/* Evaluates `r` to a buffer of its own, which the caller frees; NULL on failure. */
static Status evaluate_buffer(const Recipe *r, const WeightSource *source, double **buffer) {
  *buffer = new_buffer(count_of(r));
  Status status = recipe_evaluate(r, source, *buffer);
  if (status) {
    free(*buffer);
    *buffer = NULL;
  }
  return status;
}

/* The leaf that can fail: a tensor that is not in the file, or of another size. */
static Status evaluate_tensor(const Recipe *r, const WeightSource *source, double *out) {
  return source->read(source->context, r->name, out, count_of(r));
}

static Status evaluate_fill(const Recipe *r, const WeightSource *source, double *out) {
  (void)source;
  size_t count = count_of(r);
  for (size_t i = 0; i < count; ++i) out[i] = r->fill;
  return STATUS_OK;
}

/* 0, 1, -1, 0, 1, -1, .. */
static Status evaluate_iota3(const Recipe *r, const WeightSource *source, double *out) {
  (void)source;
  size_t count = count_of(r);
  for (size_t i = 0; i < count; ++i) out[i] = (double)((i + 1) % 3) - 1;
  return STATUS_OK;
}

static Status evaluate_reshape(const Recipe *r, const WeightSource *source, double *out) {
  return recipe_evaluate(r->operands[0], source, out);
}

/* Copies `from` to `out` so that dimension d of `out` steps through `from` by strides[d]. */
static void copy_strided(const double *from, const size_t *dims, const size_t *strides,
                         double *out) {
  for (size_t a = 0; a < dims[0]; ++a) {
    for (size_t b = 0; b < dims[1]; ++b) {
      for (size_t c = 0; c < dims[2]; ++c) {
        const double *row = from + a * strides[0] + b * strides[1] + c * strides[2];
        if (strides[3] == 1) {
          memcpy(out, row, dims[3] * sizeof *out);
        } else {
          for (size_t d = 0; d < dims[3]; ++d) out[d] = row[d * strides[3]];
        }
        out += dims[3];
      }
    }
  }
}

/* Walks over the result in order; dimension d of it steps through the operand as dimension
 * permutation[d] did there. */
static Status evaluate_permute(const Recipe *r, const WeightSource *source, double *out) {
  const Type from = r->operands[0]->type;
  size_t from_strides[TYPE_MAX_RANK], dims[TYPE_MAX_RANK] = {1, 1, 1, 1};
  size_t strides[TYPE_MAX_RANK] = {0};
  size_t stride = 1;
  for (uint32_t d = from.rank; d-- > 0; stride *= (size_t)from.dims[d]) from_strides[d] = stride;
  uint32_t skip = TYPE_MAX_RANK - from.rank; /* leading dimensions of 1 */
  for (uint32_t d = 0; d < from.rank; ++d) {
    dims[skip + d] = (size_t)r->type.dims[d];
    strides[skip + d] = from_strides[r->permutation[d]];
  }
  double *buffer;
  RETURN_IF_ERROR(evaluate_buffer(r->operands[0], source, &buffer));
  copy_strided(buffer, dims, strides, out);
  free(buffer);
  return STATUS_OK;
}

/* Evaluates operand 0 to `out` and operand 1 to a buffer, which the caller frees. */
static Status evaluate_pair(const Recipe *r, const WeightSource *source, double *out,
                            double **buffer) {
  RETURN_IF_ERROR(recipe_evaluate(r->operands[0], source, out));
  return evaluate_buffer(r->operands[1], source, buffer);
}

static Status evaluate_add(const Recipe *r, const WeightSource *source, double *out) {
  double *b;
  RETURN_IF_ERROR(evaluate_pair(r, source, out, &b));
  size_t count = count_of(r);
  for (size_t i = 0; i < count; ++i) out[i] += b[i];
  free(b);
  return STATUS_OK;
}

static Status evaluate_mul(const Recipe *r, const WeightSource *source, double *out) {
  double *b;
  RETURN_IF_ERROR(evaluate_pair(r, source, out, &b));
  size_t count = count_of(r);
  for (size_t i = 0; i < count; ++i) out[i] *= b[i];
  free(b);
  return STATUS_OK;
}

/* out[i][k] = a[i][k] b[k]. */
static Status evaluate_mul_columns(const Recipe *r, const WeightSource *source, double *out) {
  double *b;
  RETURN_IF_ERROR(evaluate_pair(r, source, out, &b));
  size_t rows = (size_t)r->type.dims[0], columns = (size_t)r->type.dims[1];
  for (size_t i = 0; i < rows; ++i) {
    for (size_t k = 0; k < columns; ++k) out[i * columns + k] *= b[k];
  }
  free(b);
  return STATUS_OK;
}

/* out[i][..] = a[i][..] b[i]. */
static Status evaluate_mul_rows(const Recipe *r, const WeightSource *source, double *out) {
  double *b;
  RETURN_IF_ERROR(evaluate_pair(r, source, out, &b));
  size_t rows = (size_t)r->type.dims[0], columns = count_of(r) / rows;
  for (size_t i = 0; i < rows; ++i) {
    for (size_t k = 0; k < columns; ++k) out[i * columns + k] *= b[i];
  }
  free(b);
  return STATUS_OK;
}

static Status evaluate_rsqrt(const Recipe *r, const WeightSource *source, double *out) {
  RETURN_IF_ERROR(recipe_evaluate(r->operands[0], source, out));
  size_t count = count_of(r);
  for (size_t i = 0; i < count; ++i) out[i] = 1 / sqrt(out[i]);
  return STATUS_OK;
}

static Status evaluate_exp(const Recipe *r, const WeightSource *source, double *out) {
  RETURN_IF_ERROR(recipe_evaluate(r->operands[0], source, out));
  size_t count = count_of(r);
  for (size_t i = 0; i < count; ++i) out[i] = exp(out[i]);
  return STATUS_OK;
}

/* Both operands in buffers of their own, which the caller frees. */
static Status evaluate_both(const Recipe *r, const WeightSource *source, double **a, double **b) {
  RETURN_IF_ERROR(evaluate_buffer(r->operands[0], source, a));
  Status status = evaluate_buffer(r->operands[1], source, b);
  if (status) free(*a);
  return status;
}

/* A sum waits for its last addition: those of `rows` rows are taken side by side. */
static void sum_rows(const double *a, const double *b, size_t rows, size_t columns, double *out) {
  memset(out, 0, rows * sizeof *out);
  for (size_t k = 0; k < columns; ++k) {
    for (size_t i = 0; i < rows; ++i) out[i] += a[i * columns + k] * b[k];
  }
}

/* out[i] = sum over k of a[i][k] b[k], in the order of k. */
static Status evaluate_matvec(const Recipe *r, const WeightSource *source, double *out) {
  enum { SIDE_BY_SIDE = 8 };
  double *a, *b;
  RETURN_IF_ERROR(evaluate_both(r, source, &a, &b));
  size_t rows = (size_t)r->type.dims[0], columns = count_of(r->operands[1]), i = 0;
  for (; i + SIDE_BY_SIDE <= rows; i += SIDE_BY_SIDE) {
    double sums[SIDE_BY_SIDE];
    sum_rows(a + i * columns, b, SIDE_BY_SIDE, columns, sums);
    memcpy(out + i, sums, sizeof sums);
  }
  if (i < rows) sum_rows(a + i * columns, b, rows - i, columns, out + i);
  free(a);
  free(b);
  return STATUS_OK;
}

/* out[i][j] = sum over k of a[i][k] b[k][j], whole rows of b at a time. */
static Status evaluate_matmul(const Recipe *r, const WeightSource *source, double *out) {
  double *a, *b;
  RETURN_IF_ERROR(evaluate_both(r, source, &a, &b));
  size_t rows = (size_t)r->type.dims[0], columns = (size_t)r->type.dims[1];
  size_t depth = (size_t)r->operands[1]->type.dims[0];
  for (size_t i = 0; i < rows; ++i) {
    double *row = out + i * columns;
    memset(row, 0, columns * sizeof *row);
    for (size_t k = 0; k < depth; ++k) {
      double factor = a[i * depth + k];
      const double *b_row = b + k * columns;
      for (size_t j = 0; j < columns; ++j) row[j] += factor * b_row[j];
    }
  }
  free(a);
  free(b);
  return STATUS_OK;
}

/* Along the outermost dimension, so one stands behind the other. */
static Status evaluate_concat(const Recipe *r, const WeightSource *source, double *out) {
  RETURN_IF_ERROR(recipe_evaluate(r->operands[0], source, out));
  return recipe_evaluate(r->operands[1], source, out + count_of(r->operands[0]));
}

static Status evaluate_slice(const Recipe *r, const WeightSource *source, double *out) {
  double *whole;
  RETURN_IF_ERROR(evaluate_buffer(r->operands[0], source, &whole));
  size_t count = count_of(r), row = count / (size_t)r->type.dims[0];
  memcpy(out, whole + (size_t)r->begin * row, count * sizeof *out);
  free(whole);
  return STATUS_OK;
}

/* One panel: `rows` rows of `from` become the first columns of [depth][panel]. */
static void pack_panel(const double *from, size_t rows, size_t depth, size_t panel, double *out) {
  enum { TILE = 8 }; /* a cache line of each row at a time */
  if (rows < panel) memset(out, 0, depth * panel * sizeof *out);
  for (size_t k0 = 0; k0 < depth; k0 += TILE) {
    size_t k1 = k0 + TILE < depth ? k0 + TILE : depth;
    for (size_t j = 0; j < rows; ++j) {
      for (size_t k = k0; k < k1; ++k) out[k * panel + j] = from[j * depth + k];
    }
  }
}

/* [O,K] to [panels][K][panel], zeros behind the last column. */
static Status evaluate_pack(const Recipe *r, const WeightSource *source, double *out) {
  double *matrix;
  RETURN_IF_ERROR(evaluate_buffer(r->operands[0], source, &matrix));
  size_t rows = (size_t)r->operands[0]->type.dims[0];
  size_t depth = (size_t)r->type.dims[1], panel = (size_t)r->type.dims[2];
  for (size_t first = 0; first < rows; first += panel) {
    size_t used = rows - first < panel ? rows - first : panel;
    pack_panel(matrix + first * depth, used, depth, panel, out + first * depth);
  }
  free(matrix);
  return STATUS_OK;
}

/* [N][K] to [N/panel][K/group][panel][group], of 4 or 8. */
static Status evaluate_pack_groups(const Recipe *r, const WeightSource *source, double *out) {
  double *matrix;
  RETURN_IF_ERROR(evaluate_buffer(r->operands[0], source, &matrix));
  size_t rows = (size_t)r->operands[0]->type.dims[0], depth = (size_t)r->operands[0]->type.dims[1];
  size_t groups = (size_t)r->type.dims[1], panel = (size_t)r->type.dims[2];
  size_t group = (size_t)r->type.dims[3];
  memset(out, 0, count_of(r) * sizeof *out);
  for (size_t n = 0; n < rows; ++n) {
    double *column = out + (n / panel * groups * panel + n % panel) * group;
    for (size_t k = 0; k < depth; ++k) {
      column[k / group * panel * group + k % group] = matrix[n * depth + k];
    }
  }
  free(matrix);
  return STATUS_OK;
}

/* G times three numbers that are `apart` from each other; the results are as far apart. */
static void winograd_taps(const double *g, size_t apart, double *out, size_t out_apart) {
  double outer = (g[0] + g[2 * apart]) / 2, inner = g[apart] / 2;
  out[0] = g[0];
  out[out_apart] = outer + inner;
  out[2 * out_apart] = outer - inner;
  out[3 * out_apart] = g[2 * apart];
}

/* G g G^T of 3x3 numbers that are `apart` from each other. */
static void winograd_window(const double *g, size_t apart, double out[16]) {
  double rows[4][3]; /* G g */
  for (size_t j = 0; j < 3; ++j) winograd_taps(g + j * apart, 3 * apart, &rows[0][j], 3);
  for (size_t i = 0; i < 4; ++i) winograd_taps(rows[i], 1, out + 4 * i, 1);
}

/* Element (i,j) of column n of panel p is in panel (i * panels + p) * 4 + j. */
static Status evaluate_winograd(const Recipe *r, const WeightSource *source, double *out) {
  enum { PLANES = 16, SIDE = 4 };
  double *matrix, planes[PLANES];
  RETURN_IF_ERROR(evaluate_buffer(r->operands[0], source, &matrix));
  size_t rows = (size_t)r->operands[0]->type.dims[0], width = (size_t)r->type.dims[2];
  size_t depth = (size_t)r->type.dims[1], panels = (size_t)r->type.dims[0] / PLANES;
  memset(out, 0, count_of(r) * sizeof *out);
  for (size_t n = 0; n < rows; ++n) {
    for (size_t c = 0; c < depth; ++c) {
      winograd_window(matrix + n * 9 * depth + c, depth, planes);
      for (size_t at = 0; at < PLANES; ++at) {
        size_t panel = (at / SIDE * panels + n / width) * SIDE + at % SIDE;
        out[(panel * depth + c) * width + n % width] = planes[at];
      }
    }
  }
  free(matrix);
  return STATUS_OK;
}

/* What 1 stands for in a row of `count` elements; it is an f32 in the end, and here already. */
static double scale_of(const double *row, size_t count) {
  double largest = 0;
  for (size_t k = 0; k < count; ++k) largest = fmax(largest, fabs(row[k]));
  return (double)(float)(largest / 127);
}

static Status evaluate_quantize(const Recipe *r, const WeightSource *source, double *out) {
  RETURN_IF_ERROR(recipe_evaluate(r->operands[0], source, out));
  size_t rows = (size_t)r->type.dims[0], columns = (size_t)r->type.dims[1];
  for (size_t n = 0; n < rows; ++n, out += columns) {
    double scale = scale_of(out, columns);
    for (size_t k = 0; k < columns; ++k) {
      out[k] = scale > 0 ? fmin(fmax(rint(out[k] / scale), -127), 127) : 0;
    }
  }
  return STATUS_OK;
}

static Status evaluate_quantize_scale(const Recipe *r, const WeightSource *source, double *out) {
  double *matrix;
  RETURN_IF_ERROR(evaluate_buffer(r->operands[0], source, &matrix));
  size_t rows = (size_t)r->type.dims[0], columns = count_of(r->operands[0]) / rows;
  for (size_t n = 0; n < rows; ++n) out[n] = scale_of(matrix + n * columns, columns);
  free(matrix);
  return STATUS_OK;
}

/* The name of a tensor that `r` is made of, or NULL. */
static const char *tensor_of(const Recipe *r) {
  if (!r || r->kind == RECIPE_TENSOR) return r ? r->name : NULL;
  const char *name = tensor_of(r->operands[0]);
  return name ? name : tensor_of(r->operands[1]);
}

/* The error of a weight that its element type cannot hold, with the name of a tensor that it is
 * made of. */
static Status too_large(const Recipe *r, double value, Diag *diag) {
  const char *name = tensor_of(r);
  if (!diag) return STATUS_BAD_INPUT;
  return diag_error(diag, diag_file(NULL), "weights: %g, made of %s, is too large for %s", value,
                    name ? name : "constants", dtype_info(r->type.dtype)->text);
}

/* Infinities of the weights file stay; finite numbers that would become one are an error. */
static Status evaluate_round(const Recipe *r, const WeightSource *source, double *out) {
  RETURN_IF_ERROR(recipe_evaluate(r->operands[0], source, out));
  size_t count = count_of(r);
  for (size_t i = 0; i < count; ++i) {
    double rounded = dtype_round(r->type.dtype, out[i]);
    if (isinf(rounded) && isfinite(out[i])) return too_large(r, out[i], source->diag);
    out[i] = rounded;
  }
  return STATUS_OK;
}

typedef Status EvaluateFunction(const Recipe *r, const WeightSource *source, double *out);
static EvaluateFunction *const evaluators[RECIPE_KIND_COUNT] = {
    [RECIPE_TENSOR] = evaluate_tensor,     [RECIPE_FILL] = evaluate_fill,
    [RECIPE_IOTA3] = evaluate_iota3,       [RECIPE_RESHAPE] = evaluate_reshape,
    [RECIPE_PERMUTE] = evaluate_permute,   [RECIPE_ADD] = evaluate_add,
    [RECIPE_MUL] = evaluate_mul,           [RECIPE_MUL_COLUMNS] = evaluate_mul_columns,
    [RECIPE_MUL_ROWS] = evaluate_mul_rows, [RECIPE_RSQRT] = evaluate_rsqrt,
    [RECIPE_MATVEC] = evaluate_matvec,     [RECIPE_MATMUL] = evaluate_matmul,
    [RECIPE_CONCAT] = evaluate_concat,     [RECIPE_SLICE] = evaluate_slice,
    [RECIPE_PACK] = evaluate_pack,         [RECIPE_PACK4] = evaluate_pack_groups,
    [RECIPE_PACK8] = evaluate_pack_groups, [RECIPE_QUANTIZE] = evaluate_quantize,
    [RECIPE_ROUND] = evaluate_round,       [RECIPE_QUANTIZE_SCALE] = evaluate_quantize_scale,
    [RECIPE_EXP] = evaluate_exp,           [RECIPE_WINOGRAD] = evaluate_winograd,
};

Status recipe_evaluate(const Recipe *recipe, const WeightSource *source, double *out) {
  return evaluators[recipe->kind](recipe, source, out);
}

Status recipe_write(const Recipe *recipe, const WeightSource *source, void *out) {
  double *values;
  RETURN_IF_ERROR(evaluate_buffer(recipe, source, &values));
  dtype_write(recipe->type.dtype, values, count_of(recipe), out);
  free(values);
  return STATUS_OK;
}
