"""The algebra of convolution and correlation, checked."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..errors import ArgumentTypeError, ArgumentValueError
from ..methods.registry import check_method
from ..semantics.describe import describe
from ..semantics.dtypes import is_exact
from ..semantics.operands import as_operand
from ..semantics.options import arguments
from ..text import shape_text
from . import modular
from .algebra import Algebra, Value
from .claims import CLAIMS, Claim
from .counterexample import smallest
from .verification import Finding, Verification

Array = NDArray[Any]
Triple = tuple[Array, ...]  # f, g, h
Case = tuple[Algebra, Triple]

_LONGEST = modular.LONGEST // 4  # samples on an axis: the product of two has a transform of at most half the longest

# Lengths of f, g and h: shorter, equal and longer ones, single samples, an even and an odd kernel, two axes.
_SHAPES = (
    ((9,), (4,), (3,)),
    ((5,), (5,), (5,)),
    ((1,), (6,), (2,)),
    ((40,), (7,), (12,)),
    ((6, 5), (3, 2), (2, 4)),
    ((3, 3), (4, 5), (1, 2)),
)


def verify(
    signal: ArrayLike | None = None,
    kernel: ArrayLike | None = None,
    third: ArrayLike | None = None,
    *,
    axes: int | tuple[int, ...] | None = None,
    method: str = "auto",
) -> Verification:
    """Return the algebra of convolution and correlation, each claim checked.

    Every claim is computed on integers, where both sides must be equal, and on floating-point numbers, where they may
    differ by what rounding allows. Claims that are false are shown with the smallest counterexample.

    Parameters
    ----------
    signal, kernel, third : array_like, optional
        f, g and h. Without them seeded arrays of one and two axes are taken. Integers are checked exactly, and once
        more as floats; floats are brought near 1 by powers of two first, as all claims hold for multiples too. With a
        signal alone, kernel and third are seeded; third is of the kernel's shape.
    axes : int or tuple of int, optional
        The convolved axes, as in `sigconv.convolve`.
    method : str
        The method that computes; "auto" by default.

    Returns
    -------
    Verification
        With `ok`, `table()` and `as_dict()`.

    Raises
    ------
    ArgumentValueError, ArgumentTypeError
        If the operands can't be convolved, are not finite, are objects, or are longer than 2²¹ samples on an axis.
    ResultOverflowError
        If a product of integers does not fit in int64.

    Examples
    --------
    >>> import sigconv
    >>> result = sigconv.verify([1, 2, 3], [1, 0, -1])
    >>> result.ok
    True
    >>> commutes = result.findings[0]
    >>> commutes.claim.statement, commutes.holds
    ('f ∗ g = g ∗ f', True)
    """
    check_method(method)
    if signal is not None:
        axes, given = _given(signal, kernel, third, axes)
        algebra = Algebra(axes, method)
        whole = all(a.dtype.kind == "i" for a in given)
        exact = [(algebra, given)] if whole else _seeded(method)
        floats = [(algebra, _scaled(tuple(a.astype(np.float64) for a in given) if whole else given))]
        return _verification(exact, floats, ", ".join(map(_told, "fgh", given)))
    if kernel is not None or third is not None or axes is not None:
        raise ArgumentValueError("kernel, third and axes go with a signal: give one, or nothing for seeded arrays")
    exact = _seeded(method)
    floats = [(algebra, fractions) for algebra, triple in exact for fractions in _fractions(*triple)]
    return _verification(exact, floats, "seeded arrays of one and of two axes")


def _told(name: str, array: Array) -> str:
    return f"{name} {shape_text(array.shape)} {array.dtype}"


def _given(signal: ArrayLike, kernel: Any, third: Any, axes: Any) -> tuple[tuple[int, ...], Triple]:
    """Return the convolved axes and the caller's arrays, all with the same number of axes and of one kind."""
    f = as_operand("signal", signal)
    convolved = f.ndim if axes is None else np.size(axes)
    g = as_operand("kernel", _like(f, (5,) * convolved, 1) if kernel is None else kernel)
    problem = describe(f.shape, g.shape, f.dtype, g.dtype, **arguments({"axes": axes}, mode="full"))
    if not problem.axes:
        raise ArgumentValueError("the signal has no axis: verify takes arrays of at least one")
    h = as_operand("third", _like(f, g.shape, 2) if third is None else third)
    shape, positions = problem.signal_shape, problem.positions
    h_shape = describe(shape, h.shape, f.dtype, h.dtype, axes=positions).kernel_shape
    triple = (f.reshape(shape), g.reshape(problem.kernel_shape), h.reshape(h_shape))
    for name, array in zip(("signal", "kernel", "third"), triple, strict=True):
        _check(name, array, positions)
    if all(is_exact(a.dtype) for a in triple):
        return positions, tuple(a.astype(np.int64) for a in triple)
    return positions, tuple(a.astype(float) if is_exact(a.dtype) else a for a in triple)


