"""`compare`: exact outputs, SciPy's witness, the table, the dict, the plot; memory."""

import json
import subprocess
from dataclasses import replace
from fractions import Fraction

import numpy as np
import oracle
import pytest

import sigconv
from sigconv.semantics.describe import describe
from sigconv.study import compare as study
from sigconv.study.exact import exact_outputs, seeded_outputs
from sigconv.study.peak import peak_bytes
from sigconv.study.witness import scipy_result
from sigconv.text import columns, duration, size

BOUNDARIES = ["zero", "constant", "edge", "symmetric", "reflect", "wrap", "renormalize"]


def described(signal, kernel, **options):
    """Return the problem of two arrays."""
    return describe(signal.shape, kernel.shape, signal.dtype, kernel.dtype, **options)


@pytest.mark.parametrize("boundary", BOUNDARIES)
@pytest.mark.parametrize("dtype", ["f8", "f4", "c16", "i4", "g"])
def test_exact_outputs_are_exact(boundary, dtype):
    """Every output is the oracle's exact value, rounded once (a few times where it is renormalised)."""
    rng = np.random.default_rng(0)
    signal, kernel = rng.integers(1, 1 << 20, (2, 5)), rng.integers(1, 1 << 20, (2, 3))
    if dtype != "i4":
        signal, kernel = signal / 7, kernel / 3
    if dtype == "c16":
        signal, kernel = signal + 1j * signal[:, ::-1], kernel - 2j * kernel[:, ::-1]
    signal, kernel = signal.astype(dtype), kernel.astype(dtype)
    options = {"mode": "same", "boundary": (boundary, "edge"), "flip": False, "conjugate": True, "dilation": (1, 2)}
    options |= {"fill_value": 3} if boundary == "constant" else {}
    problem = described(signal, kernel, **options)
    found = exact_outputs(problem, signal, kernel, np.ndindex(problem.shape))
    exact = oracle.slide(signal, kernel, **options)
    unit = 2.0**-63 if dtype == "g" else 2.0**-52
    for value, true in zip(found, exact.reshape(-1), strict=True):
        parts = [(value.real, true.re), (value.imag, true.im)] if dtype == "c16" else [(value, true)]
        for got, expected in parts:
            distance = abs(Fraction(*got.as_integer_ratio()) - Fraction(expected))
            assert distance <= (0 if dtype == "i4" and boundary != "renormalize" else 4 * unit * abs(true))


@pytest.mark.parametrize("boundary", BOUNDARIES)
def test_the_witness_agrees(boundary):
    """SciPy on padded data gives what we give, within what its transforms may lose."""
    rng = np.random.default_rng(1)
    signal, kernel = rng.integers(1, 9, (3, 20)).astype(float), rng.integers(1, 9, (3, 1, 5)).astype(float)
    options = {"mode": "full", "axes": -1, "boundary": boundary, "stride": 2, "dilation": 2}
    options |= {"fill_value": 4} if boundary == "constant" else {}
    result = sigconv.convolve(signal, kernel, **options)
    witness = scipy_result(described(signal, kernel, **options), signal, kernel)
    assert witness.shape == result.shape == (3, 3, 14)
    norms = np.linalg.norm(signal) * np.linalg.norm(kernel) * 40  # renormalising: five taps of 1 to 8
    assert np.abs(witness - result).max() <= 2 * 16 * 2**-53 * 8 * norms


def test_seeded_outputs():
    """Few outputs are all taken; of many the first, the last, and the same sample every time."""
    assert seeded_outputs((2, 2), 9) == [(0, 0), (0, 1), (1, 0), (1, 1)]
    many = seeded_outputs((100, 100), 50)
    assert many == seeded_outputs((100, 100), 50)
    assert {(0, 0), (99, 99)} <= set(many)
    assert len(set(many)) == len(many) <= 50


def test_compare_measures_every_method():
    """A row for each method: times, memory, errors within the bound; a table and a dict that say the same."""
    rng = np.random.default_rng(2)
    told = []
    result = sigconv.compare(
        rng.random((40, 50)), rng.random((5, 5)), boundary="reflect", repeats=1, progress=lambda *a: told.append(a)
    )
    assert [row.method for row in result.rows] == list(sigconv.methods())
    transforms = max(row.bound for row in result.rows)
    for row in result.rows:
        assert row.holds
        assert row.seconds > 0
        assert row.peak_bytes >= 40 * 50 * 8
        assert row.difference <= row.bound + transforms  # SciPy's own distance is at most that of a transform
        assert not row.extrapolated
    text = result.table()
    assert "All methods agree" in text
    assert f"auto takes {result.plan.method}" in text
    assert all(method in text for method in sigconv.methods())
    document = json.loads(json.dumps(result.as_dict()))
    assert [m["method"] for m in document["methods"]] == list(sigconv.methods())
    assert all(m["within_bound"] for m in document["methods"])
    assert told[0][0] == 0
    assert told[-1][0] == told[-1][1]


