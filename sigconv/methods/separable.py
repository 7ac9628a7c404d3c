"""Kernels that are sums of a few outer products: a pass along each axis in place of all taps at once.

With g = Σ_r u_r ⊗ v_r, x ∗ g = Σ_r (x ∗ u_r) ∗ v_r takes R (m₀ + m₁) products an output in place of m₀ m₁. The terms
are found in the kernel's values: a cross of a row and a column, if that is all, else the singular value decomposition,
axis by axis (C. Eckart and G. Young, Psychometrika 1 (1936) 211–218: no sum of so few outer products is nearer).
"""

from __future__ import annotations

from functools import lru_cache
from math import prod
from typing import NamedTuple

import numpy as np

from ..engines.protocol import Array
from ..semantics.dtypes import FLOATS, DType, is_exact
from ..semantics.problem import Axis, Problem
from .bounds import unit_roundoff
from .direct import tile_sums
from .direct_price import loops_for, needed, sum_seconds
from .protocol import Costs, Estimate, Index, Limits, Runner, Settings
from .shares import share_of, waking
from .tiles import Reach, Tile, count_tiles, gather, reach_of, tile_steps

Terms = tuple[tuple[Array, ...], ...]

# Outputs of a tile and of its rows: so many that the halo and the Python between the passes count for little, so few
# that what a pass leaves for the next one stays near.
_TILE, _ROW, _LEAST = 1 << 19, 1 << 12, 1 << 16
# What each decomposition may leave of the kernel, in unit roundoffs of its norm: as much as rounding leaves of an outer
# product and its decomposition, small beside the bound of transforms.
_LEFT = 8
_REMEMBERED = 1 << 12  # taps of kernels whose terms are kept


class Passes(NamedTuple):
    """y = Σ_r (x ∗ u_r) ∗ v_r …, for kernels that are found to be such a sum, of at most so many terms."""

    most: int
    name: str = "separable"

    def reject(self, problem: Problem) -> str | None:
        """Serve numbers that may be rounded between the passes."""
        if is_exact(problem.result_dtype):
            return "it rounds between the passes"
        if problem.working_dtype.char not in FLOATS:
            return f"{problem.working_dtype} has no decomposition"
        return None if problem.kernel_batch == 1 else "every signal has a kernel of its own"

    def least_seconds(self, problem: Problem, costs: Costs) -> float:
        """Return that of a call, and along each axis of a tile and of a worker's part of a pass."""
        moved = costs.passes(prod(problem.shape) * problem.working_dtype.itemsize)
        return costs.call + len(problem.axes) * (costs.tile + moved / costs.workers)

    def estimates(self, problem: Problem, costs: Costs, limits: Limits) -> list[Estimate]:
        """Return the tiles and the price of one outer product, by each kind of loop."""
        tile = _tile(problem)
        sizes = [tile[position] for position in problem.positions]
        shapes = _pass_shapes(problem.axes, sizes)
        left = [prod(shape) for shape in shapes]
        tiles, batch = count_tiles(problem.shape, tile), prod(tile) // max(1, prod(sizes))
        products = sum([size * axis.taps for size, axis in zip(left, problem.axes, strict=True)])
        products, taps = tiles * batch * products, tiles * sum([axis.taps for axis in problem.axes])
        seconds = tiles * costs.tile * len(sizes)
        seconds += costs.passes(tiles * batch * sum(left) * problem.working_dtype.itemsize)
        alone, share = costs.call + waking(tiles, costs), share_of(tiles, costs.workers)
        worker = 3 * problem.working_dtype.itemsize * batch * max(left, default=1)
        return [
            Estimate(
                Settings(tile, loops),
                alone + share * (seconds + sum_seconds(problem, costs, loops, products, taps)),
                prod(problem.kernel_shape) * 8,
                worker,
                needed(problem, loops),
            )
            for loops in loops_for(problem)
        ]

    def prepare(self, kernel: Array, problem: Problem, settings: Settings, runner: Runner) -> Terms | None:
        """Return the kernel's terms; None if there are too many."""
        return find(kernel, problem, self.most)

    def fill(
        self, state: Terms, problem: Problem, settings: Settings, tile: Tile, signal: Array, out: Array, runner: Runner
    ) -> None:
        """Write one tile of the result to `out`."""
        reaches = [reach_of(axis, tile.slices[axis.position]) for axis in problem.axes]
        if out.size == 0 or any(r.low >= r.high for r in reaches):
            out[...] = 0
            return
        piece = gather(tile.batch(signal, problem.positions), problem, reaches)
        piece = piece.astype(problem.working_dtype, copy=False)
        for number, term in enumerate(state):
            part = piece
            for factor, reach in zip(term, reaches, strict=True):
                part = _pass(part, factor, reach, problem, settings.engine)
            np.add(out, part, out=out) if number else np.copyto(out, part)

    def probes(self, state: Terms, problem: Problem, settings: Settings) -> Index | None:
        """Look at all outputs if there are several terms: Inf reaches those of the plain sums, but may become NaN."""
        return None if len(state) == 1 else (slice(None),) * len(problem.shape)

    def describe(self, settings: Settings) -> dict[str, str]:
        """Return the settings in words."""
        return {"loops": settings.engine, "tile": " × ".join(map(str, settings.tile))}

    @property
    def condition(self) -> str:
        """Which kernels are served."""
        terms = "an outer product" if self.most == 1 else f"1 to {self.most} outer products"
        return f"taken for a kernel that is found to be {terms}"

    def found(self, state: Terms) -> str:
        """Return what was found in a kernel's values."""
        terms = "an outer product" if len(state) == 1 else f"a sum of {len(state)} outer products"
        return f"this kernel is {terms}: separable"


