"""scipy.signal's convolutions and correlations, as of SciPy 1.17: change one import.

`convolve`, `fftconvolve`, `oaconvolve`, `correlate`, `convolve2d`, `correlate2d`, `correlation_lags` and
`choose_conv_method`, with SciPy's signatures, shapes, dtypes (integers wrap) and error messages. On purpose, these
differ:

- No result depends on the method: integers by "fft" are exact before they wrap, not rounded floats, and booleans
  can be convolved by every method and in any number of axes.
- `choose_conv_method` gives sigconv's own choice, "fft" standing for the block method too. `oaconvolve` always works
  block-wise, also for operands of one shape.
- `fftconvolve` and `oaconvolve` with `axes` and mode "same" keep an axis that is broadcast; SciPy cuts it down to
  in1's length.
- `correlate2d` in mode "valid" with the larger operand second gives `correlate`'s values; SciPy their conjugates.
- `correlation_lags` in mode "same" with in1 odd and in2 even gives the lags of `correlate`'s outputs; SciPy is off by
  one.
- An operand that is empty on a convolved axis is an error in all functions but `fftconvolve` and `oaconvolve`.
"""

from __future__ import annotations

import operator
import timeit
import warnings
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from .. import api
from ..errors import ArgumentValueError
from ..semantics.window import MODES
from .common import Array, are_finite, sums_in

__all__ = [
    "choose_conv_method",
    "convolve",
    "convolve2d",
    "correlate",
    "correlate2d",
    "correlation_lags",
    "fftconvolve",
    "oaconvolve",
]

_BOUNDARIES = {
    "fill": "constant",
    "pad": "constant",
    "wrap": "wrap",
    "circular": "wrap",
    "symm": "symmetric",
    "symmetric": "symmetric",
}


def convolve(in1: ArrayLike, in2: ArrayLike, mode: str = "full", method: str = "auto") -> Any:
    """Return the convolution, as `scipy.signal.convolve`: y[k] = Σ_j in1[k − j] in2[j].

    Parameters
    ----------
    in1, in2 : array_like
        Operands with the same number of axes; of no axis, their product is returned.
    mode : {"full", "valid", "same"}
        Which outputs; "same" has in1's shape, and "valid" wants one operand to contain the other.
    method : {"auto", "direct", "fft"}
        How; "auto" takes the least estimated time.

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
    >>> signal.convolve([1, 2, 3], [0, 1, 0.5], mode="same")
    array([1. , 2.5, 4. ])
    """
    volume, kernel = np.asarray(in1), np.asarray(in2)
    _check_operands("volume and kernel", volume, kernel, mode)
    if volume.ndim == 0:
        return volume * kernel
    _check_method(method)
    return _sums(volume, kernel, mode=mode, method=method, flip=True)


def correlate(in1: ArrayLike, in2: ArrayLike, mode: str = "full", method: str = "auto") -> Any:
    """Return the correlation, as `scipy.signal.correlate`: c[k] = Σ_n in1[n + k] conj(in2[n]).

    Parameters, result and errors are those of `convolve`.

    Examples
    --------
    >>> from sigconv.compat import scipy_signal as signal
    >>> signal.correlate([1, 2, 3], [0, 1, 0.5])
    array([0.5, 2. , 3.5, 3. , 0. ])
    """
    signal, kernel = np.asarray(in1), np.asarray(in2)
    _check_operands("in1 and in2", signal, kernel, mode)
    if signal.ndim == 0:
        return signal * kernel.conj()
    _check_method(method)
    return _sums(signal, kernel, mode=mode, method=method, flip=False, conjugate=True)


