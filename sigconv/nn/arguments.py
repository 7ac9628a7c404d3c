"""The arguments of layers, checked: counts for each axis, padding, dtypes; errors in words before any work."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..errors import ArgumentTypeError, ArgumentValueError
from ..semantics.dtypes import DType, check_dtype, is_exact, result_dtype
from ..semantics.options import whole_number

# PyTorch's padding modes and sigconv's boundaries.
PADDING_MODES = {"zeros": "zero", "reflect": "reflect", "replicate": "edge", "circular": "wrap"}
# How far a padding mode reaches: PyTorch reads each sample of the input at most once on either side.
_REACH = {"reflect": -1, "circular": 0}


def whole(name: str, value: Any, least: int) -> int:
    """Return a whole number of at least `least`, or raise."""
    number = whole_number(name, value)
    if number < least:
        raise ArgumentValueError(f"{name}={value!r}: use at least {least}")
    return number


def per_axis(name: str, value: Any, ndim: int, least: int) -> tuple[int, ...]:
    """Return a whole number for each axis, from one for all or one for each."""
    listed = _listed(name, value, ndim)
    return tuple(whole(name, v, least) for v in listed)


def _listed(name: str, value: Any, ndim: int) -> Sequence[Any]:
    """Return one value for each axis; PyTorch takes one in a tuple for all."""
    listed = tuple(value) if isinstance(value, (tuple, list, np.ndarray)) else (value,)
    if len(listed) not in (1, ndim):
        raise ArgumentValueError(f"{name}={value!r} has {len(listed)} entries for {ndim} axes: use one or {ndim}")
    return listed * (ndim // len(listed))


def paddings(value: Any, spans: Sequence[int], strides: Sequence[int]) -> tuple[tuple[int, int], ...]:
    """Return the padding before and behind each axis, for kernels that reach over `spans` samples.

    "same" puts the odd one behind, as PyTorch does: its window starts at M//2.
    """
    if isinstance(value, str):
        if value not in ("same", "valid"):
            raise ArgumentValueError(f"padding={value!r}: use whole numbers, pairs of them, 'same' or 'valid'")
        if value == "same" and any(s != 1 for s in strides):
            raise ArgumentValueError(
                f"padding='same' with stride={tuple(strides)}: PyTorch has it for stride 1 only; give numbers"
            )
        return tuple(((m - 1) // 2, m // 2) if value == "same" else (0, 0) for m in spans)
    return tuple(_pair(v) for v in _listed("padding", value, len(spans)))


def _pair(value: Any) -> tuple[int, int]:
    """Return the padding of one axis: a number for both sides, or one for each."""
    sides = tuple(value) if isinstance(value, (tuple, list)) else (value, value)
    if len(sides) != 2:
        raise ArgumentValueError(f"padding={value!r} on one axis: use a number or a pair (before, behind)")
    return whole("padding", sides[0], 0), whole("padding", sides[1], 0)


def boundary(mode: Any) -> str:
    """Return sigconv's name of a padding mode."""
    if not isinstance(mode, str) or mode not in PADDING_MODES:
        raise ArgumentValueError(f"padding_mode={mode!r}: use one of {', '.join(PADDING_MODES)}")
    return PADDING_MODES[mode]


def check_reach(mode: str, padding: Sequence[tuple[int, int]], space: Sequence[int]) -> None:
    """Raise if a padding mode would read further than PyTorch lets it."""
    for axis, (pair, n) in enumerate(zip(padding, space, strict=True)):
        if mode in _REACH and max(pair) > n + _REACH[mode]:
            raise ArgumentValueError(
                f"padding {pair} with padding_mode={mode!r} on axis {axis} of the space, which has {n} samples: "
                f"use at most {n + _REACH[mode]}, or another padding_mode"
            )


def operand_dtypes(input_dtype: DType, weight_dtype: DType) -> tuple[DType, DType, DType]:
    """Return the dtypes of input, weight and result: integers of any kind, else the same for both, as in PyTorch."""
    x, w = check_dtype("input", input_dtype), check_dtype("weight", weight_dtype)
    if x != w and not (is_exact(x) and is_exact(w)) and "O" not in (x.kind, w.kind):
        raise ArgumentTypeError(f"the input is {x} and the weight {w}: convert one of them with .astype")
    return x, w, result_dtype(x, w, renormalize=False)


def check_bias(shape: tuple[int, ...], dtype: DType, channels: int, result: DType) -> None:
    """Raise unless a bias has a number for every output channel, in a dtype that the result holds."""
    if shape != (channels,):
        raise ArgumentValueError(f"the bias has shape {shape}: use ({channels},), a number for each output channel")
    given = check_dtype("bias", dtype)
    if given != result and not (is_exact(given) and (is_exact(result) or result.kind == "O")):
        raise ArgumentTypeError(f"the bias is {given} and the result {result}: convert the bias with .astype")


def check_channels(input_shape: tuple[int, ...], inputs: int, groups: int, weight_shape: tuple[int, ...]) -> None:
    """Raise unless the input has as many channels as the weight takes."""
    if input_shape[1] != inputs:
        raise ArgumentValueError(
            f"the input has {input_shape[1]} channels, and the weight {weight_shape} with groups={groups} takes "
            f"{inputs}: inputs are (batch, channels, *space), or (channels, *space)"
        )


def batched(input_shape: tuple[int, ...], ndim: int) -> tuple[int, ...]:
    """Return the input's shape with its batch axis, which may be left out."""
    if len(input_shape) == ndim + 1:
        return (1, *input_shape)
    if len(input_shape) != ndim + 2:
        raise ArgumentValueError(
            f"the input has shape {input_shape}: use (batch, channels, *space) or (channels, *space) with {ndim} axes "
            "of space"
        )
    if 0 in input_shape[1:]:
        raise ArgumentValueError(f"the input has shape {input_shape}: only the batch may be empty")
    return input_shape


def check_weight(weight_shape: tuple[int, ...], ndim: int, groups: int, grouped: str) -> None:
    """Raise unless a weight has its axes, no empty one, and channels that the groups divide."""
    if len(weight_shape) != ndim + 2 or 0 in weight_shape:
        raise ArgumentValueError(
            f"the weight has shape {weight_shape}: use {ndim + 2} axes, two of channels and {ndim} of taps, none empty"
        )
    if weight_shape[0] % groups:
        raise ArgumentValueError(f"the weight has {weight_shape[0]} {grouped} channels: groups={groups} must divide it")
