"""A layer with strides as one without: its channels are the phases of the samples.

y[t] = Σ_j ext(x)[start + s t − d j] g[j] reads position s q + p as sample q of phase p. Tap j of phase
p = (start − d j) mod s meets q = t + ⌊(start − d j)/s⌋, so that y is a sum of s convolutions of stride 1, one for each
phase, of a signal and a kernel that are s times shorter
(P. P. Vaidyanathan, Multirate Systems and Filter Banks, ch. 4).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from math import prod

import numpy as np

from ..engines.protocol import Array
from ..methods.tiles import gather, reach_of
from ..semantics.problem import Axis
from .problem import INPUTS, Problem


def unstrided(problem: Problem) -> Problem:
    """Return the layer of the phases: strides 1, no dilation, zeros outside."""
    convolutions = problem.convolutions
    axes = tuple(_phase_axis(axis) for axis in convolutions.axes)
    inputs = problem.inputs * prod(axis.stride for axis in convolutions.axes)
    changed = replace(
        convolutions,
        signal_shape=(*convolutions.signal_shape[:INPUTS], inputs, *(axis.signal for axis in axes)),
        kernel_shape=(*convolutions.kernel_shape[:INPUTS], inputs, *(axis.taps for axis in axes)),
        axes=axes,
    )
    return replace(problem, convolutions=changed)


def _phase_axis(axis: Axis) -> Axis:
    """Return the axis of a phase."""
    begin, end = _extent(axis)
    shifts = _shifts(axis)
    taps = int(shifts[0] - shifts[-1]) + 1
    start = int(shifts[0])
    return Axis(axis.position, -(-(end - begin) // axis.stride), taps, 1, start, start + axis.count, 1, "zero", True)


def _extent(axis: Axis) -> tuple[int, int]:
    """Return the positions that are read: the samples, or with another boundary than zeros all that any tap meets."""
    if axis.silent:
        return 0, axis.signal
    whole = reach_of(axis, slice(0, axis.count), (0, axis.taps))
    return whole.start, whole.stop


def _shifts(axis: Axis) -> Array:
    """Return ⌊(start − d j)/s⌋ for all taps, counted from the first position that is read."""
    shifts: Array = (axis.start - _extent(axis)[0] - axis.dilation * np.arange(axis.taps)) // axis.stride
    return shifts


def signal_phases(signal: Array, problem: Problem) -> Array:
    """Return the extended signal with its phases as channels."""
    axes = problem.convolutions.axes
    whole = [reach_of(axis, slice(0, axis.count), (0, axis.taps)) for axis in axes]
    ends = [_extent(axis) for axis in axes]
    reaches = [r._replace(start=begin, stop=end) for r, (begin, end) in zip(whole, ends, strict=True)]
    piece = gather(signal, problem.convolutions, reaches)
    strides = [axis.stride for axis in axes]
    lengths = [-(-n // s) for n, s in zip(piece.shape[INPUTS + 1 :], strides, strict=True)]
    phases = np.zeros((*piece.shape[: INPUTS + 1], *strides, *lengths), piece.dtype)
    fill_phases(phases, piece, strides)
    return phases.reshape(*piece.shape[:INPUTS], -1, *lengths)


def fill_phases(phases: Array, piece: Array, strides: Sequence[int]) -> None:
    """Copy the samples (…, *space) of each phase to its place in zeros (…, *strides, *lengths)."""
    before = (slice(None),) * (piece.ndim - len(strides))
    for phase in np.ndindex(*strides):
        part = piece[(*before, *(slice(p, None, s) for p, s in zip(phase, strides, strict=True)))]
        phases[(*before, *phase, *(slice(0, n) for n in part.shape[len(before) :]))] = part


def kernel_phases(kernel: Array, problem: Problem) -> Array:
    """Return the oriented kernel with its phases as channels."""
    axes = problem.convolutions.axes
    strides, shifts = [axis.stride for axis in axes], [_shifts(axis) for axis in axes]
    taps = [int(s[0] - s[-1]) + 1 for s in shifts]
    phases = np.zeros((*kernel.shape[: INPUTS + 1], *strides, *taps), kernel.dtype)
    residues = [(axis.start - _extent(axis)[0] - axis.dilation * np.arange(axis.taps)) % axis.stride for axis in axes]
    places = np.ix_(*(np.arange(axis.taps) for axis in axes))
    at_phase = tuple(r[p] for r, p in zip(residues, places, strict=True))
    at_tap = tuple((s[0] - s)[p] for s, p in zip(shifts, places, strict=True))
    phases[(slice(None),) * (INPUTS + 1) + at_phase + at_tap] = kernel
    return phases.reshape(*kernel.shape[:INPUTS], -1, *taps)
