"""Small problems, which are computed at once: the same numbers as by tiles, bit by bit however they are called."""

from itertools import product

import numpy as np
import oracle
import pytest
from memory import peak_of

import sigconv
from sigconv.methods.execute import apply, prepare
from sigconv.methods.registry import METHODS
from sigconv.methods.small import shortcut

SHAPES = [
    ((5,), (3,)),
    ((3,), (5,)),
    ((1,), (1,)),
    ((4, 5), (2, 3)),
    ((2, 3), (3, 4)),
    ((3, 2, 4), (2, 2, 3)),
    ((9, 8), (7, 2)),
    ((5, 14), (2, 12)),
]


@pytest.mark.parametrize(("shape", "taps"), SHAPES)
@pytest.mark.parametrize("dtype", ["f4", "f8", "c8", "c16", "i4", "u8", "?"])
def test_small_problems_are_exact_on_integers(shape, taps, dtype):
    """All windows, strides and orientations, on integers that every dtype sums exactly."""
    rng = np.random.default_rng(0)
    signal, kernel = (rng.integers(0, 5, s).astype(dtype) for s in (shape, taps))
    if np.dtype(dtype).kind == "c":
        signal, kernel = signal + 1j * signal.T.reshape(shape), kernel - 2j * kernel
    for mode, flip, conjugate, stride in product(("full", "same", "valid"), (True, False), (True, False), (1, 2)):
        options = {"mode": mode, "flip": flip, "conjugate": conjugate, "stride": stride}
        plan = sigconv.plan(shape, taps, signal.dtype, method="direct", **options)
        result = shortcut(plan.problem)(signal, kernel)
        exact = oracle.slide(signal, kernel, **options)
        assert result.dtype == plan.problem.result_dtype
        assert result.flags.c_contiguous or result.ndim == 1
        assert not oracle.violations(result, exact)
        by_tiles = apply(prepare(plan.problem, [(METHODS["direct"], plan.estimate.settings)], kernel), signal)
        assert not oracle.violations(by_tiles, exact)


@pytest.mark.parametrize(("shape", "taps"), [((9,), (4,)), ((6, 7), (3, 2))])
def test_the_bits_do_not_depend_on_how_it_is_called(shape, taps):
    """A call, a plan, a filter, with workers or with out: the same bits."""
    rng = np.random.default_rng(1)
    signal, kernel = rng.random(shape), rng.random(taps)
    expected = sigconv.convolve(signal, kernel, "same", "direct")
    out = np.empty_like(expected)
    again = [
        sigconv.convolve(signal, kernel, "same", "direct", workers=2),
        sigconv.convolve(signal, kernel, "same", "direct", out=out),
        sigconv.plan(shape, taps, mode="same", method="direct")(signal, kernel),
        sigconv.Filter(kernel, method="direct")(signal),
    ]
    assert all(np.array_equal(result, expected) for result in again)
    assert again[1] is out


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_what_is_not_finite_reaches_what_meets_it(value):
    """Laid out in a line, a NaN would meet the zeros between the rows: the general way takes over."""
    signal, kernel = np.ones((5, 6)), np.ones((2, 3))
    signal[2, 3] = value
    result = sigconv.convolve(signal, kernel, "full", "direct")
    assert np.argwhere(~np.isfinite(result)).tolist() == [[i, j] for i in (2, 3) for j in (3, 4, 5)]


def test_integers_that_could_overflow_take_the_general_way():
    """The product of the peaks decides; the result is exact or an error either way."""
    run = shortcut(sigconv.plan(2, 2, "i8").problem)
    large = np.array([2**31, 2**31])
    assert run(large, large) is None  # 2 · 2⁶² could overflow
    assert run(large, large // 2) is not None
    with pytest.raises(sigconv.ResultOverflowError, match="index 1"):
        sigconv.convolve(large, large)


@pytest.mark.parametrize(
    "options",
    [{"boundary": "edge"}, {"dilation": 2}, {"axes": -1}, {"signal_dtype": "f4", "kernel_dtype": "f8"}],
)
def test_the_rest_is_not_small(options):
    """Boundaries, dilation, a batch and mixed floats are not for NumPy's lines."""
    shapes = ((2, 8), 3) if "axes" in options else (8, 3)
    assert shortcut(sigconv.plan(*shapes, **options).problem) is None


def test_a_known_call_checks_its_arguments():
    """After a call has been planned, what only looks alike is still refused."""
    sigconv.slide([1.0, 2.0], [1.0], flip=True, stride=1)
    for options in ({"flip": 1}, {"flip": True, "stride": True}, {"flip": True, "stride": 1.0}):
        with pytest.raises(sigconv.ArgumentTypeError):
            sigconv.slide([1.0, 2.0], [1.0], **options)
    with pytest.raises(sigconv.ArgumentTypeError):
        sigconv.convolve([1.0, 2.0], [1.0], workers=1.5)


@pytest.mark.parametrize("bits", [25, 26, 27, 30])
def test_integers_are_exact_where_floats_hold_their_sums_and_beyond(bits):
    """Sums of odd integers up to what float64 holds, and far beyond, have their last digits."""
    rng = np.random.default_rng(bits)
    signal, kernel = (rng.integers(-(1 << bits), 1 << bits, n) | 1 for n in (40, 7))
    exact = [int(v) for v in np.convolve(signal.astype(object), kernel.astype(object))]
    assert sigconv.convolve(signal, kernel).tolist() == exact
    assert max(map(abs, exact)) >= 1 << 2 * bits - 1


def test_integers_whose_sums_do_not_fit_are_refused():
    """Sums beyond 64 bits are an error, not rounded ones."""
    large = np.full(5, 1 << 40)
    with pytest.raises(OverflowError):
        sigconv.convolve(large, large)


def test_lines_are_for_all_of_a_result():
    """Where memory is limited to less, the result is computed in tiles."""
    shape, options = (100_000,), {"kernel_dtype": "i4", "method": "direct"}
    assert sigconv.plan(shape, 1, "i4", **options).small is not None
    limited = sigconv.plan(shape, 1, "i4", max_bytes=1_500_000, **options)
    assert limited.small is None
    assert limited.estimate.settings.tile < shape
    signal = np.arange(shape[0], dtype="i4")
    limited(signal, np.array([2], "i4"))  # imports and tables
    peak = peak_of(limited, signal, np.array([2], "i4"), workers=1)
    assert peak <= 1_500_000 + limited.problem.result_dtype.itemsize * shape[0]
