"""Missing samples: NaN and masks, with every policy, by every method, held to the definition."""

from fractions import Fraction
from itertools import product

import numpy as np
import oracle
import pytest
import strategies
from hypothesis import given
from hypothesis import strategies as st
from memory import peak_of
from strategies import BOUNDARIES, COMPLEX, FLOATS, INTEGERS, MODES, center_of, pairwise, samples

import sigconv

METHODS = (*sigconv.methods(), "auto")
POLICIES = ("propagate", "omit", "renormalize")
NAN, EPS = np.nan, np.finfo(float).eps


def rng_of(*key):
    """Return a generator that depends on a name alone."""
    return np.random.default_rng(list("/".join(map(str, key)).encode()))


def holed(rng, dtype, shape, share=0.3):
    """Return samples and a mask; NaN stands under the mask, or beside it where the dtype has one."""
    x, mask = samples(rng, dtype, shape), rng.random(shape) < share / 2
    if x.dtype.kind in "fc":
        x[rng.random(shape) < share / 2] = NAN
    return x, mask


def faults(method, x, mask, h, mode, nan, **options):
    """Run one call and say everything that is wrong with it; integers that would be NaN come as a masked array."""
    dtype = oracle.result_dtype(x.dtype, h.dtype, options.get("boundary", "zero"), mode, nan)
    before = x.tobytes(), h.tobytes()
    masked = nan == "propagate" and dtype.kind not in "fc"
    given = {"signal": np.ma.array(x, mask=mask)} if masked else {"signal": x, "mask": mask}
    got = sigconv.slide(kernel=h, mode=mode, method=method, nan=nan, **given, **options)
    values, limits = oracle.slide(x, h, mode, nan=nan, mask=mask, **options), 0.0
    if dtype.kind in "fc":
        limits = oracle.bound(x, h, mode, dtype=dtype, method=method, nan=nan, mask=mask, **options)
    found = [f"dtype {got.dtype} instead of {dtype}"] * (got.dtype != dtype)
    if masked:
        got = np.where(got.mask, NAN, got.data.astype(object))
    found += oracle.violations(got, values, limits)
    if before != (x.tobytes(), h.tobytes()):
        found.append("an input was changed")
    return [f"{method} {x!r} {mask!r} {h!r} {mode} {nan} {options}: {text}" for text in found[:1]]


# --- by hand ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize(
    ("nan", "boundary", "expected"),
    [
        # Windows of [1, 2, 3, NaN, 5] under [1, 2, 1]: 0 1 2 | 1 2 3 | 2 3 . | 3 . 5 | . 5 0; Σ kernel is 4.
        ("propagate", "zero", [4, 8, NAN, NAN, NAN]),
        ("omit", "zero", [4, 8, 8, 8, 10]),
        ("renormalize", "zero", [4, 8, 8 * 4 / 3, 8 * 4 / 2, 10 * 4 / 3]),
        # What is outside is missing too: at the left 2·1 + 1·2 by 3 of 4, at the right 2·5 by 2 of 4.
        ("propagate", "renormalize", [4 * 4 / 3, 8, NAN, NAN, NAN]),
        ("omit", "renormalize", [4 * 4 / 3, 8, 8, 8, 10 * 4 / 3]),
        ("renormalize", "renormalize", [4 * 4 / 3, 8, 8 * 4 / 3, 8 * 4 / 2, 10 * 4 / 2]),
        # The ghosts on the right are 5; of "reflect" the one on the right is missing, of "wrap" it is 1.
        ("renormalize", "edge", [5, 8, 8 * 4 / 3, 8 * 4 / 2, 15 * 4 / 3]),
        ("renormalize", "reflect", [6, 8, 8 * 4 / 3, 8 * 4 / 2, 10 * 4 / 2]),
        ("renormalize", "wrap", [9, 8, 8 * 4 / 3, 8 * 4 / 2, 11 * 4 / 3]),
        ("omit", "wrap", [9, 8, 8, 8, 11]),
    ],
)
def test_by_hand(nan, boundary, expected, method):
    """Five samples, one of them missing, as NaN and under a mask."""
    kernel, options = [1.0, 2.0, 1.0], {"nan": nan, "boundary": boundary}
    result = sigconv.convolve([1.0, 2.0, 3.0, NAN, 5.0], kernel, "same", method, **options)
    assert result.tolist() == pytest.approx(expected, rel=1e-14, nan_ok=True)
    mask = [False, False, False, True, False]
    assert np.array_equal(
        sigconv.convolve([1.0, 2.0, 3.0, 9e9, 5.0], kernel, "same", method, mask=mask, **options), result, True
    )


@pytest.mark.parametrize("method", METHODS)
def test_windows_with_nothing_and_windows_that_cancel(method):
    """Where no sample was met, or the taps that met one cancel, there is nothing to scale."""
    x = [1.0, NAN, NAN, NAN, NAN, 1.0, 2.0, 3.0]
    result = sigconv.convolve(x, [3.0, -3.0, 2.0], "valid", method, nan="renormalize")
    # The windows 1 . . | . . . | . . . | . . 1 | . 1 2 | 1 2 3 meet the taps 2 | | | 3 | 3 − 3 | all.
    assert result.tolist() == pytest.approx([2 * 2 / 2, NAN, NAN, 3 * 2 / 3, NAN, 9 - 6 + 2], nan_ok=True)


