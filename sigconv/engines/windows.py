"""Where the windows of layers stand in memory: for each tap, runs of samples that lie in equal steps.

The columns are the outputs of some signals, one signal after another. A tap meets the outputs of a row at samples in
equal steps; where these lie outside the signal, a boundary says which samples stand there, or that none does.
"""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

import numpy as np

from ..semantics.problem import Axis
from .loops import MISSING
from .protocol import Array
from .rows import sources

_KEPT = 32  # tables, each a few runs for each tap and row of a tile

# Of an axis: where its first tap meets the first output, how far apart the taps meet it, how many outputs there are.
Part = tuple[Axis, int, int, int]


class Windows(NamedTuple):
    """What the taps meet: of tap t the rows [starts[t], stops[t]) of `runs`.

    A run is (begin, end, place): the columns [begin, end) meet samples `step` bytes apart, the first of them `place`
    bytes behind the first sample of all; or none, where the place is MISSING.
    """

    runs: Array
    starts: Array
    stops: Array
    step: int


@lru_cache(maxsize=_KEPT)
def windows_of(parts: tuple[Part, ...], signals: int, strides: tuple[int, ...]) -> Windows:
    """Return the windows of some signals; `strides` are those from signal to signal and along each axis, in bytes."""
    *above, last = (_places(*part, stride) for part, stride in zip(parts, strides[1:], strict=True))
    rows = np.arange(signals)[None] * strides[0]
    for places in above:
        rows = _outer(rows[:, None, :, None], places[None, :, None, :])
        rows = rows.reshape(rows.shape[0] * rows.shape[1], -1)
    (axis, _, _, line), taps, found = parts[-1], len(last), list[Array]()
    step, outer = axis.stride * strides[-1], np.arange(rows.shape[1])[:, None] * line
    for tap, places in enumerate(last):
        begins, ends = _runs(places, step)
        place = _outer(rows[:, :, None], places[begins])
        number = np.arange(len(rows))[:, None, None] * taps + tap
        columns = np.broadcast_arrays(number, outer + begins, outer + ends, place)
        found.append(np.stack(columns, axis=-1).reshape(-1, 4))
    table = np.concatenate(found)
    return _joined(table[np.argsort(table[:, 0], kind="stable")], len(rows) * taps, step)


def _places(axis: Axis, first: int, step: int, count: int, stride: int) -> Array:
    """Return where each tap of an axis (rows) meets its outputs (columns): in bytes, or MISSING."""
    positions = first + axis.stride * np.arange(count) + step * np.arange(axis.taps)[:, None]
    found = sources(axis.boundary, positions, axis.signal)
    return np.where(found < 0, MISSING, found * stride)


def _outer(a: Array, b: Array) -> Array:
    """Return the sums of places, MISSING where either is."""
    return np.where((a == MISSING) | (b == MISSING), MISSING, a + b)


def _runs(places: Array, step: int) -> tuple[Array, Array]:
    """Return the columns [begin, end) of each run of a row."""
    before, after = places[:-1], places[1:]
    apart = np.where(before == MISSING, after != MISSING, (after == MISSING) | (after != before + step))
    ends = np.append(np.flatnonzero(apart) + 1, places.size)
    return np.append(0, ends[:-1]), ends


def _joined(table: Array, taps: int, step: int) -> Windows:
    """Return the table (tap, begin, end, place) with runs joined that continue each other."""
    tap, begin, end, place = table.T
    next_place = np.where(place == MISSING, MISSING, place + (end - begin) * step)
    begins = np.append(True, (tap[1:] != tap[:-1]) | (place[1:] != next_place[:-1]))
    kept = np.flatnonzero(begins)
    runs = np.stack([begin[kept], end[np.append(kept[1:], len(table)) - 1], place[kept]], axis=1)
    bounds = np.searchsorted(tap[kept], np.arange(taps + 1))
    return Windows(runs, bounds[:-1], bounds[1:], step)
