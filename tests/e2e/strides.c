/* strides: a model of bytes that was compiled as `photos` gives the same bits for rows of pixels
 * that are apart, between pages that may not be touched, as for dense ones, from every entry, on
 * every instruction set of its variants that the machine has; and refuses what cannot be. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "photos.h"
#include "tests/graphs/strided.h"

enum { MOST_BYTES = 2 << 20, MOST_FLOATS = 1 << 20, OUTPUTS = 2 };

typedef struct Host {
  const atm_entry *entry;
  atm_run_strided_fn *strided;
  atm_env env;
  void *workspace;
  size_t workspace_bytes;
  unsigned char *image; /* dense */
  float *expected[OUTPUTS], *out[OUTPUTS];
  size_t floats[OUTPUTS];
} Host;

static size_t elements(const atm_tensor *tensor) {
  size_t count = 1;
  for (uint32_t i = 0; i < tensor->rank; ++i) count *= tensor->dims[i];
  return count;
}

static int run(Host *h, const void *image, const atm_strides *strides) {
  for (int o = 0; o < OUTPUTS; ++o) memset(h->out[o], 0xff, h->floats[o] * sizeof(float));
  return h->strided((const void *[]){image}, strides, (void *[]){h->out[0], h->out[1]},
                    h->workspace, h->workspace_bytes, &h->env);
}

static int is_expected(const Host *h) {
  int equal = 1;
  for (int o = 0; o < OUTPUTS; ++o) {
    equal &= memcmp(h->out[o], h->expected[o], h->floats[o] * sizeof(float)) == 0;
  }
  return equal;
}

/* Every way to lay the image out, at both ends of its pages. */
static int check_ways(Host *h) {
  int wrong = 0;
  for (unsigned ways = 0; ways < 2 * STRIDED_WAYS; ++ways) {
    GuardedEnd end = ways & STRIDED_WAYS ? GUARDED_END : GUARDED_BEGIN;
    Strided g = strided_new(h->entry->inputs, h->image, end, ways, 0x5a);
    int code = run(h, g.first, &g.strides);
    int right = code == ATM_OK && is_expected(h);
    if (!right) printf("way %u: code %d, other numbers\n", ways, code);
    wrong |= !right;
    strided_free(&g);
  }
  return wrong;
}

/* Strides that say nothing, or what is so anyway. */
static int check_packed(Host *h, const atm_tensor *image) {
  int planes = image->layout[1] == 'c';
  ptrdiff_t width = planes ? image->dims[3] : (ptrdiff_t)image->dims[2] * image->dims[3];
  ptrdiff_t height = planes ? image->dims[2] : image->dims[1];
  atm_strides zeros = {0, 0, 0}, row = {width, 0, 0};
  atm_strides all = {width, planes ? height * width : 0, height * width * (planes ? 3 : 1)};
  const atm_strides *ways[] = {NULL, &zeros, &row, &all};
  int wrong = 0;
  for (int i = 0; i < 4; ++i) {
    int right = run(h, h->image, ways[i]) == ATM_OK && is_expected(h);
    if (!right) printf("dense, way %d: other numbers\n", i);
    wrong |= !right;
  }
  return wrong;
}

/* What cannot be; rows of one byte may be anywhere. */
static int check_refused(Host *h, const atm_tensor *image) {
  int planes = image->layout[1] == 'c';
  ptrdiff_t width = planes ? image->dims[3] : (ptrdiff_t)image->dims[2] * image->dims[3];
  if (width == 1) return 0;
  const atm_strides refused[] = {{width - 1, 0, 0}, {1, 0, 0}, {-1, 0, 0},        {1 - width, 0, 0},
                                 {width - 1, 0, 1}, {0, 1, 0}, {width, -width, 0}};
  int wrong = 0, count = planes ? 5 : 7;
  for (int i = 0; i < count; ++i) {
    int code = run(h, h->image, &refused[i]);
    unsigned char *out = (unsigned char *)h->out[0];
    int right = code == ATM_E_ARGUMENT && out[0] == 0xff;
    if (!right) printf("refusal %d: code %d\n", i, code);
    wrong |= !right;
  }
  return wrong;
}

static int check(Host *h, const atm_model *model, const atm_entry *entry) {
  h->entry = entry;
  h->strided = atm_model_strided(model, entry);
  if (!h->strided) return puts("no strides"), 1;
  for (int o = 0; o < OUTPUTS; ++o) h->floats[o] = elements(&entry->outputs[o]);
  int code = entry->run((const void *[]){h->image}, (void *[]){h->expected[0], h->expected[1]},
                        h->workspace, h->workspace_bytes, &h->env);
  if (code != ATM_OK) return printf("run: %s\n", atm_error_text(code)), 1;
  return check_packed(h, entry->inputs) | check_ways(h) | check_refused(h, entry->inputs);
}

static void *allocate(size_t bytes) {
  void *memory = aligned_alloc(64, (bytes + 63) / 64 * 64);
  if (!memory) exit(3);
  return memory;
}

int main(void) {
  const atm_model *model = photos_model();
  atm_pool *pool = atm_pool_create(2);
  if (!pool) return 3;
  Host h = {.env = atm_pool_env(pool), .workspace_bytes = PHOTOS_WORKSPACE_BYTES_MAX(2)};
  h.workspace = allocate(h.workspace_bytes);
  h.image = allocate(MOST_BYTES);
  for (uint32_t i = 0; i < MOST_BYTES; ++i) h.image[i] = (unsigned char)(i * 2654435761U >> 24);
  for (int o = 0; o < OUTPUTS; ++o) {
    h.expected[o] = allocate(MOST_FLOATS * sizeof(float));
    h.out[o] = allocate(MOST_FLOATS * sizeof(float));
  }
  int wrong = 0;
  for (uint32_t v = 0; v < model->variant_count; ++v) {
    if (model->variants[v].isa & ~atm_cpu_isa()) continue;
    h.env.isa = model->variants[v].isa;
    for (uint32_t i = 0; i < model->entry_count; ++i) wrong |= check(&h, model, &model->entries[i]);
    printf("%s: %s\n", model->variants[v].name, wrong ? "WRONG" : "the same bits");
  }
  wrong |= photos_run_strided != model->strided[0];
  return wrong;
}
