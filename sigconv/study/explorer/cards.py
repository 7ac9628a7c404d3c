"""The kernels of the gallery as the page has them: on pictures, and small ones for the calculator."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..gallery import KERNELS, NamedKernel, facts, kernel

LARGEST = 7
"""The taps along an axis that the calculator has room for."""

Taps = NDArray[np.float64]


def cards() -> list[dict[str, Any]]:
    """Return the texts, the weights and their facts for every named kernel; those of one axis lie along a row.

    Examples
    --------
    >>> [(card["title"], card["sum"], card["symmetry"]) for card in cards() if card["name"] == "sobel-x"]
    [('Sobel along x', 0.0, 'odd')]
    """
    return [_card(entry) for entry in KERNELS.values()]


def _card(entry: NamedKernel) -> dict[str, Any]:
    taps = _taps(entry, entry.example)
    small = _small(entry, taps)
    found = facts(taps)
    return {
        "name": entry.example,
        "title": entry.title,
        "formula": entry.formula,
        "description": entry.description,
        "use": entry.use,
        "taps": taps.tolist(),
        "sum": found.sum,
        "separable": found.separable,
        "symmetry": found.symmetry,
        "small": {"name": small, "taps": _taps(entry, small).tolist()},
    }


def _taps(entry: NamedKernel, name: str) -> Taps:
    """Return the weights on two axes."""
    return np.atleast_2d(np.asarray(kernel(name, 2 if entry.exists_in(2) else 1), np.float64))


def _small(entry: NamedKernel, taps: Taps) -> str:
    """Return the name of the kernel, or that of a smaller one of its kind where the calculator has no room for it."""
    return entry.example if max(taps.shape) <= LARGEST else ":".join((entry.name, "5", *entry.arguments[1:]))
