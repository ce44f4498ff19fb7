// Eight doubles at a time, with exp and log of our own. Included by the files compiled once per instruction set:
// C headers and internal linkage only, so that no inline code built for a newer machine is linked for an older one.
#pragma once
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#if defined(__AVX__)
#include <immintrin.h>
#endif

namespace {

constexpr size_t LANES = 8;
typedef double V __attribute__((vector_size(64)));
typedef int64_t N __attribute__((vector_size(64)));
typedef uint64_t U __attribute__((vector_size(64)));

inline size_t padded(size_t n) { return (n + LANES - 1) / LANES * LANES; }

inline V load(const double* p) {
  V v;
  memcpy(&v, p, sizeof v);
  return v;
}
inline void store(double* p, const V& v) { memcpy(p, &v, sizeof v); }
inline V all(double x) { return V{x, x, x, x, x, x, x, x}; }
// ((v0 + v4) + (v2 + v6)) + ((v1 + v5) + (v3 + v7)), half by half
inline double sum(const V& v) {
  typedef double V4 __attribute__((vector_size(32)));
  typedef double V2 __attribute__((vector_size(16)));
  const V4 four = __builtin_shufflevector(v, v, 0, 1, 2, 3) + __builtin_shufflevector(v, v, 4, 5, 6, 7);
  const V2 two = __builtin_shufflevector(four, four, 0, 1) + __builtin_shufflevector(four, four, 2, 3);
  return two[0] + two[1];
}
// The sums of eight vectors that lie next to each other, one a lane, each in the order of `sum`.
inline V sums_of_eight(const double* rows) {
  V two[4], four[2];
  for (size_t k = 0; k < 4; k++) {  // rows 0 2, 4 6, 1 3, 5 7: so that the last step leaves them in order
    const size_t first = k < 2 ? 4 * k : 4 * (k - 2) + 1;
    const V a = load(rows + first * LANES), b = load(rows + (first + 2) * LANES);
    two[k] = __builtin_shufflevector(a, b, 0, 1, 2, 3, 8, 9, 10, 11) +
             __builtin_shufflevector(a, b, 4, 5, 6, 7, 12, 13, 14, 15);
  }
  for (size_t k = 0; k < 2; k++)
    four[k] = __builtin_shufflevector(two[2 * k], two[2 * k + 1], 0, 1, 4, 5, 8, 9, 12, 13) +
              __builtin_shufflevector(two[2 * k], two[2 * k + 1], 2, 3, 6, 7, 10, 11, 14, 15);
  return __builtin_shufflevector(four[0], four[1], 0, 8, 2, 10, 4, 12, 6, 14) +
         __builtin_shufflevector(four[0], four[1], 1, 9, 3, 11, 5, 13, 7, 15);
}
inline double largest(const V& v) {
  double top = v[0];
  for (size_t l = 1; l < LANES; l++) top = v[l] > top ? v[l] : top;
  return top;
}
inline V max_of(const V& a, const V& b) { return a > b ? a : b; }
inline V size_of(const V& v) { return max_of(v, -v); }

// x between low and high; NaN passes (the compiler makes comparisons and masks of the plain form).
inline V between(const V& x, double low, double high) {
#if defined(__AVX512F__)
  return V(_mm512_min_pd(_mm512_set1_pd(high), _mm512_max_pd(_mm512_set1_pd(low), __m512d(x))));
#elif defined(__AVX__)
  V out;
  for (size_t h = 0; h < LANES; h += 4) {
    const __m256d half = _mm256_loadu_pd(reinterpret_cast<const double*>(&x) + h);
    const __m256d cut = _mm256_min_pd(_mm256_set1_pd(high), _mm256_max_pd(_mm256_set1_pd(low), half));
    _mm256_storeu_pd(reinterpret_cast<double*>(&out) + h, cut);
  }
  return out;
#else
  const V up = all(low) > x ? all(low) : x;
  return all(high) < up ? all(high) : up;
#endif
}

// e^x for -708 <= x <= 709, anything beyond; NaN passes. Relative error 3e-16.
// e^r on |r| <= log(2)/2 is the polynomial of degree 11 through its Chebyshev points.
[[gnu::always_inline]] inline V vexp_within(V x) {
  const V t = x * all(1.4426950408889634) + all(6755399441055744.0);
  const V n = t - all(6755399441055744.0);
  const V r = (x - n * all(6.93147180369123816490e-01)) - n * all(1.90821492927058770002e-10);
  // even and odd powers apart: two short chains of operations instead of a long one
  const V r2 = r * r;
  V even = all(2.7620138719733994e-07), odd = all(2.5100424157005067e-08);
  even = even * r2 + all(2.480152119021773e-05);
  odd = odd * r2 + all(2.7557268378684192e-06);
  even = even * r2 + all(0.0013888888917281794);
  odd = odd * r2 + all(0.00019841269863105968);
  even = even * r2 + all(0.04166666666662399);
  odd = odd * r2 + all(0.008333333333330051);
  even = even * r2 + all(0.5000000000000001);
  odd = odd * r2 + all(0.16666666666666669);
  even = even * r2 + all(1.0);
  odd = odd * r2 + all(1.0);
  const V h = odd * r + even;
  U b;
  memcpy(&b, &t, sizeof b);
  b = (b << 52) + (U{} + (uint64_t(1023) << 52));
  V power;
  memcpy(&power, &b, sizeof power);
  return h * power;
}

// The same, clamped.
[[gnu::always_inline]] inline V vexp(V x) { return vexp_within(between(x, -708.0, 709.0)); }

// log x for positive, normal x; zero and below, infinity and NaN are not treated here. Absolute error 3e-16 near 1.
inline V vlog(const V& x) {
  U b;  // bits may wrap around
  memcpy(&b, &x, sizeof b);
  // mantissa to [sqrt(1/2), sqrt(2))
  const N k = N(b - (U{} + uint64_t(0x3fe6a09e667f3bcd))) >> 52;
  b = b - (U(k) << 52);
  V m;
  memcpy(&m, &b, sizeof m);
  const V n = __builtin_convertvector(k, V);
  const V f = (m - all(1.0)) / (m + all(1.0)), f2 = f * f;
  V h = all(2.0 / 23.0);
  h = h * f2 + all(2.0 / 21.0);
  h = h * f2 + all(2.0 / 19.0);
  h = h * f2 + all(2.0 / 17.0);
  h = h * f2 + all(2.0 / 15.0);
  h = h * f2 + all(2.0 / 13.0);
  h = h * f2 + all(2.0 / 11.0);
  h = h * f2 + all(2.0 / 9.0);
  h = h * f2 + all(2.0 / 7.0);
  h = h * f2 + all(2.0 / 5.0);
  h = h * f2 + all(2.0 / 3.0);
  // log m = 2f + f^3 h; summed small to large, log 2 in two parts
  return n * all(6.93147180369123816490e-01) + (all(2.0) * f + (f * f2 * h + n * all(1.90821492927058770002e-10)));
}

}  // namespace
