"""Figures that touch no global state of matplotlib: no window, no current figure, no style is changed."""

from __future__ import annotations

from os import PathLike
from typing import Any

from .errors import FileError

Path = str | PathLike[str]


def subplots(rows: int, columns: int, size: tuple[float, float], **options: Any) -> Any:
    """Return an array (rows, columns) of axes on a new figure of a size in inches.

    Raises
    ------
    FileError
        If matplotlib is not installed.
    """
    try:
        from matplotlib.figure import Figure
    except ImportError:
        raise FileError('plots need matplotlib: pip install "sigconv[plot]"') from None
    return Figure(figsize=size, layout="constrained").subplots(rows, columns, squeeze=False, **options)


def finished(axes: Any, title: str = "", path: Path | None = None) -> Any:
    """Return the axes, their figure titled, and written to a file if one is named."""
    figure = axes.flat[0].figure
    figure.suptitle(title)
    if path is not None:
        figure.savefig(path)
    return axes


def bare(ax: Any, title: str = "") -> None:
    """Leave ticks away, which say nothing about a picture."""
    ax.set(xticks=[], yticks=[], title=title)
