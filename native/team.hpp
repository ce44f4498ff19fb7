// A team of threads a call: nothing to shut down, nothing to lose in a fork. Items are independent, so that the
// answer does not depend on who does which.
#pragma once
#include <atomic>
#include <exception>
#include <mutex>
#include <thread>
#include <vector>

#include "kernels.hpp"

namespace kanrin {

// Calls work(item, arena) for 0 <= item < items; the first exception is thrown again when all have stopped.
template <class Work>
void run_team(size_t items, unsigned threads, const Work& work) {
  std::atomic<size_t> next{0};
  std::exception_ptr trouble;
  std::mutex guard;
  auto member = [&] {
    try {
      Arena arena;
      for (size_t item; (item = next.fetch_add(1)) < items;) {
        arena.clear();
        work(item, arena);
      }
    } catch (...) {
      next = items;
      const std::lock_guard<std::mutex> hold(guard);
      if (!trouble) trouble = std::current_exception();
    }
  };
  {
    std::vector<std::jthread> team;
    if (threads > items) threads = unsigned(items);
    try {
      for (unsigned t = 1; t < threads; t++) team.emplace_back(member);
    } catch (...) {  // no thread to be had: those there are do the work
    }
    member();
  }
  if (trouble) std::rethrow_exception(trouble);
}

}  // namespace kanrin
