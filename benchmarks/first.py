"""The first call: from the import of a library to its first result, in a fresh process."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from time import perf_counter

from .peers import OURS, named
from .points import Point, grid
from .timing import Result

# Who is asked of scipy, the first that serves.
_SCIPY = ("scipy.signal.convolve", "scipy.signal.fftconvolve")
_TRIES = 2
_TIMEOUT = 120


def add_first_calls(result: Result) -> None:
    """Note the time of a first call of sigconv and of scipy.signal, where they were timed."""
    timed = [e for e in result.entries if e.seconds is not None]
    scipy = next((e for name in _SCIPY for e in timed if e.peer == name), None)
    for entry in [e for e in timed if e.peer == OURS] + ([scipy] if scipy else []):
        entry.first = min(_in_a_process(entry.peer, result.point, result.threads) for _ in range(_TRIES))


def _in_a_process(peer: str, point: Point, threads: int) -> float:
    command = [sys.executable, "-m", __spec__.name, peer, f"{point.kind}/{point.name}", str(threads)]
    root = Path(__file__).parent.parent
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, timeout=_TIMEOUT, check=True)
    return float(done.stdout)


def first_call(name: str, point: Point, threads: int) -> float:
    """Return the time from before the library's import to the result; numpy and the operands are there."""
    peer = next(p for p in named([name]) if p.name == name)
    operands = point.operands()
    started = perf_counter()
    peer.prepare(point, *operands, threads)()
    return perf_counter() - started


if __name__ == "__main__":
    _, asked, where, count = sys.argv
    print(first_call(asked, next(p for p in grid() if f"{p.kind}/{p.name}" == where), int(count)))
