"""The functions that users call: each says what it computes and hands over to a plan."""

from __future__ import annotations

from typing import Any, Unpack

import numpy as np
from numpy.typing import ArrayLike, DTypeLike, NDArray

from .errors import ArgumentTypeError
from .methods.output import check_out
from .methods.workers import available_workers
from .planning import known
from .planning.loading import PROCESS
from .planning.plan import Plan, choose
from .semantics.describe import check_flag, describe
from .semantics.missing import as_signal
from .semantics.operands import as_operand
from .semantics.options import Options, arguments

Array = NDArray[Any]

_FLOAT = np.dtype(float)


def convolve(
    signal: ArrayLike,
    kernel: ArrayLike,
    mode: str = "full",
    method: str = "auto",
    *,
    workers: int | None = None,
    max_bytes: int | None = None,
    out: Array | None = None,
    mask: ArrayLike | None = None,
    **options: Unpack[Options],
) -> Array:
    """Return the convolution: the kernel is flipped, then slides along the signal.

    y[k] = Σ_j signal[k − j] kernel[j]

    Parameters
    ----------
    signal, kernel : array_like
        Any numbers; on the convolved axes neither may be empty. Booleans and integers are summed exactly.
    mode : {"full", "same", "valid"}
        Which outputs: all that meet a sample, as many as the signal has, or those that never read outside.
    method : {"auto", "direct", "fft", "overlap-add"}
        How; the result's meaning, shape and dtype never depend on it. "auto" takes the least estimated time.
    workers : int, optional
        Threads; by default the CPUs of this process, capped by SIGCONV_NUM_THREADS or OMP_NUM_THREADS. The bits of
        the result do not depend on it.
    max_bytes : int, optional
        Limit on working memory, beside the operands and the result; and beside idle transforms of FFTW, up to 64 MiB
        with their buffers, that earlier calls have left for later ones.
    out : ndarray, optional
        Where the result is written; it may overlap the operands.
    mask : array_like of bool, optional
        True where a sample is missing; broadcasts to the signal. A masked array brings its own.
    **options
        axes, boundary, fill_value, center, stride, dilation, nan, accuracy: see `sigconv.Options`.

    Returns
    -------
    ndarray
        Of dtype `numpy.result_type(signal, kernel)`; int64 for booleans and integers, uint64 if both are unsigned.

    Raises
    ------
    ArgumentValueError, ArgumentTypeError
        Before any work, if an argument can't be served.
    ResultOverflowError
        If an exact integer result does not fit.

    Notes
    -----
    Every call is y[k] = Σ_j ext(x)[k − j] g[j] for k in a window, where ext(x) is the signal extended by its
    boundary, and g the kernel, here as it is (A. V. Oppenheim and R. W. Schafer, Discrete-Time Signal Processing,
    ch. 2 and 8).

    Examples
    --------
    >>> import sigconv
    >>> sigconv.convolve([1, 2, 3], [1, 0, -1])
    array([ 1,  2,  2, -2, -3])
    >>> sigconv.convolve([1.0, 2.0, 3.0], [0.25, 0.5, 0.25], "same", boundary="edge")
    array([1.25, 2.  , 2.75])
    """
    operator = (mode, True, False, method, max_bytes)
    return _compute(signal, kernel, operator, options, workers, out, mask)


def correlate(
    signal: ArrayLike,
    kernel: ArrayLike,
    mode: str = "full",
    method: str = "auto",
    *,
    workers: int | None = None,
    max_bytes: int | None = None,
    out: Array | None = None,
    mask: ArrayLike | None = None,
    **options: Unpack[Options],
) -> Array:
    """Return the correlation: the kernel slides as it is, conjugated.

    c[k] = Σ_n signal[n + k] conj(kernel[n])

    The lags k of the outputs are `sigconv.lags(n, m, mode)`. Parameters, result and errors are those of `convolve`.

    An autocorrelation by method "fft", `correlate(x, x)` with one array twice, takes two transforms in place of three.
    Its last bits may differ from those of `correlate(x, x.copy())`; the bound is the same.

    Examples
    --------
    >>> import sigconv
    >>> sigconv.correlate([1, 2, 3], [1, 0, -1])
    array([-1, -2, -2,  2,  3])
    >>> sigconv.lags(3, 3)
    array([-2, -1,  0,  1,  2])
    """
    operator = (mode, False, True, method, max_bytes)
    return _compute(signal, kernel, operator, options, workers, out, mask)


def slide(
    signal: ArrayLike,
    kernel: ArrayLike,
    mode: str = "full",
    method: str = "auto",
    *,
    flip: bool,
    conjugate: bool = False,
    workers: int | None = None,
    max_bytes: int | None = None,
    out: Array | None = None,
    mask: ArrayLike | None = None,
    **options: Unpack[Options],
) -> Array:
    """Return the kernel slid along the signal, flipped and conjugated as said.

    y[k] = Σ_j signal[k − j] g[j], where g is the kernel if `flip`, else the reversed kernel

    `flip=True` is `convolve`; `flip=False, conjugate=True` is `correlate`; `flip=False` is what deep-learning
    frameworks call convolution. The other parameters, the result and the errors are those of `convolve`.

    Examples
    --------
    >>> import sigconv
    >>> sigconv.slide([1, 2, 3, 4], [10, 1], "valid", flip=False)
    array([12, 23, 34])
    >>> sigconv.slide([1, 2, 3, 4], [10, 1], "valid", flip=True)
    array([21, 32, 43])
    """
    operator = (mode, check_flag("flip", flip), check_flag("conjugate", conjugate), method, max_bytes)
    return _compute(signal, kernel, operator, options, workers, out, mask)


