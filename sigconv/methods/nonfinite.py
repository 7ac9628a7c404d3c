"""NaN and Inf in the operands: the result is what the plain sums give, whatever the method.

A transform carries a sample that is not finite to every output it computes, since the sum of its samples (frequency
zero) has a part in each of them. So a few outputs tell whether there was one, and such results are mended: the sums
without these samples, and what the products with them add up to, found by counting them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np

from ..engines.protocol import Array
from ..semantics.problem import Problem

Compute = Callable[[Problem, Array, Array], Array]


class Operand(NamedTuple):
    """A signal with what fills its outside, or a kernel."""

    values: Array
    fill: Any = 0

    def map(self, function: Callable[[Any], Any], dtype: Any = np.int8) -> Operand:
        """Return the operand with a function of every number."""
        with np.errstate(invalid="ignore"):
            return Operand(np.asarray(function(self.values)).astype(dtype), np.asarray(function(self.fill)).item())

    @property
    def finite(self) -> bool:
        """Whether every number is finite."""
        return bool(np.isfinite(self.values).all() and np.isfinite(self.fill))


def is_finite(values: Array) -> bool:
    """Return whether there is no Inf or NaN; the sum shows it, unless it overflows by itself."""
    with np.errstate(all="ignore"):
        return bool(np.isfinite(values.sum()) or np.isfinite(values).all())


def mended(problem: Problem, signal: Array, kernel: Array, weights: Array | None, compute: Compute) -> Array | None:
    """Return the result as the plain sums give it, times its weights if there are any; None if every number is finite.

    `compute` returns the result of any problem for finite operands.
    """
    x, h = Operand(signal, problem.fill_value), Operand(kernel)
    if x.finite and h.finite:
        return None
    clean_x, clean_h = (o.map(lambda v: np.where(np.isfinite(v), v, 0), o.values.dtype) for o in (x, h))
    result = compute(replace(problem, fill_value=clean_x.fill), clean_x.values, clean_h.values)
    outcome = _products_met(problem, x, h, compute)
    outcome = outcome if weights is None else np.where(outcome == 0, 0.0, outcome * np.sign(weights))
    np.copyto(result, outcome.astype(result.dtype), where=outcome != 0)
    return result


def _products_met(problem: Problem, x: Operand, h: Operand, compute: Compute) -> Array:
    """Return what each output's products with numbers that are not finite add up to: NaN, ±Inf, or 0 without any."""
    count = _Counter(problem, compute)
    nans = count(x.map(np.isnan), h.map(_one)) + count(x.map(_one), h.map(np.isnan))
    if "c" in (x.values.dtype.kind, h.values.dtype.kind):
        nans += count(x.map(np.isinf), h.map(_one)) + count(x.map(_one), h.map(np.isinf))
        return np.where(nans > 0, np.nan, 0.0)
    # Of real numbers also which infinity: its sign is that of the product, and 0 · Inf and Inf − Inf are NaN.
    nans += count(x.map(np.isinf), h.map(_is_zero)) + count(x.map(_is_zero), h.map(np.isinf))
    infinite, finite = (count(x.map(_infinite_sign), h.map(_sign)), count(x.map(_finite_sign), h.map(_infinite_sign)))
    sizes = count(x.map(np.isinf), h.map(_is_signed)) + count(x.map(_is_finite_signed), h.map(np.isinf))
    balance = infinite + finite
    either = np.where(np.abs(balance) == sizes, np.where(balance > 0, np.inf, -np.inf), np.nan)
    return np.where(nans > 0, np.nan, np.where(sizes > 0, either, 0.0))


def _one(values: Any) -> Any:
    return np.ones_like(values, np.int8)


def _sign(values: Any) -> Any:
    return np.subtract(np.greater(values, 0), np.less(values, 0), dtype=np.int8)  # of booleans, too; 0 of NaN


def _infinite_sign(values: Any) -> Any:
    return np.where(np.isinf(values), _sign(values), 0)


def _finite_sign(values: Any) -> Any:
    return np.where(np.isfinite(values), _sign(values), 0)


def _is_zero(values: Any) -> Any:
    return np.equal(values, 0)


def _is_signed(values: Any) -> Any:
    return np.not_equal(_sign(values), 0)


def _is_finite_signed(values: Any) -> Any:
    return np.not_equal(_finite_sign(values), 0)


class _Counter:
    """Sums of small integers over the windows of a problem; what lies outside counts only where it is samples."""

    def __init__(self, problem: Problem, compute: Compute) -> None:
        outside = {"renormalize": "zero"}
        self._problem = replace(
            problem,
            axes=tuple(replace(axis, boundary=outside.get(axis.boundary, axis.boundary)) for axis in problem.axes),
            signal_dtype=np.dtype(np.int8),
            kernel_dtype=np.dtype(np.int8),
            result_dtype=np.dtype(np.int64),
            conjugate=False,
        )
        self._compute = compute

    def __call__(self, signal: Operand, kernel: Operand) -> Array:
        if not kernel.values.any() or not (signal.values.any() or signal.fill):
            return np.zeros(self._problem.shape, np.int64)
        return self._compute(replace(self._problem, fill_value=signal.fill), signal.values, kernel.values)
