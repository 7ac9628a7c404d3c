"""Powers of two that keep transforms inside the range of their dtype: where the true result is representable, so is
everything on the way to it.

Every number inside a transform is a sum of samples times roots of unity, so its size is at most Σ |x| of the block, and
after the product with the kernel's spectrum at most Σ |x| Σ |h|. Multiplying by powers of two changes no bit of a
mantissa. So where the range could be left, the kernel is scaled to Σ |h| ≤ 1 and the signal to the top of the range,
which keeps as much room for small samples beside large ones as there is.
"""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from math import frexp, inf, prod
from typing import Any, NamedTuple

import numpy as np

from ..engines.protocol import Array
from ..semantics.dtypes import DType
from ..semantics.problem import Problem
from .nonfinite import Compute
from .orientation import orient
from .tiles import contributing

# Bits that are left free above the largest number: parts of complex numbers, two blocks in one, rounding.
_SPARE = 4
# By so many bits an output's rounding error may be smaller than what the largest number of its transform has.
_NOISE = 16
# Taps below 2^8 do not enlarge what underflows in the signal's transform by more than their number and 2^8.
_ORDINARY = 8
# Between these sums of squares the largest of m taps lies in (2^-16/√m, 2^8): no limit depends on it.
_SOFT, _LOUD = 2.0**-32, 2.0 ** (2 * _ORDINARY - 1)


class Range(NamedTuple):
    """The range of a dtype, as exponents of two: of its normal numbers, and of the least of kernels' largest taps.

    Smaller taps would lose bits in their spectrum, which a large signal would show. Beside outputs below `loudest`
    nothing has overflowed: an output has a rounding error of the size of u times the largest number of its transform,
    up to a few bits; if all that are looked at are far below u times the limit, so was that number.
    """

    normal: int
    tap: int
    limit: int
    loudest: Any


