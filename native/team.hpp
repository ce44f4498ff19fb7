// A team of threads a call: nothing to shut down, nothing to lose in a fork. Items are independent, so that the
// answer does not depend on who does which.
//
// The call ends when the work is done, not when every helper has woken: on a busy machine a thread may wait
// milliseconds for its first turn, and finds then that nothing is left. Hence helpers are detached, and what they
// look at first lives as long as they do.
#pragma once
#include <condition_variable>
#include <exception>
#include <memory>
#include <mutex>
#include <thread>

#include "kernels.hpp"

namespace kanrin {

struct Desk {
  std::mutex guard;
  std::condition_variable finished;
  size_t next = 0, items = 0, active = 0;
  std::exception_ptr trouble;

  bool take(size_t& item) {
    const std::lock_guard<std::mutex> hold(guard);
    if (next >= items) return false;
    item = next++;
    active++;
    return true;
  }
  void put_back(std::exception_ptr error) {
    const std::lock_guard<std::mutex> hold(guard);
    if (error) {
      next = items;
      if (!trouble) trouble = error;
    }
    if (--active == 0 && next >= items) finished.notify_all();
  }
};

// Takes items until none is left. `work` is touched only while an item is out, and the caller waits for those.
template <class Work>
void serve(Desk& desk, const Work* work) {
  Arena arena;
  for (size_t item; desk.take(item);) {
    std::exception_ptr error;
    try {
      arena.clear();
      (*work)(item, arena);
    } catch (...) {
      error = std::current_exception();
    }
    desk.put_back(error);
  }
}

// Calls work(item, arena) for 0 <= item < items; the first exception is thrown again when all is still.
template <class Work>
void run_team(size_t items, unsigned threads, const Work& work) {
  const auto desk = std::make_shared<Desk>();
  desk->items = items;
  if (threads > items) threads = unsigned(items);
  try {
    for (unsigned t = 1; t < threads; t++) std::thread([desk, &work] { serve(*desk, &work); }).detach();
  } catch (...) {  // no thread to be had: those there are do the work
  }
  serve(*desk, &work);
  std::unique_lock<std::mutex> hold(desk->guard);
  desk->finished.wait(hold, [&] { return desk->next >= desk->items && desk->active == 0; });
  if (desk->trouble) std::rethrow_exception(desk->trouble);
}

}  // namespace kanrin
