"""Plans: the choice, how it explains itself, what a kept plan fixes; filters."""

import dataclasses
import os
import threading

import numpy as np
import pytest

import sigconv
from sigconv.engines.transforms import installed
from sigconv.methods.registry import serving
from sigconv.methods.tiles import count_tiles
from sigconv.planning.candidate import Asked, best, offers_of, price, threads
from sigconv.planning.cost import PRIORS
from sigconv.planning.plan import choose
from sigconv.semantics.describe import describe


def test_an_automatic_choice_is_explained():
    """The chosen method is the one with the least estimated time, and the others say by how much they lost."""
    plan = sigconv.plan(1_000_000, 1_000)
    seconds = {c.method: c.estimate.seconds for c in plan.candidates}
    assert plan.method == min(seconds, key=seconds.get)
    text = plan.explain()
    assert "chosen: the least estimated time" in text
    assert text.count(f"times the time of {plan.method}") == len(seconds) - 1
    assert "[0, 1000999)" in text
    assert "halo 999 + 999" in text


def test_a_forced_choice_is_explained():
    """A forced method is chosen whatever it costs, and says that it was forced."""
    plan = sigconv.plan(1_000_000, 1_000, method="direct")
    assert plan.method == "direct"
    assert plan.forced
    assert "chosen: forced by method=" in plan.explain()


def test_a_rejected_candidate_is_explained():
    """A method that can't serve is listed with its reason, and forcing it is an error with the same reason."""
    plan = sigconv.plan(100, 10, object)
    assert plan.method == "direct"
    assert plan.explain().count("can't serve: Python objects have no transform") == 2
    with pytest.raises(sigconv.ArgumentValueError, match="Python objects have no transform"):
        sigconv.plan(100, 10, object, method="fft")


