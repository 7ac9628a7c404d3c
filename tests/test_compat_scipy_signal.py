"""scipy.signal's functions beside sigconv's: values, dtypes, wrapped integers, and the differences on purpose."""

from math import prod

import numpy as np
import pytest
from scipy import signal as theirs

from sigconv.compat import scipy_signal as ours
from sigconv.compat.common import sums_in

INTEGERS = "bBhHiIlLqQ"
NUMBERS = INTEGERS + "fdgFDG"
MODES = ("full", "same", "valid")


def made(rng, shape, char):
    """Return small whole numbers of a dtype, whose sums are exact in every arithmetic."""
    values = rng.integers(0, 5, shape).astype(char)
    return values + 1j * rng.integers(0, 5, shape).astype(char) if char in "FDG" else values


def anything(rng, shape, char):
    """Return integers over the whole range of a dtype."""
    limits = np.iinfo(char)
    return rng.integers(limits.min, limits.max, shape, dtype=char, endpoint=True)


@pytest.mark.parametrize("char", "?" + NUMBERS)
@pytest.mark.parametrize("other", "?" + NUMBERS)
@pytest.mark.parametrize("name", ["convolve", "correlate"])
def test_every_pair_of_dtypes(char, other, name):
    """Values and dtypes are SciPy's for one axis, whatever the dtypes, modes and lengths."""
    rng = np.random.default_rng(1)
    for (n, m), mode in zip([(7, 4), (4, 7), (5, 5), (6, 3), (3, 6), (8, 1)], MODES * 2, strict=True):
        if char == other == "?" and n < m and mode == "same":
            continue  # SciPy does not know booleans here
        x, h = made(rng, n, char), made(rng, m, other)
        expected = getattr(theirs, name)(x, h, mode, "direct")
        found = getattr(ours, name)(x, h, mode, "direct")
        assert found.dtype == expected.dtype
        assert np.array_equal(found, expected), (n, m, mode)


@pytest.mark.parametrize("shapes", [((4, 5), (3, 2)), ((3, 2), (4, 5)), ((4, 1), (4, 6)), ((2, 3, 4), (2, 2, 3))])
@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("name", ["convolve", "correlate", "fftconvolve", "oaconvolve"])
def test_several_axes(shapes, mode, name):
    """Values and shapes are SciPy's for several axes, also where the kernel is the larger one."""
    rng = np.random.default_rng(2)
    x, h = made(rng, shapes[0], "D"), made(rng, shapes[1], "D")
    expected, found = (getattr(library, name)(x, h, mode) for library in (theirs, ours))
    assert found.shape == expected.shape
    # Normwise: √2 for complex numbers, 16 the published constant, 24 ≥ log2 of any length here.
    bound = np.sqrt(2) * 2 * 16 * 24 * np.finfo(float).eps * np.linalg.norm(x) * np.linalg.norm(h)
    assert np.abs(found - expected).max(initial=0.0) <= bound


@pytest.mark.parametrize("axes", [None, 0, [1], (0, 1), (-1, 0), [2, 0]])
@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("name", ["fftconvolve", "oaconvolve"])
def test_axes(axes, mode, name):
    """Broadcast axes, in any order; integers become floats."""
    shapes = [6, 5, 4], [4, 3, 2]
    listed = range(3) if axes is None else np.atleast_1d(axes) % 3
    rng = np.random.default_rng(3)
    x, h = (made(rng, [n if a in listed else 3 for a, n in enumerate(s)], "h") for s in shapes)
    expected, found = (getattr(library, name)(x, h, mode, axes) for library in (theirs, ours))
    assert (found.shape, found.dtype) == (expected.shape, expected.dtype)
    bound = 2 * 16 * 24 * np.finfo(float).eps * np.linalg.norm(x) * np.linalg.norm(h)
    assert np.abs(found - expected).max() <= bound


@pytest.mark.parametrize("name", ["fftconvolve", "oaconvolve"])
@pytest.mark.parametrize("char", "?eb" + "fdgFD")
def test_dtypes_of_transforms(name, char):
    """Operands are taken as scipy.fft takes them; without an axis to sum over, as they are."""
    x, h = np.ones((4, 3), char), np.ones((2, 2), "f")
    assert getattr(ours, name)(x, h).dtype == getattr(theirs, name)(x, h).dtype
    x, h = np.ones((4, 1), char), np.ones((1, 2), "b")
    assert getattr(ours, name)(x, h).dtype == getattr(theirs, name)(x, h).dtype


@pytest.mark.parametrize("boundary", ["fill", "pad", "wrap", "circular", "symm", "symmetric"])
@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("name", ["convolve2d", "correlate2d"])
@pytest.mark.parametrize("char", ["u1", "i8", "d", "D"])
def test_images(boundary, mode, name, char):
    """Every boundary and mode, kernels of even and odd size, larger ones too, with wrapping integers."""
    rng = np.random.default_rng(4)
    for n, m in [((4, 5), (3, 2)), ((5, 4), (2, 4)), ((2, 3), (4, 4)), ((3, 3), (1, 1))]:
        if name == "correlate2d" and mode == "valid" and char == "D" and n < m:
            continue  # SciPy returns the conjugates
        x, h = (anything(rng, s, char) if char in ("u1", "i8") else made(rng, s, char) for s in (n, m))
        expected, found = (getattr(library, name)(x, h, mode, boundary, 3) for library in (theirs, ours))
        assert found.dtype == expected.dtype
        assert np.array_equal(found, expected), (n, m)


