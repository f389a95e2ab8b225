/* The pickle machine: what its values are, that unknown things stay opaque, that limits hold, and
 * that no sequence of bytes makes it read beyond its source or crash. */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "frontend/unpickle.h"

static Arena *arena;
static Diag diag;

static void set_up(void) {
  arena = arena_new();
  diag = (Diag){0};
}
static void tear_down(void) {
  arena_free(arena);
}
TestSuite(unpickle, .init = set_up, .fini = tear_down);

/* From a copy that ends where the pickle ends, for AddressSanitizer to watch. */
static Status load(const void *data, size_t bytes, Pickle *pickle) {
  char *copy = malloc(bytes ? bytes : 1);
  memcpy(copy, data, bytes);
  PickleSource source = {.file = "x.pth", .name = "data.pkl", .data = copy, .bytes = bytes};
  Status status = unpickle(arena, &diag, &source, pickle);
  free(copy);
  return status;
}
#define LOAD(text, pickle) load(text, sizeof(text) - 1, pickle)

static const PickleValue *loaded(const char *data, size_t bytes) {
  Pickle pickle = {0};
  cr_assert_eq(load(data, bytes, &pickle), STATUS_OK);
  cr_assert_eq(pickle.bytes, bytes);
  return pickle.root;
}
#define LOADED(text) loaded(text, sizeof(text) - 1)

Test(unpickle, reads_plain_values) {
  cr_expect_eq(LOADED("\x80\x02N.")->kind, PICKLE_NONE);
  cr_expect_eq(LOADED("\x80\x02\x88.")->integer, 1);
  cr_expect_eq(LOADED("\x80\x02K\xff.")->integer, 255);
  cr_expect_eq(LOADED("\x80\x02M\x01\x02.")->integer, 513);
  cr_expect_eq(LOADED("\x80\x02J\xfe\xff\xff\xff.")->integer, -2);
  cr_expect_eq(LOADED("\x80\x02\x8a\x00.")->integer, 0);
  cr_expect_eq(LOADED("\x80\x02\x8a\x01\x80.")->integer, -128);
  cr_expect_eq(LOADED("\x80\x02\x8a\x05\x00\x00\x00\x00\x01.")->integer, 1ll << 32);
  cr_expect_eq(LOADED("\x80\x02\x8b\x02\x00\x00\x00\x00\x80.")->integer, -32768);
  cr_expect_eq(LOADED("\x80\x02\x8a\x09\x00\x00\x00\x00\x00\x00\x00\x00\x01.")->kind,
               PICKLE_OPAQUE);
  cr_expect_eq(LOADED("\x80\x02G\xbf\xf8\x00\x00\x00\x00\x00\x00.")->real, -1.5);
  const PickleValue *text = LOADED(
      "\x80\x02X\x03\x00\x00\x00"
      "a\x00"
      "b.");
  cr_expect_eq(text->kind, PICKLE_STRING);
  cr_expect_eq(text->count, 3);
  cr_expect_eq(memcmp(text->text, "a\0b", 4), 0);
}

Test(unpickle, reads_containers) {
  const PickleValue *tuple = LOADED("\x80\x02K\x01K\x02K\x03\x87.");
  cr_assert_eq(tuple->kind, PICKLE_TUPLE);
  cr_assert_eq(tuple->count, 3);
  cr_expect_eq(tuple->items[2]->integer, 3);
  const PickleValue *list = LOADED(
      "\x80\x02](K\x01K\x02"
      "eK\x07"
      "a.");
  cr_assert_eq(list->kind, PICKLE_LIST);
  cr_assert_eq(list->count, 3);
  cr_expect_eq(list->items[2]->integer, 7);
  const PickleValue *dict = LOADED("\x80\x02}(K\x01K\x02K\x03NuK\x04K\x05s.");
  cr_assert_eq(dict->kind, PICKLE_DICT);
  cr_assert_eq(dict->count, 6);
  cr_expect_eq(dict->items[4]->integer, 4);
  const PickleValue *ordered = LOADED(
      "\x80\x02"
      "ccollections\nOrderedDict\n](K\x01K\x02\x86K\x03K\x04\x86"
      "e\x85R.");
  cr_assert_eq(ordered->kind, PICKLE_DICT);
  cr_assert_eq(ordered->count, 4);
  cr_expect_eq(ordered->items[3]->integer, 4);
}

