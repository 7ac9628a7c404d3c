"""Passes along the axes: which kernels are found to be few outer products, and what the passes give."""

import dataclasses

import numpy as np
import oracle
import pytest

import sigconv
from sigconv.engines.transforms import installed
from sigconv.methods.bounds import left_by_terms
from sigconv.methods.protocol import Limits
from sigconv.methods.separable import Passes
from sigconv.methods.workers import in_order
from sigconv.planning.candidate import Asked, Candidate
from sigconv.planning.cost import PRIORS
from sigconv.planning.structure import Structure, structures

ENGINES = ["numpy"] + ["numba"] * installed("numba")
CASES = [
    ((12, 13), (4, 3), {}),
    ((12, 13), (4, 3), {"mode": "full", "flip": False}),
    ((12, 13), (4, 3), {"mode": "valid", "stride": (2, 1), "dilation": (1, 3)}),
    ((12, 13), (3, 4), {"boundary": "reflect", "stride": (1, 3)}),
    ((12, 13), (3, 4), {"boundary": ("constant", "wrap"), "fill_value": 3, "center": (0, 3)}),
    ((12, 13), (3, 4), {"boundary": "renormalize"}),
    ((2, 9, 11), (4, 3), {"axes": (1, 2), "boundary": "symmetric"}),
    ((9, 2, 11), (3, 2), {"axes": (2, 0), "boundary": ("edge", "zero")}),
    ((6, 7, 8), (3, 2, 4), {"boundary": "edge"}),
    ((3, 4), (5, 9), {"mode": "full"}),
]


def outer_products(taps, terms, is_complex=False):
    """Return a kernel of small positive integers that is the sum of some outer products."""
    rng, kernel = np.random.default_rng(1), 0
    for _ in range(terms):
        factors = [rng.integers(1, 4, n) + (1j * rng.integers(0, 3, n) if is_complex else 0) for n in taps]
        term = factors[0]
        for factor in factors[1:]:
            term = np.multiply.outer(term, factor)
        kernel = kernel + term
    return kernel


