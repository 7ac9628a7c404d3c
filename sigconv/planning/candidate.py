"""The methods' offers for a problem, and each method's best one in a process that has loaded some components."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache, partial
from typing import NamedTuple

from ..errors import ArgumentValueError
from ..methods.missing import extra_bytes, room
from ..methods.protocol import Estimate, Method
from ..methods.registry import METHODS, serving
from ..methods.renormalize import weighing_bytes
from ..methods.tiles import count_tiles
from ..methods.workers import available_workers
from ..semantics.problem import Problem
from .cost import Prices
from .loading import Components, Wait, load_seconds, patience, share

_ADDRESSABLE = 1 << 47


class Candidate(NamedTuple):
    """A method's offer for a problem: its estimate, or the reason why it can't serve.

    `load` are the seconds of loading what it needs and the process has not loaded.
    """

    method: str
    estimate: Estimate | None
    reason: str | None
    load: float = 0.0

    @property
    def seconds(self) -> float:
        """The time of a first call."""
        return self.load + (self.estimate.seconds if self.estimate else 0.0)


class Offers(NamedTuple):
    """A method's estimates for a problem, one for each engine, or the reason why it can't serve."""

    method: str
    estimates: Sequence[Estimate]
    reason: str | None


@lru_cache(maxsize=1024)
def offers(problem: Problem, max_bytes: int | None, prices: Prices) -> tuple[Offers, ...]:
    """Return the offers of all methods."""
    return tuple(offers_of(serving(name, problem), problem, max_bytes, prices) for name in METHODS)


def offers_of(method: Method, problem: Problem, max_bytes: int | None, prices: Prices) -> Offers:
    """Return the offers of a method."""
    name, reason = method.name, method.reject(problem)
    if reason is not None:
        return Offers(name, (), reason)
    extra = extra_bytes(problem)
    found = method.estimates(problem, prices, room(problem, max_bytes))
    found = [
        e._replace(
            shared_bytes=e.shared_bytes + extra,
            worker_bytes=e.worker_bytes + weighing_bytes(problem, e.settings.tile),
        )
        for e in found
    ]
    fitting = [e for e in found if e.bytes <= (_ADDRESSABLE if max_bytes is None else max_bytes)]
    if fitting:
        return Offers(name, fitting, None)
    least = min(found, key=lambda e: e.bytes)
    limit = "more than a process can address" if max_bytes is None else f"max_bytes is {max_bytes}"
    return Offers(name, [least], f"it needs {least.bytes} bytes of working memory, {limit}")


def threads(problem: Problem, estimate: Estimate, max_bytes: int | None, workers: int | None) -> int:
    """Return how many threads work: as many as asked or there are, but no more than there are steps and memory for."""
    steps = count_tiles(problem.shape, estimate.settings.tile) * estimate.settings.steps
    most = min(available_workers(workers), steps)
    if max_bytes is not None and estimate.worker_bytes:
        most = min(most, (max_bytes - estimate.shared_bytes) // estimate.worker_bytes)
    return max(1, most)


def best(offered: Offers, ready: Components | None, prices: Prices) -> Candidate:
    """Return a method's best offer where some components are loaded; None: where loading costs nothing."""
    found = [
        Candidate(offered.method, e, offered.reason, 0.0 if ready is None else load_seconds(e.needs - ready, prices))
        for e in offered.estimates
    ]
    return min(
        found, key=partial(price, ready=ready, prices=prices), default=Candidate(offered.method, None, offered.reason)
    )


def price(candidate: Candidate, ready: Components | None, prices: Prices) -> float:
    """Return what decides: the time of a call, with what it loads, or where loading costs nothing a share of that."""
    assert candidate.estimate is not None
    return candidate.seconds + (share(candidate.estimate.needs, prices) if ready is None else 0.0)


def cheapest(
    offered: Sequence[Offers], method: str, ready: Components | None, prices: Prices
) -> tuple[tuple[Candidate, ...], Candidate]:
    """Return each method's best offer, and the cheapest of those asked for."""
    candidates = tuple(best(o, ready, prices) for o in offered)
    considered = [c for c in candidates if method in ("auto", c.method)]
    serving = [c for c in considered if c.reason is None]
    if not serving:
        raise ArgumentValueError("; ".join(f"method={c.method!r} can't serve: {c.reason}" for c in considered))
    return candidates, min(serving, key=partial(price, ready=ready, prices=prices))


def wait_of(
    offered: Sequence[Offers], method: str, chosen: Candidate, ready: Components, prices: Prices
) -> Wait | None:
    """Return what a choice loses beside the one that would be taken if everything were loaded."""
    everything = ready.union(*(e.needs for o in offered for e in o.estimates))
    _, kept = cheapest(offered, method, everything, prices)
    if chosen.estimate is None or kept.estimate is None:
        return None
    missing, lost = sorted(kept.estimate.needs - ready - chosen.estimate.needs), chosen.estimate.seconds - kept.seconds
    return Wait(lost, tuple((c, patience(c, prices)) for c in missing)) if missing and lost > 0 else None
