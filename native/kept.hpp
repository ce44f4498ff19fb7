// The exponentials of an inversion, kept for what is asked next at the same point. Their room is used again by the
// next inversion, so that a search does not ask the system for fresh pages at every step.
#pragma once
#include <cstdlib>
#include <mutex>
#include <new>
#include <utility>
#include <vector>

#include "kernels.hpp"

namespace kanrin {

constexpr size_t MOST_KEPT = size_t(1) << 24;  // doubles; beyond, nothing is kept and markets are opened again

class KeptRoom {
 public:
  KeptRoom() = default;
  KeptRoom(const KeptRoom&) = delete;
  KeptRoom& operator=(const KeptRoom&) = delete;
  ~KeptRoom() {
    const std::lock_guard<std::mutex> hold(guard());
    Spare& other = spare();
    if (size_ > other.size) std::swap(room_, other.room), std::swap(size_, other.size);
    std::free(room_);
  }

  // Room for markets that begin at `start` (T+1); null when there is too much.
  const Kept* open(std::vector<int64_t> start) {
    start_ = std::move(start);
    const size_t wanted = size_t(start_.back());
    if (wanted > MOST_KEPT) return nullptr;
    if (wanted > size_) {
      const std::lock_guard<std::mutex> hold(guard());
      std::swap(room_, spare().room), std::swap(size_, spare().size);
    }
    if (wanted > size_) {
      std::free(room_);
      size_ = 0;
      room_ = static_cast<double*>(std::aligned_alloc(64, (wanted * sizeof(double) + 63) / 64 * 64));
      if (!room_) throw std::bad_alloc();
      size_ = wanted;
    }
    kept_ = {room_, start_.data(), false};
    return &kept_;
  }
  void fill() { kept_.filled = kept_.room != nullptr; }

  // What was kept for markets that begin at `start`, null when it was for others.
  const Kept* at(const std::vector<int64_t>& start) const { return kept_.filled && start == start_ ? &kept_ : nullptr; }

 private:
  struct Spare {
    double* room = nullptr;
    size_t size = 0;
  };
  static Spare& spare() {
    static Spare one;
    return one;
  }
  static std::mutex& guard() {
    static std::mutex one;
    return one;
  }
  double* room_ = nullptr;
  size_t size_ = 0;
  std::vector<int64_t> start_;
  Kept kept_{};
};

}  // namespace kanrin
