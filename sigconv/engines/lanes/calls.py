"""Straight-line code over rows as functions of their own, compiled when they are first needed and kept on disk.

Each is compiled once, and called by its address: code that LLVM would otherwise work through again for every function
that calls it, and that no program needs all of. What calls them knows integers only, and is compiled once for all
dtypes.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from functools import cache, partial
from typing import Any

import numpy as np
from llvmlite import ir  # type: ignore[import-untyped]
from numba import cfunc, types
from numba.extending import intrinsic
from numba.np.numpy_support import from_dtype

from ..entry import loaded
from .vectors import Code, Number, align_stack
from .version import VERSION

_plain: Callable[..., Callable[..., Any]] = intrinsic
_with_literals: Callable[..., Callable[..., Any]] = intrinsic(prefer_literal=True)

_bodies: dict[str, Callable[..., None]] = {}
made: dict[tuple[str, np.dtype[Any]], Any] = {}  # which keeps them in memory


def over_rows(body: Callable[..., None], integers: int = 0) -> Callable[..., int]:
    """Return `address(dtype, *constants)` of the function that runs a body for some parts of some rows.

    `body(*constants, code, row, place, *integers)` is straight-line code; a part's rows are numbered from zero, and its
    place lies some bytes behind the last one's. How many integers there are is said where the body takes any number.
    """

    @cache
    def address(dtype: np.dtype[Any], *constants: int) -> int:
        name = ".".join((body.__module__, body.__qualname__, *map(str, constants)))
        _bodies[name] = bound = partial(body, *constants)
        made[name, dtype] = _compiled(name, dtype, integers or len(inspect.signature(bound).parameters) - 2)
        return int(made[name, dtype].address)

    return address


def _compiled(name: str, dtype: np.dtype[Any], count: int) -> Any:
    loop = _loop(name, VERSION)
    loop.__qualname__ = name.rpartition("lanes.")[2]  # files of its own, for processes that compile at the same time
    sample = types.CPointer(from_dtype(dtype))  # type: ignore[no-untyped-call]
    numbers = *[types.intp] * 3, types.UniTuple(types.intp, count)  # type: ignore[no-untyped-call]
    return loaded(cfunc(types.void(sample, *numbers), cache=True), loop)


def _loop(name: str, version: int) -> Callable[..., None]:
    def loop(sample, parts, apart, rows, integers):  # type: ignore[no-untyped-def]
        place = integers[0]
        for _ in range(parts):
            for row in range(rows):
                _instructions(sample, name, version, row, place, integers)
            place += apart

    return loop


@_with_literals
def _instructions(typing: Any, sample: Any, name: Any, version: Any, row: Any, place: Any, integers: Any) -> Any:
    body = _bodies[name.literal_value]

    def write(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        align_stack(builder)
        others = [builder.extract_value(args[5], i) for i in range(1, integers.count)]
        body(Code(builder, sample.dtype), *(Number(builder, value) for value in (*args[3:5], *others)))
        return context.get_dummy_value()

    return types.void(sample, name, version, types.intp, types.intp, integers), write


@_plain
def call(typing: Any, address: Any, parts: Any, apart: Any, rows: Any, integers: Any) -> Any:
    """Run the function at an address for some parts of some rows, with its integers; the first one is a place."""

    def write(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        number, pointer = ir.IntType(64), ir.IntType(8).as_pointer()
        kind = ir.FunctionType(ir.VoidType(), [pointer, number, number, number, args[4].type])
        function = builder.inttoptr(args[0], kind.as_pointer())
        builder.call(function, [ir.Constant(pointer, None), *args[1:]])
        return context.get_dummy_value()

    return types.void(types.intp, types.intp, types.intp, types.intp, integers), write
