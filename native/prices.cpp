// Equilibrium prices of one row (zeta-mf): a fixed point mixed by Anderson(5), MODEL 3.6, or steps by a borrowed
// inverse Jacobian, mixed the same way. Only products offered are looked at; O(J I) an evaluation. Exponentials are
// kept from one evaluation to the next and, once prices move little, moved on by a few terms of the series. A start
// not far off lets each product step by its own slope of m - zeta. Rows of a market may start from rows before them.
#include <math.h>

#include "kernels.hpp"
#include "lanes.hpp"
#include "mixing.hpp"

namespace {

using kanrin::Arena;
using kanrin::PricesTask;

constexpr double WORSE = 10.0, FORGET = 2.0, LARGEST_LOSS = 0.9, TOO_MUCH = 1e200;
constexpr int MOST_RETREATS = 30;
constexpr size_t TILE = 2 * LANES;  // agents together
constexpr size_t KEPT = size_t(1) << 17;  // doubles of exponentials kept: what stays in a core's cache
constexpr int MOST_MOVES = 10;            // then from the beginning, so that rounding does not add up
constexpr double CLOSE = 0.05;            // relative residual below which the products' own slopes are trusted
constexpr double LEAST_SLOPE = 0.25, MOST_SLOPE = 4.0;  // of keep
constexpr double UNHEARD = 1e-20;         // of a product's Lambda: an agent below adds nothing to the last digit
constexpr size_t MANY = 4;                // rows from which it pays to look for those
constexpr double NEW = 1e-2;              // of a move, what moves before do not tell
constexpr double WHOLE = 1e-6;            // weights of a start sum to one within this

struct Row {
  size_t n, I, P, F;           // products offered, agents, padded agents, firms present
  const int64_t* product;      // n, sorted by firm
  int64_t *begin, *firm;       // F+1; F
  double *delta, *gross, *levy, *cost, *keep, *wedge;  // n
  double *real, *moves;        // n, then zeros: 1 for a product; for one whose price may move
  bool* free;                  // n
  double *alpha, *weight, *w_alpha;  // P
  double* mu;                  // n P or null
  const double* kappa;
  size_t width;
  double typical;              // 1/|mean slope|
  double *e, *sums, *mixed;    // n TILE, or n P when exponentials are kept; F TILE; F TILE
  bool keeps;
  double steepest;             // largest |slope|
  double *share, *lambda, *top;  // n LANES
  double *square, *pull;       // n LANES, second moments of the slope
  double *consumer, *margin;   // n
  double* moved;               // n, change of the consumer price since the exponentials were made
};

// What the rows of a market share. `slope`: by product, NaN until known. `q`, `z`: what the first row's search learnt of
// the Jacobian, moves that tell (orthonormal) and where to go for them; products it did not have are zero.
struct Market {
  size_t I, P;
  double *alpha, *weight, *w_alpha;  // P; buyers who buy nothing of anything to the last digit are left out
  double typical, steepest;
  double* slope;  // J
  size_t known;
  double *q[MEMORY], *z[MEMORY];  // J
};

// How the exponentials at hand came about.
struct Memory {
  bool valid = false;
  int moves = 0;
};

inline V from(const double* p, size_t u) { return load(p + u * LANES); }

// e = exp(V) of one tile, shifted by `shift`; totals and firm sums of margins. HALF: the second half is padding, and
// its exponentials are zero.
template <bool WITH_MU, bool SHIFTED, bool HALF>
inline void attractions(const Row& r, size_t i, double* e, const V& shift0, const V& shift1, V& total0, V& total1) {
  const V a0 = load(r.alpha + i), a1 = load(r.alpha + i + LANES);
  for (size_t f = 0; f < r.F; f++) {
    V sum0{}, sum1{};
    for (size_t j = size_t(r.begin[f]); j < size_t(r.begin[f + 1]); j++) {
      const V d = all(r.delta[j]), p = all(r.consumer[j]), m = all(r.margin[j]);
      V x0 = a0 * p + d, x1 = a1 * p + d;
      if (SHIFTED) x0 -= shift0, x1 -= shift1;
      if (WITH_MU) x0 += load(r.mu + j * r.P + i), x1 += load(r.mu + j * r.P + i + LANES);
      const V e0 = vexp(x0), e1 = HALF ? V{} : vexp(x1);
      store(e + j * TILE, e0);
      store(e + j * TILE + LANES, e1);
      total0 += e0, total1 += e1;
      sum0 += m * e0, sum1 += m * e1;
    }
    store(r.sums + f * TILE, sum0);
    store(r.sums + f * TILE + LANES, sum1);
  }
}

// The same, from the exponentials at hand: e^x = 1 + x + ... + x^D/D!, x = alpha times what the price moved.
template <int D, bool HALF>
inline void moved_on(const Row& r, size_t i, double* e, V& total0, V& total1) {
  constexpr double TERM[] = {1.0, 1.0, 1.0 / 2, 1.0 / 6, 1.0 / 24, 1.0 / 120, 1.0 / 720, 1.0 / 5040};
  const V a0 = load(r.alpha + i), a1 = load(r.alpha + i + LANES);
  for (size_t f = 0; f < r.F; f++) {
    V sum0{}, sum1{};
    for (size_t j = size_t(r.begin[f]); j < size_t(r.begin[f + 1]); j++) {
      const V d = all(r.moved[j]), m = all(r.margin[j]), x0 = a0 * d, x1 = a1 * d;
      V h0 = all(TERM[D]), h1 = h0;
      for (int k = D - 1; k >= 0; k--) h0 = h0 * x0 + all(TERM[k]), h1 = h1 * x1 + all(TERM[k]);
      const V e0 = load(e + j * TILE) * h0, e1 = HALF ? V{} : load(e + j * TILE + LANES) * h1;
      store(e + j * TILE, e0);
      store(e + j * TILE + LANES, e1);
      total0 += e0, total1 += e1;
      sum0 += m * e0, sum1 += m * e1;
    }
    store(r.sums + f * TILE, sum0);
    store(r.sums + f * TILE + LANES, sum1);
  }
}

// Exponentials of one tile: from the beginning (order 0), or moved on.
template <bool HALF>
inline void cells(const Row& r, size_t i, int order, double* e, V& total0, V& total1) {
  if (order == 2) moved_on<2, HALF>(r, i, e, total0, total1);
  else if (order == 3) moved_on<3, HALF>(r, i, e, total0, total1);
  else if (order == 5) moved_on<5, HALF>(r, i, e, total0, total1);
  else if (order == 7) moved_on<7, HALF>(r, i, e, total0, total1);
  else if (r.mu) attractions<true, false, HALF>(r, i, e, V{}, V{}, total0, total1);
  else attractions<false, false, HALF>(r, i, e, V{}, V{}, total0, total1);
}

// Terms of the series that leave less than 2e-17, or 0: too far.
inline int terms(double x) { return x < 4e-6 ? 2 : x < 1e-4 ? 3 : x < 5e-3 ? 5 : x < 3e-2 ? 7 : 0; }

inline void highest(const Row& r, size_t i, V& top0, V& top1) {
  const V a0 = load(r.alpha + i), a1 = load(r.alpha + i + LANES);
  for (size_t j = 0; j < r.n; j++) {
    V x0 = a0 * all(r.consumer[j]) + all(r.delta[j]), x1 = a1 * all(r.consumer[j]) + all(r.delta[j]);
    if (r.mu) x0 += load(r.mu + j * r.P + i), x1 += load(r.mu + j * r.P + i + LANES);
    top0 = max_of(top0, x0), top1 = max_of(top1, x1);
  }
}

// What one tile of agents adds to shares, Lambda and the top of (zeta-mf); the first tile starts the sums. BEND: also
// the last two with the slope once more.
template <bool FIRST, bool HALF, bool BEND>
inline void gather(const Row& r, size_t i, const double* e, const double* sums, const V& inverse0, const V& inverse1) {
  const V w0 = load(r.weight + i) * inverse0, w1 = load(r.weight + i + LANES) * inverse1;
  const V wa0 = load(r.w_alpha + i) * inverse0, wa1 = load(r.w_alpha + i + LANES) * inverse1;
  for (size_t f = 0; f < r.F; f++) {
    const V pull0 = wa0 * inverse0 * from(sums + f * TILE, 0), pull1 = wa1 * inverse1 * from(sums + f * TILE, 1);
    V a0{}, a1{};
    if (BEND) a0 = load(r.alpha + i), a1 = load(r.alpha + i + LANES);
    for (size_t j = size_t(r.begin[f]); j < size_t(r.begin[f + 1]); j++) {
      const V e0 = load(e + j * TILE);
      V share = e0 * w0, lambda = e0 * wa0, top = e0 * pull0;
      V square{}, pull{};
      if (BEND) square = lambda * a0, pull = top * a0;
      if (!HALF) {
        const V e1 = load(e + j * TILE + LANES), lambda1 = e1 * wa1, top1 = e1 * pull1;
        share += e1 * w1, lambda += lambda1, top += top1;
        if (BEND) square += lambda1 * a1, pull += top1 * a1;
      }
      if (!FIRST) {
        share = load(r.share + j * LANES) + share;
        lambda = load(r.lambda + j * LANES) + lambda;
        top = load(r.top + j * LANES) + top;
        if (BEND) square += load(r.square + j * LANES), pull += load(r.pull + j * LANES);
      }
      store(r.share + j * LANES, share);
      store(r.lambda + j * LANES, lambda);
      store(r.top + j * LANES, top);
      if (BEND) store(r.square + j * LANES, square), store(r.pull + j * LANES, pull);
    }
  }
}

template <bool BEND>
inline void gather_tile(const Row& r, size_t i, const double* e, const double* sums, const V& inverse0,
                        const V& inverse1) {
  const bool half = i + LANES >= r.I;
  if (i == 0) half ? gather<true, true, BEND>(r, i, e, sums, inverse0, inverse1)
                   : gather<true, false, BEND>(r, i, e, sums, inverse0, inverse1);
  else half ? gather<false, true, BEND>(r, i, e, sums, inverse0, inverse1)
            : gather<false, false, BEND>(r, i, e, sums, inverse0, inverse1);
}

// The sums of all agents put together, eight products at a time; what is beyond n is set to do no harm.
double conditions(const Row& r, const double* price, double* residual, double* share, double* slope) {
  V worst{}, dearest{}, lost{};
  const V one = all(1.0), none{};
  for (size_t j = 0; j < r.n; j += LANES) {
    const V s = sums_of_eight(r.share + j * LANES), lambda = sums_of_eight(r.lambda + j * LANES);
    const V margin = load(r.margin + j), wedge = load(r.wedge + j), moves = load(r.moves + j);
    const V zeta = (sums_of_eight(r.top + j * LANES) - wedge * s) / lambda;
    const V size = moves > none ? margin - zeta : none;
    store(share + j, s);
    store(residual + j, size);
    if (slope) {
      const V keep = load(r.keep + j), low = all(LEAST_SLOPE) * keep, high = all(MOST_SLOPE) * keep;
      const V own = keep - load(r.gross + j) * ((sums_of_eight(r.pull + j * LANES) - zeta * sums_of_eight(r.square + j * LANES)) /
                                                    lambda - wedge);
      const V cut = own < high ? own : high;
      store(slope + j, own > low ? cut : low);  // NaN too
    }
    const V far = size > none ? size : -size, p = load(price + j), money = p > none ? p : -p;
    const V real = load(r.real + j);
    lost += real > none ? (far < all(1e300) ? (moves > none ? (lambda < all(-1e-290) ? none : one) : none) : one) : none;
    worst = max_of(real > none ? far : none, worst);
    dearest = max_of(real > none ? money : none, dearest);
  }
  return sum(lost) > 0.0 ? INFINITY : largest(worst) / largest(dearest);
}

// m - zeta, shares and largest |m - zeta| / max |p| at prices p; NaN or infinite where nobody buys. `slope`, where
// asked for: keep less d zeta_j / d p_j, the probabilities' squares left out.
double evaluate(const Row& r, const double* price, double* residual, double* share, Memory& memory, double* slope) {
  double farthest = 0.0;
  for (size_t j = 0; j < r.n; j++) {
    const double consumer = r.gross[j] * price[j] + r.levy[j];
    r.moved[j] = consumer - r.consumer[j];
    r.consumer[j] = consumer;
    const double far = fabs(r.moved[j]);
    if (!(far <= farthest)) farthest = far == far ? far : INFINITY;
    r.margin[j] = r.keep[j] * price[j] - r.cost[j];
  }
  const int order = memory.valid && memory.moves < MOST_MOVES ? terms(farthest * r.steepest) : 0;
  memory.moves = order ? memory.moves + 1 : 0;
  memory.valid = r.keeps;
  for (size_t i = 0; i < r.P; i += TILE) {
    V total0 = all(1.0), total1 = all(1.0);
    double* e = r.keeps ? r.e + i * r.n : r.e;
    const bool half = i + LANES >= r.I;
    if (half) cells<true>(r, i, order, e, total0, total1);
    else cells<false>(r, i, order, e, total0, total1);
    const double most = largest(max_of(total0, total1));
    if (!(most < TOO_MUCH)) {  // rare: once more, shifted by each agent's largest utility
      memory.valid = false;
      V top0{}, top1{};
      highest(r, i, top0, top1);
      total0 = vexp(-top0), total1 = vexp(-top1);
      if (r.mu) attractions<true, true, false>(r, i, e, top0, top1, total0, total1);
      else attractions<false, true, false>(r, i, e, top0, top1, total0, total1);
    }
    const double* sums = r.sums;
    if (r.kappa) {
      for (size_t f = 0; f < r.F; f++) {
        V mix0{}, mix1{};
        for (size_t g = 0; g < r.F; g++) {
          const V k = all(r.kappa[size_t(r.firm[f]) * r.width + size_t(r.firm[g])]);
          mix0 += k * from(r.sums + g * TILE, 0), mix1 += k * from(r.sums + g * TILE, 1);
        }
        store(r.mixed + f * TILE, mix0);
        store(r.mixed + f * TILE + LANES, mix1);
      }
      sums = r.mixed;
    }
    const V inverse0 = all(1.0) / total0, inverse1 = all(1.0) / total1;
    slope ? gather_tile<true>(r, i, e, sums, inverse0, inverse1)
          : gather_tile<false>(r, i, e, sums, inverse0, inverse1);
  }
  return conditions(r, price, residual, share, slope);
}

inline double at(const double* array, size_t stride, size_t row, size_t j) { return array[row * stride + j]; }

Row open_row(const PricesTask& t, const Market& known, size_t row, Arena& room) {
  Row r{};
  const size_t market = row / t.rows, pattern = t.rows > 1 ? row % t.rows : row;
  r.I = known.I, r.P = known.P;
  int64_t* product = room.take_whole(t.J + 1);
  r.begin = room.take_whole(t.J + 2);
  r.firm = room.take_whole(t.J + 1);
  int64_t now = -1;
  for (size_t k = 0; k < t.J; k++) {
    const size_t j = size_t(t.order[k]);
    if (t.offered && !t.offered[pattern * t.offered_stride + j]) continue;
    if (t.firms[j] != now) {
      now = t.firms[j];
      r.begin[r.F] = int64_t(r.n), r.firm[r.F] = now;
      r.F++;
    }
    product[r.n++] = int64_t(j);
  }
  r.begin[r.F] = int64_t(r.n);
  r.product = product;
  const size_t n = r.n;
  double** columns[] = {&r.delta, &r.gross, &r.levy, &r.cost, &r.keep, &r.wedge, &r.consumer, &r.margin, &r.moved};
  for (double** column : columns) *column = room.take(n + 1);
  r.free = reinterpret_cast<bool*>(room.take(n / 8 + 1));
  const size_t wide = padded(n);
  r.real = room.take(wide), r.moves = room.take(wide);
  for (size_t k = 0; k < wide; k++) r.real[k] = k < n ? 1.0 : 0.0, r.moves[k] = 0.0;
  for (size_t k = 0; k < n; k++) {
    const size_t j = size_t(product[k]);
    r.delta[k] = at(t.delta, t.delta_stride, market, j);
    r.gross[k] = 1.0 + at(t.ad_valorem, t.ad_valorem_stride, market, j);
    r.levy[k] = at(t.levies, t.levies_stride, market, j);
    r.cost[k] = t.cost[row * t.J + j];
    r.keep[k] = at(t.keep, t.keep_stride, market, j);
    r.wedge[k] = r.keep[k] / r.gross[k];
    r.consumer[k] = 0.0;
    r.free[k] = !t.free || t.free[pattern * t.free_stride + j];
    r.moves[k] = r.free[k] ? 1.0 : 0.0;
  }
  r.alpha = known.alpha, r.weight = known.weight, r.w_alpha = known.w_alpha;
  r.typical = known.typical, r.steepest = known.steepest;
  if (t.mu) {
    r.mu = room.take(n * r.P);
    for (size_t k = 0; k < n; k++)
      for (size_t i = 0; i < r.P; i++) r.mu[k * r.P + i] = t.mu[size_t(product[k]) * t.I + (i < t.I ? i : t.I - 1)];
  }
  r.kappa = t.kappa, r.width = t.F;
  r.keeps = n * r.P <= KEPT;
  r.e = room.take(n * (r.keeps ? r.P : TILE)), r.sums = room.take(r.F * TILE), r.mixed = room.take(r.F * TILE);
  r.share = room.take(wide * LANES), r.lambda = room.take(wide * LANES), r.top = room.take(wide * LANES);
  r.square = room.take(wide * LANES), r.pull = room.take(wide * LANES);
  return r;
}

// Agents whose part in every Lambda is below UNHEARD of another's at any equilibrium of the rows: prices are then at
// least c/r, and what a steeper buyer adds beside a flatter one is most there.
size_t audible(const PricesTask& t, size_t market, const double* alpha, bool* heard, Arena& room) {
  double *floor = room.take(t.J), *log_total = room.take(t.I), *best = room.take(t.I);
  const double* keep = t.keep + market * t.keep_stride;
  for (size_t j = 0; j < t.J; j++) {
    double least = INFINITY;
    for (size_t row = market * t.rows; row < (market + 1) * t.rows; row++)
      least = t.cost[row * t.J + j] < least ? t.cost[row * t.J + j] : least;
    floor[j] = (1.0 + at(t.ad_valorem, t.ad_valorem_stride, market, j)) * least / keep[j] +
               at(t.levies, t.levies_stride, market, j);
  }
  for (size_t i = 0; i < t.I; i++) {
    double total = 1.0;
    for (size_t j = 0; j < t.J; j++) total += exp(at(t.delta, t.delta_stride, market, j) + alpha[i] * floor[j]);
    log_total[i] = log(total);
    heard[i] = false;
  }
  size_t count = 0;
  for (size_t j = 0; j < t.J; j++) {
    for (size_t i = 0; i < t.I; i++) best[i] = t.weights[i] > 0.0 ? log(t.weights[i] * fabs(alpha[i])) : -INFINITY;
    for (size_t i = 0; i < t.I; i++) {
      if (heard[i]) continue;
      const double mine = best[i] + log(1.0 + fabs(alpha[i])) + alpha[i] * floor[j];
      bool drowned = false;
      for (size_t k = 0; k < t.I && !drowned; k++)
        drowned = alpha[k] > alpha[i] && best[k] + alpha[k] * floor[j] - log_total[k] + log(UNHEARD) > mine;
      if (!drowned && best[i] > -INFINITY) heard[i] = true, count++;
    }
  }
  return count;
}

Market open_market(const PricesTask& t, size_t market, Arena& room) {
  Market m{};
  double* alpha = room.take(t.I);
  bool* heard = reinterpret_cast<bool*>(room.take(t.I / 8 + 1));
  double mean = 0.0;
  for (size_t i = 0; i < t.I; i++) {
    alpha[i] = at(t.alpha, t.alpha_stride, market, i);
    mean += t.weights[i] * alpha[i];
    heard[i] = true;
  }
  m.typical = 1.0 / fabs(mean);
  m.slope = room.take(t.J + 1);
  for (size_t j = 0; j < t.J; j++) m.slope[j] = NAN;
  if (t.rows > 1)
    for (size_t c = 0; c < MEMORY; c++) m.q[c] = room.take(padded(t.J)), m.z[c] = room.take(padded(t.J));
  m.I = t.I;
  if (t.rows >= MANY && t.I > TILE && !t.mu && !t.kappa && !t.free) m.I = audible(t, market, alpha, heard, room);
  if (m.I == 0) m.I = t.I, memset(heard, 1, t.I);
  m.P = (m.I + TILE - 1) / TILE * TILE;
  m.alpha = room.take(m.P), m.weight = room.take(m.P), m.w_alpha = room.take(m.P);
  size_t to = 0;
  for (size_t i = 0; i < t.I; i++)
    if (heard[i]) m.alpha[to] = alpha[i], m.weight[to] = t.weights[i], to++;
  for (; to < m.P; to++) m.alpha[to] = m.alpha[m.I - 1], m.weight[to] = 0.0;  // to fill a tile: they weigh nothing
  for (size_t i = 0; i < m.P; i++) {
    m.w_alpha[i] = m.weight[i] * m.alpha[i];
    m.steepest = fabs(m.alpha[i]) > m.steepest ? fabs(m.alpha[i]) : m.steepest;
  }
  return m;
}

inline double product_of(const double* a, const double* b, size_t whole) {
  V total{};
  for (size_t j = 0; j < whole; j += LANES) total += load(a + j) * load(b + j);
  return sum(total);
}
inline void take_off(double* from, double by, const double* what, size_t whole) {
  for (size_t j = 0; j < whole; j += LANES) store(from + j, load(from + j) - all(by) * load(what + j));
}

// What a search's last moves tell of the Jacobian: made orthonormal, the newest first.
void learn(Market& m, const Mixing& past, const Row& r, size_t J) {
  const size_t whole = padded(J);
  for (size_t c = past.count; c-- > 0;) {
    double *q = m.q[m.known], *z = m.z[m.known];
    for (size_t j = 0; j < whole; j++) q[j] = z[j] = 0.0;
    for (size_t k = 0; k < r.n; k++) q[r.product[k]] = past.by_move[c][k], z[r.product[k]] = past.by_both[c][k];
    const double size = product_of(q, q, whole);
    for (size_t b = 0; b < m.known; b++) {
      const double by = product_of(m.q[b], q, whole);
      take_off(q, by, m.q[b], whole), take_off(z, by, m.z[b], whole);
    }
    const double rest = product_of(q, q, whole);
    if (!(rest > NEW * NEW * size) || !(size < INFINITY)) continue;
    const double scale = 1.0 / sqrt(rest);
    for (size_t j = 0; j < whole; j++) q[j] *= scale, z[j] *= scale;
    m.known++;
  }
}

// The move, with what was learnt taken into account; `wide` is room for J in whole lanes.
void informed(const Market& m, const Row& r, size_t J, double* wide, double* move) {
  if (m.known == 0) return;
  const size_t whole = padded(J);
  double by[MEMORY];
  for (size_t j = 0; j < whole; j++) wide[j] = 0.0;
  for (size_t k = 0; k < r.n; k++) wide[r.product[k]] = move[k];
  for (size_t c = 0; c < m.known; c++) by[c] = product_of(m.q[c], wide, whole);
  for (size_t c = 0; c < m.known; c++) take_off(wide, by[c], m.z[c], whole);
  for (size_t k = 0; k < r.n; k++) move[k] = wide[r.product[k]];
}

// -(residual X): rows of X belong to residuals.
void borrowed_move(const PricesTask& t, const Row& r, const double* residual, double* wide, double* move) {
  for (size_t j = 0; j < t.J; j++) wide[j] = 0.0;
  size_t k = 0;
  for (; k + 4 <= r.n; k += 4) {
    const double *x0 = t.inverse + size_t(r.product[k]) * t.J, *x1 = t.inverse + size_t(r.product[k + 1]) * t.J,
                 *x2 = t.inverse + size_t(r.product[k + 2]) * t.J, *x3 = t.inverse + size_t(r.product[k + 3]) * t.J;
    const double r0 = residual[k], r1 = residual[k + 1], r2 = residual[k + 2], r3 = residual[k + 3];
    double* __restrict to = wide;
    for (size_t j = 0; j < t.J; j++) to[j] += (r0 * x0[j] + r1 * x1[j]) + (r2 * x2[j] + r3 * x3[j]);
  }
  for (; k < r.n; k++) {
    const double* x0 = t.inverse + size_t(r.product[k]) * t.J;
    double* __restrict to = wide;
    for (size_t j = 0; j < t.J; j++) to[j] += residual[k] * x0[j];
  }
  for (k = 0; k < r.n; k++) move[k] = r.free[k] ? -wide[r.product[k]] : 0.0;
}

struct Found {
  double size;
  int64_t steps;
};

// Prices to begin with: weighted sums of the prices of rows before, costs passed on. A product that these do not know
// begins where the market does.
void first_prices(const PricesTask& t, size_t row, const Row& r, double* price, Arena& room) {
  const size_t market = row / t.rows, at_row = row % t.rows;
  double *sum = room.take(t.J), *total = room.take(t.J);
  for (size_t j = 0; j < t.J; j++) sum[j] = 0.0, total[j] = 0.0;
  const double *cost = t.cost + row * t.J, *keep = t.keep + market * t.keep_stride;
  if (t.near_start) {
    for (int64_t k = t.near_start[at_row]; k < t.near_start[at_row + 1]; k++) {
      const size_t other = market * t.rows + size_t(t.near_row[k]);
      const double *known = t.price + other * t.J, *paid = t.cost + other * t.J, w = t.near_weight[k];
      for (size_t j = 0; j < t.J; j++) {
        const double shifted = known[j] + (cost[j] - paid[j]) / keep[j];
        const bool on = shifted == shifted;
        sum[j] += on ? w * shifted : 0.0, total[j] += on ? w : 0.0;
      }
    }
  }
  for (size_t k = 0; k < r.n; k++) {
    const size_t j = size_t(r.product[k]);
    if (fabs(total[j] - 1.0) < WHOLE) price[k] = sum[j];
    else price[k] = t.start ? at(t.start, t.start_stride, market, j) : r.cost[k] / r.keep[k] + r.typical;
  }
}

Found search(const PricesTask& t, const Row& r, double* price, double* share, Market& shared, Arena& room) {
  const size_t n = r.n;
  double *residual = room.take(n), *move = room.take(padded(n)), *change = room.take(padded(n)), *now = room.take(n);
  double *best = room.take(n), *best_move = room.take(n), *wide = room.take(padded(t.J)), *slope = room.take(n);
  Mixing past = mixing_room(padded(n), room);
  for (size_t k = n; k < padded(n); k++) price[k] = move[k] = 0.0;
  memcpy(best, price, n * sizeof(double));
  memset(share, 0, n * sizeof(double));
  double smallest = INFINITY, last = INFINITY, damp = 1.0;
  bool borrowed = t.inverse != nullptr;
  bool sloped = false, was_sloped = false, known = !borrowed;
  for (size_t k = 0; k < n; k++) {
    slope[k] = shared.slope[r.product[k]];
    known = known && slope[k] == slope[k];
  }
  int retreats = 0;
  int64_t step = 0;
  Memory memory;
  for (;; step++) {
    const bool ask = !borrowed && !known;
    const double size = evaluate(r, price, residual, now, memory, ask ? slope : nullptr);
    if (ask && size < CLOSE) {
      known = true;
      for (size_t k = 0; k < n; k++) shared.slope[r.product[k]] = slope[k];
    }
    sloped = !borrowed && known && retreats == 0 && size < CLOSE;
    if (size < smallest) {
      smallest = size;
      memcpy(best, price, n * sizeof(double));
      memcpy(share, now, n * sizeof(double));
      for (size_t j = 0; j < n; j++) best_move[j] = -residual[j] / r.keep[j];
    }
    if (size <= t.tolerance || step == t.max_steps) break;
    if (!(size < INFINITY) || size > WORSE * smallest) {
      if (!(smallest < INFINITY) || ++retreats > MOST_RETREATS) break;
      forget(past);
      borrowed = false, damp /= 2.0, last = INFINITY;
      for (size_t j = 0; j < n; j++) price[j] = best[j] + damp * best_move[j];
      continue;
    }
    if (borrowed) borrowed_move(t, r, residual, wide, move);
    else if (sloped) {
      for (size_t j = 0; j < n; j++) move[j] = -residual[j] / slope[j];
      informed(shared, r, t.J, wide, move);
    }
    else
      for (size_t j = 0; j < n; j++) move[j] = -residual[j] / r.keep[j];
    if (size > FORGET * last || sloped != was_sloped) forget(past);
    was_sloped = sloped;
    last = size;
    mix(past, price, move, change);
    for (size_t j = 0; j < n; j++) {
      const double reach = fabs(price[j]) + fabs(r.margin[j]) + r.typical;
      double down = reach;
      if (r.margin[j] > 0.0) {
        const double loss = LARGEST_LOSS * r.margin[j] / r.keep[j];
        down = loss < reach ? loss : reach;
      }
      const double by = change[j] > reach ? reach : change[j] < -down ? -down : change[j];
      price[j] += by;
    }
  }
  if (t.rows > 1 && sloped && shared.known == 0) learn(shared, past, r, t.J);
  memcpy(price, best, n * sizeof(double));
  return {smallest, step};
}

}  // namespace

