/* Recipes: making and interning them.
 *
 * Every constructor fills in a prototype; `fit` checks it against its operands and completes its
 * type; `simplify` replaces it where an older recipe is the same without doubt; what is left is
 * looked up in an open-addressed hash table and copied there when it is new. Interning relies on
 * operands being interned already, so equality is that of fields and pointers.
 */
#include "ir/recipe.h"

#include <string.h>

#include "ir/recipe_internal.h"
#include "support/checked_math.h"
#include "support/hash.h"
#include "support/panic.h"

struct RecipeTable {
  Arena *arena;
  const Recipe **slots; /* NULL: free */
  uint32_t capacity;    /* a power of two */
  uint32_t count;
};

enum { FIRST_CAPACITY = 256 };

RecipeTable *recipe_table_new(Arena *arena) {
  RecipeTable *table = ARENA_NEW(arena, RecipeTable);
  table->arena = arena;
  table->capacity = FIRST_CAPACITY;
  table->slots = ARENA_ARRAY(arena, FIRST_CAPACITY, const Recipe *);
  return table;
}

/* -- interning --------------------------------------------------------------------------------- */

/* Fields that a kind does not use are zero in every prototype, so that they do no harm here. */
static uint64_t hash_recipe(const Recipe *r) {
  uint64_t hash = hash_word((uint64_t)r->kind, (uint64_t)r->begin);
  hash = hash_word(hash, (uint64_t)r->type.dtype);
  hash = hash_bytes(hash, r->type.dims, sizeof r->type.dims);
  hash = hash_bytes(hash, r->permutation, sizeof r->permutation);
  hash = hash_bytes(hash, &r->fill, sizeof r->fill);
  if (r->name) hash = hash_bytes(hash, r->name, strlen(r->name));
  for (int i = 0; i < 2; ++i) {
    if (r->operands[i]) hash = hash_word(hash, r->operands[i]->id);
  }
  return hash;
}

/* Reals by their bits: -0 is not 0, and a NaN is itself. */
static bool same_recipe(const Recipe *a, const Recipe *b) {
  return a->kind == b->kind && type_equal(a->type, b->type) &&
         memcmp(a->permutation, b->permutation, sizeof a->permutation) == 0 &&
         memcmp(&a->fill, &b->fill, sizeof a->fill) == 0 && a->begin == b->begin &&
         a->operands[0] == b->operands[0] && a->operands[1] == b->operands[1] &&
         (a->name == b->name || (a->name && b->name && strcmp(a->name, b->name) == 0));
}

/* The slot of `r`: where it is, or the free one where it belongs. */
static const Recipe **find_slot(const RecipeTable *table, const Recipe *r) {
  uint32_t mask = table->capacity - 1;
  uint32_t i = (uint32_t)hash_recipe(r) & mask;
  while (table->slots[i] && !same_recipe(table->slots[i], r)) i = (i + 1) & mask;
  return &table->slots[i];
}

/* The old slots stay in the arena: together they are smaller than the new ones. */
static void grow_table(RecipeTable *table) {
  const Recipe **old = table->slots;
  uint32_t old_capacity = table->capacity;
  table->capacity *= 2;
  table->slots = ARENA_ARRAY(table->arena, table->capacity, const Recipe *);
  for (uint32_t i = 0; i < old_capacity; ++i) {
    if (old[i]) *find_slot(table, old[i]) = old[i];
  }
}

/* The recipe equal to `prototype`, which is copied where it is new. Ids count from 0 in the order
 * in which recipes are made. At most half of the slots are taken, so a search is short and ends. */
static const Recipe *intern(RecipeTable *table, const Recipe *prototype) {
  if (table->count >= table->capacity / 2) grow_table(table);
  const Recipe **slot = find_slot(table, prototype);
  if (!*slot) {
    Recipe *copy = arena_copy(table->arena, prototype, sizeof *prototype);
    if (copy->name) copy->name = arena_strdup(table->arena, copy->name);
    copy->id = table->count++;
    *slot = copy;
  }
  return *slot;
}

/* -- checking: completes r->type; NULL or what does not fit ------------------------------------ */

/* Its type is given, and checked for all kinds alike (is_usable). */
static const char *fit_leaf(Recipe *r) {
  (void)r;
  return NULL;
}

