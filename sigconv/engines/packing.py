"""Copies into and out of transforms, and their product, as compiled loops that do not hold the interpreter's lock.

Two real rows are the real and the imaginary part of one complex row. Rows are named by where they begin in flat arrays,
counted from `shift`; the imaginary part lies `apart` from the real one. Inner loops run over slices, which Numba
vectorises.
"""

from typing import Any

import numpy as np

from .entry import entry
from .protocol import Array


@entry()
def pack_pairs(data: Array, places: Array, shift: int, apart: int, width: int, out: Array) -> None:
    """Fill the rows `out[r]` with two rows of the data, zeros behind; a row that begins below 0 is all zeros."""
    for r in range(out.shape[0]):
        row = out[r]
        filled = width if places[r] >= 0 else 0
        begin = max(0, places[r]) + shift
        a = data[begin:][:filled]
        b = data[begin + apart :][:filled]
        for i in range(filled):
            row[i] = complex(a[i], b[i])
        row[filled:] = 0


@entry()
def multiply_rows(signal: Array, kernel: Array, out: Array) -> None:
    """Fill the rows `out[r] = signal[r] · kernel`."""
    for r in range(out.shape[0]):
        row = out[r]
        a = signal[r]
        for i in range(kernel.size):
            # Numba's product of complex numbers says the same, and takes four times as long to compile.
            x, y = a[i], kernel[i]
            row[i] = complex(x.real * y.real - x.imag * y.imag, x.real * y.imag + x.imag * y.real)


@entry()
def unpack_pairs(samples: Array, rows: Array, places: Array, shift: int, apart: int, width: int, out: Array) -> None:
    """Copy the two parts of the complex rows `samples[rows[r]:]` to their places."""
    for r in range(rows.size):
        row = samples[rows[r] :][:width]
        a = out[places[r] + shift :][:width]
        b = out[places[r] + shift + apart :][:width]
        for i in range(width):
            a[i] = row[i].real
            b[i] = row[i].imag


def warm_up(dtype: np.dtype[Any]) -> None:
    """Compile or load the loops for real samples of a dtype."""
    samples, places = np.zeros(2, dtype), np.zeros(1, np.intp)
    rows = np.zeros((1, 1), np.result_type(dtype, np.complex64))
    pack_pairs(samples, places, 0, 1, 1, rows)
    multiply_rows(rows, rows[0], rows)
    unpack_pairs(rows[0], places, places, 0, 1, 1, samples)
