"""What a way to compute layers is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from ..engines.protocol import Array
from ..methods.protocol import Costs, Estimate, Settings
from .problem import Problem


class Way(Protocol):
    """One way to compute the sums of every layer that it does not reject, in floats or Python objects.

    Problems are `working` ones: operands and result have one dtype. A new way stands in one file with these five
    functions and is chosen in `ways.py`.
    """

    def reject(self, problem: Problem) -> str | None:
        """Return why the problem can't be served, or None."""
        ...

    def estimate(self, problem: Problem, costs: Costs) -> Estimate:
        """Return the settings that are best, with their cost."""
        ...

    def prepare(self, kernel: Array, problem: Problem, settings: Settings) -> Any:
        """Return what can be computed from the kernel alone, which has the shape of the problem's, as it was passed.

        None if its values can't be served.
        """
        ...

    def run(self, state: Any, problem: Problem, settings: Settings, signal: Array, out: Array) -> bool:
        """Write the sums to `out`, of `problem.sums_shape`; it may lie anyhow in memory, apart from the signal.

        Return whether the signal's values are served: if not, direct sums take the place of these.
        """
        ...

    def describe(self, settings: Settings) -> Mapping[str, str]:
        """Return the settings in words, for `explain`."""
        ...