def _like(signal: Array, shape: tuple[int, ...], seed: int) -> Array:
    """Return seeded numbers of the signal's kind."""
    numbers = np.random.default_rng(seed).integers(1, 10, shape)
    return numbers if is_exact(signal.dtype) else (numbers / 7).astype(signal.dtype)


def _check(name: str, array: Array, positions: tuple[int, ...]) -> None:
    """Raise unless an array can be checked."""
    if array.dtype.kind not in "biufc":
        raise ArgumentTypeError(f"the {name} has dtype {array.dtype}: verify takes arrays of numbers")
    if array.dtype.kind in "fc" and not np.isfinite(array).all():
        raise ArgumentValueError(f"the {name} is not finite everywhere: verify takes finite numbers")
    if array.dtype.kind == "u" and array.size and int(array.max()) > np.iinfo(np.int64).max:
        raise ArgumentValueError(f"the {name} holds {array.max()}: verify takes integers that fit in int64, or floats")
    if array.size == 0 or any(array.shape[i] > _LONGEST for i in positions):
        raise ArgumentValueError(
            f"the {name} has shape {array.shape}: verify takes 1 to {_LONGEST} samples on an axis; give a part of it"
        )


def _scaled(triple: Triple) -> Triple:
    """Return f, and g and h together, times powers of two that bring them near 1, so that no product overflows."""
    f, *others = triple
    exponent = max(_exponent(array) for array in others)
    return (_shifted(f, _exponent(f)), *(_shifted(array, exponent) for array in others))


def _exponent(array: Array) -> int:
    """Return e so that the largest real or imaginary part is below 2ᵉ, and not below 2ᵉ⁻¹."""
    return int(np.frexp(max(np.abs(array.real).max(), np.abs(array.imag).max()))[1])


def _shifted(array: Array, exponent: int) -> Array:
    """Return an array over 2^exponent, in two steps because 2^exponent itself may overflow."""
    two = array.real.dtype.type(2)
    first = exponent // 2
    return np.asarray(array * two**-first * two ** (first - exponent))


def _seeded(method: str) -> list[Case]:
    """Return small arrays of integers other than 0, the same every time."""
    cases: list[Case] = []
    for shapes in _SHAPES:
        rng = np.random.default_rng([n for shape in shapes for n in shape])
        f, g, h = (rng.integers(1, 10, shape) * rng.choice([-1, 1], shape) for shape in shapes)
        cases.append((Algebra(tuple(range(f.ndim)), method), (f, g, h)))
    return cases


def _fractions(f: Array, g: Array, h: Array) -> list[Triple]:
    """Return fractions of the integers, which floats must round, real and complex."""
    return [(f / 3, g / 10, h / 7), (f / 3 - 1j * f[::-1] / 7, g / 10 + 1j, h * (1 - 0.3j))]


def _verification(exact: Sequence[Case], floats: Sequence[Case], told: str) -> Verification:
    return Verification(tuple(_finding(claim, exact, floats) for claim in CLAIMS), told)


def _finding(claim: Claim, exact: Sequence[Case], floats: Sequence[Case]) -> Finding:
    """Return what is found about a claim on integers and on floats, and a counterexample if it seems false."""
    equal = [difference == 0 for difference, _ in _compared(claim, exact)]
    difference, allowed = max(_compared(claim, floats), key=_badness, default=(0.0, 0.0))
    seems_true = claim.true and all(equal) and difference <= allowed
    counterexample = None if seems_true else smallest(claim, floats[0][0].method)
    return Finding(claim, sum(equal), len(equal), None if difference == np.inf else difference, allowed, counterexample)


def _badness(found: tuple[float, float]) -> tuple[bool, float]:
    """Return what puts a difference beyond its bound first, then the largest one."""
    difference, allowed = found
    return difference > allowed, difference


def _compared(claim: Claim, cases: Sequence[Case]) -> Iterator[tuple[float, float]]:
    """Yield the difference of both sides and what is allowed, over the largest value, where the claim applies."""
    for algebra, (f, g, h) in cases:
        sides = claim.sides(algebra, Value(f), Value(g), Value(h))
        if sides is not None:
            yield _difference(*sides)


def _difference(left: Value, right: Value) -> tuple[float, float]:
    """Return the largest difference and the sum of both errors, over the largest value; inf if the shapes differ."""
    scale = max(left.largest, right.largest) or 1.0
    allowed = (left.error + right.error) / scale
    if left.array.shape != right.array.shape:
        return np.inf, allowed
    if np.array_equal(left.array, right.array):
        return 0.0, allowed
    return float(np.abs(left.array - right.array).max()) / scale, allowed
