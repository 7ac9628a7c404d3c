"""The oracle is checked by numbers worked by hand, so that what checks the library is itself checked."""

import math
from fractions import Fraction

import numpy as np
import oracle
import pytest
from hypothesis import given
from hypothesis import strategies as st
from oracle import UNDEFINED, Gaussian

X = [1, 2, 3, 4]
H = [1, 10, 100]  # each tap writes its own decimal digit, so a result shows which samples it met
LETTERS = np.array(list("abcd"), object)
INDEX_RULES = ["edge", "symmetric", "reflect", "wrap"]
GRID = np.array([list("ab"), list("cd")], object)


def extended(letters, first, last, rule):
    """Write out the extended letters over [first, last)."""
    values = [oracle.read(letters, (oracle.source(p, len(letters), rule),), (rule,), "#") for p in range(first, last)]
    return "".join("?" if value is oracle.MISSING else str(value) for value in values)


# --- boundaries ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rule", "diagram"),
    [
        ("zero", "000|abcd|000"),
        ("constant", "###|abcd|###"),
        ("edge", "aaa|abcd|ddd"),
        ("symmetric", "cba|abcd|dcb"),
        ("reflect", "dcb|abcd|cba"),
        ("wrap", "bcd|abcd|abc"),
        ("renormalize", "???|abcd|???"),
    ],
)
def test_diagram(rule, diagram):
    """Each boundary continues abcd as its diagram says."""
    assert extended(LETTERS, -3, 7, rule) == diagram.replace("|", "")


@pytest.mark.parametrize(
    ("rule", "diagram"),
    [
        ("edge", "aaaaaaaaaa|abcd|dddddddddd"),
        ("symmetric", "baabcddcba|abcd|dcbaabcddc"),
        ("reflect", "cdcbabcdcb|abcd|cbabcdcbab"),
        ("wrap", "cdabcdabcd|abcd|abcdabcdab"),
    ],
)
def test_wide_diagram(rule, diagram):
    """Ghosts far wider than the signal repeat the pattern for ever."""
    assert extended(LETTERS, -10, 14, rule) == diagram.replace("|", "")


@pytest.mark.parametrize("rule", INDEX_RULES)
def test_one_sample_repeats_itself(rule):
    """A single sample fills all ghosts, in reflect too."""
    assert extended(LETTERS[:1], -3, 4, rule) == "aaaaaaa"


@pytest.mark.parametrize(
    ("rules", "corner"),
    [
        (("zero", "constant"), "#"),
        (("constant", "zero"), 0),
        (("constant", "edge"), "#"),
        (("edge", "constant"), "#"),
        (("edge", "wrap"), "b"),  # row 0, column −1 ≡ 1
        (("wrap", "edge"), "c"),  # row −1 ≡ 1, column 0
        (("renormalize", "constant"), oracle.MISSING),
        (("constant", "renormalize"), oracle.MISSING),
    ],
)
def test_corner(rules, corner):
    """At a corner the axes are padded one after the other, and what is missing on one axis is missing."""
    index = tuple(oracle.source(-1, 2, rule) for rule in rules)
    assert oracle.read(GRID, index, rules, "#") == corner


@given(st.integers(1, 6), st.integers(0, 20), st.integers(0, 20), st.sampled_from(INDEX_RULES))
def test_index_rules_are_those_of_numpy_pad(n, lo, hi, rule):
    """numpy.pad gives the same ghosts at any width."""
    padded = np.pad(np.arange(n), (lo, hi), mode=rule)
    assert [oracle.source(p, n, rule) for p in range(-lo, n + hi)] == padded.tolist()


# --- one axis --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("mode", "expected"),
    [
        # 1·1 | 2·1+1·10 | 3·1+2·10+1·100 | 4·1+3·10+2·100 | 4·10+3·100 | 4·100
        ("full", [1, 12, 123, 234, 340, 400]),
        ("same", [12, 123, 234, 340]),
        ("valid", [123, 234]),
    ],
)
def test_convolve(mode, expected):
    """The kernel is flipped before it slides."""
    assert oracle.convolve(X, H, mode).tolist() == expected


