"""Booleans and integers are summed exactly by every method, or refused where the exact result does not fit."""

import re

import numpy as np
import oracle
import pytest
from strategies import INTEGERS, MODES

import sigconv

METHODS = sigconv.methods()
every_method = pytest.mark.parametrize("method", METHODS)

MOST = 2**63 - 1
LEAST = -(2**63)
UNSIGNED_MOST = 2**64 - 1


def first_misfit(values, dtype):
    """Give the index of the first exact result that the dtype can't hold, or None."""
    info = np.iinfo(dtype)
    misfits = (index for index in np.ndindex(*values.shape) if not info.min <= values[index] <= info.max)
    return next(misfits, None)


def check(method, signal, kernel, mode="full", **options):
    """Assert the exact integers, or the error that names the first one that does not fit."""
    signal, kernel = np.asarray(signal), np.asarray(kernel)
    dtype, values = oracle.result_dtype(signal.dtype, kernel.dtype), oracle.convolve(signal, kernel, mode, **options)
    misfit = first_misfit(values, dtype)
    if misfit is None:
        got = sigconv.convolve(signal, kernel, mode, method, **options)
        assert got.dtype == dtype
        assert got.tolist() == values.tolist()
        return False
    with pytest.raises(OverflowError, match=index_pattern(misfit)) as caught:
        sigconv.convolve(signal, kernel, mode, method, **options)
    assert isinstance(caught.value, sigconv.ResultOverflowError)
    return True


def index_pattern(index):
    """Match an index in a message, with any punctuation."""
    return r"index \D{0,2}" + r"\D{1,2}".join(map(str, index)) + r"(?!\d)"


# --- every dtype near its limits -------------------------------------------------------------------------------------


def near_limits(rng, dtype, count, bits):
    """Draw integers of at most so many bits, the largest magnitudes often among them."""
    if dtype == "bool":
        return rng.integers(0, 2, count).astype(bool)
    info = np.iinfo(dtype)
    low, high = max(info.min, -(2**bits)), min(info.max, 2**bits - 1)
    values = [int(rng.integers(low, high, endpoint=True, dtype=dtype)) for _ in range(count)]
    extremes = rng.choice([0, 1, 2], count, p=[0.5, 0.25, 0.25])
    return np.array([(v, low, high)[e] for v, e in zip(values, extremes, strict=True)], dtype)


@pytest.mark.parametrize("kernel_dtype", INTEGERS)
@pytest.mark.parametrize("dtype", INTEGERS)
@every_method
def test_every_pair_of_dtypes(method, dtype, kernel_dtype):
    """Integers of every magnitude, up to the limits of both dtypes, against Python ints."""
    rng = np.random.default_rng([INTEGERS.index(dtype), INTEGERS.index(kernel_dtype)])
    for bits in (3, 12, 24, 31, 40, 52, 62, 63, 64):
        n, m = rng.integers(1, 12, 2)
        signal, kernel = near_limits(rng, dtype, n, bits), near_limits(rng, kernel_dtype, m, 66 - bits)
        check(method, signal, kernel)
        check(method, kernel, signal, "same", boundary="symmetric", stride=2)


