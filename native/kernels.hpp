// What the Python door, the team of threads and the kernels share: plain pointers, one struct a task.
// Every array belongs to the caller, is C-contiguous and was checked there. Nothing here is a rule of any domain.
#pragma once
#include <stddef.h>
#include <stdint.h>

namespace kanrin {

// Room for one thread, handed out in pieces and taken back whole. A piece stays valid until `clear`.
class Arena {
 public:
  Arena();
  Arena(const Arena&) = delete;
  Arena& operator=(const Arena&) = delete;
  ~Arena();
  double* take(size_t doubles);  // 64-byte aligned, not initialised; throws std::bad_alloc
  int64_t* take_whole(size_t count);
  void clear();
  void shrink(size_t doubles);  // gives back all, when it holds more than this
  struct Mark {
    size_t chunk, used;
  };
  Mark mark() const;
  void back_to(Mark mark);  // what was taken since is free again

 private:
  static constexpr size_t MOST = 48;
  double* chunks_[MOST] = {};
  size_t sizes_[MOST] = {};
  size_t count_ = 0, chunk_ = 0, used_ = 0;
};

// Several markets, flat; nests and rho may be null.
struct Markets {
  const int64_t *market_start, *agent_start;  // T+1
  const double *x2, *weights, *coefficients;  // N K2; A; A K2
  const int64_t* nests;                       // N
  const double* rho;                          // G
  size_t markets, K;
};

// Where the exponentials of each market lie between calls: written by an inversion, read at the same delta.
struct Kept {
  double* room;
  const int64_t* start;  // T+1
  bool filled;
};

// Doubles that the exponentials of a market with J products, I agents and G nests take, in whole lanes of eight.
static inline size_t kept_size(size_t J, size_t I, size_t G) {
  const size_t Jp = (J + 7) / 8 * 8, P = (I + 7) / 8 * 8;
  return J * P + 4 * Jp + (4 * G + 2) * P;
}

struct Ownership {
  const int64_t* firms;  // N
  const double* kappa;   // F F or null: separate firms
  size_t F;
};

struct SharesTask {
  Markets m;
  const double* delta;
  double *out, *outside, *cells;  // the last two may be null
  const int64_t* cell_start;
};

struct InvertTask {
  Markets m;
  const double *observed, *start;
  double *delta, *residual, *bound;
  int64_t *steps, *converged;
  const Kept* kept;  // may be null
};

struct MarginsTask {
  Markets m;
  const double *delta, *alpha, *wedge;
  Ownership own;
  double* eta;
  int64_t* failed;
  const Kept* kept;  // may be null
};

struct AdjointTask {
  Markets m;
  const double *delta, *v;
  const double *v_omega, *alpha, *eta;  // null: demand only
  Ownership own;
  double *by_coefficient, *by_rho_product, *multiplier, *by_alpha;  // A K2; N, added by nest later; N; A
  int64_t* failed;
  const Kept* kept;  // may be null
};

// `rows` rows a market, markets one after the other; a stride of 0 means the same for every market. `offered` and
// `free` are by row with one row a market, else by place among the rows. `near_*` (null, or CSR over the rows of a
// market): rows before, whose prices so weighted are where a row begins.
struct PricesTask {
  const double *delta, *mu, *alpha, *weights, *cost, *keep, *ad_valorem, *levies, *kappa, *start, *inverse;
  const int64_t* firms;
  const bool *offered, *free;
  size_t delta_stride, alpha_stride, keep_stride, ad_valorem_stride, levies_stride, start_stride, offered_stride,
      free_stride;
  size_t J, I, F;
  const int64_t* order;  // J, products sorted by firm
  double tolerance;
  int64_t max_steps;
  double *price, *shares, *profit, *residual;
  int64_t *steps, *converged;
  size_t rows;
  const int64_t *near_start, *near_row;
  const double* near_weight;
};

// The kernels of one instruction set; each does one market.
struct Kernels {
  const char* isa;
  void (*shares)(const SharesTask&, size_t market, Arena&);
  void (*invert)(const InvertTask&, size_t market, Arena&);
  void (*margins)(const MarginsTask&, size_t market, Arena&);
  void (*adjoint)(const AdjointTask&, size_t market, Arena&);
  void (*prices)(const PricesTask&, size_t market, Arena&);
};

const Kernels& kernels();  // chosen once

}  // namespace kanrin

#define KANRIN_PASTE_(a, b) a##b
#define KANRIN_PASTE(a, b) KANRIN_PASTE_(a, b)
#define KANRIN_TEXT_(a) #a
#define KANRIN_TEXT(a) KANRIN_TEXT_(a)
#define KANRIN_HERE KANRIN_PASTE(isa_, KANRIN_ISA)  // a namespace for each instruction set

#ifdef KANRIN_ISA
namespace kanrin::KANRIN_HERE {
void shares(const SharesTask&, size_t market, Arena&);
void invert(const InvertTask&, size_t market, Arena&);
void margins(const MarginsTask&, size_t market, Arena&);
void adjoint(const AdjointTask&, size_t market, Arena&);
void prices(const PricesTask&, size_t market, Arena&);
}  // namespace kanrin::KANRIN_HERE
#endif
