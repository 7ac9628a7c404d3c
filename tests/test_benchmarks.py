"""The benchmarks: they start, compare outputs before anything is timed, and reckon as by hand."""

import json
import subprocess
import sys
from functools import partial
from pathlib import Path
from time import sleep

import numpy as np
import pytest

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))  # a package beside this folder, which `pytest` alone does not find

import sigconv  # noqa: E402
from benchmarks import clean, planning  # noqa: E402
from benchmarks.libraries.common import no_layers  # noqa: E402
from benchmarks.peers import Peer, named  # noqa: E402
from benchmarks.points import Layer, Point, grid  # noqa: E402
from benchmarks.regret import regret, variants  # noqa: E402
from benchmarks.report import Report, figures, geometric_mean_by_kind, page, remarks, write  # noqa: E402
from benchmarks.timing import Entry, Result, measure, race  # noqa: E402

TINY = Point("tiny", (8,), (3,), mode="full")


def result(kind, ours, **peers):
    """Return a result with these times."""
    entries = [Entry("sigconv", ours), *(Entry(name, seconds) for name, seconds in peers.items())]
    return Result(Point(kind, (9,), (2,), label=str(ours)), 2, entries)


def peer(name, call):
    """Return a peer that does what it is told."""
    return Peer(name, "numpy", no_layers, lambda point, threads: call, lambda point: 0.0)


def test_it_runs_as_a_process(tmp_path):
    """Two tiny points beside the installed peers: valid JSON, a table, and no library wrong."""
    chosen = ["--kind", "tiny", "--match", "32_8", "16x16", "--rounds", "1", "--no-first", "--regret"]
    command = [sys.executable, "-m", "benchmarks", *chosen, "--json", str(tmp_path / "found.json")]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, encoding="utf-8", timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "times as fast as the best peer" in done.stdout
    found = json.loads((tmp_path / "found.json").read_text(encoding="utf-8"))
    assert [p["name"] for p in found["results"]] == ["32_8_f64_full", "16x16_3x3_f64_full"]
    assert found["versions"]["numpy"] == np.__version__
    assert found["regret"]["points"] == 2
    for point in found["results"]:
        times = {e["peer"]: e["seconds"] for e in point["entries"]}
        assert min(times["sigconv"], times["scipy.signal.convolve"]) > 0
        assert all(e["seconds"] or e["left_out"] for e in point["entries"])


def test_a_wrong_peer_is_reported_and_not_timed():
    """Outputs are held against sigconv's: another shape, wrong numbers and a failure are errors, rounding is not."""
    right = peer("right", lambda x, k: np.convolve(x, k) * (1 + 1e-15))
    wrong = peer("wrong", lambda x, k: np.convolve(x, k) + 1e-9)
    short = peer("short", lambda x, k: np.convolve(x, k, "same"))
    failing = peer("failing", lambda x, k: 1 / 0)
    found = measure(TINY, [*named(["sigconv"]), right, wrong, short, failing], threads=1, rounds=1, limit=1.0)
    entries = {e.peer: e for e in found.entries}
    assert entries["sigconv"].seconds > 0
    assert entries["right"].seconds > 0
    assert "differs: by up to 1.00e-09" in entries["wrong"].error
    assert "shape (8,), not (10,)" in entries["short"].error
    assert "ZeroDivisionError" in entries["failing"].error
    assert [entries[name].seconds for name in ("wrong", "short", "failing")] == [None] * 3
    assert sum(line.startswith("ERROR") for line in remarks([found])) == 3


def test_exact_results_must_be_exact():
    """An integer that is off by one is an error."""
    off = peer("off", lambda x, k: np.convolve(x.astype(int), k.astype(int)) + np.eye(1, 10, dtype=int)[0])
    point = Point("exact", (8,), (3,), "int16", "full")
    found = measure(point, [*named(["sigconv"]), off], threads=1, rounds=1, limit=1.0)
    assert found.entries[1].error == "differs: by up to 1, not exact"


def test_hopeless_and_absent_peers_are_left_out_with_the_reason():
    """Nobody is called who would take too long, is not installed, or does other work."""
    slow = Peer("slow", "numpy", no_layers, pytest.fail, lambda point: 99.0)
    absent = Peer("absent", "no_such_module", no_layers, pytest.fail, lambda point: 0.0)
    found = measure(TINY, [*named(["sigconv"]), slow, absent], threads=1, rounds=1, limit=20.0)
    assert [e.left_out for e in found.entries] == [None, "too slow: about 99 s", "not installed"]
    assert remarks([found]) == [
        "not installed: absent",
        "left out, slow: tiny 8_3_f64_full (slow: about 99 s)",
    ]
    assert slow.refuses(Point("layers", (1, 2, 4), (3, 2, 3), convolved=1, layer=Layer(1, 1)), 200.0)


def test_a_race_without_runners_is_no_error():
    """A point may have nobody to serve it; and the first runner is timed in all rounds, however slow."""
    assert race({}, 2) == {}
    times = race({"ours": lambda: sleep(0.02), "quick": lambda: None, "slow": lambda: sleep(0.02)}, 2)
    assert [len(times[name]) for name in ("ours", "quick", "slow")] == [3, 3, 1]


def test_a_call_of_seconds_is_not_called_to_settle():
    """Who is known to take seconds has one call a round; who takes none is called until it has settled, too."""
    counts = {"slow": 0, "quick": 0}

    def call(name):
        counts[name] += 1

    race({name: partial(call, name) for name in counts}, 2, known={"slow": 3.0, "quick": 0.02})
    assert counts["slow"] == 2 < counts["quick"]


