// The binding: arrays to pointers. Values and shapes are checked by the Python door (kanrin.kernels); here only the
// lengths that a pointer would run past.
#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>
#include <nanobind/stl/optional.h>
#include <nanobind/stl/string.h>

#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "kept.hpp"
#include "kernels.hpp"
#include "team.hpp"

namespace nb = nanobind;
using namespace nb::literals;
using namespace kanrin;

namespace {

template <class T>
using In = nb::ndarray<const T, nb::c_contig, nb::device::cpu>;
template <class T>
using Out = nb::ndarray<T, nb::c_contig, nb::device::cpu>;
using Numbers = In<double>;
using Whole = In<int64_t>;
using Flags = In<bool>;
using MaybeNumbers = std::optional<Numbers>;
using MaybeWhole = std::optional<Whole>;
using MaybeFlags = std::optional<Flags>;

template <class T>
const T* pointer(const std::optional<In<T>>& array) {
  return array ? array->data() : nullptr;
}

void need(bool fits, const char* what) {
  if (!fits) throw nb::value_error((std::string(what) + ": the array is not as long as the others ask").c_str());
}
template <class A>
void length(const A& array, size_t size, const char* what) {
  need(array.size() == size, what);
}

// The markets, and the sizes that go with them.
struct Given {
  Markets m;
  size_t N, A, G, cells;
};

Given markets_of(const Whole& market_start, const Numbers& x2, const Whole& agent_start, const Numbers& weights,
                 const Numbers& coefficients, const MaybeWhole& nests, const MaybeNumbers& rho) {
  need(x2.ndim() == 2 && coefficients.ndim() == 2 && market_start.size() >= 1, "x2, coefficients, market_start");
  Given g{{market_start.data(), agent_start.data(), x2.data(), weights.data(), coefficients.data(), pointer(nests),
           pointer(rho), market_start.size() - 1, x2.shape(1)},
          x2.shape(0), weights.size(), rho ? rho->size() : 0, 0};
  length(agent_start, market_start.size(), "agent_start");
  need(coefficients.shape(0) == g.A && coefficients.shape(1) == g.m.K, "coefficients");
  need(nests.has_value() == rho.has_value(), "nests, rho");
  if (nests) length(*nests, g.N, "nests");
  const size_t T = g.m.markets;
  need(market_start.data()[0] == 0 && agent_start.data()[0] == 0, "market_start, agent_start");
  need(size_t(market_start.data()[T]) == g.N && size_t(agent_start.data()[T]) == g.A, "market_start, agent_start");
  for (size_t t = 0; t < T; t++) {
    const int64_t j = g.m.market_start[t + 1] - g.m.market_start[t], i = g.m.agent_start[t + 1] - g.m.agent_start[t];
    need(j > 0 && i > 0, "market_start, agent_start");
    g.cells += size_t(j) * size_t(i);
  }
  if (nests)
    for (size_t j = 0; j < g.N; j++) need(nests->data()[j] >= 0 && size_t(nests->data()[j]) < g.G, "nests");
  return g;
}

// Where each market's exponentials begin (T+1).
std::vector<int64_t> kept_start(const Given& g) {
  std::vector<int64_t> start(g.m.markets + 1, 0), last(g.G, -1);  // last: the market a nest was last seen in
  for (size_t t = 0; t < g.m.markets; t++) {
    const size_t J = size_t(g.m.market_start[t + 1] - g.m.market_start[t]);
    const size_t I = size_t(g.m.agent_start[t + 1] - g.m.agent_start[t]);
    size_t nests = g.m.nests ? 0 : 1;
    for (int64_t j = g.m.market_start[t]; g.m.nests && j < g.m.market_start[t + 1]; j++)
      if (std::exchange(last[size_t(g.m.nests[j])], int64_t(t)) != int64_t(t)) nests++;
    start[t + 1] = start[t] + int64_t(kept_size(J, I, nests));
  }
  return start;
}
const Kept* kept_for(const Given& g, const KeptRoom* kept) { return kept ? kept->at(kept_start(g)) : nullptr; }

// A second thread pays from about a tenth of a millisecond of work; answers do not depend on it.
unsigned worth(unsigned threads, size_t cells, size_t cells_a_thread) {
  return unsigned(std::min<size_t>(threads, 1 + cells / cells_a_thread));
}

constexpr size_t ONE_PASS = 60000, MANY_PASSES = 6000;

#define MARKETS                                                                                          \
  Whole market_start, Numbers x2, Whole agent_start, Numbers weights, Numbers coefficients, MaybeWhole nests, \
      MaybeNumbers rho
#define THE_MARKETS markets_of(market_start, x2, agent_start, weights, coefficients, nests, rho)

void shares(MARKETS, Numbers delta, Out<double> out, std::optional<Out<double>> outside,
            std::optional<Out<double>> cells, MaybeWhole cell_start, unsigned threads) {
  const Given g = THE_MARKETS;
  length(delta, g.N, "delta"), length(out, g.N, "out");
  if (outside) length(*outside, g.A, "outside");
  if (cells) {
    need(cell_start && cell_start->size() == g.m.markets + 1, "cell_start");
    length(*cells, g.cells, "cells");
    size_t at = 0;
    for (size_t t = 0; t < g.m.markets; t++) {
      need(size_t(cell_start->data()[t]) == at, "cell_start");
      at += size_t(g.m.market_start[t + 1] - g.m.market_start[t]) * size_t(g.m.agent_start[t + 1] - g.m.agent_start[t]);
    }
  }
  const SharesTask task{g.m, delta.data(), out.data(), outside ? outside->data() : nullptr,
                        cells ? cells->data() : nullptr, pointer(cell_start)};
  nb::gil_scoped_release free;
  run_team(g.m.markets, worth(threads, g.cells, ONE_PASS),
           [&](size_t t, Arena& room) { kernels().shares(task, t, room); });
}

void invert(MARKETS, Numbers observed, Numbers start, Out<double> delta, Out<double> residual, Out<double> bound,
            Out<int64_t> steps, Out<int64_t> converged, KeptRoom* kept, unsigned threads) {
  const Given g = THE_MARKETS;
  length(observed, g.N, "observed"), length(start, g.N, "start"), length(delta, g.N, "delta");
  length(residual, g.m.markets, "residual"), length(bound, g.m.markets, "bound");
  length(steps, g.m.markets, "steps"), length(converged, g.m.markets, "converged");
  const InvertTask task{g.m, observed.data(), start.data(), delta.data(), residual.data(), bound.data(), steps.data(),
                        converged.data(), kept ? kept->open(kept_start(g)) : nullptr};
  nb::gil_scoped_release free;
  run_team(g.m.markets, worth(threads, g.cells, MANY_PASSES),
           [&](size_t t, Arena& room) { kernels().invert(task, t, room); });
  if (task.kept) kept->fill();
}

Ownership owners_of(const Given& g, const Whole& firms, const MaybeNumbers& kappa) {
  length(firms, g.N, "firms");
  const size_t F = kappa ? kappa->shape(0) : 0;
  if (kappa) {
    length(*kappa, F * F, "kappa");
    for (size_t j = 0; j < g.N; j++) need(firms.data()[j] >= 0 && size_t(firms.data()[j]) < F, "firms");
  }
  return {firms.data(), pointer(kappa), F};
}

void margins(MARKETS, Numbers delta, Numbers alpha, Whole firms, Numbers wedge, MaybeNumbers kappa, Out<double> eta,
             Out<int64_t> failed, const KeptRoom* kept, unsigned threads) {
  const Given g = THE_MARKETS;
  length(delta, g.N, "delta"), length(alpha, g.A, "alpha"), length(wedge, g.N, "wedge"), length(eta, g.N, "eta");
  length(failed, g.m.markets, "failed");
  const MarginsTask task{g.m, delta.data(), alpha.data(), wedge.data(), owners_of(g, firms, kappa), eta.data(),
                         failed.data(), kept_for(g, kept)};
  nb::gil_scoped_release free;
  run_team(g.m.markets, worth(threads, g.cells, MANY_PASSES),
           [&](size_t t, Arena& room) { kernels().margins(task, t, room); });
}

// Both gradients; what belongs to nests is added up product by product, always in the same order.
void gradient(const Given& g, AdjointTask task, Out<double>& by_coefficient, Out<double>& by_rho,
              Out<double>& multiplier, Out<int64_t>& failed, unsigned threads) {
  length(by_coefficient, g.A * g.m.K, "by_coefficient"), length(by_rho, g.G, "by_rho");
  length(multiplier, g.N, "multiplier"), length(failed, g.m.markets, "failed");
  std::vector<double> by_product(g.m.nests ? g.N : 0);
  task.by_coefficient = by_coefficient.data(), task.by_rho_product = by_product.data();
  task.multiplier = multiplier.data(), task.failed = failed.data();
  double* sums = by_rho.data();
  nb::gil_scoped_release free;
  run_team(g.m.markets, worth(threads, g.cells, MANY_PASSES),
           [&](size_t t, Arena& room) { kernels().adjoint(task, t, room); });
  std::fill(sums, sums + g.G, 0.0);
  for (size_t j = 0; j < by_product.size(); j++) sums[g.m.nests[j]] += by_product[j];
}

void adjoint(MARKETS, Numbers delta, Numbers v, Out<double> by_coefficient, Out<double> by_rho, Out<double> multiplier,
             Out<int64_t> failed, const KeptRoom* kept, unsigned threads) {
  const Given g = THE_MARKETS;
  length(delta, g.N, "delta"), length(v, g.N, "v");
  AdjointTask task{};
  task.m = g.m, task.kept = kept_for(g, kept), task.delta = delta.data(), task.v = v.data();
  gradient(g, task, by_coefficient, by_rho, multiplier, failed, threads);
}

void adjoint_supply(MARKETS, Numbers delta, Numbers v, Numbers v_omega, Numbers alpha, Whole firms, Numbers eta,
                    MaybeNumbers kappa, Out<double> by_coefficient, Out<double> by_rho, Out<double> multiplier,
                    Out<double> by_alpha, Out<int64_t> failed, const KeptRoom* kept, unsigned threads) {
  const Given g = THE_MARKETS;
  length(delta, g.N, "delta"), length(v, g.N, "v"), length(v_omega, g.N, "v_omega"), length(eta, g.N, "eta");
  length(alpha, g.A, "alpha"), length(by_alpha, g.A, "by_alpha");
  AdjointTask task{};
  task.m = g.m, task.kept = kept_for(g, kept), task.delta = delta.data(), task.v = v.data(), task.v_omega = v_omega.data();
  task.alpha = alpha.data(), task.eta = eta.data(), task.own = owners_of(g, firms, kappa);
  task.by_alpha = by_alpha.data();
  gradient(g, task, by_coefficient, by_rho, multiplier, failed, threads);
}

// How far from one row to the next: 0 when all rows share the array.
template <class A>
size_t stride(const A& array, size_t rows, size_t width, const char* what) {
  length(array, array.ndim() == 2 ? rows * width : width, what);
  return array.ndim() == 2 ? width : 0;
}
template <class A>
size_t maybe_stride(const std::optional<A>& array, size_t rows, size_t width, const char* what) {
  return array ? stride(*array, rows, width, what) : 0;
}

void prices(Numbers delta, MaybeNumbers mu, Numbers alpha, Numbers weights, Numbers cost, Numbers keep,
            Numbers ad_valorem, Numbers levies, Whole firms, MaybeNumbers kappa, MaybeFlags offered, MaybeFlags free,
            MaybeNumbers start, MaybeNumbers inverse, double tolerance, int64_t max_steps, Out<double> price,
            Out<double> shares, Out<double> profit, Out<double> residual, Out<int64_t> steps, Out<int64_t> converged,
            size_t rows, MaybeWhole near_start, MaybeWhole near_row, MaybeNumbers near_weight, unsigned threads) {
  need(cost.ndim() == 2 && profit.ndim() == 2, "cost, profit");
  const size_t B = cost.shape(0), J = cost.shape(1), I = weights.size(), F = profit.shape(1);
  need(I > 0, "weights");
  need(rows > 0 && B % rows == 0, "cost");
  const size_t M = B / rows, patterns = rows > 1 ? rows : B;
  need(near_start.has_value() == near_row.has_value() && near_row.has_value() == near_weight.has_value(), "near");
  if (near_start) {
    length(*near_start, rows + 1, "near_start"), length(*near_weight, near_row->size(), "near_weight");
    const int64_t* from = near_start->data();
    need(from[0] == 0 && size_t(from[rows]) == near_row->size(), "near_start");
    for (size_t row = 0; row < rows; row++) {
      need(from[row] <= from[row + 1], "near_start");
      for (int64_t k = from[row]; k < from[row + 1]; k++)
        need(near_row->data()[k] >= 0 && size_t(near_row->data()[k]) < row, "near_row");
    }
  }
  length(price, B * J, "price"), length(shares, B * J, "shares"), length(profit, B * F, "profit");
  length(residual, B, "residual"), length(steps, B, "steps"), length(converged, B, "converged");
  length(firms, J, "firms");
  if (mu) length(*mu, J * I, "mu");
  if (kappa) length(*kappa, F * F, "kappa");
  if (inverse) length(*inverse, J * J, "inverse");
  std::vector<int64_t> order(J);
  for (size_t j = 0; j < J; j++) {
    need(firms.data()[j] >= 0 && size_t(firms.data()[j]) < F, "firms");
    order[j] = int64_t(j);
  }
  std::stable_sort(order.begin(), order.end(),
                   [&](int64_t a, int64_t b) { return firms.data()[a] < firms.data()[b]; });
  const PricesTask task{
      delta.data(), pointer(mu), alpha.data(), weights.data(), cost.data(), keep.data(), ad_valorem.data(),
      levies.data(), pointer(kappa), pointer(start), pointer(inverse), firms.data(), pointer(offered), pointer(free),
      stride(delta, M, J, "delta"), stride(alpha, M, I, "alpha"), stride(keep, M, J, "keep"),
      stride(ad_valorem, M, J, "ad_valorem"), stride(levies, M, J, "levies"), maybe_stride(start, M, J, "start"),
      maybe_stride(offered, patterns, J, "offered"), maybe_stride(free, patterns, J, "free"), J, I, F, order.data(), tolerance,
      max_steps, price.data(), shares.data(), profit.data(), residual.data(), steps.data(), converged.data(),
      rows, pointer(near_start), pointer(near_row), pointer(near_weight)};
  nb::gil_scoped_release unlocked;
  run_team(M, worth(threads, B * J * I, MANY_PASSES),
           [&](size_t market, Arena& room) { kernels().prices(task, market, room); });
}

}  // namespace