def test_max_bytes_changes_the_choice_or_is_refused():
    """A limit on memory is honoured by smaller blocks or another method, or refused with the size that is needed."""
    free = sigconv.plan(1_000_000, 1_000, method="overlap-add")
    limited = sigconv.plan(1_000_000, 1_000, method="overlap-add", max_bytes=free.estimate.bytes // 4)
    assert limited.estimate.bytes <= free.estimate.bytes // 4
    assert "max_bytes is 1000000" in sigconv.plan(1_000_000, 1_000, max_bytes=1_000_000).explain()
    with pytest.raises(sigconv.ArgumentValueError, match=r"needs \d+ bytes of working memory, max_bytes is 1000"):
        sigconv.plan(1_000_000, 1_000, max_bytes=1000)


def test_an_engine_serves_where_our_own_transforms_take_too_much():
    """What a boundary's weights take beside the sums leaves no room for our own blocks, but some for an engine's."""
    signal, kernel, options = (62, 380), (8, 4), {"mode": "same", "boundary": "renormalize"}
    plan = sigconv.plan(signal, kernel, max_bytes=1_000_000, **options)
    assert plan.method == "overlap-add"
    assert plan.estimate.settings.engine != "lanes"
    assert plan.estimate.bytes <= 1_000_000


def test_max_bytes_counts_every_thread():
    """Fewer threads work where memory is limited, and the bits are the same."""
    free = sigconv.plan(1_000_000, 1_000, mode="same", method="overlap-add")
    tight = sigconv.plan(1_000_000, 1_000, mode="same", method="overlap-add", max_bytes=free.estimate.bytes + 1000)
    assert tight.estimate == free.estimate
    assert threads(free.problem, free.estimate, None, workers=4) > 1
    assert threads(tight.problem, tight.estimate, tight.max_bytes, workers=4) == 1


def test_every_shape_can_be_planned():
    """A seeded sweep of shapes, large powers of two among them, and dtypes: each gives a plan."""
    rng = np.random.default_rng(5)
    for _ in range(500):
        ndim = rng.integers(1, 5)
        shape = tuple(int(n) for n in rng.choice([1, 7, 64, 100, 128, 255, 256, 512, 1024, 4096], ndim))
        taps = tuple(int(n) for n in rng.choice([1, 3, 31, 64, 128, 257], ndim))
        dtype, mode, boundary = (
            rng.choice(c) for c in (["f4", "f8", "F", "D", "i4"], ["full", "same"], ["zero", "wrap"])
        )
        plan = sigconv.plan(shape, taps, str(dtype), mode=str(mode), boundary=str(boundary))
        assert plan.estimate.seconds > 0


def random_problem(rng):
    """Return a problem of one to three axes, of some dtype, mode and boundary, with or without strides."""
    ndim = rng.integers(1, 4)
    shape = tuple(int(n) for n in rng.choice([3, 20, 100, 300, 1000, 4096], ndim))
    taps = tuple(int(n) for n in rng.choice([1, 3, 20, 90, 700], ndim))
    names = ["f4", "f8", "D", "i2"], ["full", "same"], ["zero", "wrap", "edge"], ["normwise", "componentwise"]
    dtype, mode, boundary, accuracy = (str(rng.choice(c)) for c in names)
    options = {"boundary": boundary, "accuracy": accuracy, "stride": int(rng.choice([1, 1, 3]))}
    if rng.random() < 0.3:  # a kernel that all signals share, one for each, or a bank
        options |= {"axes": tuple(range(1, ndim + 1))}
        batch, kernels = ((8, 1), (8, 8), (1, 8))[rng.integers(3)]
        shape, taps = (batch, *shape), (kernels, *taps)
    return describe(shape, taps, np.dtype(dtype), np.dtype(dtype), mode=mode, **options)


def test_what_is_not_estimated_would_lose():
    """No estimate is below the time that a method takes at least, and the choice is the cheapest of all candidates."""
    rng = np.random.default_rng(7)
    for _ in range(300):
        problem = random_problem(rng)
        asked = Asked(None, PRIORS, frozenset() if rng.random() < 0.3 else None)
        plan = choose(problem, prices=PRIORS, ready=asked.ready)
        serving_ones = [c for c in plan.candidates if c.reason is None]
        assert plan.estimate in [c.estimate for c in serving_ones]
        assert price(plan.estimate, asked) <= min(price(c.estimate, asked) for c in serving_ones)
        for c in serving_ones:
            assert serving(c.method, problem).least_seconds(problem, PRIORS) <= c.estimate.seconds
            limit = c.estimate.seconds * rng.choice([0.5, 0.99, 1.01, 3])
            below = offers_of(serving(c.method, problem), problem, asked, limit)
            assert c.estimate.seconds >= limit or best(below, asked).estimate == c.estimate


def test_structures_that_surely_do_not_pay_are_not_estimated():
    """What a plan looks for in a kernel is what its table says it does."""
    rng, some = np.random.default_rng(8), 0
    for _ in range(300):
        plan = choose(random_problem(rng), prices=PRIORS)
        paying = [s.method for s in plan.structures if s.pays]
        assert [method for method, _ in plan._ways[:-1]] == paying
        some += bool(paying)
    assert 30 < some < 270


@pytest.mark.skipif(not installed("numba"), reason="numba, which compiles transforms of our own, is not installed")
def test_engines_that_are_surely_slower_are_left_out():
    """Where transforms of our own are loaded, and faster by the prices, blocks have no other engine; nor vice versa."""
    problem = sigconv.plan(100_000, 300, mode="same").problem
    slow = dataclasses.replace(PRIORS, block_rates={name: [1.0] * 11 for name in PRIORS.block_rates})

    def engines(ready, prices=PRIORS):
        asked = Asked(None, prices, ready)
        return {e.settings.engine for e in offers_of(serving("overlap-add", problem), problem, asked).estimates}

    assert engines(None) == engines(frozenset({"numba", "columns d"})) == {"lanes"}
    assert engines(frozenset()) > {"lanes", "numpy"}
    assert engines(None, slow) <= {"numpy", "scipy", "fftw"}


@pytest.mark.skipif(not installed("numba"), reason="numba, which compiles transforms of our own, is not installed")
def test_workers_share_a_tile_or_have_as_many_each():
    """Samples that are read in place are one tile, which two workers share; others are four tiles, a few are one."""

    def shares(samples, dtype):
        plan = sigconv.plan(samples, 300, dtype, float, mode="same", method="overlap-add")
        settings = plan.estimate.settings
        return count_tiles(plan.problem.shape, settings.tile), settings.steps

    assert shares(700_000, float) == (1, 2)
    assert shares(700_000, np.float32) == (4, 1)
    assert shares(5_000, float) == (1, 1)


def test_a_plan_is_an_immutable_value():
    """Equal questions give equal plans, which can't be changed."""
    plan = sigconv.plan((30, 40), (3, 3), mode="same", boundary="edge")
    assert plan == sigconv.plan((30, 40), (3, 3), mode="same", boundary="edge")
    assert hash(plan) == hash(sigconv.plan((30, 40), (3, 3), mode="same", boundary="edge"))
    with pytest.raises(dataclasses.FrozenInstanceError):
        plan.method = "fft"


def test_a_plan_prints_a_line():
    """`print(plan)` names method, question and time in a line."""
    line = str(sigconv.plan((30, 40), (3, 3), "int16", mode="same", boundary=("edge", "wrap")))
    assert "\n" not in line
    assert "convolve 30×40 int16 with 3×3 int16, same, edge/wrap" in line


def test_a_plan_computes():
    """A plan called with operands gives what the call gives, also with an `out` that is the kernel."""
    rng = np.random.default_rng(1)
    signal, kernel = rng.random((30, 40)), rng.random((3, 3))
    plan = sigconv.plan(signal.shape, kernel.shape, flip=False, conjugate=True)
    assert np.array_equal(plan(signal, kernel), sigconv.correlate(signal, kernel))
    square = rng.random(9)
    expected = sigconv.convolve(square, square, "same")
    assert np.array_equal(sigconv.convolve(square, square, "same", out=square), expected)


@pytest.mark.parametrize(
    ("signal", "kernel"),
    [(np.ones((4, 3)), np.ones(2)), (np.ones((3, 4)), np.ones(3)), (np.ones((3, 4), "f4"), np.ones(2))],
)
def test_a_plan_refuses_other_operands(signal, kernel):
    """Operands of another shape or dtype are refused."""
    plan = sigconv.plan((3, 4), 2, axes=1)
    assert plan(np.ones((3, 4)), np.ones(2)).shape == (3, 5)
    with pytest.raises(sigconv.ArgumentValueError, match="this plan is for"):
        plan(signal, kernel)


def test_circular_convolution_takes_the_signals_own_length():
    """`wrap`, `same` is one transform of the signal's own length, and ifft(fft·fft) with the first tap at 0."""
    signal, kernel = np.random.default_rng(2).random((2, 1000))
    plan = sigconv.plan(1000, 1000, mode="same", boundary="wrap", center=0, method="fft")
    assert plan.estimate.settings.lengths == (1000,)
    textbook = np.fft.ifft(np.fft.fft(signal) * np.fft.fft(kernel)).real
    allowed = 16 * 2**-53 * np.log2(1000) * np.linalg.norm(signal) * np.linalg.norm(kernel)
    assert np.abs(plan(signal, kernel) - textbook).max() <= 2 * allowed  # each of the two is within the bound


@pytest.mark.parametrize(("mode", "least"), [("full", 1000 + 300 - 1), ("same", 1000 + 150), ("valid", 1000)], ids=str)
def test_transforms_are_as_short_as_the_window_allows(mode, least):
    """The FFT's length is the next fast one to n + m − 1 for full, n + m//2 for same, n for valid."""
    (length,) = sigconv.plan(1000, 300, mode=mode, method="fft").estimate.settings.lengths
    assert least <= length <= 1.05 * least


def test_blocks_cut_every_axis():
    """Overlap-add cuts an image along both of its axes."""
    plan = sigconv.plan((2000, 3000), (31, 31), mode="same", method="overlap-add")
    rows, columns = plan.estimate.settings.lengths
    assert rows < 2000
    assert columns < 3000


def test_large_problems_take_the_compiled_engines():
    """Where they are installed, numba and FFTW serve large problems; elsewhere numpy and scipy do."""
    expected = {("direct", 1_000_000): ("numba", "numba", "numpy"), ("fft", 100_000): ("fftw", "pyfftw", "scipy")}
    for (method, size), (engine, module, instead) in expected.items():
        chosen = sigconv.plan(size, 1_000, method=method).estimate.settings.engine
        assert chosen == (engine if installed(module) else instead)


def test_a_filter_is_shared_between_threads():
    """Eight threads over signals of several kinds get what one gets, bit by bit."""
    rng = np.random.default_rng(3)
    smooth = sigconv.Filter(rng.random(50), boundary="reflect")
    signals = [rng.random(n).astype(dtype) for n in (100, 5_000, 70_000) for dtype in ("f4", "f8", "c16")]
    expected = [smooth(x) for x in signals]
    found = [[] for _ in range(8)]
    threads = [threading.Thread(target=lambda to=to: to.extend(smooth(x) for x in signals)) for to in found]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for results in found:
        assert all(np.array_equal(a, b) for a, b in zip(results, expected, strict=True))


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
@pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")
def test_a_forked_process_has_threads_of_its_own():
    """After several workers have computed, a fork computes with several workers, too."""
    signal, kernel = np.random.default_rng(4).random((2, 200_000))
    expected = sigconv.convolve(signal, kernel[:300], "same", "overlap-add", workers=2)
    child = os.fork()
    if child == 0:
        again = sigconv.convolve(signal, kernel[:300], "same", "overlap-add", workers=2)
        os._exit(0 if np.array_equal(again, expected) else 1)
    assert os.waitpid(child, 0)[1] == 0


def test_a_filter_explains_itself():
    """`Filter.explain` is the explanation of its plan for a signal."""
    smooth = sigconv.Filter(np.ones(50), boundary="reflect", method="fft")
    assert smooth.explain((1000,)) == smooth.plan((1000,)).explain()
    assert "reflect" in smooth.explain((1000,))
    assert smooth.plan((1000,)).method == "fft"


@pytest.mark.parametrize("method", sigconv.methods())
def test_a_prepared_kernel_is_kept(method):
    """Changing the kernel after it was prepared changes nothing."""
    plan = sigconv.plan(50, 3, mode="same", method=method)
    kernel, signal = np.array([1.0, 2.0, 3.0]), np.arange(50.0)
    prepared = plan.prepare(kernel)
    expected = plan(signal, kernel)
    kernel[:] = 0
    assert np.array_equal(plan.apply(prepared, signal), expected)


def test_workers_come_from_the_environment(monkeypatch):
    """SIGCONV_NUM_THREADS caps the workers, else OMP_NUM_THREADS does; what is no number does not."""
    from sigconv.methods.workers import available_workers

    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    monkeypatch.delenv("SIGCONV_NUM_THREADS", raising=False)
    cpus = available_workers(None)
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    assert available_workers(None) == 1
    monkeypatch.setenv("SIGCONV_NUM_THREADS", str(cpus + 7))
    assert available_workers(None) == cpus
    monkeypatch.setenv("SIGCONV_NUM_THREADS", "many")
    monkeypatch.delenv("OMP_NUM_THREADS")
    assert available_workers(None) == cpus
    assert available_workers(3) == 3


def test_a_plan_draws_itself(tmp_path):
    """A bar for each candidate that serves, with its estimated time and memory; a line for one that can't."""
    pytest.importorskip("matplotlib", reason="plots need matplotlib, the extra `plot`")
    planned = sigconv.plan((600, 512), (31, 31), np.float32, mode="same")
    axes = planned.plot(tmp_path / "p.png")
    assert (tmp_path / "p.png").read_bytes().startswith(b"\x89PNG")
    names = [label.get_text().partition("\n")[0] for label in axes[0, 0].get_yticklabels()]
    assert names[: len(sigconv.methods())] == list(sigconv.methods())
    estimates = [candidate.estimate for candidate in planned.candidates]
    for ax, figures in zip(axes[0], ([e.seconds for e in estimates], [e.bytes for e in estimates]), strict=True):
        assert [bar.get_width() for bar in ax.patches][: len(figures)] == figures
    objects = sigconv.plan(5, 3, object).plot()
    assert len(objects[0, 0].patches) == 1
    assert "fft can't serve" in objects[0, 0].figure.get_suptitle()
