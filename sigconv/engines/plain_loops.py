"""Direct sums in NumPy: for every dtype, objects too, with nothing to import or compile."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from .protocol import Array


def sum_taps(taps: Iterable[tuple[Any, Any, Any]], samples: Array, out: Array) -> None:
    """Fill `out` with Σ tap · samples[window], each tap in its place of `out`; the taps in ascending order."""
    out[...] = 0
    for tap, place, window in taps:
        out[place] += tap * samples[window]


def convolve_line(data: Array, taps: Array) -> Array:
    """Return the sums of one contiguous line where the taps lie wholly inside, by numpy.convolve."""
    return np.convolve(data, taps, "valid")
