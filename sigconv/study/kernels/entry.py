"""What is known of a named kernel, and how its parameters are read."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import reduce

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ...errors import ArgumentValueError
from ...files import memory

Kernel = NDArray[np.float64]
Builder = Callable[..., Kernel]


@dataclass(frozen=True)
class NamedKernel:
    """One line of the table.

    Parameters
    ----------
    name : str
        What comes before the first colon.
    title : str
        What people call it.
    formula : str
        What its taps are, in a sentence.
    description : str
        What it does to a signal.
    use : str
        What it is used for.
    build : callable
        ``build(ndim, *parameters)``, the parameters as text; returns the taps.
    parameters : tuple of str
        The names of the parameters; those in brackets may be left out.
    dimensions : tuple of int
        The numbers of dimensions it exists in; empty: any.
    arguments : tuple of str
        Parameters for showing it.
    """

    name: str
    title: str
    formula: str
    description: str
    use: str
    build: Builder
    parameters: tuple[str, ...] = ()
    dimensions: tuple[int, ...] = ()
    arguments: tuple[str, ...] = ()

    @property
    def usage(self) -> str:
        """How it is written, such as ``"gaussian:N[:sigma]"``."""
        return self.name + "".join(f"[:{p[1:-1]}]" if p.startswith("[") else f":{p}" for p in self.parameters)

    @property
    def example(self) -> str:
        """It with the parameters that it is shown with, such as ``"gaussian:9"``."""
        return ":".join((self.name, *self.arguments))

    def exists_in(self, ndim: int) -> bool:
        """Return whether there is such a kernel of some number of dimensions."""
        return ndim >= 1 and (not self.dimensions or ndim in self.dimensions)


def length(name: str, text: str, ndim: int) -> int:
    """Read the parameter N, and refuse a kernel that memory cannot hold."""
    if not (text.isascii() and text.isdigit() and len(text) < 16 and int(text) > 0):
        raise ArgumentValueError(f"N of kernel {name!r} is {text!r}: it must be a whole number from 1 to 10^15")
    memory.require(8 * int(text) ** ndim, f"kernel {name}:{text} in {ndim}-D")
    return int(text)


def number(name: str, parameter: str, text: str) -> float:
    """Read a parameter that is any number, infinite or not."""
    try:
        return float(text)
    except ValueError:
        raise ArgumentValueError(f"{parameter} of kernel {name!r} is {text!r}: it must be a number") from None


def finite(name: str, parameter: str, text: str) -> float:
    """Read a parameter that is a finite number."""
    value = number(name, parameter, text)
    if not np.isfinite(value):
        raise ArgumentValueError(f"{parameter} of kernel {name!r} is {text}: it must be a finite number")
    return value


def outer(*lines: ArrayLike) -> Kernel:
    """Return the outer product of 1-D kernels."""
    arrays: list[Kernel] = [np.asarray(line, np.float64) for line in lines]
    return reduce(np.multiply.outer, arrays)


def distances(length: int) -> Kernel:
    """Return how far each tap lies from the middle."""
    return np.arange(length, dtype=np.float64) - (length - 1) / 2
