"""numpy.fft and scipy.fft as engines: the same functions under two names, nothing kept between calls."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from .forks import imported
from .protocol import Array, Transform, spectrum_dtype, spectrum_shape


class PlainFFT:
    """The engine over a module with `rfftn`, `irfftn`, `fftn` and `ifftn`."""

    def __init__(self, name: str, module: str) -> None:
        self.name = name
        self._module = module

    def forward(self, shape: tuple[int, ...], axes: tuple[int, ...], dtype: np.dtype[Any]) -> Transform:
        """Return a transform from samples to frequencies."""
        functions = imported(self._module)
        buffer: Array = np.empty(shape, dtype)
        function = functions.fftn if dtype.kind == "c" else functions.rfftn
        return Transform(buffer, partial(function, buffer, axes=axes), buffer.nbytes)

    def inverse(self, shape: tuple[int, ...], axes: tuple[int, ...], dtype: np.dtype[Any]) -> Transform:
        """Return a transform from frequencies to samples, times N."""
        functions = imported(self._module)
        buffer: Array = np.empty(spectrum_shape(shape, axes, dtype), spectrum_dtype(dtype))
        function = functions.ifftn if dtype.kind == "c" else functions.irfftn
        lengths = [shape[axis] for axis in axes]
        return Transform(buffer, partial(function, buffer, s=lengths, axes=axes, norm="forward"), buffer.nbytes)


NUMPY = PlainFFT("numpy", "numpy.fft")
SCIPY = PlainFFT("scipy", "scipy.fft")
