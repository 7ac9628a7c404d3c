"""Direct sums of operands of one dtype, a compiled call for each tile: the way to the loops is a few microseconds."""

from __future__ import annotations

from functools import cache, lru_cache
from math import prod
from typing import Any

import numpy as np

from ..engines.forks import load
from ..engines.protocol import Array
from ..engines.recent import Recent
from ..semantics.dtypes import FLOATS
from ..semantics.problem import Problem
from .direct_tiles import parts
from .output import target_in, written
from .tiles import Tile, contributing, count_tiles, numbers_outside, reach_of, tiles
from .workers import available_workers, in_order, runner_of

_COPIED = 1 << 16  # samples at most of a signal that is copied as a whole, because of its layout
_MOST = 1 << 12  # tiles whose tables are made before; of more, none counts for much by itself
# Bytes of tables that a plan keeps; larger ones are those of the plans that were used last.
_KEPT = 1 << 14
_large = Recent[Any](16)


@lru_cache(maxsize=1024)
def serves(problem: Problem) -> bool:
    """Return whether the compiled call is for a problem: operands of one dtype, every tap met, one fill number."""
    axes, shape = problem.axes, problem.shape
    same = problem.signal_dtype == problem.kernel_dtype == problem.result_dtype
    if not same or problem.result_dtype.char not in FLOATS or not axes or 0 in shape:
        return False
    if axes[0].position + len(axes) != len(shape) or "renormalize" in [axis.boundary for axis in axes]:
        return False  # the convolved axes, in ascending order, are not the last ones
    met = [contributing(axis, axis.start, axis.start + axis.stride * (axis.count - 1)) for axis in axes]
    return met == [(0, axis.taps) for axis in axes] and (len(axes) == 1 or len(numbers_outside(problem)) <= 1)


def compiled(problem: Problem, steps: tuple[int, ...]) -> Compiled | None:
    """Return what computes a problem in tiles of some size, if it is served."""
    return Compiled(problem, steps) if serves(problem) and count_tiles(problem.shape, steps) <= _MOST else None


class Compiled:
    """What computes all tiles of a problem that is served; shared freely between threads."""

    def __init__(self, problem: Problem, steps: tuple[int, ...]) -> None:
        self._problem, self._steps, self._tiles = problem, steps, count_tiles(problem.shape, steps)
        self._shape, self._dtype, self._fill = problem.shape, problem.result_dtype, _engine().fill
        cut = self._cut()
        pieces = self._made(cut)
        small = _engine().bytes_of(pieces) <= _KEPT
        self._pieces = pieces if small else None
        if not small:
            _large.get(self, lambda: pieces)
        self._conjugate = problem.conjugate and problem.kernel_dtype.kind == "c"
        self._served = len(cut) == 1 or (problem.kernel_batch == 1 and not any(_is_narrow(problem, t) for t in cut))

    def __call__(self, signal: Array, kernel: Array, out: Array | None, workers: int | None) -> Array | None:
        """Return the result, in `out` if that is given, or None where the general way is needed after all."""
        if not self._served or (signal.size > _COPIED and not (signal.flags.carray and signal.dtype.isnative)):
            return None
        target = np.empty(self._shape, self._dtype) if out is None else target_in(out, self._dtype, signal, kernel)
        runner = in_order if self._tiles == 1 else runner_of(min(self._tiles, available_workers(workers)))
        taps = kernel.conj() if self._conjugate else kernel
        pieces = self._pieces or _large.get(self, lambda: self._made(self._cut()))
        if not self._fill(pieces, signal, taps, target, runner):
            return None
        return target if out is None else written(target, out)

    def apply(self, prepared: Any, signal: Array, out: Array | None, workers: int | None) -> Array | None:
        """Return the result with a kernel that is prepared: direct sums take it as it is."""
        return self(signal, prepared.kernel, out, workers)

    def _cut(self) -> list[Tile]:
        """Return what is computed one by one: the tiles, or parts of them."""
        return [part for tile in tiles(self._problem.shape, self._steps) for part, _ in parts(self._problem, tile)]

    def _made(self, cut: list[Tile]) -> list[Any]:
        """Return the parts as the engine knows them."""
        sums = _sums(self._problem)
        return [_engine().piece_of(sums, part.slices, _spans(self._problem, part)) for part in cut]


def _is_narrow(problem: Problem, tile: Tile) -> bool:
    """Return whether a tile has several rows of less than a vector, which would reach into other tiles."""
    *rows, width = (s.stop - s.start for s in tile.slices)
    return bool(prod(rows) > 1 and width * problem.result_dtype.itemsize < _engine().PIECE)


def _sums(problem: Problem) -> Any:
    """Return the problem as the engine knows it."""
    return _engine().Sums(
        signal=problem.signal_shape,
        kernel=problem.kernel_shape,
        result=problem.shape,
        steps=tuple((axis.stride, axis.dilation) for axis in problem.axes),
        dtype=problem.result_dtype,
        fill=next(iter(numbers_outside(problem)), 0),
        backwards=not problem.flip,
    )


def _spans(problem: Problem, tile: Tile) -> tuple[Any, ...]:
    """Return what all taps read for a tile, on each convolved axis."""
    reaches = (reach_of(axis, tile.slices[axis.position], (0, axis.taps)) for axis in problem.axes)
    return tuple(_engine().Span(r.start, r.stop, r.axis.signal, r.axis.boundary) for r in reaches)


@cache
def _engine() -> Any:
    """Return the module of the compiled call, which imports numba."""
    return load("at_once")
