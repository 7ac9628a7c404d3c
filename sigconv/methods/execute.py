"""Doing it: the kernel enters in `prepare`, the signal in `apply`, the result is filled tile by tile."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, NamedTuple

import numpy as np

from ..engines.protocol import Array
from ..semantics.dtypes import is_exact
from ..semantics.problem import Problem
from .again import Sums
from .exact import BlockOverflow, check_fits
from .nonfinite import Compute, mended
from .orientation import orient
from .output import overflow_at, written
from .protocol import Index, Method, Runner, Settings
from .renormalize import Weights
from .scaling import Limits, limits, rescaled
from .separable import Passes
from .small import Run
from .sparse import Sparse
from .tiles import Tile
from .workers import Progress, available_workers, in_order, run_shared, run_tiles, runner_of

# The sums over present samples, scaled: of a prepared kernel, a signal, where it lacks samples, workers, progress.
Renormalize = Callable[[Any, Array, Array, int | None, Progress | None], Array]


class Prepared(NamedTuple):
    """A method with its settings and everything computed from the kernel alone; shared freely between threads.

    `small` computes the whole result at once from the signal, where the problem is so small that this is the way.
    """

    problem: Problem
    method: Method
    settings: Settings
    state: Any
    weights: Weights | None
    small: Callable[[Array], Array | None] | None
    kernel: Array
    limits: Limits
    probes: Index | None
    renormalize: Renormalize | None = None

    @property
    def found(self) -> str:
        """What was found in the kernel's values, in a line."""
        return self.method.found(self.state) if isinstance(self.method, (Passes, Sparse)) else ""


def prepare(
    problem: Problem,
    ways: Sequence[tuple[Method, Settings]],
    kernel: Array,
    small: Run | None = None,
    workers: int | None = None,
) -> Prepared:
    """Return the prepared kernel: oriented, and in the form that the first method that takes it multiplies with."""
    oriented = orient(kernel, problem)
    runner = runner_of(available_workers(workers))
    taken = ((method, settings, method.prepare(oriented, problem, settings, runner)) for method, settings in ways)
    with np.errstate(all="ignore"):  # of taps that are not finite, which are dealt with when a signal comes
        method, settings, state = next(way for way in taken if way[2] is not None)
        index = method.probes(state, problem, settings) if problem.working_dtype.kind in "fc" else None
        held = limits(problem, oriented, transformed=index is not None)
    renormalized = any(axis.boundary == "renormalize" for axis in problem.axes)
    again = Sums(oriented, problem) if renormalized and index is not None and not problem.componentwise else None
    weights = Weights(oriented, problem, again) if renormalized else None
    at_once = None if small is None else lambda signal: small(signal, kernel)
    return Prepared(problem, method, settings, state, weights, at_once, kernel, held, index)


def apply(
    prepared: Prepared,
    signal: Array,
    out: Array | None = None,
    workers: int | None = None,
    progress: Progress | None = None,
    compute: Compute | None = None,
) -> Array:
    """Return the result, in `out` if that is given; `progress` is told of tiles done and all tiles.

    `compute` computes what mends a result that numbers which are not finite have smeared.
    """
    problem = prepared.problem
    result = prepared.small(signal) if prepared.small else None
    if result is not None:
        return written(result, out)
    target = np.empty(problem.shape, problem.result_dtype) if out is None or np.may_share_memory(out, signal) else out
    aligned = signal.reshape(problem.signal_shape)
    dtype = problem.result_dtype if out is None else out.dtype
    overflows: list[tuple[int, ...]] = []

    def fill(tile: Tile, runner: Runner = in_order) -> None:
        try:
            with np.errstate(all="ignore"):  # Inf and NaN in the data are the caller's: the result shows them
                place: tuple[Any, ...] = (*tile.slices, ...)  # an array, also of no axis
                _write(prepared, tile, aligned, target[place], dtype, runner)
        except BlockOverflow as overflow:
            overflows.append(tuple(s.start + i for s, i in zip(tile.slices, overflow.index, strict=True)))

    run = run_tiles if prepared.settings.steps == 1 else partial(run_shared, prepared.settings.steps)
    run(fill, problem.shape, prepared.settings.tile, available_workers(workers), progress)
    if overflows:
        raise overflow_at(min(overflows), dtype)
    if compute is not None and _is_suspect(prepared, target):
        _mend(prepared, aligned, target, compute)
    return written(target, out)


def _is_suspect(prepared: Prepared, target: Array) -> bool:
    """Return whether there may have been numbers that are not finite, or out of the range of transforms."""
    if prepared.limits.always or prepared.probes is None:
        return prepared.limits.always
    return not prepared.limits.hold(target[prepared.probes])


def _mend(prepared: Prepared, signal: Array, target: Array, compute: Compute) -> None:
    """Put the result right if an operand has numbers that are not finite, or out of the range of transforms."""
    whole = Tile(tuple(slice(0, size) for size in prepared.problem.shape))
    weights = prepared.weights.of(whole) if prepared.weights else None
    operands = prepared.problem, signal, prepared.kernel
    result = mended(*operands, weights, compute)
    if result is None and prepared.probes is not None:
        result = rescaled(*operands, compute)
    if result is not None:
        np.copyto(target, result, casting="same_kind")


def _write(prepared: Prepared, tile: Tile, signal: Array, target: Array, dtype: np.dtype[Any], runner: Runner) -> None:
    """Write one tile of the result, renormalised where that is asked; its numbers must fit in a dtype."""
    problem = prepared.problem
    computed = problem.result_dtype if is_exact(problem.result_dtype) else problem.working_dtype
    at_once = prepared.weights is None and target.dtype == dtype == computed
    block = target if at_once else np.empty(target.shape, computed)
    prepared.method.fill(prepared.state, problem, prepared.settings, tile, signal, block, runner)
    if prepared.weights is not None:
        prepared.weights.weigh(tile, signal, block, target)
    elif not at_once:
        target[...] = check_fits(block, dtype)
