"""Timing: everyone's output is compared first, then all take turns; the best round counts."""

from __future__ import annotations

import gc
from collections.abc import Callable, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from time import perf_counter
from typing import Any

import numpy as np

from .peers import OURS, Call, Peer
from .points import Array, Point

# A turn lasts at least this long, so that a call of a microsecond is repeated many times: sigconv loads its loops after
# some hundred short calls, which is to be over after the first turn.
_TURN = 1e-2
# Before a turn its call runs untimed for so long: threads of the call before may still spin, its data fill the caches.
# In a call of seconds none of it shows.
_SETTLED = 5e-3
# Who is this many times slower than the fastest has one turn only; under a millisecond everyone races.
_HOPELESS, _RACED, _SOON = 4.0, 1e-3, 1.0
# How far results may lie apart, in units of rounding of the largest output: direct sums of 10⁴ taps, and transforms.
_ROUNDINGS = 2000


@dataclass
class Entry:
    """What one library did at a point: its best time, or why there is none."""

    peer: str
    seconds: float | None = None
    rounds: list[float] = field(default_factory=list)
    left_out: str | None = None
    error: str | None = None
    first: float | None = None


@dataclass(frozen=True)
class Result:
    """All libraries at a point; sigconv's entry comes first."""

    point: Point
    threads: int
    entries: list[Entry]

    @property
    def ours(self) -> Entry:
        """What sigconv did."""
        return self.entries[0]

    def best(self, prefix: Sequence[str] = ("",)) -> Entry | None:
        """Return the fastest peer whose name starts with one of the prefixes."""
        others = [e for e in self.entries[1:] if e.seconds is not None and e.peer.startswith(tuple(prefix))]
        return min(others, key=lambda e: e.seconds or 0.0, default=None)

    def ratio(self, prefix: Sequence[str] = ("",)) -> float | None:
        """Return sigconv's time over that of the fastest such peer."""
        best = self.best(prefix)
        if best is None or best.seconds is None or self.ours.seconds is None:
            return None
        return self.ours.seconds / best.seconds


def measure(point: Point, peers: Sequence[Peer], threads: int, rounds: int, limit: float) -> Result:
    """Return the times of all peers at a point, sigconv first; who is wrong is not timed."""
    entries = {peer.name: Entry(peer.name, left_out=peer.refuses(point, limit)) for peer in peers}
    entries = {OURS: entries[OURS]} | entries
    operands = point.operands()
    calls: dict[str, Call] = {}
    cold: dict[str, float] = {}
    reference: Array | None = None
    for peer in peers:
        entry = entries[peer.name]
        if entry.left_out is None:
            started = perf_counter()
            prepare = partial(peer.prepare, point, *operands, threads)
            reference = _compared(entry, calls, reference, prepare, point)
            cold[peer.name] = perf_counter() - started
    del reference
    known = {name: cold[name] for name in calls if cold[name] > max(2.0, 20 * min(cold.values())) and name != OURS}
    for name, times in race(calls, rounds, known).items():
        entries[name].rounds, entries[name].seconds = times, min(times)
    return Result(point, threads, list(entries.values()))


def _compared(
    entry: Entry, calls: dict[str, Call], reference: Array | None, prepare: Callable[[], Call], point: Point
) -> Array | None:
    """Add a peer's call if its output agrees, else note the error; return the output that others are held against."""
    try:
        call = prepare()
        output = np.asarray(call())
    except Exception as error:  # a library that fails at a point must not end the run
        entry.error = f"{type(error).__name__}: {error}"[:200]
        return reference
    entry.error = None if reference is None else difference(reference, output, point)
    if entry.error is None:
        calls[entry.peer] = call
    return output if reference is None else reference


def difference(reference: Array, output: Array, point: Point) -> str | None:
    """Return how an output differs from the reference by more than rounding, or None."""
    if output.shape != reference.shape:
        return f"differs: shape {output.shape}, not {reference.shape}"
    distance = float(np.max(np.abs(output - reference), initial=0))
    if point.exact:
        return f"differs: by up to {distance:.0f}, not exact" if distance else None
    largest = float(np.max(np.abs(reference), initial=0))
    allowed = _ROUNDINGS * np.finfo(point.result_dtype).eps * largest
    return None if distance <= allowed else f"differs: by up to {distance:.2e}, outputs reach {largest:.2e}"


def race(calls: Mapping[str, Call], rounds: int, known: Mapping[str, float] | None = None) -> dict[str, list[float]]:
    """Return each call's times: a turn or two each, and then rounds of the first call and of all who may win, in turns.

    `known` are times of calls so slow that one turn was enough.
    """
    times = {name: [known[name]] if known and name in known else [_once(call)] for name, call in calls.items()}
    fastest = min((t[0] for t in times.values()), default=0.0)
    first = next(iter(times), "")
    racing = [name for name, t in times.items() if t[0] <= max(_HOPELESS * fastest, _RACED) or name == first]
    repeats = {name: _repeats(calls[name], times[name][0]) for name in racing}
    with _undisturbed():
        for number in range(rounds):
            start = number % max(1, len(racing))
            for name in racing[start:] + racing[:start]:
                if times[name][0] < _SOON:
                    _settle(calls[name])
                times[name].append(turn(calls[name], repeats[name]))
    return times


def _settle(call: Call) -> None:
    """Run a call, once or for some milliseconds, so that what is timed next is not what another call left behind."""
    until = perf_counter() + _SETTLED
    call()
    while perf_counter() < until:
        call()


def _once(call: Call) -> float:
    """Return the time of a call, the better of two where that is soon known: a hiccup must not end the race."""
    once = turn(call, 1)
    return min(once, turn(call, 1)) if once < _SOON else once


def _repeats(call: Call, once: float) -> int:
    """Return how many calls a turn has; a first single call of microseconds says little, so it is asked again."""
    if once >= _TURN:
        return 1
    return max(1, round(_TURN / max(1e-7, turn(call, 5))))


def turn(call: Call, repeats: int, clock: Callable[[], float] = perf_counter) -> float:
    """Return the time of a call, the mean of a turn."""
    turns = range(repeats)
    started = clock()
    for _ in turns:
        call()
    return (clock() - started) / repeats


@contextmanager
def _undisturbed() -> Any:
    """Keep the garbage collector out of the turns."""
    gc.collect()
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
