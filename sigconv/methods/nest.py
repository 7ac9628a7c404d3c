"""Convolution along several axes, one inside the other: columns, and across them rows or the next columns.

What `panels` does with arrays: samples lie contiguous, an axis by itself is folded into two levels.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from math import prod
from typing import Any, NamedTuple

import numpy as np

from ..engines.own_spectrum import OwnSpectrum
from ..engines.protocol import Array

# Bytes of rows that are taken from the panels at once, to be transformed along several axes.
SLAB = 1 << 20
LEAST_ROWS = 4

Shape = tuple[int, ...]
Step = Callable[[slice], None]
Share = Callable[[int, Step], None]


class Window(NamedTuple):
    """The outputs of a level: `outputs` from the row `first` on, in steps; the first row lacks `skip` samples."""

    first: int
    step: int
    outputs: int
    skip: int = 0


class Nest(NamedTuple):
    """The transforms of all levels: columns of all but the last one, across which the rows are transformed."""

    columns: tuple[Any, ...]
    rows: Any
    dtype: np.dtype[Any]

    @property
    def size(self) -> int:
        """The length of all transforms together."""
        return prod(int(part.length) for part in (*self.columns, self.rows))

    @property
    def last(self) -> bool:
        """Whether the rows come next."""
        return len(self.columns) == 1

    def inner(self) -> Nest:
        """Return the levels below the first."""
        return self._replace(columns=self.columns[1:])

    def planes(self, part: slice, width: int) -> Iterator[slice]:
        """Yield the rows that are taken from the panels together, to be transformed along several axes."""
        size = max(LEAST_ROWS, SLAB // (width * self.dtype.itemsize))
        return (slice(r, min(r + size, part.stop)) for r in range(part.start, part.stop, size))


def _alone(count: int, work: Step) -> None:
    """Do all items at once."""
    work(slice(0, count))


def transform(nest: Nest, data: Array, shape: Shape, scale: float, spectrum: Array, share: Share) -> None:
    """Fill the spectrum of contiguous samples, times a factor."""
    columns, width = nest.columns[0], prod(shape[1:])
    panels = columns.empty(width)
    share(columns.count(width), partial(columns.forward, data, width, panels))
    if nest.last:
        groups = nest.rows.groups(columns.length)
        share(groups, lambda part: nest.rows.spectra(panels, width, part, scale, spectrum))
    else:
        share(columns.length, partial(_transform_planes, nest, panels, shape, scale, spectrum))


def _transform_planes(nest: Nest, panels: Array, shape: Shape, scale: float, spectrum: Array, part: slice) -> None:
    """Fill the spectra of some rows that have several axes."""
    width = prod(shape[1:])
    for rows in nest.planes(part, width):
        for data, inner in zip(_taken(panels, rows, width), spectrum[rows], strict=True):
            transform(nest.inner(), data, shape[1:], scale, inner, _alone)


def convolve(
    nest: Nest,
    data: Array,
    shape: Shape,
    spectrum: Array | OwnSpectrum,
    windows: list[Window],
    out: Array,
    share: Share,
) -> None:
    """Fill the outputs of contiguous samples."""
    columns, width, wanted = nest.columns[0], prod(shape[1:]), prod(w.outputs for w in windows[1:])
    panels = columns.empty(max(width, wanted))
    share(columns.count(width), partial(columns.forward, data, width, panels))
    if nest.last:
        across = windows[1].first, windows[1].step, wanted
        groups = nest.rows.groups(columns.length)
        share(groups, lambda part: nest.rows.convolve(panels, width, part, spectrum, across))
    else:
        share(columns.length, partial(_convolve_planes, nest, panels, shape, spectrum, windows))
    window = windows[0].first, windows[0].step, windows[0].skip
    share(columns.count(wanted), partial(columns.backward, panels, data=out, width=wanted, window=window))


def _convolve_planes(
    nest: Nest, panels: Array, shape: Shape, spectrum: Array | OwnSpectrum, windows: list[Window], part: slice
) -> None:
    """Replace some rows that have several axes by their outputs."""
    width, wanted = prod(shape[1:]), prod(w.outputs for w in windows[1:])
    for rows in nest.planes(part, max(width, wanted)):
        planes = _taken(panels, rows, width)
        results = np.empty((len(planes), wanted), nest.dtype)
        for data, inner, out in zip(planes, spectrum[rows], results, strict=True):
            convolve(nest.inner(), data, shape[1:], inner, windows[1:], out, _alone)
        _give(panels, rows, results)


def _taken(panels: Array, rows: slice, width: int) -> Array:
    """Return some rows of the panels."""
    lanes, count = panels.shape[2], rows.stop - rows.start
    full, rest = divmod(width, lanes)
    taken: Array = np.empty((count, width), panels.dtype)
    taken[:, : full * lanes].reshape(count, full, lanes)[...] = panels[:full, rows].transpose(1, 0, 2)
    if rest:
        taken[:, full * lanes :] = panels[full, rows, :rest]
    return taken


def _give(panels: Array, rows: slice, data: Array) -> None:
    """Copy an array to some rows of the panels."""
    lanes = panels.shape[2]
    full, rest = divmod(data.shape[1], lanes)
    panels[:full, rows] = data[:, : full * lanes].reshape(len(data), full, lanes).transpose(1, 0, 2)
    if rest:
        panels[full, rows, :rest] = data[:, full * lanes :]
