// Which instruction set runs on this machine, and the room the kernels work in.
#include "kernels.hpp"

#include <cstdlib>
#include <cstring>
#include <new>

extern const kanrin::Kernels kanrin_kernels_base;
#ifdef KANRIN_X86
extern const kanrin::Kernels kanrin_kernels_avx2, kanrin_kernels_avx512;
#endif

namespace kanrin {

static const Kernels& choose() {
#ifdef KANRIN_X86
  const char* asked = std::getenv("KANRIN_ISA");  // for tests: base | avx2 | avx512
  auto allowed = [&](const char* name) { return !asked || std::strcmp(asked, name) == 0; };
  __builtin_cpu_init();
  if (allowed("avx512") && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") &&
      __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512bw") &&
      __builtin_cpu_supports("avx512cd") && __builtin_cpu_supports("bmi2") && __builtin_cpu_supports("fma"))
    return kanrin_kernels_avx512;
  if (allowed("avx2") && __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") &&
      __builtin_cpu_supports("bmi2") && __builtin_cpu_supports("bmi"))
    return kanrin_kernels_avx2;
#endif
  return kanrin_kernels_base;
}

const Kernels& kernels() {
  static const Kernels& chosen = choose();
  return chosen;
}

static constexpr size_t FIRST_CHUNK = size_t(1) << 15;  // doubles

// Out of line: an inline member would be compiled for every instruction set, and the linker keeps any of them.
Arena::Arena() = default;

Arena::~Arena() {
  for (size_t c = 0; c < count_; c++) std::free(chunks_[c]);
}

void Arena::clear() { chunk_ = 0, used_ = 0; }

void Arena::shrink(size_t doubles) {
  size_t held = 0;
  for (size_t c = 0; c < count_; c++) held += sizes_[c];
  if (held <= doubles) return;
  for (size_t c = 0; c < count_; c++) std::free(chunks_[c]);
  count_ = chunk_ = used_ = 0;
}

Arena::Mark Arena::mark() const { return {chunk_, used_}; }

void Arena::back_to(Mark mark) { chunk_ = mark.chunk, used_ = mark.used; }

int64_t* Arena::take_whole(size_t count) { return reinterpret_cast<int64_t*>(take(count)); }

double* Arena::take(size_t doubles) {
  if (doubles > (SIZE_MAX >> 5)) throw std::bad_alloc();
  const size_t wanted = (doubles + 7) / 8 * 8;
  while (chunk_ < count_ && used_ + wanted > sizes_[chunk_]) chunk_++, used_ = 0;
  if (chunk_ == count_) {
    if (count_ == MOST) throw std::bad_alloc();
    size_t size = count_ ? 2 * sizes_[count_ - 1] : FIRST_CHUNK;
    if (size < wanted) size = wanted;
    void* fresh = std::aligned_alloc(64, size * sizeof(double));
    if (!fresh) throw std::bad_alloc();
    chunks_[count_] = static_cast<double*>(fresh);
    sizes_[count_++] = size;
    used_ = 0;
  }
  double* piece = chunks_[chunk_] + used_;
  used_ += wanted;
  return piece;
}

}  // namespace kanrin
