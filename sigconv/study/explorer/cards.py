"""The kernels of the gallery as the page shows them."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..kernels import TABLE, NamedKernel, kernel


def cards() -> list[dict[str, Any]]:
    """Return name, texts and taps of every two-dimensional kernel.

    Examples
    --------
    >>> [card["taps"] for card in cards() if card["name"] == "sobel-x"]
    [[[1.0, 0.0, -1.0], [2.0, 0.0, -2.0], [1.0, 0.0, -1.0]]]
    """
    return [_card(entry) for entry in TABLE.values() if not entry.dimensions or 2 in entry.dimensions]


def _card(entry: NamedKernel) -> dict[str, Any]:
    name = entry.name + ":5" * len([p for p in entry.parameters if not p.startswith("[")])
    taps = np.asarray(kernel(name, 2), np.float64)
    return {
        "name": name,
        "title": name,
        "formula": entry.formula,
        "description": "",
        "use": "",
        "taps": taps.tolist(),
        "separable": bool(np.linalg.matrix_rank(taps) == 1),
    }
