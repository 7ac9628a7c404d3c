"""OpenCV's linear filters, as of OpenCV 5.0: change one import.

`filter2D` and `sepFilter2D`, with the constants that their arguments take: anchor, delta, border types and depths;
integers are rounded half to even and saturate. Failures raise `error`. On purpose, these differ:

- Every border type serves, BORDER_WRAP too, and every source depth with every destination depth.
- Sums of integers with weights that are whole after a multiplication by a power of two are exact before they are
  rounded; the others are in float64, or in float32 from float32 to float32. Where OpenCV sums in float32, or by a
  transform, an integer result may differ by one.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from ..errors import ArgumentValueError, SigconvError
from .common import Array, steady_sums, sums_in

__all__ = ["filter2D", "sepFilter2D"]

error = SigconvError

BORDER_CONSTANT = 0
BORDER_REPLICATE = 1
BORDER_REFLECT = 2
BORDER_WRAP = 3
BORDER_REFLECT_101 = BORDER_REFLECT101 = BORDER_DEFAULT = 4
BORDER_ISOLATED = 16
CV_8U, CV_16U, CV_16S, CV_32F, CV_64F = 0, 2, 3, 5, 6

_BOUNDARIES = {
    BORDER_CONSTANT: "zero",
    BORDER_REPLICATE: "edge",
    BORDER_REFLECT: "symmetric",
    BORDER_WRAP: "wrap",
    BORDER_REFLECT_101: "reflect",
}
_DEPTHS: dict[int, np.dtype[Any]] = {
    CV_8U: np.dtype(np.uint8),
    CV_16U: np.dtype(np.uint16),
    CV_16S: np.dtype(np.int16),
    CV_32F: np.dtype(np.float32),
    CV_64F: np.dtype(np.float64),
}


def filter2D(
    src: Array,
    ddepth: int,
    kernel: ArrayLike,
    dst: Array | None = None,
    anchor: tuple[int, int] = (-1, -1),
    delta: float = 0,
    borderType: int = BORDER_DEFAULT,
) -> Array:
    """Return the correlation with a kernel, as `cv2.filter2D`: dst[i] = saturate(Σ_j src[i − a + j] kernel[j] + delta).

    Parameters
    ----------
    src : ndarray
        An image (rows, columns), or one with channels last; of uint8, uint16, int16, float32 or float64.
    ddepth : int
        The result's dtype: CV_8U, CV_16U, CV_16S, CV_32F, CV_64F, or −1 for the source's.
    kernel : array_like
        (rows, columns); one axis is a row.
    dst : ndarray, optional
        Where the result is written, if its shape and dtype are the result's.
    anchor : (int, int)
        (x, y), column and row of the tap that lies on output i; −1 is the middle, m//2.
    delta : number
        What is added to every sum.
    borderType : int
        What lies outside: BORDER_REFLECT_101 (dcb|abcd|cba, the default), BORDER_CONSTANT (zeros),
        BORDER_REPLICATE (aaa|abcd|ddd), BORDER_REFLECT (cba|abcd|dcb) or BORDER_WRAP (bcd|abcd|abc).

    Returns
    -------
    ndarray
        Of the source's shape, without a single channel.

    Raises
    ------
    ArgumentValueError
        If an argument can't be served.

    Examples
    --------
    >>> import numpy as np
    >>> from sigconv.compat import opencv as cv2
    >>> cv2.filter2D(np.uint8([[10, 20, 250]]), -1, np.ones((1, 3)))
    array([[ 50, 255, 255]], dtype=uint8)
    """
    return _filtered(src, ddepth, np.atleast_2d(kernel), dst, anchor, delta, borderType)


def sepFilter2D(
    src: Array,
    ddepth: int,
    kernelX: ArrayLike,
    kernelY: ArrayLike,
    dst: Array | None = None,
    anchor: tuple[int, int] = (-1, -1),
    delta: float = 0,
    borderType: int = BORDER_DEFAULT,
) -> Array:
    """Return the correlation with an outer product, as `cv2.sepFilter2D`: `filter2D` with kernelY[i] · kernelX[j].

    Parameters
    ----------
    kernelX, kernelY : array_like
        The taps along a row, and along a column.
    src, ddepth, dst, anchor, delta, borderType
        As in `filter2D`.

    Returns
    -------
    ndarray
        Of the source's shape, without a single channel.

    Raises
    ------
    ArgumentValueError
        If an argument can't be served.

    Examples
    --------
    >>> import numpy as np
    >>> from sigconv.compat import opencv as cv2
    >>> cv2.sepFilter2D(np.float32([[1, 2, 4]]), -1, [-1, 0, 1], [1])
    array([[0., 3., 0.]], dtype=float32)
    """
    across, down = np.asarray(kernelX), np.asarray(kernelY)
    if across.size not in across.shape or down.size not in down.shape:
        raise ArgumentValueError(f"kernelX {across.shape} and kernelY {down.shape}: use arrays of one line each")
    kernel = np.multiply.outer(down.ravel().astype(float), across.ravel().astype(float))
    return _filtered(src, ddepth, kernel, dst, anchor, delta, borderType)


def _filtered(
    src: Array, ddepth: int, kernel: Array, dst: Array | None, anchor: tuple[int, int], delta: float, border: int
) -> Array:
    """Check the arguments, sum, and round to the destination's dtype."""
    image = _image(src)
    dtype: np.dtype[Any] | None = image.dtype if ddepth == -1 else _DEPTHS.get(ddepth)
    if dtype is None:
        raise ArgumentValueError(f"ddepth={ddepth!r}: use CV_8U, CV_16U, CV_16S, CV_32F, CV_64F or -1")
    if kernel.ndim != 2 or kernel.size == 0:
        raise ArgumentValueError(f"the kernel has shape {kernel.shape}: use (rows, columns), not empty")
    how = {"mode": "same", "axes": (0, 1), "flip": False, "center": _center(anchor, kernel.shape)}
    sums = _sums(image, kernel, dtype, boundary=_boundary(border), **how)
    result = _saturated(sums + delta, dtype)
    if dst is None or dst.shape != result.shape or dst.dtype != result.dtype:
        return result
    dst[...] = result
    return dst


