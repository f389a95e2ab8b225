// classify IMAGE.f32: a host in C++17, with the wrapper that `--emit=cxx` writes.
#include <algorithm>
#include <cstdio>
#include <exception>
#include <vector>

#include "answer.h"
#include "glyphs.hpp"

int main(int argc, char **argv) {
  std::vector<float> image(GLYPHS_IN_IMAGE_ELEMENTS), logits(GLYPHS_OUT_LOGITS_ELEMENTS);
  if (argc != 2 || read_floats(argv[1], image.data(), image.size())) return 1;
  try {
    glyphs::Model model(2);
    glyphs::Model moved = std::move(model);
    moved.run({image.data()}, {logits.data()});
  } catch (const std::exception &error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
  return print_answer(ATM_OK, &glyphs::Model::info(), logits.data());
}
