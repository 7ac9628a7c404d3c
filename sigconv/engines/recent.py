"""The last few things that were made, shared by threads."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Any, Generic, TypeVar

from .forks import Locked

T = TypeVar("T")


class Recent(Locked, Generic[T]):
    """The things made last, each for a key; a copy of it is empty, as they may be large and are made again."""

    def __init__(self, size: int) -> None:
        super().__init__()
        self._size = size
        self._made: OrderedDict[Hashable, T] = OrderedDict()

    def get(self, key: Hashable, make: Callable[[], T]) -> T:
        """Return what was made for a key, or make it."""
        with self.lock:
            if key in self._made:
                self._made.move_to_end(key)
                return self._made[key]
        made = make()
        with self.lock:
            self._made[key] = made
            while len(self._made) > self._size:
                self._made.popitem(last=False)
        return made

    def __reduce__(self) -> tuple[type[Recent[Any]], tuple[int]]:
        return Recent, (self._size,)
