"""numpy.convolve and numpy.correlate, as of NumPy 2.4: change one import.

With NumPy's signatures, shapes, dtypes (integers wrap, booleans stay booleans) and error types. "same" has the longer
operand's length. There is one difference on purpose: long operands go by transforms, whose rounding errors are bounded
by the operands' norms and not by each output's own terms.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from ..errors import ArgumentTypeError, ArgumentValueError
from .common import Array, sums_in

__all__ = ["convolve", "correlate"]

_MODES = ("valid", "same", "full")  # their places are NumPy's numbers for them


def convolve(a: ArrayLike, v: ArrayLike, mode: str | int = "full") -> Array:
    """Return the convolution of two lines, as `numpy.convolve`: y[k] = Σ_j a[k − j] v[j].

    Parameters
    ----------
    a, v : array_like
        Operands of one axis, or scalars.
    mode : {"full", "same", "valid"}
        Which outputs; "same" has the length of the longer operand.

    Returns
    -------
    ndarray
        Of dtype `numpy.result_type(a, v)`; integers wrap.

    Raises
    ------
    ArgumentValueError, ArgumentTypeError
        If an argument can't be served.

    Examples
    --------
    >>> from sigconv.compat import numpy as np
    >>> np.convolve([1, 2, 3], [0, 1, 0.5], "same")
    array([1. , 2.5, 4. ])
    """
    signal, kernel = _line("a", np.atleast_1d(a)), _line("v", np.atleast_1d(v))
    if kernel.size > signal.size:
        signal, kernel = kernel, signal
    return sums_in(np.result_type(signal, kernel), signal, kernel, mode=_mode(mode), flip=True)


def correlate(a: ArrayLike, v: ArrayLike, mode: str | int = "valid") -> Array:
    """Return the correlation of two lines, as `numpy.correlate`: c[k] = Σ_n a[n + k] conj(v[n]).

    Parameters, result and errors are those of `convolve`, but a scalar is no line, and "valid" is what is not said.

    Examples
    --------
    >>> from sigconv.compat import numpy as np
    >>> np.correlate([1, 2, 3], [0, 1, 0.5], "full")
    array([0.5, 2. , 3.5, 3. , 0. ])
    """
    signal, kernel = _line("a", np.asarray(a)), _line("v", np.asarray(v))
    named = _mode(mode)
    if named == "same" and kernel.size > signal.size:  # by the mirror law, the outputs around the longer one's middle
        mirrored = correlate(kernel, signal, named)[::-1]
        return mirrored.conj() if mirrored.dtype.kind == "c" else mirrored
    dtype = np.result_type(signal, kernel)
    return sums_in(dtype, signal, kernel, mode=named, flip=False, conjugate=True)


def _line(name: str, operand: Array) -> Array:
    """Return an operand of one axis that is not empty."""
    if operand.ndim != 1:
        raise ArgumentValueError(f"{name} has {operand.ndim} axes: use an array of one axis")
    if operand.size == 0:
        raise ArgumentValueError(f"{name} cannot be empty")
    return operand


def _mode(mode: Any) -> str:
    """Return the mode's name, from its name or number."""
    if isinstance(mode, str) and mode in _MODES:
        return mode
    if isinstance(mode, (int, np.integer)) and 0 <= mode <= 2:
        return _MODES[mode]
    error = ArgumentValueError if isinstance(mode, (str, int, np.integer)) else ArgumentTypeError
    raise error(f"mode={mode!r}: use one of 'valid', 'same', or 'full'")
