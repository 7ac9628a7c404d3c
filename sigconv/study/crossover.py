"""The kernel length at which frequency overtakes space, measured on this machine."""

from __future__ import annotations

from dataclasses import dataclass
from math import exp, log
from time import perf_counter

import numpy as np

from ..planning.plan import Plan, choose
from ..semantics.describe import describe
from ..semantics.problem import Problem

_SAMPLES = 1 << 18  # of the signal that is tried
_RUNS = 7  # of each method at each length; the best counts
_LONGEST = 1.0  # seconds of one try
_LENGTHS = [2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64, 96, 128, 192, 256, 384, 512, 768, 1024]


@dataclass(frozen=True)
class Crossover:
    """Times of direct sums and of the best FFT method for kernels of growing length (on every convolved axis).

    `taps` is where the two curves cross, None if they don't.
    """

    shape: tuple[int, ...]
    taps: float | None
    lengths: tuple[int, ...]
    direct: tuple[float, ...]
    frequency: tuple[float, ...]


def crossover(problem: Problem) -> Crossover:
    """Return the crossover for one signal of the problem's dtypes and convolved axes, of at most 2¹⁸ samples."""
    most = round(_SAMPLES ** (1 / max(1, len(problem.axes))))
    shape = tuple(min(axis.signal, most) for axis in problem.axes)
    lengths, direct, frequency = [], [], []
    for taps in (n for n in _LENGTHS if n <= min(shape, default=0)):
        times = [_best(problem, shape, taps, method) for method in ("direct", "fft", "overlap-add")]
        lengths.append(taps)
        direct.append(times[0])
        frequency.append(min(times[1:]))
        if times[0] > min(2 * min(times[1:]), _LONGEST):
            break
    return Crossover(shape, _crossing(lengths, direct, frequency), tuple(lengths), tuple(direct), tuple(frequency))


def _best(problem: Problem, shape: tuple[int, ...], taps: int, method: str) -> float:
    """Return the best time of a few runs of one method on numbers of the problem's dtypes."""
    rng = np.random.default_rng(0)
    signal = (8 * rng.random(shape)).astype(problem.signal_dtype)
    kernel = (8 * rng.random((taps,) * len(shape))).astype(problem.kernel_dtype)
    plan = choose(describe(signal.shape, kernel.shape, signal.dtype, kernel.dtype, mode="same"), method)
    plan(signal, kernel)
    return min(_once(plan, signal, kernel) for _ in range(_RUNS))


def _once(plan: Plan, signal: np.ndarray, kernel: np.ndarray) -> float:
    begin = perf_counter()
    plan(signal, kernel)
    return perf_counter() - begin


def _crossing(lengths: list[int], direct: list[float], frequency: list[float]) -> float | None:
    """Return where direct sums become the slower ones for good, between two lengths by their logarithms."""
    ratios = [log(d / f) for d, f in zip(direct, frequency, strict=True)]
    if not ratios or ratios[-1] <= 0:
        return None
    slower = next(i for i in reversed(range(-1, len(ratios))) if i < 0 or ratios[i] <= 0) + 1
    if slower == 0:
        return float(lengths[0])
    a, b = ratios[slower - 1], ratios[slower]
    share = -a / (b - a)
    return exp(log(lengths[slower - 1]) + share * log(lengths[slower] / lengths[slower - 1]))
