"""Measured plans of FFTW, and what measuring them has taught it.

By default FFTW plans by its estimate, which takes microseconds. SIGCONV_FFTW_EFFORT=measure (or patient) in the
environment has it measure, once for each length and dtype: that takes a fraction of a second for blocks and half a
minute for millions of samples, and can give half as much speed again where a transform does not stay in cache. What it
finds, its wisdom, is stored in the user's cache folder, for this CPU and this pyfftw. A file that can't be read or is
for others is left alone with one warning, and this process measures for itself. Two processes that store at once leave
a whole file, with what one of them has measured or both.

It is the environment that asks, and no argument, because planning is done once for all calls of a process, and changes
no result beyond its rounding.
"""

from __future__ import annotations

import json
import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any

import pyfftw

from ..errors import ArgumentValueError
from . import kept_file
from .kept_file import Unusable
from .machine import cpu, folder, version_of

FORMAT = 1
_EFFORTS = ("estimate", "measure", "patient")

Learned = tuple[bytes, ...]


def effort() -> str:
    """Return how FFTW plans: as the environment asks, or by its estimate."""
    asked = os.environ.get("SIGCONV_FFTW_EFFORT") or "estimate"
    if asked not in _EFFORTS:
        raise ArgumentValueError(f"SIGCONV_FFTW_EFFORT={asked!r} in the environment: use {', '.join(_EFFORTS)}")
    return asked


def place() -> Path:
    """Return where wisdom is stored."""
    return folder() / "fftw.json"


def machine() -> dict[str, str]:
    """Return what wisdom depends on."""
    return {"cpu": cpu(), "pyfftw": version_of("pyfftw")}


def load(path: Path) -> Learned | None:
    """Return the wisdom that a file holds, of each precision, or None if there is none.

    Raises
    ------
    Unusable
        If the file's wisdom is not for this machine and this sigconv.
    """
    content = kept_file.content(path, FORMAT, machine())
    return None if content is None else _texts(content.get("wisdom"))


def _texts(found: Any) -> Learned:
    if not (isinstance(found, list) and len(found) == 3 and all(isinstance(text, str) for text in found)):
        raise Unusable("it holds no wisdom")
    return tuple(text.encode() for text in found)


def store(learned: Learned, path: Path) -> None:
    """Write wisdom to a file, whole or not at all."""
    document = kept_file.document(FORMAT, machine(), "wisdom", [part.decode("ascii") for part in learned])
    path.parent.mkdir(parents=True, exist_ok=True)
    with NamedTemporaryFile("w", dir=path.parent, prefix=".fftw-", encoding="ascii", delete=False) as file:
        try:
            json.dump(document, file)
            file.close()
            os.replace(file.name, path)
        except BaseException:
            with suppress(OSError):
                os.remove(file.name)
            raise


class _Wisdom:
    """What FFTW knows in this process, and whether it is stored; used while nothing else plans."""

    def __init__(self) -> None:
        self._stored: Learned | None = None
        self._kept = True

    @contextmanager
    def used(self, effort: str) -> Iterator[None]:
        """Plan with what is stored, and store what is learned, unless FFTW only estimates."""
        if effort == "estimate":
            yield
            return
        if self._stored is None:
            self._read()
        yield
        if self._kept and pyfftw.export_wisdom() != self._stored:
            self._read()  # what others have learned in the meantime
            self._write()

    def _read(self) -> None:
        """Add the stored wisdom to what FFTW knows."""
        try:
            found = load(place())
            if found is not None and not all(pyfftw.import_wisdom(found)):
                raise Unusable("FFTW does not take it")
        except Unusable as reason:
            self._leave(f"is not used: {reason}; without that file a new one is made")
        self._stored = pyfftw.export_wisdom()

    def _write(self) -> None:
        """Store what FFTW knows."""
        if self._kept and self._stored is not None:
            try:
                store(self._stored, place())
            except OSError as error:
                self._leave(f"can't be written: {error}")

    def _leave(self, reason: str) -> None:
        """Neither read nor write any more, with one warning."""
        self._kept = False
        warnings.warn(f"FFTW's stored wisdom {place()} {reason}", RuntimeWarning, stacklevel=2)


WISDOM = _Wisdom()
