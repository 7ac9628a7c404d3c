"""Banks: blocks of signals that meet many kernels are transformed once, and transformed back once for each kernel.

The frequencies of some blocks at a time are kept in the cache; each kernel's spectrum is read once for all of them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..entry import entry
from ..protocol import Array
from ..simd import inner
from .columns import Lines, _analyse, _gather, _inverse_passes, _parts, _synthesise
from .groups import return_group
from .line_tables import real_dtype, tables_of
from .memory import workspace
from .passes import ROW
from .version import VERSION


@inner
def _place(number, lines, blocks, hop, last):  # type: ignore[no-untyped-def]
    """Return the line and the number of a block, and where it begins there; behind the last one that one again."""
    line, block = divmod(min(number, lines * blocks - 1), blocks)
    return line, block, min(block * hop, last)


@inner
def _return_parts(sample, levels, shared, lanes, turns, across, kept, spectrum, work):  # type: ignore[no-untyped-def]
    """Multiply the frequencies of a block that are kept by a kernel's, and transform the parts of the block back."""
    rows = levels[0, 0] * levels[0, 1]
    size = levels[shared - 1, 1] if shared else rows
    own = levels[max(1, shared) :]
    for part in range(0, rows * ROW, size * ROW):
        for group in range(part, part + size * ROW, lanes * ROW):
            return_group(sample, (work + group, kept + group, spectrum + group))
        _gather(sample, work + part, size, turns + part, across)
        _inverse_passes(sample, work + part, size, own)


def _compiled(version: int) -> Callable[..., int]:
    """Return the function that runs banks, which is compiled anew for each version of what it is made of."""

    @entry()
    def run_banks(  # type: ignore[no-untyped-def]
        sample, parts, sources, cuts, targets, spectra, blocks, hop, last, dropped, tables, kept, together
    ):
        levels, shared, lanes, turns, across, work = tables
        size = levels[0, 0] * levels[0, 1] * ROW
        lines = sources.shape[1] // len(spectra)  # that have one bank
        for bank in range(len(spectra)):
            for first in range(0, lines * blocks, parts * together):
                stop = min(first + parts * together, lines * blocks)
                for pair in range(first, stop, parts):
                    line, block, begin = _place(pair, lines, blocks, hop, last)
                    x = sources[(block >= cuts[0]) + (block >= cuts[1]), bank * lines + line] + begin
                    line, block, begin = _place(pair + parts - 1, lines, blocks, hop, last)
                    y = sources[(block >= cuts[0]) + (block >= cuts[1]), bank * lines + line] + begin
                    _analyse(sample, x, y, levels, shared, work)
                    own = kept + (pair - first) // parts * size
                    _parts(sample, True, levels, shared, lanes, turns, across, work, own, (x, y, x, y))
                for kernel in range(spectra.shape[1]):
                    for pair in range(first, stop, parts):
                        own = kept + (pair - first) // parts * size
                        spectrum = spectra[bank, kernel]
                        _return_parts(sample, levels, shared, lanes, turns, across, own, spectrum, work)
                        line, block, begin = _place(pair, lines, blocks, hop, last)
                        v = targets[bank * lines + line, kernel] + begin
                        line, block, begin = _place(pair + parts - 1, lines, blocks, hop, last)
                        w = targets[bank * lines + line, kernel] + begin
                        _synthesise(sample, v, w, dropped, levels, shared, work)
        return version

    return run_banks


_run_banks = _compiled(VERSION)


def convolve(lines: Lines, spectra: Array, dropped: int, length: int, dtype: np.dtype[Any], together: int) -> None:
    """Convolve lines of samples with each kernel of a bank, given by rows of the addresses of their spectra.

    A bank serves as many lines as there are to each. `lines.targets` has a row for each line, of as many results as a
    bank has kernels. The frequencies of some transforms `together` are kept. All else is as in `columns.convolve`.
    """
    tables = tables_of(length, real_dtype(dtype))
    sources, cuts, targets, blocks, hop, last = lines
    work = workspace.address((1 + together) * tables.size)
    arguments = (*tables.arguments, work)
    places = sources, cuts, targets, spectra, blocks, hop, last, dropped
    _run_banks(dtype.type(0), 1 if dtype.kind == "c" else 2, *places, arguments, work + tables.size, together)
