"""Transforms of our own round no worse than scipy.fft's: their roots, blocks of one axis at every length, and tiles."""

import numpy as np
import pytest
from scipy import fft

from sigconv.engines.transforms import installed

if not installed("numba"):
    pytest.skip("numba, which compiles the transforms, is not installed", allow_module_level=True)

from test_lanes import DTYPES, lengths, random

from sigconv.engines import simd
from sigconv.engines.lanes import columns, lines, tiling
from sigconv.engines.lanes.twiddles import roots, stretch_of
from sigconv.engines.rows import Span

# Without products and sums in one step the least differences are lost.
LIMIT = 1.0 if "fma" in simd._features() else 1.02
FEW = {"f4": [256, 768, 4096], "f8": [128, 768, 2048], "c8": [1280, 3072], "c16": [64, 1536]}
SHAPES = [(64, 64), (80, 80), (64, 128), (128, 128), (160, 320), (16, 64, 64), (20, 40, 80)]


@pytest.fixture(autouse=True)
def _long_doubles():
    if np.finfo(np.longdouble).nmant < 63:
        pytest.skip("long doubles, the reference, are no longer than doubles here")


@pytest.mark.parametrize("dtype", ["f4", "f8"])
def test_roots_are_correctly_rounded(dtype):
    """No root is further from the exact one than half a unit in the last place, at any length of lanes."""
    for length in lengths(dtype):
        turns = np.arange(length)
        # Angles of at most an eighth of a turn, where long doubles give sine and cosine to their last bits.
        quarter = (4 * turns + length // 2) // length
        angle = np.longdouble(2) * np.arctan2(np.longdouble(0), np.longdouble(-1)) * (4 * turns - quarter * length)
        c, s = np.cos(angle / (4 * length)), np.sin(angle / (4 * length))
        real = np.choose(quarter % 4, [c, -s, -c, s])
        imaginary = -np.choose(quarter % 4, [s, c, -s, -c])
        found = roots(length, np.dtype(dtype))
        for exact, part in ((real, found[:, 0]), (imaginary, found[:, 1])):
            last_place = np.spacing(np.abs(exact).astype(dtype)).astype(np.longdouble)
            assert (np.abs(part - exact) <= 0.502 * last_place + np.longdouble(1e-19)).all(), length


@pytest.mark.parametrize(("dtype", "within"), [("f4", 1e-12), ("f8", 1e-19)])
def test_how_much_too_long_roots_are(dtype, within):
    """Long doubles find the same mean of the lengths, of which doubles hold no digit."""
    for length in (8, 16, 96, 640):
        rows = roots(length, np.dtype(dtype))
        exact = (np.hypot(*rows.astype(np.longdouble).T) - 1).mean()
        assert abs(stretch_of(rows) - exact) <= within


def squares(errors):
    """Return the sum of the squares of errors."""
    return float((np.abs(errors) ** 2).sum())


def ratio(convolutions, signals, kernels):
    """Return the error of ours in the 2-norm, in that of scipy's transforms, of circular convolutions of last axes."""
    axes = tuple(range(1 - signals[0].ndim, 0))
    ours = theirs = 0.0
    for result, signal, kernel in zip(convolutions, signals, kernels, strict=True):
        there, back = (fft.rfftn, fft.irfftn) if signal.dtype.kind == "f" else (fft.fftn, fft.ifftn)

        def circular(x, h, there=there, back=back, shape=kernel.shape):
            return back(there(x, axes=axes) * there(h), shape, axes=axes)

        exact = circular(signal.astype(np.result_type(signal, "g")), kernel.astype(np.result_type(kernel, "g")))
        ours, theirs = ours + squares(result - exact), theirs + squares(circular(signal, kernel) - exact)
    return (ours / theirs) ** 0.5


def block(signal, kernel):
    """Return two lines' circular convolution with a kernel, by one block for the two or one for each."""
    out, length = np.empty_like(signal), kernel.size
    spectra = columns.spectra_of(kernel[None], length)
    lines.convolve_lines(signal, spectra, out, lines.Place(0, 0, "zero", 0), length)
    return out


def tile(signal, kernel):
    """Return two signals' circular convolution with a kernel, by one tile for the two."""
    out, shape = np.empty_like(signal), kernel.shape
    spans = tuple(Span(0, n, n, "zero") for n in shape)
    tiling.convolve(signal, tiling.spectra_of(kernel[None], shape), spans, (0,) * len(shape), shape, 0, out)
    return out


def ratio_of_blocks(dtype, length):
    """Return the ratio of errors of a length, of so many convolutions that it is known within a few hundredths."""
    rng, count = np.random.default_rng(length), max(12, (1 << 16) // length)
    signals, kernels = random(rng, (count, 2, length), dtype), random(rng, (count, length), dtype)
    return ratio([block(x, h) for x, h in zip(signals, kernels, strict=True)], signals, kernels)


def test_blocks_round_no_worse_than_scipy():
    """At some lengths of each dtype."""
    found = {(dtype, n): ratio_of_blocks(dtype, n) for dtype in DTYPES for n in FEW[dtype]}
    assert max(found.values()) <= LIMIT, found


@pytest.mark.full
@pytest.mark.parametrize("dtype", DTYPES)
def test_blocks_of_every_length_round_no_worse_than_scipy(dtype):
    """All of them, but for the shortest of doubles: scipy's transform of 64 real samples is one of 32 complex ones."""
    found = {length: ratio_of_blocks(dtype, length) for length in lengths(dtype)}
    shortest = found.pop(64, 0) if dtype == "f8" else 0
    assert max(found.values()) <= LIMIT, found
    assert shortest <= 1.1


@pytest.mark.parametrize("dtype", ["f4", "f8"])
def test_tiles_round_no_worse_than_scipy(dtype):
    """Of two and of three axes."""
    found, rng = {}, np.random.default_rng(0)
    for shape in SHAPES:
        signals, kernels = random(rng, (4, 2, *shape), dtype), random(rng, (4, *shape), dtype)
        found[shape] = ratio([tile(x, h) for x, h in zip(signals, kernels, strict=True)], signals, kernels)
    assert max(found.values()) <= LIMIT, found
