/* What the opcodes of pickles, protocols 2 to 5, do: those that PyTorch and what is saved along
 * with tensors need. Opcodes that would look something up or import it are not here. */
#include <inttypes.h>
#include <string.h>

#include "frontend/unpickle_machine.h"

/* -- opcodes: plain values --------------------------------------------------------------------- */

/* The number of the protocol, as the first opcode of all has it. */
static Status run_proto(Machine *m, const Operand *operand) {
  if (operand->number >= 2 && operand->number <= 5) return STATUS_OK;
  return unpickle_fail(m, "pickle protocol %" PRId64 "; 2 to 5 are known", operand->number);
}

static Status run_frame(Machine *m, const Operand *operand) {
  (void)m, (void)operand; /* a hint for readers of streams */
  return STATUS_OK;
}

static Status run_none(Machine *m, const Operand *operand) {
  (void)operand;
  return unpickle_push(m, &m->none);
}

static Status run_bool(Machine *m, const Operand *operand) {
  return unpickle_push(m, &m->truth[operand->parameter]);
}

static Status run_int(Machine *m, const Operand *operand) {
  return unpickle_push_new(m, (PickleValue){.kind = PICKLE_INT, .integer = operand->number});
}

/* Two's complement, little-endian, of any length. */
static Status run_long(Machine *m, const Operand *operand) {
  if (operand->length > sizeof(uint64_t)) {
    return unpickle_push_opaque(m, "an integer beyond 64 bits");
  }
  bool negative = operand->length > 0 && (operand->text[operand->length - 1] & 0x80) != 0;
  uint64_t bits = negative ? UINT64_MAX : 0;
  memcpy(&bits, operand->text, operand->length);
  return unpickle_push_new(m, (PickleValue){.kind = PICKLE_INT, .integer = (int64_t)bits});
}

/* The bytes of a double, which read_operand has turned around. */
static Status run_float(Machine *m, const Operand *operand) {
  PickleValue value = {.kind = PICKLE_FLOAT};
  memcpy(&value.real, &operand->number, sizeof value.real);
  return unpickle_push_new(m, value);
}

static Status run_string(Machine *m, const Operand *operand) {
  if (operand->length > PICKLE_MAX_TEXT) return unpickle_push_opaque(m, "a very long string");
  return unpickle_push_new(
      m, (PickleValue){.kind = PICKLE_STRING,
                       .count = (uint32_t)operand->length,
                       .text = arena_strndup(m->arena, operand->text, operand->length)});
}

/* No tensor is made of bytes: they are skipped. */
static Status run_bytes(Machine *m, const Operand *operand) {
  (void)operand;
  return unpickle_push_opaque(m, "bytes");
}

/* -- opcodes: stack and memo ------------------------------------------------------------------- */

/* What is pushed from here on belongs to the next opcode that takes all above the mark. */
static Status run_mark(Machine *m, const Operand *operand) {
  (void)operand;
  if (m->mark_count == PICKLE_MAX_DEPTH) {
    return unpickle_fail(m, "the pickle nests deeper than %d", PICKLE_MAX_DEPTH);
  }
  m->marks[m->mark_count++] = m->count;
  return STATUS_OK;
}

static Status run_pop(Machine *m, const Operand *operand) {
  (void)operand;
  PickleValue *value;
  if (unpickle_available(m) > 0 || m->mark_count == 0) return unpickle_pop(m, &value);
  --m->mark_count; /* POP of a mark, as some picklers write it */
  return STATUS_OK;
}

static Status run_pop_mark(Machine *m, const Operand *operand) {
  (void)operand;
  PickleValue **items = NULL;
  uint32_t count = 0;
  return unpickle_pop_to_mark(m, &items, &count);
}

static Status run_dup(Machine *m, const Operand *operand) {
  (void)operand;
  PickleValue *value;
  RETURN_IF_ERROR(unpickle_top(m, &value));
  return unpickle_push(m, value);
}

