"""Kernels by name: ``kernel("gaussian:9", 2)``.

A name is followed by its parameters, separated by colons. Every kernel is written for `convolve`, which flips it:
a derivative is positive where the signal grows along the axis. x is the last axis (to the right in a picture), y the
one before it (downwards).

>>> kernel("box:4", 1)
array([0.25, 0.25, 0.25, 0.25])
>>> kernel("sobel-x", 2, int)
array([[ 1,  0, -1],
       [ 2,  0, -2],
       [ 1,  0, -1]])
"""

from __future__ import annotations

import numpy as np
from numpy.typing import DTypeLike, NDArray

from ...errors import ArgumentValueError
from . import effects, slopes, smoothing
from .entry import Kernel, NamedKernel

TABLE: dict[str, NamedKernel] = {entry.name: entry for entry in (*smoothing.ENTRIES, *slopes.ENTRIES, *effects.ENTRIES)}


def names() -> list[str]:
    """Return how each kernel is written.

    Returns
    -------
    list of str

    Examples
    --------
    >>> names()[:3]
    ['identity', 'box:N', 'gaussian:N[:sigma]']
    """
    return [entry.usage for entry in TABLE.values()]


def kernel(name: str, ndim: int, dtype: DTypeLike = float) -> NDArray[np.generic]:
    """Build a kernel from its name.

    Parameters
    ----------
    name : str
        A name from `names` with its parameters: ``"gaussian:9"``, ``"lowpass:101:0.1"``, ``"sobel-x"``.
    ndim : int
        How many dimensions it shall have.
    dtype : dtype
        The dtype of the result; an integer one only for kernels of whole numbers.

    Returns
    -------
    ndarray

    Raises
    ------
    ArgumentValueError
        For an unknown name, a wrong parameter, a number of dimensions that the kernel doesn't exist in, or a dtype
        that can't hold its taps.
    MemoryError
        When it doesn't fit in the memory that is free.

    Examples
    --------
    >>> kernel("laplacian", 2, int)
    array([[ 0,  1,  0],
           [ 1, -4,  1],
           [ 0,  1,  0]])
    """
    entry, arguments = _parse(name)
    if not entry.exists_in(ndim):
        allowed = " or ".join(map(str, entry.dimensions)) or "1 or more"
        raise ArgumentValueError(f"kernel {name!r} has {allowed} dimensions, not {ndim}: choose one of {_listed(ndim)}")
    return _cast(name, entry.build(ndim, *arguments), np.dtype(dtype))


def find(text: str) -> NamedKernel:
    """Return the entry of a name, with or without parameters.

    Raises
    ------
    ArgumentValueError
        If there is none.

    Examples
    --------
    >>> find("gaussian:9").usage
    'gaussian:N[:sigma]'
    """
    name = text.partition(":")[0]
    if name not in TABLE:
        raise ArgumentValueError(f"no kernel is named {text!r}: choose one of {_listed()}")
    return TABLE[name]


def _parse(text: str) -> tuple[NamedKernel, list[str]]:
    entry, arguments = find(text), text.split(":")[1:]
    required = [p for p in entry.parameters if not p.startswith("[")]
    if not len(required) <= len(arguments) <= len(entry.parameters):
        raise ArgumentValueError(f"kernel {text!r} has {len(arguments)} parameters: write {entry.usage}")
    return entry, arguments


def _listed(ndim: int | None = None) -> str:
    fitting = [e for e in TABLE.values() if ndim is None or e.exists_in(ndim)]
    return ", ".join(entry.usage for entry in fitting)


def _cast(name: str, taps: Kernel, dtype: np.dtype[np.generic]) -> NDArray[np.generic]:
    with np.errstate(invalid="ignore"):  # −1 as an unsigned integer, found below
        cast = taps.astype(dtype)
    if dtype.kind in "biu" and (cast != taps).any():
        raise ArgumentValueError(f"kernel {name!r} has taps that {dtype} can't hold: use a float dtype")
    return cast
