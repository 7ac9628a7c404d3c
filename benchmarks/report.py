"""What was found, as figures, text, JSON and a page."""

from __future__ import annotations

import platform
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import date
from importlib.metadata import PackageNotFoundError, version
from math import exp, log
from pathlib import Path
from statistics import mean
from typing import Any, NamedTuple

from sigconv.engines.machine import cpu
from sigconv.files.replace import beside
from sigconv.text import columns, duration

from .regret import Regret
from .regret import summary as regret_summary
from .timing import Result

_PACKAGES = ("sigconv", "numpy", "scipy", "pyfftw", "numba", "torch", "opencv-python-headless", "ducc0", "astropy")
_NUMPY_SCIPY = ("numpy", "scipy")
# A tiny call is judged beside scipy.signal, of whose time it may take half: numpy's own is little more than its loop.
_TINY, _TINY_PEERS, _TINY_RATIO = "tiny", ("scipy.signal",), 0.5
_HEADER = ("kind", "point", "sigconv", "best peer", "", "ratio", "numpy/scipy", "first call", "scipy's", "2nd thread")
_RIGHT = (2, 3, 5, 6, 7, 8, 9)


class Report(NamedTuple):
    """Everything that a run found."""

    results: Sequence[Result]
    regrets: Sequence[Regret] = ()
    rounds: int = 0


def judged_ratio(result: Result, peers: Sequence[str] = ("",)) -> float | None:
    """Return sigconv's time over the best peer's, of those that the point is judged beside."""
    return result.ratio(_TINY_PEERS if result.point.kind == _TINY else peers)


def geometric_mean_by_kind(ratios: Mapping[str, Sequence[float]]) -> float:
    """Return the geometric mean in which every kind weighs the same, however many points it has."""
    return exp(mean(mean(map(log, values)) for values in ratios.values() if values))


def figures(results: Sequence[Result]) -> dict[str, Any]:
    """Return the figures that a run is judged by; without any comparison none."""
    best, plain = defaultdict(list), defaultdict(list)
    for result in results:
        ratio, beside_numpy = judged_ratio(result), judged_ratio(result, _NUMPY_SCIPY)
        if ratio is not None:
            best[result.point.kind].append((ratio, result.point))
        if beside_numpy is not None:
            plain[result.point.kind].append(beside_numpy)
    if not best:
        return {}
    pairs = [pair for found in best.values() for pair in found]
    held = [ratio <= (_TINY_RATIO if point.kind == _TINY else 1.0) for ratio, point in pairs]
    worst, where = max(pairs, key=lambda pair: pair[0])
    return {
        "points": len(pairs),
        "times as fast as the best peer": 1 / geometric_mean_by_kind({k: [r for r, _ in v] for k, v in best.items()}),
        "times as fast as numpy and scipy": 1 / geometric_mean_by_kind(plain) if plain else None,
        "share of points at least as fast": sum(held) / len(held),
        "worst ratio": worst,
        "worst point": f"{where.kind} {where.name}",
        "times as fast, by kind": {k: 1 / geometric_mean_by_kind({k: [r for r, _ in v]}) for k, v in best.items()},
    }


def rows(results: Sequence[Result]) -> list[tuple[str, ...]]:
    """Return the table's rows, its header first."""
    alone = {(r.point.kind, r.point.name): r.ours.seconds for r in results if r.threads == 1}
    threaded = [r for r in results if r.threads > 1] or results
    return [_HEADER, *(_row(r, alone.get((r.point.kind, r.point.name))) for r in threaded)]


def _row(result: Result, alone: float | None) -> tuple[str, ...]:
    ours, best, ratio, plain = result.ours, result.best(), result.ratio(), result.best(_NUMPY_SCIPY)
    scipy = next((e.first for e in result.entries[1:] if e.first is not None), None)
    gain = alone / ours.seconds if alone and ours.seconds and result.threads > 1 else None
    return (
        *(result.point.kind, result.point.name, _time(ours.seconds)),
        *(_time(best.seconds if best else None), best.peer if best else "", f"{ratio:.2f}" if ratio else ""),
        *(_time(plain.seconds if plain else None), _time(ours.first), _time(scipy), f"{gain:.2f}" if gain else ""),
    )


def _time(seconds: float | None) -> str:
    return "" if seconds is None else duration(seconds)


