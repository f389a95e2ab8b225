/* Zip archives as PyTorch writes them, and worse ones. */
#ifndef ATMC_TESTS_HOSTILE_ARCHIVE_H
#define ATMC_TESTS_HOSTILE_ARCHIVE_H

#include <stddef.h>

#include "hostile.h"

typedef struct Zip Zip;

/* An archive in `file`; zip_close writes its directory and frees it. */
Zip *zip_open(FILE *file);
/* An entry of `bytes` of data, stored as they are. */
void zip_add(Zip *zip, const char *name, const char *data, size_t bytes);
/* An entry that is said to be of `bytes`, stored or by another `method`; nothing is there. */
void zip_claim(Zip *zip, const char *name, uint32_t method, uint32_t bytes);
/* An entry of `bytes` of zeros, which take no room on the disk. */
void zip_add_zeros(Zip *zip, const char *name, uint32_t bytes);
void zip_close(Zip *zip);

/* Adds the pickle that `write` writes, between its PROTO and its STOP. */
void zip_add_pickle(Zip *zip, void (*write)(FILE *));
/* An archive of that pickle alone. */
void with_pickle(FILE *file, void (*write)(FILE *));

#endif
