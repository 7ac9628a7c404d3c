"""Astropy's convolutions, which interpolate over missing samples, as of Astropy 8.0: change one import.

`convolve` and `convolve_fft`, with Astropy's signatures, NaN treatment, masks, normalisation and warnings, for arrays,
masked arrays, NDData, Quantities and Kernels. On purpose, these differ:

- `convolve_fft` has no padded transform to show: `return_fft=True`, `crop=False` and `psf_pad=False` with a filled
  boundary are errors; `fft_pad`, `psf_pad`, `dealias`, `fftn` and `ifftn` change nothing.
- `convolve_fft` with boundary "wrap" is periodic in the array's own shape, also where the kernel is larger.
- Attributes of NDData that have no effect (unit, uncertainty …) are left out without a warning.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..errors import ArgumentTypeError, ArgumentValueError
from .astropy_checks import check_shapes, check_sum, check_treatment, fft_boundary, normalized
from .astropy_values import is_kernel, like, real_if_zero, samples_of, taps_of, warn, with_unit
from .common import Array, sums_in

__all__ = ["convolve", "convolve_fft"]

_BOUNDARIES = {"fill": "constant", "wrap": "wrap", "extend": "edge"}
_HUGE = 10**9


def convolve(
    array: Any,
    kernel: Any,
    boundary: str | None = "fill",
    fill_value: float = 0.0,
    nan_treatment: str = "interpolate",
    normalize_kernel: bool = True,
    mask: Any = None,
    preserve_nan: bool = False,
    normalization_zero_tol: float = 1e-8,
) -> Any:
    """Return the convolution over the samples that are present, as `astropy.convolution.convolve`.

    y[i] = (Σ kernel) · Σ_j present[i − j] array[i − j] kernel[j] / Σ_j present[i − j] kernel[j], without the first
    factor if the kernel is normalised

    Parameters
    ----------
    array : array_like, NDData, Quantity or Kernel
        One to three axes; NaN and masked samples are missing.
    kernel : array_like or Kernel
        As many axes, of odd lengths.
    boundary : {"fill", "wrap", "extend", None}
        What lies outside: `fill_value` (NaN: missing), the array again, or its last sample; None: the result is zero
        where the kernel reaches outside.
    fill_value : float
        See `boundary` and `nan_treatment`.
    nan_treatment : {"interpolate", "fill"}
        As above, or missing samples count as `fill_value`.
    normalize_kernel : bool
        Whether the kernel is divided by its sum.
    mask : array_like, optional
        Where it is not zero, a sample is missing.
    preserve_nan : bool
        Whether missing samples are NaN in the result.
    normalization_zero_tol : float
        Up to this, the kernel's sum counts as zero.

    Returns
    -------
    ndarray, Quantity or Kernel
        Of the array's dtype if that is a float's, else float64; sums are in float64.

    Raises
    ------
    ArgumentValueError, ArgumentTypeError, NotImplementedError
        If an argument can't be served.

    Examples
    --------
    >>> import numpy as np
    >>> from sigconv.compat import astropy
    >>> astropy.convolve([1, np.nan, 3], [1, 1, 1], boundary="extend")
    array([1., 2., 3.])
    """
    if is_kernel(array) and is_kernel(kernel):
        warn(
            "Both array and kernel are Kernel instances, hardwiring the following parameters: boundary='fill', "
            "fill_value=0, normalize_Kernel=True, nan_treatment='interpolate'"
        )
        boundary, fill_value, normalize_kernel, nan_treatment = "fill", 0, True, "interpolate"
    if boundary is not None and boundary not in _BOUNDARIES:
        raise ArgumentValueError(f"Invalid boundary option: must be one of {[None, *_BOUNDARIES]}")
    check_treatment(nan_treatment)
    samples, taps = samples_of(array, mask, float), taps_of(kernel, float)
    check_shapes(samples.shape, taps.shape, boundary)
    missing = np.isnan(samples)
    incomplete = bool(missing.any()) or (boundary == "fill" and np.isnan(fill_value))
    interpolate = nan_treatment == "interpolate" and incomplete
    total = taps.sum()
    if normalize_kernel or interpolate:
        check_sum(total, normalization_zero_tol, interpolate)
    result, inside = np.zeros(samples.shape), _served(samples.shape, taps.shape, boundary)
    if interpolate:
        result[inside] = _interpolated(samples, missing, taps, boundary, fill_value)
        result *= 1 if normalize_kernel else total
    else:
        result[inside] = _slid(np.where(missing, fill_value, samples), taps, boundary, fill_value)
        result /= total if normalize_kernel else 1
    if preserve_nan:
        result[missing] = np.nan
    elif interpolate and np.isnan(result).any():
        warn(
            "nan_treatment='interpolate', however, NaN values detected post convolution. A contiguous region of NaN "
            "values, larger than the kernel size, are present in the input array. Increase the kernel size to avoid "
            "this."
        )
    return like(array, kernel, result)


def convolve_fft(
    array: Any,
    kernel: Any,
    boundary: str | None = "fill",
    fill_value: float = 0.0,
    nan_treatment: str = "interpolate",
    normalize_kernel: bool | Callable[[Array], Any] = True,
    normalization_zero_tol: float = 1e-8,
    preserve_nan: bool = False,
    mask: Any = None,
    crop: bool = True,
    return_fft: bool = False,
    fft_pad: bool | None = None,
    psf_pad: bool | None = None,
    min_wt: float = 0.0,
    allow_huge: bool = False,
    fftn: Any = np.fft.fftn,
    ifftn: Any = np.fft.ifftn,
    complex_dtype: Any = complex,
    dealias: bool = False,
) -> Any:
    """Return the convolution over the samples that are present, as `astropy.convolution.convolve_fft`.

    The equation is that of `convolve`; tap m//2 lies on output i.

    Parameters
    ----------
    array, kernel, fill_value, nan_treatment, mask, preserve_nan, normalization_zero_tol
        As in `convolve`, but for any number of axes and kernels of even lengths; Inf is missing too, and counts as 0
        in the kernel.
    boundary : {"fill", "wrap", None}
        As in `convolve`; None is "fill", with a warning.
    normalize_kernel : bool or callable
        Whether the kernel is divided by its sum, or a function that gives the divisor.
    min_wt : float
        Where the present part of the normalised kernel's sum is less, the result is NaN; with 0, where there is none,
        it is 0.
    allow_huge : bool
        Whether more than 1 GB may be given.
    complex_dtype : dtype
        The result has the dtype of its real part.
    crop, return_fft, fft_pad, psf_pad, fftn, ifftn, dealias
        Of Astropy's transform: see above.

    Returns
    -------
    ndarray or Quantity
        The real part, of the array's shape.

    Raises
    ------
    ArgumentValueError, ArgumentTypeError, NotImplementedError
        If an argument can't be served.

    Examples
    --------
    >>> import numpy as np
    >>> from sigconv.compat import astropy
    >>> astropy.convolve_fft([1, np.nan, 3], [1, 1, 1])
    array([0.5, 2. , 1.5])
    """
    if is_kernel(array) and is_kernel(kernel):
        raise ArgumentTypeError("Can't convolve two kernels with convolve_fft.  Use convolve instead.")
    check_treatment(nan_treatment)
    boundary = fft_boundary(boundary, psf_pad=psf_pad, fft_pad=fft_pad, dealias=dealias)
    if return_fft or not crop:
        raise ArgumentValueError("return_fft=True and crop=False ask for Astropy's padded transform: not served")
    samples, taps = (real_if_zero(x) for x in (samples_of(array, mask, complex), taps_of(kernel, complex)))
    if samples.ndim != taps.ndim:
        raise ArgumentValueError("Image and kernel must have same number of dimensions")
    if samples.size * np.dtype(complex_dtype).itemsize > _HUGE and not allow_huge:
        raise ArgumentValueError("Size Error: Arrays will be > 1 GB.  Use allow_huge=True to override this exception.")
    interpolate = nan_treatment == "interpolate"
    missing, taps = ~np.isfinite(samples), np.where(np.isfinite(taps), taps, 0)
    taps, scale = normalized(taps, normalize_kernel, normalization_zero_tol, interpolate)
    outside = fill_value if np.isfinite(fill_value) else 0
    result = _slid(np.where(missing, 0 if interpolate else fill_value, samples), taps, boundary, outside) * scale
    if interpolate:
        result = _weighted(result, _weights(missing, taps, boundary, float(np.isfinite(fill_value))), min_wt)
    if preserve_nan:
        result[missing] = np.nan
    return with_unit(array, result.real.astype(np.empty(0, complex_dtype).real.dtype, copy=False))


def _interpolated(samples: Array, missing: Array, taps: Array, boundary: str | None, fill_value: float) -> Array:
    """Return the sums over present samples, divided by the taps that met one; the sample itself where none did.

    Both are direct sums, so that quotients of small numbers are right; then a window of missing samples is exactly 0.
    """
    outside = 0.0 if np.isnan(fill_value) else fill_value
    sums = _slid(np.where(missing, 0.0, samples), taps, boundary, outside, method="direct")
    weights = _slid(~missing, taps, boundary, float(not np.isnan(fill_value)), method="direct")
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(weights == 0, samples[_served(samples.shape, taps.shape, boundary)], sums / weights)


def _served(samples: tuple[int, ...], taps: tuple[int, ...], boundary: str | None) -> Any:
    """Return where there are results: without a boundary, where the kernel does not reach outside."""
    if boundary is not None:
        return ...
    return tuple(slice(m // 2, n - m // 2) for n, m in zip(samples, taps, strict=True))


def _weights(missing: Array, taps: Array, boundary: str | None, outside: float) -> Array:
    """Return the sum of the taps that meet a present sample; what lies outside counts as `outside`."""
    if outside and not missing.any():
        return np.full(missing.shape, taps.sum().real)
    weights: Array = _slid(~missing, taps, boundary, outside).real
    return weights


def _weighted(sums: Array, weights: Array, min_wt: float) -> Array:
    """Return sums divided by their weights: NaN where these are less than `min_wt`; with 0, 0 where there are none."""
    with np.errstate(divide="ignore", invalid="ignore"):
        result: Array = sums / weights
    least, instead = (min_wt, np.nan) if min_wt > 0 else (10 * np.finfo(float).eps, 0)
    result[weights < least] = instead
    return result


def _slid(samples: Array, taps: Array, boundary: str | None, fill_value: float, method: str = "auto") -> Array:
    """Return the convolution with tap m//2 on output i, of the samples' shape; without a boundary, where it fits."""
    dtype, how = np.result_type(samples, taps, np.float64), {"flip": True, "method": method}
    if boundary is None:
        return sums_in(dtype, samples, taps, mode="valid", **how)
    if boundary == "fill":
        how["fill_value"] = fill_value
    center = tuple(m // 2 for m in taps.shape)
    return sums_in(dtype, samples, taps, mode="same", center=center, boundary=_BOUNDARIES[boundary], **how)
