"""Blocks of two or three axes from NumPy arrays: which lengths there are, and the tables that compiled code reads."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from math import lcm, prod
from typing import Any, NamedTuple

import numpy as np

from ..addresses import address_of
from ..bands import KEPT, contiguous, flat
from ..lengths import radices
from ..protocol import Array
from ..rows import Span, sources
from . import panels
from .blocks import convolve_blocks
from .butterflies import stretch_of_dft
from .levels import levels_of
from .line_tables import empty_spectra, lanes_of, real_dtype, scaled
from .memory import aligned_copy, workspace
from .passes import ROW, stretch_of_passes, twiddle_table
from .shares import Share, alone, counter
from .tables import EMPTY, GATHERED, MISSING, Bases, Columns, Places, Samples, Shape
from .twiddles import frequencies, roots, stretch_of

Shapes = tuple[int, ...]
_Layout = tuple[Shapes, Shapes]  # shape and strides
_Pass = Callable[..., int]
_Blocks = tuple[tuple[Any, ...], ...]  # places of samples, places of outputs, and columns


class _Transforms(NamedTuple):
    """What transforms of some lengths need, how much too long they come out, and what the addresses point to."""

    real: np.dtype[Any]
    samples: Samples
    shape: Shape
    pitch: int
    passes: tuple[Array, Array, Array]
    radix: int
    across: tuple[int, int, int]
    stretch: float
    kept: list[Array]


class _Made(NamedTuple):
    """What compiled code is given of transforms, in plain tuples, and the bytes of memory that it takes."""

    arguments: tuple[Any, ...]
    memory: int


def convolve(
    signal: Array,
    spectra: Array,
    spans: tuple[Span, ...],
    tails: Shapes,
    lengths: Shapes,
    fill: Any,
    out: Array,
    share: Share = alone,
) -> None:
    """Fill `out` with the convolution of a signal, extended as the spans say, and kernels, given by their spectra.

    The last two or three axes are convolved: the outputs on each are those that the samples of its span give with a
    kernel that is `tail` samples longer than one. Other axes are the batch. Those that the signal lacks are the last
    ones of the batch: all of the signal meets each kernel there; on the others, one of the two may have size 1.
    Samples along the last axis of both arrays are neighbours; they are complex, or real, in the spectrum's precision.
    Threads may share the blocks.
    """
    t = _transforms(lengths, out.dtype)
    layout, kernels = _geometry(_layout(signal), _layout(spectra), _layout(out), spans, tails, lengths, t.shape.lanes)
    outside = np.zeros(max(signal.shape[-1], t.shape.lanes), out.dtype)
    outside[:] = fill
    bases = Bases(*map(address_of, (signal, outside, out, spectra)))
    ways = (panels.MULTIPLY, None) if kernels.shape[1] == 1 else (panels.ANALYSE, panels.RETURN)
    _run(_made(lengths, out.dtype, *ways, not fill), layout, kernels, bases, share)


@lru_cache(maxsize=KEPT)
def _geometry(
    signal: _Layout,
    spectra: _Layout,
    out: _Layout,
    spans: tuple[Span, ...],
    tails: Shapes,
    lengths: Shapes,
    lanes: int,
) -> tuple[_Blocks, Array]:
    """Return what blocks read and write, and which spectra they meet, in bytes from the first ones."""
    dropped, axes = (*tails[:-1], _whole_rows(tails[-1], lanes)), len(lengths)
    samples = [_samples(*axis) for axis in zip(spans, tails, dropped, lengths, strict=True)]
    wanted = [_wanted(*axis) for axis in zip(out[0][-axes:], dropped, lengths, strict=True)]
    columns = _columns(samples[-1], lanes, out[0][-1], dropped[-1])
    own, batch = len(signal[0]) - axes, range(len(out[0]) - axes)
    groups = [i for i in batch[:own] if spectra[0][i] > 1]  # of entries that have a kernel of their own
    others, bank = [i for i in batch[:own] if i not in groups], [*batch[own:]]
    begins, ends, kernels = (
        _entries(layout, groups, within, out[0])
        for layout, within in ((signal, others), (out, others + bank), (spectra, bank))
    )
    source, target = _places(begins, signal, samples[:-1]), _places(ends, out, wanted[:-1])
    return (tuple(source), tuple(target), tuple(columns)), kernels


class OneArray:
    """What convolves a contiguous array with one kernel, all that does not depend on addresses made before.

    The arguments are those of `convolve`; arrays come as their shapes.
    """

    def __init__(
        self, shape: Shapes, spans: tuple[Span, ...], tails: Shapes, lengths: Shapes, fill: Any, out: Shapes, dtype: Any
    ) -> None:
        lanes = lanes_of(dtype)
        signal, target = (shape, contiguous(shape, dtype)), (out, contiguous(out, dtype))
        self._layout, self._kernels = _geometry(signal, ((0,), (0,)), target, spans, tails, lengths, lanes)
        self._outside = np.full(max(shape[-1], lanes), fill, dtype)
        self._made = _made(lengths, dtype, panels.MULTIPLY, None, not fill)

    def __call__(self, signal: Array, spectrum: Array, out: Array, share: Share) -> None:
        """Fill the outputs; threads may share the blocks."""
        bases = Bases(*map(address_of, (signal, self._outside, out, spectrum)))
        _run(self._made, self._layout, self._kernels, bases, share)


def _layout(array: Array) -> _Layout:
    return array.shape, array.strides


def spectra_of(kernels: Array, lengths: Shapes) -> Array:
    """Return the spectra of kernels: see `fill_spectra`."""
    spectra = empty_spectra(len(kernels), prod(lengths), kernels.dtype)
    fill_spectra(kernels, spectra, lengths)
    return spectra


def fill_spectra(kernels: Array, spectra: Array, lengths: Shapes) -> None:
    """Fill in the spectra of kernels, as blocks take them.

    Each kernel lies on all axes but the first; its spectrum lies on one. The kernels are scaled first.
    """
    t = _transforms(lengths, kernels.dtype)
    taps = scaled(kernels, prod(lengths), t.stretch)
    layout, targets = _taps(_layout(taps), _layout(spectra), lengths, t.shape.lanes)
    outside = np.zeros(max(taps.shape[-1], t.shape.lanes), taps.dtype)
    bases = Bases(address_of(taps), address_of(outside), 0, address_of(spectra))
    _run(_made(lengths, kernels.dtype, panels.ANALYSE, None, True), layout, targets, bases)


@lru_cache(maxsize=KEPT)
def _taps(kernels: _Layout, spectra: _Layout, lengths: Shapes, lanes: int) -> tuple[_Blocks, Array]:
    """Return what blocks read of kernels, and which spectra they write, in bytes from the first ones."""
    spans = (Span(0, n, size, "zero") for n, size in zip(lengths, kernels[0][1:], strict=True))
    samples = [_samples(span, 0, 0, span.stop) for span in spans]
    source = _places(_entries(kernels, [0]), kernels, samples[:-1])
    nothing = source._replace(entries=np.empty((kernels[0][0], 0), np.int64))
    columns = _columns(samples[-1], lanes, lengths[-1], 0)
    return (tuple(source), tuple(nothing), tuple(columns)), _entries(spectra, [0])


def _run(made: _Made, layout: _Blocks, kernels: Array, bases: Bases, share: Share = alone) -> None:
    """Convolve blocks that stand in arrays as their layout says, from some addresses on."""
    counted = counter()
    taken = address_of(counted)

    def work() -> None:
        memory = workspace.address(made.memory)
        convolve_blocks(made.arguments, layout, kernels, tuple(bases), memory, taken)

    share(work)


def warm_up(lengths: Shapes, dtype: np.dtype[Any]) -> None:
    """Compile or load what blocks of some lengths need."""
    one = np.ones([1] * len(lengths), dtype)
    spans, tails = (Span(0, 1, 1, "zero"),) * len(lengths), (0,) * len(lengths)
    convolve(one, spectra_of(one[None], lengths)[0], spans, tails, lengths, 0, np.empty_like(one))


def _whole_rows(tail: int, lanes: int) -> int:
    return -(-tail // lanes) * lanes


@lru_cache(maxsize=16)
def _samples(span: Span, tail: int, dropped: int, length: int) -> Array:
    """Return the samples of each block of an axis, −1 where there is none or nobody needs it."""
    hop = length - dropped
    first = np.arange(span.start, span.stop - tail, hop) - (dropped - tail)
    positions = np.add.outer(first, np.arange(length))
    inside = (positions >= 0) & (positions < span.samples)
    needed = (positions >= span.start) & (positions < span.stop)
    return np.where(inside, positions, np.where(needed, sources(span.boundary, positions, span.samples), -1))


@lru_cache(maxsize=16)
def _wanted(count: int, dropped: int, length: int) -> Array:
    """Return which output of an axis each sample of each block is, −1 where it is none."""
    outputs = np.add.outer(np.arange(0, count, length - dropped), np.arange(length) - dropped)
    return np.where((np.arange(length) >= dropped) & (outputs < count), outputs, -1)


def _places(entries: Array, layout: _Layout, axes: list[Array]) -> Places:
    """Return where the lines of blocks stand in an array, from the places of each axis but the last."""
    strides = layout[1][-1 - len(axes) :]
    offsets = [np.where(p < 0, MISSING, p * step) for p, step in zip(axes, strides, strict=False)]
    inner = offsets[1] if len(offsets) > 1 else np.zeros((1, 1), np.int64)
    return Places(entries, offsets[0], inner)


def _entries(layout: _Layout, groups: Sequence[int], within: Sequence[int] = (), shape: Shapes = ()) -> Array:
    """Return where the entries of a batch begin in an array that is broadcast to a shape, a row for each group."""
    shape, axes = shape or layout[0], (*groups, *within)
    steps = [layout[1][axis] if layout[0][axis] > 1 else 0 for axis in axes]
    return flat([shape[axis] for axis in axes], steps).reshape(prod([shape[axis] for axis in groups]), -1)


def _columns(samples: Array, lanes: int, count: int, dropped: int) -> Columns:
    blocks, length = samples.shape
    hop = length - dropped
    counts = np.minimum(hop, count - hop * np.arange(blocks))
    return Columns(samples, _begins(samples, lanes), counts, dropped // lanes, hop)


def _begins(samples: Array, lanes: int) -> Array:
    """Return the first sample of each panel that can be read in place, else whether there is any sample."""
    split = samples.reshape(len(samples), -1, lanes)
    first = split[:, :, 0]
    follow = (split >= 0).all(axis=2) & (np.diff(split, axis=2) == 1).all(axis=2)
    return np.where(follow, first, np.where((split < 0).all(axis=2), EMPTY, GATHERED))


@lru_cache(maxsize=32)
def _transforms(lengths: Shapes, dtype: np.dtype[Any]) -> _Transforms:
    real, lanes = real_dtype(dtype), lanes_of(dtype)
    outer, inner, width = lengths[0], prod(lengths[1:-1]), lengths[-1]
    rows = width // lanes
    radix = min(rows & -rows, lanes)
    before = radices(rows // radix)
    together = lcm(rows, lanes) // rows
    pitch = (rows | 1) * ROW
    starts = np.add.outer(np.arange(together) * pitch, np.arange(0, rows, radix) * ROW).reshape(-1)
    turns = aligned_copy(_lane_turns((*before, radix), width, lanes, together, real))
    passes = radices(outer), radices(inner), (*before, radix)
    tables = [aligned_copy(twiddle_table(r, real)) for r in passes]
    stretch = sum(stretch_of_passes(r, real) for r in passes) + stretch_of(turns) + stretch_of_dft(lanes, real)
    ends = (panels.READ(dtype, passes[0][0]), panels.WRITE(dtype, passes[0][0])) if passes[0] else None
    down = levels_of(passes[0], 1, tables[0], ends)
    levels = down, levels_of(passes[1], 1, tables[1]), levels_of(before, radix, tables[2])
    across = together, address_of(starts), address_of(turns)
    shape = Shape(outer, inner, rows, lanes, 1 if dtype.kind == "c" else 2)
    samples = Samples(dtype.itemsize, panels.COLLECT(dtype), panels.COPY(dtype), panels.CLEAR(np.dtype(np.float64)))
    return _Transforms(real, samples, shape, pitch, levels, radix, across, stretch, [starts, turns, *tables])


@lru_cache(maxsize=KEPT)
def _made(lengths: Shapes, dtype: np.dtype[Any], there: _Pass, back: _Pass | None, silent: bool) -> _Made:
    """Return what compiled code is given of transforms with some passes across the lanes; `back` returns from a bank's.

    What stands outside the signal is zero if it is `silent`.
    """
    t = _transforms(lengths, dtype)
    middles = [(code(t.real, t.radix), *t.across) for code in (there, back or there)]
    samples = t.samples if silent else t.samples._replace(clear=0)
    line = t.pitch + ROW + (t.shape.rows * ROW if back else 0)
    arguments = tuple(samples), tuple(t.shape), t.pitch, t.passes, *middles
    return _Made(arguments, t.shape.outer * t.shape.inner * line)


def _lane_turns(passes: Shapes, width: int, lanes: int, together: int, dtype: np.dtype[Any]) -> Array:
    """Return the roots exp(−2πi c·k/N) of lane c and frequency k, for the rows of the lines that go together."""
    turn = np.multiply.outer(frequencies(passes), np.arange(lanes)) % width
    return np.tile(np.moveaxis(roots(width, dtype)[turn], 2, 1), (together, 1, 1))