def test_holes_meet_nothing_and_zero_taps_do():
    """An explicit zero tap meets a sample, the hole of a dilated kernel does not."""
    x = [1.0, 2.0, NAN, 4.0, 5.0]
    assert np.isnan(sigconv.convolve(x, [1, 0, 1], "same", mask=np.isnan(x))).tolist() == [0, 1, 1, 1, 0]
    assert np.isnan(sigconv.convolve(x, [1, 1], "same", dilation=2, mask=np.isnan(x))).tolist() == [0, 1, 0, 1, 0]
    assert sigconv.convolve(x, [1, 1], "same", dilation=2, nan="renormalize").tolist() == [2, 2, 6, 10, 4]
    assert sigconv.convolve(x, [1, 0, 1], "valid", nan="renormalize").tolist() == [2, 6, 10]


# --- against the definition ------------------------------------------------------------------------------------------

ROWS = pairwise(
    {
        "dtype": (*FLOATS, *COMPLEX, *INTEGERS),
        "kernel_dtype": ("float16", "float32", "float64", "longdouble", "complex64", "complex128", "int8", "uint16"),
        "boundary": BOUNDARIES,
        "mode": MODES,
        "n": (1, 2, 5, 9),
        "m": (1, 2, 3, 4, 7),
        "place": (None, "first", "last"),
        "stride": (1, 2, 3),
        "dilation": (1, 2),
        "flip": (True, False),
        "conjugate": (True, False),
    }
)


@pytest.mark.parametrize("nan", POLICIES)
@pytest.mark.parametrize("method", METHODS)
def test_one_axis(method, nan):
    """Every pair of options, lengths and dtypes, within the bound of the definition."""
    found = []
    for row in ROWS:
        rng = rng_of(*row.values())
        (x, mask), h = holed(rng, row["dtype"], row["n"]), samples(rng, row["kernel_dtype"], row["m"], positive=True)
        options = {name: row[name] for name in ("boundary", "stride", "dilation", "flip", "conjugate")}
        if row["mode"] == "same":
            options["center"] = center_of(row["place"], row["m"])
        if row["boundary"] == "constant":
            options["fill_value"] = strategies.fill_for(row["dtype"])
        found += faults(method, x, mask, h, row["mode"], nan, **options)
    assert not found, f"{len(found)} wrong:\n" + "\n".join(found[:5])


ROWS_2D = pairwise(
    {
        "dtype": ("float32", "float64", "complex128", "int16"),
        "kernel_dtype": ("float32", "float64", "complex64", "int8"),
        "boundary": tuple((a, b) for a in BOUNDARIES for b in BOUNDARIES),
        "mode": MODES,
        "shapes": (((4, 5), (3, 2)), ((3, 3), (1, 3)), ((2, 5), (5, 2)), ((6, 4), (3, 3))),
        "stride": (1, (2, 1)),
        "dilation": (1, (1, 2)),
        "flip": (True, False),
    }
)


@pytest.mark.parametrize("nan", POLICIES)
@pytest.mark.parametrize("method", METHODS)
def test_two_axes(method, nan):
    """The same for images, with every pair of boundaries."""
    found = []
    for row in ROWS_2D:
        rng, (shape, taps) = rng_of(*row.values()), row["shapes"]
        (x, mask), h = holed(rng, row["dtype"], shape), samples(rng, row["kernel_dtype"], taps, positive=True)
        options = {name: row[name] for name in ("boundary", "stride", "dilation", "flip")}
        if "constant" in row["boundary"]:
            options["fill_value"] = strategies.fill_for(row["dtype"])
        if row["mode"] == "valid" and not strategies.contains(shape, taps, np.broadcast_to(row["dilation"], 2)):
            continue
        found += faults(method, x, mask, h, row["mode"], nan, **options)
    assert not found, f"{len(found)} wrong:\n" + "\n".join(found[:5])


@pytest.mark.parametrize("nan", POLICIES)
@pytest.mark.parametrize("method", METHODS)
def test_three_axes(method, nan):
    """The same for volumes: every boundary on each axis, beside others on the others."""
    found = []
    for number, boundary in enumerate(BOUNDARIES):
        rng, mode = rng_of(boundary), ("full", "same")[number % 2]
        boundaries = tuple(BOUNDARIES[(number * turn) % len(BOUNDARIES)] for turn in (1, 2, 3))
        (x, mask), h = holed(rng, "float64", (3, 4, 2)), samples(rng, "float64", (2, 3, 2), positive=True)
        options = {"fill_value": strategies.fill_for("float64")} if "constant" in boundaries else {}
        found += faults(method, x, mask, h, mode, nan, boundary=boundaries, flip=True, **options)
    assert not found, f"{len(found)} wrong:\n" + "\n".join(found[:5])