def test_planning_is_timed(monkeypatch):
    """Every kind of problem has a time when it is new, and one when it is known."""
    monkeypatch.setattr(planning, "_WARM_UP", 0)
    monkeypatch.setattr(planning, "_REPEATS", 1)
    new, known = planning.measured(rounds=1)
    assert new.keys() == known.keys() == {case.kind for case in planning.cases(planning.Random(0))}
    assert all(min(times) > 0 for times in (*new.values(), *known.values()))


def test_means_weigh_kinds_the_same():
    """By hand: √(1·4) = 2 in one kind, 8 in the other; √(2·8) = 4."""
    assert geometric_mean_by_kind({"a": [1.0, 4.0], "b": [8.0]}) == pytest.approx(4.0)
    assert geometric_mean_by_kind({"a": [0.5, 0.5, 0.5], "b": [2.0], "none": []}) == pytest.approx(1.0)


def test_the_figures_of_a_run():
    """By hand: ratios 1/2 and 2 in one kind, 1/4 in another; sigconv is √(1·4) = 2 times as fast."""
    found = figures(
        [
            result("a", 1.0, numpy=2.0, torch=3.0),
            result("a", 2.0, numpy=2.5, torch=1.0),
            result("b", 1.0, torch=4.0),
        ]
    )
    assert found["times as fast as the best peer"] == pytest.approx(2.0)
    assert found["times as fast as numpy and scipy"] == pytest.approx(2.5**0.5)
    assert found["share of points at least as fast"] == pytest.approx(2 / 3)
    assert (found["worst ratio"], found["worst point"]) == (2.0, "a 9_2_f64_2.0")


def test_tiny_calls_are_judged_beside_scipy_signal():
    """numpy's own call is no measure for them; half of scipy.signal's time is."""
    names = {"numpy": 1.0, "scipy.signal.convolve": 8.0}
    assert figures([result("tiny", 4.0, **names)])["share of points at least as fast"] == 1
    assert figures([result("tiny", 4.1, **names)])["share of points at least as fast"] == 0


def test_points_that_sigconv_cannot_serve_do_not_count():
    """They are named, and have no part in the means."""
    unserved = result("layers", None, torch=1.0)
    unserved.ours.left_out = "not served yet: mixes channels"
    assert figures([unserved]) == {}
    assert remarks([unserved]) == ["layers 9_2_f64_None: not served yet: mixes channels"]


def test_the_grid_is_well_named():
    """No two points of a kind have the same name, and operands have the shapes they say."""
    points = grid()
    assert len({(p.kind, p.name) for p in points}) == len(points)
    signal, kernel = next(p for p in points if p.kind == "audio").operands()
    assert (signal.shape, kernel.shape) == ((2000,), (64,))
    assert np.array_equal(signal, points[4].operands()[0])


def test_regret_sweeps_settings():
    """Beside the forced methods there are other engines and blocks, all of the same result."""
    point = Point("audio", (30_000,), (300,), boundary="reflect")
    plans = dict(variants(point))
    assert {"auto", "auto again"} < set(plans)
    assert any("blocks of" in name for name in plans)
    operands = point.operands()
    expected = plans["auto"](*operands)
    for name, plan in plans.items():
        assert np.allclose(plan(*operands), expected, rtol=0, atol=1e-9), name
    found = regret(Point("tiny", (30,), (5,)), threads=1, rounds=1)
    assert found.ratio >= 1
    assert found.noise >= 1


@pytest.mark.parametrize("method", ["fft", "overlap-add"])
def test_without_the_checks_nothing_is_looked_at(method):
    """What the benchmark compares with are calls in which a number that is not finite spreads."""
    x, h = np.ones(3_000), np.ones(30)
    x[0] = np.inf
    with clean.unchecked():
        assert np.isnan(sigconv.convolve(x, h, method=method)).any()
    assert np.isinf(sigconv.convolve(x, h, method=method)).nonzero()[0].tolist() == list(range(30))


def test_what_clean_data_pay_is_measured():
    """Every method is measured, as a call and as a filter; what is above the limit is counted."""
    rows = list(clean.measure([((50,), (5,))], ["float32"], seconds=0.001))
    assert [row.way for row in rows[:3]] == ["auto", "auto, Filter", "direct"]
    assert len(rows) == 2 * (1 + len(sigconv.methods()))
    assert all(row.seconds > 0 for row in rows)
    lines = clean.table([clean.Row("a", "fft", 1e-3, 0.031), clean.Row("a", "direct", 2e-3, -0.001)])
    assert lines[1].split() == ["a", "fft", "1", "ms", "+3.1", "%"]
    assert lines[-1] == "1 of 2 above 3 %."


def test_the_page_is_written_whole_or_not_at_all(tmp_path):
    """A page has date, versions and figures; what stands there stays when writing fails."""
    target = tmp_path / "RESULTS.md"
    write(target, page(Report([result("a", 1.0, numpy=2.0)], rounds=3)))
    written = target.read_text(encoding="utf-8")
    assert "- date: 20" in written
    assert f"numpy {np.__version__}" in written
    assert "| a | 9_2_f64_1.0 | 1 s | 2 s | numpy | 0.50 |" in written
    with pytest.raises(UnicodeEncodeError):
        write(target, "\ud800")
    assert target.read_text(encoding="utf-8") == written
    assert list(tmp_path.iterdir()) == [target]