def _tile(problem: Problem) -> tuple[int, ...]:
    """Return the sizes of tiles: whole rows, as many as suit, and enough tiles for several workers."""
    most = min(_TILE, max(_LEAST, prod(problem.shape) // 4))
    steps = [min(_ROW, problem.axes[-1].count)]
    for axis in reversed(problem.axes[:-1]):
        steps.append(max(1, min(axis.count, most // prod(steps))))
    return tile_steps(problem, tuple(reversed(steps)), most)


def _pass_shapes(axes: tuple[Axis, ...], sizes: list[int]) -> list[list[int]]:
    """Return the shape that each pass leaves of a tile, the first axis' pass first."""
    reads = [axis.stride * (size - 1) + axis.span for axis, size in zip(axes, sizes, strict=True)]
    return [[*sizes[: i + 1], *reads[i + 1 :]] for i in range(len(axes))]


def find(kernel: Array, problem: Problem, most: int) -> Terms | None:
    """Return the terms of an oriented kernel, a factor for each convolved axis; None if there are more than `most`."""
    values = kernel.reshape([axis.taps for axis in problem.axes])
    wide = values.astype(np.complex128 if values.dtype.kind == "c" else np.float64)
    if not np.isfinite(wide).all():
        return None
    unit = unit_roundoff(problem.working_dtype)
    # What is called in a loop mostly has the same kernel each time.
    known = values.size <= _REMEMBERED
    terms = _known_terms(wide.tobytes(), wide.shape, wide.dtype, most, unit) if known else _terms(wide, most, unit)
    if terms is None:
        return None
    return tuple(
        tuple(_along(factor, i, len(term)).astype(problem.working_dtype) for i, factor in enumerate(term))
        for term in terms
    )


@lru_cache(maxsize=64)
def _known_terms(
    values: bytes, shape: tuple[int, ...], dtype: DType, most: int, unit: float
) -> list[tuple[Array, ...]] | None:
    return _terms(np.frombuffer(values, dtype).reshape(shape), most, unit)


def _terms(values: Array, most: int, unit: float, left: float | None = None) -> list[tuple[Array, ...]] | None:
    """Return the terms of a kernel: its first axis is split off, and the rest of each pair likewise.

    `left` is the norm of what each decomposition may leave; of a rest so much more as its first factor is smaller, for
    it is as inaccurate as the kernel that it is a small part of.
    """
    if values.ndim == 1:
        return [(values,)]
    left = _LEFT * unit * _norm(values) if left is None else left
    pairs = _pairs(values.reshape(len(values), -1), most, unit, left)
    if pairs is None:
        return None
    found: list[tuple[Array, ...]] = []
    for first, rest in pairs:
        below = _terms(rest.reshape(values.shape[1:]), most, unit, left / (_norm(first) or 1.0))
        if below is None:
            return None
        found += [(first, *term) for term in below]
    return found if len(found) <= most else None


def _norm(values: Array) -> float:
    return float(np.linalg.norm(values))


def _pairs(matrix: Array, most: int, unit: float, left: float) -> list[tuple[Array, Array]] | None:
    """Return a matrix as a sum of outer products, up to rounding or to a rest of some norm."""
    row, column = np.unravel_index(np.argmax(np.abs(matrix)), matrix.shape)
    pivot = matrix[row, column]
    if pivot == 0:
        return [(matrix[:, 0], matrix[0])]
    cross = matrix[:, column], matrix[row] / pivot
    if np.all(np.abs(matrix - np.multiply.outer(*cross)) <= 4 * unit * np.abs(matrix)):
        return [cross]
    if most < 2 or _rank_exceeds(matrix, most, left):
        return None
    u, sizes, v = np.linalg.svd(matrix, full_matrices=False)
    tails = np.sqrt(np.cumsum(sizes[::-1] ** 2))[::-1]
    rank = int(np.count_nonzero(tails > left))
    return [(u[:, r] * sizes[r], v[r]) for r in range(rank)] if rank <= most else None


def _rank_exceeds(matrix: Array, most: int, left: float) -> bool:
    """Return whether a few rows and columns already need more terms: a part's singular values are no larger."""
    rows, columns = (np.linspace(0, n - 1, min(n, 2 * most + 2)).astype(int) for n in matrix.shape)
    sizes = np.linalg.svd(matrix[np.ix_(rows, columns)], compute_uv=False)
    return bool(sizes[most:].max(initial=0.0) > left)


def _along(factor: Array, axis: int, ndim: int) -> Array:
    """Return a factor as a kernel that lies on one of the convolved axes."""
    return factor.reshape([-1 if i == axis else 1 for i in range(ndim)])


def _pass(piece: Array, factor: Array, reach: Reach, problem: Problem, engine: str) -> Array:
    """Return a piece, summed along one of its axes."""
    place = reach.axis.position
    others = [_as_it_is(p, piece.shape[p]) for p in problem.positions if p != place]
    # The axis of the sums stands before the last one, along which the loops run; or it is the last one.
    where = len(others) if place == problem.positions[-1] else len(others) - 1
    reaches = [*others[:where], reach, *others[where:]]
    index = [slice(None)] * factor.ndim
    index[problem.positions.index(place)] = slice(reach.low, reach.high)
    shape = [1] * piece.ndim
    shape[place] = reach.high - reach.low
    return tile_sums(piece, factor[tuple(index)].reshape(shape), reaches, engine)


def _as_it_is(position: int, size: int) -> Reach:
    """Return the reach of an axis that a pass leaves alone."""
    axis = Axis(position, size, 1, 1, 0, size, 1, "zero", False)
    return Reach(axis, 0, size - 1, 0, 1, 0, size)
