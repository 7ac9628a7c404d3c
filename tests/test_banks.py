"""Banks, many kernels for each signal: its blocks are transformed once, and each kernel has a result of its own."""

import dataclasses

import numpy as np
import oracle
import pytest
from memory import forget, peak_of

import sigconv
from sigconv.engines.transforms import installed
from sigconv.methods import lane_tiles, lanes
from sigconv.methods.bounds import unit_roundoff
from sigconv.methods.protocol import Limits
from sigconv.methods.tiles import bank_of, kernels_in
from sigconv.planning.cost import PRIORS

if not installed("numba"):
    pytest.skip("numba, which compiles the transforms, is not installed", allow_module_level=True)

from sigconv.engines.lanes import columns

DTYPES = ["f4", "f8", "c8", "c16"]


@pytest.fixture(autouse=True)
def _few_outputs(monkeypatch):
    """Small problems may take these transforms too."""
    monkeypatch.setattr(lanes, "_FEW", 0)
    monkeypatch.setattr(lane_tiles, "_FEW", 0)


def whole(rng, shape, dtype):
    """Draw small integers, or complex numbers of them."""
    values = rng.integers(-4, 5, shape)
    return (values + 1j * rng.integers(-4, 5, shape) if dtype[0] == "c" else values).astype(dtype)


def plan_of(signal, kernel, max_bytes=None, **options):
    """Return a plan of these blocks, whatever they cost."""
    shapes = signal.shape, kernel.shape
    plan = sigconv.plan(*shapes, signal.dtype, kernel.dtype, method="overlap-add", **({"mode": "same"} | options))
    return dataclasses.replace(plan, estimate=lanes.estimates(plan.problem, PRIORS, Limits(max_bytes))[0])


def bound(signal, kernel, dtype):
    """Return what blocks of up to 4096 samples may lose, two of them in a transform."""
    norms = np.linalg.norm(signal.astype(complex)) * np.linalg.norm(kernel.astype(complex))
    return 16 * 12 * unit_roundoff(np.dtype(dtype)) * 2**0.5 * norms


CASES = [
    ((1, 700), (3, 9), {"axes": -1, "boundary": "reflect"}),
    ((1, 701), (4, 30), {"axes": -1, "mode": "full"}),
    ((1, 900), (2, 64), {"axes": -1, "mode": "valid", "flip": False}),
    ((1, 500), (3, 7), {"axes": -1, "boundary": "wrap", "dilation": 3}),
    ((1, 500), (3, 7), {"axes": -1, "boundary": "constant", "fill_value": 3, "center": 1}),
    ((2, 450), (3, 1, 9), {"axes": -1, "boundary": "symmetric"}),
    ((2, 450), (3, 2, 9), {"axes": -1, "boundary": "edge"}),
    ((3, 1, 400), (1, 2, 9), {"axes": -1}),
    ((3, 1, 400), (3, 2, 9), {"axes": -1}),
    ((2, 1, 2, 300), (2, 3, 1, 5), {"axes": -1}),
    ((450, 1), (9, 3), {"axes": 0}),
    ((2, 450, 1), (1, 9, 3), {"axes": 1, "boundary": "reflect"}),
    ((1, 40), (3, 9), {"axes": -1}),
]


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(("shape", "taps", "options"), CASES)
def test_every_kernel_by_the_definition(monkeypatch, shape, taps, options, dtype):
    """Whatever the boundary, the mode, the axes and which axes of the batch the signal lacks."""
    monkeypatch.setattr(lanes, "_LONGEST", 256)
    rng = np.random.default_rng(0)
    signal, kernel = whole(rng, shape, dtype), whole(rng, taps, dtype)
    plan = plan_of(signal, kernel, **options)
    assert f"columns {signal.dtype.char}" in plan.estimate.needs
    exact = oracle.slide(signal, kernel, **({"mode": "same", "flip": True} | options))
    assert not oracle.violations(plan(signal, kernel), exact, bound(signal, kernel, dtype))


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("together", [1, 2, 5])
def test_blocks_that_are_kept_together(monkeypatch, together, dtype):
    """Every number of blocks of one line and a few, in whole groups and in parts of them, gives each kernel its own."""
    monkeypatch.setattr(lanes, "_LONGEST", 256)
    monkeypatch.setattr(lanes, "_together", lambda length, dtype: together)
    rng = np.random.default_rng(1)
    kernel = whole(rng, (3, 1, 20), dtype)
    for samples in (100, 230, 460, 700, 1200, 1500):
        signal = whole(rng, (2, samples), dtype)
        result = plan_of(signal, kernel, axes=-1, mode="full")(signal, kernel)
        wide = signal.astype(np.result_type(dtype, "f8"))
        exact = [[np.convolve(line, one) for line in wide] for one in kernel[:, 0].astype(wide.dtype)]
        assert np.abs(result - np.array(exact)).max() <= bound(signal, kernel[0], dtype), samples