#define MARKET_NAMES                                                                                              \
  "market_start"_a.noconvert(), "x2"_a.noconvert(), "agent_start"_a.noconvert(), "weights"_a.noconvert(),        \
      "coefficients"_a.noconvert(), "nests"_a.noconvert().none(), "rho"_a.noconvert().none()

NB_MODULE(_core, m) {
  m.doc() = "The compiled kernels: arrays in, arrays filled.";
  m.attr("edition") = 2;  // with _EDITION of kernels/_native.py: raised when a function's arguments change
  nb::class_<KeptRoom>(m, "Kept").def(nb::init<>());
  m.def("isa", [] { return std::string(kernels().isa); });
  m.def("shares", &shares, MARKET_NAMES, "delta"_a.noconvert(), "out"_a.noconvert(), "outside"_a.noconvert().none(),
        "cells"_a.noconvert().none(), "cell_start"_a.noconvert().none(), "threads"_a);
  m.def("invert", &invert, MARKET_NAMES, "observed"_a.noconvert(), "start"_a.noconvert(), "delta"_a.noconvert(),
        "residual"_a.noconvert(), "bound"_a.noconvert(), "steps"_a.noconvert(), "converged"_a.noconvert(),
        "kept"_a.none(), "threads"_a);
  m.def("margins", &margins, MARKET_NAMES, "delta"_a.noconvert(), "alpha"_a.noconvert(), "firms"_a.noconvert(),
        "wedge"_a.noconvert(), "kappa"_a.noconvert().none(), "eta"_a.noconvert(), "failed"_a.noconvert(),
        "kept"_a.none(), "threads"_a);
  m.def("adjoint", &adjoint, MARKET_NAMES, "delta"_a.noconvert(), "v"_a.noconvert(), "by_coefficient"_a.noconvert(),
        "by_rho"_a.noconvert(), "multiplier"_a.noconvert(), "failed"_a.noconvert(), "kept"_a.none(), "threads"_a);
  m.def("adjoint_supply", &adjoint_supply, MARKET_NAMES, "delta"_a.noconvert(), "v"_a.noconvert(),
        "v_omega"_a.noconvert(), "alpha"_a.noconvert(), "firms"_a.noconvert(), "eta"_a.noconvert(),
        "kappa"_a.noconvert().none(), "by_coefficient"_a.noconvert(), "by_rho"_a.noconvert(),
        "multiplier"_a.noconvert(), "by_alpha"_a.noconvert(), "failed"_a.noconvert(), "kept"_a.none(),
        "threads"_a);
  m.def("prices", &prices, "delta"_a.noconvert(), "mu"_a.noconvert().none(), "alpha"_a.noconvert(),
        "weights"_a.noconvert(), "cost"_a.noconvert(), "keep"_a.noconvert(), "ad_valorem"_a.noconvert(),
        "levies"_a.noconvert(), "firms"_a.noconvert(), "kappa"_a.noconvert().none(), "offered"_a.noconvert().none(),
        "free"_a.noconvert().none(), "start"_a.noconvert().none(), "inverse"_a.noconvert().none(), "tolerance"_a,
        "max_steps"_a, "price"_a.noconvert(), "shares"_a.noconvert(), "profit"_a.noconvert(),
        "residual"_a.noconvert(), "steps"_a.noconvert(), "converged"_a.noconvert(), "rows"_a,
        "near_start"_a.noconvert().none(), "near_row"_a.noconvert().none(), "near_weight"_a.noconvert().none(),
        "threads"_a);
}