def test_compare_extrapolates_long_direct_sums(monkeypatch):
    """Direct sums over the limit are computed on a part, marked so, and still held against the exact values."""
    monkeypatch.setattr(study, "LONGEST", 1e-6)
    monkeypatch.setattr(study, "_PART", 2e-5)
    rng = np.random.default_rng(3)
    signal, kernel = rng.random(5_000), rng.random(301)
    for options in ({"boundary": "wrap"}, {"mode": "full", "operator": "correlate", "stride": 2}):
        result = sigconv.compare(signal, kernel, repeats=1, **options)
        direct, *others = result.rows
        assert direct.extrapolated
        assert direct.holds
        assert direct.difference <= direct.bound + others[0].bound
        assert not any(row.extrapolated for row in others)
        assert "extrapolated" in result.table()


def test_compare_sees_a_wrong_method(monkeypatch):
    """A method with a wrong output is found out: the check can fail."""
    from sigconv.methods.registry import METHODS

    fft = METHODS["fft"]
    original = fft.fill

    def wrong(*args):
        original(*args)
        args[-2][...] += 1e-9  # the outputs

    monkeypatch.setattr(fft, "fill", wrong)
    result = sigconv.compare(np.random.default_rng(4).random(50), np.ones(5), repeats=1)
    assert [row.holds for row in result.rows] == [True, False, True]
    assert "NOT all methods agree" in result.table()


def test_compare_allows_float16_its_rounding():
    """Results of float16 may be off by half a unit of float16, and SciPy's by no more of uint8 than of float64."""
    result = sigconv.compare(np.ones(2000, "f2"), np.ones(101, "f2") / 101, repeats=1, boundary="renormalize")
    assert all(row.holds for row in result.rows)
    bytes_ = np.random.default_rng(7).integers(0, 255, 500).astype("u1")
    result = sigconv.compare(bytes_, np.full(9, 1 / 9), repeats=1)
    assert all(row.difference <= 2 * max(r.bound for r in result.rows) for row in result.rows)


def test_compare_says_when_memory_can_not_be_measured(monkeypatch):
    """A child process that fails is an error in words."""
    failed = subprocess.CompletedProcess([], 1, stdout="", stderr="Traceback\nMemoryError\n")
    monkeypatch.setattr("subprocess.run", lambda *args, **options: failed)
    with pytest.raises(sigconv.SigconvError, match="measures memory failed: MemoryError"):
        sigconv.compare([1.0, 2.0], [1.0], repeats=1)


def test_compare_integers_are_exact():
    """On integers the error and what is allowed are both zero."""
    rng = np.random.default_rng(5)
    result = sigconv.compare(rng.integers(-99, 99, 500), rng.integers(-99, 99, 50), repeats=1)
    assert all(row.error == row.bound == 0 for row in result.rows)


@pytest.mark.parametrize(
    ("arguments", "fragment"),
    [
        ({"operator": "multiply"}, "convolve or correlate"),
        ({"signal": [1.0, np.inf]}, r"signal is not finite at index \(1,\)"),
        ({"repeats": 0}, "at least 1"),
        ({"methods": ["quick"]}, "overlap-add"),
        ({"boundary": "mirror"}, "reflect"),
    ],
)
def test_compare_refuses(arguments, fragment):
    """Bad arguments are refused in words."""
    with pytest.raises(sigconv.SigconvError, match=fragment):
        sigconv.compare(**({"signal": [1.0, 2.0], "kernel": [1.0]} | arguments))


