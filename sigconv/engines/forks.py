"""What a forked process must find whole: of its parent's threads it has only the one that forked.

A lock that another thread held stays locked in it for ever, and a module that another thread was importing stays half
imported. So forks wait while an engine is imported, a loop compiled or a transform planned. What is locked for moments
only is free in the child: what such a lock guards is whole between any two steps of the code that holds it, since an
interrupt may come there, too.
"""

from __future__ import annotations

import os
import sys
import threading
from functools import cache
from importlib import import_module
from typing import Any
from weakref import WeakSet

from .interrupts import uninterrupted

_FORKS = hasattr(os, "register_at_fork")  # not on Windows

planning = threading.RLock()
_loading = threading.RLock()
_held: list[Any] = []


class Locked:
    """What has a lock for moments, which is free in a forked process, whoever held it in the parent."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        _owners.add(self)


_owners: WeakSet[Locked] = WeakSet()


def _renew() -> None:
    for owner in list(_owners):
        owner.lock = threading.Lock()


def load(name: str) -> Any:
    """Return a module of the engines, imported when it is first asked for."""
    return imported(f"{__package__}.{name}")


@cache
def imported(name: str) -> Any:
    """Return a module, imported while neither a fork nor an interrupt can come between."""
    _make_forks_wait()
    return uninterrupted(_import, name)


def _import(name: str) -> Any:
    with _loading:
        return import_module(name)


@cache
def _make_forks_wait() -> None:
    # Imported modules take logging's lock, which is held at forks as well: held after ours, as what registers last is
    # called first.
    import_module("logging")
    if _FORKS:
        os.register_at_fork(before=_hold, after_in_parent=_release, after_in_child=_release)


def _hold() -> None:
    """Wait until nothing is being loaded, compiled or planned."""
    _loading.acquire()
    numba = getattr(sys.modules.get("numba.core.compiler_lock"), "global_compiler_lock", None)
    for lock in (numba, planning):
        if lock is not None:
            lock.acquire()
            _held.append(lock)


def _release() -> None:
    while _held:
        _held.pop().release()
    _loading.release()


if _FORKS:
    os.register_at_fork(after_in_child=_renew)
