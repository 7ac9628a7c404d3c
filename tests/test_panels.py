"""Transforms in panels, forced on tiny problems: the same sweeps as for all methods, workers, progress, memory."""

import numpy as np
import pytest
import test_matrix as matrix
from strategies import BOUNDARIES, DTYPES, LINEAR, MODES, samples

import sigconv
from sigconv.engines import lengths
from sigconv.methods import fft, panels
from sigconv.planning import known, plan

pytest.importorskip("numba", reason="panels are transformed by compiled loops")
from sigconv.engines import panel_butterflies
from sigconv.engines.panel_columns import columns


def forget():
    """Plan anew."""
    known.forget()
    plan._choose.cache_clear()


SHAPES = [  # signal, kernel, axes
    ((1000,), (333,), None),
    ((777,), (777,), None),
    ((61, 45), (13, 20), None),
    ((3, 200), (3, 50), (1,)),
    ((9, 20, 17), (4, 7, 5), None),
    ((2, 9, 20, 17), (4, 7, 5), (1, 2, 3)),
    ((5, 6, 7, 8), (2, 3, 2, 3), None),
]


@pytest.fixture(autouse=True)
def filled(monkeypatch):
    """Have panels chosen whenever they can serve, and list the tiles that they fill."""
    priced, fill, calls = panels.estimate, panels.fill, []
    monkeypatch.setattr(fft, "PANELS_FROM", 0)
    free = {"seconds": 0.0, "needs": frozenset()}
    monkeypatch.setattr(panels, "estimate", lambda *asked: priced(*asked)._replace(**free))
    monkeypatch.setattr(panels, "fill", lambda *work: (calls.append(work[3]), fill(*work)))
    forget()
    yield calls
    forget()


# --- the sweeps of all methods ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("boundary", LINEAR)
@pytest.mark.parametrize("mode", MODES)
def test_every_window(mode, boundary, filled):
    """All pairs of lengths, orientations, centres, strides and dilations of the sweep stay within the bound."""
    wrong = []
    for signal, kernel, options, _ in matrix.swept(mode, boundary)[::2]:
        wrong += matrix.faults("fft", signal.astype(float), kernel, mode, **options)
    assert not wrong, f"{len(wrong)} wrong:\n" + "\n".join(wrong[: matrix.SHOWN])
    assert len(filled) > 100


@pytest.mark.parametrize("mode", MODES)
def test_every_renormalised_window(mode):
    """So do the renormalised sums."""
    matrix.test_every_renormalised_window("fft", mode)


@pytest.mark.parametrize("dtype", [d for d in DTYPES if np.dtype(d).kind in "fc"])
def test_every_dtype(dtype):
    """Every pair of dtypes with every pair of options."""
    matrix.test_every_dtype("fft", dtype)


@pytest.mark.parametrize("row", matrix.rows_of(matrix.SIZES_2D) + matrix.rows_of(matrix.SIZES_3D))
def test_more_axes(row):
    """Every pair of options of two and three axes."""
    matrix.test_more_axes("fft", row)


@pytest.mark.parametrize("row", matrix.broadcast_cases())
def test_axes_and_broadcasting(row):
    """Batches in any position."""
    matrix.test_axes_and_broadcasting("fft", row)


# --- larger ones, beside exact integers ------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", ["f4", "f8", "c8", "c16"])
@pytest.mark.parametrize("boundary", ["zero", *BOUNDARIES[2:4]])
@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(("shape", "kernel_shape", "axes"), SHAPES)
def test_odd_sizes(shape, kernel_shape, axes, mode, boundary, dtype, filled):
    """Integers in floats come out as the exact sums, when they are rounded."""
    if boundary == "renormalize":
        pytest.skip("a weighted sum is no integer; the sweeps hold it to its bound")
    rng = np.random.default_rng(3)
    signal, kernel = rng.integers(-3, 4, shape), rng.integers(-3, 4, kernel_shape)
    options = {"axes": axes, "boundary": boundary}
    exact = sigconv.convolve(signal, kernel, mode, "direct", **options)
    got = sigconv.convolve(signal.astype(dtype), kernel.astype(dtype), mode, "fft", **options)
    assert got.dtype == np.dtype(dtype)
    np.testing.assert_array_equal(np.rint(got), exact)
    assert filled


@pytest.mark.parametrize("dtype", ["f4", "c16"])
@pytest.mark.parametrize(("shape", "kernel_shape", "axes"), SHAPES)
def test_workers_do_not_change_a_bit(shape, kernel_shape, axes, dtype):
    """One worker, two and three give the same bytes; so does a prepared kernel."""
    rng = matrix.rng_of("panels", shape, dtype)
    signal, kernel = samples(rng, dtype, shape), samples(rng, dtype, kernel_shape)
    options = {"axes": axes, "boundary": "edge"}
    one, two, three = (sigconv.convolve(signal, kernel, "same", "fft", workers=n, **options) for n in (1, 2, 3))
    assert one.tobytes() == two.tobytes() == three.tobytes()
    kept = sigconv.Filter(kernel, "same", method="fft", **options)
    assert kept(signal).tobytes() == kept(signal).tobytes() == one.tobytes()


