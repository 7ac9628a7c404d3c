"""Where results are written: what `out=` may be, and numbers that must fit in it."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..engines.protocol import Array
from ..errors import ArgumentTypeError, ArgumentValueError, ResultOverflowError
from ..semantics.problem import Problem
from .exact import BlockOverflow, check_fits


def check_out(out: Any, problem: Problem) -> None:
    """Raise unless the result can be written into `out`."""
    if out is None:
        return
    if not isinstance(out, np.ndarray) or isinstance(out, np.ma.MaskedArray):
        raise ArgumentTypeError(f"out is a {type(out).__name__}: use a NumPy array of shape {problem.shape}")
    if out.shape != problem.shape:
        raise ArgumentValueError(f"out has shape {out.shape}: the result's is {problem.shape}")
    if not np.can_cast(problem.result_dtype, out.dtype, "same_kind"):
        raise ArgumentTypeError(f"out has dtype {out.dtype}, which {problem.result_dtype} results can't be cast to")
    if not out.flags.writeable:
        raise ArgumentValueError("out is read-only: use an array that can be written to")


def apart(kernel: Array, out: Array | None) -> Array:
    """Return the kernel, copied if the result is written over it."""
    return np.array(kernel) if out is not None and np.may_share_memory(kernel, out) else kernel


def target_in(out: Array, dtype: np.dtype[Any], *operands: Array) -> Array:
    """Return where a result is computed: in `out`, if compiled code can write there and no operand is read from it."""
    apart = not any(np.may_share_memory(out, operand) for operand in operands)
    return out if apart and out.flags.carray and out.dtype == dtype else np.empty(out.shape, dtype)


def written(result: Array, out: Array | None) -> Array:
    """Return the result, copied to `out` if that is given and can hold it."""
    if out is None or out is result:
        return result
    try:
        np.copyto(out, check_fits(result, out.dtype), casting="same_kind")
    except BlockOverflow as overflow:
        raise overflow_at(overflow.index, out.dtype) from None
    return out


def overflow_at(index: tuple[int, ...], dtype: np.dtype[Any]) -> ResultOverflowError:
    """Return the error that names the first result that does not fit."""
    place = index[0] if len(index) == 1 else index
    return ResultOverflowError(
        f"the exact result at index {place} does not fit in {dtype}: "
        "convert an operand to float64 (rounded) or to Python ints (dtype=object, exact, method='direct')"
    )
