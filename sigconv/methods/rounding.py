"""Exact integers by methods that compute in floats: rounded where that is proven right, in limbs where it is not.

The whole numbers that transforms of float64 give have an error below 1/2 as long as their bound says so,

    16 u log2(L) ‖x_b‖₂ ‖g‖₂ < 1/2,

for the samples x_b of a transform: then rounding gives the exact sums. Operands that are too large for it are split
into limbs, and there is a convolution for each pair of them. Rounded sums are checked modulo a prime (see `residues`);
were one found wrong, direct sums would take the place of its tile.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import lru_cache, partial
from math import ceil, prod, sqrt
from typing import Any, NamedTuple, cast

import numpy as np

from ..engines.protocol import Array
from ..semantics.dtypes import is_exact
from ..semantics.problem import Axis, Problem
from . import residues
from .bounds import transform_bound
from .direct import Direct, loops_for
from .direct_tiles import extended
from .exact import LimbKernel, Total, limb_bits, limb_counts, limb_peak, peak, split
from .layout import local_window
from .protocol import Costs, Estimate, Method, Runner, Settings, SharedMethod, Spread
from .spectral import taps_needed
from .tiles import Reach, Tile, clipped, count_tiles, gather, reach_of, share_of, trimmed

_FLOATS = np.dtype(np.float64)
_ERROR = 0.49  # 1/2, and room for what rounds in the bound itself
# Added to a number below 2^51, this rounds it to a whole one, which is left in the last bits of the sum.
_ROUNDER = np.float64(1.5 * 2**52)
# Bits that integers of some bytes are expected to have, and those of products that one transform takes.
_BITS, _SERVED = {1: 8, 2: 16, 4: 31, 8: 20}, 34
_MOVED = 40  # bytes, for each sum beside its transforms
# A tile takes at most so many times the memory that it takes in floats.
_LARGER = 5

# Writes float64 sums: a limb's state, the problem and the tile, its samples, the sums.
Compute = Callable[[Any, Problem, Tile, Array, Array], None]


class _Kernel(NamedTuple):
    """The oriented kernel, the taps of each axis that are needed, those as limbs, and the largest Σ |g| of a kernel."""

    whole: Array
    taps: tuple[tuple[int, int], ...]
    limbs: LimbKernel
    total: int


class _Limb(NamedTuple):
    """A limb of the kernel: what a method has prepared, the residues of the taps, and the largest ‖g‖₂ of a kernel."""

    state: Any
    residues: Array
    norm: float


class _Piece(NamedTuple):
    """What a tile reads, as a signal of its own: the integers, the problem in floats, and the tile of that."""

    samples: Array
    problem: Problem
    tile: Tile


class Exactly:
    """A method that computes floats, and integers exactly by way of them."""

    def __init__(self, method: Method) -> None:
        self._method, self._direct = method, Direct()
        self.name = method.name

    def reject(self, problem: Problem) -> str | None:
        """Serve what the method serves."""
        return self._method.reject(floats(problem))

    def estimates(self, problem: Problem, costs: Costs, max_bytes: int | None) -> list[Estimate]:
        """Return the method's estimates; for integers those of as many convolutions as limbs are likely to take."""
        if not is_exact(problem.result_dtype):
            return list(self._method.estimates(problem, costs, max_bytes))
        limit = None if max_bytes is None else max_bytes // _LARGER
        return [_exactly(e, problem, costs) for e in self._method.estimates(floats(problem), costs, limit)]

    def prepare(self, kernel: Array, problem: Problem, settings: Settings) -> Any:
        """Return what can be computed from the oriented kernel alone; limbs are transformed on demand."""
        make = partial(self._method.prepare, problem=floats(problem), settings=settings)
        return _prepared(kernel, problem, make) if is_exact(problem.result_dtype) else make(kernel)

    def prepare_shared(self, kernel: Array, problem: Problem, settings: Settings, runner: Runner) -> Any:
        """Return what can be computed from the oriented kernel alone, by workers together."""
        method = cast(SharedMethod, self._method)
        make = partial(method.prepare_shared, problem=floats(problem), settings=settings, runner=runner)
        return _prepared(kernel, problem, make) if is_exact(problem.result_dtype) else make(kernel)

    def fill(self, state: Any, problem: Problem, settings: Settings, tile: Tile, signal: Array, out: Array) -> None:
        """Write one tile of the result to `out`."""

        def compute(state: Any, problem: Problem, tile: Tile, samples: Array, sums: Array) -> None:
            self._method.fill(state, problem, settings, tile, samples, sums)

        self._fill(state, problem, settings, tile, signal, out, compute)

    def fill_shared(
        self, state: Any, problem: Problem, settings: Settings, tile: Tile, signal: Array, out: Array, runner: Runner
    ) -> None:
        """Write one tile of the result to `out`, by workers together."""
        method = cast(SharedMethod, self._method)

        def compute(state: Any, problem: Problem, tile: Tile, samples: Array, sums: Array) -> None:
            method.fill_shared(state, problem, settings, tile, samples, sums, runner)

        self._fill(state, problem, settings, tile, signal, out, compute)

    def _fill(
        self,
        state: Any,
        problem: Problem,
        settings: Settings,
        tile: Tile,
        signal: Array,
        out: Array,
        compute: Compute,
    ) -> None:
        """Write one tile: of integers by rounded sums, or by direct ones where these fail their check."""
        if not is_exact(problem.result_dtype):
            compute(state, problem, tile, signal, out)
        elif not _is_filled(state, problem, settings, tile, signal, out, compute):
            loops = Settings(tile=out.shape, engine=loops_for(problem)[-1])
            taps = self._direct.prepare(state.whole, problem, loops)
            self._direct.fill(taps, problem, loops, tile, signal, out)

    def spread(self, state: Any, problem: Problem, settings: Settings) -> Spread | None:
        """Reach what the method reaches."""
        return self._method.spread(state, problem, settings)

    def describe(self, settings: Settings) -> Mapping[str, str]:
        """Return the settings in words."""
        return self._method.describe(settings)


