"""The engine "lanes": its transforms against exact ones, and blocks of every kind against the definition."""

import dataclasses
import importlib
from itertools import chain, product
from math import log2

import numpy as np
import oracle
import pytest
import test_matrix

import sigconv
from sigconv.engines.transforms import installed

if not installed("numba"):
    pytest.skip("numba, which compiles the transforms, is not installed", allow_module_level=True)

from sigconv.engines.lanes import columns, line_tables, version
from sigconv.methods import lanes
from sigconv.methods.bounds import unit_roundoff

DTYPES = ["f4", "f8", "c8", "c16"]
ODD = (1, 3, 5)


def lengths(dtype, longest=1 << 16):
    """List every length that the engine has."""
    smallest = line_tables.lanes_of(np.dtype(dtype)) ** 2
    return sorted(n for odd in ODD for bits in range(11) if (n := smallest * odd << bits) <= longest)


def random(rng, shape, dtype):
    """Draw samples of a dtype."""
    values = rng.standard_normal(shape)
    return (values + 1j * rng.standard_normal(shape) if np.dtype(dtype).kind == "c" else values).astype(dtype)


# --- transforms ------------------------------------------------------------------------------------------------------


def exact_spectrum(samples, length):
    """Return the transform in long doubles, whose own rounding is far below a double's."""
    fft = pytest.importorskip("scipy.fft", reason="scipy, which transforms long doubles, is not installed")
    return fft.fft(samples.astype(np.clongdouble), length)


def lane_spectrum(samples, length):
    """Return the engine's transforms of rows of samples, in the order of the frequencies."""
    lanes = line_tables.lanes_of(samples.dtype)
    parts = columns.spectra_of(samples, length).reshape(len(samples), -1, 2, lanes) * length
    spectrum = np.empty((len(samples), length), np.result_type(parts.dtype, np.complex64))
    spectrum[:, columns.spectrum_order(length, samples.dtype)] = parts[:, :, 0] + 1j * parts[:, :, 1]
    return spectrum


def error(spectrum, exact):
    """Return the relative error in the 2-norm."""
    return float(np.linalg.norm((spectrum - exact).astype(complex)) / np.linalg.norm(exact.astype(complex)))


def test_the_order_of_frequencies_by_definition():
    """At the shortest length, every place holds the sum over the samples for its frequency."""
    for dtype in DTYPES:
        length = lengths(dtype)[0]
        samples = random(np.random.default_rng(0), (3, length), dtype)
        wave = np.exp(-2j * np.pi * (np.outer(np.arange(length), np.arange(length)) % length) / length)
        assert (
            error(lane_spectrum(samples, length), samples.astype(complex) @ wave) < 8 * unit_roundoff(samples.dtype) * 8
        )


