"""Is an audio file all there? libsndfile quietly returns what is left of a truncated WAV or OGG file."""

import os
from pathlib import Path
from typing import BinaryIO

# A recorder that writes to a pipe cannot go back and fill in the length; these programs leave a number near 2³¹ or 2³².
_UNKNOWN_LENGTH = 0x7FFFF000
_LAST_PAGE = 4


def wav(path: Path) -> bool:
    """Return whether a WAV file is as long as its header says."""
    with open(path, "rb") as file:
        size = os.fstat(file.fileno()).st_size
        promised = _wav_data_length(file)
        return promised is not None and (promised >= _UNKNOWN_LENGTH or file.tell() + promised <= size)


def _wav_data_length(file: BinaryIO) -> int | None:
    """Walk the chunks up to the samples; return how many bytes of them are promised, None when there are none."""
    order = "big" if file.read(12)[:4] == b"RIFX" else "little"
    long_length = None
    while len(head := file.read(8)) == 8:
        name, length = head[:4], int.from_bytes(head[4:], order)  # type: ignore[arg-type]
        if name == b"data":
            return length if long_length is None else min(long_length, _UNKNOWN_LENGTH - 1)
        start = file.tell()
        if name == b"ds64":  # in an RF64 file, the lengths that 32 bits cannot hold
            long_length = int.from_bytes(file.read(16)[8:], "little")
        file.seek(start + length + length % 2)
    return None


def ogg(path: Path) -> bool:
    """Return whether an OGG file runs up to a complete page that is marked as the last one."""
    with open(path, "rb") as file:
        size = os.fstat(file.fileno()).st_size
        flags = 0
        while len(head := file.read(27)) == 27 and head[:4] == b"OggS":
            if file.seek(sum(file.read(head[26])), os.SEEK_CUR) > size:
                return False
            flags = head[5]
        return bool(flags & _LAST_PAGE)
