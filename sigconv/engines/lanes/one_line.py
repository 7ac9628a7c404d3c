"""One line and one kernel, in one go: all that does not depend on addresses is made once and kept.

The general way looks everything up for each call, which takes as long as many thousands of samples do.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..addresses import address_of
from ..protocol import Array
from ..rows import copier
from .columns import NOWHERE, Count, Lines, ready
from .groups import KEEP, MULTIPLY
from .line_tables import real_dtype, scaled, tables_of
from .lines import Place, cut_of, dropped_rows, reads_of
from .memory import aligned
from .shares import Share


class OneLine:
    """What convolves a contiguous line of samples with a kernel, in blocks of some length; threads may share it.

    The line's outputs are as many as those of a block at least.
    """

    def __init__(self, samples: int, outputs: int, place: Place, length: int, dtype: np.dtype[Any]) -> None:
        self._length, self._dtype, self._real = length, dtype, real_dtype(dtype)
        self._stretch, self._dropped = tables_of(length, dtype).stretch, dropped_rows(place.tail, dtype)
        self._cut = cut = cut_of(place, outputs, length, dtype)
        self._parts = 1 if dtype.kind == "c" else 2
        self._reads = reads = reads_of(
            (samples,), (dtype.itemsize,), dtype.itemsize, True, (), cut, place.boundary, dtype.itemsize
        )
        copies = ((0, reads.before), (2, reads.behind))
        self._copies = [
            (row, copier(dtype, copy.table, dtype, place.fill), copy.begins) for row, copy in copies if copy
        ]
        self._analyse = ready(length, dtype, KEEP, 0, Count(1, self._parts, 1))
        self._convolve = ready(length, dtype, MULTIPLY, 0, Count(1, 1, cut.blocks))

    def __call__(self, signal: Array, spectrum: Array, out: Array, share: Share) -> None:
        """Fill the outputs; signal and `out` are contiguous and of one dtype."""
        place, held = address_of(signal), list[Array]()
        sources = np.full((3, 1), self._reads.begins[0] + place)
        for row, copy, begins in self._copies:
            held.append(copy(place))
            sources[row] = begins + address_of(held[-1])
        cut, size, target = self._cut, self._dtype.itemsize, np.array([[address_of(out)]])
        lines = Lines(sources, self._reads.cuts, target, cut.blocks, cut.hop * size, cut.last * size)
        self._convolve(lines, np.array([[address_of(spectrum)]]), self._dropped, share)

    def spectrum(self, taps: Array, dilation: int) -> Array:
        """Return the spectrum of a kernel, whose taps are as oriented, as `fill_spectra` does."""
        length, spectrum = self._length, aligned((2 * self._length,), self._real)
        padded = np.zeros(self._parts * length, self._dtype)  # of real samples the imaginary parts, too
        padded[: taps.size * dilation : dilation] = scaled(taps, length, self._stretch)
        first = address_of(padded)
        sources = np.array([[first + part * length * self._dtype.itemsize for part in range(self._parts)]])
        self._analyse(Lines(sources, (1, 1), NOWHERE, 1, 0, 0), np.array([[address_of(spectrum)]]), 0)
        return spectrum
