"""sigconv itself."""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import partial
from typing import Any

from ..peers import OURS, Peer
from ..points import Array, Point


def options(point: Point, threads: int) -> dict[str, Any]:
    """Return the keywords that a user would pass: those that are not the defaults."""
    from sigconv.methods.workers import available_workers

    found: dict[str, Any] = {}
    if point.axes is not None:
        found["axes"] = point.axes
    if point.boundary != "zero":
        found["boundary"] = point.boundary
    if point.center is not None:
        found["center"] = point.center
    if threads != available_workers(None):
        found["workers"] = threads
    return found


def _bind(point: Point, threads: int) -> Callable[[Array, Array], Array]:
    import sigconv

    if point.layer is not None:
        os.environ["SIGCONV_NUM_THREADS"] = str(threads)
        return partial(getattr(sigconv.nn, f"conv{point.ndim}d"), **point.layer._asdict())
    call, keywords, mode = getattr(sigconv, point.operator), options(point, threads), point.mode
    return lambda x, k: call(x, k, mode, **keywords)


def _keep(point: Point, kernel: Array, threads: int) -> Callable[[Array], Array]:
    from sigconv import Filter

    return Filter(kernel, point.mode, **options(point, threads))


PEERS = [Peer(OURS, "sigconv", lambda point: None, _bind, lambda point: 0.0, _keep)]
