// Anderson mixing: the last moves, combined so that they cancel best (least squares on their differences).
#pragma once
#include <math.h>
#include <string.h>

#include "kernels.hpp"
#include "lanes.hpp"

namespace {

using kanrin::Arena;

constexpr size_t MEMORY = 5;
constexpr double DEPENDENT = 1e-13;

struct Mixing {
  size_t n, count;                             // entries, whole lanes, zero beyond the last; differences kept
  double *last_point, *last_move;              // n
  double *by_both[MEMORY], *by_move[MEMORY];   // of point + move, of move; oldest first
  double gram[MEMORY][MEMORY];                 // inner products of by_move
  bool started;
};

// The newest difference takes the place of the oldest once the memory is full.
inline void remember(Mixing& m, const double* point, const double* move) {
  if (m.count == MEMORY) {
    double *p = m.by_both[0], *f = m.by_move[0];
    for (size_t c = 1; c < MEMORY; c++) {
      m.by_both[c - 1] = m.by_both[c], m.by_move[c - 1] = m.by_move[c];
      for (size_t b = 1; b < MEMORY; b++) m.gram[c - 1][b - 1] = m.gram[c][b];
    }
    m.by_both[MEMORY - 1] = p, m.by_move[MEMORY - 1] = f;
  } else {
    m.count++;
  }
  double *p = m.by_both[m.count - 1], *f = m.by_move[m.count - 1];
  for (size_t j = 0; j < m.n; j += LANES) {
    const V moved = load(move + j) - load(m.last_move + j);
    store(f + j, moved);
    store(p + j, load(point + j) - load(m.last_point + j) + moved);
  }
}

// Out of line, so that the loops around it keep their registers.
[[gnu::noinline]] inline void mix(Mixing& m, const double* point, const double* move, double* change) {
  const size_t n = m.n;
  if (m.started) remember(m, point, move);
  const size_t newest = m.count - 1;  // none when count is 0: then no loop below runs
  double right[MEMORY] = {};
  for (size_t c = 0; c < m.count; c++) {
    V own{}, with_newest{};
    for (size_t j = 0; j < n; j += LANES) {
      const V f = load(m.by_move[c] + j);
      own += f * load(move + j);
      with_newest += f * load(m.by_move[newest] + j);
    }
    right[m.count - 1 - c] = sum(own);
    m.gram[newest][c] = m.gram[c][newest] = sum(with_newest);
  }
  m.started = true;
  memcpy(m.last_point, point, n * sizeof(double));
  memcpy(m.last_move, move, n * sizeof(double));
  // normal equations as L D L', newest first, so that what is dropped for dependence is old
  double low[MEMORY][MEMORY] = {}, inverse[MEMORY] = {}, mixture[MEMORY] = {};
  for (size_t c = 0; c < m.count; c++) {
    const double* gram = m.gram[m.count - 1 - c];
    double pivot = gram[m.count - 1 - c], scaled[MEMORY];
    for (size_t b = 0; b < c; b++) {
      double value = gram[m.count - 1 - b];
      for (size_t k = 0; k < b; k++) value -= scaled[k] * low[b][k];
      scaled[b] = inverse[b] == 0.0 ? 0.0 : value;
      low[c][b] = scaled[b] * inverse[b];
      pivot -= scaled[b] * low[c][b];
      right[c] -= low[c][b] * right[b];
    }
    if (pivot > DEPENDENT * gram[m.count - 1 - c]) {
      inverse[c] = 1.0 / pivot;
    } else {  // dropped
      for (size_t b = 0; b < c; b++) low[c][b] = 0.0;
      right[c] = 0.0;
    }
  }
  for (size_t c = m.count; c-- > 0;) {
    mixture[c] = right[c] * inverse[c];
    for (size_t k = c + 1; k < m.count; k++) mixture[c] -= low[k][c] * mixture[k];
  }
  for (size_t j = 0; j < n; j += LANES) {
    V moved = load(move + j);
    for (size_t c = 0; c < m.count; c++) moved -= all(mixture[c]) * load(m.by_both[newest - c] + j);
    store(change + j, moved);
  }
}

inline Mixing mixing_room(size_t n, Arena& room) {  // n in whole lanes
  Mixing m{n, 0, room.take(n), room.take(n), {}, {}, {}, false};
  for (size_t c = 0; c < MEMORY; c++) m.by_both[c] = room.take(n), m.by_move[c] = room.take(n);
  return m;
}

inline void forget(Mixing& m) { m.count = 0, m.started = false; }

}  // namespace