@pytest.mark.parametrize(
    ("mode", "expected"),
    [
        # lag −2: 1·100 | −1: 1·10+2·100 | 0: 1·1+2·10+3·100 | 1: 2·1+3·10+4·100 | 2: 3·1+4·10 | 3: 4·1
        ("full", [100, 210, 321, 432, 43, 4]),
        ("same", [210, 321, 432, 43]),
        ("valid", [321, 432]),
    ],
)
def test_correlate(mode, expected):
    """The kernel slides as it is, over ascending lags."""
    assert oracle.correlate(X, H, mode).tolist() == expected


def test_lag_sign():
    """A kernel's event that comes two samples later in the signal peaks at lag +2."""
    assert oracle.correlate([0, 0, 5], [1, 0]).tolist() == [0, 0, 0, 5]  # lags −1, 0, 1, 2


def test_correlate_conjugates_the_kernel():
    """The kernel is conjugated, the signal is not."""
    # lag −1: 1·conj(3i) = −3i | lag 0: 1·2 + i·conj(3i) = 2 + 3 | lag 1: i·2
    expected = [Gaussian(0, -3), Gaussian(5), Gaussian(0, 2)]
    assert oracle.correlate([1, 1j], [2, 3j]).tolist() == expected


def test_convolve_does_not_conjugate():
    """Convolution multiplies complex numbers as they are."""
    # 1·2 | i·2 + 1·3i = 5i | i·3i = −3
    assert oracle.convolve([1, 1j], [2, 3j]).tolist() == [Gaussian(2), Gaussian(0, 5), Gaussian(-3)]


@pytest.mark.parametrize(
    ("flip", "center", "expected"),
    [
        (True, None, [1, 12, 23, 34]),  # the full result is 1 12 23 34 40
        (True, 0, [1, 12, 23, 34]),
        (True, 1, [12, 23, 34, 40]),
        (False, None, [10, 21, 32, 43]),  # the full result is 10 21 32 43 4
        (False, 1, [10, 21, 32, 43]),
        (False, 0, [21, 32, 43, 4]),
    ],
)
def test_center_of_an_even_kernel(flip, center, expected):
    """SciPy's centre is tap 0 of two when the kernel is flipped, tap 1 when it is not."""
    assert oracle.slide(X, [1, 10], "same", flip=flip, center=center).tolist() == expected


def test_center_of_four_taps():
    """SciPy's centre of four taps is tap 1 when the kernel is flipped."""
    assert oracle.convolve(X, [1, 10, 100, 1000], "same").tolist() == [12, 123, 1234, 2340]


@pytest.mark.parametrize(
    ("operator", "expected"),
    [
        # 2·1+1·10 | 2·10+1·100 | 2·100+1·1000: the outputs that meet the whole signal
        (oracle.convolve, [12, 120, 1200]),
        # lag −2: 1·100+2·1000 | lag −1: 1·10+2·100 | lag 0: 1·1+2·10
        (oracle.correlate, [2100, 210, 21]),
    ],
)
def test_valid_with_a_longer_kernel(operator, expected):
    """Where the kernel contains the signal, `valid` keeps the outputs that meet all of the signal."""
    assert operator([1, 2], [1, 10, 100, 1000], "valid").tolist() == expected
    assert operator([1, 2], [1, 10, 100, 1000], "valid", boundary="edge").tolist() == expected


@pytest.mark.parametrize(
    ("mode", "options", "expected"),
    [
        # y[k] = x[k] + 10 x[k−2] + 100 x[k−4]
        ("full", {"flip": True}, [1, 2, 13, 24, 130, 240, 300, 400]),
        ("same", {"flip": True}, [13, 24, 130, 240]),
        ("same", {"flip": True, "center": 0}, [1, 2, 13, 24]),
        ("same", {"flip": True, "center": 2}, [130, 240, 300, 400]),
        # y[k] = x[k−4] + 10 x[k−2] + 100 x[k]
        ("full", {"flip": False}, [100, 200, 310, 420, 31, 42, 3, 4]),
        ("same", {"flip": False, "center": 0}, [31, 42, 3, 4]),
        ("same", {"flip": False, "center": 1}, [310, 420, 31, 42]),
    ],
)
def test_dilation(mode, options, expected):
    """Two taps are `dilation` samples apart, and a centre counts taps, not samples."""
    assert oracle.slide(X, H, mode, dilation=2, **options).tolist() == expected


