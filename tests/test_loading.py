"""What is loaded is part of the choice: calls wait until loading pays, plans and filters don't; from prices alone."""

import os
from dataclasses import replace
from math import ceil

import numpy as np
import pytest

import sigconv
from sigconv import api
from sigconv.engines.transforms import installed
from sigconv.planning import known, loading
from sigconv.planning import plan as planning
from sigconv.planning.cost import PRIORS
from sigconv.planning.loading import Loaded, Wait, load_seconds
from sigconv.planning.plan import choose
from sigconv.semantics.describe import describe

NOTHING: frozenset[str] = frozenset()
compiled = pytest.mark.skipif(not installed("numba"), reason="numba, which is to be loaded, is not installed")


@pytest.fixture
def process(monkeypatch):
    """A process that has loaded nothing and planned nothing."""
    fresh = Loaded()
    monkeypatch.setattr(loading, "_IMPORTS", {})
    monkeypatch.setattr(known, "plans", {})
    planning._choose.cache_clear()  # plans note what they load when they first do
    for module in (api, known, planning):
        monkeypatch.setattr(module, "PROCESS", fresh)
    return fresh


@pytest.fixture
def on_disk(monkeypatch):
    """Compiled loops are on the disk, whatever this machine has done before."""
    monkeypatch.setattr(loading, "on_disk", lambda module: True)


def problem_of(signal, kernel, dtype):
    """Return the problem of a full convolution."""
    return describe((signal,), (kernel,), np.dtype(dtype), np.dtype(dtype))


@compiled
def test_loading_is_paid_where_it_pays(on_disk):
    """A call takes the loops that cost the least with what they load; to a plan, loading is free."""
    problem, needs = problem_of(1_000_000, 30, "f4"), {"numba", "at_once f"}
    quick, slow = (dict.fromkeys(PRIORS.load_seconds, s) for s in (1e-6, 10.0))
    engines = {
        (s, ready): choose(problem, "direct", prices=p, ready=ready).estimate.settings.engine
        for s, p in (("quick", replace(PRIORS, load_seconds=quick)), ("slow", replace(PRIORS, load_seconds=slow)))
        for ready in (NOTHING, frozenset(needs), None)
    }
    expected = dict.fromkeys(engines, "numba") | {("slow", NOTHING): "numpy"}
    assert engines == expected


@compiled
def test_what_is_not_on_the_disk_must_be_compiled(monkeypatch):
    """The price of loops is that of loading them or of compiling them; of an import it is the same."""
    monkeypatch.setattr(loading, "on_disk", lambda module: module == "packing")
    prices = replace(
        PRIORS,
        load_seconds={"numba": 1.0, "loops": 0.25, "packing": 0.5},
        compile_seconds={"loops": 4.0, "packing": 8.0},
    )
    assert load_seconds(["numba", "loops d", "packing f"], prices) == 1.0 + 4.0 + 0.5
    waits = [loading.patience(component, prices) for component in ("numba", "loops d", "packing f")]
    assert waits == pytest.approx([1.0 / 400, 4.0 / 50, 0.5 / 400])


@pytest.mark.parametrize("own_folder", [True, False])
def test_the_disk_is_looked_at_where_numba_keeps_its_loops(tmp_path, monkeypatch, own_folder):
    """Beside the module, or in a folder of the folder that NUMBA_CACHE_DIR names; nothing of an older module."""
    monkeypatch.setattr(loading, "_ENGINES", tmp_path)
    monkeypatch.delenv("NUMBA_CACHE_DIR", raising=False)
    for name in ("loops", "packing", "rows"):
        (tmp_path / f"{name}.py").touch()
    folder = tmp_path
    if own_folder:
        monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path))
        folder = tmp_path / "engines_1234"
        folder.mkdir()
    for name in ("loops", "rows"):
        (folder / f"{name}.sum-1.py311.nbi").touch()
    newer = (folder / "rows.sum-1.py311.nbi").stat().st_mtime + 10  # as after an upgrade
    os.utime(tmp_path / "rows.py", (newer, newer))
    loading.on_disk.cache_clear()
    assert [loading.on_disk(name) for name in ("loops", "packing", "rows")] == [True, False, False]
    loading.on_disk.cache_clear()


