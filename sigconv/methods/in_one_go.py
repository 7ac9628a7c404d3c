"""The whole result by transforms of our own in one go: all that does not depend on addresses is made once and kept.

The general way does the same, but looks everything up for each call.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..engines.forks import load
from ..engines.protocol import Array
from ..engines.recent import Recent
from ..semantics.problem import Problem
from . import lane_tiles, lanes
from .orientation import orient
from .output import target_in, written
from .protocol import Settings
from .scaling import Limits, limits
from .spectral import tail, taps_needed
from .tiles import Reach, numbers_outside, reach_of
from .workers import available_workers, runner_of, sharing

# What was made for the plans that were used last: tables may be as long as a block.
_recent = Recent[Any](64)


def in_one_go(problem: Problem, settings: Settings) -> InOneGo | None:
    """Return what computes a problem by some settings, if it is served: floats of one dtype, and one tile of all."""
    whole = settings.engine == "lanes" and settings.tile == problem.shape and 0 not in problem.shape
    if not whole or not lanes.alike(problem) or len(numbers_outside(problem)) > 1:
        return None
    if len(problem.axes) > 1:
        return InOneGo(problem, settings)
    return LineInOneGo(problem, settings) if lanes.outputs(problem, settings.lengths) <= problem.shape else None


class InOneGo:
    """What computes a problem that is served with a kernel that is prepared; shared freely between threads."""

    def __init__(self, problem: Problem, settings: Settings) -> None:
        self._problem, self._settings, self._dtype = problem, settings, problem.result_dtype
        self._taps = tuple(map(taps_needed, problem.axes))
        self._fill = next(iter(numbers_outside(problem)), 0)
        self._probes = (lanes if len(problem.axes) == 1 else lane_tiles).probes(problem, settings)

    @property
    def _blocks(self) -> Any:
        """What fills the outputs."""
        return _recent.get(self, self._made)

    def _made(self) -> Any:
        engine, (problem, settings) = load("lanes.tiling"), (self._problem, self._settings)
        spans = tuple(engine.Span(r.start, r.stop, r.axis.signal, r.axis.boundary) for r in self._reaches())
        tails, shape = tuple(map(tail, problem.axes)), problem.signal_shape
        return engine.OneArray(shape, spans, tails, settings.lengths, self._fill, problem.shape, self._dtype)

    def _reaches(self) -> list[Reach]:
        """Return what all outputs read, on each axis."""
        pairs = zip(self._problem.axes, self._taps, strict=True)
        return [reach_of(axis, slice(0, axis.count), taps) for axis, taps in pairs]

    def apply(self, prepared: Any, signal: Array, out: Array | None, workers: int | None) -> Array | None:
        """Return the result, in `out` if that is given, or None where the general way is needed after all."""
        if prepared.limits.always or not _is_readable(signal):
            return None
        target = np.empty(self._problem.shape, self._dtype) if out is None else target_in(out, self._dtype, signal)
        with np.errstate(all="ignore"):  # Inf and NaN in the data are left to the general way
            return self._filled(signal, prepared.state.spectrum, prepared.limits, target, out, workers)

    def _filled(
        self, signal: Array, spectrum: Array, held: Limits, target: Array, out: Array | None, workers: int | None
    ) -> Array | None:
        """Return the result, or None if not all that is looked at lies within the limits."""
        self._blocks(signal, spectrum, target, sharing(runner_of(available_workers(workers)), self._settings))
        if not held.hold(target[self._probes]):
            return None
        return target if out is None else written(target, out)


class LineInOneGo(InOneGo):
    """The same for one line, also with a kernel that is not prepared."""

    def _made(self) -> Any:
        (reach,), engine, (length,) = self._reaches(), load("lanes.one_line"), self._settings.lengths
        axis = reach.axis
        place = engine.Place(reach.first - axis.dilation * reach.low, tail(axis), axis.boundary, self._fill)
        return engine.OneLine(axis.signal, axis.count, place, length, self._dtype)

    def __call__(self, signal: Array, kernel: Array, out: Array | None, workers: int | None) -> Array | None:
        """Return the result, in `out` if that is given, or None where the general way is needed after all."""
        problem, dtype = self._problem, self._dtype
        if not _is_readable(signal):
            return None
        with np.errstate(all="ignore"):  # as in `apply`, and of taps
            taps = orient(kernel, problem)
            held = limits(problem, taps, transformed=True)
            if held.always:
                return None
            target = np.empty(problem.shape, dtype) if out is None else target_in(out, dtype, signal, kernel)
            spectrum = self._blocks.spectrum(taps[slice(*self._taps[0])], problem.axes[0].dilation)
            return self._filled(signal, spectrum, held, target, out, workers)


def _is_readable(signal: Array) -> bool:
    """Return whether compiled code can read a signal where it stands, line after line."""
    return signal.flags.c_contiguous and signal.flags.aligned and signal.dtype.isnative
