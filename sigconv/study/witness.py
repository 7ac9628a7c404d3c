"""The same result from SciPy and `numpy.pad`, which share no code with this package."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..methods.orientation import dilated, orient
from ..semantics.boundary import NUMBERS
from ..semantics.dtypes import is_exact
from ..semantics.problem import Problem

Array = NDArray[Any]


def scipy_result(problem: Problem, signal: Array, kernel: Array) -> Array:
    """Return the result of scipy.signal.oaconvolve on the padded signal, in float64 where the operands are integers."""
    oriented = dilated(orient(kernel, problem), problem)
    aligned = signal.reshape(problem.signal_shape)
    full = _full(_padded(aligned, problem), oriented, problem)
    result = full[_wanted(problem)]
    if any(axis.boundary == "renormalize" for axis in problem.axes):
        met = _full(_padded(np.ones_like(aligned, float), problem), oriented, problem)[_wanted(problem)]
        result = result * (oriented.sum(axis=problem.positions, keepdims=True) / met)
    return result


def _full(signal: Array, kernel: Array, problem: Problem) -> Array:
    import scipy.signal

    overlap_add: Any = scipy.signal.oaconvolve
    working = np.float64 if is_exact(problem.result_dtype) else problem.working_dtype
    operands = [a.astype(working) for a in (signal, kernel)]
    if not problem.axes:
        return np.asarray(operands[0] * operands[1])
    return np.asarray(overlap_add(*operands, axes=problem.positions))


def _padded(signal: Array, problem: Problem) -> Array:
    """Return the signal with its halo written out, axis by axis."""
    for axis in problem.extension_order:
        widths = [axis.halo if i == axis.position else (0, 0) for i in range(signal.ndim)]
        if axis.boundary in NUMBERS:
            fill: Any = problem.fill_value if axis.boundary == "constant" else 0
            signal = np.pad(signal, widths, constant_values=fill)
        else:
            signal = np.pad(signal, widths, mode=axis.boundary)  # type: ignore[call-overload]
    return signal


def _wanted(problem: Problem) -> tuple[slice, ...]:
    """Return the window in the full convolution of the padded signal."""
    index = [slice(None)] * len(problem.shape)
    for axis in problem.axes:
        before = axis.halo[0]
        index[axis.position] = slice(axis.start + before, axis.stop + before, axis.stride)
    return tuple(index)
