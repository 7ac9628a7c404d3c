"""A run: which points, in which order, and what is said on the way."""

from __future__ import annotations

import sys
from argparse import Namespace
from collections.abc import Iterator, Sequence

from .first import add_first_calls
from .peers import Peer, named
from .points import EXTRA_KINDS, Point, grid, random_points
from .regret import Regret, applies, regret
from .report import Report, judged_ratio
from .timing import Result, measure


def select(kinds: Sequence[str], patterns: Sequence[str], large: bool) -> list[Point]:
    """Return the points of some kinds whose names contain one of the patterns."""
    return [
        p
        for p in grid()
        if (p.kind in kinds if kinds else p.kind not in EXTRA_KINDS)
        and (not patterns or any(s in p.name for s in patterns))
        and (large or not p.large)
    ]


def listed(points: Sequence[Point], patterns: Sequence[str], limit: float) -> Iterator[str]:
    """Yield a line for each point, with those who serve it."""
    peers = named(patterns)
    for point in points:
        yield f"{point.kind:9} {point.name}: {', '.join(p.name for p in peers if p.refuses(point, limit) is None)}"


def run(points: Sequence[Point], asked: Namespace) -> Report:
    """Return what the points gave."""
    peers = named(asked.peers)
    runs = [] if asked.only_regret else [(point, threads) for point in points for threads in asked.threads]
    results = [_measured(point, peers, threads, asked) for point, threads in runs]
    regrets = list(_regrets(points, asked)) if asked.regret or asked.only_regret else []
    return Report(results, regrets, asked.rounds)


def _measured(point: Point, peers: Sequence[Peer], threads: int, asked: Namespace) -> Result:
    result = measure(point, peers, threads, asked.rounds, asked.limit)
    if not asked.no_first and threads == max(asked.threads):
        add_first_calls(result)
    ratio = judged_ratio(result)
    _say(f"{point.kind:9} {point.name:40} {threads} threads  " + (f"{ratio:.2f}" if ratio else "-"))
    return result


def _regrets(points: Sequence[Point], asked: Namespace) -> Iterator[Regret]:
    for point in [*filter(applies, points), *random_points(asked.random)]:
        found = regret(point, max(asked.threads), asked.rounds)
        _say(f"regret {found.kind:9} {found.name:40} {found.ratio:.2f}  {found.chosen} / {found.best}")
        yield found


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)