@pytest.mark.parametrize("dtype", DTYPES)
def test_other_kernels_change_no_bit(dtype):
    """A kernel's result is the same whatever stands beside it: zeros, NaN, or numbers of the same size."""
    rng = np.random.default_rng(2)
    signal, kernel = whole(rng, (1, 6000), dtype), whole(rng, (3, 100), dtype)
    plan = plan_of(signal, kernel, axes=-1)
    expected = plan(signal, kernel)[1]
    for other in (0, 1, np.nan):
        beside = np.full_like(kernel, other)
        beside[1] = kernel[1]
        result = plan(signal, beside)
        assert result[1].tobytes() == expected.tobytes()
        assert np.isnan(result[0]).all() == np.isnan(other)


@pytest.mark.parametrize("dtype", DTYPES)
def test_workers_and_places_do_not_change_a_bit(monkeypatch, dtype):
    """One, two and three workers write the same bytes, in any layout of the operands, and nothing beside `out`."""
    monkeypatch.setattr(lanes, "_TILE", 25_000)
    rng = np.random.default_rng(3)
    signal, kernel = whole(rng, (2, 6000), dtype), whole(rng, (5, 1, 77), dtype)
    plan = plan_of(signal, kernel, axes=-1, boundary="reflect")
    expected = plan(signal, kernel, workers=1)
    assert plan.estimate.settings.tile[:2] == (5, 1)
    assert plan.estimate.settings.tile[2] < 6000
    for workers in (2, 3):
        assert plan(signal, kernel, workers=workers).tobytes() == expected.tobytes()
    out = np.full((6000, 7, 4), 99, dtype)
    for other in (np.asfortranarray(signal), signal.astype(signal.dtype.newbyteorder())):
        plan(other, kernel, out=out[:, 1:6, ::2].T.swapaxes(0, 1))
        assert np.array_equal(out[:, 1:6, ::2].T.swapaxes(0, 1), expected)
        out[:, 1:6, ::2] = 99
        assert (out == 99).all()


def test_a_bad_sample_costs_the_windows_of_all_kernels():
    """And nothing else."""
    signal, kernel = np.ones((1, 9000), "f4"), np.ones((3, 31), "f4")
    signal[0, 4000] = np.inf
    lost = ~np.isfinite(plan_of(signal, kernel, axes=-1)(signal, kernel))
    assert lost.sum(axis=1).tolist() == [31, 31, 31]
    assert lost[:, 3985:4016].all()


