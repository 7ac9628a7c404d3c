"""What estimates are made of: the prices follow what takes long, whatever the machine."""

import dataclasses

import numpy as np
import pytest

import sigconv
from sigconv.engines.transforms import installed
from sigconv.methods import engine_blocks, lane_tiles, panels
from sigconv.methods.direct import Direct
from sigconv.methods.direct_tiles import conv_steps
from sigconv.methods.engine_blocks import _cut, _least_seconds, _ways, _work, block_lengths
from sigconv.methods.overlap_add import OverlapAdd
from sigconv.methods.protocol import Limits
from sigconv.planning.cost import PRIORS
from sigconv.planning.plan import choose

pytestmark = pytest.mark.skipif(not installed("numba"), reason="numba, whose loops are priced, is not installed")

EVERYTHING = frozenset({"numba", *(f"{name} {dtype}" for name in ("loops", "at_once") for dtype in "fdFD")})


def seconds(shape, taps, dtype):
    """Return what direct sums take by compiled loops."""
    estimates = Direct().estimates(sigconv.plan(shape, taps, dtype, mode="valid").problem, PRIORS, Limits())
    return next(e.seconds for e in estimates if e.settings.engine == "numba")


@pytest.mark.parametrize(("dtype", "lanes"), [("f4", 16), ("f8", 8), ("c8", 8), ("c16", 4)])
def test_a_row_of_one_output_takes_a_whole_vector(dtype, lanes):
    """Compiled loops sum whole vectors: one column takes as long as those that fill a vector."""
    narrow, full, wider = (seconds((400, 400, n), (9, 9, 20), dtype) for n in (20, 19 + lanes, 20 + lanes))
    assert narrow == pytest.approx(full, rel=0.05)
    assert wider == pytest.approx(2 * full, rel=0.05)


def test_cut_axes_have_whole_fours_of_rows():
    """The loops sum four rows together, so that no tile has a few rows more; the last tile has what is left."""
    rng, cut = np.random.default_rng(3), 0
    for _ in range(300):
        shape = tuple(int(n) for n in rng.integers(20, 200, 3))
        problem = sigconv.plan(shape, (3, 5, 7), mode="same").problem
        steps = conv_steps(problem, int(rng.integers(1 << 10, 1 << 18)))
        for step, axis in zip(steps[:-1], problem.axes, strict=False):
            assert step % 4 == 0 or step == axis.count or step < 4
            assert step >= min(8, axis.count) or step < 4  # four rows at a time are the slower ones
            cut += 4 <= step < axis.count
    assert cut > 100


def test_two_workers_share_a_result_where_that_is_faster():
    """What two workers begin in turn is one tile where Python takes long, and two where it takes no time."""
    problem = sigconv.plan((100, 100), (32, 32), "i2", mode="same", boundary="reflect").problem

    def by_loops(tile, limits):
        prices = dataclasses.replace(PRIORS, workers=2, tile=tile, wake=0.0)
        return next(e for e in Direct().estimates(problem, prices, limits) if e.settings.engine == "numba")

    shared, alone = by_loops(0.0, Limits()), by_loops(2e-4, Limits())
    assert (shared.settings.tile, alone.settings.tile) == ((52, 100), (100, 100))
    limited = by_loops(2e-4, Limits(max_bytes=shared.bytes))
    assert (limited.settings.tile, limited.bytes) == ((52, 100), shared.bytes)


@pytest.mark.parametrize("signal", ["f4", "f8"])
def test_tiles_stay_small_however_little_a_sum_is(signal):
    """Where one tile may be faster than two, it is no larger than tiles are anyway; no result takes no tile's time."""
    problem = sigconv.plan(5_000_000, 3, signal, "f8", boundary="reflect").problem
    assert all(e.settings.tile[0] <= 1 << 19 for e in Direct().estimates(problem, PRIORS, Limits()))
    nothing = sigconv.plan((0, 100), (1, 3), signal, "f8", axes=1, boundary="reflect").problem
    assert all(e.seconds >= 0 for e in Direct().estimates(nothing, PRIORS, Limits()))


@pytest.mark.parametrize("ndim", [1, 2])
def test_a_result_in_one_go_spares_python(ndim):
    """Operands of one dtype take half of the Python around a spectrum, and at most half of that around a tile."""
    prices = dataclasses.replace(PRIORS, workers=1, spectrum=1.0, tile=100.0)
    shape, taps, found = (20_000, 200)[ndim - 1], (500, 20)[ndim - 1], []
    for dtype in ("f4", "f8"):
        problem = sigconv.plan((shape,) * ndim, (taps,) * ndim, dtype, "f8", mode="same").problem
        own = next(e for e in OverlapAdd().estimates(problem, prices, Limits()) if e.settings.engine == "lanes")
        assert OverlapAdd().least_seconds(problem, prices) <= own.seconds
        found.append(own.seconds)
    mixed, alike = found
    assert mixed == pytest.approx(101 * ndim, rel=0.01)
    assert alike == pytest.approx((0.5, 51)[ndim - 1], rel=0.03)


