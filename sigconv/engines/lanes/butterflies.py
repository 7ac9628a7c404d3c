"""Discrete Fourier transforms of 2, 3, 4, 5, 8 and 16 points as straight-line arithmetic.

    X[k] = Σ_n x[n] exp(−2πi n k / R)

Points are pairs (real part, imaginary part) of any numbers that can be added, subtracted, negated and multiplied by
floats: Python's, NumPy's, or vectors in code that is being compiled, where each operation is one instruction.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any

import numpy as np

from .twiddles import root, roots, stretch_of

Point = tuple[Any, Any]
RADICES = (2, 3, 4, 5, 8, 16)


def dft(points: Sequence[Point]) -> list[Point]:
    """Return the transform of as many points as one of `RADICES` says, or of one point.

    >>> dft([(1.0, 0.0), (0.0, 0.0), (2.0, 0.0), (0.0, 0.0)])
    [(3.0, 0.0), (-1.0, 0.0), (3.0, 0.0), (-1.0, 0.0)]
    """
    return _TRANSFORMS[len(points)](points)


def inverse_dft(points: Sequence[Point]) -> list[Point]:
    """Return the transform with exp(+2πi n k / R), without a factor: the other one with the parts exchanged."""
    return [(re, im) for im, re in dft([(im, re) for re, im in points])]


def _two(points: Sequence[Point]) -> list[Point]:
    (a, b), (c, d) = points
    return [(a + c, b + d), (a - c, b - d)]


def _four(points: Sequence[Point]) -> list[Point]:
    (a, b), (c, d) = _two(points[0::2]), _two(points[1::2])
    return [_sum(a, c), (b[0] + d[1], b[1] - d[0]), _difference(a, c), (b[0] - d[1], b[1] + d[0])]


def _odd(points: Sequence[Point]) -> list[Point]:
    """Return the transform of an odd number of points: those at n and R − n meet the same cosine."""
    size, first = len(points), points[0]
    sums = [_sum(points[n], points[-n]) for n in range(1, size // 2 + 1)]
    differences = [_difference(points[n], points[-n]) for n in range(1, size // 2 + 1)]
    low, high = [first], []
    for p in sums:
        low[0] = _sum(low[0], p)
    for k in range(1, size // 2 + 1):
        even, odd = first, None
        for n, (p, q) in enumerate(zip(sums, differences, strict=True), 1):
            c, s = root(n * k, size)
            even = _sum(even, (p[0] * c, p[1] * c))
            turned = (q[1] * -s, q[0] * s)
            odd = turned if odd is None else _sum(odd, turned)
        assert odd is not None
        low.append(_sum(even, odd))
        high.append(_difference(even, odd))
    return low + high[::-1]


def _composed(rows: int) -> Callable[[Sequence[Point]], list[Point]]:
    """Return the transform of `rows · columns` points made of transforms of rows and of columns.

    J. W. Cooley and J. W. Tukey, Math. Comp. 19 (1965) 297–301.
    """

    def transform(points: Sequence[Point]) -> list[Point]:
        size = len(points)
        inner = [dft(points[row::rows]) for row in range(rows)]
        outer = [dft([_turned(inner[r][k], r * k, size) for r in range(rows)]) for k in range(size // rows)]
        return [column[k] for k in range(rows) for column in outer]

    return transform


_TRANSFORMS: dict[int, Callable[[Sequence[Point]], list[Point]]] = {
    1: list,
    2: _two,
    3: _odd,
    4: _four,
    5: _odd,
    8: _composed(2),
    16: _composed(4),
}


@lru_cache(maxsize=64)
def stretch_of_dft(radix: int, dtype: np.dtype[Any]) -> float:
    """Return by how much the rounding of its constants lengthens a transform in the mean."""
    rows, columns = {8: (2, 4), 16: (4, 4)}.get(radix, (radix, radix))
    return stretch_of(
        roots(radix, dtype)[np.multiply.outer(np.arange(rows), np.arange(columns)) % radix].reshape(-1, 2)
    )


def _sum(a: Point, b: Point) -> Point:
    return a[0] + b[0], a[1] + b[1]


def _difference(a: Point, b: Point) -> Point:
    return a[0] - b[0], a[1] - b[1]


def _turned(point: Point, turn: int, size: int) -> Point:
    """Return a point times exp(−2πi turn / size), where size is 8 or 16 and turn less than two thirds of it."""
    re, im = point
    if turn == 0:
        return point
    if 4 * turn == size:
        return im, -re
    c, s = root(turn, size)
    if 8 * turn == size:
        return (re + im) * c, (im - re) * c
    if 8 * turn == 3 * size:
        return (im - re) * -s, (re + im) * s
    return re * c - im * s, re * s + im * c
