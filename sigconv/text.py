"""Numbers and tables as plain text."""

from __future__ import annotations

from collections.abc import Sequence

_UNITS = ((1.0, "s"), (1e-3, "ms"), (1e-6, "µs"))


def duration(seconds: float) -> str:
    """Return a time in the unit that suits it.

    >>> duration(0.00123), duration(85.25)
    ('1.23 ms', '85.2 s')
    """
    scale, unit = next(((s, u) for s, u in _UNITS if seconds >= s), _UNITS[-1])
    return f"{figures(seconds / scale)} {unit}"


def size(count: float) -> str:
    """Return a number of bytes in the unit that suits it.

    >>> size(1536)
    '1.54 kB'
    """
    for unit in ("B", "kB", "MB", "GB"):
        if count < 1000:
            return f"{figures(count)} {unit}"
        count /= 1000
    return f"{figures(count)} TB"


def figures(value: float) -> str:
    """Return a number with three figures, whole where it is larger.

    >>> figures(3.14159), figures(12345.6)
    ('3.14', '12346')
    """
    return f"{value:.3g}" if abs(value) < 1000 else f"{value:.0f}"


def shape_text(shape: Sequence[int]) -> str:
    """Return a shape as it is spoken.

    >>> shape_text((640, 480))
    '640×480'
    """
    return "×".join(map(str, shape)) or "scalar"


def columns(rows: Sequence[Sequence[str]], right: Sequence[int] = ()) -> list[str]:
    """Return the rows as lines with aligned columns; those listed are aligned to the right.

    >>> columns([("a", "bb"), ("ccc", "d")], right=[1])
    ['a    bb', 'ccc   d']
    """
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    aligned = (
        [
            cell.rjust(width) if i in right else cell.ljust(width)
            for i, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        for row in rows
    )
    return ["  ".join(row).rstrip() for row in aligned]
