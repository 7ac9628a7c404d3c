"""The peak memory of one call, measured in a child process: `python -m sigconv.study.peak FOLDER`."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import tracemalloc
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..api import plan, slide
from ..errors import SigconvError
from ..methods import panels
from ..planning.cost import PRIORS
from ..planning.plan import Plan

Array = NDArray[Any]


def peak_bytes(signal: Array, kernel: Array, arguments: dict[str, Any]) -> int:
    """Return the extra memory that `slide(signal, kernel, **arguments)` takes at its peak, the result included."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        np.save(folder / "signal.npy", signal)
        np.save(folder / "kernel.npy", kernel)
        (folder / "arguments.json").write_text(json.dumps(arguments))
        command = [sys.executable, "-m", __name__, name]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SigconvError(f"the process that measures memory failed: {''.join(done.stderr.splitlines()[-1:])}")
    return int(done.stdout)


def main(folder: Path) -> None:
    """Measure the call described in a folder, and print the bytes."""
    signal, kernel = np.load(folder / "signal.npy"), np.load(folder / "kernel.npy")
    arguments = json.loads((folder / "arguments.json").read_text())
    for name in ("axes", "boundary"):
        if isinstance(arguments.get(name), list):
            arguments[name] = tuple(arguments[name])
    asked = plan(signal.shape, kernel.shape, signal.dtype, kernel.dtype, **arguments)
    _warm_up(signal, kernel, arguments, asked)
    print(_measured(lambda: asked(signal, kernel)))


def _warm_up(signal: Array, kernel: Array, arguments: dict[str, Any], asked: Plan) -> None:
    """Import and compile what the plan needs: a small call of its kind, and the engine of the large one."""
    corner = tuple(slice(0, 4) for _ in range(max(signal.ndim, kernel.ndim)))
    few, taps = signal[corner[: signal.ndim]], kernel[corner[: kernel.ndim]]
    slide(few, taps, **(arguments | {"mode": "full"}))
    engine = asked.estimate.settings.engine
    sums = asked.problem.sums_dtype
    read = signal.dtype if signal.dtype.isnative and signal.dtype != np.float16 else sums  # or converted beforehand
    if engine == "numba":
        from ..engines import rows

        for dtype in ("f4", "f8", "i8") if sums.kind == "i" else (sums,):
            rows.warm_up(read, np.dtype(dtype))
    elif engine == "lanes":
        from ..engines.lanes import lines, tiling

        if len(asked.problem.axes) == 1:
            lines.warm_up(read, sums)
        else:
            tiling.warm_up(asked.estimate.settings.lengths, sums)
    elif engine == "panels":
        small = plan(few.shape, taps.shape, few.dtype, taps.dtype, **(arguments | {"mode": "full", "method": "fft"}))
        replace(small, method="fft", estimate=panels.estimate(small.problem, PRIORS))(few, taps)
    elif engine != "numpy":
        from ..engines.transforms import fft_engine

        fft_engine(engine).forward((8,), (0,), np.dtype(float)).run()
    if asked.estimate.settings.compiled:
        from ..engines import packing

        packing.warm_up(np.dtype(np.float64) if asked.problem.sums_dtype.kind == "i" else asked.problem.working_dtype)


def _measured(call: Callable[[], Array]) -> int:
    """Return the larger of two lower bounds: the growth of the process' peak, and of what Python allocated.

    The first misses what stays under an earlier peak, the second what libraries allocate by themselves.
    """
    tracemalloc.start()
    before = _process_peak()
    result = call()
    growth = _process_peak() - before
    traced = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return max(growth, traced, result.nbytes)


def _process_peak() -> int:
    """Return the largest resident size so far, in bytes; 0 where the system does not tell (Windows)."""
    try:
        import resource
    except ImportError:
        return 0
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


if __name__ == "__main__":
    main(Path(sys.argv[1]))