@every_method
def test_results_around_the_limits(method):
    """Sums that miss or meet the limits by little: both happen, and none is taken for the other."""
    rng = np.random.default_rng(5)
    outcomes = []
    for _ in range(150):
        m = int(rng.integers(1, 6))
        signal = rng.integers(MOST // (2 * m), MOST // m, 8, endpoint=True) * rng.choice([-1, 1], 8)
        outcomes.append(check(method, signal, rng.integers(-1, 3, m), "valid" if m > 2 else "full"))
    assert 20 < sum(outcomes) < 130


# --- cancellation ----------------------------------------------------------------------------------------------------

CANCELLING = [
    ([MOST, MOST, LEAST, LEAST], [1, 1, 1]),  # partial sums pass the limit, the sums do not
    ([LEAST, LEAST, MOST], [1, -1, 0]),
    ([2**62, 2**62], [4, -4]),  # products pass it too
    ([LEAST, LEAST], [-1, 1]),
    ([LEAST, MOST], [LEAST, LEAST]),  # LEAST² + LEAST·MOST = 2⁶³ does not fit, by one
    ([-(2**32), -(2**32)], [2**31, -(2**31)]),
    ([MOST, 1], [0, MOST]),
    ([MOST], [1]),
    ([LEAST], [1]),
    ([LEAST], [-1]),  # −LEAST does not fit
    ([2**32], [2**31]),
    ([2**32], [-(2**31)]),  # just fits
    ([LEAST, 0, 0], [1, 2, 3]),
]


@pytest.mark.parametrize(("signal", "kernel"), CANCELLING)
@every_method
def test_cancellation(method, signal, kernel):
    """Only the final sum counts, in either order of the operands."""
    signal, kernel = np.array(signal, np.int64), np.array(kernel, np.int64)
    for mode in MODES:
        check(method, signal, kernel, mode)
        check(method, kernel, signal, mode)


@pytest.mark.parametrize(
    ("signal", "kernel"),
    [
        ([UNSIGNED_MOST], [1]),
        ([UNSIGNED_MOST, 0], [1, 1]),
        ([2**63, 2**63 - 1], [1, 1]),  # 2⁶⁴ − 1
        ([2**63, 2**63], [1, 1]),  # 2⁶⁴ does not fit
        ([2**32 - 1], [2**32 + 1]),  # 2⁶⁴ − 1
        ([2**32], [2**32]),
        ([UNSIGNED_MOST, UNSIGNED_MOST], [UNSIGNED_MOST, UNSIGNED_MOST]),
        ([UNSIGNED_MOST] * 3, [0, 0]),
    ],
)
@every_method
def test_unsigned(method, signal, kernel):
    """Unsigned sums reach 2⁶⁴ − 1."""
    check(method, np.array(signal, np.uint64), np.array(kernel, np.uint64))


@pytest.mark.parametrize(
    ("signal", "kernel"),
    [
        ([2**63], [-1]),  # LEAST fits though 2⁶³ itself does not
        ([2**63], [1]),
        ([UNSIGNED_MOST, UNSIGNED_MOST], [1, -1]),
        ([UNSIGNED_MOST, 2**63], [2**62, -(2**63)]),
        ([2**63, 2**63 + 1], [-1, 1]),
    ],
)
@every_method
def test_unsigned_with_signed(method, signal, kernel):
    """uint64 with int64 gives int64, never float64."""
    for mode in MODES:
        check(method, np.array(signal, np.uint64), np.array(kernel, np.int64), mode)


# --- sums that a single transform in float64 rounds ------------------------------------------------------------------


def exact_product(signal, kernel):
    """Convolve by Python ints."""
    return np.convolve(signal.astype(object), kernel.astype(object))


@pytest.mark.parametrize(
    ("bits", "kernel_bits", "n", "m"), [(21, 20, 1024, 1024), (26, 26, 1000, 100), (40, 15, 3000, 60)]
)
@every_method
def test_sums_beyond_float64(method, bits, kernel_bits, n, m):
    """Sums of up to 2⁶² come out to the last bit, where one transform in float64 would round them."""
    rng = np.random.default_rng(bits)
    signal = rng.choice([-(2**bits) + 1, 2**bits - 1], n) - rng.integers(0, 2, n)
    kernel = rng.choice([-(2**kernel_bits), 2**kernel_bits], m)
    got = sigconv.convolve(signal, kernel, "full", method)
    np.testing.assert_array_equal(got, exact_product(signal, kernel).astype(np.int64))


@every_method
def test_all_of_one_sign(method):
    """The same magnitudes, all positive, add up to the largest sums: (2²¹ − 1)·2²⁰·2¹⁰ < 2⁵¹."""
    signal, kernel = np.full(1024, 2**21 - 1), np.full(1024, 2**20)
    assert sigconv.convolve(signal, kernel, "valid", method).tolist() == [(2**21 - 1) * 2**30]


@every_method
def test_two_axes_beyond_float64(method):
    """An image of 32-bit integers against a 32-bit kernel."""
    rng = np.random.default_rng(9)
    signal, kernel = rng.integers(-(2**31), 2**31, (40, 50)), rng.integers(-(2**26), 2**26, (7, 5))
    got = sigconv.convolve(signal, kernel, "valid", method)
    only = [(0, 0), (33, 45), (17, 20), (5, 44)]
    values = oracle.convolve(signal, kernel, "valid", only=only)
    assert [int(got[index]) for index in only] == values.tolist()


@every_method
def test_a_loud_block_does_not_spoil_the_others(method):
    """Blocks of very different size are each exact."""
    signal = np.ones(20_000, np.int64)
    signal[12_345] = 2**55
    kernel = np.arange(-20, 21)
    wanted = np.convolve(signal, kernel)  # below 2⁶³ here, so NumPy's sums are exact too
    assert sigconv.convolve(signal, kernel, "full", method).tolist() == wanted.tolist()


@every_method
def test_booleans_are_counted(method):
    """bool with bool counts in int64, beyond what a byte holds."""
    got = sigconv.correlate(np.ones(1000, bool), np.ones(700, bool), "valid", method)
    assert got.dtype == np.int64
    assert set(got.tolist()) == {700}


# --- the first bad index ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("where", [0, 17, 90_000, 199_999])
@every_method
def test_the_first_overflow_is_named(method, where):
    """The message has the index of the first result that does not fit, over all tiles and blocks."""
    signal = np.zeros(200_000, np.int64)
    signal[[where, min(where + 60_000, 199_999), 199_999]] = MOST
    with pytest.raises(sigconv.ResultOverflowError, match=index_pattern((where,))):
        sigconv.convolve(signal, np.array([2, 0, 5]), "full", method)


@pytest.mark.parametrize("first", [(40, 25), (10, 480), (399, 499)])
@every_method
def test_the_first_overflow_of_an_image_is_named(method, first):
    """On several axes the first in C order is named, by all its indices, wherever the tiles end."""
    signal = np.zeros((400, 500), np.int64)
    signal[first] = signal[min(first[0] + 5, 399) :, 3] = LEAST
    signal[399, 499] = LEAST
    if first[0] == 399:
        signal[399, 3] = 0
    with pytest.raises(sigconv.ResultOverflowError, match=index_pattern((first[0], first[1] + 1))):
        sigconv.convolve(signal, [[0, -1]], "full", method)


@every_method
def test_the_first_overflow_of_a_batch_is_named(method):
    """Indices are those of the result, batch axes included, steps counted by the stride."""
    signal = np.zeros((3, 40), np.int64)
    signal[2, 16] = MOST
    with pytest.raises(sigconv.ResultOverflowError, match=index_pattern((2, 8))):
        sigconv.convolve(signal, [2], "full", method, axes=1, stride=2)


@every_method
def test_outputs_that_are_not_asked_for_may_overflow(method):
    """What a window or a stride leaves out is not checked."""
    assert sigconv.convolve([MOST, MOST, -1, 7], [1, 1], "full", method, stride=2).tolist() == [MOST, MOST - 1, 7]


@every_method
def test_a_fill_value_at_the_limit(method):
    """Ghosts count like samples."""
    for fill in (MOST, LEAST, 2**40):
        options = {"boundary": "constant", "fill_value": fill}
        check(method, np.array([1, -1, 2]), np.array([1, -2, 1]), "same", **options)
        check(method, np.array([-1, 3]), np.array([1, 0, 0]), "same", **options)


# --- where integers could be lost on the way -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("signal", "dtype", "out_dtype"),
    [(2**40, np.int64, np.int32), (2**63, np.uint64, np.int64), (300, np.uint8, np.uint8)],
)
@every_method
def test_out_never_wraps(method, signal, dtype, out_dtype):
    """A narrower `out` holds the result or the call fails: a wrapped number is never written silently."""
    signal = np.array([signal // 2], dtype)
    with pytest.raises(OverflowError):
        sigconv.convolve(signal, np.array([2], dtype), "full", method, out=np.zeros(1, out_dtype))


@pytest.mark.parametrize(("dtype", "tap"), [(np.int8, 100), (np.uint8, 200), (np.int32, 2**20), (np.bool, True)])
@every_method
def test_separable_products_never_wrap(method, dtype, tap):
    """The taps of an outer product are exact too."""
    kernel = sigconv.Separable(np.array([tap], dtype), np.array([tap], dtype))
    assert sigconv.convolve(np.array([[3]]), kernel, "full", method).tolist() == [[3 * tap * tap]]


@every_method
def test_separable_products_that_do_not_fit(method):
    """Taps beyond 64 bits are refused, or the sums are exact."""
    kernel = sigconv.Separable([2**40], [2**40])
    with pytest.raises(OverflowError):
        sigconv.convolve([[1]], kernel, "full", method)


@every_method
def test_the_adjoint_is_exact(method):
    """The adjoint's sums over ghosts fit, or the call fails."""
    summing = sigconv.Filter([1, 1, 1], method=method, boundary="edge")
    assert summing.adjoint([2**61, -(2**61), 5]).tolist() == [2**61, 5, 10 - 2**61]
    with pytest.raises(sigconv.ResultOverflowError):
        summing.adjoint([2**62, 2**62, 0])


@every_method
def test_the_adjoint_cancels_across_ghosts(method):
    """Only the final sum counts: one sample under three taps and its two ghosts give 2⁶²(4 − 4 + 1)."""
    applied = sigconv.Filter([4, -4, 1], method=method, boundary="edge")
    assert applied.adjoint([2**62], shape=(1,)).tolist() == [2**62]


def test_a_misfit_index_has_a_pattern():
    """The helper above tells (4, 26) from (4, 2) and from 14."""
    assert re.search(index_pattern((4, 26)), "at index (4, 26) it")
    assert not re.search(index_pattern((4, 2)), "at index (4, 26) it")
    assert not re.search(index_pattern((4,)), "at index 14")
