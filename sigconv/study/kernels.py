"""Kernels by name: ``kernel("gaussian:9", 2)``.

A name is followed by its parameters, separated by colons. Every kernel is written for `convolve`, which flips it:
a derivative is positive where the signal grows along the axis. x is the last axis (to the right in a picture), y the
one before it (downwards).

>>> kernel("box:4", 1)
array([0.25, 0.25, 0.25, 0.25])
>>> kernel("sobel-x", 2, int)
array([[ 1,  0, -1],
       [ 2,  0, -2],
       [ 1,  0, -1]])
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import reduce

import numpy as np
from numpy.typing import ArrayLike, DTypeLike, NDArray

from ..errors import ArgumentValueError
from ..files import memory

Kernel = NDArray[np.float64]
Builder = Callable[..., Kernel]


@dataclass(frozen=True)
class NamedKernel:
    """One line of the table.

    Parameters
    ----------
    name : str
        What comes before the first colon.
    parameters : tuple of str
        The names of the parameters; those in brackets may be left out.
    dimensions : tuple of int
        The numbers of dimensions it exists in; empty: any.
    formula : str
        What its taps are, in a sentence.
    build : callable
        ``build(ndim, *parameters)``, the parameters as text; returns the taps.
    """

    name: str
    parameters: tuple[str, ...]
    dimensions: tuple[int, ...]
    formula: str
    build: Builder

    @property
    def usage(self) -> str:
        """How it is written, such as ``"gaussian:N[:sigma]"``."""
        return self.name + "".join(f"[:{p[1:-1]}]" if p.startswith("[") else f":{p}" for p in self.parameters)


TABLE: dict[str, NamedKernel] = {}


def names() -> list[str]:
    """Return how each kernel is written.

    Returns
    -------
    list of str

    Examples
    --------
    >>> names()[:3]
    ['identity', 'box:N', 'gaussian:N[:sigma]']
    """
    return [entry.usage for entry in TABLE.values()]


def kernel(name: str, ndim: int, dtype: DTypeLike = float) -> NDArray[np.generic]:
    """Build a kernel from its name.

    Parameters
    ----------
    name : str
        A name from `names` with its parameters: ``"gaussian:9"``, ``"lowpass:101:0.1"``, ``"sobel-x"``.
    ndim : int
        How many dimensions it shall have.
    dtype : dtype
        The dtype of the result; an integer one only for kernels of whole numbers.

    Returns
    -------
    ndarray

    Raises
    ------
    ArgumentValueError
        For an unknown name, a wrong parameter, a number of dimensions that the kernel doesn't exist in, or a dtype
        that can't hold its taps.
    MemoryError
        When it doesn't fit in the memory that is free.

    Examples
    --------
    >>> kernel("laplacian", 2, int)
    array([[ 0,  1,  0],
           [ 1, -4,  1],
           [ 0,  1,  0]])
    """
    entry, arguments = _parse(name)
    if ndim < 1 or (entry.dimensions and ndim not in entry.dimensions):
        allowed = " or ".join(map(str, entry.dimensions)) or "1 or more"
        raise ArgumentValueError(f"kernel {name!r} has {allowed} dimensions, not {ndim}: choose one of {_listed(ndim)}")
    return _cast(name, entry.build(ndim, *arguments), np.dtype(dtype))


def _parse(text: str) -> tuple[NamedKernel, list[str]]:
    name, *arguments = text.split(":")
    if name not in TABLE:
        raise ArgumentValueError(f"no kernel is named {text!r}: choose one of {_listed()}")
    entry = TABLE[name]
    required = [p for p in entry.parameters if not p.startswith("[")]
    if not len(required) <= len(arguments) <= len(entry.parameters):
        raise ArgumentValueError(f"kernel {text!r} has {len(arguments)} parameters: write {entry.usage}")
    return entry, arguments


def _listed(ndim: int | None = None) -> str:
    fitting = [e for e in TABLE.values() if ndim is None or not e.dimensions or ndim in e.dimensions]
    return ", ".join(entry.usage for entry in fitting)


def _cast(name: str, taps: Kernel, dtype: np.dtype[np.generic]) -> NDArray[np.generic]:
    with np.errstate(invalid="ignore"):  # −1 as an unsigned integer, found below
        cast = taps.astype(dtype)
    if dtype.kind in "biu" and (cast != taps).any():
        raise ArgumentValueError(f"kernel {name!r} has taps that {dtype} can't hold: use a float dtype")
    return cast


def _named(name: str, *parameters: str, dimensions: tuple[int, ...] = ()) -> Callable[[Builder], Builder]:
    """Put a builder on the table, its docstring being the formula."""

    def register(build: Builder) -> Builder:
        TABLE[name] = NamedKernel(name, parameters, dimensions, build.__doc__ or "", build)
        return build

    return register


@_named("identity")
def _identity(ndim: int) -> Kernel:
    """A single 1: the signal comes back unchanged."""
    return np.ones((1,) * ndim)


@_named("box", "N")
def _box(ndim: int, size: str) -> Kernel:
    """The mean of N samples along every axis: each tap is 1/N^ndim."""
    length = _length("box", size, ndim)
    return np.full((length,) * ndim, 1.0 / length**ndim)


@_named("gaussian", "N", "[sigma]")
def _gaussian(ndim: int, size: str, sigma: str | None = None) -> Kernel:
    """exp(−d²/(2·sigma²)) at distance d from the middle, N taps along every axis, sum 1; sigma is N/6 if not given."""
    length = _length("gaussian", size, ndim)
    width = length / 6 if sigma is None else _number("gaussian", "sigma", sigma)
    if not 0 < width < np.inf:
        raise ArgumentValueError(f"sigma of kernel 'gaussian' is {sigma}: it must be a finite number above 0")
    squares = _distances(length) ** 2
    with np.errstate(over="ignore"):  # the middle stays 1 however small sigma is
        weights = np.exp(-0.5 * ((squares - squares.min()) / width / width))
    return _outer(*[weights / weights.sum()] * ndim)


@_named("sobel-x", dimensions=(2,))
def _sobel_x(ndim: int) -> Kernel:
    """[1 2 1]ᵀ × [1 0 −1]: 8 times the slope along x, smoothed along y."""
    return _outer([1, 2, 1], [1, 0, -1])


@_named("sobel-y", dimensions=(2,))
def _sobel_y(ndim: int) -> Kernel:
    """[1 0 −1]ᵀ × [1 2 1]: 8 times the slope along y, smoothed along x."""
    return _outer([1, 0, -1], [1, 2, 1])


@_named("prewitt-x", dimensions=(2,))
def _prewitt_x(ndim: int) -> Kernel:
    """[1 1 1]ᵀ × [1 0 −1]: 6 times the slope along x, averaged along y."""
    return _outer([1, 1, 1], [1, 0, -1])


@_named("prewitt-y", dimensions=(2,))
def _prewitt_y(ndim: int) -> Kernel:
    """[1 0 −1]ᵀ × [1 1 1]: 6 times the slope along y, averaged along x."""
    return _outer([1, 0, -1], [1, 1, 1])


@_named("derivative", dimensions=(1,))
def _derivative(ndim: int) -> Kernel:
    """[½ 0 −½]: the slope, by central differences."""
    return np.array([0.5, 0.0, -0.5])


@_named("laplacian")
def _laplacian(ndim: int) -> Kernel:
    """[1 −2 1] along every axis, added up: the sum of the second derivatives."""
    taps = np.zeros((3,) * ndim)
    for axis in range(ndim):
        line = [1] * ndim
        line[axis] = 3
        middle = tuple(slice(0, 3) if other == axis else slice(1, 2) for other in range(ndim))
        taps[middle] += np.reshape([1.0, -2.0, 1.0], line)
    return taps


@_named("sharpen")
def _sharpen(ndim: int) -> Kernel:
    """The identity minus the Laplacian: edges stand out, even areas stay as they are."""
    taps = np.zeros((3,) * ndim)
    taps[(1,) * ndim] = 1
    return taps - _laplacian(ndim)


@_named("lowpass", "N", "cutoff", dimensions=(1,))
def _lowpass(ndim: int, size: str, cutoff: str) -> Kernel:
    """sin(2π·cutoff·d)/(πd) under a Hamming window, N taps, sum 1; cutoff as a fraction of the sampling rate."""
    length = _length("lowpass", size, ndim)
    fraction = _number("lowpass", "cutoff", cutoff)
    if not 0 < fraction < 0.5:
        raise ArgumentValueError(
            f"cutoff of kernel 'lowpass' is {cutoff}: it must be above 0 and below 0.5 (half the sampling rate)"
        )
    taps = np.sinc(2 * fraction * _distances(length)) * np.hamming(length)
    return np.asarray(taps / taps.sum())


def _outer(*lines: ArrayLike) -> Kernel:
    arrays: list[Kernel] = [np.asarray(line, np.float64) for line in lines]
    return reduce(np.multiply.outer, arrays)


def _distances(length: int) -> Kernel:
    return np.arange(length, dtype=np.float64) - (length - 1) / 2


def _length(name: str, text: str, ndim: int) -> int:
    """Read the parameter N, and refuse a kernel that memory cannot hold."""
    if not (text.isascii() and text.isdigit() and len(text) < 16 and int(text) > 0):
        raise ArgumentValueError(f"N of kernel {name!r} is {text!r}: it must be a whole number from 1 to 10^15")
    memory.require(8 * int(text) ** ndim, f"kernel {name}:{text} in {ndim}-D")
    return int(text)


def _number(name: str, parameter: str, text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise ArgumentValueError(f"{parameter} of kernel {name!r} is {text!r}: it must be a number") from None
