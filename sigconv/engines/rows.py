"""How direct sums over several axes become loops over rows: what is copied first, where everything stands in memory.

Arrays come with the convolved axes last. All tables depend on shapes and strides alone, and the last few are kept.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from math import prod
from typing import Any, NamedTuple

import numpy as np

from ..semantics.boundary import NUMBERS, source_index
from .addresses import address_of
from .bands import KEPT, Bands, bands_of, lines_of, offsets_of, runs_of
from .loops import MISSING, PIECE, copy_of, copy_rows, strips, sum_bands
from .protocol import Array

_COLLIDING = 512  # rows that lie a multiple of this many bytes apart share few places of the first-level cache


class Span(NamedTuple):
    """The positions [start, stop) of an axis with some samples, extended by a boundary."""

    start: int
    stop: int
    samples: int
    boundary: str


class Rows(NamedTuple):
    """Samples that the loops can read: along the last axis one contiguous line for each phase of its stride.

    `strides` are those of all axes but the last, `phase` is the distance of the phases, all in bytes.
    """

    samples: Array
    strides: tuple[int, ...]
    phase: int = 0


def rows_of(signal: Array, spans: tuple[Span, ...], stride: int, width: int, dtype: np.dtype[Any], fill: Any) -> Rows:
    """Return what the spans reach as rows of the dtype of the sums, read in place where that is possible.

    `stride` and `width` are those of the outputs on the last axis; ghosts that come from no sample are `fill`.
    """
    index, relative, inside = cut(spans)
    samples = signal[index]
    readable = is_direct(samples, dtype) and is_readable(samples.strides, len(spans), width, dtype)
    if inside and stride == 1 and readable:
        return Rows(samples, samples.strides[:-1])
    return _copied(samples, relative, stride, width, dtype, fill)


@lru_cache(maxsize=256)
def cut(spans: tuple[Span, ...]) -> tuple[tuple[Any, ...], tuple[Span, ...], bool]:
    """Return the index of what lies inside on whole axes, the spans counted from there, and whether all do."""
    inside = [s.start >= 0 and s.stop <= s.samples for s in spans]
    index = (slice(s.start, s.stop) if i else slice(None) for s, i in zip(spans, inside, strict=True))
    sizes = [s.stop - s.start for s in spans]
    relative = (Span(0, n, n, "zero") if i else s for s, n, i in zip(spans, sizes, inside, strict=True))
    return (..., *index), tuple(relative), all(inside)


def is_readable(strides: tuple[int, ...], axes: int, width: int, dtype: np.dtype[Any]) -> bool:
    """Return whether rows of the dtype of the sums are as well read in place as copied."""
    spread = axes == 1 or strides[-2] % _COLLIDING != 0
    return strides[-1] == dtype.itemsize and spread and width * dtype.itemsize >= PIECE


def is_direct(array: Array, dtype: np.dtype[Any]) -> bool:
    """Return whether the loops can read or write an array: its last axis contiguous, its dtype that of the sums."""
    return array.dtype == dtype and array.strides[-1] == dtype.itemsize and array.flags.aligned


def _copied(signal: Array, spans: tuple[Span, ...], stride: int, width: int, dtype: np.dtype[Any], fill: Any) -> Rows:
    """Return a copy of what the spans reach."""
    table = copy_table(signal.shape, signal.strides, signal.itemsize, spans, stride, width, dtype.itemsize)
    buffer = copied(signal, address_of(signal), table, dtype, fill)
    return Rows(buffer[..., : table.used], buffer.strides[:-1], table.used // stride * dtype.itemsize)


def copied(signal: Array, place: int, table: CopyTable, dtype: np.dtype[Any], fill: Any) -> Array:
    """Return the samples that a table names in the dtype of the sums; ghosts that come from no sample are `fill`.

    `place` is the address of the signal's first sample.
    """
    return copier(signal.dtype, table, dtype, fill)(place)


def copier(samples: np.dtype[Any], table: CopyTable, dtype: np.dtype[Any], fill: Any) -> Callable[[int], Array]:
    """Return what copies samples of some dtype, given the address of the signal's first one: see `copied`."""
    loop, outside = copy_of(samples, dtype), _kept(dtype.type(fill).tobytes())
    (rows, columns, run, _used, shape), size = table, table.size * dtype.itemsize

    def copy(place: int) -> Array:
        held = np.empty(size, np.uint8)
        copy_rows(loop, place, rows, columns, *run, outside[1], held, shape[-1])
        return held.view(dtype).reshape(shape)

    return copy


@lru_cache(maxsize=KEPT)
def _kept(number: bytes) -> tuple[Array, int]:
    """Return the bytes of a number in an array, and where they stand."""
    held = np.frombuffer(number, np.uint8)
    return held, address_of(held)


class CopyTable(NamedTuple):
    """Where the samples of the rows and columns of a copy stand; of a run of neighbours, the first column alone."""

    rows: Array
    columns: Array
    run: tuple[int, int]
    used: int
    shape: tuple[int, ...]

    @property
    def size(self) -> int:
        """How many samples the copy has."""
        return prod(self.shape)


