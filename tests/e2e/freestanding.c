/* A program without libc: the model needs nothing but what any compiler may ask for (memcpy,
 * memset), here its own. Exits with 0 where the model ran and found a class. x86-64 Linux. */
#include "glyphs.h"

static float image[GLYPHS_IN_IMAGE_ELEMENTS], logits[GLYPHS_OUT_LOGITS_ELEMENTS];
static _Alignas(64) char workspace[GLYPHS_WORKSPACE_BYTES(1)];

void *memcpy(void *restrict to, const void *restrict from, size_t bytes) {
  char *t = to;
  const char *f = from;
  for (volatile size_t i = 0; i < bytes; i = i + 1) t[i] = f[i];
  return to;
}

void *memset(void *to, int byte, size_t bytes) {
  char *t = to;
  for (volatile size_t i = 0; i < bytes; i = i + 1) t[i] = (char)byte;
  return to;
}

static _Noreturn void leave(long code) {
  for (;;) __asm__ volatile("syscall" : : "a"(60L), "D"(code) : "rcx", "r11", "memory");
}

__attribute__((used)) static void run(void) {
  int code = glyphs_infer(image, logits, workspace, sizeof workspace, NULL);
  float largest = logits[0], least = logits[0];
  for (int i = 1; i < GLYPHS_OUT_LOGITS_ELEMENTS; ++i) {
    if (logits[i] > largest) largest = logits[i];
    if (logits[i] < least) least = logits[i];
  }
  leave(code != ATM_OK || !(largest > least));
}

/* The stack is aligned as a call finds it. */
__asm__(".globl _start\n_start: xor %ebp, %ebp\n and $-16, %rsp\n call run\n");
