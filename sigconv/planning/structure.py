"""What a kernel's values may allow: passes along the axes, if they are cheaper than the chosen method."""

from __future__ import annotations

from typing import NamedTuple

from ..methods.protocol import Estimate
from ..methods.separable import Passes
from ..semantics.problem import Problem
from .candidate import Candidate, best, offers_of, price
from .cost import Prices
from .loading import Components

# Terms that are looked for at most: more are rare, and each is a pass over the result.
_MOST = 8


class Structure(NamedTuple):
    """Passes for kernels that are found to be few outer products, or the reason why they are not looked for."""

    passes: Passes
    candidate: Candidate

    @property
    def pays(self) -> bool:
        """Whether a kernel's terms are worth being looked for."""
        return self.reason is None

    @property
    def reason(self) -> str | None:
        """Why a kernel's terms are not looked for."""
        return self.candidate.reason

    @property
    def estimate(self) -> Estimate | None:
        """The passes of one outer product."""
        return self.candidate.estimate


def structure(
    problem: Problem, seconds: float, max_bytes: int | None, prices: Prices, ready: Components | None
) -> Structure | None:
    """Return up to how many terms passes are cheaper than the chosen method; None for a kernel of one axis."""
    if sum(axis.taps > 1 for axis in problem.axes) < 2:
        return None
    candidate = best(offers_of(Passes(1), problem, max_bytes, prices), ready, prices)
    if candidate.reason is not None or candidate.estimate is None:
        return Structure(Passes(0), candidate)
    most = min(1 if problem.componentwise else _MOST, int(seconds / price(candidate, ready, prices)))
    reason = None if most else "one outer product would take longer"
    return Structure(Passes(most), candidate._replace(reason=reason))
