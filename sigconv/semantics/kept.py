"""Properties that are computed once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Generic, TypeVar

T = TypeVar("T")


class kept(Generic[T]):
    """A property that is computed once, without the lock that `functools.cached_property` holds up to Python 3.11."""

    def __init__(self, make: Callable[[Any], T]) -> None:
        self._make, self._name = make, make.__name__
        self.__doc__ = make.__doc__

    def __get__(self, value: Any, owner: Any = None) -> T:
        if value is None:  # asked of the class, by what documents it
            raise AttributeError(self._name)
        made: T = self._make(value)
        value.__dict__[self._name] = made
        return made
