"""Pooling: the largest sample or the mean of each window, channel by channel, as PyTorch's."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..errors import ArgumentTypeError, ArgumentValueError
from ..semantics.dtypes import check_dtype, working_dtype
from ..semantics.operands import as_operand
from ..semantics.window import reach
from . import arguments

Array = NDArray[Any]
Number = int | tuple[int, ...]


class _Axis(NamedTuple):
    """One axis: n samples with padding on both sides, and windows of m taps."""

    samples: int
    taps: int
    stride: int
    padding: int
    dilation: int
    windows: int

    @property
    def behind(self) -> int:
        """How many samples the last window reads behind the input; with `ceil_mode` beyond the padding."""
        return max(0, (self.windows - 1) * self.stride + reach(self.taps, self.dilation) - self.padding - self.samples)


def _axes(x: Array, ndim: int, kernel: Any, stride: Any, padding: Any, dilation: Any, ceil_mode: Any) -> list[_Axis]:
    """Return the axes of space, or raise."""
    if not isinstance(ceil_mode, bool):
        raise ArgumentTypeError(f"ceil_mode={ceil_mode!r}: use True or False")
    taps = arguments.per_axis("kernel_size", kernel, ndim, 1)
    asked = zip(
        arguments.batched(x.shape, ndim)[2:],
        taps,
        taps if stride is None else arguments.per_axis("stride", stride, ndim, 1),
        arguments.per_axis("padding", padding, ndim, 0),
        arguments.per_axis("dilation", dilation, ndim, 1),
        strict=True,
    )
    return [_axis(*options, ceil_mode) for options in asked]


def _axis(samples: int, taps: int, stride: int, padding: int, dilation: int, ceil_mode: bool) -> _Axis:
    """Return an axis; a window begun by `ceil_mode` must begin in the input or in the padding before it."""
    span = reach(taps, dilation)
    if 2 * padding > taps:
        raise ArgumentValueError(f"padding={padding} with windows of {taps} taps: use at most half as many")
    free = samples + 2 * padding - span
    count = (-(-free // stride) if ceil_mode else free // stride) + 1
    if ceil_mode and (count - 1) * stride >= samples + padding:
        count -= 1
    if count < 1:
        raise ArgumentValueError(f"{samples} samples with padding {padding} are less than a window, which has {span}")
    return _Axis(samples, taps, stride, padding, dilation, count)


def _reduced(x: Array, axes: list[_Axis], outside: Any, combine: Callable[..., Any]) -> Array:
    """Return the combination of each window's samples, axis by axis."""
    for position, axis in enumerate(axes, x.ndim - len(axes)):
        around = [(0, 0)] * x.ndim
        around[position] = (axis.padding, axis.behind)
        line = np.moveaxis(np.pad(x, around, constant_values=outside), position, 0)
        last = axis.stride * (axis.windows - 1) + 1
        total = line[: last : axis.stride].copy()
        for begin in range(axis.dilation, axis.dilation * axis.taps, axis.dilation):
            combine(total, line[begin : begin + last : axis.stride], out=total)
        x = np.moveaxis(total, 0, position)
    return np.ascontiguousarray(x)


def _max_pool(ndim: int, input: ArrayLike, *options: Any) -> Array:
    x = as_operand("input", input)
    dtype = check_dtype("input", x.dtype)
    if dtype.kind not in "biuf":
        raise ArgumentTypeError(f"the input is {dtype}: use booleans, integers or floats, which have an order")
    axes = _axes(x, ndim, *options)
    lowest = {"f": -np.inf, "b": False}.get(dtype.kind)
    return _reduced(x.astype(dtype, copy=False), axes, np.iinfo(dtype).min if lowest is None else lowest, np.maximum)


def _avg_pool(
    ndim: int, input: ArrayLike, kernel: Any, stride: Any, padding: Any, ceil_mode: Any, whole: Any, divisor: Any
) -> Array:
    x = as_operand("input", input)
    dtype = check_dtype("input", x.dtype)
    if dtype.kind not in "fc":
        raise ArgumentTypeError(f"the input is {dtype}: convert it to floats, a mean is no whole number")
    if not isinstance(whole, bool):
        raise ArgumentTypeError(f"count_include_pad={whole!r}: use True or False")
    axes = _axes(x, ndim, kernel, stride, padding, 1, ceil_mode)
    sums = _reduced(x.astype(working_dtype(dtype), copy=False), axes, 0, np.add)
    sizes = _sizes(axes, whole) if divisor is None else np.array(arguments.whole("divisor_override", divisor, 1))
    means: Array = sums / sizes.astype(sums.real.dtype)
    return means.astype(dtype, copy=False)


def _sizes(axes: list[_Axis], whole: bool) -> Array:
    """Return how many samples each window has, those of the padding with them if `whole`."""
    sizes = np.ones((), np.int64)
    for axis in axes:
        begins = axis.stride * np.arange(axis.windows) - axis.padding
        low, high = (-axis.padding, axis.samples + axis.padding) if whole else (0, axis.samples)
        inside = np.minimum(begins + axis.taps, high) - np.maximum(begins, low)
        sizes = np.multiply.outer(sizes, inside)
    return sizes


