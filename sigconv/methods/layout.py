"""How the piece of a tile lies in transforms' buffers, and where their samples stand in the tile's result.

`Whole` transforms the piece once. `Blocks` cuts it, along one axis, into blocks that overlap by the kernel's tail; some
of them at a time lie side by side on a leading axis of the buffer. Two blocks of real data are one complex one: the
transform is linear and the kernel real, so the block in the real part and the one in the imaginary part stay apart.
"""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np
from numpy.lib.stride_tricks import as_strided

from ..engines.protocol import Array
from .protocol import Settings
from .tiles import Reach


class Layout(Protocol):
    """Where samples go and outputs come from: the transformed axes of the buffer, and what must be gathered."""

    axes: tuple[int, ...]
    reaches: list[Reach]

    def batches(self) -> list[slice]:
        """Return the blocks that are transformed together, batch by batch."""
        ...

    def view(self, piece: Array) -> Array:
        """Return the piece as it is cut."""
        ...

    def shape(self, view: Array, rows: slice) -> tuple[int, ...]:
        """Return the buffer's shape for a batch."""
        ...

    def fill(self, buffer: Array, view: Array, rows: slice) -> None:
        """Copy a batch into the buffer, zeros where it does not reach."""
        ...

    def empty(self, samples: tuple[int, ...], dtype: np.dtype[Any]) -> Array:
        """Return an array for the outputs of all batches, from the shape of a transformed buffer."""
        ...

    def store(self, outputs: Array, samples: Array, rows: slice) -> None:
        """Copy the outputs of a batch from the transformed buffer."""
        ...

    def joined(self, outputs: Array) -> Array:
        """Return the outputs as the tile of the result that they are."""
        ...


def local_window(r: Reach) -> tuple[int, int]:
    """Return the outputs [start, stop) of a tile in the full convolution of its piece with the taps it holds."""
    origin = r.start + r.axis.dilation * r.low
    return r.first - origin, r.last - origin + 1


def fill_corner(buffer: Array, piece: Array) -> None:
    """Copy an array into the low corner of a larger one, zeros elsewhere."""
    corner = tuple(slice(0, size) for size in piece.shape)
    for axis, size in enumerate(piece.shape):
        if size < buffer.shape[axis]:
            buffer[(*corner[:axis], slice(size, None))] = 0
    buffer[corner] = piece


