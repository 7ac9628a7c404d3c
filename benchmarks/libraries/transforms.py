"""Convolution by hand with a transform library: torch.fft and ducc0."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

import numpy as np

from ..peers import Peer
from ..points import Array, Point
from .common import Binary, convolving, extended, floats_only, spread, transform_bytes, transform_seconds


class Library(NamedTuple):
    """Real or complex transforms of some lengths over the last axes, and the lengths that are fast."""

    forward: Callable[[Array, tuple[int, ...]], Any]
    inverse: Callable[[Any, tuple[int, ...]], Array]
    fast_length: Callable[[int], int]


def _torch(point: Point, threads: int) -> Library:
    import torch
    from scipy.fft import next_fast_len

    torch.set_num_threads(threads)
    real = point.result_dtype.kind == "f"
    forward, inverse = (torch.fft.rfftn, torch.fft.irfftn) if real else (torch.fft.fftn, torch.fft.ifftn)
    axes, dtype = tuple(range(-point.ndim, 0)), getattr(torch, str(point.result_dtype))
    return Library(
        lambda x, lengths: forward(torch.from_numpy(x).to(dtype), lengths, axes),
        lambda spectrum, lengths: inverse(spectrum, lengths, axes).numpy(),
        partial(next_fast_len, real=real),
    )


def _ducc0(point: Point, threads: int) -> Library:
    from ducc0 import fft

    real = point.result_dtype.kind == "f"
    options = {"axes": tuple(range(-point.ndim, 0)), "nthreads": threads}

    def forward(x: Array, lengths: tuple[int, ...]) -> Any:
        padded = np.zeros((*x.shape[: x.ndim - point.ndim], *lengths), point.result_dtype)
        corner: tuple[Any, ...] = (..., *(slice(0, n) for n in x.shape[x.ndim - point.ndim :]))
        padded[corner] = x
        return (fft.r2c if real else fft.c2c)(padded, **options)

    def inverse(spectrum: Any, lengths: tuple[int, ...]) -> Any:
        if real:
            return fft.c2r(spectrum, lastsize=lengths[-1], forward=False, inorm=2, **options)
        return fft.c2c(spectrum, forward=False, inorm=2, **options)

    return Library(forward, inverse, lambda n: int(fft.good_size(n, real)))


def _keep(make: Callable[[Point, int], Library], point: Point, kernel: Array, threads: int) -> Callable[[Array], Array]:
    """Return the kernel's spectrum, kept, as a function of signals."""
    library, by_hand = make(point, threads), point.boundary != "zero"
    reach = [n + (sum(halo) if by_hand else 0) for n, halo in zip(point.space, point.halo, strict=True)]
    lengths = tuple(library.fast_length(n + m - 1) for n, m in zip(reach, point.taps, strict=True))
    starts = [m - 1 if by_hand else start for (start, _), m in zip(point.window, point.taps, strict=True)]
    counts = [stop - start for start, stop in point.window]
    cut: tuple[Any, ...] = (..., *(slice(start, start + count) for start, count in zip(starts, counts, strict=True)))
    # torch takes no negative strides
    spectrum = library.forward(spread(convolving(kernel, point), point).copy(), lengths)

    def run(x: Array) -> Array:
        outer = extended(x, point) if by_hand else x
        return library.inverse(library.forward(outer, lengths) * spectrum, lengths)[cut]

    return run


def _bind(make: Callable[[Point, int], Library], point: Point, threads: int) -> Binary:
    def run(x: Array, k: Array) -> Array:
        return _keep(make, point, k, threads)(x)

    if transform_bytes(point) < 3 << 30 or len(point.kernel) >= len(point.signal):
        return run
    return lambda x, k: np.stack([run(entry[None], k)[0] for entry in x])  # all at once would not fit in memory


PEERS = [
    Peer(name, module, floats_only, partial(_bind, make), transform_seconds(6e9), partial(_keep, make))
    for name, module, make in (("torch.fft", "torch", _torch), ("ducc0", "ducc0", _ducc0))
]
