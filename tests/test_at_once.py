"""Direct sums in one compiled call: every window, boundary and layout against the definition, on exact integers."""

import tracemalloc
from itertools import product

import numpy as np
import oracle
import pytest

import sigconv
from sigconv.engines.transforms import installed
from sigconv.methods import at_once

pytestmark = pytest.mark.skipif(not installed("numba"), reason="numba, which compiles the loops, is not installed")

DTYPES = ["f4", "f8", "c8", "c16"]


def compiled(signal, kernel, **options):
    """Return the result of the compiled call, which must serve the problem."""
    plan = sigconv.plan(signal.shape, kernel.shape, signal.dtype, method="direct", **options)
    assert at_once.serves(plan.problem)
    return at_once.Compiled(plan.problem, plan.problem.shape)(signal, kernel, None, 1)


def numbers(shape, dtype, seed=0):
    """Return small integers, with imaginary parts for complex dtypes."""
    rng = np.random.default_rng(seed)
    values = rng.integers(-4, 5, shape).astype(dtype)
    return values + 1j * rng.integers(-4, 5, shape).astype(dtype) if values.dtype.kind == "c" else values


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("boundary", ["zero", "constant", "edge", "symmetric", "reflect", "wrap"])
@pytest.mark.parametrize(("shape", "taps"), [((23,), (5,)), ((40,), (12,)), ((5, 21), (3, 4)), ((9, 6), (2, 3))])
def test_every_window_and_boundary(shape, taps, boundary, dtype):
    """Rows shorter and longer than a piece, strides and dilations, both orientations: the definition's integers."""
    signal, kernel = numbers(shape, dtype), numbers(taps, dtype, 1)
    outside = {"boundary": boundary, "fill_value": 3} if boundary == "constant" else {"boundary": boundary}
    for mode, flip, stride, dilation in product(("full", "same", "valid"), (True, False), (1, 2), (1, 2)):
        options = {"mode": mode, "flip": flip, "conjugate": not flip, "stride": stride, "dilation": dilation}
        result = compiled(signal, kernel, **options, **outside)
        assert result.dtype == dtype
        assert not oracle.violations(result, oracle.slide(signal, kernel, **options, **outside))


@pytest.mark.parametrize(("shape", "taps"), [((4, 30), (3, 1, 5)), ((3, 4, 20), (2, 4)), ((2, 6, 20), (2, 3))])
def test_batches_of_signals_and_kernels(shape, taps):
    """A bank of kernels on every signal, and a shared kernel of one axis or of two."""
    signal, kernel = numbers(shape, "f8"), numbers(taps, "f8", 1)
    axes = (-1,) if len(taps) == 3 else (-2, -1)
    options = {"mode": "same", "flip": True, "axes": axes}
    assert not oracle.violations(compiled(signal, kernel, **options), oracle.slide(signal, kernel, **options))


def test_every_layout_of_the_operands():
    """Read-only, strided, reversed, byte-swapped, unaligned and Fortran-ordered operands give the same numbers."""
    signal, kernel = numbers((9, 20), "f8"), numbers((3, 4), "f8", 1)
    expected = sigconv.convolve(signal, kernel, "same", "fft").round()
    frozen = signal.copy()
    frozen.flags.writeable = False
    padded = np.frombuffer(b"\0" + signal.tobytes(), "u1")[1:].view("f8").reshape(signal.shape)
    layouts = [frozen, signal.repeat(2, 1)[:, ::2], signal[::-1, ::-1].copy()[::-1, ::-1], signal.astype(">f8")]
    for one in (*layouts, padded, np.asfortranarray(signal)):
        run = at_once.Compiled(sigconv.plan((9, 20), (3, 4), mode="same").problem, (9, 20))
        assert np.array_equal(run(one, kernel, None, 1), expected)
        assert np.array_equal(run(signal, np.asfortranarray(kernel), None, 1), expected)


def test_a_short_window_of_a_huge_signal_is_not_copied():
    """A read-only view of one number, 2^31 + 5 times, read by a window at its start and by one that strides along."""
    signal, kernel = np.broadcast_to(np.float32(2), 2**31 + 5), np.ones(3, "f4")
    for options in ({"stride": 2**30}, {"center": 0, "stride": 2**31}):
        result = sigconv.convolve(signal, kernel, "same", "direct", boundary="edge", **options)
        assert result.tolist() == [6.0] * len(result)


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_taps_that_are_not_finite_take_the_general_way(value):
    """Such a tap would meet the zeros outside, which are no samples; a sample meets every tap."""
    signal, kernel = numbers((30,), "f8"), np.array([1.0, value, 2.0])
    assert compiled(signal, kernel, mode="same") is None
    assert np.isfinite(sigconv.convolve(signal, kernel, "full", "direct")[[0, -1]]).all()
    signal[7] = value
    met = ~np.isfinite(compiled(signal, np.array([1.0, 0.0, 2.0]), mode="full"))
    assert np.flatnonzero(met).tolist() == [7, 8, 9]


def test_what_it_can_not_serve_is_tried_once(monkeypatch):
    """Taps that are not finite show in the call itself."""
    kernels, run = [], at_once.Compiled.__call__
    monkeypatch.setattr(at_once.Compiled, "__call__", lambda *given: kernels.append(given[2]) or run(*given))
    plan = sigconv.plan((60, 70), (3, 3), method="direct")
    if plan.compiled is None:
        pytest.skip("without numba there is no compiled call")
    plan(numbers((60, 70), "f8"), np.full((3, 3), np.nan))
    assert sum(np.isnan(kernel).any() for kernel in kernels) == 1


@pytest.mark.parametrize(
    "options",
    [
        {"boundary": "renormalize"},
        {"kernel_dtype": "f4"},
        {"signal_dtype": "i4"},
        {"signal_dtype": "g"},
        {"boundary": ("zero", "constant"), "fill_value": 2.0, "signal_shape": (8, 9), "kernel_shape": (3, 3)},
        {"axes": 0, "signal_shape": (8, 9), "kernel_shape": (3,)},
        {"mode": "same", "kernel_shape": (30,)},
        {"axes": -1, "signal_shape": (0, 9), "kernel_shape": (3,)},
    ],
)
def test_what_it_does_not_serve(options):
    """Weights, mixed and other dtypes, two fill numbers, inner axes, taps that meet nothing, and nothing at all."""
    shapes = options.pop("signal_shape", (8,)), options.pop("kernel_shape", (3,))
    assert not at_once.serves(sigconv.plan(*shapes, **options).problem)


def test_tiles_are_bit_for_bit_the_same_for_any_number_of_workers():
    """Many tiles, whose first and last have ghosts; memory that was used before is not read."""
    rng = np.random.default_rng(2)
    signal, kernel = rng.random((900, 1100)), rng.random((9, 7))
    one, *others = (
        sigconv.convolve(signal, kernel, "same", "direct", workers=n, boundary="edge") for n in (1, 2, 2, 3)
    )
    assert all(np.array_equal(one, other) for other in others)


def test_plans_of_long_kernels_keep_little():
    """What direct sums of many different sizes leave behind does not grow with their number."""

    def used(sizes):
        for size in sizes:
            sigconv.convolve(signal, taps[:size], "same", "direct", workers=1)
        return tracemalloc.get_traced_memory()[0]

    signal, taps = np.ones(12_000), np.ones(11_000)
    tracemalloc.start()
    first = used(range(10_000, 10_080))
    second = used(range(10_080, 10_200))
    tracemalloc.stop()
    assert second - first < 120 * 30_000  # each has tables of some hundred kilobytes