namespace {

void solve_row(const PricesTask& t, size_t row, Market& shared, Arena& room) {
  double *price = t.price + row * t.J, *share = t.shares + row * t.J, *profit = t.profit + row * t.F;
  for (size_t j = 0; j < t.J; j++) price[j] = NAN, share[j] = 0.0;
  const Row r = open_row(t, shared, row, room);
  if (r.n == 0) {
    t.residual[row] = 0.0, t.steps[row] = 0, t.converged[row] = 1;
    return;
  }
  double *p = room.take(padded(r.n)), *s = room.take(r.n);
  first_prices(t, row, r, p, room);
  const Found found = search(t, r, p, s, shared, room);
  for (size_t k = 0; k < r.n; k++) price[r.product[k]] = p[k], share[r.product[k]] = s[k];
  for (size_t f = 0; f < r.F; f++) {
    double money = 0.0;
    for (size_t k = size_t(r.begin[f]); k < size_t(r.begin[f + 1]); k++)
      money += (r.keep[k] * p[k] - r.cost[k]) * s[k];
    profit[r.firm[f]] = money;
  }
  t.residual[row] = found.size;
  t.steps[row] = found.steps;
  t.converged[row] = found.size <= t.tolerance;
}

}  // namespace

namespace kanrin::KANRIN_HERE {

// The rows of one market, in their order.
void prices(const PricesTask& t, size_t market, Arena& room) {
  Market shared = open_market(t, market, room);
  const Arena::Mark here = room.mark();
  for (size_t row = market * t.rows; row < (market + 1) * t.rows; row++) {
    room.back_to(here);
    solve_row(t, row, shared, room);
  }
}

}  // namespace kanrin::KANRIN_HERE