def _compute(
    signal: ArrayLike, kernel: ArrayLike, operator: tuple[Any, ...], options: Options, workers: Any, out: Any, mask: Any
) -> Array:
    """Find the plan, or describe and choose; then compute."""
    signal, hidden = as_signal(signal, mask)
    kernel = as_operand("kernel", kernel)
    chosen = known.planned(signal, kernel, operator, options)
    if workers is not None:
        available_workers(workers)
    if out is not None:
        check_out(out, chosen.problem)
    if chosen.wait is not None:
        PROCESS.lose(chosen.wait)
    return chosen.compute(signal, kernel, out, workers, hidden)


def plan(
    signal_shape: int | tuple[int, ...],
    kernel_shape: int | tuple[int, ...],
    signal_dtype: DTypeLike = float,
    kernel_dtype: DTypeLike | None = None,
    mode: str = "full",
    method: str = "auto",
    *,
    flip: bool = True,
    conjugate: bool = False,
    max_bytes: int | None = None,
    **options: Unpack[Options],
) -> Plan:
    """Return how a call would be computed, decided by shapes, dtypes and options alone.

    `print(plan)` is a line, `plan.explain()` a table of all candidates with estimated time and memory and the reason
    why each was chosen or not; `plan(signal, kernel)` computes it. What `method="auto"` does is this choice.

    Parameters
    ----------
    signal_shape, kernel_shape : int or tuple of int
        The operands' shapes.
    signal_dtype, kernel_dtype : dtype
        Their dtypes; the kernel's is the signal's if not given.
    mode, method, flip, conjugate, max_bytes, **options
        As in `slide` (`flip=True` is `convolve`).

    Returns
    -------
    Plan
        An immutable, hashable value.

    Raises
    ------
    ArgumentValueError, ArgumentTypeError
        As the call itself would.

    Examples
    --------
    >>> import sigconv
    >>> p = sigconv.plan(1_000_000, 1_000, mode="same", method="overlap-add")
    >>> p.method
    'overlap-add'
    >>> p.problem.shape
    (1000000,)
    """
    operator = (mode, check_flag("flip", flip), check_flag("conjugate", conjugate), method, max_bytes)
    # repr, because 1.0 is 1, and lists can't be hashed.
    key = (repr((signal_shape, kernel_shape, options)), signal_dtype, kernel_dtype, operator)
    try:
        return known.plans[key]
    except (KeyError, TypeError):
        pass
    if "workers" in options:
        raise ArgumentTypeError("a plan is for any number of workers: say workers= where it is called")
    shapes = [_shape(name, value) for name, value in (("signal_shape", signal_shape), ("kernel_shape", kernel_shape))]
    dtypes = [_dtype(d) for d in (signal_dtype, signal_dtype if kernel_dtype is None else kernel_dtype)]
    asked = arguments(options, mode=mode, flip=flip, conjugate=conjugate)
    chosen = choose(describe(*shapes, *dtypes, **asked), method, max_bytes)
    known.keep(key, chosen)
    return chosen


def _shape(name: str, value: Any) -> tuple[int, ...]:
    """Return a shape, from a length or a sequence of lengths."""
    single = isinstance(value, int) or (not isinstance(value, tuple) and np.ndim(value) == 0)
    listed = (value,) if single else tuple(value)
    if not all(isinstance(n, (int, np.integer)) and n >= 0 for n in listed):
        raise ArgumentTypeError(f"{name}={value!r}: use lengths, as in array.shape")
    return tuple(map(int, listed))


def _dtype(value: DTypeLike) -> np.dtype[Any]:
    """Return a dtype, or raise."""
    try:
        return np.dtype(value)
    except TypeError as error:
        raise ArgumentTypeError(f"{value!r} is not a dtype: {error}") from None


def lags(n: int, m: int, mode: str = "full", *, center: int | None = None, stride: int = 1, dilation: int = 1) -> Array:
    """Return the lags k of the outputs of `correlate`, c[k] = Σ_j signal[dj + k] conj(kernel[j]).

    Parameters
    ----------
    n, m : int
        Samples of the signal and taps of the kernel.
    mode, center, stride, dilation
        As in `sigconv.correlate`.

    Returns
    -------
    ndarray of int
        One lag for each output, in samples of the signal, in the order of the outputs.

    Raises
    ------
    ArgumentValueError, ArgumentTypeError
        As `correlate` would.

    Examples
    --------
    >>> import sigconv
    >>> sigconv.lags(4, 3)
    array([-2, -1,  0,  1,  2,  3])
    >>> sigconv.lags(4, 3, "valid")
    array([0, 1])
    """
    options: Options = {"center": center, "stride": stride, "dilation": dilation}
    shapes = _shape("n", n), _shape("m", m)
    (axis,) = describe(*shapes, _FLOAT, _FLOAT, **arguments(options, mode=mode, flip=False)).axes
    zero_lag = axis.span - 1
    return np.arange(axis.start - zero_lag, axis.stop - zero_lag, axis.stride)