def max_pool1d(
    input: ArrayLike,
    kernel_size: Number,
    stride: Number | None = None,
    padding: Number = 0,
    dilation: Number = 1,
    ceil_mode: bool = False,
) -> Array:
    """Return the largest sample of each window over one axis: `sigconv.nn.max_pool2d` has the description.

    Examples
    --------
    >>> from sigconv import nn
    >>> nn.max_pool1d([[1, 5, 2, 4]], 2)
    array([[5, 4]])
    """
    return _max_pool(1, input, kernel_size, stride, padding, dilation, ceil_mode)


def max_pool2d(
    input: ArrayLike,
    kernel_size: Number,
    stride: Number | None = None,
    padding: Number = 0,
    dilation: Number = 1,
    ceil_mode: bool = False,
) -> Array:
    """Return the largest sample of each window over two axes, channel by channel.

    y[p, q] = max over i, j of x[s p + d i − padding, s q + d j − padding]; what lies outside is never the largest.

    Parameters
    ----------
    input : array_like
        (batch, channels, rows, columns), or without the batch; real.
    kernel_size : int or tuple of int
        Taps of a window, for all axes or for each.
    stride : int or tuple of int, optional
        By default that of the kernel size: windows side by side.
    padding : int or tuple of int
        At most half as many as a window has taps.
    dilation : int or tuple of int
        dilation − 1 samples between the taps.
    ceil_mode : bool
        Whether a last window that the input does not fill counts; it must begin in the input or before it.

    Returns
    -------
    ndarray
        Of the input's dtype. A NaN in a window is its largest sample.

    Raises
    ------
    ArgumentValueError, ArgumentTypeError
        If an argument can't be served.

    Examples
    --------
    >>> from sigconv import nn
    >>> nn.max_pool2d([[[1, 2, 3], [4, 9, 6]]], 2, stride=1)
    array([[[9, 9]]])
    """
    return _max_pool(2, input, kernel_size, stride, padding, dilation, ceil_mode)


def max_pool3d(
    input: ArrayLike,
    kernel_size: Number,
    stride: Number | None = None,
    padding: Number = 0,
    dilation: Number = 1,
    ceil_mode: bool = False,
) -> Array:
    """Return the largest sample of each window over three axes: `sigconv.nn.max_pool2d` has the description.

    Examples
    --------
    >>> from sigconv import nn
    >>> nn.max_pool3d([[[[1, 2], [3, 4]], [[5, 6], [7, 8]]]], 2)
    array([[[[8]]]])
    """
    return _max_pool(3, input, kernel_size, stride, padding, dilation, ceil_mode)


def avg_pool1d(
    input: ArrayLike,
    kernel_size: Number,
    stride: Number | None = None,
    padding: Number = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
) -> Array:
    """Return the mean of each window over one axis: `sigconv.nn.avg_pool2d` has the description.

    Examples
    --------
    >>> from sigconv import nn
    >>> nn.avg_pool1d([[1.0, 5.0, 2.0, 4.0]], 2)
    array([[3., 3.]])
    """
    return _avg_pool(1, input, kernel_size, stride, padding, ceil_mode, count_include_pad, None)


def avg_pool2d(
    input: ArrayLike,
    kernel_size: Number,
    stride: Number | None = None,
    padding: Number = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
    divisor_override: int | None = None,
) -> Array:
    """Return the mean of each window over two axes, channel by channel.

    y[p, q] = Σ_i Σ_j x[s p + i − padding, s q + j − padding] / size, with zeros outside.

    Parameters
    ----------
    input : array_like
        (batch, channels, rows, columns), or without the batch; floats or complex numbers.
    kernel_size, stride, padding, ceil_mode
        As in `sigconv.nn.max_pool2d`.
    count_include_pad : bool
        Whether the samples of the padding count in the size of a window.
    divisor_override : int, optional
        The size, in place of what is counted.

    Returns
    -------
    ndarray
        Of the input's dtype.

    Raises
    ------
    ArgumentValueError, ArgumentTypeError
        If an argument can't be served.

    Examples
    --------
    >>> from sigconv import nn
    >>> nn.avg_pool2d([[[1.0, 2.0], [3.0, 6.0]]], 2)
    array([[[3.]]])
    """
    return _avg_pool(2, input, kernel_size, stride, padding, ceil_mode, count_include_pad, divisor_override)


def avg_pool3d(
    input: ArrayLike,
    kernel_size: Number,
    stride: Number | None = None,
    padding: Number = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
    divisor_override: int | None = None,
) -> Array:
    """Return the mean of each window over three axes: `sigconv.nn.avg_pool2d` has the description.

    Examples
    --------
    >>> from sigconv import nn
    >>> nn.avg_pool3d([[[[1.0, 2.0], [3.0, 4.0]], [[5.0, 6.0], [7.0, 8.0]]]], 2)
    array([[[[4.5]]]])
    """
    return _avg_pool(3, input, kernel_size, stride, padding, ceil_mode, count_include_pad, divisor_override)