@pytest.mark.parametrize(
    ("mode", "stride", "expected"),
    [("full", 2, [1, 123, 340]), ("full", 3, [1, 234]), ("same", 2, [12, 234]), ("valid", 2, [123]), ("full", 9, [1])],
)
def test_stride(mode, stride, expected):
    """A stride keeps the first output of the window and every s-th after it."""
    assert oracle.convolve(X, H, mode, stride=stride).tolist() == expected


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        # y[i] = x[i+1] + 10 x[i] + 100 x[i−1]: the left ghost writes hundreds, the right one units
        ("zero", [12, 123, 234, 340]),
        ("constant", [712, 123, 234, 347]),
        ("edge", [112, 123, 234, 344]),
        ("symmetric", [112, 123, 234, 344]),
        ("reflect", [212, 123, 234, 343]),
        ("wrap", [412, 123, 234, 341]),
    ],
)
def test_boundary(rule, expected):
    """A boundary only changes the outputs that reach outside."""
    assert oracle.convolve(X, H, "same", boundary=rule, fill_value=7).tolist() == expected


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        # y[i] = x[i+2] + 10 x[i+1] + 100 x[i] + 1000 x[i−1] + 10000 x[i−2]: a result read backwards is ext(1 2)
        ("zero", [120, 1200]),
        ("constant", [99129, 91299]),
        ("edge", [11122, 11222]),
        ("symmetric", [21122, 11221]),
        ("reflect", [12121, 21212]),
        ("wrap", [12121, 21212]),
    ],
)
def test_boundary_wider_than_the_signal(rule, expected):
    """Two samples under five taps need ghosts of ghosts."""
    taps = [1, 10, 100, 1000, 10000]
    assert oracle.convolve([1, 2], taps, "same", boundary=rule, fill_value=9).tolist() == expected


def test_circular_convolution():
    """`same` with tap 0 on output i and the wrap boundary is the textbook circular convolution."""
    # y[i] = x[i] + 10 x[i−1] + 100 x[i−2], indices modulo 4
    assert oracle.convolve(X, H, "same", boundary="wrap", center=0).tolist() == [341, 412, 123, 234]


# --- renormalize -----------------------------------------------------------------------------------------------------


def test_renormalize():
    """The sum over the taps in range is scaled by the kernel's sum over theirs."""
    # (2 + 1)·4/2 | 3 + 2 + 2·1 | 4 + 3 + 2·2 | (4 + 2·3)·4/3
    assert oracle.convolve(X, [1, 1, 2], "same", boundary="renormalize").tolist() == [6, 7, 11, Fraction(40, 3)]


def test_renormalize_without_a_sum():
    """Where the taps in range sum to zero there is no number."""
    # taps 1 − 1 | 3 − 2 + 2 | 4 − 3 + 2·2 | (−4 + 2·3)·2/(−1 + 2)
    assert oracle.convolve(X, [1, -1, 2], "same", boundary="renormalize").tolist() == [UNDEFINED, 3, 5, 4]


def test_renormalize_in_a_hole():
    """An output that meets only a hole of the kernel has no number."""
    assert oracle.convolve([5], [1, 1], boundary="renormalize", dilation=2).tolist() == [10, UNDEFINED, 10]


def test_renormalize_counts_conjugated_taps():
    """The taps that are summed are the taps that are applied."""
    # taps conj(2) and conj(i) = −i, S = 2 − i; lag −1: 3·(−i)·S/(−i) = 6 − 3i | lag 0: 3·2·S/2 = 6 − 3i
    expected = [Gaussian(6, -3), Gaussian(6, -3)]
    assert oracle.correlate([3], [2, 1j], boundary="renormalize").tolist() == expected


def test_renormalize_on_one_axis_counts_the_ghosts_of_the_other():
    """A zero ghost is a present zero; only what lies outside a renormalised axis is missing."""
    # x = [[6]], all four taps are 1: the present row's two taps, one on the sample and one on a zero ghost: 6·4/2
    result = oracle.convolve([[6]], [[1, 1], [1, 1]], boundary=("renormalize", "zero"))
    assert result.tolist() == [[12, 12], [12, 12]]


