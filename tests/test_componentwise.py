"""accuracy="componentwise": every error is small beside its own Σ|x||h|."""

import numpy as np
import pytest

import sigconv
from benchmarks.accuracy import distance, numbers
from sigconv.methods.bounds import unit_roundoff
from sigconv.methods.orientation import orient
from sigconv.study.exact import entry, read, seeded_outputs

CASES = [
    ((20_000,), (900,), {}),
    ((3_000,), (2_500,), {"boundary": "wrap"}),
    ((5, 4_000), (700,), {"axes": -1, "boundary": "reflect"}),
    ((120, 130), (21, 31), {"boundary": ("edge", "symmetric")}),
    ((9_000,), (500,), {"stride": 3, "dilation": 2}),
]


def held(x, h, result, problem):
    """Check a sample of outputs, every one within 4 m u of its own Σ|x||h|."""
    allowed, oriented = 4 * h.size * unit_roundoff(problem.working_dtype), orient(h, problem)
    quiet = np.argsort(np.abs(result), axis=None)[:20]
    for index in {*seeded_outputs(result.shape, 40), *zip(*np.unravel_index(quiet, result.shape), strict=True)}:
        taps = entry(oriented, problem, index).reshape(-1)
        samples = read(entry(x, problem, index), problem, index)[0].reshape(-1)
        size = (np.abs(samples).astype(np.longdouble) * np.abs(taps)).sum()
        assert distance(samples, taps, result[index])[0] <= allowed * size + 2 * h.size * np.finfo(x.dtype).tiny, index


def test_tiny_values_far_from_huge_ones_come_out_right():
    """Ten values from 1 to 1e81 behind zeros: what other libraries' FFT gives beside 1e162 is noise of 1e146."""
    a = np.array([0.0] * 10_000 + [10.0 ** (9 * i) for i in range(10)])
    got = sigconv.convolve(a, a, accuracy="componentwise")
    exact = [sum(10 ** (9 * k) for i in range(10) if 0 <= k - i < 10) for k in range(19)]
    assert np.all(np.abs(got[-19:] / np.array([float(v) for v in exact]) - 1) < 1e-12)
    assert not got[:-19].any()
    assert np.abs(sigconv.convolve(a, a, method="fft")[20_000:20_005]).max() > 1e100  # which is why it is asked for


@pytest.mark.parametrize("kind", ["level", "noise", "passages", "mixed"])
@pytest.mark.parametrize("dtype", ["f4", "f8", "c8", "c16"])
@pytest.mark.parametrize(("shape", "taps", "options"), CASES)
def test_every_output_is_close_to_its_own_sum(shape, taps, options, dtype, kind):
    """Samples of one size, of very different ones, and passages of them, by what `auto` takes and by Filter."""
    rng, dtype = np.random.default_rng(7), np.dtype(dtype)
    x, h = numbers(rng, shape, dtype, kind, 30), numbers(rng, taps, dtype, "noise", 0)
    plan = sigconv.plan(shape, taps, dtype, dtype, "same", accuracy="componentwise", **options)
    result = plan(x, h)
    held(x, h, result, plan.problem)
    f = sigconv.Filter(h, "same", accuracy="componentwise", **options)
    held(x, h, f(x), plan.problem)


@pytest.mark.parametrize("dtype", ["f4", "f8"])
@pytest.mark.parametrize(("shape", "taps", "options"), CASES)
def test_sums_of_non_negative_numbers_are_not_negative(shape, taps, options, dtype):
    """Spectra of photons and of probabilities: roots of the result can be taken."""
    rng = np.random.default_rng(8)
    x, h = (np.where(rng.random(s) < 0.02, rng.random(s), 0).astype(dtype) for s in (shape, taps))
    assert sigconv.convolve(x, h, "same", accuracy="componentwise", **options).min() >= 0
    bump = np.exp(-(np.linspace(-9, 9, taps[-1]) ** 2)).astype(dtype)
    kernel = bump if len(taps) == 1 else np.outer(bump[: taps[0]], bump)
    assert sigconv.convolve(x, kernel, "same", accuracy="componentwise", **options).min() >= 0


