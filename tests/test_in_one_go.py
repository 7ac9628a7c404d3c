"""Blocks in one go: the bits of the general way, and whatever it is not for left to that."""

from dataclasses import replace
from itertools import product

import numpy as np
import pytest

import sigconv
from sigconv.engines.transforms import installed
from sigconv.methods import in_one_go as module
from sigconv.methods.execute import apply, prepare
from sigconv.methods.in_one_go import InOneGo, LineInOneGo, in_one_go
from sigconv.methods.protocol import Settings
from sigconv.methods.registry import serving
from sigconv.planning.cost import PRIORS
from sigconv.planning.plan import choose
from sigconv.semantics.describe import describe

pytestmark = pytest.mark.skipif(not installed("numba"), reason="numba, which compiles the loops, is not installed")

DTYPES = ["f4", "f8", "c8", "c16"]
LENGTH, SAMPLES = 512, 2000


def numbers(shape, dtype, seed=0):
    """Return random numbers, with imaginary parts for complex dtypes."""
    rng = np.random.default_rng(seed)
    values = rng.standard_normal(shape)
    return (values + 1j * rng.standard_normal(shape) if np.dtype(dtype).kind == "c" else values).astype(dtype)


def made(samples, taps, dtype, length=LENGTH, **options):
    """Return what serves a problem in blocks of some length, and its problem and settings."""
    problem = describe((samples,), (taps,), np.dtype(dtype), np.dtype(dtype), **{"mode": "same", **options})
    parts = 1 if np.dtype(dtype).kind == "c" else 2
    settings = Settings(problem.shape, "lanes", (length,), (False,), parts, parts > 1, steps=2)
    return in_one_go(problem, settings), problem, settings


def generally(problem, settings, signal, kernel):
    """Return the result of the general way."""
    plan = choose(problem, "overlap-add", prices=PRIORS)
    plan = replace(plan, estimate=plan.estimate._replace(settings=settings))
    return plan.apply(plan.prepare(kernel), signal, workers=1)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("boundary", ["zero", "constant", "edge", "symmetric", "reflect", "wrap"])
def test_every_window_and_boundary(boundary, dtype):
    """The bits of the general way, with one thread and with two, and the definition's numbers."""
    signal, kernel = (4 * numbers(SAMPLES, dtype)).round(), (4 * numbers(31, dtype, 1)).round()
    outside = {"boundary": boundary, "fill_value": 3} if boundary == "constant" else {"boundary": boundary}
    for mode, flip, dilation in product(("full", "same", "valid"), (True, False), (1, 3)):
        options = {"mode": mode, "flip": flip, "conjugate": not flip, "dilation": dilation, **outside}
        call, problem, settings = made(SAMPLES, 31, dtype, **options)
        expected = generally(problem, settings, signal, kernel)
        for workers in (1, 2):
            assert np.array_equal(call(signal, kernel, None, workers), expected), (mode, flip, dilation)
        spread = np.zeros(30 * dilation + 1, "c16")
        spread[::dilation] = kernel if flip else kernel[::-1].conj()
        assert np.array_equal(expected.round(), by_numpy(signal, spread, mode, boundary)), (mode, flip, dilation)


