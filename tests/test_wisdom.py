"""Measured FFTW plans: asked for by the environment, kept for the next process, and left alone where they don't fit."""

import json
import os
import subprocess
import sys
import warnings

import numpy as np
import pytest

import sigconv
from sigconv.engines import machine
from sigconv.engines.transforms import fft_engine, lease

pytest.importorskip("pyfftw", reason="FFTW comes with pyfftw")
import pyfftw

from sigconv.engines import transforms, wisdom

PLAN = """
import numpy as np, sys
from sigconv.engines.transforms import fft_engine
for length in map(int, sys.argv[1:]):
    fft_engine("fftw").forward((length,), (0,), np.dtype("f8"))
"""


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """An empty cache folder, an FFTW that knows nothing, and the wish to measure."""
    monkeypatch.setenv("SIGCONV_CACHE_DIR", str(tmp_path))
    monkeypatch.setenv("SIGCONV_FFTW_EFFORT", "measure")
    known = pyfftw.export_wisdom()
    forget(monkeypatch)
    yield tmp_path
    pyfftw.forget_wisdom()
    pyfftw.import_wisdom(known)


def forget(monkeypatch):
    """Do as a new process does."""
    pyfftw.forget_wisdom()
    monkeypatch.setattr(fft_module(), "WISDOM", wisdom._Wisdom())
    monkeypatch.setattr(transforms, "_pool", transforms._Pool())


def fft_module():
    """Return the module of the engine."""
    return sys.modules[type(fft_engine("fftw")).__module__]


def plan_forward(length):
    """Plan a transform as the engine does."""
    return fft_engine("fftw").forward((length,), (0,), np.dtype("f8"))


def is_known(length):
    """Return whether FFTW has measured a transform."""
    samples, spectrum = pyfftw.empty_aligned(length, "f8"), pyfftw.empty_aligned(length // 2 + 1, "c16")
    try:
        pyfftw.FFTW(samples, spectrum, flags=("FFTW_MEASURE", "FFTW_DESTROY_INPUT", "FFTW_WISDOM_ONLY"))
    except RuntimeError:
        return False
    return True


def planned_elsewhere(*lengths):
    """Start a process that plans transforms."""
    return subprocess.Popen([sys.executable, "-c", PLAN, *map(str, lengths)], env=dict(os.environ))


def test_what_was_measured_serves_the_next_process(folder, monkeypatch):
    """It is stored when it was measured, and read when the first plan is made."""
    plan_forward(96)
    assert [file.name for file in folder.iterdir()] == ["fftw.json"]
    forget(monkeypatch)
    assert not is_known(96)
    plan_forward(60)
    assert is_known(96)
    assert is_known(60)


def test_what_others_store_in_the_meantime_is_kept(folder, monkeypatch):
    """A process adds what it has measured to what is there."""
    plan_forward(96)
    assert planned_elsewhere(60).wait() == 0
    plan_forward(36)
    forget(monkeypatch)
    plan_forward(36)
    assert all(map(is_known, (96, 60, 36)))


def test_an_estimate_stores_nothing(folder, monkeypatch):
    """Without the wish nothing is measured, read or written."""
    monkeypatch.delenv("SIGCONV_FFTW_EFFORT")
    (folder / "fftw.json").write_text("damaged")
    plan_forward(96)
    assert not is_known(96)
    assert (folder / "fftw.json").read_text() == "damaged"


@pytest.mark.parametrize("effort", ["measure", "patient"])
def test_measured_transforms_are_right(folder, monkeypatch, effort):
    """Sums of integers come out when they are rounded, and the same plan gives the same bits."""
    monkeypatch.setenv("SIGCONV_FFTW_EFFORT", effort)
    rng = np.random.default_rng(0)
    signal, kernel = rng.integers(-9, 10, 700), rng.integers(-9, 10, 150)
    exact = np.convolve(signal, kernel)
    results = []
    for _ in range(2):
        with lease("fftw", "forward", (900,), (0,), np.dtype("f8")) as there:
            spectra = []
            for data in (signal, kernel):
                there.input[:] = 0
                there.input[: data.size] = data
                spectra.append(there.run().copy())
        with lease("fftw", "inverse", (900,), (0,), np.dtype("f8")) as back:
            np.multiply(*spectra, out=back.input)
            results.append(back.run()[: exact.size] / 900)
        transforms._pool = transforms._Pool()
    assert np.array_equal(np.rint(results[0]), exact)
    assert results[0].tobytes() == results[1].tobytes()


def broken():
    """Return files that can't be used, each with a word of the reason."""
    good = {"format": wisdom.FORMAT, "machine": wisdom.machine(), "wisdom": ["", "", ""]}
    yield "empty", b"", "damaged"
    yield "cut", json.dumps(good).encode()[:-9], "damaged"
    yield "binary", bytes(range(256)), "damaged"
    yield "nested", b"[" * 100_000, "damaged"
    yield "a list", b"[1]", "format"
    yield "of the future", json.dumps(good | {"format": wisdom.FORMAT + 1}).encode(), "format"
    yield "foreign", json.dumps(good | {"machine": good["machine"] | {"cpu": "6502"}}).encode(), "another machine"
    yield (
        "other version",
        json.dumps(good | {"machine": good["machine"] | {"pyfftw": "0"}}).encode(),
        "pyfftw 0 instead of",
    )
    yield "a number", json.dumps(good | {"wisdom": 1}).encode(), "no wisdom"
    yield "too few", json.dumps(good | {"wisdom": ["", ""]}).encode(), "no wisdom"
    yield "no texts", json.dumps(good | {"wisdom": [1, 2, 3]}).encode(), "no wisdom"
    yield "no wisdom", json.dumps(good | {"wisdom": ["(", "x", "1"]}).encode(), "does not take it"


@pytest.mark.parametrize(("content", "reason"), [pytest.param(*rest, id=name) for name, *rest in broken()])
def test_what_cannot_be_used_is_left_alone(folder, content, reason):
    """One warning says why, this process measures for itself, and the file stays as it is."""
    path = folder / "fftw.json"
    path.write_bytes(content)
    with pytest.warns(RuntimeWarning, match=rf"fftw\.json is not used: .*{reason}") as caught:
        plan_forward(96)
    assert len(caught) == 1
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        plan_forward(60)
    assert is_known(60)
    assert path.read_bytes() == content


def test_a_folder_that_cannot_be_written(folder, monkeypatch):
    """One warning, and plans all the same."""
    (folder / "file").write_text("")
    monkeypatch.setenv("SIGCONV_CACHE_DIR", str(folder / "file" / "cache"))
    with pytest.warns(RuntimeWarning, match=r"can't be written") as caught:
        plan_forward(96)
    assert len(caught) == 1
    plan_forward(60)
    assert is_known(60)


def test_two_processes_that_store_at_once(folder):
    """The file is whole at every moment, no other one stays, and what is stored later holds what was stored before."""
    others = [planned_elsewhere(*lengths) for lengths in ((96, 60, 36, 48, 72), (90, 54, 50, 84, 98))]
    while any(other.poll() is None for other in others):
        wisdom.load(folder / "fftw.json")
    assert [other.returncode for other in others] == [0, 0]
    assert [file.name for file in folder.iterdir()] == ["fftw.json"]
    assert planned_elsewhere(30).wait() == 0
    plan_forward(20)
    assert is_known(30)
    assert is_known(72) or is_known(98)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="processes can't be forked here")
