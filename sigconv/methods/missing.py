"""Missing samples: where they are, and what is made of the sums over those that are present.

With x₀ the signal that is 0 where a sample is missing, and p the indicator of those present (1, else 0), both extended
by the boundary, the sums over what is present are

    omit         y = x₀ ∗ g
    renormalize  y = (x₀ ∗ g) (Σ g)/(p ∗ g), NaN where p ∗ g vanishes

The second is normalized convolution (H. Knutsson and C.-F. Westin, Normalized and differential convolution, CVPR 1993,
515–523). What is outside counts as present where it is a number, and as missing where the boundary renormalises.

How many present samples an output met is known exactly, since the error of a count is far below 1/2. So an output that
met all of them is unchanged, and one that met none is NaN, whatever rounding does. In between p ∗ g may be small: where
its taps are, or where they cancel; there, and where it might vanish, the sums are done again directly (see again.py).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from math import prod
from typing import Any

import numpy as np

from ..engines.protocol import Array
from ..errors import ArgumentTypeError, ArgumentValueError
from ..semantics.dtypes import is_exact
from ..semantics.kept import kept
from ..semantics.missing import Mask
from ..semantics.problem import Problem
from .again import Sums, least, sum_again
from .execute import Prepared, apply
from .orientation import orient
from .renormalize import check_sum, quotients, tolerance, weighing_bytes, widened
from .tiles import Tile
from .workers import Progress, available_workers

# The policy of "propagate" for signals that have a mask: the outputs that met a hidden sample are marked afterwards.
MARK = "mark"
# Prepares a kernel for the plain sums of a problem, which nothing renormalises.
Prepare = Callable[[Problem, Array], Prepared]


def has_nan(values: Array) -> bool:
    """Return whether a sample is NaN, either part of a complex one; a minimum shows it for one look at the samples."""
    if values.dtype.kind == "f" and values.size:
        least = np.minimum.reduce(values, axis=None)
        return bool(least != least)
    return values.dtype.kind in "cO" and bool((values != values).any())


def check_taps(kernel: Array, problem: Problem) -> None:
    """Raise if the policy can't serve a kernel: if a tap is NaN, or there is nothing to scale to."""
    if not _propagates(problem) and has_nan(kernel):
        raise ArgumentValueError(f"the kernel is NaN at {_first(kernel != kernel)}: only nan='propagate' takes that")
    if problem.nan == "renormalize":
        check_sum(kernel.reshape(problem.kernel_shape), problem, "nan='renormalize'")


def _propagates(problem: Problem) -> bool:
    """Return whether NaN is taken as it is, in signals with a mask or without."""
    return problem.nan in ("propagate", MARK)


def _lost_samples(problem: Problem, signal: Array, mask: Mask | None) -> Array | None:
    """Return where samples are missing, or None where all are present; "propagate" takes NaN as it is."""
    if _propagates(problem):
        if mask is None or mask.of_masked_array:
            return None if mask is None else mask.hidden
        if is_exact(problem.result_dtype):
            raise ArgumentTypeError(
                f"mask= with nan='propagate': {problem.result_dtype} results can't be NaN; use nan='omit' or "
                "nan='renormalize', or a masked array"
            )
    lost = mask.hidden if mask is not None and mask.hidden.any() else None
    if not _propagates(problem) and has_nan(signal):
        nans: Array = np.not_equal(signal, signal).astype(bool)
        lost = nans if lost is None else lost | nans
    if lost is not None and problem.nan == "raise":
        raise ArgumentValueError(f"the signal is missing (NaN or masked) at {_first(lost)}, and nan='raise'")
    return lost


def _first(where: Array) -> str:
    index = tuple(int(i) for i in np.unravel_index(int(where.argmax()), where.shape))
    return f"index {index[0] if len(index) == 1 else index}"


def extra_bytes(problem: Problem) -> int:
    """Return the memory of what a policy makes beside the sums: a copy of the signal, and arrays like the result."""
    if problem.nan not in ("omit", "renormalize", MARK):
        return 0
    copies = prod(problem.signal_shape) * (problem.signal_dtype.itemsize + 2)
    if problem.nan == "omit":
        return copies
    if problem.nan == MARK:  # counts, as they come and rounded, and truth values
        return copies + prod(problem.shape) * (2 * 8 + 2)
    # The sums, the taps met and their sizes, weights, the product; counts, and truth values of both.
    wide = _of_taps(problem).kernel_dtype
    each = 2 * problem.working_dtype.itemsize + 4 * wide.itemsize + 8 + 4
    return copies + prod(problem.shape) * each


def room(problem: Problem, max_bytes: int | None) -> int | None:
    """Return what a limit on memory leaves for the sums."""
    return None if max_bytes is None else max(1, max_bytes - extra_bytes(problem) - weighing_bytes(problem, (1,)))


def sums_beside(problem: Problem) -> tuple[Problem, ...]:
    """Return the sums that are taken beside those of the samples: of the taps that these met, and their numbers."""
    if problem.nan == MARK:
        return (_counting(problem, 0),)
    if problem.nan != "renormalize":
        return ()
    plain = _unrounded(problem)
    return _of_taps(plain), _counting(plain, 1)


def _unrounded(problem: Problem) -> Problem:
    """Return the problem of the sums over what is present: those of half precision are scaled, and rounded then."""
    return replace(problem, result_dtype=problem.working_dtype, nan="propagate")


def completed(problem: Problem, signal: Array, mask: Mask | None) -> tuple[Array, Mask | None]:
    """Return the signal with zeros where samples are missing, and where that is unless zeros are all there is to it."""
    lost = _lost_samples(problem, signal, mask)
    if lost is None:
        return signal, None
    values = signal.copy()
    np.copyto(values, values.dtype.type(0), where=lost)
    return values, None if problem.nan == "omit" else Mask(lost, mask is not None and mask.of_masked_array)


