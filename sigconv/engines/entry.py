"""Compiled loops that Python calls, cached on the disk."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

# What Numba imports at its first array, and at the first loop that is called by address, where an interrupt would leave
# its lock closed, and a fork would find the module half imported.
import numba.core.ccallback  # noqa: F401
import numpy.ma  # noqa: F401
from numba import njit
from numba.core.compiler_lock import global_compiler_lock

from .interrupts import uninterrupted

Loop = Callable[..., Any]
_OPTIONS: Any = {"nogil": True, "cache": True, "no_cfunc_wrapper": True}


def entry(**options: Any) -> Callable[[Loop], Loop]:
    """Return what makes a compiled loop of a function, to be called with arguments of any types."""

    def compiled(function: Loop) -> Loop:
        loop = njit(**_OPTIONS, **options)(function)
        loop.compile = partial(loaded, loop.compile)  # what Numba calls for arguments of types not met before
        return loop  # type: ignore[no-any-return]

    return compiled


def loaded(compile_loop: Callable[..., Any], *arguments: Any) -> Any:
    """Return what Numba compiles or reads from the disk, which no interrupt cuts short."""
    if global_compiler_lock.is_locked():  # type: ignore[no-untyped-call]  # by this thread: another would wait for it
        return compile_loop(*arguments)
    return uninterrupted(compile_loop, *arguments)
