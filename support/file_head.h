/* What a file is, by how it begins. */
#ifndef ATMC_SUPPORT_FILE_HEAD_H
#define ATMC_SUPPORT_FILE_HEAD_H

#include <stddef.h>

/* Reads the first bytes of the regular file `path`, at most `most`, to `head`. Returns how many; 0
 * where there is no such file, or it is no regular one: what a pipe gives can be read only once. */
size_t file_head(const char *path, char *head, size_t most);

#endif
