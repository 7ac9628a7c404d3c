"""Kernels by name, held against taps written by hand and against what they must do to polynomials and waves."""

import numpy as np
import pytest
from scipy import ndimage, signal

from sigconv.errors import ArgumentValueError
from sigconv.files import memory
from sigconv.study.kernels import TABLE, kernel, names


@pytest.mark.parametrize(
    ("name", "taps"),
    [
        ("identity", [1]),
        ("identity", [[1]]),
        ("box:2", [0.5, 0.5]),
        ("box:2", [[0.25, 0.25], [0.25, 0.25]]),
        ("derivative", [0.5, 0, -0.5]),
        ("sobel-x", [[1, 0, -1], [2, 0, -2], [1, 0, -1]]),
        ("sobel-y", [[1, 2, 1], [0, 0, 0], [-1, -2, -1]]),
        ("prewitt-x", [[1, 0, -1], [1, 0, -1], [1, 0, -1]]),
        ("prewitt-y", [[1, 1, 1], [0, 0, 0], [-1, -1, -1]]),
        ("scharr-x", [[3, 0, -3], [10, 0, -10], [3, 0, -3]]),
        ("scharr-y", [[3, 10, 3], [0, 0, 0], [-3, -10, -3]]),
        ("emboss", [[2, 1, 0], [1, 1, -1], [0, -1, -2]]),
        ("motion:3", [[0, 0, 0], [1 / 3, 1 / 3, 1 / 3], [0, 0, 0]]),
        ("motion:3:90", [[0, 1 / 3, 0], [0, 1 / 3, 0], [0, 1 / 3, 0]]),
        ("motion:2:-180", [[0.25, 0.25], [0.25, 0.25]]),
        ("unsharp:1:9", [1]),
        ("laplacian", [1, -2, 1]),
        ("laplacian", [[0, 1, 0], [1, -4, 1], [0, 1, 0]]),
        ("sharpen", [-1, 3, -1]),
        ("sharpen", [[0, -1, 0], [-1, 5, -1], [0, -1, 0]]),
    ],
)
def test_taps_as_in_the_textbooks(name, taps):
    np.testing.assert_array_equal(kernel(name, np.ndim(taps)), np.array(taps, float))


@pytest.mark.parametrize("name", TABLE)
@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.complex64, np.longdouble])
def test_every_kernel_in_every_dimension_and_dtype(name, dtype):
    for ndim in TABLE[name].dimensions or (1, 2, 3):
        taps = kernel(TABLE[name].example, ndim, dtype)
        assert (taps.ndim, taps.dtype) == (ndim, dtype)
        assert np.isfinite(taps).all()
        assert np.any(taps)


@pytest.mark.parametrize("name", TABLE)
def test_every_kernel_is_explained_and_listed(name):
    entry = TABLE[name]
    assert all(text.endswith(".") for text in (entry.formula, entry.description, entry.use))
    assert entry.title
    assert any(usage.split(":")[0] == name for usage in names())


@pytest.mark.parametrize("name", ["identity", "box:5", "gaussian:9", "gaussian:8", "sharpen", "lowpass:41:0.2"])
def test_a_constant_signal_keeps_its_value(name):
    assert kernel(name, 1).sum() == pytest.approx(1, abs=1e-15)
    if "lowpass" not in name:
        assert kernel(name, 2).sum() == pytest.approx(1, abs=1e-15)


def test_slopes_are_positive_where_the_signal_grows():
    rows, columns = np.mgrid[:6, :7].astype(float)
    for name, slope in [("sobel", 8), ("prewitt", 6), ("scharr", 32)]:
        for axis, grows, level in [("x", columns, rows), ("y", rows, columns)]:
            np.testing.assert_allclose(signal.convolve2d(grows, kernel(f"{name}-{axis}", 2), "valid"), slope)
            np.testing.assert_allclose(signal.convolve2d(level, kernel(f"{name}-{axis}", 2), "valid"), 0)
    np.testing.assert_allclose(np.convolve(3 * np.arange(9.0), kernel("derivative", 1), "valid"), 3)
    np.testing.assert_allclose(signal.convolve2d(rows**2 + 3 * columns**2, kernel("laplacian", 2), "valid"), 2 + 6)


@pytest.mark.parametrize(("name", "sigma"), [("gaussian:31:2.5", 2.5), ("gaussian:31", 31 / 6)])
def test_the_gaussian_is_that_of_scipy(name, sigma):
    impulse = np.zeros((31, 31))
    impulse[15, 15] = 1
    expected = ndimage.gaussian_filter(impulse, sigma, mode="constant", radius=15)
    np.testing.assert_allclose(kernel(name, 2), expected, rtol=1e-12)


