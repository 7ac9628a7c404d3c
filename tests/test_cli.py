"""The commands `compare` and `info`, and what holds for the whole command."""

import json
import os
import subprocess
import sys

import numpy as np
import pytest
from command import POSIX, RNG, make_inputs, on_terminal, run, succeed

import sigconv

pytest.importorskip("soundfile")
pytest.importorskip("PIL.Image")
pytest.importorskip("typer")
pytest.importorskip("rich")


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    return make_inputs(tmp_path_factory.mktemp("made"))


def test_compare_prints_a_table(made, tmp_path):
    told = succeed("compare", made / "mono.wav", "--repeats", "1", "--plot", "o.svg", folder=tmp_path)
    assert told.startswith(f"{made / 'mono.wav'}, kernel gaussian:101\n\n")
    for method in sigconv.methods():
        assert sum(line.split()[:1] == [method] for line in told.splitlines()) == 1
    assert "agree" in told
    assert "<svg" in (tmp_path / "o.svg").read_text(encoding="utf-8")
    assert os.listdir(tmp_path) == ["o.svg"]


def test_compare_as_json(made, tmp_path):
    told = succeed(
        *("compare", made / "colour.png", "box:5", "--json", "--repeats", "1", "--methods", "direct,fft"),
        *("--boundary", "reflect", "--operator", "correlate"),
        folder=tmp_path,
    )
    (comparison,) = json.loads(told)["comparisons"]
    assert (comparison["signal"], comparison["kernel"]) == (str(made / "colour.png"), "box:5")
    assert comparison["shape"] == [30, 40, 3]
    assert [row["method"] for row in comparison["methods"]] == ["direct", "fft"]
    assert all(row["within_bound"] and row["seconds"] > 0 for row in comparison["methods"])


def test_compare_on_the_data_that_comes_along(tmp_path):
    pytest.importorskip("matplotlib")
    told = succeed("compare", "--json", "--repeats", "1", "--methods", "fft", "--plot", "o.png", folder=tmp_path)
    comparisons = json.loads(told)["comparisons"]
    assert len(comparisons) == 2
    assert all(row["within_bound"] for comparison in comparisons for row in comparison["methods"])
    assert sorted(os.listdir(tmp_path)) == ["o-2.png", "o.png"]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--plot", "o.docx"), "figures are .png, .svg or .pdf"),
        (("--plot", "none/o.png"), "no such file or folder: none"),
        (("--methods", "quick"), "auto, direct, fft, overlap-add"),
        (("--operator", "multiply"), "convolve or correlate"),
        (("--boundary", "mirror"), "'reflect'"),
    ],
)
def test_compare_refuses_before_it_measures(made, tmp_path, options, message):
    done = run("compare", made / "x.npy", "box:3", *options, folder=tmp_path)
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1)
    assert message in done.stderr


def test_info_and_version(tmp_path):
    facts = dict(line.split(None, 1) for line in succeed("info", folder=tmp_path).splitlines())
    assert facts["sigconv"] == sigconv.__version__
    assert facts["numpy"] == np.__version__
    assert facts["python"].startswith(sys.version.split()[0])
    assert int(facts["workers"]) >= 1
    assert facts["CPU"]
    assert succeed("--version", folder=tmp_path) == f"sigconv {sigconv.__version__}\n"


@pytest.mark.parametrize("arguments", [("apply", "x.npy", "box:3"), ("convert",), ("compare", "--repeats", "0")])
def test_usage_errors_stay_plain(tmp_path, arguments):
    done = run(*arguments, folder=tmp_path)
    assert done.returncode == 2
    assert done.stderr.startswith("Usage: sigconv")
    assert "Traceback" not in done.stderr
    assert "│" not in done.stderr


@pytest.mark.parametrize("missing", ["typer", "rich"])
def test_without_the_libraries_of_the_command(made, tmp_path, missing):
    """rich is needed where there is a terminal, which stderr pretends to be."""
    code = f"import sys; sys.modules[{missing!r}] = None; sys.stderr.isatty = lambda: True"
    code += "; from sigconv.cli import main; main()"
    done = run("apply", made / "x.npy", "box:3", "-o", "o.npy", folder=tmp_path, python=("-c", code))
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1)
    assert done.stderr.startswith("sigconv: ")
    assert 'pip install "sigconv[cli]"' in done.stderr


def test_importing_the_package_loads_no_library_of_the_command(tmp_path):
    code = "import sys, sigconv; print(*{'typer', 'rich', 'soundfile', 'PIL', 'sigconv.cli'} & set(sys.modules))"
    assert run(folder=tmp_path, python=("-c", code)).stdout == "\n"


@POSIX
def test_a_progress_bar_shows_on_a_terminal_only(tmp_path):
    np.save(tmp_path / "x.npy", RNG.normal(size=(600, 600)))
    with on_terminal("apply", "x.npy", "gaussian:41", "-o", "o.npy", "--method", "direct", folder=tmp_path) as screen:
        assert screen.finish() == b"o.npy: array of shape (600, 600), float64, method direct\n"
    assert screen.process.returncode == 0
    assert b"direct" in screen.shown
    assert "━".encode() in screen.shown


@POSIX
def test_a_closed_pipe_is_no_traceback(tmp_path):
    reader, writer = os.pipe()
    os.close(reader)
    done = subprocess.run(
        [sys.executable, "-m", "sigconv", "info"], cwd=tmp_path, stdout=writer, stderr=subprocess.PIPE, timeout=60
    )
    os.close(writer)
    assert done.returncode != 0
    assert b"Traceback" not in done.stderr
