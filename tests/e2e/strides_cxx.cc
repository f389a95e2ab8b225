// strides_cxx: the wrapper of a model of bytes hands strides on, and says where they are missing.
#include <cstring>
#include <vector>

#include "photos.hpp"

int main() {
  photos::Model model;
  const atm_entry &entry = *photos::Model::find(1, 37, 50);
  const std::ptrdiff_t line = 50 * 3, apart = line + 11;
  std::vector<unsigned char> dense(37 * line), rows(37 * apart, 99);
  for (std::size_t i = 0; i < dense.size(); ++i) dense[i] = static_cast<unsigned char>(i * 31 % 251);
  for (int y = 0; y < 37; ++y) std::memcpy(&rows[(36 - y) * apart], &dense[y * line], line);
  std::vector<float> logits(PHOTOS_OUT_LOGITS_ELEMENTS), stem(PHOTOS_OUT_STEM_ELEMENTS);
  std::vector<float> wanted(logits.size());
  model.run(entry, {dense.data()}, {wanted.data(), stem.data()});
  model.run(entry, {&rows[36 * apart]}, {{-apart, 0, 0}}, {logits.data(), stem.data()});
  bool same = logits == wanted;
  bool refused = model.try_run(entry, {dense.data()}, {}, {logits.data(), stem.data()}) == ATM_E_ARGUMENT;
  return same && refused ? 0 : 1;
}
