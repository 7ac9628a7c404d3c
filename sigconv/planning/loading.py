"""What this process has loaded, and when loading more pays.

An engine that this process has not used yet costs its import, and its loops are loaded from the disk or compiled. A
call counts that in. Calls that are too short for it take what is loaded already, and what they lose that way is added
up: once they have lost a share of what loading costs, the next one loads. Were the share the whole, all calls together
would never take more than about twice what they would have taken had their number been known at the start (the rule of
ski rental: A. R. Karlin et al., Competitive snoopy caching, Algorithmica 3, 1988). But who has made some calls will
mostly make many more, and loading takes less time than importing what else would serve: so the share is small, and
larger for what must be compiled.

Plans and filters are made for many calls, and a method that is named is to do the same each time: they load what they
need when they are first used. That a call saves a few microseconds is not worth it, though: of what a way needs, each
of their calls pays a share.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import NamedTuple

from ..engines.forks import Locked
from ..methods.protocol import Components
from .cost import Prices

# What other libraries of the process may have imported.
_IMPORTS = {"fftw": "pyfftw", "scipy": "scipy.fft"}


_CALLS = 100_000
# The shares of the prices of loading and of compiling that calls lose before it is done.
_LOADING, _COMPILING = 1 / 400, 1 / 50
# Below which Numba keeps compiled loops, unless NUMBA_CACHE_DIR is set.
_ENGINES = Path(__file__).parent.parent / "engines"


class Wait(NamedTuple):
    """What a call loses by not waiting for what it lacks: seconds a call, and how long each component can wait."""

    seconds: float
    prices: tuple[tuple[str, float], ...]


def load_seconds(components: Iterable[str], prices: Prices) -> float:
    """Return the time of loading some components."""
    return sum(_seconds(component, prices) for component in components)


@cache
def share(needs: Components, prices: Prices) -> float:
    """Return what each call pays for what its way needs, so that nothing is loaded for next to nothing."""
    return sum(prices.load_seconds[component.partition(" ")[0]] for component in needs) / _CALLS


def patience(component: str, prices: Prices) -> float:
    """Return how many seconds calls lose for want of a component before it is loaded."""
    name = component.partition(" ")[0]
    return _seconds(component, prices) * (_COMPILING if _is_compiled(name, prices) else _LOADING)


def _seconds(component: str, prices: Prices) -> float:
    """Return the time of loading a component, or of compiling it where the disk does not hold it."""
    name = component.partition(" ")[0]
    return (prices.compile_seconds if _is_compiled(name, prices) else prices.load_seconds)[name]


def _is_compiled(name: str, prices: Prices) -> bool:
    """Return whether a component must be compiled."""
    return name in prices.compile_seconds and not on_disk(name)


@cache
def on_disk(module: str) -> bool:
    """Return whether the loops of a module of the engines were compiled before, by this process or another one.

    What is kept of an older version of the module does not count: Numba compiles anew.
    """
    folder = os.environ.get("NUMBA_CACHE_DIR")
    written = max([source.stat().st_mtime for source in _ENGINES.rglob(f"{module}.py")])
    kept = (Path(folder) if folder else _ENGINES).rglob(f"{module}.*.nbi")
    return any(index.stat().st_mtime >= written for index in kept)


class Loaded(Locked):
    """The components that a process has loaded, and what its calls have lost for want of others."""

    def __init__(self) -> None:
        super().__init__()
        self.ready: Components = frozenset()
        self._lost: dict[str, float] = {}

    def note(self, components: Components) -> None:
        """Take components for loaded."""
        if not components <= self.ready:
            with self.lock:
                self.ready |= components

    def refresh(self) -> Components:
        """Return what is loaded, with what other libraries have imported in the meantime."""
        self.note(frozenset(name for name, module in _IMPORTS.items() if module in sys.modules))
        return self.ready

    def lose(self, wait: Wait) -> None:
        """Add what a call lost; a component for whose price calls have lost enough counts as loaded from now on."""
        total = sum(price for _, price in wait.prices)
        with self.lock:
            for component, price in wait.prices:
                lost = self._lost.get(component, 0.0) + wait.seconds * price / total
                self._lost[component] = lost
                if lost >= price:
                    self.ready |= {component}


PROCESS = Loaded()
