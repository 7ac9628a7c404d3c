"""Stored prices: those of this machine are used, all others are left alone with one warning, and results stay right."""

import json
import subprocess
import sys
import threading
import warnings
from dataclasses import asdict, replace

import numpy as np
import pytest

import sigconv
from sigconv.engines.transforms import installed
from sigconv.planning import known, stored
from sigconv.planning.cost import PRIORS
from sigconv.study import calibrate as study
from sigconv.study import own_prices, reference, timings

compiled = pytest.mark.skipif(not installed("numba"), reason="numba, which compiles the loops, is not installed")


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """An empty cache folder; nothing has been read yet."""
    monkeypatch.setenv("SIGCONV_CACHE_DIR", str(tmp_path))
    before = stored.current()
    stored.use(None)
    yield tmp_path
    stored.use(before)
    known.forget()


def dear_transforms():
    """Return prices by which direct sums are always cheapest."""
    rates = {name: dict.fromkeys(table, (1.0, 1.0, 1.0)) for name, table in PRIORS.transform_rates.items()}
    blocks = {dtype: (1.0,) * len(table) for dtype, table in PRIORS.block_rates.items()}
    return replace(PRIORS, source="calibrated", transform_rates=rates, block_rates=blocks)


def test_stored_prices_decide(folder, monkeypatch):
    """Another process' prices are read at the first plan; a filter keeps to those that it was made with."""
    smooth = sigconv.Filter(np.ones(5_000))
    assert smooth.plan((100_000,)).method != "direct"
    study.store(dear_transforms(), folder / "prices.json")
    stored.use(None)
    plan = sigconv.plan(99_999, 5_000)
    assert plan.method == "direct"
    assert "time (calibrated)" in plan.explain()
    assert smooth.plan((100_000,)).method != "direct"


def test_without_a_file_the_priors_serve(folder):
    """And nothing is written."""
    assert stored.current() is PRIORS
    assert "time (priors)" in sigconv.plan(100, 10).explain()
    assert not list(folder.iterdir())


def broken():
    """Return files that can't be used, each with a word of the reason."""
    good = stored.document(PRIORS)
    less = {name: price for name, price in good["prices"].items() if name != "call"}
    yield "empty", b"", "damaged"
    yield "cut", json.dumps(good).encode()[:-20], "damaged"
    yield "no JSON", b"prices", "damaged"
    yield "binary", bytes(range(256)), "damaged"
    yield "nested", b"[" * 5000, "damaged"
    yield "endless", b"1" * 100_000, "damaged"
    yield "a list", b"[1, 2]", "format"
    yield "of the future", json.dumps(good | {"format": stored.FORMAT + 1}).encode(), "format"
    yield "no machine", json.dumps(good | {"machine": 5}).encode(), "another machine"
    yield "foreign", json.dumps(good | {"machine": good["machine"] | {"cpu": "6502"}}).encode(), "cpu 6502 instead of"
    yield (
        "other numpy",
        json.dumps(good | {"machine": good["machine"] | {"numpy": "0.1"}}).encode(),
        "numpy 0.1 instead",
    )
    yield "no prices", json.dumps(good | {"prices": []}).encode(), "prices"
    yield "less", json.dumps(good | {"prices": less}).encode(), "prices"
    yield "more", json.dumps(good | {"prices": good["prices"] | {"new": 1.0}}).encode(), "prices"
    for number in (0, -1.0, "1", True, [1.0], None, float("nan"), float("inf")):
        text = json.dumps(good | {"prices": good["prices"] | {"call": number}})
        yield f"call {number!r}", text.encode(), "prices|damaged"


@pytest.mark.parametrize(("content", "reason"), [pytest.param(*rest, id=name) for name, *rest in broken()])
def test_what_cannot_be_used_is_left_alone(folder, content, reason):
    """One warning says why, the priors serve, the result is right, and the file stays as it is."""
    path = folder / "prices.json"
    path.write_bytes(content)
    with pytest.warns(RuntimeWarning, match=rf"(?s)prices\.json are not used: .*({reason})") as caught:
        assert stored.current() is PRIORS
    assert len(caught) == 1
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert sigconv.convolve([1, 2], [3, 4]).tolist() == [3, 10, 8]
        assert sigconv.plan(77, 7).prices == "priors"
    assert path.read_bytes() == content


def test_a_folder_in_the_place_of_the_file_is_left_alone(folder):
    """It can't be read, and can't be replaced."""
    (folder / "prices.json").mkdir()
    with pytest.warns(RuntimeWarning, match="can't be read"):
        assert stored.current() is PRIORS


def numbers_of(value):
    """Yield all numbers of nested tables."""
    for part in value.values() if isinstance(value, dict) else value if isinstance(value, (list, tuple)) else ():
        yield from numbers_of(part)
    if isinstance(value, float):
        yield value


