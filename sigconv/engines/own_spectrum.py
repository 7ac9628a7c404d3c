"""The spectrum of a kernel that is the signal itself: it follows from the signal's."""

from __future__ import annotations

from dataclasses import dataclass

from .protocol import Array


@dataclass(frozen=True)
class OwnSpectrum:
    """The signal's own spectrum, conjugated or not, times a factor for each frequency of each axis.

    Samples that are reversed and conjugated have a conjugated spectrum, turned by as far as they are moved:
    g[j] = x*[n − 1 − j] has the transform G(θ) = X*(θ) e^(−2πi (n − 1) θ).
    """

    factors: tuple[Array, ...]
    conjugated: bool

    def __getitem__(self, rows: slice) -> list[OwnSpectrum]:
        """Return the spectra of some rows of the first axis, over the other axes."""
        first, second, *others = self.factors
        return [OwnSpectrum((factor * second, *others), self.conjugated) for factor in first[rows]]
