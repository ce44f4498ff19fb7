// One market in working form: agents padded to lanes, products sorted by nest, the exponentials made once.
//
// s_ji = t_j e_ji q_gi with e = exp((reference + mu - top)/(1-rho)), t = exp((delta - reference)/(1-rho)) and
// q_gi = s_gi / sum_{k in g} t_k e_ki: moving delta costs no exponential of a cell, and every sum over products
// or agents is a product with the one matrix e (rc-shares), (rcnl-shares), (L-matvec).
#pragma once
#include <math.h>

#include "kernels.hpp"
#include "lanes.hpp"

namespace {

using kanrin::Arena;
using kanrin::Markets;

struct Market {
  size_t J, I, P, G, K;    // products, agents, padded agents, nests here (1 without nests), tastes
  size_t first, agent;     // where products and agents begin in the flat arrays
  bool nested;
  int64_t* order;          // J: place in the market of each product here
  int64_t* begin;          // G+1: products of each nest
  int64_t* nest;           // J: nest of each product, numbers 0..G-1
  double *a, *b;           // J: 1/(1-rho), rho/(1-rho)
  double *x2, *w, *mu, *e; // J K; P (0 beyond I); J P; J P
  double *reference, *t;   // Jp
  double *top, *d, *q;     // G P (top: P without nests)
  double *away, *outside;  // P: e^{-top}; s_i0
  double* wq;              // G P: w q
  double* share;           // Jp
  double* lanes;           // J LANES: sums over agents on their way
};

// out_i = sum_{j0 <= j < j1} c_j e_ji
inline void over_products(const double* e, size_t P, size_t j0, size_t j1, const double* c, double* __restrict out) {
  size_t j = j0;
  for (size_t i = 0; i < P; i += LANES) store(out + i, V{});
  for (; j + 4 <= j1; j += 4) {
    const double *e0 = e + j * P, *e1 = e0 + P, *e2 = e1 + P, *e3 = e2 + P;
    const V c0 = all(c[j]), c1 = all(c[j + 1]), c2 = all(c[j + 2]), c3 = all(c[j + 3]);
    for (size_t i = 0; i < P; i += LANES)
      store(out + i, load(out + i) + ((c0 * load(e0 + i) + c1 * load(e1 + i)) + (c2 * load(e2 + i) + c3 * load(e3 + i))));
  }
  for (; j < j1; j++) {
    const double* row = e + j * P;
    const V c0 = all(c[j]);
    for (size_t i = 0; i < P; i += LANES) store(out + i, load(out + i) + c0 * load(row + i));
  }
}

// out_j = c_j sum_i e_ji g_i, j0 <= j < j1
inline void over_agents(const double* e, size_t P, size_t j0, size_t j1, const double* g, const double* c,
                        double* __restrict out) {
  size_t j = j0;
  for (; j + 4 <= j1; j += 4) {
    const double *e0 = e + j * P, *e1 = e0 + P, *e2 = e1 + P, *e3 = e2 + P;
    V s0{}, s1{}, s2{}, s3{};
    for (size_t i = 0; i < P; i += LANES) {
      const V x = load(g + i);
      s0 += load(e0 + i) * x;
      s1 += load(e1 + i) * x;
      s2 += load(e2 + i) * x;
      s3 += load(e3 + i) * x;
    }
    out[j] = c[j] * sum(s0);
    out[j + 1] = c[j + 1] * sum(s1);
    out[j + 2] = c[j + 2] * sum(s2);
    out[j + 3] = c[j + 3] * sum(s3);
  }
  for (; j < j1; j++) {
    const double* row = e + j * P;
    V s0{};
    for (size_t i = 0; i < P; i += LANES) s0 += load(row + i) * load(g + i);
    out[j] = c[j] * sum(s0);
  }
}

constexpr size_t TOGETHER = 3;  // vectors of agents whose cells stay in the first cache between two looks

// sum_j c_j e_ji of U vectors of agents from i on.
template <size_t U>
inline void down(const double* e, size_t P, size_t J, size_t i, const double* c, V (&out)[U]) {
  V part[4][U] = {};
  size_t j = 0;
  for (; j + 4 <= J; j += 4)
    for (size_t r = 0; r < 4; r++)
      for (size_t u = 0; u < U; u++) part[r][u] += all(c[j + r]) * load(e + (j + r) * P + i + u * LANES);
  for (; j < J; j++)
    for (size_t u = 0; u < U; u++) part[0][u] += all(c[j]) * load(e + j * P + i + u * LANES);
  for (size_t u = 0; u < U; u++) out[u] = (part[0][u] + part[1][u]) + (part[2][u] + part[3][u]);
}

// to_j + sum over the same agents of e_ji g_i, lane by lane; the first ones start the sums.
template <size_t U>
inline void across(const double* e, size_t P, size_t J, size_t i, const V (&g)[U], double* __restrict to) {
  for (size_t j = 0; j < J; j++) {
    V total = load(e + j * P + i) * g[0];
    for (size_t u = 1; u < U; u++) total += load(e + j * P + i + u * LANES) * g[u];
    if (i) total += load(to + j * LANES);
    store(to + j * LANES, total);
  }
}

inline void fill(double* to, size_t n, double value) {
  for (size_t k = 0; k < n; k++) to[k] = value;
}

// Sort products by nest (stable) and number the nests present.
inline void sort_by_nest(Market& s, const Markets& m, Arena& room) {
  s.order = room.take_whole(s.J);
  s.nest = room.take_whole(s.J);
  s.begin = room.take_whole(s.J + 1);
  s.a = room.take(padded(s.J));
  s.b = room.take(padded(s.J));
  fill(s.a, padded(s.J), 1.0);
  fill(s.b, padded(s.J), 0.0);
  s.nested = m.nests != nullptr;
  if (!s.nested) {
    s.G = 1;
    s.begin[0] = 0, s.begin[1] = int64_t(s.J);
    for (size_t j = 0; j < s.J; j++) s.order[j] = int64_t(j), s.nest[j] = 0;
    return;
  }
  const int64_t* id = m.nests + s.first;
  bool* taken = reinterpret_cast<bool*>(room.take(s.J / 8 + 1));
  memset(taken, 0, s.J);
  size_t placed = 0;
  s.G = 0;
  for (size_t j = 0; j < s.J; j++) {
    if (taken[j]) continue;
    const double rho = m.rho[id[j]];
    s.begin[s.G] = int64_t(placed);
    for (size_t k = j; k < s.J; k++) {
      if (taken[k] || id[k] != id[j]) continue;
      taken[k] = true;
      s.order[placed] = int64_t(k);
      s.nest[placed] = int64_t(s.G);
      s.a[placed] = 1.0 / (1.0 - rho);
      s.b[placed] = rho / (1.0 - rho);
      placed++;
    }
    s.G++;
  }
  s.begin[s.G] = int64_t(placed);
}

// Exponentials at the reference delta (J, order here); shifted by the largest utility of the agent (and nest).
inline void refresh(Market& s, const double* delta) {
  const size_t P = s.P;
  for (size_t j = 0; j < s.J; j++) s.reference[j] = delta[j];
  fill(s.top, s.G * P, s.nested ? -1e300 : 0.0);
  for (size_t j = 0; j < s.J; j++) {
    double* top = s.top + size_t(s.nest[j]) * P;
    const V d = all(delta[j]);
    for (size_t i = 0; i < P; i += LANES) store(top + i, max_of(load(top + i), d + load(s.mu + j * P + i)));
  }
  for (size_t j = 0; j < s.J; j++) {
    const double* top = s.top + size_t(s.nest[j]) * P;
    const V d = all(delta[j]), a = all(s.a[j]);
    for (size_t i = 0; i < P; i += LANES)
      store(s.e + j * P + i, vexp((d + load(s.mu + j * P + i) - load(top + i)) * a));
  }
  if (!s.nested)
    for (size_t i = 0; i < P; i += LANES) store(s.away + i, vexp(-load(s.top + i)));
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

// t, d, q, wq, outside and shares at delta: share_j = sum_i w_i s_ij.
inline void probabilities(Market& s, const double* delta) {
  const size_t P = s.P;
  double farthest = 0.0;
  for (size_t j = 0; j < s.J; j++) {
    const double moved = s.a[j] * (delta[j] - s.reference[j]);
    s.t[j] = moved;
    const double size = moved < 0.0 ? -moved : moved;
    farthest = size > farthest ? size : farthest;
  }
  if (farthest > FARTHEST) {
    refresh(s, delta);
    fill(s.t, padded(s.J), 0.0);
  }
  for (size_t j = 0; j < s.J; j += LANES) store(s.t + j, vexp(load(s.t + j)));
  if (!s.nested) {
    size_t i = 0;
    for (; i + TOGETHER * LANES <= P; i += TOGETHER * LANES) plain_tile<TOGETHER>(s, i);
    for (; i < P; i += LANES) plain_tile<1>(s, i);
    for (size_t j = 0; j < s.J; j++) s.share[j] = s.t[j] * sum(load(s.lanes + j * LANES));
    return;
  }
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

// The market t of the flat arrays at the reference delta, given in its own order of products.
inline Market open_market(const Markets& m, size_t market, const double* delta, Arena& room) {
  Market s{};
  s.first = size_t(m.market_start[market]);
  s.J = size_t(m.market_start[market + 1]) - s.first;
  s.agent = size_t(m.agent_start[market]);
  s.I = size_t(m.agent_start[market + 1]) - s.agent;
  s.P = padded(s.I);
  s.K = m.K;
  sort_by_nest(s, m, room);
  const size_t P = s.P, Jp = padded(s.J), K = s.K;
  s.x2 = room.take(s.J * K + 1);
  for (size_t j = 0; j < s.J; j++)
    memcpy(s.x2 + j * K, m.x2 + (s.first + size_t(s.order[j])) * K, K * sizeof(double));
  s.w = room.take(P);
  fill(s.w, P, 0.0);
  memcpy(s.w, m.weights + s.agent, s.I * sizeof(double));
  double* taste = room.take(K * P + 1);  // transposed, so that agents are next to each other
  fill(taste, K * P, 0.0);
  for (size_t i = 0; i < s.I; i++)
    for (size_t k = 0; k < K; k++) taste[k * P + i] = m.coefficients[(s.agent + i) * K + k];
  s.mu = room.take(s.J * P);
  for (size_t j = 0; j < s.J; j++) {
    double* __restrict row = s.mu + j * P;
    size_t i = 0;
    for (; i + 4 * LANES <= P; i += 4 * LANES) {  // four chains of sums at a time
      V u[4] = {};
      for (size_t k = 0; k < K; k++)
        for (size_t r = 0; r < 4; r++) u[r] += all(s.x2[j * K + k]) * load(taste + k * P + i + r * LANES);
      for (size_t r = 0; r < 4; r++) store(row + i + r * LANES, u[r]);
    }
    for (; i < P; i += LANES) {
      V u{};
      for (size_t k = 0; k < K; k++) u += all(s.x2[j * K + k]) * load(taste + k * P + i);
      store(row + i, u);
    }
  }
  s.e = room.take(s.J * P);
  s.reference = room.take(Jp);
  s.t = room.take(Jp);
  s.share = room.take(Jp);
  s.lanes = room.take(s.J * LANES);
  fill(s.t, Jp, 0.0);
  fill(s.share, Jp, 1.0);
  s.top = room.take(s.G * P);
  s.d = room.take(s.G * P);
  s.q = room.take(s.G * P);
  s.wq = room.take(s.G * P);
  s.away = room.take(P);
  s.outside = room.take(P);
  double* own = room.take(Jp);
  for (size_t j = 0; j < s.J; j++) own[j] = delta[s.first + size_t(s.order[j])];
  refresh(s, own);
  return s;
}

// The entries of this market of a flat array (N,), in its own order; the rest up to a full lane is `beyond`.
inline double* gathered(const Market& s, const double* flat, Arena& room, double beyond = 0.0) {
  double* own = room.take(padded(s.J));
  fill(own, padded(s.J), beyond);
  for (size_t j = 0; j < s.J; j++) own[j] = flat[s.first + size_t(s.order[j])];
  return own;
}
inline void scatter(const Market& s, const double* own, double* flat) {
  for (size_t j = 0; j < s.J; j++) flat[s.first + size_t(s.order[j])] = own[j];
}

// Means of x over what an agent would buy: inside[g] = sum_{k in g} s_{k|g} x_k, over = sum_k s_k x_k (L-matvec).
inline void means(const Market& s, const double* x, double* cx, double* inside, double* over) {
  const size_t P = s.P;
  for (size_t j = 0; j < s.J; j++) cx[j] = s.t[j] * x[j];
  for (size_t i = 0; i < P; i += LANES) store(over + i, V{});
  for (size_t g = 0; g < s.G; g++) {
    double* m = inside + g * P;
    over_products(s.e, P, size_t(s.begin[g]), size_t(s.begin[g + 1]), cx, m);
    for (size_t i = 0; i < P; i += LANES) store(over + i, load(over + i) + load(s.q + g * P + i) * load(m + i));
    if (s.nested)
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

// y = L x (L-matvec); cx: J, inside: G P, over: P are room.
inline void times_l(const Market& s, const double* x, double* y, double* cx, double* inside, double* over) {
  const size_t P = s.P;
  if (!s.nested) {
    for (size_t j = 0; j < s.J; j++) cx[j] = s.t[j] * x[j];
    size_t i = 0;
    for (; i + TOGETHER * LANES <= P; i += TOGETHER * LANES) plain_tile_of_l<TOGETHER>(s, i, cx);
    for (; i < P; i += LANES) plain_tile_of_l<1>(s, i, cx);
    for (size_t j = 0; j < s.J; j++) y[j] = s.share[j] * x[j] - s.t[j] * sum(load(s.lanes + j * LANES));
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
}

struct Cg {
  double *r, *z, *p, *lp, *cx, *inside, *over;
};
inline Cg cg_room(const Market& s, Arena& room) {
  const size_t Jp = padded(s.J);
  return {room.take(Jp), room.take(Jp), room.take(Jp), room.take(Jp), room.take(Jp), room.take(s.G * s.P),
          room.take(s.P)};
}

inline double dot(const double* a, const double* b, size_t n) {  // n padded, zero beyond
  V s{};
  for (size_t k = 0; k < n; k += LANES) s += load(a + k) * load(b + k);
  return sum(s);
}

// L x = rhs by conjugate gradients, preconditioned by a s; returns the relative residual reached (newton).
inline double solve_l(const Market& s, const double* rhs, double* x, double tolerance, const Cg& c) {
  const size_t J = s.J, Jp = padded(J);
  double *r = c.r, *z = c.z, *p = c.p, *lp = c.lp;
  fill(x, Jp, 0.0);
  fill(r, Jp, 0.0), fill(z, Jp, 0.0), fill(p, Jp, 0.0), fill(lp, Jp, 0.0);
  for (size_t j = 0; j < J; j++) {
    r[j] = rhs[j];
    z[j] = rhs[j] / (s.a[j] * s.share[j]);
    p[j] = z[j];
  }
  double rz = dot(r, z, Jp);
  const double first = rz;
  if (!(first > 0.0)) return first == 0.0 ? 0.0 : INFINITY;
  const size_t most = 2 * J + 20;
  for (size_t step = 0; step < most && rz > tolerance * tolerance * first; step++) {
    times_l(s, p, lp, c.cx, c.inside, c.over);
    const double curvature = dot(p, lp, Jp);
    if (!(curvature > 0.0)) break;
    const double length = rz / curvature;
    for (size_t j = 0; j < J; j++) {
      x[j] += length * p[j];
      r[j] -= length * lp[j];
      z[j] = r[j] / (s.a[j] * s.share[j]);
    }
    const double next = dot(r, z, Jp), turn = next / rz;
    rz = next;
    for (size_t j = 0; j < J; j++) p[j] = z[j] + turn * p[j];
  }
  return sqrt(rz / first);
}

// L x = rhs to the last digits: conjugate gradients, and once more on what is left when that is worth it.
// False when it cannot be solved.
inline bool solve_tight(const Market& s, const double* rhs, double* x, const Cg& c, Arena& room) {
  const size_t J = s.J, Jp = padded(J);
  const double reached = solve_l(s, rhs, x, 1e-14, c);
  double *left = room.take(Jp), *more = room.take(Jp);
  times_l(s, x, left, c.cx, c.inside, c.over);
  double before = 0.0, after = 0.0;
  for (size_t j = 0; j < J; j++) {
    const double scale = s.a[j] * s.share[j];
    left[j] = rhs[j] - left[j];
    before += rhs[j] * rhs[j] / scale;
    after += left[j] * left[j] / scale;
  }
  if (after > 1e-28 * before) {
    solve_l(s, left, more, 1e-3, c);
    for (size_t j = 0; j < J; j++) x[j] += more[j];
  }
  bool finite = true;
  for (size_t j = 0; j < J; j++) finite = finite && fabs(x[j]) < 1e300;
  return finite && reached < 1e-8;
}

}  // namespace