def _image(src: Array) -> Array:
    """Return the source with two axes, or three if it has channels."""
    if not isinstance(src, np.ndarray) or src.dtype not in _DEPTHS.values():
        kind = getattr(src, "dtype", type(src).__name__)
        raise ArgumentValueError(f"src is {kind}: use an array of uint8, uint16, int16, float32 or float64")
    image = np.atleast_2d(src)
    if image.ndim > 3 or image.size == 0:
        raise ArgumentValueError(f"src has shape {src.shape}: use (rows, columns) or (rows, columns, channels)")
    return image[:, :, 0] if image.ndim == 3 and image.shape[2] == 1 else image


def _center(anchor: tuple[int, int], shape: tuple[int, ...]) -> tuple[int, ...]:
    """Return row and column of the tap that lies on output i."""
    center = tuple(m // 2 if a == -1 else a for a, m in zip(reversed(anchor), shape, strict=True))
    if not all(0 <= c < m for c, m in zip(center, shape, strict=True)):
        raise ArgumentValueError(f"anchor={anchor!r} (x, y) lies outside the kernel of shape {shape}")
    return center


def _boundary(border: int) -> str:
    """Return sigconv's name of a border type."""
    name = _BOUNDARIES.get(border & ~BORDER_ISOLATED)
    if name is None:
        raise ArgumentValueError(f"borderType={border!r}: use one of the BORDER_ constants of this module")
    return name


def _sums(image: Array, kernel: Array, dtype: np.dtype[Any], **how: Any) -> Array:
    """Return the sums, in float32 where floats of no more bits come in and go out."""
    if dtype == np.float32 and image.dtype == np.float32:
        return sums_in(dtype, image, kernel, **how)
    return steady_sums(image, kernel.astype(float), **how)


def _saturated(sums: Array, dtype: np.dtype[Any]) -> Array:
    """Return the sums in a dtype: integers are rounded half to even, and what does not fit is the nearest limit."""
    if dtype.kind == "f":
        return sums.astype(dtype, copy=False)
    limits = np.iinfo(dtype)
    return np.rint(sums).clip(limits.min, limits.max).astype(dtype)
