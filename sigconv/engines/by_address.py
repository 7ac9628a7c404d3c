"""Loops over integers alone, called by their address.

Each is compiled once, when it is first needed, and kept on disk. What calls it knows integers only, addresses and
distances in bytes, so that it is compiled once for all dtypes, and LLVM does not work through the loop again for every
function that calls it.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
from llvmlite import ir  # type: ignore[import-untyped]
from numba import cfunc, types
from numba.extending import intrinsic

from . import watch
from .entry import Loop, entry, loaded

_plain: Callable[[Callable[..., Any]], Callable[..., Any]] = intrinsic
_NUMBER = ir.IntType(64)
made: dict[str, Any] = {}  # which keeps them in memory


def by_address(make: Callable[..., Loop], integers: int) -> Callable[..., int]:
    """Return `address(dtype, *constants)` of a loop, which takes a tuple of so many integers and returns one.

    It is what `make(sample, *constants)` returns for a sample of the dtype.
    """
    signature = types.intp(types.UniTuple(types.intp, integers))  # type: ignore[no-untyped-call]

    @cache
    def address(dtype: np.dtype[Any], *constants: Any) -> int:
        loop = make(dtype.type(0), *constants)
        # Numba keeps functions of one name in one file, told apart by a number that counts what a process compiles.
        # Those that two processes leave there may share both, and a third process would call one for the other.
        loop.__qualname__ = "_".join((make.__qualname__, dtype.name, *map(str, constants)))
        name = f"{make.__module__}.{loop.__qualname__}"
        made.setdefault(name, loaded(cfunc(signature, cache=True, error_model="numpy"), loop))
        return int(made[name].address)

    return address


@_plain
def run(typing: Any, address: Any, integers: Any) -> Any:
    """Run the loop at an address; return the integer that it returns."""

    def write(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return called(builder, *args)

    return types.intp(types.intp, integers), write


def called(builder: Any, address: Any, integers: Any) -> Any:
    """Write a call of the loop at an address; return the integer that it returns."""
    kind = ir.FunctionType(_NUMBER, [integers.type])
    return builder.call(builder.inttoptr(address, kind.as_pointer()), [integers])


@entry()
def run_loop(address, integers):  # type: ignore[no-untyped-def]
    """Run the loop at an address for Python; return the integer that it returns."""
    return run(address, integers)


@_plain
def integer_at(typing: Any, address: Any) -> Any:
    """Return the integer of 64 bits at an address."""

    def write(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return watch.integer(builder, args[0])

    return types.intp(types.intp), write