def test_memory_of_a_bank_is_foretold_and_limited():
    """A worker takes no more than the estimate says; a limit is kept, with smaller tiles."""
    signal, kernel = np.ones((1, 200_000), "c8"), np.ones((64, 256), "c8")
    plan = plan_of(signal, kernel, axes=-1)
    prepared, out = plan.prepare(kernel), np.empty((64, 200_000), "c8")
    forget()
    assert peak_of(plan.apply, prepared, signal, out, workers=1) <= plan.estimate.worker_bytes
    limited = plan_of(signal, kernel, axes=-1, max_bytes=plan.estimate.bytes * 3 // 4).estimate
    assert limited.bytes <= plan.estimate.bytes * 3 // 4


def test_long_banks_are_planned_so():
    """The forward transforms of a bank are counted once, and its tiles hold all kernels."""
    bank = sigconv.plan((1, 100_000), (64, 256), "c8", "c8", axes=-1, mode="same")
    each = sigconv.plan((64, 100_000), (64, 256), "c8", "c8", axes=-1, mode="same")
    assert bank.method == each.method == "overlap-add"
    assert bank.estimate.settings.tile[0] == 64
    assert bank.estimate.seconds < 0.75 * each.estimate.seconds


def test_a_single_kernel_never_runs_as_a_bank(monkeypatch):
    """Signals with a kernel each, and one kernel for many signals, take the blocks of lines."""
    monkeypatch.setattr(columns, "RETURN", None)
    rng = np.random.default_rng(4)
    for shape, taps in (((3, 900), (3, 30)), ((3, 900), (1, 30)), ((1, 900), (1, 30))):
        signal, kernel = whole(rng, shape, "f8"), whole(rng, taps, "f8")
        result = plan_of(signal, kernel, axes=-1, mode="full")(signal, kernel)
        exact = [np.convolve(signal[i % len(signal)], kernel[i % len(kernel)]) for i in range(len(result))]
        assert np.abs(result - exact).max() <= bound(signal, kernel, "f8")


# --- images and volumes ----------------------------------------------------------------------------------------------


def by_taps(signal, kernel, boundary):
    """Return the outputs of "same", tap by tap, of NumPy's padding: small integers come out exact."""
    space = signal.shape[-kernel.ndim :]
    around = [(0, 0)] * (signal.ndim - kernel.ndim) + [(m // 2, (m - 1) // 2) for m in kernel.shape]
    outer = np.pad(signal.astype(complex), around, mode=boundary)
    result = 0
    for tap in np.ndindex(kernel.shape):
        starts = [m - 1 - t for t, m in zip(tap, kernel.shape, strict=True)]
        part = tuple(slice(start, start + n) for start, n in zip(starts, space, strict=True))
        result = result + complex(kernel[tap]) * outer[(..., *part)]
    return result


TILES = [
    ((1, 150, 100), (3, 3, 4), (64, 64), "reflect"),
    ((2, 90, 75), (3, 1, 5, 2), (64, 64), "wrap"),
    ((2, 90, 75), (3, 2, 5, 2), (64, 80), "edge"),
    ((1, 1, 130, 60), (2, 3, 4, 3), (64, 96), "constant"),
    ((3, 1, 66, 70), (1, 2, 1, 9), (64, 64), "symmetric"),
    ((1, 35, 40, 50), (2, 2, 3, 4), (32, 32, 32), "reflect"),
    ((2, 34, 30, 33), (3, 1, 3, 1, 2), (32, 32, 64), "edge"),
]


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(("shape", "taps", "lengths", "boundary"), TILES)
def test_banks_of_images_and_volumes(shape, taps, lengths, boundary, dtype):
    """Every kernel's outputs are right, whatever axes of the batch the signal lacks; tiles hold all kernels."""
    rng = np.random.default_rng(5)
    signal, kernel = whole(rng, shape, dtype), whole(rng, taps, dtype)
    axes, known = tuple(range(-len(lengths), 0)), boundary if boundary != "constant" else "zero"
    plan = sigconv.plan(shape, taps, dtype, dtype, "same", "overlap-add", axes=axes, boundary=known)
    estimate = lane_tiles._estimate(plan.problem, PRIORS, lane_tiles._Blocks.of(plan.problem, PRIORS, lengths), None)
    result = dataclasses.replace(plan, estimate=estimate)(signal, kernel)
    batch = np.broadcast_shapes(taps[: -len(lengths)], shape[: -len(lengths)])
    wide = np.broadcast_to(signal, (*batch, *shape[-len(lengths) :]))
    kernels = np.broadcast_to(kernel, (*batch, *taps[-len(lengths) :]))
    for index in np.ndindex(batch):
        error = np.abs(result[index] - by_taps(wide[index], kernels[index], boundary)).max()
        assert error <= bound(signal, kernels[index], dtype), index
    assert kernels_in(estimate.settings.tile, plan.problem) == bank_of(plan.problem) > 1


@pytest.mark.parametrize("dtype", DTYPES)
def test_other_images_kernels_change_no_bit(dtype):
    """A kernel's outputs are the same whatever stands beside it, whoever works, in any layout of the result."""
    rng = np.random.default_rng(6)
    signal, kernel = whole(rng, (1, 200, 210), dtype), whole(rng, (3, 6, 5), dtype)
    plan = sigconv.plan(signal.shape, kernel.shape, dtype, dtype, "same", "overlap-add", axes=(1, 2))
    plan = dataclasses.replace(plan, estimate=lane_tiles.estimates(plan.problem, PRIORS, Limits())[0])
    expected, out = plan(signal, kernel, workers=1), np.full((3, 200, 420), 99, dtype)
    for other in (0, 1):
        beside = np.full_like(kernel, other)
        beside[1] = kernel[1]
        assert plan(signal, beside, workers=2)[1].tobytes() == expected[1].tobytes()
    plan(signal, kernel, out=out[:, :, 100:310])
    assert np.array_equal(out[:, :, 100:310], expected)
    out[:, :, 100:310] = 99
    assert (out == 99).all()


def test_memory_of_a_bank_of_images_is_foretold():
    """With one worker, beside the operands and the result."""
    signal, kernel = np.ones((1, 600, 500), "c8"), np.ones((8, 9, 9), "c8")
    plan = sigconv.plan(signal.shape, kernel.shape, "c8", "c8", "same", "overlap-add", axes=(1, 2))
    assert plan.estimate.settings.engine == "lanes"
    prepared, out = plan.prepare(kernel), np.empty((8, 600, 500), "c8")
    plan.apply(prepared, signal, out, workers=1)
    forget()
    assert peak_of(plan.apply, prepared, signal, out, workers=1) <= plan.estimate.worker_bytes
