"""Regret: what `auto` takes, over the best of all forced methods and of other settings of its own."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from functools import partial
from math import prod
from typing import Any

import numpy as np

from .peers import Call
from .points import Point
from .timing import race

_AUTO, _AGAIN, _ITSELF = "auto", "auto again", "itself"
_FACTORS = (0.25, 0.5, 2.0, 4.0)
_SWEPT = 8
_HOPELESS = 1e9  # seconds
_TRANSFORM_ENGINES, _LOOP_ENGINES = ("numpy", "scipy", "fftw"), ("numpy", "numba")
# Variants are left out where the plan expects this many times the time of the choice, and over a tenth of a second.
_FAR, _SHORT = 20.0, 0.1
# The least of many noisy times is too small, so the choice meets the best few once more, in many rounds of their own.
_FINALISTS, _FINAL_ROUNDS = 3, 6


@dataclass(frozen=True)
class Regret:
    """What was best at a point; `noise` is how far two identical runs lay apart."""

    kind: str
    name: str
    chosen: str
    seconds: float
    best: str
    best_seconds: float
    noise: float
    times: dict[str, float]

    @property
    def ratio(self) -> float:
        """The time of the choice over the best of all."""
        return self.seconds / self.best_seconds

    def as_dict(self) -> dict[str, Any]:
        """Return everything as what JSON can hold."""
        return asdict(self) | {"ratio": self.ratio}


def regret(point: Point, threads: int, rounds: int) -> Regret:
    """Return how the choice of `auto` does beside everything else that sigconv could have done."""
    operands = point.operands()
    plans = dict(variants(point))
    calls: dict[str, Call] = {name: partial(plan, *operands, workers=threads) for name, plan in plans.items()}
    if threads > 1:
        calls["one thread"] = partial(plans[_AUTO], *operands, workers=1)
    running = _running(calls)
    times = {name: min(t) for name, t in race(running, rounds).items()}
    others = sorted(times.keys() - {_AUTO, _AGAIN}, key=lambda name: times[name])
    final = [_AUTO, _AGAIN, *others[:_FINALISTS]]
    last = {n: min(t) for n, t in race({n: running[n] for n in final}, _FINAL_ROUNDS * rounds).items()}
    best = min(last, key=lambda name: last[name])
    pair = last[_AUTO], last[_AGAIN]
    # Of two identical runs the better one is the choice's time, or the noise would count as regret.
    taken, noise = min(pair), max(pair) / min(pair)
    chosen = plans[_AUTO].method
    best_name = _ITSELF if best in (_AUTO, _AGAIN) else best
    return Regret(point.kind, point.name, chosen, taken, best_name, last[best], noise, times | last)


def _running(calls: dict[str, Call]) -> dict[str, Call]:
    """Return the calls that work, each made once, so that nobody's race includes planning or compiling."""
    works = {}
    for name, call in calls.items():
        try:
            call()
        except Exception:  # an engine that does not know a dtype or a size is no choice
            continue
        works[name] = call
    return works


def variants(point: Point) -> Iterator[tuple[str, Any]]:
    """Yield the plan that `auto` makes, twice, the forced methods, and other settings of each."""
    import sigconv

    make = partial(_plan, point)
    auto = make("auto")
    yield _AUTO, auto
    yield _AGAIN, auto
    worth = max(_SHORT, _FAR * auto.estimate.seconds)
    for method in sigconv.methods():
        try:
            plan = make(method)
        except sigconv.ArgumentValueError:
            continue
        if plan.estimate.seconds <= worth:
            if method != auto.method:
                yield method, plan
            yield from settings(plan)


def _plan(point: Point, method: str) -> Any:
    """Return a plan by one method, or the one of a call that finds everything loaded that would serve it."""
    import sigconv
    from sigconv.planning.candidate import Asked, offers
    from sigconv.planning.plan import choose
    from sigconv.planning.stored import current

    options: dict[str, Any] = {"boundary": point.boundary, "axes": point.axes}
    options |= {"flip": point.operator == "convolve", "conjugate": point.operator == "correlate"}
    if point.center is not None:
        options["center"] = point.center
    dtypes = point.dtype, point.kernel_dtype or point.dtype
    plan = sigconv.plan(point.signal, point.kernel, *dtypes, point.mode, method, **options)
    if method != _AUTO:
        return plan
    found = offers(plan.problem, Asked(None, current(), None))
    return choose(plan.problem, ready=frozenset().union(*[e.needs for offer in found for e in offer.estimates]))


