"""One output of a layer, taken apart: what every channel contributes."""

from __future__ import annotations

from typing import Any, NamedTuple, Unpack

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..errors import ArgumentValueError
from ..semantics.boundary import Span, extend
from ..semantics.operands import as_operand
from . import arguments
from .describe import describe
from .layer import Options, checked_options
from .problem import Problem

Array = NDArray[Any]


class Contributions(NamedTuple):
    """What every input channel contributes to one output; `sigconv.nn.contributions` makes it.

    Attributes
    ----------
    channels : tuple of int
        The input channels that the output sees: those of its group.
    windows : ndarray
        (channels, *taps): the samples under the kernel, those of the padding with them.
    kernels : ndarray
        (channels, *taps): the weights that they meet, in the same order.
    products : ndarray
        windows · kernels.
    sums : ndarray
        (channels,): the sum of each channel's products.
    bias : scalar
        0 without one.
    total : scalar
        Σ sums + bias: the output.
    """

    channels: tuple[int, ...]
    windows: Array
    kernels: Array
    products: Array
    sums: Array
    bias: Any
    total: Any


def contributions(
    input: ArrayLike,
    weight: ArrayLike,
    bias: ArrayLike | None = None,
    *,
    at: tuple[int, ...],
    **options: Unpack[Options],
) -> Contributions:
    """Return how one output of a layer comes about: each channel's window, kernel, products and sum, and their total.

    y[b, o, p, …] = bias[o] + Σ_c Σ_j window[c, j] kernel[c, j]

    Parameters
    ----------
    input, weight, bias, **options
        As in `sigconv.nn.conv2d`, over any number of axes.
    at : tuple of int
        The output's index: (sample, channel, *space), without the sample if the input has no batch.

    Returns
    -------
    Contributions
        In the result's dtype; of integers in Python ints, which are exact.

    Raises
    ------
    ArgumentValueError, ArgumentTypeError
        As the layer itself would, and if there is no such output.

    Examples
    --------
    >>> from sigconv import nn
    >>> one = nn.contributions([[1, 2, 3], [10, 20, 30]], [[[1, 2], [0, 1]]], [100], at=(0, 1))
    >>> one.windows.tolist(), one.sums.tolist(), one.total
    ([[2, 3], [20, 30]], [8, 30], 138)
    """
    x, w = as_operand("input", input), as_operand("weight", weight)
    b = None if bias is None else as_operand("bias", bias)
    problem = describe(x.shape, w.shape, x.dtype, w.dtype, **checked_options(options))
    if b is not None:
        arguments.check_bias(b.shape, b.dtype, len(w), problem.result_dtype)
    sample, channel, *place = _index(at, problem, x.ndim == w.ndim)
    dtype = np.dtype(object) if problem.result_dtype.kind in "iu" else problem.working.result_dtype
    group = channel // problem.outputs
    first = group * problem.inputs
    samples = x.reshape(-1, *x.shape[-len(place) - 1 :])[sample, first : first + problem.inputs]
    windows, kernels = _window(samples, place, problem).astype(dtype), _slid(w[channel], problem).astype(dtype)
    products = windows * kernels
    sums = products.reshape(problem.inputs, -1).sum(axis=1)
    added = dtype.type(0) if b is None else b.astype(dtype)[channel]
    channels = tuple(range(first, first + problem.inputs))
    return Contributions(channels, windows, kernels, products, sums, added, sums.sum() + added)


def _index(at: Any, problem: Problem, has_batch: bool) -> tuple[int, ...]:
    """Return the index of an output with its sample, not negative, or raise."""
    shape = problem.shape if has_batch else problem.shape[1:]
    given = tuple(at) if isinstance(at, (tuple, list)) else (at,)
    if len(given) != len(shape):
        raise ArgumentValueError(f"at={at!r} has {len(given)} numbers: the output has shape {shape}")
    for i, n in zip(given, shape, strict=True):
        if not 0 <= arguments.whole("at", i, 0) < n:
            raise ArgumentValueError(f"at={at!r} is no index of the output, which has shape {shape}")
    return given if has_batch else (0, *given)


def _window(samples: Array, place: list[int], problem: Problem) -> Array:
    """Return the samples that the taps meet at one output, in the order in which the kernel slides."""
    for position, (axis, at, (before, _)) in enumerate(
        zip(problem.convolutions.axes, place, problem.margins, strict=True), 1
    ):
        last = axis.start + axis.stride * (at - before)  # where the first tap of the one formula lies
        reached = extend(samples, [Span(position, last - axis.span + 1, last + 1, axis.boundary)])
        samples = reached[(slice(None),) * position + (slice(None, None, axis.dilation),)]
    return samples


def _slid(kernel: Array, problem: Problem) -> Array:
    """Return the weights of an output channel in the order in which they slide."""
    return np.flip(kernel, tuple(range(1, kernel.ndim))) if problem.convolutions.flip else kernel
