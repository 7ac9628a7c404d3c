"""Direct sums as compiled loops: Numba functions, compiled on first use for each dtype and cached on disk.

Everything compiled stands in this one file: Numba's cache watches only the file of the function itself.
"""

import numba

from .protocol import Array

# Outputs of one pass: eight input rows and one output row of this length stay in the first-level cache.
_PIECE = 1024


@numba.njit(nogil=True, cache=True, fastmath={"contract"})
def sum_rows(data: Array, bases: Array, offsets: Array, taps: Array, out: Array) -> None:
    """Fill `out[r, i] = Σ_t taps[t] · data[bases[r] + offsets[t] + i]`, the taps in ascending order.

    Inner loops run over slices, eight taps a pass: Numba vectorises slices, and eight products share one
    load and store of the sum.
    """
    rows, width = out.shape
    grouped = taps.size - taps.size % 8
    for r in range(rows):
        for begin in range(0, width, _PIECE):
            total = out[r, begin : min(begin + _PIECE, width)]
            total[:] = 0
            base = bases[r] + begin
            size = total.size
            for t in range(0, grouped, 8):
                k0, k1, k2, k3 = taps[t], taps[t + 1], taps[t + 2], taps[t + 3]
                k4, k5, k6, k7 = taps[t + 4], taps[t + 5], taps[t + 6], taps[t + 7]
                x0 = data[base + offsets[t] :][:size]
                x1 = data[base + offsets[t + 1] :][:size]
                x2 = data[base + offsets[t + 2] :][:size]
                x3 = data[base + offsets[t + 3] :][:size]
                x4 = data[base + offsets[t + 4] :][:size]
                x5 = data[base + offsets[t + 5] :][:size]
                x6 = data[base + offsets[t + 6] :][:size]
                x7 = data[base + offsets[t + 7] :][:size]
                for i in range(size):
                    s = total[i] + k0 * x0[i]
                    s = s + k1 * x1[i]
                    s = s + k2 * x2[i]
                    s = s + k3 * x3[i]
                    s = s + k4 * x4[i]
                    s = s + k5 * x5[i]
                    s = s + k6 * x6[i]
                    total[i] = s + k7 * x7[i]
            for t in range(grouped, taps.size):
                k = taps[t]
                x = data[base + offsets[t] :][:size]
                for i in range(size):
                    total[i] += k * x[i]
