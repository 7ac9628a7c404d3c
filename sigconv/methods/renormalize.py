"""The weights of `boundary="renormalize"`: (Σ kernel)/(Σ of the taps that met a sample), for each output.

Both sums are taken over plain ranges of taps, by cumulative sums from the end where the range begins, so that a small
partial sum is not the difference of two large ones; away from the edges the weight is exactly 1.
"""

from __future__ import annotations

from math import prod
from typing import Any

import numpy as np

from ..engines.protocol import Array
from ..errors import ArgumentValueError
from ..semantics.problem import Axis, Problem
from .scaling import near_one
from .tiles import Tile


class Weights:
    """The kernel summed over the axes that don't renormalise, ready to give the weights of any tile."""

    def __init__(self, kernel: Array, problem: Problem) -> None:
        self.axes = tuple(axis for axis in problem.axes if axis.boundary == "renormalize")
        self._positions = problem.positions
        others = tuple(p for p in problem.positions if p not in {a.position for a in self.axes})
        wide = kernel if kernel.dtype.kind == "O" else near_one(kernel.astype(_wide(kernel, problem)))
        self._taps = wide.sum(axis=others, keepdims=True)
        self._magnitudes = abs(wide).sum(axis=others, keepdims=True)
        self._tolerance = 0.0 if kernel.dtype.kind == "O" else 4 * prod(problem.kernel_shape) * _epsilon(kernel)
        self._check()

    def _check(self) -> None:
        """Raise where the kernel's sum vanishes, so that nothing can be scaled to it."""
        whole = tuple(a.position for a in self.axes)
        total, size = self._taps.sum(axis=whole), self._magnitudes.sum(axis=whole)
        if np.any(abs(total) <= self._tolerance * size):
            raise ArgumentValueError(
                "boundary='renormalize' with a kernel whose sum vanishes (as Sobel's and Laplace's do): "
                "there is nothing to scale to; use another boundary"
            )

    def of(self, tile: Tile) -> Array | None:
        """Return the weights of a tile, or None where all are 1."""
        taps, magnitudes = (tile.batch(a, self._positions) for a in (self._taps, self._magnitudes))
        met = [_taps_met(axis, tile.slices[axis.position]) for axis in self.axes]
        if all(low.max() == 0 and high.min() == axis.taps for axis, (low, high) in zip(self.axes, met, strict=True)):
            return None
        total = taps
        for axis, (low, high) in zip(self.axes, met, strict=True):
            taps = range_sums(taps, axis.position, low, high)
            magnitudes = range_sums(magnitudes, axis.position, low, high)
            total = range_sums(total, axis.position, np.array([0]), np.array([axis.taps]))
        vanishing = abs(taps) <= self._tolerance * magnitudes
        weights: Array = total / np.where(vanishing, 1, taps)
        weights[vanishing] = np.nan
        return weights


def _wide(kernel: Array, problem: Problem) -> np.dtype[Any]:
    """Return the dtype of the sums of taps: at least double, and as precise as the result."""
    return np.result_type(kernel, np.longdouble if problem.working_dtype.char in "gG" else np.float64)


def _epsilon(kernel: Array) -> float:
    return float(np.finfo(kernel.dtype if kernel.dtype.kind in "fc" else np.float64).eps)


def _taps_met(axis: Axis, wanted: slice) -> tuple[Array, Array]:
    """Return the taps [low, high) that meet a sample, for each output of a tile."""
    output = axis.start + axis.stride * np.arange(wanted.start, wanted.stop)
    low = np.maximum(0, -((axis.signal - 1 - output) // axis.dilation))
    return low, np.maximum(low, np.minimum(axis.taps, output // axis.dilation + 1))


def range_sums(values: Array, axis: int, low: Array, high: Array) -> Array:
    """Return Σ values[low … high) along an axis, for each pair of bounds.

    >>> range_sums(np.array([1, 2, 4, 8]), 0, np.array([0, 1, 2]), np.array([2, 3, 4])).tolist()
    [3, 6, 12]
    """
    moved = np.moveaxis(values, axis, 0)
    zero = np.zeros((1, *moved.shape[1:]), values.dtype)
    from_low = np.concatenate([zero, np.cumsum(moved, axis=0)])
    from_high = np.concatenate([np.cumsum(moved[::-1], axis=0)[::-1], zero])
    sums = np.where(_column(low == 0, moved), from_low[high], from_high[low])
    for i in np.flatnonzero((low > 0) & (high < len(moved))):
        sums[i] = moved[low[i] : high[i]].sum(axis=0)
    return np.moveaxis(sums, 0, axis)


def _column(mask: Array, like: Array) -> Array:
    return mask.reshape(-1, *(1,) * (like.ndim - 1))
