"""The named kernels, to look at: what they are, what they are for, what they do to a picture.

`KERNELS` maps each name to its title, formula, description, use and an example; `kernel("gaussian:9", 2)` gives the
weights, `facts` and `frequency_response` say what these weights do.

>>> KERNELS["sobel-x"].title
'Sobel along x'
>>> facts(kernel("sobel-x", 2, int))
Facts(sum=0, separable=True, symmetry='odd')
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..text import columns, figures
from .facts import Facts, facts, frequency_response
from .gallery_pictures import compare, plot
from .kernels import TABLE as KERNELS
from .kernels import find, kernel, names
from .kernels.entry import NamedKernel

__all__ = ["KERNELS", "Facts", "NamedKernel", "compare", "describe", "facts", "frequency_response"]
__all__ += ["kernel", "names", "plot", "table"]

Array = NDArray[Any]


def shown(entry: NamedKernel) -> Array:
    """Return the weights that an entry is shown with: of two axes if it has such, else of one."""
    return kernel(entry.example, 2 if entry.exists_in(2) else 1)


def table() -> str:
    """Return all kernels as text: how each is written, its name, and what its weights say.

    Examples
    --------
    >>> print(table().splitlines()[2])
    box:N                  Box blur (moving average)        any   box:5            1   yes        even
    """
    header = ("written", "name", "axes", "shown", "sum", "separable", "symmetry")
    return "\n".join(columns([header, *map(_cells, KERNELS.values())], right=[4]))


def _cells(entry: NamedKernel) -> tuple[str, ...]:
    found = facts(shown(entry))
    axes = ", ".join(map(str, entry.dimensions)) or "any"
    separable = "yes" if found.separable else "no"
    return (entry.usage, entry.title, axes, entry.example, figures(found.sum), separable, found.symmetry)


def describe(name: str, ndim: int | None = None) -> str:
    """Return what there is to say about one kernel, and its weights if they are few.

    Parameters
    ----------
    name : str
        With its parameters, or without, to take those of the example.
    ndim : int, optional
        The number of axes; 2 by default, or 1 where there is no such kernel.

    Raises
    ------
    ArgumentValueError
        As `kernel` would.

    Examples
    --------
    >>> print(describe("derivative"))
    derivative: Derivative
      formula      [½ 0 −½]: the slope, by central differences.
      effect       Positive where the signal grows, 0 where it is even; noise grows too.
      used for     Speed from position, the onset of events, the slope of a trend.
      sum          0
      separable    yes
      symmetry     odd
    [ 0.5  0.  -0.5]
    """
    entry, written = find(name), name if ":" in name else find(name).example
    weights = kernel(written, ndim or shown(entry).ndim)
    found = facts(weights)
    lines = {
        "formula": entry.formula,
        "effect": entry.description,
        "used for": entry.use,
        "sum": figures(found.sum),
        "separable": "yes" if found.separable else "no",
        "symmetry": found.symmetry,
    }
    told = [f"  {title:<12} {text}" for title, text in lines.items()]
    return "\n".join([f"{written}: {entry.title}", *told, np.array2string(weights, precision=4, threshold=200)])
