"""‖x_b‖₂ of what the transforms that give an output can have read: over cells of a part of a block."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from ..engines.protocol import Array
from ..semantics.problem import Axis, Problem
from .bounds import transform_factor
from .protocol import PANELS, Settings
from .tiles import Reach

# Cells of a block's length, for which the squares of the samples that a block can have read are added up.
CELLS = 4


def factor_of(problem: Problem, settings: Settings) -> float:
    """Return the factor of ‖x_b‖₂ ‖h‖₂ in the error; a kernel longer than its circle is added up there."""
    circles = zip(problem.axes, settings.lengths, settings.circular, strict=False)  # panels fold an axis into two
    wound = sum(-(-axis.span // length) - 1 for axis, length, circular in circles if circular)
    return transform_factor(problem.working_dtype, prod(settings.lengths), wound)


def cell_sizes(settings: Settings, reaches: Sequence[Reach]) -> tuple[int, ...]:
    """Return the samples of a cell on each axis; one cell holds all that one transform of panels reads."""
    if settings.engine == PANELS:
        return tuple(r.stop - r.start for r in reaches)
    return tuple(-(-length // CELLS) for length in settings.lengths)


def block_norms(squares: Array, problem: Problem, settings: Settings, reaches: Sequence[Reach]) -> Array:
    """Return the norms for the outputs of each cell, from |x|² over all that the outputs read.

    The second of two real blocks in a transform is the next one along the only axis, or else may be any other one.
    """
    lonely = len(problem.axes) == 1 and problem.batch == 1
    for number, (reach, size) in enumerate(zip(reaches, cell_sizes(settings, reaches), strict=True)):
        both = settings.paired and lonely and number == 0
        squares = near(squares, reach.axis, size, 2 * CELLS if both else CELLS)
    if settings.paired and not lonely:
        squares = squares + squares.max(initial=0)
    norms: Array = np.sqrt(squares)
    return norms


def near(squares: Array, axis: Axis, size: int, cells: int) -> Array:
    """Return the sums along an axis over cells of some size and so many neighbours on either side.

    Nothing is subtracted, so sums of small squares beside large ones keep their bits.
    """
    sums = np.add.reduceat(squares, np.arange(0, squares.shape[axis.position], size), axis=axis.position)
    beside = [(cells, cells) if i == axis.position else (0, 0) for i in range(sums.ndim)]
    nearby: Array = sliding_window_view(np.pad(sums, beside), 2 * cells + 1, axis.position).sum(axis=-1)
    return nearby


def cells_of(reach: Reach, size: int, count: int) -> Array:
    """Return in which of some cells the sample stands on which each output of an axis ends."""
    ends = reach.axis.start + reach.axis.stride * np.arange(reach.axis.count)
    return np.minimum((ends - reach.start) // size, count - 1)
