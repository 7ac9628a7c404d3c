"""What an interrupt must not cut short: imports, and loops that are compiled or read from the disk.

KeyboardInterrupt, like whatever a signal's handler raises, comes in the main thread, between any two of its steps.
Where it comes while llvmlite takes or gives back its lock, the lock stays closed, and whatever loads the next loop
waits for ever. So loading has a thread of its own where it begins in the main one: an interrupt then ends the waiting
at once, and the loading goes on to its end.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any, Generic, TypeVar

T = TypeVar("T")


def uninterrupted(work: Callable[..., T], *arguments: Any) -> T:
    """Return what some work returns or raise what it raises; once it has begun it comes to its end."""
    if threading.get_ident() != threading.main_thread().ident:
        return work(*arguments)
    done = _Done(work, arguments)
    try:
        thread = threading.Thread(target=done.run, name="sigconv-loading")
        thread.start()
    except RuntimeError:  # no thread can be started any more, as the process ends
        return work(*arguments)
    thread.join()
    return done.result()


class _Done(Generic[T]):
    """Some work, and what came of it."""

    def __init__(self, work: Callable[..., T], arguments: tuple[Any, ...]) -> None:
        self._work, self._arguments = work, arguments
        self._error: BaseException | None = None

    def run(self) -> None:
        try:
            self._value: T = self._work(*self._arguments)
        except BaseException as error:
            self._error = error

    def result(self) -> T:
        if self._error is None:
            return self._value
        try:
            raise self._error
        finally:
            self._error = None  # its traceback holds this frame
