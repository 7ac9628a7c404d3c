"""How far a result may lie from the exact one: the bounds that rounding and tests are held to, derived in
docs/accuracy.md.

u is the unit roundoff of the dtype that is computed in, η its smallest subnormal number. Relative errors of steps that
follow one another multiply, so their logarithms are added, and the sum is turned back at the end.
"""

from __future__ import annotations

from functools import lru_cache
from math import expm1, log1p, sqrt
from typing import Any

import numpy as np

# |fl(ab) − ab| ≤ √5 u |ab| for complex numbers: R. P. Brent, C. Percival and P. Zimmermann, Error bounds on complex
# floating-point multiplication, Math. Comp. 76 (2007) 1469–1481. With FMA instructions it is less.
_PRODUCT = sqrt(5)
# Engines' roots of unity are within this many u of the true ones. It is a property of theirs, which tests measure.
_ROOT = 1.5
# ‖Q‖₂ of Q = Σ_k |A_k||B_k|ᵀ|G_k| for one output of F(2, 3), whose rows are (1, 0, 0), (1, 1, 1), (2, 1, 1) and 0.
_MINIMAL = sqrt(5 + sqrt(19))
# With componentwise accuracy an error may be so many times m u Σ|x||g|.
ALLOWED = 4


def unit_roundoff(dtype: np.dtype[Any]) -> float:
    """Return u, half the distance from 1 to the next number of the dtype."""
    return float(np.finfo(dtype).eps) / 2


def smallest(dtype: np.dtype[Any]) -> Any:
    """Return η, the smallest positive number of the dtype."""
    return np.finfo(dtype).smallest_subnormal


def direct_factor(dtype: np.dtype[Any], taps: int, conversions: int = 0) -> float:
    """Return c with |error| ≤ c Σ|x||g| for a sum of m products, in any order, with or without FMA: (1 + u)^m − 1.

    N. J. Higham, Accuracy and Stability of Numerical Algorithms, 2nd ed., sec. 3.1. The parts of a complex sum are
    added up separately, which costs one addition more and a factor of √2. Integers are converted first.
    """
    if dtype.kind == "c":
        return sqrt(2) * expm1((taps + 1 + conversions) * log1p(unit_roundoff(dtype)))
    return expm1((taps + conversions) * log1p(unit_roundoff(dtype)))


def direct_bound(dtype: np.dtype[Any], taps: int, magnitude: float) -> float:
    """Return the bound of a direct sum of m products with Σ|x||g| = magnitude."""
    return direct_factor(dtype, taps) * magnitude


@lru_cache(maxsize=1024)
def transform_factor(dtype: np.dtype[Any], length: int, wound: int = 0) -> float:
    """Return c with |error| ≤ c ‖x‖₂‖g‖₂ for the product of two transforms of some length, and back.

    `length` is the product of those of all axes. The factor is expm1(Σ log1p) over the steps: three transforms of a
    stage for each prime factor (a small transform and a product with a root of unity) and one product with a root more
    (of pairs of real samples), the product of the spectra, the kernel's factor 1/N, the conversions of the operands,
    and `wound` additions where a kernel is wound around a circle.
    N. J. Higham, Accuracy and Stability of Numerical Algorithms, 2nd ed., ch. 24; C. Percival, Rapid multiplication
    modulo the sum and difference of highly composite numbers, Math. Comp. 72 (2003) 387–395.
    """
    u = unit_roundoff(dtype)
    turn = log1p(_PRODUCT * u) + log1p(_ROOT * u)
    stages = sum(_small_transform(prime, u) + turn for prime in _prime_factors(length))
    return expm1(3 * (stages + turn) + log1p(_PRODUCT * u) + (4 + wound) * log1p(u))


def transform_bound(dtype: np.dtype[Any], length: int, norms: float) -> float:
    """Return the bound of a product of transforms of some length with ‖x‖₂‖g‖₂ = norms."""
    return transform_factor(dtype, length) * norms


def _small_transform(prime: int, u: float) -> float:
    """Return log(1 + δ) for the transform of p points, by sums and differences of x[n] and x[−n].

    Cosines meet the (p−1)/2 sums, sines the differences; both parts are added in the end.
    """
    if prime == 2:
        return log1p(u)
    half = (prime - 1) // 2
    cosines, plain, sines = (expm1(steps * log1p(u)) for steps in (half + 2, half, half + 1))
    even = sqrt((cosines**2 * half * (prime + 2) + plain**2 * 2 * (half + 1)) / prime)
    return 2 * log1p(u) + log1p(even + sines * sqrt(half))


def _prime_factors(number: int) -> list[int]:
    """Return the prime factors.

    >>> _prime_factors(360)
    [2, 2, 2, 3, 3, 5]
    """
    found, prime = [], 2
    while number > 1:
        if prime * prime > number:
            prime = number
        while number % prime == 0:
            found.append(prime)
            number //= prime
        prime += 1
    return found


def transform_underflow(dtype: np.dtype[Any], length: int, kernel_norm: float) -> Any:
    """Return what underflow adds: (8 N + 10 √N ‖g‖₂) η."""
    return (8 * length + 10 * sqrt(length) * kernel_norm) * smallest(dtype)


def passes_factor(dtype: np.dtype[Any], taps: tuple[int, ...], terms: int) -> float:
    """Return c with |error| ≤ c ‖x‖₂‖g‖₂, x in an output's window, for sums of outer products, a pass an axis.

    Each factor is rounded once. The norms of the terms together are no more than √R ‖g‖₂ (Cauchy and Schwarz), and
    complex sums add up their parts separately.
    """
    steps = sum(m + 1 for m in taps) + terms
    growth = sqrt(terms) * (2 ** (len(taps) / 2) if dtype.kind == "c" else 1)
    return growth * expm1((steps + len(taps)) * log1p(unit_roundoff(dtype))) + left_by_terms(dtype, len(taps), terms)


def left_by_terms(dtype: np.dtype[Any], axes: int, terms: int) -> float:
    """Return what the terms of a kernel leave of it, in ‖g‖₂: 8 u for the first axis, and 8 u √R for each further one.

    What the rests of R terms leave is orthogonal, as the terms' first factors are.
    """
    return 8 * unit_roundoff(dtype) * (1 + sqrt(terms) * (axes - 2))


def winograd_factor(dtype: np.dtype[Any], inputs: int, axes: int) -> float:
    """Return c with |error| ≤ c ‖x_t‖₂‖g‖₂ for minimal filtering along some axes, x_t a tile's samples in all channels.

    Every product meets, along each axis, one sum of samples, two of weights and two of products, and one rounding a
    channel. Without them the sizes add up to |x|ᵀ Q |g| for each channel, at most ‖Q‖₂ ‖x‖₂ ‖g‖₂, and Q of several axes
    is a Kronecker product. B. Barabasz, A. Anderson, K. M. Soodhalter and D. Gregg, Error analysis and improving the
    accuracy of Winograd convolution for deep neural networks, ACM Trans. Math. Softw. 46 (2020).
    """
    return _MINIMAL**axes * expm1((inputs + 5 * axes + 1) * log1p(unit_roundoff(dtype)))


def winograd_underflow(dtype: np.dtype[Any], products: int) -> Any:
    """Return what underflow adds where an output is the sum of some products."""
    return products * smallest(dtype)
