"""The best times of calls, and of plans with an engine and settings of choice."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from time import perf_counter
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..planning.cost import PRIORS
from ..planning.plan import Plan, choose
from ..semantics.describe import describe

Array = NDArray[Any]

_SECONDS = 0.005  # for each simple thing
_RANDOM = 4093


def best(call: Callable[[], object]) -> float:
    """Return the best time of a call, which is repeated for some milliseconds; a first one does not count."""
    call()
    times: list[float] = []
    begin = perf_counter()
    while not times or perf_counter() - begin < _SECONDS:
        started = perf_counter()
        call()
        times.append(perf_counter() - started)
    return min(times)


def numbers(shape: int | tuple[int, ...], dtype: str) -> Array:
    """Return random numbers from 0 to 8, which repeat: making them takes no longer than what is measured."""
    return np.resize((8 * np.random.default_rng(0).random(_RANDOM)).astype(dtype), shape)


def with_engine(
    shape: tuple[int, ...], taps: tuple[int, ...], dtype: str, method: str, engine: str, **settings: Any
) -> Plan:
    """Return a plan of one tile that takes an engine, and other settings."""
    kind = np.dtype(dtype)
    plan = choose(describe(shape, taps, kind, kind, mode="same", boundary="edge"), method, prices=PRIORS)
    changed = plan.estimate.settings._replace(**{"engine": engine, "tile": plan.problem.shape, **settings})
    return replace(plan, estimate=plan.estimate._replace(settings=changed))


def apply_seconds(shape: tuple[int, ...], taps: tuple[int, ...], dtype: str, method: str, engine: str) -> float:
    """Return the time of applying a prepared kernel, in one tile."""
    return seconds(with_engine(shape, taps, dtype, method, engine))


def seconds(plan: Plan) -> float:
    """Return the time of applying a prepared kernel."""
    problem = plan.problem
    signal, kernel = numbers(problem.signal_shape, problem.signal_dtype.str), numbers(problem.kernel_shape, "f8")
    prepared = plan.prepare(kernel.astype(problem.kernel_dtype))
    return best(lambda: plan.apply(prepared, signal, workers=1))
