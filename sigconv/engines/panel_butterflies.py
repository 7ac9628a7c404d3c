"""Transforms of SIMD lanes: a panel of rows, each of some vectors, is transformed lane by lane, in place.

Decimation in frequency on the way there, in time on the way back, so that nothing is reordered: frequencies stay in the
order that `column_order` gives (J. W. Cooley and J. W. Tukey, Math. Comp. 19 (1965) 297–301; W. M. Gentleman and
G. Sande, AFIPS Conf. Proc. 29 (1966) 563–578). Lanes are pairs, (real, imaginary).
"""

from functools import lru_cache
from typing import Any

import numpy as np
from numba import types

from . import simd
from .by_address import by_address, integer_at
from .entry import Loop
from .lanes.twiddles import frequencies, many_roots, root
from .lanes.vectors import align_stack
from .lengths import radices
from .protocol import Array
from .rows import address_of
from .simd import PIECE, inner, instruction, load, multiply_add, pair_lanes, splat, splat_pair, store, swap_pairs
from .watch import samples_at

PIECES = 4
MOST = 4  # of the radices
ROW = PIECES * PIECE  # bytes
_CONSTANTS: Any = np.int64(3)  # of the butterflies; for a literal 3 a pass would be compiled once more
_CACHED = 1 << 14  # bytes of a block whose passes are done one after the other
_COSINES = root(1, 3)[0], root(1, 5)[0], root(2, 5)[0]
_SINES = -root(1, 3)[1], -root(1, 5)[1], -root(2, 5)[1]


def column_order(length: int) -> Array:
    """Return the frequency that stands in each row of a transformed panel.

    >>> column_order(8).tolist()
    [0, 2, 4, 6, 1, 3, 5, 7]
    """
    return frequencies(radices(length, MOST))


