"""A plan in words: a line, and a table of all candidates."""

from __future__ import annotations

from collections.abc import Sequence

from ..methods.protocol import Estimate, Method
from ..methods.registry import METHODS
from ..semantics.problem import Axis, Problem
from ..text import columns, duration, shape_text, size
from .candidate import Candidate
from .structure import Structure


def summary(problem: Problem, method: str, estimate: Estimate) -> str:
    """Return a choice in a line."""
    details = _settings(METHODS[method], estimate)
    return f"{method} ({details}) for {question(problem)}, about {duration(estimate.seconds)}"


def _settings(method: Method, estimate: Estimate) -> str:
    return ", ".join(f"{name} {value}" for name, value in method.describe(estimate.settings).items())


def question(problem: Problem) -> str:
    """Return what is asked, in a line."""
    signal, kernel = (shape_text(s) for s in (problem.signal_shape, problem.kernel_shape))
    boundaries = "/".join(dict.fromkeys(a.boundary for a in problem.axes)) or "none"
    operator = "slide" if problem.flip == problem.conjugate else "convolve" if problem.flip else "correlate"
    operands = f"{signal} {problem.signal_dtype} with {kernel} {problem.kernel_dtype}"
    return f"{operator} {operands}, {problem.mode}, {boundaries}"


def explain(
    problem: Problem, method: str, candidates: Sequence[Candidate], forced: bool, structure: Structure | None
) -> str:
    """Return the question, the windows, and a row for every candidate; times and memory are of one worker."""
    best = next(c.estimate.seconds for c in candidates if c.method == method and c.estimate is not None)
    rows = [(c.method, *_offer(METHODS[c.method], c.estimate), _verdict(c, method, best, forced)) for c in candidates]
    if structure is not None:
        passes = structure.passes
        rows.append((passes.name, *_offer(passes, structure.estimate), _condition(structure)))
    table = columns([("method", "time", "memory", "settings", "verdict"), *rows])
    result = f" -> {shape_text(problem.shape)} {problem.result_dtype}"
    return "\n".join([question(problem) + result, *map(_window, problem.axes), *table])


def _window(axis: Axis) -> str:
    steps = f" in steps of {axis.stride}" if axis.stride > 1 else ""
    lo, hi = axis.halo
    return f"axis {axis.position}: outputs [{axis.start}, {axis.stop}){steps} of the full result, halo {lo} + {hi}"


def _offer(method: Method, estimate: Estimate | None) -> tuple[str, str, str]:
    if estimate is None:
        return "-", "-", "-"
    return duration(estimate.seconds), size(estimate.bytes), _settings(method, estimate)


def _condition(structure: Structure) -> str:
    """Return which kernels the passes would serve."""
    if structure.reason is not None:
        return f"not looked for: {structure.reason}"
    most = structure.passes.most
    return (
        f"taken for a kernel that is found to be {'an outer product' if most == 1 else f'1 to {most} outer products'}"
    )


def _verdict(candidate: Candidate, method: str, best: float, forced: bool) -> str:
    """Return why a candidate was chosen or lost."""
    if candidate.method == method:
        return "chosen: forced by method=" if forced else "chosen: the least estimated time"
    if candidate.reason is not None or candidate.estimate is None:
        return f"can't serve: {candidate.reason}"
    if forced:
        return f"not asked: method={method!r} was forced"
    return f"{candidate.estimate.seconds / best:.3g} times the time of {method}"