/* 0, 1, -1, 0, ..: a vector, whose length is given. */
static const char *fit_iota3(Recipe *r) {
  return r->type.rank == 1 ? NULL : "iota3 must have rank 1";
}

/* The type is given: it must take the operand's elements as they stand. */
static const char *fit_reshape(Recipe *r) {
  int64_t from, to;
  if (!type_count(r->type, &to)) return "shape has too many elements";
  CHECK(type_count(r->operands[0]->type, &from));
  return from == to ? NULL : "reshape must keep the number of elements";
}

/* permutation[i] is the operand's dimension that becomes dimension i. */
static const char *fit_permute(Recipe *r) {
  Type from = r->operands[0]->type;
  uint32_t seen = 0;
  r->type = from;
  for (uint32_t i = 0; i < from.rank; ++i) {
    if (r->permutation[i] >= from.rank) return "permutation names a dimension that does not exist";
    seen |= UINT32_C(1) << r->permutation[i];
    r->type.dims[i] = from.dims[r->permutation[i]];
  }
  return seen == (UINT32_C(1) << from.rank) - 1 ? NULL : "permutation names a dimension twice";
}

/* Sum and product, element by element. */
static const char *fit_same(Recipe *r) {
  r->type = r->operands[0]->type;
  return type_equal(r->type, r->operands[1]->type) ? NULL : "operands must have the same shape";
}

/* A function of each element. */
static const char *fit_each(Recipe *r) {
  r->type = r->operands[0]->type;
  return NULL;
}

/* [O,K] and [K]; matvec takes the same. */
static const char *fit_mul_columns(Recipe *r) {
  Type matrix = r->operands[0]->type, vector = r->operands[1]->type;
  r->type = matrix;
  if (matrix.rank != 2) return "first operand must be a matrix";
  return vector.rank == 1 && vector.dims[0] == matrix.dims[1]
             ? NULL
             : "second operand must have one element for each column";
}

/* [O,..] and [O]: of any rank. */
static const char *fit_mul_rows(Recipe *r) {
  Type matrix = r->operands[0]->type, vector = r->operands[1]->type;
  r->type = matrix;
  return vector.rank == 1 && vector.dims[0] == matrix.dims[0]
             ? NULL
             : "second operand must have one element for each row";
}

/* [O,K] times [K] is [O]. */
static const char *fit_matvec(Recipe *r) {
  const char *message = fit_mul_columns(r);
  if (!message) r->type = type_vector(r->operands[0]->type.dims[0]);
  return message;
}

/* [O,K] times [K,M] is [O,M]. */
static const char *fit_matmul(Recipe *r) {
  Type a = r->operands[0]->type, b = r->operands[1]->type;
  if (a.rank != 2 || b.rank != 2) return "operands must be matrices";
  if (a.dims[1] != b.dims[0]) return "columns of the first and rows of the second must agree";
  r->type = type_matrix(a.dims[0], b.dims[1]);
  return NULL;
}

/* Along the outermost dimension. */
static const char *fit_concat(Recipe *r) {
  Type a = r->operands[0]->type, b = r->operands[1]->type;
  r->type = a;
  a.dims[0] = b.dims[0];
  if (!type_equal(a, b)) return "operands must agree in all but the outermost dimension";
  return checked_add_i64(r->type.dims[0], b.dims[0], &r->type.dims[0]) ? NULL : "too many elements";
}

/* The prototype's dims[0] is the count; written so that begin + count cannot overflow. */
static const char *fit_slice(Recipe *r) {
  Type from = r->operands[0]->type;
  int64_t count = r->type.dims[0];
  if (r->begin < 0 || count < 1 || count > from.dims[0] || r->begin > from.dims[0] - count) {
    return "slice is out of range";
  }
  r->type = from;
  r->type.dims[0] = count;
  return NULL;
}

/* [O,K] to [ceil(O / panel)][K][panel]. */
static const char *fit_pack(Recipe *r) {
  Type matrix = r->operands[0]->type;
  int64_t panel = r->type.dims[2];
  if (matrix.rank != 2) return "operand must be a matrix";
  if (panel < 1) return "panel must be at least 1";
  int64_t panels = (matrix.dims[0] - 1) / panel + 1;
  r->type = type_make(3, (const int64_t[]){panels, matrix.dims[1], panel});
  return NULL;
}

