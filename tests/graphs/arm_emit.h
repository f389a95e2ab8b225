/* Random graphs as NEON code, with what is expected of them, for arm_host.c. */
#ifndef ATMC_TESTS_ARM_EMIT_H
#define ATMC_TESTS_ARM_EMIT_H

#include <stdbool.h>
#include <stdint.h>

/* Writes NUMBER.o and NUMBER.data of `count` subjects, from `seed` on, to `folder`, and table.c. */
bool arm_emit(const char *folder, uint64_t seed, uint64_t count);

#endif