def test_the_laplacian_of_a_gaussian_is_that_of_scipy():
    impulse = np.zeros((41, 41))
    impulse[20, 20] = 1
    expected = ndimage.gaussian_laplace(impulse, 3, mode="constant", radius=20)
    # SciPy takes the derivatives along one axis at a time and leaves the sum (about 1e-12 here) as it is.
    np.testing.assert_allclose(kernel("log:41:3", 2), expected, atol=1e-11)
    for ndim in (1, 2, 3):
        assert abs(kernel("log:7", ndim).sum()) < 1e-15


def test_unsharp_adds_what_the_blur_takes():
    photo = np.random.default_rng(8).random((20, 20))
    blurred, sharp = (signal.convolve2d(photo, kernel(n, 2), "same") for n in ("gaussian:5", "unsharp:5:0.7"))
    np.testing.assert_allclose(sharp, photo + 0.7 * (photo - blurred), atol=1e-14)


def test_motion_goes_up_to_the_right_and_keeps_its_sum():
    diagonal = kernel("motion:5:45", 2)
    np.testing.assert_allclose(diagonal, diagonal.T[::-1, ::-1], atol=1e-15)
    assert np.trace(diagonal[::-1]) > 0.5 > np.trace(diagonal)
    for angle in (0, 17, 45, 90, 135, 1e9):
        assert kernel(f"motion:8:{angle}", 2).sum() == pytest.approx(1, abs=1e-15)


def test_an_even_gaussian_is_symmetric_and_a_narrow_one_an_impulse():
    even = kernel("gaussian:6:0.8", 1)
    np.testing.assert_array_equal(even, even[::-1])
    np.testing.assert_array_equal(kernel("gaussian:5:1e-300", 1), [0, 0, 1, 0, 0])
    np.testing.assert_array_equal(kernel("gaussian:4:5e-324", 1), [0, 0.5, 0.5, 0])


def test_the_lowpass_is_that_of_scipy_and_stops_what_is_above():
    taps = kernel("lowpass:101:0.1", 1)
    np.testing.assert_allclose(taps, signal.firwin(101, 0.1, fs=1), atol=1e-16)
    frequencies = np.fft.rfftfreq(4096)
    response = np.abs(np.fft.rfft(taps, 4096))
    assert response[frequencies < 0.08].min() > 0.99
    assert response[frequencies > 0.12].max() < 0.01


def test_whole_numbers_stay_whole_and_others_are_refused():
    assert kernel("sobel-x", 2, np.int8).dtype == np.int8
    assert kernel("identity", 1, bool).tolist() == [True]
    for name, ndim, dtype in [("box:3", 1, int), ("sobel-x", 2, np.uint8), ("laplacian", 1, bool)]:
        with pytest.raises(ArgumentValueError, match="taps that"):
            kernel(name, ndim, dtype)


@pytest.mark.parametrize(
    ("name", "ndim", "message"),
    [
        ("boxx:3", 1, r"'boxx:3'.*identity, box:N, gaussian:N\[:sigma\]"),
        ("", 1, "no kernel"),
        ("box", 1, "write box:N"),
        ("box:3:4", 1, "write box:N"),
        ("lowpass:5", 1, "write lowpass:N:cutoff"),
        ("box:0", 1, "whole number"),
        ("box:-3", 1, "whole number"),
        ("box:2.5", 1, "whole number"),
        ("box:" + "9" * 5000, 1, "whole number"),
        ("gaussian:5:0", 1, "above 0"),
        ("gaussian:5:nan", 1, "above 0"),
        ("gaussian:5:inf", 1, "finite"),
        ("gaussian:5:wide", 1, "must be a number"),
        ("lowpass:5:0.5", 1, r"below 0\.5"),
        ("lowpass:5:0", 1, "above 0"),
        ("log:5:1e-300", 1, "at least 0.1"),
        ("motion:5:inf", 2, "finite"),
        ("motion:5:left", 2, "degrees of kernel 'motion' is 'left'"),
        ("unsharp:4", 1, "odd"),
        ("unsharp:3:nan", 1, "amount of kernel 'unsharp' is nan"),
        ("sobel-x", 1, "has 2 dimensions, not 1: choose one of identity"),
        ("derivative", 2, "has 1 dimensions, not 2"),
        ("identity", 0, "1 or more dimensions"),
    ],
)
def test_wrong_names_and_parameters(name, ndim, message):
    with pytest.raises(ArgumentValueError, match=message):
        kernel(name, ndim)


def test_only_kernels_of_the_right_dimension_are_offered():
    with pytest.raises(ArgumentValueError) as raised:
        kernel("sobel-x", 1)
    offered = str(raised.value).partition("choose one of")[2]
    assert "lowpass" in offered
    assert "sobel" not in offered


@pytest.mark.parametrize("name", ["box", "gaussian"])
def test_a_kernel_larger_than_the_memory(name, monkeypatch):
    monkeypatch.setattr(memory, "available", lambda: 799)
    kernel(f"{name}:9", 2)
    with pytest.raises(MemoryError, match=rf"kernel {name}:10 in 2-D"):
        kernel(f"{name}:10", 2)
