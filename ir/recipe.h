/* Constants as recipes: expressions over named tensors of the weights file.
 *
 * Recipes are immutable, live in a RecipeTable that outlives every graph of a compilation, and are
 * interned: equal recipes are the same pointer. They are evaluated in double and rounded once, to
 * the element type that they are of: f32, or what a round says. Text form, as it stands in IR files
 * (names that are not [A-Za-z0-9_.]+ are quoted, @"odd name"):
 *
 *   @blocks.0.0.atm.proj.weight[64,64]       a tensor of the weights file, with its shape
 *   fill(0.5, [64])                          all elements equal
 *   iota3([64])                              element i is ((i + 1) mod 3) - 1
 *   reshape(R, [O,K])                        same elements, row-major
 *   permute(R, [1,0])                        result dim d is operand dim p[d]
 *   add(R, S)  mul(R, S)                     same shape
 *   mul_columns(R[N,K], S[K])                R[n,k] * S[k]
 *   mul_rows(R[N,...], S[N])                 R[n,...] * S[n]
 *   rsqrt(R)  exp(R)                         1 / sqrt(R), e to the power of R
 *   matvec(R[N,K], S[K])                     sum over k of R[n,k] * S[k], shape [N]
 *   matmul(R[N,K], S[K,M])                   shape [N,M]
 *   concat(R, S)                             along the outermost dimension
 *   slice(R, begin, count)                   along the outermost dimension
 *   pack(R[N,K], P)                          panels [ceil(N/P), K, P]: element [p,k,j] is
 *                                            R[p*P+j, k], 0 beyond N
 *   pack4(R[N,K], P)                         panels [ceil(N/P), ceil(K/4), P, 4]: element [p,k,j,i]
 *                                            is R[p*P+j, 4*k+i], 0 beyond N and K
 *   pack8(R[N,K], P)                         the same in eights
 *   winograd(R[N,9*C], P)                    panels [16*ceil(N/P), C, P] of R whose rows are 3x3
 *                                            taps g of C columns each: panel (i*ceil(N/P)+p)*4+j
 *                                            has element (i,j) of G g G^T for rows p*P to
 *                                            before (p+1)*P of R, 0 beyond N; i and j below 4
 *   quantize(R[N,K])                         R[n,k] / scale[n] to the nearest whole number, of two
 *                                            the even one: -127 to 127; 0 where the scale is 0
 *   quantize_scale(R[N,K])                   scale[n]: the largest |R[n,k]| / 127, shape [N]
 *   round(R, f16)                            R rounded to the numbers of this element type, which
 *                                            is the recipe's own; nothing is computed from it
 */
#ifndef ATMC_IR_RECIPE_H
#define ATMC_IR_RECIPE_H

#include <stddef.h>
#include <stdint.h>

#include "ir/type.h"
#include "support/arena.h"
#include "support/diag.h"
#include "support/status.h"
#include "support/string_builder.h"

typedef enum RecipeKind {
  RECIPE_TENSOR,
  RECIPE_FILL,
  RECIPE_IOTA3,
  RECIPE_RESHAPE,
  RECIPE_PERMUTE,
  RECIPE_ADD,
  RECIPE_MUL,
  RECIPE_MUL_COLUMNS,
  RECIPE_MUL_ROWS,
  RECIPE_RSQRT,
  RECIPE_EXP,
  RECIPE_MATVEC,
  RECIPE_MATMUL,
  RECIPE_CONCAT,
  RECIPE_SLICE,
  RECIPE_PACK,
  RECIPE_PACK4,
  RECIPE_PACK8,
  RECIPE_WINOGRAD,
  RECIPE_QUANTIZE,
  RECIPE_QUANTIZE_SCALE,
  RECIPE_ROUND,
  RECIPE_KIND_COUNT,
} RecipeKind;

typedef struct Recipe Recipe;
struct Recipe {
  RecipeKind kind;
  uint32_t id;                         /* dense, in order of creation: a stable key */
  Type type;                           /* shape of the result; always known */
  const char *name;                    /* RECIPE_TENSOR */
  double fill;                         /* RECIPE_FILL */
  uint32_t permutation[TYPE_MAX_RANK]; /* RECIPE_PERMUTE */
  int64_t begin;                       /* RECIPE_SLICE; its count is type.dims[0] */
  const Recipe *operands[2];           /* NULL where unused */
};

typedef struct RecipeTable RecipeTable;

/* An empty table. It and its recipes are of `arena`. */
RecipeTable *recipe_table_new(Arena *arena);

/* Constructors: the recipe of the form above, or an equal one that is simpler. Shapes must fit
 * (checked, panic): callers with untrusted input check first. */

