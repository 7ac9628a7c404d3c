"""Minimal filtering of layers whose kernels have three taps on an axis: two outputs by four products instead of six.

Y = Aᵀ [Σ_c (G g_c Gᵀ) ⊙ (Bᵀ d_c B)] A. The samples that a tile of two by two outputs reads, four by four, are
transformed once for all output channels; each of the sixteen numbers meets the weights' in a product of matrices over
the channels; and the sums are transformed back once: F(2 × 2, 3 × 3), or along the last axis alone F(2, 3) (A. Lavin
and S. Gray, Fast algorithms for convolutional neural networks, CVPR 2016; S. Winograd, Arithmetic Complexity of
Computations, SIAM 1980). A group of tiles is taken through all three steps while it is in the caches.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np

from ..semantics.problem import Axis
from . import simd
from .addresses import address_of
from .by_address import run, run_loop
from .channels import LINE, pitch_of
from .entry import entry
from .loops import MISSING
from .protocol import Array
from .rows import sources
from .watch import address
from .winograd_tiles import ANALYSE, BLOCK, MULTIPLY, PIECE, ROWS, SYNTHESISE, WEIGH, WEIGHING, read

_KEPT = 32  # tables, each of the rows and columns of a tile of the result


def _filter(version: int) -> Any:
    """Return the filter, compiled anew for each version of what it is made of."""

    @entry(error_model="numpy")
    def fill(  # type: ignore[no-untyped-def]
        loops, data, far, channels, signals, table, weights, plane, kept, out, steps, wanted, both, group, seen
    ):
        size, analyse, multiply, synthesise = loops
        numbers, width = 16 if both else 4, BLOCK // size
        down, across = -(-wanted[0] // 2) if both else wanted[0], -(-wanted[1] // 2)
        chunk, total, tiles = -(-group // width), signals * down * across, (down, across, both)
        # What a step reads or writes together lies an odd number of lines apart: in different sets of a cache.
        pitch, height = pitch_of(chunk * BLOCK), -(-kept // ROWS) * ROWS
        apart, beside = (channels | 1) * pitch, (height | 1) * pitch
        # Lanes behind the last tile of a row, or of a group, read what stands there: zeros, or samples.
        line = -(-(2 * across * size + 3 * PIECE) // LINE) * LINE
        lines = min(table[0].size, 2 * (chunk * width // across) + 6)
        buffer = np.zeros(lines * line + numbers * (apart + beside) + 3 * LINE, np.uint8)
        spare = address(buffer)
        spare += -spare % LINE
        held = spare + 2 * LINE
        samples = held + lines * line
        sums = samples + numbers * apart
        for begin in range(0, total, chunk * width):
            span = begin, min(begin + chunk * width, total)
            narrow = 1 if 0 < (span[1] - begin) % width <= width // 2 else 0
            count = -((begin - span[1]) // width) - narrow
            for c in range(channels):
                channel, target = data + c * far[1], samples + c * pitch
                read(analyse, size, channel, far[0], table, tiles, span, held, line, target, apart)
            for k in range(numbers):
                source, target = samples + k * apart, sums + k * beside
                for row in range(0, height, ROWS):
                    panel = weights + k * plane + row * channels * size
                    run(multiply, (panel, channels, source, pitch, target + row * pitch, count, narrow))
            for o in range(kept):
                written = sums + o * pitch, beside, out + o * steps[1], steps[0], steps[2], wanted[0], wanted[1]
                run(synthesise, (*written, both, down, across, span[0], span[1], seen, spare))
        return version + 0 * buffer.size

    return fill


VERSION = simd.version("loops.py", "channels.py", "winograd_tiles.py")
_fill = _filter(VERSION)

# Of an axis: where its first tap in sliding order meets the first output, and how many outputs there are.
Part = tuple[Axis, int, int]


class _Table(NamedTuple):
    """Where the rows and columns that tiles read stand, in bytes, or MISSING; the columns of the run are neighbours."""

    rows: Array
    columns: Array
    run: tuple[int, int]


@lru_cache(maxsize=_KEPT)
def _table(parts: tuple[Part, Part], strides: tuple[int, int], size: int) -> _Table:
    """Return where the samples of tiles stand."""
    rows, columns = (_places(*part, stride) for part, stride in zip(parts, strides, strict=True))
    axis, first, _ = parts[1]
    begin = min(max(0, -first), columns.size)
    end = min(max(begin, axis.signal - first), columns.size)
    return _Table(rows, columns, (begin, end) if strides[1] == size else (0, 0))


def _places(axis: Axis, first: int, count: int, stride: int) -> Array:
    """Return where the samples of the tiles of an axis stand."""
    positions = first + np.arange(count if axis.taps == 1 else count + count % 2 + 2)
    found = sources(axis.boundary, positions, axis.signal)
    return np.where(found < 0, MISSING, found * stride)


class Filters:
    """Weights (rows, channels, *taps) of two axes, in the order in which they slide, transformed; taps are 3, or 1 × 3.

    `group` tiles are filtered at a time.
    """

    def __init__(self, weights: Array, group: int) -> None:
        self._both, self._group = weights.shape[2] > 1, group
        self._taps = np.require(weights, requirements=("C", "A"))
        height = -(-len(weights) // ROWS) * ROWS
        self._dtype = weights.dtype
        # A piece more puts the numbers of a weight into different sets of a cache.
        plane = height * weights.shape[1] + PIECE // weights.itemsize
        self._numbers = np.empty((16 if self._both else 4, plane), weights.dtype)

    def transform(self, rows: range) -> None:
        """Transform the weights of some rows, which must be done once for all; they end with the last or a panel."""
        out, plane, end = address_of(self._numbers), self._numbers.strides[0], -(-rows.stop // ROWS) * ROWS
        memory = np.zeros(WEIGHING, np.uint8)
        taps = address_of(self._taps), *self._taps.shape[:2]
        run_loop(WEIGH(self._dtype, VERSION), (*taps, rows.start, end, out, plane, int(self._both), address_of(memory)))

    def fill(self, data: Array, parts: tuple[Part, Part], first: int, out: Array) -> bool:
        """Fill `out` (signals, rows, *space), its last axis contiguous, from `data` (signals, channels, *space).

        The rows are some from the first on, a multiple of `ROWS`. Return whether all outputs are finite; where an
        operand is not, or a sum too large, they are of no use.
        """
        table = (*_table(parts, data.strides[2:], data.itemsize), np.lib.array_utils.byte_bounds(data)[1])
        read = address_of(data), data.strides[:2], data.shape[1], len(data), table
        place = first * data.shape[1] * data.itemsize
        weights = address_of(self._numbers) + place, self._numbers.strides[0]
        written = out.shape[1], address_of(out), out.strides[:3], out.shape[2:], int(self._both), self._group
        seen = np.zeros(2 * PIECE // data.itemsize, data.dtype)  # zero times the outputs
        loops = (data.itemsize, *(loop(data.dtype, VERSION) for loop in (ANALYSE, MULTIPLY, SYNTHESISE)))
        _fill(loops, *read, *weights, *written, address_of(seen))
        return bool((seen == 0).all())
