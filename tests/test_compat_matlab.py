"""MATLAB's functions: examples of its documentation, numbers computed by hand, SciPy and NumPy as witnesses."""

import numpy as np
import pytest
from scipy import ndimage, signal

from sigconv.compat import matlab


@pytest.mark.parametrize(
    ("u", "v", "shape", "expected"),
    [
        # The documentation's examples of conv.
        ([1, 0, 1], [2, 7], "full", [2, 7, 2, 7]),
        ([1, 1, 1], [1, 1, 0, 0, 0, 1, 1], "full", [1, 2, 2, 1, 0, 1, 2, 2, 1]),
        ([-1, 2, 3, -2, 0, 1, 2], [2, 4, -1, 1], "same", [15, 5, -9, 7, 6, 7, -1]),
        ([1, 2, 3], [1, 10, 100], "valid", [123]),
        ([1, 2], [1, 10, 100], "valid", []),
        ([1, 2], [1, 10, 100, 1000], "same", [120, 1200]),
    ],
)
def test_conv(u, v, shape, expected):
    """Vectors, also a kernel that is longer."""
    assert matlab.conv(u, v, shape).tolist() == expected


def test_the_orientation_of_conv():
    """That of the longer vector in "full" (of the second, if they are equal), of the first in the others."""
    row, column = np.ones((1, 3)), np.ones((2, 1))
    assert matlab.conv(row, column).shape == (1, 4)
    assert matlab.conv(column, row).shape == (1, 4)
    assert matlab.conv(column, row, "same").shape == (2, 1)
    assert matlab.conv(row.T, row).shape == (1, 5)
    assert matlab.conv(5, row).shape == (1, 3)


