"""Files that keep what was measured on a machine: of a format, for that machine and its libraries, else left alone."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import Any

_LONGEST = 1 << 24  # characters


class Unusable(Exception):
    """Why a file is left alone."""


def content(path: Path, form: int, machine: dict[str, Any]) -> dict[str, Any] | None:
    """Return what a file holds, or None if there is none.

    Raises
    ------
    Unusable
        If it can't be read, or is not for this machine and this sigconv.
    """
    try:
        with open(path, encoding="utf-8") as file:
            text = file.read(_LONGEST)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except UnicodeError:
        raise Unusable("it is damaged") from None
    except OSError as error:
        raise Unusable(f"it can't be read: {error}") from None
    found = _parsed(text)
    if not isinstance(found, dict) or found.get("format") != form:
        raise Unusable("it is in a format that this version of sigconv does not know")
    _check(found.get("machine"), machine)
    return found


def document(form: int, machine: dict[str, Any], name: str, kept: Any) -> dict[str, Any]:
    """Return what a file holds that keeps something under a name."""
    return {"format": form, "machine": machine, name: kept}


def _parsed(text: str) -> Any:
    """Return what a JSON text holds: of objects, lists, numbers and strings, which are literals of Python, too.

    (To import json would take longer than all else that is done here.)
    """
    try:
        return ast.literal_eval(text)
    except (ValueError, SyntaxError, MemoryError, RecursionError, TypeError):
        raise Unusable("it is damaged") from None


def _check(there: Any, here: dict[str, Any]) -> None:
    """Raise unless a file was made on this machine."""
    if there != here:
        kept = there if isinstance(there, dict) else {}
        other = ", ".join(
            f"{name} {kept.get(name)} instead of {here[name]}" for name in here if kept.get(name) != here[name]
        )
        raise Unusable(f"it was made on another machine or with other libraries ({other})")
