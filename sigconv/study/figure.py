"""The picture of a comparison."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..drawing import Path, bare, finished, subplots
from ..planning.explain import question
from ..planning.plan import Plan
from ..semantics.problem import Problem
from ..text import duration, shape_text
from .crossover import Crossover
from .row import Row

Array = NDArray[Any]

_COLORS = {"direct": "#4c72b0", "fft": "#dd8452", "overlap-add": "#55a868"}


def draw(plan: Plan, rows: Sequence[Row], crossover: Crossover, arrays: Sequence[Array], path: Path | None) -> Any:
    """Draw a comparison (its plan, measurements, crossover; signal, kernel and result) and return the axes."""
    axes = subplots(2, 3, (13.0, 7.0))
    for ax, title, data in zip(axes[0], ("signal", "kernel", "result"), _shown(plan.problem, arrays), strict=True):
        _array(ax, title, data)
    measured = [row for row in rows if row.reason is None]
    _times(axes[1, 0], measured, plan.method)
    _curves(axes[1, 1], crossover)
    _errors(axes[1, 2], measured)
    return finished(axes, question(plan.problem), path)


def _shown(problem: Problem, arrays: Sequence[Array]) -> list[Array]:
    """Return one entry of the batch of signal, kernel and result: their convolved axes."""
    shapes = (problem.signal_shape, problem.kernel_shape, problem.shape)
    first = tuple(slice(None) if i in problem.positions else 0 for i in range(len(problem.shape)))
    return [np.real(array.reshape(shape)[first]) for array, shape in zip(arrays, shapes, strict=True)]


def _array(ax: Any, title: str, data: Array) -> None:
    """Draw a line or an image; of more axes the middle of the first ones."""
    while data.ndim > 2:
        data = data[len(data) // 2]
    if data.ndim == 2:
        ax.imshow(data, cmap="gray")
        bare(ax)
    else:
        ax.plot(np.atleast_1d(data), color="0.2", linewidth=0.8)
        ax.set_xlabel("sample")
    ax.set_title(f"{title} ({shape_text(data.shape)})")


def _times(ax: Any, rows: Sequence[Row], chosen: str) -> None:
    bars = ax.barh(
        [row.method for row in rows],
        [(row.seconds or 0) * 1e3 for row in rows],
        color=[_COLORS.get(row.method, "0.5") for row in rows],
    )
    labels = [duration(row.seconds or 0) + ("*" if row.extrapolated else "") for row in rows]
    ax.bar_label(bars, labels, padding=4)
    ax.margins(x=0.3)
    ax.invert_yaxis()
    ax.set_xlabel("median time / ms" + (" (* extrapolated)" if any(row.extrapolated for row in rows) else ""))
    ax.set_title(f"auto takes {chosen}")


def _errors(ax: Any, rows: Sequence[Row]) -> None:
    """Draw each method's error as a dot and what is allowed as a bar; an error of 0 stands at the left edge."""
    found = [(row.method, row.error or 0.0, row.bound or 0.0) for row in rows]
    least = min((value for _, *values in found for value in values if value > 0), default=0.0) / 10
    if not least:
        bare(ax, "every output is exact")
        return
    for name, error, bound in found:
        ax.plot([max(error, least), max(bound, least)], [name, name], color="0.8", zorder=1)
        ax.scatter([max(error, least)], [name], color=_COLORS.get(name, "0.5"))
        ax.scatter([max(bound, least)], [name], marker="|", s=300, color="0.3")
        label = f"{error:.1e}" if error else "0"
        ax.annotate(label, (max(error, least), name), (0, 8), textcoords="offset points")
    ax.set_xscale("log")
    ax.margins(x=0.1, y=0.3)
    ax.invert_yaxis()
    ax.set(xlabel="over the largest output", title="largest error (dots), allowed (bars)")


def _curves(ax: Any, found: Crossover) -> None:
    from matplotlib.ticker import LogLocator, NullLocator

    if not found.lengths:
        bare(ax, "the signal is too short for a crossover")
        return
    ax.loglog(found.lengths, np.array(found.direct) * 1e3, "o-", color=_COLORS["direct"], label="space (direct)")
    ax.loglog(
        found.lengths, np.array(found.frequency) * 1e3, "s-", color=_COLORS["fft"], label="frequency (best of FFT)"
    )
    if found.taps is not None:
        ax.axvline(found.taps, color="0.4", linestyle=":", label=f"crossover: {found.taps:.3g} taps")
    ax.set_xticks([n for n in found.lengths if n & (n - 1) == 0])
    ax.xaxis.set_major_formatter("{x:.0f}")
    ax.xaxis.set_minor_locator(NullLocator())
    ax.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    ax.yaxis.set_major_formatter("{x:g}")
    ax.yaxis.set_minor_locator(NullLocator())
    ax.set_xlabel("kernel taps an axis")
    ax.set_ylabel("time / ms")
    ax.set_title("signal of " + shape_text(found.shape))
    ax.legend()