@pytest.mark.parametrize("shapes", [((5, 6), (3, 2)), ((3, 4), (4, 3)), ((2, 2), (3, 3))])
def test_conv2_and_filter2(shapes):
    """Matrices: the middle of "same" begins at m//2 of the full result, "valid" is empty where nothing fits."""
    rng = np.random.default_rng(1)
    a, b = (rng.integers(-9, 9, s).astype(float) for s in shapes)
    full = signal.convolve2d(a, b)
    assert np.array_equal(matlab.conv2(a, b), full)
    middle = tuple(slice(m // 2, m // 2 + n) for n, m in zip(*shapes, strict=True))
    assert np.array_equal(matlab.conv2(a, b, "same"), full[middle])
    fits = [max(n - m + 1, 0) for n, m in zip(*shapes, strict=True)]
    inside = full[tuple(slice(m - 1, m - 1 + f) for m, f in zip(b.shape, fits, strict=True))]
    assert np.array_equal(matlab.conv2(a, b, "valid"), inside)
    for shape in ("full", "same", "valid"):
        assert np.array_equal(matlab.filter2(np.rot90(b, 2), a, shape), matlab.conv2(a, b, shape))
    assert np.array_equal(matlab.filter2(b, a), matlab.conv2(a, np.rot90(b, 2), "same"))


def test_conv2_of_vectors_and_a_matrix():
    """The columns meet the first vector, the rows the second."""
    a = np.arange(12.0).reshape(3, 4)
    assert np.array_equal(matlab.conv2([1, 2], [3, 4, 5], a, "same"), matlab.conv2(a, [[3, 4, 5], [6, 8, 10]], "same"))


def test_convn_fills_up_axes():
    """The operand with fewer axes has trailing ones."""
    rng = np.random.default_rng(2)
    a, b = rng.integers(0, 9, (4, 3, 5)).astype(float), rng.integers(0, 9, (2, 2)).astype(float)
    expected = signal.convolve(a, b[:, :, None], method="direct")
    assert np.array_equal(matlab.convn(a, b), expected)
    assert np.array_equal(matlab.convn(b, a), expected)
    assert matlab.convn(a, b, "same").shape == a.shape


@pytest.mark.parametrize(
    ("x", "h", "dtype"),
    [("i1", "u8", "d"), ("f", "i2", "d"), ("f", "f", "f"), ("f", "d", "d"), ("F", "f", "F"), ("f", "D", "D")],
)
def test_classes(x, h, dtype):
    """Everything but single is double."""
    assert matlab.conv(np.ones(3, x), np.ones(2, h)).dtype == np.dtype(dtype)


@pytest.mark.parametrize(
    ("padding", "mode"),
    [(0, "constant"), (3, "constant"), ("symmetric", "reflect"), ("replicate", "nearest"), ("circular", "wrap")],
)
@pytest.mark.parametrize("shape", [(3, 3), (2, 4), (5, 1)])
def test_imfilter(padding, mode, shape):
    """ndimage with its origin moved to imfilter's centre, (m − 1)//2, m//2 for "conv"; channels behind."""
    rng = np.random.default_rng(3)
    a, h = rng.integers(0, 200, (6, 7, 3)).astype(float), rng.integers(-3, 5, shape).astype(float)
    cval = padding if mode == "constant" else 0
    origin = tuple((m - 1) // 2 - m // 2 for m in shape)
    expected = ndimage.correlate(a, h, mode=mode, cval=cval, origin=origin, axes=(0, 1))
    assert np.array_equal(matlab.imfilter(a, h, padding), expected)
    assert np.array_equal(
        matlab.imfilter(a, h, padding, "conv", "same"), ndimage.convolve(a, h, mode=mode, cval=cval, axes=(0, 1))
    )
    full = matlab.imfilter(a, h, "full", padding)
    assert full.shape == (6 + shape[0] - 1, 7 + shape[1] - 1, 3)
    begin = [m - 1 - (m - 1) // 2 for m in shape]
    assert np.array_equal(full[begin[0] : begin[0] + 6, begin[1] : begin[1] + 7], expected)


def test_imfilter_keeps_the_class():
    """Integers are rounded half away from zero and saturate; singles stay singles, complex numbers complex."""
    assert matlab.imfilter(np.int16([1, -1, 5, 30000]), [0.5]).tolist() == [[1, -1, 3, 15000]]
    assert matlab.imfilter(np.uint8([[3, 4]]), [[0.5, 0.5, 0]], 300).tolist() == [[152, 4]]
    assert matlab.imfilter(np.uint8([[3, 4]]), [[0.5, 0.5, 0]], 0.5).tolist() == [[2, 4]]
    assert matlab.imfilter(np.uint8([[3, 200]]), [[2.0]]).tolist() == [[6, 255]]
    assert matlab.imfilter(np.uint8([[3, 200]]), [[-2.0]]).tolist() == [[0, 0]]
    assert matlab.imfilter(np.ones((2, 2), "f"), [[0.1]]).dtype == np.float32
    assert matlab.imfilter(np.ones((2, 2), "f"), [[1j]]).dtype == np.complex64


def test_xcorr():
    """Numbers computed by hand, lags, padding to the longer operand, and orientation."""
    r, lags = matlab.xcorr([1, 2, 3], [4, 5])
    # r[k] = Σ_n x[n + k] y[n]: k = −2: 1·0, −1: 1·5, 0: 1·4 + 2·5, 1: 2·4 + 3·5, 2: 3·4
    assert r.tolist() == [0, 5, 14, 23, 12]
    assert lags.tolist() == [-2, -1, 0, 1, 2]
    assert matlab.xcorr([1j, 0], [0, 1j])[0].tolist() == [1, 0, 0]
    assert matlab.xcorr(np.ones((3, 1)), np.ones(2))[0].shape == (5, 1)
    r, lags = matlab.xcorr([1, 2, 3], 4)
    assert r.tolist() == [0, 0, 3, 8, 14, 8, 3, 0, 0]
    assert lags.tolist() == list(range(-4, 5))
    assert matlab.xcorr([1, 2, 3], [4, 5], 0)[0].tolist() == [14]


def test_scales_of_xcorr():
    """The four scales."""
    assert matlab.xcorr([1, 2], "none")[0].tolist() == [2, 5, 2]
    assert matlab.xcorr([1, 2], "biased")[0].tolist() == [1, 2.5, 1]
    assert matlab.xcorr([1, 2], "unbiased")[0].tolist() == [2, 2.5, 2]
    assert matlab.xcorr([3, 4], [4, 3], "normalized")[0].tolist() == pytest.approx([9 / 25, 24 / 25, 16 / 25])
    assert np.array_equal(matlab.xcorr([3, 4], [4, 3], "coeff")[0], matlab.xcorr([3, 4], [4, 3], "normalized")[0])


def test_xcorr_of_a_matrix():
    """A column for each pair of columns, the second running fastest."""
    x = np.array([[1.0, 4], [2, 5], [3, 6]])
    r, _ = matlab.xcorr(x, "normalized")
    assert r.shape == (5, 4)
    for i in range(2):
        for j in range(2):
            expected, _ = matlab.xcorr(x[:, i], x[:, j], "normalized")
            assert r[:, 2 * i + j] == pytest.approx(expected, rel=1e-14)


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("conv", ([[1, 2], [3, 4]], [1])),
        ("conv", ([1], [1], "spam")),
        ("conv2", ([[1]],)),
        ("conv2", (np.ones((1, 1, 1)), [[1]])),
        ("convn", ([1], [1], "spam")),
        ("filter2", ([[1]], [[1]], "spam")),
        ("imfilter", ([[1]], [[1]], "spam")),
        ("imfilter", ([[True]], [[1]])),
        ("imfilter", ([[1]], [[[1]]])),
        ("xcorr", ([1, 2], [1], "biased")),
        ("xcorr", ([1, 2], [1, 2], "spam")),
        ("xcorr", ([1, 2], [1, 2], 1.5)),
        ("xcorr", ([1, 2], [1, 2], -1)),
        ("xcorr", ([1, 2], 1, 2)),
        ("xcorr", (np.ones((2, 2)), [1, 2])),
    ],
)
def test_errors(name, arguments):
    """What can't be served is refused."""
    with pytest.raises((ValueError, TypeError)):
        getattr(matlab, name)(*arguments)
