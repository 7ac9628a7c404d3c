"""The innermost passes of a transform over rows of L points: from the columns to the rows, the product, and back.

L = 4·B, where B lanes fill 128 bits. A group is L rows: B fours of rows, which the passes before have left as
transforms of four points down the columns. Four rows exchange 4 × 4 parts of 128 bits, and B rows, one of each four,
exchange single lanes. In between, along the rows, lane c = c₂ + B·c₁ and frequency j = j₁ + 4·j₂ give transforms of
four points and of B points (J. W. Cooley and J. W. Tukey, Math. Comp. 19 (1965) 297–301). So no step takes more points
than fit in the registers, and nothing but these exchanges moves a lane.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any

import numpy as np

from ..protocol import Array
from .butterflies import Point, dft, inverse_dft
from .passes import ROW, conjugate_product, load_row, product, store_row
from .twiddles import roots
from .vectors import BYTES, Code, Number, straight_line


def _load(code: Code, place: Number, rows: Sequence[int]) -> list[Point]:
    return [load_row(code, place + ROW * row) for row in rows]


def _store(code: Code, place: Number, rows: Sequence[int], points: Sequence[Point]) -> None:
    for row, point in zip(rows, points, strict=True):
        store_row(code, place + ROW * row, point)


def _both(exchange: Callable[[Sequence[Number]], list[Number]], points: Sequence[Point]) -> list[Point]:
    """Return points whose parts have been exchanged alike."""
    return list(zip(*map(exchange, zip(*points, strict=True)), strict=True))


@straight_line
def spread_four(code: Code, place: Number, turns: Number, across: Number) -> None:
    """Transform four rows down the columns, turn by exp(−2πi c·k/N), and transform along the parts of the rows.

    `turns` are the roots of these rows, `across` the roots exp(−2πi c₂ j₁/L), which all fours share.
    """
    points = map(product, dft(_load(code, place, range(4))), _load(code, turns, range(4)))
    first, *rest = dft(_both(code.exchange_parts, list(points)))
    _store(code, place, range(4), [first, *map(product, rest, _load(code, across, (1, 2, 3)))])


@straight_line
def gather_four(code: Code, place: Number, turns: Number, across: Number) -> None:
    """Undo `spread_four`, without its scale of 16."""
    first, *rest = _load(code, place, range(4))
    points = inverse_dft([first, *map(conjugate_product, rest, _load(code, across, (1, 2, 3)))])
    points = list(map(conjugate_product, _both(code.exchange_parts, points), _load(code, turns, range(4))))
    _store(code, place, range(4), inverse_dft(points))


@straight_line
def multiply_group(code: Code, place: Number, spectrum: Number, *soon: Number) -> None:
    """Multiply the frequencies of a group of rows by a kernel's, and fetch a piece for each from places needed soon."""
    for rows in _beside(code):
        for address in (first + BYTES * row for first in soon for row in rows):
            code.fetch(address)
        products = map(product, _frequencies(code, place, rows), _load(code, spectrum, rows))
        _store(code, place, rows, _both(code.exchange_within, inverse_dft(list(products))))


@straight_line
def store_group(code: Code, place: Number, spectrum: Number) -> None:
    """Write the frequencies of a group of rows."""
    for rows in _beside(code):
        _store(code, spectrum, rows, _frequencies(code, place, rows))


@straight_line
def return_group(code: Code, place: Number, kept: Number, spectrum: Number) -> None:
    """Write the product of the frequencies of a group that are kept and a kernel's, as `multiply_group` does."""
    for rows in _beside(code):
        products = map(product, _load(code, kept, rows), _load(code, spectrum, rows))
        _store(code, place, rows, _both(code.exchange_within, inverse_dft(list(products))))


def _beside(code: Code) -> list[range]:
    """Return the rows of a group, one of each four."""
    return [range(first, code.lanes, 4) for first in range(4)]


def _frequencies(code: Code, place: Number, rows: Sequence[int]) -> list[Point]:
    """Return the frequencies of one row of each four."""
    return dft(_both(code.exchange_within, _load(code, place, rows)))


@lru_cache
def across_turns(lanes: int, dtype: np.dtype[Any]) -> Array:
    """Return exp(−2πi c₂ j₁/L) for the four j₁, as rows."""
    turn = np.multiply.outer(np.arange(4), np.arange(lanes) % (lanes // 4))
    return np.moveaxis(roots(lanes, dtype)[turn], 2, 1)