@pytest.mark.full
@pytest.mark.parametrize("boundary", BOUNDARIES)
@pytest.mark.parametrize("nan", POLICIES)
@pytest.mark.parametrize("method", METHODS)
def test_the_whole_product(method, nan, boundary):
    """Every method with every policy, boundary, mode, orientation and stride, on one to three axes."""
    found = []
    for shape, taps in (((9,), (4,)), ((2,), (7,)), ((5, 6), (3, 2)), ((3, 4, 3), (2, 3, 2))):
        for mode, flip, stride in product(MODES, (True, False), (1, 2)):
            if mode == "valid" and not strategies.contains(shape, taps, np.ones(len(shape), int)):
                continue
            rng = rng_of(boundary, shape, mode, flip, stride)
            (x, mask), h = holed(rng, "float64", shape), samples(rng, "float64", taps, positive=True)
            options = {"fill_value": strategies.fill_for("float64")} if boundary == "constant" else {}
            options |= {"boundary": boundary, "flip": flip, "stride": stride}
            found += faults(method, x, mask, h, mode, nan, **options)
    assert not found, f"{len(found)} wrong:\n" + "\n".join(found[:5])


@given(problem=strategies.problems(), data=st.data(), nan=st.sampled_from(POLICIES), method=st.sampled_from(METHODS))
def test_every_problem(problem, data, nan, method):
    """Whatever is asked, integers with any mask follow the definition; positive taps can be renormalised."""
    rng = np.random.default_rng(data.draw(st.integers(0, 2**32)))
    x, mask = (
        rng.integers(-9, 10, problem["shape"]),
        rng.random(problem["shape"]) < data.draw(st.sampled_from([0.2, 0.8])),
    )
    h = rng.integers(
        1 if nan == "renormalize" or "renormalize" in problem["options"]["boundary"] else -9,
        10,
        problem["kernel_shape"],
    )
    assert not faults(method, x, mask, h, problem["mode"], nan, **problem["options"])


# --- small sums of taps ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("method", METHODS)
def test_the_tail_of_a_gaussian(method):
    """Where only far taps meet a sample, both sums are tiny, and their quotient still has half of its digits or more.

    A transform of length 2¹³ errs by 16 · 13 u ‖p‖ ‖h‖, in either sum, and what is below √u ‖p‖ ‖h‖ is summed directly.
    """
    rel = 2 * 16 * 13 * EPS**0.5 if method != "direct" else 201 * EPS
    h = np.exp(-0.5 * np.linspace(-8, 8, 201) ** 2)
    x = np.full(4000, NAN)
    x[1000:1005], x[3000] = 3.0, -2.0
    result = sigconv.convolve(x, h, "same", method, nan="renormalize") / h.sum()
    assert result[900:1105] == pytest.approx(np.full(205, 3.0), rel=rel)
    assert result[2900:3101] == pytest.approx(np.full(201, -2.0), rel=rel)
    # Nothing is met in between; at the ends the zeros outside are present.
    nothing = np.isnan(result)
    assert nothing[100:900].all()
    assert nothing[1105:2900].all()
    assert nothing[3101:3900].all()
    assert nothing.sum() == 800 + 1795 + 799


@pytest.mark.parametrize("dtype", ["float32", "float64", "complex128"])
@pytest.mark.parametrize("method", METHODS)
def test_the_tail_of_a_gaussian_at_the_border(method, dtype):
    """The same where the outside is missing: in mode "full" the first outputs meet the far taps alone."""
    h = np.exp(-0.5 * np.linspace(-8, 8, 201) ** 2).astype(dtype)
    x = np.random.default_rng(12).uniform(1, 2, 3000).astype(dtype)
    result = sigconv.convolve(x, h, "full", method, boundary="renormalize")
    at = [*range(0, 120, 7), *range(3080, 3200, 7), 3199]
    exact = oracle.convolve(x, h, boundary="renormalize", only=[(k,) for k in at])
    limits = digits_left(dtype, 13, 201) * np.array([abs(complex_of(value)) for value in exact])
    assert not oracle.violations(result[at], exact, limits)


@pytest.mark.parametrize("nan", ["propagate", "renormalize"])
@pytest.mark.parametrize("method", METHODS)
def test_the_tail_of_a_gaussian_at_the_border_of_an_image(method, nan):
    """In the corners the sums of taps are below 10⁻²⁵, by outer products (of one term and two) as by transforms."""
    row, column = (np.exp(-0.5 * np.linspace(-w, w, m) ** 2) for w, m in ((8, 31), (7.5, 29)))
    wide = np.exp(-0.5 * np.linspace(-7, 7, 31) ** 2)
    x = np.random.default_rng(13).uniform(1, 2, (60, 50))
    at = [(i, j) for i in (0, 3, 8, 45, 80, 89) for j in (0, 4, 11, 40, 70, 77)]
    for h in (np.outer(row, column), np.outer(row, column) + np.outer(wide, column[::-1] ** 1.2)):
        if nan == "renormalize":
            x[20, 3] = x[5, 30] = NAN
        result = sigconv.convolve(x, h, "full", method, boundary="renormalize", nan=nan)
        exact = oracle.convolve(x, h, boundary="renormalize", nan=nan, only=at)
        limits = digits_left("float64", 14, 31 * 29) * exact.astype(float)
        assert not oracle.violations(np.array([result[i] for i in at]), exact, limits)


