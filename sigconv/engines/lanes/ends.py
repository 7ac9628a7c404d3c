"""The passes at both ends of blocks along lines: the first one reads the signal, the last one writes the result."""

from __future__ import annotations

from .butterflies import Point, dft, inverse_dft
from .calls import over_rows
from .passes import ROW, product, store_rows, turned_back, twiddles
from .vectors import BYTES, Code, Number, in_registers


def _read(
    radix: int, code: Code, row: Number, place: Number, x: Number, y: Number, distance: Number, table: Number
) -> None:
    """Transform rows of samples: of two blocks, or of a complex one."""
    points = [_samples(code, x, y, row, distance, k) for k in range(radix)]
    first, *rest = dft(points)
    turned = [first, *map(product, rest, twiddles(code, table, row, radix))]
    store_rows(code, [place + row * ROW + distance * k for k in range(radix)], turned)


def _samples(code: Code, x: Number, y: Number, row: Number, distance: Number, k: int) -> Point:
    """Return the samples of a row, k distances on."""
    if code.interleaved:
        at = x + row * ROW + (distance * k + code.begin)
        return code.deinterleave(code.load(at, aligned=False), code.load(at + code.width, aligned=False))
    at = row * BYTES + distance.half() * k
    return code.load(x + at, aligned=False), code.load(y + at, aligned=False)


def _write(
    radix: int,
    code: Code,
    row: Number,
    place: Number,
    x: Number,
    y: Number,
    dropped: Number,
    rows: Number,
    table: Number,
) -> None:
    """Write rows of samples, without those that are dropped: the first row that is kept goes to the result's start."""
    numbers = [row + rows * k for k in range(radix)]
    points = inverse_dft(turned_back(radix, code, row, [place + number * ROW for number in numbers], table))
    for number, (re, im) in zip(numbers, points, strict=True):
        with code.where_reaches(number, dropped):
            kept = number - dropped
            if code.interleaved:
                low, high = code.interleave(re, im)
                at = x + kept * ROW + code.begin
                code.store(at, low, aligned=False)
                code.store(at + code.width, high, aligned=False)
            else:
                code.store(x + kept * BYTES, re, aligned=False)
                code.store(y + kept * BYTES, im, aligned=False)


READ, WRITE = over_rows(in_registers(_read)), over_rows(in_registers(_write))
