"""How far each method's result may lie from the exact one, in figures for given operands: proven, and expected."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Unpack

import numpy as np
from numpy.typing import ArrayLike

from ..errors import ArgumentTypeError
from ..methods.registry import METHODS, serving
from ..planning.explain import question
from ..planning.plan import choose
from ..semantics.describe import describe
from ..semantics.operands import as_operand
from ..semantics.options import Options, arguments
from ..semantics.problem import Problem
from ..text import columns
from .allowed import Bounds


@dataclass(frozen=True)
class MethodBound:
    """One method's figures, or only the reason why it can't serve.

    Attributes
    ----------
    proven : float
        No output lies further from the exact one (docs/accuracy.md has the proof); 0 where results are exact.
    expected : float
        Empirical: about the largest error that data without a pattern let expect. No bound.
    """

    method: str
    proven: float | None = None
    expected: float | None = None
    reason: str | None = None


@dataclass(frozen=True, repr=False)
class ErrorBound:
    """The result of `sigconv.error_bound`: `bound[method]` are a method's figures; printed, it is a table.

    Attributes
    ----------
    problem : Problem
        What was asked.
    largest : float
        The size of the largest output, beside which the figures stand.
    rows : tuple of MethodBound
        One for "auto", and one for each method.
    """

    problem: Problem
    largest: float
    rows: tuple[MethodBound, ...]

    def __getitem__(self, method: str) -> MethodBound:
        return {row.method: row for row in self.rows}[method]

    def table(self) -> str:
        """Return the figures as text."""
        cells = [(r.method, *(f"{v:.1e}" for v in (r.proven, r.expected) if v is not None)) for r in self.rows]
        lines = columns([("method", "proven", "expected"), *(c if len(c) == 3 else (c[0], "-", "-") for c in cells)])
        reasons = [f"{row.method} can't serve: {row.reason}" for row in self.rows if row.reason]
        notes = [
            f"Largest errors; the largest output is {self.largest:.3g}.",
            "proven: no output is further off. expected: empirical, for data without a pattern.",
        ]
        return "\n".join([question(self.problem), *lines, *reasons, *notes])

    def as_dict(self) -> dict[str, Any]:
        """Return everything as what JSON can hold."""
        return {
            "problem": question(self.problem),
            "largest": self.largest,
            "methods": [asdict(row) for row in self.rows],
        }

    def __repr__(self) -> str:
        return self.table()


def error_bound(
    signal: ArrayLike,
    kernel: ArrayLike,
    mode: str = "full",
    *,
    flip: bool = True,
    conjugate: bool = False,
    max_bytes: int | None = None,
    **options: Unpack[Options],
) -> ErrorBound:
    """Return how far the outputs of each method may lie from the exact ones.

    Of a direct sum |error| ≤ ((1 + u)^m − 1) Σ|x||h| + 2 m η, of a transform of N samples
    |error| ≤ c(N) u ‖x_b‖₂ ‖h‖₂ + (8 N + 10 √N ‖h‖₂) η, where x_b is what the transform that gave the output has read,
    u the unit roundoff and η the smallest positive number.

    Parameters
    ----------
    signal, kernel, mode, flip, conjugate, max_bytes, **options
        As in `sigconv.slide` (`flip=True` is `convolve`). The convolution is computed once, for its largest output.

    Returns
    -------
    ErrorBound
        Two figures for each method: `proven`, and `expected`, which is empirical.

    Raises
    ------
    ArgumentValueError, ArgumentTypeError
        As the call itself would; also for objects.

    Notes
    -----
    N. J. Higham, Accuracy and Stability of Numerical Algorithms, 2nd ed., ch. 3 and 24; C. Percival, Math. Comp. 72
    (2003) 387–395; R. P. Brent, C. Percival and P. Zimmermann, Math. Comp. 76 (2007) 1469–1481.

    Examples
    --------
    >>> import numpy as np, sigconv
    >>> bound = sigconv.error_bound(np.ones(1000), np.ones(100))
    >>> bound["direct"].proven < bound["fft"].proven < 1e-10
    True
    >>> sigconv.error_bound([1, 2, 3], [4, 5])["fft"].proven  # integers are exact
    0.0
    """
    x, h = as_operand("signal", signal), as_operand("kernel", kernel)
    if "O" in (x.dtype.kind, h.dtype.kind):
        raise ArgumentTypeError("error_bound takes arrays of numbers: sums of objects are as exact as these are")
    asked = arguments(options, mode=mode, flip=flip, conjugate=conjugate)
    problem = describe(x.shape, h.shape, x.dtype, h.dtype, **asked)
    result = choose(problem, "auto", max_bytes)(x, h)
    largest = float(np.nanmax(np.abs(result), initial=0))
    rows = tuple(_row(problem, name, max_bytes, (x, h), largest) for name in ("auto", *METHODS))
    return ErrorBound(problem, largest, rows)


def _row(problem: Problem, name: str, max_bytes: int | None, operands: tuple[Any, Any], largest: float) -> MethodBound:
    """Return one method's figures."""
    reason = serving(name, problem).reject(problem) if name in METHODS else None
    if reason is not None:
        return MethodBound(name, reason=reason)
    signal, kernel = operands
    bounds = Bounds(choose(problem, name, max_bytes).prepare(kernel), signal)
    return MethodBound(name, bounds.of_all(largest), bounds.expected(largest))
