/* What both kinds of subjects are drawn with. */
#include "tests/graphs/subject.h"

int64_t subject_size(Choices *c, int64_t most) {
  static const int64_t sizes[] = {1, 2, 3, 7, 8, 9, 15, 16, 17, 31, 33, 63, 65};
  uint32_t fitting = 0;
  while (fitting < sizeof sizes / sizeof *sizes && sizes[fitting] <= most) ++fitting;
  return sizes[choose(c, fitting)];
}

int32_t subject_divisor(Choices *c, int64_t number) {
  int64_t divisor = 1 + choose(c, (uint32_t)number);
  while (number % divisor != 0) --divisor;
  return (int32_t)divisor;
}

bool subject_draw(Subject *subject, Arena *arena, uint64_t seed, Choices *c) {
  if (seed % 16 == 3) {
    subject_of_offsets(subject, arena, c);
    return true;
  }
  if (seed % 3 == 2) return subject_of_layers(subject, arena, c);
  subject_of_ops(subject, arena, c);
  return true;
}
