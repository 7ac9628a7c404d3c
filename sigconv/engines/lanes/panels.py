"""The straight-line code of blocks of several axes: passes down the panels, and along the lines.

A block holds complex samples, or two blocks of real ones as real and imaginary parts. Its lines, those along the last
axis, are rows of points; a panel is a column of such rows. Transforms along the other axes run down the panels, lane by
lane: the first pass reads the samples, the last one writes the outputs. In between, each line is transformed,
multiplied and brought back: passes over its rows, a transform across the lanes (rows and lanes exchanged in registers),
and all the way back. Nothing is reordered: the kernel's spectrum comes from the same passes.
"""

from __future__ import annotations

from .butterflies import Point, dft, inverse_dft
from .calls import over_rows
from .passes import (
    ROW,
    conjugate_product,
    load_row,
    product,
    rows_at,
    store_row,
    store_rows,
    turned_back,
    twiddles,
)
from .vectors import BYTES, Code, Number, in_registers

_INTEGER = 8


def _lines_of(radix: int, code: Code, row: Number, lines: Number, hop: Number, jump: Number) -> list[Number]:
    """Return where a pass reads or writes the lines that it takes together."""
    return [code.integer(lines + row * hop + jump * k) for k in range(radix)]


def _places(
    radix: int,
    code: Code,
    row: Number,
    hop: Number,
    jump: Number,
    lines_a: Number,
    column_a: Number,
    lines_b: Number,
    column_b: Number,
) -> list[tuple[Number, Number]]:
    """Return where the vectors of each line's samples stand: one in each block, or the two of a complex one."""
    first = [line + column_a for line in _lines_of(radix, code, row, lines_a, hop, jump)]
    if code.interleaved:
        return [(place + code.begin, place + (code.begin + code.width)) for place in first]
    second = [line + column_b for line in _lines_of(radix, code, row, lines_b, hop, jump)]
    return list(zip(first, second, strict=True))


def _fetch_beside(code: Code, places: list[tuple[Number, Number]]) -> None:
    """Ask for what the next panel reads or writes on the same lines: no prefetcher of a CPU sees so wide a stride."""
    ahead = (2 * BYTES if code.interleaved else BYTES) + BYTES - 1  # the last line of the cache that a vector may meet
    for place in (place for both in places for place in both):
        code.fetch(place + ahead)


def _read(
    radix: int, code: Code, row: Number, place: Number, step: Number, distance: Number, table: Number, *lines: Number
) -> None:
    """Write the first pass of samples, which stand on some lines: of two blocks, or of a complex one, the first."""
    places = _places(radix, code, row, *lines)
    points = [(code.load(a, aligned=False), code.load(b, aligned=False)) for a, b in places]
    _fetch_beside(code, places)
    first, *rest = dft([code.deinterleave(*p) for p in points] if code.interleaved else points)
    turned = [first, *map(product, rest, twiddles(code, table, row, radix))]
    store_rows(code, rows_at(radix, row, place, step, distance), turned)


def _write(
    radix: int, code: Code, row: Number, place: Number, step: Number, distance: Number, table: Number, *lines: Number
) -> None:
    """Write the last pass back, into the outputs of two blocks, or of a complex one."""
    rows = rows_at(radix, row, place, step, distance)
    points = inverse_dft(turned_back(radix, code, row, rows, table))
    outputs = [code.interleave(*p) for p in points] if code.interleaved else points
    places = _places(radix, code, row, *lines)
    for part in (0, 1):
        for both, output in zip(places, outputs, strict=True):
            code.store(both[part], output[part], aligned=False)
    _fetch_beside(code, places)


def _across(
    radix: int, code: Code, row: Number, place: Number, groups: Number, turns: Number
) -> tuple[list[Number], list[Point]]:
    """Return where as many rows as there are lanes stand, and their points after the last pass, across the lanes."""
    rows, points = _rows(radix, code, row, place, groups), []
    for g in range(0, code.lanes, radix):
        points += dft([load_row(code, address) for address in rows[g : g + radix]])
    turned = [product(p, load_row(code, _nth(code, turns, row, i))) for i, p in enumerate(points)]
    return rows, dft(_transposed(code, turned))