def test_results_go_where_they_are_wanted():
    """A strided `out`, one of another dtype, one that is the signal, and a stride along a folded axis."""
    rng = matrix.rng_of("out panels")
    signal, kernel = samples(rng, "float64", (60, 50)), samples(rng, "float64", (20, 30))
    plain = sigconv.convolve(signal, kernel, "same", "fft")
    for out in (np.zeros((60, 100))[:, ::2], np.zeros((60, 50), complex)):
        assert sigconv.convolve(signal, kernel, "same", "fft", out=out) is out
        np.testing.assert_array_equal(out, plain)
    over = signal.copy()
    np.testing.assert_array_equal(sigconv.convolve(over, kernel, "same", "fft", out=over), plain)
    line = samples(rng, "float64", (500,))
    every = sigconv.convolve(line, line[:100], "full", "fft")
    np.testing.assert_array_equal(sigconv.convolve(line, line[:100], "full", "fft", stride=7), every[::7])


def test_what_is_not_finite_stays_silent():
    """Inf and NaN raise no warning, in no thread."""
    signal = np.full((40, 40), np.inf)
    assert not np.isfinite(sigconv.convolve(signal, np.full((9, 9), np.nan), "same", "fft", workers=2)).any()


def test_progress_counts_all_steps():
    """Progress goes up by one to the number of steps, whoever does them, also where nothing is to be done."""
    for kernel in (np.ones((9, 9)), np.ones((3, 9, 9))):
        plan = sigconv.plan((3, 40, 40), kernel.shape, axes=(1, 2), method="fft")
        for workers in (1, 2):
            told = []
            plan.apply(
                plan.prepare(kernel),
                np.ones((3, 40, 40)),
                workers=workers,
                progress=lambda *t, told=told: told.append(t),
            )
            total = 3 * plan.estimate.settings.steps
            assert told == [(i + 1, total) for i in range(total)]


def test_the_plan_says_panels(monkeypatch):
    """`explain` names them, for exact integers too; small transforms and longdouble do without."""
    for dtype in (float, int):
        assert "engine panels" in sigconv.plan((1000,), (333,), dtype, method="fft").explain()
    assert "panels" not in sigconv.plan((1000,), (333,), np.longdouble, method="fft").explain()
    monkeypatch.setattr(fft, "PANELS_FROM", 1 << 18)
    forget()
    assert "panels" not in sigconv.plan((1000,), (333,), method="fft").explain()


# --- the transforms --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", ["c8", "c16"])
@pytest.mark.parametrize("length", [1, 2, 3, 4, 5, 6, 8, 12, 15, 25, 32, 60, 75, 96, 128, 250, 256, 1080])
def test_columns_are_transformed_there_and_back(length, dtype):
    """Rows hold the sums over the samples in the order that is said, and come back times the length."""
    rng, of = np.random.default_rng(length), columns(length, np.dtype(dtype))
    data = (rng.standard_normal((length, 37)) + 1j * rng.standard_normal((length, 37))).astype(dtype)
    held = of.empty(37)
    of.forward(data, 37, held, slice(0, of.count(37)))
    order = panel_butterflies.column_order(length)
    wave = np.exp(-2j * np.pi / length * (np.multiply.outer(order, np.arange(length)) % length))
    limit = 16 * np.finfo(dtype).eps * np.log2(2 * length) * np.linalg.norm(data, axis=0).max()
    assert np.abs(held.transpose(1, 0, 2).reshape(length, -1)[:, :37] - wave @ data).max() <= limit
    back = np.empty_like(data)
    of.backward(held, slice(0, of.count(37)), back, 37, (0, 1, 0))
    assert np.abs(back / length - data).max() <= limit


def test_lengths_for_panels():
    """The next products of 2, 3 and 5; a folded axis is hardly longer than it must be."""
    smooth = sorted({2**a * 3**b * 5**c for a in range(12) for b in range(8) for c in range(6)})
    for n in range(1, 2000):
        assert lengths.column_length(n) == next(m for m in smooth if m >= n)
    for n in [*range(1, 300), 10**5 + 1, 10**6, 12_345_678]:
        rows, row = lengths.fold_length(n)
        assert n <= rows * row <= (1.05 if n > 10**5 else 1.25) * n + 1
        assert rows <= 3 * row


@pytest.mark.parametrize("bad", [np.nan, np.inf])
@pytest.mark.parametrize(("shape", "taps"), [((300,), (7,)), ((24, 30), (3, 5)), ((9, 10, 11), (3, 1, 3))])
@pytest.mark.parametrize("dtype", ["f4", "f8", "c16"])
def test_bad_samples_cost_their_windows_alone(shape, taps, dtype, bad, filled):
    """Wherever one stands, it is noticed, and only the outputs whose windows hold it are lost."""
    plan = sigconv.plan(shape, taps, dtype, mode="same", method="fft")
    prepared = plan.prepare(np.ones(taps, dtype))
    for place in np.random.default_rng(0).choice(np.prod(shape), 60, replace=False):
        signal = np.ones(shape, dtype)
        signal.flat[place] = bad
        lost = sigconv.convolve(~np.isfinite(signal), np.ones(taps, bool), "same", "direct") > 0
        assert np.array_equal(~np.isfinite(plan.apply(prepared, signal)), lost)
    assert filled
