"""Exact integer sums by any method: operands are split into limbs where one sum could lose a bit.

With x = Σ_i 2^(ai) x_i and g = Σ_j 2^(bj) g_j, the result is Σ 2^(ai + bj) x_i ∗ g_j. A method computes these sums in
whatever arithmetic it has; there are as many limbs as make that exact. One of each is the common case. Digits are
balanced, from −2^(b−1) to 2^(b−1), which makes sums of them half as large as digits from 0 to 2^b (D. E. Knuth, The Art
of Computer Programming 2, sec. 4.1).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import product
from typing import Any

import numpy as np

from ..engines.forks import Locked
from ..engines.protocol import Array

_MOST = 16  # limbs of an operand
_COUNTS = sorted(product(range(1, _MOST + 1), range(1, _MOST + 1)), key=lambda counts: counts[0] * counts[1])


class BlockOverflow(Exception):
    """A result of a tile does not fit in the result's dtype; `index` is its place in the tile."""

    def __init__(self, index: tuple[int, ...]) -> None:
        super().__init__(index)
        self.index = index


def peak(values: Array) -> int:
    """Return max |values| exactly."""
    if values.size == 0:
        return 0
    return max(abs(int(values.min())), abs(int(values.max())))


def limb_counts(serves: Callable[[int, int], bool]) -> tuple[int, int]:
    """Return how many limbs the signal and the kernel take: of those that serve, the ones with the fewest sums."""
    found = next((counts for counts in _COUNTS if serves(*counts)), None)
    if found is None:
        raise MemoryError("no limbs make the sums exact: the transform would be longer than any memory")
    return found


def limb_bits(value_peak: int, count: int) -> int:
    """Return the distance of limbs, in bits, of which some hold all integers up to a peak, with their sign."""
    return -(-(value_peak.bit_length() + 1) // count)


def limb_peak(value_peak: int, count: int) -> int:
    """Return what no limb of integers up to a peak exceeds."""
    return value_peak if count == 1 else 1 << (limb_bits(value_peak, count) - 1)


def split(values: Array, bits: int, count: int) -> Iterator[Array]:
    """Yield the limbs, int64, the lowest first.

    >>> [limb.tolist() for limb in split(np.array([-3, 260]), 4, 3)]
    [[-3, 4], [0, 0], [0, 1]]
    """
    left = values.astype(np.uint64 if values.dtype.kind == "u" else np.int64)
    for _ in range(count - 1):
        mask, half = left.dtype.type((1 << bits) - 1), np.int64(1 << (bits - 1))
        limb = ((left & mask).astype(np.int64) ^ half) - half
        left = (left >> left.dtype.type(bits)) + (limb < 0)
        yield limb
    yield left.astype(np.int64)


class LimbKernel(Locked):
    """An integer kernel, split on demand and each limb prepared by its method; safe to share between threads."""

    def __init__(self, kernel: Array, prepare: Callable[[Array], Any]) -> None:
        super().__init__()
        self.kernel = kernel
        self.peak = peak(kernel)
        self._prepare = prepare
        self._limbs: dict[int, list[Any]] = {}

    def limbs(self, count: int) -> list[Any]:
        """Return that many prepared limbs."""
        with self.lock:
            if count not in self._limbs:
                parts = split(self.kernel, limb_bits(self.peak, count), count)
                self._limbs[count] = [self._prepare(part) for part in parts]
            return self._limbs[count]


class Total:
    """A sum of integers times powers of two, exact up to a bound: words of 64 bits, the lowest first.

    The words are numbers in two's complement, to which it makes no difference what partial sums carry beyond the bound.
    """

    def __init__(self, bound: int) -> None:
        self._count, self._words = bound.bit_length() // 64 + 1, list[Array]()

    def add(self, values: Array, shift: int = 0) -> None:
        """Add 2^shift times some int64."""
        self._words = self._words or [np.zeros(values.shape, np.uint64) for _ in range(self._count)]
        words, carry = self._words[shift // 64 :], None
        for i, word in enumerate(words):
            part = _word(values, i, shift % 64).view(np.uint64)
            carry = _add(word, part, carry, last=word is words[-1])

    def result(self, dtype: np.dtype[Any]) -> Array:
        """Return the sum in int64 or uint64.

        Raises
        ------
        BlockOverflow
            Naming the first place where the exact sum does not fit.
        """
        lowest, *above = self._words
        sign = (lowest.view(np.int64) >> 63).view(np.uint64)
        if dtype.kind == "u":
            above, sign = above or [sign], np.zeros_like(sign)
        if above:
            _raise_where(np.any([word != sign for word in above], axis=0))
        return lowest.view(dtype)


def _add(word: Array, part: Array, carry: Array | None, last: bool) -> Array | None:
    """Add a part and a carry to a word, and return what it carries; nobody asks the last one."""
    word += part
    carried = None if last else word < part
    if carry is None:
        return carried
    word += carry
    return None if carried is None else carried | (word < carry)


def _word(values: Array, number: int, shift: int) -> Array:
    """Return one word of 2^shift times some int64, for shifts of less than a word."""
    if number == 0:
        return values << np.int64(shift)
    return values >> np.int64(64 - shift if number == 1 and shift else 63)


def check_fits(values: Array, dtype: np.dtype[Any]) -> Array:
    """Return integers if all of them fit in a dtype (of the array that they are written to); else raise."""
    if dtype.kind in "iu" and dtype != values.dtype and values.dtype.kind in "iu":
        limits = np.iinfo(dtype)
        _raise_where((values < limits.min) | (values > limits.max))
    return values


def _raise_where(bad: Array) -> None:
    """Raise for the first place that is bad."""
    if bad.any():
        raise BlockOverflow(tuple(int(i) for i in np.unravel_index(int(bad.argmax()), bad.shape)))
