"""The picture of one output: the signal with its ghosts, the kernel on it, the products, the outputs."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ..drawing import Path, bare, finished, subplots
from ..semantics.boundary import Span, extend
from .step import Step
from .trace_text import number, title

if TYPE_CHECKING:
    from .trace_result import Trace

Array = NDArray[Any]

_MARK = "#dd8452"
_PLAIN = "#4c72b0"
Place = tuple[int, ...]

_NUMBERED = 9  # rows and columns of the largest picture with its numbers in it


def draw(trace: Trace, step: Step, path: Path | None) -> Any:
    """Draw a step: a row for each channel, the outputs beside the first one."""
    axes = subplots(len(step.parts), 4, (13.0, 0.7 + 2.9 * len(step.parts)))
    flat, lowest = len(trace.problem.axes) == 1, int(step.positions[0][0])
    panel = _line if flat else _picture
    taps = partial(_line, corner=(lowest,), spacing=trace.problem.axes[0].dilation) if flat else _picture
    for channel, (row, part) in enumerate(zip(axes, step.parts, strict=True)):
        name = f"channel {channel}: " if step.channels else ""
        signal, corner = _extended(trace, channel)
        panel(row[0], f"{name}signal", signal, corner, shape=trace.signal.shape)
        _window(row[0], step)
        taps(row[1], f"{name}{step.turned}", part.kernel)
        taps(row[2], f"products, sum {number(part.total)}", part.products)
        row[3].set_axis_off()
    _outputs(axes[0, 3], trace, step, panel)
    return finished(axes, f"{title(step)}   ({trace.question})", path)


def _extended(trace: Trace, channel: int) -> tuple[Array, tuple[int, ...]]:
    """Return a channel of the signal with all ghosts that any output reads, and where it begins."""
    signal, corner, spans = (
        (trace.signal[channel] if trace.channels else trace.signal),
        [0] * len(trace.problem.axes),
        [],
    )
    for axis in trace.problem.extension_order:
        number = trace.problem.axes.index(axis)
        last = axis.start + axis.stride * (axis.count - 1)
        corner[number], stop = min(0, axis.start - axis.span + 1), max(axis.signal, last + 1)
        spans.append(Span(number, corner[number], stop, axis.boundary))
    return extend(signal, spans, trace.problem.fill_value), tuple(corner)


def _outputs(ax: Any, trace: Trace, step: Step, panel: Any) -> None:
    """Draw all outputs of the step's kernel, with the step's own one marked."""
    several = trace.output.ndim > len(trace.problem.axes)
    outputs, at = (trace.output[step.index[0]], step.index[1:]) if several else (trace.output, step.index)
    ax.set_axis_on()
    panel(ax, "outputs" + (f" of kernel {step.index[0]}" if several else ""), outputs)
    if len(at) == 1:
        ax.plot(at, [float(np.real(step.total))], "o", color=_MARK)
    else:
        _frame(ax, at[1] - 0.5, at[0] - 0.5, 1, 1)


def _line(
    ax: Any, name: str, data: Array, corner: Place = (0,), *, shape: Place | None = None, spacing: int = 1
) -> None:
    """Draw numbers as stems; those outside the signal's shape, if it is given, are paler."""
    at = corner[0] + spacing * np.arange(data.size)
    ghost = np.zeros(at.shape, bool) if shape is None else (at < 0) | (at >= shape[-1])
    ax.axhline(0, color="0.8", linewidth=1)
    for chosen, alpha in ((~ghost, 1.0), (ghost, 0.35)):
        if chosen.any():
            markers, stems, _ = ax.stem(at[chosen], np.real(data[chosen]).astype(float), basefmt=" ")
            for line in (markers, stems):
                line.set(color=_PLAIN, alpha=alpha)
    ax.set_title(_named(name, ghost), fontsize=10)
    ax.margins(y=0.15)
    ax.xaxis.get_major_locator().set_params(integer=True)


def _picture(ax: Any, name: str, data: Array, corner: Place = (0, 0), *, shape: Place | None = None) -> None:
    """Draw numbers as grey levels, written in where there is room; those outside the signal's shape are paler."""
    shown = np.real(data).astype(float)
    ghost = np.zeros(shown.shape, bool) if shape is None else _outside(shown.shape, corner, shape[-2:])
    grey = _grey(shown)
    grey[ghost] = 0.7 + 0.3 * grey[ghost]
    rows, columns = shown.shape
    top, left = corner[0] - 0.5, corner[1] - 0.5
    ax.imshow(grey, cmap="gray", vmin=0, vmax=1, extent=(left, left + columns, top + rows, top))
    bare(ax)
    ax.set_title(_named(name, ghost), fontsize=10)
    if max(shown.shape) <= _NUMBERED:
        for (row, column), level in np.ndenumerate(grey):
            place, color = (column + corner[1], row + corner[0]), "black" if level > 0.5 else "white"
            ax.text(*place, number(data[row, column]), ha="center", va="center", color=color, fontsize=8)


def _named(name: str, ghost: Array) -> str:
    return f"{name}, ghosts paler" if ghost.any() else name


def _grey(shown: Array) -> Array:
    """Return levels from 0 to 1, for 0 up to the largest; with 0 in the middle if there are negative numbers."""
    largest = float(abs(shown[np.isfinite(shown)]).max(initial=0)) or 1.0
    return 0.5 + 0.5 * shown / largest if (shown < 0).any() else shown / largest


def _outside(shape: Place, corner: Place, signal: Place) -> Array:
    """Return which places of a picture that begins at a corner lie outside the signal."""
    rows, columns = (np.arange(n) + c for n, c in zip(shape, corner, strict=True))
    return ~np.logical_and.outer((rows >= 0) & (rows < signal[0]), (columns >= 0) & (columns < signal[1]))


def _window(ax: Any, step: Step) -> None:
    """Frame the samples that the kernel lies on."""
    if len(step.positions) == 1:
        (at,) = step.positions
        ax.axvspan(at[0] - 0.5, at[-1] + 0.5, color=_MARK, alpha=0.25, linewidth=0)
        return
    rows, columns = step.positions
    _frame(ax, columns[0] - 0.5, rows[0] - 0.5, columns[-1] - columns[0] + 1, rows[-1] - rows[0] + 1)


def _frame(ax: Any, left: float, top: float, width: float, height: float) -> None:
    from matplotlib.patches import Rectangle

    ax.add_patch(Rectangle((left, top), width, height, fill=False, edgecolor=_MARK, linewidth=2.5, zorder=4))
