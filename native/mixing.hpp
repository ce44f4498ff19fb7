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
  size_t n, count;                  // entries; differences kept
  double *last_point, *last_move;   // n
  double *by_point[MEMORY], *by_move[MEMORY];  // oldest first
  double gram[MEMORY][MEMORY];      // inner products of by_move
  bool started;
};

inline double inner(const double* a, const double* b, size_t n) {
  double parts[LANES] = {};
  size_t k = 0;
  for (; k + LANES <= n; k += LANES)
    for (size_t l = 0; l < LANES; l++) parts[l] += a[k + l] * b[k + l];
  double rest = 0.0;
  for (; k < n; k++) rest += a[k] * b[k];
  return (((parts[0] + parts[4]) + (parts[2] + parts[6])) + ((parts[1] + parts[5]) + (parts[3] + parts[7]))) + rest;
}

inline void mix(Mixing& m, const double* point, const double* move, double* change) {
  const size_t n = m.n;
  if (m.started) {
    if (m.count == MEMORY) {
      double *p = m.by_point[0], *f = m.by_move[0];
      for (size_t c = 1; c < MEMORY; c++) {
        m.by_point[c - 1] = m.by_point[c], m.by_move[c - 1] = m.by_move[c];
        for (size_t b = 1; b < MEMORY; b++) m.gram[c - 1][b - 1] = m.gram[c][b];
      }
      m.by_point[MEMORY - 1] = p, m.by_move[MEMORY - 1] = f;
    } else {
      m.count++;
    }
    const size_t at = m.count - 1;
    double *p = m.by_point[at], *f = m.by_move[at];
    for (size_t j = 0; j < n; j++) p[j] = point[j] - m.last_point[j], f[j] = move[j] - m.last_move[j];
    for (size_t c = 0; c <= at; c++) m.gram[at][c] = m.gram[c][at] = inner(m.by_move[c], f, n);
  }
  m.started = true;
  memcpy(m.last_point, point, n * sizeof(double));
  memcpy(m.last_move, move, n * sizeof(double));
  memcpy(change, move, n * sizeof(double));
  // normal equations by Cholesky, newest first, so that what is dropped for dependence is old
  double root[MEMORY][MEMORY] = {}, right[MEMORY] = {}, mixture[MEMORY] = {};
  for (size_t c = 0; c < m.count; c++) {
    const size_t at = m.count - 1 - c;
    double pivot = m.gram[at][at];
    right[c] = inner(m.by_move[at], move, n);
    for (size_t b = 0; b < c; b++) {
      if (root[b][b] == 0.0) continue;
      double value = m.gram[at][m.count - 1 - b];
      for (size_t k = 0; k < b; k++) value -= root[c][k] * root[b][k];
      root[c][b] = value / root[b][b];
      pivot -= root[c][b] * root[c][b];
      right[c] -= root[c][b] * right[b];
    }
    if (!(pivot > DEPENDENT * m.gram[at][at])) {  // dropped
      for (size_t b = 0; b <= c; b++) root[c][b] = 0.0;
      right[c] = 0.0;
      continue;
    }
    root[c][c] = sqrt(pivot);
    right[c] /= root[c][c];
  }
  for (size_t c = m.count; c-- > 0;) {
    if (root[c][c] == 0.0) continue;
    double value = right[c];
    for (size_t k = c + 1; k < m.count; k++) value -= root[k][c] * mixture[k];
    mixture[c] = value / root[c][c];
    const double *p = m.by_point[m.count - 1 - c], *f = m.by_move[m.count - 1 - c], by = mixture[c];
    for (size_t j = 0; j < n; j++) change[j] -= by * (p[j] + f[j]);
  }
}

inline Mixing mixing_room(size_t n, Arena& room) {
  Mixing m{n, 0, room.take(n), room.take(n), {}, {}, {}, false};
  for (size_t c = 0; c < MEMORY; c++) m.by_point[c] = room.take(n), m.by_move[c] = room.take(n);
  return m;
}

inline void forget(Mixing& m) { m.count = 0, m.started = false; }

}  // namespace
