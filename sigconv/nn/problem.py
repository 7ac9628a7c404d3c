"""A layer as one problem: convolutions of every input channel, summed into every output channel."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import prod

import numpy as np

from ..semantics.dtypes import DType, is_exact, working_dtype
from ..semantics.kept import kept
from ..semantics.problem import Problem as Convolutions

INPUTS = 3  # the axis of the convolutions that a layer sums over


@dataclass(frozen=True)
class Problem:
    """What a layer is asked: y = Σ_c ext(x_c) ∗ g_c for every sample, group and output channel.

    `convolutions` are all of its convolutions, before they are summed: of a signal (batch, groups, 1, inputs, *space)
    with a kernel (1, groups, outputs, inputs, *taps), where inputs and outputs are those of a group. `margins` are the
    outputs before and behind them, on each convolved axis, that meet only zeros of the padding.
    """

    convolutions: Convolutions
    margins: tuple[tuple[int, int], ...]

    @property
    def batch(self) -> int:
        """How many samples there are."""
        return self.convolutions.signal_shape[0]

    @property
    def groups(self) -> int:
        """How many groups of channels there are."""
        return self.convolutions.signal_shape[1]

    @property
    def inputs(self) -> int:
        """How many input channels a group has."""
        return self.convolutions.signal_shape[INPUTS]

    @property
    def outputs(self) -> int:
        """How many output channels a group has."""
        return self.convolutions.kernel_shape[2]

    @property
    def result_dtype(self) -> DType:
        """The dtype of the result."""
        return self.convolutions.result_dtype

    @kept
    def space(self) -> tuple[int, ...]:
        """The result's lengths on the convolved axes."""
        counts = (axis.count for axis in self.convolutions.axes)
        return tuple(lo + count + hi for count, (lo, hi) in zip(counts, self.margins, strict=True))

    @kept
    def inner(self) -> tuple[slice, ...]:
        """Where the convolved axes of the result meet samples."""
        return tuple(slice(lo, size - hi) for size, (lo, hi) in zip(self.space, self.margins, strict=True))

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of the result: batch, channels, space."""
        return self.batch, self.groups * self.outputs, *self.space

    @property
    def sums_shape(self) -> tuple[int, ...]:
        """The shape of the sums: that of the convolutions, one on the axis that is summed over."""
        shape = self.convolutions.shape
        return (*shape[:INPUTS], 1, *shape[INPUTS + 1 :])

    @property
    def empty(self) -> bool:
        """Whether no output meets a sample."""
        return prod(self.sums_shape) == 0

    @property
    def products(self) -> int:
        """How many products the sums take."""
        return prod(self.convolutions.shape) * prod(axis.taps for axis in self.convolutions.axes)

    @kept
    def working(self) -> Problem:
        """The problem in the dtype that it is computed in: integers in float64, float16 in float32."""
        dtype = np.dtype(np.float64) if is_exact(self.result_dtype) else working_dtype(self.result_dtype)
        changed = replace(self.convolutions, signal_dtype=dtype, kernel_dtype=dtype, result_dtype=dtype)
        return replace(self, convolutions=changed)
