"""What `plain_residues` does, as compiled loops that pass over the samples once."""

from __future__ import annotations

from typing import Any

import numpy as np

from . import plain_residues
from .entry import entry
from .protocol import Array
from .simd import ZERO, inlined, inner

PRIME, ROUNDER, BITS = plain_residues.PRIME, float(plain_residues.ROUNDER), int(plain_residues.BITS)
_PIECE = 1 << 11  # samples that stay in the first-level cache from one loop to the next


@inlined
def _reduced(value: Any) -> Any:
    """Reduce an int64 to below 2^33."""
    return (value & PRIME) + (value >> 31)


@inlined
def _weighted(value: Any, weight: Any) -> Any:
    """Return the product of an integer with a residue, below 2^33."""
    return _reduced(_reduced(np.int64(value)) * weight)


@inner
def _fold(values: Array, folded: Array) -> None:
    """Add a line up to a short one, from the first place again after the last."""
    folded[:] = 0
    for begin in range(0, values.size, max(1, folded.size)):
        part = values[begin : begin + folded.size]
        sums = folded[: part.size]
        for i in range(part.size):
            sums[i] += part[i]


@inner
def _dot(values: Array, powers: Array) -> Any:
    """Return Σ_i r^i values[i], to be reduced; terms are below 2^33, so that none of 2^29 of them overflow."""
    total = 0
    for i in range(values.size):
        total += _weighted(values[i], powers[i])
    return total


@inner
def _add_up(values: Array, powers: Array, first: int, sums: Array) -> None:
    """Fill `sums[i + 1]` with sums[0] + Σ_j r^(first + j) values[j] for j ≤ i, to be reduced."""
    begin, place = 0, first % powers.size
    while begin < values.size:
        stop = min(values.size, begin + powers.size - place)
        part, weights, terms = values[begin:stop], powers[place:], sums[1 + begin : 1 + stop]
        for i in range(part.size):
            terms[i] = _weighted(part[i], weights[i])
        begin, place = stop, 0
    for i in range(values.size):
        sums[i + 1] += sums[i]


@entry()
def round_lines(sums: Array, out: Array, folded: Array) -> None:
    """Round lines of float64 in place, which `out` sees as int64, and add them up, each folded to a line's length."""
    order, size = folded.shape[1], sums.shape[1]
    folded[:] = 0
    for line in range(sums.shape[0]):
        for at in range(0, order, _PIECE):
            for begin in range(at, size, order):
                stop = min(begin + _PIECE, begin - at + order, size)
                values, rounded = sums[line, begin:stop], out[line, begin:stop]
                total = folded[line, at : at + stop - begin]
                for i in range(values.size):
                    values[i] += ROUNDER
                for i in range(rounded.size):
                    number = rounded[i] - BITS
                    rounded[i] = number
                    total[i] += number


@entry()
def evaluate(values: Array, powers: Array, out: Array) -> None:
    """Fill `out[l]` with the residue of Σ_i r^i values[l, i]."""
    folded = np.empty(min(powers.size, values.shape[1]), np.int64)
    for line in range(values.shape[0]):
        _fold(values[line], folded)
        out[line] = _dot(folded, powers) % PRIME


@entry()
def sums_met(samples: Array, windows: Any, powers: Array, out: Array) -> None:
    """Fill `out[l, t]` with r^(last − low) Σ_n r^n samples[l, n], for the samples from low on that tap t meets."""
    size, taps, (first, step, count, last) = samples.shape[1], out.shape[1], windows
    cut = min(max(0, first), size)
    end = max(cut, min(first - step * (taps - 1) + count, size))  # between the two all taps meet every sample
    head, tail = np.zeros(1 + cut, np.int64), np.empty(1 + size - end, np.int64)
    folded = np.empty(min(powers.size, end - cut), samples.dtype)
    place = cut % powers.size
    ahead = min(folded.size, powers.size - place)
    for line in range(samples.shape[0]):
        values = samples[line]
        _add_up(values[:cut], powers, ZERO, head)
        _fold(values[cut:end], folded)
        tail[0] = head[cut] + _dot(folded[:ahead], powers[place:]) + _dot(folded[ahead:], powers)
        _add_up(values[end:], powers, end, tail)
        weight, further = (last - first) % powers.size, step % powers.size
        for tap in range(taps):
            low = first - step * tap
            begin, stop = min(max(0, low), size), min(max(0, low + count), size)
            met = (tail[stop - end] if stop >= end else head[stop]) - head[begin]
            out[line, tap] = _weighted(met, powers[weight])
            weight += further
            if weight >= powers.size:
                weight -= powers.size
