"""Kernels that bring out detail: a sum of 1 keeps the brightness."""

from __future__ import annotations

import numpy as np

from ...errors import ArgumentValueError
from .entry import Kernel, NamedKernel, finite
from .slopes import laplacian
from .smoothing import gaussian


def impulse(size: int, ndim: int) -> Kernel:
    """Return a 1 in the middle of zeros."""
    taps = np.zeros((size,) * ndim)
    taps[(size // 2,) * ndim] = 1
    return taps


def sharpen(ndim: int) -> Kernel:
    """Return the identity minus the Laplacian."""
    return impulse(3, ndim) - laplacian(ndim)


def unsharp(ndim: int, size: str, amount: str = "1") -> Kernel:
    """Return the identity plus what a Gaussian blur takes away."""
    blur = gaussian(ndim, size)
    if len(blur) % 2 == 0:
        raise ArgumentValueError(f"N of kernel 'unsharp' is {size}: it must be odd, to have a middle")
    middle = impulse(len(blur), ndim)
    return middle + finite("unsharp", "amount", amount) * (middle - blur)


def emboss(ndim: int) -> Kernel:
    """Return the slope towards the lower right, added to the picture."""
    return np.array([[2.0, 1.0, 0.0], [1.0, 1.0, -1.0], [0.0, -1.0, -2.0]])


ENTRIES = (
    NamedKernel(
        "sharpen",
        "Sharpen",
        "The identity minus the Laplacian: edges stand out, even areas stay as they are.",
        "Adds to every sample what it has more than its neighbours; in two dimensions 5 in the middle and −1 around.",
        "Crisper photographs; noise is sharpened as well.",
        sharpen,
    ),
    NamedKernel(
        "unsharp",
        "Unsharp mask",
        "identity + amount·(identity − Gaussian of N taps); amount is 1 if not given.",
        "Adds back what a blur would take away; a wider Gaussian brings out coarser detail.",
        "Sharpening for print and screen, with the width and the strength to choose.",
        unsharp,
        parameters=("N", "[amount]"),
        arguments=("9",),
    ),
    NamedKernel(
        "emboss",
        "Emboss",
        "[2 1 0; 1 1 −1; 0 −1 −2]: the slope towards the lower right, added to the picture.",
        "Lights edges from one side, so that the picture looks like a relief.",
        "A graphical effect; a kernel without symmetry, on which the flip shows.",
        emboss,
        dimensions=(2,),
    ),
)
