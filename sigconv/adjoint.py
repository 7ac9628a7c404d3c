"""The adjoint of a filter: the transpose, conjugated, of extension, convolution, window and stride."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .errors import ArgumentValueError, ResultOverflowError
from .methods.exact import peak
from .methods.orientation import orient
from .methods.renormalize import Weights
from .methods.tiles import Tile
from .planning.plan import choose
from .semantics.boundary import fold
from .semantics.describe import describe
from .semantics.dtypes import is_exact
from .semantics.operands import as_operand
from .semantics.problem import Problem

Array = NDArray[Any]

_OBJECTS = np.dtype(object)


class Adjoint:
    """The operator f* of a filter f for which ⟨f(x), y⟩ = ⟨x, f*(y)⟩, with ⟨a, b⟩ = Σ a conj(b).

    Made by `Filter.adjoint`. With boundary="constant" a filter is linear plus a constant; this is the adjoint of the
    linear part. Where samples are missing, what a filter does depends on which; this is the adjoint for none.
    """

    def __init__(self, kernel: Array, asked: dict[str, Any], method: str, workers: int | None) -> None:
        self._kernel = kernel
        self._asked = {name: value for name, value in asked.items() if name not in ("fill_value", "nan")}
        self._method = method
        self._workers = workers

    def __call__(self, result: ArrayLike, shape: tuple[int, ...] | None = None) -> Array:
        """Return f*(y) for an array of the shape of the filter's results.

        Parameters
        ----------
        result : array_like
            y.
        shape : tuple of int, optional
            The shape of the filter's signals; needed where y does not tell: with a stride, and where the kernel
            broadcasts the signal. For "valid" a signal at least as long as the kernel is assumed.

        Raises
        ------
        ArgumentValueError
            If y is not the shape of a result, or the signal's shape is needed.

        Examples
        --------
        >>> import sigconv
        >>> f = sigconv.Filter([1, 2, 3], "valid")
        >>> f.adjoint([1, 0, 0])
        array([3, 2, 1, 0, 0])
        """
        array = as_operand("result", result)
        shape = self._signal_shape(array) if shape is None else tuple(shape)
        problem = describe(shape, self._kernel.shape, array.dtype, self._kernel.dtype, **self._asked)
        if array.shape != problem.shape:
            raise ArgumentValueError(f"the result has shape {array.shape}: of signals {shape} it is {problem.shape}")
        weights = self._weights(problem)
        spread = self._transposed(array if weights is None else array * weights.conj(), problem)
        return _gathered(spread, problem).reshape(shape)

    def _signal_shape(self, result: Array) -> tuple[int, ...]:
        """Return the shape of the signals that give results of this shape."""
        mode = self._asked["mode"]
        simple = self._asked | {"mode": "full", "center": None, "boundary": "zero"}
        guess = describe(result.shape, self._kernel.shape, result.dtype, self._kernel.dtype, **simple)
        shape = list(result.shape)
        if guess.kernel_batch > 1 or any(axis.stride > 1 for axis in guess.axes):
            raise ArgumentValueError(
                "signals of several shapes give this result (with a stride, or with more than one kernel): "
                "say which with shape="
            )
        for axis in guess.axes:
            shape[axis.position] += {"full": 1 - axis.span, "same": 0, "valid": axis.span - 1}[mode]
        return tuple(shape)

    def _weights(self, problem: Problem) -> Array | None:
        """Return the factors by which the filter renormalises its results."""
        if all(axis.boundary != "renormalize" for axis in problem.axes):
            return None
        whole = Tile(tuple(slice(0, size) for size in problem.shape))
        return Weights(orient(self._kernel, problem), problem).of(whole)

    def _transposed(self, result: Array, problem: Problem) -> Array:
        """Return the transpose of window, stride and convolution: y on the full result's places, slid backwards.

        Σ_k conj(g[k − e]) y[k] is y slid with the kernel the other way round, for e from start − M + 1 on.
        """
        shape, places = list(problem.shape), [slice(None)] * result.ndim
        for axis in problem.axes:
            shape[axis.position] = axis.stop - axis.start
            places[axis.position] = slice(None, None, axis.stride)
        spread = np.zeros(shape, result.dtype)
        spread[tuple(places)] = result
        backwards = describe(
            *(spread.shape, problem.kernel_shape, spread.dtype, self._kernel.dtype),
            flip=not problem.flip,
            conjugate=not problem.conjugate,
            axes=problem.positions,
            dilation=tuple(axis.dilation for axis in problem.axes),
        )
        kernel = self._kernel.reshape(problem.kernel_shape)
        try:
            return choose(backwards, self._method)(spread, kernel, workers=self._workers)
        except ResultOverflowError:  # at a ghost, perhaps, whose sample brings it back: Python ints decide
            whole = replace(backwards, signal_dtype=_OBJECTS, kernel_dtype=_OBJECTS, result_dtype=_OBJECTS)
            return choose(whole, "direct")(spread.astype(object), kernel.astype(object))


def _gathered(extended: Array, problem: Problem) -> Array:
    """Return the transpose of extension and broadcasting: ghosts and copies are added to where they came from."""
    dtype = problem.result_dtype
    if is_exact(extended.dtype) and peak(extended) * extended.size >= 2**63:
        extended = extended.astype(object)  # sums of these could pass the dtype's range: Python ints decide
    for axis in reversed(problem.extension_order):
        start = axis.start - axis.span + 1
        extended = fold(extended, axis.position, start, axis.signal, axis.boundary)
    copies = tuple(i for i, n in enumerate(problem.signal_shape) if n == 1 and i not in problem.positions)
    total: Array = extended.sum(axis=copies, keepdims=True, dtype=extended.dtype)
    try:
        return total.astype(dtype)
    except OverflowError:
        raise ResultOverflowError(f"the adjoint's exact result does not fit in {dtype}: convert to float64") from None
