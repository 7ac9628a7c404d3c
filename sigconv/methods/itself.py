"""A signal that is its own kernel: its one transform is the kernel's, too, so two transforms serve in place of three.

convolve(x, x) is F⁻¹(X X), and correlate(x, x), the autocorrelation, F⁻¹(X X*) (N. Wiener, Generalized harmonic
analysis, Acta Math. 55 (1930) 117–258; A. Khintchine, Korrelationstheorie der stationären stochastischen Prozesse,
Math. Ann. 109 (1934) 604–615), turned to where the window begins.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import product
from math import prod
from typing import Any

import numpy as np

from ..engines.protocol import Array
from ..engines.transforms import lease
from ..semantics.dtypes import is_exact
from ..semantics.problem import Axis, Problem
from . import panels
from .fft import FFT
from .layout import fill_corner
from .protocol import PANELS, Runner, Settings
from .spectral import taps_needed, transform_dtype
from .tiles import Tile, clipped, reach_of

# For each axis, parts of what comes back, and of the result.
Window = tuple[list[tuple[slice, slice]], ...]


class Itself(FFT):
    """The method "fft", for a signal that is its own kernel."""

    def prepare(self, kernel: Array, problem: Problem, settings: Settings, runner: Runner) -> Window | panels.Spectra:
        """Return the window in what comes back: that of a correlation begins where no sample is moved.

        Panels take by what the signal's spectrum must be multiplied to be the kernel's.
        """
        if settings.engine == PANELS:
            return panels.own(problem, settings, conjugated=not problem.flip)
        moved = [0 if problem.flip else axis.taps - 1 for axis in problem.axes]
        return tuple(_around(*asked) for asked in zip(problem.axes, moved, settings.lengths, strict=True))

    def fill(
        self, state: Any, problem: Problem, settings: Settings, tile: Tile, signal: Array, out: Array, runner: Runner
    ) -> None:
        """Write one tile of the result to `out`."""
        if settings.engine == PANELS:
            super().fill(state, problem, settings, tile, signal, out, runner)
            return
        piece, dtype = tile.samples(signal, problem.positions), transform_dtype(problem)
        lengths = dict(zip(problem.positions, settings.lengths, strict=True))
        buffer = settings.engine, tuple(lengths.get(i, n) for i, n in enumerate(piece.shape)), problem.positions, dtype
        with lease(buffer[0], "forward", *buffer[1:]) as there, lease(buffer[0], "inverse", *buffer[1:]) as back:
            fill_corner(there.input, piece)
            spectrum = there.run()
            own = spectrum / spectrum.real.dtype.type(prod(settings.lengths))
            np.multiply(spectrum, own if problem.flip else own.conj(), out=back.input)
            samples = back.run()
            for parts in product(*state):
                source, target = (_index(out.ndim, problem.positions, part) for part in zip(*parts, strict=True))
                out[target] = samples[source]


ITSELF = Itself()


def serves(problem: Problem) -> bool:
    """Return whether operands that are one array would have one spectrum: nothing is extended, cut off or dilated."""
    real = problem.result_dtype.kind == "f"
    return (
        not is_exact(problem.result_dtype)
        and not problem.componentwise
        and (real or problem.flip != problem.conjugate)
        and problem.signal_shape == problem.kernel_shape
        and all(map(_whole, problem.axes))
    )


def _around(axis: Axis, moved: int, length: int) -> list[tuple[slice, slice]]:
    """Return where the outputs of an axis stand on a circle of some length, and where in the result."""
    start, stop = axis.start - moved, axis.stop - moved
    before = len(range(start, min(0, stop), axis.stride))  # of the outputs, which stand at the circle's end
    rest = slice(start + before * axis.stride, stop, axis.stride), slice(before, None)
    return [(slice(start + length, length, axis.stride), slice(0, before)), rest] if before else [rest]


def _index(ndim: int, positions: tuple[int, ...], parts: Iterable[slice]) -> tuple[slice, ...]:
    """Return an index of an array: parts of some axes, and all of the others."""
    held = dict(zip(positions, parts, strict=True))
    return tuple(held.get(i, slice(None)) for i in range(ndim))


def _whole(axis: Axis) -> bool:
    """Return whether the transforms of an axis read the whole signal, and nothing else, and all taps."""
    taps = taps_needed(axis)
    read = clipped(reach_of(axis, slice(0, axis.count), taps))
    return axis.dilation == 1 and taps == (read.start, read.stop) == (0, axis.signal)


def one_array(signal: Array, kernel: Array) -> bool:
    """Return whether two arrays are the same samples in the same memory."""
    return signal is kernel or (
        (signal.shape, signal.strides, signal.dtype) == (kernel.shape, kernel.strides, kernel.dtype)
        and signal.__array_interface__["data"] == kernel.__array_interface__["data"]
    )