@lru_cache(maxsize=256)
def floats(problem: Problem) -> Problem:
    """Return the problem that is asked of floats for integers: with the needed taps alone, ghosts already written."""
    if not is_exact(problem.result_dtype):
        return problem
    axes, shape = tuple(map(_held, problem.axes)), list(problem.kernel_shape)
    for axis in axes:
        shape[axis.position] = axis.taps
    dtypes = dict.fromkeys(("signal_dtype", "kernel_dtype", "result_dtype"), _FLOATS)
    return replace(problem, axes=axes, kernel_shape=tuple(shape), **dtypes)  # type: ignore[arg-type]


def _held(axis: Axis) -> Axis:
    """Return an axis with the needed taps alone."""
    low, high = taps_needed(axis)
    first = axis.dilation * low
    start, stop = axis.start - first, axis.stop - first
    return replace(axis, taps=high - low, start=start, stop=stop, boundary="zero", trimmed=True)


def _exactly(estimate: Estimate, problem: Problem, costs: Costs) -> Estimate:
    """Return the estimate of integers from that of floats."""
    sums, tile = prod(_likely_limbs(problem)), estimate.settings.tile
    moved = share_of(count_tiles(problem.shape, tile), costs.workers) * _MOVED * prod(problem.shape)
    return estimate._replace(
        seconds=sums * (estimate.seconds + costs.passes(moved)),
        shared_bytes=estimate.shared_bytes * _most_limbs(problem.kernel_dtype),
        worker_bytes=estimate.worker_bytes + _bytes(problem, tile),
    )


def _likely_limbs(problem: Problem) -> tuple[int, int]:
    """Return how many limbs the operands are likely to have: a guess, since values decide."""
    signal, kernel = ((1 << _BITS[dtype.itemsize]) - 1 for dtype in (problem.signal_dtype, problem.kernel_dtype))
    return limb_counts(lambda i, j: limb_peak(signal, i) * limb_peak(kernel, j) <= 1 << _SERVED)


