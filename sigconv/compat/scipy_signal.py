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
from .common import Array, sums_in
from .scipy_signal_arguments import (
    check_broadcast,
    check_method,
    check_mode,
    check_operands,
    convolved_axes,
    transformed_dtype,
)
from .scipy_signal_images import convolve2d, correlate2d

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
    check_operands("volume and kernel", volume, kernel, mode)
    if volume.ndim == 0:
        return volume * kernel
    check_method(method)
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
    check_operands("in1 and in2", signal, kernel, mode)
    if signal.ndim == 0:
        return signal * kernel.conj()
    check_method(method)
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
    check_operands("volume and kernel", volume, kernel, mode)
    dtype = np.result_type(volume, kernel)
    plan = api.plan(volume.shape, kernel.shape, dtype, mode=mode)
    return "direct" if plan.method == "direct" else "fft"


def _seconds(call: Callable[[], Any]) -> float:
    """Return the least time of a call."""
    return min(timeit.Timer(call).repeat(repeat=5, number=1))


def _sums(in1: Array, in2: Array, method: str, **how: Any) -> Array:
    dtype = np.result_type(in1, in2)
    result = sums_in(dtype, in1, in2, method=method, **how)  # before all samples are read: it may not fit in memory
    # SciPy warns, and its tests want it; here such samples reach no more outputs than by direct sums.
    if method == "fft" and dtype.kind in "fc" and not (np.isfinite(in1).all() and np.isfinite(in2).all()):
        warnings.warn(
            "Use of fft convolution on input with NAN or inf results in NAN or inf output. "
            "Consider using method='direct' instead.",
            category=RuntimeWarning,
            stacklevel=3,
        )
    return result


def _by_transforms(in1: ArrayLike, in2: ArrayLike, mode: str, axes: Any, method: str) -> Any:
    """Return the convolution on some axes, in floats if there is one on which both operands have samples to sum."""
    signal, kernel = np.asarray(in1), np.asarray(in2)
    if signal.ndim != kernel.ndim:
        raise ArgumentValueError("in1 and in2 should have the same dimensionality")
    if signal.ndim == 0:
        return signal * kernel
    if signal.size == 0 or kernel.size == 0:
        return np.array([])
    listed = convolved_axes(axes, signal.ndim)
    summed = tuple(a for a in listed if signal.shape[a] != 1 and kernel.shape[a] != 1)
    check_broadcast(signal.shape, kernel.shape, summed)
    check_mode(mode, *(tuple(x.shape[a] for a in summed) for x in (signal, kernel)))
    # Where one operand has length 1, "full" and "valid" broadcast, and only "same" has something to cut.
    convolved = listed if mode == "same" else summed
    if not convolved:
        return signal * kernel
    dtypes = [transformed_dtype(x.dtype) if summed else x.dtype for x in (signal, kernel)]
    return sums_in(np.result_type(*dtypes), signal, kernel, mode=mode, method=method, axes=convolved, flip=True)
