"""Missing samples: what `nan=` may be, and the mask that hides some."""

from __future__ import annotations

from typing import Any, Literal, NamedTuple, get_args

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..errors import ArgumentTypeError, ArgumentValueError
from .operands import as_operand

NanPolicy = Literal["propagate", "omit", "renormalize", "raise"]
POLICIES: tuple[str, ...] = get_args(NanPolicy)


class Mask(NamedTuple):
    """Which samples are hidden, in the signal's shape, and whether they are those of a masked array."""

    hidden: NDArray[np.bool]
    of_masked_array: bool


def check_policy(nan: object) -> str:
    """Return the name of a known policy, or raise."""
    if isinstance(nan, str) and nan in POLICIES:
        return nan
    raise ArgumentValueError(f"nan={nan!r}: use one of {', '.join(POLICIES)}")


def as_signal(value: Any, mask: ArrayLike | None) -> tuple[NDArray[Any], Mask | None]:
    """Return a signal as an array, and its mask if it has one or one is given.

    Raises
    ------
    ArgumentTypeError, ArgumentValueError
        If the mask is not of booleans, or does not broadcast to the signal's shape, or there are two.
    """
    if mask is None and (type(value) is np.ndarray or not isinstance(value, np.ma.MaskedArray)):
        return as_operand("signal", value), None
    if isinstance(value, np.ma.MaskedArray):
        if mask is not None:
            raise ArgumentValueError("the signal is a masked array and mask= is given too: give one of them")
        return as_operand("signal", np.ma.getdata(value)), Mask(np.ma.getmaskarray(value), True)
    signal = as_operand("signal", value)
    return signal, Mask(_broadcast(np.asarray(mask), signal.shape), False)


def _broadcast(mask: NDArray[Any], shape: tuple[int, ...]) -> NDArray[np.bool]:
    """Return a mask in the signal's shape."""
    if mask.dtype != np.bool:
        raise ArgumentTypeError(f"mask has dtype {mask.dtype}: use booleans, True where a sample is missing")
    try:
        return np.broadcast_to(mask, shape)
    except ValueError:
        raise ArgumentValueError(
            f"mask has shape {mask.shape}, which does not broadcast to the signal's {shape}"
        ) from None
