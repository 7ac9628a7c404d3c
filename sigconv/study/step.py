"""One output position, in numbers: the window, the kernel as it lies there, the products, the sum."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]


@dataclass(frozen=True)
class Part:
    """One channel's share of an output; all arrays in the order of the signal, from low to high positions.

    Attributes
    ----------
    window : ndarray
        The samples that the kernel lies on, ghosts included.
    kernel : ndarray
        The taps as they lie on them.
    products : ndarray
        Sample times tap.
    factor : number or None
        With boundary "renormalize", what the sum is multiplied by.
    total : number
        The sum of the products (times the factor).
    """

    window: Array
    kernel: Array
    products: Array
    factor: Any
    total: Any


@dataclass(frozen=True, repr=False)
class Step:
    """One output position.

    Attributes
    ----------
    index : tuple of int
        Of the output.
    positions : tuple of ndarray
        On each axis, where the window's samples stand in the signal.
    inside : ndarray of bool
        Which of the samples lie in the signal; the others are ghosts.
    parts : tuple of Part
        One for each channel.
    total : number
        The output.
    channels : bool
        Whether the parts are channels.
    turned : str
        How the kernel was turned: "kernel as passed", "kernel, flipped" …
    """

    index: tuple[int, ...]
    positions: tuple[Array, ...]
    inside: Array
    parts: tuple[Part, ...]
    total: Any
    channels: bool
    turned: str

    @property
    def window(self) -> Array:
        """The samples that the kernel lies on; with channels these come first."""
        return self._stacked("window")

    @property
    def kernel(self) -> Array:
        """The taps as they lie on the window."""
        return self._stacked("kernel")

    @property
    def products(self) -> Array:
        """Sample times tap."""
        return self._stacked("products")

    @property
    def sums(self) -> Array:
        """The sum of the products of each channel."""
        return np.array([part.total for part in self.parts])

    def __repr__(self) -> str:
        from .trace_text import worked

        return worked(self)

    def _repr_html_(self) -> str:
        from .trace_html import worked

        return worked(self)

    def as_dict(self) -> dict[str, Any]:
        """Return everything as what JSON can hold: complex numbers as [re, im], None for what is not finite."""
        return {
            "index": list(self.index),
            "positions": [axis.tolist() for axis in self.positions],
            "inside": self.inside.tolist(),
            "window": plain(self.window),
            "kernel": plain(self.kernel),
            "products": plain(self.products),
            "factors": [plain(part.factor) for part in self.parts],
            "sums": plain(self.sums),
            "total": plain(self.total),
        }

    def _stacked(self, name: str) -> Array:
        arrays = [getattr(part, name) for part in self.parts]
        return np.stack(arrays) if self.channels else arrays[0]


def plain(value: Any) -> Any:
    """Return numbers and arrays as what JSON can hold.

    >>> plain(np.array([1, 2])), plain(1 + 2j), plain(np.nan)
    ([1, 2], [1.0, 2.0], None)
    """
    if isinstance(value, np.ndarray):
        return [plain(item) for item in value]
    value = value.item() if isinstance(value, np.generic) else value
    if value is None or isinstance(value, (bool, int)):
        return value
    if isinstance(value, complex):
        return [plain(value.real), plain(value.imag)]
    return float(value) if np.isfinite(float(value)) else None
