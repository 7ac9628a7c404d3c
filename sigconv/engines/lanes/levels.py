"""Levels of passes, as compiled code runs them: one after the other over all rows of a transform, or over some.

A level is a row of a table: its radix, how many rows each part that it leaves has, the address of its roots, and the
addresses of its functions, there and back.
"""

from __future__ import annotations

from math import prod

import numpy as np

from ..protocol import Array
from ..rows import address_of
from ..simd import inner
from .calls import call
from .passes import FIRST, FORWARD, INVERSE, LAST, ROW

RADIX, LEFT, ROOTS, THERE, BACK, _ENTRIES = range(6)
_THERE, _BACK = np.int64(THERE), np.int64(BACK)
NEXT = np.int64(ROW)  # the step of rows that follow one another


def levels_of(radices: tuple[int, ...], left: int, roots: Array, ends: tuple[int, int] | None = None) -> Array:
    """Return the table of passes that leave parts of so many rows; `ends` are the functions of the first one.

    The last pass of those that leave single rows turns nothing.
    """
    levels, rows, place = np.empty((len(radices), _ENTRIES), np.int64), left * prod(radices), address_of(roots)
    for i, radix in enumerate(radices):
        rows //= radix
        there, back = (LAST, FIRST) if rows == 1 else (FORWARD, INVERSE)
        ways = (there(roots.dtype, radix), back(roots.dtype, radix)) if i or not ends else ends
        levels[i] = radix, rows, place, *ways
        place += 2 * (radix - 1) * rows * roots.itemsize
    return levels


@inner
def _run(way, levels, number, place, step, rows):  # type: ignore[no-untyped-def]
    """Run a level over some rows, which lie a step apart."""
    left = levels[number, LEFT]
    size = levels[number, RADIX] * left
    if left == 1:  # its transforms lie one after the other
        call(levels[number, way], 1, 0, rows // size, (place, size * step, step))
    else:
        integers = (place, step, left * step, levels[number, ROOTS])
        call(levels[number, way], rows // size, size * step, left, integers)


@inner
def forward(levels, begin, end, place, step, rows):  # type: ignore[no-untyped-def]
    """Run some levels over some rows."""
    for number in range(begin, end):
        _run(_THERE, levels, number, place, step, rows)


@inner
def inverse(levels, begin, end, place, step, rows):  # type: ignore[no-untyped-def]
    """Run some levels back."""
    for number in range(end - 1, begin - 1, -1):
        _run(_BACK, levels, number, place, step, rows)