def by_numpy(signal, kernel, mode, boundary):
    """Return the sums of whole numbers with an odd number of taps: of the extended signal, in a mode's window."""
    halo = len(kernel) - 1
    ghosts = {"zero": {"mode": "constant"}, "constant": {"mode": "constant", "constant_values": 3}}
    extended = np.pad(signal.astype("c16"), halo, **ghosts.get(boundary, {"mode": boundary}))
    first = {"full": 0, "same": halo // 2, "valid": halo}[mode]
    full = np.convolve(extended, kernel, "valid").round()
    return full[first : len(full) - first]


def test_taps_that_meet_no_sample_are_left_out():
    """The first hundred of a thousand taps lie behind all samples of nine hundred: blocks hold the others."""
    signal, kernel = (4 * numbers(900, "f8")).round(), (4 * numbers(1000, "f8", 1)).round()
    call, *_ = made(900, 1000, "f8", 1536, center=999)
    full = np.convolve(signal, kernel).round()
    assert np.array_equal(call(signal, kernel, None, 1).round(), full[999 : 999 + 900])


def test_a_call_takes_it():
    """Once compiled code is loaded, a call with operands of one dtype and a plan of it."""
    plan = sigconv.plan(400_000, 3000, "f8", mode="same", method="overlap-add")
    assert isinstance(plan._at_once, LineInOneGo) == (plan.estimate.settings.tile == (400_000,))
    signal, kernel = numbers(400_000, "f8"), numbers(3000, "f8", 1)
    assert np.array_equal(plan(signal, kernel), plan.apply(plan.prepare(kernel), signal))


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("boundary", ["zero", "constant", "edge", "symmetric", "reflect", "wrap"])
@pytest.mark.parametrize(
    ("shape", "taps", "lengths"),
    [((500,), (30,), (256,)), ((70, 90), (9, 7), (64, 64)), ((20, 30, 40), (3, 4, 5), (32,) * 3)],
)
def test_a_prepared_kernel(shape, taps, lengths, boundary, dtype):
    """Of one axis or several, with one thread and with two, the bits of the general way; NaN and Inf are left to it."""
    outside = {"boundary": boundary, "fill_value": 3} if boundary == "constant" else {"boundary": boundary}
    signal, kernel = numbers(shape, dtype), numbers(taps, dtype, 1)
    parts = 1 if np.dtype(dtype).kind == "c" else 2
    for mode, flip, dilation in product(("full", "same", "valid"), (True, False), (1, 2)):
        problem = describe(shape, taps, *[np.dtype(dtype)] * 2, mode=mode, flip=flip, dilation=dilation, **outside)
        settings = Settings(problem.shape, "lanes", lengths, (False,) * len(shape), parts, parts > 1, steps=2)
        prepared = prepare(problem, [(serving("overlap-add", problem), settings)], kernel)
        expected, call = apply(prepared, signal, workers=1), in_one_go(problem, settings)
        for workers in (1, 2):
            assert np.array_equal(call.apply(prepared, signal, None, workers), expected)
        out = signal.copy() if mode == "same" else np.empty_like(expected)
        assert call.apply(prepared, out if mode == "same" else signal, out, 2) is out
        assert np.array_equal(out, expected)
        bad = signal.copy()
        bad[(10,) * len(shape)] = np.nan
        assert call.apply(prepared, bad, None, 2) is None
        assert call.apply(prepared, signal.astype(signal.dtype.newbyteorder()), None, 1) is None


def test_filters_and_plans_take_it():
    """Images in the blocks of a plan, again and again, by a filter too; with NaN only where its taps are."""
    plan = sigconv.plan((300, 400), (25, 25), "f4", mode="same", method="overlap-add")
    assert isinstance(plan.compiled, InOneGo) == (plan.estimate.settings.tile == (300, 400))
    image, kernel = numbers((300, 400), "f4"), numbers((25, 25), "f4", 1)
    prepared = plan.prepare(kernel)
    expected = apply(prepared, image)
    assert np.array_equal(plan.apply(prepared, image), expected)
    smooth = sigconv.Filter(kernel, mode="same", method="overlap-add")
    assert np.array_equal(smooth(image), expected)
    image[100, 100] = np.nan
    assert np.isnan(smooth(image)).sum() == 625


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_what_is_not_finite_takes_the_general_way(value):
    """A sample or a tap: only the outputs that meet it show it."""
    call, *_ = made(SAMPLES, 30, "f8")
    signal, kernel = numbers(SAMPLES, "f8"), numbers(30, "f8", 1)
    bad = signal.copy()
    bad[700] = value
    assert call(bad, kernel, None, 1) is None
    taps = kernel.copy()
    taps[3] = value
    assert call(signal, taps, None, 1) is None
    plan = sigconv.plan(SAMPLES, 30, mode="same", method="overlap-add")
    assert np.isfinite(plan(bad, kernel)).sum() == SAMPLES - 30


@pytest.mark.parametrize("size", [1e300, 1e-300])
def test_numbers_out_of_the_range_of_transforms_take_the_general_way(size):
    """Where a transform would overflow, or taps would underflow, operands are scaled: there."""
    call, *_ = made(SAMPLES, 30, "f8")
    signal, kernel = numbers(SAMPLES, "f8"), numbers(30, "f8", 1)
    assert call(signal, size * kernel, None, 1) is None
    if size > 1:
        assert call(size * signal, kernel, None, 1) is None
    expected = sigconv.convolve(signal, kernel, "same", method="direct")
    found = sigconv.convolve(size * signal, kernel / size, "same", method="overlap-add")
    assert np.allclose(found, expected, rtol=0, atol=1e-11)


def test_every_layout_of_the_operands():
    """Read-only operands and any layout of the kernel are served; other signals take the general way."""
    call, problem, settings = made(SAMPLES, 30, "f8")
    signal, kernel = numbers(SAMPLES, "f8"), numbers(30, "f8", 1)
    expected = generally(problem, settings, signal, kernel)
    frozen = signal.copy()
    frozen.flags.writeable = False
    assert np.array_equal(call(frozen, kernel[::-1].copy()[::-1], None, 1), expected)
    assert np.array_equal(call(frozen, kernel.astype(">f8"), None, 1), expected)
    shifted = np.frombuffer(b"\0" + signal.tobytes(), "u1")[1:].view("f8")
    for other in (signal.repeat(2)[::2], signal[::-1].copy()[::-1], signal.astype(">f8"), shifted):
        assert call(other, kernel, None, 1) is None


def test_results_over_the_operands():
    """`out` may be the signal, a part of it, of another layout or dtype: the operands are read first."""
    call, problem, settings = made(SAMPLES, 30, "f8")
    signal, kernel = numbers(SAMPLES, "f8"), numbers(30, "f8", 1)
    expected = generally(problem, settings, signal, kernel)
    for out in (np.empty(SAMPLES), np.empty(2 * SAMPLES)[::2], np.empty(SAMPLES, "c16")):
        assert call(signal, kernel, out, 1) is out
        assert np.array_equal(out, expected)
    over = signal.copy()
    assert call(over, kernel, over, 2) is over
    assert np.array_equal(over, expected)
    long = np.concatenate([kernel, np.zeros(SAMPLES)])
    assert np.array_equal(call(signal, long[:30], long[:SAMPLES], 1), expected)


@pytest.mark.parametrize(
    ("shape", "taps", "dtypes", "options"),
    [
        ((SAMPLES,), (30,), ("f8", "f4"), {}),
        ((SAMPLES,), (30,), ("i2", "i2"), {}),
        ((SAMPLES,), (30,), ("i8", "i8"), {}),
        ((SAMPLES,), (30,), ("f8", "f8"), {"accuracy": "componentwise"}),
        ((SAMPLES,), (30,), ("f8", "f8"), {"boundary": "renormalize"}),
        ((4, SAMPLES), (30,), ("f8", "f8"), {"axes": 1}),
        ((300,), (30,), ("f8", "f8"), {}),
    ],
)
def test_other_problems_are_not_served(shape, taps, dtypes, options):
    """Several dtypes or lines, checked results, and outputs that do not fill a block."""
    problem = describe(shape, taps, *map(np.dtype, dtypes), mode="same", **options)
    settings = made(SAMPLES, 30, "f8")[2]._replace(tile=problem.shape)
    assert in_one_go(problem, settings) is None


def test_plans_keep_little():
    """What hundred plans have made does not all stay."""
    kernel = numbers(30, "f8")
    for samples in range(SAMPLES, SAMPLES + 100):
        call, *_ = made(samples, 30, "f8")
        assert call(np.ones(samples), kernel, None, 1) is not None
    assert len(module._recent._made) <= 64
