"""Roots of unity exp(−2πi e/N), every part rounded once from 128 exact bits: no recurrence, so no error that grows.

Parts are whole numbers in units of 2⁻¹²⁸. A few roots come from the Taylor series, each other one from one product of
two of them.
"""

from __future__ import annotations

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
    # The angle is some quarters of a turn plus or minus `part` / (8 length) turns, at most an eighth.
    octants, part = np.divmod(8 * np.arange(length), length)
    back = octants % 2 == 1
    part[back] = length - part[back]
    distinct, place = np.unique(part, return_inverse=True)
    first = _first_octant(distinct.tolist(), 8 * length)
    bits = np.finfo(dtype).nmant + 1
    c, s = (np.array([_rounded(v[i], bits) for v in first])[place] for i in (0, 1))
    s[back] *= -1
    quarter = (octants + 1) // 2 % 4
    real, imaginary = np.choose(quarter, [c, -s, -c, s]), np.choose(quarter, [s, c, -s, -c])
    table = np.stack([real, -imaginary], axis=1) + 0.0  # no negative zeros
    table.flags.writeable = False
    return table.astype(dtype)


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
