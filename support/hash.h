/* A hash for tables that are keyed by what an untrusted file says.
 *
 * SipHash-1-3 under a key that the system draws for each process: whoever writes a file cannot know
 * which of its names fall together, so tables stay fast whatever they are filled with. Values
 * differ from run to run: they may decide where something lies in memory, never what is written.
 */
#ifndef ATMC_SUPPORT_HASH_H
#define ATMC_SUPPORT_HASH_H

#include <stddef.h>
#include <stdint.h>

/* Of the `bytes` at `data`, behind `before`: 0, or the hash of what comes before them. */
uint64_t hash_bytes(uint64_t before, const void *data, size_t bytes);
/* Of one word behind `before`. */
uint64_t hash_word(uint64_t before, uint64_t word);

#endif
