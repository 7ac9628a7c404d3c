"""What this installation and this machine are, for a bug report."""

import os
import platform
from importlib.metadata import PackageNotFoundError, version

import numpy as np

from .. import __version__
from ..engines.machine import cpu
from ..engines.transforms import engine_names, installed
from ..methods.workers import available_workers
from ..planning import stored

_PACKAGES = ("numpy", "scipy", "numba", "pyfftw", "soundfile", "pillow", "matplotlib", "typer", "rich")


def lines() -> list[str]:
    """Return the lines that `sigconv info` prints.

    Returns
    -------
    list of str
    """
    facts = {
        "sigconv": __version__,
        "python": f"{platform.python_version()} ({platform.python_implementation()}, {platform.platform()})",
        **{package: _version(package) for package in _PACKAGES},
        "transforms": _transforms(),
        "direct sums": "numba" if installed("numba") else "numpy",
        "CPU": cpu(),
        "cores": str(os.cpu_count() or "unknown"),
        "prices": f"{stored.current().source} ({stored.place()})",
        "workers": str(available_workers(None)),
    }
    return [f"{name:<12} {fact}" for name, fact in facts.items()]


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "not installed"


def _transforms() -> str:
    (first, large), (long,) = (engine_names(np.dtype(c)) for c in "dg")
    return f"{large}, {first} where that is faster, {long} in long double"
