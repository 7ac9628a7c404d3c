"""Read and write signals: WAV, FLAC, OGG, PNG, JPEG, TIFF and NPY.

The suffix of a name says what a file is, and a file that holds something else is an error. The libraries behind it
(soundfile, Pillow) load when first needed. A file is written whole or not at all: beside its place first, then
renamed, so that an existing file survives every failure.
"""

import os
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from ..errors import FileError
from . import array, audio, content, image
from .replace import GuardedFile, check_place, replacing
from .signal import Kind, Signal

__all__ = ["SUFFIXES", "Signal", "check_target", "read", "write"]


class _Type(NamedTuple):
    kind: Kind
    content: str
    read: Callable[[Path], Signal]
    write: Callable[[GuardedFile, str, Signal], int]


_TYPES = {
    ".wav": _Type("audio", "WAV", audio.read, audio.write),
    ".flac": _Type("audio", "FLAC", audio.read, audio.write),
    ".ogg": _Type("audio", "OGG", audio.read, audio.write),
    ".png": _Type("image", "PNG", image.read, image.write),
    ".jpg": _Type("image", "JPEG", image.read, image.write),
    ".jpeg": _Type("image", "JPEG", image.read, image.write),
    ".tif": _Type("image", "TIFF", image.read, image.write),
    ".tiff": _Type("image", "TIFF", image.read, image.write),
    ".npy": _Type("array", "NPY", array.read, array.write),
}
SUFFIXES = tuple(_TYPES)


def read(path: str | os.PathLike[str]) -> Signal:
    """Read one file.

    Parameters
    ----------
    path : path
        A file with one of the `SUFFIXES`.

    Returns
    -------
    Signal

    Raises
    ------
    FileError
        When the suffix is not supported, the content is not what the suffix says, is damaged, truncated or empty, or
        the library for it is missing.
    OSError
        When the file is not there or may not be read.
    MemoryError
        When it is too large for the memory that is free.
    """
    path = Path(path)
    kind = _type(path)
    content.check(path, kind.content)
    return kind.read(path)


def write(path: str | os.PathLike[str], signal: Signal) -> int:
    """Write one file, whole or not at all; an existing file is replaced.

    Parameters
    ----------
    path : path
        A file with one of the `SUFFIXES`: of the signal's own kind, or .npy for any.
    signal : Signal
        What to write. Audio and pictures are rounded to the signal's subtype and clipped to its range.

    Returns
    -------
    int
        How many samples were clipped.

    Raises
    ------
    FileError
        When the signal does not fit in a file of this type.
    OSError
        When the file can't be written: no such folder, no permission, no room.
    """
    path = Path(path)
    check_target(path, signal)
    with replacing(path) as file:
        return _type(path).write(file, path.suffix.lower(), signal)


def check_target(path: str | os.PathLike[str], signal: Signal) -> None:
    """Check what can be checked before a result is computed: the output's suffix, kind and folder.

    Parameters
    ----------
    path : path
        The file that will be written.
    signal : Signal
        What will be written, or the signal that it will be computed from.

    Raises
    ------
    FileError
        When a file of this type can't hold such a signal.
    OSError
        When the folder is not there or `path` is one.
    """
    path = Path(path)
    kind = _type(path).kind
    if kind not in (signal.kind, "array"):
        suffixes = [suffix for suffix, other in _TYPES.items() if other.kind in (signal.kind, "array")]
        raise FileError(f"{path} can't hold {signal.noun}: write {' or '.join(suffixes)}")
    check_place(path)


def _type(path: Path) -> _Type:
    try:
        return _TYPES[path.suffix.lower()]
    except KeyError:
        raise FileError(f"{path} has the suffix {path.suffix!r}: supported are {', '.join(_TYPES)}") from None