/* A tensor of the weights file with its shape; the name is copied. */
const Recipe *recipe_tensor(RecipeTable *table, const char *name, Type type);
/* All elements `value`. */
const Recipe *recipe_fill(RecipeTable *table, double value, Type type);
/* [count]: 0, 1, -1, and so on. */
const Recipe *recipe_iota3(RecipeTable *table, int64_t count);
/* The elements of `r` in order with the dimensions of `type`, which are as many elements. */
const Recipe *recipe_reshape(RecipeTable *table, const Recipe *r, Type type);
/* `permutation` [rank of r]: dimension d of the result is dimension permutation[d] of `r`. */
const Recipe *recipe_permute(RecipeTable *table, const Recipe *r, const uint32_t *permutation);
/* a + b, of one shape. */
const Recipe *recipe_add(RecipeTable *table, const Recipe *a, const Recipe *b);
/* a * b, of one shape. */
const Recipe *recipe_mul(RecipeTable *table, const Recipe *a, const Recipe *b);
/* matrix [N,K] with column k times vector[k]. */
const Recipe *recipe_mul_columns(RecipeTable *table, const Recipe *matrix, const Recipe *vector);
/* matrix [N,...] with row n times vector[n]. */
const Recipe *recipe_mul_rows(RecipeTable *table, const Recipe *matrix, const Recipe *vector);
/* 1 / sqrt(r), element by element. */
const Recipe *recipe_rsqrt(RecipeTable *table, const Recipe *r);
/* exp(r), element by element. */
const Recipe *recipe_exp(RecipeTable *table, const Recipe *r);
/* matrix [N,K] times vector [K]. */
const Recipe *recipe_matvec(RecipeTable *table, const Recipe *matrix, const Recipe *vector);
/* a [N,K] times b [K,M]. */
const Recipe *recipe_matmul(RecipeTable *table, const Recipe *a, const Recipe *b);
/* `b` behind `a` along the outermost dimension; the others are equal. */
const Recipe *recipe_concat(RecipeTable *table, const Recipe *a, const Recipe *b);
/* `count` of the outermost dimension from `begin` on. */
const Recipe *recipe_slice(RecipeTable *table, const Recipe *r, int64_t begin, int64_t count);
/* matrix [N,K] in panels of `panel` rows of it, as products read it. */
const Recipe *recipe_pack(RecipeTable *table, const Recipe *matrix, int64_t panel);
/* The same in fours of K, as quantized products read it, */
const Recipe *recipe_pack4(RecipeTable *table, const Recipe *matrix, int64_t panel);
/* or in eights. */
const Recipe *recipe_pack8(RecipeTable *table, const Recipe *matrix, int64_t panel);
/* Transformed weights of a convolution of 3x3 taps, matrix [N,9*C], in panels. */
const Recipe *recipe_winograd(RecipeTable *table, const Recipe *matrix, int64_t panel);
/* Each row of `matrix` [N,K] as whole numbers from -127 to 127, */
const Recipe *recipe_quantize(RecipeTable *table, const Recipe *matrix);
/* and what one of them stands for, [N]. */
const Recipe *recipe_quantize_scale(RecipeTable *table, const Recipe *matrix);
/* For weights that are stored as `dtype`: an integer, or a real type narrower than f32. */
const Recipe *recipe_round(RecipeTable *table, const Recipe *r, DType dtype);
/* Weights [O,I,KH,KW] of a convolution in `groups` groups as [O,I*groups,KH,KW] of one, with zeros
 * where a group does not read; O is a multiple of groups. */
const Recipe *recipe_spread_groups(RecipeTable *table, const Recipe *w, int64_t groups);

/* The vector of `count` numbers, at least one; */
const Recipe *recipe_numbers(RecipeTable *table, const double *numbers, uint32_t count);
/* and the numbers of such a one to `numbers` [its length]. False: others go into it. */
bool recipe_read_numbers(const Recipe *vector, double *numbers);

/* Every element is `value` (a fill, or shape changes of one). */
bool recipe_is_fill(const Recipe *recipe, double value);

/* Where tensors come from: the weights file, or a generator in tests. */
typedef struct WeightSource {
  void *context;
  /* Writes the elements of tensor `name`, widened to double, row-major; its shape was bound. */
  Status (*read)(void *context, const char *name, double *out, size_t count);
  Diag *diag; /* hears of numbers that are too large to be rounded; NULL: nobody does */
} WeightSource;

/* Evaluates to `out` [type_count], in double. Intermediate results are freed before it returns.
 * Fails where the source fails, and where a finite number is infinite when rounded. */
MUST_CHECK Status recipe_evaluate(const Recipe *recipe, const WeightSource *source, double *out);
/* The same, as elements of the recipe's type, rounded once: type_bytes bytes to `out`. */
MUST_CHECK Status recipe_write(const Recipe *recipe, const WeightSource *source, void *out);

/* Appends the text form. */
void recipe_print(const Recipe *recipe, StringBuilder *out);
/* Parses one recipe at *cursor and moves it behind. NULL on error, with *error set to a message
 * (static text) and *cursor at the offending character. */
const Recipe *recipe_parse(RecipeTable *table, const char **cursor, const char **error);

#endif