@pytest.mark.parametrize("factor", [1.0, 1.2, 2.0, 0.1])
def test_prices_change_as_what_is_measured_does(factor):
    """The reference machine keeps the shipped prices, noise or not; another one's are as many times higher or lower."""
    expected = 1.0 if factor == 1.2 else factor
    found = {name: scaled(table, factor) for name, table in reference.MEASURED.items()}
    for name, table in reference.refined(found).items():
        shipped = part_of(getattr(PRIORS, name), found[name])
        assert list(numbers_of(table)) == pytest.approx([expected * n for n in numbers_of(shipped)]), name


def test_small_differences_from_most_rates_are_noise():
    """On a machine of half the speed nearly half is half, of times twice; what differs by more stays as measured."""
    found = {
        name: scaled(table, 0.5 if name in reference._RATES else 2.0) for name, table in reference.MEASURED.items()
    }
    found["product_rates"]["numba"]["f"] *= 1.2
    found["product_rates"]["numba"]["d"] *= 1.5
    found["tile"] *= 0.85
    prices = reference.refined(found)
    assert prices["product_rates"]["numba"]["f"] == 0.5 * PRIORS.product_rates["numba"]["f"]
    assert prices["product_rates"]["numba"]["d"] == pytest.approx(0.75 * PRIORS.product_rates["numba"]["d"])
    assert prices["tile"] == 2 * PRIORS.tile


def test_one_length_of_blocks_alone_is_noise():
    """A rate that is far from those of the lengths beside it changes as theirs; those of cache levels stand alone."""
    shipped, found = PRIORS.block_rates["F"], list(reference.MEASURED["block_rates"]["F"])
    found[4] *= 3
    fftw = reference.MEASURED["transform_rates"]["fftw"]["f"]
    levels = [3 * fftw[0], *fftw[1:]]
    prices = reference.refined({"block_rates": {"F": found}, "transform_rates": {"fftw": {"f": levels}}})
    assert prices["block_rates"]["F"] == list(shipped)
    assert prices["transform_rates"]["fftw"]["f"][0] == pytest.approx(3 * PRIORS.transform_rates["fftw"]["f"][0])


def test_the_better_of_two_rounds_counts():
    """Of rates the higher one, of times the shorter one, and of what was not measured the shipped price."""
    assert reference.better("dots", {"f": 1.0, "d": 4.0}, {"f": 2.0, "d": 3.0}) == {"f": 1.0, "d": 3.0}
    assert reference.better("block_rates", {"F": [1.0, 4.0]}, {"F": [2.0, 3.0]}) == {"F": (2.0, 4.0)}
    assert reference.completed({"dots": {"f": 1.0}})["dots"] == {**PRIORS.dots, "f": 1.0}


def scaled(table, factor):
    """Return nested tables of numbers, times a factor."""
    if isinstance(table, dict):
        return {name: scaled(part, factor) for name, part in table.items()}
    return [scaled(part, factor) for part in table] if isinstance(table, tuple) else factor * table


def part_of(whole, like):
    """Return the entries of nested tables that others have."""
    return {name: part_of(whole[name], part) for name, part in like.items()} if isinstance(like, dict) else whole


def test_what_has_no_reference_stays_as_it_was_measured():
    """Times of loading, the number of workers, and rates of dtypes that are not measured."""
    found = {"workers": 3, "dots": {"O": 5.0}, "load_seconds": {"fftw": 2.0}}
    assert reference.refined(found) == found


def test_what_is_stored_is_read_as_it_was(folder):
    """Every number, in its place."""
    study.store(PRIORS, folder / "prices.json")
    read = stored.load(folder / "prices.json")
    assert json.loads(json.dumps(asdict(read))) == json.loads(json.dumps(asdict(PRIORS)))


