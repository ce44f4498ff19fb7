// The call ends when the work is done, not when every helper has woken: on a busy machine a thread may wait
// milliseconds for its turn, and finds then that nothing is left. Helpers and their room outlive the call, so that
// a call costs neither new threads nor fresh pages. They are never joined, and what they look at is never destroyed;
// a forked child, which has none of them, makes a team of its own.
#include "team.hpp"

#include <atomic>
#include <condition_variable>
#include <exception>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>
#if !defined(_WIN32)
#include <pthread.h>
#endif

namespace kanrin {
namespace {

constexpr size_t MOST_ROOM = size_t(1) << 21;  // doubles a sleeping arena may hold

struct Job {
  size_t items;
  void (*work)(const void*, size_t, Arena&);
  const void* context;
  std::atomic<size_t> next{0};
  size_t wanted = 0, inside = 0;  // helpers still asked for, helpers at work; under the guard
  std::exception_ptr trouble;     // under the guard
};

struct Team {
  std::mutex guard;
  std::condition_variable asked, left;
  std::vector<Job*> jobs;
  std::vector<std::unique_ptr<Arena>> arenas;  // idle
  size_t helpers = 0;

  std::unique_ptr<Arena> borrow() {  // under the guard
    if (arenas.empty()) return std::make_unique<Arena>();
    std::unique_ptr<Arena> arena = std::move(arenas.back());
    arenas.pop_back();
    return arena;
  }

  void serve(Job& job, Arena& arena) {
    for (size_t item; (item = job.next.fetch_add(1, std::memory_order_relaxed)) < job.items;) {
      try {
        arena.clear();
        job.work(job.context, item, arena);
      } catch (...) {
        job.next.store(job.items, std::memory_order_relaxed);
        const std::lock_guard<std::mutex> hold(guard);
        if (!job.trouble) job.trouble = std::current_exception();
      }
    }
    arena.shrink(MOST_ROOM);
  }

  void help() {
    Arena arena;
    std::unique_lock<std::mutex> hold(guard);
    for (;;) {
      Job* job = nullptr;
      asked.wait(hold, [&] {
        for (Job* one : jobs)
          if (one->wanted) job = one;
        return job != nullptr;
      });
      job->wanted--, job->inside++;
      hold.unlock();
      serve(*job, arena);
      hold.lock();
      if (--job->inside == 0) left.notify_all();
    }
  }

  void hire(size_t wanted) {  // under the guard
    try {
      for (; helpers < wanted; helpers++) std::thread([this] { help(); }).detach();
    } catch (...) {  // no thread to be had: those there are do the work
    }
  }

  void run(Job& job, unsigned threads) {
    std::unique_lock<std::mutex> hold(guard);
    std::unique_ptr<Arena> arena = borrow();
    job.wanted = threads - 1;
    hire(job.wanted);
    if (job.wanted) jobs.push_back(&job);
    hold.unlock();
    for (unsigned t = 1; t < threads; t++) asked.notify_one();
    serve(job, *arena);
    hold.lock();
    job.wanted = 0;
    std::erase(jobs, &job);
    left.wait(hold, [&] { return job.inside == 0; });
    arenas.push_back(std::move(arena));
  }
};

std::atomic<Team*> present{nullptr};

Team& team() {
  static std::mutex guard;
  if (Team* found = present.load(std::memory_order_acquire)) return *found;
  const std::lock_guard<std::mutex> hold(guard);
  if (!present.load()) {
#if !defined(_WIN32)
    static const int told = pthread_atfork(nullptr, nullptr, [] { present.store(nullptr); });
    (void)told;
#endif
    present.store(new Team, std::memory_order_release);
  }
  return *present.load();
}

}  // namespace

void run_items(size_t items, unsigned threads, void (*work)(const void*, size_t, Arena&), const void* context) {
  if (items == 0) return;
  Job job{items, work, context};
  team().run(job, unsigned(threads < 1 ? 1 : threads > items ? items : threads));
  if (job.trouble) std::rethrow_exception(job.trouble);
}

}  // namespace kanrin
