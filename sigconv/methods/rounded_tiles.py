"""Tiles of exact integers by way of floats: what a tile reads, its limbs, their rounded sums, the check of these."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import lru_cache, partial
from math import ceil, prod, sqrt
from typing import Any, NamedTuple

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from ..engines.protocol import Array
from ..semantics.dtypes import is_exact
from ..semantics.kept import kept
from ..semantics.problem import Axis, Problem
from . import residues
from .bounds import transform_bound
from .exact import LimbKernel, Total, limb_bits, limb_counts, limb_peak, peak, split
from .layout import local_window
from .protocol import Settings
from .spectral import taps_needed
from .tiles import Reach, Tile, clipped, gather, reach_of, trimmed

_FLOATS = np.dtype(np.float64)
_ERROR = 0.49  # 1/2, and room for what rounds in the bound itself
# Parts of a transform's samples, whose sizes are added up to that of each transform.
_PARTS = 16
# By so many times a norm may be below its bound, so that it is worth being computed.
_HOPE = 16

# Writes float64 sums: a limb's state, the problem and the tile, its samples, the sums.
Compute = Callable[[Any, Problem, Tile, Array, Array], None]


class Kernel(NamedTuple):
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


@dataclass(frozen=True)
class _Piece:
    """What a tile reads, as a signal of its own: the integers, the problem in floats, and the tile of that."""

    samples: Array
    problem: Problem
    tile: Tile
    settings: Settings

    @kept
    def peak(self) -> int:
        """Return max |x|."""
        return peak(self.samples)

    def limbs(self, count: int) -> list[Array]:
        """Return that many limbs, in floats; the last ones are kept."""
        if self._kept.get("count") != count:
            parts = split(self.samples, limb_bits(self.peak, count), count) if count > 1 else [self.samples]
            self._kept.update(count=count, limbs=[part.astype(_FLOATS, order="C") for part in parts])
        kept: list[Array] = self._kept["limbs"]
        return kept

    @kept
    def _kept(self) -> dict[str, Any]:
        return {}

    def norm(self, count: int) -> float:
        """Return what ‖x_b‖₂ of no transform of some limbs exceeds, in a pass over the samples."""
        return max(map(self._norm, self.limbs(count)))

    def _norm(self, samples: Array) -> float:
        """Return what ‖x_b‖₂ of no transform exceeds.

        Along the first axis a transform's samples lie within so many parts; along others all are counted.
        """
        first, *others = self.problem.positions
        squares = np.square(samples).sum(axis=tuple(others), keepdims=True)
        lines, lengths = np.moveaxis(squares, first, -1), self.settings.lengths
        size = -(-(lengths[0] if others else prod(lengths)) // _PARTS)
        parts = np.add.reduceat(lines, np.arange(0, lines.shape[-1], size), axis=-1)
        window = min(_PARTS + 1, parts.shape[-1])
        return sqrt(self._paired * sliding_window_view(parts, window, axis=-1).sum(axis=-1).max())

    def bound(self, limbs: int) -> float:
        """Return what ‖x_b‖₂ of no transform of some limbs exceeds: √n max |x| for the n samples that it reads."""
        read = min(prod(self.settings.lengths), prod(axis.signal for axis in self.problem.axes))
        return sqrt(self._paired * read) * limb_peak(self.peak, limbs)

    @property
    def _paired(self) -> int:
        """How many blocks are one complex one."""
        return 2 if self.settings.paired else 1


@lru_cache(maxsize=256)
def floats(problem: Problem) -> Problem:
    """Return the problem that is asked of floats for integers: with the needed taps alone, ghosts already written."""
    if not is_exact(problem.result_dtype):
        return problem
    axes, shape = tuple(map(_held, problem.axes)), list(problem.kernel_shape)
    for axis in axes:
        shape[axis.position] = axis.taps
    dtypes = dict.fromkeys(("signal_dtype", "kernel_dtype", "result_dtype"), _FLOATS)
    # Errors below 1/2 are rounded away, whatever they are small beside.
    return replace(problem, axes=axes, kernel_shape=tuple(shape), accuracy="normwise", **dtypes)  # type: ignore[arg-type]


def _held(axis: Axis) -> Axis:
    """Return an axis with the needed taps alone."""
    low, high = taps_needed(axis)
    start, stop = axis.start - axis.dilation * low, axis.stop - axis.dilation * low
    place = axis.position, axis.signal, high - low, axis.dilation
    return Axis(*place, start, stop, axis.stride, "zero", axis.silent, trimmed=True)


def prepared(kernel: Array, problem: Problem, make: Callable[[Array], Any]) -> Kernel:
    """Return an integer kernel whose limbs a method prepares."""
    taps = tuple(map(taps_needed, problem.axes))
    whole = [reach_of(axis, slice(0, axis.count), t) for axis, t in zip(problem.axes, taps, strict=True)]
    held = trimmed(kernel, whole)
    total = np.abs(held.astype(_FLOATS)).sum(axis=problem.positions).max(initial=0.0)
    limbs = LimbKernel(held, partial(_limb, positions=problem.positions, make=make))
    return Kernel(kernel, taps, limbs, ceil(total * (1 + 2.0**-20)))


def _limb(taps: Array, positions: tuple[int, ...], make: Callable[[Array], Any]) -> _Limb:
    numbers = taps.astype(_FLOATS)
    norm = sqrt(np.square(numbers).sum(axis=positions).max(initial=0.0))
    return _Limb(make(numbers), residues.of_kernel(taps), norm)


def is_filled(
    kernel: Kernel, problem: Problem, settings: Settings, tile: Tile, signal: Array, out: Array, compute: Compute
) -> bool:
    """Write a tile by rounded sums, and return whether they passed their check."""
    reaches = [clipped(reach_of(a, tile.slices[a.position], t)) for a, t in zip(problem.axes, kernel.taps, strict=True)]
    if out.size == 0 or any(r.empty for r in reaches):
        out[...] = 0
        return True
    piece = _piece(problem, settings, tile, signal, reaches)
    counts = limb_counts(partial(_serves, kernel, piece))
    if counts == (1, 1):
        (limb,) = kernel.limbs.limbs(1)
        return _Samples.of(piece, piece.limbs(1)[0]).are_summed(limb, compute, out.view(np.int64))
    total, sums = Total(piece.peak * kernel.total), np.empty(out.shape, np.int64)
    bits = limb_bits(piece.peak, counts[0]), limb_bits(kernel.limbs.peak, counts[1])
    for i, part in enumerate(piece.limbs(counts[0])):
        samples = _Samples.of(piece, part)
        for j, limb in enumerate(kernel.limbs.limbs(counts[1])):
            if not samples.are_summed(limb, compute, sums):
                return False
            total.add(sums, i * bits[0] + j * bits[1])
    out[...] = total.result(out.dtype)
    return True


def _piece(problem: Problem, settings: Settings, tile: Tile, signal: Array, reaches: list[Reach]) -> _Piece:
    """Return what a tile reads."""
    whole, slices = floats(problem), list(tile.slices)
    axes = []
    for axis, r in zip(whole.axes, reaches, strict=True):
        start, stop = local_window(r)
        axes.append(replace(axis, signal=r.stop - r.start, start=start, stop=stop))
        slices[axis.position] = slice(0, axes[-1].count)
    samples = gather(tile.samples(signal, problem.positions), problem, reaches)
    return _Piece(samples, replace(whole, axes=tuple(axes)), Tile(tuple(slices), cut=True), settings)


def _serves(kernel: Kernel, piece: _Piece, signal: int, taps: int) -> bool:
    """Return whether with so many limbs of each operand all sums are rounded to the truth."""
    error = partial(transform_bound, _FLOATS, prod(piece.settings.lengths))
    if taps > 1:
        norm = sqrt(prod(axis.taps for axis in piece.problem.axes)) * limb_peak(kernel.limbs.peak, taps)
    else:
        norm = kernel.limbs.limbs(1)[0].norm
    most = error(piece.bound(signal) * norm)
    return most <= _ERROR or (most <= _HOPE * _ERROR and error(piece.norm(signal) * norm) <= _ERROR)


class _Samples(NamedTuple):
    """A limb of a piece in floats, with what the check takes of it."""

    piece: _Piece
    floats: Array
    residues: Array

    @classmethod
    def of(cls, piece: _Piece, limb: Array) -> _Samples:
        """Return a limb with what the check takes of it."""
        return cls(piece, limb, residues.of_samples(limb, piece.problem.axes, piece.settings.residues))

    def are_summed(self, kernel: _Limb, compute: Compute, out: Array) -> bool:
        """Write the rounded sums with a limb of the kernel, int64, and return whether they passed the check."""
        problem, tile, loops = self.piece.problem, self.piece.tile, self.piece.settings.residues
        sums = out.view(_FLOATS)
        compute(kernel.state, problem, tile, self.floats, sums)
        outputs = residues.of_rounded(sums, out, problem.axes, loops)
        return residues.agree(self.residues, tile.batch(kernel.residues, problem.positions), outputs, problem.axes)