/* Pushes a value that was put down before: the same, not a copy. */
static Status run_get(Machine *m, const Operand *operand) {
  if (operand->number >= m->memo_size || !m->memo[operand->number]) {
    return unpickle_fail(m, "the memo has no value %" PRId64, operand->number);
  }
  return unpickle_push(m, m->memo[operand->number]);
}

/* Picklers count memo entries from 0 or 1, and each stands for a value of its own. */
static Status put(Machine *m, int64_t index) {
  PickleValue *value;
  RETURN_IF_ERROR(unpickle_top(m, &value));
  if (index > m->pushes) {
    return unpickle_fail(m, "memo entry %" PRId64 " of a pickle with only %u values so far", index,
                         m->pushes);
  }
  if (index >= m->memo_size) {
    uint32_t size = 2 * (uint32_t)index + 64;
    m->memo = arena_grow(m->arena, m->memo, m->memo_size, size, sizeof(PickleValue *));
    m->memo_size = size;
  }
  m->memo_count += !m->memo[index];
  m->memo[index] = value;
  return STATUS_OK;
}

static Status run_put(Machine *m, const Operand *operand) {
  return put(m, operand->number);
}

/* put, at the next number. */
static Status run_memoize(Machine *m, const Operand *operand) {
  (void)operand;
  return put(m, m->memo_count);
}

/* The value on top is the pickle's; what stands behind the opcode is the file's next part. */
static Status run_stop(Machine *m, const Operand *operand) {
  (void)operand;
  PickleValue *root;
  RETURN_IF_ERROR(unpickle_pop(m, &root));
  m->pickle->root = root;
  m->pickle->bytes = m->at;
  m->stopped = true;
  return STATUS_OK;
}

/* -- opcodes: containers ----------------------------------------------------------------------- */

static Status run_empty(Machine *m, const Operand *operand) {
  return unpickle_push_new(m, (PickleValue){.kind = (PickleKind)operand->parameter});
}

static Status run_empty_set(Machine *m, const Operand *operand) {
  (void)operand;
  return unpickle_push_opaque(m, "a set");
}

static Status run_frozen_set(Machine *m, const Operand *operand) {
  RETURN_IF_ERROR(run_pop_mark(m, operand));
  return unpickle_push_opaque(m, "a set");
}

/* Keys and values come in turns. */
static Status check_pairs(const Machine *m, uint32_t count) {
  return count % 2 == 0 ? STATUS_OK : unpickle_fail(m, "a dict's last key has no value");
}

/* TUPLE, LIST, DICT: of all above the mark. */
static Status run_collect(Machine *m, const Operand *operand) {
  PickleValue **items = NULL;
  uint32_t count = 0;
  RETURN_IF_ERROR(unpickle_pop_to_mark(m, &items, &count));
  if (operand->parameter == PICKLE_DICT) RETURN_IF_ERROR(check_pairs(m, count));
  return unpickle_push_items(m, (PickleKind)operand->parameter, items, count);
}

/* TUPLE1 to TUPLE3: of so many values on top. */
static Status run_tuple(Machine *m, const Operand *operand) {
  RETURN_IF_ERROR(unpickle_need(m, operand->parameter));
  PickleValue **items = unpickle_pop_items(m, operand->parameter);
  return unpickle_push_items(m, PICKLE_TUPLE, items, operand->parameter);
}

/* Adds to the value on top, which must be a `kind`, or opaque and stays so. */
static Status extend(Machine *m, PickleKind kind, PickleValue **items, uint32_t count) {
  PickleValue *to;
  RETURN_IF_ERROR(unpickle_top(m, &to));
  if (to->kind == PICKLE_OPAQUE) return STATUS_OK;
  if (to->kind != kind) {
    return unpickle_fail(m, "items are added to %s", unpickle_describe(m->arena, to));
  }
  if (kind == PICKLE_DICT) RETURN_IF_ERROR(check_pairs(m, count));
  return unpickle_append(m, to, items, count);
}