@lru_cache(maxsize=64)
def factors(length: int, dtype: np.dtype[Any]) -> Array:
    """Return the constants of the butterflies and then the twiddles of all passes: ω^(jq), q > 0, of butterfly j."""
    tables, size = [np.array([complex(c, s) for c, s in zip(_COSINES, _SINES, strict=True)])], length
    for radix in radices(length, MOST):
        turns = np.outer(np.arange(size // radix), np.arange(1, radix))
        tables.append(many_roots(turns, size).reshape(-1))
        size //= radix
    return np.concatenate(tables).astype(dtype)


@inner
def times(x, factor):  # type: ignore[no-untyped-def]
    """Return the product of all pairs of lanes with a complex number."""
    return multiply_add(swap_pairs(x), splat_pair(-factor.imag, factor.imag, x), splat(factor.real, x) * x)


@inner
def product(x, y):  # type: ignore[no-untyped-def]
    """Return the product of two vectors, pair by pair."""
    swapped = swap_pairs(y)
    return multiply_add(swap_pairs(x), pair_lanes(swapped - (swapped + swapped), y), pair_lanes(y, swapped) * x)


@inner
def row_at(place, table):  # type: ignore[no-untyped-def]
    """Return a row of a panel; `table` is any array of its dtype."""
    return load(table[0], place, PIECE, PIECES)


@inner
def _turned(u, v):  # type: ignore[no-untyped-def]
    """Return u − iv and u + iv."""
    w = swap_pairs(v)
    a, b = u + w, u - w
    return pair_lanes(a, b), pair_lanes(b, a)


@inner
def _dft3(a, b, c, table):  # type: ignore[no-untyped-def]
    s = b + c
    y1, y2 = _turned(multiply_add(splat(table[0].real, s), s, a), splat(table[0].imag, s) * (b - c))
    return a + s, y1, y2


@inner
def _dft4(a, b, c, d):  # type: ignore[no-untyped-def]
    s, t = a + c, b + d
    y1, y3 = _turned(a - c, b - d)
    return s + t, y1, s - t, y3


@inner
def _dft5(a, b, c, d, e, table):  # type: ignore[no-untyped-def]
    s, t, u, v = b + e, c + d, b - e, c - d
    c1, c2 = splat(table[1].real, a), splat(table[2].real, a)
    s1, s2 = splat(table[1].imag, a), splat(table[2].imag, a)
    y1, y4 = _turned(multiply_add(c1, s, multiply_add(c2, t, a)), multiply_add(s1, u, s2 * v))
    y2, y3 = _turned(multiply_add(c2, s, multiply_add(c1, t, a)), s2 * u - s1 * v)
    return a + (s + t), y1, y2, y3, y4


@instruction
def _align(typing: Any) -> Any:
    """Place the stack where spilled vectors stay within lines of the cache."""

    def code(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        align_stack(builder)
        return context.get_dummy_value()

    return types.void(), code


@inner
def _forward_pass(radix, place, rows, t, table):  # type: ignore[no-untyped-def]
    """Do the butterflies of a block: transform, then multiply with the twiddles from table[t] on."""
    _align()
    count = rows // radix
    one = count * ROW
    two, three, four = 2 * one, 3 * one, 4 * one
    t = np.uintp(t)
    for _ in range(count):
        a, b = row_at(place, table), row_at(place + one, table)
        if radix == 2:
            a, b = a + b, a - b
        else:
            c = row_at(place + two, table)
            if radix == 3:
                a, b, c = _dft3(a, b, c, table)
            else:
                d = row_at(place + three, table)
                if radix == 4:
                    a, b, c, d = _dft4(a, b, c, d)
                else:
                    a, b, c, d, e = _dft5(a, b, c, d, row_at(place + four, table), table)
                    store(place + four, PIECE, times(e, table[t + np.uintp(3)]))
                store(place + three, PIECE, times(d, table[t + np.uintp(2)]))
            store(place + two, PIECE, times(c, table[t + np.uintp(1)]))
        store(place, PIECE, a)
        store(place + one, PIECE, times(b, table[t]))
        t += np.uintp(radix - 1)
        place += ROW


@inner
def _backward_pass(radix, place, rows, t, table):  # type: ignore[no-untyped-def]
    """Undo the butterflies of a block, times the radix: the inverse DFT is the DFT with its outputs reversed."""
    _align()
    count = rows // radix
    one = count * ROW
    two, three, four = 2 * one, 3 * one, 4 * one
    t = np.uintp(t)
    for _ in range(count):
        a, b = row_at(place, table), times(row_at(place + one, table), table[t].conjugate())
        if radix == 2:
            a, b = a + b, a - b
        else:
            c = times(row_at(place + two, table), table[t + np.uintp(1)].conjugate())
            if radix == 3:
                a, c, b = _dft3(a, b, c, table)
            else:
                d = times(row_at(place + three, table), table[t + np.uintp(2)].conjugate())
                if radix == 4:
                    a, d, c, b = _dft4(a, b, c, d)
                else:
                    e = times(row_at(place + four, table), table[t + np.uintp(3)].conjugate())
                    a, e, d, c, b = _dft5(a, b, c, d, e, table)
                    store(place + four, PIECE, e)
                store(place + three, PIECE, d)
            store(place + two, PIECE, c)
        store(place, PIECE, a)
        store(place + one, PIECE, b)
        t += np.uintp(radix - 1)
        place += ROW


def _transform(sample: Any, version: int) -> Loop:
    """Return what transforms a panel; blocks that fit in cache are finished one by one."""
    kind = np.zeros(1, sample.dtype)

    def transform(integers):  # type: ignore[no-untyped-def]
        place, rows, radices, passes, factors, size = integers
        table, outer, t = samples_at(kind, factors, size), 0, _CONSTANTS
        size = rows
        while outer < passes and size * ROW > _CACHED:
            radix = integer_at(radices + 8 * outer)
            for block in range(0, rows, size):
                _forward_pass(radix, place + block * ROW, size, t, table)
            size //= radix
            outer, t = outer + 1, t + size * (radix - 1)
        for block in range(0, rows, size):
            inner, at = size, t
            for number in range(outer, passes):
                radix = integer_at(radices + 8 * number)
                for sub in range(block, block + size, inner):
                    _forward_pass(radix, place + sub * ROW, inner, at, table)
                inner //= radix
                at += inner * (radix - 1)
        return version

    return transform


def _transform_back(sample: Any, version: int) -> Loop:
    """Return what undoes that, times the number of rows."""
    kind = np.zeros(1, sample.dtype)

    def transform_back(integers):  # type: ignore[no-untyped-def]
        place, rows, radices, inner, factors, end = integers
        table, size, passes = samples_at(kind, factors, end), 1, inner
        while inner > 0 and size * integer_at(radices + 8 * (inner - 1)) * ROW <= _CACHED:
            inner -= 1
            size *= integer_at(radices + 8 * inner)
        for block in range(0, rows, size):
            sub, at = 1, end
            for number in range(passes - 1, inner - 1, -1):
                radix = integer_at(radices + 8 * number)
                at -= sub * (radix - 1)
                sub *= radix
                for first in range(block, block + size, sub):
                    _backward_pass(radix, place + first * ROW, sub, at, table)
        at = end - (size - 1)
        for number in range(inner - 1, -1, -1):
            radix = integer_at(radices + 8 * number)
            at -= size * (radix - 1)
            size *= radix
            for block in range(0, rows, size):
                _backward_pass(radix, place + block * ROW, size, at, table)
        return version

    return transform_back


VERSION = simd.version("panel_butterflies.py", "lanes/vectors.py")
_THERE, _BACK = by_address(_transform, 6), by_address(_transform_back, 6)
Plan = tuple[int, int, tuple[int, int, int, int]]


def plan_of(radices: Array, table: Array) -> Plan:
    """Return the addresses of the transforms by some radices, there and back, and what they take behind the rows."""
    tables = address_of(radices), radices.size, address_of(table), table.size
    return _THERE(table.dtype, VERSION), _BACK(table.dtype, VERSION), tables
