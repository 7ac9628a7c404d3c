"""Which ways serve a layer: under the names of sigconv's methods, one for each, and one of layers alone."""

from __future__ import annotations

from ..methods.registry import METHODS
from .channelwise import Channelwise
from .problem import Problem
from .products import Products
from .transforms import Transforms
from .way import Way
from .winograd import Winograd

_MINIMAL: dict[str, Way] = {"winograd": Winograd()}
_MIXING: dict[str, Way] = {
    "direct": Products(),
    "fft": Transforms(blockwise=False),
    "overlap-add": Transforms(blockwise=True),
    **_MINIMAL,
}
NAMES = (*METHODS, *_MINIMAL)


def ways(problem: Problem) -> dict[str, Way]:
    """Return the ways by the names of their methods.

    Where there is nothing to sum over channels, all of sigconv's methods serve. With a stride, their transforms would
    compute outputs that nobody wants; the phases of the samples are channels to sum over.
    """
    if problem.inputs > 1:
        return _MIXING
    own: dict[str, Way] = {name: Channelwise(name) for name in METHODS} | _MINIMAL
    strided = any(axis.stride > 1 for axis in problem.convolutions.axes)
    return {**_MIXING, "direct": own["direct"]} if strided else own
