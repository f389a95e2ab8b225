/* The stack machine of pickles: shared by unpickle.c, which has the machine, and
 * unpickle_opcodes.c, which has what its opcodes do. */
#ifndef ATMC_FRONTEND_UNPICKLE_MACHINE_H
#define ATMC_FRONTEND_UNPICKLE_MACHINE_H

#include <stdbool.h>

#include "frontend/unpickle.h"

typedef struct Operand {
  int64_t number;   /* also the bits of a float */
  const char *text; /* [length], of the source */
  size_t length;
  uint32_t parameter; /* of the opcode */
} Operand;

typedef enum OperandKind {
  OPERAND_NONE,
  OPERAND_U1, /* little-endian integers of that many bytes */
  OPERAND_U2,
  OPERAND_U4,
  OPERAND_I4,
  OPERAND_U8,
  OPERAND_F8,    /* big-endian double */
  OPERAND_TEXT1, /* an integer of that many bytes, and as many bytes as it says */
  OPERAND_TEXT4,
  OPERAND_TEXT8,
  OPERAND_LINES, /* two lines */
} OperandKind;

typedef struct Machine {
  Arena *arena;
  Diag *diag;
  const PickleSource *source;
  Pickle *pickle;
  size_t opcode_at, at; /* in the source: the current opcode; the next byte */
  const char *opcode;   /* the current one's name, for messages */
  PickleValue **stack;
  uint32_t count, capacity;
  uint32_t marks[PICKLE_MAX_DEPTH]; /* heights of the stack */
  uint32_t mark_count;
  PickleValue **memo;
  uint32_t memo_size, memo_count;
  uint32_t pushes;
  size_t arena_before;        /* bytes of the arena that were there before this pickle */
  PickleValue none, truth[2]; /* of which there is one each */
  bool stopped;
} Machine;

typedef struct Opcode {
  const char *name; /* NULL: not known */
  OperandKind operand;
  uint32_t parameter;
  Status (*run)(Machine *m, const Operand *operand);
} Opcode;

/* By code. */
extern const Opcode unpickle_opcodes[256];

/* Reports an error of the current opcode. */
Status unpickle_fail(const Machine *m, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* The next `bytes` of the source. */
MUST_CHECK Status unpickle_take(Machine *m, uint64_t bytes, const char **text);

/* Counts `values` more against PICKLE_MAX_VALUES. */
MUST_CHECK Status unpickle_charge(Machine *m, uint32_t values);
/* Fails where `bytes` more would exceed PICKLE_MAX_MEMORY. What an opcode allocates for a value
 * that it pushes is looked at behind it; what grows with what other opcodes made is asked for here.
 */
MUST_CHECK Status unpickle_room(const Machine *m, size_t bytes);
/* Pushes `value` itself. All pushes fail beyond PICKLE_MAX_VALUES. */
MUST_CHECK Status unpickle_push(Machine *m, PickleValue *value);
/* Pushes a copy of `value`, made in the arena. */
MUST_CHECK Status unpickle_push_new(Machine *m, PickleValue value);
/* Pushes a PICKLE_OPAQUE that messages call `what`, which is not copied. */
MUST_CHECK Status unpickle_push_opaque(Machine *m, const char *what);
/* The same of an object of the class or function `name`. */
MUST_CHECK Status unpickle_push_object(Machine *m, const char *module, const char *name);
/* Pushes a tuple, list or dict of a copy of `items` [count]. */
MUST_CHECK Status unpickle_push_items(Machine *m, PickleKind kind, PickleValue **items,
                                      uint32_t count);
/* How many values are above the last mark: those that may be popped. */
uint32_t unpickle_available(const Machine *m);
/* Fails where fewer than `values` are. */
MUST_CHECK Status unpickle_need(const Machine *m, uint32_t values);
/* The value on top, to be changed. */
MUST_CHECK Status unpickle_top(const Machine *m, PickleValue **value);
/* Pops one value; fails where none is above the last mark. */
MUST_CHECK Status unpickle_pop(Machine *m, PickleValue **value);
/* Pops `count` values, which must be available. Popped items stay in the stack's memory until the
 * next push. */
PickleValue **unpickle_pop_items(Machine *m, uint32_t count);
/* Pops all that are available, and the mark. */
MUST_CHECK Status unpickle_pop_to_mark(Machine *m, PickleValue ***items, uint32_t *count);
/* Appends `items` [count] to the items of `to`, a list or a dict. */
MUST_CHECK Status unpickle_append(Machine *m, PickleValue *to, PickleValue *const *items,
                                  uint32_t count);

#endif
