// A team of threads that sleeps between calls. Items are independent, so that the answer does not depend on who
// does which; the caller works too.
#pragma once
#include "kernels.hpp"

namespace kanrin {

// Calls work(context, item, arena) for 0 <= item < items; the first exception is thrown again when all is still.
void run_items(size_t items, unsigned threads, void (*work)(const void* context, size_t item, Arena&),
               const void* context);

template <class Work>
void run_team(size_t items, unsigned threads, const Work& work) {
  run_items(items, threads, [](const void* w, size_t item, Arena& room) { (*static_cast<const Work*>(w))(item, room); },
            &work);
}

}  // namespace kanrin
