"""What several libraries need: batches one by one, boundaries written out, rough costs."""

from __future__ import annotations

from collections.abc import Callable
from itertools import repeat
from math import log2, prod
from typing import Any

import numpy as np

from ..points import Array, Point

Binary = Callable[[Array, Array], Array]


def one_by_one(call: Binary, point: Point) -> Binary:
    """Return a function that calls another for each entry of the batch."""
    if not point.batch:
        return call

    def run(signal: Array, kernel: Array) -> Array:
        signals = np.broadcast_to(signal, (*point.batch, *point.space)).reshape(-1, *point.space)
        own = np.broadcast_to(kernel, (*point.batch, *point.taps)).reshape(-1, *point.taps)
        results = [call(x, k) for x, k in zip(signals, repeat(kernel) if point.shared else own, strict=False)]
        return np.stack(results).reshape(*point.batch, *results[0].shape)

    return run


def extended(signal: Array, point: Point) -> Array:
    """Return the signal with what the boundary puts around it."""
    outside = [(0, 0)] * (signal.ndim - point.ndim) + list(point.halo)
    modes: Any = {"zero": "constant"}
    return np.pad(signal, outside, mode=modes.get(point.boundary, point.boundary))


def with_mode(call: Callable[..., Array], point: Point) -> Binary:
    """Return `call(signal, kernel, mode=)` with the window and the boundary of the point."""
    mode = point.mode
    if point.boundary != "zero":
        return lambda x, k: call(extended(x, point), k, mode="valid")
    if point.center is not None:
        cut: tuple[Any, ...] = (..., *(slice(*w) for w in point.window))
        return lambda x, k: call(x, k, mode="full")[cut]
    return lambda x, k: call(x, k, mode=mode)


def flipped(kernel: Array, ndim: int) -> Array:
    """Return the kernel, its last axes reversed."""
    backwards: tuple[Any, ...] = (..., *(slice(None, None, -1),) * ndim)
    return kernel[backwards]


def convolving(kernel: Array, point: Point) -> Array:
    """Return the kernel for a library that convolves."""
    return kernel if point.operator == "convolve" else flipped(kernel, point.ndim).conj()


def sliding(kernel: Array, point: Point) -> Array:
    """Return the kernel for a library that slides it as it is."""
    return flipped(kernel, point.ndim) if point.operator == "convolve" else kernel.conj()


def spread(kernel: Array, point: Point) -> Array:
    """Return the kernel with an axis for each of the signal's."""
    return kernel.reshape((1,) * (len(point.signal) - kernel.ndim) + kernel.shape)


def direct_seconds(rate: float) -> Callable[[Point], float]:
    """Return the time of direct sums, by operations a second."""
    return lambda point: 2 * point.products * (4 if point.result_dtype.kind == "c" else 1) / rate


def transform_seconds(rate: float) -> Callable[[Point], float]:
    """Return the time of three transforms as long as the full result, by operations a second."""
    return lambda point: 3 * 5 * point.padded * log2(max(2, point.padded / max(1, prod(point.batch)))) / rate


def transform_bytes(point: Point) -> int:
    """Return the memory of a padded signal, a result, and two spectra."""
    return 4 * point.padded * point.result_dtype.itemsize


def no_layers(point: Point) -> str | None:
    """Return the reason if a point mixes channels."""
    return "does not mix channels" if point.layer else None


def floats_only(point: Point) -> str | None:
    """Return the reason if a point mixes channels or wants exact integers."""
    return no_layers(point) or ("no exact integers" if point.exact else None)
