"""One signal's blocks, convolved one after the other: transform, times the kernel's spectrum, and back, in one call.

A block of N = L·M samples lies in M rows as it lies in memory: sample n = L·r + c is in row r, lane c. Transforms of M
points down the columns, turns by exp(−2πi c·k/N), and transforms of L points along the rows give the frequencies
(J. W. Cooley and J. W. Tukey, Math. Comp. 19 (1965) 297–301). The first pass loads from the signal, the last one stores
into the result; the turns, the kernel's spectrum and all that goes along the rows are part of the passes between.

Two blocks of real samples are the real and the imaginary part of one of complex numbers: the transform is linear and
the kernel real, so they stay apart.

Of a bank of kernels, blocks are transformed once, and transformed back once for each kernel: the frequencies of some at
a time are kept in the cache, and each kernel's spectrum is read once for all of them.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np

from ..addresses import address_of
from ..bands import KEPT
from ..entry import entry
from ..lengths import radices
from ..protocol import Array
from ..simd import NO, ONE, YES, ZERO, inner
from .calls import call
from .groups import KEEP, MULTIPLY, RETURN
from .levels import BACK, LEFT, NEXT, RADIX, ROOTS, THERE, forward, inverse
from .line_tables import Tables, empty_spectra, lanes_of, real_dtype, scaled, tables_of
from .memory import workspace
from .passes import ROW
from .shares import Share, alone, counter, next_piece
from .twiddles import frequencies
from .vectors import BYTES
from .version import VERSION

# Bytes of samples that a thread takes at a time: where pieces meet, prefetchers of two cores fight for the same lines.
_PIECE = 1 << 16
NOWHERE = np.zeros((0, 0), np.int64)  # targets of blocks whose spectra are wanted


# The last level of passes leaves parts of four rows. The first `shared` levels go over all rows of a block, the others
# over one part of the rows that the shared levels leave, which stays in the first-level cache meanwhile.


@inner
def _analyse(x, y, levels, shared, work):  # type: ignore[no-untyped-def]
    """Run the passes that all rows of a block take before its parts are taken one by one."""
    left = levels[0, LEFT]
    call(levels[0, THERE], 1, 0, left, (work, x, y, left * ROW, levels[0, ROOTS]))
    forward(levels, ONE, shared, work, NEXT, levels[0, RADIX] * left)


@inner
def _synthesise(x, y, dropped, levels, shared, work):  # type: ignore[no-untyped-def]
    """Run the passes that all rows of a block take in the end."""
    left = levels[0, LEFT]
    inverse(levels, ONE, shared, work, NEXT, levels[0, RADIX] * left)
    call(levels[0, BACK], 1, 0, left, (work, x, y, dropped, left, levels[0, ROOTS]))


@inner
def _parts(code, there, back, passes, spectrum, kept, soon):  # type: ignore[no-untyped-def]
    """Run the passes within the parts of a block: there, what is done with the frequencies, and back.

    Meanwhile what the next block reads and writes at the places `soon` comes to the cache: half of a block at each.
    """
    (levels, shared, lanes, turns, across, work), (x, y, v, w) = passes, soon
    rows = levels[0, RADIX] * levels[0, LEFT]
    size = levels[shared - 1, LEFT] if shared else rows
    for part in range(0, rows * ROW, size * ROW):
        if there:
            forward(levels, max(1, shared), len(levels), work + part, NEXT, size)
        near = part // 2
        tables = (work + part, turns + part, across, spectrum + part, kept + part)
        call(code, 1, 0, size // lanes, (*tables, x + near, y + near, v + near, w + near))
        if back:
            inverse(levels, max(1, shared), len(levels), work + part, NEXT, size)


@inner
def _halves(place, parts, lines, first, count, kernel, rows):  # type: ignore[no-untyped-def]
    """Return where the two halves of a block, which are two blocks of real samples, stand in sources and targets."""
    sources, cuts, targets, blocks, hop, last = lines
    x = y = v = w = 0
    for half in range(parts - 1, -1, -1):
        line, block = divmod(max(0, min(place + half, count * blocks - 1)), blocks)
        begin, line = min(block * hop, last), line + first
        y, w = x, v
        x = sources[(block >= cuts[0]) + (block >= cuts[1]), line] + begin
        v = targets[line, kernel] + begin if targets.size else 0
    if parts == 1:
        y, w = x + rows * BYTES, v + rows * BYTES
    return x, y, v, w


def _compiled(version: int) -> Callable[..., int]:
    """Return the function that runs blocks, which is compiled anew for each version of what it is made of."""

    @entry(error_model="numpy")
    def run_blocks(lines, spectra, parts, dropped, passes, code, bank, pieces, counted):  # type: ignore[no-untyped-def]
        (levels, shared, _, _, _, work), (back, kept) = passes, bank
        sources, targets = lines[0], lines[2]
        rows, results = levels[0, RADIX] * levels[0, LEFT], targets.shape[1]
        count = sources.shape[1] // len(spectra)  # lines that have one bank of kernels
        piece = next_piece(counted)
        while piece < len(pieces):
            after = next_piece(counted)
            n, begin = pieces[piece, 0], pieces[piece, 1]
            pairs = range(begin, pieces[piece, 2], parts)
            for pair in pairs:
                x, y, v, w = _halves(pair, parts, lines, n * count, count, ZERO, rows)
                m, follows = n, pair + parts
                if follows >= pairs.stop:  # the thread's next piece; behind the last one, that once more
                    near = min(after, len(pieces) - 1)
                    m, follows = pieces[near, 0], pieces[near, 1]
                soon = _halves(follows, parts, lines, m * count, count, ZERO, rows)
                own = kept + (pair - begin) // parts * rows * ROW if results else spectra[n, 0]
                at_once = results > 0 and back == 0
                _analyse(x, y, levels, shared, work)
                _parts(code, YES, at_once, passes, spectra[n, 0], own, soon)
                if at_once:
                    _synthesise(v, w, dropped, levels, shared, work)
            for kernel in range(results if back else 0):
                for pair in pairs:
                    own = kept + (pair - begin) // parts * rows * ROW
                    _, _, v, w = _halves(pair, parts, lines, n * count, count, kernel, rows)
                    _parts(back, NO, YES, passes, spectra[n, kernel], own, (v, w, v, w))
                    _synthesise(v, w, dropped, levels, shared, work)
            piece = after
        return version

    return run_blocks


_run_blocks = _compiled(VERSION)


class Lines(NamedTuple):
    """Lines of blocks in memory, as addresses and distances in bytes.

    Block b of a line begins `b · hop` behind the line's beginning, but no more than `last`, in the samples and in the
    results alike. Samples stand in up to three places: `sources` has a row for the blocks before each of the two
    `cuts`, and one for those behind, and a column for each line. `targets` has a row for each line, of as many results
    as it meets kernels.
    """

    sources: Array
    cuts: tuple[int, int]
    targets: Array
    blocks: int
    hop: int
    last: int


def convolve(
    lines: Lines, spectra: Array, dropped: int, length: int, dtype: np.dtype[Any], together: int, share: Share
) -> None:
    """Convolve lines of samples of a dtype, block by block, with kernels, given by the addresses of their spectra.

    A row of them, a bank, serves as many lines as there are to each. A block reads `length` samples, and writes those
    of its circular convolution that come behind the first `dropped` rows of L. Of a bank of several kernels, the
    frequencies of some transforms `together` are kept. Threads may share the blocks.
    """
    several = spectra.shape[1] > 1
    middle, together = (KEEP, together) if several else (MULTIPLY, 0)
    count = lines.sources.shape[1] // len(spectra)
    run = ready(length, dtype, middle, together, Count(len(spectra), count, lines.blocks))
    run(lines, spectra, dropped, share)


class Count(NamedTuple):
    """How many banks of kernels there are, how many lines for each of them, how many blocks of each line."""

    banks: int
    lines: int
    blocks: int


class Ready(NamedTuple):
    """Blocks of some length and number, ready to be run wherever their lines stand."""

    tables: Tables
    parts: int
    together: int
    middle: int
    back: int
    pieces: Array

    def __call__(self, lines: Lines, spectra: Array, dropped: int, share: Share = alone) -> None:
        """Run blocks of lines with the kernels whose spectra stand at some addresses; threads may share them."""
        counted, (tables, parts, together, middle, back, pieces) = counter(), self
        where, taken = tuple(lines), address_of(counted)

        def work() -> None:
            place = workspace.address((1 + together) * tables.size)
            passes, bank = (*tables.arguments, place), (back, place + tables.size if together else 0)
            _run_blocks(where, spectra, parts, dropped, passes, middle, bank, pieces, taken)

        share(work)


@lru_cache(maxsize=KEPT)
def ready(length: int, dtype: np.dtype[Any], middle: Any, together: int, count: Count) -> Ready:
    """Return what runs blocks, with what is done to their frequencies; some transforms' are kept together, if any."""
    tables, real, parts = tables_of(length, dtype), real_dtype(dtype), 1 if dtype.kind == "c" else 2
    apart = max(2 // parts, _PIECE // (parts * length * dtype.itemsize))
    pieces = pieces_of(*count, parts, together or apart)
    return Ready(tables, parts, together, middle(real), RETURN(real) if together else 0, pieces)


@lru_cache(maxsize=KEPT)
def pieces_of(banks: int, count: int, blocks: int, parts: int, together: int) -> Array:
    """Return what a thread takes at a time: a bank's number, the first block of its lines, the one behind the last.

    Each bank has `count` lines, each line some blocks, of which so many parts are transformed as one.

    >>> pieces_of(1, 1, 5, 2, 1).tolist()  # of a block alone and the two before it
    [[0, -1, 1], [0, 1, 3], [0, 3, 5]]
    """
    size = parts * together
    begins = np.arange(0, count * blocks, size)
    # The last two blocks of a line may write the same results: one piece has both, the first one may have less.
    less = len(begins) * size - blocks if count == 1 else 0
    ends = np.minimum(begins - less + size, count * blocks)
    begins = np.maximum(begins - less, -(less % parts))
    return np.stack([np.repeat(np.arange(banks), len(begins)), np.tile(begins, banks), np.tile(ends, banks)], axis=1)


def spectra_of(kernels: Array, length: int) -> Array:
    """Return the spectra of kernels: see `fill_spectra`."""
    spectra = empty_spectra(len(kernels), length, kernels.dtype)
    fill_spectra(kernels, spectra, length, 1)
    return spectra


def fill_spectra(kernels: Array, spectra: Array, length: int, dilation: int) -> None:
    """Fill in the spectra of kernels, one to a row, whose dilated taps are at most `length`, as blocks take them.

    The frequencies stand in the order in which the transforms leave them, as rows of real and of imaginary parts. The
    kernels are scaled first.
    """
    dtype, count = kernels.dtype, len(kernels)
    padded, size = np.zeros((count + 1, length), dtype), length * dtype.itemsize
    stretch = tables_of(length, dtype).stretch
    padded[:count, : kernels.shape[1] * dilation : dilation] = scaled(kernels, length, stretch)
    sources = address_of(padded) + size * np.arange(count)[None]
    if dtype.kind == "f":  # the imaginary part is the row of zeros at the end
        sources = np.repeat(sources, 2, axis=1)
        sources[:, 1::2] = address_of(padded) + size * count
    places = address_of(spectra) + spectra.strides[0] * np.arange(count)
    run = ready(length, dtype, KEEP, 0, Count(count, sources.shape[1] // count, 1))
    run(Lines(sources, (1, 1), NOWHERE, 1, 0, 0), places[:, None], 0)


def spectrum_order(length: int, dtype: np.dtype[Any]) -> Array:
    """Return which frequency stands at each place of a spectrum, by row and lane."""
    lanes = lanes_of(dtype)
    fours = frequencies((*radices(length // lanes // 4), 4)).reshape(-1, lanes // 4, 4)
    along = np.swapaxes(fours, 1, 2).reshape(-1, 1, lanes)
    return (along + length // lanes * np.arange(lanes)[:, None]).reshape(-1, lanes)