def test_small_integers_take_lines_of_floats():
    """Integers whose sums floats hold cost what floats do, and their conversion, even where loops are loaded."""
    problem = sigconv.plan((26, 22), (4, 12), "i2").problem
    plan = choose(problem, prices=PRIORS, ready=EVERYTHING)
    assert (plan.method, plan.estimate.settings.engine) == ("direct", "numpy")


def test_small_calls_take_the_loops_that_are_loaded():
    """A short complex call takes compiled loops where they are there, and else what it loses is known."""
    problem = sigconv.plan(228, 6, "c8").problem
    engines = {r: choose(problem, prices=PRIORS, ready=r) for r in (frozenset(), EVERYTHING)}
    assert [p.estimate.settings.engine for p in engines.values()] == ["numpy", "numba"]
    assert [p.wait is None for p in engines.values()] == [False, True]


def test_planes_that_collide_are_dearer():
    """Blocks of many planes that lie a power of two apart take longer than others of as many samples."""
    dtype = np.dtype("D")
    collide, apart = (lane_tiles._seconds(PRIORS, dtype, lengths) for lengths in ((128, 32, 32), (64, 64, 32)))
    assert collide > 1.2 * apart


def test_planes_take_python_that_workers_do_not_share():
    """With ever so many workers, a transform of three axes takes the Python of its planes."""
    many = dataclasses.replace(PRIORS, workers=1000)
    problem = sigconv.plan((150, 150, 150), (40, 40, 40), "c16").problem
    planes = panels.estimate(problem, PRIORS).settings.lengths[0]
    assert panels.estimate(problem, many).seconds > planes * PRIORS.tile


@pytest.mark.skipif(not installed("pyfftw"), reason="pyfftw, which is loaded in place of NumPy, is not installed")
def test_a_first_volume_is_not_left_to_numpy():
    """NumPy's transforms of three short axes take so long that a first call loads something faster; of two, less so."""
    volume = sigconv.plan((256,) * 3, (5,) * 3, "f4", mode="same").problem
    image = sigconv.plan((1024, 1024), (31, 31), "f4", mode="same").problem
    first = [choose(problem, "overlap-add", None, PRIORS, frozenset()).estimate for problem in (volume, image)]
    assert [e.settings.engine == "numpy" for e in first] == [False, True]


@pytest.mark.skipif(not installed("numba"), reason="numba, which compiles transforms of our own, is not installed")
def test_the_best_blocks_are_among_the_first(monkeypatch):
    """Of blocks of several axes few are priced, and hardly ever would another one take less time."""
    rng, worse = np.random.default_rng(6), 0
    for _ in range(100):
        shape = tuple(int(n) for n in rng.integers(20, 150, 3))
        problem = sigconv.plan(shape, tuple(int(n) for n in rng.integers(1, 25, 3)), mode="same").problem
        with monkeypatch.context() as changed:
            few = min(e.seconds for e in lane_tiles.estimates(problem, PRIORS, Limits()))
            changed.setattr(lane_tiles, "_LOOKED_AT", 1000)
            every = min(e.seconds for e in lane_tiles.estimates(problem, PRIORS, Limits()))
        assert every <= few
        worse += few > 1.02 * every
    assert worse <= 5


def test_blocks_that_are_not_priced_would_lose():
    """No block of an engine takes less than what is known of it before it is priced."""
    rng, looked_at = np.random.default_rng(4), 0
    for _ in range(200):
        ndim = rng.integers(1, 4)
        shape = tuple(int(n) for n in rng.integers(20, (100_000, 900, 150)[ndim - 1], ndim))
        taps = tuple(int(n) for n in rng.integers(2, 60, ndim))
        options = {"mode": "same", "stride": int(rng.choice([1, 1, 2])), "boundary": str(rng.choice(["zero", "wrap"]))}
        problem = sigconv.plan(shape, taps, str(rng.choice(["f4", "f8", "F", "D"])), **options).problem
        for lengths in block_lengths(problem):
            cuts = _cut(problem, lengths)
            work = _work(problem, PRIORS, cuts, 1 << 17)
            for way in _ways(problem, work.settings.paired):
                assert _least_seconds(problem, PRIORS, cuts) <= work.seconds(PRIORS, *way)
                looked_at += 1
    assert looked_at > 1000
    assert not engine_blocks.estimates(problem, PRIORS, Limits(below=1e-6))
