"""Which outputs of one axis are wanted: the window [start, stop) of the full result.

For a signal of n samples and a kernel that reaches over M = d(m − 1) + 1 samples (m taps, dilation d),
the full result has the indices 0 … n + M − 2, and

    full   [0, n + M − 1)
    same   [start, start + n), start = (M − 1)//2, or from the centre
    valid  [min(n, M) − 1, max(n, M))
"""

from __future__ import annotations

from typing import Literal, get_args

from ..errors import ArgumentValueError

Mode = Literal["full", "same", "valid"]
MODES: tuple[str, ...] = get_args(Mode)

# Positions are counted in 64 bits, with room to double them and to add up a few.
_MOST_POSITIONS = 1 << 60


def check_mode(mode: object) -> None:
    """Raise unless the mode is known."""
    if not isinstance(mode, str) or mode not in MODES:
        raise ArgumentValueError(f"mode={mode!r}: use one of {', '.join(MODES)}")


def reach(taps: int, dilation: int) -> int:
    """Return M = d(m − 1) + 1, the samples from the first to the last tap of a dilated kernel."""
    return dilation * (taps - 1) + 1


def check_positions(signal: int, span: int, stride: int) -> None:
    """Raise if the positions on an axis are too many to be counted."""
    if max(signal + span, stride) > _MOST_POSITIONS:
        raise ArgumentValueError(
            f"an axis with {signal} samples, a kernel that reaches over {span} and stride {stride}: "
            f"use at most {_MOST_POSITIONS} positions in all"
        )


def window(mode: str, signal: int, taps: int, dilation: int, center: int | None, flip: bool) -> tuple[int, int]:
    """Return the window [start, stop) of one axis.

    >>> window("same", signal=5, taps=4, dilation=1, center=None, flip=True)
    (1, 6)
    >>> window("valid", signal=5, taps=3, dilation=2, center=None, flip=True)
    (4, 5)
    """
    span = reach(taps, dilation)
    if mode == "full":
        return 0, signal + span - 1
    if mode == "valid":
        return min(signal, span) - 1, max(signal, span)
    start = same_start(span, dilation, center, flip)
    return start, start + signal


def same_start(span: int, dilation: int, center: int | None, flip: bool) -> int:
    """Return where `same` starts, so that tap `center` of the kernel as passed lies on output i."""
    if center is None:
        return (span - 1) // 2
    return dilation * center if flip else span - 1 - dilation * center
