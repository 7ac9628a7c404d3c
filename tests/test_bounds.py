"""The error bounds: what they lean on, that they hold, and that they follow the operands."""

import json
from math import expm1, log1p, prod, sqrt

import numpy as np
import pytest

import sigconv
from sigconv.engines.lanes.twiddles import many_roots, roots
from sigconv.engines.lengths import radices
from sigconv.engines.panel_butterflies import MOST, factors
from sigconv.engines.transforms import engine_names, lease
from sigconv.methods.bounds import _ROOT, _prime_factors, direct_factor, transform_factor, unit_roundoff
from sigconv.study.allowed import Bounds
from sigconv.study.exact import exact_outputs, seeded_outputs

LENGTHS = (2, 8, 15, 64, 105, 360, 1024, 2187, 4096, 5 * 7 * 64, 10_000)


@pytest.mark.parametrize("dtype", ["c8", "c16"])
@pytest.mark.parametrize("engine", sorted({"scipy", *engine_names(np.dtype(float))}))
@pytest.mark.parametrize("length", LENGTHS)
def test_engines_roots_are_as_accurate_as_the_proof_takes_them(length, engine, dtype):
    """The transform of an impulse is a product of roots of unity, one of each stage: their errors, and nothing else."""
    rng, dtype = np.random.default_rng(length), np.dtype(dtype)
    exact = roots(length, np.dtype(float)) @ [1, 1j]
    u = unit_roundoff(dtype)
    allowed = expm1(len(_prime_factors(length)) * (log1p(sqrt(5) * u) + log1p(_ROOT * u))) + unit_roundoff(
        np.dtype(float)
    )
    for direction, sign in (("forward", 1), ("inverse", -1)):
        with lease(engine, direction, (length,), (0,), dtype) as transform:
            for place in {1, length - 1, *rng.integers(0, length, 8).tolist()}:
                transform.input[...] = 0
                transform.input[place] = 1
                found = transform.run()
                turns = sign * place * np.arange(length) % length
                assert np.abs(found - exact[turns]).max() <= allowed, (direction, place)


