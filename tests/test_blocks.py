"""Blocks of overlap-add: every layout (one by one, paired, copied by compiled loops) against exact integers."""

import dataclasses
from functools import lru_cache
from math import prod

import numpy as np
import oracle
import pytest
from memory import forget, peak_of
from strategies import LINEAR

import sigconv
from sigconv.engines.transforms import installed
from sigconv.methods.engine_blocks import _cut, _work, block_lengths
from sigconv.methods.paired import row_places
from sigconv.methods.spectral import block_outputs
from sigconv.methods.tiles import gather, reach_of
from sigconv.planning.cost import PRIORS
from sigconv.semantics.boundary import Span, extend

CASES = [
    ((900,), (9,), {"boundary": "reflect"}),
    ((901,), (9,), {"mode": "full"}),
    ((900,), (9,), {"mode": "valid", "flip": False}),
    ((1300,), (5,), {"dilation": 3, "stride": 2, "boundary": "wrap"}),
    ((3, 700), (9,), {"axes": -1, "boundary": "edge"}),
    ((3, 700), (3, 9), {"axes": -1}),
    ((2, 650), (3, 1, 7), {"axes": -1}),
    ((700, 3), (9,), {"axes": 0, "boundary": "symmetric"}),
    ((60, 50), (5, 4), {"boundary": ("constant", "wrap"), "fill_value": 3}),
    ((60, 50), (5, 4), {"stride": (1, 2), "boundary": ("zero", "constant"), "fill_value": 3}),
    ((2, 40, 41), (4, 3), {"axes": (1, 2), "boundary": "renormalize"}),
    ((30, 9, 20), (3, 2, 4), {"boundary": "reflect"}),
]
LAYOUTS = [
    {"engine": "numpy", "compiled": False},
    pytest.param(
        {"engine": "numpy", "compiled": True},
        marks=pytest.mark.skipif(not installed("numba"), reason="numba, which compiles the copies, is not installed"),
    ),
]


def plan_of_small_blocks(shape, taps, dtype, options, changes):
    """Return a plan with the smallest blocks that the method considers, two pairs in a batch."""
    plan = sigconv.plan(shape, taps, dtype, method="overlap-add", **({"mode": "same"} | options))
    lengths = next(block_lengths(plan.problem))
    cuts = _cut(plan.problem, lengths)
    estimate = _work(plan.problem, PRIORS, cuts, batch=4 * prod(lengths)).estimate(PRIORS, "numpy")
    if any(axis.stride > 1 for axis in plan.problem.axes):  # compiled copies take every output
        changes = changes | {"compiled": False}
    if "c" in dtype:
        changes = changes | {"compiled": False}
    settings = estimate.settings._replace(**changes)
    return dataclasses.replace(plan, estimate=estimate._replace(settings=settings))


@pytest.mark.parametrize("changes", LAYOUTS)
@pytest.mark.parametrize("dtype", ["f4", "f8", "f2", "c16", "i8"])
@pytest.mark.parametrize(("shape", "taps", "options"), CASES)
def test_blocks_join_without_a_seam(shape, taps, options, dtype, changes):
    """Every output of several blocks is right, on small integers, which stay exact up to the transforms' rounding."""
    plan = plan_of_small_blocks(shape, taps, dtype, options, changes)
    first = plan.problem.axes[0]
    assert first.count > 2 * block_outputs(first, plan.estimate.settings.lengths[0])
    signal, kernel, exact = case(shape, taps, dtype == "c16", tuple(options.items()))
    signal, kernel = signal.astype(dtype), kernel.astype(dtype)
    result = plan(signal, kernel)
    assert result.shape == exact.shape
    norms = np.linalg.norm(signal.astype("c16")) * np.linalg.norm(kernel.astype("c16").reshape(-1))
    # Weights of renormalised 4 × 3 kernels of 1 to 3 are at most 36; blocks are shorter than 2¹⁶.
    rounding = 0 if dtype == "i8" else np.finfo(plan.problem.working_dtype).eps / 2 * 16 * 16 * norms * 36
    half = np.abs(result.astype("c16")).max() * 2.0**-11 if dtype == "f2" else 0
    if dtype == "i8" and result.dtype == "f8":
        rounding = 2.0**-53 * 16 * 16 * norms * 36
    assert not oracle.violations(result, exact, float(rounding + half))


@lru_cache
def case(shape, taps, is_complex, options):
    """Return a signal and a kernel of small integers, and the exact result."""
    rng = np.random.default_rng(0)
    signal, kernel = rng.integers(0, 5, shape), rng.integers(1, 4, taps)
    if is_complex:
        signal, kernel = signal + 1j * signal[::-1], kernel - 2j
    return signal, kernel, oracle.slide(signal, kernel, **({"mode": "same", "flip": True} | dict(options)))


def test_pairs_and_single_blocks_have_their_settings():
    """Real blocks are paired where there are several, complex ones never, and one block is no pair."""
    real = sigconv.plan(1_000_000, 100, method="overlap-add").estimate.settings
    assert real.paired
    assert real.blocks % 2 == 0
    assert not sigconv.plan(1_000_000, 100, complex, method="overlap-add").estimate.settings.paired
    assert not sigconv.plan(100, 10, method="overlap-add").estimate.settings.paired


