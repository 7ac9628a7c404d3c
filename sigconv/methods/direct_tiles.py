"""The tiles of direct sums: how large they are, and which parts of them the loops can read in place."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from math import prod
from typing import Any

from ..semantics.dtypes import is_exact
from ..semantics.problem import Axis, Problem
from .protocol import Estimate, Limits
from .tiles import Tile

# Outputs of a tile, and bytes of its products: work of a millisecond or so, beside which the Python around it counts
# for little. Problems of a few tenths of that are cut for two workers.
FEWEST, _MOST, _PRODUCT_BYTES = 1 << 14, 1 << 19, 1 << 27
_ROW = 1 << 12
_ROWS = 4
# Samples that a tile reads of a signal that it steps through.
_READ = 1 << 22
# Outputs that are read in place without the ghosts at their ends, if they are so many that the copy would cost more.
_INSIDE = 1 << 15


def in_tiles(estimates: Callable[[int], list[Estimate]], sizes: tuple[int, ...], limits: Limits) -> list[Estimate]:
    """Return estimates in tiles of one of some sizes, whichever takes less time, or of fewer outputs until they fit."""
    first, *others = [_in_tiles(estimates, outputs, limits) for outputs in sizes]
    for found in others:
        pairs = zip(first, found, strict=True)
        first = [min(pair, key=lambda e: (not limits.fit(e), e.seconds)) for pair in pairs]
    return first


def _in_tiles(estimates: Callable[[int], list[Estimate]], outputs: int, limits: Limits) -> list[Estimate]:
    """Return estimates in tiles of about so many outputs, or of fewer until they fit in memory."""
    found = estimates(outputs)
    while outputs > FEWEST and not limits.fit(found[0]):
        outputs //= 2
        found = estimates(outputs)
    return found


def tile_outputs(problem: Problem, quick: bool) -> tuple[int, ...]:
    """Return how many outputs a tile may have at most; `quick` says that a tile is one call of compiled code.

    Where one tile may hold all, and two may be faster or not, these are two numbers.
    """
    total = prod(problem.shape)
    each = problem.taps * problem.working_dtype.itemsize
    most = max(FEWEST, min(_MOST, _PRODUCT_BYTES // each))
    if quick:
        return (min(most, -(-total // 4)) if total * each > _PRODUCT_BYTES // 4 else most,)
    if total * each <= _PRODUCT_BYTES // 2:
        return (most,)
    half = min(most, -(-total // 2))
    return (half, total) if total <= most else (half,)


def conv_steps(problem: Problem, outputs: int) -> tuple[int, ...]:
    """Return tile sizes on the convolved axes: rows that suit the inner loop, as many as the tile holds.

    Where the kernel is longer than the signal, small tiles keep the taps that meet no sample out of the sums.
    """
    left, room, steps = outputs, _READ, list[int]()
    for axis in reversed(problem.axes):
        step = min(axis.count, _ROW if len(problem.axes) > 1 else left, left)
        if axis.silent and axis.span > axis.signal:
            step = min(step, max(axis.signal, 256))
        if axis.stride > 1:
            step = max(1, min(step, (room - axis.span) // axis.stride + 1))
            room //= axis.stride * step
        step = _even(axis.count, max(1, step))
        steps.append(_in_fours(axis.count, step) if steps else step)
        left //= max(1, step)
    return tuple(reversed(steps))


def _even(count: int, step: int) -> int:
    """Return the step that cuts into an even number of parts of much the same size, if it cuts at all."""
    parts = -(-count // step)
    return step if parts <= 1 else -(-count // (parts + parts % 2))


def _in_fours(count: int, step: int) -> int:
    """Return the step that cuts an axis into parts of whole fours of rows, which the loops sum together."""
    if step >= count or step < _ROWS:
        return step
    if step < 2 * _ROWS:  # blocks of so few rows are the slower ones
        return min(count, 2 * _ROWS)
    more = -(-step // _ROWS) * _ROWS
    return more if -(-count // more) == -(-count // step) else more - _ROWS


def parts(problem: Problem, tile: Tile) -> list[tuple[Tile, Any]]:
    """Return a long tile of one axis cut where the signal ends, so that what lies inside can be read in place.

    Integers are converted, and so copied, all the same.
    """
    if len(problem.axes) != 1 or is_exact(problem.result_dtype):
        return [(tile, ...)]
    (axis,) = problem.axes
    wanted = tile.slices[axis.position]
    begin = max(wanted.start, -(-(axis.span - 1 - axis.start) // axis.stride))
    end = min(wanted.stop, (axis.signal - 1 - axis.start) // axis.stride + 1)
    if end - begin < _INSIDE or end - begin == wanted.stop - wanted.start:
        return [(tile, ...)]
    cuts = [slice(a, b) for a, b in pairwise((wanted.start, begin, end, wanted.stop)) if a < b]
    before, after = tile.slices[: axis.position], tile.slices[axis.position + 1 :]
    return [
        (Tile((*before, cut, *after)), (*(slice(None) for _ in before), _shifted(cut, -wanted.start))) for cut in cuts
    ]


def _shifted(cut: slice, by: int) -> slice:
    return slice(cut.start + by, cut.stop + by)


def taps_met(axis: Axis, step: int) -> int:
    """Return how many taps a tile of some outputs multiplies."""
    if not axis.silent:
        return axis.taps
    return min(axis.taps, -(-(axis.signal + step * axis.stride) // axis.dilation))


def samples_met(axis: Axis) -> int:
    """Return how many products the taps of one axis have with samples, and with ghosts that are not silent."""
    each = min(axis.count, -(-axis.signal // axis.stride)) if axis.silent else axis.count
    return axis.taps * each


def least_products(problem: Problem) -> int:
    """Return how many products there are at least, whatever the tiles and the loops."""
    products = problem.batch
    for axis in problem.axes:
        if axis.silent:
            products *= min(axis.count, -(-axis.signal // axis.stride)) * min(
                axis.taps, -(-axis.signal // axis.dilation)
            )
        else:
            products *= axis.count * axis.taps
    return products


def held_bytes(problem: Problem, tile: tuple[int, ...]) -> int:
    """Return what a worker holds of a tile: what it reads and gives, both twice.

    Converted samples are a third copy; of integers there are sums of a limb, too, and of all limbs so far.
    """
    exact, converted = is_exact(problem.result_dtype), problem.signal_dtype != problem.working_dtype
    read, written = 3 if exact or converted else 2, 4 if exact else 2
    return (read * prod(extended(problem, tile)) + written * prod(tile)) * problem.working_dtype.itemsize


def extended(problem: Problem, tile: tuple[int, ...]) -> list[int]:
    """Return the shape of what a tile reads."""
    shape = list(tile)
    for axis in problem.axes:
        shape[axis.position] = axis.stride * (tile[axis.position] - 1) + axis.span
    return shape
