"""Planning: how long it takes from shapes to a plan, of new shapes and of known ones, in CPU time of one thread."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random
from statistics import median
from time import thread_time
from typing import Any, NamedTuple

import sigconv
from sigconv.text import columns, duration

# Each time is the best of so many shapes that differ by a sample: other processes take the caches, too.
_NEIGHBOURS = 9
_ROUNDS, _WARM_UP = 25, 5
_REPEATS = 1000
_BOUNDARIES = ("edge", "symmetric", "reflect", "wrap", "renormalize")
_DTYPES = ("f2", "f4", "c8", "c16", "u1", "i2", "i8", "g")


class Case(NamedTuple):
    """A problem to be planned: what kind it is of, and the arguments of `sigconv.plan`."""

    kind: str
    signal: tuple[int, ...]
    kernel: tuple[int, ...]
    options: dict[str, Any]

    def longer(self, samples: int) -> Case:
        """Return the same with some more samples on every axis."""
        return self._replace(signal=tuple(n + samples for n in self.signal))


def cases(rng: Random) -> Iterator[Case]:
    """Yield a random problem of each kind."""

    def some(least: int, most: int) -> int:
        return round(least * (most / least) ** rng.random())

    line, image, volume = (some(100, 3_000_000),), (some(16, 3000), some(16, 3000)), (some(8, 200),) * 3
    taps, area, cube = (some(3, 3000),), (some(2, 60),) * 2, (some(2, 20),) * 3
    same = {"mode": "same"}
    yield Case("tiny", (some(4, 200),), (some(2, 30),), {})
    yield Case("1-D", line, taps, {})
    yield Case("1-D, batch", (some(2, 64), *line), taps, {"axes": 1})
    yield Case("1-D, stride, dilation", line, taps, same | {"stride": some(2, 9), "dilation": some(1, 4)})
    yield Case("1-D, boundary", line, taps, same | {"boundary": rng.choice(_BOUNDARIES)})
    yield Case("1-D, dtype", line, taps, {"signal_dtype": rng.choice(_DTYPES)})
    yield Case("1-D, componentwise", line, taps, {"accuracy": "componentwise"})
    yield Case("1-D, limited memory", line, taps, {"max_bytes": 1 << 30})
    yield Case("2-D", image, area, same)
    yield Case("2-D, batch", (some(2, 8), *image), area, same | {"axes": (1, 2), "boundary": "reflect"})
    yield Case("2-D, stride", image, area, same | {"stride": 2})
    yield Case("2-D, dtype", image, area, {"signal_dtype": rng.choice(_DTYPES)})
    yield Case("3-D", volume, cube, same)


def measured(rounds: int = _ROUNDS) -> tuple[dict[str, list[float]], dict[str, list[float]]]:
    """Return the times of new shapes and of known ones, by kind; the first few plans do not count."""
    rng, planned = Random(0), set[str]()
    new, known = dict[str, list[float]](), dict[str, list[float]]()
    for number in range(-_WARM_UP, rounds):
        for case in cases(rng):
            fresh = [near for near in map(case.longer, range(_NEIGHBOURS)) if str(near) not in planned]
            planned |= set(map(str, fresh))
            times = [_seconds(near) for near in fresh]
            if number >= 0 and times:
                new.setdefault(case.kind, []).append(min(times))
                known.setdefault(case.kind, []).append(_seconds(fresh[0], _REPEATS))
    return new, known


def _seconds(case: Case, repeats: int = 1) -> float:
    """Return the time of a plan, the mean of some."""
    started = thread_time()
    for _ in range(repeats):
        sigconv.plan(case.signal, case.kernel, **case.options)
    return (thread_time() - started) / repeats


def text(rounds: int = _ROUNDS) -> str:
    """Return the times as a table."""
    new, known = measured(rounds)
    rows = [(kind, *map(duration, (median(times), max(times), median(known[kind])))) for kind, times in new.items()]
    header = ("planning", "a new shape", "at most", "a known one")
    return "\n".join(columns([header, *rows], right=(1, 2, 3)))
