"""scipy.signal's functions of two images: `convolve2d` and `correlate2d`."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from ..errors import ArgumentValueError
from .common import Array, sums_in
from .scipy_signal_arguments import check_mode

_BOUNDARIES = {
    "fill": "constant",
    "pad": "constant",
    "wrap": "wrap",
    "circular": "wrap",
    "symm": "symmetric",
    "symmetric": "symmetric",
}


def convolve2d(
    in1: ArrayLike, in2: ArrayLike, mode: str = "full", boundary: str = "fill", fillvalue: ArrayLike = 0
) -> Array:
    """Return the convolution of two images, as `scipy.signal.convolve2d`: y[k] = Σ_j in1[k − j] in2[j].

    Parameters
    ----------
    in1, in2 : array_like
        Two operands of two axes.
    mode : {"full", "valid", "same"}
        As in `convolve`.
    boundary : {"fill", "pad", "wrap", "circular", "symm", "symmetric"}
        What lies outside in1: `fillvalue`, in1 again, or its mirror image (cba|abcd|dcb).
    fillvalue : number
        The samples outside, in the result's dtype.

    Returns
    -------
    ndarray
        Of dtype `numpy.result_type(in1, in2)`; integers wrap.

    Raises
    ------
    ArgumentValueError
        If an argument can't be served.

    Examples
    --------
    >>> from sigconv.compat import scipy_signal as signal
    >>> signal.convolve2d([[1, 2, 3]], [[1, 1, 1]], mode="same", boundary="wrap")
    array([[6, 6, 6]])
    """
    return _sums_2d("convolve2d", in1, in2, mode, boundary, fillvalue, flip=True)


def correlate2d(
    in1: ArrayLike, in2: ArrayLike, mode: str = "full", boundary: str = "fill", fillvalue: ArrayLike = 0
) -> Array:
    """Return the correlation of two images, as `scipy.signal.correlate2d`: c[k] = Σ_n in1[n + k] conj(in2[n]).

    In mode "same", tap (m − 1)//2 of in2 lies on output i (in `correlate` it is tap m//2). Parameters, result and
    errors are those of `convolve2d`.

    Examples
    --------
    >>> from sigconv.compat import scipy_signal as signal
    >>> signal.correlate2d([[1, 2, 3]], [[1, 10]], mode="same")
    array([[21, 32,  3]])
    """
    return _sums_2d("correlate2d", in1, in2, mode, boundary, fillvalue, flip=False, conjugate=True)


def _sums_2d(
    name: str, in1: ArrayLike, in2: ArrayLike, mode: str, boundary: str, fillvalue: ArrayLike, **how: Any
) -> Array:
    """Return the sums of two images with what lies outside of the first."""
    signal, kernel = np.asarray(in1), np.asarray(in2)
    if not signal.ndim == kernel.ndim == 2:
        raise ArgumentValueError(f"{name} inputs must both be 2-D arrays")
    check_mode(mode, signal.shape, kernel.shape)
    if boundary not in _BOUNDARIES:
        raise ArgumentValueError(
            "Acceptable boundary flags are 'fill', 'circular' (or 'wrap'), and 'symmetric' (or 'symm')."
        )
    dtype = np.result_type(signal, kernel)
    if dtype.kind not in "iufc" or dtype == np.float16:
        raise ArgumentValueError(f"{name} not available for this type.")
    options: dict[str, Any] = {"boundary": _BOUNDARIES[boundary]}
    fill = _fill_value(fillvalue, dtype)
    if options["boundary"] == "constant":
        options["fill_value"] = fill
    if mode == "same":
        options["center"] = tuple((m - 1) // 2 for m in kernel.shape)
    return sums_in(dtype, signal.astype(dtype, copy=False), kernel, mode=mode, **options, **how)


def _fill_value(value: ArrayLike, dtype: np.dtype[Any]) -> Any:
    """Return a number in the result's dtype."""
    if np.size(value) != 1:
        raise ArgumentValueError(
            "`fillvalue` cannot be an empty array."
            if np.size(value) == 0
            else "`fillvalue` must be scalar or an array with one element."
        )
    try:
        return np.array(value, dtype).item()
    except (TypeError, ValueError, OverflowError):
        raise ArgumentValueError(
            f"could not cast `fillvalue` directly to the output type: {value!r} to {dtype}"
        ) from None
