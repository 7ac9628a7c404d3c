"""What a kernel's values may allow: passes along the axes, if they are cheaper than the chosen method."""

from __future__ import annotations

from typing import NamedTuple

from ..methods.protocol import Costs, Estimate
from ..methods.separable import Passes
from ..semantics.problem import Problem

# Terms that are looked for at most: more are rare, and each is a pass over the result.
_MOST = 8


class Structure(NamedTuple):
    """Passes for kernels that are found to be few outer products, or the reason why they are not looked for."""

    passes: Passes
    estimate: Estimate | None
    reason: str | None

    @property
    def pays(self) -> bool:
        """Whether a kernel's terms are worth being looked for."""
        return self.reason is None


def structure(problem: Problem, seconds: float, max_bytes: int | None, costs: Costs) -> Structure | None:
    """Return up to how many terms passes are cheaper than the chosen method; None for a kernel of one axis."""
    if sum(axis.taps > 1 for axis in problem.axes) < 2:
        return None
    reason = Passes(1).reject(problem)
    if reason is not None:
        return Structure(Passes(0), None, reason)
    estimate = Passes(1).estimate(problem, costs, max_bytes)
    most = min(_MOST, int(seconds / estimate.seconds))
    if max_bytes is not None and estimate.bytes > max_bytes:
        return Structure(Passes(0), estimate, f"it needs {estimate.bytes} bytes of working memory")
    return Structure(Passes(most), estimate, None if most else "one outer product would take longer")
