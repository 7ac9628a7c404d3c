"""A convolution followed by hand: every output position with its window, the kernel as it lies there, the products."""

from __future__ import annotations

from typing import Any, Unpack

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..errors import ArgumentTypeError, ArgumentValueError, ResultOverflowError
from ..planning.plan import choose
from ..semantics.describe import describe
from ..semantics.dtypes import is_exact
from ..semantics.operands import as_operand
from ..semantics.options import Options, arguments
from .trace_result import Trace

Array = NDArray[Any]

_UNKNOWN = {
    "axes": "it convolves all axes, but for the first with channels=True",
    "nan": "it shows the plain sums, which NaN passes through",
}


def trace(
    signal: ArrayLike,
    kernel: ArrayLike,
    mode: str = "full",
    *,
    flip: bool = True,
    conjugate: bool = False,
    channels: bool = False,
    **options: Unpack[Options],
) -> Trace:
    """Return a convolution with every number on the way: window, kernel as it lies there, products, sum.

    y[k] = Σ_j signal[k − j] kernel[j] with `flip`, else the kernel slides as it is

    Parameters
    ----------
    signal, kernel : array_like
        On one or two axes. With `channels` the signal is (C, …) and the kernel (C, …), or (K, C, …) for K outputs:
        every channel meets its own slice of the kernel, and the sums of all channels are added.
    mode, flip, conjugate, **options
        As in `sigconv.slide`, but for `nan`, and for `axes`: all are convolved, except those of channels.
    channels : bool
        Whether the first axis of the signal is that of its channels.

    Returns
    -------
    Trace
        `print` shows the worked text, `.step(i, j)` one position, `.table()` a row for each, `.to_json()` all of it,
        `.plot(i, j)` a picture; notebooks show it as tables.

    Raises
    ------
    ArgumentValueError, ArgumentTypeError
        As `slide` would; also for more than two convolved axes, and channels that do not match.

    Examples
    --------
    A picture whose brightness is 10·(row + 1)·(column + 1), and Sobel's kernel slid without a flip:

    >>> import numpy as np, sigconv
    >>> gradient = 10 * np.outer(np.arange(1, 6), np.arange(1, 6))
    >>> sobel = [[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]]
    >>> slid = sigconv.trace(gradient, sobel, "valid", flip=False)
    >>> print(slid.step(0, 0))
    output[0, 0] = 160
      window       kernel as passed   products
      10  20  30   -1  0  1           -10  0   30
      20  40  60   -2  0  2           -40  0  120
      30  60  90   -1  0  1           -30  0   90
      -10 + 0 + 30 - 40 + 0 + 120 - 30 + 0 + 90 = 160

    The slope along x is 10·(row + 1), and Sobel's weights make it 8 times as much: so the output grows from row to
    row, and is even along each.

    >>> slid.output
    array([[160, 160, 160],
           [240, 240, 240],
           [320, 320, 320]])
    """
    x, h = as_operand("signal", signal), as_operand("kernel", kernel)
    for name, reason in _UNKNOWN.items():
        if name in options:
            raise ArgumentTypeError(f"trace has no {name}=: {reason}")
    shapes = _shapes(x, h, channels)
    axes = tuple(range(2, 2 + x.ndim - channels))
    asked = arguments(options, mode=mode, flip=flip, conjugate=conjugate)
    problem = describe(*shapes, x.dtype, h.dtype, axes=axes, **asked)
    partial = choose(problem, "direct")(x.reshape(shapes[0]), h.reshape(shapes[1]))
    output = _sum(partial)
    return Trace(problem, x, h, output if channels and h.ndim > x.ndim else output[0], partial)


def _shapes(x: Array, h: Array, channels: bool) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Return the shapes as (1, C, …) and (K, C, …)."""
    if not channels:
        if x.ndim != h.ndim or x.ndim not in (1, 2):
            raise ArgumentValueError(
                f"signal {x.shape} and kernel {h.shape}: trace follows one or two axes, the same number in both; for "
                "channels use channels=True, with the signal's first axis being theirs"
            )
        return (1, 1, *x.shape), (1, 1, *h.shape)
    kernels = h.shape if h.ndim > x.ndim else (1, *h.shape)
    if x.ndim not in (2, 3) or len(kernels) != x.ndim + 1 or kernels[1] != x.shape[0] or 0 in kernels:
        raise ArgumentValueError(
            f"signal {x.shape} and kernel {h.shape}: with channels=True the signal is (C, …) and the kernel (C, …) or "
            "(K, C, …), with the same number C of channels and one or two more axes"
        )
    return (1, *x.shape), kernels


def _sum(partial: Array) -> Array:
    """Return the sums over the channels, integers exactly."""
    if not is_exact(partial.dtype):
        return np.asarray(partial.sum(axis=1))
    try:
        return np.asarray(partial.astype(object).sum(axis=1).astype(partial.dtype))
    except OverflowError:
        raise ResultOverflowError(f"the sum of all channels does not fit in {partial.dtype}: use floats") from None
