"""What an FFT engine must offer."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]


class Transform(NamedTuple):
    """A transform of one shape: fill all of `input`, then `run()` returns the result, valid until the next run.

    `run` may destroy the input. A transform serves one thread at a time, and keeps some bytes of buffers.
    """

    input: Array
    run: Callable[[], Array]
    bytes: int


class FFTEngine(Protocol):
    """Makes transforms over some axes of an array.

    `forward` takes an array of the shape and dtype (real or complex); for a real one the last of the axes comes
    out halved (n//2 + 1 frequencies). `inverse` takes that spectrum back to the shape and dtype, *without* the
    factor 1/N, which is folded into the kernel's spectrum once.
    """

    name: str

    def forward(self, shape: tuple[int, ...], axes: tuple[int, ...], dtype: np.dtype[Any]) -> Transform:
        """Return a transform from samples to frequencies."""
        ...

    def inverse(self, shape: tuple[int, ...], axes: tuple[int, ...], dtype: np.dtype[Any]) -> Transform:
        """Return a transform from frequencies to samples of the shape and dtype, times N."""
        ...


def spectrum_shape(shape: tuple[int, ...], axes: tuple[int, ...], dtype: np.dtype[Any]) -> tuple[int, ...]:
    """Return the shape of a spectrum: the last transformed axis, if there is one, is halved for real data."""
    if dtype.kind == "c" or not axes:
        return shape
    last = axes[-1]
    return (*shape[:last], shape[last] // 2 + 1, *shape[last + 1 :])


@cache
def spectrum_dtype(dtype: np.dtype[Any]) -> np.dtype[Any]:
    """Return the complex dtype of the same precision."""
    return np.result_type(dtype, np.complex64)
