"""What lies outside the signal: the names of the boundaries and the one index rule of each.

On the signal `abcd`, the three samples on either side are

    zero, constant  000|abcd|000   (constant: `fill_value`)
    edge            aaa|abcd|ddd
    symmetric       cba|abcd|dcb
    reflect         dcb|abcd|cba
    wrap            bcd|abcd|abc
    renormalize     nothing: the sum over the taps inside, times (Σ kernel)/(Σ of these taps)

The names and meanings are those of `numpy.pad`, at any distance. With several axes the extension
goes axis by axis in ascending order, as successive calls of `numpy.pad` would; what is outside on an
axis that renormalises is missing, whatever the other axes say, so these axes go last.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal, NamedTuple, cast, get_args

import numpy as np
from numpy.typing import NDArray

from ..errors import ArgumentValueError

Boundary = Literal["zero", "constant", "edge", "symmetric", "reflect", "wrap", "renormalize"]
BOUNDARIES: tuple[str, ...] = get_args(Boundary)

# Other libraries' names, to name ours in the error. Two of them mean different things in different
# libraries, so the answer gives the pattern.
FOREIGN = {
    "fill": "'zero' or 'constant'",
    "zeros": "'zero'",
    "pad": "'zero'",
    "nearest": "'edge'",
    "extend": "'edge'",
    "replicate": "'edge'",
    "symm": "'symmetric' (cba|abcd|dcb)",
    "symmetrical": "'symmetric' (cba|abcd|dcb)",
    "grid-mirror": "'symmetric' (cba|abcd|dcb)",
    "half-sample": "'symmetric' (cba|abcd|dcb)",
    "mirror": "'reflect' (dcb|abcd|cba)",
    "reflect101": "'reflect' (dcb|abcd|cba)",
    "reflect_101": "'reflect' (dcb|abcd|cba)",
    "circular": "'wrap'",
    "periodic": "'wrap'",
    "grid-wrap": "'wrap'",
    "grid-constant": "'constant'",
    "border_constant": "'constant'",
    "border_replicate": "'edge'",
    "border_reflect": "'symmetric' (cba|abcd|dcb)",
    "border_reflect_101": "'reflect' (dcb|abcd|cba)",
    "border_wrap": "'wrap'",
}

# What lies outside is one number: 0, or the fill value.
NUMBERS = ("zero", "constant", "renormalize")


def check_boundary(name: object) -> str:
    """Return a known boundary name, or raise an error that names ours."""
    if isinstance(name, str) and name in BOUNDARIES:
        return name
    hint = FOREIGN.get(name.lower()) if isinstance(name, str) else None
    advice = f"here it is called {hint}" if hint else f"use one of {', '.join(BOUNDARIES)}"
    raise ArgumentValueError(f"boundary={name!r} is not a boundary of sigconv: {advice}")


def source_index(name: str, position: NDArray[np.intp], length: int) -> NDArray[np.intp]:
    """Return the sample of the signal that stands at each position, by the boundary's index rule.

    >>> source_index("reflect", np.arange(-3, 7), 4).tolist()
    [3, 2, 1, 0, 1, 2, 3, 2, 1, 0]
    """
    if name == "edge":
        return position.clip(0, length - 1)
    if name == "wrap":
        return position % length
    if name == "symmetric":
        folded = position % (2 * length)
        return np.minimum(folded, 2 * length - 1 - folded)
    period = max(1, 2 * (length - 1))  # reflect; one sample repeats
    folded = position % period
    return np.minimum(folded, period - folded) if length > 1 else folded


class Span(NamedTuple):
    """The positions [start, stop) of an axis, extended by a boundary."""

    axis: int
    start: int
    stop: int
    boundary: str

    def inside(self, length: int) -> slice:
        """Return the positions that are samples; an empty range, where none is."""
        first = min(max(self.start, 0), self.stop)
        return slice(first, max(min(self.stop, length), first))


def extend(signal: NDArray[Any], spans: Sequence[Span], fill_value: Any = 0) -> NDArray[Any]:
    """Return the signal extended to the spans, axis by axis in their order; a view where all of them lie inside.

    Nothing is copied that is not returned, but ghosts.

    >>> extend(np.array([1, 2, 3]), [Span(0, -2, 5, "symmetric")]).tolist()
    [2, 1, 1, 2, 3, 3, 2]
    >>> extend(np.array([1, 2, 3]), [Span(0, 1, 4, "constant")]).tolist()
    [2, 3, 0]
    >>> np.shares_memory(signal := np.arange(3), extend(signal, [Span(0, 1, 3, "wrap")]))
    True
    """
    outside = [s for s in spans if s.start < 0 or s.stop > signal.shape[s.axis]]
    shape, held, index = list(signal.shape), [slice(None)] * signal.ndim, [slice(None)] * signal.ndim
    for s in spans:
        held[s.axis] = inside = s.inside(signal.shape[s.axis])
        shape[s.axis], index[s.axis] = s.stop - s.start, slice(inside.start - s.start, inside.stop - s.start)
    place: tuple[Any, ...] = (*held, ...)  # an array, also of no axis
    samples: NDArray[Any] = signal[place]
    if not outside:
        return samples
    result = np.empty(shape, signal.dtype)
    result[tuple(index)] = samples
    for number, s in enumerate(outside):
        inside, held[s.axis] = held[s.axis], slice(None)
        done = result[tuple(index)]  # extended along the axes before this one
        for a, b in ((s.start, inside.start), (inside.stop, s.stop)):
            if a < b:
                index[s.axis] = slice(a - s.start, b - s.start)
                result[tuple(index)] = _ghosts(signal[tuple(held)], done, outside[: number + 1], a, b, fill_value)
        index[s.axis] = slice(None)
    return result


def _ghosts(
    signal: NDArray[Any], done: NDArray[Any], spans: Sequence[Span], start: int, stop: int, fill_value: Any
) -> Any:
    """Return what stands at outside positions of the last span's axis: one number, or samples, extended before.

    `done` are those inside the span.
    """
    *before, last = spans
    if last.boundary in NUMBERS:
        return fill_value if last.boundary == "constant" else 0
    length, around = signal.shape[last.axis], cast("tuple[Any, ...]", (slice(None),) * last.axis)
    sources, inside = source_index(last.boundary, np.arange(start, stop), length), last.inside(length)
    low, high = int(sources.min()), int(sources.max()) + 1
    if inside.start <= low and high <= inside.stop:
        return done[(*around, sources - inside.start)]  # `take` would copy all of a strided signal first
    return extend(signal[(*around, slice(low, high))], before, fill_value)[(*around, sources - low)]


def fold(extended: NDArray[Any], axis: int, start: int, length: int, boundary: str) -> NDArray[Any]:
    """Return the transpose of `extend`: every ghost is added to the sample that it was read from.

    `extended` holds the positions from `start` on; the result has the `length` samples of the signal.
    Ghosts of a constant come from no sample and are dropped.
    """
    position = np.arange(start, start + extended.shape[axis])
    moved = np.moveaxis(extended, axis, 0)
    result = np.zeros((length, *moved.shape[1:]), extended.dtype)
    if boundary in NUMBERS:
        inside = (position >= 0) & (position < length)
        result[position[inside]] = moved[inside]
    else:
        np.add.at(result, source_index(boundary, position, length), moved)
    return np.moveaxis(result, 0, axis)
