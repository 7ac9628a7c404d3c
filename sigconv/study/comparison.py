"""What `compare` found: rows, a table, a plot, a dict."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from numpy.typing import NDArray

from ..drawing import Path
from ..planning.explain import question
from ..planning.plan import Plan
from ..text import columns, duration, figures, shape_text, size
from .crossover import Crossover
from .figure import draw
from .row import Row

Array = NDArray[Any]


@dataclass(frozen=True, repr=False)
class Comparison:
    """The result of `sigconv.compare`.

    Attributes
    ----------
    plan : Plan
        What `method="auto"` chooses for this problem.
    rows : tuple of Row
        One for each method.
    crossover : Crossover
        Where frequency overtakes space on this machine.
    """

    plan: Plan
    rows: tuple[Row, ...]
    crossover: Crossover
    signal: Array
    kernel: Array
    result: Array

    def table(self) -> str:
        """Return the comparison as text: what was computed, a row for each method, the choice, the crossover."""
        result = f" -> {shape_text(self.plan.problem.shape)} {self.plan.problem.result_dtype}"
        lines = [question(self.plan.problem) + result, "", *self._rows(), "", *self._notes()]
        return "\n".join(lines)

    def as_dict(self) -> dict[str, Any]:
        """Return everything but the arrays as what JSON can hold."""
        return {
            "problem": question(self.plan.problem),
            "shape": list(self.plan.problem.shape),
            "dtype": str(self.plan.problem.result_dtype),
            "methods": [row.as_dict() for row in self.rows],
            "auto": {"method": self.plan.method, "plan": str(self.plan), "explain": self.plan.explain()},
            "crossover": asdict(self.crossover),
        }

    def plot(self, path: Path | None = None) -> Any:
        """Draw signal, kernel and result; the times, the times against the kernel's length, and the errors.

        Parameters
        ----------
        path : str or path, optional
            Also write the figure to this file, of any kind that matplotlib writes.

        Returns
        -------
        ndarray of matplotlib.axes.Axes, shape (2, 3)
            ``axes[0, 0].figure`` is the figure.

        Raises
        ------
        FileError
            If matplotlib is not installed.
        """
        return draw(self.plan, self.rows, self.crossover, (self.signal, self.kernel, self.result), path)

    def __repr__(self) -> str:
        return self.table()

    def _rows(self) -> list[str]:
        header = ("method", "median time", "vs direct", "peak memory", "largest error", "allowed", "vs SciPy")
        direct = next((row.seconds for row in self.rows if row.method == "direct"), None)
        lines = columns([header, *(_cells(row, direct) for row in self.rows)], right=range(1, 7))
        refused = [f"{row.method} can't serve: {row.reason}" for row in self.rows if row.reason]
        return lines + refused

    def _notes(self) -> list[str]:
        """Return what the table does not say by itself."""
        measured = [row for row in self.rows if row.reason is None]
        holding = all(row.holds for row in measured)
        notes = [
            "All methods agree: every error is within what rounding allows."
            if holding
            else "NOT all methods agree: an error is larger than rounding allows. Please report this.",
            f"auto takes {self.plan.method}: {_why(self.plan)}.",
            _crossover_note(self.crossover),
        ]
        if any(row.extrapolated for row in measured):
            notes.append("* timed on a part of the outputs and extrapolated; memory and errors are of that part.")
        notes.append(
            "Errors are largest distances, over the largest output: from exact arithmetic at a seeded sample of\n"
            "outputs, and from scipy.signal everywhere. Peak memory is what the call took beside its operands."
        )
        return notes


def _cells(row: Row, direct: float | None) -> tuple[str, ...]:
    if row.seconds is None:
        return (row.method, *("-",) * 6)
    speed = f"{figures(direct / row.seconds)} ×" if direct else "-"
    time = duration(row.seconds) + ("*" if row.extrapolated else "")
    accuracy = [f"{value:.1e}" if value else "0" for value in (row.error, row.bound, row.difference)]
    return (row.method, time, speed, size(row.peak_bytes or 0), *accuracy)


def _why(plan: Plan) -> str:
    """Return the estimates that decided."""
    offers = [(c.estimate.seconds, c.method) for c in plan.candidates if c.estimate is not None and c.reason is None]
    told = ", ".join(f"{duration(seconds)} for {method}" for seconds, method in sorted(offers))
    return f"the least estimated time ({told})"


def _crossover_note(found: Crossover) -> str:
    where = f"a signal of {shape_text(found.shape)}, on this machine"
    if not found.lengths:
        return f"The signal ({shape_text(found.shape)}) is too short to look for a crossover."
    if found.taps is None:
        return f"Frequency does not overtake space up to kernels of {found.lengths[-1]} taps an axis, for {where}."
    return f"Frequency overtakes space at kernels of about {figures(found.taps)} taps an axis, for {where}."
