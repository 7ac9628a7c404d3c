"""From a call's arguments to its problem; every argument error is raised here, before any work."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from math import prod
from typing import Any

import numpy as np
from numpy.lib.array_utils import normalize_axis_index

from ..errors import ArgumentTypeError, ArgumentValueError
from .boundary import check_boundary
from .dtypes import DType, check_dtype, result_dtype
from .missing import check_policy
from .options import whole_number
from .problem import ACCURACIES, Axis, Problem
from .window import check_positions, reach, window

Shape = tuple[int, ...]

_MOST_BYTES = (1 << 63) - 1  # of an array


@lru_cache(maxsize=1024, typed=True)
def describe(
    signal_shape: Shape,
    kernel_shape: Shape,
    signal_dtype: DType,
    kernel_dtype: DType,
    *,
    mode: str = "full",
    flip: bool = True,
    conjugate: bool = False,
    axes: int | Shape | None = None,
    boundary: str | tuple[str, ...] = "zero",
    fill_value: Any = 0,
    center: int | tuple[int | None, ...] | None = None,
    stride: int | Shape = 1,
    dilation: int | Shape = 1,
    nan: str = "propagate",
    accuracy: str = "normwise",
) -> Problem:
    """Return the problem that the arguments ask, or raise an error that says what is wrong and what is allowed."""
    flip, conjugate, policy = check_flag("flip", flip), check_flag("conjugate", conjugate), check_policy(nan)
    signal_dtype, kernel_dtype = check_dtype("signal", signal_dtype), check_dtype("kernel", kernel_dtype)
    if accuracy not in ACCURACIES:
        raise ArgumentValueError(f"accuracy={accuracy!r}: use {' or '.join(ACCURACIES)}")
    if center is not None and mode != "same":
        raise ArgumentValueError(f"center={center!r} with mode={mode!r}: a centre only has a meaning in mode='same'")
    order = _options(_axes(axes, signal_shape, kernel_shape), boundary, center, stride, dilation)
    signal_shape, kernel_shape = _align(signal_shape, kernel_shape, tuple([o[0] for o in order]))
    fill = _fill_value(fill_value, signal_dtype, "constant" in boundary)
    outside, fill = _present(["zero" if mode == "valid" else o[1] for o in order], fill, policy)
    shapes = signal_shape, kernel_shape
    described = tuple([_axis(o, *shapes, mode, flip, outside[i:]) for i, o in enumerate(order)])
    renormalized = policy == "renormalize" or (mode != "valid" and "renormalize" in boundary)
    return _possible(
        Problem(
            signal_shape=signal_shape,
            kernel_shape=kernel_shape,
            axes=_contained(described) if mode == "valid" else described,
            signal_dtype=signal_dtype,
            kernel_dtype=kernel_dtype,
            result_dtype=result_dtype(signal_dtype, kernel_dtype, renormalized),
            mode=mode,
            flip=flip,
            conjugate=conjugate,
            fill_value=fill,
            nan=policy,
            accuracy=accuracy,
        )
    )


def check_flag(name: str, value: object) -> bool:
    """Return a flag, or raise: 1 is no flag."""
    if not isinstance(value, (bool, np.bool_)):
        raise ArgumentTypeError(f"{name}={value!r}: use True or False")
    return bool(value)


def _axes(axes: Any, signal_shape: Shape, kernel_shape: Shape) -> Shape:
    """Return the convolved axes of the result, as given but not negative."""
    if axes is None:
        if len(signal_shape) != len(kernel_shape):
            raise ArgumentValueError(
                f"the signal has {len(signal_shape)} axes and the kernel {len(kernel_shape)}: without axes= every axis "
                "is convolved and both must have the same number; name the convolved axes with axes="
            )
        return tuple(range(len(signal_shape)))
    listed = axes if isinstance(axes, tuple) else (axes,)
    lies_on_axes = len(kernel_shape) == len(listed)
    ndim = len(signal_shape) if lies_on_axes else max(len(signal_shape), len(kernel_shape))
    try:
        result = tuple(normalize_axis_index(whole_number("axes", axis), ndim) for axis in listed)
    except (np.exceptions.AxisError, OverflowError) as error:
        raise ArgumentValueError(f"axes={axes!r}: the result has {ndim} axes, use {-ndim} to {ndim - 1}") from error
    if len(set(result)) < len(result):
        raise ArgumentValueError(f"axes={axes!r} names an axis twice: name each convolved axis once")
    return result


def _align(signal_shape: Shape, kernel_shape: Shape, axes: Shape) -> tuple[Shape, Shape]:
    """Return both shapes with one entry for each axis of the result, and check that they broadcast."""
    if len(kernel_shape) == len(axes) < len(signal_shape):
        lengths = dict(zip(axes, kernel_shape, strict=True))
        kernel_shape = tuple([lengths.get(i, 1) for i in range(len(signal_shape))])
    ndim = max(len(signal_shape), len(kernel_shape))
    signal = _with_axes("signal", signal_shape, ndim, axes)
    kernel = _with_axes("kernel", kernel_shape, ndim, axes)
    for i, (s, k) in enumerate(zip(signal, kernel, strict=True)):
        if i in axes:
            if s == 0 or k == 0:
                which = "signal" if s == 0 else "kernel"
                raise ArgumentValueError(
                    f"the {which} is empty on the convolved axis {i}: it needs at least one sample"
                )
        elif s != k and 1 not in (s, k):
            raise ArgumentValueError(
                f"signal {signal_shape} and kernel {kernel_shape} do not broadcast on axis {i} ({s} and {k}), "
                "which is not convolved: make the sizes equal, or one of them 1"
            )
    return signal, kernel


def _with_axes(name: str, shape: Shape, ndim: int, axes: Shape) -> Shape:
    """Return an operand's shape with so many axes, of which it may lack the first ones, but no convolved one."""
    absent = ndim - len(shape)
    if absent and min(axes, default=ndim) < absent:
        raise ArgumentValueError(f"the {name} has no axis {min(axes)} of the result: it has {absent} axes less")
    return (1,) * absent + shape


