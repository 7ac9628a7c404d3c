"""From a layer's shapes, dtypes and options to its problem; every argument error is raised here, before any work."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from typing import Any

from ..errors import ArgumentTypeError, ArgumentValueError
from ..semantics.dtypes import DType
from ..semantics.problem import Axis
from ..semantics.problem import Problem as Convolutions
from ..semantics.window import check_positions, reach
from . import arguments
from .problem import INPUTS, Problem

Shape = tuple[int, ...]


@lru_cache(maxsize=1024, typed=True)
def describe(
    input_shape: Shape,
    weight_shape: Shape,
    input_dtype: DType,
    weight_dtype: DType,
    *,
    stride: Any = 1,
    padding: Any = 0,
    dilation: Any = 1,
    groups: Any = 1,
    padding_mode: Any = "zeros",
    flip: Any = False,
) -> Problem:
    """Return the problem of a layer conv1d, conv2d …; the weight's shape tells how many axes it has."""
    if not isinstance(flip, bool):
        raise ArgumentTypeError(f"flip={flip!r}: use True or False")
    ndim = len(weight_shape) - 2
    groups = arguments.whole("groups", groups, 1)
    arguments.check_weight(weight_shape, ndim, groups, "output")
    outer = arguments.batched(input_shape, ndim)
    arguments.check_channels(outer, weight_shape[1] * groups, groups, weight_shape)
    strides = arguments.per_axis("stride", stride, ndim, 1)
    dilations = arguments.per_axis("dilation", dilation, ndim, 1)
    axes = _axes(outer[2:], weight_shape[2:], strides, dilations, padding, padding_mode)
    dtypes = arguments.operand_dtypes(input_dtype, weight_dtype)
    channels = groups, weight_shape[0] // groups, weight_shape[1]
    return layer_of(outer, channels, axes, dtypes, flip)


def _axes(
    samples: Shape, taps: Shape, strides: Shape, dilations: Shape, padding: Any, padding_mode: Any
) -> tuple[Axis, ...]:
    """Return the convolved axes, or raise if the padding can't be served, or leaves no output."""
    spans = [reach(m, d) for m, d in zip(taps, dilations, strict=True)]
    pairs = arguments.paddings(padding, spans, strides)
    boundary = arguments.boundary(padding_mode)
    arguments.check_reach(padding_mode, pairs, samples)
    axes = list[Axis]()
    for n, m, d, span, (before, behind), s in zip(samples, taps, dilations, spans, pairs, strides, strict=True):
        check_positions(n + before + behind, span, s)
        if n + before + behind < span:
            raise ArgumentValueError(
                f"the input has {samples} samples, with padding {pairs}, and the dilated kernel reaches over "
                f"{tuple(spans)}: it must not be larger than the padded input"
            )
        window = span - 1 - before, n + behind
        axes.append(Axis(INPUTS + 1 + len(axes), n, m, d, *window, s, boundary, silent=boundary == "zero"))
    return tuple(axes)


def layer_of(
    input_shape: Shape, channels: tuple[int, int, int], axes: tuple[Axis, ...], dtypes: Any, flip: bool
) -> Problem:
    """Return the problem of windows on the convolved axes; `channels` are groups, outputs and inputs of a group."""
    groups, outputs, inputs = channels
    cut = [_within(axis) for axis in axes]
    convolutions = Convolutions(
        signal_shape=(input_shape[0], groups, 1, inputs, *(axis.signal for axis in axes)),
        kernel_shape=(1, groups, outputs, inputs, *(axis.taps for axis in axes)),
        axes=tuple(axis for axis, _ in cut),
        signal_dtype=dtypes[0],
        kernel_dtype=dtypes[1],
        result_dtype=dtypes[2],
        mode="valid",
        flip=flip,
        conjugate=False,
        fill_value=0,
    )
    return Problem(convolutions, tuple(margins for _, margins in cut))


def _within(axis: Axis) -> tuple[Axis, tuple[int, int]]:
    """Return an axis whose window is cut to the outputs that meet a sample, and how many were cut off.

    Padding with zeros may be wider than the kernel; other boundaries have samples everywhere.
    """
    if not axis.silent:
        return axis, (0, 0)
    first, last = 0, axis.signal + axis.span - 1  # the full result
    window = range(axis.start, axis.stop, axis.stride)
    before = min(len(window), max(0, -(-(first - axis.start) // axis.stride)))
    kept = len(range(axis.start + before * axis.stride, min(axis.stop, last), axis.stride))
    start = axis.start + before * axis.stride
    return replace(axis, start=start, stop=max(start, min(axis.stop, last))), (before, len(window) - before - kept)
