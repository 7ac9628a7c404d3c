"""Roots of unity exp(−2πi e/N), every part rounded once from 128 exact bits: no recurrence, so no error that grows.

Parts are whole numbers in units of 2⁻¹²⁸. A few roots come from the Taylor series, each other one from one product of
two of them.
"""

from __future__ import annotations

from fractions import Fraction
from functools import lru_cache
from math import isqrt, ldexp

import numpy as np

from ..protocol import Array

_BITS = 128
_ONE = 1 << _BITS
# π in units of 2⁻¹²⁸.
_PI = 0x3243F6A8885A308D313198A2E03707344
_Exact = tuple[int, int]


def root(turn: int, length: int) -> tuple[float, float]:
    """Return the real and the imaginary part of exp(−2πi turn/length), correctly rounded.

    >>> root(1, 3)
    (-0.5, -0.8660254037844386)
    """
    table = roots(length, np.dtype(np.float64))[turn % length]
    return float(table[0]), float(table[1])


@lru_cache(maxsize=64)
def roots(length: int, dtype: np.dtype[np.floating]) -> Array:
    """Return exp(−2πi e/length) for all e as rows (real part, imaginary part), correctly rounded to float32 or 64.

    >>> roots(4, np.dtype("f4")).tolist()
    [[1.0, 0.0], [0.0, -1.0], [-1.0, 0.0], [0.0, 1.0]]
    """
    octants, part = _octants(np.arange(length), length)
    distinct, place = np.unique(part, return_inverse=True)
    first = _first_octant(distinct.tolist(), 8 * length)
    bits = np.finfo(dtype).nmant + 1
    c, s = (np.array([_rounded(v[i], bits) for v in first])[place] for i in (0, 1))
    table = np.stack(_turned(c, s, octants), axis=1)
    table.flags.writeable = False
    return table.astype(dtype)


def many_roots(turns: Array, length: int) -> Array:
    """Return exp(−2πi e/length) for some e, in double precision, within 1.5 units roundoff: faster for long tables.

    Sines and cosines are those of at most an eighth of a turn; what the rounding of the angle has lost is put back.

    >>> many_roots(np.array([0, 2, 3]), 4)
    array([ 1.+0.j, -1.+0.j,  0.+1.j])
    """
    octants, part = _octants(turns % length, length)
    unit = Fraction(_PI, _ONE * 4 * length)
    high = float(unit)
    angle, lost = _exact_product(part.astype(np.float64), high)
    lost += part * float(unit - Fraction(high))
    c, s = np.cos(angle), np.sin(angle)
    real, imaginary = _turned(c - lost * s, s + lost * c, octants)
    return real + 1j * imaginary


def _octants(turns: Array, length: int) -> tuple[Array, Array]:
    """Return angles as octants, and what is beyond an even one or before the next, in 1/(8 length) turns."""
    octants, part = np.divmod(8 * turns, length)
    return octants, np.where(octants % 2 == 1, length - part, part)


def _turned(c: Array, s: Array, octants: Array) -> tuple[Array, Array]:
    """Return the parts of exp(−iα) from cosine and sine of what α is beyond or before an even octant."""
    s = np.where(octants % 2 == 1, -s, s)
    quarter = (octants + 1) // 2 % 4
    real, imaginary = np.choose(quarter, [c, -s, -c, s]), np.choose(quarter, [s, c, -s, -c])
    return real + 0.0, -imaginary + 0.0  # no negative zeros


def stretch_of(rows: Array) -> float:
    """Return by how much roots are longer than 1 in the mean, which their rounding makes them; axis 1 holds the parts.

    The few roots of short transforms, which all transforms contain, are not as often too long as too short: a float32
    transform comes out half a unit roundoff too small, a float64 one a third of one too large.

    >>> f"{stretch_of(roots(8, np.dtype('f4'))):.1e}"
    '-8.6e-09'
    """
    parts = rows.astype(np.float64)
    squares, lost = _exact_product(parts, parts)
    # Both differences are exact, as they are of numbers of about one size.
    return float(np.mean((squares.max(axis=1) - 1) + squares.min(axis=1) + lost.sum(axis=1))) / 2


def _exact_product(a: Array, b: Array | float) -> tuple[Array, Array]:
    """Return a · b rounded, and the rounding error (T. J. Dekker, Numer. Math. 18 (1971) 224–242)."""
    product = a * b
    a_high, b_high = ((2.0**27 + 1) * v - ((2.0**27 + 1) * v - v) for v in (a, b))
    a_low, b_low = a - a_high, b - b_high
    return product, a_low * b_low - (((product - a_high * b_high) - a_low * b_high) - a_high * b_low)


def _first_octant(turns: list[int], length: int) -> list[_Exact]:
    """Return cosine and sine of 2π turn/length for turns of at most an eighth."""
    step = isqrt(max(1, max(turns))) + 1
    fine = [_cosine_and_sine(i, length) for i in range(step)]
    coarse = [_cosine_and_sine(i * step, length) for i in range(max(turns) // step + 1)]
    return [_product(coarse[t // step], fine[t % step]) for t in turns]


def _cosine_and_sine(turn: int, length: int) -> _Exact:
    """Return cosine and sine of 2π turn/length by their Taylor series."""
    angle, term, order = 2 * _PI * turn // length, _ONE, 0
    sums = [0, 0]
    while term:
        sums[order % 2] += -term if order % 4 >= 2 else term
        order += 1
        term = term * angle // (order << _BITS)
    return sums[0], sums[1]


def _product(a: _Exact, b: _Exact) -> _Exact:
    return (a[0] * b[0] - a[1] * b[1]) >> _BITS, (a[0] * b[1] + a[1] * b[0]) >> _BITS


def _rounded(value: int, bits: int) -> float:
    """Return a value rounded to some bits; no root lies halfway between two such numbers."""
    drop = max(0, value.bit_length() - bits)
    return ldexp((value + ((1 << drop) >> 1)) >> drop, drop - _BITS)


def frequencies(radices: tuple[int, ...]) -> Array:
    """Return which frequency the passes leave at each place.

    >>> frequencies((2, 2, 2)).tolist()
    [0, 4, 2, 6, 1, 5, 3, 7]
    """
    order = np.zeros(1, np.intp)
    for radix in reversed(radices):
        order = np.add.outer(np.arange(radix), radix * order).reshape(-1)
    return order
