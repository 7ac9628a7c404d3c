"""MATLAB's `xcorr`."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from ..errors import ArgumentValueError
from .common import Array, sums_in
from .matlab_arrays import along, number, shape_last, vector

_SCALES = ("none", "biased", "unbiased", "normalized", "coeff")


def xcorr(x: ArrayLike, *arguments: Any) -> tuple[Array, Array]:
    """Return the correlation and its lags, as MATLAB's `[r, lags] = xcorr(x, y, maxlag, scaleopt)`.

    r[k] = Σ_n x[n + k] conj(y[n]), the shorter operand filled up with zeros

    Parameters
    ----------
    x : array_like
        A vector, or a matrix whose columns are all correlated with each other.
    *arguments
        y, a vector (x itself if not given); then the largest lag, a number; then the scale: "none" (if not given),
        "biased" (1/N), "unbiased" (1/(N − |k|)), "normalized" or "coeff" (autocorrelations are 1 at lag 0). Each may
        be left out.

    Returns
    -------
    (ndarray, ndarray)
        The correlation, oriented as x (of a matrix, a column for each pair), and the lags.

    Raises
    ------
    ArgumentValueError
        If an argument is none of these, or operands of different lengths are scaled.

    Examples
    --------
    >>> from sigconv.compat import matlab
    >>> r, lags = matlab.xcorr([1, 2, 3], [0, 1, 0.5], 1)
    >>> r, lags
    (array([2. , 3.5, 3. ]), array([-1,  0,  1]))
    """
    first, (second, maxlag, scale) = np.asarray(x), _xcorr_arguments(arguments)
    lines, others = _columns(first, second)
    if scale != "none" and lines.shape[1] != others.shape[1]:
        raise ArgumentValueError(f"scaleopt={scale!r} with vectors of different lengths: use 'none'")
    n = max(lines.shape[1], others.shape[1])
    lines, others = (np.pad(number(a), ((0, 0), (0, n - a.shape[1]))) for a in (lines, others))
    dtype = np.result_type(lines, others)
    pairs = sums_in(dtype, lines[:, None], others, axes=-1, flip=False, conjugate=True)
    result: Array = (pairs / _factors(lines, others, scale)).astype(dtype, copy=False).reshape(-1, 2 * n - 1)
    lags = np.arange(1 - n, n)
    if maxlag is not None:
        result, lags = _up_to(maxlag, result, lags)
    return (result.T if second is None and min(first.shape) > 1 and first.ndim > 1 else along(first, result[0])), lags


def _xcorr_arguments(arguments: tuple[Any, ...]) -> tuple[Any, int | None, str]:
    """Return y, the largest lag and the scale, from those that are given."""
    left, scale = shape_last(arguments, "none")
    if scale not in _SCALES:
        raise ArgumentValueError(f"scaleopt={scale!r}: use one of {', '.join(_SCALES)}")
    second = left[0] if left and np.ndim(left[0]) > 0 else None
    rest = left if second is None else left[1:]
    if len(rest) > 1 or (rest and (np.ndim(rest[0]) > 0 or rest[0] != int(rest[0]) or rest[0] < 0)):
        raise ArgumentValueError("use xcorr(x, y, maxlag, scaleopt) with maxlag a whole number of at least 0")
    return second, int(rest[0]) if rest else None, scale


def _columns(first: Array, second: Any) -> tuple[Array, Array]:
    """Return what is correlated with what, one line a row."""
    if second is not None:
        return vector("x", first)[None, :], vector("y", second)[None, :]
    lines = first.T if first.ndim == 2 and min(first.shape) > 1 else vector("x", first)[None, :]
    return lines, lines


def _factors(lines: Array, others: Array, scale: str) -> Any:
    """Return what the correlations are divided by."""
    n = lines.shape[-1]
    if scale == "biased":
        return n
    if scale == "unbiased":
        return n - np.abs(np.arange(1 - n, n))
    if scale in ("normalized", "coeff"):
        return np.multiply.outer(*(np.linalg.norm(x, axis=-1) for x in (lines, others)))[..., None]
    return 1


def _up_to(maxlag: int, result: Array, lags: Array) -> tuple[Array, Array]:
    """Return the lags up to the largest one; beyond the operands, the correlation is zero."""
    beyond = max(0, maxlag - int(lags[-1]))
    wide, wanted = np.pad(result, ((0, 0), (beyond, beyond))), np.arange(-maxlag, maxlag + 1)
    middle = wide.shape[1] // 2
    return wide[:, middle - maxlag : middle + maxlag + 1], wanted
