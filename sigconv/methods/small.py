"""Small problems in one call of numpy.convolve: the way from a call to its loop is a few microseconds.

Several axes are laid out in one line: with rows so far apart that their tails do not meet,
the line's convolution holds the rows of the result one after the other.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from math import isfinite, prod
from typing import NamedTuple

import numpy as np

from ..engines.protocol import Array
from ..semantics.dtypes import FLOATS, is_exact
from ..semantics.problem import Problem
from .exact import peak

# Products of the longest line for which laying out is cheaper than the general way.
_LONGEST = 1 << 17
# Kernels of so few short rows take their rows one by one: numpy.correlate has a fast loop for up to 11 taps.
_FEW_ROWS, _SHORT = 6, 11
_LAYING_OUT = 5  # calls: both operands, a look at the sums, and the window

# (‖x‖ ‖h‖)² of integers whose sums are exact in floats, with room for what rounds in the norms.
_EXACT = 2.0**104

Run = Callable[[Array, Array], Array | None]


def shortcut(problem: Problem) -> Run | None:
    """Return a function of signal and kernel that computes a small problem, or None if the general way serves.

    The function returns None where the general way is needed after all: an integer sum could overflow, or a number is
    not finite, which in a line would reach outputs that never met it.
    """
    if lines_of(problem) is None:
        return None
    if len(problem.axes) == 1:
        run = _one_axis(problem)
    elif _has_few_rows(problem):
        run = _row_by_row(problem)
    else:
        run = _several_axes(problem)
    return _exactly(run, problem) if is_exact(problem.result_dtype) else run


class Lines(NamedTuple):
    """The lines that compute a small problem: how many, NumPy's calls, a line's sums and the taps of each."""

    number: int
    calls: int
    sums: int
    taps: int


@lru_cache(maxsize=256)
def lines_of(problem: Problem) -> Lines | None:
    """Return the lines that compute a small problem, or None if the general way serves."""
    same = problem.signal_dtype == problem.kernel_dtype == problem.result_dtype
    served = is_exact(problem.result_dtype) or (same and problem.result_dtype.char in FLOATS)
    plain = all(a.boundary == "zero" and a.silent and a.dilation == 1 for a in problem.axes)
    whole = problem.axes and len(problem.axes) == len(problem.shape)
    if not (served and plain and whole):
        return None
    pitch, last = _laid_out(problem)
    sums = problem.axes[0].signal * prod(pitch) + last - 1
    if sums * last > _LONGEST:
        return None
    if _has_few_rows(problem):
        return Lines(problem.axes[0].taps, 2 + problem.axes[0].taps, sums, problem.axes[1].taps)
    return Lines(1, 1 if len(problem.axes) == 1 else _LAYING_OUT, sums, last)


def _has_few_rows(problem: Problem) -> bool:
    """Return whether a kernel has so few and so short rows that each is taken by itself."""
    return len(problem.axes) == 2 and problem.axes[0].taps <= _FEW_ROWS and problem.axes[1].taps <= _SHORT


def _laid_out(problem: Problem) -> tuple[tuple[int, ...], int]:
    """Return how far apart the rows of each axis but the first lie in a line, and how long the kernel's line is."""
    pitch = tuple([axis.signal + axis.taps - 1 for axis in problem.axes[1:]])
    return pitch, 1 + sum([(axis.taps - 1) * prod(pitch[i:]) for i, axis in enumerate(problem.axes)])


def _exactly(run: Run, problem: Problem) -> Run:
    """Return a function for integers, which are summed in floats where these hold all sums, else in int64 if that does.

    No sum of some of the products exceeds ‖x‖ ‖h‖ (Cauchy and Schwarz).
    """
    taps, dtype = prod(axis.taps for axis in problem.axes), problem.result_dtype

    def exact(signal: Array, kernel: Array) -> Array | None:
        x, h = signal.astype(np.float64), kernel.astype(np.float64)
        if not np.vdot(x, x) * np.vdot(h, h) < _EXACT:
            if peak(signal) * peak(kernel) * taps >= 1 << 63:
                return None
            x, h = signal.astype(np.int64), kernel.astype(np.int64)
        result = run(x, h)
        return None if result is None else result.astype(dtype, copy=False)

    return exact


def _one_axis(problem: Problem) -> Run:
    (axis,) = problem.axes
    window = slice(axis.start, axis.stop, axis.stride)
    flip, conjugate = problem.flip, problem.conjugate and problem.kernel_dtype.kind == "c"

    def run(signal: Array, kernel: Array) -> Array:
        oriented = kernel if flip else kernel[::-1]
        return np.convolve(signal, oriented.conj() if conjugate else oriented)[window]

    return run


def _several_axes(problem: Problem) -> Run:
    full = tuple(axis.signal + axis.taps - 1 for axis in problem.axes)
    pitch, last = _laid_out(problem)
    window = tuple(slice(axis.start, axis.stop, axis.stride) for axis in problem.axes)
    backwards = (slice(None, None, -1),) * len(full)
    flip, conjugate, size = problem.flip, problem.conjugate and problem.kernel_dtype.kind == "c", prod(full)

    def run(signal: Array, kernel: Array) -> Array | None:
        oriented = kernel if flip else kernel[backwards]
        line = np.convolve(_line(signal, pitch), _line(oriented.conj() if conjugate else oriented, pitch)[:last])
        if not _is_finite(line):
            return None
        return np.ascontiguousarray(line[:size].reshape(full)[window])

    return run


def _row_by_row(problem: Problem) -> Run:
    """Return a function that adds up what the rows of a kernel of two axes give, each along the whole line."""
    rows, columns = problem.axes
    above, pitch = rows.taps - 1, columns.signal + columns.taps - 1
    padded = (rows.signal + 2 * above, pitch)
    inside = (slice(above, above + rows.signal), slice(0, columns.signal))
    full = (rows.signal + above, pitch)
    size, begins = prod(full), [(above - i) * pitch for i in range(rows.taps)]
    window = tuple(slice(axis.start, axis.stop, axis.stride) for axis in problem.axes)
    # numpy.correlate conjugates the taps, and takes them as they slide.
    turned = (slice(None), slice(None, None, -1)) if problem.flip else (slice(None, None, -1), slice(None))
    conjugate = problem.conjugate or problem.kernel_dtype.kind != "c"

    def run(signal: Array, kernel: Array) -> Array | None:
        lines = np.zeros(padded, signal.dtype)
        lines[inside] = signal
        line, taps = lines.reshape(-1), kernel[turned] if conjugate else kernel[turned].conj()
        total = np.correlate(line[begins[0] :], taps[0], "full")[:size]
        for begin, row in zip(begins[1:], taps[1:], strict=True):
            total += np.correlate(line[begin:], row, "full")[:size]
        return np.ascontiguousarray(total.reshape(full)[window]) if _is_finite(total) else None

    return run


def _is_finite(line: Array) -> bool:
    """Return whether all numbers are finite; very large ones may be taken for infinite."""
    with np.errstate(all="ignore"):
        return isfinite(abs(line.dot(line)))


def _line(array: Array, pitch: tuple[int, ...]) -> Array:
    """Return an array in one line, each axis but the first padded with zeros to its pitch."""
    padded = np.zeros((array.shape[0], *pitch), array.dtype)
    padded[tuple(slice(0, n) for n in array.shape)] = array
    return padded.reshape(-1)