def test_row_places_by_hand():
    """Two blocks 100 apart, rows of 10: two of three rows are held, and they begin one row and five places in."""
    assert row_places((4, 10), (2,), (2, 3), 100, (1, 5)).tolist() == [15, 25, -1, 115, 125, -1]
    assert row_places((50,), (), (3,), 8, (2,)).tolist() == [2, 10, 18]


@pytest.mark.parametrize("dtype", ["f4", "f8", "c16", "i4"])
@pytest.mark.parametrize("taps", [1, 1000, 100_000])
def test_memory_does_not_grow_with_the_signal(taps, dtype):
    """A worker takes at most 64 MB for kernels of up to 10⁵ samples (200 for limbs), and all share two spectra."""
    short, long = (
        sigconv.plan(n, taps, dtype, mode="same", method="overlap-add").estimate for n in (10_000_000, 1_000_000_000)
    )
    assert max(short.worker_bytes, long.worker_bytes) <= (200 if dtype == "i4" else 64) * 1_000_000
    assert long.shared_bytes <= 2 * 16 * 2**20


SMALL = 50_000  # bytes of Python's objects


@pytest.mark.parametrize("boundary", ["zero", "reflect", "wrap", "renormalize", "mixed"])
@pytest.mark.parametrize("dtype", ["f4", "f8", "i2"])
@pytest.mark.parametrize(
    ("signal", "kernel", "method"),
    [
        ((300_001,), (999,), "overlap-add"),
        ((901, 902), (33, 35), "overlap-add"),
        ((1500, 1400), (5, 7), "overlap-add"),
        ((1500, 1400), (5, 7), "direct"),
        ((64, 90, 80), (9, 3, 7), "overlap-add"),
        ((64, 90, 80), (9, 3, 7), "direct"),
    ],
)
def test_the_estimated_memory_is_enough(signal, kernel, method, dtype, boundary):
    """What is allocated with one worker, beside operands and result, is no more than the plan says."""
    boundaries = {"mixed": ("constant", "wrap", "reflect")[: len(signal)]}.get(boundary, boundary)
    options = {"mode": "same", "boundary": boundaries, "fill_value": 2 if boundary == "mixed" else 0}
    plan = sigconv.plan(signal, kernel, dtype, method=method, **options)
    rng = np.random.default_rng(0)
    x, h = rng.integers(1, 9, signal).astype(dtype), rng.integers(1, 9, kernel).astype(dtype)
    plan(x, h)  # imports and tables
    forget()
    prepared, out = plan.prepare(h), np.empty(signal, plan.problem.result_dtype)
    assert peak_of(plan.apply, prepared, x, out, workers=1) <= plan.estimate.worker_bytes + SMALL


@pytest.mark.parametrize("boundary", [*LINEAR, "renormalize", "mixed"])
def test_a_tile_at_two_edges_reads_no_more_than_itself(boundary):
    """What a corner of an image reads is copied once, and nothing beside it."""
    boundaries = ("wrap", "constant") if boundary == "mixed" else boundary
    problem = sigconv.plan((3000, 3000), (9, 9), "f4", boundary=boundaries).problem
    signal = np.random.default_rng(0).random((3000, 3000), "f4")
    low, high = slice(0, 50), slice(2950, 3008)
    for corner in ((low, low), (low, high), (high, low), (high, high)):
        reaches = [reach_of(axis, wanted) for axis, wanted in zip(problem.axes, corner, strict=True)]
        piece = gather(signal, problem, reaches)
        peak = peak_of(gather, signal, problem, reaches)
        assert piece.size <= 66 * 66
        assert peak <= 2 * piece.nbytes + SMALL


def test_any_part_of_the_extended_signal_is_that_of_numpy_pad():
    """Parts inside, across edges, far outside, along two axes with any two boundaries."""
    rng, far = np.random.default_rng(1), 25
    names = [b for b in LINEAR if b != "constant"]
    for _ in range(400):
        shape = tuple(int(n) for n in rng.integers(1, 9, 2))
        signal, rules = rng.integers(1, 99, shape), rng.choice(names, 2)
        whole = signal
        for axis, rule in enumerate(rules):
            width = [(far, far) if i == axis else (0, 0) for i in range(2)]
            whole = np.pad(whole, width, mode="constant" if rule == "zero" else rule)
        starts = [int(rng.integers(-far, n + far - 1)) for n in shape]
        stops = [int(rng.integers(a + 1, n + far + 1)) for a, n in zip(starts, shape, strict=True)]
        spans = [Span(*span) for span in zip(range(2), starts, stops, map(str, rules), strict=True)]
        place = tuple(slice(a + far, b + far) for a, b in zip(starts, stops, strict=True))
        np.testing.assert_array_equal(extend(signal, spans), whole[place], str(spans))


def test_an_engines_blocks_are_no_shared_steps():
    """Settings of several steps, which blocks of our own take together, serve an engine's blocks as well."""
    signal, kernel = np.arange(1000.0) % 7, np.arange(30.0)
    plan = sigconv.plan(1000, 30, mode="same", method="overlap-add")
    settings = plan.estimate.settings._replace(engine="numpy", steps=2)
    plan = dataclasses.replace(plan, estimate=plan.estimate._replace(settings=settings))
    assert np.abs(plan(signal, kernel) - np.convolve(signal, kernel, "same")).max() < 1e-9
