"""Kernels that are mostly zeros: when the sums of their other taps are taken, and what they give."""

import dataclasses

import numpy as np
import oracle
import pytest

import sigconv
from sigconv.engines.transforms import installed
from sigconv.methods.protocol import Limits
from sigconv.methods.sparse import Sparse
from sigconv.planning.candidate import Candidate
from sigconv.planning.cost import PRIORS
from sigconv.planning.structure import Structure

ENGINES = ["numpy"] + ["numba"] * installed("numba")
CASES = [
    ((40,), (9,), {}),
    ((40,), (23,), {"mode": "full", "flip": False}),
    ((40,), (9,), {"mode": "valid", "stride": 2, "dilation": 3}),
    ((9,), (23,), {"mode": "full", "boundary": "zero"}),
    ((300,), (31,), {"boundary": "reflect", "stride": 3}),
    ((12, 33), (4, 7), {"boundary": ("constant", "wrap"), "fill_value": 3, "center": (0, 3)}),
    ((12, 33), (4, 7), {"mode": "full", "flip": False, "dilation": (1, 2)}),
    ((12, 33), (7, 4), {"boundary": "renormalize"}),
    ((2, 9, 41), (4, 7), {"axes": (1, 2), "boundary": "symmetric"}),
    ((3, 50), (3, 19), {"axes": (1,), "boundary": "edge"}),
    ((9, 2, 21), (3, 2), {"axes": (2, 0), "boundary": ("edge", "zero")}),
    ((6, 7, 8), (3, 2, 4), {"boundary": "edge"}),
]


