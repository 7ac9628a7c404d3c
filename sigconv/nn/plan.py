"""A layer's plan: every candidate with its cost, and the one that was chosen; described, chosen, run."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from ..errors import ArgumentValueError
from ..methods.protocol import Estimate, Settings
from ..methods.registry import check_method
from ..planning.candidate import Candidate
from ..planning.cost import PRIORS
from ..planning.explain import window
from ..text import columns, duration, shape_text, size
from .problem import Problem
from .ways import NAMES, ways


@dataclass(frozen=True)
class Plan:
    """How a layer will be computed: an immutable value, decided by shapes, dtypes and options alone.

    `print(plan)` is a line, `plan.explain()` a table of all candidates. Made by `sigconv.nn.plan` and `nn.Conv.plan`.

    Attributes
    ----------
    problem : Problem
        What is asked.
    method : str
        The chosen method.
    candidates : tuple of Candidate
        All methods, with their estimates or the reasons why they can't serve.
    forced : bool
        Whether the caller named the method.
    """

    problem: Problem
    method: str
    estimate: Estimate
    candidates: tuple[Candidate, ...]
    forced: bool

    def __str__(self) -> str:
        details = self._words(self.method, self.estimate)
        return f"{self.method} ({details}) for {_question(self.problem)}, about {duration(self.estimate.seconds)}"

    def explain(self) -> str:
        """Return a table of all candidates: estimated time and memory, and why each was chosen or not."""
        head = f"{_question(self.problem)} -> {shape_text(self.problem.shape)} {self.problem.result_dtype}"
        rows = [self._row(candidate) for candidate in self.candidates]
        table = columns([("method", "time", "memory", "settings", "verdict"), *rows])
        return "\n".join([head, *map(window, self.problem.convolutions.axes), *table])

    def _row(self, candidate: Candidate) -> tuple[str, ...]:
        """Return a candidate's estimate, of one worker, and why it was chosen or lost."""
        method, estimate = candidate.method, candidate.estimate
        if estimate is None:
            return method, "-", "-", "-", f"can't serve: {candidate.reason}"
        if method == self.method:
            verdict = "chosen: forced by method=" if self.forced else "chosen: the least estimated time"
        else:
            verdict = f"{estimate.seconds / self.estimate.seconds:.3g} times the time of {self.method}"
        return method, duration(estimate.seconds), size(estimate.bytes), self._words(method, estimate), verdict

    def _words(self, method: str, estimate: Estimate) -> str:
        """Return the settings of a candidate in words."""
        words = ways(self.problem)[method].describe(estimate.settings)
        return ", ".join(f"{name} {value}" for name, value in words.items())


def _question(problem: Problem) -> str:
    """Return what is asked, in a line."""
    convolutions, groups = problem.convolutions, problem.groups
    space, taps = [axis.signal for axis in convolutions.axes], [axis.taps for axis in convolutions.axes]
    grouped = f" in {groups} groups" if groups > 1 else ""
    channels = f"{groups * problem.inputs} to {groups * problem.outputs} channels{grouped}"
    boundaries = "/".join(dict.fromkeys(axis.boundary for axis in convolutions.axes))
    operands = f"{problem.batch} × {shape_text(space)} {convolutions.signal_dtype} with {shape_text(taps)} taps"
    return f"layer of {channels}, {operands}, {boundaries}"


@lru_cache(maxsize=1024)
def choose(problem: Problem, method: str = "auto") -> Plan:
    """Return the plan of a layer: the cheapest method that serves, or the one named.

    Raises
    ------
    ArgumentValueError
        If the method is unknown or can't serve the layer.
    """
    check_method(method, NAMES)
    if problem.empty:  # nothing to compute: every method would serve
        nothing = Estimate(Settings(problem.sums_shape, "none"), 0.0, 0, 0)
        return Plan(problem, "direct", nothing, (Candidate("direct", nothing, None),), method != "auto")
    candidates = tuple(_offer(name, way, problem.working) for name, way in ways(problem).items())
    considered = [c for c in candidates if method in ("auto", c.method)]
    serving = [(c.estimate.seconds, c.method, c.estimate) for c in considered if c.estimate is not None]
    if not serving:
        reasons = "; ".join(f"method={c.method!r} can't serve: {c.reason}" for c in considered)
        raise ArgumentValueError(reasons or f"method={method!r} can't serve: it does not sum over channels")
    _, chosen, estimate = min(serving, key=lambda offer: offer[0])
    return Plan(problem, chosen, estimate, candidates, method != "auto")


def _offer(name: str, way: Any, problem: Problem) -> Candidate:
    """Return a method's offer."""
    reason = way.reject(problem)
    return Candidate(name, None, reason) if reason else Candidate(name, way.estimate(problem, PRIORS), None)
