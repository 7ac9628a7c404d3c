"""Exact integers by methods that compute in floats: rounded where that is proven right, in limbs where it is not.

The sums of integers that transforms of float64 give have an error below 1/2 as long as their bound says so, which is a
factor of u times ‖x_b‖₂ ‖g‖₂ for the samples x_b of a transform (see `bounds`): then rounding gives the exact sums.
Operands that are too large for it are split into limbs, and there is a convolution for each pair of them. Rounded sums
are checked modulo a prime (see `residues`); were one found wrong, direct sums would take the place of its tile.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache, partial
from math import prod
from typing import Any

import numpy as np

from ..engines.protocol import Array
from ..engines.transforms import installed
from ..semantics.dtypes import is_exact
from ..semantics.problem import Problem
from .direct import Direct
from .direct_price import loops_for
from .direct_tiles import extended
from .exact import limb_counts, limb_peak
from .protocol import Components, Costs, Estimate, Index, Limits, Method, Runner, Settings
from .rounded_tiles import floats, is_filled, prepared
from .shares import share_of
from .tiles import Tile, count_tiles
from .workers import in_order

# Bits that integers of some bytes are expected to have, and those of products that one transform takes.
_BITS, _SERVED = {1: 8, 2: 16, 4: 31, 8: 20}, 34
_MOVED = 20  # bytes, for each sum beside its transforms; twice as many where there are several axes
# Bytes for each sample that not all taps meet, and for each tap: what the check takes.
_MET, _TAP = 64, 32
_TILES = {"numpy": 6, "numba": 3}  # as many times the price of a tile
# What compiled loops need that sum the residues.
_COMPILED = {"numba": frozenset({"numba", "residues"})}
_LARGER = 2, 4, 8, 16  # times the memory of floats that integers may take


class Exactly:
    """A method that computes floats, and integers exactly by way of them."""

    def __init__(self, method: Method) -> None:
        self._method, self._direct = method, Direct()
        self.name = method.name

    def reject(self, problem: Problem) -> str | None:
        """Serve what the method serves."""
        return self._method.reject(floats(problem))

    def least_seconds(self, problem: Problem, costs: Costs) -> float:
        """Return that of one convolution of floats."""
        return self._method.least_seconds(floats(problem), costs)

    def estimates(self, problem: Problem, costs: Costs, limits: Limits) -> list[Estimate]:
        """Return the method's estimates; for integers those of as many convolutions as limbs are likely to take."""
        if not is_exact(problem.result_dtype):
            return list(self._method.estimates(problem, costs, limits))
        found, sums = list[Estimate](), _sums(problem)
        for larger in _LARGER:
            max_bytes = None if limits.max_bytes is None else limits.max_bytes // larger
            each = limits._replace(max_bytes=max_bytes, below=limits.below / sums)
            of_floats = self._method.estimates(floats(problem), costs, each)
            sized = [exact for e in of_floats for exact in _exactly(e, problem, costs, limits)]
            found += sized
            if all(map(limits.fit, sized)):
                break
        return found

    def prepare(self, kernel: Array, problem: Problem, settings: Settings, runner: Runner) -> Any:
        """Return what can be computed from the oriented kernel alone; limbs are transformed on demand."""
        make = partial(self._method.prepare, problem=floats(problem), settings=settings, runner=runner)
        return prepared(kernel, problem, make) if is_exact(problem.result_dtype) else make(kernel)

    def fill(
        self, state: Any, problem: Problem, settings: Settings, tile: Tile, signal: Array, out: Array, runner: Runner
    ) -> None:
        """Write one tile: of integers by rounded sums, or by direct ones where these fail their check."""

        def compute(state: Any, problem: Problem, tile: Tile, samples: Array, sums: Array) -> None:
            self._method.fill(state, problem, settings, tile, samples, sums, runner)

        if not is_exact(problem.result_dtype):
            compute(state, problem, tile, signal, out)
        elif not is_filled(state, problem, settings, tile, signal, out, compute):
            loops = Settings(tile=out.shape, engine=loops_for(problem)[-1])
            taps = self._direct.prepare(state.whole, problem, loops, in_order)
            self._direct.fill(taps, problem, loops, tile, signal, out, in_order)

    def probes(self, state: Any, problem: Problem, settings: Settings) -> Index | None:
        """Look at the outputs that the method names."""
        return self._method.probes(state, problem, settings)

    def describe(self, settings: Settings) -> Mapping[str, str]:
        """Return the settings in words."""
        return self._method.describe(settings)


def _loops(limits: Limits) -> dict[str, Components]:
    """Return the loops that may sum the residues, with what they need: those of NumPy unless others are loaded."""
    plain = {"numpy": frozenset[str]()}
    if not installed("numba"):
        return plain
    return _COMPILED if limits.loaded(_COMPILED["numba"]) else plain | _COMPILED


def _exactly(estimate: Estimate, problem: Problem, costs: Costs, limits: Limits) -> list[Estimate]:
    """Return the estimates of integers from that of floats, one for each kind of loops that sum the residues."""
    sums, limbs, tile = _sums(problem), _most_limbs(problem.kernel_dtype), estimate.settings.tile
    tiles = count_tiles(problem.shape, tile)
    share = share_of(tiles, costs.workers)
    moved = share * _MOVED * min(2, len(problem.axes)) * prod(problem.shape)
    shared = estimate.shared_bytes * limbs + _TAP * prod(problem.kernel_shape)
    worker = estimate.worker_bytes + _bytes(problem, tile)

    def checked(loops: str, needs: Components) -> Estimate:
        check = costs.passes(moved, loops == "numba") + share * tiles * _TILES[loops] * costs.tile
        settings = estimate.settings._replace(residues=loops)
        return Estimate(settings, sums * (estimate.seconds + check), shared, worker, estimate.needs | needs)

    return [checked(loops, needs) for loops, needs in _loops(limits).items()]


def _sums(problem: Problem) -> int:
    """Return how many sums of floats a problem is likely to take."""
    return _likely_sums(problem.signal_dtype.itemsize, problem.kernel_dtype.itemsize)


@cache
def _likely_sums(signal_bytes: int, kernel_bytes: int) -> int:
    """Return how many sums integers of some bytes are likely to take, for their limbs: a guess, since values decide."""
    signal, kernel = ((1 << _BITS[size]) - 1 for size in (signal_bytes, kernel_bytes))
    return prod(limb_counts(lambda i, j: limb_peak(signal, i) * limb_peak(kernel, j) <= 1 << _SERVED))


def _most_limbs(dtype: np.dtype[Any]) -> int:
    """Return how many limbs an operand has at most, with transforms of usual lengths."""
    return max(1, dtype.itemsize // 2)


def _bytes(problem: Problem, tile: tuple[int, ...]) -> int:
    """Return the memory of a tile beside what it takes in floats: samples, their check, and of limbs also sums."""
    signal, kernel = _most_limbs(problem.signal_dtype), _most_limbs(problem.kernel_dtype)
    each = problem.signal_dtype.itemsize + 8 * (signal + 3 if signal > 1 else 1)
    read, words = extended(problem, tile), 7 if signal * kernel > 1 else 0  # up to three of a sum, and what is added
    for axis in problem.axes:
        if axis.silent:
            read[axis.position] = min(read[axis.position], axis.signal)
    samples = prod(read)
    for axis in problem.axes[-1:]:
        read[axis.position] = min(read[axis.position], 2 * axis.span)
    return each * samples + _MET * prod(read) + 8 * words * prod(tile)
