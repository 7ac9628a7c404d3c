"""Work that threads share while none of them holds the interpreter's lock: each takes what is next."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from .. import watch
from ..protocol import Array
from ..simd import instruction

# Calls a function as often as there are threads for it, and returns when all calls have.
Share = Callable[[Callable[[], None]], None]


def alone(work: Callable[[], None]) -> None:
    """Do all of the work in this thread."""
    work()


def counter() -> Array:
    """Return what threads count with: how many pieces of the work have been taken."""
    return np.zeros(1, np.int64)


@instruction
def next_piece(typing: Any, counted: Any) -> Any:
    """Return how many pieces have been taken, and take the next one; `counted` is the counter's address."""

    def write(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        watch.check(builder, args[0], 8)
        return watch.counted(builder, args[0])

    return counted(counted), write
