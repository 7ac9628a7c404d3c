"""What `trace` gives: steps, text, tables, JSON, a picture."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import reduce
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..drawing import Path
from ..errors import ArgumentValueError
from ..methods.orientation import orient
from ..planning.explain import question
from ..semantics.dtypes import DType, is_exact
from ..semantics.problem import Problem
from .exact import entry, positions, read, renormalizing_factor
from .step import Part, Step, plain

Array = NDArray[Any]

_WRITTEN = 10_000  # outputs that JSON is written for


@dataclass(frozen=True, repr=False)
class Trace:
    """The result of `sigconv.trace`; iterating gives its steps in order.

    Attributes
    ----------
    signal, kernel : ndarray
        As passed.
    output : ndarray
        All outputs, as `sigconv.slide` computes them with the method "direct".
    """

    problem: Problem
    signal: Array
    kernel: Array
    output: Array
    partial: Array

    @property
    def channels(self) -> bool:
        """Whether the first axis of the signal is that of its channels."""
        return self.signal.ndim > len(self.problem.axes)

    @property
    def question(self) -> str:
        """What is computed, in a line."""
        shown = replace(self.problem, signal_shape=self.signal.shape, kernel_shape=self.kernel.shape)
        return question(shown) + (", summed over channels" if self.channels else "")

    @property
    def _turned(self) -> str:
        conjugated = self.problem.conjugate and self.kernel.dtype.kind == "c"
        name = "kernel, flipped" if self.problem.flip else "kernel as passed"
        return f"{name}, conjugated" if conjugated else name

    def __len__(self) -> int:
        """How many outputs there are."""
        return self.output.size

    def __iter__(self) -> Iterator[Step]:
        return (self.step(*index) for index in np.ndindex(self.output.shape))

    def step(self, *index: int) -> Step:
        """Return one output position: `step(k)`, `step(i, j)`, with several kernels `step(kernel, i, j)`.

        Raises
        ------
        ArgumentValueError
            If there is no such output.
        """
        shape = self.output.shape
        found = len(index) == len(shape) and all(i in range(-n, n) for i, n in zip(index, shape, strict=True))
        if not found:
            raise ArgumentValueError(f"step{index}: the output has shape {shape}, give one index for each axis")
        place = tuple(int(i) % n for i, n in zip(index, shape, strict=True))
        where = place if len(shape) > len(self.problem.axes) else (0, *place)
        parts = tuple(self._part((where[0], c, *where[1:])) for c in range(self.partial.shape[1]))
        ascending = tuple(positions(axis, (where[0], 0, *where[1:]))[::-1] for axis in self.problem.axes)
        within = [(p >= 0) & (p < axis.signal) for p, axis in zip(ascending, self.problem.axes, strict=True)]
        inside = reduce(np.logical_and.outer, within)
        return Step(place, ascending, inside, parts, self.output[place], self.channels, self._turned)

    def _part(self, index: tuple[int, ...]) -> Part:
        """Return one channel's share of an output, turned from the order of the taps to that of the signal."""
        problem = self.problem
        taps = entry(orient(self.kernel, problem), problem, index)
        samples, inside = read(entry(self.signal.reshape(problem.signal_shape), problem, index), problem, index)
        factor = renormalizing_factor(problem, taps, inside)
        products = _product(samples, taps, problem.working_dtype)
        return Part(np.flip(samples), np.flip(taps), np.flip(products), factor, self.partial[index])

    def table(self, most: int | None = None) -> str:
        """Return a row for each output, or for the first ones: where its window lies, and its sum."""
        from .trace_text import table

        return table(self, most)

    def as_dict(self) -> dict[str, Any]:
        """Return everything as what JSON can hold.

        Raises
        ------
        ArgumentValueError
            If there are more than 10,000 outputs.
        """
        if len(self) > _WRITTEN:
            raise ArgumentValueError(
                f"there are {len(self)} outputs and at most {_WRITTEN} are written out: trace a part, or use step()"
            )
        problem = self.problem
        return {
            "question": self.question,
            "mode": problem.mode,
            "flip": problem.flip,
            "conjugate": problem.conjugate,
            "boundary": [axis.boundary for axis in problem.axes],
            "stride": [axis.stride for axis in problem.axes],
            "dilation": [axis.dilation for axis in problem.axes],
            "signal": plain(self.signal),
            "kernel": plain(self.kernel),
            "output": plain(self.output),
            "steps": [step.as_dict() for step in self],
        }

    def to_json(self) -> str:
        """Return everything as JSON; raises as `as_dict`."""
        return json.dumps(self.as_dict(), allow_nan=False)

    def plot(self, *index: int, path: Path | None = None) -> Any:
        """Draw one output: the signal with its ghosts, the kernel as it lies there, the products, the outputs.

        Parameters
        ----------
        *index : int
            As in `step`; the first output if not given.
        path : str or path, optional
            Also write the figure to this file, of any kind that matplotlib writes.

        Returns
        -------
        ndarray of matplotlib.axes.Axes, shape (channels, 4)
            ``axes[0, 0].figure`` is the figure.
        """
        from .trace_picture import draw

        return draw(self, self.step(*(index or (0,) * self.output.ndim)), path)

    def __repr__(self) -> str:
        from .trace_text import text

        return text(self)

    def _repr_html_(self) -> str:
        from .trace_html import page

        return page(self)


def _product(samples: Array, taps: Array, dtype: DType) -> Array:
    """Return sample times tap in a dtype; integers exactly, as Python ints where a product does not fit in int64."""
    if not (is_exact(samples.dtype) and is_exact(taps.dtype)):
        with np.errstate(all="ignore"):  # Inf, NaN and overflow are shown as they are
            return np.asarray(samples.astype(dtype) * taps.astype(dtype))
    products = samples.astype(object) * taps.astype(object)
    try:
        return np.asarray(products.astype(np.int64))
    except OverflowError:
        return np.asarray(products)