def digits_left(dtype, stages, taps):
    """Return the relative error of a quotient of sums of one sign: of transforms half of the digits, of √u ‖p‖ ‖g‖."""
    unit = np.finfo(dtype).eps / 2
    return 2 * 16 * stages * unit**0.5 + 8 * taps * unit


def complex_of(value):
    """Return an exact number of the oracle, rounded."""
    return complex(value.re, value.im) if isinstance(value, oracle.Gaussian) else complex(value)


def test_what_a_border_has_left_of_a_mixed_batch():
    """Every kernel of a batch has its own weak outputs; those of another axis' boundary are ghosts that count."""
    tails = np.stack([np.exp(-0.5 * np.linspace(-w, w, 65) ** 2) for w in (1.0, 8.0)])[:, None, :, None] * [1.0, 2, 1]
    x = np.random.default_rng(14).uniform(1, 2, (2, 80, 20))
    options = {"axes": (-2, -1), "boundary": ("renormalize", "wrap")}
    result = sigconv.convolve(x, tails, "full", "fft", **options)
    at = [(i, j) for i in (0, 5, 20, 143) for j in (0, 9, 21)]
    exact = oracle.convolve(x, tails, only=at, **options)
    limits = digits_left("float64", 14, 195) * exact.astype(float)
    assert not oracle.violations(np.stack([result[..., i, j] for i, j in at], axis=-1), exact, limits)


def test_small_quotients_can_be_asked_for():
    """With accuracy="componentwise" a quotient of two tiny sums has all its digits."""
    h = np.exp(-0.5 * np.linspace(-8, 8, 201) ** 2)
    x = np.full(4000, NAN)
    x[2000] = 3.0
    result = sigconv.convolve(x, h, "same", nan="renormalize", accuracy="componentwise") / h.sum()
    assert result[1900:2101] == pytest.approx(np.full(201, 3.0), rel=3 * 201 * EPS)
    assert np.isnan(result[100:1900]).all()


@pytest.mark.parametrize("method", METHODS)
def test_taps_that_cancel_exactly(method):
    """A sum of taps that is zero stays zero, however the sums are computed and whatever else is large."""
    rng = np.random.default_rng(8)
    half = rng.uniform(1, 2, 300)
    h = np.concatenate([half, -half[::-1], [1000.0]])
    x = np.ones(3000)
    x[1500] = NAN
    x[::2] = 1e6
    x[1000:1600] = np.where(np.arange(600) == 300, 5.0, NAN)
    x[2000:2700] = NAN
    x[2100], x[2699] = 7.0, 7.0  # 599 apart: the first and the last tap of the half that cancels meet them together
    result = sigconv.convolve(x, h, "same", method, nan="renormalize")
    exact = oracle.slide(x, h, "same", flip=True, nan="renormalize", only=[(k,) for k in range(1900, 2500, 7)])
    at = np.arange(1900, 2500, 7)
    undefined = np.array([value is oracle.UNDEFINED for value in exact])
    assert np.array_equal(np.isnan(result[at]), undefined)


@pytest.mark.parametrize("method", sigconv.methods())
@pytest.mark.parametrize("dtype", ["f4", "f8", "c8"])
def test_what_met_everything_is_unchanged(dtype, method):
    """Where no sample of the window is missing, the bits are those of a signal with zeros for what is missing."""
    rng = np.random.default_rng(9)
    x, h = rng.random(5000).astype(dtype), rng.random(31).astype(dtype)
    x[[700, 3100]] = NAN
    result = sigconv.convolve(x, h, "valid", method, nan="renormalize")
    omitted = sigconv.convolve(x, h, "valid", method, nan="omit")
    whole = np.isfinite(sigconv.convolve(x, h, "valid", method))
    assert whole.sum() == 4970 - 62
    assert np.array_equal(result[whole], omitted[whole])


@pytest.mark.parametrize("nan", ["omit", "renormalize", "raise"])
@pytest.mark.parametrize("method", sigconv.methods())
@pytest.mark.parametrize("shape", [(50,), (2000,), (40, 50)])
def test_complete_signals_are_unchanged(shape, method, nan):
    """Without a missing sample every policy gives the bits of the plain sums."""
    rng = np.random.default_rng(10)
    x, h = rng.random(shape), rng.random((7,) * len(shape))
    options = {"mode": "same", "method": method, "boundary": "reflect"}
    expected = sigconv.convolve(x, h, **options)
    assert np.array_equal(sigconv.convolve(x, h, nan=nan, **options), expected)
    assert np.array_equal(sigconv.convolve(x, h, nan=nan, mask=np.zeros(shape, bool), **options), expected)


