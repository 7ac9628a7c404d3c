"""What this installation and this machine are, for a bug report."""

import os
import platform
import subprocess
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import numpy as np

from .. import __version__
from ..engines.transforms import engine_names, installed
from ..methods.execute import available_workers

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
        "CPU": _cpu() or "unknown",
        "cores": str(os.cpu_count() or "unknown"),
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


def _cpu() -> str:
    """platform.processor() is empty on most Linux systems and a family number on Windows and macOS."""
    if platform.system() == "Linux":
        return _cpu_linux() or platform.machine()
    if platform.system() == "Darwin":
        command = ["sysctl", "-n", "machdep.cpu.brand_string"]
        return subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip()
    return os.environ.get("PROCESSOR_IDENTIFIER", platform.processor())


def _cpu_linux() -> str:
    try:
        rows = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return ""
    return next((row.partition(":")[2].strip() for row in rows if row.startswith("model name")), "")
