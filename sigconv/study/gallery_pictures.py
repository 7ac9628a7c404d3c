"""The gallery's pictures: a kernel with its frequency response, and a photograph under all kernels."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..api import convolve
from ..drawing import Path, bare, finished, subplots
from ..errors import ArgumentTypeError, ArgumentValueError
from .facts import facts, frequency_response
from .kernels import TABLE, kernel

Array = NDArray[Any]

_COLUMNS = 6  # of pictures: input, kernel, output, twice
_SHOWN = 0.99  # of the outputs around 0 lie between black and white: a few strong edges would leave the rest grey


def plot(weights: str | ArrayLike, ndim: int = 2, *, path: Path | None = None) -> Any:
    """Draw a kernel and the magnitude of its frequency response.

    Parameters
    ----------
    weights : str or array_like
        A kernel's name with its parameters, or weights on one or two axes.
    ndim : int
        The number of axes of a named kernel.
    path : str or path, optional
        Also write the figure to this file, of any kind that matplotlib writes.

    Returns
    -------
    ndarray of matplotlib.axes.Axes, shape (1, 2)
        ``axes[0, 0].figure`` is the figure.

    Raises
    ------
    ArgumentValueError, ArgumentTypeError
        For an unknown name, or weights that are no kernel of one or two axes.
    FileError
        If matplotlib is not installed.

    Examples
    --------
    >>> import sigconv
    >>> axes = sigconv.gallery.plot("lowpass:31:0.1", 1)  # doctest: +SKIP
    """
    title = weights if isinstance(weights, str) else ""
    taps = kernel(weights, ndim) if isinstance(weights, str) else np.asarray(weights)
    frequencies, response = frequency_response(taps, max(256, *taps.shape))
    if taps.ndim > 2:
        raise ArgumentValueError(f"the kernel has shape {taps.shape}: kernels of one and two axes can be drawn")
    axes = subplots(1, 2, (9.0, 3.6))
    draw_kernel(axes[0, 0], taps, "kernel")
    _response(axes[0, 1], frequencies, abs(response))
    return finished(axes, title, path)


def draw_kernel(ax: Any, weights: Array, title: str) -> None:
    """Draw weights: stems on one axis; on two a picture, grey for 0, each with its number where there is room."""
    if weights.ndim == 1:
        ax.stem(weights, basefmt="0.7")
        ax.set(title=title, xlabel="tap")
        return
    shown = np.real(weights)
    limit = float(abs(shown).max()) or 1.0
    ax.imshow(shown, cmap="gray", vmin=-limit, vmax=limit)
    bare(ax, title)
    if max(shown.shape) <= 5:
        for (row, column), value in np.ndenumerate(shown):
            color = "white" if value < 0.2 * limit else "black"
            ax.text(column, row, f"{value:.3g}", ha="center", va="center", color=color, fontsize=8)


def _response(ax: Any, frequencies: Array, magnitude: Array) -> None:
    if magnitude.ndim == 1:
        positive = frequencies >= 0
        ax.plot(frequencies[positive], magnitude[positive])
        ax.set(xlabel="frequency / cycles a sample", ylabel="|H|", title="frequency response")
        ax.grid(alpha=0.3)
        return
    image = ax.imshow(magnitude, extent=(-0.5, 0.5, 0.5, -0.5), cmap="viridis")
    ax.figure.colorbar(image, ax=ax, label="|H|")
    ax.set(xlabel="x / cycles a sample", ylabel="y / cycles a sample", title="frequency response")


def compare(image: ArrayLike, names: Sequence[str] | None = None, *, path: Path | None = None) -> Any:
    """Draw a picture, each kernel, and the picture convolved with it, side by side.

    Outside, the picture goes on with its nearest samples (boundary "edge"). Where the kernel's weights add up to 0,
    the output is drawn with grey for 0, and its largest hundredth as black and white; else with the picture's own
    black and white.

    Parameters
    ----------
    image : array_like
        Real numbers of shape (rows, columns), or (rows, columns, 3) for red, green and blue.
    names : sequence of str, optional
        The kernels, with their parameters; by default all of two axes, with those of their examples.
    path : str or path, optional
        Also write the figure to this file, of any kind that matplotlib writes.

    Returns
    -------
    ndarray of matplotlib.axes.Axes, shape (kernels, 3)
        Input, kernel and output of each; ``axes[0, 0].figure`` is the figure.

    Raises
    ------
    ArgumentValueError, ArgumentTypeError
        If the image has another shape or no real numbers, no kernel is named, or one is unknown.
    FileError
        If matplotlib is not installed.

    Examples
    --------
    >>> import sigconv
    >>> axes = sigconv.gallery.compare([[0, 0], [0, 1]], ["identity", "sobel-x"])  # doctest: +SKIP
    """
    picture = _picture(image)
    chosen = [e.example for e in TABLE.values() if e.exists_in(2)] if names is None else list(names)
    if not chosen:
        raise ArgumentValueError("names is empty: name a kernel, or leave names out for all")
    kernels = {name: kernel(name, 2) for name in chosen}
    rows = -(-len(kernels) // 2) if len(kernels) > 1 else 1
    axes = subplots(rows, min(_COLUMNS, 3 * len(kernels)), (12.0, 2.2 * rows)).reshape(-1, 3)
    for row, (name, weights) in zip(axes, kernels.items(), strict=False):
        _row(row, picture, name, weights)
    for ax in axes[len(kernels) :].flat:
        ax.set_axis_off()
    return finished(axes[: len(kernels)], path=path)


def _picture(image: ArrayLike) -> Array:
    picture = np.asarray(image)
    if picture.dtype.kind not in "biuf":
        raise ArgumentTypeError(f"the image has dtype {picture.dtype}: use real numbers")
    if picture.size == 0 or picture.ndim not in (2, 3) or (picture.ndim == 3 and picture.shape[2] != 3):
        raise ArgumentValueError(f"the image has shape {picture.shape}: use (rows, columns) or (rows, columns, 3)")
    return picture.astype(np.float64)


def _row(row: Any, picture: Array, name: str, weights: Array) -> None:
    """Draw input, kernel and output."""
    low, high = float(picture.min()), float(picture.max())
    output = convolve(picture, weights, "same", axes=(0, 1), boundary="edge")
    if facts(weights).sum == 0:
        high = float(np.quantile(abs(output), _SHOWN))
        low = -high
    for ax, title, data, limits in zip(
        row[::2], ("input", "output"), (picture, output), ((picture.min(), picture.max()), (low, high)), strict=True
    ):
        ax.imshow(_between(data, *limits), cmap="gray", vmin=0, vmax=1)
        bare(ax, title)
    draw_kernel(row[1], weights, name)


def _between(data: Array, low: float, high: float) -> Array:
    """Return data with `low` at 0 and `high` at 1, cut off outside."""
    return np.clip((data - low) / ((high - low) or 1.0), 0.0, 1.0)