def test_compare_plots(tmp_path):
    """Of one axis and of two: times, both curves with the crossover, and errors beside what is allowed."""
    pytest.importorskip("matplotlib", reason="plots need matplotlib, the extra `plot`")
    for shape in ((60,), (30, 40)):
        path = tmp_path / f"{len(shape)}.png"
        found = sigconv.compare(np.random.default_rng(6).random(shape), np.ones((3,) * len(shape)), repeats=1)
        axes = found.plot(path)
        assert path.read_bytes().startswith(b"\x89PNG")
        assert axes.shape == (2, 3)
        times, curves, errors = axes[1]
        assert [bar.get_width() for bar in times.patches] == [row.seconds * 1e3 for row in found.rows]
        assert curves.lines[0].get_xdata().tolist() == list(found.crossover.lengths)
        assert curves.lines[1].get_ydata().tolist() == [1e3 * t for t in found.crossover.frequency]
        dots, bars = (errors.collections[i::2] for i in (0, 1))
        assert [bar.get_offsets()[0][0] for bar in bars] == [row.bound for row in found.rows]
        drawn = [dot.get_offsets()[0][0] for dot in dots]
        assert all(x == row.error for x, row in zip(drawn, found.rows, strict=True) if row.error)


def test_the_plot_marks_the_crossover_and_exact_results():
    """A dotted line where the curves cross; a word instead of a logarithm of 0; a word where there are no curves."""
    pytest.importorskip("matplotlib", reason="plots need matplotlib, the extra `plot`")
    found = sigconv.compare(np.arange(50), np.ones(3, int), repeats=1)
    crossing = replace(found.crossover, lengths=(2, 4), direct=(1.0, 4.0), frequency=(2.0, 2.0), taps=2.83)
    axes = replace(found, crossover=crossing).plot()
    assert axes[1, 1].lines[-1].get_xdata() == [2.83, 2.83]
    assert axes[1, 2].get_title() == "every output is exact"
    short = sigconv.compare([1.0], [1.0], repeats=1, methods=["direct"]).plot()
    assert "too short" in short[1, 1].get_title()


def test_the_samples_are_real_data():
    """The recording and the photograph that matplotlib ships are there, with kernels that fit them."""
    pytest.importorskip("matplotlib", reason="matplotlib ships the data, the extra `plot`")
    pytest.importorskip("PIL", reason="Pillow reads the photograph, the extra `image`")
    (_, eeg, _, low_pass, _), (_, photo, _, gaussian, _) = study.samples()
    assert eeg.shape == (4, 800)
    assert low_pass.shape == (101,)
    assert photo.shape == (600, 512)
    assert gaussian.shape == (31, 31)
    assert 0 <= photo.min() < photo.max() <= 255


def test_overlap_add_is_bounded_by_its_blocks():
    """Beside the result, overlap-add takes the same memory for a signal of any length: some blocks."""
    kernel = np.ones(1000, np.float32)
    extra = []
    for n in (4_000_000, 16_000_000):
        signal = np.ones(n, np.float32)
        arguments = {"mode": "same", "method": "overlap-add", "flip": True, "conjugate": False, "axes": [0]}
        extra.append(peak_bytes(signal, kernel, arguments) - signal.nbytes)
    assert max(extra) < 64e6, extra


@pytest.mark.parametrize("dtype", ["f4", "f2", ">f8", "i2"])
def test_the_memory_of_direct_sums_is_that_of_the_result_and_some_tiles(dtype):
    """Large direct sums, compiled where that is possible, take a few MB beside the result, whatever is read."""
    signal, kernel = np.ones(1_000_000).astype(dtype), np.ones(10).astype(dtype)
    problem = described(signal, kernel)
    arguments = {"mode": "full", "method": "direct", "flip": True, "conjugate": False, "axes": [0]}
    result = problem.result_dtype.itemsize * problem.shape[0]
    assert result <= peak_bytes(signal, kernel, arguments) < result + 64e6


@pytest.mark.full
def test_overlap_add_on_a_large_signal():
    """A 400 MB signal with 1,000 taps: operands, result and working memory together stay under 1.2 GB."""
    signal, kernel = np.ones(100_000_000, np.float32), np.ones(1000, np.float32)
    arguments = {"mode": "same", "method": "overlap-add", "flip": True, "conjugate": False, "axes": [0]}
    assert signal.nbytes + peak_bytes(signal, kernel, arguments) < 1.2e9


def test_figures_and_tables():
    """Times and sizes have three figures and a unit that suits; columns are aligned."""
    assert [duration(s) for s in (2.5, 0.25, 3.2e-5, 1e-9)] == ["2.5 s", "250 ms", "32 µs", "0.001 µs"]
    assert [size(n) for n in (0, 999, 1000, 12_345_678)] == ["0 B", "999 B", "1 kB", "12.3 MB"]
    assert columns([("a", "bb"), ("ccc", "d")], right=[1]) == ["a    bb", "ccc   d"]
