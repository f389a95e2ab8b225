/* The machine: bytes are read through `take` alone, values are pushed through `push` and popped
 * through `pop` and its kin alone, so that all limits are kept here. Each opcode works in time
 * proportional to the bytes or values that it consumes, and whatever it allocates is counted
 * against one budget; nothing recurses. */
#include "frontend/unpickle.h"

#include <inttypes.h>
#include <string.h>

#include "frontend/error_list.h"
#include "frontend/unpickle_machine.h"
#include "support/panic.h"

Status unpickle_fail(const Machine *m, const char *format, ...) {
  va_list args;
  va_start(args, format);
  const char *message = arena_vprintf(m->arena, format, args);
  va_end(args);
  return diag_error(m->diag, diag_file(m->source->file), "%s, byte %zu, %s: %s", m->source->name,
                    m->opcode_at, m->opcode, message);
}

/* -- source, stack, memo ----------------------------------------------------------------------- */

Status unpickle_take(Machine *m, uint64_t bytes, const char **text) {
  size_t left = m->source->bytes - m->at;
  if (bytes > left) {
    (void)unpickle_fail(m, "bytes missing at the end of the pickle: %" PRIu64, bytes - left);
    return STATUS_BAD_INPUT;
  }
  *text = m->source->data + m->at;
  m->at += bytes;
  return STATUS_OK;
}

Status unpickle_charge(Machine *m, uint32_t values) {
  if (values > PICKLE_MAX_VALUES - m->pushes) {
    return unpickle_fail(m, "the pickle has more than %d values", PICKLE_MAX_VALUES);
  }
  m->pushes += values;
  return STATUS_OK;
}

Status unpickle_room(const Machine *m, size_t bytes) {
  if (bytes <= PICKLE_MAX_MEMORY &&
      arena_bytes(m->arena) - m->arena_before <= PICKLE_MAX_MEMORY - bytes) {
    return STATUS_OK;
  }
  return unpickle_fail(m, "the values of the pickle take more than %d MiB of memory",
                       PICKLE_MAX_MEMORY >> 20);
}

Status unpickle_push(Machine *m, PickleValue *value) {
  RETURN_IF_ERROR(unpickle_charge(m, 1));
  ARENA_PUSH(m->arena, m->stack, m->count, m->capacity, value);
  return STATUS_OK;
}

Status unpickle_push_new(Machine *m, PickleValue value) {
  return unpickle_push(m, arena_copy(m->arena, &value, sizeof value));
}

Status unpickle_push_opaque(Machine *m, const char *what) {
  return unpickle_push_new(m, (PickleValue){.kind = PICKLE_OPAQUE, .what = what});
}

Status unpickle_push_object(Machine *m, const char *module, const char *name) {
  return unpickle_push_new(m, (PickleValue){.kind = PICKLE_OPAQUE, .what = name, .module = module});
}

uint32_t unpickle_available(const Machine *m) {
  return m->count - (m->mark_count ? m->marks[m->mark_count - 1] : 0);
}

Status unpickle_need(const Machine *m, uint32_t values) {
  if (values <= unpickle_available(m)) return STATUS_OK;
  return unpickle_fail(m, "values needed: %u, the stack has %u", values, unpickle_available(m));
}

Status unpickle_pop(Machine *m, PickleValue **value) {
  RETURN_IF_ERROR(unpickle_need(m, 1));
  *value = m->stack[--m->count];
  return STATUS_OK;
}

PickleValue **unpickle_pop_items(Machine *m, uint32_t count) {
  CHECK(count <= unpickle_available(m));
  m->count -= count;
  return m->stack + m->count;
}

Status unpickle_pop_to_mark(Machine *m, PickleValue ***items, uint32_t *count) {
  if (m->mark_count == 0) return unpickle_fail(m, "there is no mark on the stack");
  *count = unpickle_available(m);
  *items = unpickle_pop_items(m, *count);
  --m->mark_count;
  return STATUS_OK;
}

Status unpickle_top(const Machine *m, PickleValue **value) {
  RETURN_IF_ERROR(unpickle_need(m, 1));
  *value = m->stack[m->count - 1];
  return STATUS_OK;
}

Status unpickle_append(Machine *m, PickleValue *to, PickleValue *const *items, uint32_t count) {
  if (count > to->capacity - to->count) { /* counts are below PICKLE_MAX_VALUES */
    uint32_t capacity = 2 * to->capacity > to->count + count ? 2 * to->capacity : to->count + count;
    RETURN_IF_ERROR(unpickle_room(m, capacity * sizeof *items));
    to->items = arena_grow(m->arena, to->items, to->count, capacity, sizeof *items);
    to->capacity = capacity;
  }
  if (count) memcpy(to->items + to->count, items, count * sizeof *items);
  to->count += count;
  return STATUS_OK;
}

Status unpickle_push_items(Machine *m, PickleKind kind, PickleValue **items, uint32_t count) {
  PickleValue **copy = arena_copy(m->arena, items, count * sizeof *items);
  return unpickle_push_new(
      m, (PickleValue){.kind = kind, .count = count, .capacity = count, .items = copy});
}

