"""Convolution of blocks of two or three axes, many in one compiled call that does not hold the interpreter's lock.

Blocks are numbered as the entries of the batch, and within an entry along the convolved axes, in C order; of real
samples two at a time are transformed as one. Where their samples and outputs stand comes from tables of byte offsets
for each axis but the last, and of samples along the last one. Passes are called by their address (see `calls`).
Of a bank of kernels, each block is transformed once: its frequencies are kept, and it is transformed back for each.
Entries that meet kernels of their own come in groups, one after another.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numba import njit

from ..entry import entry
from ..watch import samples_at
from .calls import call
from .passes import ROW
from .tables import COPIED, EMPTY, FROM, MISSING, NOWHERE, OUTSIDE, TO, UNWANTED
from .vectors import BYTES
from .version import VERSION

_INTEGER = 8

# Only compiled code calls these functions: wrappers for others would double the time of compiling them.
_njit = njit(nogil=True, no_cpython_wrapper=True, no_cfunc_wrapper=True)  # type: ignore[call-overload]


@_njit
def _forward(place, step, rows, passes, begin, size):  # type: ignore[no-untyped-def]
    """Run the passes from number `begin` on, of a transform of rows that lie a step apart."""
    blocks, table = 1, passes.roots
    for level in range(len(passes.levels)):
        radix, code = passes.levels[level, 0], passes.levels[level, 1]
        left = rows // radix
        if level >= begin:
            if left == 1:  # the last pass turns nothing: its transforms lie one after the other
                call(code, blocks, (place, radix * step, step))
            else:
                for block in range(blocks):
                    call(code, left, (place + block * rows * step, step, left * step, table))
        table += 2 * (radix - 1) * left * size
        blocks, rows = blocks * radix, left


@_njit
def _inverse(place, step, rows, passes, begin, size):  # type: ignore[no-untyped-def]
    """Run the passes back, down to number `begin`."""
    blocks, left, table = 1, rows, passes.roots
    for level in range(len(passes.levels)):
        radix = passes.levels[level, 0]
        blocks, left = blocks * radix, left // radix
        table += 2 * (radix - 1) * left * size
    for level in range(len(passes.levels) - 1, begin - 1, -1):
        radix, code = passes.levels[level, 0], passes.levels[level, 2]
        blocks //= radix
        table -= 2 * (radix - 1) * left * size
        if left == 1:
            call(code, blocks, (place, radix * step, step))
        else:
            for block in range(blocks):
                call(code, left, (place + block * left * radix * step, step, left * step, table))
        left *= radix


@_njit
def _find_lines(work, table, places, entry, outer, inner):  # type: ignore[no-untyped-def]
    """Fill in the addresses of a block's lines, of an entry that begins at an address."""
    n = 0
    for i in range(places.outer.shape[1]):
        for j in range(places.inner.shape[1]):
            above, below = places.outer[outer, i], places.inner[inner, j]
            absent = above == MISSING or below == MISSING
            work.lines[table, n] = places.missing if absent else entry + above + below
            n += 1


@_njit
def _source(kind, work, shape, columns, side, block, panel):  # type: ignore[no-untyped-def]
    """Return the table of lines and the bytes along them where a panel's samples stand; they may be copied first."""
    begin = columns.begins[block, panel]
    if begin >= 0:
        return FROM + side, begin * kind.itemsize
    if begin == EMPTY:
        return OUTSIDE, 0
    first = panel * shape.lanes
    for r in range(work.lines.shape[1]):
        samples, copy = work.lines[FROM + side, r], samples_at(kind, work.lines[COPIED + side, r], shape.lanes)
        for i in range(shape.lanes):
            sample = columns.samples[block, first + i]
            there = samples + sample * kind.itemsize
            copy[np.uintp(i)] = columns.fill if sample == NOWHERE else samples_at(kind, there, 1)[0]
    return COPIED + side, 0


@_njit
def _target(work, shape, side, left):  # type: ignore[no-untyped-def]
    """Return the table of lines that a panel is written to, if so many outputs are left for it."""
    return TO + side if left >= shape.lanes else COPIED + side if left > 0 else UNWANTED


@_njit
def _copy_out(kind, work, side, column, count):  # type: ignore[no-untyped-def]
    """Copy the first outputs of a panel's lines to where they belong."""
    for r in range(work.lines.shape[1]):
        target = samples_at(kind, work.lines[TO + side, r] + column, count)
        copy = samples_at(kind, work.lines[COPIED + side, r], count)
        for i in range(count):
            target[i] = copy[i]


@_njit
def _integers(work, shape, outer, panel, i, a, column_a, b, column_b):  # type: ignore[no-untyped-def]
    """Return what the pass that reads or writes a panel takes: places in the block, in the tables, in the lines."""
    left, step = shape.outer // outer.levels[0, 0], shape.inner * work.pitch
    table = work.lines.shape[1] * _INTEGER
    line_a, line_b = work.tables + a * table + i * _INTEGER, work.tables + b * table + i * _INTEGER
    hop = _INTEGER * shape.inner
    first = work.block + panel * ROW + i * work.pitch
    return first, step, left * step, outer.roots, hop, left * hop, line_a, column_a, line_b, column_b


