"""Which dtype a result has, and which one the sums are computed in; decided by dtypes alone."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np

from ..errors import ArgumentTypeError

DType = np.dtype[Any]
# float32, float64, complex64 and complex128: the floats that compiled loops know.
FLOATS = "fdFD"
KINDS = "booleans, integers, floats, complex numbers, or objects (Python ints and Fractions)"


def check_dtype(name: str, dtype: DType) -> DType:
    """Return a dtype in native byte order, or raise if nothing can be summed in it."""
    if dtype.kind not in "biufcO":
        raise ArgumentTypeError(f"the {name} has dtype {dtype}: use {KINDS}")
    return _native(dtype)


def _native(dtype: DType) -> DType:
    """Return a dtype in native byte order: itself if it is, as NumPy has one of each and compares it at once."""
    return dtype if dtype.isnative else dtype.newbyteorder("=")


def is_exact(dtype: DType) -> bool:
    """Return whether the dtype is boolean or integer, so that results are exact."""
    return dtype.kind in "biu"


@lru_cache(maxsize=256)
def result_dtype(signal: DType, kernel: DType, renormalize: bool) -> DType:
    """Return the dtype of the result.

    Booleans and integers give uint64 if both are unsigned, else int64 (float64 when renormalised);
    everything else follows `numpy.result_type`.

    >>> result_dtype(np.dtype("uint8"), np.dtype("int16"), False)
    dtype('int64')
    """
    if is_exact(signal) and is_exact(kernel):
        if renormalize:
            return np.dtype(np.float64)
        return np.dtype(np.uint64 if signal.kind == kernel.kind == "u" else np.int64)
    return _native(np.result_type(signal, kernel))


def working_dtype(result: DType) -> DType:
    """Return the dtype that the sums are computed in: float32 for float16, else the result's own."""
    return np.dtype(np.float32) if result.char == "e" else result
