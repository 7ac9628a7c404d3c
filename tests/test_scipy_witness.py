"""SciPy and NumPy as second witnesses: the same positional calls, and their conventions said in our words."""

import numpy as np
import oracle
import pytest
import scipy.linalg
import scipy.ndimage
import scipy.signal
from strategies import MODES, samples

import sigconv

SHAPES = [((7,), (3,)), ((7,), (4,)), ((6,), (6,)), ((3,), (8,)), ((1,), (1,)), ((5, 6), (2, 3)), ((4, 5), (3, 4)),
          ((2, 3), (4, 5)), ((3, 4, 5), (2, 2, 3)), ((600,), (70,)), ((60, 50), (9, 12))]  # fmt: skip
FLOATS = ["float32", "float64", "complex64", "complex128"]


def operands(dtype, shape, kernel_shape):
    """Draw a signal and a kernel, the same ones in every run."""
    rng = np.random.default_rng([*shape, *kernel_shape])
    return samples(rng, dtype, shape), samples(rng, dtype, kernel_shape)


def agree(got, witness, signal, kernel):
    """Assert the same shape and dtype, and values within twice the bound of transforms: each side errs by one."""
    assert got.shape == witness.shape
    assert got.dtype == witness.dtype
    rule, length = oracle.arithmetic(got.dtype), 8 * (signal.size + kernel.size)
    norms = float(np.linalg.norm(signal.ravel()) * np.linalg.norm(kernel.ravel()))
    limit = 2 * rule.transform(min(signal.size, kernel.size), length, norms)
    assert np.abs(got - witness).max(initial=0) <= limit


# --- positional calls ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize("name", ["convolve", "correlate"])
@pytest.mark.parametrize(("shape", "kernel_shape"), SHAPES)
def test_positional_calls(shape, kernel_shape, name, dtype):
    """scipy.signal's positional calls on floats work unchanged: order of arguments, modes, methods, dtypes, centres."""
    signal, kernel = operands(dtype, shape, kernel_shape)
    ours, theirs = getattr(sigconv, name), getattr(scipy.signal, name)
    agree(ours(signal, kernel), theirs(signal, kernel), signal, kernel)
    for mode in MODES:
        agree(ours(signal, kernel, mode), theirs(signal, kernel, mode), signal, kernel)
        for method in ("auto", "direct", "fft"):
            agree(ours(signal, kernel, mode, method), theirs(signal, kernel, mode, method), signal, kernel)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("name", ["convolve", "correlate"])
@pytest.mark.parametrize(("shape", "kernel_shape"), SHAPES)
def test_integers(shape, kernel_shape, name, mode):
    """Small integers are exact on both sides, for every method of ours."""
    signal, kernel = operands("int64", shape, kernel_shape)
    witness = getattr(scipy.signal, name)(signal, kernel, mode, "direct")
    for method in sigconv.methods():
        np.testing.assert_array_equal(getattr(sigconv, name)(signal, kernel, mode, method), witness)


AXES = [((3, 7), (3, 4), 1), ((7, 3), (4, 1), 0), ((1, 6), (5, 3), -1), ((4, 2, 5), (2, 1, 3), (0, 2))]


@pytest.mark.parametrize("name", ["fftconvolve", "oaconvolve"])
@pytest.mark.parametrize(("shape", "kernel_shape", "axes"), AXES)
def test_axes(shape, kernel_shape, axes, name):
    """scipy's `axes` broadcast like ours where it gets them right (`same` loses dimensions there, scipy#21876)."""
    signal, kernel = operands("float64", shape, kernel_shape)
    for mode in ("full", "valid"):
        witness = getattr(scipy.signal, name)(signal, kernel, mode, axes)
        agree(sigconv.convolve(signal, kernel, mode, axes=axes), witness, signal, kernel)


# --- one axis --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(("n", "m"), [(7, 3), (7, 4), (6, 6), (5, 1)])
def test_numpy(n, m, mode):
    """NumPy's two functions, where the signal is the longer operand."""
    signal, kernel = operands("int64", (n,), (m,))
    np.testing.assert_array_equal(sigconv.convolve(signal, kernel, mode), np.convolve(signal, kernel, mode))
    np.testing.assert_array_equal(sigconv.correlate(signal, kernel, mode), np.correlate(signal, kernel, mode))
    signal, kernel = operands("complex128", (n,), (m,))
    agree(sigconv.correlate(signal, kernel, mode), np.correlate(signal, kernel, mode), signal, kernel)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(("n", "m"), [(7, 3), (6, 4), (4, 6), (3, 7), (5, 5), (8, 1), (7, 4)])
def test_lags(n, m, mode):
    """scipy's lags, but for `same` with an odd signal and an even kernel, where they are off by one."""
    wrong = mode == "same" and n % 2 == 1 and m % 2 == 0
    theirs = scipy.signal.correlation_lags(n, m, mode)
    assert (list(sigconv.lags(n, m, mode)) == theirs.tolist()) is not wrong


@pytest.mark.parametrize("mode", MODES)
def test_convolution_matrix(mode):
    """The matrix of a kernel times the signal."""
    signal, kernel = operands("int64", (7,), (4,))
    matrix = scipy.linalg.convolution_matrix(kernel, 7, mode)
    np.testing.assert_array_equal(sigconv.convolve(signal, kernel, mode), matrix @ signal)


def test_circulant():
    """`same` with tap 0 on output i and the wrap boundary is the circulant matrix."""
    signal, kernel = operands("int64", (6,), (6,))
    got = sigconv.convolve(signal, kernel, "same", boundary="wrap", center=0)
    np.testing.assert_array_equal(got, scipy.linalg.circulant(kernel) @ signal)


