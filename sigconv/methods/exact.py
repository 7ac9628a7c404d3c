"""Exact integer sums by any method: operands are split into limbs where one sum could lose a bit.

With x = Σ_i 2^(bi) x_i and g = Σ_j 2^(bj) g_j, the result is Σ_s 2^(bs) c_s with c_s = Σ_(i+j=s) x_i ∗ g_j.
A method computes the c_s in whatever arithmetic it has; b is chosen so that this is exact. One limb is the
common case: then the result is c_0.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..engines.forks import Locked
from ..engines.protocol import Array

WHOLE = 64  # bits of a limb that holds any integer of the supported dtypes


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


def limb_bits(signal_peak: int, kernel_peak: int, capacity: float) -> int:
    """Return the width of the limbs, given that sums are exact while (max |x|)(max |g|) ≤ capacity.

    Every c_s adds at most as many pairs as one operand has limbs, and a limb stays below 2^b.
    """
    if signal_peak * kernel_peak <= capacity:
        return WHOLE
    for bits in range(31, 0, -1):
        pairs = min(limb_count(signal_peak, bits), limb_count(kernel_peak, bits))
        if pairs << (2 * bits) <= capacity:
            return bits
    raise MemoryError("no limb width makes the sums exact: the transform would be longer than any memory")


def limb_count(value_peak: int, bits: int) -> int:
    """Return how many limbs of a width hold values up to a peak, with their sign."""
    return 1 if bits == WHOLE else max(1, -(-(value_peak.bit_length() + 1) // bits))


def split(values: Array, bits: int, count: int) -> list[Array]:
    """Return the limbs, int64, the lowest first: unsigned digits below, the sign in the highest.

    >>> [limb.tolist() for limb in split(np.array([-3, 260]), 4, 3)]
    [[13, 4], [15, 0], [-1, 1]]
    """
    if count == 1:
        return [values.astype(np.int64)]
    wide = values.astype(np.uint64 if values.dtype.kind == "u" else np.int64)
    mask = wide.dtype.type((1 << bits) - 1)
    digits = [(wide >> wide.dtype.type(bits * i)) & mask for i in range(count - 1)]
    shift = bits * (count - 1)
    highest = wide >> wide.dtype.type(shift) if shift < 64 else np.where(wide < 0, -1, 0)
    return [limb.astype(np.int64) for limb in (*digits, highest)]


class LimbKernel(Locked):
    """An integer kernel, split on demand and each limb prepared by its method; safe to share between threads."""

    def __init__(self, kernel: Array, prepare: Callable[[Array], Any]) -> None:
        super().__init__()
        self.kernel = kernel
        self.peak = peak(kernel)
        self._prepare = prepare
        self._limbs: dict[int, list[Any]] = {}

    def limbs(self, bits: int) -> list[Any]:
        """Return the prepared limbs of a width."""
        with self.lock:
            if bits not in self._limbs:
                parts = split(self.kernel, bits, limb_count(self.peak, bits))
                self._limbs[bits] = [self._prepare(part) for part in parts]
            return self._limbs[bits]


def combine(sums: list[Array], bits: int, dtype: np.dtype[Any]) -> Array:
    """Return Σ_s 2^(bs) c_s in int64 or uint64.

    Carries make every digit but the highest lie in [0, 2^b); then the result fits if and only if all digits
    above its bits repeat the sign.

    Raises
    ------
    BlockOverflow
        Naming the first place where the exact result does not fit.
    """
    if len(sums) == 1:
        return sums[0].astype(dtype)
    digits = _carried(sums, bits)
    total = np.zeros(digits[0].shape, np.uint64)
    for s, digit in enumerate(digits):
        if bits * s < 64:
            total += digit.astype(np.uint64) << np.uint64(bits * s)
    bad = ~_fits(digits, bits, 64 if dtype.kind == "u" else 63, dtype.kind == "u")
    if bad.any():
        raise BlockOverflow(_first(bad))
    return total.astype(dtype)


def check_fits(values: Array, dtype: np.dtype[Any]) -> Array:
    """Return integers if all of them fit in a dtype (of the array that they are written to); else raise."""
    if dtype.kind in "iu" and dtype != values.dtype and values.dtype.kind in "iu":
        limits = np.iinfo(dtype)
        bad = (values < limits.min) | (values > limits.max)
        if bad.any():
            raise BlockOverflow(_first(bad))
    return values


def _first(bad: Array) -> tuple[int, ...]:
    return tuple(int(i) for i in np.unravel_index(int(bad.argmax()), bad.shape))


def _carried(sums: list[Array], bits: int) -> list[Array]:
    """Return digits in [0, 2^b), and above them one digit with the sign."""
    mask, digits, carry = np.int64((1 << bits) - 1), [], np.zeros_like(sums[0])
    for column in sums:
        carry = carry + column
        digits.append(carry & mask)
        carry = carry >> np.int64(bits)
    # The last carry may hold more bits than a digit: spread it until the digits pass bit 64.
    while bits * len(digits) < 64:
        digits.append(carry & mask)
        carry = carry >> np.int64(bits)
    return [*digits, carry]


def _fits(digits: list[Array], bits: int, kept: int, unsigned: bool) -> Array:
    """Return where every bit from `kept` on repeats the sign (which must be plus for unsigned results)."""
    sign = np.where(digits[-1] < 0, np.int64(-1), np.int64(0))
    fits: Array = digits[-1] == sign
    if unsigned:
        fits &= sign == 0
    full = np.int64((1 << bits) - 1)
    for s, digit in enumerate(digits[:-1]):
        above = bits * (s + 1) - kept  # how many bits of this digit lie at or above `kept`
        if above > 0:
            drop = np.int64(max(0, bits - above))
            fits &= (digit >> drop) == ((sign & full) >> drop)
    return fits
