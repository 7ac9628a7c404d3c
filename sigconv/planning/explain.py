"""A plan in words: a line, and a table of all candidates."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..methods.registry import METHODS
from ..semantics.problem import Axis, Problem
from ..text import columns, duration, shape_text, size

if TYPE_CHECKING:
    from .plan import Candidate, Plan


def summary(plan: Plan) -> str:
    """Return the plan in a line."""
    settings = METHODS[plan.method].describe(plan.estimate.settings)
    details = ", ".join(f"{name} {value}" for name, value in settings.items())
    return f"{plan.method} ({details}) for {question(plan.problem)}, about {duration(plan.estimate.seconds)}"


def question(problem: Problem) -> str:
    """Return what is asked, in a line."""
    signal, kernel = (shape_text(s) for s in (problem.signal_shape, problem.kernel_shape))
    boundaries = "/".join(dict.fromkeys(a.boundary for a in problem.axes)) or "none"
    operator = "slide" if problem.flip == problem.conjugate else "convolve" if problem.flip else "correlate"
    operands = f"{signal} {problem.signal_dtype} with {kernel} {problem.kernel_dtype}"
    return f"{operator} {operands}, {problem.mode}, {boundaries}"


def explain(plan: Plan) -> str:
    """Return the question, the windows, and a row for every candidate."""
    header = ("method", "time", "memory", "settings", "verdict")
    table = columns([header, *(_row(c, plan) for c in plan.candidates)])
    result = f" -> {shape_text(plan.problem.shape)} {plan.problem.result_dtype}"
    return "\n".join([question(plan.problem) + result, *map(_window, plan.problem.axes), *table])


def _window(axis: Axis) -> str:
    steps = f" in steps of {axis.stride}" if axis.stride > 1 else ""
    lo, hi = axis.halo
    return f"axis {axis.position}: outputs [{axis.start}, {axis.stop}){steps} of the full result, halo {lo} + {hi}"


def _row(candidate: Candidate, plan: Plan) -> tuple[str, str, str, str, str]:
    """Return a candidate's row; times and memory are of one worker."""
    if candidate.estimate is None:
        return candidate.method, "-", "-", "-", f"can't serve: {candidate.reason}"
    settings = METHODS[candidate.method].describe(candidate.estimate.settings)
    words = ", ".join(f"{name} {value}" for name, value in settings.items())
    estimate = candidate.estimate
    return candidate.method, duration(estimate.seconds), size(estimate.bytes), words, _verdict(candidate, plan)


def _verdict(candidate: Candidate, plan: Plan) -> str:
    """Return why a candidate was chosen or lost."""
    assert candidate.estimate is not None
    if candidate.method == plan.method:
        return "chosen: forced by method=" if plan.forced else "chosen: the least estimated time"
    if candidate.reason is not None:
        return f"can't serve: {candidate.reason}"
    if plan.forced:
        return f"not asked: method={plan.method!r} was forced"
    return f"{candidate.estimate.seconds / plan.estimate.seconds:.3g} times the time of {plan.method}"
