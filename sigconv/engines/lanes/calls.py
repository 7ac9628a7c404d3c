"""Straight-line code over rows as loops that are called by their address.

It is code that LLVM would otherwise work through again for every function that calls it, and that no program needs all
of.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from functools import partial
from typing import Any

from llvmlite import ir  # type: ignore[import-untyped]
from numba import types
from numba.extending import intrinsic

from ..by_address import by_address, called
from ..entry import Loop
from .vectors import Code, Number, align_stack
from .version import VERSION

_plain: Callable[..., Callable[..., Any]] = intrinsic
_with_literals: Callable[..., Callable[..., Any]] = intrinsic(prefer_literal=True)

_COUNTS = 3  # integers before those of a body
_bodies: dict[str, Callable[..., None]] = {}


def over_rows(body: Callable[..., None], integers: int = 0) -> Callable[..., int]:
    """Return `address(dtype, *constants)` of the loop that runs a body for some parts of some rows.

    `body(*constants, code, row, place, *integers)` is straight-line code; a part's rows are numbered from zero, and its
    place lies some bytes behind the last one's. How many integers there are is said where the body takes any number.
    """
    parameters = list(inspect.signature(body).parameters)
    own = f"{body.__module__.rpartition('.')[2]}.{body.__qualname__}"

    def make(sample: Any, *constants: int) -> Loop:
        name = ".".join((own, *map(str, constants)))
        _bodies[name] = partial(body, *constants)
        return _loop(sample, name, VERSION)

    make.__qualname__ = own
    return by_address(make, _COUNTS + (integers or len(parameters) - parameters.index("row") - 1))


def _loop(sample: Any, name: str, version: int) -> Loop:
    def loop(integers):  # type: ignore[no-untyped-def]
        parts, apart, rows, place = integers[0], integers[1], integers[2], integers[3]
        for _ in range(parts):
            for row in range(rows):
                _instructions(sample, name, row, place, integers)
            place += apart
        return version

    return loop


@_with_literals
def _instructions(typing: Any, sample: Any, name: Any, row: Any, place: Any, integers: Any) -> Any:
    body = _bodies[name.literal_value]

    def write(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        align_stack(builder)
        others = [builder.extract_value(args[4], i) for i in range(_COUNTS + 1, integers.count)]
        body(Code(builder, sample), *(Number(builder, value) for value in (*args[2:4], *others)))
        return context.get_dummy_value()

    return types.void(sample, name, types.intp, types.intp, integers), write


@_plain
def call(typing: Any, address: Any, parts: Any, apart: Any, rows: Any, integers: Any) -> Any:
    """Run the loop at an address for some parts of some rows, with its integers; the first one is a place."""

    def write(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        numbers = [*args[1:-1], *(builder.extract_value(args[-1], i) for i in range(integers.count))]
        together = ir.Constant(ir.ArrayType(args[0].type, len(numbers)), ir.Undefined)
        for i, number in enumerate(numbers):
            together = builder.insert_value(together, number, i)
        return called(builder, args[0], together)

    return types.intp(*[types.intp] * 4, integers), write
