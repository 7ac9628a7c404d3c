"""What layers take and give: parameters, shapes, receptive fields."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from math import prod
from typing import Any, Unpack

import numpy as np

from ..errors import ArgumentTypeError, ArgumentValueError
from ..semantics.window import reach
from . import arguments
from .describe import describe
from .layer import Conv, Options, checked_options

_DOUBLE = np.dtype(np.float64)


def parameter_count(
    in_channels: int, out_channels: int, kernel: int | Sequence[int], bias: bool = True, groups: int = 1
) -> int:
    """Return how many parameters a layer has: out · (in/groups) · Π taps, and out for the bias.

    Parameters
    ----------
    in_channels, out_channels : int
        Both divisible by `groups`.
    kernel : int or sequence of int
        The taps of each axis; a single number is one axis.
    bias : bool
        Whether the layer has one.
    groups : int
        See `sigconv.nn.Options`.

    Raises
    ------
    ArgumentValueError, ArgumentTypeError
        If an argument can't be served.

    Examples
    --------
    The first layer of VGG-16, 3×3×3×64 + 64, and its third; a depthwise layer of 96 channels:

    >>> from sigconv import nn
    >>> nn.parameter_count(3, 64, (3, 3))
    1792
    >>> nn.parameter_count(64, 128, (3, 3))
    73856
    >>> nn.parameter_count(96, 96, (31, 31), bias=False, groups=96)
    92256
    """
    inputs = arguments.whole("in_channels", in_channels, 1)
    outputs = arguments.whole("out_channels", out_channels, 1)
    groups = arguments.whole("groups", groups, 1)
    if inputs % groups or outputs % groups:
        raise ArgumentValueError(f"groups={groups} must divide in_channels={inputs} and out_channels={outputs}")
    taps = [arguments.whole("kernel", m, 1) for m in np.atleast_1d(np.asarray(kernel, object))]
    return outputs * (inputs // groups) * prod(taps) + (outputs if bias else 0)


def output_shape(
    input_shape: Sequence[int], weight_shape: Sequence[int], **options: Unpack[Options]
) -> tuple[int, ...]:
    """Return the shape of a layer's output: ⌊(n + padding − d(m − 1) − 1)/s⌋ + 1 on each axis.

    Parameters
    ----------
    input_shape : sequence of int
        (batch, in, *space), or without the batch.
    weight_shape : sequence of int
        (out, in/groups, *taps).
    **options
        See `sigconv.nn.Options`.

    Raises
    ------
    ArgumentValueError, ArgumentTypeError
        As the layer itself would.

    Examples
    --------
    The first layer of ResNet-50:

    >>> from sigconv import nn
    >>> nn.output_shape((8, 3, 224, 224), (64, 3, 7, 7), stride=2, padding=3)
    (8, 64, 112, 112)
    """
    problem = describe(tuple(input_shape), tuple(weight_shape), _DOUBLE, _DOUBLE, **checked_options(options))
    return problem.shape if len(input_shape) == len(problem.shape) else problem.shape[1:]


def receptive_field(layers: Iterable[Any]) -> int | tuple[int, ...]:
    """Return how many samples of the input an output of a stack of layers sees on an axis.

    r = 1 + Σ_l d_l (m_l − 1) Π_{i<l} s_i

    Parameters
    ----------
    layers : iterable
        From the input on; each the taps of a kernel, (taps, stride), (taps, stride, dilation), or a `sigconv.nn.Conv`.
        A pooling layer counts like any other.

    Returns
    -------
    int or tuple of int
        For one axis; with `sigconv.nn.Conv` for each axis.

    Raises
    ------
    ArgumentValueError, ArgumentTypeError
        If an entry is no layer, or the layers have different numbers of axes.

    Notes
    -----
    A. Araujo, W. Norris and J. Sim, Computing receptive fields of convolutional neural networks, Distill (2019).

    Examples
    --------
    Three layers of 3 taps see as much as one of 7; five dilated ones 63; ResNet-50's first convolution and pooling:

    >>> from sigconv import nn
    >>> nn.receptive_field([3, 3, 3])
    7
    >>> nn.receptive_field([(3, 1, 2**i) for i in range(5)])
    63
    >>> nn.receptive_field([(7, 2), (3, 2)])
    11
    """
    stack = list(layers)
    known = [_axes_of(layer) for layer in stack]
    if len({len(axes) for axes in known}) > 1:
        raise ArgumentValueError(f"the layers have {[len(axes) for axes in known]} axes: use the same number in all")
    fields = tuple(_field(axis) for axis in zip(*known, strict=True))
    return fields if any(isinstance(layer, Conv) for layer in stack) else fields[0] if fields else 1


def _field(axis: Sequence[tuple[int, int, int]]) -> int:
    """Return the receptive field on one axis, from (taps, stride, dilation) of each layer."""
    field, jump = 1, 1
    for taps, stride, dilation in axis:
        field += jump * (reach(taps, dilation) - 1)
        jump *= stride
    return field


def _axes_of(layer: Any) -> list[tuple[int, int, int]]:
    """Return taps, stride and dilation of a layer on each axis."""
    if isinstance(layer, Conv):
        taps = layer.weight.shape[2:]
        stride, dilation = (
            arguments.per_axis(name, layer.options.get(name, 1), len(taps), 1) for name in ("stride", "dilation")
        )
        return list(zip(taps, stride, dilation, strict=True))
    given = tuple(layer) if isinstance(layer, (tuple, list)) else (layer,)
    if not 1 <= len(given) <= 3:
        raise ArgumentTypeError(f"{layer!r} is no layer: use taps, (taps, stride), (taps, stride, dilation) or nn.Conv")
    numbers = [arguments.whole(name, v, 1) for name, v in zip(("taps", "stride", "dilation"), given, strict=False)]
    m, s, d = (*numbers, 1, 1)[:3]
    return [(m, s, d)]