/* -- running ----------------------------------------------------------------------------------- */

/* Bytes of an operand's number; and whether text follows, whose length it is. */
static const struct OperandForm {
  uint8_t bytes;
  bool text;
} forms[] = {[OPERAND_U1] = {1, false},   [OPERAND_U2] = {2, false},   [OPERAND_U4] = {4, false},
             [OPERAND_I4] = {4, false},   [OPERAND_U8] = {8, false},   [OPERAND_F8] = {8, false},
             [OPERAND_TEXT1] = {1, true}, [OPERAND_TEXT4] = {4, true}, [OPERAND_TEXT8] = {8, true},
             [OPERAND_LINES] = {0, false}};

/* Two lines, without the second one's end. */
static Status read_lines(Machine *m, Operand *operand) {
  const char *begin = m->source->data + m->at;
  size_t left = m->source->bytes - m->at;
  const char *first = memchr(begin, '\n', left);
  const char *second = first ? memchr(first + 1, '\n', left - (size_t)(first + 1 - begin)) : NULL;
  if (!second) return unpickle_fail(m, "a line has no end");
  operand->length = (size_t)(second - begin);
  return unpickle_take(m, operand->length + 1, &operand->text);
}

/* What follows the opcode in the pickle: a number, a text behind its length, or two lines. */
static Status read_operand(Machine *m, const Opcode *opcode, Operand *operand) {
  struct OperandForm form = forms[opcode->operand];
  const char *text = NULL;
  uint64_t number = 0;
  if (opcode->operand == OPERAND_LINES) return read_lines(m, operand);
  RETURN_IF_ERROR(unpickle_take(m, form.bytes, &text));
  memcpy(&number, text, form.bytes); /* this machine is little-endian (weights.c) */
  if (opcode->operand == OPERAND_F8) number = __builtin_bswap64(number);
  operand->number = opcode->operand == OPERAND_I4 ? (int32_t)number : (int64_t)number;
  operand->length = number;
  return form.text ? unpickle_take(m, number, &operand->text) : STATUS_OK;
}

/* One opcode. Its memory is counted when it is over; one that may take much asks before. */
static Status step(Machine *m) {
  const char *byte = "";
  m->opcode_at = m->at;
  m->opcode = "opcode";
  RETURN_IF_ERROR(unpickle_take(m, 1, &byte));
  const Opcode *opcode = &unpickle_opcodes[(unsigned char)*byte];
  if (!opcode->name) {
    return unpickle_fail(m, "0x%02x is none that tensors need", (unsigned char)*byte);
  }
  m->opcode = opcode->name;
  Operand operand = {.parameter = opcode->parameter};
  RETURN_IF_ERROR(read_operand(m, opcode, &operand));
  RETURN_IF_ERROR(opcode->run(m, &operand));
  return unpickle_room(m, 0);
}

Status unpickle(Arena *arena, Diag *diag, const PickleSource *source, Pickle *pickle) {
  *pickle = (Pickle){0};
  Machine *m = ARENA_NEW(arena, Machine);
  *m = (Machine){
      .arena = arena,
      .diag = diag,
      .source = source,
      .pickle = pickle,
      .arena_before = arena_bytes(arena),
      .none = {.kind = PICKLE_NONE},
      .truth = {{.kind = PICKLE_BOOL, .integer = 0}, {.kind = PICKLE_BOOL, .integer = 1}}};
  m->capacity = 64; /* never NULL: pop_items may take nothing from it */
  m->stack = ARENA_ARRAY(arena, m->capacity, PickleValue *);
  while (!m->stopped) RETURN_IF_ERROR(step(m));
  return STATUS_OK;
}

/* `module.name` in quotes. Enough of both for a message: either may be long. */
static const char *describe_object(Arena *arena, const PickleValue *object) {
  const char *path = arena_printf(arena, "%.200s.%.200s", object->module, object->what);
  return arena_printf(arena, "an object of %s", error_list_quote(arena, path));
}

const char *unpickle_describe(Arena *arena, const PickleValue *value) {
  static const char *const names[PICKLE_KIND_COUNT] = {
      [PICKLE_NONE] = "None",     [PICKLE_BOOL] = "a bool",         [PICKLE_INT] = "an int",
      [PICKLE_FLOAT] = "a float", [PICKLE_STRING] = "a string",     [PICKLE_TUPLE] = "a tuple",
      [PICKLE_LIST] = "a list",   [PICKLE_DICT] = "a dict",         [PICKLE_GLOBAL] = "a function",
      [PICKLE_CALL] = "a tensor", [PICKLE_PERSISTENT] = "a storage"};
  if (value->kind != PICKLE_OPAQUE) return names[value->kind];
  return value->module ? describe_object(arena, value) : value->what;
}

const PickleValue *unpickle_find(const PickleValue *dict, const char *key) {
  for (uint32_t i = dict->count; i >= 2; i -= 2) {
    const PickleValue *candidate = dict->items[i - 2];
    if (candidate->kind == PICKLE_STRING && candidate->count == strlen(key) &&
        strcmp(candidate->text, key) == 0) {
      return dict->items[i - 1];
    }
  }
  return NULL;
}
