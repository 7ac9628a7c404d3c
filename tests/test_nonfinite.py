"""NaN and Inf: outputs are what the plain sums over their windows are, by every method."""

from itertools import product

import numpy as np
import pytest
from test_blocks import LAYOUTS, plan_of_small_blocks

import sigconv

METHODS = (*sigconv.methods(), "auto")
PADS = {"edge": "edge", "reflect": "reflect", "symmetric": "symmetric", "wrap": "wrap"}
FAR = 64  # how far the tests' signals are padded


def plain_sums(x, h, mode, boundary, fill=0.0, stride=1, dilation=1):
    """Return Σ_j ext(x)[k − j] h[j] in ascending j, by loops over Python floats; outside of zero is left out."""
    spans = [dilation * (m - 1) + 1 for m in h.shape]
    starts = [0 if mode == "full" else (s - 1) // 2 for s in spans]
    stops = [n + s - 1 if mode == "full" else a + n for n, s, a in zip(x.shape, spans, starts, strict=True)]
    if boundary in ("zero", "constant"):
        padded = np.pad(x, FAR, constant_values=fill)
        inside = np.pad(np.ones(x.shape, bool), FAR, constant_values=boundary == "constant")
    else:
        padded, inside = np.pad(x, FAR, mode=PADS[boundary]), np.ones([n + 2 * FAR for n in x.shape], bool)
    outputs = [range(a, b, stride) for a, b in zip(starts, stops, strict=True)]
    result = np.zeros([len(o) for o in outputs], np.result_type(x, h))
    with np.errstate(all="ignore"):
        for at in np.ndindex(*result.shape):
            total = 0 * result.dtype.type(0)
            for tap in np.ndindex(*h.shape):
                place = tuple(o[i] - dilation * j + FAR for o, i, j in zip(outputs, at, tap, strict=True))
                if inside[place]:
                    total += padded[place] * h[tap]
            result[at] = total
    return result


def spoiled(rng, array, most):
    """Return an array with up to so many numbers that are not finite."""
    for _ in range(rng.integers(0, most + 1)):
        array.reshape(-1)[rng.integers(array.size)] = rng.choice([np.nan, np.inf, -np.inf])
    return array


def agrees(got, expected):
    """Check NaN, infinities and numbers; of complex numbers which of them are finite."""
    if got.dtype.kind == "c":
        assert np.array_equal(np.isfinite(got), np.isfinite(expected))
        finite = np.isfinite(expected)
        assert np.abs(got[finite] - expected[finite]).max(initial=0.0) < 1e-3
    else:
        # Integers up to 3 and a few taps: rounding is far below 1e-3, what was left out is at least 1.
        assert np.allclose(got, expected, rtol=0, atol=1e-3, equal_nan=True)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("dtype", ["f4", "f8", "f2", "c16"])
@pytest.mark.parametrize("boundary", ["zero", "constant", *PADS])
def test_one_axis(boundary, dtype, method):
    """Random signals and kernels with zeros, NaN and infinities."""
    rng = np.random.default_rng(5)
    for mode, stride, dilation in product(("full", "same"), (1, 2), (1, 3)):
        x = spoiled(rng, rng.integers(-2, 3, rng.integers(1, 40)).astype(dtype), 3)
        h = spoiled(rng, rng.integers(-2, 3, rng.integers(1, 9)).astype(dtype), rng.integers(0, 2))
        fill = float(rng.choice([1, 0, np.inf, np.nan])) if boundary == "constant" else 0.0
        options = {"fill_value": fill} if boundary == "constant" else {}
        options |= {"stride": stride, "dilation": dilation, "boundary": boundary}
        expected = plain_sums(x, h, mode, boundary, fill, stride, dilation)
        agrees(sigconv.convolve(x, h, mode, method, **options), expected)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("boundary", ["zero", "constant", *PADS])
@pytest.mark.parametrize(("shape", "taps"), [((9, 11), (3, 2)), ((4, 5, 3), (2, 3, 2))])
def test_more_axes(shape, taps, boundary, method):
    """Images and volumes: only the outputs whose windows hold the sample are lost."""
    rng = np.random.default_rng(6)
    for fill in (1.0, np.inf, np.nan, 0.0) if boundary == "constant" else (0.0, 0.0):
        x, h = (rng.integers(-2, 3, size).astype(float) for size in (shape, taps))
        options = {"boundary": boundary, "fill_value": fill} if boundary == "constant" else {"boundary": boundary}
        expected = plain_sums(spoiled(rng, x, 3), h, "same", boundary, fill)
        agrees(sigconv.convolve(x, h, "same", method, **options), expected)


@pytest.mark.parametrize("changes", LAYOUTS)
@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("dtype", ["f4", "f8", "c16"])
def test_every_block_is_looked_at(dtype, bad, changes):
    """One bad sample anywhere in a line of many blocks costs the outputs of its window alone."""
    plan = plan_of_small_blocks((1500,), (9,), dtype, {"boundary": "reflect"}, changes)
    x, h = np.ones(1500, dtype), np.arange(1, 10).astype(dtype)
    prepared = plan.prepare(h)
    clean = plan.apply(prepared, x)
    for place in (0, 1, 5, 200, 255, 256, 257, 701, 1020, 1498, 1499):
        spoilt = x.copy()
        spoilt[place] = bad
        result = plan.apply(prepared, spoilt)
        ghosts = {place, -place, 2 * 1499 - place}
        lost = np.array([any(abs(k - g) <= 4 for g in ghosts) for k in range(1500)])
        assert np.array_equal(~np.isfinite(result), lost)
        assert np.abs((result - clean)[~lost]).max() < 1e-3
        if dtype != "c16":
            assert np.array_equal(result[place], bad, equal_nan=True)


@pytest.mark.parametrize("method", METHODS)
def test_each_signal_of_a_batch_is_its_own(method):
    """A bad sample in one channel leaves the others alone; kernels of their own too."""
    x, h = np.ones((3, 2, 50)), np.ones((2, 5))
    x[1, 0, 20], h[1, 2] = np.nan, np.inf
    result = sigconv.convolve(x, h, "same", method, axes=-1)
    assert np.isnan(result[1, 0]).nonzero()[0].tolist() == [18, 19, 20, 21, 22]
    assert np.isposinf(result[:, 1]).sum() == 3 * 50 - 3 * 2 * 2 + 3 * 2 * 2  # every window holds the middle tap
    assert np.isfinite(result[[0, 2], 0]).all()


@pytest.mark.parametrize("method", METHODS)
def test_renormalized_infinities_keep_their_sign(method):
    """At the edge the sum is scaled by (Σ h)/(Σ of the taps that met a sample)."""
    x = np.array([np.inf, 1.0, 1.0, 1.0, 1.0])
    result = sigconv.convolve(x, [1.0, 0.5, -3.5], "same", method, boundary="renormalize")
    # Output 0 is (1 + 0.5 Inf) · (−2/1.5), output 1 is 1 + 0.5 − 3.5 Inf.
    assert np.isneginf(result[:2]).all()
    assert np.allclose(result[2:], -2)


def test_long_signals_by_transforms():
    """The count of what was met is exact for long kernels too."""
    x, h = np.ones(200_000, "f4"), np.ones(5_000, "f4")
    x[100_000] = np.nan
    for method in ("fft", "overlap-add"):
        lost = np.flatnonzero(np.isnan(sigconv.convolve(x, h, "valid", method)))
        assert (lost[0], lost[-1], lost.size) == (100_000 - 4_999, 100_000, 5_000)


def test_separable_kernels():
    """Passes with several terms give infinities, not NaN, where the plain sum does."""
    factor = np.hanning(33)[1:-1]
    x = np.ones((500, 500))
    x[250, 250] = np.inf
    for kernel in (np.outer(factor, factor), np.outer(factor, factor) + np.outer(factor**2, factor)):
        kernel_filter = sigconv.Filter(kernel)
        assert "outer product" in kernel_filter.explain(x.shape).splitlines()[-1]
        assert np.isposinf(kernel_filter(x)).sum() == 31 * 31
        assert np.isnan(kernel_filter(x)).sum() == 0


def test_out_may_be_the_signal():
    """The samples are still there when the result is put right."""
    x = np.ones(1000)
    x[500] = np.nan
    sigconv.convolve(x, np.ones(51), "same", "fft", out=x)
    assert np.flatnonzero(np.isnan(x)).tolist() == list(range(475, 526))


@pytest.mark.parametrize("method", METHODS)
def test_taps_that_are_not_finite_do_not_meet_the_outside(method):
    """0 · Inf is NaN for samples that are zero, not for what lies outside the signal."""
    x, h = np.ones(100_000, "f4"), np.ones(301, "f4")
    h[150] = np.inf
    x[50_000] = 0
    result = sigconv.convolve(x, h, "full", method)
    assert np.isposinf(result[150:100_150]).sum() == 99_999
    assert np.isnan(result[50_150])
    assert np.array_equal(np.rint(result[:150]), np.arange(1, 151))
    assert np.array_equal(np.rint(result[100_150:]), np.arange(150, 0, -1))


def test_what_mends_has_no_more_workers_than_asked(monkeypatch):
    """One worker is one thread, also where a NaN has been smeared."""
    from sigconv.methods import workers

    counts = []
    monkeypatch.setattr(workers, "available_workers", lambda n: n or 4)
    monkeypatch.setattr(workers, "_help", lambda drain, count, others: counts.append(count))
    x, h = np.random.default_rng(15).random(300_000), np.random.default_rng(16).random(300)
    x[1000] = np.nan
    result = sigconv.convolve(x, h, "same", "overlap-add", workers=1)
    assert np.isnan(result).sum() == 300
    assert counts == []
