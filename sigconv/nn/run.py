"""Doing it: the weights enter in `prepare`, the input in `apply`; integers are computed exactly in float64."""

from __future__ import annotations

from functools import partial
from math import prod, sqrt
from typing import Any, NamedTuple

import numpy as np

from ..engines.protocol import Array
from ..methods.bounds import direct_bound, transform_bound
from ..methods.exact import BlockOverflow, LimbKernel, Total, limb_bits, limb_counts, limb_peak, peak, split
from ..methods.nonfinite import is_finite
from ..methods.output import overflow_at
from ..semantics.dtypes import is_exact
from .plan import Plan, choose
from .problem import Problem
from .ways import ways

_DOUBLE, _COMPLEX = np.dtype(np.float64), np.dtype(np.complex128)
_EXACT = 2.0**53  # the sums of integers up to this are exact in float64


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


def apply(
    prepared: Prepared, signal: Array, bias: Array | None, whole: Array, place: tuple[slice, ...] | None = None
) -> None:
    """Write the outputs of a layer, (batch, channels, *space), for a signal with or without its batch axis.

    The `place` is theirs on the axes of space of the whole result: by default all of it.
    """
    problem = prepared.plan.problem
    place = (slice(None),) * len(problem.space) if place is None else place
    out = whole[(slice(None), slice(None), *place)]
    if any(map(any, problem.margins)):  # there only the bias
        out[...] = 0 if bias is None else bias.reshape(-1, *(1,) * len(problem.margins))
    if problem.empty:
        return
    inner = out[(slice(None), slice(None), *problem.inner)]
    target = inner.reshape(problem.batch, problem.groups, problem.outputs, 1, *inner.shape[2:])
    aligned = signal.reshape(problem.convolutions.signal_shape)
    added = None if bias is None else bias.reshape(problem.groups, problem.outputs, 1, *(1,) * len(problem.margins))
    with np.errstate(all="ignore"):  # Inf and NaN in the data are the caller's: the result shows them
        try:
            (_apply_exact if is_exact(problem.result_dtype) else _apply_floats)(prepared, aligned, added, target)
        except BlockOverflow as overflow:
            index = _index_in(whole, overflow.index, problem, place)
            raise overflow_at(index[out.ndim - signal.ndim :], out.dtype) from None


def _index_in(whole: Array, index: tuple[int, ...], problem: Problem, place: tuple[slice, ...]) -> tuple[int, ...]:
    """Return where in the whole result a sum (batch, group, output, 1, *space) stands."""
    sample, group, output, _, *space = index
    axes = zip(whole.shape[2:], place, problem.inner, space, strict=True)
    return sample, group * problem.outputs + output, *(range(n)[part][inner][i] for n, part, inner, i in axes)


def _apply_floats(prepared: Prepared, signal: Array, bias: Array | None, target: Array) -> None:
    """Write the sums, computed in the working dtype, with the bias added before they are rounded to the result's."""
    dtype = prepared.plan.problem.working.result_dtype
    sums = target if target.dtype == dtype else np.empty(target.shape, dtype)
    values = signal.astype(dtype, copy=False)
    if not _is_served(prepared, values, sums):
        again = prepare(choose(prepared.plan.problem, "direct"), prepared.kernel)
        _run(again, again.state, values, sums)
    if bias is not None:
        sums += bias
    if sums is not target:
        target[...] = sums


def _is_served(prepared: Prepared, signal: Array, out: Array) -> bool:
    """Write the sums by the chosen way; return whether it serves the values: a transform smears what is not finite."""
    smeared = prepared.plan.estimate.settings.lengths and not (is_finite(signal) and is_finite(prepared.kernel))
    return not smeared and prepared.state is not None and _run(prepared, prepared.state, signal, out)


def _run(prepared: Prepared, state: Any, signal: Array, out: Array) -> bool:
    """Write the sums by the chosen way; return whether it serves the signal's values."""
    plan = prepared.plan
    return ways(plan.problem)[plan.method].run(state, plan.problem.working, plan.estimate.settings, signal, out)


def _apply_exact(prepared: Prepared, signal: Array, bias: Array | None, target: Array) -> None:
    """Write exact sums of integers: limbs so narrow that sums in float64 are exact, or round to the truth."""
    kernel, largest, capacity = prepared.state, peak(signal), _capacity(prepared.plan)
    counts = limb_counts(lambda i, j: limb_peak(largest, i) * limb_peak(kernel.peak, j) <= capacity)
    bits = limb_bits(largest, counts[0]), limb_bits(kernel.peak, counts[1])
    added = 0 if bias is None else peak(bias)
    total, sums = Total(largest * kernel.peak * _terms(prepared.plan) + added), np.empty(target.shape, _DOUBLE)
    for i, part in enumerate(split(signal, bits[0], counts[0])):
        for j, state in enumerate(kernel.limbs(counts[1])):
            _run(prepared, state, part.astype(_DOUBLE), sums)
            total.add(np.rint(sums).astype(np.int64), i * bits[0] + j * bits[1])
    for i, part in enumerate(() if bias is None else split(bias, limb_bits(added, 2), 2)):
        total.add(np.broadcast_to(part, target.shape), i * limb_bits(added, 2))
    target[...] = total.result(target.dtype)


def _terms(plan: Plan) -> int:
    """Return of how many products an output is the sum."""
    return plan.problem.inputs * prod(axis.taps for axis in plan.problem.convolutions.axes)


def _capacity(plan: Plan) -> float:
    """Return up to which (max |x|)(max |g|) the sums in float64 are exact, or their error stays below 1/4.

    Direct sums, in whatever order, have no partial sum above 2⁵³ then. For transforms, ‖x‖₂ ≤ √n max |x| for the n
    samples of one (of two blocks, where two are one complex one), likewise for g; a kernel wound around a circle adds
    up at most ⌈M/L⌉ taps. Each channel's product errs by the bound of transforms, also where the channels are added up
    before the way back: what rounds there is, by Cauchy and Schwarz, within the bound of complex direct sums of
    Σ_c ‖x_c‖₂ ‖g_c‖₂. Half of what rounding to whole numbers allows is left, so no result needs a check.

    Minimal filtering makes samples up to 2 and weights up to 3/2 times as large along each axis of three taps, adds up
    three sums, and counts in halves.
    """
    problem, lengths = plan.problem, plan.estimate.settings.lengths
    axes = problem.convolutions.axes
    channels, taps = problem.inputs * prod(axis.stride for axis in axes), prod(axis.taps for axis in axes)
    if plan.method == "winograd":
        return _EXACT / (channels * 18.0 ** sum(axis.taps == 3 for axis in axes))
    if not lengths:
        return _EXACT / _terms(plan)
    size = prod(lengths)
    around = lengths if len(lengths) == len(axes) else [size]  # one axis may be folded into two
    wound = prod(-(-axis.span // length) for axis, length in zip(axes, around, strict=True))
    norms = channels * sqrt(2 * size * taps) * wound
    return 0.25 / (transform_bound(_DOUBLE, size, norms) + direct_bound(_COMPLEX, channels, norms))