/* APPEND, SETITEM: one item of a list, a pair of a dict. */
static Status run_add_one(Machine *m, const Operand *operand) {
  uint32_t count = operand->parameter == PICKLE_DICT ? 2 : 1;
  RETURN_IF_ERROR(unpickle_need(m, count + 1));
  PickleValue **items = unpickle_pop_items(m, count);
  return extend(m, (PickleKind)operand->parameter, items, count);
}

/* APPENDS, SETITEMS, ADDITEMS: all above the mark. */
static Status run_add_all(Machine *m, const Operand *operand) {
  PickleValue **items = NULL;
  uint32_t count = 0;
  RETURN_IF_ERROR(unpickle_pop_to_mark(m, &items, &count));
  return extend(m, (PickleKind)operand->parameter, items, count);
}

/* -- opcodes: objects -------------------------------------------------------------------------- */

/* A known global; any other is opaque, and named in messages. Nothing is looked up or imported. */
static Status push_global(Machine *m, const char *module, const char *name) {
  const PickleGlobal *global = pickle_global_find(module, name);
  if (global) return unpickle_push_new(m, (PickleValue){.kind = PICKLE_GLOBAL, .global = global});
  return unpickle_push_object(m, module, name);
}

/* GLOBAL: module and name on two lines. */
static Status run_global(Machine *m, const Operand *operand) {
  const char *end = memchr(operand->text, '\n', operand->length);
  size_t module = (size_t)(end - operand->text);
  RETURN_IF_ERROR(unpickle_room(m, operand->length));
  return push_global(m, arena_strndup(m->arena, operand->text, module),
                     arena_strndup(m->arena, end + 1, operand->length - module - 1));
}

/* STACK_GLOBAL: module and name are on the stack. */
static Status run_stack_global(Machine *m, const Operand *operand) {
  (void)operand;
  PickleValue *name, *module;
  RETURN_IF_ERROR(unpickle_pop(m, &name));
  RETURN_IF_ERROR(unpickle_pop(m, &module));
  if (name->kind != PICKLE_STRING || module->kind != PICKLE_STRING) {
    return unpickle_fail(m, "a global is named by %s and %s", unpickle_describe(m->arena, module),
                         unpickle_describe(m->arena, name));
  }
  return push_global(m, module->text, name->text);
}

/* OrderedDict() or OrderedDict([(key, value), ...]); anything else is opaque. */
static Status push_ordered_dict(Machine *m, const PickleValue *arguments) {
  PickleValue dict = {.kind = PICKLE_DICT};
  if (arguments->count > 1) return unpickle_push_opaque(m, "an OrderedDict of several arguments");
  const PickleValue *list = arguments->count ? arguments->items[0] : NULL;
  if (list && list->kind != PICKLE_LIST) {
    return unpickle_push_opaque(m, "an OrderedDict without a list");
  }
  if (list) RETURN_IF_ERROR(unpickle_charge(m, list->count));
  for (uint32_t i = 0; list && i < list->count; ++i) {
    const PickleValue *pair = list->items[i];
    if ((pair->kind != PICKLE_TUPLE && pair->kind != PICKLE_LIST) || pair->count != 2) {
      return unpickle_push_opaque(m, "an OrderedDict without pairs");
    }
    RETURN_IF_ERROR(unpickle_append(m, &dict, pair->items, 2));
  }
  return unpickle_push_new(m, dict);
}

/* Notes the call of `callee`, which is a global, or a reference to a class, or opaque. */
static Status push_call(Machine *m, const PickleValue *callee, PickleValue *arguments) {
  if (callee->kind == PICKLE_OPAQUE) return unpickle_push_object(m, callee->module, callee->what);
  if (callee->kind == PICKLE_PERSISTENT) {
    return unpickle_push_opaque(m, "an object of a class that is stored in the checkpoint");
  }
  if (callee->kind != PICKLE_GLOBAL) {
    return unpickle_fail(m, "a call of %s", unpickle_describe(m->arena, callee));
  }
  if (arguments->kind != PICKLE_TUPLE) {
    return unpickle_fail(m, "a call's arguments are %s", unpickle_describe(m->arena, arguments));
  }
  if (callee->global->role == PICKLE_ORDERED_DICT) return push_ordered_dict(m, arguments);
  if (callee->global->role == PICKLE_SIZE && arguments->count == 1) {
    return unpickle_push(m, arguments->items[0]);
  }
  return unpickle_push_new(
      m, (PickleValue){.kind = PICKLE_CALL, .global = callee->global, .arguments = arguments});
}

