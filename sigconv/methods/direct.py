"""Direct sums, by the definition: every tap meets every output."""

from __future__ import annotations

from functools import cache, partial
from math import prod
from typing import Any, NamedTuple

import numpy as np

from ..engines.forks import load
from ..engines.plain_loops import convolve_line, sum_taps
from ..engines.protocol import Array
from ..semantics.dtypes import is_exact
from ..semantics.problem import Problem
from . import at_once
from .direct_price import in_lines, least_compiled, least_product, loops_for, priced
from .direct_tiles import in_tiles, least_products, parts, tile_outputs
from .exact import LimbKernel, Total, limb_bits, limb_counts, limb_peak, peak, split
from .protocol import Costs, Estimate, Limits, Runner, Settings
from .shares import shared
from .tiles import (
    Reach,
    Tile,
    convolved_last,
    gather,
    is_known_to_loops,
    numbers_outside,
    reach_of,
    trimmed,
)

# Up to these Σ |x||g| the sums of integers are exact in floats (with room for the rounding of the kernel's Σ |g|).
_EXACT_SINGLE, _EXACT_DOUBLE = 2.0**24, 2.0**52


class _Kernel(NamedTuple):
    """The oriented kernel, and for integers the largest Σ |taps| of a kernel of the batch."""

    taps: Array
    size: float


class Direct:
    """y[k] = Σ_j ext(x)[k − j] g[j], as it stands."""

    name = "direct"

    def reject(self, problem: Problem) -> str | None:
        """Serve everything."""
        return None

    def least_seconds(self, problem: Problem, costs: Costs) -> float:
        """Return that of the products that no tile spares, by the fastest loops."""
        return costs.call + shared(least_products(problem) * least_product(costs, problem.working_dtype), costs)

    def estimates(self, problem: Problem, costs: Costs, limits: Limits) -> list[Estimate]:
        """Return tiles as large as memory allows and work repays, and the price of all products by each loop."""
        small = [e for e in in_lines(problem, costs) if limits.fit(e)]
        if small and small[0].seconds <= least_compiled(problem, costs):
            return small
        # In lines NumPy needs no tiles.
        loops = tuple([kind for kind in loops_for(problem) if not (small and kind == "numpy")])
        if not loops:
            return small
        alike = "numba" in loops and at_once.serves(problem)
        of = partial(priced, problem, costs, kinds=loops, alike=alike)
        return small + in_tiles(of, tile_outputs(problem, alike), limits)

    def prepare(self, kernel: Array, problem: Problem, settings: Settings, runner: Runner) -> _Kernel:
        """Return the kernel in the dtype of the sums; integers stay as they are until their size is known."""
        if not is_exact(problem.result_dtype):
            return _Kernel(kernel.astype(problem.working_dtype), 0.0)
        sizes = np.abs(kernel.astype(np.float64)).sum(axis=problem.positions)
        return _Kernel(kernel, float(sizes.max(initial=0.0)))

    def fill(
        self,
        state: _Kernel,
        problem: Problem,
        settings: Settings,
        tile: Tile,
        signal: Array,
        out: Array,
        runner: Runner,
    ) -> None:
        """Write one tile of the result to `out`, whose dtype holds it and which shares no memory with the signal."""
        for part, place in parts(problem, tile):
            self._fill(state, problem, settings, part, signal, out[place])

    def _fill(
        self, state: _Kernel, problem: Problem, settings: Settings, tile: Tile, signal: Array, out: Array
    ) -> None:
        """Write a part of a tile."""
        reaches = [reach_of(axis, tile.slices[axis.position]) for axis in problem.axes]
        if out.size == 0 or any(r.low >= r.high for r in reaches):
            out[...] = 0
            return
        batch = tile.batch(signal, problem.positions)
        kernel = trimmed(tile.batch(state.taps, problem.positions), reaches)
        if settings.engine == "numba" and _fill_compiled(batch, kernel, state.size, problem, reaches, out):
            return
        piece = gather(batch, problem, reaches)
        sums = partial(tile_sums, reaches=reaches, engine=settings.engine)
        if is_exact(problem.result_dtype):
            out[...] = _exact_sums(piece, kernel, problem, sums)
        else:
            out[...] = sums(piece.astype(problem.working_dtype, copy=False), kernel)

    def probes(self, state: _Kernel, problem: Problem, settings: Settings) -> None:
        """Look at none: a sample reaches the outputs whose windows hold it."""

    def describe(self, settings: Settings) -> dict[str, str]:
        """Return the settings in words."""
        return {"loops": settings.engine, "tile": " × ".join(map(str, settings.tile)) or "1"}


def _exact_sums(piece: Array, kernel: Array, problem: Problem, sums: partial[Array]) -> Array:
    """Return the exact integer sums of a tile, in as many limbs as its values need."""
    limbs, terms, largest = LimbKernel(kernel, lambda part: part), prod(axis.taps for axis in problem.axes), peak(piece)
    counts = limb_counts(lambda i, j: limb_peak(largest, i) * limb_peak(limbs.peak, j) * terms < 1 << 63)
    bits = limb_bits(largest, counts[0]), limb_bits(limbs.peak, counts[1])
    total = Total(largest * limbs.peak * terms)
    for i, x in enumerate(split(piece, bits[0], counts[0])):
        for j, g in enumerate(limbs.limbs(counts[1])):
            total.add(sums(x, g), i * bits[0] + j * bits[1])
    return total.result(problem.result_dtype)