/* [O,K] to [ceil(O / panel)][ceil(K / group)][panel][group]. */
static const char *fit_pack_groups(Recipe *r, int64_t group) {
  const char *message = fit_pack(r);
  if (message) return message;
  int64_t groups = (r->type.dims[1] - 1) / group + 1;
  r->type = type_make(4, (const int64_t[]){r->type.dims[0], groups, r->type.dims[2], group});
  return NULL;
}

static const char *fit_pack4(Recipe *r) {
  return fit_pack_groups(r, 4);
}

static const char *fit_pack8(Recipe *r) {
  return fit_pack_groups(r, 8);
}

static const char *fit_winograd(Recipe *r) {
  const char *message = fit_pack(r);
  if (message) return message;
  if (r->type.dims[1] % 9) return "the matrix must have 9 taps of columns";
  int64_t dims[] = {r->type.dims[0], r->type.dims[1] / 9, r->type.dims[2]};
  if (!checked_mul_i64(dims[0], 16, &dims[0])) return "too many panels";
  r->type = type_make(3, dims);
  return NULL;
}

static const char *fit_quantize(Recipe *r) {
  r->type = r->operands[0]->type;
  return r->type.rank == 2 ? NULL : "operand must be a matrix";
}

static const char *fit_quantize_scale(Recipe *r) {
  const char *message = fit_quantize(r);
  if (!message) r->type = type_vector(r->type.dims[0]);
  return message;
}

/* Only to integers, and to reals narrower than f32, which recipes are rounded to anyway. */
static const char *fit_round(Recipe *r) {
  const DTypeInfo *info = dtype_info(r->type.dtype);
  r->type = type_with_dtype(r->operands[0]->type, r->type.dtype);
  if (info->kind == DTYPE_INTEGER || info->bytes < dtype_bytes(DTYPE_F32)) return NULL;
  return "weights cannot be rounded to this element type";
}

typedef const char *FitFunction(Recipe *r);
static FitFunction *const fits[RECIPE_KIND_COUNT] = {
    [RECIPE_TENSOR] = fit_leaf,       [RECIPE_FILL] = fit_leaf,
    [RECIPE_IOTA3] = fit_iota3,       [RECIPE_RESHAPE] = fit_reshape,
    [RECIPE_PERMUTE] = fit_permute,   [RECIPE_ADD] = fit_same,
    [RECIPE_MUL] = fit_same,          [RECIPE_MUL_COLUMNS] = fit_mul_columns,
    [RECIPE_MUL_ROWS] = fit_mul_rows, [RECIPE_MATVEC] = fit_matvec,
    [RECIPE_MATMUL] = fit_matmul,     [RECIPE_CONCAT] = fit_concat,
    [RECIPE_SLICE] = fit_slice,       [RECIPE_PACK] = fit_pack,
    [RECIPE_PACK4] = fit_pack4,       [RECIPE_QUANTIZE] = fit_quantize,
    [RECIPE_ROUND] = fit_round,       [RECIPE_QUANTIZE_SCALE] = fit_quantize_scale,
    [RECIPE_PACK8] = fit_pack8,       [RECIPE_RSQRT] = fit_each,
    [RECIPE_EXP] = fit_each,          [RECIPE_WINOGRAD] = fit_winograd,
};

/* -- simplification: an older recipe that is equal, or NULL ------------------------------------ */

/* To what it is already; of a reshape: one reshape; of equal elements: those in the new shape. */
static const Recipe *simplify_reshape(RecipeTable *table, const Recipe *r) {
  const Recipe *x = r->operands[0];
  if (type_equal(x->type, r->type)) return x;
  if (x->kind == RECIPE_RESHAPE) return recipe_reshape(table, x->operands[0], r->type);
  if (x->kind == RECIPE_FILL) return recipe_fill(table, x->fill, r->type);
  return NULL;
}

/* Of equal elements, or to the order that it is in. */
static const Recipe *simplify_permute(RecipeTable *table, const Recipe *r) {
  const Recipe *x = r->operands[0];
  if (x->kind == RECIPE_FILL) return recipe_fill(table, x->fill, r->type);
  for (uint32_t i = 0; i < r->type.rank; ++i) {
    if (r->permutation[i] != i) return NULL;
  }
  return x;
}