/* REDUCE, NEWOBJ: a callee and its arguments. */
static Status run_call(Machine *m, const Operand *operand) {
  (void)operand;
  PickleValue *arguments, *callee;
  RETURN_IF_ERROR(unpickle_pop(m, &arguments));
  RETURN_IF_ERROR(unpickle_pop(m, &callee));
  return push_call(m, callee, arguments);
}

/* NEWOBJ_EX: with keywords, nobody knows what it makes. */
static Status run_call_with_keywords(Machine *m, const Operand *operand) {
  PickleValue *keywords;
  RETURN_IF_ERROR(unpickle_pop(m, &keywords));
  if (keywords->kind == PICKLE_DICT && keywords->count == 0) return run_call(m, operand);
  RETURN_IF_ERROR(unpickle_need(m, 2));
  (void)unpickle_pop_items(m, 2);
  return unpickle_push_opaque(m, "an object made with keywords");
}

/* Sets attributes: of a dict they do not matter, and None and bools have none; of anything else
 * nobody knows what it is then. */
static Status run_build(Machine *m, const Operand *operand) {
  (void)operand;
  PickleValue *state, *object;
  RETURN_IF_ERROR(unpickle_pop(m, &state));
  RETURN_IF_ERROR(unpickle_top(m, &object));
  if (object->kind == PICKLE_NONE || object->kind == PICKLE_BOOL) {
    return unpickle_fail(m, "attributes are set of %s", unpickle_describe(m->arena, object));
  }
  if (object->kind != PICKLE_DICT && object->kind != PICKLE_OPAQUE) {
    *object = (PickleValue){
        .kind = PICKLE_OPAQUE,
        .what = arena_printf(m->arena, "%s with attributes", unpickle_describe(m->arena, object))};
  }
  return STATUS_OK;
}

/* BINPERSID: a reference to a storage, or to a class that was saved whole. All of them are listed.
 */
static Status run_persistent(Machine *m, const Operand *operand) {
  (void)operand;
  PickleValue *id;
  RETURN_IF_ERROR(unpickle_pop(m, &id));
  RETURN_IF_ERROR(unpickle_push_new(m, (PickleValue){.kind = PICKLE_PERSISTENT, .arguments = id}));
  Pickle *pickle = m->pickle;
  ARENA_PUSH(m->arena, pickle->references, pickle->reference_count, pickle->reference_capacity,
             m->stack[m->count - 1]);
  return STATUS_OK;
}

/* -- the table --------------------------------------------------------------------------------- */