def plan_of_passes(shape, kernel, dtype, options, engine):
    """Return a plan that takes passes for kernels of up to eight terms, in several tiles."""
    plan = sigconv.plan(shape, kernel.shape, dtype, **({"mode": "same"} | options))
    estimate = Passes(8).estimates(plan.problem, PRIORS, Limits())[0]
    tile = tuple(max(1, (size + 1) // 2) for size in plan.problem.shape)
    settings = estimate.settings._replace(tile=tile, engine=engine)
    candidate = Candidate("separable", estimate._replace(settings=settings), None)
    taking = dataclasses.replace(plan)  # another one than that which is kept
    vars(taking)["_sought"] = (Structure(Passes(8), candidate),)
    return taking


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("dtype", ["f4", "f8", "f2", "c8", "c16"])
@pytest.mark.parametrize(("shape", "taps", "options"), CASES)
@pytest.mark.parametrize("terms", [1, 2])
def test_passes_give_the_definition(shape, taps, options, dtype, terms, engine):
    """Every boundary, mode and number of axes agrees with exact arithmetic within the bound of transforms."""
    is_complex = np.dtype(dtype).kind == "c"
    signal = np.random.default_rng(0).integers(-4, 5, shape).astype(dtype)
    kernel = outer_products(taps, terms, is_complex).astype(dtype)
    plan = plan_of_passes(shape, kernel, dtype, options, engine)
    prepared = plan.prepare(kernel)
    assert prepared.method.name == "separable"
    assert len(prepared.state) <= terms * (1 if len(taps) == 2 else terms)
    asked = {"mode": "same", "flip": True} | options
    exact = oracle.slide(signal, kernel, **asked)
    limits = oracle.bound(signal, kernel, dtype=plan.problem.result_dtype, **asked)
    result = plan.apply(prepared, signal)
    assert not oracle.violations(result, exact, limits)
    assert np.array_equal(result, plan.apply(prepared, signal, workers=3), equal_nan=True)


def found(kernel, most):
    """Return how many terms are found of a float64 kernel, or None."""
    problem = sigconv.plan((500,) * kernel.ndim, kernel.shape).problem
    terms = Passes(most).prepare(kernel, problem, None, in_order)
    return None if terms is None else len(terms)


def test_what_is_found():
    """The fewest terms are found, never more than are asked for; noise and rounding are told apart."""
    rng = np.random.default_rng(2)
    axis = np.linspace(-3, 3, 31)
    gauss = np.exp(-np.add.outer(axis**2, axis**2) / 2)  # an outer product up to the rounding of exp
    log = gauss * (np.add.outer(axis**2, axis**2) - 2)
    disk = np.hypot(*np.meshgrid(axis, axis)) < 2.5
    noise = rng.random((31, 31))
    assert [found(k, 3) for k in (gauss, log, np.ones((5, 7)), np.zeros((3, 3)))] == [1, 2, 1, 1]
    assert [found(k, 3) for k in (disk.astype(float), noise, gauss + 1e-12 * noise)] == [None] * 3
    assert found(log, 1) is None
    assert found(np.outer([1, 0, -1], [1, 2, 1]) + 0.0, 1) == 1  # Sobel: a zero row
    assert found(outer_products((3, 4, 5), 1) * 1.0, 4) == 1
    assert found(outer_products((3, 4, 5), 2) * 1.0, 4) == 4  # two planes, each two outer products
    assert found(outer_products((3, 4, 5), 2) * 1.0, 3) is None
    assert found(rng.random((4, 4, 4)), 4) is None
    assert found(np.where(noise > 0.5, np.nan, noise), 8) is None
    assert found(np.where(noise > 0.99, np.inf, gauss), 8) is None


def test_a_small_part_of_a_kernel_may_be_as_inaccurate_as_the_whole():
    """The planes of a small part are rounded with the large one; their outer products are found all the same."""
    rng = np.random.default_rng(3)
    planes = [np.outer(*rng.random((2, 6))) for _ in range(2)]
    kernel = np.multiply.outer(np.ones(5), planes[0]) + 1e-6 * np.multiply.outer(np.arange(5.0), planes[1])
    problem = sigconv.plan((500,) * 3, kernel.shape).problem
    terms = Passes(4).prepare(kernel, problem, None, in_order)
    assert 2 <= len(terms) <= 4
    left = np.linalg.norm(sum(a * b * c for a, b, c in terms) - kernel)
    assert left <= (left_by_terms(kernel.dtype, 3, len(terms)) + 10 * 2.0**-53) * np.linalg.norm(kernel)


def test_float32_kernels_are_judged_by_their_own_roundoff():
    """A rounded outer product is one; what is off by a thousand roundoffs is none."""
    factor = np.hanning(33)[1:-1]
    kernel = np.outer(factor, factor).astype("f4")
    problem = sigconv.plan((500, 500), kernel.shape, "f4").problem
    assert len(Passes(1).prepare(kernel, problem, None, in_order)) == 1
    kernel[3, 4] *= np.float32(1 + 2e-4)
    assert Passes(1).prepare(kernel, problem, None, in_order) is None


def of_passes(plan):
    """Return what a plan says of passes, or None."""
    return next((s for s in plan.structures if isinstance(s.method, Passes)), None)


def test_passes_are_looked_for_where_they_pay():
    """`auto` looks for as many terms as are cheaper than its choice; a named method is what it says."""
    large = sigconv.plan((64, 64, 64), (15, 15, 15), mode="same")
    assert of_passes(large).pays
    assert of_passes(large).method.most >= 1
    assert sigconv.plan((64, 64, 64), (15, 15, 15), mode="same", method="fft").structures == ()
    assert "outer product" in large.explain()
    assert of_passes(sigconv.plan((10**6,), (99,))) is None
    assert of_passes(sigconv.plan((999, 999), (99, 1))) is None
    reasons = {
        "of its own": sigconv.plan((4, 99, 99), (4, 9, 9), axes=(1, 2)),
        "rounds": sigconv.plan((999, 999), (31, 31), int),
        "no decomposition": sigconv.plan((99, 99), (9, 9), np.longdouble),
        "longer": sigconv.plan((3, 3), (2, 2)),
    }
    for reason, plan in reasons.items():
        assert not of_passes(plan).pays
        assert reason in of_passes(plan).reason
        assert f"not looked for: {of_passes(plan).reason}" in plan.explain()


def test_memory_limits_the_passes():
    """Passes that need more than `max_bytes` are not looked for."""
    problem = sigconv.plan((1024, 1024), (61, 61), complex, mode="same").problem
    (found,) = structures(problem, 1.0, Asked(1000, PRIORS, None))
    assert "bytes" in found.reason


def test_a_filter_says_what_it_found():
    """`explain` of a filter shows what the kernel's values gave."""
    factor, asked = np.hanning(15), ((64, 64, 64), float)
    one = np.einsum("i,j,k", factor, factor, factor)
    assert "this kernel is an outer product" in sigconv.Filter(one).explain(*asked)
    two = one + np.einsum("i,j,k", factor, factor**2, factor**3)
    assert "a sum of 2 outer products" in sigconv.Filter(two).explain(*asked)
    assert "this kernel" not in sigconv.Filter(np.random.default_rng(0).random((15, 15, 15))).explain(*asked)
    assert "this kernel" not in sigconv.Filter(two, method="fft").explain(*asked)


def test_auto_takes_the_passes_and_stays_right():
    """A declared and an undeclared outer product give what the transforms give."""
    rng = np.random.default_rng(3)
    image, factor = rng.random((600, 700)), rng.random(45)
    by_fft = sigconv.convolve(image, np.outer(factor, factor), "same", "fft", boundary="reflect")
    scale = np.linalg.norm(image) * np.linalg.norm(factor) ** 2 * np.finfo(float).eps
    plan = sigconv.plan(image.shape, (45, 45), mode="same", boundary="reflect")
    for kernel in (np.outer(factor, factor), sigconv.Separable(factor, factor)):
        result = plan(image, kernel)
        assert not np.array_equal(result, by_fft)  # another way was taken
        assert np.abs(result - by_fft).max() < 16 * 20 * scale