@pytest.mark.parametrize("method", METHODS)
def test_taps_that_cancel_up_to_rounding(method):
    """0.1 + 0.2 − 0.3 is 5.6e-17: rounding of the kernel, which nothing is divided by."""
    x = [1.0, 2.0, 3.0, NAN, 5.0, 6.0]
    result = sigconv.convolve(x, [1.0, 0.1, 0.2, -0.3], "valid", method, nan="renormalize")
    # Window 0 meets all taps but the 1, window 1 all but the 0.1, window 2 all but the 0.2.
    expected = [NAN, (5 + 3 * 0.2 - 2 * 0.3) / 0.9, (6 + 5 * 0.1 - 3 * 0.3) / 0.8]
    assert result.tolist() == pytest.approx(expected, nan_ok=True)


@pytest.mark.parametrize("method", METHODS)
def test_half_precision_is_rounded_once(method):
    """A sum that passes the range of float16 is no reason for Inf, if the result does not."""
    x = np.array([40000, 40000, NAN], np.float16)
    result = sigconv.convolve(x, np.array([-1, 1, 1], np.float16), "valid", method, nan="renormalize")
    assert result.dtype == np.float16
    assert result.tolist() == [40000]  # 80000 · 1/2


# --- infinities ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("boundary", ["zero", "renormalize"])
@pytest.mark.parametrize("method", METHODS)
def test_infinities_are_data(method, boundary):
    """Inf reaches the outputs of its window, with its sign, also where something else is missing."""
    x = np.ones(500)
    x[100], x[102], x[300] = np.inf, NAN, -np.inf
    for nan in ("omit", "renormalize"):
        result = sigconv.convolve(x, [1.0, 2.0, 1.0], "same", method, nan=nan, boundary=boundary)
        assert np.isposinf(result).nonzero()[0].tolist() == [99, 100, 101]
        assert np.isneginf(result).nonzero()[0].tolist() == [299, 300, 301]
        assert not np.isnan(result).any()
    assert result[[0, 102, 103]] == pytest.approx([4.0 if boundary == "renormalize" else 3.0, 4.0, 4.0])


def test_what_fills_the_outside_may_be_missing():
    """A NaN as fill value counts as missing, as the outside of `renormalize` does."""
    x, h = np.array([1.0, NAN, 3.0]), [1.0, 2.0, 4.0]
    outside = {"boundary": "constant", "fill_value": NAN}
    for nan, instead in (("omit", "zero"), ("renormalize", "renormalize")):
        expected = sigconv.convolve(x, h, nan=nan, boundary=instead)
        assert np.array_equal(sigconv.convolve(x, h, nan=nan, **outside), expected, equal_nan=True)
    with pytest.raises(ValueError, match="fill_value=nan"):
        sigconv.convolve(x, h, nan="raise", **outside)


# --- masks and masked arrays -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("dtype", ["i2", "f4", "c16"])
def test_a_masked_array_gives_a_masked_array(dtype, method):
    """It is masked where a masked sample was met; what lies under the mask changes nothing else."""
    rng = np.random.default_rng(11)
    data, mask = rng.integers(-9, 10, (30, 40)).astype(dtype), rng.random((30, 40)) < 0.02
    h = rng.integers(1, 4, (3, 3)).astype(dtype)
    expected = sigconv.convolve(np.where(mask, 0, data), h, "same", boundary="wrap")
    if data.dtype.kind in "fc":
        data[mask] = NAN
    result = sigconv.convolve(np.ma.array(data, mask=mask), h, "same", method, boundary="wrap")
    shifts = [np.roll(mask, (a, b), (0, 1)) for a in (-1, 0, 1) for b in (-1, 0, 1)]
    assert isinstance(result, np.ma.MaskedArray)
    assert np.array_equal(result.mask, np.any(shifts, axis=0))
    assert result.dtype == expected.dtype
    assert np.abs(result.data - expected).max() < 1e-3


def test_a_masked_array_without_a_mask():
    """A masked array comes back even if nothing is masked, and NaN beside the mask is data."""
    result = sigconv.convolve(np.ma.array([1.0, NAN, 3.0, 4.0, 5.0]), [1.0, 1.0], "valid")
    assert isinstance(result, np.ma.MaskedArray)
    assert not result.mask.any()
    assert np.array_equal(result.data, [NAN, NAN, 7, 9], equal_nan=True)


@pytest.mark.parametrize("nan", ["omit", "renormalize"])
def test_the_mask_of_a_masked_array_is_the_mask(nan):
    """With the other policies a masked array says which samples are missing; the result is an array."""
    data, mask = np.array([1.0, NAN, 3.0, 4.0]), [False, False, False, True]
    result = sigconv.convolve(np.ma.array(data, mask=mask), [1, 1], nan=nan)
    assert type(result) is np.ndarray
    assert np.array_equal(result, sigconv.convolve(data, [1, 1], nan=nan, mask=mask), equal_nan=True)
    assert np.array_equal(result, sigconv.convolve([1, NAN, 3, NAN], [1, 1], nan=nan), equal_nan=True)


def test_a_mask_broadcasts():
    """One mask serves all signals of a batch."""
    x = np.arange(12.0).reshape(3, 4)
    mask = np.array([False, True, False, False])
    result = sigconv.convolve(x, [1.0, 1.0], "same", axes=1, nan="renormalize", mask=mask)
    rows = [sigconv.convolve(row, [1.0, 1.0], "same", nan="renormalize", mask=mask) for row in x]
    assert np.array_equal(result, rows)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("nan", POLICIES)
