"""Where arrays stand in memory, and every load and store of compiled loops, checked: for whoever changes them.

The loops compute addresses of their own. With SIGCONV_CHECK_MEMORY=1, set before sigconv is imported, compiled code
asks before each load and store whether all its bytes lie in one array whose address was taken, and stops the process
where they don't. An array counts until it is freed; of those that compiled code makes itself the last few count.
Where compiled code indexes an array, Numba checks the index.
"""

from __future__ import annotations

import os
import threading
import weakref
from collections import Counter, deque
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
from llvmlite import binding, ir  # type: ignore[import-untyped]
from numba import carray, cfunc, config, njit, types  # type: ignore[attr-defined]
from numba.extending import intrinsic

from .protocol import Array

WATCHING = os.environ.get("SIGCONV_CHECK_MEMORY") == "1"
if WATCHING:
    config.BOUNDSCHECK = 1  # type: ignore[attr-defined]
_RECENT, _MOST = 512, 1 << 16  # ranges: of compiled code's own arrays, and of all
_CHECK, _NOTE = "sigconv_check_memory", "sigconv_note_memory"
_NUMBER = ir.IntType(64)
# No other code calls these: wrappers for it would take most of the time of compiling them.
_inner: Callable[..., Any] = partial(njit, nogil=True, no_cpython_wrapper=True, no_cfunc_wrapper=True)
_compiled: Callable[[Callable[..., Any]], Callable[..., Any]] = intrinsic
_FUNCTION = ir.FunctionType(ir.VoidType(), [_NUMBER, _NUMBER])

# The ranges [begin, end); in the row before them how many there are, and how many compiled code has noted.
_table = np.zeros((1 + _MOST if WATCHING else 0, 2), np.int64)
_held = Counter[tuple[int, int]]()
_freed = deque[tuple[int, int]]()  # their ranges are forgotten at the next look, since arrays are freed at any moment
_lock = threading.Lock()


def know(array: Array) -> None:
    """Let compiled code read and write an array from now on until the memory's owner is freed."""
    span = np.lib.array_utils.byte_bounds(array)
    owner = array
    while isinstance(owner.base, np.ndarray):
        owner = owner.base
    weakref.finalize(owner, _freed.append, span)
    with _lock:
        while _freed:
            _forget(_freed.popleft())
        _held[span] += 1
        if _held[span] == 1:
            _table[1 + _RECENT + _table[0, 0]] = span
            _table[0, 0] += 1


def _forget(span: tuple[int, int]) -> None:
    _held[span] -= 1
    if _held[span] == 0:
        count = _table[0, 0]
        known = _table[1 + _RECENT : 1 + _RECENT + count]
        known[np.flatnonzero((known == span).all(axis=1))[0]] = known[count - 1]
        _table[0, 0] -= 1


def check(builder: Any, address: Any, size: Any) -> None:
    """Write the question whether some bytes may be read or written."""
    if WATCHING:
        builder.call(_function(builder, _CHECK), [address, _number(size)])


def note(builder: Any, address: Any, size: Any) -> None:
    """Write that some bytes may be read and written from now on."""
    if WATCHING:
        builder.call(_function(builder, _NOTE), [address, builder.add(address, _number(size))])


def integer(builder: Any, address: Any) -> Any:
    """Write the load of the integer of 64 bits at an address."""
    check(builder, address, 8)
    return _loaded(builder, address)


def _loaded(builder: Any, address: Any) -> Any:
    return builder.load(builder.inttoptr(address, _NUMBER.as_pointer()), align=8)


def counted(builder: Any, address: Any) -> Any:
    """Write that a count at an address goes up by one, whatever other threads do; return the count before."""
    return builder.atomic_rmw("add", builder.inttoptr(address, _NUMBER.as_pointer()), _number(1), "monotonic")


def _number(value: Any) -> Any:
    return ir.Constant(_NUMBER, value) if isinstance(value, int) else value


