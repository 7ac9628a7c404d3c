"""Astropy's convolutions beside sigconv's: missing samples, masks, boundaries, normalisation, units and kernels."""

import sys
from itertools import product
from types import SimpleNamespace

import numpy as np
import pytest

from sigconv.compat import astropy as ours

theirs = pytest.importorskip("astropy.convolution", reason="Astropy, the witness, is not installed")
EPS = np.finfo(float).eps


def with_gaps(rng, shape, share=0.2):
    """Return positive samples, some of them missing."""
    samples = rng.random(shape) + 0.5
    samples[rng.random(shape) < share] = np.nan
    return samples


def both(name, *arguments, **options):
    """Return Astropy's result and ours."""
    return [getattr(library, name)(*arguments, **options) for library in (theirs, ours)]


def assert_close(found, expected, bound):
    """Hold the difference to a bound, NaN at the same places."""
    assert found.shape == expected.shape
    assert np.array_equal(np.isnan(found), np.isnan(expected))
    assert np.nanmax(np.abs(found - expected), initial=0.0) <= bound


@pytest.mark.filterwarnings("ignore:nan_treatment='interpolate', however")
@pytest.mark.parametrize("boundary", [None, "fill", "wrap", "extend"])
@pytest.mark.parametrize("shapes", [((12,), (5,)), ((9, 8), (3, 5)), ((5, 6, 7), (3, 1, 3)), ((3,), (3,))])
@pytest.mark.parametrize("nan_treatment", ["interpolate", "fill"])
def test_convolve(boundary, shapes, nan_treatment):
    """Every boundary, NaN treatment, normalisation, mask, and preserve_nan, in one to three axes."""
    rng = np.random.default_rng(1)
    kernel = rng.random(shapes[1]) + 0.1
    # Positive sums: each is within 2γ_m of the other, a quotient within 4γ_m, of results below 1.5 · max(1, Σ kernel).
    bound = 8 * kernel.size * EPS * 1.5 * max(1.0, kernel.sum())
    for normalize, preserve, fill, masked in product([True, False], [True, False], [0.0, 0.7, np.nan], [True, False]):
        mask = rng.random(shapes[0]) < 0.2 if masked else None
        options = {"nan_treatment": nan_treatment, "normalize_kernel": normalize, "preserve_nan": preserve}
        samples = with_gaps(rng, shapes[0])
        expected, found = both("convolve", samples, kernel, boundary, fill, mask=mask, **options)
        assert_close(found, expected, bound)


@pytest.mark.filterwarnings("ignore:The convolve_fft version of boundary=None")
@pytest.mark.parametrize("boundary", [None, "fill", "wrap"])
@pytest.mark.parametrize("shapes", [((12,), (4,)), ((9, 8), (3, 6)), ((5, 6, 7), (3, 1, 2))])
@pytest.mark.parametrize("nan_treatment", ["interpolate", "fill"])
def test_convolve_fft(boundary, shapes, nan_treatment):
    """The same for transforms, with Inf missing, least weights, and kernels of even lengths."""
    rng = np.random.default_rng(2)
    for normalize, preserve, fill, least in product([True, False, np.max], [True, False], [0.0, 0.7], [0.0, 0.3]):
        samples, kernel = with_gaps(rng, shapes[0]), rng.random(shapes[1]) + 0.1
        samples.flat[3] = np.inf
        options = {"nan_treatment": nan_treatment, "normalize_kernel": normalize, "preserve_nan": preserve}
        expected, found = both("convolve_fft", samples, kernel, boundary, fill, min_wt=least, **options)
        # The normwise bounds of both transforms (16 · 24, see above), twice, over weights of at least 0.1/Σ kernel.
        size = np.linalg.norm(np.nan_to_num(samples, posinf=0)) + 0.7 * np.sqrt(samples.size * 8)
        bound = 4 * 16 * 24 * EPS * size * np.linalg.norm(kernel) * max(1.0, kernel.sum()) * 10
        assert_close(found, expected, bound)


@pytest.mark.filterwarnings("ignore:nan_treatment='interpolate', however")
def test_small_weights_keep_their_digits():
    """Where only the kernel's far tail meets a sample, the quotient of two tiny sums is still right."""
    kernel = np.exp(-0.5 * np.linspace(-8, 8, 201) ** 2)
    samples = np.full(400, np.nan)
    samples[200] = 3.0
    found = ours.convolve(samples, kernel, preserve_nan=False, boundary="extend", nan_treatment="interpolate")
    assert found[100:301] == pytest.approx(np.full(201, 3.0), rel=4 * EPS)


def test_taps_that_cancel():
    """Where the taps that meet a sample sum to zero, the sample itself is the result."""
    expected, found = both("convolve", [np.nan, 2.0, 3.0, 5.0], [1, -1, 1], boundary="extend")
    assert found.tolist()[1:] == expected.tolist()[1:]
    assert found[1] == 2.0


