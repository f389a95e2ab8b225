/* What the writers of hostile files have in common. */
#include <unistd.h>

#include "hostile.h"

void put(FILE *file, uint64_t value, int bytes) {
  for (int i = 0; i < bytes; ++i) fputc((int)(value >> 8 * i & 255), file);
}

void repeat(FILE *file, uint32_t count, const char *text, size_t bytes) {
  for (uint32_t i = 0; i < count; ++i) fwrite(text, 1, bytes, file);
}

void grow(FILE *file, uint64_t bytes) {
  fflush(file);
  if (ftruncate(fileno(file), (off_t)bytes) != 0) perror("hostile");
  fseeko(file, (off_t)bytes, SEEK_SET);
}

void hostile_neighbours(FILE *file, uint32_t count,
                        void (*use)(FILE *file, const char *name, uint32_t index)) {
  enum { LETTERS = 7, WINDOW = 1 << 10, SLOTS = 1 << 20 };
  uint32_t found = 0;
  for (uint64_t number = 0; found < count; ++number) {
    char name[LETTERS + 1] = {0};
    uint64_t hash = UINT64_C(0xCBF29CE484222325), rest = number;
    for (int i = 0; i < LETTERS; ++i, rest /= 26) {
      name[i] = (char)('a' + rest % 26);
      hash = (hash ^ (unsigned char)name[i]) * UINT64_C(0x100000001B3);
    }
    if (((hash ^ hash >> 32) & (SLOTS - 1)) < WINDOW) use(file, name, found++);
  }
}
