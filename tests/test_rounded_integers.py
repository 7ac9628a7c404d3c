"""Integers by way of floats: their limbs, the check of rounded sums, and what happens where it fails."""

from dataclasses import replace
from functools import partial

import integer_campaign as campaign
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from memory import peak_of

import sigconv
from sigconv.engines.transforms import installed
from sigconv.methods import residues
from sigconv.methods.direct import Direct
from sigconv.methods.exact import BlockOverflow, Total, limb_bits, limb_peak, split
from sigconv.methods.protocol import Settings
from sigconv.methods.registry import METHODS
from sigconv.semantics.describe import describe

ROUNDING = [name for name in sigconv.methods() if name != "direct"]
every_rounding = pytest.mark.parametrize("method", ROUNDING)
compiled = pytest.mark.skipif(not installed("numba"), reason="numba, which compiles the transforms, is not installed")
LOOPS = ("numpy", "numba") if installed("numba") else ("numpy",)
INT64, UINT64 = np.dtype(np.int64), np.dtype(np.uint64)


# --- limbs -----------------------------------------------------------------------------------------------------------


@given(st.lists(st.integers(-(2**63), 2**63 - 1), min_size=1), st.integers(1, 12), st.booleans())
def test_limbs_are_the_number(values, count, unsigned):
    """Σ 2^(bi) x_i is x, and no limb is larger than half of 2^b."""
    if unsigned:
        values = [v + 2**63 for v in values]
    largest = max(map(abs, values))
    bits = limb_bits(largest, count)
    limbs = list(split(np.array(values, np.uint64 if unsigned else np.int64), bits, count))
    if count > 1 or largest < 2**63:
        assert [sum(int(limb[i]) << (bits * k) for k, limb in enumerate(limbs)) for i in range(len(values))] == values
        assert max(int(np.abs(limb).max()) for limb in limbs) <= limb_peak(largest, count)


terms = st.lists(st.tuples(st.integers(-(2**63), 2**63 - 1), st.integers(0, 120)), min_size=1, max_size=5)


@given(terms, st.sampled_from([INT64, UINT64]))
def test_totals_are_exact_or_do_not_fit(added, dtype):
    """Sums of integers times powers of two are those of Python's integers, or the first that does not fit is named."""
    total, wanted = Total(sum(abs(v) << shift for v, shift in added)), sum(v << shift for v, shift in added)
    for value, shift in added:
        total.add(np.array([0, value]), shift)
    if np.iinfo(dtype).min <= wanted <= np.iinfo(dtype).max:
        assert total.result(dtype).tolist() == [0, wanted]
    else:
        with pytest.raises(BlockOverflow) as caught:
            total.result(dtype)
        assert caught.value.index == (1,)


