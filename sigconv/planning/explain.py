"""A plan in words: a line, and a table of all candidates."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from ..methods.registry import serving
from ..semantics.problem import Axis, Problem
from ..text import columns, duration, shape_text, size
from .candidate import Candidate, threads
from .structure import Structure

if TYPE_CHECKING:
    from ..methods.protocol import Estimate, Method
    from .plan import Plan


def summary(problem: Problem, method: str, estimate: Estimate) -> str:
    """Return a choice in a line."""
    details = _settings(serving(method, problem), estimate)
    return f"{method} ({details}) for {question(problem)}, about {duration(estimate.seconds)}"


def _settings(method: Method, estimate: Estimate) -> str:
    return ", ".join(f"{name} {value}" for name, value in method.describe(estimate.settings).items())


def question(problem: Problem) -> str:
    """Return what is asked, in a line."""
    signal, kernel = (shape_text(s) for s in (problem.signal_shape, problem.kernel_shape))
    boundaries = "/".join(dict.fromkeys(a.boundary for a in problem.axes)) or "none"
    operator = "slide" if problem.flip == problem.conjugate else "convolve" if problem.flip else "correlate"
    operands = f"{signal} {problem.signal_dtype} with {kernel} {problem.kernel_dtype}"
    missing = "" if problem.nan == "propagate" else f", nan {problem.nan}"
    accuracy = ", componentwise" if problem.componentwise else ""
    return f"{operator} {operands}, {problem.mode}, {boundaries}{missing}{accuracy}"


def explain(plan: Plan) -> str:
    """Return the question, the windows, and a row for every candidate with the memory of one thread.

    `threads` are those that a call from here takes, with the memory of them all.
    """
    problem, ranks = plan.problem, _ranks(plan)
    rows = [(c.method, *_offer(serving(c.method, problem), c, plan), _verdict(c, plan, ranks)) for c in plan.candidates]
    rows += [(s.method.name, *_offer(s.method, s.candidate, plan), _condition(s)) for s in plan.structures]
    table = columns([("method", f"time ({plan.prices})", "memory", "threads", "settings", "verdict"), *rows])
    result = f" -> {shape_text(problem.shape)} {problem.result_dtype}"
    return "\n".join([question(problem) + result, *map(window, problem.axes), *table])


def window(axis: Axis) -> str:
    """Return the window of an axis in a line."""
    steps = f" in steps of {axis.stride}" if axis.stride > 1 else ""
    lo, hi = axis.halo
    return f"axis {axis.position}: outputs [{axis.start}, {axis.stop}){steps} of the full result, halo {lo} + {hi}"


def _offer(method: Method, candidate: Candidate, plan: Plan) -> tuple[str, ...]:
    estimate = candidate.estimate
    if estimate is None:
        return ("-",) * 4
    time = duration(estimate.seconds) + (f" + {duration(candidate.load)} to load" if candidate.load else "")
    count = threads(plan.problem, estimate, plan.max_bytes, None)
    memory = f"{count}: {size(estimate.shared_bytes + count * estimate.worker_bytes)}"
    return time, size(estimate.bytes), memory, _settings(method, estimate)


def _condition(structure: Structure) -> str:
    """Return which kernels a structure would serve."""
    return structure.method.condition if structure.pays else f"not looked for: {structure.reason}"


def _ranks(plan: Plan) -> Sequence[str]:
    """Return the methods that serve, the fastest first."""
    return [c.method for c in sorted(plan.candidates, key=lambda c: c.seconds) if c.reason is None]


def _verdict(candidate: Candidate, plan: Plan, ranks: Sequence[str]) -> str:
    """Return why a candidate was chosen or lost."""
    if candidate.method == plan.method:
        return "chosen: forced by method=" if plan.forced else "chosen: the least estimated time"
    if candidate.reason is not None:
        return f"can't serve: {candidate.reason}"
    if plan.forced:
        return f"not asked: method={plan.method!r} was forced"
    chosen = next(c.seconds for c in plan.candidates if c.method == plan.method)
    lost = f"{candidate.seconds / chosen:.3g} times the time of {plan.method}"
    return f"runner-up: {lost}" if candidate.method == ranks[1] else lost
