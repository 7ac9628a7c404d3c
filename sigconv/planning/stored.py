"""The prices of this machine: those that `sigconv calibrate` has stored, or else the priors.

They lie in the user's cache folder. A file that can't be read, was made on another machine or with other versions of
the libraries, or by a later sigconv, is left alone with one warning: the priors serve, and results are as right.
"""

from __future__ import annotations

import os
import warnings
from dataclasses import asdict
from math import isfinite
from pathlib import Path
from typing import Any

import numpy as np

from ..engines import kept_file
from ..engines.forks import Locked
from ..engines.kept_file import Unusable
from ..engines.machine import cpu, folder, version_of
from .cost import PRIORS, Prices

FORMAT = 1
_LIBRARIES = ("scipy", "numba", "pyfftw")


def place() -> Path:
    """Return where the prices are stored."""
    return folder() / "prices.json"


def machine() -> dict[str, Any]:
    """Return what the prices depend on: the CPU and how many there are, and the libraries' versions."""
    return {"cpu": cpu(), "cpus": os.cpu_count() or 1, "numpy": np.__version__} | {n: version_of(n) for n in _LIBRARIES}


def document(prices: Prices) -> dict[str, Any]:
    """Return prices as what a file holds."""
    return kept_file.document(FORMAT, machine(), "prices", asdict(prices))


def load(path: Path) -> Prices | None:
    """Return the prices that a file holds, or None if there is none.

    Raises
    ------
    Unusable
        If the file's prices are not for this machine and this sigconv.
    """
    content = kept_file.content(path, FORMAT, machine())
    if content is None:
        return None
    prices = content.get("prices")
    if not _alike(prices, asdict(PRIORS)):
        raise Unusable("its prices are not those that this version of sigconv uses")
    assert isinstance(prices, dict)
    return Prices(**prices)


def _alike(found: Any, model: Any) -> bool:
    """Return whether prices have the same names as others, and are positive."""
    if isinstance(model, dict):
        same = isinstance(found, dict) and found.keys() == model.keys()
        return same and all(_alike(found[name], model[name]) for name in model)
    if isinstance(model, (list, tuple)):
        same = isinstance(found, (list, tuple)) and len(found) == len(model)
        return same and all(map(_alike, found, model))
    if isinstance(model, str):
        return isinstance(found, str)
    return isinstance(found, (int, float)) and not isinstance(found, bool) and isfinite(found) and found > 0


class _Current(Locked):
    """The prices in use."""

    prices: Prices | None = None


_current = _Current()


def current() -> Prices:
    """Return the prices of this machine, read when they are first asked for."""
    if _current.prices is None:
        with _current.lock:
            _current.prices = _current.prices or _read()
    return _current.prices


def use(prices: Prices | None) -> None:
    """Take prices from now on; None: those that are stored."""
    _current.prices = prices


def _read() -> Prices:
    """Return the stored prices, or with a warning the priors, if they can't be used."""
    path = place()
    try:
        return load(path) or PRIORS
    except Unusable as reason:
        warnings.warn(
            f"the stored prices {path} are not used: {reason}; `sigconv calibrate` measures new ones",
            RuntimeWarning,
            stacklevel=3,
        )
        return PRIORS
