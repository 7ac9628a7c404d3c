"""What can be said of a kernel by looking at its weights."""

from __future__ import annotations

from dataclasses import dataclass
from functools import reduce
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..errors import ArgumentTypeError, ArgumentValueError

Array = NDArray[Any]
Symmetry = Literal["even", "odd", "none"]


@dataclass(frozen=True)
class Facts:
    """What a kernel's weights say.

    Attributes
    ----------
    sum : number
        The sum of the weights, by which even parts of a signal are multiplied.
    separable : bool
        Whether it is an outer product of 1-D kernels, so that it can be applied one axis after the other.
    symmetry : {"even", "odd", "none"}
        Whether it equals its flipped self (then convolution and correlation agree), or the negative of it (then they
        differ by their sign), or neither.
    """

    sum: Any
    separable: bool
    symmetry: Symmetry


def facts(kernel: ArrayLike) -> Facts:
    """Return what a kernel's weights say, up to the rounding of their dtype.

    Parameters
    ----------
    kernel : array_like
        Numbers, with at least one axis.

    Returns
    -------
    Facts

    Raises
    ------
    ArgumentTypeError, ArgumentValueError
        If the kernel holds no numbers, or is empty.

    Examples
    --------
    >>> facts([[1, 0, -1], [2, 0, -2], [1, 0, -1]])
    Facts(sum=0, separable=True, symmetry='odd')
    """
    weights = _numbers(kernel)
    total = weights.sum()
    vanishes = abs(total) <= _tolerance(weights) * weights.size * abs(weights).sum()
    return Facts((0 * total if vanishes else total).item(), _separable(weights), _symmetry(weights))


def frequency_response(kernel: ArrayLike, points: int = 256) -> tuple[Array, Array]:
    """Return what a kernel does to each frequency: H(ν) = Σ_j h[j] exp(−2πi ν·j).

    A sine wave of frequency ν comes out multiplied by |H(ν)| and shifted by the angle of H(ν).

    Parameters
    ----------
    kernel : array_like
        Numbers on any number of axes.
    points : int
        How many frequencies on each axis.

    Returns
    -------
    frequencies : ndarray of float, shape (points,)
        From −½ on, below ½, in cycles a sample; the same on every axis.
    response : ndarray of complex, shape (points, …)
        H at these frequencies.

    Raises
    ------
    ArgumentTypeError, ArgumentValueError
        If the kernel holds no numbers or is empty, or there are fewer points than taps.

    Notes
    -----
    A. V. Oppenheim and R. W. Schafer, Discrete-Time Signal Processing, sec. 2.6.

    Examples
    --------
    >>> frequencies, response = frequency_response([0.5, 0.5], points=4)
    >>> frequencies
    array([-0.5 , -0.25,  0.  ,  0.25])
    >>> abs(response).round(3)
    array([0.   , 0.707, 1.   , 0.707])
    """
    weights = _numbers(kernel)
    if points < max(weights.shape):
        raise ArgumentValueError(f"points={points} for a kernel of shape {weights.shape}: use at least as many as taps")
    response = np.fft.fftshift(np.fft.fftn(weights, (points,) * weights.ndim, range(weights.ndim)))
    return np.fft.fftshift(np.fft.fftfreq(points)), response


def _numbers(kernel: ArrayLike) -> Array:
    weights = np.asarray(kernel)
    if weights.dtype.kind not in "biufc":
        raise ArgumentTypeError(f"the kernel has dtype {weights.dtype}: use an array of numbers")
    if weights.ndim == 0 or weights.size == 0:
        raise ArgumentValueError(f"the kernel has shape {weights.shape}: it needs at least one axis and one tap")
    return weights.astype(np.int64) if weights.dtype.kind == "b" else weights


def _tolerance(weights: Array) -> float:
    """Return what rounding may have done to each weight, over the largest one."""
    return 0.0 if weights.dtype.kind in "iu" else 4 * float(np.finfo(weights.dtype).eps)


def _symmetry(weights: Array) -> Symmetry:
    flipped, allowed = np.flip(weights), _tolerance(weights) * abs(weights).max()
    if (abs(weights - flipped) <= allowed).all():
        return "even"
    return "odd" if (abs(weights + flipped) <= allowed).all() else "none"


def _separable(weights: Array) -> bool:
    """Return whether the weights are the outer product of the lines through their largest one."""
    peak = np.unravel_index(int(abs(weights).argmax()), weights.shape)
    if weights[peak] == 0:
        return True
    scaled = weights / weights[peak]
    lines = [scaled[(*peak[:axis], slice(None), *peak[axis + 1 :])] for axis in range(weights.ndim)]
    difference = abs(scaled - reduce(np.multiply.outer, lines))
    return bool((difference <= 8 * float(np.finfo(scaled.dtype).eps)).all())
