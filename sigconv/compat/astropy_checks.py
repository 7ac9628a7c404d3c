"""What Astropy's functions refuse, and how they normalise a kernel."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..errors import ArgumentValueError
from .astropy_values import kernel_size_error, warn
from .common import Array

_TREATMENTS = ("interpolate", "fill")
_LEAST_SUM = 0.01  # below it, a kernel is not normalised


def check_treatment(nan_treatment: str) -> None:
    """Raise unless the NaN treatment is known."""
    if nan_treatment not in _TREATMENTS:
        raise ArgumentValueError("nan_treatment must be one of 'interpolate','fill'")


def check_shapes(samples: tuple[int, ...], taps: tuple[int, ...], boundary: str | None) -> None:
    """Raise unless both have the same one to three axes and the kernel's are odd and fit in the array."""
    if any(m % 2 == 0 for m in taps):
        raise kernel_size_error("Kernel size must be odd in all axes.")
    if len(samples) == 0:
        raise ArgumentValueError("cannot convolve 0-dimensional arrays")
    if len(samples) > 3:
        raise NotImplementedError("convolve only supports 1, 2, and 3-dimensional arrays at this time")
    if len(samples) != len(taps):
        raise ArgumentValueError("array and kernel have differing number of dimensions.")
    if 0 in samples:
        raise ArgumentValueError("cannot convolve empty array")
    if boundary is None and any(n < m for n, m in zip(samples, taps, strict=True)):
        raise kernel_size_error(
            "for boundary=None all kernel axes must be smaller than array's - "
            "use boundary in ['fill', 'extend', 'wrap'] instead."
        )


def check_sum(total: float, tolerance: float, interpolate: bool) -> None:
    """Raise unless the kernel can be normalised."""
    if total >= _LEAST_SUM and not np.isclose(total, 0, atol=tolerance):
        return
    if interpolate:
        raise ArgumentValueError(
            "Setting nan_treatment='interpolate' requires the kernel to be normalized, but the input kernel has a sum "
            "close to zero. For a zero-sum kernel and data with NaNs, set nan_treatment='fill'."
        )
    raise ArgumentValueError(
        "The kernel can't be normalized, because its sum is close to zero. The sum of the given kernel is < "
        f"{_LEAST_SUM:.2f}. For a zero-sum kernel, set normalize_kernel=False or pass a custom normalization function "
        "to normalize_kernel."
    )


def normalized(taps: Array, how: Any, tolerance: float, interpolate: bool) -> tuple[Array, Any]:
    """Return the normalised taps, and what the result is multiplied with."""
    total = taps.sum()
    if how is True:
        check_sum(total.real, 0.0, interpolate=False)
        return taps / total, 1
    if how:
        total = how(taps)
    elif np.abs(total) < tolerance:
        if interpolate:
            raise ArgumentValueError("Cannot interpolate NaNs with an unnormalizable kernel")
        return taps, 1
    return taps / total, total


def fft_boundary(boundary: str | None, **padding: bool | None) -> str:
    """Return the boundary of a transform, and raise for paddings that contradict it."""
    if boundary is None:
        warn(
            "The convolve_fft version of boundary=None is equivalent to the convolve boundary='fill'.  There is no FFT "
            "equivalent to convolve's zero-if-kernel-leaves-boundary"
        )
        return "fill"
    if boundary == "extend":
        raise NotImplementedError("The 'extend' option is not implemented for fft-based convolution")
    if boundary not in ("fill", "wrap"):
        raise ArgumentValueError(f"boundary={boundary!r}: use 'fill', 'wrap' or None")
    for name, value in padding.items():
        if boundary == "wrap" and value:
            raise ArgumentValueError(f"With boundary='wrap', {name} cannot be enabled.")
    if boundary == "fill" and padding["psf_pad"] is False:
        raise ArgumentValueError("psf_pad=False with boundary='fill' asks for a transform that wraps: use 'wrap'")
    return boundary