def sparse_kernel(shape, dtype):
    """Return a kernel of small positive integers, most of whose taps are zero."""
    rng = np.random.default_rng(1)
    kernel = np.zeros(shape, dtype)
    places = rng.choice(kernel.size, max(2, kernel.size // 5), replace=False)
    kernel.reshape(-1)[places] = rng.integers(1, 4, places.size) + (1j if kernel.dtype.kind == "c" else 0)
    return kernel


def plan_of_taps(shape, kernel, dtype, options, engine):
    """Return a plan that takes the sums of any taps that are not zero, in several tiles."""
    plan = sigconv.plan(shape, kernel.shape, dtype, **({"mode": "same"} | options))
    method = Sparse(kernel.size)
    estimate = method.estimates(plan.problem, PRIORS, Limits())[0]
    tile = tuple(max(1, (size + 1) // 2) for size in plan.problem.shape)
    settings = estimate.settings._replace(tile=tile, engine=engine)
    candidate = Candidate("sparse", estimate._replace(settings=settings), None)
    taking = dataclasses.replace(plan)  # another one than that which is kept
    vars(taking)["_sought"] = (Structure(method, candidate),)
    return taking


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("dtype", ["f4", "f8", "f2", "c8", "c16"])
@pytest.mark.parametrize(("shape", "taps", "options"), CASES)
def test_the_sums_give_the_definition(shape, taps, options, dtype, engine):
    """Every boundary, mode and number of axes agrees with exact arithmetic within the bound of direct sums."""
    signal = np.random.default_rng(0).integers(-4, 5, shape).astype(dtype)
    kernel = sparse_kernel(taps, dtype)
    plan = plan_of_taps(shape, kernel, dtype, options, engine)
    prepared = plan.prepare(kernel)
    assert prepared.method.name == "sparse"
    asked = {"mode": "same", "flip": True} | options
    exact = oracle.slide(signal, kernel, **asked)
    limits = oracle.bound(signal, kernel, dtype=plan.problem.result_dtype, method="direct", **asked)
    result = plan.apply(prepared, signal)
    assert not oracle.violations(result, exact, limits)
    assert np.array_equal(result, plan.apply(prepared, signal, workers=3), equal_nan=True)
    nothing = np.zeros_like(kernel)
    if options.get("boundary") != "renormalize":
        assert not plan.apply(plan.prepare(nothing), signal).any()


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("bad", [np.inf, -np.inf, np.nan])
@pytest.mark.parametrize(("shape", "taps", "options"), CASES)
def test_zero_taps_meet_samples_that_are_not_finite(shape, taps, options, bad, engine):
    """0 · Inf is NaN: the result is the plain sum's, wherever the sample stands, also where no other tap meets it."""
    kernel = sparse_kernel(taps, "f8")
    plan = plan_of_taps(shape, kernel, "f8", options, engine)
    asked = {"mode": "same", "flip": True} | options
    for place in (0, int(np.prod(shape)) // 2, -1):
        signal = np.random.default_rng(2).integers(1, 5, shape).astype(float)
        signal.reshape(-1)[place] = bad
        expected = sigconv.slide(signal, kernel, method="direct", **asked)
        np.testing.assert_allclose(plan(signal, kernel), expected, rtol=1e-12)
    filled = asked | ({"fill_value": bad} if "fill_value" in options else {})
    if "fill_value" in options:
        plan = plan_of_taps(shape, kernel, "f8", options | {"fill_value": bad}, engine)
        expected = sigconv.slide(np.ones(shape), kernel, method="direct", **filled)
        np.testing.assert_allclose(plan(np.ones(shape), kernel), expected, rtol=1e-12)


def test_huge_samples_are_finite():
    """A sum of finite samples that overflows is no sample that is not finite."""
    signal, kernel = np.full(400, 1e308), sparse_kernel((31,), "f8")
    kernel /= 1e10
    plan = plan_of_taps((400,), kernel, "f8", {"mode": "valid"}, "numpy")
    np.testing.assert_allclose(plan(signal, kernel), 1e308 * kernel.sum(), rtol=1e-13)


def test_each_signal_may_have_a_kernel_of_its_own():
    """A bank of kernels with different taps."""
    rng = np.random.default_rng(4)
    signal, kernels = rng.integers(-4, 5, (2, 1, 90)).astype(float), np.zeros((1, 3, 17))
    for k, places in enumerate(([0, 16], [5], [5, 9, 11])):
        kernels[0, k, places] = k + 1.0
    expected = sigconv.convolve(signal, kernels, "same", "direct", axes=-1)
    for engine in ENGINES:
        plan = plan_of_taps(signal.shape, kernels, "f8", {"axes": -1}, engine)
        assert np.array_equal(plan(signal, kernels), expected)


def test_which_kernels_are_sparse():
    """Taps are counted; kernels with more, and those that are not finite, are left to the chosen method."""
    plan = sigconv.plan(10**6, 10**5)
    (found,) = plan.structures
    assert found.pays
    most = found.method.most
    kernel = np.zeros(10**5)
    kernel[:most] = 1.0
    assert plan.prepare(kernel).method.name == "sparse"
    kernel[-1] = 1.0
    assert plan.prepare(kernel).method.name == plan.method
    kernel[:] = 0.0
    kernel[7] = np.inf
    assert plan.prepare(kernel).method.name == plan.method
    assert f"at most {most} taps" in plan.explain()


def test_a_filter_says_that_its_kernel_is_sparse():
    """`explain` shows what was found, and a named method looks for nothing."""
    comb = np.zeros(10**5)
    comb[::5000] = 1.0
    shape = (10**6,)
    assert "this kernel has 20 taps that are not zero: sparse" in sigconv.Filter(comb).explain(shape)
    assert "sparse" not in sigconv.Filter(comb, method="fft").explain(shape)
    for plan in (sigconv.plan(2, 300), sigconv.plan(10**6, 10**5, int), sigconv.plan(10**6, 99)):
        assert plan.structures == ()


def test_auto_takes_few_taps_and_stays_right():
    """A comb over a long signal, and a few points far apart in an image, give what the transforms give."""
    rng = np.random.default_rng(5)
    for shape, taps in (((1_000_000,), (100_000,)), ((900, 800), (301, 257))):
        signal, kernel = rng.integers(-9, 10, shape).astype(float), np.zeros(taps)
        kernel.reshape(-1)[rng.choice(kernel.size, 5, replace=False)] = rng.integers(1, 9, 5)
        plan = sigconv.plan(shape, taps, mode="same", boundary="reflect")
        assert plan.prepare(kernel).method.name == "sparse"
        by_fft = sigconv.convolve(signal, kernel, "same", "fft", boundary="reflect")
        assert np.array_equal(plan(signal, kernel), np.rint(by_fft))


def test_memory_limits_the_tiles():
    """Tiles shrink to what `max_bytes` leaves them."""
    free, limited = (sigconv.plan((2000, 2000), (99, 99), max_bytes=m).structures[0] for m in (None, 20_000_000))
    assert (free.method.name, limited.method.name) == ("sparse", "sparse")
    assert limited.estimate.bytes <= 20_000_000 < free.estimate.bytes
