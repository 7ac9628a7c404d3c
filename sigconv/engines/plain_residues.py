"""Residues modulo 2³¹ − 1 of sums of integers times powers of a root of unity, in NumPy.

Samples that have one weight, the length of the powers' period apart, are added up before anything is multiplied. The
prime reduces by shifts, since 2³¹ ≡ 1.
"""

from __future__ import annotations

import numpy as np

from .protocol import Array

PRIME = (1 << 31) - 1  # p − 1 = 2·3²·7·11·31·151·331
# Added to a number below 2^51, this rounds it to a whole one, which is left in the last bits of the sum.
ROUNDER = np.float64(1.5 * 2**52)
BITS = ROUNDER.view(np.int64)


# The samples that taps meet: of tap t those from first − step·t on, so many; and a number `last` that all share.
Windows = tuple[int, int, int, int]


def reduced(values: Array) -> Array:
    """Reduce int64 in place: below 2^33, and those below 2^33 to below 2^31 + 4."""
    high = values >> 31
    values &= PRIME
    values += high
    return values


def weighted(values: Array, weights: Array) -> Array:
    """Return products of integers with residues, below 2^33."""
    products = reduced(values.astype(np.int64))
    products *= weights
    return reduced(products)


def _repeated(powers: Array, first: int, step: int, count: int) -> Array:
    """Return r^first, r^(first + step), …"""
    period = np.arange(min(count, powers.size))
    return np.resize(powers[(first + step * period) % powers.size], count)


def round_lines(sums: Array, out: Array, folded: Array) -> None:
    """Round lines of float64 in place, which `out` sees as int64, and add them up, each folded to a line's length."""
    sums += ROUNDER
    out -= BITS
    _fold(out, folded)


def evaluate(values: Array, powers: Array, out: Array) -> None:
    """Fill `out[l]` with the residue of Σ_i r^i values[l, i]."""
    out[...] = _evaluated(values, powers)


def sums_met(samples: Array, windows: Windows, powers: Array, out: Array) -> None:
    """Fill `out[l, t]` with r^(last − low) Σ_n r^n samples[l, n], for the samples from low on that tap t meets."""
    size, (first, step, count, last) = samples.shape[-1], windows
    low = first - step * np.arange(out.shape[-1])
    cut = min(max(0, first), size)
    end = max(cut, min(int(low[-1]) + count, size))  # between the two all taps meet every sample
    steps = np.empty((len(samples), 1 + cut + (end > cut) + size - end), np.int64)
    steps[:, 0] = 0
    behind = steps.shape[-1] - (size - end)
    steps[:, 1 : cut + 1] = weighted(samples[:, :cut], _repeated(powers, 0, 1, cut))
    if end > cut:
        steps[:, cut + 1] = weighted(_evaluated(samples[:, cut:end], powers), powers[cut % powers.size])
    steps[:, behind:] = weighted(samples[:, end:], _repeated(powers, end, 1, size - end))
    np.cumsum(steps, axis=-1, out=steps)
    places = np.clip(low + count, 0, size) - (end - behind + 1), np.clip(low, 0, size)
    above, below = (steps.take(n, axis=-1) for n in places)
    above -= below
    out[...] = weighted(above, _repeated(powers, last - first, step, out.shape[-1]))


def _fold(values: Array, folded: Array) -> None:
    """Add lines up to short ones, from the first place again after the last."""
    order, size = folded.shape[-1], values.shape[-1]
    whole = size - size % order
    np.sum(values[:, :whole].reshape(len(values), -1, order), axis=1, out=folded)
    folded[:, : size - whole] += values[:, whole:]


def _evaluated(values: Array, powers: Array) -> Array:
    """Return Σ_i r^i values[l, i] of each line."""
    if values.shape[-1] > powers.size:
        folded = np.empty((len(values), powers.size), values.dtype)
        _fold(values, folded)
        values = folded
    sums: Array = weighted(values, powers[: values.shape[-1]]).sum(axis=-1)
    return sums % PRIME
