"""From what stands on the command line to a signal, a kernel that fits it, and the axes."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .. import files
from ..errors import ArgumentValueError, FileError
from ..study import kernels


@dataclass(frozen=True)
class Operands:
    """What a command works on.

    Parameters
    ----------
    signal : Signal
        The content of the first file.
    kernel : ndarray
        The taps; broadcast over the signal's channels, or one set for each.
    name : str
        The kernel, as named on the command line.
    axes : tuple of int
        The convolved axes.
    """

    signal: files.Signal
    kernel: NDArray[Any]
    name: str
    axes: tuple[int, ...]


def load(signal: str, kernel: str | None, axes: str | None) -> Operands:
    """Read the signal, and read or build the kernel.

    Parameters
    ----------
    signal : str
        A file.
    kernel : str or None
        A file, when it is there or has the suffix of one, else a name; None: a Gaussian.
    axes : str or None
        The convolved axes, such as ``"0,1"``; None: those of the file's kind.

    Returns
    -------
    Operands

    Raises
    ------
    SigconvError
        When a file is not what its name says, or the two don't go together.
    OSError
        When a file can't be read.
    """
    source = files.read(signal)
    convolved = source.axes if axes is None else _parse_axes(axes)
    name = kernel or ("gaussian:101" if len(convolved) == 1 else "gaussian:15")
    return Operands(source, _kernel(name, source, len(convolved)), name, convolved)


def parse_boundary(text: str) -> str | tuple[str, ...]:
    """Take ``"wrap"`` as it is, and ``"wrap,edge"`` as one boundary for each axis."""
    return tuple(text.split(",")) if "," in text else text


def _parse_axes(text: str) -> tuple[int, ...]:
    try:
        return tuple(int(axis) for axis in text.split(","))
    except ValueError:
        raise ArgumentValueError(f"--axes {text!r}: give whole numbers such as 0 or 0,1") from None


def _kernel(name: str, source: files.Signal, spatial: int) -> NDArray[Any]:
    if Path(name).suffix.lower() not in files.SUFFIXES and not Path(name).is_file():
        return kernels.kernel(name, spatial, _precision(source.data.dtype))
    kernel = files.read(name)
    _check_kind(name, kernel, source)
    return kernel.data if source.kind == "array" else _fit_channels(name, kernel.data, source, spatial)


def _precision(dtype: np.dtype[Any]) -> np.dtype[Any]:
    """A named kernel has the signal's precision, so that float32 stays float32."""
    return np.finfo(dtype).dtype if dtype.kind in "fc" else np.dtype(float)


def _check_kind(name: str, kernel: files.Signal, source: files.Signal) -> None:
    if kernel.kind not in (source.kind, "array"):
        raise FileError(f"{name} is {kernel.noun} and the signal {source.noun}: use the same kind, .npy or a name")
    if kernel.rate is not None and kernel.rate != source.rate:
        raise FileError(f"{name} has {kernel.rate} Hz and the signal {source.rate} Hz: resample one of them")
    if kernel.alpha is not None:
        raise FileError(f"{name} has transparency, which a kernel has no use for: save it without")


def _fit_channels(name: str, kernel: NDArray[Any], source: files.Signal, spatial: int) -> NDArray[Any]:
    """Share a kernel of one channel between all; take one with as many channels as the signal channel by channel."""
    if kernel.ndim == spatial:
        return kernel
    if kernel.ndim != spatial + 1:
        raise FileError(f"{name} has {kernel.ndim} axes: give {spatial}, or {spatial + 1} with the channels last")
    count, channels = kernel.shape[-1], source.channels
    if count == 1:
        return kernel[..., 0]
    if count != channels:
        ways = "1 channel" if channels == 1 else f"1 channel, which all share, or {channels}"
        raise FileError(f"{name} has {count} channels and the signal {channels}: use a kernel with {ways}")
    return kernel
