"""What the drop-ins share: sums in a given dtype's own arithmetic."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..api import slide
from ..errors import ResultOverflowError
from ..methods.exact import peak

Array = NDArray[Any]

# A 64-bit integer is four limbs of 16 bits: a sum of products of two limbs fits in int64 up to 2^31 taps.
_LIMB, _LIMBS = 16, 4
# Whole numbers below this are exact in float64, and so are their quotients by powers of two.
_EXACT = 2.0**53


def sums_in(dtype: np.dtype[Any], signal: Array, kernel: Array, **how: Any) -> Array:
    """Return the kernel slid along the signal, summed as an arithmetic of the dtype would.

    Integers wrap: the result is the sum modulo 2^bits. Booleans are true where any product is. `how` are the keywords
    of `sigconv.slide`.

    >>> sums_in(np.dtype("uint8"), np.uint8([200, 100]), np.uint8([1, 2]), flip=True)
    array([200, 244, 200], dtype=uint8)
    """
    if dtype.kind == "b":
        return np.not_equal(slide(signal != 0, kernel != 0, **how), 0)
    if dtype.kind in "iu":
        return _wrapped_sums(signal, kernel, **how).astype(dtype)
    return slide(signal.astype(dtype, copy=False), kernel.astype(dtype, copy=False), **how)


def steady_sums(signal: Array, kernel: Array, **how: Any) -> Array:
    """Return sums in float64 that can be rounded: exact where integers meet whole multiples of 2^−24.

    >>> steady_sums(np.uint8([1, 2, 4]), np.array([0.25, 0.25]), flip=True)
    array([0.25, 0.75, 1.5 , 1.  ])
    """
    np.empty(signal.shape)  # an error at once where not even the result fits in memory, before all samples are read
    fill = how.get("fill_value", 0)
    if signal.dtype.kind in "iu" and fill == np.rint(fill):
        largest = max(peak(signal), abs(int(fill)))
        for scale in (1.0, 2.0**24):
            scaled = kernel * scale
            if np.all(scaled == np.rint(scaled)) and largest * np.abs(scaled).sum() < _EXACT:
                whole = signal.astype(np.int64) if fill else signal
                return np.divide(slide(whole, scaled.astype(np.int64), **how), scale)
    return sums_in(np.dtype(np.float64), signal, kernel, **how)


def _wrapped_sums(signal: Array, kernel: Array, fill_value: Any = 0, **how: Any) -> Array:
    """Return sums of integers that are right modulo 2^64; exact where that is enough, else limb by limb.

    With x = Σ_i 2^(16i) x_i and g = Σ_j 2^(16j) g_j the sum is Σ_ij 2^(16(i+j)) (x_i ∗ g_j), where i + j > 3 vanishes.
    """
    try:
        return slide(signal, kernel, fill_value=fill_value, **how)
    except ResultOverflowError:
        pass
    signal_limbs = list(zip(_limbs(signal), _limbs(np.asarray(fill_value)), strict=True))
    total: Any = np.uint64(0)
    for j, g in enumerate(_limbs(kernel)):
        for i, (x, fill) in enumerate(signal_limbs[: _LIMBS - j]):
            total = total + (slide(x, g, fill_value=fill.item(), **how).astype(np.uint64) << np.uint64(_LIMB * (i + j)))
    return np.asarray(total)


def _limbs(values: Array) -> list[Array]:
    """Return the digits of integers modulo 2^64 to the base 2^16, the lowest first."""
    wide = values.astype(np.uint64)
    return [((wide >> np.uint64(_LIMB * i)) & np.uint64(0xFFFF)).astype(np.int64) for i in range(_LIMBS)]
