"""The command `sigconv`: what it prints when something is wrong, and its exit status."""

import errno
import signal
import sys
from typing import NoReturn

from ..errors import SigconvError

_NO_ROOM = (errno.ENOSPC, errno.EFBIG, getattr(errno, "EDQUOT", errno.ENOSPC))


def main() -> None:
    """Run the command; a foreseeable failure is one line on stderr and exit status 2.

    Raises
    ------
    SystemExit
        Always: 0 done, 2 not done, 130 interrupted, 143 ended by the system.
    """
    for number in (signal.SIGINT, signal.SIGTERM):
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, _leave)
    try:
        _run()
    except (SigconvError, OSError, MemoryError) as error:
        _fail(explain(error))
    except ModuleNotFoundError as error:
        if error.name is None or error.name.partition(".")[0] not in ("typer", "rich"):
            raise
        _fail(f'the command needs {error.name}, which is not installed: pip install "sigconv[cli]"')


def _leave(number: int, frame: object) -> NoReturn:
    """Clean up and end, with the status that a shell expects of a signal."""
    sys.exit(128 + number)


def _run() -> None:
    sys.stdout.reconfigure(errors="replace")  # type: ignore[union-attr]  # a terminal may lack "×", say
    from .commands import app

    app(prog_name="sigconv")


def _fail(text: str) -> NoReturn:
    print("sigconv:", " ".join(text.split()), file=sys.stderr)
    sys.exit(2)


def explain(error: Exception) -> str:
    """Say what went wrong and what to do about it.

    Parameters
    ----------
    error : Exception
        A SigconvError, an OSError or a MemoryError.

    Returns
    -------
    str
    """
    if isinstance(error, OSError):
        return _explain_file(error)
    if isinstance(error, MemoryError):
        return f"not enough memory ({error}): use a shorter kernel or signal"
    return str(error)


def _explain_file(error: OSError) -> str:
    name = error.filename or "the output"
    if error.errno in _NO_ROOM:
        return f"no room to write {name}: free some space or write elsewhere"
    if isinstance(error, FileNotFoundError):
        return f"no such file or folder: {name}: check the name"
    if isinstance(error, IsADirectoryError):
        return f"{name} is a folder: give the name of a file"
    if isinstance(error, PermissionError):
        return f"no permission for {name}: change its permissions or use another place"
    return f"{name}: {error.strerror or error}"