@pytest.mark.parametrize("stride", [1, 2, 3, 5])
def test_upfirdn(stride):
    """A stride is upfirdn's `down`."""
    signal, kernel = operands("float64", (23,), (5,))
    witness = scipy.signal.upfirdn(kernel, signal, 1, stride)
    agree(sigconv.convolve(signal, kernel, stride=stride), witness, signal, kernel)


def test_dilation_is_a_kernel_with_zeros():
    """A dilated kernel has the zeros that numpy.kron would write."""
    signal, kernel = operands("int64", (11,), (4,))
    spread = np.kron(kernel, [1, 0, 0])[:-2]
    np.testing.assert_array_equal(sigconv.convolve(signal, kernel, dilation=3), np.convolve(signal, spread))


def test_causal_filter():
    """lfilter with an FIR kernel is `same` with tap 0 on output i."""
    signal, kernel = operands("float64", (20,), (4,))
    witness = scipy.signal.lfilter(kernel, 1, signal)
    agree(sigconv.convolve(signal, kernel, "same", center=0), witness, signal, kernel)


# --- images ----------------------------------------------------------------------------------------------------------

CONVOLVE2D = {"fill": "constant", "wrap": "wrap", "symm": "symmetric"}


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(("theirs", "ours"), CONVOLVE2D.items())
@pytest.mark.parametrize("kernel_shape", [(3, 3), (2, 4), (4, 1), (1, 1)])
def test_convolve2d(kernel_shape, theirs, ours, mode):
    """convolve2d and correlate2d with their boundaries; correlate2d's centre is tap (k − 1)//2."""
    signal, kernel = operands("int64", (5, 6), kernel_shape)
    fill = {"fill_value": -3} if ours == "constant" else {}
    witness = scipy.signal.convolve2d(signal, kernel, mode, theirs, -3)
    np.testing.assert_array_equal(sigconv.convolve(signal, kernel, mode, boundary=ours, **fill), witness)
    center = {"center": tuple((k - 1) // 2 for k in kernel_shape)} if mode == "same" else {}
    witness = scipy.signal.correlate2d(signal, kernel, mode, theirs, -3)
    np.testing.assert_array_equal(sigconv.correlate(signal, kernel, mode, boundary=ours, **fill, **center), witness)


@pytest.mark.parametrize("boundary", CONVOLVE2D.values())
def test_convolve2d_of_complex_numbers(boundary):
    """Complex images, and the conjugation of correlate2d."""
    signal, kernel = operands("complex128", (5, 6), (3, 3))
    theirs = {ours: name for name, ours in CONVOLVE2D.items()}[boundary]
    witness = scipy.signal.correlate2d(signal, kernel, "same", theirs)
    agree(sigconv.correlate(signal, kernel, "same", boundary=boundary), witness, signal, kernel)


NDIMAGE = {"nearest": "edge", "mirror": "reflect", "reflect": "symmetric", "grid-mirror": "symmetric", "wrap": "wrap",
           "grid-wrap": "wrap", "constant": "constant", "grid-constant": "constant"}  # fmt: skip


@pytest.mark.parametrize(("theirs", "ours"), NDIMAGE.items())
@pytest.mark.parametrize("kernel_shape", [(3, 3), (2, 4), (5, 2), (1, 1), (3, 2)])
def test_ndimage(kernel_shape, theirs, ours):
    """ndimage's centre is tap k//2 for both operators."""
    signal, kernel = operands("int64", (6, 7), kernel_shape)
    fill = {"fill_value": -3} if ours == "constant" else {}
    center = tuple(k // 2 for k in kernel_shape)
    for name, flip in (("convolve", True), ("correlate", False)):
        witness = getattr(scipy.ndimage, name)(signal, kernel, mode=theirs, cval=-3)
        got = sigconv.slide(signal, kernel, "same", flip=flip, boundary=ours, center=center, **fill)
        np.testing.assert_array_equal(got, witness)


@pytest.mark.parametrize("boundary", ["edge", "reflect", "symmetric", "wrap"])
@pytest.mark.parametrize("m", [13, 18])
def test_ndimage_wider_than_the_signal(m, boundary):
    """A kernel of several signals' length meets the same ghosts."""
    signal, kernel = operands("int64", (4,), (m,))
    theirs = {ours: name for name, ours in NDIMAGE.items()}[boundary]
    witness = scipy.ndimage.correlate1d(signal, kernel, mode=theirs)
    got = sigconv.slide(signal, kernel, "same", flip=False, boundary=boundary, center=m // 2)
    np.testing.assert_array_equal(got, witness)


@pytest.mark.parametrize("origin", [-1, 0, 1])
@pytest.mark.parametrize("m", [3, 5])
def test_ndimage_origin(m, origin):
    """A positive origin moves the tap on output i forwards in correlation, so the kernel starts further left."""
    signal, kernel = operands("int64", (9,), (m,))
    witness = scipy.ndimage.correlate1d(signal, kernel, mode="nearest", origin=origin)
    got = sigconv.slide(signal, kernel, "same", flip=False, boundary="edge", center=m // 2 + origin)
    np.testing.assert_array_equal(got, witness)


def test_mixed_boundaries_on_two_axes():
    """ndimage's one mode for each axis, in sequence, is a separable kernel with one boundary for each axis."""
    signal, (rows, columns) = np.arange(30).reshape(5, 6) ** 2, ([1, 2, 4], [3, -1, 5])
    witness = scipy.ndimage.convolve1d(signal, rows, axis=0, mode="nearest")
    witness = scipy.ndimage.convolve1d(witness, columns, axis=1, mode="wrap")
    kernel = np.multiply.outer(rows, columns)
    np.testing.assert_array_equal(sigconv.convolve(signal, kernel, "same", boundary=("edge", "wrap")), witness)
