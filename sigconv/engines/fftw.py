"""FFTW through pyfftw as an engine, one thread a transform: planned by its estimate, or by measuring if that is asked.

The estimate always plans the same; what measuring finds is kept (see `wisdom`), so that the bits do not vary either.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pyfftw

from .forks import planning
from .protocol import Array, Transform, spectrum_dtype, spectrum_shape
from .wisdom import WISDOM, effort


class FFTW:
    """The engine over pyfftw."""

    name = "fftw"

    def forward(self, shape: tuple[int, ...], axes: tuple[int, ...], dtype: np.dtype[Any]) -> Transform:
        """Return a transform from samples to frequencies."""
        samples, frequencies = _buffers(shape, axes, dtype)
        return _planned(samples, frequencies, axes, "FFTW_FORWARD")

    def inverse(self, shape: tuple[int, ...], axes: tuple[int, ...], dtype: np.dtype[Any]) -> Transform:
        """Return a transform from frequencies to samples, times N."""
        samples, frequencies = _buffers(shape, axes, dtype)
        return _planned(frequencies, samples, axes, "FFTW_BACKWARD")


def _buffers(shape: tuple[int, ...], axes: tuple[int, ...], dtype: np.dtype[Any]) -> tuple[Array, Array]:
    samples = pyfftw.empty_aligned(shape, dtype)
    return samples, pyfftw.empty_aligned(spectrum_shape(shape, axes, dtype), spectrum_dtype(dtype))


def _planned(source: Array, target: Array, axes: tuple[int, ...], direction: str) -> Transform:
    # FFTW's planner is not thread-safe; executing a plan is. (pyfftw releases plans behind a lock of its own, at once.)
    asked = effort()
    with planning, WISDOM.used(asked):
        flags = f"FFTW_{asked.upper()}", "FFTW_DESTROY_INPUT"
        planned = pyfftw.FFTW(source, target, axes=axes, direction=direction, flags=flags)

    def run() -> Array:
        planned.execute()
        return target

    return Transform(source, run, source.nbytes + target.nbytes)


ENGINE = FFTW()