def _most_limbs(dtype: np.dtype[Any]) -> int:
    """Return how many limbs an operand has at most, with transforms of usual lengths."""
    return max(1, dtype.itemsize // 2)


def _bytes(problem: Problem, tile: tuple[int, ...]) -> int:
    """Return the memory of a tile beside what it takes in floats: samples, and where there are limbs also sums."""
    signal, kernel = _most_limbs(problem.signal_dtype), _most_limbs(problem.kernel_dtype)
    samples = problem.signal_dtype.itemsize + 8 * (4 if signal > 1 else 1)
    words = 7 if signal * kernel > 1 else 0  # a sum of up to three words, what is added, and how
    return samples * prod(extended(problem, tile)) + 8 * words * prod(tile)


def _prepared(kernel: Array, problem: Problem, make: Callable[[Array], Any]) -> _Kernel:
    """Return an integer kernel whose limbs a method prepares."""
    taps = tuple(map(taps_needed, problem.axes))
    whole = [reach_of(axis, slice(0, axis.count), t) for axis, t in zip(problem.axes, taps, strict=True)]
    held = trimmed(kernel, whole)
    total = np.abs(held.astype(_FLOATS)).sum(axis=problem.positions).max(initial=0.0)
    limbs = LimbKernel(held, partial(_limb, positions=problem.positions, make=make))
    return _Kernel(kernel, taps, limbs, ceil(total * (1 + 2.0**-20)))


def _limb(taps: Array, positions: tuple[int, ...], make: Callable[[Array], Any]) -> _Limb:
    numbers = taps.astype(_FLOATS)
    norm = sqrt(np.square(numbers).sum(axis=positions).max(initial=0.0))
    return _Limb(make(numbers), residues.of_kernel(taps), norm)


def _is_filled(
    kernel: _Kernel, problem: Problem, settings: Settings, tile: Tile, signal: Array, out: Array, compute: Compute
) -> bool:
    """Write a tile by rounded sums, and return whether they passed their check."""
    reaches = [clipped(reach_of(a, tile.slices[a.position], t)) for a, t in zip(problem.axes, kernel.taps, strict=True)]
    if out.size == 0 or any(r.empty for r in reaches):
        out[...] = 0
        return True
    piece = _piece(problem, tile, signal, reaches)
    largest = peak(piece.samples)
    counts = limb_counts(partial(_serves, kernel, largest, piece, settings))
    if counts == (1, 1):
        (limb,) = kernel.limbs.limbs(1)
        return _Samples.of(piece, piece.samples).are_summed(limb, compute, out.view(np.int64))
    total, sums = Total(largest * kernel.total), np.empty(out.shape, np.int64)
    bits = limb_bits(largest, counts[0]), limb_bits(kernel.limbs.peak, counts[1])
    for i, part in enumerate(split(piece.samples, bits[0], counts[0])):
        samples = _Samples.of(piece, part)
        for j, limb in enumerate(kernel.limbs.limbs(counts[1])):
            if not samples.are_summed(limb, compute, sums):
                return False
            total.add(sums, i * bits[0] + j * bits[1])
    out[...] = total.result(out.dtype)
    return True


def _piece(problem: Problem, tile: Tile, signal: Array, reaches: list[Reach]) -> _Piece:
    """Return what a tile reads."""
    whole, slices = floats(problem), list(tile.slices)
    axes = []
    for axis, r in zip(whole.axes, reaches, strict=True):
        start, stop = local_window(r)
        axes.append(replace(axis, signal=r.stop - r.start, start=start, stop=stop))
        slices[axis.position] = slice(0, axes[-1].count)
    samples = gather(tile.samples(signal, problem.positions), problem, reaches)
    return _Piece(samples, replace(whole, axes=tuple(axes)), Tile(tuple(slices), cut=True))


def _serves(kernel: _Kernel, largest: int, piece: _Piece, settings: Settings, signal: int, taps: int) -> bool:
    """Return whether with so many limbs of each operand all sums are rounded to the truth.

    ‖x_b‖₂ ≤ √n max |x| for the n samples of a transform (of both blocks, where two are one complex one).
    """
    axes, length = piece.problem.axes, prod(settings.lengths)
    read = min(length, prod(axis.signal for axis in axes))
    if taps == 1:
        norm = float(kernel.limbs.limbs(1)[0].norm)
    else:
        norm = sqrt(prod(axis.taps for axis in axes)) * limb_peak(kernel.limbs.peak, taps)
    signal_norm = sqrt(read * (2 if settings.paired else 1)) * limb_peak(largest, signal)
    return transform_bound(_FLOATS, length, signal_norm * norm) <= _ERROR


class _Samples(NamedTuple):
    """A limb of a piece in floats, with what the check takes of it."""

    piece: _Piece
    floats: Array
    residues: Array

    @classmethod
    def of(cls, piece: _Piece, limb: Array) -> _Samples:
        """Return the floats of a limb."""
        numbers = limb.astype(_FLOATS, order="C")
        return cls(piece, numbers, residues.of_samples(numbers, piece.problem.axes))

    def are_summed(self, kernel: _Limb, compute: Compute, out: Array) -> bool:
        """Write the rounded sums with a limb of the kernel, int64, and return whether they passed the check."""
        _, problem, tile = self.piece
        sums = out.view(_FLOATS)
        compute(kernel.state, problem, tile, self.floats, sums)
        sums += _ROUNDER
        out -= _ROUNDER.view(np.int64)
        taps = tile.batch(kernel.residues, problem.positions)
        return residues.agree(self.residues, taps, residues.of_outputs(out, problem.axes), problem.axes)