@pytest.mark.parametrize("char", INTEGERS)
@pytest.mark.parametrize("method", ["direct", "fft", "auto"])
def test_integers_wrap(char, method):
    """Integers of any size are right modulo 2^bits, by every method."""
    rng = np.random.default_rng(5)
    x, h = anything(rng, 40, char), anything(rng, 17, char)
    expected = np.convolve(x.astype(object), h.astype(object))
    bits = 8 * np.dtype(char).itemsize
    found = ours.convolve(x, h, method=method)
    assert found.dtype == np.dtype(char)
    assert [int(v) % 2**bits for v in found] == [int(v) % 2**bits for v in expected]


def test_wrapping_reads_the_fill_value_too():
    """The limbs of what lies outside are those of the fill value, negative ones too."""
    x, h, fill = np.array([2**62, -(2**62), 5]), np.array([2**61 + 3, 7, -(2**60)]), -(2**62) + 1
    found = sums_in(np.dtype(np.int64), x, h, flip=True, boundary="constant", fill_value=fill)
    extended = [fill] * 2 + [int(v) for v in x] + [fill] * 2
    expected = [sum(extended[k + 2 - j] * int(h[j]) for j in range(3)) for k in range(5)]
    assert [int(v) % 2**64 for v in found] == [v % 2**64 for v in expected]


def test_an_unfinite_sample_stays_where_it_is():
    """What "auto" chooses does not spread a NaN over the signal; "fft" warns, as SciPy's does."""
    x, h = np.ones(200_000), np.ones(20_000)
    assert ours.choose_conv_method(x, h) == "fft"
    x[0] = np.nan
    assert np.flatnonzero(np.isnan(ours.convolve(x, h))).tolist() == list(range(20_000))
    with pytest.warns(RuntimeWarning, match="method='direct'"):
        ours.convolve(x, h, method="fft")


@pytest.mark.parametrize("mode", MODES)
def test_the_lags_are_those_of_the_outputs(mode):
    """Of two pulses, the correlation's only output that is not zero stands at their distance, for all lengths."""
    for n in range(1, 8):
        for m in range(1, 8):
            for i, j in [(0, m - 1), (n - 1, 0), (n // 2, m // 2)]:
                found = ours.correlate(np.eye(n)[i], np.eye(m)[j], mode, "direct")
                lags = ours.correlation_lags(n, m, mode)
                assert lags.shape == found.shape
                assert lags[found == 1].tolist() == ([i - j] if i - j in lags else [])


def test_lags_are_scipys_but_for_its_mistake():
    """SciPy's lags are ours except in mode "same" with in1 odd and in2 even."""
    differ = {
        (n % 2, m % 2, mode)
        for n in range(1, 9)
        for m in range(1, 9)
        for mode in MODES
        if not np.array_equal(ours.correlation_lags(n, m, mode), theirs.correlation_lags(n, m, mode))
    }
    assert differ == {(1, 0, "same")}


def test_correlate2d_agrees_with_correlate_where_scipy_conjugates():
    """Complex "valid" with the larger operand second."""
    x, h = np.array([[1 + 2j]]), np.array([[1j, 2, 3 - 1j]])
    assert np.array_equal(ours.correlate2d(x, h, "valid"), ours.correlate(x, h, "valid"))
    assert np.array_equal(theirs.correlate2d(x, h, "valid"), ours.correlate(x, h, "valid").conj())


def test_a_broadcast_axis_is_kept():
    """In mode "same" SciPy cuts an axis that is only broadcast."""
    x, h = np.ones((1, 5)), np.ones((3, 2))
    assert theirs.fftconvolve(x, h, "same", axes=1).shape == (1, 5)
    assert ours.fftconvolve(x, h, "same", axes=1).shape == (3, 5)


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        *((name, ([1], [[1]])) for name in ("convolve", "correlate", "fftconvolve", "oaconvolve", "convolve2d")),
        *((name, ([1], [1], "spam")) for name in ("convolve", "correlate", "fftconvolve", "oaconvolve")),
        *((name, ([1], [1], "full", "spam")) for name in ("convolve", "correlate", "fftconvolve")),
        *((name, (np.ones((2, 3)), np.ones((3, 2)), "valid")) for name in ("convolve", "correlate", "convolve2d")),
        *(("convolve2d", ([[1]], [[1]], "full", *last)) for last in (("spam",), ("fill", []), ("fill", [1, 2]))),
        *(("convolve2d", (np.ones((1, 1), char), [[True]])) for char in "?eO"),
        *(("fftconvolve", ([1], [1], "full", axes)) for axes in ([], [0, 0], 1, "a", [0.0])),
        ("fftconvolve", (np.ones((2, 3)), np.ones((4, 3)), "full", 1)),
        ("correlation_lags", (3, 2, "spam")),
        ("convolve2d", (np.int8([[1]]), np.int8([[1]]), "full", "fill", 300)),
    ],
)
@pytest.mark.filterwarnings("ignore::numpy.exceptions.ComplexWarning")
def test_errors(name, arguments):
    """Where SciPy raises a ValueError, so do we."""
    for library in (theirs, ours):
        with pytest.raises(ValueError, match=r"\w"):
            getattr(library, name)(*arguments)


def test_scalars_and_empty_operands():
    """Operands of no axis are multiplied; transforms of nothing are empty."""
    assert ours.convolve(3, 4) == 12
    assert ours.correlate(3j, 2j) == 6
    assert ours.oaconvolve(2, 3) == ours.fftconvolve(2, 3) == 6
    assert ours.fftconvolve([], [1]).shape == (0,)


def test_the_choice_can_be_measured():
    """Both methods are timed."""
    method, times = ours.choose_conv_method(np.ones(10), np.ones(10), measure=True)
    assert set(times) == {"fft", "direct"}
    assert times[method] == min(times.values())
    assert prod(times.values()) > 0
