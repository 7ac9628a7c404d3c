"""The prices of this machine, measured: each simple thing by itself, its best time of some milliseconds."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from importlib import import_module
from math import log2, prod
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np

from ..api import convolve
from ..engines.transforms import engine_names, fft_engine, installed, lease, priced_as
from ..files.replace import replacing
from ..methods.workers import available_workers
from ..planning import known, stored
from ..planning.cost import CACHES, PRIORS, Prices
from ..planning.loading import on_disk
from . import own_prices
from .reference import better, completed, refined
from .timings import Array, apply_seconds, best, numbers, seconds, with_engine

Progress = Callable[[int, int, str], None]
Step = tuple[str, Callable[[], dict[str, Any]]]

_DTYPES = {"f": "f4", "d": "f8", "F": "c8", "D": "c16"}
_SAMPLES = 1 << 16  # of a batch of transforms, and of a direct sum
# The lengths of transforms of three axes, two and one, in proportion: the last that are priced alike are measured.
_SIDES = (4, 4, 4), (12, 20), (1,)
_USES = 10  # of a transform that is made
_MODULES = {"scipy": "scipy.fft", "fftw": "pyfftw"}
_ROUNDS = 2  # of measuring, since what else a machine does comes and goes
_LOAD = "import json; from sigconv.study import calibrate; print(json.dumps(calibrate.load_times()))"
_COMPILE = "import json; from sigconv.study import own_prices; print(json.dumps(own_prices.compile_times()))"


def calibrate(progress: Progress | None = None) -> Path:
    """Measure what simple things cost on this machine, store it, and choose by it from now on.

    This takes some seconds; where loops have to be compiled first, half a minute. Results stay as right as before:
    the prices decide which method, block length and engine `method="auto"` takes. A `Plan` or a `Filter` that was made
    before stays as it is. The file lies in the user's cache folder (or in SIGCONV_CACHE_DIR), and counts for this CPU
    and these versions of the libraries alone.

    Parameters
    ----------
    progress : callable, optional
        Called with the steps done, all steps and what comes next.

    Returns
    -------
    Path
        The file.

    Raises
    ------
    OSError
        If the file can't be written.

    Examples
    --------
    >>> import sigconv
    >>> path = sigconv.calibrate()  # doctest: +SKIP
    """
    path = stored.place()
    path.parent.mkdir(parents=True, exist_ok=True)
    prices = measured(progress)
    store(prices, path)
    stored.use(prices)
    on_disk.cache_clear()
    known.forget()
    return path


def store(prices: Prices, path: Path) -> None:
    """Write prices to a file, whole or not at all."""
    with replacing(path) as file:
        file.write(json.dumps(stored.document(prices), indent=1).encode())


def measured(progress: Progress | None = None) -> Prices:
    """Return the prices of this machine, of what is installed; loops that are not compiled yet are compiled first."""
    measuring: list[Step] = [("measuring direct sums", _products), ("measuring transforms", _transforms)]
    measuring += [("measuring copies", _bandwidth), ("measuring calls", _overheads)]
    steps = [*_compiling(), ("measuring loading", _loads), *measuring * _ROUNDS]
    found: dict[str, Any] = {"source": "calibrated", "workers": available_workers(None)}
    for number, (label, measure) in enumerate(steps):
        if progress is not None:
            progress(number, len(steps), label)
        new = measure()
        found |= {name: better(name, found[name], table) if name in found else table for name, table in new.items()}
    if progress is not None:
        progress(len(steps), len(steps), "done")
    return replace(PRIORS, **completed(refined(found)))


def _compiling() -> list[Step]:
    """Return the steps that compile loops, some of them in another process, or load those that the disk holds."""
    if not installed("numba"):
        return []
    times, elsewhere = dict[str, float](), list[Future[str]]()

    def start() -> dict[str, Any]:
        elsewhere.append(ThreadPoolExecutor(1).submit(_told_by_a_process, _COMPILE))
        return {}

    def finish() -> dict[str, Any]:
        times.update(json.loads(elsewhere.pop().result()))
        return {"compile_seconds": times}

    def compile_one(name: str, dtype: str) -> dict[str, Any]:
        own_prices.compiled(name, dtype, times)
        return {}

    here: list[Step] = [
        (
            f"{'loading' if on_disk(name) else 'compiling'} {name.replace('_', ' ')} of {np.dtype(dtype)}",
            partial(compile_one, name, dtype),
        )
        for name, dtype in own_prices.COMPONENTS
        if name not in own_prices.ELSEWHERE
    ]
    if all(map(on_disk, own_prices.ELSEWHERE)):
        return here
    return [("starting a second process", start), *here, ("waiting for the second process", finish)]


def _loads() -> dict[str, Any]:
    """Return what a fresh process waits for; loops are loaded, not compiled, since this process compiles them first."""
    return {"load_seconds": json.loads(_told_by_a_process(_LOAD))}


def load_times() -> dict[str, float]:
    """Return the times in which a process loads engines and loops that it has not used yet."""
    engines = engine_names(np.dtype("f8"))
    found = {name: _import_seconds(module) for name, module in _MODULES.items() if name in engines}
    return found | (own_prices.load_times() if installed("numba") else {})


def _import_seconds(module: str) -> float:
    """Return the time of importing a module."""
    started = perf_counter()
    import_module(module)
    return perf_counter() - started


def _told_by_a_process(statements: str) -> str:
    """Return what a fresh process that has imported sigconv prints."""
    root = str(Path(__file__).parent.parent.parent)
    code = f"import sys; sys.path.insert(0, {root!r}); import numpy, sigconv; {statements}"
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout


def _products() -> dict[str, Any]:
    """Return the rates of products and their sums in each kind of loop, for each dtype."""
    rates: dict[str, dict[str, float]] = {loops: {} for loops in ("numba", "numpy", "numpy short", "numpy taps")}
    dots = dict[str, float]()
    for name, dtype in (*_DTYPES.items(), ("integer", "i8")):
        rates["numpy"][name], dots[name] = _lines(dtype)
        if name in PRIORS.product_rates["numpy short"]:
            rates["numpy short"][name] = (
                8 * _SAMPLES / best(partial(np.convolve, numbers(_SAMPLES, dtype), np.ones(8, dtype)))
            )
        rates["numpy taps"][name] = _SAMPLES / best(_tap_of(numbers(_SAMPLES, dtype)))
        if installed("numba"):
            # The integers of most signals are summed exactly in float64.
            kind = "i2" if name == "integer" else dtype
            rates["numba"][name] = _SAMPLES * 256 / apply_seconds((_SAMPLES,), (256,), kind, "direct", "numba")
    return {"product_rates": rates | own_prices.matrix_rates(), "dots": dots}


def _lines(dtype: str) -> tuple[float, float]:
    """Return the rate of products in NumPy's convolution of lines, and the time of a sum beside its products."""
    line, (few, many) = numbers(4096, dtype), (32, 512)
    short, long = (best(partial(np.convolve, line, numbers(taps, dtype), "same")) / line.size for taps in (few, many))
    each = max(long - short, 0.1 * long) / (many - few)
    return 1 / each, max(short - few * each, 0.1 * short)