def marked(problem: Problem, result: Array, lost: Mask, prepare: Prepare, workers: int | None) -> Array:
    """Return the result, NaN (or masked, in a masked array) where an output met a sample that is missing."""
    met = np.broadcast_to(_counted(problem, lost.hidden, 0, prepare, workers) > 0, result.shape)
    if lost.of_masked_array:
        return np.ma.array(result, mask=met)
    np.copyto(result, np.nan, where=met)
    return result


def _counted(problem: Problem, indicator: Array, outside: int, prepare: Prepare, workers: int | None) -> Array:
    """Return how many of the samples that are indicated each output's taps met."""
    counting = _counting(problem, outside)
    prepared = prepare(counting, np.ones(counting.kernel_shape))
    return np.rint(apply(prepared, indicator.reshape(problem.signal_shape), workers=workers))


def _counting(problem: Problem, outside: int) -> Problem:
    """Return the problem of the numbers of samples that taps met."""
    shape = tuple(n if i in problem.positions else 1 for i, n in enumerate(problem.kernel_shape))
    # Whatever accuracy is asked: the error is far below 1/2 anyway.
    return replace(_of_indicator(problem, outside, np.dtype(np.float64)), kernel_shape=shape, accuracy="normwise")


def _of_taps(problem: Problem) -> Problem:
    """Return the problem of the sums of the taps that met a sample."""
    return _of_indicator(problem, 1, widened(np.empty(0, problem.kernel_dtype), problem).dtype)


def _of_indicator(problem: Problem, outside: int, kernel: np.dtype[Any]) -> Problem:
    """Return the problem of sums of taps: the signal is an indicator, and `outside` where the outside is numbers."""
    axes = [
        replace(a, boundary="constant", silent=False) if outside and a.boundary == "zero" else a for a in problem.axes
    ]
    of_indicator = replace(problem, axes=tuple(axes), signal_dtype=np.dtype(bool), fill_value=outside, nan="propagate")
    return replace(of_indicator, kernel_dtype=kernel, result_dtype=kernel)


class Renormalization:
    """The sums over the samples that are present, scaled: for one kernel and any number of signals."""

    def __init__(self, problem: Problem, kernel: Array, prepare: Prepare) -> None:
        self._problem = _unrounded(problem)
        self._kernel, self._prepare = kernel, prepare
        self._taps = widened(orient(kernel, problem), problem)

    @kept
    def _of_taps(self) -> tuple[Problem, Array]:
        """The problem of the sums of the taps that met a sample, and its kernel."""
        return _of_taps(self._problem), widened(self._kernel, self._problem)

    @kept
    def _prepared_taps(self) -> Prepared:
        return self._prepare(*self._of_taps)

    def __call__(
        self, prepared: Prepared, signal: Array, lost: Array, workers: int | None, progress: Progress | None
    ) -> Array:
        """Return the renormalised sums; `prepared` is the kernel for the signal, which is zero where it is lost."""
        problem, taps = self._problem, prod([axis.taps for axis in self._problem.axes])
        values, present = (a.reshape(problem.signal_shape) for a in (signal, ~lost))
        met = apply(self._prepared_taps, present, workers=workers)
        count = np.broadcast_to(_counted(problem, present, 1, self._prepare, workers), problem.shape)
        plain = prepared._replace(problem=problem, weights=None)
        result = apply(plain, values, None, workers, progress, partial(self._mended, workers=workers))
        vanishing, weak = count == 0, (count > 0) & (count < taps) & (abs(met) <= self._least(present))
        if weak.any():
            sizes = self._again(weak, values, present, result, met, workers)
            vanishing |= weak & (abs(met) <= tolerance(self._kernel, problem) * sizes)
        weights = quotients(self._taps.sum(axis=problem.positions, keepdims=True), met, vanishing)
        np.copyto(weights, 1, where=count == taps)
        with np.errstate(all="ignore"):  # Inf is data, and a result may pass the range of its dtype
            return np.asarray(result * weights)

    def _mended(self, problem: Problem, signal: Array, kernel: Array, workers: int | None) -> Array:
        """Return plain sums of another problem, which put right what an infinite sample has smeared."""
        return apply(self._prepare(problem, kernel), signal, workers=workers)

    def _least(self, present: Array) -> Any:
        """Return below which sums of taps are weak, or might count as vanishing beside the sum of all taps."""
        if self._taps.dtype.kind == "O":
            return 0
        positions = self._problem.positions
        samples = present.sum(axis=positions, keepdims=True)
        sizes = abs(self._taps).sum(axis=positions, keepdims=True)
        return least(self._taps, samples, self._problem) + tolerance(self._kernel, self._problem) * sizes

    def _again(
        self, weak: Array, values: Array, present: Array, result: Array, met: Array, workers: int | None
    ) -> Array:
        """Do the sums of the outputs that are weak directly; return the sums of the magnitudes of the taps they met."""
        problem, (of_taps, _) = self._problem, self._of_taps
        magnitudes = abs(self._taps)
        sizes = np.zeros(weak.shape, magnitudes.dtype)
        of_sizes = replace(of_taps, kernel_dtype=sizes.dtype, result_dtype=sizes.dtype)
        sums = (
            (Sums(orient(self._kernel, problem), problem), values, result),
            (Sums(self._taps, of_taps), present, met),
            (Sums(magnitudes, of_sizes), present, sizes),
        )
        whole = Tile(tuple(slice(0, size) for size in weak.shape))
        sum_again(weak, whole, problem, sums, available_workers(workers))
        return sizes
