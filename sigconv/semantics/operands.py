"""What is taken as a signal or a kernel."""

from __future__ import annotations

from functools import reduce
from numbers import Number
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..errors import ArgumentTypeError, ArgumentValueError, ResultOverflowError
from .dtypes import is_exact


class Separable:
    """The outer product of 1-D kernels, k[i, j, …] = k0[i] · k1[j] · …, wherever a kernel is taken.

    Parameters
    ----------
    *factors : array_like
        One 1-D kernel for each axis.

    Raises
    ------
    ArgumentValueError
        If there is no factor, or one is not 1-D.

    Examples
    --------
    >>> import sigconv
    >>> smooth = sigconv.Separable([1, 2, 1], [1, 2, 1])
    >>> sigconv.convolve([[0, 0, 0], [0, 1, 0], [0, 0, 0]], smooth, "same")
    array([[1, 2, 1],
           [2, 4, 2],
           [1, 2, 1]])
    """

    def __init__(self, *factors: ArrayLike) -> None:
        self.factors = tuple(np.asarray(factor) for factor in factors)
        shapes = [factor.shape for factor in self.factors]
        if not shapes or any(len(shape) != 1 for shape in shapes):
            raise ArgumentValueError(f"Separable takes 1-D kernels, one for each axis; the shapes are {shapes}")

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of the outer product."""
        return tuple(factor.size for factor in self.factors)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> NDArray[Any]:
        product = reduce(np.multiply.outer, self.factors) if self._rounded else self._exact_product()
        return product if dtype is None else product.astype(dtype)

    @property
    def _rounded(self) -> bool:
        return any(not is_exact(factor.dtype) for factor in self.factors)

    def _exact_product(self) -> NDArray[Any]:
        """Return the product of integers in int64, or in uint64 if all are unsigned."""
        dtype = np.uint64 if all(factor.dtype.kind == "u" for factor in self.factors) else np.int64
        product: NDArray[Any] = reduce(np.multiply.outer, [factor.astype(object) for factor in self.factors])
        try:
            return product.astype(dtype)
        except OverflowError:
            raise ResultOverflowError(f"the outer product does not fit in {np.dtype(dtype)}: use floats") from None

    def __repr__(self) -> str:
        return f"Separable({', '.join(map(repr, self.factors))})"


def as_operand(name: str, value: Any) -> NDArray[Any]:
    """Return a signal or a kernel as an array, as `numpy.asarray` does.

    Raises
    ------
    ArgumentTypeError
        If it is a masked array (its mask would be lost), or rows of different lengths.
    """
    if type(value) is np.ndarray and not value.dtype.hasobject:  # most are: the way to a small result is short
        return value
    if isinstance(value, np.ma.MaskedArray):
        raise ArgumentTypeError(f"the {name} is a masked array, whose mask would have no effect here: use .filled(0)")
    try:
        array = np.asarray(value)
    except ValueError as error:
        raise ArgumentTypeError(f"the {name} is not an array: {error}") from None
    if array.dtype.kind == "O":
        _check_numbers(name, array)
    return array


def read_only(array: NDArray[Any]) -> NDArray[Any]:
    """Return a view of an array that can't be written to."""
    view = array.view()
    view.flags.writeable = False
    return view


def _check_numbers(name: str, array: NDArray[Any]) -> None:
    """Raise unless all objects are numbers."""
    for item in array.flat:
        if not isinstance(item, Number):
            raise ArgumentTypeError(f"the {name} holds {item!r}: use numbers (of objects, Python ints and Fractions)")
