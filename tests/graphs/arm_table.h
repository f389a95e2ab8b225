/* Models that were compiled for another machine: arm_host.c reads the table, a generated table.c
 * defines it. Beside it, in the folder's file NUMBER.data, one behind the other: inputs and weights
 * as they are handed over; for each output how far it may be off, and what is expected, as doubles
 * in the caller's order. */
#ifndef ATMC_TESTS_ARM_TABLE_H
#define ATMC_TESTS_ARM_TABLE_H

#include "runtime/atm_runtime.h"

typedef struct ArmModel {
  unsigned long seed;
  const atm_model *(*model)(void);
} ArmModel;

extern const ArmModel arm_models[]; /* the last has no model */

#endif
