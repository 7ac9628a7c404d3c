"""Which FFT engine serves, and a bounded pool of idle transforms (their plans and buffers)."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from importlib import import_module
from importlib.util import find_spec
from typing import Any, cast

import numpy as np

from .plain_fft import NUMPY, SCIPY
from .protocol import FFTEngine, Transform

Key = tuple[str, str, tuple[int, ...], tuple[int, ...], np.dtype[Any]]

_POOL_BYTES = 64 << 20


@lru_cache
def installed(module: str) -> bool:
    """Return whether a module can be imported, without importing it."""
    return find_spec(module) is not None


def engine_names(dtype: np.dtype[Any]) -> tuple[str, ...]:
    """Return the engines that serve a dtype, of those that are worth having."""
    if dtype.char in "gG":
        return ("scipy",)
    return ("numpy", "fftw" if installed("pyfftw") else "scipy")


def needed(engine: str) -> frozenset[str]:
    """Return what a process loads for an engine."""
    return frozenset() if engine == "numpy" else frozenset((engine,))


def fft_engine(name: str) -> FFTEngine:
    """Return an engine by its name; FFTW is imported when it is first asked for."""
    if name == "fftw":
        return cast(FFTEngine, import_module(".fftw", __package__).ENGINE)
    return {"numpy": NUMPY, "scipy": SCIPY}[name]


class _Pool:
    """Idle transforms, the least recently used ones dropped when their buffers pass a limit."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._idle: OrderedDict[Key, list[Transform]] = OrderedDict()
        self._bytes = 0

    def take(self, key: Key) -> Transform | None:
        with self._lock:
            found = self._idle.get(key)
            if not found:
                return None
            transform = found.pop()
            self._bytes -= transform.input.nbytes
            if not found:
                del self._idle[key]
            return transform

    def give(self, key: Key, transform: Transform) -> None:
        with self._lock:
            self._idle.setdefault(key, []).append(transform)
            self._idle.move_to_end(key)
            self._bytes += transform.input.nbytes
            while self._bytes > _POOL_BYTES:
                _, dropped = self._idle.popitem(last=False)
                self._bytes -= sum(t.input.nbytes for t in dropped)


_pool = _Pool()


@contextmanager
def lease(
    engine: str, direction: str, shape: tuple[int, ...], axes: tuple[int, ...], dtype: np.dtype[Any]
) -> Iterator[Transform]:
    """Lend a transform ("forward" or "inverse") to one thread, from the pool or newly made."""
    if not axes:  # over no axis, a transform changes nothing
        buffer = np.empty(shape, dtype)
        yield Transform(buffer, lambda: buffer)
        return
    key = (engine, direction, shape, axes, dtype)
    transform = _pool.take(key) or getattr(fft_engine(engine), direction)(shape, axes, dtype)
    yield transform
    _pool.give(key, transform)