def test_batches_and_their_kernels(nan, method):
    """Every signal of a batch has its own missing samples, every kernel its own sums."""
    rng = np.random.default_rng(12)
    x, mask = holed(rng, float, (2, 1, 60), 0.2)
    h = rng.random((3, 5)) + 0.5
    result = sigconv.correlate(x, h, "same", method, axes=-1, nan=nan, mask=mask, boundary="symmetric")
    assert result.shape == (2, 3, 60)
    for i, j in np.ndindex(2, 3):
        row = sigconv.correlate(x[i, 0], h[j], "same", "direct", nan=nan, mask=mask[i, 0], boundary="symmetric")
        # Both are within the bound of transforms, 16 · 24 u ‖x‖ ‖h‖ or so; quotients double it.
        assert np.allclose(result[i, j], row, rtol=0, atol=1e-11, equal_nan=True)


# --- the ways of calling ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("nan", POLICIES)
@pytest.mark.parametrize("method", sigconv.methods())
def test_filters_and_plans(method, nan):
    """They take masks and masked arrays too, and give the bits of the call."""
    rng = np.random.default_rng(13)
    x, mask = holed(rng, float, 300, 0.2)
    h = rng.random(9)
    expected = sigconv.convolve(x, h, "same", method, nan=nan, mask=mask)
    smooth = sigconv.Filter(h, method=method, nan=nan)
    assert np.array_equal(smooth(x, mask=mask), expected, equal_nan=True)
    assert np.array_equal(smooth(x, mask=mask), expected, equal_nan=True)
    planned = sigconv.plan(300, 9, mode="same", method=method, nan=nan)
    assert np.array_equal(planned(x, h, mask=mask), expected, equal_nan=True)
    assert (f"nan {nan}" in str(planned)) == (nan != "propagate")
    masked = np.ma.array(x, mask=mask)
    of_masked = sigconv.convolve(masked, h, "same", method, nan=nan)
    for result in (smooth(masked), planned(masked, h)):
        assert type(result) is type(of_masked)
        assert np.array_equal(np.ma.getdata(result), np.ma.getdata(of_masked), equal_nan=True)
        assert np.array_equal(np.ma.getmaskarray(result), np.ma.getmaskarray(of_masked))


@pytest.mark.parametrize("nan", POLICIES)
@pytest.mark.parametrize("method", sigconv.methods())
def test_out_may_overlap(method, nan):
    """The result is written where it is wanted, over the signal too; its bits do not depend on the workers."""
    rng = np.random.default_rng(14)
    x, mask = holed(rng, float, (60, 70), 0.2)
    h = rng.random((5, 5))
    expected = sigconv.convolve(x, h, "same", method, nan=nan, mask=mask, workers=1)
    out = x.copy()
    assert sigconv.convolve(out, h, "same", method, nan=nan, mask=mask, out=out, workers=3) is out
    assert np.array_equal(out, expected, equal_nan=True)
    wide = np.empty(x.shape, complex)
    sigconv.convolve(x, h, "same", method, nan=nan, mask=mask, out=wide)
    assert np.array_equal(wide, expected, equal_nan=True)


def test_out_of_a_masked_array():
    """The data are written to `out`, and the masked array that is returned shares them."""
    out = np.empty(4)
    result = sigconv.convolve(np.ma.array([1.0, 2.0, 3.0], mask=[1, 0, 0]), [1.0, 1.0], out=out)
    assert np.shares_memory(result.data, out)
    assert out[2:].tolist() == [5.0, 3.0]
    assert result.mask.tolist() == [True, True, False, False]


def test_the_adjoint_of_a_filter_that_renormalises():
    """It is that of the filter on complete signals, exact for integers."""
    h, y = [1, 2, 3], [1, 0, 0, 2]
    result = sigconv.Filter(h, nan="renormalize").adjoint(y)
    assert result.dtype == np.int64
    assert np.array_equal(result, sigconv.Filter(h).adjoint(y))


def test_objects():
    """Among Python ints and Fractions, a NaN or a mask says what is missing."""
    x = np.array([1, NAN, 3], object)
    assert sigconv.convolve(x, np.array([1, 2], object), nan="omit").tolist() == [1, 2, 3, 6]
    h, mask = np.array([1, Fraction(1, 2)], object), [False, True, False]
    result = sigconv.convolve([1, 5, 3], h, nan="renormalize", mask=mask)
    assert result.tolist() == [1, Fraction(3, 2), 3 * Fraction(3, 2), Fraction(3, 2)]


