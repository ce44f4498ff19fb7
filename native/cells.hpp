// Products with the matrix of a market's cells, products in rows of P agents: down a column, across a row.
#pragma once
#include "lanes.hpp"

namespace {

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

}  // namespace
