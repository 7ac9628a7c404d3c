"""scipy.ndimage's convolutions and correlations, as of SciPy 1.17: change one import.

`convolve`, `correlate`, `convolve1d` and `correlate1d`, with SciPy's signatures, boundary names, shapes, dtypes and
error types. As there, real sums are in float64 and then cast to the output's dtype: floats lose their fraction in
integer outputs, and in boolean ones, which are true from 1 on. On purpose, these differ:

- Integers with whole weights are summed exactly, whatever their size, and wrap where the output can't hold the sum;
  SciPy loses the low bits of large int64 and leaves overflow to the machine.
- Where a sum that is not of whole numbers lies within rounding of a whole number, an integer output may differ by
  one, since the order of the additions is sigconv's.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.lib.array_utils import normalize_axis_index
from numpy.typing import ArrayLike

from .common import Array, sums_in
from .scipy_ndimage_arguments import ArgumentRuntimeError, axes_of, boundary_of, center_of, cval_of, output_of

__all__ = ["convolve", "convolve1d", "correlate", "correlate1d"]

_CONVOLUTION = {"flip": True}
_CORRELATION = {"flip": False, "conjugate": True}


def convolve(
    input: ArrayLike,
    weights: ArrayLike,
    output: Any = None,
    mode: str = "reflect",
    cval: Any = 0.0,
    origin: Any = 0,
    *,
    axes: Any = None,
) -> Array:
    """Return the convolution, as `scipy.ndimage.convolve`: y[i] = Σ_j input[i + o − j] weights[j], o = m//2 + origin.

    Parameters
    ----------
    input : array_like
        Real or complex samples.
    weights : array_like
        As many axes as are convolved; those of `axes` in ascending order.
    output : ndarray or dtype, optional
        Where the result is written, or its dtype; by default the input's (complex if an operand is).
    mode : {"reflect", "constant", "nearest", "mirror", "wrap", "grid-mirror", "grid-constant", "grid-wrap"}
        What lies outside: cba|abcd|dcb, `cval`, aaa|abcd|ddd, dcb|abcd|cba, bcd|abcd|abc, and other names of these.
    cval : number
        The samples outside, for "constant".
    origin : int or sequence of int
        How far from the middle, weights' index m//2, the tap lies that meets output i; one for each axis.
    axes : int or iterable of int, optional
        The convolved axes; None: all.

    Returns
    -------
    ndarray
        Of the input's shape.

    Raises
    ------
    ArgumentRuntimeError, ArgumentValueError, ArgumentTypeError
        If an argument can't be served.

    Examples
    --------
    >>> from sigconv.compat import scipy_ndimage as ndimage
    >>> ndimage.convolve([[1, 2, 3]], [[1, 1, 1]], mode="nearest")
    array([[4, 6, 8]])
    """
    return _filtered(input, weights, output, mode, cval, origin, axes, _CONVOLUTION)


def correlate(
    input: ArrayLike,
    weights: ArrayLike,
    output: Any = None,
    mode: str = "reflect",
    cval: Any = 0.0,
    origin: Any = 0,
    *,
    axes: Any = None,
) -> Array:
    """Return the correlation, as `scipy.ndimage.correlate`: y[i] = Σ_j input[i − o + j] conj(weights[j]).

    Here o = m//2 + origin. Parameters, result and errors are those of `convolve`.

    Examples
    --------
    >>> from sigconv.compat import scipy_ndimage as ndimage
    >>> ndimage.correlate([1, 2, 3], [1, 10])
    array([11, 21, 32])
    """
    return _filtered(input, weights, output, mode, cval, origin, axes, _CORRELATION)


def convolve1d(
    input: ArrayLike,
    weights: ArrayLike,
    axis: int = -1,
    output: Any = None,
    mode: str = "reflect",
    cval: Any = 0.0,
    origin: int = 0,
) -> Array:
    """Return the convolution along one axis, as `scipy.ndimage.convolve1d`.

    The parameters, the result and the errors are those of `convolve`.

    Examples
    --------
    >>> from sigconv.compat import scipy_ndimage as ndimage
    >>> ndimage.convolve1d([2, 8, 0, 4], weights=[1, 3])
    array([14, 24,  4, 16])
    """
    return _filtered_lines(input, weights, axis, output, mode, cval, origin, _CONVOLUTION)


def correlate1d(
    input: ArrayLike,
    weights: ArrayLike,
    axis: int = -1,
    output: Any = None,
    mode: str = "reflect",
    cval: Any = 0.0,
    origin: int = 0,
) -> Array:
    """Return the correlation along one axis, as `scipy.ndimage.correlate1d`.

    The parameters, the result and the errors are those of `correlate`.

    Examples
    --------
    >>> from sigconv.compat import scipy_ndimage as ndimage
    >>> ndimage.correlate1d([2, 8, 0, 4], weights=[1, 3])
    array([ 8, 26,  8, 12])
    """
    return _filtered_lines(input, weights, axis, output, mode, cval, origin, _CORRELATION)


def _filtered_lines(
    input: ArrayLike, weights: ArrayLike, axis: int, output: Any, mode: str, cval: Any, origin: int, slid: Any
) -> Array:
    """Return the lines of an axis, filtered."""
    if np.ndim(weights) != 1 or np.size(weights) < 1:
        raise ArgumentRuntimeError("no filter weights given")
    axes = normalize_axis_index(axis, np.ndim(input))
    return _filtered(input, weights, output, mode, cval, origin, axes, slid)


def _filtered(
    input: ArrayLike,
    weights: ArrayLike,
    output: Any,
    mode: str,
    cval: Any,
    origin: Any,
    axes: Any,
    slid: dict[str, bool],
) -> Array:
    """Check the arguments, compute, and cast to the output."""
    samples, taps = np.asarray(input), np.asarray(weights)
    listed = axes_of(axes, samples.ndim)
    if taps.ndim != len(listed) or taps.size == 0:
        raise ArgumentRuntimeError(f"weights.ndim ({taps.ndim}) must match len(axes) ({len(listed)})")
    center = center_of(origin, listed, taps.shape, samples.ndim)
    cval = cval_of(cval, samples.dtype)
    target, boundary = output_of(output, samples, taps.dtype.kind == "c"), boundary_of(mode)
    how = {"mode": "same", "axes": tuple(sorted(listed)), "center": center, "boundary": boundary, **slid}
    if boundary == "constant":
        how["fill_value"] = cval
    if samples.size:
        target[...] = _sums(samples, taps, target.dtype, how) if listed else samples * taps
    return target


def _sums(samples: Array, taps: Array, dtype: np.dtype[Any], how: dict[str, Any]) -> Array:
    """Return the sums: exact modulo 2^bits where all is whole and the output holds integers, else in float64."""
    if dtype.kind in "iu" and samples.dtype.kind in "biu" and _whole(taps):
        whole = _holding(samples, how.get("fill_value", 0))
        if whole is not None:
            return sums_in(dtype, whole, taps.astype(np.int64), **how)
    if dtype.kind in "biu":
        how = {**how, "method": "direct"}  # small errors of a transform would change the whole part
    complex_sums = "c" in (samples.dtype.kind, taps.dtype.kind)
    sums = sums_in(np.dtype(np.complex128 if complex_sums else np.float64), samples, taps, **how)
    with np.errstate(invalid="ignore"):  # what integers can't hold is undefined, as in C
        return (np.trunc(sums) if dtype.kind == "b" else sums).astype(dtype)


def _whole(taps: Array) -> bool:
    """Return whether all weights are whole numbers that int64 holds."""
    if taps.dtype.kind != "f":
        return taps.dtype.kind in "biu"
    return bool(np.all((taps == np.rint(taps)) & (np.abs(taps) < 2.0**63)))


def _holding(samples: Array, cval: float) -> Array | None:
    """Return the samples in a dtype of integers that also holds what lies outside, or None if there is none."""
    for wider in (samples.dtype, np.dtype(np.int64)):
        if wider.kind != "b" and np.can_cast(samples.dtype, wider) and cval == np.rint(cval):
            limits = np.iinfo(wider)
            if limits.min <= cval <= limits.max:
                return samples.astype(wider, copy=False)
    return None
