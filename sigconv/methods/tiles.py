"""Tiles of the result, and what each of them reads: the one place where the window becomes samples and taps."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from itertools import product
from math import prod
from typing import Any, NamedTuple

import numpy as np

from ..engines.protocol import Array
from ..semantics.boundary import NUMBERS, Span, extend
from ..semantics.dtypes import FLOATS
from ..semantics.problem import Axis, Problem

_READ_DTYPES = "?bBhHiIlLqQ" + FLOATS


class Tile(NamedTuple):
    """A piece of the result: one slice for each of its axes; `cut` says that a signal is cut to its batch already."""

    slices: tuple[slice, ...]
    cut: bool = False

    def samples(self, signal: Array, positions: tuple[int, ...]) -> Array:
        """Return the part of a signal that the tile's batch axes select."""
        return signal if self.cut else self.batch(signal, positions)

    def batch(self, array: Array, positions: tuple[int, ...]) -> Array:
        """Return the part of an operand that the tile's batch axes select; axes of size 1 are shared."""
        index: list[Any] = [
            slice(None) if i in positions or array.shape[i] == 1 else s for i, s in enumerate(self.slices)
        ]
        return array[(*index, ...)]  # an array, also of no axis


def first_of_every(problem: Problem, counts: Iterable[int]) -> tuple[slice, ...]:
    """Return the index of the first of every so many outputs along each convolved axis."""
    steps = dict(zip(problem.positions, counts, strict=True))
    return tuple(slice(None, None, steps.get(i)) for i in range(len(problem.shape)))


class Reach(NamedTuple):
    """What one tile reads on one axis.

    Outputs `first`, `first + stride`, …, `last` (in the full result) read the extended signal at [start, stop)
    through the taps [low, high).
    """

    axis: Axis
    first: int
    last: int
    low: int
    high: int
    start: int
    stop: int

    @property
    def empty(self) -> bool:
        """Whether no tap meets a sample."""
        return self.low >= self.high or self.start >= self.stop


def tiles(shape: tuple[int, ...], steps: tuple[int, ...]) -> Iterator[Tile]:
    """Yield the tiles of a result in C order."""
    ranges = [
        [slice(a, min(a + step, size)) for a in range(0, size, step)] for size, step in zip(shape, steps, strict=True)
    ]
    return (Tile(slices) for slices in product(*ranges))


def strip_sizes(shape: tuple[int, ...], most: int) -> tuple[int, ...]:
    """Return the sizes of parts of an array that are as long as can be, with some numbers at most.

    >>> strip_sizes((10, 20, 30), 100)
    (1, 3, 30)
    """
    sizes = []
    for size in reversed(shape):
        sizes.append(max(1, min(size, most)))
        most //= sizes[-1]
    return tuple(reversed(sizes))


