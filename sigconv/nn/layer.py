"""Layers: functions of an input and weights, and weights prepared once."""

from __future__ import annotations

from functools import partial
from typing import Any, TypedDict, Unpack

import numpy as np
from numpy.typing import ArrayLike, DTypeLike, NDArray

from ..engines.recent import Recent
from ..errors import ArgumentTypeError, ArgumentValueError
from ..methods.registry import check_method
from ..semantics.operands import as_operand, read_only
from ..semantics.options import frozen
from . import arguments
from .describe import describe
from .plan import Plan, choose
from .problem import Problem
from .run import Prepared, apply, prepare
from .ways import NAMES

Array = NDArray[Any]

_KEPT = 8  # prepared weights, one for each kind of input met


class Options(TypedDict, total=False):
    """What a layer has beside its operands; numbers for all axes of space, or one for each.

    stride : int, default 1
        Every stride-th output is computed.
    padding : int, pair of int, "same" or "valid", default 0
        Samples added before and behind each axis; a pair (before, behind) in place of a number for an axis of its own.
        "same" keeps the length (stride 1 only): (M − 1)//2 before and M//2 behind, for a kernel that reaches over M.
    dilation : int, default 1
        dilation − 1 zeros between the taps.
    groups : int, default 1
        The channels are cut into so many groups that do not meet; as many as channels: depthwise.
    padding_mode : str, default "zeros"
        What the padding holds: "zeros", "reflect", "replicate", "circular"; sigconv's "zero", "reflect", "edge",
        "wrap".
    flip : bool, default False
        True: the mathematical convolution, the taps in reversed order.
    """

    stride: int | tuple[int, ...]
    padding: Any
    dilation: int | tuple[int, ...]
    groups: int
    padding_mode: str
    flip: bool


class Conv:
    """A layer with its weights, prepared once and called on any number of inputs.

    y[b, o] = bias[o] + Σ_c x[b, c] ⋆ weight[o, c], with the arguments of `sigconv.nn.conv2d`. The weight's shape tells
    over how many axes: (out, in/groups, *taps). A layer may be shared between threads.

    Parameters
    ----------
    weight, bias : array_like
        Copied, so that changing them later has no effect.
    method : {"auto", "direct", "fft", "overlap-add", "winograd"}
        How; the result's meaning, shape and dtype never depend on it.
    **options
        See `sigconv.nn.Options`.

    Raises
    ------
    ArgumentValueError, ArgumentTypeError
        If an argument can't be served; what depends on the input's shape is raised by the call.

    Examples
    --------
    >>> from sigconv import nn
    >>> edges = nn.Conv([[[1, 0, -1]]], bias=[10], padding="same")
    >>> edges([[1, 2, 4, 7]])
    array([[ 8,  7,  5, 14]])
    """

    def __init__(
        self, weight: ArrayLike, bias: ArrayLike | None = None, *, method: str = "auto", **options: Unpack[Options]
    ) -> None:
        self._weight = as_operand("weight", weight).copy()
        self._bias = None if bias is None else as_operand("bias", bias).copy()
        self.options = checked_options(options)
        self.method = method
        self._prepared = Recent[Prepared](_KEPT)
        check_method(method, NAMES)
        if self._weight.ndim < 3:
            raise ArgumentValueError(f"the weight has shape {self._weight.shape}: use (out, in/groups, *taps)")

    def __call__(self, input: ArrayLike) -> Array:
        """Return the output for an input (batch, channels, *space), or (channels, *space) without a batch."""
        array = as_operand("input", input)
        plan = self.plan(array.shape, array.dtype)
        return computed(self._prepare(plan), array, self._bias)

    @property
    def weight(self) -> Array:
        """The weights as they were given, (out, in/groups, *taps), which can't be written to."""
        return read_only(self._weight)

    @property
    def bias(self) -> Array | None:
        """What is added to each output channel, which can't be written to; None for nothing."""
        return None if self._bias is None else read_only(self._bias)

    def plan(self, input_shape: tuple[int, ...], input_dtype: DTypeLike | None = None) -> Plan:
        """Return how an input of some shape and dtype (by default the weight's) is computed."""
        dtype = self._weight.dtype if input_dtype is None else np.dtype(input_dtype)
        return planned(tuple(input_shape), self._weight, self._bias, dtype, self.method, self.options)

    def explain(self, input_shape: tuple[int, ...], input_dtype: DTypeLike | None = None) -> str:
        """Return the table of all candidates for an input of some shape and dtype."""
        return self.plan(input_shape, input_dtype).explain()

    def _prepare(self, plan: Plan) -> Prepared:
        """Return the prepared weights of a plan; the last few are kept."""
        return self._prepared.get(plan, partial(prepare, plan, aligned(self._weight, plan.problem)))


def checked_options(options: Any) -> dict[str, Any]:
    """Return the options as hashable arguments of `describe`, or raise if one is unknown."""
    known = Options.__annotations__
    for name in options:
        if name not in known:
            raise ArgumentTypeError(f"unknown keyword {name!r}: use {', '.join((*known, 'method'))}")
    return {name: frozen(name, value) for name, value in options.items()}


def planned(
    input_shape: tuple[int, ...], weight: Array, bias: Array | None, dtype: Any, method: str, options: dict[str, Any]
) -> Plan:
    """Return the plan of a call; every argument error is raised here."""
    problem = describe(input_shape, weight.shape, dtype, weight.dtype, **options)
    if bias is not None:
        arguments.check_bias(bias.shape, bias.dtype, weight.shape[0], problem.result_dtype)
    return choose(problem, method)


def aligned(weight: Array, problem: Problem) -> Array:
    """Return a weight (out, in/groups, *taps) in the shape of the problem's kernel."""
    return weight.reshape(problem.convolutions.kernel_shape)


def computed(prepared: Prepared, input: Array, bias: Array | None) -> Array:
    """Return the output for an input with or without its batch axis."""
    problem = prepared.plan.problem
    out = np.empty(problem.shape, problem.result_dtype)
    apply(prepared, input, bias, out)
    return out if input.ndim == out.ndim else out[0]


def conv(ndim: int, input: ArrayLike, weight: ArrayLike, bias: ArrayLike | None, method: str, options: Any) -> Array:
    """Return the output of a layer over `ndim` axes."""
    x, w = as_operand("input", input), as_operand("weight", weight)
    b = None if bias is None else as_operand("bias", bias)
    if w.ndim != ndim + 2:
        raise ArgumentValueError(f"the weight has shape {w.shape}: use (out, in/groups, *taps), {ndim} axes of taps")
    plan = planned(x.shape, w, b, x.dtype, method, checked_options(options))
    return computed(prepare(plan, aligned(w, plan.problem)), x, b)