def test_what_can_not_deliver_it_is_refused():
    """A method whose errors are those of a norm, by its reason; an unknown name by the known ones."""
    with pytest.raises(sigconv.ArgumentValueError, match=r"componentwise.*relative to the loudest samples"):
        sigconv.convolve(np.ones(100), np.ones(5), method="fft", accuracy="componentwise")
    with pytest.raises(sigconv.ArgumentValueError, match="normwise or componentwise"):
        sigconv.convolve([1.0], [1.0], accuracy="best")
    explained = sigconv.plan(100, 5, accuracy="componentwise").explain()
    assert explained.startswith("convolve 100 float64 with 5 float64, full, zero, componentwise")
    assert "can't serve: accuracy='componentwise'" in explained


def test_long_kernels_are_checked_transforms():
    """Where noise passes the check, transforms pay; where huge and tiny samples lie in one block, sums take over."""
    rng = np.random.default_rng(9)
    plan = sigconv.plan(100_000, 10_000, mode="same", accuracy="componentwise")
    assert plan.method != "direct"
    assert "direct sums where not proven" in plan.explain()
    x, h = rng.standard_normal(100_000), rng.standard_normal(10_000)
    quiet = np.where(np.arange(100_000) < 50_000, 1.0, 1e-30)
    for signal in (x, x * quiet):
        result = plan(signal, h)
        held(signal, h, result, plan.problem)
        held(signal, h, plan.apply(plan.prepare(h), signal, np.empty_like(result)), plan.problem)
    x[77_777] = np.nan
    result = plan(x, h)
    assert np.isnan(result[72_800:82_700]).all()
    assert np.isfinite(result[:72_000]).all()
    assert np.isfinite(result[83_000:]).all()


@pytest.mark.parametrize("method", ["fft", "overlap-add"])
@pytest.mark.parametrize("dtype", ["f2", "f4", "c16"])
def test_checked_transforms_by_name(dtype, method):
    """A forced method with enough taps delivers it too, with every kind of boundary; with few taps it is refused."""
    rng = np.random.default_rng(10)
    ghosts = [("edge", {}), ("constant", {"fill_value": -3})]
    # In half precision no sum of so many taps is surely different from zero.
    for boundary, more in ghosts + [("renormalize", {})] * (dtype != "f2"):
        x, h = numbers(rng, (9_000,), np.dtype(dtype), "noise", 3), numbers(rng, (1_500,), np.dtype(dtype), "level", -9)
        options = {"boundary": boundary, "accuracy": "componentwise"} | more
        got = sigconv.convolve(x, h, "same", method, **options)
        wide = np.result_type(dtype, np.float64)
        exact = sigconv.convolve(x.astype(wide), h.astype(wide), "same", "direct", boundary=boundary, **more)
        size = sigconv.convolve(abs(x).astype(float), abs(h).astype(float), "same", boundary=boundary, **_sizes(more))
        u = unit_roundoff(np.dtype("f4" if dtype == "f2" else dtype))
        rounded = 2.0**-11 * np.abs(exact) + 2.0**-25 if dtype == "f2" else 0
        assert np.all(np.abs(got - exact) <= 4.5 * h.size * u * size + rounded)


def _sizes(options):
    return {name: abs(value) for name, value in options.items()}


def test_integers_are_exact_anyway():
    """Every method serves integers, and nothing is said of accuracy."""
    x, h = np.arange(5_000), np.arange(300)
    expected = sigconv.convolve(x, h)
    for method in sigconv.methods():
        assert np.array_equal(sigconv.convolve(x, h, method=method, accuracy="componentwise"), expected)
    assert "componentwise" not in sigconv.plan(10, 10, int, accuracy="componentwise").explain()
