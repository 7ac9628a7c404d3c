"""MATLAB's convolutions and correlations, by MATLAB's documentation (R2024b): its names, conventions and class rules.

`conv`, `conv2`, `convn`, `filter2`, `imfilter` and `xcorr`. Arrays are NumPy's: of one axis (in `conv` and `xcorr` a
vector, elsewhere a row), or rows and columns; options are strings, in MATLAB's order. Numbers are double, or single if
an operand is; `imfilter` keeps the image's class, rounds half away from zero and saturates. In shape "same", the
kernel's tap m//2 lies on output i, and in "valid", a kernel that does not fit gives an empty result. The differences:

- `imfilter` refuses logical images: convert them to the class that the result shall have.
- `xcorr` returns the correlation and the lags, always both.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from ..errors import ArgumentTypeError, ArgumentValueError
from ..semantics.window import MODES
from .common import Array, steady_sums, sums_in
from .matlab_arrays import along, matrix, number, shape_last, vector
from .matlab_xcorr import xcorr

__all__ = ["conv", "conv2", "convn", "filter2", "imfilter", "xcorr"]

_PADDINGS = {"symmetric": "symmetric", "replicate": "edge", "circular": "wrap"}


def conv(u: ArrayLike, v: ArrayLike, shape: str = "full") -> Array:
    """Return the convolution of two vectors, as MATLAB's `conv`: w[k] = Σ_j u[k − j] v[j].

    Parameters
    ----------
    u, v : array_like
        Vectors: one axis, one row, or one column.
    shape : {"full", "same", "valid"}
        Which outputs; "same" has u's length, "valid" those that never read outside u.

    Returns
    -------
    ndarray
        Oriented as the longer vector in "full", as u in the others.

    Raises
    ------
    ArgumentValueError
        If an operand is no vector, or the shape is unknown.

    Examples
    --------
    >>> from sigconv.compat import matlab
    >>> matlab.conv([1, 2, 3], [1, 1], "same")
    array([3., 5., 3.])
    """
    signal, kernel = vector("u", u), vector("v", v)
    oriented = np.asarray(v if shape == "full" and kernel.size >= signal.size else u)
    return along(oriented, _slid(signal, kernel, shape, flip=True))


def conv2(*arguments: Any) -> Array:
    """Return the convolution of two matrices, as MATLAB's `conv2`: `conv2(A, B, shape)` or `conv2(u, v, A, shape)`.

    C[k] = Σ_j A[k − j] B[j]; the second form is B[i, j] = u[i] · v[j].

    Parameters
    ----------
    *arguments
        Two matrices, or two vectors and a matrix; then perhaps "full" (if not given), "same" or "valid".

    Returns
    -------
    ndarray
        Rows and columns.

    Raises
    ------
    ArgumentValueError
        If the arguments are none of these.

    Examples
    --------
    >>> from sigconv.compat import matlab
    >>> matlab.conv2([[1, 2], [3, 4]], [[1, 1]])
    array([[1., 3., 2.],
           [3., 7., 4.]])
    """
    arrays, shape = shape_last(arguments, "full")
    if len(arrays) == 3:
        kernel = np.multiply.outer(*(number(vector(n, a)) for n, a in zip("uv", arrays, strict=False)))
        return _slid(matrix("A", arrays[2]), kernel, shape, flip=True)
    if len(arrays) != 2:
        raise ArgumentValueError("use conv2(A, B, shape) or conv2(u, v, A, shape)")
    return _slid(matrix("A", arrays[0]), matrix("B", arrays[1]), shape, flip=True)


def convn(A: ArrayLike, B: ArrayLike, shape: str = "full") -> Array:
    """Return the convolution of arrays of any number of axes, as MATLAB's `convn`: C[k] = Σ_j A[k − j] B[j].

    Parameters
    ----------
    A, B : array_like
        The operands; the one with fewer axes has trailing axes of length 1.
    shape : {"full", "same", "valid"}
        As in `conv`.

    Returns
    -------
    ndarray
        With as many axes as the operand with more.

    Raises
    ------
    ArgumentValueError
        If the shape is unknown.

    Examples
    --------
    >>> import numpy as np
    >>> from sigconv.compat import matlab
    >>> matlab.convn(np.ones((2, 2, 3)), np.ones((2, 2, 2)), "valid")
    array([[[8., 8.]]])
    """
    signal, kernel = np.asarray(A), np.asarray(B)
    ndim = max(signal.ndim, kernel.ndim)
    signal, kernel = (x.reshape(x.shape + (1,) * (ndim - x.ndim)) for x in (signal, kernel))
    return _slid(signal, kernel, shape, flip=True)


def filter2(H: ArrayLike, X: ArrayLike, shape: str = "same") -> Array:
    """Return a matrix filtered by correlation, as MATLAB's `filter2`: `conv2` of X with H turned by half a turn.

    Parameters
    ----------
    H, X : array_like
        The coefficients, and the matrix that is filtered.
    shape : {"full", "same", "valid"}
        As in `conv`.

    Returns
    -------
    ndarray
        Rows and columns.

    Raises
    ------
    ArgumentValueError
        If the shape is unknown.

    Examples
    --------
    >>> from sigconv.compat import matlab
    >>> matlab.filter2([[1, 10]], [[1, 2, 3]])
    array([[21., 32.,  3.]])
    """
    return _slid(matrix("X", X), matrix("H", H)[::-1, ::-1], shape, flip=True)


def imfilter(A: ArrayLike, h: ArrayLike, *options: Any) -> Array:
    """Return a filtered image, as MATLAB's `imfilter`: B[i] = Σ_j A[i − c + j] h[j], c = (m − 1)//2, in A's class.

    Parameters
    ----------
    A : array_like
        An image, also with channels or more axes behind those of h; floats or integers.
    h : array_like
        The kernel.
    *options
        What lies outside: a number (0 if not given), "symmetric" (cba|abcd|dcb), "replicate" (aaa|abcd|ddd) or
        "circular" (bcd|abcd|abc). The size: "same" (if not given) or "full". The operator: "corr" (if not given), or
        "conv" with c = m//2.

    Returns
    -------
    ndarray
        Of A's dtype; integers are rounded half away from zero and saturate.

    Raises
    ------
    ArgumentValueError, ArgumentTypeError
        If an option is unknown or the image is logical.

    Examples
    --------
    >>> import numpy as np
    >>> from sigconv.compat import matlab
    >>> matlab.imfilter(np.uint8([[10, 20, 250]]), np.ones((1, 3)), "replicate")
    array([[ 40, 255, 255]], dtype=uint8)
    """
    image, kernel = np.asarray(A), number(np.atleast_2d(h))
    if image.dtype.kind not in "iufc":
        raise ArgumentTypeError(f"A has dtype {image.dtype}: convert it to the class that the result shall have")
    how = {"boundary": "zero", "mode": "same", "flip": False, "axes": tuple(range(kernel.ndim))}
    for option in options:
        how |= _imfilter_option(option)
    if how["mode"] == "same":
        how["center"] = tuple(m // 2 if how["flip"] else (m - 1) // 2 for m in kernel.shape)
    rows = np.atleast_2d(image)
    if "c" in (image.dtype.kind, kernel.dtype.kind):
        return _in_class(sums_in(np.dtype(np.complex128), rows, kernel, **how), image.dtype)
    return _in_class(steady_sums(rows, kernel, **how), image.dtype)


def _slid(signal: Array, kernel: Array, shape: str, **how: Any) -> Array:
    """Return the convolution in one of MATLAB's shapes."""
    if shape not in MODES:
        raise ArgumentValueError(f"shape={shape!r}: use 'full', 'same' or 'valid'")
    signal, kernel = number(signal), number(kernel)
    dtype = np.result_type(signal, kernel)
    if shape == "valid" and any(m > n for n, m in zip(signal.shape, kernel.shape, strict=True)):
        return np.empty([max(n - m + 1, 0) for n, m in zip(signal.shape, kernel.shape, strict=True)], dtype)
    if shape == "same":
        how["center"] = tuple(m // 2 for m in kernel.shape)
    return sums_in(dtype, signal, kernel, mode=shape, **how)


def _imfilter_option(option: Any) -> dict[str, Any]:
    """Return what an option of `imfilter` means in sigconv's terms."""
    if not isinstance(option, str):
        return {"boundary": "constant", "fill_value": float(option)}
    if option in _PADDINGS:
        return {"boundary": _PADDINGS[option]}
    if option in ("same", "full"):
        return {"mode": option}
    if option in ("corr", "conv"):
        return {"flip": option == "conv"}
    known = ", ".join((*_PADDINGS, "same", "full", "corr", "conv"))
    raise ArgumentValueError(f"option {option!r}: use a number, {known}")


def _in_class(sums: Array, dtype: np.dtype[Any]) -> Array:
    """Return sums in the image's dtype: integers are rounded half away from zero and saturate."""
    if dtype.kind not in "iu":
        return sums.astype(np.result_type(dtype, np.complex64) if sums.dtype.kind == "c" else dtype, copy=False)
    limits = np.iinfo(dtype)
    rounded = np.copysign(np.floor(np.abs(sums) + 0.5), sums)
    return rounded.clip(limits.min, limits.max).astype(dtype)
