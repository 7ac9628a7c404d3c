"""NumPy arrays as MATLAB takes them: vectors with an orientation, matrices, numbers of class double or single."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from ..errors import ArgumentValueError
from .common import Array


def number(array: Array) -> Array:
    """Return an array as MATLAB computes with it: double, unless it is single."""
    if array.dtype.char in "fFdD":
        return array
    return array.astype(np.complex128 if array.dtype.kind == "c" else np.float64)


def vector(name: str, value: ArrayLike) -> Array:
    """Return the samples of a vector."""
    array = np.asarray(value)
    if array.ndim > 2 or array.size not in (1, *array.shape):
        raise ArgumentValueError(f"{name} has shape {array.shape}: use a vector")
    return array.reshape(-1)


def matrix(name: str, value: ArrayLike) -> Array:
    """Return rows and columns; one axis is a row."""
    array = np.atleast_2d(value)
    if array.ndim > 2:
        raise ArgumentValueError(f"{name} has shape {array.shape}: use a matrix, or convn")
    return array


def along(oriented: Array, line: Array) -> Array:
    """Return a line as a vector of the same orientation as another one."""
    if oriented.ndim < 2:
        return line
    return line[None, :] if oriented.shape[0] == 1 else line[:, None]


def shape_last(arguments: tuple[Any, ...], default: str) -> tuple[tuple[Any, ...], str]:
    """Return the arrays, and the shape that may follow them."""
    if arguments and isinstance(arguments[-1], str):
        return arguments[:-1], arguments[-1]
    return arguments, default