def test_objects_by_taps_that_are_none():
    """Taps that are no objects are summed as Python's numbers, too."""
    x, h = np.array([4, NAN, 3, Fraction(1, 2)], object), np.array([2, 1, 1])
    result = sigconv.convolve(x, h, "valid", nan="renormalize")
    assert result.tolist() == pytest.approx([10 * 4 / 3, (1 + 3) * 4 / 3])
    assert sigconv.convolve(np.array(3, object), np.array(True), nan="renormalize").tolist() == 3


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("option", [{"boundary": "renormalize"}, {"nan": "renormalize"}])
def test_long_kernels_of_half_precision_are_renormalised(option, method):
    """4mε is 1 at 256 taps, with the ε of float16; sums are in float32. Where all samples are 1, so are the means."""
    h, x = np.full(500, 1 / 512, np.float16), np.ones(2000, np.float16)
    x[700] = NAN if "nan" in option else 1
    result = sigconv.convolve(x, h, "same", method, **option)
    inside = result if "boundary" in option else result[300:1600]
    assert inside.tolist() == pytest.approx(np.full(len(inside), 500 / 512))
    with pytest.raises(ValueError, match="sum vanishes"):
        sigconv.convolve(x, np.array([1, -2, 1], np.float16), "same", method, **option)


# --- errors ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "options", "error", "words"),
    [
        (([1.0, NAN], [1.0]), {"nan": "raise"}, ValueError, ["index 1", "raise"]),
        ((np.array([[1, 2], [NAN, NAN]]), [[1.0]]), {"nan": "raise"}, ValueError, ["index (1, 0)"]),
        (([1, 2, 3], [1]), {"nan": "raise", "mask": [False, False, True]}, ValueError, ["index 2"]),
        ((np.ma.array([1, 2], mask=[1, 0]), [1]), {"nan": "raise"}, ValueError, ["index 0"]),
        (([1.0], [2.0, NAN]), {"nan": "omit"}, ValueError, ["kernel", "NaN", "index 1", "propagate"]),
        (([1.0], [2.0, NAN]), {"nan": "renormalize"}, ValueError, ["kernel", "NaN"]),
        (([1.0], [2.0, NAN]), {"nan": "raise"}, ValueError, ["kernel", "NaN"]),
        (([1.0, 2.0], [1.0, -1.0]), {"nan": "renormalize"}, ValueError, ["nan='renormalize'", "sum vanishes"]),
        (([1, 2], [1]), {"mask": [True, False]}, TypeError, ["propagate", "int64", "omit", "masked array"]),
        (([1.0, 2.0], [1]), {"mask": [1, 0]}, TypeError, ["mask", "int64", "booleans"]),
        (([1.0, 2.0], [1]), {"mask": [True] * 3}, ValueError, ["mask", "(3,)", "(2,)"]),
        ((np.ma.array([1.0]), [1]), {"mask": [True]}, ValueError, ["mask", "one of them"]),
        (([1.0], np.ma.array([1.0])), {}, TypeError, ["kernel", "masked", "filled"]),
        (([1.0], [1.0]), {"nan": "drop"}, ValueError, ["'drop'", "omit", "renormalize", "raise", "propagate"]),
        (([1.0], [1.0]), {"nan": 0}, ValueError, ["nan=0"]),
    ],
)
def test_errors(arguments, options, error, words):
    """What can't be served is said in words, before any work."""
    for call in (sigconv.convolve, sigconv.correlate):
        with pytest.raises(sigconv.SigconvError) as caught:
            call(*arguments, **options)
        assert isinstance(caught.value, error)
        assert all(word in str(caught.value) for word in words), caught.value


def test_filters_refuse_kernels_at_once():
    """What is wrong with a kernel is said when the filter is made."""
    for kernel, nan in (([1.0, NAN], "omit"), ([1.0, -1.0], "renormalize")):
        with pytest.raises(ValueError, match=nan if nan == "renormalize" else "NaN"):
            sigconv.Filter(kernel, nan=nan)


def test_traces_show_plain_sums():
    """A trace has no policy."""
    with pytest.raises(TypeError, match="nan"):
        sigconv.trace([1.0, NAN], [1.0], nan="omit")


@pytest.mark.parametrize("nan", ["omit", "renormalize"])
@pytest.mark.parametrize("method", sigconv.methods())
def test_the_memory_of_a_policy(method, nan):
    """What the policy needs is part of the estimate, and of the limit."""
    rng = np.random.default_rng(15)
    x, h = rng.random(100_000), rng.random(1000)
    x[::777] = NAN
    shapes = {"signal_shape": x.shape, "kernel_shape": h.shape, "mode": "same", "method": method}
    plain, planned = sigconv.plan(**shapes), sigconv.plan(**shapes, nan=nan)
    assert planned.estimate.bytes >= plain.estimate.bytes + 10 * x.size
    result = planned(x, h, workers=1)
    assert peak_of(planned, x, h, workers=1) <= planned.estimate.bytes + result.nbytes
    with pytest.raises(ValueError, match="bytes of working memory"):
        sigconv.plan(**shapes, nan=nan, max_bytes=10 * x.size)
    if method != "fft":  # a transform of everything has no smaller pieces
        sigconv.plan(**shapes, nan=nan, max_bytes=planned.estimate.bytes - 1000)