@pytest.mark.parametrize("length", LENGTHS)
def test_our_roots_are_as_accurate_as_the_proof_takes_them(length):
    """Tables of roots in double precision lie within the distance that the proof assumes, the panels' too."""
    exact = roots(length, np.dtype(float)) @ [1, 1j]
    # The table that is taken for exact is rounded itself, by no more than u/√2.
    allowed = (_ROOT + 0.71) * unit_roundoff(np.dtype(float))
    assert np.abs(many_roots(np.arange(length), length) - exact).max() <= allowed
    if max(_prime_factors(length)) <= 5:
        radix = radices(length, MOST)[0]
        turns = np.outer(np.arange(length // radix), np.arange(1, radix)).reshape(-1)
        first = factors(length, np.dtype(complex))[3 : 3 + turns.size]
        assert np.abs(first - exact[turns % length]).max() <= allowed


def data(rng, shape, dtype, kind):
    """Return numbers of either sign, or of one phase and about one size, whose errors add up."""
    values = rng.standard_normal(shape) if kind == "noise" else rng.uniform(0.9, 1, shape)
    turned = values * np.exp(0.3j) if kind == "level" else values + 1j * rng.standard_normal(shape)
    return (turned if np.dtype(dtype).kind == "c" else values).astype(dtype)


@pytest.mark.parametrize("kind", ["noise", "level"])
@pytest.mark.parametrize("dtype", ["f2", "f4", "f8", "c8", "c16"])
@pytest.mark.parametrize(
    ("shape", "taps", "options"),
    [
        ((900,), (7,), {}),
        ((9_000,), (800,), {"boundary": "reflect"}),
        ((3_000,), (2_999,), {"boundary": "wrap"}),
        ((6, 5_000), (300,), {"axes": -1, "boundary": "edge"}),
        ((150, 140), (30, 20), {"boundary": ("constant", "symmetric"), "fill_value": 2}),
        ((2_000,), (40,), {"boundary": "renormalize"}),
        ((3_000,), (20,), {"stride": 3, "dilation": 5}),
        ((1,), (20_000,), {"boundary": "wrap"}),
    ],
)
def test_no_output_is_further_off_than_proven(shape, taps, options, dtype, kind):
    """A sample of outputs of every method, against exact arithmetic: each within its bound, all within the largest."""
    rng = np.random.default_rng(3)
    x, h = data(rng, shape, dtype, kind), data(rng, taps, dtype, "level" if "renormalize" in options.values() else kind)
    bounds = sigconv.error_bound(x, h, "same", **options)
    for method in ("auto", *sigconv.methods()):
        plan = sigconv.plan(shape, taps, dtype, dtype, "same", method, **options)
        prepared = plan.prepare(h)
        result, each = plan.apply(prepared, x), Bounds(prepared, x)
        sample = seeded_outputs(result.shape, 12)
        for index, exact in zip(sample, exact_outputs(plan.problem, x, h, sample), strict=True):
            error = abs(complex(result[index]) - complex(exact))
            assert error <= bounds[method].proven
            if dtype != "f2" and options.get("boundary") != "renormalize":  # which are rounded, or weighted, once more
                assert error <= each.at(index), (method, index)


def test_the_bound_follows_the_block():
    """A loud passage takes nothing from the bound of blocks that have not read it."""
    x = np.ones(100_000)
    x[90_000:90_100] = 1e12
    plan = sigconv.plan(x.size, 200, mode="same", method="overlap-add")
    bounds = Bounds(plan.prepare(np.ones(200)), x)
    assert bounds.at((10_000,)) < 1e-8 * bounds.at((90_000,))
    assert bounds.at((90_000,)) <= bounds.of_all(0.0)


def test_a_kernel_of_few_outer_products_has_its_own_figures():
    """What `auto` finds in the kernel's values is what its bound is for."""
    rng = np.random.default_rng(4)
    image, kernel = rng.standard_normal((200, 200)), np.outer(rng.standard_normal(31), rng.standard_normal(33))
    plan = sigconv.plan(image.shape, kernel.shape, mode="same")
    prepared = plan.prepare(kernel)
    assert prepared.method.name == "separable"
    result, bounds = plan.apply(prepared, image), Bounds(prepared, image)
    sample = seeded_outputs(result.shape, 30)
    for index, exact in zip(sample, exact_outputs(plan.problem, image, kernel, sample), strict=True):
        assert abs(result[index] - exact) <= bounds.at(index)


def test_the_factors_grow_as_published():
    """c(N) is below 16 log2 N for long powers of two; sums have (1 + u)^m − 1, complex ones √2 and a rounding more."""
    for dtype in (np.dtype("f4"), np.dtype("f8")):
        u = unit_roundoff(dtype)
        assert all(transform_factor(dtype, 1 << k) <= 16 * k * u for k in range(12, 25))
        assert direct_factor(dtype, 100) == pytest.approx(100 * u, rel=1e-4)
    assert direct_factor(np.dtype("c16"), 9) == pytest.approx(sqrt(2) * 10 * 2.0**-53, rel=1e-9)


def test_the_answer_prints_and_can_be_stored():
    """A table with both figures, a dict for JSON, a reason for methods that can't serve; objects are refused."""
    bound = sigconv.error_bound([1.0, 2.0, 3.0], [1.0, 1.0])
    assert "empirical" in str(bound)
    assert str(bound).count("\n") >= 4
    stored = json.loads(json.dumps(bound.as_dict()))
    assert [row["method"] for row in stored["methods"]] == ["auto", *sigconv.methods()]
    assert bound["direct"].proven == pytest.approx(2 * 2.0**-53 * 6, rel=1e-6)
    with pytest.raises(sigconv.ArgumentTypeError, match="numbers"):
        sigconv.error_bound(np.array([1, 2], object), [1, 2])
    with pytest.raises(sigconv.ArgumentValueError):
        sigconv.error_bound([1.0, 2.0], [1.0], boundary="mirror")


def test_integers_are_exact():
    """Nothing is rounded, so nothing is allowed."""
    bound = sigconv.error_bound(np.arange(100), np.arange(10), "same", boundary="wrap")
    assert {row.proven for row in bound.rows} == {row.expected for row in bound.rows} == {0.0}


def test_long_lengths_and_prime_ones():
    """The prime factors of a transform's length are found."""
    assert _prime_factors(prod((2, 2, 3, 7, 1009))) == [2, 2, 3, 7, 1009]
    assert _prime_factors(1) == []