# --- more axes -------------------------------------------------------------------------------------------------------


def test_two_axes():
    """All four taps of a 2 × 2 kernel write their own digit."""
    result = oracle.convolve([[1, 2], [3, 4]], [[1, 10], [100, 1000]])
    assert result.tolist() == [[1, 12, 20], [103, 1234, 2040], [300, 3400, 4000]]


@pytest.mark.parametrize(
    ("kernel", "axes", "expected"),
    [
        ([1, 10], 0, [[1, 2], [13, 24], [30, 40]]),  # columns 1 3 and 2 4
        ([1, 10], -1, [[1, 12, 20], [3, 34, 40]]),  # rows 1 2 and 3 4
        ([[1, 10], [1, 100]], 1, [[1, 12, 20], [3, 304, 400]]),  # a kernel for each row
        ([[[1, 10]], [[1, 100]]], -1, [[[1, 12, 20], [3, 34, 40]], [[1, 102, 200], [3, 304, 400]]]),  # a bank
    ],
)
def test_axes(kernel, axes, expected):
    """A kernel is shared, or right-aligned and broadcast on the axes that are not convolved."""
    assert oracle.convolve([[1, 2], [3, 4]], kernel, axes=axes).tolist() == expected


def test_options_pair_with_axes_in_the_order_given():
    """With axes=(1, 0) the first boundary belongs to axis 1; nothing is transposed."""
    options = {"axes": (1, 0), "boundary": ("wrap", "zero")}
    # y[i] = x[i+1] + 10 x[i] + 100 x[i−1]
    assert oracle.convolve([[1, 2, 3]], [H], "same", **options).tolist() == [[312, 123, 231]]
    columns = oracle.convolve([[1], [2], [3]], [[1], [10], [100]], "same", **options)
    assert columns.tolist() == [[12], [123], [230]]


def test_no_axes_at_all():
    """Two numbers have a product."""
    assert oracle.convolve(3, 4)[()] == 12


def test_empty_batch():
    """A batch of nothing gives nothing, of the right shape."""
    assert oracle.convolve(np.ones((0, 4)), [1, 2], axes=1).shape == (0, 5)


def test_only():
    """Some outputs can be asked for alone."""
    assert oracle.convolve(X, H, only=[(4,), (2,)]).tolist() == [340, 123]
    assert oracle.convolve([X, X], [1, 1], axes=1, boundary="renormalize", only=[(0,), (1,)]).tolist() == [[2, 3]] * 2


@given(st.lists(st.integers(-9, 9), min_size=1, max_size=6), st.lists(st.integers(-9, 9), min_size=1, max_size=6))
def test_numpy_agrees(x, h):
    """numpy.convolve and numpy.correlate give the same integers in full."""
    assert oracle.convolve(x, h).tolist() == np.convolve(x, h, "full").tolist()
    assert oracle.correlate(x, h).tolist() == np.correlate(x, h, "full").tolist()


# --- numbers, dtypes, bounds -----------------------------------------------------------------------------------------


def test_floats_are_what_they_are():
    """A float is the binary fraction that it is, in every precision."""
    assert oracle.exact([0.1])[0] == Fraction(3602879701896397, 36028797018963968)
    assert oracle.exact(np.float16([0.1]))[0] == Fraction(819, 8192)  # 0.1 = 0.0999755859375 in float16
    assert oracle.exact(np.longdouble([1]) + np.finfo(np.longdouble).eps)[0] > 1


def test_gaussian_quotient():
    """(5 + 5i) / (2 + i) = 3 + i, and 5 / (2 + i) = 2 − i."""
    assert Gaussian(5, 5) / Gaussian(2, 1) == Gaussian(3, 1)
    assert 5 / Gaussian(2, 1) == Gaussian(2, -1)


