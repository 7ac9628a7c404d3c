"""The explorer: one web page on which convolution and correlation can be followed number by number.

The page is a single file that needs no network: `write` makes it, `Explorer` shows it in a notebook, and the command
``sigconv explore`` opens it in the browser.
"""

from __future__ import annotations

import html
from dataclasses import dataclass
from os import PathLike
from pathlib import Path

from ...files.replace import beside
from .assemble import page

__all__ = ["Explorer", "page", "write"]


def write(path: str | PathLike[str]) -> Path:
    """Write the explorer into a file; the file is whole or not there at all.

    Parameters
    ----------
    path : str or path
        The file to write, such as ``"page.html"``. It is replaced if it exists.

    Returns
    -------
    Path
        The file that was written.

    Raises
    ------
    OSError
        If it can't be written.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     write(Path(folder) / "page.html").stat().st_size < 600_000
    True
    """
    path = Path(path)
    with beside(path) as temporary:
        temporary.write_text(page(), encoding="utf-8", newline="\n")
    return path


@dataclass(frozen=True)
class Explorer:
    """The explorer in a notebook: the last expression of a cell shows it.

    Parameters
    ----------
    height : int
        The height of its frame in pixels.

    Examples
    --------
    >>> Explorer(height=600)._repr_html_()[:7]
    '<iframe'
    """

    height: int = 900

    def _repr_html_(self) -> str:
        """Return the page in a frame of its own, so that it and the notebook can't disturb each other."""
        return (
            f'<iframe srcdoc="{html.escape(page())}" title="sigconv explorer" '
            f'style="width: 100%; height: {self.height}px; border: 0"></iframe>'
        )