def fftconvolve(in1: ArrayLike, in2: ArrayLike, mode: str = "full", axes: Any = None) -> Any:
    """Return the convolution by one transform, as `scipy.signal.fftconvolve`: y[k] = Σ_j in1[k − j] in2[j].

    Parameters
    ----------
    in1, in2 : array_like
        Operands with the same number of axes, which broadcast on the axes that are not convolved.
    mode : {"full", "valid", "same"}
        As in `convolve`.
    axes : int or iterable of int, optional
        The convolved axes; None: all.

    Returns
    -------
    ndarray
        Floats, also of integers, unless an operand has length 1 on every convolved axis; empty if an operand is.

    Raises
    ------
    ArgumentValueError
        If an argument can't be served.

    Examples
    --------
    >>> from sigconv.compat import scipy_signal as signal
    >>> signal.fftconvolve([1, 2, 3], [0, 1, 0.5]).round(9)
    array([0. , 1. , 2.5, 4. , 1.5])
    """
    return _by_transforms(in1, in2, mode, axes, "fft")


def oaconvolve(in1: ArrayLike, in2: ArrayLike, mode: str = "full", axes: Any = None) -> Any:
    """Return the convolution by transforms of blocks, as `scipy.signal.oaconvolve`: y[k] = Σ_j in1[k − j] in2[j].

    Parameters, result and errors are those of `fftconvolve`.

    Examples
    --------
    >>> from sigconv.compat import scipy_signal as signal
    >>> signal.oaconvolve([1, 2, 3, 4], [1, 1], mode="valid").round(9)
    array([3., 5., 7.])
    """
    return _by_transforms(in1, in2, mode, axes, "overlap-add")


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


def correlation_lags(in1_len: int, in2_len: int, mode: str = "full") -> Array:
    """Return the lags of the outputs of `correlate`, as `scipy.signal.correlation_lags`.

    Parameters
    ----------
    in1_len, in2_len : int
        The operands' lengths.
    mode : {"full", "valid", "same"}
        As in `correlate`.

    Returns
    -------
    ndarray of int
        The lag k of each output c[k] = Σ_n in1[n + k] conj(in2[n]).

    Raises
    ------
    ArgumentValueError
        If an argument can't be served.

    Examples
    --------
    >>> from sigconv.compat import scipy_signal as signal
    >>> signal.correlation_lags(3, 2)
    array([-1,  0,  1,  2])
    """
    if mode not in MODES:
        raise ArgumentValueError(f"Mode {mode} is invalid")
    return api.lags(in1_len, in2_len, mode)


def choose_conv_method(in1: ArrayLike, in2: ArrayLike, mode: str = "full", measure: bool = False) -> Any:
    """Return which method is faster, as `scipy.signal.choose_conv_method`: "direct" or "fft".

    Parameters
    ----------
    in1, in2, mode
        As in `convolve`.
    measure : bool
        Whether to measure both instead of estimating them.

    Returns
    -------
    str, or (str, dict)
        The method; if measured, also the seconds of both.

    Raises
    ------
    ArgumentValueError
        If an argument can't be served.

    Examples
    --------
    >>> import numpy as np
    >>> from sigconv.compat import scipy_signal as signal
    >>> signal.choose_conv_method(np.ones(100_000), np.ones(50_000))
    'fft'
    """
    volume, kernel = np.asarray(in1), np.asarray(in2)
    if measure:
        times = {m: _seconds(partial(convolve, volume, kernel, mode, m)) for m in ("fft", "direct")}
        return min(times, key=lambda m: times[m]), times
    _check_operands("volume and kernel", volume, kernel, mode)
    dtype = np.result_type(volume, kernel)
    plan = api.plan(volume.shape, kernel.shape, dtype, mode=mode)
    return "direct" if plan.method == "direct" else "fft"


def _seconds(call: Callable[[], Any]) -> float:
    """Return the least time of a call."""
    return min(timeit.Timer(call).repeat(repeat=5, number=1))


def _check_operands(names: str, in1: Array, in2: Array, mode: str) -> None:
    """Raise unless both have the same number of axes and the mode is known and can be served."""
    if in1.ndim != in2.ndim:
        raise ArgumentValueError(f"{names} should have the same dimensionality")
    _check_mode(mode, in1.shape, in2.shape)