const Opcode unpickle_opcodes[256] = {
    [0x80] = {"PROTO", OPERAND_U1, 0, run_proto},
    [0x95] = {"FRAME", OPERAND_U8, 0, run_frame},
    ['.'] = {"STOP", OPERAND_NONE, 0, run_stop},
    ['N'] = {"NONE", OPERAND_NONE, 0, run_none},
    [0x88] = {"NEWTRUE", OPERAND_NONE, true, run_bool},
    [0x89] = {"NEWFALSE", OPERAND_NONE, false, run_bool},
    ['J'] = {"BININT", OPERAND_I4, 0, run_int},
    ['K'] = {"BININT1", OPERAND_U1, 0, run_int},
    ['M'] = {"BININT2", OPERAND_U2, 0, run_int},
    [0x8a] = {"LONG1", OPERAND_TEXT1, 0, run_long},
    [0x8b] = {"LONG4", OPERAND_TEXT4, 0, run_long},
    ['G'] = {"BINFLOAT", OPERAND_F8, 0, run_float},
    ['U'] = {"SHORT_BINSTRING", OPERAND_TEXT1, 0, run_string},
    ['T'] = {"BINSTRING", OPERAND_TEXT4, 0, run_string},
    [0x8c] = {"SHORT_BINUNICODE", OPERAND_TEXT1, 0, run_string},
    ['X'] = {"BINUNICODE", OPERAND_TEXT4, 0, run_string},
    [0x8d] = {"BINUNICODE8", OPERAND_TEXT8, 0, run_string},
    ['C'] = {"SHORT_BINBYTES", OPERAND_TEXT1, 0, run_bytes},
    ['B'] = {"BINBYTES", OPERAND_TEXT4, 0, run_bytes},
    [0x8e] = {"BINBYTES8", OPERAND_TEXT8, 0, run_bytes},
    [0x96] = {"BYTEARRAY8", OPERAND_TEXT8, 0, run_bytes},
    ['('] = {"MARK", OPERAND_NONE, 0, run_mark},
    ['0'] = {"POP", OPERAND_NONE, 0, run_pop},
    ['1'] = {"POP_MARK", OPERAND_NONE, 0, run_pop_mark},
    ['2'] = {"DUP", OPERAND_NONE, 0, run_dup},
    ['h'] = {"BINGET", OPERAND_U1, 0, run_get},
    ['j'] = {"LONG_BINGET", OPERAND_U4, 0, run_get},
    ['q'] = {"BINPUT", OPERAND_U1, 0, run_put},
    ['r'] = {"LONG_BINPUT", OPERAND_U4, 0, run_put},
    [0x94] = {"MEMOIZE", OPERAND_NONE, 0, run_memoize},
    [')'] = {"EMPTY_TUPLE", OPERAND_NONE, PICKLE_TUPLE, run_empty},
    [']'] = {"EMPTY_LIST", OPERAND_NONE, PICKLE_LIST, run_empty},
    ['}'] = {"EMPTY_DICT", OPERAND_NONE, PICKLE_DICT, run_empty},
    [0x8f] = {"EMPTY_SET", OPERAND_NONE, 0, run_empty_set},
    [0x91] = {"FROZENSET", OPERAND_NONE, 0, run_frozen_set},
    ['t'] = {"TUPLE", OPERAND_NONE, PICKLE_TUPLE, run_collect},
    ['l'] = {"LIST", OPERAND_NONE, PICKLE_LIST, run_collect},
    ['d'] = {"DICT", OPERAND_NONE, PICKLE_DICT, run_collect},
    [0x85] = {"TUPLE1", OPERAND_NONE, 1, run_tuple},
    [0x86] = {"TUPLE2", OPERAND_NONE, 2, run_tuple},
    [0x87] = {"TUPLE3", OPERAND_NONE, 3, run_tuple},
    ['a'] = {"APPEND", OPERAND_NONE, PICKLE_LIST, run_add_one},
    ['e'] = {"APPENDS", OPERAND_NONE, PICKLE_LIST, run_add_all},
    ['s'] = {"SETITEM", OPERAND_NONE, PICKLE_DICT, run_add_one},
    ['u'] = {"SETITEMS", OPERAND_NONE, PICKLE_DICT, run_add_all},
    [0x90] = {"ADDITEMS", OPERAND_NONE, PICKLE_OPAQUE, run_add_all},
    ['c'] = {"GLOBAL", OPERAND_LINES, 0, run_global},
    [0x93] = {"STACK_GLOBAL", OPERAND_NONE, 0, run_stack_global},
    ['R'] = {"REDUCE", OPERAND_NONE, 0, run_call},
    [0x81] = {"NEWOBJ", OPERAND_NONE, 0, run_call},
    [0x92] = {"NEWOBJ_EX", OPERAND_NONE, 0, run_call_with_keywords},
    ['b'] = {"BUILD", OPERAND_NONE, 0, run_build},
    ['Q'] = {"BINPERSID", OPERAND_NONE, 0, run_persistent},
};