def settings(plan: Any) -> Iterator[tuple[str, Any]]:
    """Yield a plan with each other engine, and with shorter and longer blocks."""
    chosen = plan.estimate.settings
    for engine in _TRANSFORM_ENGINES if chosen.lengths else _LOOP_ENGINES:
        if engine != chosen.engine:
            yield f"{plan.method}, {engine}", _with(plan, chosen._replace(engine=engine))
    yield from _other_lengths(plan) if chosen.lengths else _other_tiles(plan)


def _with(plan: Any, changed: Any) -> Any:
    return replace(plan, estimate=plan.estimate._replace(settings=changed))


class _Biased:
    """Prices that note which lengths of transforms a method considers, and make all but one seem hopeless.

    So the method itself makes all settings that go with a length.
    """

    def __init__(self, prices: Any, only: float | None = None) -> None:
        self._prices, self._only = prices, only
        self.considered: set[float] = set()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._prices, name)

    def transform(self, engine: str, dtype: Any, samples: float, length: float) -> float:
        """Return the usual price of a transform, if it has the one length."""
        size = length / 2 if engine == "blocks" else length  # blocks are priced with their spectrum
        return self._only_one(size, self._prices.transform(engine, dtype, samples, length))

    def block(self, dtype: Any, length: int) -> float:
        """Return the usual price of a block, if it has the one length."""
        return self._only_one(length, self._prices.block(dtype, length))

    def volume(self, dtype: Any, size: int) -> float:
        """Return the usual price of a block of three axes, if it has the one size."""
        return self._only_one(size, self._prices.volume(dtype, size))

    def _only_one(self, length: float, usual: float) -> float:
        self.considered.add(length)
        return usual if self._only in (None, length) else _HOPELESS


def _other_lengths(plan: Any) -> Iterator[tuple[str, Any]]:
    """Yield the plans that the method makes of all other lengths that it considers, up to eight times as long."""
    from sigconv.planning.cost import PRIORS
    from sigconv.planning.plan import choose

    asked = _Biased(PRIORS)
    chosen = prod(choose(plan.problem, plan.method, None, asked).estimate.settings.lengths)  # type: ignore[arg-type]
    for length in sorted(asked.considered - {chosen}):
        if chosen / _SWEPT <= length <= chosen * _SWEPT:
            made = choose(plan.problem, plan.method, None, _Biased(PRIORS, length))  # type: ignore[arg-type]
            if prod(made.estimate.settings.lengths) == length:
                words = "×".join(map(str, made.estimate.settings.lengths))
                yield f"{plan.method}, blocks of {words}", made


def _other_tiles(plan: Any) -> Iterator[tuple[str, Any]]:
    """Yield the plan with its tiles cut or joined along the first axis on which there are several."""
    chosen = plan.estimate.settings
    cut = next((a for a in plan.problem.axes if chosen.tile[a.position] < a.count), None)
    if cut is None:
        return
    for factor in _FACTORS:
        tile = list(chosen.tile)
        tile[cut.position] = max(1, min(cut.count, round(tile[cut.position] * factor)))
        if tuple(tile) != chosen.tile:
            yield f"{plan.method}, tiles × {factor:g}", _with(plan, chosen._replace(tile=tuple(tile)))


def summary(found: Sequence[Regret]) -> dict[str, float]:
    """Return how large regret is, and the noise beside it."""
    ratios, noise = [r.ratio for r in found], [r.noise for r in found]
    return {
        "points": len(found),
        "median": float(np.median(ratios)),
        "95th percentile": float(np.percentile(ratios, 95)),
        "worst": max(ratios),
        "noise, median": float(np.median(noise)),
        "noise, 95th percentile": float(np.percentile(noise, 95)),
    }


def applies(point: Point) -> bool:
    """Return whether a point is one call of sigconv's."""
    return not point.layer and not point.pieces
