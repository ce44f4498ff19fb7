// L = ds/ddelta' of a market as a product with its cells (L-matvec), and the systems with it (newton).
#pragma once
#include "cells.hpp"
#include "market.hpp"

namespace {

// Means of x over what an agent would buy: inside[g] = sum_{k in g} s_{k|g} x_k, over = sum_k s_k x_k (L-matvec).
// Without nests `over` alone.
inline void means(const Market& s, const double* x, double* cx, double* inside, double* over) {
  const size_t P = s.P;
  for (size_t j = 0; j < s.J; j++) cx[j] = s.t[j] * x[j];
  if (!s.nested) {
    for (size_t i = 0; i < P; i += LANES) {
      V m[1];
      down<1>(s.e, P, s.J, i, cx, m);
      store(over + i, load(s.q + i) * m[0]);
    }
    return;
  }
  for (size_t i = 0; i < P; i += LANES) store(over + i, V{});
  for (size_t g = 0; g < s.G; g++) {
    double* m = inside + g * P;
    over_products(s.e, P, size_t(s.begin[g]), size_t(s.begin[g + 1]), cx, m);
    for (size_t i = 0; i < P; i += LANES) store(over + i, load(over + i) + load(s.q + g * P + i) * load(m + i));
    for (size_t i = 0; i < P; i += LANES) store(m + i, load(m + i) / load(s.d + g * P + i));
  }
}

template <size_t U>
inline void plain_tile_of_l(const Market& s, size_t i, const double* cx) {
  V g[U];
  down<U>(s.e, s.P, s.J, i, cx, g);
  for (size_t u = 0; u < U; u++) g[u] = load(s.wq + i + u * LANES) * (load(s.q + i + u * LANES) * g[u]);
  across<U>(s.e, s.P, s.J, i, g, s.lanes);
}

// y = L x (L-matvec), x zero beyond J and so y; cx: Jp, inside: G P, over: P are room.
inline void times_l(const Market& s, const double* x, double* y, double* cx, double* inside, double* over) {
  const size_t P = s.P;
  if (!s.nested) {
    for (size_t j = 0; j < padded(s.J); j += LANES) store(cx + j, load(s.t + j) * load(x + j));
    size_t i = 0;
    for (; i + TOGETHER * LANES <= P; i += TOGETHER * LANES) plain_tile_of_l<TOGETHER>(s, i, cx);
    for (; i < P; i += LANES) plain_tile_of_l<1>(s, i, cx);
    for (size_t j = 0; j < padded(s.J); j += LANES)
      store(y + j, load(s.share + j) * load(x + j) - load(s.t + j) * sums_of_eight(s.lanes + j * LANES));
    return;
  }
  means(s, x, cx, inside, over);
  for (size_t g = 0; g < s.G; g++) {
    double* m = inside + g * P;
    const V b = all(s.b[s.begin[g]]);
    for (size_t i = 0; i < P; i += LANES) {
      store(m + i, load(s.wq + g * P + i) * (b * load(m + i) + load(over + i)));
    }
    over_agents(s.e, P, size_t(s.begin[g]), size_t(s.begin[g + 1]), m, s.t, y);
  }
  for (size_t j = 0; j < s.J; j++) y[j] = s.a[j] * s.share[j] * x[j] - y[j];
  fill(y + s.J, padded(s.J) - s.J, 0.0);
}

struct Cg {
  double *r, *z, *p, *lp, *scale, *cx, *inside, *over;
};
inline Cg cg_room(const Market& s, Arena& room) {
  const size_t Jp = padded(s.J);
  return {room.take(Jp), room.take(Jp), room.take(Jp), room.take(Jp), room.take(Jp), room.take(Jp),
          room.take(s.G * s.P), room.take(s.P)};
}

inline double dot(const double* a, const double* b, size_t n) {  // n padded, zero beyond
  V s{};
  for (size_t k = 0; k < n; k += LANES) s += load(a + k) * load(b + k);
  return sum(s);
}

struct Solved {
  double reached;  // relative residual
  size_t steps;
};

// L x = rhs by conjugate gradients, preconditioned by a s (newton); vectors are Jp, zero beyond J.
inline Solved solve_l(const Market& s, const double* rhs, double* x, double tolerance, const Cg& c) {
  const size_t Jp = padded(s.J);
  V start{};
  for (size_t j = 0; j < Jp; j += LANES) {
    const V scale = all(1.0) / (load(s.a + j) * load(s.share + j)), r = load(rhs + j), z = r * scale;
    store(x + j, V{});
    store(c.scale + j, scale);
    store(c.r + j, r);
    store(c.p + j, z);
    start += r * z;
  }
  double rz = sum(start);
  const double first = rz;
  if (!(first > 0.0)) return {first == 0.0 ? 0.0 : INFINITY, 0};
  const size_t most = 2 * s.J + 20;
  size_t step = 0;
  for (; step < most && rz > tolerance * tolerance * first; step++) {
    times_l(s, c.p, c.lp, c.cx, c.inside, c.over);
    const double curvature = dot(c.p, c.lp, Jp);
    if (!(curvature > 0.0)) break;
    const V length = all(rz / curvature);
    V next{};
    for (size_t j = 0; j < Jp; j += LANES) {
      store(x + j, load(x + j) + length * load(c.p + j));
      const V r = load(c.r + j) - length * load(c.lp + j), z = load(c.scale + j) * r;
      store(c.r + j, r);
      store(c.z + j, z);
      next += r * z;
    }
    const double now = sum(next);
    const V turn = all(now / rz);
    rz = now;
    for (size_t j = 0; j < Jp; j += LANES) store(c.p + j, load(c.z + j) + turn * load(c.p + j));
  }
  return {sqrt(rz / first), step};
}

inline constexpr size_t FEW_STEPS = 30;  // up to here the residual carried along is the true one, but for rounding

// L x = rhs to the last digits: conjugate gradients, and after many steps once more on what is left when that is
// worth it. False when it cannot be solved.
inline bool solve_tight(const Market& s, const double* rhs, double* x, const Cg& c, Arena& room) {
  const size_t J = s.J, Jp = padded(J);
  const Solved found = solve_l(s, rhs, x, 1e-14, c);
  if (found.steps > FEW_STEPS) {
    double *left = room.take(Jp), *more = room.take(Jp);
    times_l(s, x, left, c.cx, c.inside, c.over);
    double before = 0.0, after = 0.0;
    for (size_t j = 0; j < Jp; j++) {
      left[j] = rhs[j] - left[j];
      before += rhs[j] * rhs[j] * c.scale[j];
      after += left[j] * left[j] * c.scale[j];
    }
    if (after > 1e-28 * before) {
      solve_l(s, left, more, 1e-3, c);
      for (size_t j = 0; j < J; j++) x[j] += more[j];
    }
  }
  bool finite = true;
  for (size_t j = 0; j < J; j++) finite = finite && fabs(x[j]) < 1e300;
  return finite && found.reached < 1e-8;
}

}  // namespace
