"""Layers in which every output channel sees one input channel: sigconv's own methods, which choose their settings."""

from __future__ import annotations

from collections.abc import Mapping

from ..engines.protocol import Array
from ..methods.execute import Prepared
from ..methods.protocol import Costs, Estimate, Settings
from ..methods.registry import METHODS
from ..planning.plan import Plan, choose
from .problem import Problem


class Channelwise:
    """A depthwise layer: the convolutions of a problem, by one of sigconv's methods; there is nothing to sum."""

    def __init__(self, method: str) -> None:
        self._method = method

    def reject(self, problem: Problem) -> str | None:
        """Serve what the method serves."""
        return METHODS[self._method].reject(problem.convolutions)

    def estimate(self, problem: Problem, costs: Costs) -> Estimate:
        """Return the method's own estimate."""
        return self._plan(problem).estimate

    def prepare(self, kernel: Array, problem: Problem, settings: Settings) -> Prepared:
        """Return the kernel as the method prepares it."""
        return self._plan(problem).prepare(kernel)

    def run(self, state: Prepared, problem: Problem, settings: Settings, signal: Array, out: Array) -> bool:
        """Write the convolutions."""
        self._plan(problem).apply(state, signal, out)
        return True

    def describe(self, settings: Settings) -> Mapping[str, str]:
        """Return the settings in words."""
        return METHODS[self._method].describe(settings)

    def _plan(self, problem: Problem) -> Plan:
        return choose(problem.convolutions, self._method)
