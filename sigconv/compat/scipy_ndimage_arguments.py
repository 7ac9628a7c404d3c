"""What scipy.ndimage's functions refuse, with SciPy's messages and error types, and what their arguments mean."""

from __future__ import annotations

import operator
import warnings
from typing import Any

import numpy as np

from ..errors import ArgumentValueError
from .common import Array

_BOUNDARIES = {
    "reflect": "symmetric",
    "grid-mirror": "symmetric",
    "constant": "constant",
    "grid-constant": "constant",
    "nearest": "edge",
    "mirror": "reflect",
    "wrap": "wrap",
    "grid-wrap": "wrap",
}


class ArgumentRuntimeError(ArgumentValueError, RuntimeError):
    """An argument that can't be served, where scipy.ndimage raises RuntimeError."""


def axes_of(axes: Any, ndim: int) -> tuple[int, ...]:
    """Return the convolved axes, not negative."""
    if axes is None:
        return tuple(range(ndim))
    listed = [operator.index(a) for a in (axes if np.iterable(axes) else [axes])]
    for axis in listed:
        if not -ndim <= axis < ndim:
            raise ArgumentValueError(f"specified axis: {axis} is out of range")
    if len({a % ndim for a in listed}) < len(listed):
        raise ArgumentValueError("axes must be unique")
    return tuple(a % ndim for a in listed)


def center_of(origin: Any, axes: tuple[int, ...], taps: tuple[int, ...], ndim: int) -> tuple[int, ...]:
    """Return which tap lies on output i, for each convolved axis in ascending order.

    The origins are in the order of `axes`; but if these are all axes of the input, in the order of the axes.
    """
    origins = list(origin) if np.iterable(origin) else [origin] * len(axes)
    if len(origins) != len(axes):
        raise ArgumentRuntimeError("sequence argument must have length equal to input rank")
    if len(axes) < ndim:
        origins = [origins[axes.index(a)] for a in sorted(axes)]
    center = tuple(m // 2 + o for m, o in zip(taps, origins, strict=True))
    if not all(0 <= c < m for c, m in zip(center, taps, strict=True)):
        raise ArgumentValueError(
            "Invalid origin; origin must satisfy -(weights.shape[k] // 2) <= origin[k] <= (weights.shape[k]-1) // 2"
        )
    return center


def boundary_of(mode: Any) -> str:
    """Return sigconv's name of a boundary."""
    if not isinstance(mode, str):
        raise ArgumentRuntimeError("A sequence of modes is not supported")
    if mode not in _BOUNDARIES:
        raise ArgumentRuntimeError("boundary mode not supported")
    return _BOUNDARIES[mode]


def cval_of(cval: Any, dtype: np.dtype[Any]) -> Any:
    """Return the samples outside as a Python number."""
    number = np.asarray(cval).item()
    if isinstance(number, complex) and dtype.kind != "c":
        raise ArgumentValueError("Cannot provide a complex-valued cval when the input is real.")
    return number


def output_of(output: Any, samples: Array, complex_weights: bool) -> Array:
    """Return the array that the result is written to."""
    complex_output = complex_weights or samples.dtype.kind == "c"
    if isinstance(output, (type, np.dtype, str)) or output is None:
        return np.empty(samples.shape, _output_dtype(output, samples.dtype, complex_output))
    target = np.asarray(output)
    if target.shape != samples.shape:
        raise ArgumentRuntimeError("output shape not correct")
    if complex_output and target.dtype.kind != "c":
        raise ArgumentRuntimeError("output must have complex dtype")
    return target


def _output_dtype(asked: Any, dtype: np.dtype[Any], complex_output: bool) -> np.dtype[Any]:
    """Return the dtype of the output: as asked, made complex where it must be."""
    given = np.dtype(dtype.newbyteorder("=") if asked is None else asked)
    if isinstance(asked, str) and given.kind not in "iufc":
        raise ArgumentRuntimeError("output must have numeric dtype")
    if not complex_output or given.kind == "c":
        return given
    if isinstance(asked, str):
        raise ArgumentRuntimeError("output must have complex dtype")
    if asked is not None:
        warnings.warn("promoting specified output dtype to complex", stacklevel=5)
    return np.promote_types(given, np.complex64)
