"""How far a plan's outputs may lie from the exact ones, in figures for given operands: see docs/accuracy.md."""

from __future__ import annotations

from math import log, log2, prod, sqrt
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..methods.bounds import (
    ALLOWED,
    direct_factor,
    passes_factor,
    smallest,
    transform_underflow,
    unit_roundoff,
)
from ..methods.checked import Checked
from ..methods.execute import Prepared
from ..methods.norms import block_norms, cell_sizes, cells_of, factor_of, near
from ..methods.orientation import orient
from ..methods.renormalize import Weights
from ..methods.scaling import peaks, scales
from ..methods.separable import Passes
from ..methods.tiles import Tile, gather, reach_of, trimmed
from ..planning.plan import Plan
from ..semantics.dtypes import is_exact
from ..semantics.kept import kept
from ..semantics.problem import Problem

Array = NDArray[Any]
Index = tuple[int, ...]

_SQUARED = 2.0**-500


class Bounds:
    """The proven bounds of a prepared kernel's outputs for one signal.

    Sizes are relative to the largest sample and the largest tap, so that squares stay in range.
    """

    def __init__(self, prepared: Prepared, signal: Array) -> None:
        problem = self.problem = prepared.problem
        self._prepared, self._settings, self._signal = prepared, prepared.settings, signal
        self._dtype, self._taps = problem.working_dtype, prod(axis.taps for axis in problem.axes)
        self._checked = isinstance(prepared.method, Checked)
        self._lengths = () if self._checked else prepared.settings.lengths
        self._terms = len(prepared.state) if isinstance(prepared.method, Passes) else 0
        self._reaches = [reach_of(axis, slice(0, axis.count)) for axis in problem.axes]
        piece = gather(signal.reshape(problem.signal_shape), problem, self._reaches)
        self._x, self._x_peak = _relative(piece)
        self._h, self._h_peak = _relative(trimmed(orient(prepared.kernel, problem), self._reaches))
        self._h_norms = np.sqrt((self._h**2).sum(axis=problem.positions, keepdims=True))

    def at(self, index: Index) -> Any:
        """Return the bound of one output, before it is rounded to a narrower dtype or renormalised."""
        if is_exact(self.problem.result_dtype):
            return 0.0
        if not (self._lengths or self._terms):
            return self._factor * self._sum(index) * self._peak + self._floor
        place = [0 if n == 1 else i for i, n in zip(index, self._norms.shape, strict=True)]
        for reach, size in zip(self._reaches, self._cell_sizes, strict=True):
            position = reach.axis.position
            place[position] = int(cells_of(reach, size, self._norms.shape[position])[index[position]])
        return self._factor * self._norms[tuple(place)] * _entry(self._h_norms, index) * self._peak + self._floor

    def of_all(self, largest: float) -> float:
        """Return the bound of all outputs, which are at most `largest`, renormalised and in the result's dtype."""
        if is_exact(self.problem.result_dtype):
            return 0.0
        if self._lengths or self._terms:
            size = self._norms.max(initial=0) * self._h_norms.max(initial=0)
        else:
            size = self._x.max(initial=0) * self._h.sum(axis=self.problem.positions).max(initial=0)
        bound = self._factor * size * self._peak + self._floor
        weight, error = _weights(self.problem, self._prepared.kernel)
        return float(bound * weight) + (error + rounding(self.problem)) * largest

    def expected(self, result: float) -> float:
        """Return the largest error that random data let expect, for results up to some size: empirical."""
        if is_exact(self.problem.result_dtype):
            return 0.0
        u, length = unit_roundoff(self._dtype), prod(self._lengths)
        result += result * rounding(self.problem) / u
        if not self._lengths:
            size = self._x.max(initial=0) * self._h.sum(axis=self.problem.positions).max(initial=0)
            return float(u * sqrt(self._taps) * size * self._peak / 2 + u * result)
        size = self._norms.max(initial=0) * self._h_norms.max(initial=0) * self._peak
        return float(u * sqrt(log2(length + 1)) * (sqrt(log(length + 1) / length) * size + result))

    @kept
    def _factor(self) -> float:
        """The factor of the rounding error."""
        if self._lengths:
            return factor_of(self.problem, self._settings)
        if self._terms:
            return passes_factor(self._dtype, tuple(a.taps for a in self.problem.axes), self._terms)
        if self._checked:
            return ALLOWED * self._taps * unit_roundoff(self._dtype)
        conversions = sum(dtype.kind in "iu" for dtype in (self.problem.signal_dtype, self.problem.kernel_dtype))
        return direct_factor(self._dtype, self._taps, conversions)

    @kept
    def _floor(self) -> Any:
        """What underflow adds; of scaled operands also where it is scaled back."""
        if not self._lengths:
            return 2 * self._taps * max(1, self._terms) * smallest(self._dtype)
        length, kernel = prod(self._lengths), float(self._h_norms.max(initial=0) * self._h_peak)
        by = scales(self.problem, *peaks(self.problem, self._signal, self._prepared.kernel))
        back = 0 if by is None else -by.signal - by.kernel
        with np.errstate(over="ignore"):
            return transform_underflow(self._dtype, length, kernel) + np.ldexp(
                transform_underflow(self._dtype, length, 1.0), max(0, back)
            )

    @property
    def _peak(self) -> Any:
        """max |x| max |h|."""
        with np.errstate(over="ignore", under="ignore"):
            return self._x_peak * self._h_peak

    def _sum(self, index: Index) -> Any:
        """Return Σ|x||h| of one output."""
        place: list[Any] = [0 if n == 1 else i for i, n in zip(index, self._x.shape, strict=True)]
        for r in self._reaches:
            first = r.axis.start + r.axis.stride * index[r.axis.position] - r.start
            begin, end = (first - r.axis.dilation * t for t in (r.high - 1, r.low))
            place[r.axis.position] = slice(begin, end + 1, r.axis.dilation)
        taps = np.flip(self._h[_selected(self._h, index, self.problem)])
        return (self._x[tuple(place)] * taps).sum()

    @kept
    def _cell_sizes(self) -> tuple[int, ...]:
        """The samples of a cell on each axis: a part of a block, or of what an output reads; all of one transform."""
        if self._terms:
            return tuple(axis.span for axis in self.problem.axes)
        return cell_sizes(self._settings, self._reaches)

    @kept
    def _norms(self) -> Array:
        """‖x_b‖₂ for the outputs of each cell: of all that their transforms, or their sums, can have read."""
        squares = self._x**2
        if not self._terms:
            return block_norms(squares, self.problem, self._settings, self._reaches)
        for axis in self.problem.axes:
            squares = near(squares, axis, axis.span, 1)
        norms: Array = np.sqrt(squares)
        return norms