def _rows(radix: int, code: Code, row: Number, place: Number, groups: Number) -> list[Number]:
    """Return where as many rows as there are lanes stand, the radix one after the other."""
    count = code.lanes // radix
    starts = [place + code.integer(groups + row * (count * _INTEGER) + g * _INTEGER) for g in range(count)]
    return [start + ROW * k for start in starts for k in range(radix)]


def _back(radix: int, code: Code, row: Number, rows: list[Number], points: list[Point], turns: Number) -> None:
    """Write points that stand across the lanes back to their rows."""
    across = _transposed(code, inverse_dft(points))
    turned = [conjugate_product(p, load_row(code, _nth(code, turns, row, i))) for i, p in enumerate(across)]
    for g in range(0, code.lanes, radix):
        store_rows(code, rows[g : g + radix], inverse_dft(turned[g : g + radix]))


def _transposed(code: Code, points: list[Point]) -> list[Point]:
    real, imag = (code.transpose([p[part] for p in points]) for part in (0, 1))
    return list(zip(real, imag, strict=True))


def _nth(code: Code, table: Number, row: Number, i: int) -> Number:
    """Return where point i of a row's points stands in a table that has as many for each as there are lanes."""
    return table + row * (code.lanes * ROW) + ROW * i


def _multiply(
    radix: int, code: Code, row: Number, place: Number, groups: Number, turns: Number, spectrum: Number
) -> None:
    """Write a group of rows' convolution with the kernel."""
    if code.lanes % radix == 0:
        rows, points = _across(radix, code, row, place, groups, turns)
        products = [product(p, load_row(code, _nth(code, spectrum, row, i))) for i, p in enumerate(points)]
        _back(radix, code, row, rows, products, turns)


def _analyse(
    radix: int, code: Code, row: Number, place: Number, groups: Number, turns: Number, spectrum: Number
) -> None:
    """Write a group of rows' spectrum."""
    if code.lanes % radix == 0:
        for i, point in enumerate(_across(radix, code, row, place, groups, turns)[1]):
            store_row(code, _nth(code, spectrum, row, i), point)


def _return(
    radix: int, code: Code, row: Number, place: Number, groups: Number, turns: Number, spectrum: Number, kept: Number
) -> None:
    """Write a group of rows' convolution with the kernel, from their spectrum, which is kept."""
    if code.lanes % radix == 0:
        tables = [(_nth(code, kept, row, i), _nth(code, spectrum, row, i)) for i in range(code.lanes)]
        products = [product(load_row(code, own), load_row(code, kernel)) for own, kernel in tables]
        _back(radix, code, row, _rows(radix, code, row, place, groups), products, turns)


def _collect(code: Code, row: Number, place: Number, lines: Number, numbers: Number, outside: Number) -> None:
    """Write the samples of a line that some numbers name to a row, and what stands outside for those below zero."""
    line, target = code.integer(lines + row * _INTEGER), place + row * ROW
    for i in range(code.lanes):
        number = code.integer(numbers + _INTEGER * i)
        code.copy(target + code.size * i, (line + number * code.size).unless_negative(number, outside))


def _copy(code: Code, row: Number, place: Number, source: Number) -> None:
    """Copy a sample."""
    code.copy(place + row * code.size, source + row * code.size)


def _clear(code: Code, row: Number, place: Number, step: Number) -> None:
    """Make the points of a row zero."""
    store_row(code, place + row * step, (code.zeros(), code.zeros()))


READ, WRITE = over_rows(in_registers(_read), 10), over_rows(in_registers(_write), 10)
COLLECT, COPY, CLEAR = over_rows(_collect), over_rows(_copy), over_rows(_clear)
MULTIPLY, ANALYSE, RETURN = over_rows(_multiply), over_rows(_analyse), over_rows(_return)
