// Mean utilities that reproduce shares. The contraction mixed by Anderson(5) first: about as many looks at the shares
// as one Newton step has conjugate gradients. A market that it does not carry home goes the way of MODEL 2.5 from its
// best point: (squarem) to 0.1, then (newton) by conjugate gradients.
#include "market.hpp"
#include "mixing.hpp"

namespace {

constexpr double TARGET = 1e-13, ROUNDING = 1e-12, TO_NEWTON = 0.1, NEAR = 1e-2, ASTRAY = 100.0;
constexpr double LONGEST_STEP = 3.0, LONGEST_RESIDUAL = 30.0;
constexpr int64_t MOST_STEPS = 300, MOST_MIXED = 40;
constexpr double NO_SHARE = 1e-300;

// R = log S - log s at delta, largest |R|; NaN when a share is.
double log_residual(Market& s, const double* delta, const double* log_observed, double* residual) {
  probabilities(s, delta);
  double size = 0.0;
  bool broken = false;
  for (size_t j = 0; j < s.J; j++) broken |= !(s.share[j] == s.share[j]);
  if (broken) return NAN;
  for (size_t j = 0; j < s.J; j += LANES) {
    const V share = max_of(load(s.share + j), all(NO_SHARE));
    store(residual + j, load(log_observed + j) - vlog(share));
  }
  for (size_t j = 0; j < s.J; j++) {
    const double one = fabs(residual[j]);
    size = one > size ? one : size;
  }
  return size;
}

inline double within(double x, double limit) { return x > limit ? limit : x < -limit ? -limit : x; }

// (delta-bound) at the present probabilities.
double bound_here(const Market& s, double size, double* weighted, double* among) {
  double least = INFINITY;
  for (size_t g = 0; g < s.G; g++) {
    for (size_t i = 0; i < s.P; i += LANES) store(weighted + i, load(s.wq + g * s.P + i) * load(s.outside + i));
    over_agents(s.e, s.P, size_t(s.begin[g]), size_t(s.begin[g + 1]), weighted, s.t, among);
  }
  for (size_t j = 0; j < s.J; j++) {
    const double sigma = among[j] / s.share[j];
    least = sigma < least ? sigma : least;
  }
  return least > 0.0 ? size / least : INFINITY;
}

}  // namespace

namespace kanrin::KANRIN_HERE {

void invert(const InvertTask& task, size_t market, Arena& room) {
  Market s = open_market(task.m, market, task.start, room);
  const size_t J = s.J, Jp = padded(J);
  double* log_observed = gathered(s, task.observed, room, 1.0);
  for (size_t j = 0; j < Jp; j += LANES) store(log_observed + j, vlog(load(log_observed + j)));
  double *delta = room.take(Jp), *best = room.take(Jp), *residual = room.take(Jp), *step = room.take(Jp);
  double *trial = room.take(Jp), *second = room.take(Jp), *weighted = room.take(s.P);
  memcpy(delta, s.reference, J * sizeof(double));
  memcpy(best, delta, J * sizeof(double));
  const Cg c = cg_room(s, room);
  double smallest = INFINITY, bound = INFINITY;
  int64_t steps = 0, converged = 0;
  Mixing past = mixing_room(J, room);
  bool mixing = true;
  for (; steps < MOST_STEPS; steps++) {
    const double size = log_residual(s, delta, log_observed, residual);
    if (!(size == size) && !(mixing && smallest < INFINITY)) break;
    const bool halts = size < ROUNDING && size > 0.5 * smallest;
    const bool arrived = size < TARGET || (halts && !mixing);  // a mixture may halve slowly; Newton tells the floor
    if (size < smallest) {
      memcpy(best, delta, J * sizeof(double));
      smallest = size;
    }
    if (arrived) {
      converged = 1;
      break;
    }
    if (mixing && (halts || steps == MOST_MIXED || !(size < ASTRAY * smallest))) {
      mixing = false;
      smallest = INFINITY;
      memcpy(delta, best, J * sizeof(double));
      continue;
    }
    if (mixing) {
      for (size_t j = 0; j < J; j++) step[j] = within(residual[j], LONGEST_RESIDUAL) / s.a[j];
      mix(past, delta, step, trial);
      for (size_t j = 0; j < J; j++) delta[j] += within(trial[j], LONGEST_RESIDUAL);
      continue;
    }
    if (size < TO_NEWTON) {
      const double loose = size < 1e-3 ? size : 1e-3, tolerance = loose > 1e-10 ? loose : 1e-10;
      for (size_t j = 0; j < J; j++) trial[j] = s.share[j] * residual[j];
      solve_l(s, trial, step, tolerance, c);
      double longest = 0.0;
      for (size_t j = 0; j < J; j++) longest = fabs(step[j]) > longest ? fabs(step[j]) : longest;
      const double cut = longest > LONGEST_STEP ? LONGEST_STEP / longest : 1.0;
      for (size_t j = 0; j < J; j++) delta[j] += cut * step[j];
      continue;
    }
    double rr = 0.0, vv = 0.0;
    for (size_t j = 0; j < J; j++) {
      step[j] = within(residual[j], LONGEST_RESIDUAL) / s.a[j];
      trial[j] = delta[j] + step[j];
    }
    log_residual(s, trial, log_observed, second);
    for (size_t j = 0; j < J; j++) {
      const double v = within(second[j], LONGEST_RESIDUAL) / s.a[j] - step[j];
      second[j] = v;
      rr += step[j] * step[j];
      vv += v * v;
    }
    double stretch = sqrt(rr) / fmax(sqrt(vv), 1e-300);
    stretch = stretch < 1.0 ? 1.0 : stretch > 100.0 ? 100.0 : stretch;
    for (size_t j = 0; j < J; j++)
      trial[j] = delta[j] + within(2.0 * stretch * step[j] + stretch * stretch * second[j], LONGEST_RESIDUAL);
    log_residual(s, trial, log_observed, second);
    for (size_t j = 0; j < J; j++) delta[j] = trial[j] + within(second[j], LONGEST_RESIDUAL) / s.a[j];
  }
  if (smallest < NEAR) {
    if (memcmp(best, delta, J * sizeof(double)) != 0) log_residual(s, best, log_observed, residual);
    bound = bound_here(s, smallest, weighted, trial);
  }
  scatter(s, best, task.delta);
  task.residual[market] = smallest;
  task.bound[market] = bound;
  task.steps[market] = steps;
  task.converged[market] = converged;
}

}  // namespace kanrin::KANRIN_HERE
