"""Blocks of two and three axes through transforms of our own: exact on small integers, in every layout."""

import dataclasses
from functools import lru_cache
from math import log2, prod

import numpy as np
import oracle
import pytest

import sigconv
from sigconv.engines.transforms import installed
from sigconv.methods import lane_tiles
from sigconv.planning.cost import PRIORS

if not installed("numba"):
    pytest.skip("numba, which compiles the transforms, is not installed", allow_module_level=True)

from sigconv.engines.lanes import panels, tiling
from sigconv.engines.lanes.twiddles import frequencies
from sigconv.engines.lengths import radices

LENGTHS = lane_tiles._LENGTHS
DTYPES = ["f4", "f8", "c8", "c16"]
_BASE = 1 << 20


@pytest.fixture(autouse=True)
def _few_outputs(monkeypatch):
    """Small problems may take these transforms too."""
    monkeypatch.setattr(lane_tiles, "_FEW", 0)


def plan_of_blocks(shape, taps, dtype, options, lengths, tile=None):
    """Return a plan with blocks of some lengths, and tiles of some shape."""
    plan = sigconv.plan(shape, taps, dtype, dtype, method="overlap-add", **({"mode": "same"} | options))
    blocks = lane_tiles._Blocks.of(plan.problem, PRIORS, lengths)
    estimate = lane_tiles._estimate(plan.problem, PRIORS, blocks, blocks.counts[0])
    settings = estimate.settings._replace(tile=tile or estimate.settings.tile)
    return dataclasses.replace(plan, estimate=estimate._replace(settings=settings))


def integers(rng, low, high, shape, dtype):
    """Draw small integers, or complex numbers of them."""
    values = rng.integers(low, high, shape)
    return (values + 1j * rng.integers(low, high, shape) if np.dtype(dtype).kind == "c" else values).astype(dtype)


def numbers(rng, shape, dtype):
    """Draw normal numbers."""
    values = rng.standard_normal(shape)
    return (values + 1j * rng.standard_normal(shape) if np.dtype(dtype).kind == "c" else values).astype(dtype)


@lru_cache
def case(shape, taps, options, dtype):
    """Return a signal and a kernel of small integers, and the exact result."""
    rng = np.random.default_rng(0)
    signal, kernel = integers(rng, -3, 5, shape, dtype), integers(rng, 1, 4, taps, dtype)
    asked = {"mode": "same", "flip": True} | dict(options)
    if np.dtype(dtype).kind != "c" or asked.get("boundary") == "renormalize":
        return signal, kernel, oracle.slide(signal, kernel, **asked)
    # A polynomial in i at 2²⁰ is one integer (L. Kronecker's substitution), and so is the product of two.
    packed = [v.real.astype(int) + v.imag.astype(int) * _BASE for v in (signal, kernel)]
    return signal, kernel, unpacked(oracle.slide(*packed, **asked))


