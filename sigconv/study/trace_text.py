"""A trace as plain text."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ..text import columns
from .step import Part, Step

if TYPE_CHECKING:
    from .trace_result import Trace

Array = NDArray[Any]

_PRINTED = 16  # outputs worked out by `print`
_TERMS = 25  # products that a sum is written out for

GHOSTS = "In brackets: ghosts, which the boundary puts where the signal has no samples."
MISSING = (
    "In brackets: missing, as the signal has no samples there; the sum is scaled by (Σ kernel)/(Σ of the taps met)."
)


def text(trace: Trace) -> str:
    """Return what is asked, and the first outputs worked out."""
    shown = list(islice(trace, _PRINTED))
    left = len(trace) - len(shown)
    more = [f"… and {left} more outputs: see .step(…), .table(), .to_json()"] if left else []
    return "\n".join([heading(trace), *notes(trace, shown), "", *map(worked, shown), *more])


def heading(trace: Trace) -> str:
    """Return what is asked, with the number of outputs."""
    return f"{trace.question}: {len(trace)} outputs"


def notes(trace: Trace, steps: Sequence[Step]) -> list[str]:
    """Return what explains the brackets, where there are any."""
    if all(step.inside.all() for step in steps):
        return []
    return [MISSING if any(part.factor is not None for step in steps for part in step.parts) else GHOSTS]


def worked(step: Step) -> str:
    """Return one output worked out: window, kernel, products, sum."""
    lines = [title(step)]
    for number, part in enumerate(step.parts):
        name = [f"channel {number}"] if step.channels else []
        lines += ["  " + line for line in [*name, *_side_by_side(step, part), equation(part)]]
    if step.channels:
        lines.append(f"  all channels: {total(step)}")
    return "\n".join(lines)


def title(step: Step) -> str:
    """Return an output and its value."""
    return f"output[{', '.join(map(str, step.index))}] = {number(step.total)}"


def total(step: Step) -> str:
    """Return the sum over the channels."""
    return f"{_sum(step.sums)} = {number(step.total)}"


def equation(part: Part) -> str:
    """Return the sum of a channel's products."""
    count = part.products.size
    added = _sum(part.products.reshape(-1)) if count <= _TERMS else f"the sum of {count} products"
    if part.factor is not None:
        added = f"({added}) · {number(part.factor)}"
    return f"{added} = {number(part.total)}"


def cells(step: Step, part: Part) -> list[tuple[str, list[list[str]]]]:
    """Return window, kernel and products as rows of numbers, ghosts in brackets; one axis is one row."""
    inside = np.atleast_2d(step.inside)
    window = [
        [number(value) if met else f"({number(value)})" for value, met in zip(*row, strict=True)]
        for row in zip(np.atleast_2d(part.window), inside, strict=True)
    ]
    others = [[[number(v) for v in row] for row in np.atleast_2d(a)] for a in (part.kernel, part.products)]
    return list(zip(("window", step.turned, "products"), (window, *others), strict=True))


def table(trace: Trace, most: int | None) -> str:
    """Return a row for each output: its index, where its window lies, the sum, the value."""
    axes = ("samples",) if len(trace.problem.axes) == 1 else ("rows", "columns")
    rows = [row(step) for step in islice(trace, most)]
    left = len(trace) - len(rows)
    more = [f"… and {left} more outputs"] if left else []
    return "\n".join(
        [heading(trace), *columns([("output", *axes, "sum", "value"), *rows], right=[len(axes) + 2]), *more]
    )


def row(step: Step) -> tuple[str, ...]:
    """Return one output's row of the table."""
    spans = [f"{p[0]} … {p[-1]}" if p.size > 1 else str(p[0]) for p in step.positions]
    added = total(step) if step.channels else equation(step.parts[0])
    return (str(list(step.index)), *spans, added.rpartition(" = ")[0], number(step.total))


def number(value: Any) -> str:
    """Return a number with six figures; integers and fractions as they are.

    >>> number(np.float64(1 / 3)), number(-0.0), number(np.int64(10)), number(1 + 2j)
    ('0.333333', '0', '10', '1+2j')
    """
    if isinstance(value, (float, complex, np.inexact)):
        return f"{value + 0:.6g}"
    return str(int(value) if isinstance(value, np.bool_) else value)


def _sum(terms: Array) -> str:
    """Return terms with signs between them."""
    first, *others = (number(term) for term in terms)
    signed = (f" - {term[1:]}" if term.startswith("-") and "j" not in term else f" + {term}" for term in others)
    return first + "".join(signed)


def _side_by_side(step: Step, part: Part) -> list[str]:
    """Return window, kernel and products beside each other under their names."""
    blocks = []
    for name, rows in cells(step, part):
        lines = columns(rows, right=range(len(rows[0])))
        width = max(map(len, [name, *lines]))
        blocks.append([line.ljust(width) for line in (name, *lines)])
    return ["   ".join(lines).rstrip() for lines in zip(*blocks, strict=True)]
