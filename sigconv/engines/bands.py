"""How the sums of a tile become strips that the compiled loops fill, and their taps chains that share loaded samples.

All tables depend on shapes and strides alone, and the last few are kept.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from math import prod
from typing import Any, NamedTuple

import numpy as np

from .loops import PIECE
from .protocol import Array

KEPT = 32  # tables, each as long as a tile has rows


class Bands(NamedTuple):
    """The arguments of `sum_bands` that shapes and strides decide, and the order in which it takes the taps."""

    bases: Array
    rows: int
    step: int
    starts: Array
    lengths: Array
    order: Array
    which: Array
    places: Array
    out_step: int


@lru_cache(maxsize=KEPT)
def bands_of(
    shape: tuple[int, ...],
    out_strides: tuple[int, ...],
    batch: tuple[int, ...],
    kernel_batch: tuple[int, ...],
    strides: tuple[int, ...],
    phase: int,
    taps: tuple[int, ...],
    steps: tuple[tuple[int, int], ...],
    itemsize: int,
) -> Bands:
    """Return the bands of a tile: across the rows of an axis whose taps share samples, else along each row."""
    offsets = _tap_offsets(taps, steps, strides[len(batch) :], phase if steps[-1][0] > 1 else 0, itemsize)
    in_piece = _lane_taps(steps[-1], itemsize) or taps[-1]
    across = _across(shape[len(batch) :], taps, steps, in_piece)
    bands = lines_of(shape, out_strides, batch, kernel_batch, strides, steps, itemsize, across)
    along = (0, len(offsets)) if bands.rows else (len(taps) - 1, in_piece)
    firsts, lengths, order = _chains(offsets.shape, *(along if across is None else (across, 1)))
    return bands._replace(starts=offsets.reshape(-1)[firsts], lengths=lengths, order=order)


@lru_cache(maxsize=KEPT)
def lines_of(
    shape: tuple[int, ...],
    out_strides: tuple[int, ...],
    batch: tuple[int, ...],
    kernel_batch: tuple[int, ...],
    strides: tuple[int, ...],
    steps: tuple[tuple[int, int], ...],
    itemsize: int,
    across: int | None = None,
) -> Bands:
    """Return the bands of a tile without their taps: across rows of an axis, or those that are short, else along."""
    first = len(batch)
    jumps = [0 if n == 1 else s for n, s in zip(batch, strides[:first], strict=True)]
    jumps += [step * s for (step, _), s in zip(steps[:-1], strides[first:], strict=True)]
    choices = [0 if n == 1 else prod(kernel_batch[i + 1 :]) for i, n in enumerate(kernel_batch)] + [0] * (
        len(steps) - 1
    )
    places, counts, rows, step, out_step = list(out_strides[:-1]), list(shape[:-1]), 0, PIECE, PIECE
    if across is None and counts and choices[-1] == 0 and shape[-1] * itemsize < 4 * PIECE:
        across = len(steps) - 2
    if across is not None:
        place = first + across
        rows, step, out_step = counts.pop(place), jumps.pop(place), places.pop(place)
        choices.pop(place)
    bases, which, begins = (flat(counts, s) for s in (jumps, choices, places))
    none = np.empty(0, np.int64)
    return Bands(bases, rows, step, none, none, none, which, begins, out_step)


def _across(
    shape: tuple[int, ...], taps: tuple[int, ...], steps: tuple[tuple[int, int], ...], in_piece: int
) -> int | None:
    """Return the axis whose rows fill blocks best, of those whose taps share samples as well as the last axis' do."""
    shared = [
        axis
        for axis, (stride, dilation) in enumerate(steps[:-1])
        if stride == dilation and min(taps[axis], 4) * in_piece >= min(taps[-1], 4 * in_piece)
    ]
    return max(shared, key=lambda axis: (_filled(shape[axis]), axis), default=None)


def _filled(rows: int) -> float:
    """Return which part of the time is well spent of blocks that sum some rows: of four or eight, or one by one."""
    return rows / (-(-rows // 4) * 4) if rows >= 4 else 1 / 3


def _lane_taps(step: tuple[int, int], itemsize: int) -> int:
    """Return how many taps lie in a piece of the last axis, or 0 if that is no whole number."""
    stride, dilation = step
    lanes = PIECE // itemsize
    return 0 if lanes * stride % dilation else lanes * stride // dilation


@lru_cache(maxsize=KEPT)
def _tap_offsets(
    taps: tuple[int, ...], steps: tuple[tuple[int, int], ...], strides: tuple[int, ...], phase: int, itemsize: int
) -> Array:
    """Return where the sample that each tap meets first stands, in bytes; the last taps meet the first samples."""
    back = np.ogrid[tuple(slice(0, n) for n in taps)]
    offsets: Array = np.flip(offsets_of(tuple(back), steps, strides, phase, itemsize))
    return offsets


def offsets_of(
    back: tuple[Array, ...], steps: tuple[tuple[int, int], ...], strides: tuple[int, ...], phase: int, itemsize: int
) -> Array:
    """Return where the samples of taps that stand so far back from the last ones are met first, in bytes."""
    *above, within = (d * n for n, (_, d) in zip(back, steps, strict=True))
    stride = steps[-1][0]
    offsets: Array = within % stride * phase + within // stride * itemsize
    for index, jump in zip(above, strides, strict=True):
        offsets = offsets + index * jump
    return offsets


@lru_cache(maxsize=KEPT)
def _chains(taps: tuple[int, ...], axis: int, distance: int) -> tuple[Array, Array, Array]:
    """Return the first tap of each chain, how long chains are, and the order of the taps.

    A chain takes every `distance`-th tap of an axis, so that its samples lie as far apart as the pieces of a block.
    """
    order = np.moveaxis(np.flip(np.arange(prod(taps)).reshape(taps), axis), axis, -1)
    parts = [order[..., r::distance] for r in range(min(distance, taps[axis]))]
    chains = [chain.reshape(-1, chain.shape[-1]) for chain in parts]
    firsts = np.concatenate([chain[:, 0] for chain in chains])
    lengths = np.concatenate([np.full(len(chain), chain.shape[1]) for chain in chains])
    return firsts, lengths, np.concatenate([chain.reshape(-1) for chain in chains])


def runs_of(offsets: Array, distance: int) -> tuple[Array, Array, Array]:
    """Return chains of any taps whose samples lie `distance` bytes apart: where they start, how long, the order."""
    order = np.lexsort((offsets, offsets % distance)) if distance else np.arange(offsets.size)
    begins = np.flatnonzero(np.diff(offsets[order], prepend=-1 - distance) != distance)
    return offsets[order[begins]], np.diff(begins, append=order.size), order


def contiguous(shape: tuple[int, ...], dtype: np.dtype[Any]) -> tuple[int, ...]:
    """Return the strides of a contiguous array."""
    return tuple(prod(shape[i + 1 :]) * dtype.itemsize for i in range(len(shape)))


def flat(counts: Sequence[int], strides: Sequence[int]) -> Array:
    """Return Σ index · stride for all combinations of indices, in C order."""
    total = np.zeros(1, np.int64)
    for count, stride in zip(counts, strides, strict=True):
        total = np.add.outer(total, np.arange(count) * stride).reshape(-1)
    return total
