"""A signal that is its own kernel: the kernel is not transformed, and the result stays within the bound."""

import numpy as np
import pytest
from strategies import samples
from test_panels import filled, forget  # noqa: F401

import sigconv
from sigconv.methods import fft, panels, spectral
from sigconv.methods.bounds import transform_bound

pytest.importorskip("numba", reason="panels are transformed by compiled loops")

PREPARE = panels.prepare, spectral.prepare
SHAPES = [
    ((1000,), None),
    ((777,), None),
    ((61, 45), None),
    ((3, 200), (1,)),
    ((9, 20, 17), None),
    ((2, 3, 4, 9), None),
]


@pytest.fixture(params=["panels", "at once"])
def untransformed(request, monkeypatch, filled):  # noqa: F811
    """Fail where the kernel is transformed, in panels and at once."""
    for way in (panels, spectral):
        monkeypatch.setattr(way, "prepare", lambda *work: pytest.fail("the kernel was transformed"))
    if request.param == "at once":
        monkeypatch.setattr(fft, "PANELS_FROM", 1 << 60)
        forget()
    return filled if request.param == "panels" else [...]


@pytest.mark.parametrize("operator", ["convolve", "correlate"])
@pytest.mark.parametrize("dtype", ["f4", "f8", "c8", "c16"])
@pytest.mark.parametrize("mode", ["full", "same", "valid"])
@pytest.mark.parametrize(("shape", "axes"), SHAPES)
def test_within_the_bound(shape, axes, mode, dtype, operator, untransformed):
    """Sums of small integers are as near to the exact ones as those of three transforms must be."""
    rng = np.random.default_rng(11)
    integers = rng.integers(-3, 4, shape)
    signal = integers + 1j * rng.integers(-3, 4, shape) if dtype[0] == "c" else integers
    options = {"axes": axes, "stride": 2 if mode == "full" else 1}
    exact = getattr(sigconv, operator)(signal, signal.copy(), mode, "direct", **options)
    x = signal.astype(dtype)
    got = getattr(sigconv, operator)(x, x, mode, "fft", **options)
    assert untransformed  # panels, where these are asked for
    plan = sigconv.plan(shape, shape, dtype, mode=mode, method="fft", flip=operator == "convolve", **options)
    length = int(np.prod(plan.estimate.settings.lengths))
    norm = np.linalg.norm(signal.reshape(-1)) ** 2
    assert np.abs(got - exact).max() <= transform_bound(np.dtype(dtype), length, norm)


@pytest.mark.parametrize("dtype", ["f4", "c16"])
@pytest.mark.parametrize(("shape", "axes"), SHAPES)
def test_a_convolution_has_the_bits_of_a_copy(shape, axes, dtype, filled):  # noqa: F811
    """The kernel's spectrum is the signal's, bit by bit, whoever computes it, and whatever the workers."""
    x = samples(np.random.default_rng(12), dtype, shape)
    copied = sigconv.convolve(x, x.copy(), method="fft", axes=axes)
    for workers in (1, 2, 3):
        assert sigconv.convolve(x, x, method="fft", axes=axes, workers=workers).tobytes() == copied.tobytes()
    one = sigconv.correlate(x, x, method="fft", axes=axes, workers=1)
    assert sigconv.correlate(x, x, method="fft", axes=axes, workers=3).tobytes() == one.tobytes()


@pytest.mark.parametrize("operator", ["convolve", "correlate"])
def test_infinite_samples_and_a_result_over_the_signal(operator, untransformed, monkeypatch):
    """The result is that of the plain sums, also where it is written over both operands."""
    for way, prepare in zip((panels, spectral), PREPARE, strict=True):  # what mends a result has two operands
        monkeypatch.setattr(way, "prepare", prepare)
    x = np.random.default_rng(13).integers(-3, 4, 300).astype(float)
    expected = getattr(sigconv, operator)(x, x.copy(), "same", "direct")
    y = x.copy()
    getattr(sigconv, operator)(y, y, "same", "fft", out=y)
    np.testing.assert_array_equal(np.rint(y), expected)
    x[[7, 40]] = np.inf, np.nan
    expected = getattr(sigconv, operator)(x, x.copy(), "same", "direct")
    np.testing.assert_allclose(getattr(sigconv, operator)(x, x, "same", "fft"), expected, rtol=1e-12, atol=1e-9)


OTHERS = [
    {"flip": True, "conjugate": True},
    {"flip": False, "conjugate": False},
    {"flip": True, "boundary": "wrap", "mode": "same"},
    {"flip": False, "conjugate": True, "dilation": 2},
]


@pytest.mark.parametrize("asked", OTHERS)
def test_what_has_another_spectrum_is_transformed(asked, monkeypatch, filled):  # noqa: F811
    """Conjugates that are not reversed, what is extended, and dilated kernels have spectra of their own."""
    calls, prepare = [], panels.prepare
    monkeypatch.setattr(panels, "prepare", lambda *work: (calls.append(work), prepare(*work))[1])
    x = samples(np.random.default_rng(14), "c16", (150,))
    result = sigconv.slide(x, x, method="fft", **asked)
    assert result.tobytes() == sigconv.slide(x, x.copy(), method="fft", **asked).tobytes()
    assert len(calls) == 2


def test_a_part_of_the_same_memory_is_another_array(monkeypatch, filled):  # noqa: F811
    """A reversed view and a shorter one have spectra of their own; another view of the same samples has not."""
    x = samples(np.random.default_rng(15), "f8", (300,))
    for kernel in (x[::-1], x[1:]):
        expected = sigconv.convolve(x, kernel.copy(), method="fft")
        assert sigconv.convolve(x, kernel, method="fft").tobytes() == expected.tobytes()
    monkeypatch.setattr(panels, "prepare", lambda *work: pytest.fail("the kernel was transformed"))
    sigconv.convolve(x, x[:], method="fft")