def count_tiles(shape: tuple[int, ...], steps: tuple[int, ...]) -> int:
    """Return how many tiles a result has."""
    return prod([-(-size // step) for size, step in zip(shape, steps, strict=True)])


def contributing(axis: Axis, first: int, last: int) -> tuple[int, int]:
    """Return the taps [low, high) that the outputs first … last need; silent ghosts need none."""
    if axis.trimmed or not axis.silent:
        return 0, axis.taps
    low = max(0, -((axis.signal - 1 - first) // axis.dilation))
    return low, min(axis.taps, last // axis.dilation + 1)


def reach_of(axis: Axis, wanted: slice, taps: tuple[int, int] | None = None) -> Reach:
    """Return what the outputs number wanted.start … wanted.stop − 1 of one axis read."""
    first = axis.start + axis.stride * wanted.start
    last = axis.start + axis.stride * (wanted.stop - 1)
    low, high = taps or contributing(axis, first, last)
    return Reach(axis, first, last, low, high, first - axis.dilation * (high - 1), last - axis.dilation * low + 1)


def clipped(reach: Reach) -> Reach:
    """Return the reach without silent ghosts, for methods whose zero padding serves as well."""
    if not reach.axis.silent:
        return reach
    # The first output may fall into a hole of a dilated kernel that is longer than the signal.
    start = min(max(0, reach.start), reach.first - reach.axis.dilation * reach.low)
    stop = min(reach.axis.signal, reach.stop)
    return Reach(reach.axis, reach.first, reach.last, reach.low, reach.high, start, stop)


def numbers_outside(problem: Problem) -> set[Any]:
    """Return the numbers that stand where no sample does."""
    names = {axis.boundary for axis in problem.axes}.intersection(NUMBERS)
    return {problem.fill_value if name == "constant" else 0 for name in names}


def is_known_to_loops(samples: Array) -> bool:
    """Return whether compiled loops can read samples, and convert them by themselves."""
    return samples.dtype.char in _READ_DTYPES and samples.dtype.isnative and samples.flags.aligned


def gather(signal: Array, problem: Problem, reaches: list[Reach]) -> Array:
    """Return the extended signal where the reaches need it; a view where nothing lies outside."""
    held = {r.axis: r for r in reaches}
    ordered = [held[axis] for axis in problem.extension_order if axis in held]
    spans = [Span(r.axis.position, r.start, r.stop, r.axis.boundary) for r in ordered]
    return extend(signal, spans, problem.fill_value)


def trimmed(kernel: Array, reaches: list[Reach]) -> Array:
    """Return the taps of the oriented kernel that the reaches hold."""
    index: list[Any] = [slice(None)] * kernel.ndim
    for r in reaches:
        index[r.axis.position] = slice(r.low, r.high)
    return kernel[(*index, ...)]


def tile_steps(
    problem: Problem, conv_steps: Sequence[int], budget: float, weight: float | None = None
) -> tuple[int, ...]:
    """Return tile sizes: the given ones on the convolved axes, as many batch entries as the budget allows.

    `weight` is what one batch entry costs of the budget (by default the outputs of a tile).
    """
    steps, outputs = list(problem.shape), 1
    for axis, step in zip(problem.axes, conv_steps, strict=True):
        steps[axis.position] = size = max(1, min(step, axis.count))
        outputs *= size
    if not problem.batch_positions:
        return tuple(steps)
    left = max(1, int(budget / (weight or outputs)))
    # First the axes on which the signal is shared: it is transformed once for all kernels of a tile. Then those on
    # which the kernel is: blocks of real samples that meet one kernel are transformed in pairs.
    for i in sorted(
        problem.batch_positions, key=lambda i: (problem.signal_shape[i] > 1, problem.kernel_shape[i] > 1, -i)
    ):
        steps[i] = max(1, min(steps[i], left))
        left = max(1, left // steps[i])
    return tuple(steps)


def bank_of(problem: Problem) -> int:
    """Return how many kernels each signal meets."""
    return problem.batch // problem.signal_batch


def kernels_in(tile: Sequence[int], problem: Problem) -> int:
    """Return how many kernels each signal meets in a tile."""
    return prod([tile[i] for i in problem.batch_positions if problem.signal_shape[i] == 1])


def lines_of_kernel(tile: Sequence[int], problem: Problem) -> int:
    """Return how many entries of the batch meet one kernel in a tile."""
    return prod([tile[i] for i in problem.batch_positions if problem.kernel_shape[i] == 1])


def part_of_bank(kernels: float) -> float:
    """Return which part of there and back a block takes for each of some kernels: one half is done once for all."""
    return (1 + 1 / kernels) / 2


def transforms_of(problem: Problem) -> float:
    """Return how many transforms, there and back, the blocks of one place take in all entries of the batch."""
    return problem.batch * part_of_bank(bank_of(problem)) / (1 if problem.working_dtype.kind == "c" else 2)


@lru_cache(maxsize=256)
def convolved_last(ndim: int, positions: tuple[int, ...]) -> tuple[int, ...]:
    """Return the order of axes that has the convolved ones last.

    >>> convolved_last(3, (0, 1))
    (2, 0, 1)
    """
    return (*(i for i in range(ndim) if i not in positions), *positions)


def last_axis(array: Array, position: int, back: bool = False) -> Array:
    """Return an array with an axis moved to the end, or back from there; as it is where it stands there."""
    if position == array.ndim - 1:
        return array
    return np.moveaxis(array, -1, position) if back else np.moveaxis(array, position, -1)
