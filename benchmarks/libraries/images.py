"""Libraries for images: scipy.ndimage, OpenCV, astropy."""

from __future__ import annotations

from functools import partial
from math import prod
from typing import Any

import numpy as np

from ..peers import Peer
from ..points import Array, Point
from .common import (
    Binary,
    convolving,
    direct_seconds,
    floats_only,
    no_layers,
    one_by_one,
    sliding,
    transform_seconds,
)

_NDIMAGE_MODES = {"zero": "constant", "reflect": "mirror"}
_OPENCV_DEPTHS = {"float32": "CV_32F", "float64": "CV_64F", "uint8": "CV_32F", "int16": "CV_64F"}
_OPENCV_BORDERS = {"zero": "BORDER_CONSTANT", "reflect": "BORDER_REFLECT_101"}
_OPENCV_DIRECT = 121  # taps from which filter2D goes by transforms


def _same_only(point: Point) -> str | None:
    return no_layers(point) or (None if point.mode == "same" else "mode same only")


def _origins(point: Point) -> list[int]:
    """Return by how far the kernel's centre lies from the place that ndimage takes for it."""
    return [m - 1 - start - m // 2 for (start, _), m in zip(point.window, point.taps, strict=True)]


def _ndimage(point: Point, threads: int) -> Binary:
    from scipy import ndimage

    dtype: Any = np.int64 if point.exact else point.result_dtype
    options: dict[str, Any] = {"mode": _NDIMAGE_MODES[point.boundary], "output": dtype}
    origins = _origins(point)
    if point.ndim == 1:
        call = partial(ndimage.correlate1d, axis=-1, origin=origins[0], **options)
    else:
        call = partial(ndimage.correlate, origin=origins, **options)
    return one_by_one(lambda x, k: call(x, sliding(k, point).conj()), point)  # it conjugates weights itself


def _opencv(point: Point, threads: int) -> Binary:
    import cv2

    cv2.setNumThreads(threads)
    depth, border = getattr(cv2, _OPENCV_DEPTHS[point.dtype]), getattr(cv2, _OPENCV_BORDERS[point.boundary])
    last = [m - 1 - start for (start, _), m in zip(point.window, point.taps, strict=True)]
    anchor = (last[-1], last[0] if point.ndim == 2 else 0)
    kernel_dtype = np.float32 if depth == cv2.CV_32F else np.float64

    def run(x: Array, k: Array) -> Array:
        weights = np.ascontiguousarray(sliding(k, point), kernel_dtype)
        flat = cv2.filter2D(np.atleast_2d(x), depth, np.atleast_2d(weights), anchor=anchor, borderType=border)
        image = flat.reshape(x.shape)
        return np.rint(image).astype(np.int64) if point.exact else image

    return one_by_one(run, point)


def _opencv_why_not(point: Point) -> str | None:
    if point.dtype not in _OPENCV_DEPTHS or point.boundary not in _OPENCV_BORDERS:
        return "no such dtype or border"
    return _same_only(point) or ("two axes at most" if point.ndim > 2 else None)


def _opencv_seconds(point: Point) -> float:
    short = prod(point.taps) < _OPENCV_DIRECT or point.exact
    return direct_seconds(5e9)(point) if short else transform_seconds(5e9)(point)


def _astropy(name: str, options: dict[str, Any], point: Point, threads: int) -> Binary:
    from astropy import convolution

    given = {"normalize_kernel": False, "nan_treatment": "fill", "boundary": "fill", "fill_value": 0.0} | options
    call = partial(getattr(convolution, name), **given)
    return one_by_one(lambda x, k: call(x, convolving(k, point)), point)


def _astropy_why_not(point: Point) -> str | None:
    if point.result_dtype.kind == "c" or point.boundary != "zero" or point.center is not None:
        return "no such dtype or boundary"
    odd = all(m % 2 for m in point.taps)
    return floats_only(point) or _same_only(point) or (None if odd else "kernels of odd lengths only")


PEERS = [
    Peer("scipy.ndimage", "scipy", _same_only, _ndimage, direct_seconds(1e9)),
    Peer("OpenCV", "cv2", _opencv_why_not, _opencv, _opencv_seconds),
    Peer("astropy.convolve", "astropy", _astropy_why_not, partial(_astropy, "convolve", {}), direct_seconds(1e9)),
    Peer(
        *("astropy.convolve_fft", "astropy", _astropy_why_not),
        *(partial(_astropy, "convolve_fft", {"allow_huge": True}), transform_seconds(1e9)),
    ),
]