@pytest.mark.parametrize("method", sigconv.methods())
def test_the_memory_of_a_mask(method):
    """Within a limit, outputs that met a hidden sample are marked in what it leaves, also by a filter, or not begun."""
    rng = np.random.default_rng(18)
    x, h, mask = rng.random(100_000), rng.random(1000), rng.random(100_000) < 0.001
    result = np.where(np.convolve(mask, np.ones(1000), "same") > 0.5, np.nan, np.convolve(x, h, "same"))
    plain = sigconv.plan(x.shape, h.shape, mode="same", method=method)
    limited = sigconv.plan(x.shape, h.shape, mode="same", method=method, max_bytes=3 * plain.estimate.bytes + 10**7)
    assert plain.masked is plain
    least = limited.masked.estimate.bytes
    for hidden in ({"signal": np.ma.array(x, mask=mask)}, {"signal": x, "mask": mask}):
        asked = hidden | {"out": np.zeros(100_000)} | {"kernel": h, "mode": "same", "method": method, "workers": 1}
        with pytest.raises(ValueError, match="bytes of working memory"):
            sigconv.convolve(**asked, max_bytes=10 * x.size)
        assert not asked["out"].any()
        made = sigconv.convolve(**asked, max_bytes=least)
        np.testing.assert_allclose(np.ma.filled(made, np.nan), result, rtol=1e-9)
        assert peak_of(sigconv.convolve, **asked, max_bytes=least) <= least
    filtered = sigconv.Filter(h, method=method, max_bytes=least, workers=1)
    np.testing.assert_allclose(filtered(x, mask=mask), result, rtol=1e-9)
    with pytest.raises(ValueError, match="bytes of working memory"):
        sigconv.Filter(h, method=method, max_bytes=10 * x.size)(x, mask=mask)


def test_sums_of_taps_keep_the_limit_too():
    """The taps that met a sample are summed in double precision; where that does not fit, nothing is begun."""
    rng = np.random.default_rng(16)
    x, h = rng.random(100_000).astype("f4"), rng.random(1000).astype("f4")
    x[500], out = NAN, np.zeros(100_000, "f4")
    shapes = {"signal_shape": x.shape, "kernel_shape": h.shape, "signal_dtype": "f4", "mode": "same", "method": "fft"}
    least = sigconv.plan(**shapes, nan="renormalize").estimate.bytes
    with pytest.raises(ValueError, match="bytes of working memory"):
        sigconv.convolve(x, h, "same", "fft", nan="renormalize", max_bytes=least - 1, out=out)
    assert not out.any()
    limited = sigconv.plan(**shapes, nan="renormalize", max_bytes=least)
    assert peak_of(limited, x, h, out=out, workers=1) <= least
    assert out.any()


@pytest.mark.parametrize(
    ("shape", "taps", "dtype", "options"),
    [
        ((100, 100), (3, 90), "D", {"boundary": "renormalize", "stride": 3, "accuracy": "componentwise"}),
        ((1, 3, 300), (8, 20, 3), "d", {"axes": (1, 2), "boundary": "wrap", "stride": 3, "accuracy": "componentwise"}),
        ((20_000,), (500,), "f", {"mode": "same"}),
    ],
)
def test_a_plan_within_a_limit_is_kept(shape, taps, dtype, options):
    """A limit is refused when the plan is made or not at all, however little room the sums of taps have."""
    rng, served = np.random.default_rng(17), 0
    x, h = rng.random(shape).astype(dtype), rng.random(taps).astype(dtype)
    x.flat[::50] = NAN
    asked = {"method": "overlap-add", "nan": "renormalize"} | options
    free = sigconv.plan(shape, taps, dtype, **asked)
    for part in np.linspace(0.1, 1, 37):
        try:
            plan = sigconv.plan(shape, taps, dtype, max_bytes=int(part * free.estimate.bytes), **asked)
        except ValueError:
            continue
        served += 1
        assert np.isfinite(plan(x, h, workers=1)).any()
    assert 0 < served < 37


def test_out_must_not_be_a_masked_array():
    """Its mask would not be written."""
    with pytest.raises(TypeError, match="MaskedArray"):
        sigconv.convolve([1.0, 2.0], [1.0], out=np.ma.empty(2))


def test_one_python_number_is_renormalised():
    """Of no axis the result is the product with the sample, where there is one."""
    signal, kernel = np.array([2, 3], dtype=object), np.array(5, dtype=object)
    result = sigconv.convolve(signal, kernel, axes=(), nan="renormalize")
    assert result.tolist() == [10, 15]


def test_one_number_that_is_missing():
    """Operands of no axes: nothing is met, so the result is NaN, in an array of no axes."""
    result = sigconv.slide(np.nan, 13 + 0j, flip=False, nan="renormalize")
    assert isinstance(result, np.ndarray)
    assert result.shape == ()
    assert np.isnan(result)


def test_taps_that_are_not_finite_are_renormalised_without_a_warning():
    """Warnings are errors here: complex quotients of NaN give one, if nobody minds."""
    kernel = np.array([9, np.nan, 42, 9, 15], complex)
    result = sigconv.convolve(np.array([11.0 + 0j]), kernel, "same", boundary="renormalize")
    assert np.isnan(result).all() or np.isfinite(result).all()
