"""Very large and very small operands: where the true result is representable, every transform gives it."""

import dataclasses

import numpy as np
import pytest

import sigconv
from sigconv.methods.bounds import transform_bound
from sigconv.methods.scaling import limits, range_of, rescaled, scaled, scales

TRANSFORMS = [m for m in sigconv.methods() if m != "direct"]
# Exponents of the signal and of the kernel, in parts of the largest exponent: near the limit, subnormal, between.
EXPONENTS = [
    (1.0, -0.1),
    (0.95, 0.0),
    (0.5, 0.4),
    (-0.1, 1.0),
    (1.0, -1.04),
    (-1.04, 1.0),
    (-1.0, 0.9),
    (0.9, -1.0),
    (-1.04, 0.03),
    (-0.5, -0.3),
]
CASES = [
    ((5_000,), (300,), {}),
    ((5_000,), (301,), {"boundary": "wrap"}),
    ((5_000,), (299,), {"boundary": "constant", "fill_value": 3}),
    ((4, 900), (30,), {"axes": -1, "boundary": "renormalize"}),
    ((70, 60), (9, 8), {"boundary": "reflect"}),
]


def whole_numbers(rng, shape, dtype):
    """Return numbers whose sums of products are small enough to be exact in double precision."""
    found = rng.integers(-15, 16, shape).astype(dtype)
    return found + 1j * rng.integers(-15, 16, shape) if found.dtype.kind == "c" else found


def times(array, exponent):
    """Return an array times a power of two, infinite where that is too large."""
    with np.errstate(all="ignore"):
        return scaled(array, exponent, array.dtype)


def powers(dtype, exponents):
    """Return the exponents for whole numbers of four bits that some parts of the largest exponent stand for."""
    return tuple(round(part * range_of(np.dtype(dtype)).limit) - 5 for part in exponents)


@pytest.mark.parametrize("method", TRANSFORMS)
@pytest.mark.parametrize("dtype", ["f4", "f8", "c8", "c16"])
@pytest.mark.parametrize(("shape", "taps", "options"), CASES)
def test_powers_of_two_change_nothing_but_the_scale(shape, taps, options, dtype, method):
    """2^a x ∗ 2^b h = 2^(a+b) (x ∗ h) within the bound, wherever 2^a x, 2^b h and the result can be represented."""
    rng = np.random.default_rng(1)
    x, h = whole_numbers(rng, shape, dtype), whole_numbers(rng, taps, dtype) + (60 if "axes" in options else 0)
    wide = np.dtype("c16" if np.dtype(dtype).kind == "c" else "f8")
    exact = sigconv.convolve(x.astype(wide), h.astype(wide), "same", "direct", **options)
    norms = np.linalg.norm(x.reshape(-1)) + 3 * np.sqrt(2 * taps[-1])  # with the ghosts of the fill value
    allowed = 4 * transform_bound(np.dtype(dtype), 4 * x.size, float(norms * np.linalg.norm(h)))
    checked = 0
    for a, b in (powers(dtype, e) for e in EXPONENTS):
        given = times(x, a), times(h, b)
        if not all(np.array_equal(times(g, -e), v) for g, e, v in zip(given, (a, b), (x, h), strict=True)):
            continue  # 2^a x or 2^b h has lost bits itself
        if not np.isfinite(times(np.abs(exact).max().astype(x.real.dtype), a + b)):
            continue
        fill = {"fill_value": times(np.array(3, x.dtype), a)[()]} if "fill_value" in options else {}
        got = sigconv.convolve(*given, "same", method, **options | fill)
        checked += 1
        # What underflows: 8 N η in the product and on the way back, 10 √N ‖h‖₂ η from the signal's transform.
        back, size = times(got.astype(wide), -a - b), 4 * x.size
        enlarged = 10 * np.sqrt(size) * np.linalg.norm(h) * 2.0**b if b < 8 else 0
        lost = (8 * size + enlarged) * float(times(np.finfo(dtype).smallest_subnormal.astype(float), -a - b))
        assert np.abs(back - exact).max() <= allowed + lost, (a, b)
    assert checked >= 7


@pytest.mark.parametrize("method", TRANSFORMS)
def test_results_beyond_the_range_are_infinite_and_leave_the_others_alone(method):
    """Where the true result overflows it is infinite; its neighbours are right."""
    x = np.zeros(4_000)
    x[1_000], x[3_000:] = 1.5e308, 1.0
    h = np.concatenate([[4.0], np.full(200, 0.25)])
    got = sigconv.convolve(x, h, "same", method, center=0)
    assert np.isinf(got[1_000])
    assert np.allclose(got[1_001:1_201], 1.5e308 / 4, rtol=1e-13)
    assert np.isfinite(got[:1_000]).all()
    assert np.isfinite(got[1_001:]).all()


