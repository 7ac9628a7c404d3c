"""What Astropy's functions take and give: arrays with missing samples, Quantities, NDData, Kernels; and warnings."""

from __future__ import annotations

import sys
import warnings
from typing import Any

import numpy as np

from ..errors import ArgumentTypeError, ArgumentValueError
from .common import Array


class KernelSizeError(ArgumentValueError):
    """A kernel has an even axis, or does not fit in the array; Astropy's own exception where Astropy is loaded."""


def is_kernel(value: Any) -> bool:
    """Return whether a value is one of Astropy's kernels."""
    return hasattr(value, "array") and hasattr(value, "is_bool")


def samples_of(array: Any, mask: Any, dtype: type) -> Array:
    """Return the array's samples, with NaN where one is missing."""
    if hasattr(array, "uncertainty") and hasattr(array, "data"):  # NDData
        array, mask = array.data, array.mask if mask is None else mask
    values = array.array if is_kernel(array) else getattr(array, "value", array)
    try:
        samples: Array = np.ma.filled(np.ma.array(values, dtype=dtype, copy=mask is not None), np.nan)
    except (TypeError, ValueError) as error:
        raise ArgumentTypeError(
            f"input should be a Numpy array or something convertible into a float array: {error}"
        ) from None
    if mask is not None:
        samples[np.asarray(mask) != 0] = np.nan
    return np.asarray(samples)


def taps_of(kernel: Any, dtype: type) -> Array:
    """Return the kernel's taps."""
    if np.ma.is_masked(kernel):
        raise ArgumentValueError(
            "The kernel is a masked array with masked values. Use kernel.filled(fill_value) to fill masked values "
            "before passing to convolve."
        )
    return samples_of(kernel, None, dtype)


def real_if_zero(values: Array) -> Array:
    """Return real numbers where all imaginary parts are zero."""
    return values if values.imag.any() else values.real


def like(array: Any, kernel: Any, result: Array) -> Any:
    """Return the result as what the array was: a Kernel, a Quantity, or an array of its float dtype."""
    if is_kernel(array):
        return _as_kernel(array, kernel, result)
    dtype = getattr(array, "dtype", None)
    return with_unit(array, result.astype(dtype, copy=False) if dtype is not None and dtype.kind == "f" else result)


def _as_kernel(array: Any, kernel: Any, result: Array) -> Any:
    """Return the result as a kernel of Astropy, which is installed where the array is one."""
    from astropy.convolution import Kernel1D, Kernel2D

    made = {1: Kernel1D, 2: Kernel2D}[result.ndim](array=result)
    made._is_bool = False
    made._separable = array.separable and getattr(kernel, "separable", True)
    return made


def with_unit(array: Any, result: Array) -> Any:
    """Return the result with the array's unit, if that is a Quantity."""
    unit = getattr(array, "unit", None) if hasattr(array, "value") else None
    return result if unit is None else result << unit


def _of_astropy(module: str, name: str, ours: Any) -> Any:
    """Return Astropy's class where Astropy is loaded, so that those who handle it find it, else ours."""
    return getattr(sys.modules.get(module), name, ours)


def warn(message: str) -> None:
    """Warn the caller of the function that calls this one."""
    category = _of_astropy("astropy.utils.exceptions", "AstropyUserWarning", UserWarning)
    warnings.warn(message, category, stacklevel=3)


def kernel_size_error(message: str) -> Exception:
    """Return the exception for a kernel of a wrong size."""
    error: Exception = _of_astropy("astropy.convolution.utils", "KernelSizeError", KernelSizeError)(message)
    return error