class Whole:
    """One transform of the whole piece, which lies in the buffer's low corner."""

    def __init__(self, reaches: list[Reach], settings: Settings) -> None:
        self.axes = tuple(r.axis.position for r in reaches)
        self.reaches = reaches
        self._settings = settings

    def batches(self) -> list[slice]:
        """Return one batch."""
        return [slice(0, 1)]

    def view(self, piece: Array) -> Array:
        """Return the piece as it is."""
        return piece

    def shape(self, view: Array, rows: slice) -> tuple[int, ...]:
        """Return the piece's shape with the transforms' lengths."""
        lengths = dict(zip(self.axes, self._settings.lengths, strict=True))
        return tuple(lengths.get(i, n) for i, n in enumerate(view.shape))

    def fill(self, buffer: Array, view: Array, rows: slice) -> None:
        """Copy the piece into the low corner."""
        fill_corner(buffer, view)

    def empty(self, samples: tuple[int, ...], dtype: np.dtype[Any]) -> Array:
        """Return an array of the tile's shape."""
        counts = {r.axis.position: (r.last - r.first) // r.axis.stride + 1 for r in self.reaches}
        return np.empty([counts.get(i, n) for i, n in enumerate(samples)], dtype)

    def store(self, outputs: Array, samples: Array, rows: slice) -> None:
        """Copy the window of each axis; on a circular axis it begins at 0, and may go round again."""
        settings = self._settings
        for r, length, circular in zip(self.reaches, settings.lengths, settings.circular, strict=True):
            start, stop = (r.first - r.axis.start, r.last - r.axis.start + 1) if circular else local_window(r)
            if stop <= length:
                samples = samples[(slice(None),) * r.axis.position + (slice(start, stop, r.axis.stride),)]
            else:
                samples = samples.take(np.arange(start, stop, r.axis.stride) % length, axis=r.axis.position)
        outputs[...] = samples

    def joined(self, outputs: Array) -> Array:
        """Return the outputs as they are."""
        return outputs


class Blocks:
    """Blocks along the first of the axes, `settings.blocks` in a batch; of real data two in one complex transform."""

    def __init__(self, reaches: list[Reach], settings: Settings, hop: int) -> None:
        first = reaches[0]
        self.axes = tuple(r.axis.position + 1 for r in reaches)
        self._settings, self._axis, self._hop = settings, first.axis.position, hop
        self._length, self._step = settings.lengths[0], hop * first.axis.stride
        self._outputs = (first.last - first.first) // first.axis.stride + 1
        parts = 2 if settings.paired else 1
        self._count = -(-self._outputs // (hop * parts)) * parts
        self.reaches = [self._through_last_block(first), *reaches[1:]]

    def _through_last_block(self, r: Reach) -> Reach:
        """Return the reach, made so long that every block is full; what lies further out reaches no output."""
        return r._replace(stop=r.start + (self._count - 1) * self._step + self._length)

    def batches(self) -> list[slice]:
        """Return the blocks of each batch."""
        size = self._settings.blocks
        return [slice(b, min(b + size, self._count)) for b in range(0, self._count, size)]

    def view(self, piece: Array) -> Array:
        """Return a view of the blocks on a leading axis."""
        stride = piece.strides[self._axis] * self._step
        shape = (self._count, *piece.shape[: self._axis], self._length, *piece.shape[self._axis + 1 :])
        return as_strided(piece, shape, (stride, *piece.strides), writeable=False)

    def shape(self, view: Array, rows: slice) -> tuple[int, ...]:
        """Return the buffer's shape: rows of blocks, and the transforms' lengths."""
        return self._buffer(view.shape[1:], rows)

    def _buffer(self, piece: tuple[int, ...], rows: slice) -> tuple[int, ...]:
        lengths = dict(zip(self.axes, self._settings.lengths, strict=True))
        count = (rows.stop - rows.start) // (2 if self._settings.paired else 1)
        return count, *(lengths.get(i + 1, n) for i, n in enumerate(piece))

    def fill(self, buffer: Array, view: Array, rows: slice) -> None:
        """Copy the blocks of a batch into its rows, every other one into the imaginary parts."""
        for part, blocks in zip(self._parts(buffer), self._numbers(rows), strict=True):
            fill_corner(part, view[blocks])

    def _parts(self, buffer: Array) -> tuple[Array, ...]:
        return (buffer.real, buffer.imag) if self._settings.paired else (buffer,)

    def _numbers(self, rows: slice) -> tuple[slice, ...]:
        """Return the blocks of each part."""
        if not self._settings.paired:
            return (rows,)
        return slice(rows.start, rows.stop, 2), slice(rows.start + 1, rows.stop, 2)

    def empty(self, samples: tuple[int, ...], dtype: np.dtype[Any]) -> Array:
        """Return an array for the outputs of all blocks, on a leading axis."""
        counts = {r.axis.position + 1: (r.last - r.first) // r.axis.stride + 1 for r in self.reaches[1:]}
        counts |= {0: self._count, self._axis + 1: self._hop}
        return np.empty([counts.get(i, n) for i, n in enumerate(samples)], dtype)

    def store(self, outputs: Array, samples: Array, rows: slice) -> None:
        """Copy what no wrap-around has reached of every block."""
        kept = samples[self._window(samples.ndim)]
        for part, blocks in zip(self._parts(kept), self._numbers(rows), strict=True):
            outputs[blocks] = part

    def _window(self, ndim: int) -> tuple[slice, ...]:
        window = [slice(None)] * ndim
        for r in self.reaches:
            start, stop = local_window(r)
            if r.axis.position == self._axis:
                stop = start + (self._hop - 1) * r.axis.stride + 1
            window[r.axis.position + 1] = slice(start, stop, r.axis.stride)
        return tuple(window)

    def joined(self, outputs: Array) -> Array:
        """Return the outputs of all blocks one after the other."""
        beside = np.moveaxis(outputs, 0, self._axis)
        shape = (*beside.shape[: self._axis], -1, *beside.shape[self._axis + 2 :])
        return beside.reshape(shape)[(slice(None),) * self._axis + (slice(0, self._outputs),)]