def test_concurrent_writers_leave_a_whole_file(folder):
    """Eight threads store two versions: one of them is there, whole, and nothing beside it."""
    path, versions = folder / "prices.json", (PRIORS, dear_transforms())
    threads = [threading.Thread(target=study.store, args=(versions[i % 2], path)) for i in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert stored.load(path).source in {"priors", "calibrated"}
    assert [file.name for file in folder.iterdir()] == ["prices.json"]


def test_a_folder_that_cannot_be_made_is_an_error_before_any_measuring(folder, monkeypatch):
    """And the prices in use stay."""
    (folder / "file").write_text("")
    monkeypatch.setenv("SIGCONV_CACHE_DIR", str(folder / "file" / "below"))
    monkeypatch.setattr(study, "measured", lambda progress: pytest.fail("measured"))
    with pytest.raises(OSError, match="below"):
        sigconv.calibrate()
    assert stored.current() is PRIORS


def test_a_calibration_counts_at_once(folder, monkeypatch):
    """It is stored, used from the next call on, and known calls are planned again; a kept plan stays."""
    kept = sigconv.plan(100_000, 5_000)
    monkeypatch.setattr(study, "measured", lambda progress: dear_transforms())
    assert sigconv.calibrate() == folder / "prices.json"
    assert kept.method != "direct"
    assert sigconv.plan(100_000, 5_000).method == "direct"


def test_everything_is_measured(monkeypatch):
    """All prices are there, positive, of this machine, and the steps are told."""
    monkeypatch.setattr(timings, "_SECONDS", 1e-6)
    monkeypatch.setattr(study, "refined", dict)  # as measured, not beside the reference
    told = []
    found = study.measured(lambda done, total, label: told.append((done, total, label)))
    assert stored._alike(json.loads(json.dumps(asdict(found))), asdict(PRIORS))
    assert found.source == "calibrated"
    assert [done for done, _, _ in told] == list(range(told[0][1] + 1))
    if installed("numba"):
        assert same_numbers(found, PRIORS) <= KEPT_PRIORS


# What the engine that is installed takes the place of.
UNUSED = ("scipy",) if installed("pyfftw") else ("fftw", "fftw axes")
# What takes long to measure, or what nobody waits for: compiling, and numbers that Python adds up.
KEPT_PRIORS = {
    *(f"product_rates {loops} {dtype}" for loops in PRIORS.product_rates for dtype in "gGO"),
    *(f"dots {dtype}" for dtype in "gGO"),
    *(f"transform_rates scipy {dtype}" for dtype in "gG"),
    *(f"transform_rates {engine} {dtype}" for engine in UNUSED for dtype in "fdFD"),
    f"batch {UNUSED[0]}",
    f"load_seconds {UNUSED[0]}",
}


def same_numbers(prices, others):
    """Return the names of the prices that are the same."""
    mine, theirs = asdict(prices), asdict(others)
    same = set()
    for name, value in mine.items():
        for key, inner in value.items() if isinstance(value, dict) and name != "compile_seconds" else ():
            if isinstance(inner, dict):
                same |= {f"{name} {key} {d}" for d, number in inner.items() if number == theirs[name][key][d]}
            elif inner == theirs[name][key]:
                same.add(f"{name} {key}")
    return same


@compiled
def test_only_what_had_to_be_compiled_is_timed(monkeypatch):
    """Loops that the disk holds are loaded, which is no time of compiling; loops of layers have no price for it."""
    times = {}
    monkeypatch.setattr(own_prices, "on_disk", lambda name: name != "packing")
    own_prices.compiled("loops", "d", times)
    assert not times
    monkeypatch.setattr(own_prices, "on_disk", lambda name: False)
    own_prices.compiled("channels", "d", times)
    own_prices.compiled("packing", "d", times)
    assert times.keys() == {"packing"}
    assert times["packing"] > 0


@compiled
def test_the_progress_says_what_is_compiled(monkeypatch):
    """And what is only loaded; the rest is another process's, if it must be compiled."""
    monkeypatch.setattr(study, "on_disk", lambda name: False)
    assert "second process" in study._compiling()[0][0]
    monkeypatch.setattr(study, "on_disk", lambda name: True)
    assert not [label for label, _ in study._compiling() if "process" in label]
    monkeypatch.setattr(study, "on_disk", lambda name: name not in ("at_once", "blocks"))
    first, *labels, last = (label for label, _ in study._compiling())
    assert "second process" in first
    assert "second process" in last
    elsewhere = [name for name, _ in own_prices.COMPONENTS if name in own_prices.ELSEWHERE]
    assert len(labels) + len(elsewhere) == len(own_prices.COMPONENTS)
    dtypes = "float64", "float32", "complex128", "complex64"
    assert [label for label in labels if "compiling" in label] == [f"compiling at once of {dtype}" for dtype in dtypes]


def test_the_command_calibrates(folder, monkeypatch):
    """`sigconv calibrate` writes the file and says where; `sigconv info` says that it is used."""
    monkeypatch.setattr(study, "measured", lambda progress: dear_transforms())
    from typer.testing import CliRunner

    from sigconv.cli.commands import app

    done = CliRunner().invoke(app, ["calibrate"])
    assert done.exit_code == 0
    assert "prices.json" in done.output
    assert "calibrated" in CliRunner().invoke(app, ["info"]).output


def test_the_import_reads_nothing(folder):
    """A file that can't be used is only noticed by the first plan."""
    (folder / "prices.json").write_text("damaged")
    command = [sys.executable, "-W", "error", "-c", "import sigconv"]
    assert subprocess.run(command, capture_output=True, check=False).returncode == 0
    command[-1] = "import sigconv; sigconv.plan(9, 3)"
    assert b"RuntimeWarning" in subprocess.run(command, capture_output=True, check=False).stderr
