"""The keywords that every function takes, with one meaning each."""

from __future__ import annotations

import operator
from typing import Any, Literal, TypedDict

import numpy as np
from numpy.typing import ArrayLike

from ..errors import ArgumentTypeError
from .boundary import Boundary
from .missing import NanPolicy
from .window import check_mode


class Options(TypedDict, total=False):
    """The keywords of every call; one value for all convolved axes, or one for each in the order of `axes`.

    axes : int or tuple of int, default None
        The convolved axes. None: all, and both operands have the same number of axes. Else the operands are
        right-aligned and broadcast on the other axes, and `axes` are axes of the broadcast result; a kernel with
        exactly as many axes as there are `axes` lies on them and is shared by all the rest.
    boundary : str, default "zero"
        What lies outside the signal: "zero", "constant", "edge", "symmetric", "reflect", "wrap" (`numpy.pad`'s names
        and meaning, at any distance), or "renormalize" (outside is missing: the sum over the taps inside, times
        (Σ kernel)/(Σ of these taps)). `sigconv.semantics.boundary` shows each.
    fill_value : number, default 0
        The samples outside, for "constant"; the signal's dtype must hold it.
    center : int, default None
        Only with mode="same": the index, in the kernel as passed, of the tap that lies on output i.
        None: the window starts at (m − 1)//2, as in SciPy.
    stride : int, default 1
        Every stride-th output of the window is computed.
    dilation : int, default 1
        dilation − 1 holes between the taps; they meet nothing.
    nan : str, default "propagate"
        What a missing sample does to the outputs whose taps meet it (explicit zeros too). Missing are NaN and what
        `mask` hides; Inf is data. "propagate": they are NaN. "omit": it counts as zero. "renormalize": they are the
        sum over the samples that are present, times (Σ kernel)/(Σ of the taps that met one), and NaN where that sum
        of taps vanishes. "raise": an error that names the first. Ghosts are missing with the samples that they
        repeat; zeros outside are present, and a NaN as `fill_value` is missing (as for "renormalize" as boundary).
        With a masked array "propagate" gives a masked array, and masks those outputs.
    accuracy : {"normwise", "componentwise"}, default "normwise"
        What errors are small beside: "normwise" the loudest samples that a transform has read with an output;
        "componentwise" the output's own Σ|x||h|, so that small values beside huge ones survive, and sums of
        non-negative numbers are not negative. docs/accuracy.md has the bounds.

    Examples
    --------
    >>> import sigconv
    >>> gap = [1.0, float("nan"), 3.0]
    >>> sigconv.convolve(gap, [0.25, 0.5, 0.25], "same", nan="omit")
    array([0.5, 1. , 1.5])
    >>> sigconv.convolve(gap, [0.25, 0.5, 0.25], "same", nan="renormalize", boundary="renormalize")
    array([1., 2., 3.])
    """

    axes: int | tuple[int, ...] | None
    boundary: Boundary | tuple[Boundary, ...]
    fill_value: ArrayLike
    center: int | tuple[int | None, ...] | None
    stride: int | tuple[int, ...]
    dilation: int | tuple[int, ...]
    nan: NanPolicy
    accuracy: Literal["normwise", "componentwise"]


# Those that are whole numbers: in a tuple they are told from 1.0 and True, which equal 1, before any look-up.
_WHOLE = ("axes", "center", "stride", "dilation", "padding", "output_padding")


def whole_number(name: str, value: Any) -> int:
    """Return a whole number, or raise."""
    if isinstance(value, (bool, np.bool_)):
        raise ArgumentTypeError(f"{name}={value!r}: use a whole number")
    try:
        return operator.index(value)
    except TypeError:
        raise ArgumentTypeError(f"{name}={value!r}: use a whole number") from None


def arguments(options: Options, **operators: Any) -> dict[str, Any]:
    """Return the operator's and the user's keywords as arguments of `describe`, which must be hashable.

    Lists and arrays become tuples and scalars.

    Raises
    ------
    ArgumentTypeError
        If a keyword is unknown, or a value can't be an option.
    """
    known = Options.__annotations__
    unknown = [name for name in options if name not in known]
    if unknown:
        allowed = ", ".join((*known, "workers", "max_bytes"))
        raise ArgumentTypeError(f"unknown keyword {unknown[0]!r}: use {allowed}")
    check_mode(operators["mode"])
    return {name: frozen(name, value) for name, value in (operators | dict(options)).items()}


def check_limit(max_bytes: object) -> None:
    """Raise unless a limit on memory is a whole number, or there is none."""
    if max_bytes is not None and (isinstance(max_bytes, bool) or not isinstance(max_bytes, (int, np.integer))):
        raise ArgumentTypeError(f"max_bytes={max_bytes!r}: use a number of bytes, or None for no limit")


def frozen(name: str, value: Any, among: bool = False) -> Any:
    """Return an option that can be looked up: lists and arrays become tuples and scalars, whole numbers are checked.

    `among` says that the value is one of several.
    """
    if hasattr(value, "tolist"):
        value = value.tolist()
    if isinstance(value, (list, tuple)):
        return tuple([frozen(name, v, True) for v in value])
    if among and value is not None and name in _WHOLE:
        return whole_number(name, value)
    try:
        hash(value)
    except TypeError:
        raise ArgumentTypeError(f"{name}={value!r}: use one value, or a tuple with one for each axis") from None
    return value
