"""numpy and scipy.signal."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from ..peers import Peer
from ..points import Array, Point
from .common import (
    Binary,
    convolving,
    direct_seconds,
    floats_only,
    no_layers,
    one_by_one,
    spread,
    transform_bytes,
    transform_seconds,
    with_mode,
)

# The context that holds scipy.fft's number of threads: it must not be collected, and entering it for every call would
# take as long as a tiny call.
_held: dict[str, Any] = {}


def use_threads(threads: int) -> None:
    """Set scipy.fft's threads from here on."""
    from scipy.fft import set_workers

    if _held.get("threads") != threads:
        _held.update(threads=threads, context=set_workers(threads))
        _held["context"].__enter__()


def _wide(call: Binary, point: Point) -> Binary:
    """Return a function of integers that first makes them as wide as their sums, and uint8 images floats."""
    if np.dtype(point.dtype).kind not in "iu":
        return call
    dtype = np.int64 if point.exact else point.result_dtype
    return lambda x, k: call(x.astype(dtype), k.astype(dtype))


def _numpy(point: Point, threads: int) -> Binary:
    call: Any = np.correlate if point.operator == "correlate" else np.convolve
    return _wide(one_by_one(with_mode(call, point), point), point)


def _numpy_why_not(point: Point) -> str | None:
    return no_layers(point) or ("one axis only" if point.ndim > 1 else None)


def _signal_convolve(point: Point, threads: int) -> Binary:
    from scipy import signal

    use_threads(threads)
    call = with_mode(getattr(signal, point.operator), point)
    if not point.batch:
        return _wide(call, point)
    if point.shared:
        return _wide(lambda x, k: call(x, spread(k, point)), point)
    return _wide(one_by_one(call, point), point)


def _axes_call(name: str, point: Point, threads: int) -> Binary:
    from scipy import signal

    use_threads(threads)
    axes = tuple(range(-point.ndim, 0))
    call = with_mode(partial(getattr(signal, name), axes=axes), point)

    def run(x: Array, k: Array) -> Array:
        return call(x, spread(convolving(k, point), point))

    return _in_slices(_wide(run, point), point)


def _in_slices(call: Binary, point: Point) -> Binary:
    """Return a function that goes along the first axis where all at once would not fit in memory."""
    if transform_bytes(point) < 3 << 30 or len(point.kernel) >= len(point.signal):
        return call
    return lambda x, k: np.stack([call(entry[None], k)[0] for entry in x])


def _convolve2d(point: Point, threads: int) -> Binary:
    from scipy import signal

    call = getattr(signal, f"{point.operator}2d")
    return _wide(one_by_one(with_mode(call, point), point), point)


def _convolve2d_why_not(point: Point) -> str | None:
    return no_layers(point) or ("two axes only" if point.ndim != 2 else None)


def _auto_seconds(point: Point) -> float:
    """It chooses itself between the two, sometimes badly, and each of own kernels has a call."""
    return min(direct_seconds(1e9)(point), transform_seconds(3e9)(point))


PEERS = [
    Peer("numpy", "numpy", _numpy_why_not, _numpy, direct_seconds(8e9)),
    Peer("scipy.signal.convolve", "scipy", no_layers, _signal_convolve, _auto_seconds),
    Peer(
        *("scipy.signal.fftconvolve", "scipy", floats_only, partial(_axes_call, "fftconvolve"), transform_seconds(6e9)),
    ),
    Peer("scipy.signal.oaconvolve", "scipy", floats_only, partial(_axes_call, "oaconvolve"), transform_seconds(6e9)),
    Peer("scipy.signal.convolve2d", "scipy", _convolve2d_why_not, _convolve2d, direct_seconds(1e9)),
]
