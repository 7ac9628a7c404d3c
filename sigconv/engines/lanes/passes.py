"""The passes of a transform over rows of points: a row holds as many points as a vector has lanes, real parts first.

Decimation in frequency forward, in time back, so that the inverse takes the frequencies in the order in which the
forward transform leaves them, and nothing is ever reordered. A pass of radix R over R·m rows transforms, for each row
j < m, the R rows that lie m rows apart, and turns them by the roots exp(−2πi jk/(R·m)), which leaves R transforms of m
points.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from math import prod
from typing import Any

import numpy as np

from ..protocol import Array
from .butterflies import Point, dft, inverse_dft, stretch_of_dft
from .calls import over_rows
from .twiddles import roots, stretch_of
from .vectors import BYTES, Code, Number, in_registers

ROW = 2 * BYTES


def load_row(code: Code, address: Number) -> Point:
    """Return the points of a row."""
    return code.load(address), code.load(address + BYTES)


def store_row(code: Code, address: Number, point: Point) -> None:
    """Write the points of a row."""
    code.store(address, point[0])
    code.store(address + BYTES, point[1])


def store_rows(code: Code, addresses: Sequence[Number], points: Sequence[Point]) -> None:
    """Write the points of some rows."""
    for address, point in zip(addresses, points, strict=True):
        store_row(code, address, point)


def product(a: Point, b: Point) -> Point:
    """Return a · b."""
    return a[0] * b[0] - a[1] * b[1], a[1] * b[0] + a[0] * b[1]


def conjugate_product(a: Point, b: Point) -> Point:
    """Return a times the conjugate of b."""
    return a[0] * b[0] + a[1] * b[1], a[1] * b[0] - a[0] * b[1]


def twiddles(code: Code, table: Number, row: Number, radix: int) -> list[Point]:
    """Return the roots of a row's points but the first, each in all lanes."""
    width = 2 * code.itemsize
    first = table + row * (width * (radix - 1))
    return [
        (code.broadcast(first + width * k), code.broadcast(first + (width * k + code.itemsize)))
        for k in range(radix - 1)
    ]


def _forward(radix: int, code: Code, row: Number, place: Number, step: Number, distance: Number, table: Number) -> None:
    """Write the transforms of rows that lie a distance apart: turned, ready for the next pass."""
    rows = rows_at(radix, row, place, step, distance)
    first, *rest = dft([load_row(code, address) for address in rows])
    store_rows(code, rows, [first, *map(product, rest, twiddles(code, table, row, radix))])


def _inverse(radix: int, code: Code, row: Number, place: Number, step: Number, distance: Number, table: Number) -> None:
    """Write the inverse transforms of such rows, after the turn back."""
    rows = rows_at(radix, row, place, step, distance)
    store_rows(code, rows, inverse_dft(turned_back(radix, code, row, rows, table)))


def _last_forward(radix: int, code: Code, row: Number, place: Number, step: Number, distance: Number) -> None:
    """Write the transforms of the last pass, which turns nothing."""
    rows = rows_at(radix, row, place, step, distance)
    store_rows(code, rows, dft([load_row(code, address) for address in rows]))


def _first_inverse(radix: int, code: Code, row: Number, place: Number, step: Number, distance: Number) -> None:
    """Write the inverse transforms of the first pass back, which turns nothing."""
    rows = rows_at(radix, row, place, step, distance)
    store_rows(code, rows, inverse_dft([load_row(code, address) for address in rows]))


def rows_at(radix: int, row: Number, place: Number, step: Number, distance: Number) -> list[Number]:
    """Return where the rows stand that a pass takes together."""
    return [place + row * step + distance * k for k in range(radix)]


FORWARD, INVERSE, LAST, FIRST = (
    over_rows(in_registers(body)) for body in (_forward, _inverse, _last_forward, _first_inverse)
)


def turned_back(radix: int, code: Code, row: Number, rows: Sequence[Number], table: Number) -> list[Point]:
    """Return a row's points, without the turn of the forward pass."""
    first, *rest = [load_row(code, address) for address in rows]
    return [first, *map(conjugate_product, rest, twiddles(code, table, row, radix))]


@lru_cache(maxsize=64)
def twiddle_table(radices: tuple[int, ...], dtype: np.dtype[Any]) -> Array:
    """Return the roots that the passes of a transform of ∏ radices points turn by, pass after pass, row after row."""
    tables = _pass_roots(radices, dtype)
    return np.concatenate([table.reshape(-1) for table in tables]) if tables else np.zeros(0, dtype)


@lru_cache(maxsize=1024)
def stretch_of_passes(radices: tuple[int, ...], dtype: np.dtype[Any]) -> float:
    """Return by how much passes lengthen a transform in the mean; the first point of each row is not turned."""
    tables = (table.reshape(-1, 2) for table in _pass_roots(radices, dtype))
    passes = [(radix, table) for radix, table in zip(radices, tables, strict=True) if radix > 1]
    return sum(stretch_of_dft(radix, dtype) + stretch_of(table) * (1 - 1 / radix) for radix, table in passes)


def _pass_roots(radices: tuple[int, ...], dtype: np.dtype[Any]) -> list[Array]:
    """Return the roots of each pass as (row, point, part)."""
    tables = []
    for i, radix in enumerate(radices):
        length = prod(radices[i:])
        tables.append(roots(length, dtype)[np.multiply.outer(np.arange(length // radix), np.arange(1, radix))])
    return tables
