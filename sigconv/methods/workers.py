"""The workers: threads that share the tiles of a result, or the steps of a tile; which does what changes no bit."""

from __future__ import annotations

import os
import threading
from collections import deque
from collections.abc import Callable
from functools import lru_cache, partial
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from ..engines.forks import imported
from ..errors import ArgumentTypeError, ArgumentValueError
from .protocol import Runner, Settings
from .tiles import Tile, count_tiles, tiles

if TYPE_CHECKING:
    from concurrent.futures import ThreadPoolExecutor

Progress = Callable[[int, int], None]
T = TypeVar("T")


def run_tiles(
    fill: Callable[[Tile], None],
    shape: tuple[int, ...],
    steps: tuple[int, ...],
    workers: int,
    progress: Progress | None,
) -> None:
    """Fill all tiles; which worker fills which tile changes nothing in the result."""
    total = count_tiles(shape, steps)
    work = _count(total, progress)(fill)
    if min(workers, total) <= 1:
        for tile in tiles(shape, steps):
            work(tile)
        return
    _together(_apart(list(tiles(shape, steps)), min(workers, total)), work, min(workers, total))


def _apart(items: list[T], workers: int) -> deque[T]:
    """Return items in the order in which they are taken: each worker's follow one another, far from the others'.

    Workers side by side in fresh memory would each clear the page that they meet, and prefetch each other's lines.
    """
    size = -(-len(items) // workers)
    return deque([item for first in range(size) for item in items[first::size]])


def _together(left: deque[Any], work: Callable[[Any], None], workers: int) -> None:
    """Do all that is left; the caller works too, and does not wait for threads that had no time to begin."""
    drain, others = partial(_drain, left, work), list[Any]()
    try:
        _help(drain, workers - 1, others)
        drain()
    finally:
        left.clear()  # after an error nothing is begun any more
        begun = [other for other in others if not other.cancel()]
        for other in begun:
            other.exception()
    for other in begun:
        other.result()


def _help(drain: Callable[[], None], count: int, others: list[Any]) -> None:
    """Have other threads work, too, unless the main thread has ended: then no more can be started."""
    try:
        for _ in range(count):
            others.append(_pool(count, os.getpid()).submit(drain))  # noqa: PERF401, for an error may end it
    except RuntimeError:
        if threading.main_thread().is_alive():
            raise


def _drain(left: deque[Any], work: Callable[[Any], None]) -> None:
    """Do what is left, one after the other, until there is nothing."""
    while left:
        try:
            item = left.popleft()
        except IndexError:  # another worker took it
            return
        work(item)


def run_shared(
    steps: int,
    fill: Callable[[Tile, Runner], None],
    shape: tuple[int, ...],
    sizes: tuple[int, ...],
    workers: int,
    progress: Progress | None,
) -> None:
    """Fill the tiles one after another, each in steps that the workers share."""
    run = runner_of(workers)
    counted = _count(steps * count_tiles(shape, sizes), progress)
    for tile in tiles(shape, sizes):
        fill(tile, lambda step, count: run(counted(step), count))


def in_order(step: Callable[[int], None], count: int) -> None:
    """Do steps one after another."""
    for number in range(count):
        step(number)


def runner_of(workers: int) -> Runner:
    """Return how steps are done: each by the next worker that is idle."""

    def run(step: Callable[[int], None], count: int) -> None:
        if min(count, workers) <= 1:
            in_order(step, count)
        else:
            _together(_apart([*range(count)], min(count, workers)), step, min(count, workers))

    return run


def in_steps(runner: Runner, count: int, steps: int, work: Callable[[slice], None]) -> None:
    """Do some items in steps of a few of them."""

    def step(number: int) -> None:
        with np.errstate(all="ignore"):
            work(slice(count * number // steps, count * (number + 1) // steps))

    runner(step, steps)


def sharing(runner: Runner, settings: Settings) -> Callable[[Callable[[], None]], None]:
    """Return what has work, which threads share by themselves, done in as many of them as there are steps."""
    return lambda work: runner(lambda _: work(), settings.steps)


@lru_cache(maxsize=8)
def _pool(workers: int, process: int) -> ThreadPoolExecutor:
    """Return the threads of this process (a forked one starts its own), which wait for the next call."""
    futures = imported("concurrent.futures.thread")  # 4 ms of import that a small call does not need
    pool: ThreadPoolExecutor = futures.ThreadPoolExecutor(workers, thread_name_prefix="sigconv")
    return pool


def _count(total: int, progress: Progress | None) -> Callable[[Callable[[Any], None]], Callable[[Any], None]]:
    """Return what has the calls of all work together counted for `progress`."""
    if progress is None:
        return lambda work: work
    lock, done = threading.Lock(), 0

    def counted(work: Callable[[Any], None]) -> Callable[[Any], None]:
        def work_and_count(item: Any) -> None:
            nonlocal done
            work(item)
            with lock:
                done = min(done + 1, total)  # steps are done again for each limb of an integer
                progress(done, total)

        return work_and_count

    return counted


def available_workers(workers: int | None) -> int:
    """Return how many threads may work: as asked, else the CPUs of this process, capped by the environment."""
    if workers is not None:
        if isinstance(workers, bool) or not isinstance(workers, (int, np.integer)):
            raise ArgumentTypeError(f"workers={workers!r}: use a whole number of at least 1, or None")
        if workers < 1:
            raise ArgumentValueError(f"workers={workers}: use at least 1, or None for all CPUs")
        return int(workers)
    affinity = getattr(os, "sched_getaffinity", None)
    cpus = len(affinity(0)) if affinity else os.cpu_count() or 1
    caps = (os.environ.get(name, "") for name in ("SIGCONV_NUM_THREADS", "OMP_NUM_THREADS"))
    return next((min(cpus, int(cap)) for cap in caps if cap.isdecimal() and int(cap) > 0), cpus)
