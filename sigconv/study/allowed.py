"""How far a result may lie from the exact one, in figures for given operands."""

from __future__ import annotations

from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..methods.bounds import direct_bound, transform_bound, unit_roundoff
from ..methods.orientation import orient
from ..methods.renormalize import Weights
from ..methods.tiles import Tile
from ..planning.plan import Plan
from ..semantics.dtypes import is_exact
from ..semantics.problem import Problem

Array = NDArray[Any]


def allowed_error(plan: Plan, signal: Array, kernel: Array, largest: float) -> float:
    """Return how far a plan's outputs, at most `largest`, may lie from the exact ones; integers must be exact.

    Results of float16 are computed in float32 and rounded: half a unit of the largest one comes on top.
    """
    problem = plan.problem
    if is_exact(problem.result_dtype):
        return 0.0
    taps = prod(axis.taps for axis in problem.axes)
    wide = np.result_type(problem.result_dtype, np.float64)
    sizes, weights = np.abs(signal).astype(wide.type(0).real.dtype), np.abs(kernel).astype(float)
    if plan.method == "direct":
        bound = direct_bound(problem.working_dtype, taps, float(sizes.max() * weights.sum()))
    else:
        norms = float(np.linalg.norm(sizes.reshape(-1)) * np.linalg.norm(weights.reshape(-1)))
        bound = transform_bound(problem.working_dtype, prod(plan.estimate.settings.lengths), norms)
    return bound * _largest_weight(problem, kernel) + rounding(problem) * largest


def rounding(problem: Problem) -> float:
    """Return the unit of a result that is rounded after it was computed in a wider dtype, else 0."""
    return unit_roundoff(problem.result_dtype) if problem.result_dtype != problem.working_dtype else 0.0


def _largest_weight(problem: Problem, kernel: Array) -> float:
    """Return by how much renormalising enlarges errors."""
    if not any(axis.boundary == "renormalize" for axis in problem.axes):
        return 1.0
    whole = Tile(tuple(slice(0, n) for n in problem.shape))
    weights = Weights(orient(kernel, problem), problem).of(whole)
    return 1.0 if weights is None else float(np.nanmax(np.abs(weights)))
