"""The time of work that workers share: the busiest one's part, and how long the others take to begin."""

from __future__ import annotations

from .protocol import Costs


def share_of(count: int, workers: int) -> float:
    """Return which share of all tiles the busiest of some workers computes."""
    return -(-count // workers) / count if count else 1.0


def waking(count: int, costs: Costs) -> float:
    """Return the time until other workers work, too, if there are several tiles."""
    return costs.wake if min(count, costs.workers) > 1 else 0.0


def shared(work: float, costs: Costs) -> float:
    """Return the least time of some work, by one worker, or by all once they wake."""
    return min(work, work / costs.workers + costs.wake)
