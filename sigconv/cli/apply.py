"""The command `apply`: one file in, one file out."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .. import files, plan
from ..errors import ArgumentValueError
from ..files import memory
from ..planning.plan import Plan
from .operands import Operands
from .progress import Progress

_FLIPPED = {"convolve": True, "correlate": False}


@dataclass(frozen=True)
class Choices:
    """The options of the command, as `sigconv.convolve` names them, and whether the kernel is divided by its sum."""

    mode: str
    operator: str
    boundary: str | tuple[str, ...]
    method: str
    normalize: bool
    nan: str = "propagate"


def transform(pair: Operands, output: str, choices: Choices, progress: Progress | None) -> str:
    """Convolve or correlate a signal and write the result.

    Parameters
    ----------
    pair : Operands
        The signal and the kernel.
    output : str
        The file to write.
    choices : Choices
        The options.
    progress : callable or None
        Told of what is done, of all, and what it is.

    Returns
    -------
    str
        What was written and how it was computed, in a line, and a note if samples were clipped.

    Raises
    ------
    SigconvError
        When an option can't be served or the result doesn't fit in the file.
    OSError
        When the file can't be written; an existing one is left as it was.
    """
    files.check_target(output, pair.signal)
    kernel = _normalized(pair.kernel) if choices.normalize else pair.kernel
    planned = _plan(pair, kernel, choices)
    data = _compute(planned, pair, kernel, progress)
    result = pair.signal.with_data(data)
    clipped = files.write(output, result)
    return f"{output}: {result.describe()}, method {planned.method}" + _note(clipped, data.size, kernel)


def _plan(pair: Operands, kernel: NDArray[Any], choices: Choices) -> Plan:
    if choices.operator not in _FLIPPED:
        raise ArgumentValueError(f"no operator is named {choices.operator!r}: choose convolve or correlate")
    flip, boundary = _FLIPPED[choices.operator], choices.boundary
    data = pair.signal.data
    operands = (data.shape, kernel.shape, data.dtype, kernel.dtype, choices.mode, choices.method)
    options: dict[str, Any] = {"axes": pair.axes, "boundary": boundary, "nan": choices.nan}
    return plan(*operands, flip=flip, conjugate=not flip, max_bytes=memory.available(), **options)


def _compute(planned: Plan, pair: Operands, kernel: NDArray[Any], progress: Progress | None) -> NDArray[Any]:
    prepared = planned.prepare(kernel)
    if progress is None:
        return planned.apply(prepared, pair.signal.data)
    return planned.apply(prepared, pair.signal.data, progress=lambda done, total: progress(done, total, planned.method))


def _normalized(kernel: NDArray[Any]) -> NDArray[Any]:
    total = kernel.sum()
    if total == 0:
        raise ArgumentValueError("the kernel sums to 0 and can't be divided by that: leave --normalize out")
    return np.asarray(kernel / total)


def _note(clipped: int, size: int, kernel: NDArray[Any]) -> str:
    if not clipped:
        return ""
    advice = " or use --normalize" if kernel.sum() > 1.01 else ""  # more than rounding
    return f"\n{clipped} of {size} samples were clipped to the file's range: write .npy to keep them{advice}"
