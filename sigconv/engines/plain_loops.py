"""Direct sums in NumPy: for every dtype, objects too, with nothing to import or compile."""

from __future__ import annotations

import numpy as np

from .protocol import Array


def sum_taps(windows: list[Array], taps: Array, out: Array) -> None:
    """Fill `out[…] = Σ_t taps[t] · windows[t][…]`, the taps in ascending order."""
    out[...] = taps[0] * windows[0]
    for tap, window in zip(taps[1:], windows[1:], strict=True):
        out += tap * window


def convolve_line(data: Array, taps: Array) -> Array:
    """Return the sums of one contiguous line where the taps lie wholly inside, by numpy.convolve."""
    return np.convolve(data, taps, "valid")
