"""The peers: what each serves, how it is called for the same work, and what it would cost."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial
from importlib import import_module
from importlib.util import find_spec
from typing import Any

from .points import Array, Point

Call = Callable[[], Any]
OURS = "sigconv"
_MEMORY = 8 << 30
_FAMILIES = ("ours", "arrays", "images", "networks", "transforms")


def _nothing(point: Point) -> int:
    return 0


@dataclass(frozen=True)
class Peer:
    """One library's way to a result.

    `bind(point, threads)` returns a function of signal and kernel; `keep(point, kernel, threads)`, where a user can
    prepare a kernel, returns a function of signals alone. `why_not` says why a point is not its kind of work;
    `seconds` and `bytes` are rough estimates, so that nobody waits for what is hopeless.
    """

    name: str
    module: str
    why_not: Callable[[Point], str | None]
    bind: Callable[[Point, int], Callable[[Array, Array], Any]]
    seconds: Callable[[Point], float]
    keep: Callable[[Point, Array, int], Callable[[Array], Any]] | None = None
    bytes: Callable[[Point], int] = _nothing

    def serves(self, point: Point) -> bool:
        """Return whether the peer does the same work."""
        return self.why_not(point) is None

    def prepare(self, point: Point, signal: Array, kernel: Array, threads: int) -> Call:
        """Return a call without arguments that does the point's work, with all that a user would have to pass."""
        if not point.pieces:
            return partial(self.bind(point, threads), signal, kernel)
        piece = point.piece()
        if self.keep is not None:
            kept = self.keep(piece, kernel, threads)
            return lambda: [kept(x) for x in signal]
        call = self.bind(piece, threads)
        return lambda: [call(x, kernel) for x in signal]

    def refuses(self, point: Point, limit: float) -> str | None:
        """Return why the peer is left out at a point, or None."""
        if not installed(self.module):
            return "not installed"
        reason = self.why_not(point)
        if reason is not None:
            return reason
        seconds, size = self.seconds(point), self.bytes(point)
        if seconds > limit:
            return f"too slow: about {seconds:.0f} s"
        return f"too large: about {size / 2**30:.0f} GiB" if size > _MEMORY else None


@lru_cache
def installed(module: str) -> bool:
    """Return whether a module can be imported, without importing it."""
    return find_spec(module) is not None


def all_peers() -> Iterator[Peer]:
    """Yield sigconv, then everyone else; no library is imported before its peer is bound."""
    for family in _FAMILIES:
        yield from import_module(f".libraries.{family}", __package__).PEERS


def named(patterns: Sequence[str]) -> list[Peer]:
    """Return sigconv and the peers whose names contain one of the patterns; all without patterns."""
    return [p for p in all_peers() if p.name == OURS or not patterns or any(s in p.name for s in patterns)]
