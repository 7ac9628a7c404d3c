"""What compiled code reads of blocks of two or three axes: lengths, passes, spectra, and tables of where all stands."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ..protocol import Array

MISSING = np.iinfo(np.int64).min  # the offset of a line that does not exist
NOWHERE = -1  # a sample that does not exist
GATHERED, EMPTY = -1, -2  # what a panel may begin with in place of a sample

# A worker's tables of the addresses of lines: where the two blocks are read from and written to, two panels that hold
# copies, a line of what stands outside the signal, and one for outputs that nobody wants.
FROM, COPIED, TO, OUTSIDE, UNWANTED, TABLES = 0, 2, 4, 6, 7, 8


class Work(NamedTuple):
    """A worker's memory: addresses of a block, with the distance of its lines, and of two panels; tables of lines."""

    block: int
    pitch: int
    panels: int
    lines: Array
    tables: int


class Bases(NamedTuple):
    """Where the samples, the outputs and the spectra of the kernels begin, and a line of what stands outside."""

    samples: int
    outside: int
    outputs: int
    spectra: int


class Shape(NamedTuple):
    """The transform lengths of the outer and the inner axis of panels, the rows of points of a line, the lanes, and how
    many blocks are transformed as one."""

    outer: int
    inner: int
    rows: int
    lanes: int
    parts: int


class Samples(NamedTuple):
    """The bytes of a sample, and the functions that collect those of a panel, copy some, and clear rows; none clears
    where what stands outside the signal is not zero."""

    size: int
    collect: int
    copy: int
    clear: int


class Middle(NamedTuple):
    """The passes across the lanes: their function, the lines that they take together, addresses of their tables."""

    code: int
    together: int
    groups: int
    turns: int


class Places(NamedTuple):
    """Offsets of the batch's entries, a row for each group, and of the lines of blocks along the outer and the inner
    axis. Of a bank's results, each signal has as many entries as kernels."""

    entries: Array
    outer: Array
    inner: Array


class Columns(NamedTuple):
    """Along the last axis: the samples of blocks, and those that their panels begin with; how many outputs blocks have,
    how many panels' outputs are dropped, and how far blocks lie apart."""

    samples: Array
    begins: Array
    counts: Array
    dropped: int
    hop: int