def test_a_component_is_loaded_when_its_price_is_lost():
    """Losses are shared among what is missing in proportion to the prices, and add up over calls of all kinds."""
    process = Loaded()
    both = Wait(1.0, (("numba", 3.0), ("fftw", 1.0)))
    for _ in range(3):
        process.lose(both)
    assert process.ready == NOTHING
    process.lose(Wait(0.25, (("fftw", 1.0),)))
    assert process.ready == {"fftw"}
    process.lose(both)
    assert process.ready == {"fftw", "numba"}


def test_what_other_libraries_import_is_loaded(monkeypatch):
    """scipy.fft costs nothing once somebody has imported it."""
    monkeypatch.setattr(loading, "_IMPORTS", {"scipy": "sys", "fftw": "no_such_module"})
    assert Loaded().refresh() == {"scipy"}


@compiled
def test_short_calls_load_once_it_pays(process, on_disk):
    """Calls take NumPy's loops until they have lost the price of numba; then they take numba's."""
    signal, kernel = np.ones(48_000, "f4"), np.ones(32, "f4")
    wait = choose(problem_of(48_000, 32, "f4"), ready=NOTHING).wait
    assert {component for component, _ in wait.prices} == {"numba", "at_once f"}
    needed = ceil(sum(price for _, price in wait.prices) / wait.seconds)
    for _ in range(needed - 1):
        process.lose(wait)
    assert process.ready == NOTHING
    sigconv.convolve(signal, kernel)
    assert process.ready == {"numba", "at_once f"}
    key = next(iter(known.plans))
    assert known.plans[key].estimate.settings.engine == "numpy"
    assert sigconv.convolve(signal, kernel)[100] == 32
    assert [plan.estimate.settings.engine for plan in known.plans.values()] == ["numpy", "numba"]


@compiled
def test_plans_and_filters_load_at_once(process):
    """They are made for many calls; and what they load, calls take too."""
    plan = sigconv.plan(48_000, 32, "f4", method="direct")
    assert plan.estimate.settings.engine == "numba"
    assert plan.wait is None
    assert process.ready == NOTHING  # nothing is loaded before it is used
    sigconv.Filter(np.ones(32, "f4"), "full", method="direct")(np.ones(48_000, "f4"))
    assert process.ready == plan.estimate.needs
    sigconv.convolve(np.ones(48_000, "f4"), np.ones(32, "f4"))
    assert [kept.estimate for kept in known.plans.values()] == [plan.estimate] * 2


@compiled
def test_a_named_method_does_the_same_each_time(process):
    """It loads what it needs at once, so that its bits are those of the plan, in every call."""
    sigconv.convolve(np.ones(48_000, "f4"), np.ones(32, "f4"), method="direct")
    (plan,) = known.plans.values()
    assert plan == sigconv.plan(48_000, 32, "f4", method="direct")
    assert process.ready == {"numba", "at_once f"}


@compiled
def test_nothing_is_loaded_for_next_to_nothing():
    """Where numba's loops would save less than a microsecond, a plan does without them."""
    engines = [sigconv.plan(n, 3, method="direct").estimate.settings.engine for n in (10, 100_000)]
    assert engines == ["numpy", "numba"]


def test_a_call_that_nothing_would_speed_up_loses_nothing(process):
    """A tiny call takes NumPy's loop whatever is loaded."""
    sigconv.convolve(np.ones(8), np.ones(3))
    (plan,) = known.plans.values()
    assert plan.wait is None
    assert plan.estimate == sigconv.plan(8, 3).estimate
