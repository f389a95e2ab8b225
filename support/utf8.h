/* UTF-8 as RFC 3629 has it. */
#ifndef ATMC_SUPPORT_UTF8_H
#define ATMC_SUPPORT_UTF8_H

#include <stddef.h>
#include <stdint.h>

/* The number of bytes of the character at `text`, of which `available` bytes may be read; 0 when
 * they are not well-formed (overlong forms, surrogates, values beyond 10FFFF). */
static inline size_t utf8_length(const char *text, size_t available) {
  const unsigned char *s = (const unsigned char *)text;
  if (available == 0) return 0;
  if (s[0] < 0x80) return 1;
  size_t length = s[0] >= 0xF0 ? 4 : s[0] >= 0xE0 ? 3 : 2;
  if (s[0] < 0xC2 || s[0] > 0xF4 || available < length) return 0;
  for (size_t i = 1; i < length; ++i) {
    if ((s[i] & 0xC0) != 0x80) return 0;
  }
  uint32_t second_min = s[0] == 0xE0 ? 0xA0 : s[0] == 0xF0 ? 0x90 : 0x80;
  uint32_t second_max = s[0] == 0xED ? 0x9F : s[0] == 0xF4 ? 0x8F : 0xBF;
  return s[1] >= second_min && s[1] <= second_max ? length : 0;
}

#endif