@_njit
def _transform(kind, work, shape, outer, inner, columns, a, b):  # type: ignore[no-untyped-def]
    """Transform two blocks of samples, or one, along all axes but the last."""
    size, step = BYTES // shape.lanes, shape.inner * work.pitch
    for panel in range(shape.rows):
        from_a, column_a = _source(kind, work, shape, columns, 0, a, panel)
        from_b, column_b = _source(kind, work, shape, columns, 1, b, panel) if shape.parts > 1 else (OUTSIDE, 0)
        for i in range(shape.inner):
            integers = _integers(work, shape, outer, panel, i, from_a, column_a, from_b, column_b)
            call(outer.levels[0, 1], shape.outer // outer.levels[0, 0], integers)
            _forward(integers[0], step, shape.outer, outer, 1, size)
        for i in range(shape.outer if shape.inner > 1 else 0):
            _forward(work.block + panel * ROW + i * step, work.pitch, shape.inner, inner, 0, size)


@_njit
def _restore(kind, work, shape, outer, inner, columns, a, b):  # type: ignore[no-untyped-def]
    """Transform the products of two blocks, or of one, back and write their outputs."""
    size, step = BYTES // shape.lanes, shape.inner * work.pitch
    for panel in range(columns.dropped, shape.rows):
        column = (panel - columns.dropped) * shape.lanes
        left_a, left_b = columns.counts[a] - column, columns.counts[b] - column if shape.parts > 1 else 0
        if left_a <= 0 and left_b <= 0:
            continue
        for i in range(shape.outer if shape.inner > 1 else 0):
            _inverse(work.block + panel * ROW + i * step, work.pitch, shape.inner, inner, 0, size)
        to_a, to_b = _target(work, shape, 0, left_a), _target(work, shape, 1, left_b)
        column_a, column_b = (a * columns.hop + column) * kind.itemsize, (b * columns.hop + column) * kind.itemsize
        at_a, at_b = column_a if to_a == TO else 0, column_b if to_b == TO + 1 else 0
        for i in range(shape.inner):
            integers = _integers(work, shape, outer, panel, i, to_a, at_a, to_b, at_b)
            _inverse(integers[0], step, shape.outer, outer, 1, size)
            call(outer.levels[0, 2], shape.outer // outer.levels[0, 0], integers)
        if to_a == COPIED:
            _copy_out(kind, work, 0, column_a, left_a)
        if to_b == COPIED + 1:
            _copy_out(kind, work, 1, column_b, left_b)


@_njit
def _along_lines(work, shape, along, middle, spectrum, kept, there, back):  # type: ignore[no-untyped-def]
    """Run the passes along all lines, there, and back."""
    size = BYTES // shape.lanes
    for i in range(0, shape.outer * shape.inner, middle.together):
        lines = range(i, i + middle.together if len(along.levels) else i)
        for j in lines if there else range(0):
            _forward(work.block + j * work.pitch, ROW, shape.rows, along, 0, size)
        table = i * shape.rows * ROW
        integers = (work.block + i * work.pitch, middle.groups, middle.turns, spectrum + table, kept + table)
        call(middle.code, middle.together * shape.rows // shape.lanes, integers)
        for j in lines if back else range(0):
            _inverse(work.block + j * work.pitch, ROW, shape.rows, along, 0, size)


@_njit
def _fill_tables(work, source, target):  # type: ignore[no-untyped-def]
    """Fill in the tables of lines that all blocks share. The copies of panels have the size of a row of points."""
    for r in range(work.lines.shape[1]):
        work.lines[COPIED, r] = work.panels + r * ROW
        work.lines[COPIED + 1, r] = work.panels + r * ROW + BYTES
        work.lines[OUTSIDE, r] = source.missing
        work.lines[UNWANTED, r] = target.missing


@_njit
def _leave(work, table, missing):  # type: ignore[no-untyped-def]
    """Make all lines of a table missing ones."""
    for r in range(work.lines.shape[1]):
        work.lines[table, r] = work.lines[missing, r]


def _compiled(version: int) -> Callable[..., int]:
    """Return the function that convolves blocks, which is compiled anew for each version of what it is made of."""

    @entry()
    def convolve_blocks(  # type: ignore[no-untyped-def]
        kind, work, shape, outer, inner, along, middle, kernels, source, target, columns
    ):
        _fill_tables(work, source, target)
        across = len(columns.samples)
        within = len(source.inner) * across
        entry = len(source.outer) * within
        total = source.entries.shape[1] * entry
        for group in range(len(kernels.spectra)):
            spectra, begins, ends = kernels.spectra[group], source.entries[group], target.entries[group]
            count, results = len(spectra), min(len(spectra), len(ends))
            for first in range(0, total, shape.parts):
                for side in range(shape.parts):
                    n = min(first + side, total - 1)
                    at, outside = begins[n // entry], n % entry
                    _find_lines(work, FROM + side, source, at, outside // within, n % within // across)
                if first + 1 == total and shape.parts > 1:  # a block without a partner
                    _leave(work, TO + 1 if results else FROM + 1, UNWANTED if results else OUTSIDE)
                a, b = first % across, (min(first + shape.parts, total) - 1) % across
                _transform(kind, work, shape, outer, inner, columns, a, b)
                place = spectra[0] if count == 1 else kernels.kept
                _along_lines(work, shape, along, middle, place, 0, True, count == 1)
                for kernel in range(results):
                    if count > 1:
                        _along_lines(work, shape, along, kernels.back, spectra[kernel], kernels.kept, False, True)
                    for n in range(first, min(first + shape.parts, total)):
                        at = ends[n // entry * count + kernel]
                        _find_lines(work, TO + n - first, target, at, n % entry // within, n % within // across)
                    _restore(kind, work, shape, outer, inner, columns, a, b)
        return version

    return convolve_blocks


convolve_blocks = _compiled(VERSION)