@pytest.mark.parametrize("dtype", DTYPES)
def test_every_length_is_within_the_bound(dtype):
    """A transform's error is below a third of a convolution's bound."""
    rng = np.random.default_rng(1)
    for length in lengths(dtype):
        samples = random(rng, (max(1, (1 << 14) // length), length), dtype)
        found = error(lane_spectrum(samples, length), exact_spectrum(samples, length))
        assert found <= 16 / 3 * unit_roundoff(samples.dtype) * log2(length), length


# --- blocks ----------------------------------------------------------------------------------------------------------


@pytest.fixture
def always(monkeypatch):
    """Where lanes can serve, they are taken, in short blocks and small tiles, whatever they cost."""
    plans = importlib.import_module("sigconv.planning.plan")
    estimates = lanes.estimates

    def cheapest(*arguments):
        return [e._replace(seconds=-1.0) for e in estimates(*arguments)]

    monkeypatch.setattr(lanes, "estimates", cheapest)
    monkeypatch.setattr(lanes, "_FEW", 0)
    monkeypatch.setattr(lanes, "_LONGEST", 512)
    monkeypatch.setattr(lanes, "_TILE", 4000)
    plans._choose.cache_clear()
    yield
    plans._choose.cache_clear()


def engine_of(plan):
    """Return the engine of a plan."""
    return plan.estimate.settings.engine


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64", "complex64", "complex128", "int16", "bool"])
def test_every_option_in_one_block(always, dtype):
    """Each pair of options and dtypes of the matrix of all methods, wherever lanes serve."""
    rows = [row for row in test_matrix.ROWS if row["stride"] == 1]
    assert len(rows) > 30
    found = [text for row in rows for text in test_matrix.row_faults("overlap-add", dtype, row)]
    assert not found, found[:3]


@pytest.mark.parametrize("row", test_matrix.broadcast_cases(), ids=lambda row: "-".join(map(str, row["shapes"])))
def test_every_batch(always, row):
    """Axes in any place, kernels for each signal and banks."""
    test_matrix.test_axes_and_broadcasting("overlap-add", row | {"stride": 1})


CASES = [
    ((3000,), (9,), {"boundary": "reflect"}),
    ((3001,), (40,), {"mode": "full"}),
    ((3000,), (300,), {"mode": "valid", "flip": False}),
    ((2900,), (9,), {"dilation": 3, "boundary": "wrap"}),
    ((1400,), (100,), {"boundary": "constant", "fill_value": 3, "center": 7}),
    ((3, 1500), (9,), {"axes": -1, "boundary": "edge"}),
    ((3, 1500), (3, 90), {"axes": -1}),
    ((2, 3, 1500), (3, 90), {"axes": -1}),
    ((2, 3, 1500), (2, 1, 90), {"axes": -1}),
    ((2, 3, 2, 1500), (3, 1, 90), {"axes": -1, "boundary": "wrap"}),
    ((2, 3, 1500), (2, 3, 90), {"axes": -1}),
    ((2, 1200), (3, 1, 7), {"axes": -1, "boundary": "symmetric"}),
    ((1500, 3), (9,), {"axes": 0, "boundary": "symmetric"}),
    ((2, 1400), (4,), {"axes": 1, "boundary": "renormalize"}),
    ((40,), (9,), {"boundary": "wrap"}),
    ((7, 40), (50,), {"axes": 1, "mode": "full"}),
    ((1000,), (1,), {}),
]


@pytest.mark.parametrize("dtype", [*DTYPES, "f2", "i2"])
@pytest.mark.parametrize(("shape", "taps", "options"), CASES)
def test_blocks_join_without_a_seam(always, shape, taps, options, dtype):
    """Small integers come out right up to the rounding, at the ends and where blocks, tiles and lines meet."""
    rng = np.random.default_rng(2)
    signal, kernel = rng.integers(0, 5, shape), rng.integers(1, 4, taps)
    if dtype[0] == "c":
        signal, kernel = signal + 1j * signal[::-1], kernel - 2j
    options = {"mode": "same"} | options
    taken = np.dtype("f4" if dtype == "i2" else dtype)  # integers would be exact, by another engine
    plan = sigconv.plan(shape, taps, dtype, taken, method="overlap-add", **options)
    assert engine_of(plan) == "lanes"
    exact = oracle.slide(signal, kernel, **({"flip": True} | options))
    result = plan(signal.astype(dtype), kernel.astype(taken), workers=2)
    weight = 36 if options.get("boundary") == "renormalize" else 1
    block = 512**0.5 * abs(signal).max() * np.linalg.norm(kernel.reshape(-1))
    limit = weight * 16 * 9 * unit_roundoff(plan.problem.working_dtype) * 2 * block
    half = np.abs(exact.astype(complex)).max() * 2.0**-11 if dtype == "f2" else 0
    assert not oracle.violations(result, exact, float(limit + half))


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("taps", [1, 2, 16, 17, 64, 65, 129, 380])
def test_every_length_of_a_line(always, dtype, taps):
    """Lines of less than a block, of one, and of a few: with every end of the last one."""
    rng = np.random.default_rng(3)
    kernel = random(rng, taps, dtype)
    for samples in [1, 5, 15, 16, 17, 64, 111, *range(120, 1700, 83)]:
        signal = random(rng, samples, dtype)
        got = sigconv.convolve(signal, kernel, "full", "overlap-add")
        exact = np.convolve(signal.astype(complex), kernel.astype(complex))
        limit = 32 * 9 * unit_roundoff(signal.dtype) * np.linalg.norm(signal) * np.linalg.norm(kernel)
        assert np.abs(got - exact).max() <= limit, samples


def test_pieces_hold_every_block():
    """Each block of a bank's lines is in one piece; so are the last two of a line alone, which share some outputs."""
    for banks, count, blocks, parts, together in product((1, 2), (1, 2, 3), range(1, 9), (1, 2), (1, 2, 3)):
        pieces = columns.pieces_of(banks, count, blocks, parts, together).tolist()
        held = [
            (bank, [max(0, pair + half) for pair in range(begin, end, parts) for half in range(parts)])
            for bank, begin, end in pieces
        ]
        for bank in range(banks):
            met = [sorted({block for block in piece if block < count * blocks}) for b, piece in held if b == bank]
            assert list(chain(*met)) == list(range(count * blocks))
            assert count > 1 or parts * together == 1 or met[-1][-2:] == list(range(blocks))[-2:]


@pytest.mark.parametrize("dtype", DTYPES)
def test_workers_may_share_the_blocks_of_a_line(always, dtype):
    """Whoever takes which blocks, the bytes are the same: also where the last two blocks give some outputs both."""
    rng = np.random.default_rng(6)
    for samples in range(2000, 12_000, 1111):
        signal, kernel = random(rng, samples, dtype), random(rng, 77, dtype)
        plan = sigconv.plan(samples, 77, dtype, mode="same", method="overlap-add")
        settings = plan.estimate.settings._replace(tile=(samples,), steps=3)
        plan = dataclasses.replace(plan, estimate=plan.estimate._replace(settings=settings))
        expected = plan(signal, kernel, workers=1)
        exact = np.convolve(signal.astype(complex), kernel.astype(complex), "same")
        limit = 32 * 9 * unit_roundoff(signal.dtype) * np.linalg.norm(signal) * np.linalg.norm(kernel)
        assert np.abs(expected - exact).max() <= limit
        for workers in (2, 3) * 10:
            assert plan(signal, kernel, workers=workers).tobytes() == expected.tobytes()


@pytest.mark.parametrize("dtype", DTYPES)
def test_workers_and_places_do_not_change_a_bit(always, dtype):
    """One, two and three workers give the same bytes, whatever the alignment and the steps of operands and result."""
    rng = np.random.default_rng(4)
    signal, kernel = random(rng, (2, 9000), dtype), random(rng, 77, dtype)
    plan = sigconv.plan(
        signal.shape, kernel.shape, dtype, axes=1, mode="same", boundary="reflect", method="overlap-add"
    )
    expected = plan(signal, kernel, workers=1)
    assert engine_of(plan) == "lanes"
    assert plan.estimate.settings.tile[1] < 9000
    for workers in (2, 3):
        assert plan(signal, kernel, workers=workers).tobytes() == expected.tobytes()
    strided = np.empty((9000, 4), dtype)[:, ::2]
    strided[...] = signal.T
    shifted = np.empty(signal.nbytes + 64, np.uint8)[3 : 3 + signal.nbytes].view(dtype).reshape(signal.shape)
    shifted[...] = signal
    swapped = signal.astype(signal.dtype.newbyteorder())
    for other in (strided.T, shifted, swapped, signal[:, ::-1].copy()[:, ::-1], np.asfortranarray(signal)):
        assert plan(other, kernel).tobytes() == expected.tobytes()
    out = np.full((9000, 4), 99, dtype)
    plan(signal, kernel, out=out[:, ::2].T)
    assert np.array_equal(out[:, ::2].T, expected)
    assert (out[:, 1::2] == 99).all()


@pytest.mark.parametrize("dtype", DTYPES)
def test_nothing_is_read_or_written_outside(always, dtype):
    """Guards around the result stay, and NaN around the signal reaches no output."""
    rng = np.random.default_rng(5)
    for samples, taps, mode in product((600, 5000), (3, 130), ("full", "same", "valid")):
        signal, kernel = np.full(samples + 2000, np.nan, dtype), random(rng, taps, dtype)
        signal[1000:-1000] = random(rng, samples, dtype)
        plan = sigconv.plan(samples, taps, dtype, mode=mode, method="overlap-add")
        out = np.full(plan.problem.shape[0] + 2000, 99, dtype)
        plan(signal[1000:-1000], kernel, out=out[1000:-1000])
        assert np.isfinite(out).all()
        assert (out[:1000] == 99).all()
        assert (out[-1000:] == 99).all()


def test_what_lanes_leave_to_others():
    """Strides, several axes, integers and long doubles keep the other engines; so does a process without numba."""
    for shape, taps, dtype, options in (
        ((10000,), (99,), "f4", {"stride": 2}),
        ((300, 300), (9, 9), "f4", {}),
        ((10000,), (99,), "i4", {}),
        ((10000,), (99,), "longdouble", {}),
    ):
        plan = sigconv.plan(shape, taps, dtype, method="overlap-add", **options)
        assert not lanes.serves(plan.problem)
    assert lanes.serves(sigconv.plan(10000, 99).problem)


def test_long_signals_are_explained():
    """`auto` takes lanes for a long signal, and says so with the block's length."""
    plan = sigconv.plan(1_000_000, 500, "f4", "f4", mode="same")
    assert engine_of(plan) == "lanes"
    assert f"engine lanes, block {plan.estimate.settings.lengths[0]}" in plan.explain()


def test_memory_is_bounded_by_blocks():
    """A limit on memory is kept by the estimate, with smaller tiles."""
    free = sigconv.plan(1_000_000, 500, "f4", "f4", method="overlap-add").estimate
    limited = sigconv.plan(1_000_000, 500, "f4", "f4", method="overlap-add", max_bytes=free.bytes // 4).estimate
    assert limited.bytes <= free.bytes // 4
    assert limited.settings.tile[0] < free.settings.tile[0]


def test_compiled_code_belongs_to_its_sources():
    """A change of any file that the transforms are made of has them compiled anew."""
    assert {*version.FILES} >= {f"lanes/{name}.py" for name in ("vectors", "butterflies", "passes")}
    assert columns._compiled(1).py_func.__closure__[-1].cell_contents == 1


@pytest.mark.parametrize("bad", [np.nan, np.inf])
@pytest.mark.parametrize("dtype", DTYPES)
def test_bad_samples_cost_their_windows_alone(always, dtype, bad):
    """Wherever one stands in many blocks, it is noticed, and only the outputs whose windows hold it are lost."""
    samples, taps = np.ones(40_000, dtype), np.arange(1, 120).astype(dtype)
    plan = sigconv.plan(samples.shape, taps.shape, dtype, mode="same", method="overlap-add")
    assert engine_of(plan) == "lanes"
    prepared = plan.prepare(taps)
    for place in np.random.default_rng(0).integers(0, samples.size, 60):
        spoilt = samples.copy()
        spoilt[place] = bad
        lost = np.flatnonzero(~np.isfinite(plan.apply(prepared, spoilt)))
        assert lost.tolist() == list(range(max(0, place - 59), min(samples.size, place + 60)))
