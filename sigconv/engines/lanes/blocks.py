"""Convolution of blocks of two or three axes, many in one compiled call that does not hold the interpreter's lock.

Blocks are numbered as the entries of the batch, and within an entry along the convolved axes, in C order; of real
samples two at a time are transformed as one. Where their samples and outputs stand comes from tables of byte offsets
for each axis but the last, and of samples along the last one. Passes are called by their address (see `calls`).
Of a bank of kernels, each block is transformed once: its frequencies are kept, and it is transformed back for each.
Entries that meet kernels of their own come in groups, one after another.
"""

from __future__ import annotations

from collections.abc import Callable

from ..entry import entry
from ..simd import NO, ONE, YES, ZERO, inner
from ..watch import address
from .calls import call
from .levels import BACK, LEFT, NEXT, ROOTS, THERE, forward, inverse
from .passes import ROW
from .shares import next_piece
from .tables import COPIED, EMPTY, FROM, MISSING, OUTSIDE, TO, UNWANTED
from .vectors import BYTES
from .version import VERSION

_INTEGER = 8


@inner
def _find_lines(work, table, places, entry, outer, inner):  # type: ignore[no-untyped-def]
    """Fill in the addresses of a block's lines, of an entry that begins at an address."""
    n = 0
    for i in range(places.outer.shape[1]):
        for j in range(places.inner.shape[1]):
            above, below = places.outer[outer, i], places.inner[inner, j]
            absent = above == MISSING or below == MISSING
            work.lines[table, n] = places.missing if absent else entry + above + below
            n += 1


@inner
def _source(samples, work, shape, columns, source, side, block, panel):  # type: ignore[no-untyped-def]
    """Return the table of lines and the bytes along them where a panel's samples stand; they may be copied first."""
    begin = columns.begins[block, panel]
    if begin >= 0:
        return FROM + side, begin * samples.size
    if begin == EMPTY:
        return OUTSIDE, 0
    lines = work.tables + (FROM + side) * work.lines.shape[1] * _INTEGER
    numbers = address(columns.samples) + (block * columns.samples.shape[1] + panel * shape.lanes) * _INTEGER
    integers = (work.panels + side * BYTES, lines, numbers, source.missing)
    call(samples.collect, 1, 0, work.lines.shape[1], integers)
    return COPIED + side, 0


@inner
def _target(work, shape, side, left):  # type: ignore[no-untyped-def]
    """Return the table of lines that a panel is written to, if so many outputs are left for it."""
    return TO + side if left >= shape.lanes else COPIED + side if left > 0 else UNWANTED


@inner
def _copy_out(samples, work, side, column, count):  # type: ignore[no-untyped-def]
    """Copy the first outputs of a panel's lines to where they belong."""
    for r in range(work.lines.shape[1]):
        call(samples.copy, 1, 0, count, (work.lines[TO + side, r] + column, work.lines[COPIED + side, r]))


@inner
def _integers(work, shape, outer, panel, i, a, column_a, b, column_b):  # type: ignore[no-untyped-def]
    """Return what the pass that reads or writes a panel takes: places in the block, in the tables, in the lines."""
    left, step = outer[0, LEFT], shape.inner * work.pitch
    table = work.lines.shape[1] * _INTEGER
    line_a, line_b = work.tables + a * table + i * _INTEGER, work.tables + b * table + i * _INTEGER
    hop = _INTEGER * shape.inner
    first = work.block + panel * ROW + i * work.pitch
    return first, step, left * step, outer[0, ROOTS], hop, left * hop, line_a, column_a, line_b, column_b


@inner
def _transform(samples, work, shape, outer, within, columns, source, a, b):  # type: ignore[no-untyped-def]
    """Transform two blocks of samples, or one, along all axes but the last."""
    step = shape.inner * work.pitch
    for panel in range(shape.rows):
        from_a, column_a = _source(samples, work, shape, columns, source, ZERO, a, panel)
        from_b, column_b = OUTSIDE, 0
        if shape.parts > 1:
            from_b, column_b = _source(samples, work, shape, columns, source, ONE, b, panel)
        for i in range(shape.inner):
            integers = _integers(work, shape, outer, panel, i, from_a, column_a, from_b, column_b)
            call(outer[0, THERE], 1, 0, outer[0, LEFT], integers)
            forward(outer, ONE, len(outer), integers[0], step, shape.outer)
        for i in range(shape.outer if shape.inner > 1 else 0):
            forward(within, ZERO, len(within), work.block + panel * ROW + i * step, work.pitch, shape.inner)