def remarks(results: Sequence[Result]) -> list[str]:
    """Return who erred, what sigconv can't do yet, and who was left out for what it would have cost."""
    entries = [(r.point, e) for r in results for e in r.entries]
    told = [f"ERROR {p.kind} {p.name}: {e.peer} {e.error}" for p, e in entries if e.error]
    told += [f"{r.point.kind} {r.point.name}: {r.ours.left_out}" for r in results if r.ours.left_out]
    absent, slow = [], defaultdict(list)
    for point, entry in entries:
        if entry.left_out == "not installed" and entry.peer not in absent:
            absent.append(entry.peer)
        if (entry.left_out or "").startswith("too "):
            slow[entry.peer].append(f"{point.kind} {point.name} ({(entry.left_out or '').removeprefix('too ')})")
    told += [f"not installed: {', '.join(absent)}"] if absent else []
    return told + [f"left out, {peer}: {', '.join(points)}" for peer, points in slow.items()]


def _figure_lines(results: Sequence[Result]) -> list[str]:
    lines = []
    for name, value in figures(results).items():
        if isinstance(value, dict):
            value = ", ".join(f"{kind} {number:.2f}" for kind, number in value.items())
        lines.append(f"{name}: {value:.3g}" if isinstance(value, float) else f"{name}: {value}")
    return lines


def _regret_rows(regrets: Sequence[Regret]) -> list[tuple[str, ...]]:
    """Return the points with the largest regret."""
    worst = sorted(regrets, key=lambda r: -r.ratio)[:15]
    header = ("regret", "kind", "point", "auto took", "time", "best", "its time", "noise")
    return [header, *map(_regret_row, worst)]


def _regret_row(found: Regret) -> tuple[str, ...]:
    taken = found.chosen, _time(found.seconds), found.best, _time(found.best_seconds)
    return (f"{found.ratio:.2f}", found.kind, found.name, *taken, f"{found.noise:.2f}")


def text(report: Report) -> str:
    """Return everything as text for a terminal."""
    lines = []
    if report.results:
        lines += columns(rows(report.results), right=_RIGHT)
        lines += ["", *_figure_lines(report.results), "", *remarks(report.results), ""]
    if report.regrets:
        lines += [*columns(_regret_rows(report.regrets)), "", _regret_line(report.regrets)]
    return "\n".join(lines)


def _regret_line(regrets: Sequence[Regret]) -> str:
    values = ", ".join(f"{name} {value:.3g}" for name, value in regret_summary(regrets).items())
    return f"regret of auto: {values}"


def as_dict(report: Report) -> dict[str, Any]:
    """Return everything as what JSON can hold."""
    results = [
        asdict(r.point) | {"name": r.point.name, "threads": r.threads, "entries": [asdict(e) for e in r.entries]}
        for r in report.results
    ]
    regrets = [r.as_dict() for r in report.regrets]
    found = {"results": results, "figures": figures(report.results), "regrets": regrets}
    if report.regrets:
        found["regret"] = regret_summary(report.regrets)
    return machine() | {"rounds": report.rounds} | found


def machine() -> dict[str, Any]:
    """Return when and where a run was made, and with what."""
    return {
        "date": date.today().isoformat(),
        "cpu": cpu(),
        "python": platform.python_version(),
        "versions": _versions(),
    }


def _versions() -> dict[str, str]:
    found = {}
    for name in _PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


def page(report: Report) -> str:
    """Return everything as a page of Markdown."""
    here = machine()
    versions = ", ".join(f"{name} {number}" for name, number in here["versions"].items())
    counts = sorted({r.threads for r in report.results})
    lines = ["# Benchmarks", "", "Written by `python -m benchmarks --write`; do not edit.", ""]
    lines += [f"- date: {here['date']}", f"- CPU: {here['cpu']}", f"- versions: Python {here['python']}, {versions}"]
    lines += [f"- threads: {', '.join(map(str, counts))}; the best of {report.rounds} rounds, all in turns", ""]
    lines += [
        "A ratio is sigconv's time over the best peer's; below 1, sigconv is faster. Means weigh every kind the same."
    ]
    lines += [f"Tiny calls are judged beside scipy.signal, of whose time they may take {_TINY_RATIO:g}.", ""]
    lines += [*(f"- {line}" for line in _figure_lines(report.results)), "", *_markdown(rows(report.results)), ""]
    lines += [f"- {line}" for line in remarks(report.results)]
    if report.regrets:
        lines += ["", "## Regret", "", _regret_line(report.regrets), "", *_markdown(_regret_rows(report.regrets))]
    return "\n".join(lines) + "\n"


def _markdown(table: Sequence[Sequence[str]]) -> list[str]:
    lines = [f"| {' | '.join(row)} |" for row in table]
    return [lines[0], f"|{' --- |' * len(table[0])}", *lines[1:]]


def write(path: Path, content: str) -> None:
    """Write a file whole or not at all."""
    with beside(path) as temporary:
        temporary.write_text(content, encoding="utf-8")
