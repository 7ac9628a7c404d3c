"""The methods' offers for a problem, and each method's best one in a process that has loaded some components."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from heapq import heappop, heappush
from math import inf
from typing import NamedTuple

from ..errors import ArgumentValueError
from ..methods.lanes import IN_ONE_GO
from ..methods.missing import extra_bytes, room, sums_beside
from ..methods.protocol import Components, Estimate, Limits, Method
from ..methods.registry import METHODS, serving
from ..methods.renormalize import is_rounded, renormalizes, weighing_bytes
from ..methods.tiles import count_tiles
from ..methods.workers import available_workers
from ..semantics.problem import Problem
from .cost import Prices
from .loading import Wait, load_seconds, patience, share

_ADDRESSABLE = 1 << 47


# What methods mostly take in their least times, for each axis: the one that likely takes the least may rule out others.
_USUAL = {"direct": 1.0, "overlap-add": 1.4, "fft": 1.2}


class Asked(NamedTuple):
    """What decides beside the problem: a limit on memory, the prices, and what is loaded (None: loading is free).

    A method that is `forced`, as the caller named it, is also that of all sums that are taken beside.
    """

    max_bytes: int | None
    prices: Prices
    ready: Components | None
    forced: bool = False


class Candidate(NamedTuple):
    """A method's offer for a problem: its estimate, or the reason why it can't serve.

    `load` are the seconds of loading what it needs and the process has not loaded.
    """

    method: str
    estimate: Estimate | None
    reason: str | None
    load: float = 0.0

    @property
    def served(self) -> Estimate:
        """The estimate of a method that serves."""
        assert self.estimate is not None
        return self.estimate

    @property
    def seconds(self) -> float:
        """The time of a first call."""
        return self.load + (self.estimate.seconds if self.estimate else 0.0)


class Offers(NamedTuple):
    """A method's estimates for a problem, one for each engine, or the reason why it can't serve."""

    method: str
    estimates: Sequence[Estimate]
    reason: str | None


def offers(problem: Problem, asked: Asked) -> list[Offers]:
    """Return the offers of all methods."""
    return [offers_of(serving(name, problem), problem, asked) for name in METHODS]


class _Turn(NamedTuple):
    """A method's turn: when it comes, and the least seconds that the method takes, of this problem or of any."""

    rank: float
    seconds: float
    name: str
    bounded: bool

    @classmethod
    def of(cls, name: str, seconds: float, axes: int, bounded: bool = False) -> _Turn:
        """Return the turn of a method: first comes what mostly takes least."""
        return cls(seconds * _USUAL[name] ** axes, seconds, name, bounded)


def promising(problem: Problem, method: str, asked: Asked) -> list[Offers]:
    """Return the offers of the method that is asked for, or of all but those that take longer than others at least."""
    if method != "auto":
        return [offers_of(serving(method, problem), problem, asked)]
    found, least, axes = dict[str, Offers](), inf, len(problem.axes)
    # First come bounds of any problem: what a method takes at least for this one is found when its turn comes.
    waiting = [*_first_turns(asked.prices, axes)]
    while waiting:
        _, seconds, name, bounded = heappop(waiting)
        if seconds >= least:
            continue
        way = serving(name, problem)
        if not bounded:
            heappush(waiting, _Turn.of(name, way.least_seconds(problem, asked.prices), axes, True))
            continue
        found[name] = offers_of(way, problem, asked, least)
        if found[name].reason is None:
            least = min([least, *(price(e, asked) for e in found[name].estimates)])
    return [found[name] for name in METHODS if name in found]


@lru_cache(maxsize=64)
def _first_turns(prices: Prices, axes: int) -> list[_Turn]:
    """Return the turns of all methods, in their order, by what each takes at least for any problem of some axes."""
    return sorted(_Turn.of(name, _least_call(name, prices), axes) for name in METHODS)


def _least_call(method: str, prices: Prices) -> float:
    """Return a time below which no estimate of a method is, of any problem: transforms have a kernel's spectrum."""
    return prices.call if method == "direct" else prices.call + IN_ONE_GO * prices.spectrum


def offers_of(method: Method, problem: Problem, asked: Asked, below: float = inf) -> Offers:
    """Return the offers of a method, perhaps without those that take no less than `below` seconds."""
    max_bytes = asked.max_bytes
    name, reason = method.name, method.reject(problem)
    if reason is not None:
        return Offers(name, (), reason)
    extra = extra_bytes(problem)
    beside = _beside(problem, name if asked.forced else "auto", asked) if extra else ()
    limits = Limits(_part(problem, max_bytes), asked.ready, below)
    found = method.estimates(problem, asked.prices, limits)
    if not found:
        return Offers(name, (), f"it takes no less than {below} seconds")
    if extra or renormalizes(problem) or is_rounded(problem):
        found = [_with(e, extra, weighing_bytes(problem, e.settings.tile), beside) for e in found]
    fitting = [e for e in found if e.bytes <= (_ADDRESSABLE if max_bytes is None else max_bytes)]
    if fitting:
        return Offers(name, fitting, None)
    least = min(found, key=lambda e: e.bytes)
    limit = "more than a process can address" if max_bytes is None else f"max_bytes is {max_bytes}"
    return Offers(name, [least], f"it needs {least.bytes} bytes of working memory, {limit}")


