"""Small problems in one call of numpy.convolve: the way from a call to its loop is a few microseconds.

Several axes are laid out in one line: with rows so far apart that their tails do not meet,
the line's convolution holds the rows of the result one after the other.
"""

from __future__ import annotations

from collections.abc import Callable
from math import isfinite, prod

import numpy as np

from ..engines.protocol import Array
from ..semantics.dtypes import is_exact
from ..semantics.problem import Problem
from .exact import peak

# Products of the longest line for which laying out is cheaper than the general way.
_LONGEST = 1 << 17
_DTYPES = "fdFD"

Run = Callable[[Array, Array], Array | None]


def shortcut(problem: Problem) -> Run | None:
    """Return a function of signal and kernel that computes a small problem, or None if the general way serves.

    The function returns None where the general way is needed after all: an integer sum could overflow, or a number is
    not finite, which in a line would reach outputs that never met it.
    """
    if line_products(problem) is None:
        return None
    run = _one_axis(problem) if len(problem.axes) == 1 else _several_axes(problem)
    return _exactly(run, problem) if is_exact(problem.result_dtype) else run


def line_products(problem: Problem) -> int | None:
    """Return the products of the line that computes a small problem, or None if the general way serves."""
    same = problem.signal_dtype == problem.kernel_dtype == problem.result_dtype
    served = is_exact(problem.result_dtype) or (same and problem.result_dtype.char in _DTYPES)
    plain = all(a.boundary == "zero" and a.silent and a.dilation == 1 for a in problem.axes)
    whole = problem.axes and len(problem.axes) == len(problem.shape)
    if not (served and plain and whole):
        return None
    pitch, last = _laid_out(problem)
    products = problem.axes[0].signal * prod(pitch) * last
    return products if products <= _LONGEST else None


def _laid_out(problem: Problem) -> tuple[tuple[int, ...], int]:
    """Return how far apart the rows of each axis but the first lie in a line, and how long the kernel's line is."""
    pitch = tuple(axis.signal + axis.taps - 1 for axis in problem.axes[1:])
    return pitch, 1 + sum((axis.taps - 1) * prod(pitch[i:]) for i, axis in enumerate(problem.axes))


def _exactly(run: Run, problem: Problem) -> Run:
    """Return a function for integers, which are summed in int64 where that can't overflow."""
    taps, dtype = prod(axis.taps for axis in problem.axes), problem.result_dtype

    def exact(signal: Array, kernel: Array) -> Array | None:
        if peak(signal) * peak(kernel) * taps >= 1 << 63:
            return None
        result = run(signal.astype(np.int64), kernel.astype(np.int64))
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
        if not isfinite(abs(line.sum())):
            return None
        return np.ascontiguousarray(line[:size].reshape(full)[window])

    return run


def _line(array: Array, pitch: tuple[int, ...]) -> Array:
    """Return an array in one line, each axis but the first padded with zeros to its pitch."""
    padded = np.zeros((array.shape[0], *pitch), array.dtype)
    padded[tuple(slice(0, n) for n in array.shape)] = array
    return padded.reshape(-1)
