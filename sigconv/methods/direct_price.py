"""What direct sums take: by which loops, in tiles of which size, and what these need."""

from __future__ import annotations

from functools import lru_cache
from math import prod
from typing import NamedTuple

import numpy as np

from ..engines.transforms import installed
from ..semantics.dtypes import FLOATS, DType, is_exact
from ..semantics.problem import Problem
from .direct_tiles import conv_steps, held_bytes, least_products, samples_met, taps_met
from .protocol import Costs, Estimate, Settings
from .shares import share_of, shared, waking
from .small import lines_of
from .tiles import count_tiles, tile_steps

# A call by compiled loops that is made at once, in calls of numpy.convolve.
_COMPILED_CALL = 1.5
# Integers in lines: calls of three conversions and two norms, and the dtype of their sums, mostly.
_CONVERTING, _SUMS = 5, np.dtype(np.float64)
# How many times as much Python exact sums take as a tile of floats: a look for peaks, and with NumPy operands are
# split, and what the parts give is added.
_EXACT = {"numba": 1.6, "numpy": 2.0}
_VECTOR = 64  # bytes
_SKIPPED = 64  # samples between windows that are copied, too, where windows do not overlap


class _Tiles(NamedTuple):
    """Tiles of some size: how many there are, and which share of them the busiest worker computes."""

    sizes: tuple[int, ...]
    number: int
    share: float


def priced(problem: Problem, costs: Costs, outputs: int, kinds: tuple[str, ...], alike: bool) -> list[Estimate]:
    """Return the price of all products by each kind of loop, with tiles of about so many outputs."""
    tile = tile_steps(problem, conv_steps(problem, outputs), outputs)
    count = count_tiles(problem.shape, tile)
    tiles = _Tiles(tile, count, share_of(count, costs.workers))
    memory = _memory(problem, tile)
    seconds = [_PRICED[kind](problem, costs, tiles, alike) for kind in kinds]
    return [
        Estimate(Settings(tile, kind), each, *memory, needed(problem, kind, alike))
        for kind, each in zip(kinds, seconds, strict=True)
    ]


def in_lines(problem: Problem, costs: Costs) -> list[Estimate]:
    """Return the price of a small problem that is laid out in lines, all of it at once, if it is one."""
    lines = lines_of(problem)
    if lines is None:
        return []
    exact = is_exact(problem.result_dtype)
    each = costs.lines(_SUMS if exact else problem.working_dtype, lines.sums, lines.taps)
    seconds = (lines.calls + exact * _CONVERTING) * costs.call + lines.number * each
    return [Estimate(Settings(problem.shape, "numpy"), seconds, *_memory(problem, problem.shape))]


def least_compiled(problem: Problem, costs: Costs) -> float:
    """Return a time below which compiled loops are not."""
    products = costs.products("numba", problem.working_dtype, least_products(problem))
    return _COMPILED_CALL * costs.call + shared(products, costs)


def _memory(problem: Problem, tile: tuple[int, ...]) -> tuple[int, int]:
    """Return the bytes that all workers share, the taps, and what each holds of a tile."""
    return prod(problem.kernel_shape) * problem.working_dtype.itemsize, held_bytes(problem, tile)


def _by_compiled_loops(problem: Problem, costs: Costs, tiles: _Tiles, alike: bool) -> float:
    """Return the time of all tiles by compiled loops, in one call if all operands are `alike`."""
    products = _swept(problem, tiles.sizes) * _in_vectors(problem)
    sums = tiles.share * sum_seconds(problem, costs, "numba", products, 0)
    if alike:
        return _COMPILED_CALL * costs.call + waking(tiles.number, costs) + sums
    return _around(problem, costs, tiles, "numba") + sums


def _by_numpy(problem: Problem, costs: Costs, tiles: _Tiles, alike: bool) -> float:
    """Return the time of all tiles by NumPy."""
    met = _swept(problem, tiles.sizes) if is_lines(problem) else problem.batch * prod(map(samples_met, problem.axes))
    sums = tiles.share * sum_seconds(problem, costs, "numpy", met, tiles.number * problem.taps)
    return _around(problem, costs, tiles, "numpy") + sums


# How the time of each kind of loops is found.
_PRICED = {"numpy": _by_numpy, "numba": _by_compiled_loops}


def _around(problem: Problem, costs: Costs, tiles: _Tiles, loops: str) -> float:
    """Return the time of a call and of the Python around its tiles, beside the sums; workers begin in turn."""
    python = costs.tile * (_EXACT[loops] if is_exact(problem.result_dtype) else 1)
    turns = tiles.share * tiles.number + max(0, min(tiles.number, costs.workers) - 1)
    return costs.call + waking(tiles.number, costs) + turns * python


def _swept(problem: Problem, tile: tuple[int, ...]) -> int:
    """Return how many products the taps of all tiles have, with ghosts, too."""
    return prod(problem.shape) * prod([taps_met(axis, tile[axis.position]) for axis in problem.axes])


@lru_cache(maxsize=64)
def least_product(costs: Costs, dtype: DType) -> float:
    """Return the least time of a product with its sum, by any loop and with as many taps as suit it."""
    compiled = ("numba",) if is_exact(dtype) or dtype.char in FLOATS else ()
    each = [costs.products(loops, dtype, 1) for loops in ("numpy", "numpy taps", *compiled)]
    return min(*each, *[costs.lines(d, 1, 1) for d in (dtype, _SUMS)])


def _in_vectors(problem: Problem) -> float:
    """Return how many times the outputs there are sums, since the loops sum whole vectors of each row."""
    if not problem.axes:
        return 1.0
    width, lanes = max(1, problem.axes[-1].count), _VECTOR // problem.working_dtype.itemsize
    return -(-width // lanes) * lanes / width


def is_lines(problem: Problem) -> bool:
    """Return whether numpy.convolve can serve: one axis, every tap and every output."""
    return len(problem.axes) == 1 and problem.axes[0].stride == problem.axes[0].dilation == 1


def sum_seconds(problem: Problem, costs: Costs, loops: str, products: float, taps: float) -> float:
    """Return the time of the sums of all tiles: of products, and of taps that NumPy multiplies one by one."""
    if loops != "numpy":
        return costs.products(loops, problem.working_dtype, products)
    if is_lines(problem):
        sums = prod(problem.shape)
        return costs.lines(problem.working_dtype, sums, products / max(1, sums))
    return taps * costs.call + costs.products("numpy taps", problem.working_dtype, products)


def loops_for(problem: Problem) -> tuple[str, ...]:
    """Return whose loops serve."""
    known = is_exact(problem.result_dtype) or problem.working_dtype.char in FLOATS
    # Compiled loops copy what they step over.
    dense = all(axis.stride <= max(axis.span, _SKIPPED) for axis in problem.axes)
    return ("numpy", "numba") if known and dense and problem.axes and installed("numba") else ("numpy",)


def needed(problem: Problem, engine: str, alike: bool = False) -> frozenset[str]:
    """Return what a process loads for some loops: other ones where all operands are `alike`, of the dtype of the sums.

    Those for integers mostly sum in float64.
    """
    if engine != "numba":
        return frozenset()
    sums = "d" if is_exact(problem.result_dtype) else problem.working_dtype.char
    return frozenset(("numba", f"{'at_once' if alike else 'loops'} {sums}"))