@lru_cache
def range_of(dtype: DType) -> Range:
    """Return the range of a dtype."""
    info = np.finfo(dtype)
    normal, limit = int(info.minexp), int(info.maxexp)
    return Range(normal, -limit // 2, limit, np.ldexp(info.dtype.type(1), limit - int(info.nmant) - 1 - _NOISE))


class Limits(NamedTuple):
    """Outputs that are looked at show that a block was in range if all their sizes lie in [low, high).

    `always` says that this is not enough: the kernel is not finite, or so small that it must be scaled.
    """

    low: Any
    high: Any
    always: bool

    def hold(self, outputs: Array) -> bool:
        """Return whether all outputs lie between the limits."""
        if self.low == 0 and _squares(outputs) < inf:  # numbers whose squares can be added up are far below `high`
            return True
        sizes = np.abs(outputs)
        inside = sizes < self.high if self.low == 0 else (sizes < self.high) & (sizes >= self.low)
        return bool(inside.all())


def limits(problem: Problem, kernel: Array, transformed: bool) -> Limits:
    """Return the limits for an oriented kernel's results, by transforms or by sums alone."""
    if problem.working_dtype.kind not in "fc":
        return Limits(0, np.inf, False)
    index, usual = _usual(problem)
    taps = kernel[index]
    if transformed and taps.dtype.kind in "fc" and _SOFT < _squares(taps) < _LOUD:
        return usual
    peak = np.abs(taps).max(initial=0)
    if not (transformed and 0 < peak < np.inf):
        return Limits(0, np.inf, not peak < np.inf)
    kept, size = range_of(problem.working_dtype), _exponent(peak)
    return Limits(_lowest(problem, size) if size > _ORDINARY else 0, kept.loudest, size <= kept.tap)


def _squares(values: Array) -> float:
    """Return Σ |v|², which takes less time than the largest |v|; where it overflows, Inf or NaN."""
    return float(abs(np.vdot(values, values)))


@lru_cache(maxsize=1024)
def _usual(problem: Problem) -> tuple[tuple[slice, ...], Limits]:
    """Return which taps any output reads, and the limits if these are neither loud nor soft."""
    index = [slice(None)] * len(problem.kernel_shape)
    for axis in problem.axes:
        index[axis.position] = slice(*contributing(axis, axis.start, axis.stop - 1))
    return tuple(index), Limits(0, range_of(problem.working_dtype).loudest, False)


def _lowest(problem: Problem, size: int) -> Any:
    """Return a bound of the outputs of samples that lose more by underflow than by rounding; taps are below 2^size."""
    taps = prod(axis.taps for axis in problem.axes).bit_length()
    return np.ldexp(problem.working_dtype.type(0).real.dtype.type(1), size + taps + _least(problem))


def _least(problem: Problem) -> int:
    """Return the exponent from which on the samples of a block lose no more by underflow than by rounding.

    The transform of N samples has an error of at most 10 N η in its norm, that of the samples is multiplied by √N.
    """
    return range_of(problem.working_dtype).normal + 5 + _length_bits(problem) // 2


class Scales(NamedTuple):
    """The exponents of the powers of two that the signal and the kernel are multiplied with."""

    signal: int
    kernel: int


def scales(problem: Problem, signal_peak: Any, kernel_peak: Any, kernel_sum: Any) -> Scales | None:
    """Return how the operands are scaled, from max |x|, max |h| and Σ |h| / max |h|; None if they are used as they are.

    Operands that have been scaled are not scaled again.
    """
    if not (signal_peak and kernel_peak):
        return None
    kept, taps = range_of(problem.working_dtype), _exponent(kernel_peak)
    highest = kept.limit - _SPARE - _length_bits(problem)
    signal, kernel = _exponent(signal_peak), taps + _exponent(kernel_sum)
    overflows, underflows = max(0, signal) + max(0, kernel) > highest, taps > _ORDINARY and signal <= _least(problem)
    if overflows or underflows or taps <= kept.tap:
        return Scales(highest - signal, -kernel)
    return None


def _exponent(value: Any) -> int:
    """Return e with |value| < 2^e, the least one."""
    return int(np.frexp(value)[1]) if isinstance(value, np.longdouble) else frexp(value)[1]


def _length_bits(problem: Problem) -> int:
    """Return b so that no transform is longer than 2^b."""
    return frexp(prod(4.0 * (axis.signal + 2 * axis.span) for axis in problem.axes))[1]


def rescaled(problem: Problem, signal: Array, kernel: Array, compute: Compute) -> Array | None:
    """Return the result by way of scaled operands, which are finite; None where they are used as they are.

    `compute` returns the result of any problem.
    """
    by = scales(problem, *peaks(problem, signal, kernel))
    if by is None:
        return None
    dtype = problem.working_dtype
    fill = scaled(np.asarray(problem.fill_value), by.signal, dtype)[()]
    same = replace(problem, signal_dtype=dtype, kernel_dtype=dtype, fill_value=fill)
    with np.errstate(all="ignore"):  # what is too large or too small for the dtype is so in the true result
        taps = scaled(kernel, by.kernel, dtype)
        taps[~np.isfinite(taps)] = 0  # which no output reads
        result = compute(same, scaled(signal, by.signal, dtype), taps)
        return scaled(result, -by.signal - by.kernel, result.dtype)


def peaks(problem: Problem, signal: Array, kernel: Array) -> tuple[Any, Any, Any]:
    """Return max |x|, and max |h| and Σ |h| / max |h| of the taps that are read; all of parts of complex numbers."""
    read = orient(kernel, problem)[_usual(problem)[0]]
    x, h = (_parts(a, problem.working_dtype) for a in (signal, read))
    fill = _parts(np.asarray(problem.fill_value), problem.working_dtype).max()
    peak = h.max(initial=0)
    with np.errstate(under="ignore"):
        return max(x.max(initial=0), fill), peak, (h / peak).sum() if peak else peak


def _parts(values: Array, dtype: DType) -> Array:
    """Return the sizes of all real and imaginary parts."""
    return np.abs(_real_view(np.array(values, dtype, order="C")))


def scaled(values: Array, exponent: int, dtype: DType) -> Array:
    """Return values · 2^exponent, rounded once where they become subnormal.

    >>> scaled(np.array([1.0, 3j]), 2, np.dtype(complex))
    array([4. +0.j, 0.+12.j])
    """
    result = np.array(values, dtype, order="C")
    parts = _real_view(result)
    np.ldexp(parts, exponent, out=parts)
    return result


def near_one(values: Array) -> Array:
    """Return values times the power of two that brings their largest size to [1/2, 1), if they are finite.

    >>> near_one(np.array([3.0, -4.0]))
    array([ 0.375, -0.5  ])
    """
    with np.errstate(all="ignore"):
        peak = np.abs(_real_view(np.ascontiguousarray(values))).max(initial=0)
    return scaled(values, -_exponent(peak), values.dtype) if np.isfinite(peak) else values


def _real_view(values: Array) -> Array:
    """Return the real and imaginary parts of contiguous numbers, in a line."""
    return values.reshape(-1).view(values.real.dtype)
