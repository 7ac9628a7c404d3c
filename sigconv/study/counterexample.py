"""The smallest arrays for which a claim is false."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .algebra import Algebra, Value
from .claims import Claim

Array = NDArray[Any]

_SAMPLES = 6  # of all operands together
_VALUES = (0, 1, 2)


@dataclass(frozen=True)
class Counterexample:
    """Operands for which the two sides of a claim differ, and the sides."""

    operands: tuple[Array, ...]
    left: Array
    right: Array

    def __str__(self) -> str:
        named = [f"{name} = {array}" for name, array in zip("fgh", self.operands, strict=False)]
        return f"for {', '.join(named)} the left side is {self.left}, the right side {self.right}"

    def as_dict(self) -> dict[str, Any]:
        """Return it as what JSON can hold."""
        operands = {name: array.tolist() for name, array in zip("fgh", self.operands, strict=False)}
        return operands | {"left": self.left.tolist(), "right": self.right.tolist()}


def smallest(claim: Claim, method: str) -> Counterexample | None:
    """Return the first of all small arrays of integers for which a claim is false: fewest samples, smallest numbers."""
    algebra = Algebra((0,), method)
    for operands in _small_arrays(claim.operands):
        f, g, h = (Value(array) for array in (*operands, *[np.ones(1, np.int64)] * (3 - claim.operands)))
        sides = claim.sides(algebra, f, g, h)
        if sides is not None and not np.array_equal(sides[0].array, sides[1].array):
            return Counterexample(operands, sides[0].array, sides[1].array)
    return None


def _small_arrays(count: int) -> Iterator[tuple[Array, ...]]:
    """Yield arrays of few samples before those of more, and of small sums before larger ones; none is all zero."""
    for samples in range(count, _SAMPLES + 1):
        for values in sorted(product(_VALUES, repeat=samples), key=sum):
            for lengths in product(range(1, samples + 1), repeat=count):
                if sum(lengths) == samples:
                    arrays = np.split(np.array(values), np.cumsum(lengths)[:-1])
                    if all(array.any() for array in arrays):
                        yield tuple(arrays)
