// Choice probabilities of a market at any delta, the exponentials of the cells made once (rc-shares), (rcnl-shares).
#pragma once
#include "cells.hpp"
#include "market.hpp"

namespace {

// Utilities up to this size need no shift: neither e nor products of three of its cells leave the doubles' range.
inline constexpr double NEAR_ZERO = 200.0;

// Exponentials at the reference delta, shifted by the largest utility of the agent (and nest).
inline void refresh_shifted(Market& s, const double* delta) {
  const size_t P = s.P;
  fill(s.top, s.G * P, s.nested ? -1e300 : 0.0);
  for (size_t j = 0; j < s.J; j++) {
    double* top = s.top + size_t(s.nest[j]) * P;
    for (size_t i = 0; i < P; i += LANES) {
      const V u = utility(s, j, i, all(delta[j]));
      store(s.e + j * P + i, u);
      store(top + i, max_of(load(top + i), u));
    }
  }
  for (size_t j = 0; j < s.J; j++) {
    const double* top = s.top + size_t(s.nest[j]) * P;
    const V a = all(s.a[j]);
    for (size_t i = 0; i < P; i += LANES)
      store(s.e + j * P + i, vexp((load(s.e + j * P + i) - load(top + i)) * a));
  }
  if (!s.nested)
    for (size_t i = 0; i < P; i += LANES) store(s.away + i, vexp(-load(s.top + i)));
}

// Exponentials at the reference delta (Jp, order here).
inline void refresh(Market& s, const double* delta) {
  const size_t P = s.P;
  memcpy(s.reference, delta, padded(s.J) * sizeof(double));
  V farthest{};
  for (size_t j = 0; j < s.J && !s.nested; j++)
    for (size_t i = 0; i < P; i += LANES) {
      const V u = utility(s, j, i, all(delta[j]));
      farthest = max_of(size_of(u), farthest);
      store(s.e + j * P + i, vexp_within(u));
    }
  if (s.nested || largest(farthest) > NEAR_ZERO) return refresh_shifted(s, delta);
  fill(s.away, P, 1.0);
}

inline constexpr double FARTHEST = 20.0;  // (delta - reference)/(1-rho): beyond, digits would be lost

// d, q, wq, outside and the shares of U vectors of agents, without nests.
template <size_t U>
inline void plain_tile(Market& s, size_t i) {
  V d[U], g[U];
  down<U>(s.e, s.P, s.J, i, s.t, d);
  for (size_t u = 0; u < U; u++) {
    const size_t at = i + u * LANES;
    const V inverse = all(1.0) / (load(s.away + at) + d[u]);
    g[u] = inverse * load(s.w + at);
    store(s.d + at, d[u]);
    store(s.q + at, inverse);
    store(s.wq + at, g[u]);
    store(s.outside + at, load(s.away + at) * inverse);
  }
  across<U>(s.e, s.P, s.J, i, g, s.lanes);
}

// The same with nests, all agents.
inline void nested_probabilities(Market& s) {
  const size_t P = s.P;
  for (size_t g = 0; g < s.G; g++) over_products(s.e, P, size_t(s.begin[g]), size_t(s.begin[g + 1]), s.t, s.d + g * P);
  for (size_t i = 0; i < P; i += LANES) {
    V highest{};
    for (size_t g = 0; g < s.G; g++) {
      const size_t at = g * P + i;
      const V inclusive = load(s.top + at) + vlog(load(s.d + at)) / all(s.a[s.begin[g]]);
      store(s.q + at, inclusive);
      highest = max_of(highest, inclusive);
    }
    V total = vexp(-highest);
    const V none = total;
    for (size_t g = 0; g < s.G; g++) {
      const V attraction = vexp(load(s.q + g * P + i) - highest);
      store(s.q + g * P + i, attraction);
      total += attraction;
    }
    const V inverse = all(1.0) / total;
    store(s.outside + i, none * inverse);
    for (size_t g = 0; g < s.G; g++) {
      const size_t at = g * P + i;
      const V q = load(s.q + at) * inverse / load(s.d + at);
      store(s.q + at, q);
      store(s.wq + at, q * load(s.w + i));
    }
  }
  for (size_t g = 0; g < s.G; g++)
    over_agents(s.e, P, size_t(s.begin[g]), size_t(s.begin[g + 1]), s.wq + g * P, s.t, s.share);
}

// t, d, q, wq, outside and shares at delta (Jp, zero beyond J): share_j = sum_i w_i s_ij.
inline void probabilities(Market& s, const double* delta) {
  const size_t P = s.P, Jp = padded(s.J);
  V farthest{};
  for (size_t j = 0; j < Jp; j += LANES) {
    const V moved = load(s.a + j) * (load(delta + j) - load(s.reference + j));
    store(s.at + j, load(delta + j));
    store(s.t + j, moved);
    farthest = max_of(size_of(moved), farthest);
  }
  if (largest(farthest) > FARTHEST) {
    refresh(s, delta);
    fill(s.t, Jp, 0.0);
  }
  for (size_t j = 0; j < Jp; j += LANES) store(s.t + j, vexp(load(s.t + j)));
  if (!s.nested) {
    size_t i = 0;
    for (; i + TOGETHER * LANES <= P; i += TOGETHER * LANES) plain_tile<TOGETHER>(s, i);
    for (; i < P; i += LANES) plain_tile<1>(s, i);
    for (size_t j = 0; j < Jp; j += LANES) store(s.share + j, load(s.t + j) * sums_of_eight(s.lanes + j * LANES));
  } else {
    nested_probabilities(s);
  }
  fill(s.share + s.J, Jp - s.J, 1.0);
}

// The market at the reference delta (N,), or as an earlier call left it.
inline Market open_market(const Markets& m, size_t market, const double* delta, const Kept* kept, Arena& room) {
  Market s = shape_market(m, market, kept, room);
  if (kept && kept->filled) return s;
  double* own = gathered(s, delta, room);
  refresh(s, own);
  probabilities(s, own);
  return s;
}

}  // namespace