def _relative(values: Array) -> tuple[Array, Any]:
    """Return |values| over their largest, and that; as longdoubles if the squares of doubles would underflow."""
    sizes = np.abs(values.astype(np.result_type(values, np.float64)))
    peak = sizes.max(initial=0)
    if peak == 0:
        return sizes, peak
    relative = sizes / peak
    least = relative.min(where=sizes > 0, initial=1)
    return (relative if least > _SQUARED else sizes.astype(np.longdouble) / peak), np.longdouble(peak)


def _entry(array: Array, index: Index) -> Any:
    return array[tuple(0 if n == 1 else i for i, n in zip(index, array.shape, strict=True))]


def _selected(kernel: Array, index: Index, problem: Problem) -> tuple[Any, ...]:
    """Return the kernel of an entry of the batch."""
    return tuple(
        slice(None) if i in problem.positions else (0 if n == 1 else k)
        for i, (k, n) in enumerate(zip(index, kernel.shape, strict=True))
    )


def allowed_error(plan: Plan, signal: Array, kernel: Array, largest: float) -> float:
    """Return how far a plan's outputs, at most `largest`, may lie from the exact ones; integers must be exact."""
    return Bounds(plan.prepare(kernel), signal).of_all(largest)


def rounding(problem: Problem) -> float:
    """Return the unit of a result that is rounded after it was computed in a wider dtype, else 0."""
    return unit_roundoff(problem.result_dtype) if problem.result_dtype != problem.working_dtype else 0.0


def _weights(problem: Problem, kernel: Array) -> tuple[float, float]:
    """Return the largest weight of renormalising, and the relative error of the weights.

    Both sums of a weight, of m taps at most, have an error of γ_m Σ|h|, beside |Σ h|, and |Σ h| / weight.
    """
    if not any(axis.boundary == "renormalize" for axis in problem.axes):
        return 1.0, 0.0
    whole, oriented = Tile(tuple(slice(0, n) for n in problem.shape)), orient(kernel, problem)
    weights = Weights(oriented, problem).of(whole)
    largest = 1.0 if weights is None else float(np.nanmax(np.abs(weights)))
    wide = oriented.astype(np.result_type(kernel, np.float64))
    sums = [np.abs(v.sum(axis=problem.positions)) for v in (np.abs(wide), wide)]
    growth = float((sums[0] / sums[1]).max(initial=1)) * (1 + largest)
    taps = prod(axis.taps for axis in problem.axes)
    return largest, growth * direct_factor(wide.dtype, 2 * taps + 3)
