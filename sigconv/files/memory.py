"""Refuse what cannot fit in memory before the operating system has to end the process."""

import os
from pathlib import Path


def available() -> int | None:
    """Return how many bytes this process may still take, None where the system does not say.

    Linux says what is free and what a container allows; elsewhere the size of the memory stands in for it.
    """
    known = [room for room in (_linux_free(), _container_free()) if room is not None]
    return min(known) if known else _installed()


def require(size: int, purpose: str) -> None:
    """Raise a MemoryError when `size` bytes are more than there is room for.

    Parameters
    ----------
    size : int
        The bytes needed.
    purpose : str
        What for, as the error says it: "reading x.wav".

    Raises
    ------
    MemoryError
    """
    room = available()
    if room is not None and size > room:
        raise MemoryError(f"{purpose} takes {size / 2**30:.4g} GiB and {room / 2**30:.4g} GiB are free")


def _linux_free() -> int | None:
    try:
        lines = Path("/proc/meminfo").read_text(encoding="ascii").splitlines()
        return next(1024 * int(line.split()[1]) for line in lines if line.startswith("MemAvailable:"))
    except (OSError, StopIteration):
        return None


def _container_free(folder: Path = Path("/sys/fs/cgroup")) -> int | None:
    """What a container may still take; what it holds counts the cache of files, which gives way when it is needed."""
    try:
        statistics = dict(line.split() for line in (folder / "memory.stat").read_text().splitlines())
        cached = int(statistics["active_file"]) + int(statistics["inactive_file"])
        held = int((folder / "memory.current").read_text()) - cached
        return max(0, int((folder / "memory.max").read_text()) - held)
    except (OSError, ValueError, KeyError):  # not a container, or "max": no limit
        return None


def _installed() -> int | None:
    try:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, OSError, ValueError):
        return None
