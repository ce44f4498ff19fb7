// The supply side of one market: D = K(alpha), the systems of Delta = -H o D, and what (adjoint-supply) needs of a cell.
#pragma once
#include "market.hpp"

namespace {

using kanrin::AdjointTask;
using kanrin::Ownership;

// Products by owner. Without kappa an owner is a block of its own; with kappa the whole market is one block.
struct Owners {
  size_t F;        // owners here
  int64_t* owner;  // J, numbers 0..F-1
  int64_t* list;   // J, products sorted by owner
  int64_t* begin;  // F+1
  int64_t* id;     // F, number in kappa
  const double* kappa;
  size_t width;
};

inline double weight_of(const Owners& o, size_t f, size_t g) {
  if (!o.kappa) return f == g ? 1.0 : 0.0;
  return o.kappa[size_t(o.id[f]) * o.width + size_t(o.id[g])];
}

inline Owners sort_by_owner(const Market& s, const Ownership& own, Arena& room) {
  Owners o{0, room.take_whole(s.J), room.take_whole(s.J), room.take_whole(s.J + 1), room.take_whole(s.J), own.kappa, own.F};
  size_t placed = 0;
  for (size_t j = 0; j < s.J; j++) o.owner[j] = -1;
  for (size_t j = 0; j < s.J; j++) {
    if (o.owner[j] >= 0) continue;
    const int64_t id = own.firms[s.first + size_t(s.order[j])];
    o.begin[o.F] = int64_t(placed);
    o.id[o.F] = id;
    for (size_t k = j; k < s.J; k++)
      if (own.firms[s.first + size_t(s.order[k])] == id) o.owner[k] = int64_t(o.F), o.list[placed++] = int64_t(k);
    o.F++;
  }
  o.begin[o.F] = int64_t(placed);
  return o;
}

struct Slopes {
  double* w_alpha;  // P
  double *joint, *inside;  // J P: s_ij, z_ij
  double* lambda;  // J: sum_i w alpha s_ij/(1-rho)
};

inline Slopes slopes_of(const Market& s, const double* alpha, Arena& room) {
  const size_t P = s.P;
  Slopes m{room.take(P), room.take(s.J * P), nullptr, room.take(padded(s.J))};
  fill(m.w_alpha, P, 0.0);
  for (size_t i = 0; i < s.I; i++) m.w_alpha[i] = s.w[i] * alpha[s.agent + i];
  m.inside = s.nested ? room.take(s.J * P) : nullptr;
  for (size_t j = 0; j < s.J; j++) {
    const size_t g = size_t(s.nest[j]) * P;
    V total{};
    for (size_t i = 0; i < P; i += LANES) {
      const V attraction = all(s.t[j]) * load(s.e + j * P + i), joint = attraction * load(s.q + g + i);
      store(m.joint + j * P + i, joint);
      if (s.nested) store(m.inside + j * P + i, attraction / load(s.d + g + i));
      total += joint * load(m.w_alpha + i);
    }
    m.lambda[j] = s.a[j] * sum(total);
  }
  return m;
}

// -D_jk (symmetric, since slopes differ by agent only).
inline double minus_d(const Market& s, const Slopes& m, size_t j, size_t k) {
  const size_t P = s.P;
  const double *x = m.joint + j * P, *y = m.joint + k * P;
  V total{};
  for (size_t i = 0; i < P; i += LANES) total += load(m.w_alpha + i) * load(x + i) * load(y + i);
  double d = sum(total);
  if (s.nested && s.nest[j] == s.nest[k]) {
    const double* z = m.inside + k * P;
    V within{};
    for (size_t i = 0; i < P; i += LANES) within += load(m.w_alpha + i) * load(x + i) * load(z + i);
    d += s.b[j] * sum(within);
  }
  return j == k ? d - m.lambda[j] : d;
}

// Gaussian elimination with row exchanges; false when a pivot is no number or zero.
inline bool solve_dense(double* a, double* x, size_t n) {
  for (size_t c = 0; c < n; c++) {
    size_t pivot = c;
    for (size_t r = c + 1; r < n; r++)
      if (fabs(a[r * n + c]) > fabs(a[pivot * n + c])) pivot = r;
    const double top = a[pivot * n + c];
    if (!(fabs(top) > 1e-300) || !(fabs(top) < 1e300)) return false;
    if (pivot != c) {
      for (size_t k = c; k < n; k++) {
        const double keep = a[c * n + k];
        a[c * n + k] = a[pivot * n + k], a[pivot * n + k] = keep;
      }
      const double keep = x[c];
      x[c] = x[pivot], x[pivot] = keep;
    }
    const double* __restrict from = a + c * n;
    for (size_t r = c + 1; r < n; r++) {
      const double factor = a[r * n + c] / top;
      if (factor == 0.0) continue;
      double* __restrict row = a + r * n;
      for (size_t k = c + 1; k < n; k++) row[k] -= factor * from[k];
      x[r] -= factor * x[c];
    }
  }
  for (size_t c = n; c-- > 0;) {
    double value = x[c];
    for (size_t k = c + 1; k < n; k++) value -= a[c * n + k] * x[k];
    x[c] = value / a[c * n + c];
  }
  return true;
}

// Delta x = rhs, or Delta' x = rhs; Delta = -H o D, in blocks; rows in units of their own slope.
inline bool solve_delta(const Market& s, const Owners& o, const Slopes& m, const double* rhs, bool transposed, double* x,
                        Arena& room) {
  const size_t blocks = o.kappa ? 1 : o.F;
  bool sound = true;
  size_t largest = o.kappa ? s.J : 0;
  for (size_t f = 0; f < blocks && !o.kappa; f++) {
    const size_t n = size_t(o.begin[f + 1] - o.begin[f]);
    largest = n > largest ? n : largest;
  }
  double *a = room.take(largest * largest), *y = room.take(largest);
  for (size_t f = 0; f < blocks; f++) {
    const int64_t* list = o.list + (o.kappa ? 0 : o.begin[f]);
    const size_t n = o.kappa ? s.J : size_t(o.begin[f + 1] - o.begin[f]);
    for (size_t r = 0; r < n; r++)
      for (size_t c = r; c < n; c++) {
        const double d = minus_d(s, m, size_t(list[r]), size_t(list[c]));
        const size_t fr = size_t(o.owner[list[r]]), fc = size_t(o.owner[list[c]]);
        a[r * n + c] = d * (transposed ? weight_of(o, fc, fr) : weight_of(o, fr, fc));
        a[c * n + r] = d * (transposed ? weight_of(o, fr, fc) : weight_of(o, fc, fr));
      }
    for (size_t r = 0; r < n; r++) {
      const double scale = fabs(a[r * n + r]);
      if (!(scale > 0.0)) sound = false;
      for (size_t c = 0; c < n; c++) a[r * n + c] /= scale;
      y[r] = rhs[list[r]] / scale;
    }
    sound = solve_dense(a, y, n) && sound;
    for (size_t r = 0; r < n; r++) x[list[r]] = y[r];
  }
  return sound;
}

// What the objective's way through costs leaves in each cell (adjoint-supply).
struct Supply {
  Slopes slopes;
  double *u, *eta;       // J
  double *through, *inside, *h;  // J P: e_ij, f_ij (null without nests), h_ij
  double* capital_b;     // cells of owner and nest, P each (null without nests)
  int64_t* cell;         // J
  double* by_alpha;      // P
};

// f (V - mean) - w alpha s u (eta - B): the terms of dq/drho that have (1-rho)^-2 before them.
inline V inner_term(const Market& s, const Supply& p, size_t j, size_t i, const V& from_mean) {
  const size_t at = j * s.P + i;
  const V reach = all(p.eta[j]) - load(p.capital_b + size_t(p.cell[j]) * s.P + i);
  return load(p.inside + at) * from_mean - load(p.slopes.w_alpha + i) * load(p.slopes.joint + at) * all(p.u[j]) * reach;
}

// out[f] = sum_k kappa_{f f(k)} c_k s_ik, or with `turned` kappa_{f(k) f}: (F, P).
inline double* owner_sums(const Market& s, const Owners& o, const double* cells, const double* c, bool turned, Arena& room) {
  const size_t P = s.P;
  double* own = room.take(o.F * P);
  fill(own, o.F * P, 0.0);
  for (size_t j = 0; j < s.J; j++) {
    double* to = own + size_t(o.owner[j]) * P;
    for (size_t i = 0; i < P; i += LANES) store(to + i, load(to + i) + all(c[j]) * load(cells + j * P + i));
  }
  if (!o.kappa) return own;
  double* out = room.take(o.F * P);
  fill(out, o.F * P, 0.0);
  for (size_t f = 0; f < o.F; f++)
    for (size_t g = 0; g < o.F; g++) {
      const V k = all(turned ? weight_of(o, g, f) : weight_of(o, f, g));
      for (size_t i = 0; i < P; i += LANES) store(out + f * P + i, load(out + f * P + i) + k * load(own + g * P + i));
    }
  return out;
}

// The same within each nest: one row of P a pair (owner, nest) that exists, numbered by `cell`.
inline double* cell_sums(const Market& s, const Owners& o, const int64_t* cell, size_t count, const double* cells,
                         const double* c, bool turned, Arena& room) {
  const size_t P = s.P;
  double* out = room.take(count * P);
  fill(out, count * P, 0.0);
  uint8_t* seen = reinterpret_cast<uint8_t*>(room.take(count / 8 + 1));
  memset(seen, 0, count);
  for (size_t j = 0; j < s.J; j++) {
    if (seen[cell[j]]) continue;
    seen[cell[j]] = 1;
    double* to = out + size_t(cell[j]) * P;
    const size_t g = size_t(s.nest[j]), f = size_t(o.owner[j]);
    for (size_t k = size_t(s.begin[g]); k < size_t(s.begin[g + 1]); k++) {
      const size_t h = size_t(o.owner[k]);
      const double weight = turned ? weight_of(o, h, f) : weight_of(o, f, h);
      if (weight == 0.0) continue;
      for (size_t i = 0; i < P; i += LANES) store(to + i, load(to + i) + all(weight * c[k]) * load(cells + k * P + i));
    }
  }
  return out;
}

inline bool open_supply(const Market& s, const AdjointTask& task, Arena& room, Supply& p) {
  const size_t J = s.J, P = s.P;
  const Owners o = sort_by_owner(s, task.own, room);
  p.slopes = slopes_of(s, task.alpha, room);
  const double* v_omega = gathered(s, task.v_omega, room);
  p.eta = gathered(s, task.eta, room);
  p.u = room.take(padded(J));
  const bool sound = solve_delta(s, o, p.slopes, v_omega, true, p.u, room);
  const double* a_of = owner_sums(s, o, p.slopes.joint, p.eta, false, room);
  const double* u_of = owner_sums(s, o, p.slopes.joint, p.u, true, room);
  const double* u_tilde = nullptr;
  p.through = room.take(J * P);
  p.h = room.take(J * P);
  p.by_alpha = room.take(P);
  fill(p.by_alpha, P, 0.0);
  if (s.nested) {
    p.inside = room.take(J * P);
    p.cell = room.take_whole(J);
    size_t count = 0;
    for (size_t g = 0; g < s.G; g++)
      for (size_t j = size_t(s.begin[g]); j < size_t(s.begin[g + 1]); j++) {
        p.cell[j] = -1;
        for (size_t k = size_t(s.begin[g]); k < j; k++)
          if (o.owner[k] == o.owner[j]) p.cell[j] = p.cell[k];
        if (p.cell[j] < 0) p.cell[j] = int64_t(count++);
      }
    p.capital_b = cell_sums(s, o, p.cell, count, p.slopes.inside, p.eta, false, room);
    u_tilde = cell_sums(s, o, p.cell, count, p.slopes.joint, p.u, true, room);
  }
  double *over = room.take(P), *in_nest = room.take(s.G * P), *f_nest = room.take(s.G * P);
  fill(over, P, 0.0), fill(in_nest, s.G * P, 0.0), fill(f_nest, s.G * P, 0.0);
  for (size_t j = 0; j < J; j++) {
    const double *a_row = a_of + size_t(o.owner[j]) * P, *u_row = u_of + size_t(o.owner[j]) * P;
    const size_t g = size_t(s.nest[j]) * P;
    const V eta = all(p.eta[j]), u = all(p.u[j]), b = all(s.b[j]);
    for (size_t i = 0; i < P; i += LANES) {
      const size_t at = j * P + i;
      const V joint = load(p.slopes.joint + at), slope = load(p.slopes.w_alpha + i);
      V n = all(s.a[j]) * eta - load(a_row + i);
      if (s.nested) n -= b * load(p.capital_b + size_t(p.cell[j]) * P + i);
      const V e = -slope * joint * (u * n - eta * load(u_row + i));
      store(p.through + at, e);
      store(over + i, load(over + i) + e);
      store(p.by_alpha + i, load(p.by_alpha + i) - load(s.w + i) * joint * u * n);
      if (s.nested) {
        const V f = slope * eta * load(p.slopes.inside + at) * b * load(u_tilde + size_t(p.cell[j]) * P + i);
        store(p.inside + at, f);
        store(in_nest + g + i, load(in_nest + g + i) + e);
        store(f_nest + g + i, load(f_nest + g + i) + f);
      }
    }
  }
  for (size_t j = 0; j < J; j++) {
    const size_t g = size_t(s.nest[j]) * P;
    const V a = all(s.a[j]), b = all(s.b[j]);
    for (size_t i = 0; i < P; i += LANES) {
      const size_t at = j * P + i;
      V h = a * load(p.through + at) - load(p.slopes.joint + at) * load(over + i);
      if (s.nested) {
        const V z = load(p.slopes.inside + at);
        h += a * (load(p.inside + at) - z * load(f_nest + g + i)) - b * z * load(in_nest + g + i);
      }
      store(p.h + at, h);
    }
  }
  return sound;
}

}  // namespace
