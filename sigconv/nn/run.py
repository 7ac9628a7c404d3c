"""Doing it: the weights enter in `prepare`, the input in `apply`; integers are computed exactly in float64."""

from __future__ import annotations

from functools import partial
from math import isfinite, prod, sqrt
from typing import Any, NamedTuple

import numpy as np

from ..engines.protocol import Array
from ..errors import ResultOverflowError
from ..methods.bounds import direct_bound, transform_bound
from ..methods.exact import BlockOverflow, LimbKernel, check_fits, combine, limb_bits, limb_count, peak, split
from ..semantics.dtypes import is_exact
from .plan import Plan, choose
from .ways import ways

_DOUBLE = np.dtype(np.float64)
_EXACT = 2.0**53  # the sums of integers up to this are exact in float64
_WIDE = 1 << 62


class Prepared(NamedTuple):
    """A plan with everything computed from the weights alone; shared freely between threads."""

    plan: Plan
    kernel: Array
    state: Any


def prepare(plan: Plan, kernel: Array) -> Prepared:
    """Return the prepared kernel, which has the shape of the plan's convolutions."""
    problem = plan.problem
    if problem.empty:
        return Prepared(plan, kernel, None)
    make = partial(_prepared, plan)
    return Prepared(plan, kernel, LimbKernel(kernel, make) if is_exact(problem.result_dtype) else make(kernel))


def _prepared(plan: Plan, kernel: Array) -> Any:
    """Return the kernel as the chosen way multiplies with it."""
    working = plan.problem.working
    floats = kernel.astype(working.result_dtype, copy=False)
    return ways(plan.problem)[plan.method].prepare(floats, working, plan.estimate.settings)


def apply(prepared: Prepared, signal: Array, bias: Array | None, out: Array) -> None:
    """Write the outputs of a layer, (batch, channels, *space), for a signal (batch, channels, *space)."""
    problem = prepared.plan.problem
    if any(map(any, problem.margins)):  # there only the bias
        out[...] = 0 if bias is None else bias.reshape(-1, *(1,) * len(problem.margins))
    if problem.empty:
        return
    inner = out[(slice(None), slice(None), *problem.inner)]
    target = inner.reshape(problem.batch, problem.groups, problem.outputs, 1, *inner.shape[2:])
    aligned = signal.reshape(problem.convolutions.signal_shape)
    added = None if bias is None else bias.reshape(problem.groups, problem.outputs, 1, *(1,) * len(problem.margins))
    with np.errstate(all="ignore"):  # Inf and NaN in the data are the caller's: the result shows them
        (_apply_exact if is_exact(problem.result_dtype) else _apply_floats)(prepared, aligned, added, target)


def _apply_floats(prepared: Prepared, signal: Array, bias: Array | None, target: Array) -> None:
    """Write the sums, computed in the working dtype, with the bias added before they are rounded to the result's."""
    dtype = prepared.plan.problem.working.result_dtype
    if prepared.plan.estimate.settings.lengths and not (_is_finite(signal) and _is_finite(prepared.kernel)):
        prepared = prepare(choose(prepared.plan.problem, "direct"), prepared.kernel)  # a transform would smear them
    sums = target if target.dtype == dtype else np.empty(target.shape, dtype)
    _run(prepared, prepared.state, signal.astype(dtype, copy=False), sums)
    if bias is not None:
        sums += bias
    if sums is not target:
        target[...] = sums


def _is_finite(values: Array) -> bool:
    """Return whether there is no Inf or NaN; the sum shows it, unless it overflows by itself."""
    return isfinite(abs(values.sum())) or bool(np.isfinite(values).all())


def _run(prepared: Prepared, state: Any, signal: Array, out: Array) -> None:
    """Write the sums by the chosen way."""
    plan = prepared.plan
    ways(plan.problem)[plan.method].run(state, plan.problem.working, plan.estimate.settings, signal, out)


def _apply_exact(prepared: Prepared, signal: Array, bias: Array | None, target: Array) -> None:
    """Write exact sums of integers: limbs so narrow that sums in float64 are exact, or round to the truth."""
    kernel, signal_peak = prepared.state, peak(signal)
    bits = limb_bits(signal_peak, kernel.peak, _capacity(prepared.plan))
    limbs, states = split(signal, bits, limb_count(signal_peak, bits)), kernel.limbs(bits)
    columns = [np.zeros(target.shape, np.int64) for _ in range(len(limbs) + len(states) - 1)]
    sums = np.empty(target.shape, _DOUBLE)
    for i, limb in enumerate(limbs):
        for j, state in enumerate(states):
            _run(prepared, state, limb.astype(_DOUBLE), sums)
            columns[i + j] += np.rint(sums).astype(np.int64)
    try:
        target[...] = _total(columns, bits, bias, target.dtype)
    except (BlockOverflow, OverflowError):
        raise ResultOverflowError(
            f"an exact result of the layer does not fit in {target.dtype}: convert input and weight to float64 "
            "(rounded) or to Python ints (dtype=object, exact)"
        ) from None


def _total(columns: list[Array], bits: int, bias: Array | None, dtype: np.dtype[Any]) -> Array:
    """Return Σ_s 2^(bs) c_s and the bias, or raise if it does not fit in the dtype."""
    if bias is None:
        return combine(columns, bits, dtype)
    if len(columns) == 1 and peak(bias) < _WIDE:
        return check_fits(columns[0] + bias.astype(np.int64), dtype)
    whole = sum((column.astype(object) << bits * s for s, column in enumerate(columns)), bias.astype(object))
    return np.asarray(whole).astype(dtype)


def _capacity(plan: Plan) -> float:
    """Return up to which (max |x|)(max |g|) the sums in float64 are exact, or their error stays below 1/4.

    ‖x‖₂ ≤ √n max |x| for the n samples of a transform (of two blocks, where two are one complex one), likewise for
    g; a kernel wound around a circle adds up at most ⌈M/L⌉ taps. The sum over channels has the bound of a direct sum.
    """
    problem, lengths = plan.problem, plan.estimate.settings.lengths
    axes = problem.convolutions.axes
    channels, taps = problem.inputs * prod(axis.stride for axis in axes), prod(axis.taps for axis in axes)
    if not lengths:
        return _EXACT / (problem.inputs * taps)
    wound = prod(-(-axis.span // length) for axis, length in zip(axes, lengths, strict=True))
    norms = channels * sqrt(2 * prod(lengths) * taps) * wound
    return 0.25 / (transform_bound(_DOUBLE, prod(lengths), norms) + direct_bound(_DOUBLE, channels, norms))
