"""OpenCV's filters beside sigconv's: depths, anchors, borders, rounding and saturation."""

import numpy as np
import pytest
from scipy import ndimage

from sigconv.compat import opencv as ours

cv2 = pytest.importorskip("cv2", reason="OpenCV, the witness, is not installed")

BORDERS = ["BORDER_CONSTANT", "BORDER_REPLICATE", "BORDER_REFLECT", "BORDER_REFLECT_101", "BORDER_DEFAULT"]
SOURCES = ["u1", "u2", "i2", "f4", "f8"]


def both(name, *arguments, **options):
    """Return OpenCV's result and ours."""
    return [getattr(library, name)(*arguments, **options) for library in (cv2, ours)]


def made(rng, shape, char):
    """Return an image of a dtype: 12-bit numbers, or what the dtype holds."""
    return rng.integers(0, 256 if char == "u1" else 4096, shape).astype(char)


def test_the_constants_are_opencvs():
    """Names and numbers."""
    names = [name for name in dir(ours) if name.startswith(("BORDER_", "CV_"))]
    assert len(names) == 13
    assert [getattr(ours, name) for name in names] == [getattr(cv2, name) for name in names]


@pytest.mark.parametrize("border", BORDERS)
@pytest.mark.parametrize("char", SOURCES)
@pytest.mark.parametrize("channels", [(), (1,), (3,)])
def test_whole_and_binary_weights(border, char, channels):
    """Every border with every anchor: equal, for whole weights and for fractions of powers of two, ties included."""
    rng = np.random.default_rng(1)
    x, border = made(rng, (6, 7, *channels), char), getattr(cv2, border)
    for rows, columns in [(1, 1), (3, 3), (2, 4), (4, 1)]:
        for kernel in (rng.integers(-3, 4, (rows, columns)).astype(float), rng.integers(0, 9, (rows, columns)) / 16):
            for anchor in [(-1, -1), (0, rows - 1), (columns - 1, 0)]:
                options = {"anchor": anchor, "borderType": border, "delta": 0.5}
                expected, found = both("filter2D", x, -1, kernel, **options)
                assert (found.shape, found.dtype) == (expected.shape, expected.dtype)
                assert np.array_equal(found, expected), (rows, columns, anchor)


@pytest.mark.parametrize("char", SOURCES)
@pytest.mark.parametrize("depth", ["CV_8U", "CV_16U", "CV_16S", "CV_32F", "CV_64F"])
@pytest.mark.parametrize("name", ["filter2D", "sepFilter2D"])
def test_depths(char, depth, name):
    """Saturation in every pair of depths that OpenCV has."""
    rng = np.random.default_rng(2)
    x, down, across = made(rng, (5, 6), char), np.array([-5.0, 30.0, 4.0]), np.array([2.0, -1.0])
    kernels = (np.outer(down, across),) if name == "filter2D" else (across, down)
    found = getattr(ours, name)(x, getattr(ours, depth), *kernels)
    try:
        expected = getattr(cv2, name)(x, getattr(cv2, depth), *kernels)
    except cv2.error:
        exact = ours.filter2D(x, ours.CV_64F, np.outer(down, across))
        limits = np.iinfo(found.dtype) if found.dtype.kind in "iu" else np.finfo(found.dtype)
        expected = exact.clip(limits.min, limits.max).astype(found.dtype)
    assert found.dtype == expected.dtype
    assert np.array_equal(found, expected)


@pytest.mark.parametrize("size", [3, 9, 31])
@pytest.mark.parametrize("char", ["u1", "f4", "f8"])
def test_any_weights(size, char):
    """Fractions: integers may differ by one, floats by the bounds of both sums."""
    rng = np.random.default_rng(3)
    x, kernel = made(rng, (64, 50), char), rng.random((size, size))
    kernel /= kernel.sum()
    expected, found = both("filter2D", x, -1, kernel)
    unit = 1.0 if char == "u1" else np.finfo(char).eps
    # γ_m of a direct sum, and the normwise bound of a transform (c = 16, lengths up to 2^24), for each of the two.
    floats = 2 * unit * (size**2 * float(x.max()) + 16 * 24 * np.linalg.norm(x.astype(float)) * np.linalg.norm(kernel))
    assert np.abs(found.astype(float) - expected).max() <= (1 if char == "u1" else floats)


def test_ties_of_large_kernels():
    """Halves are rounded to even also where a transform computes the sums."""
    rng = np.random.default_rng(4)
    x, kernel = made(rng, (128, 128), "u1"), rng.integers(-1, 2, (41, 41))
    twice = ndimage.correlate(x.astype(int), kernel, mode="mirror")
    even = twice // 2 + (twice % 2) * (twice // 2 % 2)
    assert np.array_equal(ours.filter2D(x, ours.CV_16S, kernel / 2), even.clip(-(2**15), 2**15 - 1))


def test_borders_far_outside():
    """A kernel much larger than the image."""
    x, kernel = np.arange(6, dtype="f8").reshape(2, 3), np.arange(77.0).reshape(7, 11)
    for border in BORDERS[:4]:
        expected, found = both("filter2D", x, -1, kernel, borderType=getattr(cv2, border) | cv2.BORDER_ISOLATED)
        # OpenCV takes a transform, and ours may sum along one axis after the other: 7·11·76·5 times some roundings.
        np.testing.assert_allclose(found, np.rint(expected), rtol=0, atol=77 * 76 * 5 * 100 * np.finfo(float).eps)


def test_wrap():
    """What OpenCV does not have here."""
    found = ours.filter2D(np.uint8([[1, 2, 3]]), -1, [1, 1, 1], borderType=ours.BORDER_WRAP)
    assert found.tolist() == [[6, 6, 6]]


def test_lines_and_destinations():
    """One axis is a row; the result goes to a destination that fits."""
    x, dst = np.uint8([[1, 2, 3]]), np.zeros((1, 3), "u1")
    assert ours.filter2D(x, -1, np.ones(3), dst) is dst
    assert dst.tolist() == cv2.filter2D(x, -1, np.ones((1, 3))).tolist()
    assert ours.filter2D(x, -1, np.ones(3), dst=np.zeros((1, 3))).dtype == np.uint8
    assert ours.sepFilter2D(x, -1, np.ones((1, 3)), np.ones((2, 1))).tolist() == [[10, 12, 14]]


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("filter2D", ([[1]], -1, np.ones((1, 1)))),
        ("filter2D", (np.ones((2, 2), "i4"), -1, np.ones((1, 1)))),
        ("filter2D", (np.ones((0, 2), "u1"), -1, np.ones((1, 1)))),
        ("filter2D", (np.ones((2, 2), "u1"), 7, np.ones((1, 1)))),
        ("filter2D", (np.ones((2, 2), "u1"), -1, np.ones((0, 1)))),
        ("filter2D", (np.ones((2, 2), "u1"), -1, np.ones((1, 1)), None, (1, 0))),
        ("filter2D", (np.ones((2, 2), "u1"), -1, np.ones((2, 2)), None, (-1, -1), 0, 9)),
        ("sepFilter2D", (np.ones((2, 2), "u1"), -1, np.ones((2, 2)), np.ones(1))),
    ],
)
def test_errors(name, arguments):
    """Where OpenCV raises its error, so do we."""
    for library in (cv2, ours):
        with pytest.raises(library.error):
            getattr(library, name)(*arguments)
