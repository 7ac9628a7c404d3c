"""The prices of what is compiled: products over channels, transforms of our own, and loading or compiling them."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from math import log2, prod
from time import perf_counter
from typing import Any

import numpy as np

from ..engines.forks import load
from ..engines.protocol import spectrum_dtype
from ..engines.transforms import installed
from ..methods import panels
from ..nn import conv1d
from ..planning.cost import PRIORS, SHORTEST_BLOCK
from ..planning.loading import on_disk
from ..planning.plan import Plan, choose
from ..semantics.describe import describe
from ..semantics.problem import Axis
from .timings import best, numbers, seconds, with_engine

# What is compiled, for each dtype that has a compiled function of its own.
COMPONENTS = (
    *(("packing", dtype) for dtype in "df"),
    *(("loops", dtype) for dtype in "df"),
    *(("at_once", dtype) for dtype in "dfDF"),
    *((name, dtype) for name in ("columns", "blocks") for dtype in "dfDF"),
    *((name, dtype) for name in ("panel_columns", "panel_rows") for dtype in "DF"),
    *(("channels", dtype) for dtype in "df"),
    *(("winograd", dtype) for dtype in "df"),
    ("residues", "q"),
)
# What another process compiles at the same time. No function of theirs is one of the others' too: of two processes that
# keep a function on the disk, one may overwrite what the other has just kept.
ELSEWHERE = ("packing", "blocks", "panel_columns", "panel_rows", "channels")
# Tiles of which the difference is timed; and blocks, of so many samples that they stay in the second-level cache.
_FEW, _MANY, _HELD = 2, 8, 1 << 17
_CHANNELS, _SAMPLES = 64, 4096


def compiled(name: str, dtype: str, times: dict[str, float]) -> None:
    """Compile a component, where it was not before, and note the time if it was done."""
    known = on_disk(name)
    with _garbage_left():
        took = time_of_use(name, dtype)
    if not known and name in PRIORS.compile_seconds:
        times[name] = max(took, times.get(name, 0.0))


@contextmanager
def _garbage_left() -> Iterator[None]:
    """Let no garbage be collected for the moment: looking for it would take a tenth of the time of compiling."""
    collecting = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collecting:
            gc.enable()


def compile_times() -> dict[str, float]:
    """Compile what is compiled elsewhere; return what it takes where it was not compiled before."""
    times = dict[str, float]()
    for name, dtype in COMPONENTS:
        if name in ELSEWHERE:
            compiled(name, dtype, times)
    return times


def load_times() -> dict[str, float]:
    """Return the times in which components are loaded by a process that has not used them yet; the first needs Numba.

    What Numba takes is that of the first one's loops, too, which take next to nothing themselves.
    """
    firsts = {name: dtype for name, dtype in reversed(COMPONENTS) if name in PRIORS.load_seconds}
    name, *others = reversed(firsts)
    numba = time_of_use(name, firsts[name])
    return {"numba": numba} | {each: time_of_use(each, firsts[each]) for each in (name, *others)}


def time_of_use(name: str, dtype: str) -> float:
    """Return the time in which a component does next to nothing."""
    started = perf_counter()
    _USES[name](np.dtype(dtype))
    return perf_counter() - started


def _use_panel_columns(dtype: np.dtype[Any]) -> None:
    columns, width = load("panel_columns").columns(_CHANNELS, dtype), 1
    data, held = np.zeros(_CHANNELS, dtype), columns.empty(width)
    columns.forward(data, width, held, slice(0, 1))
    columns.backward(held, slice(0, 1), data, width, (0, 1, 0))


def _use_panel_rows(dtype: np.dtype[Any]) -> None:
    rows, held = load("panel_rows").rows(_CHANNELS, dtype), load("panel_columns").columns(1, dtype).empty(_CHANNELS)
    spectrum = rows.empty((1,))
    rows.spectra(held, _CHANNELS, slice(0, 1), 1.0, spectrum)
    rows.convolve(held, _CHANNELS, slice(0, 1), spectrum, (0, 1, _CHANNELS))


def _use_loops(dtype: np.dtype[Any]) -> None:
    for signal in (dtype, np.dtype(np.int16)):
        load("rows").warm_up(signal, dtype)


def _use_at_once(dtype: np.dtype[Any]) -> None:
    with_engine((64,), (3,), dtype.str, "direct", "numba")(np.ones(64, dtype), np.ones(3, dtype))


def _use_residues(dtype: np.dtype[Any]) -> None:
    with_engine((64,), (3,), dtype.str, "fft", "numpy", residues="numba")(np.ones(64, dtype), np.ones(3, dtype))


_USES: dict[str, Callable[[np.dtype[Any]], Any]] = {
    "packing": lambda dtype: load("packing").warm_up(dtype),
    "loops": _use_loops,
    "at_once": _use_at_once,
    "columns": lambda dtype: load("lanes.lines").warm_up(dtype, dtype, 2),
    "blocks": lambda dtype: load("lanes.tiling").warm_up((64, 64), dtype),
    "panel_columns": _use_panel_columns,
    "panel_rows": _use_panel_rows,
    "residues": _use_residues,
    "channels": lambda dtype: _panel_rate(dtype, 1 << 8),
    "winograd": lambda dtype: conv1d(np.ones((2, 5), dtype), np.ones((1, 2, 3), dtype), method="winograd"),
}


def matrix_rates() -> dict[str, dict[str, float]]:
    """Return the rates of products of matrices over channels, by NumPy and by compiled loops."""
    plain = {name: _matmul_rate(name) for name in "fdFD"}
    found = {"matrices numpy": {**plain, "integer": plain["d"]}}
    if installed("numba"):
        found["matrices numba"] = {name: _panel_rate(np.dtype(name)) for name in "fd"}
    return found


def _matmul_rate(dtype: str) -> float:
    """Return products a second by NumPy: of the taps of a layer, or of complex numbers at many frequencies."""
    batch, width = ((_CHANNELS,), _CHANNELS // 2) if dtype in "FD" else ((), _SAMPLES)
    height = min(_CHANNELS, width)
    left, right = numbers((*batch, height, height), dtype), numbers((*batch, height, width), dtype)
    return prod(batch) * height**2 * width / best(lambda: np.matmul(left, right))


def _panel_rate(dtype: np.dtype[Any], samples: int = _SAMPLES) -> float:
    """Return products a second in compiled loops."""
    product = load("channels").Products(numbers((_CHANNELS, _CHANNELS, 1), dtype.str))
    data, out = numbers((1, _CHANNELS, samples), dtype.str), np.empty((1, _CHANNELS, samples), dtype)
    parts = ((Axis(2, samples, 1, 1, 0, samples, 1, "zero", silent=True), 0, 1, samples),)
    took = best(lambda: product.fill(data, parts, out))
    return _CHANNELS**2 * samples / took


def block_rates() -> dict[str, tuple[float, ...]]:
    """Return the rates of blocks of one axis by their length; the shortest that there are stand for shorter ones."""
    rates = dict[str, tuple[float, ...]]()
    for dtype in map(np.dtype, "fd"):
        wide = spectrum_dtype(dtype)
        lengths = (SHORTEST_BLOCK << bits for bits in range(len(PRIORS.block_rates[wide.char])))
        rates[wide.char] = tuple(_block_rate(dtype, (max(n, (64 // dtype.itemsize) ** 2),)) for n in lengths)
    return rates


def volume_rates() -> dict[str, tuple[float, ...]]:
    """Return the rates of blocks of three axes by their sizes."""
    rates = dict[str, tuple[float, ...]]()
    for dtype in map(np.dtype, "fd"):
        wide = spectrum_dtype(dtype)
        doubled = range(len(PRIORS.volume_rates[wide.char]))
        sides = (tuple(32 << (bits + axis) // 3 for axis in range(3)) for bits in doubled)
        rates[wide.char] = tuple(_block_rate(dtype, lengths) for lengths in sides)
    return rates


def transform_rates() -> dict[str, dict[str, tuple[float, ...]]]:
    """Return the rates of transforms of our own: of blocks of two axes, and of panels."""
    blocks, of_panels = dict[str, tuple[float, ...]](), dict[str, tuple[float, ...]]()
    for dtype in map(np.dtype, "fd"):
        wide, near, far = spectrum_dtype(dtype), _block_rate(dtype, (128, 128)), _block_rate(dtype, (256, 256))
        blocks[wide.char] = near, near, far  # with its spectrum, no block is as short as the first-level cache
        of_panels[wide.char] = (_column_rate(wide),) * 3
    return {"blocks": blocks, "panels": of_panels}


def _block_rate(dtype: np.dtype[Any], lengths: tuple[int, ...]) -> float:
    """Return nominal operations a second of two blocks, there and back: of the difference between many and few."""
    lanes, size = 64 // dtype.itemsize, prod(lengths)
    hops, many = (*(n - 2 for n in lengths[:-1]), lengths[-1] - lanes), max(2 * _FEW, _HELD // size)
    times = [seconds(_blocks((count * hops[0], *hops[1:]), dtype.str, lengths=lengths)) for count in (_FEW, many)]
    # Blocks of two axes are priced with their spectrum, which is as large.
    length = 2 * size if len(lengths) == 2 else size
    return 5 * 2 * size * log2(length) * (many - _FEW) / 2 / _difference(*times)


def _blocks(shape: tuple[int, ...], dtype: str, lengths: tuple[int, ...], **settings: Any) -> Plan:
    """Return a plan of blocks through transforms of our own."""
    asked = {"lengths": lengths, "circular": (False,) * len(lengths), "blocks": 2, "paired": True, "compiled": False}
    return with_engine(shape, (3,) * len(shape), dtype, "overlap-add", "lanes", **(asked | settings))


def _difference(few: float, many: float) -> float:
    """Return what many take more than few: most of the time, whatever else this machine did."""
    return max(many - few, 0.5 * many)


def _column_rate(dtype: np.dtype[Any]) -> float:
    """Return nominal operations a second of columns in panels that stay in the cache."""
    length, width = 512, _CHANNELS
    columns, data = load("panel_columns").columns(length, dtype), np.ones(length * width, dtype)
    held = columns.empty(width)
    took = best(lambda: columns.forward(data, width, held, slice(0, columns.count(width))))
    return 5 * length * width * log2(length) / took


def batches(tile: float) -> dict[str, float]:
    """Return the times of a tile of lines beside that of any tile, and of a step of panels."""
    length, hop = 256, 240
    few, many = (seconds(_blocks((2 * hop * n,), "f4", (length,), tile=(2 * hop,))) for n in (_FEW, _MANY))
    problem = describe((64,), (3,), np.dtype("f8"), np.dtype("f8"), mode="same")
    plan = choose(problem, "fft", prices=PRIORS)
    asked = panels.estimate(problem, PRIORS)
    step = seconds(replace(plan, estimate=asked)) / asked.settings.steps
    each = _difference(few, many) / (_MANY - _FEW) - tile
    return {"lanes": max(each, 0.1 * tile), "panels": step}