@every_rounding
def test_small_integers_take_one_transform(method, monkeypatch):
    """Bytes and 16-bit integers need no limbs: there is one convolution of floats for each tile."""
    calls = spied(monkeypatch, method, lambda sums: None)
    rng = np.random.default_rng(0)
    for dtype, taps in (("uint8", 1000), ("int16", 1000), ("bool", 3)):
        limits = (0, 1) if dtype == "bool" else (np.iinfo(dtype).min, np.iinfo(dtype).max)
        signal, kernel = (rng.integers(*limits, n, endpoint=True).astype(dtype) for n in (50_000, taps))
        plan = sigconv.plan(signal.shape, kernel.shape, dtype, mode="same", method=method)
        calls.clear()
        plan(signal, kernel)
        assert len(calls) == -(-50_000 // plan.estimate.settings.tile[0])


def spied(monkeypatch, method, change):
    """Let a function change the floats' sums of a method; give the list of its calls."""
    inner, calls = METHODS[method]._method, []

    def fill(original, state, problem, settings, tile, signal, out, runner):
        original(state, problem, settings, tile, signal, out, runner)
        calls.append(out.shape)
        change(out)

    monkeypatch.setattr(inner, "fill", partial(fill, inner.fill))
    return calls


# --- the check -------------------------------------------------------------------------------------------------------


def drawn(rng, shape):
    """Draw integers of which sums of many are exact in float64."""
    return rng.integers(-(2**20), 2**20, shape)


def check_agreement(signal, kernel, mode, rng, **steps):
    """Assert that both sides of the check are equal, and no longer where one output is off by one.

    Whatever loops sum them, and also where the outputs are a part of an array.
    """
    axes = describe(signal.shape, kernel.shape, INT64, INT64, mode=mode, **steps).axes
    outputs = sigconv.convolve(signal, kernel, mode, "direct", **steps)
    wrong = outputs.copy()
    wrong[tuple(rng.integers(outputs.shape))] += rng.choice([-1, 1])
    for loops in LOOPS:
        operands = residues.of_samples(signal.astype(float), axes, loops), residues.of_kernel(kernel)
        for numbers, right in ((outputs, True), (wrong, False)):
            assert residues.agree(*operands, residues.of_outputs(numbers, axes, loops), axes) is right
            for place in (np.empty(outputs.shape), np.empty((*outputs.shape[:-1], outputs.shape[-1] + 1))[..., :-1]):
                place[...] = numbers + rng.uniform(-0.49, 0.49, outputs.shape)
                rounded = place.view(np.int64)
                assert residues.agree(*operands, residues.of_rounded(place, rounded, axes, loops), axes) is right
                assert np.array_equal(rounded, numbers)


@given(st.data())
def test_the_check_holds_for_convolutions_alone(data):
    """Every window, stride and dilation, on up to four axes."""
    axes = data.draw(st.integers(1, 4))

    def draw(most):
        return tuple(data.draw(st.integers(1, most)) for _ in range(axes))

    most = {1: 60, 2: 14, 3: 6, 4: 4}[axes]
    rng, shape, taps = np.random.default_rng(data.draw(st.integers(0, 1000))), draw(most), draw(most)
    steps = {"stride": draw(3), "dilation": draw(3)}
    check_agreement(drawn(rng, shape), drawn(rng, taps), data.draw(st.sampled_from(["full", "same"])), rng, **steps)


@pytest.mark.parametrize(("shape", "taps"), [((20_000,), (300,)), ((70, 400), (5, 9)), ((30, 25, 70), (4, 3, 5))])
@pytest.mark.parametrize("mode", ["full", "same", "valid"])
def test_the_check_of_many_samples(shape, taps, mode):
    """So many that those of one weight are added up first."""
    rng = np.random.default_rng(1)
    check_agreement(drawn(rng, shape), drawn(rng, taps), mode, rng)


def test_no_pair_of_neighbours_is_missed():
    """Errors of opposite sign in two outputs show wherever they stand, less than a period apart."""
    axes = describe((300,), (1,), INT64, INT64).axes
    right = residues.of_outputs(np.zeros(300, np.int64), axes, "numpy")
    for first in range(0, 300, 7):
        for second in range(first + 1, 300, 5):
            outputs = np.zeros(300, np.int64)
            outputs[[first, second]] = 1, -1
            assert residues.of_outputs(outputs, axes, "numpy") != right


OPERANDS = {
    "one transform": (np.int16, 2**15, 9000, 200),
    "limbs": (np.int64, 2**40, 9000, 40),
    "large": (np.int32, 2**20, 400_000, 30),
}


@pytest.mark.parametrize("size", OPERANDS)
@every_rounding
def test_a_wrong_sum_is_put_right(method, size, monkeypatch):
    """Were the floats off by one at one place of each tile, direct sums would take the place of these tiles."""
    dtype, most, n, m = OPERANDS[size]
    rng = np.random.default_rng(2)
    signal, kernel = rng.integers(-most, most, n).astype(dtype), rng.integers(-(2**15), 2**15, m).astype(dtype)
    wanted = sigconv.convolve(signal, kernel, "same", "direct")
    repairs, fill = [], Direct.fill

    def repair(*arguments):
        repairs.append(arguments)
        fill(*arguments)

    def change(sums):
        sums.reshape(-1)[sums.size // 3] += 1

    monkeypatch.setattr(Direct, "fill", repair)
    calls = spied(monkeypatch, method, change)
    got = sigconv.convolve(signal, kernel, "same", method)
    assert got.tolist() == wanted.tolist()
    assert len(repairs) == len(calls) > 0


# --- the campaign ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("number", range(0, 20_000, 101))
def test_a_sample_of_the_campaign(number):
    """Random cases up to the limits of every dtype: exact, or the error that names the first that does not fit."""
    verdict, near = campaign.outcome(number)
    assert verdict in ("exact", "overflow")
    assert near or number % 3


@pytest.mark.full
@pytest.mark.parametrize("first", range(0, 20_000, 1000))
def test_the_campaign(first):
    """All 20,000 cases."""
    assert not [number for number in range(first, first + 1000) if campaign.outcome(number)[0].startswith("wrong")]


def test_the_reference_by_hand():
    """The reference of the campaign against products that are multiplied out here."""
    x, h = np.array([2**63 - 1, -(2**63), 5], object), np.array([-3, 2**64 - 1], object)
    wanted = [-3 * x[0], x[0] * h[1] - 3 * x[1], x[1] * h[1] - 15, 5 * h[1]]
    assert campaign.full_product(x, h).tolist() == wanted
    image = campaign.full_product(np.array([[1, 2], [3, 4]], object), np.array([[5, -1]], object))
    assert image.tolist() == [[5, 9, -2], [15, 17, -4]]
    assert campaign.spread(np.array([1, 2], object), 3).tolist() == [1, 0, 0, 2]


# --- memory ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("dtype", "n", "m"),
    [("uint8", 300_001, 999), ("int16", 100_000, 90_000), ("int32", 300_001, 999), ("int64", 90_000, 100_000)],
)
@every_rounding
def test_the_estimated_memory_is_enough(method, dtype, n, m):
    """What is allocated with one worker, beside operands and result, is no more than the plan says."""
    rng, most = np.random.default_rng(0), min(2**45, np.iinfo(dtype).max)
    plan, kernel = sigconv.plan(n, m, dtype, mode="same", method=method), rng.integers(0, 2, m).astype(dtype)
    signal, out = rng.integers(0, most, n, dtype), np.empty(n, plan.problem.result_dtype)
    plan(signal, kernel)  # imports and tables
    assert peak_of(plan, signal, kernel, out=out, workers=1) <= plan.estimate.bytes


@pytest.mark.parametrize("signal", range(40, 70, 3))
@pytest.mark.parametrize("engine", ["numpy", "fftw"] if installed("pyfftw") else ["numpy"])
def test_a_last_tile_may_be_shorter_than_a_block(signal, engine):
    """Where pairs of blocks are complex ones it is one, too, and nothing imaginary is dropped with a warning."""
    x, h = np.arange(signal) % 7, np.array([1, -2, 3, -4, 5])
    settings = Settings((20,), engine, (16,), (False,), blocks=2, paired=True)
    plan = sigconv.plan(x.shape, h.shape, int, method="overlap-add")
    forced = replace(plan, estimate=plan.estimate._replace(settings=settings))
    np.testing.assert_array_equal(forced(x, h, workers=1), np.convolve(x, h))
