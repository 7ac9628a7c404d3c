"""Write a file whole or not at all: beside it first, then renamed over it."""

import errno
import os
import secrets
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO, TypeVar

T = TypeVar("T")


class GuardedFile:
    """A file for encoders that lose errors: it keeps the first one, swallows what follows, and `check` raises it.

    libsndfile, Pillow and numpy, given a real file on a full disk, report an error without its number, or none at all.
    """

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._error: BaseException | None = None

    def write(self, data: bytes) -> int:
        """Write, and return the number of bytes taken."""
        return self._guard(lambda: self._file.write(data), len(data))

    def read(self, size: int = -1) -> bytes:
        """Return nothing: the file is written only, but encoders ask for the method."""
        return b""

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """Move, and return the new position."""
        return self._guard(lambda: self._file.seek(offset, whence), 0)

    def tell(self) -> int:
        """Return the position."""
        return self._guard(self._file.tell, 0)

    def flush(self) -> None:
        """Hand everything to the operating system."""
        self._guard(self._file.flush, None)

    def check(self) -> None:
        """Raise the first error met, if there was one."""
        if self._error is not None:
            raise self._error

    def _guard(self, action: Callable[[], T], instead: T) -> T:
        if self._error is not None:
            return instead
        try:
            return action()
        except BaseException as error:  # raised inside libsndfile's callback, even an interrupt would be lost
            self._error = error
            return instead


@contextmanager
def beside(path: Path) -> Iterator[Path]:
    """Give a temporary name in the same folder; rename it to `path` when the block ends well, else remove it.

    Parameters
    ----------
    path : Path
        The file to make or to replace; a link is followed, and an existing file's permissions are kept.

    Raises
    ------
    OSError
        With `path` as its file name, when the file cannot be written.
    """
    target = Path(os.path.realpath(path))
    temporary = target.with_name(f".sigconv-{secrets.token_hex(6)}{target.suffix}")
    try:
        yield temporary
        _to_disk(temporary)
        if target.exists():
            shutil.copymode(target, temporary)
        os.replace(temporary, target)
    except BaseException as error:
        with suppress(OSError):
            temporary.unlink()
        if isinstance(error, OSError):
            raise OSError(error.errno, error.strerror or str(error), str(path)) from error
        raise


@contextmanager
def replacing(path: Path) -> Iterator[GuardedFile]:
    """Give a binary file to write to; it takes the place of `path` when the block ends well, else it vanishes.

    Parameters
    ----------
    path : Path
        The file to make or to replace.

    Raises
    ------
    OSError
        With `path` as its file name, when the file cannot be written.
    """
    with beside(path) as temporary, open(temporary, "xb") as raw:
        file = GuardedFile(raw)
        yield file
        file.flush()
        file.check()


def check_place(path: Path) -> None:
    """Check that a file of this name could be made, as far as that shows without making it.

    Parameters
    ----------
    path : Path
        The file.

    Raises
    ------
    OSError
        When its folder is not there, or it is a folder itself.
    """
    if path.is_dir():
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
    if not path.absolute().parent.is_dir():
        raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), str(path.parent))


def _to_disk(path: Path) -> None:
    """Without this a power cut just after the rename could leave an empty file in the place of the old one."""
    with open(path, "rb+") as file:
        os.fsync(file.fileno())