/* Of everything; of equal elements; of a slice: one slice. */
static const Recipe *simplify_slice(RecipeTable *table, const Recipe *r) {
  const Recipe *x = r->operands[0];
  if (type_equal(x->type, r->type)) return x;
  if (x->kind == RECIPE_FILL) return recipe_fill(table, x->fill, r->type);
  if (x->kind == RECIPE_SLICE) {
    return recipe_slice(table, x->operands[0], x->begin + r->begin, r->type.dims[0]);
  }
  return NULL;
}

/* A sum with `neutral` 0 or a product with `neutral` 1. */
static const Recipe *drop_neutral(const Recipe *r, double neutral) {
  bool alike = r->kind == RECIPE_ADD || r->kind == RECIPE_MUL;
  if (recipe_is_fill(r->operands[1], neutral)) return r->operands[0];
  return alike && recipe_is_fill(r->operands[0], neutral) ? r->operands[1] : NULL;
}

/* Only where every element keeps its value. */
static const Recipe *simplify(RecipeTable *table, const Recipe *r) {
  switch (r->kind) {
    case RECIPE_RESHAPE: return simplify_reshape(table, r);
    case RECIPE_PERMUTE: return simplify_permute(table, r);
    case RECIPE_SLICE: return simplify_slice(table, r);
    case RECIPE_ADD: return drop_neutral(r, 0);
    case RECIPE_MUL:
    case RECIPE_MUL_COLUMNS:
    case RECIPE_MUL_ROWS: return drop_neutral(r, 1);
    default: return NULL;
  }
}

/* -- constructors ------------------------------------------------------------------------------ */

/* Every dimension is a number; those beyond the rank are cleared, so that equal types hash alike.
 */
static bool is_usable(Type *type) {
  int64_t count;
  for (uint32_t i = 0; i < TYPE_MAX_RANK; ++i) {
    if (i >= type->rank) type->dims[i] = 0;
    if (i < type->rank && type->dims[i] < 1) return false;
  }
  return type->rank >= 1 && type_count(*type, &count);
}

const char *recipe_try_intern(RecipeTable *table, const Recipe *prototype, const Recipe **out) {
  Recipe r = *prototype;
  for (int i = 0; i < 2; ++i) {
    bool rounded = r.operands[i] && r.operands[i]->kind == RECIPE_ROUND;
    if (rounded) return "nothing is computed from rounded weights";
  }
  RETURN_IF_FAULT(fits[r.kind](&r));
  if (!is_usable(&r.type)) return "shape has an open dimension or too many elements";
  const Recipe *simpler = simplify(table, &r);
  *out = simpler ? simpler : intern(table, &r);
  return NULL;
}

/* For callers that know that it fits; a panic says with which types it did not. */
static const Recipe *make(RecipeTable *table, Recipe prototype) {
  const Recipe *recipe = NULL;
  const char *message = recipe_try_intern(table, &prototype, &recipe);
  if (message) {
    char texts[3][TYPE_TEXT_MAX] = {"", "", ""};
    type_format(prototype.type, texts[0]);
    for (int i = 0; i < 2; ++i) {
      if (prototype.operands[i]) type_format(prototype.operands[i]->type, texts[i + 1]);
    }
    PANIC("recipe of kind %d, type %s, operands %s %s: %s", (int)prototype.kind, texts[0], texts[1],
          texts[2], message);
  }
  return recipe;
}

static const Recipe *make_binary(RecipeTable *table, RecipeKind kind, const Recipe *a,
                                 const Recipe *b) {
  return make(table, (Recipe){.kind = kind, .operands = {a, b}});
}

const Recipe *recipe_tensor(RecipeTable *table, const char *name, Type type) {
  return make(table, (Recipe){.kind = RECIPE_TENSOR, .name = name, .type = type});
}

const Recipe *recipe_fill(RecipeTable *table, double value, Type type) {
  return make(table, (Recipe){.kind = RECIPE_FILL, .fill = value, .type = type});
}

const Recipe *recipe_iota3(RecipeTable *table, int64_t count) {
  return make(table, (Recipe){.kind = RECIPE_IOTA3, .type = type_vector(count)});
}