@lru_cache(maxsize=KEPT)
def copy_table(
    shape: tuple[int, ...],
    strides: tuple[int, ...],
    itemsize: int,
    spans: tuple[Span, ...],
    stride: int,
    width: int,
    sums_itemsize: int,
) -> CopyTable:
    """Return where the samples of a copy stand, in bytes from the signal's first one."""
    lanes = PIECE // sums_itemsize
    # An output row of less than a piece is computed as a whole piece, which reads so much more.
    slack = lanes if width < lanes else 0
    batch = shape[: len(shape) - len(spans)]
    run = _run(spans[-1]) if stride == 1 and strides[-1] == itemsize else (0, 0)
    *above, last = spans
    end = min(last.start + run[0] + 1, last.stop)
    ends = np.arange(last.start, end), np.arange(max(end, last.start + run[1]), last.stop)
    positions = [*(np.arange(s.start, s.stop) for s in above), np.concatenate(ends)]
    found = [
        *map(np.arange, batch),
        *(sources(s.boundary, p, s.samples) for s, p in zip(spans, positions, strict=True)),
    ]
    *lines, samples = (np.where(s < 0, MISSING, s * step) for s, step in zip(found, strides, strict=True))
    columns = _by_phase(samples, stride, slack) if stride > 1 or slack else samples
    used = columns.size + max(0, run[1] - run[0] - 1)
    # An odd number of pieces from row to row spreads the rows over the whole first-level cache.
    pitch = (-(-used // lanes) | 1) * lanes
    return CopyTable(_summed(lines), columns, run, used, (*(s.size for s in found[:-1]), pitch))


def _summed(axes: list[Array]) -> Array:
    """Return where rows stand, from the places along each axis."""
    rows = np.zeros(1, np.int64)
    for places in axes:
        missing = np.logical_or.outer(rows == MISSING, places == MISSING)
        rows = np.where(missing, MISSING, np.add.outer(rows, places)).reshape(-1)
    return rows


def _by_phase(places: Array, stride: int, slack: int) -> Array:
    """Return every so-many-th place from the first on, then from the second on, …, and behind each of them a slack."""
    phases = np.full((stride, -(-places.size // stride) + slack), MISSING)
    for phase in range(stride):
        phases[phase, : places[phase::stride].size] = places[phase::stride]
    return phases.reshape(-1)


def sources(boundary: str, positions: Array, samples: int) -> Array:
    """Return which of some samples stands at each position; −1 where none does."""
    if boundary in NUMBERS:
        return np.where((positions >= 0) & (positions < samples), positions, -1)
    return source_index(boundary, positions, samples)


def _run(span: Span) -> tuple[int, int]:
    """Return the positions of a span that are samples in their order, counted from its start."""
    begin = min(max(span.start, 0), span.stop) - span.start
    return begin, max(begin, min(span.stop, span.samples) - span.start)


def fill_sums(rows: Rows, kernels: Array, out: Array, steps: tuple[tuple[int, int], ...]) -> None:
    """Fill `out` with the sums over the taps; `steps` are the strides and dilations of the convolved axes.

    `out` may have any dtype and layout.
    """
    target, batch = _target(out, kernels.dtype), out.ndim - len(steps)
    taps = kernels.shape[batch:]
    b = bands_of(*_layout(rows, target, kernels.shape[:batch]), rows.phase, taps, steps, kernels.itemsize)
    _sum(rows, b, kernels.reshape(-1, prod(taps)), target, out)


def fill_some(rows: Rows, taps: Array, back: tuple[Array, ...], out: Array, steps: tuple[tuple[int, int], ...]) -> None:
    """Fill `out` with the sums over some taps, which stand on the last axis of `taps`.

    Of each convolved axis, `back` says how far from the last tap they are.
    """
    target, batch = _target(out, taps.dtype), out.ndim - len(steps)
    b = lines_of(*_layout(rows, target, taps.shape[:batch]), steps, taps.itemsize)
    starts, lengths, order = runs_of(offsets_of(back, steps, rows.strides[batch:], rows.phase, taps.itemsize), b.step)
    _sum(rows, b._replace(starts=starts, lengths=lengths, order=order), taps.reshape(-1, order.size), target, out)


def _target(out: Array, dtype: np.dtype[Any]) -> Array:
    """Return what the loops write: the result itself, or a copy of their dtype that is a piece wide at least."""
    wide = max(out.shape[-1], PIECE // dtype.itemsize)
    return out if wide == out.shape[-1] and is_direct(out, dtype) else np.empty((*out.shape[:-1], wide), dtype)


def _layout(rows: Rows, target: Array, kernel_batch: tuple[int, ...]) -> tuple[tuple[int, ...], ...]:
    """Return the shapes and strides that decide where sums find their samples."""
    batch = rows.samples.shape[: len(kernel_batch)]
    return target.shape, target.strides, batch, kernel_batch, rows.strides


def _sum(rows: Rows, b: Bands, kernels: Array, target: Array, out: Array) -> None:
    """Fill `out` with the sums over the taps of each kernel, which lie on the last axis."""
    kernels = kernels.take(b.order, axis=1)
    samples, result, width = address_of(rows.samples), address_of(target), target.shape[-1] * target.itemsize
    chains, taps = (b.bases, b.rows, b.step, b.starts, b.lengths), (address_of(kernels), kernels.strides[0])
    sum_bands(samples, *chains, *taps, b.which, result, b.places, b.out_step, width, strips(kernels.dtype))
    if target is not out:
        np.copyto(out, target[..., : out.shape[-1]], casting="unsafe")


def warm_up(signal_dtype: np.dtype[Any], sums_dtype: np.dtype[Any]) -> None:
    """Compile or load the loops for a signal's dtype and the dtype of its sums."""
    signal, out = np.zeros(64, signal_dtype), np.empty(64, sums_dtype)
    rows = rows_of(signal, (Span(-1, 64, 64, "zero"),), 1, 64, sums_dtype, 0)
    fill_sums(rows, np.ones(2, sums_dtype), out, ((1, 1),))
