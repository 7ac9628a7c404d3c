"""Kernels that differentiate: their taps add up to 0, so that even parts of a signal give 0."""

from __future__ import annotations

from functools import partial

import numpy as np
from numpy.typing import ArrayLike

from ...errors import ArgumentValueError
from .entry import Kernel, NamedKernel, distances, length, outer
from .smoothing import deviation, gaussian

_SLOPE = (1, 0, -1)
_NARROWEST = 0.1  # sigma of a bell whose second derivative samples still show


def derivative(ndim: int) -> Kernel:
    """Return the central difference."""
    return np.array([0.5, 0.0, -0.5])


def across(smooth: ArrayLike, axis: int, ndim: int) -> Kernel:
    """Return the slope along one axis (1 is x), smoothed along the other."""
    return outer(smooth, _SLOPE) if axis == 1 else outer(_SLOPE, smooth)


def laplacian(ndim: int) -> Kernel:
    """Return the sum of the second differences along all axes."""
    taps = np.zeros((3,) * ndim)
    for axis in range(ndim):
        line = [1] * ndim
        line[axis] = 3
        middle = tuple(slice(0, 3) if other == axis else slice(1, 2) for other in range(ndim))
        taps[middle] += np.reshape([1.0, -2.0, 1.0], line)
    return taps


def laplacian_of_gaussian(ndim: int, size: str, sigma: str | None = None) -> Kernel:
    """Return the Laplacian of a Gaussian bell; what sampling leaves of the sum is taken off evenly."""
    taps = length("log", size, ndim)
    width = deviation("log", taps, sigma)
    if width < _NARROWEST:
        raise ArgumentValueError(f"sigma of kernel 'log' is {width:g}: it must be at least {_NARROWEST} samples")
    squares = np.add.reduce(np.meshgrid(*[(distances(taps) / width) ** 2] * ndim, indexing="ij"))
    weights = (squares - ndim) / width**2 * gaussian(ndim, size, str(width))
    return np.asarray(weights - weights.mean())


def _pair(name: str, person: str, smooth: ArrayLike, slope: int, description: str, use: str) -> list[NamedKernel]:
    """Return the kernels of the slopes along x and along y."""
    column = " ".join(map(str, np.ravel(smooth)))
    entries = []
    for axis, (along, other) in ((1, "xy"), (0, "yx")):
        formula = f"[{column}]ᵀ × [1 0 −1]" if axis == 1 else f"[1 0 −1]ᵀ × [{column}]"
        entries.append(
            NamedKernel(
                f"{name}-{along}",
                f"{person} along {along}",
                f"{formula}: {slope} times the slope along {along}, smoothed along {other}.",
                f"Large where the brightness changes along {along}: positive where it grows. {description}",
                use,
                partial(across, smooth, axis),
                dimensions=(2,),
            )
        )
    return entries


ENTRIES = (
    NamedKernel(
        "derivative",
        "Derivative",
        "[½ 0 −½]: the slope, by central differences.",
        "Positive where the signal grows, 0 where it is even; noise grows too.",
        "Speed from position, the onset of events, the slope of a trend.",
        derivative,
        dimensions=(1,),
    ),
    *_pair(
        "sobel",
        "Sobel",
        (1, 2, 1),
        8,
        "The smoothing calms noise.",
        "Edges in pictures, and their direction from x and y together.",
    ),
    *_pair(
        "prewitt",
        "Prewitt",
        (1, 1, 1),
        6,
        "All three rows or columns count the same.",
        "Edges in pictures; the older and simpler of these kernels.",
    ),
    *_pair(
        "scharr",
        "Scharr",
        (3, 10, 3),
        32,
        "The weights make its direction the most accurate of kernels of this size.",
        "Edges whose direction matters: optical flow, orientation of texture.",
    ),
    NamedKernel(
        "laplacian",
        "Laplacian",
        "[1 −2 1] along every axis, added up: the sum of the second derivatives.",
        "0 on even parts and even slopes, of both signs on either side of an edge.",
        "Edges in all directions at once, blobs, how sharp a picture is; diffusion.",
        laplacian,
    ),
    NamedKernel(
        "log",
        "Laplacian of Gaussian",
        "(d²/sigma² − ndim)/sigma² times the Gaussian of N taps, less its mean so that the sum is 0; sigma is N/6 if "
        "not given.",
        "The Laplacian of the blurred picture: noise below the width of the Gaussian is left out.",
        "Blobs of the size of sigma·√2, edges as changes of sign (Marr and Hildreth, 1980).",
        laplacian_of_gaussian,
        parameters=("N", "[sigma]"),
        arguments=("9",),
    ),
)
