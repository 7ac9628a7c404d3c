"""Tables for notebooks; colours are the page's own, so that they show on light and on dark."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape


def table(header: Sequence[str], rows: Sequence[Sequence[str]], caption: str = "") -> str:
    """Return a table; every text in it is escaped.

    >>> table(["a"], [["<1"]])
    '<table><thead><tr><th>a</th></tr></thead><tbody><tr><td>&lt;1</td></tr></tbody></table>'
    """
    title = f"<caption>{escape(caption)}</caption>" if caption else ""
    head = "".join(f"<th>{escape(cell)}</th>" for cell in header)
    body = "".join("<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>" for row in rows)
    return f"<table>{title}<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def lines(texts: Sequence[str]) -> str:
    """Return paragraphs.

    >>> lines(["a & b"])
    '<p>a &amp; b</p>'
    """
    return "".join(f"<p>{escape(text)}</p>" for text in texts)