@lru_cache(maxsize=256, typed=True)
def _options(axes: Shape, boundary: Any, center: Any, stride: Any, dilation: Any) -> tuple[tuple[Any, ...], ...]:
    """Return the options of each convolved axis, checked, in the order of the axes."""
    options = zip(
        axes,
        _per_axis("boundary", boundary, len(axes), check_boundary),
        _per_axis("center", center, len(axes), _optional_index),
        _per_axis("stride", stride, len(axes), _positive("stride")),
        _per_axis("dilation", dilation, len(axes), _positive("dilation")),
        strict=True,
    )
    return tuple(sorted(options))


def _axis(
    options: tuple[Any, ...], signal_shape: Shape, kernel_shape: Shape, mode: str, flip: bool, outside: list[str]
) -> Axis:
    """Return one convolved axis with its window; `outside` are its boundary and those of the later axes.

    Outside a `zero` axis not all is zero if a later axis is `constant`: the corners have that axis' fill value.
    """
    position, _, center, stride, dilation = options
    signal, taps = signal_shape[position], kernel_shape[position]
    dilation = dilation if taps > 1 else 1  # one tap has no holes, however wide
    if center is not None and not 0 <= center < taps:
        raise ArgumentValueError(f"center={center} on axis {position}: the kernel has {taps} taps, use 0 to {taps - 1}")
    check_positions(signal, reach(taps, dilation), stride)
    start, stop = window(mode, signal, taps, dilation, center, flip)
    silent = outside[0] == "renormalize" or (outside[0] == "zero" and "constant" not in outside)
    return Axis(position, signal, taps, dilation, start, stop, stride, outside[0], silent)


def _contained(axes: tuple[Axis, ...]) -> tuple[Axis, ...]:
    """Return the axes of a `valid` problem if one operand contains the other."""
    if all(a.span <= a.signal for a in axes) or all(a.span >= a.signal for a in axes):
        return axes
    signal, kernel = tuple(a.signal for a in axes), tuple(reach(a.taps, a.dilation) for a in axes)
    raise ArgumentValueError(
        f"mode='valid' with signal {signal} and kernel {kernel} on the convolved axes: neither contains the other; "
        "use 'full' or 'same'"
    )


def _possible(problem: Problem) -> Problem:
    """Return a problem whose result is not too large for an array, or raise."""
    if prod(problem.shape) * problem.result_dtype.itemsize > _MOST_BYTES:
        raise ArgumentValueError(f"the result would have the shape {problem.shape}: no array is so large")
    return problem


def _fill_value(value: Any, dtype: DType, used: bool) -> Any:
    """Return the fill value in the signal's dtype (as a Python scalar), or raise if the dtype can't hold it."""
    if not used:
        if not _is_one(value) or value != 0:
            raise ArgumentValueError(f"fill_value={value!r} without boundary='constant': it would have no effect")
        return 0
    if not _is_one(value):
        raise ArgumentValueError(f"fill_value={value!r}: use one number")
    if dtype.kind == "O":
        return value
    if not _holds(dtype, value):
        raise ArgumentValueError(f"fill_value={value!r} does not fit in the signal's dtype {dtype}: convert the signal")
    return np.asarray(value).astype(dtype)[()]


def _present(outside: list[str], fill: Any, policy: str) -> tuple[list[str], Any]:
    """Return the boundaries and the fill value without a NaN that counts as missing."""
    if policy == "propagate" or fill == fill:
        return outside, fill
    if policy == "raise":
        raise ArgumentValueError(f"fill_value={fill} with nan='raise': what is outside must not be missing")
    missing = "constant" if policy == "omit" else "renormalize"
    return [missing if name == "constant" else name for name in outside], 0


def _is_one(value: Any) -> bool:
    """Return whether a value is one number, or one thing of another kind."""
    try:
        return isinstance(value, (int, float, complex)) or np.ndim(value) == 0
    except ValueError:  # rows of different lengths
        return False


def _holds(dtype: DType, value: Any) -> bool:
    """Return whether the dtype can hold a number: exactly for integers, without overflow for floats."""
    given = np.asarray(value)
    if given.dtype.kind not in "biufc" or (given.dtype.kind == "c" and dtype.kind != "c"):
        return False
    with np.errstate(all="ignore"):
        stored = given.astype(dtype)
    if dtype.kind in "biu":
        return bool(np.isfinite(given)) and int(stored) == given.item()
    return bool(np.isfinite(stored)) or not np.isfinite(given)


def _per_axis(name: str, value: Any, count: int, check: Any) -> Sequence[Any]:
    """Return one checked option for each axis, from one for all or one for each."""
    if not isinstance(value, tuple):
        return [check(value)] * count
    if len(value) != count:
        raise ArgumentValueError(
            f"{name}={value!r} has {len(value)} entries for {count} convolved axes: give one for all or one for each"
        )
    return [check(v) for v in value]


def _optional_index(value: Any) -> int | None:
    return None if value is None else whole_number("center", value)


def _positive(name: str) -> Any:
    def check(value: Any) -> int:
        number = whole_number(name, value)
        if number < 1:
            raise ArgumentValueError(f"{name}={value!r}: use at least 1")
        return number

    return check
