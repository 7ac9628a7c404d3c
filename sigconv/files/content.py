"""Is a file what its name says? Decided by its first bytes, before any decoder sees it."""

from pathlib import Path

from ..errors import FileError

# (content, usual suffix, offset, bytes at that offset); the last of them only to say what a misnamed file holds.
_SIGNATURES = (
    ("WAV", ".wav", 8, b"WAVE"),
    ("FLAC", ".flac", 0, b"fLaC"),
    ("OGG", ".ogg", 0, b"OggS"),
    ("PNG", ".png", 0, b"\x89PNG\r\n\x1a\n"),
    ("JPEG", ".jpg", 0, b"\xff\xd8\xff"),
    ("TIFF", ".tif", 0, b"II*\0"),
    ("TIFF", ".tif", 0, b"MM\0*"),
    ("TIFF", ".tif", 0, b"II+\0"),
    ("NPY", ".npy", 0, b"\x93NUMPY"),
    ("MP3", ".mp3", 0, b"ID3"),
    ("AIFF", ".aiff", 0, b"FORM"),
    ("GIF", ".gif", 0, b"GIF8"),
    ("BMP", ".bmp", 0, b"BM"),
    ("WebP", ".webp", 8, b"WEBP"),
    ("zip or NPZ", ".zip", 0, b"PK\x03\x04"),
    ("PDF", ".pdf", 0, b"%PDF"),
)


def check(path: Path, expected: str) -> None:
    """Check by its first bytes that a file holds what its suffix says.

    Parameters
    ----------
    path : Path
        The file.
    expected : str
        "WAV", "FLAC", "OGG", "PNG", "JPEG", "TIFF" or "NPY".

    Raises
    ------
    FileError
        When it is empty or holds something else.
    """
    with open(path, "rb") as file:
        head = file.read(16)
    if not head:
        raise FileError(f"{path} is empty (0 bytes): copy or save it again")
    held, suffix = identify(head)
    if held == expected:
        return
    if held is None:
        raise FileError(f"{path} does not hold {expected} data, whatever its name says: give a real {expected} file")
    raise FileError(f"{path} is named {path.suffix} but holds {held} data: rename it to {suffix} or convert it")


def identify(head: bytes) -> tuple[str | None, str]:
    """Return what a file that starts with `head` holds and the suffix for that, (None, "") when unknown."""
    for held, suffix, offset, signature in _SIGNATURES:
        if head[offset : offset + len(signature)] == signature:
            return held, suffix
    return None, ""
