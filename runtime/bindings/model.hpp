/* The model @PREFIX@, compiled by atmc, for C++17: a thin wrapper around @HEADER@.
 *
 *   @PREFIX@::Model model(4);                     // a pool of four threads; its workspace
 *   std::vector<float> logits(@UPPER@_OUT_..._ELEMENTS);
 *   model.run({image.data()}, {logits.data()});   // the first resolution
 *
 * A Model runs one call at a time: threads have one each, and may share the pool (the second constructor). Threads that
 * the system refuses are one. run throws what try_run returns; with -fno-exceptions there is try_run alone.
 */
#ifndef ATM_MODEL_HPP_@PREFIX@
#define ATM_MODEL_HPP_@PREFIX@

#include "@HEADER@"

#include <cstdint>
#include <cstdlib>
#include <initializer_list>
#include <memory>
#include <string>
#include <utility>
#ifdef __cpp_exceptions
#include <stdexcept>
#endif

namespace @PREFIX@ {

/* Threads that any number of models share. */
class Pool {
 public:
  explicit Pool(std::uint32_t threads) : pool_(atm_pool_create(threads), atm_pool_destroy) {}
  atm_pool *get() const { return pool_.get(); }

 private:
  std::unique_ptr<atm_pool, void (*)(atm_pool *)> pool_;
};

/* A model with a workspace. Can be moved, not copied. */
class Model {
 public:
  explicit Model(std::uint32_t threads = 1) : Model(std::make_shared<Pool>(threads)) {}
  explicit Model(std::shared_ptr<Pool> pool, const void *weights = nullptr)
      : pool_(std::move(pool)), env_(atm_pool_env(pool_->get())), bytes_(@UPPER@_WORKSPACE_BYTES_MAX(env_.threads)),
        workspace_(std::aligned_alloc(64, (bytes_ + 63) / 64 * 64), std::free) {
    env_.weights = weights;
  }

  static const atm_model &info() { return *@PREFIX@_model(); }
  /* The entry of a size, nullptr: none; and the smallest that holds an image. */
  static const atm_entry *find(std::uint32_t n, std::uint32_t h, std::uint32_t w) { return @PREFIX@_find(n, h, w); }
  static const atm_entry *fit(std::uint32_t n, std::uint32_t h, std::uint32_t w) {
    return atm_model_fit(&info(), n, h, w);
  }

  /* Runs an entry on pointers to its tensors, in order; ATM_OK or an error. */
  int try_run(const atm_entry &entry, std::initializer_list<const void *> in, std::initializer_list<void *> out) {
    if (in.size() != info().input_count || out.size() != info().output_count) return ATM_E_ARGUMENT;
    return entry.run(in.begin(), out.begin(), workspace_.get(), bytes_, &env_);
  }
  int try_run(std::initializer_list<const void *> in, std::initializer_list<void *> out) {
    return try_run(info().entries[0], in, out);
  }
  /* The same for inputs that lie as `strides` say, one for each; ATM_E_ARGUMENT where no input takes bytes. */
  int try_run(const atm_entry &entry, std::initializer_list<const void *> in,
              std::initializer_list<atm_strides> strides, std::initializer_list<void *> out) {
    atm_run_strided_fn *strided = atm_model_strided(&info(), &entry);
    if (!strided || in.size() != info().input_count || strides.size() != in.size() ||
        out.size() != info().output_count) {
      return ATM_E_ARGUMENT;
    }
    return strided(in.begin(), strides.begin(), out.begin(), workspace_.get(), bytes_, &env_);
  }

#ifdef __cpp_exceptions
  void run(const atm_entry &entry, std::initializer_list<const void *> in, std::initializer_list<void *> out) {
    check(try_run(entry, in, out));
  }
  void run(std::initializer_list<const void *> in, std::initializer_list<void *> out) {
    run(info().entries[0], in, out);
  }
  void run(const atm_entry &entry, std::initializer_list<const void *> in,
           std::initializer_list<atm_strides> strides, std::initializer_list<void *> out) {
    check(try_run(entry, in, strides, out));
  }
#endif

 private:
#ifdef __cpp_exceptions
  static void check(int code) {
    if (code != ATM_OK) throw std::runtime_error(std::string("@PREFIX@: ") + atm_error_text(code));
  }
#endif

  std::shared_ptr<Pool> pool_;
  atm_env env_;
  std::size_t bytes_;
  std::unique_ptr<void, void (*)(void *)> workspace_;
};

}  // namespace @PREFIX@

#endif
