"""A problem: everything that is asked of one call, as hashable integers and names."""

from __future__ import annotations

from dataclasses import dataclass, fields
from math import prod
from typing import Any

import numpy as np

from .dtypes import DType, is_exact, working_dtype
from .kept import kept
from .window import reach

# What errors are small beside: the loudest samples that a transform has read with an output, or its own Σ|x||h|.
ACCURACIES = ("normwise", "componentwise")


def given(value: Any) -> tuple[Any, ...]:
    """Return how a copy of a dataclass is made: from its fields, as hashes of names differ from process to process."""
    return type(value), tuple(getattr(value, field.name) for field in fields(value))


@dataclass(frozen=True)
class Axis:
    """One convolved axis: n samples, m taps, and the window [start, stop) in steps of the stride.

    `position` is the axis' place in the result. `boundary` is "zero" for `valid`, which never reads outside.
    `silent` says that everything outside on this axis counts as zero, so that taps which meet nothing else can be
    left out; `trimmed`, that they have been.
    """

    position: int
    signal: int
    taps: int
    dilation: int
    start: int
    stop: int
    stride: int
    boundary: str
    silent: bool
    trimmed: bool = False

    def __hash__(self) -> int:
        return self._hash

    def __reduce__(self) -> tuple[Any, ...]:
        return given(self)

    @kept
    def _hash(self) -> int:
        """What is derived from an axis is looked up by it."""
        return hash((self.position, self.signal, self.taps, self.dilation, self.start, self.stop, self.stride))

    @kept
    def span(self) -> int:
        """M, the samples from the first to the last tap."""
        return reach(self.taps, self.dilation)

    @kept
    def count(self) -> int:
        """How many outputs there are."""
        return max(0, -(-(self.stop - self.start) // self.stride))

    @kept
    def halo(self) -> tuple[int, int]:
        """How many samples outside the signal the window reads, before it and after it."""
        return max(0, self.span - 1 - self.start), max(0, self.stop - self.signal)


@dataclass(frozen=True)
class Problem:
    """What is asked: shapes aligned to the result's axes, the convolved axes in ascending order, dtypes, names."""

    signal_shape: tuple[int, ...]
    kernel_shape: tuple[int, ...]
    axes: tuple[Axis, ...]
    signal_dtype: DType
    kernel_dtype: DType
    result_dtype: DType
    mode: str
    flip: bool
    conjugate: bool
    fill_value: object
    nan: str = "propagate"
    accuracy: str = "normwise"

    def __hash__(self) -> int:
        return self._hash

    def __reduce__(self) -> tuple[Any, ...]:
        return given(self)

    @kept
    def _hash(self) -> int:
        """What is derived from a problem is looked up by it."""
        return hash((self.signal_shape, self.kernel_shape, self.axes, self.signal_dtype, self.kernel_dtype, self.mode))

    @kept
    def positions(self) -> tuple[int, ...]:
        """The convolved axes of the result."""
        return tuple([axis.position for axis in self.axes])

    @kept
    def batch_positions(self) -> tuple[int, ...]:
        """The other axes of the result."""
        if len(self.axes) == len(self.signal_shape):  # most problems have none
            return ()
        return tuple([i for i in range(len(self.signal_shape)) if i not in self.positions])

    @kept
    def extension_order(self) -> tuple[Axis, ...]:
        """The convolved axes in the order in which the signal is extended: those that renormalise last."""
        return tuple(sorted(self.axes, key=lambda axis: axis.boundary == "renormalize"))

    @kept
    def shape(self) -> tuple[int, ...]:
        """The shape of the result: windows on the convolved axes, broadcast sizes on the others."""
        shape = [k if s == 1 else s for s, k in zip(self.signal_shape, self.kernel_shape, strict=True)]
        for axis in self.axes:
            shape[axis.position] = axis.count
        return tuple(shape)

    @kept
    def extent(self) -> int:
        """How many samples there are from the first output to the last one, on all convolved axes together."""
        return prod([axis.stride * (axis.count - 1) + 1 for axis in self.axes])

    @kept
    def taps(self) -> int:
        """How many taps each kernel has."""
        return prod([axis.taps for axis in self.axes])

    @kept
    def working_dtype(self) -> DType:
        """The dtype that sums are computed in."""
        return working_dtype(self.result_dtype)

    @kept
    def sums_dtype(self) -> DType:
        """The dtype of the operands of a direct sum: int64 for exact integers."""
        return np.dtype(np.int64) if is_exact(self.result_dtype) else self.working_dtype

    @kept
    def componentwise(self) -> bool:
        """Whether each error must be small beside the output's own Σ|x||h|; integers have none."""
        return self.accuracy == "componentwise" and not is_exact(self.result_dtype)

    @kept
    def kernel_batch(self) -> int:
        """How many kernels there are."""
        return prod([self.kernel_shape[i] for i in self.batch_positions])

    @kept
    def signal_batch(self) -> int:
        """How many signals there are."""
        return prod([self.signal_shape[i] for i in self.batch_positions])

    @kept
    def batch(self) -> int:
        """How many convolutions there are."""
        return prod([self.shape[i] for i in self.batch_positions])
