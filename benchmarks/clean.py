"""What finite data pay for the checks of NaN, Inf and range: `python -m benchmarks.clean`.

The same calls as they are, and with the checks replaced by nothing, in short turns, in CPU time of the one thread that
works. Each turn is compared with the one beside it, and the median of all comparisons counts, so that others on the
machine disturb little. Prints the best times without checks, and what the checks add.
"""

from __future__ import annotations

import argparse
import gc
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from math import prod
from statistics import median
from time import thread_time
from typing import Any, NamedTuple
from unittest.mock import patch

import numpy as np
from numpy.typing import NDArray

import sigconv
from sigconv.methods import execute, small
from sigconv.methods.rounding import Exactly
from sigconv.methods.scaling import Limits
from sigconv.methods.separable import Passes
from sigconv.text import columns, duration, shape_text

from .timing import turn

Call = Callable[[], NDArray[Any]]

# Shapes of signal and kernel; a kernel of fewer axes is shared by the signals of a batch.
SHAPES: tuple[tuple[tuple[int, ...], tuple[int, ...]], ...] = (
    ((16,), (3,)),
    ((100,), (5,)),
    ((8, 8), (3, 3)),
    ((2_000,), (64,)),
    ((48_000,), (128,)),
    ((64, 48_000), (256,)),
    ((1_000_000,), (500,)),
    ((1_000_000,), (4_000,)),
    ((1024, 1024), (3, 3)),
    ((1024, 1024), (31, 31)),
)
ALLOWED = 0.03
_TURN = 2e-4  # seconds, of as many calls as it takes
_SECONDS = 1.0
_LEAST = 15  # turns of each


class Row(NamedTuple):
    """One kind of call: what it is, its time without checks, and what they add, as a part of that time."""

    name: str
    way: str
    seconds: float
    cost: float


@contextmanager
def unchecked() -> Iterator[None]:
    """Replace by nothing what looks for numbers that are not finite or out of range, and what prepares that."""
    with ExitStack() as stack:
        stack.enter_context(patch.object(execute, "_is_suspect", lambda prepared, target: False))
        stack.enter_context(patch.object(execute, "limits", lambda *_, **__: Limits(0, np.inf, False)))
        stack.enter_context(patch.object(small, "_is_finite", lambda line: True))
        for method in (Exactly, Passes):
            stack.enter_context(patch.object(method, "probes", lambda *_: None))
        yield


def calls(signal: tuple[int, ...], kernel: tuple[int, ...], dtype: str) -> Iterator[tuple[str, Call]]:
    """Yield every way of computing a problem: the methods, and what `auto` takes, as calls and as filters."""
    rng = np.random.default_rng(prod(signal) + prod(kernel))
    x, h = (rng.standard_normal(shape).astype(dtype) for shape in (signal, kernel))
    options: dict[str, Any] = {"axes": tuple(range(-len(kernel), 0)), "workers": 1}
    for method in ("auto", *sigconv.methods()):
        kept = sigconv.Filter(h, method=method, **options)
        yield method, lambda method=method: sigconv.convolve(x, h, "same", method, **options)  # type: ignore[misc]
        yield f"{method}, Filter", lambda kept=kept: kept(x)  # type: ignore[misc]


def times(call: Call, seconds: float) -> tuple[float, float]:
    """Return the best time of a call without the checks, and what they add."""
    call()  # compiles, loads and plans
    once = max(1e-7, min(turn(call, 1, thread_time) for _ in range(3)))
    repeats = max(1, round(_TURN / once))
    pairs = [_pair(call, repeats, number % 2) for number in range(max(_LEAST, round(seconds / (2 * repeats * once))))]
    return min(plain for plain, _ in pairs), median(checked / plain for plain, checked in pairs) - 1


def _pair(call: Call, repeats: int, first: int) -> tuple[float, float]:
    """Return the times without the checks and with them, the ones or the others first."""
    checked = turn(call, repeats, thread_time) if first else 0.0
    with unchecked():
        plain = turn(call, repeats, thread_time)
    return plain, checked or turn(call, repeats, thread_time)


def measure(
    shapes: Sequence[tuple[tuple[int, ...], tuple[int, ...]]], dtypes: Sequence[str], seconds: float
) -> Iterator[Row]:
    """Yield a row for every way of every problem."""
    gc.disable()
    try:
        for signal, kernel in shapes:
            for dtype in dtypes:
                name = f"{shape_text(signal)} ⋆ {shape_text(kernel)} {dtype}"
                for way, call in calls(signal, kernel, dtype):
                    yield Row(name, way, *times(call, seconds))
    finally:
        gc.enable()


def table(rows: Sequence[Row]) -> list[str]:
    """Return the rows as lines, and how many are above what is allowed."""
    cells = [(r.name, r.way, duration(r.seconds), f"{100 * r.cost:+.1f} %") for r in rows]
    above = sum(r.cost > ALLOWED for r in rows)
    lines = columns([("problem", "way", "unchecked", "checks"), *cells], right=(2, 3))
    return [*lines, f"{above} of {len(rows)} above {100 * ALLOWED:.0f} %."]


def main() -> int:
    """Measure and print; return 1 if finite data pay more than is allowed."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.clean", description=__doc__.splitlines()[0])
    parser.add_argument("--match", default="", help="only problems whose names contain this")
    parser.add_argument("--dtypes", nargs="+", default=["float32", "float64"])
    parser.add_argument("--seconds", type=float, default=_SECONDS, help="for each kind of call (default: %(default)s)")
    asked = parser.parse_args()
    shapes = [s for s in SHAPES if asked.match in f"{shape_text(s[0])} ⋆ {shape_text(s[1])}"]
    rows = list(measure(shapes, asked.dtypes, asked.seconds))
    print(*table(rows), sep="\n")
    return int(any(row.cost > ALLOWED for row in rows))


if __name__ == "__main__":
    sys.exit(main())
