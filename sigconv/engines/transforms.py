"""Which FFT engine serves, and a bounded pool of idle transforms (their plans and buffers)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from importlib.util import find_spec
from typing import Any, cast

import numpy as np

from .forks import Locked, load
from .plain_fft import NUMPY, SCIPY
from .protocol import FFTEngine, Transform

Key = tuple[str, str, tuple[int, ...], tuple[int, ...], np.dtype[Any]]

_MOST_IDLE, _MOST_BYTES = 64, 64 << 20


@lru_cache
def installed(module: str) -> bool:
    """Return whether a module can be imported, without importing it."""
    return find_spec(module) is not None


def engine_names(dtype: np.dtype[Any]) -> tuple[str, ...]:
    """Return the engines that serve a dtype, of those that are worth having."""
    if dtype.char in "gG":
        return ("scipy",)
    return ("numpy", "fftw" if installed("pyfftw") else "scipy")


def priced_as(engine: str, axes: int, mixed: bool) -> str:
    """Return what an engine's transforms over some axes are priced as; `mixed` lengths are not all powers of two."""
    if engine == "fftw" and axes > 1 and mixed:
        return "fftw axes"
    return "numpy volumes" if engine == "numpy" and axes > 2 else engine


def needed(engine: str) -> frozenset[str]:
    """Return what a process loads for an engine."""
    return frozenset() if engine == "numpy" else frozenset((engine,))


def fft_engine(name: str) -> FFTEngine:
    """Return an engine by its name; FFTW is imported when it is first asked for."""
    if name == "fftw":
        return cast(FFTEngine, load("fftw").ENGINE)
    return {"numpy": NUMPY, "scipy": SCIPY}[name]


class _Pool(Locked):
    """Idle transforms, the last used last; the first ones are dropped when they are too many or too large."""

    def __init__(self) -> None:
        super().__init__()
        self._idle: list[tuple[Key, Transform]] = []
        self._bytes = 0

    def take(self, key: Key) -> Transform | None:
        with self.lock:
            for i in reversed(range(len(self._idle))):
                if self._idle[i][0] == key:
                    _, transform = self._idle.pop(i)
                    self._bytes -= transform.bytes
                    return transform
        return None

    def give(self, key: Key, transform: Transform) -> None:
        if transform.bytes > _MOST_BYTES:
            return
        with self.lock:
            self._idle.append((key, transform))
            self._bytes += transform.bytes
            dropped = self._dropped()
        del dropped  # and their plans, now that no other thread waits for it

    def _dropped(self) -> list[tuple[Key, Transform]]:
        """Return what was dropped so that the rest keeps to the limits."""
        if len(self._idle) <= _MOST_IDLE and self._bytes <= _MOST_BYTES:
            return []
        # Counted anew: an interrupt may have come between a change of the list and that of the sum.
        left = sum(transform.bytes for _, transform in self._idle)
        for number, (_, transform) in enumerate(self._idle):
            if len(self._idle) - number <= _MOST_IDLE and left <= _MOST_BYTES:
                break
            left -= transform.bytes
        dropped, self._idle[:number] = self._idle[:number], []
        self._bytes = left
        return dropped


_pool = _Pool()


@contextmanager
def lease(
    engine: str, direction: str, shape: tuple[int, ...], axes: tuple[int, ...], dtype: np.dtype[Any]
) -> Iterator[Transform]:
    """Lend a transform ("forward" or "inverse") to one thread, from the pool or newly made."""
    if not axes:  # over no axis, a transform changes nothing
        buffer = np.empty(shape, dtype)
        yield Transform(buffer, lambda: buffer, buffer.nbytes)
        return
    key = (engine, direction, shape, axes, dtype)
    transform = _pool.take(key) or getattr(fft_engine(engine), direction)(shape, axes, dtype)
    yield transform
    _pool.give(key, transform)