Test(unpickle, shares_values_by_the_memo) {
  const PickleValue *pair = LOADED("\x80\x04]\x94h\x00\x86.");
  cr_expect_eq(pair->items[0], pair->items[1]);
  const PickleValue *loop = LOADED(
      "\x80\x02]q\x00h\x00"
      "a.");
  cr_expect_eq(loop->items[0], loop);
}

Test(unpickle, notes_calls_and_references) {
  Pickle pickle;
  cr_assert_eq(LOAD("\x80\x02"
                    "ctorch._utils\n_rebuild_tensor_v2\nK\x05Q\x85R.",
                    &pickle),
               STATUS_OK);
  const PickleValue *call = pickle.root;
  cr_assert_eq(call->kind, PICKLE_CALL);
  cr_expect_eq(call->global->role, PICKLE_TENSOR);
  cr_assert_eq(call->arguments->items[0]->kind, PICKLE_PERSISTENT);
  cr_expect_eq(call->arguments->items[0]->arguments->integer, 5);
  cr_assert_eq(pickle.reference_count, 1);
  cr_expect_eq(pickle.references[0], call->arguments->items[0]);
}

Test(unpickle, keeps_the_unknown_opaque) {
  static const char what[] = "an object of \"posix.system\"";
  cr_expect_str_eq(unpickle_describe(arena, LOADED("\x80\x02"
                                                   "cposix\nsystem\n.")),
                   what);
  cr_expect_str_eq(
      unpickle_describe(arena, LOADED("\x80\x04\x8c\x05posix\x8c\x06system\x93K\x01\x85R.")), what);
  cr_expect_str_eq(unpickle_describe(arena, LOADED("\x80\x02"
                                                   "cposix\nsystem\n)\x81}b(K\x01K\x02uNa.")),
                   what);
  cr_expect_eq(LOADED("\x80\x04\x8f(K\x01\x90.")->kind, PICKLE_OPAQUE);
  cr_expect_eq(LOADED("\x80\x02"
                      "ctorch._utils\n_rebuild_tensor_v2\n)R}b.")
                   ->kind,
               PICKLE_OPAQUE);
}

Test(unpickle, ends_where_the_pickle_ends) {
  Pickle pickle;
  cr_assert_eq(LOAD("\x80\x02N.rest", &pickle), STATUS_OK);
  cr_expect_eq(pickle.bytes, 4);
}

/* -- limits ------------------------------------------------------------------------------------ */

Test(unpickle, limits_values) {
  Pickle pickle;
  enum { BYTES = 2 * PICKLE_MAX_VALUES };
  char *many = malloc(BYTES + 1);
  for (size_t i = 0; i < BYTES; ++i) many[i] = "N0"[i % 2];
  many[BYTES - 1] = '.';
  cr_expect_eq(load(many, BYTES, &pickle), STATUS_OK);
  many[BYTES - 1] = 'N';
  many[BYTES] = '.';
  cr_expect_eq(load(many, BYTES + 1, &pickle), STATUS_BAD_INPUT);
  free(many);
}

/* Values, stack and texts count alike, whichever opcode makes them. */
Test(unpickle, limits_memory) {
  Pickle pickle;
  enum { BYTES = 2 << 20 };
  char *many = malloc(BYTES);
  memset(many, '}', BYTES);
  cr_expect_eq(load(many, BYTES, &pickle), STATUS_BAD_INPUT);
  cr_expect_lt(arena_bytes(arena), 2u * PICKLE_MAX_MEMORY);
  free(many);
}

/* A string that no tensor is called is not kept, and no global is. */
Test(unpickle, keeps_no_long_strings) {
  enum { LENGTH = 1 << 20 };
  char *text = malloc(LENGTH + 16);
  memcpy(text, "\x80\x02X\x00\x00\x10\x00", 7);
  memset(text + 7, 'x', LENGTH);
  memcpy(text + 7 + LENGTH, ".", 1);
  cr_expect_eq(loaded(text, 7 + LENGTH + 1)->kind, PICKLE_OPAQUE);
  memcpy(text + 7 + LENGTH, "2\x93.", 3);
  Pickle pickle;
  cr_expect_eq(load(text, 7 + LENGTH + 3, &pickle), STATUS_BAD_INPUT);
  cr_expect_lt(arena_bytes(arena), (size_t)LENGTH);
  free(text);
}

static char *add(char *at, const char *bytes, size_t count) {
  memcpy(at, bytes, count);
  return at + count;
}

