"""The kernel as passed becomes g, the kernel of the one formula y[k] = Σ_j ext(x)[k − j] g[j]."""

from __future__ import annotations

import numpy as np

from ..engines.protocol import Array
from ..semantics.problem import Problem


def orient(kernel: Array, problem: Problem) -> Array:
    """Return g on the result's axes: reversed unless the operator flips, conjugated where it says so."""
    aligned = kernel.reshape(problem.kernel_shape)
    if problem.positions and not problem.flip:
        aligned = np.flip(aligned, problem.positions)
    return np.asarray(aligned.conj() if problem.conjugate else aligned, kernel.dtype)  # an array, also of no axis


def dilated(kernel: Array, problem: Problem) -> Array:
    """Return the kernel with the d − 1 zeros between taps written out."""
    shape, index = list(kernel.shape), [slice(None)] * kernel.ndim
    for axis in problem.axes:
        taps = kernel.shape[axis.position]
        shape[axis.position] = axis.dilation * (taps - 1) + 1
        index[axis.position] = slice(None, None, axis.dilation)
    if shape == list(kernel.shape):
        return kernel
    spread: Array = np.zeros(shape, kernel.dtype)
    spread[tuple(index)] = kernel
    return spread
