"""What direct sums take: by which loops, in tiles of which size, and what these need."""

from __future__ import annotations

from functools import lru_cache
from math import prod

import numpy as np

from ..engines.transforms import installed
from ..semantics.dtypes import FLOATS, DType, is_exact
from ..semantics.problem import Problem
from .direct_tiles import conv_steps, held_bytes, samples_met, taps_met
from .protocol import Costs, Estimate, Settings
from .shares import share_of, waking
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


def priced(problem: Problem, costs: Costs, outputs: int, kinds: tuple[str, ...], alike: bool) -> list[Estimate]:
    """Return the price of all products by each kind of loop, with tiles of about so many outputs."""
    tile = tile_steps(problem, conv_steps(problem, outputs), outputs)
    swept = prod(problem.shape) * prod([taps_met(a, tile[a.position]) for a in problem.axes])
    met = problem.batch * prod([samples_met(a) for a in problem.axes])
    products = {"numba": swept * _in_vectors(problem), "numpy": swept if is_lines(problem) else met}
    memory = prod(problem.kernel_shape) * problem.working_dtype.itemsize, held_bytes(problem, tile)
    count = count_tiles(problem.shape, tile)
    share, taps = share_of(count, costs.workers), count * prod([axis.taps for axis in problem.axes])
    sums = {name: share * sum_seconds(problem, costs, name, products[name], taps) for name in kinds}
    exact = is_exact(problem.result_dtype)
    python = {name: costs.tile * (_EXACT[name] if exact else 1) for name in kinds}
    begin = waking(count, costs)
    times = {name: costs.call + begin + share * python[name] * count + seconds for name, seconds in sums.items()}
    lines = lines_of(problem)
    if lines is not None:
        each = costs.lines(_SUMS if exact else problem.working_dtype, lines.sums, lines.taps)
        times["numpy"] = (lines.calls + exact * _CONVERTING) * costs.call + lines.number * each
    if alike:
        times["numba"] = _COMPILED_CALL * costs.call + begin + sums["numba"]
    return [Estimate(Settings(tile, e), seconds, *memory, needed(problem, e, alike)) for e, seconds in times.items()]


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
