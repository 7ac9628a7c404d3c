"""The picture: sigconv's ratio to every peer at every point."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from sigconv.files.replace import beside

from .timing import Result


def draw(results: Sequence[Result], path: Path) -> None:
    """Draw for every point how many times as long as sigconv each peer takes, into a file."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    shown = [r for r in results if r.ours.seconds and r.best()]
    figure = Figure(figsize=(11, 2 + 0.24 * len(shown)), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    for number, peer in enumerate(_peers(shown)):
        places, times = _series(shown, peer)
        axes.plot(times, places, "osD^v<>Xph*"[number % 11], markersize=5, label=peer)
    axes.axvline(1, color="black", linewidth=1)
    axes.set(xscale="log", xlabel="time of a peer ÷ time of sigconv (right of 1: sigconv is faster)")
    axes.set_yticks(range(len(shown)), [f"{r.point.kind}  {r.point.name}" for r in shown], fontsize=7)
    axes.invert_yaxis()
    axes.grid(alpha=0.3)
    figure.legend(fontsize=7, loc="outside right upper")
    with beside(path) as temporary:
        figure.savefig(temporary, dpi=120)


def _peers(results: Sequence[Result]) -> list[str]:
    """Return all peers that were timed, in the order met."""
    return list(dict.fromkeys(e.peer for r in results for e in r.entries[1:] if e.seconds is not None))


def _series(results: Sequence[Result], peer: str) -> tuple[list[int], list[float]]:
    """Return where one peer was timed, and its times in units of sigconv's."""
    found = [
        (place, entry.seconds / result.ours.seconds)
        for place, result in enumerate(results)
        for entry in result.entries[1:]
        if entry.peer == peer and entry.seconds is not None and result.ours.seconds
    ]
    return [place for place, _ in found], [times for _, times in found]