def _with(estimate: Estimate, shared: int, worker: int, beside: Sequence[Estimate]) -> Estimate:
    """Return an estimate with what is made beside the sums, and other sums, whose kernels are kept.

    A worker's transforms are kept, too, but those of other sums serve all of them.
    """
    return estimate._replace(
        shared_bytes=estimate.shared_bytes + shared + sum([e.shared_bytes for e in beside]),
        worker_bytes=estimate.worker_bytes + worker + max([e.worker_bytes for e in beside], default=0),
    )


@lru_cache(maxsize=256)
def _beside(problem: Problem, method: str, asked: Asked) -> tuple[Estimate, ...]:
    """Return the estimates of the sums that are taken beside a problem's own, which often are the same ones."""
    wanted, found = sums_beside(problem), dict[Problem, Estimate]()
    for sums in dict.fromkeys(wanted):
        each = Asked(room_of_each(problem, sums, method, asked), asked.prices, None)
        offered = promising(sums, method, each)
        fitting = any(o.reason is None for o in offered)
        found[sums] = cheapest(offered, each).served if fitting else min(_all(offered), key=lambda e: e.bytes)
    return tuple([found[sums] for sums in wanted])


def room_of_each(problem: Problem, sums: Problem, method: str, asked: Asked) -> int | None:
    """Return how much memory some of a problem's sums may take: an equal part, or what they need if there is room."""
    part, left = _part(problem, asked.max_bytes), room(problem, asked.max_bytes)
    return None if part is None or left is None else _least_room(sums, method, Asked(part, asked.prices, None), left)


@lru_cache(maxsize=256)
def _least_room(problem: Problem, method: str, asked: Asked, most: int) -> int:
    """Return the least limit, from that which is asked to the most, that an estimate keeps."""
    least = asked.max_bytes
    while least is not None and least < most:
        offered = promising(problem, method, asked._replace(max_bytes=least))
        if any(o.reason is None for o in offered):
            return least
        least = min([e.bytes for e in _all(offered)], default=most)  # more than the limit
    return most


def _all(offered: Sequence[Offers]) -> list[Estimate]:
    """Return all estimates of some methods."""
    return [e for o in offered for e in o.estimates]


def _part(problem: Problem, max_bytes: int | None) -> int | None:
    """Return an equal part of the memory that a limit leaves for all sums of a problem."""
    left = room(problem, max_bytes)
    return None if left is None else left // (1 + len(sums_beside(problem)))


def threads(problem: Problem, estimate: Estimate, max_bytes: int | None, workers: int | None) -> int:
    """Return how many threads work: as many as asked or there are, but no more than there are steps and memory for."""
    steps = count_tiles(problem.shape, estimate.settings.tile) * estimate.settings.steps
    most = min(available_workers(workers), steps)
    if max_bytes is not None and estimate.worker_bytes:
        most = min(most, (max_bytes - estimate.shared_bytes) // estimate.worker_bytes)
    return max(1, most)


def best(offered: Offers, asked: Asked) -> Candidate:
    """Return a method's best offer."""
    if not offered.estimates:
        return Candidate(offered.method, None, offered.reason)
    chosen = min(offered.estimates, key=lambda e: price(e, asked))
    return Candidate(offered.method, chosen, offered.reason, load(chosen, asked))


def load(estimate: Estimate, asked: Asked) -> float:
    """Return the time of loading what an estimate needs beside what is loaded."""
    if asked.ready is None or estimate.needs <= asked.ready:
        return 0.0
    return load_seconds(estimate.needs - asked.ready, asked.prices)


def price(estimate: Estimate, asked: Asked) -> float:
    """Return what decides: the time of a call, with what it loads, or where loading costs nothing a share of that."""
    return estimate.seconds + (share(estimate.needs, asked.prices) if asked.ready is None else load(estimate, asked))


def cheapest(offered: Sequence[Offers], asked: Asked) -> Candidate:
    """Return the cheapest of some methods' best offers."""
    serving = [o for o in offered if o.reason is None]
    if not serving:
        raise ArgumentValueError("; ".join(f"method={o.method!r} can't serve: {o.reason}" for o in offered))
    chosen = min([(price(e, asked), n, e) for n, o in enumerate(serving) for e in o.estimates], key=lambda c: c[:2])
    return Candidate(serving[chosen[1]].method, chosen[2], None, load(chosen[2], asked))


def wait_of(offered: Sequence[Offers], chosen: Candidate, asked: Asked, ready: Components) -> Wait | None:
    """Return what a choice loses beside the one that would be taken if everything were loaded."""
    if all(e.needs <= ready for e in _all(offered)):
        return None
    everything = ready.union(*[e.needs for e in _all(offered)])
    kept = cheapest(offered, asked._replace(ready=everything))
    missing, lost = sorted(kept.served.needs - ready - chosen.served.needs), chosen.served.seconds - kept.seconds
    return Wait(lost, tuple((c, patience(c, asked.prices)) for c in missing)) if missing and lost > 0 else None