def test_a_forked_process_measures_and_stores(folder, monkeypatch):
    """Its parent finds what it has stored."""
    plan_forward(96)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # of forks beside other threads
        child = os.fork()
    if child == 0:
        plan_forward(60)
        os._exit(0)
    assert os.waitpid(child, 0)[1] == 0
    forget(monkeypatch)
    plan_forward(36)
    assert is_known(96)
    assert is_known(60)


def test_an_unknown_effort_is_refused(monkeypatch):
    """The error says what to use."""
    monkeypatch.setenv("SIGCONV_FFTW_EFFORT", "exhaustive")
    with pytest.raises(sigconv.ArgumentValueError, match=r"SIGCONV_FFTW_EFFORT='exhaustive'.*use estimate, measure"):
        plan_forward(96)


def test_wisdom_is_for_a_cpu_and_a_version():
    """Both are known here."""
    assert machine.cpu()
    assert wisdom.machine()["pyfftw"] not in ("unknown", "not installed")


def test_virtual_cpus_of_one_name_are_told_apart(tmp_path, monkeypatch):
    """By family and model, of the first processor; other kinds of CPU have no such rows."""
    monkeypatch.setattr(machine, "_CPUINFO", tmp_path / "cpuinfo")
    assert machine._cpu_linux() == ""
    rows = "processor : 0\nmodel : {}\ncpu family : 25\nmodel name : AMD EPYC\n\nprocessor : 1\nmodel : 9\n"
    for model in (1, 17):
        (tmp_path / "cpuinfo").write_text(rows.format(model))
        assert machine._cpu_linux() == f"AMD EPYC (family 25, model {model})"
    (tmp_path / "cpuinfo").write_text("processor : 0\nBogoMIPS : 50\n")
    assert machine._cpu_linux() == ""
