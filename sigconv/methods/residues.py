"""A check of integer convolutions: both sides evaluated at one point modulo a prime, in a few additions a sample.

With weights r^k, the outputs of a window add up to

    Σ_k r^k y[k] = Σ_j g[j] r^j Σ_n r^n x[n],

where n goes over what tap j meets in the window. These inner sums are differences of prefix sums, of which only those
near the ends of the samples are needed. An output that is off by e changes the left side by r^k e, so that a wrong
result passes only if all its errors add up to 0 (R. Freivalds, Probabilistic machines can use less running time, IFIP
1977, 839–842). On several axes the weights are products.

r is a root of unity of some order B modulo p, so that samples B apart have one weight and are added up before anything
is multiplied: this is y(z) modulo z^B − 1, taken at a point. The sums are NumPy's, or those of compiled `loops`.
"""

from __future__ import annotations

from functools import cache, lru_cache
from math import gcd, prod
from typing import Any

import numpy as np

from ..engines import plain_residues
from ..engines.forks import load
from ..engines.plain_residues import PRIME, reduced
from ..engines.protocol import Array
from ..semantics.problem import Axis

_GENERATOR = 7
# The orders of the weights along the last axes, by the number of axes; along further ones the weights are 1.
_ORDERS = {1: (4634,), 2: (31, 151), 3: (14, 11, 31)}


def of_kernel(taps: Array) -> Array:
    """Return the residues of integer taps."""
    return reduced(reduced(taps.astype(np.int64)))


def of_samples(samples: Array, axes: tuple[Axis, ...], loops: str) -> Array:
    """Return what each tap meets, weighted and added up: residues of the kernel's shape on the axes.

    The samples are integers (as float64, too), so small that sums of all of them are exact.
    """
    for axis, powers in _weights(axes):
        samples = _exchanged(_met(_exchanged(samples, axis), axis, powers, loops), axis)
    return reduced(samples.astype(np.int64))


def of_rounded(sums: Array, out: Array, axes: tuple[Axis, ...], loops: str) -> Array:
    """Round float64 in place, which `out` sees as int64, and return the residues of these outputs."""
    if not (axes and out.flags.c_contiguous):
        sums += plain_residues.ROUNDER
        out -= plain_residues.BITS
        return of_outputs(out, axes, loops)
    position, (_, powers) = axes[0].position, _weights(axes)[-1]
    shape = [*out.shape]
    lines = prod(shape[:position])
    shape[position] = min(powers.size, shape[position])  # outputs of one weight are added up
    folded = np.empty((lines, prod(shape[position:])), np.int64)
    _engine(loops).round_lines(sums.reshape(lines, -1), out.reshape(lines, -1), folded)
    return of_outputs(folded.reshape(shape), axes, loops)


def of_outputs(outputs: Array, axes: tuple[Axis, ...], loops: str) -> Array:
    """Return the weighted sums of outputs, int64: residues of size 1 on the axes."""
    for axis, powers in reversed(_weights(axes)):  # along the first axis whole rows are added up
        lines = _exchanged(outputs, axis)
        sums = np.empty(lines.shape[:-1], np.int64)
        _engine(loops).evaluate(_as_lines(lines), powers, sums.reshape(-1))
        scaled = sums * powers[axis.start // axis.stride % powers.size] % PRIME
        outputs = _exchanged(scaled[..., np.newaxis], axis)
    return outputs


def agree(samples: Array, kernel: Array, outputs: Array, axes: tuple[Axis, ...]) -> bool:
    """Return whether the residues of samples, kernel and outputs are those of a convolution."""
    products = reduced(samples * kernel)
    expected = products.sum(axis=tuple(axis.position for axis in axes), keepdims=True)
    return bool(((expected - outputs) % PRIME == 0).all())


@cache
def _engine(loops: str) -> Any:
    """Return the module of the sums."""
    return load("residues") if loops == "numba" else plain_residues


def _as_lines(array: Array) -> Array:
    """Return an array as contiguous lines along its last axis."""
    return np.ascontiguousarray(array).reshape(prod(array.shape[:-1]), array.shape[-1])


def _exchanged(array: Array, axis: Axis) -> Array:
    """Return an array with an axis and the last one in each other's place."""
    return array if axis.position == array.ndim - 1 else array.swapaxes(axis.position, -1)


@lru_cache(maxsize=1024)
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


def _met(samples: Array, axis: Axis, powers: Array, loops: str) -> Array:
    """Return for each tap Σ_i r^i x[start + stride·i − dilation·j] along the last axis, times a power that all share.

    The first `period` taps meet samples that are a stride apart from each other; the next ones meet those of the same
    remainders, `step` of them earlier.
    """
    period = axis.stride // gcd(axis.stride, axis.dilation)
    step, last = axis.dilation * period // axis.stride, axis.start // axis.stride
    met = np.empty((*samples.shape[:-1], axis.taps), np.int64)
    for tap in range(min(period, axis.taps)):
        shift, phase = divmod(axis.start - axis.dilation * tap, axis.stride)
        lines = _as_lines(samples[..., phase :: axis.stride])
        sums = np.empty((len(lines), len(range(tap, axis.taps, period))), np.int64)
        _engine(loops).sums_met(lines, (shift, step, axis.count, last), powers, sums)
        met[..., tap::period] = sums.reshape(*met.shape[:-1], -1)
    return met