def _tap_of(line: Array) -> Callable[[], None]:
    """Return one tap of NumPy's sums over taps."""
    total, tap = line.copy(), line[0]

    def add() -> None:
        nonlocal total
        total += tap * line

    return add


def _transforms() -> dict[str, Any]:
    """Return the rates of each engine and dtype, of transforms for each level of the caches."""
    rates = dict[str, dict[str, Any]]()
    for engine in engine_names(np.dtype("f8")):
        for name, dtype in _DTYPES.items():
            for kind, sides in {priced_as(engine, len(sides), mixed=True): sides for sides in _SIDES}.items():
                shapes = [_lengthened(sides, size) for size in _sizes(np.dtype(dtype))]
                rates.setdefault(kind, {})[name] = [_transform_rate(engine, np.dtype(dtype), shape) for shape in shapes]
    if not installed("numba"):
        return {"transform_rates": rates}
    own = {"block_rates": own_prices.block_rates(), "volume_rates": own_prices.volume_rates()}
    return {"transform_rates": rates | own_prices.transform_rates()} | own


def _lengthened(sides: tuple[int, ...], size: int) -> tuple[int, ...]:
    """Return lengths in some proportion, of about so many samples in all."""
    times = round((size / prod(sides)) ** (1 / len(sides)))
    return tuple([side * times for side in sides])


