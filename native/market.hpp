// One market in working form: agents padded to lanes, products sorted by nest.
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
using kanrin::Kept;
using kanrin::Markets;

struct Market {
  size_t J, I, P, G, K;    // products, agents, padded agents, nests here (1 without nests), tastes
  size_t first, agent;     // where products and agents begin in the flat arrays
  bool nested;
  int64_t* order;          // J: place in the market of each product here
  int64_t* begin;          // G+1: products of each nest
  int64_t* nest;           // J: nest of each product, numbers 0..G-1
  double *a, *b, *keep;    // Jp: 1/(1-rho), rho/(1-rho), 1-rho
  double *x2, *w, *taste;  // J K; P (0 beyond I); K P (0 beyond I)
  double* lanes;           // Jp LANES: sums over agents on their way, 0 beyond J
  // What the exponentials made; it may outlive the call (Kept). Padded with zeros, shares and t with ones.
  double* e;                       // J P
  double *reference, *at, *t;      // Jp; at: the delta of the probabilities below
  double* share;                   // Jp
  double *top, *d, *q, *wq;        // G P; wq: w q
  double *away, *outside;          // P: e^{-top}; s_i0
};

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
  s.keep = room.take(padded(s.J));
  fill(s.a, padded(s.J), 1.0);
  fill(s.b, padded(s.J), 0.0);
  fill(s.keep, padded(s.J), 1.0);
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
      s.keep[placed] = 1.0 - rho;
      placed++;
    }
    s.G++;
  }
  s.begin[s.G] = int64_t(placed);
}

// The exponentials of a market in kept_size doubles.
inline void place_lasting(Market& s, double* from) {
  const size_t Jp = padded(s.J), GP = s.G * s.P;
  const auto take = [&](size_t n) {
    double* piece = from;
    from += n;
    return piece;
  };
  s.e = take(s.J * s.P);
  s.reference = take(Jp), s.at = take(Jp), s.t = take(Jp), s.share = take(Jp);
  s.top = take(GP), s.d = take(GP), s.q = take(GP), s.wq = take(GP);
  s.away = take(s.P), s.outside = take(s.P);
}

// The market t of the flat arrays, without its exponentials: these lie in `kept` where there is some.
inline Market shape_market(const Markets& m, size_t market, const Kept* kept, Arena& room) {
  Market s{};
  s.first = size_t(m.market_start[market]);
  s.J = size_t(m.market_start[market + 1]) - s.first;
  s.agent = size_t(m.agent_start[market]);
  s.I = size_t(m.agent_start[market + 1]) - s.agent;
  s.P = padded(s.I);
  s.K = m.K;
  sort_by_nest(s, m, room);
  const size_t P = s.P, K = s.K;
  s.x2 = room.take(s.J * K + 1);
  for (size_t j = 0; j < s.J; j++)
    memcpy(s.x2 + j * K, m.x2 + (s.first + size_t(s.order[j])) * K, K * sizeof(double));
  s.w = room.take(P);
  fill(s.w, P, 0.0);
  memcpy(s.w, m.weights + s.agent, s.I * sizeof(double));
  if (s.nested || !kept || !kept->filled) {  // else nobody asks for a utility again
    s.taste = room.take(K * P + 1);          // transposed, so that agents are next to each other
    fill(s.taste, K * P, 0.0);
    for (size_t i = 0; i < s.I; i++)
      for (size_t k = 0; k < K; k++) s.taste[k * P + i] = m.coefficients[(s.agent + i) * K + k];
  }
  s.lanes = room.take(padded(s.J) * LANES);
  fill(s.lanes + s.J * LANES, (padded(s.J) - s.J) * LANES, 0.0);
  place_lasting(s, kept ? kept->room + kept->start[market] : room.take(kanrin::kept_size(s.J, s.I, s.G)));
  return s;
}

// base + mu of the agents from i on.
inline V utility(const Market& s, size_t j, size_t i, const V& base) {
  V u = base;
  for (size_t k = 0; k < s.K; k++) u += all(s.x2[j * s.K + k]) * load(s.taste + k * s.P + i);
  return u;
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

}  // namespace
