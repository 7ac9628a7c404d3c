"""Single outputs in exact arithmetic: what every method is measured against.

Products of doubles are split into two doubles without error (T. J. Dekker, Numer. Math. 18 (1971) 224–242), and
`math.fsum` adds them exactly, so each value is the true one rounded once. Integers are Python ints; longdoubles and
objects are Fractions.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from fractions import Fraction
from functools import reduce
from math import fsum, prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..methods.orientation import orient
from ..semantics.boundary import NUMBERS, source_index
from ..semantics.problem import Axis, Problem

Array = NDArray[Any]
Index = tuple[int, ...]

_SPLITTER = 2.0**27 + 1  # cuts a double's 53 bits in two halves


def seeded_outputs(shape: Index, most: int, seed: int = 0) -> list[Index]:
    """Return the first, the last and a seeded sample of the outputs; all of them, in order, if they are few."""
    count = prod(shape)
    if count <= most:
        return list(np.ndindex(*shape))
    drawn = np.random.default_rng(seed).choice(count, most - 2, replace=False)
    flat = np.unique(np.concatenate([[0, count - 1], drawn]))
    return [tuple(int(i) for i in index) for index in np.array(np.unravel_index(flat, shape)).T]


def exact_outputs(problem: Problem, signal: Array, kernel: Array, outputs: Iterable[Index]) -> list[Any]:
    """Return the exact results at some outputs: floats and complex numbers rounded once, integers as they are."""
    aligned, oriented = signal.reshape(problem.signal_shape), orient(kernel, problem)
    return [_output(problem, aligned, oriented, index) for index in outputs]


def _output(problem: Problem, signal: Array, kernel: Array, index: Index) -> Any:
    """Return Σ_j ext(x)[k − j] g[j] for one k, times (Σ g)/(Σ of the taps that met a sample) to renormalise."""
    taps = entry(kernel, problem, index)
    samples, inside = read(entry(signal, problem, index), problem, index)
    total = _dot(samples.reshape(-1), taps.reshape(-1))
    factor = renormalizing_factor(problem, taps, inside)
    return total if factor is None else total * factor


def entry(array: Array, problem: Problem, index: Index) -> Array:
    """Return the operand's part for one entry of the batch: its convolved axes alone."""
    return array[
        tuple(slice(None) if i in problem.positions else (0 if array.shape[i] == 1 else k) for i, k in enumerate(index))
    ]


def read(signal: Array, problem: Problem, index: Index) -> tuple[Array, list[Array]]:
    """Return ext(x)[k − j] for all taps j of one output k, and on each axis which of them lie inside the signal."""
    inside = [np.ones(0, bool)] * len(problem.axes)
    for axis in problem.extension_order:
        number = problem.axes.index(axis)
        signal, inside[number] = _along(signal, number, axis, positions(axis, index), problem.fill_value)
    return signal, inside


def positions(axis: Axis, index: Index) -> Array:
    """Return k − j on one axis for all taps j of one output."""
    return np.asarray(axis.start + axis.stride * index[axis.position] - axis.dilation * np.arange(axis.taps))


def renormalizing_factor(problem: Problem, taps: Array, inside: Sequence[Array]) -> Any:
    """Return (Σ g)/(Σ of the taps that met a sample), NaN where that vanishes; None if no axis renormalises."""
    if not any(axis.boundary == "renormalize" for axis in problem.axes):
        return None
    met = [met if a.boundary == "renormalize" else met | True for a, met in zip(problem.axes, inside, strict=True)]
    present = _dot(np.where(reduce(np.logical_and.outer, met), 1, 0).reshape(-1), taps.reshape(-1))
    return _dot(np.ones(taps.size, np.int64), taps.reshape(-1)) / present if present else np.nan


def _along(signal: Array, number: int, axis: Axis, position: Array, fill_value: Any) -> tuple[Array, Array]:
    """Return the extended signal at some positions of one axis, and which of them lie inside."""
    inside = (position >= 0) & (position < axis.signal)
    if axis.boundary not in NUMBERS:
        return signal.take(source_index(axis.boundary, position, axis.signal), axis=number), inside
    taken = signal.take(position.clip(0, axis.signal - 1), axis=number)
    taken[(slice(None),) * number + (~inside,)] = fill_value if axis.boundary == "constant" else 0
    return taken, inside


def _dot(a: Array, b: Array) -> Any:
    """Return Σ a b exactly, rounded once where it is not an integer or a Fraction."""
    if a.dtype.kind in "biuO" and b.dtype.kind in "biuO":
        return sum(int(x) * int(y) if a.dtype.kind != "O" else x * y for x, y in zip(a, b, strict=True))
    if a.dtype.kind == "c" or b.dtype.kind == "c":
        real = _sum([(a.real, b.real), (-a.imag, b.imag)])
        return real + 1j * _sum([(a.real, b.imag), (a.imag, b.real)])
    return _sum([(a, b)])


def _sum(pairs: list[tuple[Array, Array]]) -> Any:
    """Return the sum of all products of real arrays."""
    if any(array.dtype.char in "gO" for pair in pairs for array in pair):
        total = sum(_ratio(x) * _ratio(y) for a, b in pairs for x, y in zip(a, b, strict=True))
        return np.longdouble(total.numerator) / np.longdouble(total.denominator)
    parts = [_products(a.astype(np.float64), b.astype(np.float64)) for a, b in pairs]
    return fsum(np.concatenate(parts))


def _ratio(value: Any) -> Fraction:
    return Fraction(int(value)) if isinstance(value, np.integer) else Fraction(*value.as_integer_ratio())


def _products(a: Array, b: Array) -> Array:
    """Return numbers whose sum is that of the products, without any error."""
    product = a * b
    a_high, b_high = _high(a), _high(b)
    a_low, b_low = a - a_high, b - b_high
    error: Array = a_low * b_low - (((product - a_high * b_high) - a_low * b_high) - a_high * b_low)
    both: Array = np.concatenate([product, error])
    return both


def _high(a: Array) -> Array:
    """Return the upper half of the bits (G. W. Veltkamp's splitting)."""
    scaled = _SPLITTER * a
    high: Array = scaled - (scaled - a)
    return high