def _sizes(dtype: np.dtype[Any]) -> Iterator[int]:
    """Yield sizes well inside each level, and past them."""
    yield CACHES[0] // dtype.itemsize // 4
    yield CACHES[1] // dtype.itemsize // 8
    yield 4 * CACHES[1] // dtype.itemsize


def _transform_rate(engine: str, dtype: np.dtype[Any], lengths: tuple[int, ...]) -> float:
    """Return nominal operations a second."""
    length = prod(lengths)
    rows, axes = max(1, _SAMPLES // length), tuple(range(1, 1 + len(lengths)))
    with lease(engine, "forward", (rows, *lengths), axes, dtype) as transform:
        transform.input[...] = 1

        def run() -> None:
            transform.run()

        seconds = best(run)
    return (5 if dtype.kind == "c" else 2.5) * rows * length * log2(length) / seconds


def _bandwidth() -> dict[str, Any]:
    """Return the rates of what is done with blocks between transforms, in the five passes that are reckoned for it.

    The result is written to fresh memory, as that of a call is.
    """
    rows, length = 128, 4096
    data, spectrum = numbers(2 * rows * length, "f8"), numbers(length, "c16")
    (pairs, product), halves = np.empty((2, rows, length), "c16"), data.reshape(2, rows, length)

    def plain() -> None:
        pairs.real[...], pairs.imag[...] = halves
        np.multiply(pairs, spectrum, out=product)
        out = np.empty_like(halves)
        out[...] = product.real, product.imag

    found = {"numpy": 5 * pairs.nbytes / best(plain)}
    if installed("numba"):
        found["numba"] = 5 * pairs.nbytes / best(_compiled_copies(data, spectrum, pairs, product))
    return {"bandwidth": found}


def _compiled_copies(data: Array, spectrum: Array, pairs: Array, product: Array) -> Callable[[], None]:
    """Return what is done with blocks between transforms, by compiled loops."""
    from ..engines import packing

    (rows, length), places = pairs.shape, np.arange(len(pairs)) * pairs.shape[1]

    def copies() -> None:
        out = np.empty_like(data)
        packing.pack_pairs(data, places, 0, rows * length, length, pairs)
        packing.multiply_rows(pairs, spectrum, product)
        packing.unpack_pairs(product.reshape(-1), places, places, 0, rows * length, length, out)

    return copies


def _overheads() -> dict[str, Any]:
    """Return the times of a call, a tile, a kernel's spectrum and a batch of transforms, by problems of few samples."""
    signal, kernel = numbers(8, "f8"), numbers(3, "f8")
    plan = with_engine((64,), (3,), "f8", "fft", "numpy")
    tile = apply_seconds((64,), (3,), "f8", "direct", "numpy")
    batch = {engine: _batch_seconds(engine) for engine in engine_names(np.dtype("f8"))}
    return {
        "call": best(lambda: convolve(signal, kernel)),
        "tile": tile,
        "spectrum": best(lambda: plan.prepare(kernel)),
        "batch": {**batch, **(own_prices.batches(tile) if installed("numba") else {})},
    }


def _batch_seconds(engine: str) -> float:
    """Return the time that each further batch of two short blocks takes, and a share of making its transforms."""
    few, many = 4, 36
    times = []
    for batches in (few, many):
        plan = with_engine((2 * 56 * batches,), (9,), "f8", "overlap-add", engine, lengths=(64,), blocks=2, paired=True)
        times.append(seconds(plan))
    made = best(lambda: fft_engine(engine).forward((1, 64), (1,), np.dtype("c16")))
    return (times[1] - times[0]) / (many - few) + 2 * made / _USES