def _fill_compiled(
    signal: Array, kernel: Array, size: float, problem: Problem, reaches: list[Reach], out: Array
) -> bool:
    """Fill a tile by the compiled loops, which copy no more of the signal than they must, where they can."""
    fills = numbers_outside(problem)
    if len(fills) > 1 or not is_known_to_loops(signal):
        return False
    fill = next(iter(fills), 0)
    order = convolved_last(out.ndim, problem.positions)
    signal, kernel, out = signal.transpose(order), kernel.transpose(order), out.transpose(order)
    dtype, magnitude = problem.working_dtype, 0.0
    if is_exact(problem.result_dtype):
        magnitude = _bound(signal.dtype, fill) * size
        dtype = np.dtype(np.float32 if magnitude <= _EXACT_SINGLE else np.float64)
    rows = rows_of(signal, reaches, out.shape[-1], dtype, fill)
    if magnitude > _EXACT_DOUBLE and _peak(rows.samples) * size > _EXACT_DOUBLE:
        return False
    engine_rows().fill_sums(rows, kernel.astype(dtype, copy=False), out, steps_of(reaches))
    return True


def _bound(dtype: np.dtype[Any], fill: Any) -> int:
    """Return the largest magnitude of samples of a dtype and of what fills the outside."""
    limits = (0, 1) if dtype.kind == "b" else (int(np.iinfo(dtype).min), int(np.iinfo(dtype).max))
    return max(abs(int(fill)), *map(abs, limits))


def _peak(samples: Array) -> float:
    return max(-float(samples.min()), float(samples.max()))


def rows_of(signal: Array, reaches: list[Reach], width: int, dtype: np.dtype[Any], fill: Any) -> Any:
    """Return what the reaches hold as rows that the loops can read."""
    rows = engine_rows()
    samples = signal.shape[signal.ndim - len(reaches) :]
    spans = tuple([rows.Span(r.start, r.stop, n, r.axis.boundary) for r, n in zip(reaches, samples, strict=True)])
    return rows.rows_of(signal, spans, reaches[-1].axis.stride, width, dtype, fill)


@cache
def engine_rows() -> Any:
    """Return the module of the compiled loops, which imports numba."""
    return load("rows")


def rows_within(piece: Array, reaches: list[Reach], width: int) -> Any:
    """Return what the reaches hold, which stands in a piece, as rows that the loops can read."""
    inside = [r._replace(start=0, stop=r.stop - r.start) for r in reaches]
    return rows_of(piece, inside, width, piece.dtype, 0)


def steps_of(reaches: list[Reach]) -> tuple[tuple[int, int], ...]:
    """Return the strides and dilations."""
    return tuple((r.axis.stride, r.axis.dilation) for r in reaches)


def tile_sums(piece: Array, kernel: Array, reaches: list[Reach], engine: str) -> Array:
    """Return the sums of a tile: the convolved axes are moved last, and every kernel of the batch takes its signals."""
    if not reaches:
        return piece * kernel
    positions = [r.axis.position for r in reaches]
    last = tuple(range(piece.ndim - len(positions), piece.ndim))
    piece, kernel = np.moveaxis(piece, positions, last), np.moveaxis(kernel, positions, last)
    split_at = piece.ndim - len(positions)
    batch = np.broadcast_shapes(piece.shape[:split_at], kernel.shape[:split_at])
    counts = tuple((r.last - r.first) // r.axis.stride + 1 for r in reaches)
    out = np.empty((*batch, *counts), piece.dtype)
    if engine == "numba":
        engine_rows().fill_sums(rows_within(piece, reaches, counts[-1]), kernel, out, steps_of(reaches))
        return np.moveaxis(out, last, positions)
    for index in np.ndindex(kernel.shape[:split_at]):
        _plain_rows(_batch_part(piece, kernel, index), kernel[index], _batch_part(out, kernel, index), reaches)
    return np.moveaxis(out, last, positions)


def _batch_part(array: Array, kernel: Array, index: tuple[int, ...]) -> Array:
    """Return the part of an array that belongs to one kernel of the batch."""
    return array[
        tuple(
            slice(i, i + 1) if kernel.shape[axis] > 1 and array.shape[axis] > 1 else slice(None)
            for axis, i in enumerate(index)
        )
    ]


def _plain_rows(piece: Array, kernel: Array, out: Array, reaches: list[Reach]) -> None:
    """Fill `out` in NumPy."""
    if len(reaches) == 1 and reaches[0].axis.stride == reaches[0].axis.dilation == 1:
        for index in np.ndindex(piece.shape[:-1]):
            out[index] = convolve_line(piece[index], kernel)
        return
    taps = ((kernel[tap], *_meeting(reaches, tap)) for tap in np.ndindex(kernel.shape))
    sum_taps(taps, piece, out)


def _meeting(reaches: list[Reach], tap: tuple[int, ...]) -> tuple[Any, Any]:
    """Return the outputs for which one tap meets numbers, and where these lie in the piece that the reaches hold."""
    outputs: list[Any] = [...]
    samples: list[Any] = [...]
    for r, t in zip(reaches, tap, strict=True):
        begin, stride = r.axis.dilation * (r.high - r.low - 1 - t), r.axis.stride
        low, high = 0, (r.last - r.first) // stride + 1
        if r.axis.silent:  # a kernel that is much longer than the signal mostly meets zeros
            low = max(0, -((r.start + begin) // stride))
            high = max(low, min(high, (r.axis.signal - 1 - r.start - begin) // stride + 1))
        outputs.append(slice(low, high))
        samples.append(slice(begin + low * stride, begin + high * stride, stride))
    return tuple(outputs), tuple(samples)
