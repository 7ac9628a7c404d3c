"""What scipy.signal's functions refuse, with SciPy's messages, and what their arguments mean."""

from __future__ import annotations

import operator
from typing import Any

import numpy as np

from ..errors import ArgumentValueError
from ..semantics.window import MODES
from .common import Array


def check_operands(names: str, in1: Array, in2: Array, mode: str) -> None:
    """Raise unless both have the same number of axes and the mode is known and can be served."""
    if in1.ndim != in2.ndim:
        raise ArgumentValueError(f"{names} should have the same dimensionality")
    check_mode(mode, in1.shape, in2.shape)


def check_mode(mode: str, in1: tuple[int, ...], in2: tuple[int, ...]) -> None:
    """Raise unless the mode is known, and with "valid" one shape contains the other."""
    if mode not in MODES:
        raise ArgumentValueError("acceptable mode flags are 'valid', 'same', or 'full'")
    larger = [n >= m for n, m in zip(in1, in2, strict=True)]
    smaller = [n <= m for n, m in zip(in1, in2, strict=True)]
    if mode == "valid" and not all(larger) and not all(smaller):
        raise ArgumentValueError("For 'valid' mode, one must be at least as large as the other in every dimension")


def check_method(method: str) -> None:
    """Raise unless the method is known."""
    if method not in ("auto", "direct", "fft"):
        raise ArgumentValueError("Acceptable method flags are 'auto', 'direct', or 'fft'.")


def transformed_dtype(dtype: np.dtype[Any]) -> np.dtype[Any]:
    """Return the dtype that scipy.fft takes an operand in."""
    if dtype.kind in "biu":
        return np.dtype(np.float64)
    return np.dtype(np.float32) if dtype == np.float16 else dtype


def convolved_axes(axes: Any, ndim: int) -> tuple[int, ...]:
    """Return the convolved axes, not negative."""
    if axes is None:
        return tuple(range(ndim))
    try:
        listed = [operator.index(a) for a in ([axes] if np.ndim(axes) == 0 else axes)]
    except TypeError:
        raise ArgumentValueError("axes must be a scalar or iterable of integers") from None
    if not listed:
        raise ArgumentValueError("when provided, axes cannot be empty")
    if any(not -ndim <= a < ndim for a in listed):
        raise ArgumentValueError("axes exceeds dimensionality of input")
    if len({a % ndim for a in listed}) < len(listed):
        raise ArgumentValueError("all axes must be unique")
    return tuple(a % ndim for a in listed)


def check_broadcast(in1: tuple[int, ...], in2: tuple[int, ...], summed: tuple[int, ...]) -> None:
    """Raise unless the shapes broadcast on the axes that are not summed."""
    if any(a not in summed and n != m and 1 not in (n, m) for a, (n, m) in enumerate(zip(in1, in2, strict=True))):
        raise ArgumentValueError(f"incompatible shapes for in1 and in2: {in1} and {in2}")
