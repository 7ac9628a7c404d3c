"""What a method is, and the values it exchanges with the planner and the executor."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from math import inf
from typing import Any, NamedTuple, Protocol

from ..engines.protocol import Array
from ..semantics.problem import Problem
from .tiles import Tile

# Calls step(0) … step(count − 1), on several workers if there are some, and returns when all are done.
Runner = Callable[[Callable[[int], None], int], None]


# The engine whose transforms hold all of an operand, an axis by itself folded into two.
PANELS = "panels"

# What a process has loaded, or would have to load: a name, and a dtype where there is one compiled function for each.
Components = frozenset[str]


class Settings(NamedTuple):
    """How a method goes about a problem.

    `tile` is the largest piece of the result that is computed at once, one size for each axis of the result;
    `lengths` are the transform lengths of the convolved axes (none for direct sums); `circular` says which of these
    axes wrap around by themselves. A tile holds up to `blocks` transforms along its first convolved axis, `paired` two
    by two as complex ones, which `compiled` loops copy.

    Where the transforms are checked, `checked` are the tiles that they take. Integers are checked by loops, `residues`.

    With several `steps`, the workers do a tile together. Panels do one entry of the batch at a
    time; their `lengths` of an axis by itself are those of two, into which it is folded.
    """

    tile: tuple[int, ...]
    engine: str
    lengths: tuple[int, ...] = ()
    circular: tuple[bool, ...] = ()
    blocks: int = 1
    paired: bool = False
    compiled: bool = False
    steps: int = 1
    checked: tuple[int, ...] = ()
    residues: str = "numpy"


class Estimate(NamedTuple):
    """What a method expects of a problem: seconds, bytes shared by all workers, bytes of each worker.

    `needs` are the components that a process loads before it first does it this way.
    """

    settings: Settings
    seconds: float
    shared_bytes: int
    worker_bytes: int
    needs: Components = frozenset()

    @property
    def bytes(self) -> int:
        """Working memory with one worker, beside the operands and the result."""
        return self.shared_bytes + self.worker_bytes


class Limits(NamedTuple):
    """What estimates must keep to be worth making: bytes of working memory, what is loaded, seconds.

    One that surely takes no less than `below` seconds would lose; so would an engine that is surely slower than another
    one whose components are `ready`, loaded (None: all are).
    """

    max_bytes: int | None = None
    ready: Components | None = None
    below: float = inf

    def fit(self, estimate: Estimate) -> bool:
        """Return whether an estimate fits in memory."""
        return self.max_bytes is None or estimate.bytes <= self.max_bytes

    def loaded(self, needs: Components) -> bool:
        """Return whether all that an estimate needs is loaded."""
        return self.ready is None or needs <= self.ready


class Costs(Protocol):
    """The prices that estimates are made of, in seconds."""

    def __hash__(self) -> int:
        """Tell these prices from others, for what is made of them once."""
        ...

    @property
    def call(self) -> float:
        """The time of a call, beside its tiles."""
        ...

    @property
    def tile(self) -> float:
        """The time of a tile, beside its sums or transforms."""
        ...

    @property
    def spectrum(self) -> float:
        """The time of preparing a kernel's spectrum, beside its transform."""
        ...

    @property
    def batch(self) -> Mapping[str, float]:
        """The time of a batch of transforms by an engine, beside the transforms."""
        ...

    def products(self, engine: str, dtype: Any, count: float) -> float:
        """Return the time of that many products and sums in a direct loop."""
        ...

    def lines(self, dtype: Any, sums: float, taps: float) -> float:
        """Return the time of some sums by NumPy's convolution of lines."""
        ...

    def transform(self, engine: str, dtype: Any, samples: float, length: float) -> float:
        """Return the time of transforming some samples in all, `length` a transform."""
        ...

    @property
    def workers(self) -> int:
        """How many threads work."""
        ...

    def block(self, dtype: Any, length: int) -> float:
        """Return the time of convolving a block of complex samples in lanes."""
        ...

    def volume(self, dtype: Any, size: int) -> float:
        """Return the time of convolving a block of three axes and some complex samples in lanes."""
        ...

    @property
    def wake(self) -> float:
        """The time until other threads work, too."""
        ...

    def passes(self, bytes_moved: float, compiled: bool = False) -> float:
        """Return the time of moving some bytes through memory, by NumPy or by compiled loops."""
        ...


# An index of the result.
Index = tuple[slice, ...]


class Method(Protocol):
    """One way to compute every problem that it does not reject.

    A new method stands in one file with these seven, and in the registry.
    """

    @property
    def name(self) -> str:
        """What `method=` and `explain` call it."""
        ...

    def reject(self, problem: Problem) -> str | None:
        """Return why the problem can't be served, or None."""
        ...

    def least_seconds(self, problem: Problem, costs: Costs) -> float:
        """Return a time below which no estimate is, found at once."""
        ...

    def estimates(self, problem: Problem, costs: Costs, limits: Limits) -> Sequence[Estimate]:
        """Return for each engine the settings that are best within the memory limit, if any are, with their cost.

        What would lose by the limits may be left out.
        """
        ...

    def prepare(self, kernel: Array, problem: Problem, settings: Settings, runner: Runner) -> Any:
        """Return what can be computed from the oriented kernel alone; None if its values can't be served.

        The runner has workers share what takes long.
        """
        ...

    def fill(
        self, state: Any, problem: Problem, settings: Settings, tile: Tile, signal: Array, out: Array, runner: Runner
    ) -> None:
        """Write one tile of the result to `out`, from the whole signal (aligned to the result's axes).

        `out` has the dtype of the sums (of the result, for exact integers), and shares no memory with the signal. With
        several steps, the runner is given so many in all.
        """
        ...

    def probes(self, state: Any, problem: Problem, settings: Settings) -> Index | None:
        """Return some outputs of which each sample that is not finite surely reaches one that can show it.

        None if such a sample reaches the sums that it is part of alone.
        """
        ...

    def describe(self, settings: Settings) -> Mapping[str, str]:
        """Return the settings in words, for `explain`."""
        ...
