"""A trace as tables for notebooks; colours are the page's own, so that they show on light and on dark."""

from __future__ import annotations

from html import escape
from itertools import islice
from typing import TYPE_CHECKING

from . import html
from .step import Part, Step
from .trace_text import cells, equation, heading, notes, title, total

if TYPE_CHECKING:
    from .trace_result import Trace

_SHOWN = 25  # outputs


def page(trace: Trace) -> str:
    """Return what is asked, and each of the first outputs to unfold."""
    shown = list(islice(trace, _SHOWN))
    left = len(trace) - len(shown)
    more = [f"… and {left} more outputs: see .step(…)"] if left else []
    folded = [
        f"<details{' open' if i == 0 else ''}><summary>{escape(title(step))}</summary>{_body(step)}</details>"
        for i, step in enumerate(shown)
    ]
    return html.lines([heading(trace), *notes(trace, shown)]) + "".join(folded) + html.lines(more)


def worked(step: Step) -> str:
    """Return one output as tables."""
    return html.lines([title(step)]) + _body(step)


def _body(step: Step) -> str:
    parts = [_part(step, part, f"channel {i}" if step.channels else "") for i, part in enumerate(step.parts)]
    return "".join(parts) + html.lines([f"all channels: {total(step)}"] if step.channels else [])


def _part(step: Step, part: Part, name: str) -> str:
    """Return window, kernel and products side by side, and the sum under them."""
    tables = [_grid(title, rows) for title, rows in cells(step, part)]
    across = "".join(f'<div style="margin-right:2em">{table}</div>' for table in tables)
    return (
        html.lines([name] if name else []) + f'<div style="display:flex">{across}</div>' + html.lines([equation(part)])
    )


def _grid(caption: str, rows: list[list[str]]) -> str:
    """Return numbers as a table; ghosts, in brackets, are paler."""
    body = "".join("<tr>" + "".join(map(_cell, row)) + "</tr>" for row in rows)
    return f'<table><caption style="white-space:nowrap">{escape(caption)}</caption><tbody>{body}</tbody></table>'


def _cell(text: str) -> str:
    ghost = ";opacity:0.55" if text.startswith("(") else ""
    return f'<td style="text-align:right;padding:0 0.5em{ghost}">{escape(text)}</td>'
