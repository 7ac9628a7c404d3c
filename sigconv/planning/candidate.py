"""A method's offer for a problem."""

from __future__ import annotations

from typing import NamedTuple

from ..methods.protocol import Costs, Estimate
from ..methods.registry import METHODS
from ..semantics.problem import Problem


class Candidate(NamedTuple):
    """A method's offer for a problem: its estimate, or the reason why it can't serve."""

    method: str
    estimate: Estimate | None
    reason: str | None


def offer(name: str, problem: Problem, max_bytes: int | None, costs: Costs) -> Candidate:
    """Return a method's offer."""
    reason = METHODS[name].reject(problem)
    if reason is not None:
        return Candidate(name, None, reason)
    estimate = METHODS[name].estimate(problem, costs, max_bytes)
    if max_bytes is not None and estimate.bytes > max_bytes:
        reason = f"it needs {estimate.bytes} bytes of working memory, max_bytes is {max_bytes}"
    return Candidate(name, estimate, reason)
