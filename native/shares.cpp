// Shares and choice probabilities of one market (rc-shares), (rcnl-shares).
#include "probabilities.hpp"

namespace kanrin::KANRIN_HERE {

void shares(const SharesTask& task, size_t market, Arena& room) {
  const Market s = open_market(task.m, market, task.delta, nullptr, room);
  scatter(s, s.share, task.out);
  if (task.outside) memcpy(task.outside + s.agent, s.outside, s.I * sizeof(double));
  if (!task.cells) return;
  double* cells = task.cells + task.cell_start[market];
  for (size_t j = 0; j < s.J; j++) {
    const double *e = s.e + j * s.P, *q = s.q + size_t(s.nest[j]) * s.P;
    double* __restrict row = cells + size_t(s.order[j]) * s.I;
    for (size_t i = 0; i < s.I; i++) row[i] = s.t[j] * e[i] * q[i];
  }
}

}  // namespace kanrin::KANRIN_HERE