@inner
def _restore(samples, work, shape, outer, within, columns, a, b):  # type: ignore[no-untyped-def]
    """Transform the products of two blocks, or of one, back and write their outputs."""
    step = shape.inner * work.pitch
    for panel in range(columns.dropped, shape.rows):
        column = (panel - columns.dropped) * shape.lanes
        left_a, left_b = columns.counts[a] - column, columns.counts[b] - column if shape.parts > 1 else 0
        if left_a <= 0 and left_b <= 0:
            continue
        for i in range(shape.outer if shape.inner > 1 else 0):
            inverse(within, ZERO, len(within), work.block + panel * ROW + i * step, work.pitch, shape.inner)
        to_a, to_b = _target(work, shape, ZERO, left_a), _target(work, shape, ONE, left_b)
        column_a, column_b = (a * columns.hop + column) * samples.size, (b * columns.hop + column) * samples.size
        at_a, at_b = column_a if to_a == TO else 0, column_b if to_b == TO + 1 else 0
        for i in range(shape.inner):
            integers = _integers(work, shape, outer, panel, i, to_a, at_a, to_b, at_b)
            inverse(outer, ONE, len(outer), integers[0], step, shape.outer)
            call(outer[0, BACK], 1, 0, outer[0, LEFT], integers)
        if to_a == COPIED:
            _copy_out(samples, work, ZERO, column_a, left_a)
        if to_b == COPIED + 1:
            _copy_out(samples, work, ONE, column_b, left_b)


@inner
def _along_lines(work, shape, along, middle, spectrum, kept, there, back):  # type: ignore[no-untyped-def]
    """Run the passes along all lines, there, and back."""
    for i in range(0, shape.outer * shape.inner, middle.together):
        lines = range(i, i + middle.together if len(along) else i)
        for j in lines if there else range(0):
            forward(along, ZERO, len(along), work.block + j * work.pitch, NEXT, shape.rows)
        table = i * shape.rows * ROW
        integers = (work.block + i * work.pitch, middle.groups, middle.turns, spectrum + table, kept + table)
        call(middle.code, 1, 0, middle.together * shape.rows // shape.lanes, integers)
        for j in lines if back else range(0):
            inverse(along, ZERO, len(along), work.block + j * work.pitch, NEXT, shape.rows)


@inner
def _fill_tables(work, source, target):  # type: ignore[no-untyped-def]
    """Fill in the tables of lines that all blocks share. The copies of panels have the size of a row of points."""
    for r in range(work.lines.shape[1]):
        work.lines[COPIED, r] = work.panels + r * ROW
        work.lines[COPIED + 1, r] = work.panels + r * ROW + BYTES
        work.lines[OUTSIDE, r] = source.missing
        work.lines[UNWANTED, r] = target.missing


@inner
def _leave(work, table, missing):  # type: ignore[no-untyped-def]
    """Make all lines of a table missing ones."""
    for r in range(work.lines.shape[1]):
        work.lines[table, r] = work.lines[missing, r]


def _compiled(version: int) -> Callable[..., int]:
    """Return the function that convolves blocks, which is compiled anew for each version of what it is made of."""

    @entry()
    def convolve_blocks(  # type: ignore[no-untyped-def]
        samples, work, shape, outer, within, along, middle, kernels, source, target, columns, counted
    ):
        _fill_tables(work, source, target)
        across = len(columns.samples)
        inside = len(source.inner) * across
        entry = len(source.outer) * inside
        total = source.entries.shape[1] * entry
        each = -(-total // shape.parts)  # pieces of a group
        piece = next_piece(counted)
        while piece < each * len(kernels.spectra):
            group, first = piece // each, piece % each * shape.parts
            spectra, begins, ends = kernels.spectra[group], source.entries[group], target.entries[group]
            count, results = len(spectra), min(len(spectra), len(ends))
            for side in range(shape.parts):
                n = min(first + side, total - 1)
                at, outside = begins[n // entry], n % entry
                _find_lines(work, FROM + side, source, at, outside // inside, n % inside // across)
            if first + 1 == total and shape.parts > 1:  # a block without a partner
                _leave(work, TO + 1 if results else FROM + 1, UNWANTED if results else OUTSIDE)
            a, b = first % across, (min(first + shape.parts, total) - 1) % across
            _transform(samples, work, shape, outer, within, columns, source, a, b)
            place = spectra[0] if count == 1 else kernels.kept
            _along_lines(work, shape, along, middle, place, ZERO, YES, count == 1)
            for kernel in range(results):
                if count > 1:
                    _along_lines(work, shape, along, kernels.back, spectra[kernel], kernels.kept, NO, YES)
                for n in range(first, min(first + shape.parts, total)):
                    at = ends[n // entry * count + kernel]
                    _find_lines(work, TO + n - first, target, at, n % entry // inside, n % inside // across)
                _restore(samples, work, shape, outer, within, columns, a, b)
            piece = next_piece(counted)
        return version

    return convolve_blocks


convolve_blocks = _compiled(VERSION)
