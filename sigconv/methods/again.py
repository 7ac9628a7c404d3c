"""Outputs that are summed again, directly, because a quotient of sums would have too few digits left.

Renormalised sums are y = (x ∗ g) (Σ g)/(p ∗ g), with p the indicator of the samples that are present. Where p ∗ g is
small, x ∗ g mostly is, too. A transform rounds all its sums alike, by about u ‖x‖ ‖g‖ and u ‖p‖ ‖g‖, and their quotient
could have no digits left; so where p ∗ g is below √u ‖p‖ ‖g‖, half of the digits, the sums are done again.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import prod, sqrt
from typing import Any

import numpy as np

from ..engines.protocol import Array
from ..semantics.problem import Problem
from .bounds import unit_roundoff
from .direct import Direct
from .direct_price import is_lines, loops_for
from .protocol import Settings
from .tiles import Tile, tile_steps
from .workers import in_order, run_tiles

_DIRECT = Direct()
# Outputs of a tile that is summed again if one of them has to be.
_TILE = 1024


class Sums:
    """Direct sums by an oriented kernel, of tiles of a result that another method computes."""

    def __init__(self, kernel: Array, problem: Problem) -> None:
        # The lines of NumPy are quick enough, and need no compiled loops.
        loops = "numpy" if is_lines(problem) else loops_for(problem)[-1]
        self._problem, self._settings = problem, Settings(problem.shape, loops)
        self._taps = _DIRECT.prepare(kernel, problem, self._settings, in_order)

    def fill(self, tile: Tile, signal: Array, out: Array) -> None:
        """Write one tile of the result to `out`, from the whole signal, aligned to the result's axes."""
        _DIRECT.fill(self._taps, self._problem, self._settings, tile, signal, out, in_order)


def sum_again(
    weak: Array, tile: Tile, problem: Problem, sums: Sequence[tuple[Sums, Array, Array]], workers: int = 1
) -> None:
    """Sum the outputs of a tile that are weak again, for each of some sums with their signal and their outputs."""

    def fill(part: Tile) -> None:
        place: tuple[Any, ...] = (*part.slices, ...)
        if not weak[place].any():
            return
        part = Tile(
            tuple(slice(t.start + p.start, t.start + p.stop) for t, p in zip(tile.slices, part.slices, strict=True))
        )
        for direct, signal, outputs in sums:
            found = np.empty(outputs[place].shape, outputs.dtype)
            with np.errstate(all="ignore"):  # Inf is data, and taps that are not finite are the caller's
                direct.fill(part, signal, found)
            np.copyto(outputs[place], found, where=weak[place])

    side = max(1, round(_TILE ** (1 / max(1, len(problem.axes)))))
    run_tiles(fill, weak.shape, tile_steps(problem, (side,) * len(problem.axes), _TILE), workers, None)


def least(taps: Array, samples: Any, problem: Problem) -> Array:
    """Return √u ‖p‖ ‖g‖ for so many samples present, with ‖g‖² ≤ max |g| Σ|g|; ghosts count as present."""
    sizes = abs(taps)
    total, largest = (f(axis=problem.positions, keepdims=True) for f in (sizes.sum, sizes.max))
    outside = prod([axis.signal + sum(axis.halo) for axis in problem.axes]) - prod([a.signal for a in problem.axes])
    norms: Array = np.sqrt(samples + float(outside)) * np.sqrt(largest) * np.sqrt(total)
    return sqrt(unit_roundoff(problem.working_dtype)) * norms
