"""How far a result may lie from the exact one: the bounds that rounding and tests are held to.

u is the unit roundoff of the dtype that is computed in.
"""

from __future__ import annotations

from math import log2
from typing import Any

import numpy as np


def unit_roundoff(dtype: np.dtype[Any]) -> float:
    """Return u, half the distance from 1 to the next number of the dtype."""
    return float(np.finfo(dtype).eps) / 2


def direct_bound(dtype: np.dtype[Any], taps: int, magnitude: float) -> float:
    """Return γ_m Σ|x||g|, the bound of a direct sum of m products (complex ones: m + 2 roundings each).

    N. J. Higham, Accuracy and Stability of Numerical Algorithms, 2nd ed., sec. 3.1 and 3.6.
    """
    unit = unit_roundoff(dtype) * (taps + 2 if dtype.kind == "c" else taps)
    return unit / (1 - unit) * magnitude


def transform_bound(dtype: np.dtype[Any], length: int, norms: float) -> float:
    """Return 16 u log2(L) ‖x‖₂‖g‖₂, the bound of a product of transforms of length L.

    The constant is above the published ones: C. Percival, Math. Comp. 72 (2003) 387–395;
    R. P. Brent, C. Percival and P. Zimmermann, Math. Comp. 76 (2007) 1469–1481.
    """
    return 16 * unit_roundoff(dtype) * log2(max(2, length)) * norms
