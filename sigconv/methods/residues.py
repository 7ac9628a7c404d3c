"""A check of integer convolutions: both sides evaluated at one point modulo a prime, in a few additions a sample.

With weights r^k, the outputs of a window add up to

    Σ_k r^k y[k] = Σ_j g[j] r^j Σ_n r^n x[n],

where n goes over what tap j meets in the window. These inner sums are differences of prefix sums, of which only those
near the ends of the samples are needed. An output that is off by e changes the left side by r^k e, so that a wrong
result passes only if all its errors add up to 0 (R. Freivalds, Probabilistic machines can use less running time, IFIP
1977, 839–842). On several axes the weights are products.

r is a root of unity of some order B modulo p, so that samples B apart have one weight and are added up before anything
is multiplied: this is y(z) modulo z^B − 1, taken at a point. p = 2³¹ − 1 reduces by shifts, since 2³¹ ≡ 1.
"""

from __future__ import annotations

from functools import lru_cache
from math import gcd

import numpy as np

from ..engines.protocol import Array
from ..semantics.problem import Axis

PRIME = (1 << 31) - 1  # p − 1 = 2·3²·7·11·31·151·331
_GENERATOR = 7
# The orders of the weights along the last axes, by the number of axes; along further ones the weights are 1.
_ORDERS = {1: (4634,), 2: (31, 151), 3: (14, 11, 31)}


def of_kernel(taps: Array) -> Array:
    """Return the residues of integer taps."""
    return _reduced(_reduced(taps.astype(np.int64)))


def of_samples(samples: Array, axes: tuple[Axis, ...]) -> Array:
    """Return what each tap meets, weighted and added up: residues of the kernel's shape on the axes.

    The samples are integers (as float64, too), so small that sums of all of them are exact.
    """
    for axis, powers in _weights(axes):
        met = _met(np.moveaxis(samples, axis.position, -1), axis, powers)
        samples = np.moveaxis(met, -1, axis.position)
    return _reduced(samples.astype(np.int64))


def of_outputs(outputs: Array, axes: tuple[Axis, ...]) -> Array:
    """Return the weighted sums of outputs, int64: residues of size 1 on the axes."""
    for axis, powers in reversed(_weights(axes)):  # along the first axis whole rows are added up
        sums = _evaluated(np.moveaxis(outputs, axis.position, -1), powers)
        scaled = sums * powers[axis.start // axis.stride % powers.size] % PRIME
        outputs = np.moveaxis(scaled[..., np.newaxis], -1, axis.position)
    return outputs


def agree(samples: Array, kernel: Array, outputs: Array, axes: tuple[Axis, ...]) -> bool:
    """Return whether the residues of samples, kernel and outputs are those of a convolution."""
    products = _reduced(samples * kernel)
    expected = products.sum(axis=tuple(axis.position for axis in axes), keepdims=True)
    return bool(((expected - outputs) % PRIME == 0).all())


def _weights(axes: tuple[Axis, ...]) -> list[tuple[Axis, Array]]:
    """Return each axis, the last one first, with the powers of its r."""
    orders = _ORDERS[min(3, len(axes))] if axes else ()
    rest = [1] * (len(axes) - len(orders))
    return [(axis, _powers(order)) for axis, order in zip(axes, (*rest, *orders), strict=True)][::-1]


@lru_cache
def _powers(order: int) -> Array:
    """Return r^0 … r^(B − 1) for an r of order B.

    >>> _powers(2).tolist()
    [1, 2147483646]
    """
    root, powers = pow(_GENERATOR, (PRIME - 1) // order, PRIME), [1]
    for _ in range(order - 1):
        powers.append(powers[-1] * root % PRIME)
    return np.array(powers)


def _reduced(values: Array) -> Array:
    """Reduce int64 in place: below 2^33, and those below 2^33 to below 2^31 + 4."""
    high = values >> 31
    values &= PRIME
    values += high
    return values


def _weighted(values: Array, weights: Array) -> Array:
    """Return products of integers with residues, below 2^33."""
    products = _reduced(values.astype(np.int64))
    products *= weights
    return _reduced(products)


def _repeated(powers: Array, first: int, step: int, count: int) -> Array:
    """Return r^first, r^(first + step), …"""
    period = np.arange(min(count, powers.size))
    return np.resize(powers[(first + step * period) % powers.size], count)


def _evaluated(values: Array, powers: Array) -> Array:
    """Return Σ_i r^i values[…, i] along the last axis: samples that have one weight are added up first."""
    order, size = powers.size, values.shape[-1]
    whole = size - size % order
    if whole:
        folded = values[..., :whole].reshape(*values.shape[:-1], -1, order).sum(axis=-2)
        folded[..., : size - whole] += values[..., whole:]
        values = folded
    sums: Array = _weighted(values, powers[: values.shape[-1]]).sum(axis=-1)
    return sums % PRIME


def _met(samples: Array, axis: Axis, powers: Array) -> Array:
    """Return for each tap Σ_i r^i x[start + stride·i − dilation·j] along the last axis, times a power that all share.

    The first `period` taps meet samples that are a stride apart from each other; the next ones meet those of the same
    remainders, `step` of them earlier.
    """
    period = axis.stride // gcd(axis.stride, axis.dilation)
    step, last = axis.dilation * period // axis.stride, axis.start // axis.stride
    met = np.empty((*samples.shape[:-1], axis.taps), np.int64)
    for tap in range(min(period, axis.taps)):
        shift, phase = divmod(axis.start - axis.dilation * tap, axis.stride)
        taps = met[..., tap::period]
        low = shift - step * np.arange(taps.shape[-1])
        sums = _between(samples[..., phase :: axis.stride], low, low + axis.count, powers)
        taps[...] = _weighted(sums, _repeated(powers, last - shift, step, taps.shape[-1]))
    return met


def _between(samples: Array, low: Array, high: Array, powers: Array) -> Array:
    """Return Σ_n r^n x[n] for low ≤ n < high along the last axis, where both fall from tap to tap."""
    size = samples.shape[-1]
    cut = min(max(0, int(low[0])), size)
    end = max(cut, min(int(high[-1]), size))  # between the two all taps meet every sample
    steps = np.empty((*samples.shape[:-1], 1 + cut + (end > cut) + size - end), np.int64)
    steps[..., 0] = 0
    behind = steps.shape[-1] - (size - end)
    steps[..., 1 : cut + 1] = _weighted(samples[..., :cut], _repeated(powers, 0, 1, cut))
    if end > cut:
        middle = _evaluated(samples[..., cut:end], powers)
        steps[..., cut + 1] = _weighted(middle, powers[cut % powers.size])
    steps[..., behind:] = _weighted(samples[..., end:], _repeated(powers, end, 1, size - end))
    np.cumsum(steps, axis=-1, out=steps)
    places = np.clip(high, 0, size) - (end - behind + 1), np.clip(low, 0, size)
    above, below = (steps.take(n, axis=-1) for n in places)
    above -= below
    return _reduced(above)