const Recipe *recipe_reshape(RecipeTable *table, const Recipe *r, Type type) {
  return make(table, (Recipe){.kind = RECIPE_RESHAPE, .type = type, .operands = {r}});
}

const Recipe *recipe_permute(RecipeTable *table, const Recipe *r, const uint32_t *permutation) {
  Recipe prototype = {.kind = RECIPE_PERMUTE, .operands = {r}};
  for (uint32_t i = 0; i < r->type.rank; ++i) prototype.permutation[i] = permutation[i];
  return make(table, prototype);
}

const Recipe *recipe_add(RecipeTable *table, const Recipe *a, const Recipe *b) {
  return make_binary(table, RECIPE_ADD, a, b);
}

const Recipe *recipe_mul(RecipeTable *table, const Recipe *a, const Recipe *b) {
  return make_binary(table, RECIPE_MUL, a, b);
}

const Recipe *recipe_mul_columns(RecipeTable *table, const Recipe *matrix, const Recipe *vector) {
  return make_binary(table, RECIPE_MUL_COLUMNS, matrix, vector);
}

const Recipe *recipe_mul_rows(RecipeTable *table, const Recipe *matrix, const Recipe *vector) {
  return make_binary(table, RECIPE_MUL_ROWS, matrix, vector);
}

const Recipe *recipe_rsqrt(RecipeTable *table, const Recipe *r) {
  return make(table, (Recipe){.kind = RECIPE_RSQRT, .operands = {r}});
}

const Recipe *recipe_exp(RecipeTable *table, const Recipe *r) {
  return make(table, (Recipe){.kind = RECIPE_EXP, .operands = {r}});
}

const Recipe *recipe_matvec(RecipeTable *table, const Recipe *matrix, const Recipe *vector) {
  return make_binary(table, RECIPE_MATVEC, matrix, vector);
}

const Recipe *recipe_matmul(RecipeTable *table, const Recipe *a, const Recipe *b) {
  return make_binary(table, RECIPE_MATMUL, a, b);
}

const Recipe *recipe_concat(RecipeTable *table, const Recipe *a, const Recipe *b) {
  return make_binary(table, RECIPE_CONCAT, a, b);
}

const Recipe *recipe_slice(RecipeTable *table, const Recipe *r, int64_t begin, int64_t count) {
  return make(
      table, (Recipe){.kind = RECIPE_SLICE, .type.dims = {count}, .begin = begin, .operands = {r}});
}

const Recipe *recipe_pack(RecipeTable *table, const Recipe *matrix, int64_t panel) {
  return make(table,
              (Recipe){.kind = RECIPE_PACK, .type.dims = {0, 0, panel}, .operands = {matrix}});
}

const Recipe *recipe_pack4(RecipeTable *table, const Recipe *matrix, int64_t panel) {
  return make(table,
              (Recipe){.kind = RECIPE_PACK4, .type.dims = {0, 0, panel}, .operands = {matrix}});
}

const Recipe *recipe_pack8(RecipeTable *table, const Recipe *matrix, int64_t panel) {
  return make(table,
              (Recipe){.kind = RECIPE_PACK8, .type.dims = {0, 0, panel}, .operands = {matrix}});
}

const Recipe *recipe_winograd(RecipeTable *table, const Recipe *matrix, int64_t panel) {
  return make(table,
              (Recipe){.kind = RECIPE_WINOGRAD, .type.dims = {0, 0, panel}, .operands = {matrix}});
}

const Recipe *recipe_quantize(RecipeTable *table, const Recipe *matrix) {
  return make(table, (Recipe){.kind = RECIPE_QUANTIZE, .operands = {matrix}});
}

const Recipe *recipe_quantize_scale(RecipeTable *table, const Recipe *matrix) {
  return make(table, (Recipe){.kind = RECIPE_QUANTIZE_SCALE, .operands = {matrix}});
}

const Recipe *recipe_round(RecipeTable *table, const Recipe *r, DType dtype) {
  return make(table, (Recipe){.kind = RECIPE_ROUND, .type.dtype = dtype, .operands = {r}});
}

bool recipe_is_fill(const Recipe *recipe, double value) {
  return recipe->kind == RECIPE_FILL && recipe->fill == value;
}
