"""The discrete Fourier transform over a finite field, where it is exact.

The integers modulo a prime p have roots of unity like the complex numbers have, so that the convolution theorem can
be checked there without any rounding (J. M. Pollard, Math. Comp. 25 (1971) 365–374).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]

PRIME = 998_244_353  # 119 · 2²³ + 1: roots of unity of every order 2ᵏ up to 2²³; products stay below 2⁶⁰
LONGEST = 1 << 23
_GENERATOR = 3


def transform(array: Array, lengths: Sequence[int], axes: Sequence[int], inverse: bool = False) -> Array:
    """Return the transform of integers modulo `PRIME` along some axes, zero-padded to lengths that are powers of two.

    >>> transform(np.array([1, 2, 3]), [4], [0])[0]
    np.int64(6)
    >>> transform(transform(np.array([1, 2, 3]), [4], [0]), [4], [0], inverse=True)
    array([1, 2, 3, 0])
    """
    result = array.astype(np.int64) % PRIME
    for axis, length in zip(axes, lengths, strict=True):
        moved = np.moveaxis(result, axis, -1)
        padded = np.zeros((*moved.shape[:-1], length), np.int64)
        padded[..., : moved.shape[-1]] = moved
        result = np.moveaxis(_along_the_last(padded, inverse), -1, axis)
    return result


def _along_the_last(array: Array, inverse: bool) -> Array:
    """Return Σ_n array[…, n] w^(nk): radix 2, the two halves of all parts combined in each step."""
    length = array.shape[-1]
    root = pow(_GENERATOR, (PRIME - 1) // length, PRIME)
    root = pow(root, -1, PRIME) if inverse else root
    parts = array[..., np.newaxis, :]
    while parts.shape[-1] > 1:
        count, half = parts.shape[-2], parts.shape[-1] // 2
        turned = parts[..., half:] * _powers(pow(root, length // (2 * count), PRIME), count)[:, np.newaxis] % PRIME
        parts = np.concatenate([parts[..., :half] + turned, parts[..., :half] - turned], axis=-2) % PRIME
    scale = pow(length, -1, PRIME) if inverse else 1
    return np.asarray(parts[..., 0] * scale % PRIME)


def _powers(root: int, count: int) -> Array:
    """Return root⁰ … root^(count − 1), for a count that is a power of two, by doubling."""
    powers = np.ones(1, np.int64)
    while powers.size < count:
        powers = np.concatenate([powers, powers * pow(root, powers.size, PRIME) % PRIME])
    return powers