@pytest.mark.parametrize(
    ("signal", "kernel", "dtype"),
    [
        ("u1", "u8", "u8"),
        ("u8", "i1", "i8"),
        ("i1", "i1", "i8"),
        ("?", "?", "i8"),
        ("?", "u1", "i8"),  # bool is not an unsigned integer
        ("f2", "f2", "f2"),
        ("f2", "i2", "f4"),
        ("f4", "i8", "f8"),
        (">f4", ">f4", "f4"),
        ("c8", "f8", "c16"),
        ("g", "c8", "G"),
    ],
)
def test_result_dtype(signal, kernel, dtype):
    """Integers are exact in 64 bits, floats promote as NumPy does."""
    assert oracle.result_dtype(signal, kernel) == np.dtype(dtype)


def test_renormalised_integers_are_floats():
    """A quotient of integers is a float64."""
    assert oracle.result_dtype("i2", "i2", ("zero", "renormalize")) == np.float64
    assert oracle.result_dtype("i2", "i2", "renormalize", "valid") == np.int64  # nothing is renormalised there


U = 2.0**-53


def test_bound_of_direct_sums():
    """γ_2 |x| ∗ |h|, with |x| ∗ |h| = 3 | 4 + 6 | 8."""
    limits = oracle.bound([-1.0, 2.0], [3.0, 4.0], flip=True, dtype=float, method="direct")
    np.testing.assert_allclose(limits, [2 * U * weight for weight in (3, 10, 8)], rtol=1e-8)


def test_bound_of_complex_direct_sums():
    """A complex product rounds as often as three real ones: γ_4 for two taps."""
    limits = oracle.bound([1j, 2], [3.0, 4j], flip=True, dtype=complex, method="direct")
    np.testing.assert_allclose(limits, [4 * U * weight for weight in (3, 10, 8)], rtol=1e-8)


def test_bound_of_transforms():
    """16 u log2(8) ‖x‖ ‖h‖, with ‖x‖ = √5, ‖h‖ = 5 and no transform longer than 8."""
    limits = oracle.bound([-1.0, 2.0], [3.0, 4.0], flip=True, dtype=float, method="fft")
    np.testing.assert_allclose(limits, [16 * U * 3 * math.sqrt(5) * 5] * 3, rtol=1e-8)


def test_bound_counts_ghosts():
    """The norm of the signal is that of all samples read: 1 | 1 2 | 2 with the edge boundary."""
    limits = oracle.bound([1.0, 2.0], [3.0, 4.0], flip=True, dtype=float, method="fft", boundary="edge")
    np.testing.assert_allclose(limits, [16 * U * 3 * math.sqrt(10) * 5] * 3, rtol=1e-8)


def test_bound_of_float16():
    """A float16 result is computed in float32 and rounded once: half of the spacing 2⁻⁷ at 10."""
    limits = oracle.bound(*np.float16([[1, 2], [3, 4]]), flip=True, dtype=np.float16, method="direct")
    np.testing.assert_allclose(limits[1], 2.0**-8 + 2 * 2.0**-24 * 10, rtol=1e-8)


def test_bound_of_a_renormalised_sum():
    """An end output is held to its factor times the plain bound, and a little more for the factor's roundings."""
    options = {"flip": True, "dtype": float, "method": "direct", "mode": "same"}
    plain = oracle.bound([1.0, 2.0, 3.0], [1.0, 1.0, 2.0], **options)
    scaled = oracle.bound([1.0, 2.0, 3.0], [1.0, 1.0, 2.0], boundary="renormalize", **options)
    assert scaled[1] == plain[1]  # the interior is unchanged
    # output 0 is 3·4/2: t, S and p err by γ_3 of 3, 4 and 2, that is 6·(3 + 3 + 3) u, and 8·6 u for two operations
    np.testing.assert_allclose(scaled[0], (6 * 9 + 8 * 6) * U, rtol=1e-8)


def test_violations():
    """A difference over the bound, a NaN and a number where none is defined are all reported."""
    values = np.array([Fraction(1), Fraction(1, 3), UNDEFINED, UNDEFINED, 2], object)
    found = oracle.violations(np.array([1.0, 1 / 3, np.nan, 5.0, np.nan]), values, U / 4)
    assert [text.split(":")[0] for text in found] == ["at (3,)", "at (4,)"]
    assert oracle.violations(np.zeros(3), values) == ["shape (3,) instead of (5,)"]
