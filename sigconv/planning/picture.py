"""A plan as a picture: what every candidate would take."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from ..drawing import Path, finished, subplots
from ..methods.protocol import Estimate
from ..text import duration, size
from .explain import question

if TYPE_CHECKING:
    from .plan import Plan

_CHOSEN, _OTHER, _CONDITION = "#4c72b0", "#b8c4d6", "#e6e6e6"
Bar = tuple[str, Estimate, str]


def draw(plan: Plan, path: Path | None) -> Any:
    """Return axes with each candidate's estimated time and memory, the chosen one darker."""
    bars = [
        (f"{c.method}\n(chosen)", c.estimate, _CHOSEN) if c.method == plan.method else (c.method, c.estimate, _OTHER)
        for c in plan.candidates
        if c.estimate is not None and c.reason is None
    ]
    bars += [
        (f"{found.method.name}\n(if the kernel is)", found.estimate, _CONDITION)
        for found in plan.structures
        if found.estimate is not None and found.pays
    ]
    axes = subplots(1, 2, (10.0, 1.2 + 0.6 * len(bars)))
    _bars(axes[0, 0], bars, "estimated time", lambda e: e.seconds, duration)
    _bars(axes[0, 1], bars, "estimated working memory", lambda e: e.bytes, size)
    refused = [f"{c.method} can't serve: {c.reason}" for c in plan.candidates if c.reason is not None]
    return finished(axes, "\n".join([question(plan.problem), *refused]), path)


def _bars(
    ax: Any, bars: Sequence[Bar], label: str, figure: Callable[[Estimate], float], text: Callable[[float], str]
) -> None:
    values = [figure(estimate) for _, estimate, _ in bars]
    drawn = ax.barh([name for name, _, _ in bars], values, color=[color for _, _, color in bars])
    ax.bar_label(drawn, [text(value) for value in values], padding=4)
    ax.margins(x=0.25)
    ax.invert_yaxis()
    ax.set(xlabel=label, xticks=[])