/* A list of pairs that is made into dicts again and again. */
Test(unpickle, limits_copies) {
  enum { PAIRS = 4096, COPIES = 4096 };
  static const char begin[] =
      "\x80\x02"
      "ccollections\nOrderedDict\nq\x00K\x01K\x02\x86q\x01](";
  static const char copy[] = "h\x00h\x02R0";
  char *text = malloc(sizeof begin + 2 * PAIRS + 8 + COPIES * (sizeof copy - 1)), *at = text;
  at = add(at, begin, sizeof begin - 1);
  for (int i = 0; i < PAIRS; ++i) at = add(at, "h\x01", 2);
  at = add(at, "e\x85q\x02", 4);
  for (int i = 0; i < COPIES; ++i) at = add(at, copy, sizeof copy - 1);
  *at++ = '.';
  Pickle pickle;
  cr_expect_eq(load(text, (size_t)(at - text), &pickle), STATUS_BAD_INPUT);
  free(text);
}

/* -- garbage ----------------------------------------------------------------------------------- */

/* One of nearly every opcode, in an order that works. */
static const char seed[] =
    "\x80\x04\x95\x08\x00\x00\x00\x00\x00\x00\x00}q\x00(X\x01\x00\x00\x00"
    "ah\x00\x8c\x01"
    "bccollections\nOrderedDict\nq\x01)R}bU\x01"
    "c(ctorch._utils\n_rebuild_tensor_v2\n((\x8c\x07storagectorch\nFloatStorage\n"
    "X\x01\x00\x00\x00"
    "0NJ\x06\x00\x00\x00tQK\x00M\x02\x00\x85\x88\x89\x86tRlK\x01\x8a\x02\x01\x02K\x03\x87"
    "\x94r\x05\x00\x00\x00j\x05\x00\x00\x00"
    "02G?\xf0\x00\x00\x00\x00\x00\x00\x85\x86](NNe\x8f(K\x01\x90\x86"
    "cposix\nsystem\nC\x02xyB\x01\x00\x00\x00z\x86R)}\x92(K\x01\x91"
    "0(1u.";

static void try(const char *data, size_t bytes) {
  Pickle pickle;
  Arena *outer = arena;
  arena = arena_new();
  Status status = load(data, bytes, &pickle);
  cr_assert(status == STATUS_BAD_INPUT || (status == STATUS_OK && pickle.bytes <= bytes));
  if (!status) (void)unpickle_describe(arena, pickle.root);
  arena_free(arena);
  arena = outer;
}

Test(unpickle, reads_the_seed) {
  diag.stream = stderr;
  const PickleValue *root = loaded(seed, sizeof seed - 1);
  cr_expect_eq(root->kind, PICKLE_DICT);
}

Test(unpickle, survives_every_change_of_a_byte) {
  char copy[sizeof seed];
  memcpy(copy, seed, sizeof seed);
  for (size_t i = 0; i < sizeof seed - 1; ++i) {
    for (int c = 0; c < 256; ++c) {
      copy[i] = (char)c;
      try(copy, sizeof seed - 1);
    }
    copy[i] = seed[i];
  }
}

Test(unpickle, survives_every_cut_and_every_removed_byte) {
  char copy[sizeof seed];
  for (size_t i = 0; i < sizeof seed - 1; ++i) {
    try(seed, i);
    memcpy(copy, seed, i);
    memcpy(copy + i, seed + i + 1, sizeof seed - 2 - i);
    try(copy, sizeof seed - 2);
  }
}

/* Bytes that are opcodes mostly, on a stack with something to work on. */
Test(unpickle, survives_garbage) {
  static const char common[] = "N\x88K(0]})tabuseRQhq\x85\x86\x87\x93\x94\x81\x92\x8f\x90\x91.2d1l";
  static const char pushes[] = "N\x88(])}";
  char text[256];
  uint32_t state = 1;
  for (int round = 0; round < 100000; ++round) {
    for (size_t i = 0; i < sizeof text; ++i) {
      state = state * 1664525 + 1013904223;
      uint32_t r = state >> 8;
      if (i < 64) {
        text[i] = pushes[r % (sizeof pushes - 1)];
      } else {
        text[i] = r % 8 ? common[r / 8 % (sizeof common - 1)] : (char)(r >> 16);
      }
    }
    try(text, sizeof text);
  }
}