def unpacked(values):
    """Return the complex numbers whose products' three parts stand in integers, as digits around zero."""
    low = (values + _BASE // 2) % _BASE - _BASE // 2
    rest = (values - low) // _BASE
    middle = (rest + _BASE // 2) % _BASE - _BASE // 2
    return np.frompyfunc(oracle.Gaussian, 2, 1)(low - (rest - middle) // _BASE, middle)


def allowed(signal, kernel, dtype, lengths):
    """Return the bound of blocks that are no larger than the whole."""
    unit = np.finfo(dtype).eps / 2
    norms = np.linalg.norm(signal.astype(complex)) * np.linalg.norm(kernel.astype(complex))
    return 16 * unit * log2(prod(lengths)) * norms * np.sqrt(2)  # two blocks are one


CASES = [
    ((150, 140), (3, 4), {"boundary": "reflect"}, (64, 64)),
    ((150, 140), (3, 4), {"boundary": ("symmetric", "edge"), "flip": False}, (64, 80)),
    ((150, 140), (4, 3), {"boundary": "wrap", "center": (3, 0)}, (80, 64)),
    ((150, 140), (3, 3), {"boundary": "constant", "fill_value": 7}, (64, 96)),
    ((150, 140), (3, 3), {"boundary": ("zero", "constant"), "fill_value": 7}, (64, 64)),
    ((150, 140), (3, 3), {"boundary": ("wrap", "constant"), "fill_value": 7}, (64, 64)),
    ((70, 60), (2, 40), {"boundary": "constant", "fill_value": 7, "mode": "full"}, (64, 128)),  # panels of ghosts alone
    ((150, 140), (3, 4), {"mode": "full"}, (96, 64)),
    ((150, 140), (3, 4), {"mode": "valid", "flip": False}, (64, 64)),
    ((150, 140), (3, 3), {"dilation": (5, 2), "boundary": "reflect"}, (64, 64)),
    ((130, 70), (3, 3), {"boundary": "renormalize"}, (64, 64)),
    ((9, 200), (3, 3), {"boundary": "wrap"}, (64, 128)),
    ((90, 7), (3, 9), {"boundary": "reflect"}, (64, 64)),
    ((2, 3, 70, 60), (3, 4), {"axes": (2, 3), "boundary": "edge"}, (64, 64)),
    ((3, 70, 60), (3, 3, 4), {"axes": (1, 2)}, (64, 64)),
    ((2, 1, 70, 60), (3, 3, 4), {"axes": (2, 3)}, (64, 64)),
    ((1, 70, 60), (2, 3, 4), {"axes": (1, 2), "boundary": "symmetric"}, (64, 64)),
    ((3, 2, 70, 60), (2, 3, 4), {"axes": (2, 3)}, (64, 64)),
    ((3, 2, 70, 60), (3, 1, 3, 4), {"axes": (2, 3), "boundary": "wrap"}, (64, 64)),
    ((3, 2, 70, 60), (3, 2, 3, 4), {"axes": (2, 3)}, (64, 64)),
    ((3, 1, 70, 60), (3, 2, 3, 4), {"axes": (2, 3)}, (64, 64)),
    ((1, 3, 70, 60), (2, 3, 3, 4), {"axes": (2, 3)}, (64, 64)),
    ((70, 3, 60), (3, 4), {"axes": (0, 2), "boundary": "reflect"}, (64, 64)),
    ((70, 60, 3), (3, 4), {"axes": (0, 1), "boundary": "wrap"}, (64, 64)),
    ((40, 35, 66), (2, 3, 2), {"boundary": "reflect"}, (32, 32, 64)),
    ((34, 40, 20), (3, 2, 2), {"boundary": ("constant", "wrap", "edge"), "fill_value": 2}, (32, 32, 32)),
    ((2, 35, 30, 40), (2, 2, 3), {"axes": (1, 2, 3), "mode": "full"}, (32, 32, 32)),
]


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(("shape", "taps", "options", "lengths"), CASES)
def test_blocks_join_without_a_seam(shape, taps, options, lengths, dtype):
    """Every output of several blocks is right, whatever the boundary, the mode, the axes and the batch."""
    plan = plan_of_blocks(shape, taps, dtype, options, lengths)
    signal, kernel, exact = case(shape, taps, tuple(options.items()), "c16" if dtype in ("c8", "c16") else "f8")
    result = plan(signal.astype(dtype), kernel.astype(dtype))
    assert result.dtype == dtype
    # Weights of renormalised 3 × 3 kernels of 1 to 3 are at most 27.
    weight = 27 if options.get("boundary") == "renormalize" else 1
    assert not oracle.violations(result, exact, weight * allowed(signal, kernel, dtype, lengths))


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("last", LENGTHS)
def test_every_length(last, dtype):
    """Each length on the last axis, and each on the others, gives the right sums."""
    rng = np.random.default_rng(1)
    for lengths in ((64, last), (last, 64)):
        shape = tuple(n - 2 for n in lengths)
        signal, kernel = integers(rng, -3, 5, shape, dtype), integers(rng, 1, 4, (3, 3), dtype)
        result = plan_of_blocks(shape, (3, 3), dtype, {"boundary": "wrap"}, lengths)(signal, kernel)
        wide = signal.astype(np.result_type(dtype, "f8"))
        exact = sum(kernel[i, j] * np.roll(wide, (i - 1, j - 1), (0, 1)) for i in range(3) for j in range(3))
        assert np.abs(result - exact).max() <= allowed(signal, kernel, dtype, lengths), lengths


def order(length, lanes=0):
    """Return the frequencies of an axis in the order of the passes; of the last one across the lanes."""
    if not lanes:
        return frequencies(radices(length))
    rows = length // lanes
    radix = min(rows & -rows, lanes)
    along = frequencies((*radices(rows // radix), radix))
    return np.array(along), rows


def spectrum(data, lengths):
    """Return the transform over both axes that a kernel's spectrum is made by, in NumPy's order."""
    lanes = 64 // data.real.itemsize
    scaled = tiling.spectra_of(data[None], lengths)[0].astype(np.longdouble) * prod(lengths)
    along, rows = order(lengths[1], lanes)
    # Groups of as many (line, row) as there are lanes; each holds, for every lane's multiple of `rows`, these as lanes.
    parts = scaled.reshape(-1, lanes, 2, lanes)
    across = (parts[:, :, 0] + 1j * parts[:, :, 1]).swapaxes(1, 2).reshape(lengths[0], rows, lanes)
    result = np.empty(lengths, np.clongdouble)
    columns = np.add.outer(along, rows * np.arange(lanes)).reshape(-1)
    result[np.ix_(order(lengths[0]), columns)] = across.reshape(lengths)
    return result


def naive(data):
    """Return the transform over both axes as sums, in longdouble."""
    for axis in (0, 1):
        n = data.shape[axis]
        turns = (np.outer(np.arange(n), np.arange(n)) % n).astype(np.longdouble) / n
        angle = -2 * turns * np.longdouble("3.14159265358979323846264338327950288")
        data = np.moveaxis(np.tensordot(np.cos(angle) + 1j * np.sin(angle), data, axes=(1, axis)), 0, axis)
    return data


@pytest.mark.parametrize("dtype", DTYPES)
def test_the_transforms_are_within_the_bound(dtype):
    """The relative error of each transform is below the proven one.

    In the 2-norm each factor of 2 adds at most 6.7 u (N. J. Higham, Accuracy and Stability of Numerical Algorithms, 2nd
    ed., theorem 24.2, with roots that are rounded once); sums of five products with their turn add at most 18 u, which
    is less than 7 u log₂ 5 + 7 u, and those of three less than 7 u log₂ 3 + 7 u.
    """
    rng = np.random.default_rng(2)
    unit = np.finfo(dtype).eps / 2
    for lengths in [(64, n) for n in LENGTHS] + [(n, 64) for n in LENGTHS]:
        # Multiples of 15, so that the scale by 1/N is exact.
        data = (15 * np.rint(numbers(rng, lengths, dtype) * 2**12)).astype(dtype)
        exact = naive(data.astype(np.clongdouble))
        error = np.linalg.norm((spectrum(data, lengths) - exact).astype("c16")) / np.linalg.norm(exact.astype("c16"))
        assert error <= 7 * unit * (log2(prod(lengths)) + 1)


@pytest.mark.parametrize("dtype", DTYPES)
def test_the_bits_do_not_depend_on_the_workers(dtype):
    """One, two and three workers write the same bits, also into `out`, and from strided samples."""
    rng = np.random.default_rng(3)
    signal, kernel = numbers(rng, (2, 300, 210), dtype), numbers(rng, (5, 6), dtype)
    plan = plan_of_blocks((2, 300, 210), (5, 6), dtype, {"axes": (1, 2), "boundary": "reflect"}, (64, 64), (1, 60, 210))
    expected = plan(signal, kernel, workers=1)
    for workers in (2, 3):
        assert np.array_equal(plan(signal, kernel, workers=workers), expected)
    spread = np.zeros((2, 600, 420), dtype)[:, ::2, ::2]
    assert np.array_equal(plan(signal, kernel, out=spread), expected)
    spread[...] = signal
    assert np.array_equal(plan(spread, kernel), expected)
    backward = np.ascontiguousarray(signal[:, ::-1])[:, ::-1]
    assert np.array_equal(plan(backward, kernel), expected)
    assert np.array_equal(plan(signal.astype(signal.dtype.newbyteorder()), kernel), expected)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("kernel_shape", [(5, 6), (4, 1, 5, 6)])
def test_workers_may_share_the_blocks_of_an_image(dtype, kernel_shape):
    """Whoever takes which blocks, the bits are the same; a bank's blocks are transformed once for all kernels."""
    rng = np.random.default_rng(4)
    signal, kernel = numbers(rng, (3, 300, 210), dtype), numbers(rng, kernel_shape, dtype)
    whole = (4, 3, 300, 210)[-max(3, len(kernel_shape)) :]
    options = {"axes": (-2, -1), "boundary": "edge"}
    plan = plan_of_blocks(signal.shape, kernel_shape, dtype, options, (64, 64), whole)
    settings = plan.estimate.settings._replace(steps=3)
    shared = dataclasses.replace(plan, estimate=plan.estimate._replace(settings=settings))
    expected = plan(signal, kernel, workers=1)
    for workers in (1, 2, 3) * 5:
        assert np.array_equal(shared(signal, kernel, workers=workers), expected)


@pytest.mark.parametrize("dtype", ["f8", "c16"])
def test_nothing_outside_the_result_is_written(dtype):
    """Around an array that is written in place, all stays as it was, and no sample around the signal is read."""
    signal, kernel, exact = case((150, 140), (3, 4), (("boundary", "reflect"),), dtype)
    around, target = np.full((170, 200), np.nan, dtype), np.full((170, 200), 99.0, dtype)
    around[10:160, 30:170] = signal
    plan = plan_of_blocks((150, 140), (3, 4), dtype, {"boundary": "reflect"}, (64, 64))
    result = plan(around[10:160, 30:170], kernel, out=target[10:160, 30:170])
    assert not oracle.violations(np.rint(result), exact)
    result[...] = 99
    assert (target == 99).all()


def test_large_images_take_these_blocks():
    """The plan says so, with the lengths; other strides and exact integers are served by other engines."""
    plan = sigconv.plan((2048, 2048), (61, 61), "f4", "f4", mode="same")
    assert "engine lanes" in str(plan)
    assert "blocks f" in plan.estimate.needs
    assert not lane_tiles.serves(sigconv.plan((2048, 2048), (61, 61), "f4", "f4", stride=2).problem)
    assert not lane_tiles.serves(sigconv.plan((2048, 2048), (61, 61), "i2", "i2").problem)
    for operands in (("c8", "c8"), ("c16", "f4"), ("f4", "c8")):
        assert "engine lanes" in str(sigconv.plan((2048, 2048), (61, 61), *operands))


def test_radices_are_known():
    """All lengths are products of the radices that are compiled."""
    for length in LENGTHS:
        assert prod(radices(length)) == length
        assert set(radices(length)) <= {2, 3, 4, 5, 8}
    assert panels.READ(np.dtype("f4"), 8) == panels.READ(np.dtype("f4"), 8)


@pytest.mark.parametrize("operands", [("c8", "f4"), ("f8", "c16")])
def test_a_complex_and_a_real_operand(operands):
    """A real kernel or signal beside a complex one is served by the same blocks."""
    rng = np.random.default_rng(4)
    signal, kernel = integers(rng, -3, 5, (70, 75), operands[0]), integers(rng, 1, 4, (4, 3), operands[1])
    problem = sigconv.plan((70, 75), (4, 3), *operands, mode="valid", method="overlap-add").problem
    assert lane_tiles.serves(problem)
    result = sigconv.convolve(signal, kernel, "valid", "overlap-add")
    exact = sum(
        complex(kernel[i, j]) * signal[3 - i : 70 - i, 2 - j : 75 - j].astype("c16") for i in range(4) for j in range(3)
    )
    assert np.abs(result - exact).max() <= allowed(signal, kernel, operands[0], (64, 96))


@pytest.mark.parametrize("dtype", DTYPES)
def test_bad_samples_cost_their_windows_alone(dtype):
    """Wherever one stands in many blocks, it is noticed, and only the outputs whose windows hold it are lost."""
    plan = plan_of_blocks((300, 310), (3, 5), dtype, {}, (64, 64))
    prepared = plan.prepare(np.ones((3, 5), dtype))
    rng = np.random.default_rng(1)
    for _ in range(40):
        signal = np.ones((300, 310), dtype)
        row, column = rng.integers(0, 300), rng.integers(0, 310)
        signal[row, column] = rng.choice([np.nan, np.inf])
        lost = np.zeros(signal.shape, bool)
        lost[max(0, row - 1) : row + 2, max(0, column - 2) : column + 3] = True
        assert np.array_equal(~np.isfinite(plan.apply(prepared, signal)), lost)
