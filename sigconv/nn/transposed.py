"""Transposed layers: every s-th output is a layer of stride 1 over every s-th tap.

y[o] = Σ_{i, j: s i + d j = o + lo} x[i] w[j]. With g = gcd(s, d), the outputs o = r + s t meet the taps
j ≡ j₀ (mod s/g) that solve d j₀ ≡ r + lo (mod s); on these, y[r + s t] = Σ_u x[t + a − (d/g) u] w[j₀ + (s/g) u] with
a = (r + lo − d j₀)/s: a convolution.
"""

from __future__ import annotations

from functools import lru_cache
from itertools import product
from math import gcd
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from ..engines.protocol import Array
from ..errors import ArgumentTypeError, ArgumentValueError
from ..semantics.dtypes import DType
from ..semantics.operands import as_operand
from ..semantics.options import frozen
from ..semantics.problem import Axis
from ..semantics.window import check_positions
from . import arguments
from .describe import layer_of
from .plan import choose
from .problem import INPUTS, Problem
from .run import apply, prepare

Shape = tuple[int, ...]


class Phase(NamedTuple):
    """Every s-th output: where they lie, which taps they meet, and the layer that they are; None without a tap."""

    place: tuple[slice, ...]
    taps: tuple[slice, ...]
    problem: Problem | None


class Transposed(NamedTuple):
    """A transposed layer: the shape of its output with the batch, and its phases."""

    shape: Shape
    dtype: DType
    phases: tuple[Phase, ...]


class _AxisPhase(NamedTuple):
    place: slice
    taps: slice
    axis: Axis | None


@lru_cache(maxsize=256, typed=True)
def describe_transposed(
    input_shape: Shape,
    weight_shape: Shape,
    input_dtype: DType,
    weight_dtype: DType,
    stride: Any,
    padding: Any,
    output_padding: Any,
    groups: Any,
    dilation: Any,
) -> Transposed:
    """Return the phases of a transposed layer; every argument error is raised here."""
    ndim = len(weight_shape) - 2
    groups = arguments.whole("groups", groups, 1)
    arguments.check_weight(weight_shape, ndim, groups, "input")
    outer = arguments.batched(input_shape, ndim)
    arguments.check_channels(outer, weight_shape[0], groups, weight_shape)
    if isinstance(padding, str):
        raise ArgumentTypeError(f"padding={padding!r}: a transposed layer takes numbers, or pairs of them")
    strides, dilations = (
        arguments.per_axis(name, value, ndim, 1) for name, value in (("stride", stride), ("dilation", dilation))
    )
    extra = arguments.per_axis("output_padding", output_padding, ndim, 0)
    pairs = arguments.paddings(padding, weight_shape[2:], strides)
    dtypes = arguments.operand_dtypes(input_dtype, weight_dtype)
    options = zip(outer[2:], weight_shape[2:], strides, pairs, dilations, extra, strict=True)
    axes = [_axis_phases(INPUTS + 1 + i, *asked) for i, asked in enumerate(options)]
    channels = groups, weight_shape[1], weight_shape[0] // groups
    phases = tuple(_phase(along, outer, channels, dtypes) for along in product(*(phases for _, phases in axes)))
    shape = (outer[0], groups * weight_shape[1], *(length for length, _ in axes))
    return Transposed(shape, dtypes[2], phases)


def _phase(along: tuple[_AxisPhase, ...], input_shape: Shape, channels: tuple[int, int, int], dtypes: Any) -> Phase:
    """Return a phase of the output from those of its axes."""
    met = tuple(p.axis for p in along if p.axis is not None)
    problem = layer_of(input_shape, channels, met, dtypes, flip=True) if len(met) == len(along) else None
    return Phase(tuple(p.place for p in along), tuple(p.taps for p in along), problem)


def _axis_phases(
    position: int, n: int, m: int, stride: int, padding: tuple[int, int], dilation: int, extra: int
) -> tuple[int, list[_AxisPhase]]:
    """Return the length of the output on an axis, and its phases."""
    if extra >= max(stride, dilation):
        raise ArgumentValueError(
            f"output_padding={extra} with stride {stride} and dilation {dilation}: it must be less than one of them"
        )
    length = (n - 1) * stride - sum(padding) + dilation * (m - 1) + 1 + extra
    check_positions(length, dilation * (m - 1) + 1, stride)
    if length < 1:
        raise ArgumentValueError(f"padding {padding} leaves {length} samples of the output: use less padding")
    common = gcd(stride, dilation)
    phases = []
    for r in range(min(stride, length)):
        count = len(range(r, length, stride))
        first = next((j for j in range(stride // common) if (r + padding[0] - dilation * j) % stride == 0), m)
        taps = slice(first, m, stride // common)
        met = len(range(m)[taps])
        start = (r + padding[0] - dilation * first) // stride
        axis = Axis(position, n, met, dilation // common, start, start + count, 1, "zero", silent=True)
        phases.append(_AxisPhase(slice(r, None, stride), taps, axis if met else None))
    return length, phases


def conv_transpose(
    ndim: int,
    input: ArrayLike,
    weight: ArrayLike,
    bias: ArrayLike | None,
    stride: Any,
    padding: Any,
    output_padding: Any,
    groups: Any,
    dilation: Any,
    method: str,
) -> Array:
    """Return the output of a transposed layer over `ndim` axes."""
    x, w = as_operand("input", input), as_operand("weight", weight)
    b = None if bias is None else as_operand("bias", bias)
    if w.ndim != ndim + 2:
        raise ArgumentValueError(f"the weight has shape {w.shape}: use (in, out/groups, *taps), {ndim} axes of taps")
    named = {"stride": stride, "padding": padding, "output_padding": output_padding, "groups": groups}
    asked = {name: frozen(name, value) for name, value in (named | {"dilation": dilation}).items()}
    layer = describe_transposed(x.shape, w.shape, x.dtype, w.dtype, **asked)
    if b is not None:
        arguments.check_bias(b.shape, b.dtype, layer.shape[1], layer.dtype)
    out = _computed(layer, x, w, b, asked["groups"], method)
    return out if x.ndim == out.ndim else out[0]


def _computed(layer: Transposed, input: Array, weight: Array, bias: Array | None, groups: int, method: str) -> Array:
    """Return the output, phase by phase."""
    plans = [None if phase.problem is None else choose(phase.problem, method) for phase in layer.phases]
    out = np.empty(layer.shape, layer.dtype)
    kernel = weight.reshape(groups, -1, *weight.shape[1:]).swapaxes(1, 2)[None]
    for phase, plan in zip(layer.phases, plans, strict=True):
        if plan is None:
            place = (slice(None), slice(None), *phase.place)
            out[place] = 0 if bias is None else bias.reshape(-1, *(1,) * len(phase.place))
        else:
            met = kernel[(slice(None),) * (INPUTS + 1) + phase.taps]
            apply(prepare(plan, met), input, bias, out, phase.place)
    return out