@pytest.mark.parametrize("method", TRANSFORMS)
def test_filters_scale_too(method):
    """A prepared kernel out of the range serves every signal, and writes to `out`."""
    f = sigconv.Filter(np.full(50, 1e-307), method=method)
    out = np.empty(3_000)
    assert f(np.full(3_000, 1e300), out=out) is out
    assert np.allclose(out[100:-100], 50 * 1e-7, rtol=1e-13)
    assert np.allclose(f(np.full(3_000, 1e307))[100:-100], 50, rtol=1e-13)


def test_taps_that_no_output_reads_do_not_count():
    """Huge taps that lie beside all samples, in mode "same" of a short signal, leave the others' bits alone."""
    h = np.full(3_001, 1e36, np.float32)
    h[1_300:1_700] = 1e-22
    x = np.full(50, 1e-15, np.float32)
    for method in TRANSFORMS:
        assert np.allclose(sigconv.convolve(x, h, "same", method), 50 * 1e-37, rtol=1e-4, atol=0)


def test_what_was_scaled_is_not_scaled_again():
    """The scales of scaled operands are none, so one step is all that it takes."""
    problem = sigconv.plan(1_000, 10, np.float32).problem
    for peak in (1e38, 1e-45, 1.0):
        for tap in (1e38, 1e-45):
            by = scales(problem, np.float32(peak), np.float32(tap), 10.0)
            again = np.ldexp(np.float32(peak), by.signal), np.ldexp(np.float32(tap), by.kernel)
            assert scales(problem, *again, 10.0) is None
    assert scales(problem, np.float32(1), np.float32(1), 10.0) is None
    assert scales(problem, np.float32(0), np.float32(1e38), 10.0) is None


def test_ordinary_operands_are_not_computed_again():
    """Clean data of ordinary size cost a look at an output of each block."""
    made = sigconv.plan(1_000, 10, method="fft")
    x, h = np.ones(1_000), np.ones(10)
    assert rescaled(made.problem, x, h, pytest.fail) is None
    assert dataclasses.replace(made)(x, h).max() == pytest.approx(10, rel=1e-14)


@pytest.mark.parametrize("dtype", ["f2", "f4", "f8", "g", "c8", "c16"])
def test_a_quick_look_decides_as_a_careful_one(dtype):
    """The limits of kernels of every size, and what they say of outputs of every size, are those of the largest one."""
    problem, kept = sigconv.plan(50, 40, dtype).problem, range_of(sigconv.plan(50, 40, dtype).problem.working_dtype)
    info, taps = np.finfo(dtype), np.ones(40, dtype)
    for exponent in (*range(info.minexp - info.nmant, info.maxexp, max(1, info.maxexp // 40)), *range(-20, 10)):
        found = limits(problem, times(taps, exponent), transformed=True)
        assert found.always == (exponent + 1 <= kept.tap), exponent
        assert (found.low > 0) == (exponent + 1 > 8), exponent
        assert found.high == kept.loudest
        outputs = times(taps, exponent)
        assert found._replace(low=0).hold(outputs) == (outputs[0] < kept.loudest), exponent
    assert not any(found._replace(low=0).hold(np.array([1, bad], dtype)) for bad in (np.nan, np.inf, -np.inf))
    assert found._replace(low=0).hold(taps[:0])


@pytest.mark.parametrize("size", [1e-200, 1e200])
def test_terms_of_kernels_of_any_size(size):
    """The decomposition of a kernel into outer products does not square what would leave the range."""
    rng = np.random.default_rng(2)
    kernel = rng.standard_normal((9, 2)) @ rng.standard_normal((2, 9))
    image = rng.standard_normal((300, 300))
    got = sigconv.convolve(image, kernel * size, "same")
    expected = sigconv.convolve(image, kernel, "same", "direct")
    assert np.abs(got / size - expected).max() < 1e-12


@pytest.mark.parametrize("method", TRANSFORMS)
def test_every_layout_is_scaled(method):
    """Operands in Fortran's order, reversed or strided are scaled as they are in C's."""
    rng = np.random.default_rng(6)
    x, h = rng.random((40, 50)) * 1e307, rng.random((4, 5)) / 20
    expected = sigconv.convolve(x, h, "same", method)
    for convert in (np.asfortranarray, lambda a: np.flip(np.flip(a).copy()), lambda a: np.repeat(a, 2, 1)[:, ::2]):
        assert np.array_equal(sigconv.convolve(convert(x), convert(h), "same", method), expected)
