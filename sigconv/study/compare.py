"""Spatial against frequency on the user's own data: time, memory, error, agreement, and where the crossover lies."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import prod
from statistics import median
from time import perf_counter
from typing import Any, Unpack

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..errors import ArgumentTypeError, ArgumentValueError
from ..methods.orientation import orient
from ..methods.registry import METHODS, check_method, serving
from ..methods.tiles import gather, reach_of, trimmed
from ..planning.plan import Plan, choose
from ..semantics.describe import describe
from ..semantics.operands import as_operand
from ..semantics.options import Options, arguments
from ..semantics.problem import Problem
from .allowed import allowed_error
from .comparison import Comparison
from .crossover import crossover
from .exact import exact_outputs, seeded_outputs
from .peak import peak_bytes
from .row import Row
from .samples import samples
from .witness import scipy_result

__all__ = ["compare", "samples"]

Array = NDArray[Any]
Progress = Callable[[int, int, str], None]

LONGEST = 10.0  # seconds; direct sums that would take longer are timed on a part
_PART = 1.0  # seconds that such a part should take
_CHECKED = 256  # outputs held against exact arithmetic
_CHECKED_TAPS = 1 << 21  # taps of all of them together


@dataclass(frozen=True)
class Call:
    """One computation that is measured: the whole problem, or a part of its outputs.

    `origin` is where the part's outputs stand in the whole, `scale` how much longer the whole takes.
    """

    problem: Problem
    signal: Array
    kernel: Array
    origin: tuple[int, ...]
    scale: float = 1.0


def compare(
    signal: ArrayLike,
    kernel: ArrayLike,
    mode: str = "same",
    *,
    operator: str = "convolve",
    methods: Sequence[str] | None = None,
    repeats: int = 3,
    progress: Progress | None = None,
    **options: Unpack[Options],
) -> Comparison:
    """Return how the methods compare on a signal and a kernel.

    Each method is timed, its peak memory is measured in a child process, and its result is held against exact
    arithmetic (at a seeded sample of outputs) and against SciPy. Direct sums that would take over 10 s are timed on a
    part of the outputs and extrapolated, and marked so.

    Parameters
    ----------
    signal, kernel, mode, **options
        As in `sigconv.convolve`.
    operator : {"convolve", "correlate"}
        Whether the kernel is flipped, or slides as it is.
    methods : sequence of str, optional
        The methods to compare; all by default.
    repeats : int
        How often each method is timed; the median counts.
    progress : callable, optional
        Called as ``progress(done, total, what_comes_next)``.

    Returns
    -------
    Comparison
        With `table()`, `plot(path)` and `as_dict()`.

    Raises
    ------
    ArgumentValueError, ArgumentTypeError
        As the call itself would; also for objects, an unknown operator or method, and repeats below 1.

    Examples
    --------
    >>> import sigconv
    >>> result = sigconv.compare([1.0, 2.0, 3.0, 4.0], [1.0, 1.0], methods=["direct"])
    >>> result.rows[0].error
    0.0
    """
    call = _whole(as_operand("signal", signal), as_operand("kernel", kernel), mode, operator, options)
    chosen = tuple(methods or METHODS)
    for name in chosen:
        check_method(name)
    if repeats < 1:
        raise ArgumentValueError(f"repeats={repeats}: use at least 1")
    steps = _Steps(progress, 2 * len(chosen) + 2)
    steps.next("computing with SciPy")
    witness = scipy_result(call.problem, call.signal, call.kernel)
    rows = [_row(name, call, witness, repeats, steps) for name in chosen]
    steps.next("looking for the crossover")
    where = crossover(call.problem)
    steps.next("done")
    return Comparison(choose(call.problem), tuple(rows), where, call.signal, call.kernel, witness)


class _Steps:
    """Tells a caller how far the comparison is."""

    def __init__(self, progress: Progress | None, total: int) -> None:
        self._progress, self._total, self._done = progress, total, 0

    def next(self, label: str) -> None:
        if self._progress is not None:
            self._progress(min(self._done, self._total), self._total, label)
        self._done += 1


def _whole(signal: Array, kernel: Array, mode: str, operator: str, options: Options) -> Call:
    """Return the whole problem as a call."""
    if operator not in ("convolve", "correlate"):
        raise ArgumentValueError(f"operator={operator!r}: use convolve or correlate")
    if "O" in (signal.dtype.kind, kernel.dtype.kind):
        raise ArgumentTypeError("compare takes arrays of numbers: objects are only served by method='direct'")
    flip = operator == "convolve"
    asked = arguments(options, mode=mode, flip=flip, conjugate=not flip)
    problem = describe(signal.shape, kernel.shape, signal.dtype, kernel.dtype, **asked)
    for name, array in (("signal", signal), ("kernel", kernel)):
        if not np.isfinite(array).all():
            bad = tuple(int(i) for i in np.argwhere(~np.isfinite(array))[0])
            raise ArgumentValueError(f"the {name} is not finite at index {bad}: compare takes finite numbers")
    if prod(problem.shape) == 0:
        raise ArgumentValueError(f"the result has shape {problem.shape}: there is nothing to compare")
    return Call(problem, signal, kernel, (0,) * len(problem.shape))


def _row(name: str, whole: Call, witness: Array, repeats: int, steps: _Steps) -> Row:
    """Return one method's measurements, or why it can't serve."""
    steps.next(f"timing {name}")
    reason = serving(name, whole.problem).reject(whole.problem) if name != "auto" else None
    if reason is not None:
        steps.next(name)
        return Row(name, reason=reason)
    estimate = choose(whole.problem, name).estimate.seconds
    call = _part(whole, name, _PART / estimate) if estimate > LONGEST and name == "direct" else whole
    plan = choose(call.problem, name)
    seconds, result = _timed(plan, call, repeats)
    steps.next(f"measuring the memory of {name}")
    peak = peak_bytes(call.signal, call.kernel, _arguments(call.problem, name))
    scale = float(np.nanmax(np.abs(witness), initial=0)) or 1.0
    return Row(
        name,
        seconds=seconds * call.scale,
        extrapolated=call is not whole,
        peak_bytes=peak,
        error=_error(whole, call, result) / scale,
        bound=allowed_error(choose(whole.problem, name), whole.signal, whole.kernel, scale) / scale,
        difference=_difference(whole, call, result, witness) / scale,
    )


def _part(whole: Call, name: str, fraction: float) -> Call:
    """Return some outputs in the middle of the first axis as a problem of their own: `valid`, of what they read."""
    problem, first = whole.problem, whole.problem.axes[0]
    count = max(1, int(first.count * fraction))
    begin = (first.count - count) // 2
    wanted = [slice(begin, begin + count) if axis is first else slice(0, axis.count) for axis in problem.axes]
    reaches = [reach_of(axis, w) for axis, w in zip(problem.axes, wanted, strict=True)]
    piece = gather(whole.signal.reshape(problem.signal_shape), problem, reaches)
    kernel = trimmed(orient(whole.kernel, problem), reaches)
    part = describe(
        *(piece.shape, kernel.shape, piece.dtype, kernel.dtype),
        mode="valid",
        axes=problem.positions,
        stride=tuple(axis.stride for axis in problem.axes),
        dilation=tuple(axis.dilation for axis in problem.axes),
    )
    scale = choose(problem, name).estimate.seconds / choose(part, name).estimate.seconds
    origin = tuple(begin if i == first.position else 0 for i in range(len(problem.shape)))
    return Call(part, piece, kernel, origin, scale)


def _timed(plan: Plan, call: Call, repeats: int) -> tuple[float, Array]:
    """Return the median time of a call and its result; the first run, which may compile, does not count."""
    result, times = plan(call.signal, call.kernel), []
    for _ in range(repeats):
        begin = perf_counter()
        plan(call.signal, call.kernel, out=result)
        times.append(perf_counter() - begin)
    return median(times), result


def _arguments(problem: Problem, method: str) -> dict[str, Any]:
    """Return a problem as arguments of `slide` that JSON can hold; the fill value changes no memory and is left out."""
    arguments: dict[str, Any] = {"mode": problem.mode, "method": method, "flip": problem.flip}
    arguments |= {"conjugate": problem.conjugate, "axes": problem.positions}
    arguments |= {name: [getattr(a, name) for a in problem.axes] for name in ("boundary", "stride", "dilation")}
    return arguments


def _error(whole: Call, call: Call, result: Array) -> float:
    """Return the largest distance from exact arithmetic at a seeded sample of the call's outputs."""
    taps = prod(axis.taps for axis in whole.problem.axes)
    sample = seeded_outputs(result.shape, max(2, min(_CHECKED, _CHECKED_TAPS // taps)))
    places = [tuple(o + i for o, i in zip(call.origin, index, strict=True)) for index in sample]
    exact = exact_outputs(whole.problem, whole.signal, whole.kernel, places)
    return max(_distance(result[index], value) for index, value in zip(sample, exact, strict=True))


def _distance(found: Any, exact: Any) -> float:
    """Return how far an output lies from the exact one; both are NaN where renormalising has nothing to scale."""
    if np.isnan(complex(exact)):
        return 0.0 if np.isnan(found) else np.inf
    return float(abs((found if found.dtype.char in "gG" else found.item()) - exact))


def _difference(whole: Call, call: Call, result: Array, witness: Array) -> float:
    """Return the largest distance from SciPy's result."""
    index = tuple(slice(o, o + n) for o, n in zip(call.origin, result.shape, strict=True))
    return float(np.nanmax(np.abs(result.astype(witness.dtype) - witness[index]), initial=0))
