"""Put the page together: the template, the styles, the modules of the script and the data, in one text."""

from __future__ import annotations

import json
import re
from base64 import b64encode
from graphlib import TopologicalSorter
from importlib.resources import files
from importlib.resources.abc import Traversable
from string import Template

from ... import __version__
from .cards import cards

_IMPORT = re.compile(r'^import \{[^}]*\} from "\./(\w+)\.js";\n', re.MULTILINE)
_EXPORT = re.compile(r"^export (?=const|function|async|class)", re.MULTILINE)
_FOLDER: Traversable = files(__package__) / "page"


def page() -> str:
    """Return the explorer as one HTML page.

    Returns
    -------
    str
        The page, which refers to no other file and needs no network.

    Examples
    --------
    >>> page().count("<h1>")
    1
    """
    return Template(_text("template.html")).substitute(
        style=_text("style.css"),
        channels="\n".join(Template(_text("channel.html")).substitute(colour=c) for c in ("red", "green", "blue")),
        data=_data(),
        script=script("main"),
        version=__version__,
    )


def script(start: str) -> str:
    """Return a module with all that it imports as one script, what is imported before what imports it.

    The names at the top of the modules must differ, as they share one scope; the browser refuses two equal ones.
    """
    sources: dict[str, str] = {}
    waiting = [start]
    while waiting:
        name = waiting.pop()
        if name not in sources:
            sources[name] = _text(f"{name}.js")
            waiting += _IMPORT.findall(sources[name])
    order = TopologicalSorter({name: _IMPORT.findall(text) for name, text in sources.items()}).static_order()
    return "\n".join(_EXPORT.sub("", _IMPORT.sub("", sources[name])) for name in order)


def _data() -> str:
    """Return what the script reads, as JSON that is safe inside a script element."""
    photo = b64encode((_FOLDER / "photo.jpg").read_bytes()).decode("ascii")
    data = {"gallery": cards(), "photo": f"data:image/jpeg;base64,{photo}"}
    return json.dumps(data, ensure_ascii=False).replace("<", "\\u003c")


def _text(name: str) -> str:
    return (_FOLDER / name).read_text(encoding="utf-8")