def _check_mode(mode: str, in1: tuple[int, ...], in2: tuple[int, ...]) -> None:
    """Raise unless the mode is known, and with "valid" one shape contains the other."""
    if mode not in MODES:
        raise ArgumentValueError("acceptable mode flags are 'valid', 'same', or 'full'")
    larger = [n >= m for n, m in zip(in1, in2, strict=True)]
    smaller = [n <= m for n, m in zip(in1, in2, strict=True)]
    if mode == "valid" and not all(larger) and not all(smaller):
        raise ArgumentValueError("For 'valid' mode, one must be at least as large as the other in every dimension")


def _check_method(method: str) -> None:
    if method not in ("auto", "direct", "fft"):
        raise ArgumentValueError("Acceptable method flags are 'auto', 'direct', or 'fft'.")


def _sums(in1: Array, in2: Array, method: str, **how: Any) -> Array:
    dtype = np.result_type(in1, in2)
    if method == "fft" and dtype.kind in "fc" and not are_finite(in1, in2):
        warnings.warn(
            "Use of fft convolution on input with NAN or inf results in NAN or inf output. "
            "Consider using method='direct' instead.",
            category=RuntimeWarning,
            stacklevel=3,
        )
    return sums_in(dtype, in1, in2, method=method, **how)


def _sums_2d(
    name: str, in1: ArrayLike, in2: ArrayLike, mode: str, boundary: str, fillvalue: ArrayLike, **how: Any
) -> Array:
    """Return the sums of two images with what lies outside of the first."""
    signal, kernel = np.asarray(in1), np.asarray(in2)
    if not signal.ndim == kernel.ndim == 2:
        raise ArgumentValueError(f"{name} inputs must both be 2-D arrays")
    _check_mode(mode, signal.shape, kernel.shape)
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


def _by_transforms(in1: ArrayLike, in2: ArrayLike, mode: str, axes: Any, method: str) -> Any:
    """Return the convolution on some axes, in floats if there is one on which both operands have samples to sum."""
    signal, kernel = np.asarray(in1), np.asarray(in2)
    if signal.ndim != kernel.ndim:
        raise ArgumentValueError("in1 and in2 should have the same dimensionality")
    if signal.ndim == 0:
        return signal * kernel
    if signal.size == 0 or kernel.size == 0:
        return np.array([])
    listed = _axes(axes, signal.ndim)
    summed = tuple(a for a in listed if signal.shape[a] != 1 and kernel.shape[a] != 1)
    _check_broadcast(signal.shape, kernel.shape, summed)
    _check_mode(mode, *(tuple(x.shape[a] for a in summed) for x in (signal, kernel)))
    # Where one operand has length 1, "full" and "valid" broadcast, and only "same" has something to cut.
    convolved = listed if mode == "same" else summed
    if not convolved:
        return signal * kernel
    dtypes = [_transformed(x.dtype) if summed else x.dtype for x in (signal, kernel)]
    return sums_in(np.result_type(*dtypes), signal, kernel, mode=mode, method=method, axes=convolved, flip=True)


def _transformed(dtype: np.dtype[Any]) -> np.dtype[Any]:
    """Return the dtype that scipy.fft takes an operand in."""
    if dtype.kind in "biu":
        return np.dtype(np.float64)
    return np.dtype(np.float32) if dtype == np.float16 else dtype


def _axes(axes: Any, ndim: int) -> tuple[int, ...]:
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


def _check_broadcast(in1: tuple[int, ...], in2: tuple[int, ...], summed: tuple[int, ...]) -> None:
    """Raise unless the shapes broadcast on the axes that are not summed."""
    if any(a not in summed and n != m and 1 not in (n, m) for a, (n, m) in enumerate(zip(in1, in2, strict=True))):
        raise ArgumentValueError(f"incompatible shapes for in1 and in2: {in1} and {in2}")
