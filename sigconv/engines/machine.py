"""What is kept between processes depends on: this machine's CPU, the versions of libraries; and where it is kept."""

from __future__ import annotations

import os
import sys
from importlib.util import find_spec
from itertools import takewhile
from pathlib import Path

_CPUINFO = Path("/proc/cpuinfo")


def folder() -> Path:
    """Return the user's cache folder of sigconv: SIGCONV_CACHE_DIR, or where the system keeps such things."""
    asked = os.environ.get("SIGCONV_CACHE_DIR")
    if asked:
        return Path(asked)
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA", "~\\AppData\\Local")).expanduser() / "sigconv" / "Cache"
    if sys.platform == "darwin":
        return Path("~/Library/Caches/sigconv").expanduser()
    return Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache").expanduser() / "sigconv"


def cpu() -> str:
    """Return the CPU's name, with family and model where they are known, or at least what it executes."""
    if sys.platform == "linux":
        return _cpu_linux() or os.uname().machine
    if sys.platform == "darwin":
        return _cpu_mac()
    return os.environ.get("PROCESSOR_IDENTIFIER", "unknown")


def _cpu_linux() -> str:
    """Return the CPU's name; virtual machines give the same one to CPUs of several families and models."""
    try:
        with _CPUINFO.open(encoding="utf-8", errors="replace") as file:
            rows = [row.partition(":") for row in takewhile(str.strip, file)]
    except OSError:
        return ""
    known = {name.strip(): value.strip() for name, _, value in rows}
    name, *numbers = (known.get(key, "") for key in ("model name", "cpu family", "model"))
    return f"{name} (family {numbers[0]}, model {numbers[1]})" if all(numbers) else name


def _cpu_mac() -> str:
    from ctypes import CDLL, byref, c_size_t, create_string_buffer

    name, size = create_string_buffer(256), c_size_t(256)
    failed = CDLL(None).sysctlbyname(b"machdep.cpu.brand_string", name, byref(size), None, c_size_t(0))
    return "unknown" if failed else name.value.decode(errors="replace")


def version_of(module: str) -> str:
    """Return a library's version by the name of its folder, since importlib.metadata takes 20 ms to import."""
    spec = find_spec(module)
    if spec is None or not spec.origin:
        return "not installed"
    names = (name.lower().removesuffix(".dist-info") for name in os.listdir(Path(spec.origin).parent.parent))
    return next((name.partition("-")[2] for name in names if name.startswith(f"{module}-")), "unknown")
