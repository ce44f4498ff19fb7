// Gradients through the inversion (adjoint), and through costs too (adjoint-supply); margins (costs).
#include "derivative.hpp"
#include "probabilities.hpp"
#include "supply.hpp"

namespace {

// dq/dB_ik = sum_j x_jk g_ij, C tastes at a time; g_ij = h_ij - w s (a lambda - b inside - over).
// h may be null (demand only). pull[g] = b_g inside_g + over.
template <size_t C>
void by_tastes(const Market& s, const double* lambda, const double* pull, const double* h, size_t k0, double* out) {
  const size_t P = s.P, K = s.K;
  for (size_t i = 0; i < P; i += LANES) {
    V sums[C] = {};
    for (size_t g = 0; g < s.G; g++) {
      const V wq = load(s.wq + g * P + i), drawn = load(pull + g * P + i);
      for (size_t j = size_t(s.begin[g]); j < size_t(s.begin[g + 1]); j++) {
        V slope = (drawn - all(s.a[j] * lambda[j])) * (all(s.t[j]) * load(s.e + j * P + i) * wq);
        if (h) slope += load(h + j * P + i);
        for (size_t c = 0; c < C; c++) sums[c] += all(s.x2[j * K + k0 + c]) * slope;
      }
    }
    const size_t end = i + LANES < s.I ? LANES : s.I - i;
    for (size_t c = 0; c < C; c++)
      for (size_t l = 0; l < end; l++) out[(s.agent + i + l) * K + k0 + c] = sums[c][l];
  }
}

void all_tastes(const Market& s, const double* lambda, const double* pull, const double* h, double* out) {
  size_t k = 0;
  for (; k + 8 <= s.K; k += 8) by_tastes<8>(s, lambda, pull, h, k, out);
  switch (s.K - k) {
    case 7: by_tastes<7>(s, lambda, pull, h, k, out); break;
    case 6: by_tastes<6>(s, lambda, pull, h, k, out); break;
    case 5: by_tastes<5>(s, lambda, pull, h, k, out); break;
    case 4: by_tastes<4>(s, lambda, pull, h, k, out); break;
    case 3: by_tastes<3>(s, lambda, pull, h, k, out); break;
    case 2: by_tastes<2>(s, lambda, pull, h, k, out); break;
    case 1: by_tastes<1>(s, lambda, pull, h, k, out); break;
    default: break;
  }
}

// sum_i y_ij dlog s_ij/drho_g for y = through - w lambda s; the part common to a nest at its first product
// (dlogs-drho). With supply, `inner` adds f (V - mean)/(1-rho)^2 and the direct term, cell by cell.
void by_rho(const Market& s, const double* lambda, const double* through, const Supply* supply, Arena& room,
            double* out) {
  const size_t P = s.P, J = s.J;
  double *mean = room.take(s.G * P), *every = room.take(P);
  fill(mean, s.G * P, 0.0);
  fill(every, P, 0.0);
  auto direct = [&](size_t j, size_t i) {
    const V joint = all(s.t[j]) * load(s.e + j * P + i) * load(s.wq + size_t(s.nest[j]) * P + i);
    V y = -all(lambda[j]) * joint;
    if (through) y += load(through + j * P + i);
    return y;
  };
  for (size_t j = 0; j < J; j++) {
    double* m = mean + size_t(s.nest[j]) * P;
    for (size_t i = 0; i < P; i += LANES) {
      const V own = utility(s, j, i, all(s.at[j]));
      store(m + i, load(m + i) + all(s.t[j]) * load(s.e + j * P + i) * own);
      store(every + i, load(every + i) + direct(j, i));
    }
  }
  for (size_t g = 0; g < s.G; g++)
    for (size_t i = 0; i < P; i += LANES) store(mean + g * P + i, load(mean + g * P + i) / load(s.d + g * P + i));
  for (size_t j = 0; j < J; j++) {
    const size_t g = size_t(s.nest[j]);
    const double keep = 1.0 / s.a[j], rho = s.b[j] * keep;
    const bool first = j == size_t(s.begin[g]);
    V total{};
    for (size_t i = 0; i < P; i += LANES) {
      const V v = utility(s, j, i, all(s.at[j])), m = load(mean + g * P + i);
      // D = d e^{top/(1-rho)}
      const V log_d = load(s.top + g * P + i) * all(s.a[j]) + vlog(load(s.d + g * P + i));
      const V own = (v - all(rho) * m) * all(s.a[j] * s.a[j]) - log_d;
      total += direct(j, i) * own;
      if (supply) total += inner_term(s, *supply, j, i, v - m) * all(s.a[j] * s.a[j]);
      if (first) {
        const V of_nest = load(s.q + g * P + i) * load(s.d + g * P + i);
        total -= of_nest * (m * all(s.a[j]) - log_d) * load(every + i);
      }
    }
    out[s.first + size_t(s.order[j])] = sum(total);
  }
}

}  // namespace

namespace kanrin::KANRIN_HERE {

void margins(const MarginsTask& task, size_t market, Arena& room) {
  const Market s = open_market(task.m, market, task.delta, task.kept, room);
  const Owners owners = sort_by_owner(s, task.own, room);
  const Slopes slopes = slopes_of(s, task.alpha, room);
  const double* wedge = gathered(s, task.wedge, room);
  double* eta = room.take(padded(s.J));
  task.failed[market] = !solve_delta(s, owners, slopes, wedge, false, eta, room);
  scatter(s, eta, task.eta);
}

void adjoint(const AdjointTask& task, size_t market, Arena& room) {
  const Market s = open_market(task.m, market, task.delta, task.kept, room);
  const size_t J = s.J, P = s.P;
  double* rhs = gathered(s, task.v, room);
  const double *h = nullptr, *through = nullptr;
  Supply supply{};
  if (task.v_omega) {
    if (!open_supply(s, task, room, supply)) task.failed[market] = 1;
    h = supply.h, through = supply.through;
    for (size_t j = 0; j < J; j++) {
      V total{};
      for (size_t i = 0; i < P; i += LANES) total += load(h + j * P + i);
      rhs[j] += sum(total);
    }
    memcpy(task.by_alpha + s.agent, supply.by_alpha, s.I * sizeof(double));
  }
  const Cg c = cg_room(s, room);
  double* lambda = room.take(padded(J));
  if (!solve_tight(s, rhs, lambda, c, room)) task.failed[market] = 1;
  double *cx = c.cx, *inside = c.inside, *over = c.over;
  means(s, lambda, cx, inside, over);
  for (size_t g = 0; g < s.G; g++) {
    const V b = all(s.b[s.begin[g]]);
    for (size_t i = 0; i < P; i += LANES) {
      const size_t at = g * P + i;
      store(inside + at, s.nested ? b * load(inside + at) + load(over + i) : load(over + i));
    }
  }
  all_tastes(s, lambda, inside, h, task.by_coefficient);
  scatter(s, lambda, task.multiplier);
  if (s.nested) by_rho(s, lambda, through, h ? &supply : nullptr, room, task.by_rho_product);
}

}  // namespace kanrin::KANRIN_HERE
