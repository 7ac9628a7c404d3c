"""What `compare` measured of one method."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from math import isfinite
from typing import Any


@dataclass(frozen=True)
class Row:
    """One method's measurements; or only the reason why it can't serve.

    Attributes
    ----------
    seconds : float
        Median time of a call.
    extrapolated : bool
        Whether only a part was computed, and its time scaled up.
    peak_bytes : int
        Peak extra memory in a child process, the result included (of the part, if only a part was computed).
    error : float
        Largest distance from exact arithmetic, over the largest output.
    bound : float
        What the contract allows for that.
    difference : float
        Largest distance from SciPy's result, over the largest output.
    """

    method: str
    seconds: float | None = None
    extrapolated: bool = False
    peak_bytes: int | None = None
    error: float | None = None
    bound: float | None = None
    difference: float | None = None
    reason: str | None = None

    @property
    def holds(self) -> bool:
        """Whether the error is within the bound."""
        return self.error is not None and self.bound is not None and self.error <= self.bound

    def as_dict(self) -> dict[str, Any]:
        """Return the row as what JSON can hold: None for what is not finite."""
        values = asdict(self) | {"within_bound": self.holds}
        return {n: None if isinstance(v, float) and not isfinite(v) else v for n, v in values.items()}