@pytest.mark.parametrize("name", ["convolve", "convolve_fft"])
def test_what_an_array_may_be(name):
    """Lists, floats of any kind, masked arrays, NDData, Quantities: values, and what is returned."""
    nddata, units = pytest.importorskip("astropy.nddata"), pytest.importorskip("astropy.units")
    samples, mask, kernel = [1.0, 2.0, 4.0, 8.0], [False, True, False, False], [1, 2, 1]
    for array in (
        samples,
        np.float32(samples),
        np.array(samples, ">f4"),
        np.ma.array(samples, mask=mask),
        nddata.NDData(np.array(samples), mask=np.array(mask)),
    ):
        expected, found = both(name, array, kernel)
        assert found.dtype == expected.dtype
        assert found.tolist() == pytest.approx(expected.tolist(), rel=1e3 * EPS)
    expected, found = both(name, samples * units.ph, kernel)
    assert found.unit == expected.unit


def test_a_kernel_gives_a_kernel():
    """Kernels convolved with each other, with the warning."""
    narrow, wide = theirs.Gaussian1DKernel(2), theirs.Gaussian1DKernel(3)
    with pytest.warns(theirs.convolve.__globals__["AstropyUserWarning"], match="hardwiring"):
        found = ours.convolve(narrow, wide)
    assert isinstance(found, theirs.Kernel1D)
    assert found.separable == narrow.separable


def test_the_input_is_not_changed():
    """Neither by a mask nor by filling."""
    samples = np.array([1.0, np.nan, 3.0])
    for name in ("convolve", "convolve_fft"):
        getattr(ours, name)(samples, [1, 1, 1], nan_treatment="fill", mask=[1, 0, 0])
    assert np.array_equal(samples, [1.0, np.nan, 3.0], equal_nan=True)


def test_without_astropy(monkeypatch):
    """Where Astropy is not loaded, errors are sigconv's own, and warnings are plain."""
    monkeypatch.setitem(sys.modules, "astropy.convolution.utils", SimpleNamespace())
    monkeypatch.setitem(sys.modules, "astropy.utils.exceptions", SimpleNamespace())
    with pytest.raises(ValueError, match="odd"):
        ours.convolve([1, 2, 3], [1, 1])
    with pytest.warns(UserWarning, match="boundary=None") as caught:
        ours.convolve_fft([1, 2, 3], [1], boundary=None)
    assert caught[0].category is UserWarning


@pytest.mark.parametrize(
    ("name", "arguments", "options"),
    [
        *((name, ([1, 2, 3], [1]), {"nan_treatment": "spam"}) for name in ("convolve", "convolve_fft")),
        *((name, ("spam", [1]), {}) for name in ("convolve", "convolve_fft")),
        *((name, ([1, 2, 3], [[1]]), {}) for name in ("convolve", "convolve_fft")),
        *((name, ([1, 2, 3], [1, -1, 0]), {}) for name in ("convolve", "convolve_fft")),
        *((name, ([1, np.nan], [1, -1, 0]), {"normalize_kernel": False}) for name in ("convolve", "convolve_fft")),
        *((name, ([1, 2], np.ma.array([1, 2, 3], mask=[1, 0, 0])), {}) for name in ("convolve", "convolve_fft")),
        ("convolve", ([1, 2, 3], [1]), {"boundary": "spam"}),
        ("convolve", ([1, 2, 3], [1, 1]), {}),
        ("convolve", ([1, 2, 3], [1] * 5), {"boundary": None}),
        ("convolve", (np.ones((1, 1, 1, 1)), np.ones((1, 1, 1, 1))), {}),
        ("convolve", (1, 1), {}),
        ("convolve", ([], [1]), {}),
        ("convolve_fft", ([1, 2, 3], [1]), {"boundary": "extend"}),
        *(("convolve_fft", ([1, 2, 3], [1]), {"boundary": "wrap", n: True}) for n in ("psf_pad", "fft_pad", "dealias")),
        ("convolve_fft", (theirs.Gaussian1DKernel(1), theirs.Gaussian1DKernel(1)), {}),
    ],
)
def test_errors(name, arguments, options):
    """Where Astropy raises, so do we, by the same exception or one that is derived from it."""
    with pytest.raises(Exception, match=r"\w") as caught:
        getattr(theirs, name)(*arguments, **options)
    with pytest.raises(caught.type):
        getattr(ours, name)(*arguments, **options)


@pytest.mark.parametrize("options", [{"return_fft": True}, {"crop": False}, {"psf_pad": False}, {"boundary": "spam"}])
def test_what_is_not_served(options):
    """Astropy's own transform can't be asked for."""
    with pytest.raises(ValueError, match=r"\w"):
        ours.convolve_fft([1, 2, 3], [1], **options)