def _function(builder: Any, name: str) -> Any:
    return builder.module.globals.get(name) or ir.Function(builder.module, _FUNCTION, name)


@_compiled
def _pointer(typing: Any, kind: Any, address: Any, size: Any) -> Any:
    """Return an address, with so many bytes behind it, as a pointer to samples of an array's dtype."""
    result = types.CPointer(kind.dtype)  # type: ignore[no-untyped-call]

    def code(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        check(builder, args[1], args[2])
        return builder.inttoptr(args[1], context.get_value_type(result))

    return result(kind, types.intp, types.intp), code


@_inner()
def samples_at(kind, address, count):  # type: ignore[no-untyped-def]
    """Return the samples of an array's dtype at an address, as a line of so many."""
    return carray(_pointer(kind, address, count * kind.itemsize), (count,))


@_compiled
def sample_at(typing: Any, kind: Any, address: Any) -> Any:
    """Return the sample of an array's dtype at an address."""

    def code(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        sample = context.get_value_type(kind.dtype)
        check(builder, args[1], context.get_abi_sizeof(sample))
        return builder.load(builder.inttoptr(args[1], sample.as_pointer()))

    return kind.dtype(kind, types.intp), code


@_compiled
def _known(typing: Any, address: Any, size: Any) -> Any:
    """Return an address, after which so many bytes may be read and written."""

    def code(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        note(builder, *args)
        return args[0]

    return types.intp(types.intp, types.intp), code


@_inner()
def address(array):  # type: ignore[no-untyped-def]
    """Return where an array's first element stands: of a contiguous one."""
    return _known(array.ctypes.data, array.nbytes)


@_compiled
def _entry(typing: Any, address: Any) -> Any:
    """Return the number at an address."""

    def write(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return _loaded(builder, args[0])

    return types.int64(types.int64), write


@_compiled
def _put(typing: Any, address: Any, number: Any) -> Any:
    """Write a number to an address."""

    def write(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        builder.store(args[1], builder.inttoptr(args[0], _NUMBER.as_pointer()))
        return context.get_dummy_value()

    return types.void(types.int64, types.int64), write


@_compiled
def _counted(typing: Any, address: Any) -> Any:
    """Count one up at an address, and return the count before."""

    def write(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return counted(builder, args[0])

    return types.int64(types.int64), write


@_compiled
def _stop(typing: Any) -> Any:
    """End the process at once, as the CPU does for an illegal instruction."""

    def write(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        builder.call(builder.module.declare_intrinsic("llvm.trap", (), ir.FunctionType(ir.VoidType(), [])), [])
        return context.get_dummy_value()

    return types.void(), write


def _install() -> tuple[Any, Any]:
    """Compile what checks and what notes, and give them the names by which compiled code knows them."""
    table, first = _table.ctypes.data, _table.ctypes.data + _table.strides[0]

    @cfunc(types.void(types.int64, types.int64))
    def check_memory(address, size):  # type: ignore[no-untyped-def]
        # What was known last is looked at first.
        for i in range(_RECENT + _entry(table) - 1, -1, -1):
            if _entry(first + 16 * i) <= address and address + size <= _entry(first + 16 * i + 8):
                return
        _stop()

    @cfunc(types.void(types.int64, types.int64))
    def note_memory(begin, end):  # type: ignore[no-untyped-def]
        # What is there is noted again in time, so that it stays for so many others.
        count: int = _entry(table + 8)
        for age in range(_RECENT // 2):
            place = first + 16 * ((count - 1 - age) % _RECENT)
            if _entry(place) == begin and _entry(place + 8) == end:
                return
        slot = first + 16 * (_counted(table + 8) % _RECENT)
        _put(slot, begin)
        _put(slot + 8, end)

    binding.add_symbol(_CHECK, check_memory.address)
    binding.add_symbol(_NOTE, note_memory.address)
    return check_memory, note_memory


_installed = _install() if WATCHING else None
