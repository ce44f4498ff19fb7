// Compiled once per instruction set: its table of kernels.
#include "kernels.hpp"

extern const kanrin::Kernels KANRIN_PASTE(kanrin_kernels_, KANRIN_ISA);
const kanrin::Kernels KANRIN_PASTE(kanrin_kernels_, KANRIN_ISA) = {
    KANRIN_TEXT(KANRIN_ISA),
    kanrin::KANRIN_HERE::shares,
    kanrin::KANRIN_HERE::invert,
    kanrin::KANRIN_HERE::margins,
    kanrin::KANRIN_HERE::adjoint,
    kanrin::KANRIN_HERE::prices,
};
