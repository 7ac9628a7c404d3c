"""Blocks of one line through transforms of our own, for a call with its own kernel: all else is made once and kept."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from ..engines.forks import load
from ..engines.protocol import Array
from ..semantics.problem import Problem
from . import lanes
from .orientation import orient
from .output import target_in, written
from .protocol import Settings
from .scaling import limits
from .spectral import tail, taps_needed
from .tiles import numbers_outside, reach_of
from .workers import available_workers, runner_of, sharing


def compiled(problem: Problem, settings: Settings) -> Compiled | None:
    """Return what computes a problem by some settings, if it is served: one line, whose result is one tile."""
    whole = settings.engine == "lanes" and settings.tile == problem.shape
    if not (whole and lanes.in_one_go(problem)) or lanes.outputs(problem, settings.lengths) > problem.shape:
        return None
    return _made(problem, settings)


class Compiled:
    """What computes a problem that is served; shared freely between threads."""

    def __init__(self, problem: Problem, settings: Settings) -> None:
        (axis,), (length,), dtype = problem.axes, settings.lengths, problem.result_dtype
        self._problem, self._settings, self._taps = problem, settings, slice(*taps_needed(axis))
        self._probes = lanes.probes(problem, settings)
        reach, engine = reach_of(axis, slice(0, axis.count), taps_needed(axis)), load("lanes.one_line")
        fill = next(iter(numbers_outside(problem)), 0)
        place = engine.Place(reach.first - axis.dilation * reach.low, tail(axis), axis.boundary, fill)
        self._line = engine.OneLine(axis.signal, axis.count, place, length, dtype)

    def __call__(self, signal: Array, kernel: Array, out: Array | None, workers: int | None) -> Array | None:
        """Return the result, in `out` if that is given, or None where the general way is needed after all."""
        problem, dtype = self._problem, self._problem.result_dtype
        if not (signal.flags.c_contiguous and signal.flags.aligned and signal.dtype.isnative):
            return None
        with np.errstate(all="ignore"):  # of taps that are not finite, which are left to the general way
            taps = orient(kernel, problem)
            held = limits(problem, taps, transformed=True)
            if held.always:
                return None
            target = np.empty(problem.shape, dtype) if out is None else target_in(out, dtype, signal, kernel)
            share = sharing(runner_of(available_workers(workers)), self._settings)
            self._line(signal, taps[self._taps], problem.axes[0].dilation, target, share)
            if not held.hold(target[self._probes]):
                return None
        return target if out is None else written(target, out)


@lru_cache(maxsize=256)
def _made(problem: Problem, settings: Settings) -> Compiled:
    return Compiled(problem, settings)
