"""scipy.ndimage's filters beside sigconv's: every boundary, origin, axes and dtype."""

import numpy as np
import pytest
from scipy import ndimage as theirs

from sigconv.compat import scipy_ndimage as ours

BOUNDARIES = ["reflect", "grid-mirror", "constant", "grid-constant", "nearest", "mirror", "wrap", "grid-wrap"]


def whole(rng, shape, char):
    """Return whole numbers of a dtype; complex ones have imaginary parts."""
    values = rng.integers(0, 9, shape).astype(char)
    return values - 1j * rng.integers(0, 9, shape).astype(char) if char in "FD" else values


def both(name, *arguments, **options):
    """Return SciPy's result and ours."""
    return [getattr(library, name)(*arguments, **options) for library in (theirs, ours)]


@pytest.mark.parametrize("mode", BOUNDARIES)
@pytest.mark.parametrize("name", ["convolve1d", "correlate1d"])
def test_lines(mode, name):
    """Every boundary at any distance, every length and every origin."""
    rng = np.random.default_rng(1)
    for n in (1, 2, 5):
        for m in range(1, 9):
            x, h = whole(rng, (2, n), "d"), whole(rng, m, "d")
            for origin in range(-(m // 2), (m - 1) // 2 + 1):
                expected, found = both(name, x, h, mode=mode, cval=2.5, origin=origin)
                assert np.array_equal(found, expected), (n, m, origin)


@pytest.mark.parametrize("mode", BOUNDARIES)
@pytest.mark.parametrize("name", ["convolve", "correlate"])
@pytest.mark.parametrize("axes", [None, (0, 2), (2, 0), (-1, 1), 1, (2, 0, 1)])
def test_axes_and_origins(mode, name, axes):
    """Any axes in any order, with origins for each."""
    count = 3 if axes is None else len(np.atleast_1d(axes))
    rng = np.random.default_rng(2)
    x, h = whole(rng, (4, 5, 3), "d"), whole(rng, (3, 4, 2)[:count], "d")
    for origin in (0, (-1, 0, -1)[:count]):
        expected, found = both(name, x, h, mode=mode, cval=-1, origin=origin, axes=axes)
        assert np.array_equal(found, expected)


@pytest.mark.parametrize("char", "?bBhHiIlLqQfdFD")
@pytest.mark.parametrize("weights", "?bldFD")
@pytest.mark.parametrize("output", [None, "f", "i8", "u1"])
@pytest.mark.parametrize("name", ["convolve", "correlate"])
def test_dtypes(char, weights, output, name):
    """The result's dtype, from the operands or as asked, and its values."""
    if output is not None and (char in "FD" or weights in "FD"):
        output = "D"
    rng = np.random.default_rng(3)
    x, h = whole(rng, (5, 6), char), whole(rng, (2, 3), weights)
    if output == "u1":
        h = h % 3  # sums that uint8 holds: what it can't hold is undefined in SciPy
    expected, found = both(name, x, h, output=output)
    assert found.dtype == expected.dtype
    assert np.array_equal(found, expected)


@pytest.mark.parametrize("char", "bBhHiIlLqQ")
def test_integers_wrap(char):
    """Whole weights on integers of any size: right modulo 2^bits."""
    rng = np.random.default_rng(4)
    limits = np.iinfo(char)
    x, h = rng.integers(limits.min, limits.max, 30, dtype=char), rng.integers(-(2**62), 2**62, 5)
    extended = np.pad(x.astype(object), 2, "symmetric")
    expected = np.convolve(extended, h.astype(object), "valid")
    bits = 8 * x.itemsize
    assert [int(v) % 2**bits for v in ours.convolve(x, h)] == [int(v) % 2**bits for v in expected]


@pytest.mark.parametrize("cval", [-3, 300, 2.5, -2.5, 1e30])
def test_what_lies_outside_need_not_fit_the_input(cval):
    """The constant outside is a double, whatever the input holds."""
    x = np.array([1, 2, 3], "u1")
    expected, found = both("correlate1d", x, [1, 1, 2], mode="constant", cval=cval, output=float)
    assert np.array_equal(found, expected)
    if abs(cval) < 1e9:
        expected, found = both("correlate1d", x, [1, 1, 2], mode="constant", cval=cval, output="i4")
        assert np.array_equal(found, expected)


def test_fractions_are_cut_off():
    """Sums that are not whole lose their fraction in integers."""
    x = np.array([-7, 1, 20, 3, -40])
    expected, found = both("convolve", x, [0.25, 0.5, 0.125])
    assert np.array_equal(found, expected)


@pytest.mark.parametrize("output", [None, bool])
def test_booleans_are_true_from_one_on(output):
    """The fraction is cut off here, too: a mean of booleans is true where all are."""
    samples = np.array([True, True, False, True, True, True, True])
    for weights in ([0.25, 0.5, 0.25], [0.5, -1.0, 0.25], [1.5, 0.75, -0.5]):
        want = theirs.correlate1d(samples, weights, output=output)
        np.testing.assert_array_equal(ours.correlate1d(samples, weights, output=output), want, strict=True)


def test_long_sums_keep_their_whole_part():
    """Weights that are not whole, so many that a transform would be faster: no whole sum falls short of itself."""
    rng = np.random.default_rng(5)
    x, h = rng.integers(0, 256, (160, 160)).astype("u1"), rng.integers(0, 2, (65, 65)) / 1024
    expected, found = both("convolve", x, h)
    assert np.array_equal(found, expected)


def test_the_output_may_be_the_input():
    """The result is written where it is asked for, also over the input."""
    x = np.arange(10.0)
    expected = theirs.convolve1d(x, [1, 2, 3])
    assert ours.convolve1d(x, [1, 2, 3], output=x) is x
    assert np.array_equal(x, expected)


def test_an_empty_input_gives_an_empty_result():
    """Nothing in, nothing out."""
    expected, found = both("convolve", np.ones((0, 3)), np.ones((2, 2)))
    assert found.shape == expected.shape


@pytest.mark.parametrize(
    ("name", "arguments", "options"),
    [
        ("convolve", ([1, 2], [[1]]), {}),
        ("convolve", ([1, 2], []), {}),
        ("convolve", ([1, 2], [1]), {"mode": "spam"}),
        ("convolve", ([1, 2], [1]), {"mode": ["nearest"]}),
        ("convolve", ([1, 2], [1]), {"origin": (0, 0)}),
        ("convolve", ([1, 2], [1]), {"origin": 1}),
        ("convolve", ([1, 2], [1, 2]), {"origin": 1}),
        ("convolve", ([1, 2], [1]), {"axes": (1,)}),
        ("convolve", ([1, 2], [1]), {"axes": (0, 0)}),
        ("convolve", ([1, 2], [1]), {"axes": (0.5,)}),
        ("convolve", ([1, 2], [1]), {"output": np.zeros(3)}),
        ("convolve", ([1, 2j], [1]), {"output": np.zeros(2)}),
        ("convolve", ([1, 2j], [1]), {"output": "f"}),
        ("convolve", ([1, 2], [1j]), {"cval": 1j}),
        ("convolve1d", ([1, 2], [[1]]), {}),
        ("convolve1d", ([1, 2], []), {}),
        ("convolve1d", ([1, 2], [1]), {"axis": 1}),
        ("correlate1d", ([1, 2], [1, 2]), {"origin": 1}),
    ],
)
def test_errors(name, arguments, options):
    """Where SciPy raises, so do we, by the same built-in exception."""
    with pytest.raises((ValueError, TypeError, RuntimeError)) as caught:
        getattr(theirs, name)(*arguments, **options)
    with pytest.raises(next(e for e in (ValueError, TypeError, RuntimeError) if issubclass(caught.type, e))):
        getattr(ours, name)(*arguments, **options)
