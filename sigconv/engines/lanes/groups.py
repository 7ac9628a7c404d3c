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
from .calls import over_rows
from .passes import ROW, conjugate_product, load_row, product, store_row
from .twiddles import roots
from .vectors import BYTES, Code, Number


def _load(code: Code, place: Number, rows: Sequence[int]) -> list[Point]:
    return [load_row(code, place + ROW * row) for row in rows]


def _store(code: Code, place: Number, rows: Sequence[int], points: Sequence[Point]) -> None:
    for row, point in zip(rows, points, strict=True):
        store_row(code, place + ROW * row, point)


def _both(exchange: Callable[[Sequence[Number]], list[Number]], points: Sequence[Point]) -> list[Point]:
    """Return points whose parts have been exchanged alike."""
    return list(zip(*map(exchange, zip(*points, strict=True)), strict=True))


def _multiply(
    code: Code,
    row: Number,
    place: Number,
    turns: Number,
    across: Number,
    spectrum: Number,
    kept: Number,  # of those that keep or return
    x: Number,
    y: Number,
    v: Number,
    w: Number,
) -> None:
    """Multiply the frequencies of a group of rows by a kernel's, and fetch a piece for each row from four places."""
    place, turns, spectrum = _group(code, row, place, turns, spectrum)
    _spread(code, place, turns, across)
    half = row * (code.lanes * BYTES)
    for rows in _beside(code):
        for address in (first + half + BYTES * row for first in (x, y, v, w) for row in rows):
            code.fetch(address)
        for part in code.registers():
            products = map(product, _frequencies(part, place, rows), _load(part, spectrum, rows))
            _store(part, place, rows, _both(part.exchange_within, inverse_dft(list(products))))
    _gather(code, place, turns, across)


def _keep(
    code: Code, row: Number, place: Number, turns: Number, across: Number, spectrum: Number, kept: Number, *_: Number
) -> None:
    """Write the frequencies of a group of rows."""
    place, turns, kept = _group(code, row, place, turns, kept)
    _spread(code, place, turns, across)
    for rows in _beside(code):
        for part in code.registers():
            _store(part, kept, rows, _frequencies(part, place, rows))


def _return(
    code: Code, row: Number, place: Number, turns: Number, across: Number, spectrum: Number, kept: Number, *_: Number
) -> None:
    """Write the product of the frequencies of a group that are kept and a kernel's, as `_multiply` does."""
    place, turns, spectrum, kept = _group(code, row, place, turns, spectrum, kept)
    for rows in _beside(code):
        for part in code.registers():
            products = map(product, _load(part, kept, rows), _load(part, spectrum, rows))
            _store(part, place, rows, _both(part.exchange_within, inverse_dft(list(products))))
    _gather(code, place, turns, across)


MULTIPLY, KEEP, RETURN = (over_rows(body, 9) for body in (_multiply, _keep, _return))


def _group(code: Code, row: Number, *tables: Number) -> list[Number]:
    """Return where a group of rows begins in some tables of rows."""
    return [table + row * (code.lanes * ROW) for table in tables]


def _spread(code: Code, place: Number, turns: Number, across: Number) -> None:
    """Transform each four rows down the columns, turn by exp(−2πi c·k/N), and transform along the parts of the rows.

    `turns` are the roots of these rows, `across` the roots exp(−2πi c₂ j₁/L), which all fours share.
    """
    for rows in _fours(code):
        points = map(product, dft(_load(code, place, rows)), _load(code, turns, rows))
        first, *rest = dft(_both(code.exchange_parts, list(points)))
        _store(code, place, rows, [first, *map(product, rest, _load(code, across, (1, 2, 3)))])


def _gather(code: Code, place: Number, turns: Number, across: Number) -> None:
    """Undo `_spread`, without its scale of 16."""
    for rows in _fours(code):
        first, *rest = _load(code, place, rows)
        points = inverse_dft([first, *map(conjugate_product, rest, _load(code, across, (1, 2, 3)))])
        points = list(map(conjugate_product, _both(code.exchange_parts, points), _load(code, turns, rows)))
        _store(code, place, rows, inverse_dft(points))


def _fours(code: Code) -> list[range]:
    """Return the rows of a group, four after four."""
    return [range(first, first + 4) for first in range(0, code.lanes, 4)]


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
