"""Straight-line code over rows as functions of their own, compiled when they are first needed and kept on disk.

Each is compiled once, and called by its address: code that LLVM would otherwise work through again for every function
that calls it, and that no program needs all of.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
from llvmlite import ir  # type: ignore[import-untyped]
from numba import cfunc, types
from numba.extending import intrinsic
from numba.np.numpy_support import from_dtype

from ..entry import loaded
from .vectors import Code, Number, _align_stack
from .version import VERSION

_plain: Callable[..., Callable[..., Any]] = intrinsic
_with_literals: Callable[..., Callable[..., Any]] = intrinsic(prefer_literal=True)

INTEGERS = 12  # beside the number of rows

_bodies: dict[str, Callable[..., None]] = {}


def over_rows(body: Callable[..., None]) -> Callable[[int, np.dtype[Any]], int]:
    """Return `address(radix, dtype)` of the function that runs `body(radix, code, row, *integers)` for some rows."""
    name = f"{body.__module__}.{body.__qualname__}"
    _bodies[name] = body
    return lambda radix, dtype: int(_compiled(name, radix, dtype).address)


@cache
def _compiled(name: str, radix: int, dtype: np.dtype[Any]) -> Any:
    sample = types.CPointer(from_dtype(dtype))  # type: ignore[no-untyped-call]
    function = cfunc(types.void(sample, *[types.intp] * (1 + INTEGERS)), cache=True)
    return loaded(function, _loop(name, radix, VERSION))


def _loop(name: str, radix: int, version: int) -> Callable[..., None]:
    def loop(sample, rows, a, b, c, d, e, f, g, h, i, j, k, l):  # type: ignore[no-untyped-def]  # noqa: E741
        for row in range(rows):
            _instructions(sample, name, radix, version, (row, a, b, c, d, e, f, g, h, i, j, k, l))

    return loop


@_with_literals
def _instructions(typing: Any, sample: Any, name: Any, radix: Any, version: Any, integers: Any) -> Any:
    body = _bodies[name.literal_value]
    taken = len(inspect.signature(body).parameters) - 2

    def write(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        _align_stack(builder)
        numbers = [Number(builder, builder.extract_value(args[4], i)) for i in range(taken)]
        body(radix.literal_value, Code(builder, sample.dtype), *numbers)
        return context.get_dummy_value()

    return types.void(sample, name, radix, version, integers), write


@_plain
def call(typing: Any, address: Any, rows: Any, integers: Any) -> Any:
    """Run the function at an address for some rows, with up to twelve integers."""

    def write(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        number, pointer = ir.IntType(64), ir.IntType(8).as_pointer()
        given = [builder.extract_value(args[2], i) for i in range(integers.count)]
        missing = [ir.Constant(number, 0)] * (INTEGERS - len(given))
        kind = ir.FunctionType(ir.VoidType(), [pointer, *[number] * (1 + INTEGERS)])
        function = builder.inttoptr(args[0], kind.as_pointer())
        builder.call(function, [ir.Constant(pointer, None), args[1], *given, *missing])
        return context.get_dummy_value()

    return types.void(types.intp, types.intp, integers), write
