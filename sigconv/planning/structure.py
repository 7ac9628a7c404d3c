"""What a kernel's values may allow: passes along the axes, or few sums, if they are cheaper than the chosen method."""

from __future__ import annotations

from collections.abc import Iterator
from math import inf, prod
from typing import NamedTuple

from ..methods.protocol import Estimate
from ..methods.separable import Passes
from ..methods.sparse import Sparse, seconds_of_tap
from ..semantics.problem import Problem
from .candidate import Asked, Candidate, best, offers_of, price

# Terms that are looked for at most: more are rare, and each is a pass over the result.
_MOST = 8
# Taps from which on a kernel may be mostly zeros: fewer are summed in little more time than it takes to look at them.
_TAPS = 256
# What their sums may take of the chosen method's time, since both are estimates.
_SHARE = 1 / 2


class Structure(NamedTuple):
    """A method for kernels that are found to have a structure, or the reason why it is not looked for."""

    method: Passes | Sparse
    candidate: Candidate

    @property
    def pays(self) -> bool:
        """Whether the structure is worth being looked for."""
        return self.reason is None

    @property
    def reason(self) -> str | None:
        """Why the structure is not looked for."""
        return self.candidate.reason

    @property
    def estimate(self) -> Estimate | None:
        """The price of the simplest such kernel."""
        return self.candidate.estimate


def structures(problem: Problem, seconds: float, asked: Asked) -> tuple[Structure, ...]:
    """Return what is looked for in place of a method that takes some time, in this order, or why it is not."""
    return tuple(_offered(problem, seconds, asked, inf))


def sought(problem: Problem, seconds: float, asked: Asked) -> tuple[Structure, ...]:
    """Return the structures that are worth being looked for; often a look at the least that they take shows none."""
    return tuple([s for s in _offered(problem, seconds, asked, seconds) if s.pays])


def _offered(problem: Problem, seconds: float, asked: Asked, below: float) -> Iterator[Structure]:
    """Yield the structures, perhaps without those that take no less than `below` seconds."""
    if prod([axis.taps for axis in problem.axes]) >= _TAPS:
        yield from _sparse(problem, seconds, asked)
    several = sum([axis.taps > 1 for axis in problem.axes]) > 1
    if several and Passes(1).least_seconds(problem, asked.prices) < below:
        yield _separable(problem, seconds, asked)


def _separable(problem: Problem, seconds: float, asked: Asked) -> Structure:
    """Return up to how many terms passes are cheaper than the chosen method."""
    candidate = best(offers_of(Passes(1), problem, asked), asked)
    if candidate.reason is not None:
        return Structure(Passes(0), candidate)
    most = min(1 if problem.componentwise else _MOST, int(seconds / price(candidate.served, asked)))
    reason = None if most else "one outer product would take longer"
    return Structure(Passes(most), candidate._replace(reason=reason))


def _sparse(problem: Problem, seconds: float, asked: Asked) -> list[Structure]:
    """Return up to how many taps their sums are cheaper than the chosen method, by the loops that serve the most.

    Nothing where they are not: few kernels have so many zeros that it needs words.
    """
    if Sparse(1).least_seconds(problem, asked.prices) >= _SHARE * seconds:
        return []
    offered = offers_of(Sparse(1), problem, asked)
    if offered.reason is not None:
        return []

    def most(estimate: Estimate) -> int:
        left = _SHARE * seconds - price(estimate, asked)
        return 1 + int(left / seconds_of_tap(problem, asked.prices, estimate.settings)) if left > 0 else 0

    estimate = max(offered.estimates, key=most)
    taps = min(most(estimate), prod([axis.taps for axis in problem.axes]) // 2)
    return [Structure(Sparse(taps), best(offered._replace(estimates=[estimate]), asked))] if taps else []
