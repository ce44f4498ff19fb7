// Mean utilities that reproduce shares. The contraction mixed by Anderson(5) first: about as many looks at the shares
// as one Newton step has conjugate gradients. A market that it does not carry home goes the way of MODEL 2.5 from its
// best point: (squarem) to 0.1, then (newton) by conjugate gradients.
#include "derivative.hpp"
#include "mixing.hpp"
#include "probabilities.hpp"

namespace {

constexpr double TARGET = 1e-13, ROUNDING = 1e-12, TO_NEWTON = 0.1, NEAR = 1e-2, ASTRAY = 100.0;
constexpr double LONGEST_STEP = 3.0, LONGEST_RESIDUAL = 30.0;
constexpr int64_t MOST_STEPS = 300, MOST_MIXED = 40;
constexpr double NO_SHARE = 1e-300;

// R = log S - log s at delta (Jp), largest |R|; NaN when a share is.
double log_residual(Market& s, const double* delta, const double* log_observed, double* residual) {
  probabilities(s, delta);
  V size{}, broken{};
  for (size_t j = 0; j < s.J; j += LANES) {
    const V share = load(s.share + j);
    broken += share * all(0.0);
    const V r = load(log_observed + j) - vlog(max_of(share, all(NO_SHARE)));
    store(residual + j, r);
    size = max_of(size_of(r), size);
  }
  return sum(broken) == 0.0 ? largest(size) : NAN;
}

// The step of the contraction: (1-rho) R, R cut.
void contraction(const Market& s, const double* residual, double* step) {
  for (size_t j = 0; j < s.J; j += LANES)
    store(step + j, between(load(residual + j), -LONGEST_RESIDUAL, LONGEST_RESIDUAL) * load(s.keep + j));
}

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
  Market s = shape_market(task.m, market, task.kept, room);
  const size_t J = s.J, Jp = padded(J), bytes = Jp * sizeof(double);
  double* log_observed = gathered(s, task.observed, room, 1.0);
  for (size_t j = 0; j < Jp; j += LANES) store(log_observed + j, vlog(load(log_observed + j)));
  double *delta = gathered(s, task.start, room), *best = room.take(Jp), *residual = room.take(Jp);
  double *step = room.take(Jp), *trial = room.take(Jp), *second = room.take(Jp), *weighted = room.take(s.P);
  refresh(s, delta);
  memcpy(best, delta, bytes);
  const Cg c = cg_room(s, room);
  double smallest = INFINITY, bound = INFINITY;
  int64_t steps = 0, converged = 0;
  Mixing past = mixing_room(Jp, room);
  bool mixing = true;
  for (; steps < MOST_STEPS; steps++) {
    const double size = log_residual(s, delta, log_observed, residual);
    if (!(size == size) && !(mixing && smallest < INFINITY)) break;
    const bool halts = size < ROUNDING && size > 0.5 * smallest;
    const bool arrived = size < TARGET || (halts && !mixing);  // a mixture may halve slowly; Newton tells the floor
    if (size < smallest) {
      memcpy(best, delta, bytes);
      smallest = size;
    }
    if (arrived) {
      converged = 1;
      break;
    }
    if (mixing && (halts || steps == MOST_MIXED || !(size < ASTRAY * smallest))) {
      mixing = false;
      smallest = INFINITY;
      memcpy(delta, best, bytes);
      continue;
    }
    if (mixing) {
      contraction(s, residual, step);
      mix(past, delta, step, trial);
      for (size_t j = 0; j < Jp; j += LANES)
        store(delta + j, load(delta + j) + between(load(trial + j), -LONGEST_RESIDUAL, LONGEST_RESIDUAL));
      continue;
    }
    if (size < TO_NEWTON) {
      const double loose = size < 1e-3 ? size : 1e-3, tolerance = loose > 1e-10 ? loose : 1e-10;
      for (size_t j = 0; j < Jp; j += LANES) store(trial + j, load(s.share + j) * load(residual + j));
      solve_l(s, trial, step, tolerance, c);
      V longest{};
      for (size_t j = 0; j < Jp; j += LANES) longest = max_of(size_of(load(step + j)), longest);
      const V cut = all(largest(longest) > LONGEST_STEP ? LONGEST_STEP / largest(longest) : 1.0);
      for (size_t j = 0; j < Jp; j += LANES) store(delta + j, load(delta + j) + cut * load(step + j));
      continue;
    }
    contraction(s, residual, step);
    for (size_t j = 0; j < Jp; j += LANES) store(trial + j, load(delta + j) + load(step + j));
    log_residual(s, trial, log_observed, second);
    contraction(s, second, second);
    for (size_t j = 0; j < Jp; j += LANES) store(second + j, load(second + j) - load(step + j));
    double stretch = sqrt(dot(step, step, Jp)) / fmax(sqrt(dot(second, second, Jp)), 1e-300);
    stretch = stretch < 1.0 ? 1.0 : stretch > 100.0 ? 100.0 : stretch;
    for (size_t j = 0; j < Jp; j += LANES) {
      const V jump = all(2.0 * stretch) * load(step + j) + all(stretch * stretch) * load(second + j);
      store(trial + j, load(delta + j) + between(jump, -LONGEST_RESIDUAL, LONGEST_RESIDUAL));
    }
    log_residual(s, trial, log_observed, second);
    contraction(s, second, second);
    for (size_t j = 0; j < Jp; j += LANES) store(delta + j, load(trial + j) + load(second + j));
  }
  if (smallest < NEAR) {
    if (memcmp(best, delta, bytes) != 0) log_residual(s, best, log_observed, residual);
    bound = bound_here(s, smallest, weighted, trial);
  }
  scatter(s, best, task.delta);
  task.residual[market] = smallest;
  task.bound[market] = bound;
  task.steps[market] = steps;
  task.converged[market] = converged;
}

}  // namespace kanrin::KANRIN_HERE
