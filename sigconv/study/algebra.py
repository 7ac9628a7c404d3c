"""Sums and products of arrays that know how far they may lie from the exact ones.

A claim of two sides is checked by computing both: they agree if they differ by no more than both errors allow.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import ResultOverflowError
from ..methods.bounds import transform_bound, unit_roundoff
from ..planning.plan import choose
from ..semantics.describe import describe
from ..semantics.dtypes import is_exact
from ..semantics.problem import Problem
from . import modular
from .allowed import allowed_error, rounding

Array = NDArray[Any]


@dataclass(frozen=True)
class Value:
    """An array, and how far any of its entries may lie from the exact one; 0 for integers."""

    array: Array
    error: float = 0.0

    @property
    def largest(self) -> float:
        """The largest magnitude."""
        return float(np.abs(self.array).max(initial=0))


@dataclass(frozen=True)
class Algebra:
    """The operators on some axes, by some method, with their errors.

    The errors of the operands are carried on: |a ∗ b − â ∗ b̂| ≤ e_a Σ|b| + e_b Σ|a| + e_a e_b N, with N products in
    an output, beside the rounding of the operation itself.
    """

    axes: tuple[int, ...]
    method: str = "auto"

    def convolve(self, a: Value, b: Value, mode: str = "full") -> Value:
        """Return a ∗ b."""
        return self._slide(a, b, mode, flip=True)

    def correlate(self, a: Value, b: Value) -> Value:
        """Return a ⋆ b, with b conjugated, at all lags."""
        return self._slide(a, b, "full", flip=False, conjugate=True)

    def framework(self, a: Value, b: Value) -> Value:
        """Return a ⊛ b, b slid without a flip: what deep-learning frameworks call convolution."""
        return self._slide(a, b, "full", flip=False)

    def add(self, a: Value, b: Value) -> Value:
        """Return a + b; the shorter one goes on with zeros."""
        x, y = self._as_long(a.array, b.array)
        total = x + y
        if is_exact(total.dtype):
            if (((x ^ total) & (y ^ total)) < 0).any():
                raise ResultOverflowError(f"a sum does not fit in {total.dtype}: use smaller integers, or floats")
            return Value(total)
        return Value(total, a.error + b.error + unit_roundoff(total.dtype) * float(np.abs(total).max(initial=0)))

    def flip(self, a: Value) -> Value:
        """Return a read backwards."""
        return replace(a, array=np.flip(a.array, self.axes))

    def conjugate(self, a: Value) -> Value:
        """Return the complex conjugate."""
        return replace(a, array=a.array.conj())

    def shift(self, a: Value, steps: int) -> Value:
        """Return a behind some zeros on every axis."""
        return replace(a, array=np.pad(a.array, self._per_axis(a.array.ndim, (steps, 0))))

    def impulse(self, a: Value) -> Value:
        """Return zeros around a 1, three taps on every axis."""
        ones = np.ones((1,) * a.array.ndim, a.array.dtype)
        return Value(np.pad(ones, self._per_axis(ones.ndim, (1, 1))))

    def by_transforms(self, a: Value, b: Value) -> Value:
        """Return the inverse transform of the product of both transforms, without any code of sigconv's FFT methods.

        Integers are transformed modulo a prime, so that the result is exact, modulo that prime.
        """
        problem = self._problem(a, b, "full", flip=True)
        lengths = [1 << (axis.stop - 1).bit_length() for axis in problem.axes]
        wanted = tuple(slice(0, problem.shape[i]) if i in self.axes else slice(None) for i in range(a.array.ndim))
        if is_exact(problem.result_dtype):
            x, y = (modular.transform(v.array, lengths, self.axes) for v in (a, b))
            return Value(modular.transform(x * y % modular.PRIME, lengths, self.axes, inverse=True)[wanted])
        x, y = (np.fft.fftn(v.array.astype(problem.working_dtype), lengths, self.axes) for v in (a, b))
        both = np.fft.ifftn(x * y, lengths, self.axes)[wanted]
        result = (both if problem.result_dtype.kind == "c" else both.real).astype(problem.result_dtype)
        norms = float(np.linalg.norm(_wide(a.array).reshape(-1)) * np.linalg.norm(_wide(b.array).reshape(-1)))
        error = transform_bound(problem.working_dtype, prod(lengths), norms)
        return Value(result, error + rounding(problem) * float(np.abs(result).max(initial=0)))

    def modulo(self, a: Value) -> Value:
        """Return integers modulo the prime of `by_transforms`, other numbers as they are."""
        return Value(a.array % modular.PRIME) if is_exact(a.array.dtype) else a

    def contains(self, a: Value, b: Value) -> bool:
        """Return whether one is at least as long as the other on every axis, so that `valid` has a meaning."""
        differences = [a.array.shape[i] - b.array.shape[i] for i in self.axes]
        return all(d >= 0 for d in differences) or all(d <= 0 for d in differences)

    def _slide(self, a: Value, b: Value, mode: str, **operator: Any) -> Value:
        plan = choose(self._problem(a, b, mode, **operator), self.method)
        result = Value(plan(a.array, b.array))
        own = allowed_error(plan, a.array, b.array, result.largest)
        products = prod(min(axis.signal, axis.taps) for axis in plan.problem.axes)
        carried = a.error * self._sum(b) + b.error * self._sum(a) + a.error * b.error * products
        return replace(result, error=own + carried)

    def _problem(self, a: Value, b: Value, mode: str, **operator: Any) -> Problem:
        x, y = a.array, b.array
        return describe(x.shape, y.shape, x.dtype, y.dtype, mode=mode, axes=self.axes, **operator)

    def _sum(self, a: Value) -> float:
        """Return Σ|a| over the convolved axes, the largest of all batches."""
        return float(_wide(np.abs(a.array)).sum(axis=self.axes).max(initial=0)) if a.array.size else 0.0

    def _as_long(self, *arrays: Array) -> list[Array]:
        longest = {i: max(array.shape[i] for array in arrays) for i in self.axes}
        ends = [[(0, longest.get(i, n) - n) for i, n in enumerate(array.shape)] for array in arrays]
        return [np.pad(array, end) for array, end in zip(arrays, ends, strict=True)]

    def _per_axis(self, ndim: int, widths: tuple[int, int]) -> list[tuple[int, int]]:
        return [widths if i in self.axes else (0, 0) for i in range(ndim)]


def _wide(array: Array) -> Array:
    return array.astype(np.result_type(array, np.float64))
