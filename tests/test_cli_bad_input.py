"""Bad input to the command: one line that says what to do, exit status 2, and an output left as it was."""

import os
import signal

import numpy as np
import pytest
from command import POSIX, RNG, make_inputs, on_terminal, run

soundfile = pytest.importorskip("soundfile")
Image = pytest.importorskip("PIL.Image")
pytest.importorskip("typer")


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    return make_inputs(tmp_path_factory.mktemp("made"))


HUGE = pytest.param("sparse.npy", "k.npy", (), "not enough memory", marks=POSIX)

BAD = [
    ("none.wav", "box:3", (), "no such file or folder"),
    ("two\nlines.wav", "box:3", (), "no such file or folder"),
    ("text.wav", "box:3", (), "does not hold WAV data"),
    ("png.jpg", "box:3", (), "holds PNG data: rename it to .png"),
    ("cut.wav", "box:3", (), "truncated"),
    ("empty.png", "box:3", (), "empty"),
    ("text.npy", "box:3", (), "not numbers"),
    ("x.mp3", "box:3", (), "supported are .wav"),
    ("mono.wav", "short.flac", (), "2 channels and the signal 1: use a kernel with 1 channel"),
    ("stereo.wav", "three.wav", (), "3 channels and the signal 2"),
    ("stereo.wav", "stereo48.wav", (), "48000 Hz and the signal 8000 Hz: resample"),
    ("grey.png", "colour.png", (), "3 channels and the signal 1"),
    ("grey.png", "alpha.png", (), "transparency"),
    ("grey.png", "mono.wav", (), "a recording and the signal a picture"),
    ("mono.wav", "x.npy", ("--axes", "x"), "whole numbers"),
    ("mono.wav", "k.npy", (), "5 channels and the signal 1"),
    ("x.npy", "line.npy", (), "axes"),
    ("x.npy", "sobel-z", (), "choose one of identity, box:N"),
    ("x.npy", "box:3", ("--boundary", "nearest"), "'edge'"),
    ("x.npy", "box:3", ("--mode", "some"), "full, same, valid"),
    ("x.npy", "box:3", ("--method", "quick"), "auto, direct, fft, overlap-add"),
    ("x.npy", "box:3", ("--operator", "multiply"), "convolve or correlate"),
    ("x.npy", "box:3", ("--axes", "2"), "2 axes"),
    ("x.npy", "sobel-x", ("--normalize",), "sums to 0"),
    ("x.npy", "box:100000000", (), "not enough memory"),
    ("huge_numbers.npy", "threes.npy", (), "does not fit in int64"),
    HUGE,
    pytest.param("x.npy", "sparse.npy", (), "not enough memory", marks=POSIX),
]


@pytest.mark.parametrize(("source", "kernel", "options", "message"), BAD)
def test_bad_input_is_one_line_and_the_output_is_left_alone(made, tmp_path, source, kernel, options, message):
    kernel = made / kernel if "." in kernel else kernel
    output = (tmp_path / "out").with_suffix(os.path.splitext(source)[1].replace("mp3", "npy"))
    output.write_text("old")
    done = run("apply", made / source, kernel, "-o", output, *options, folder=tmp_path)
    assert done.returncode == 2
    assert done.stdout == ""
    assert message in done.stderr
    assert done.stderr.startswith("sigconv: ")
    assert done.stderr.count("\n") == 1
    assert output.read_text() == "old"
    assert os.listdir(tmp_path) == [output.name]


@pytest.mark.parametrize(
    ("source", "output", "options", "message"),
    [
        ("x.npy", "none/out.npy", (), "no such file or folder: none"),
        ("x.npy", "folder.npy", (), "is a folder"),
        ("x.npy", "out.wav", (), "can't hold an array: write .npy"),
        ("x.npy", "out.mat", (), "supported are .wav"),
        ("alpha.png", "out.jpg", (), "can't hold transparency: write .png"),
        ("alpha.png", "out.png", ("--mode", "full"), "use mode same"),
    ],
)
def test_outputs_that_cannot_be(made, tmp_path, source, output, options, message):
    (tmp_path / "folder.npy").mkdir()
    done = run("apply", made / source, "box:3", "-o", output, *options, folder=tmp_path)
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1)
    assert message in done.stderr
    assert os.listdir(tmp_path) == ["folder.npy"]


@POSIX
@pytest.mark.parametrize("suffix", [".wav", ".flac", ".ogg", ".png", ".tif", ".npy"])
def test_no_room_to_write(tmp_path, suffix):
    """A limit on the size of files stands for a full disk: the same error, one number apart."""
    import resource

    source = tmp_path / f"source{suffix}"
    if suffix == ".npy":
        np.save(source, RNG.normal(size=5000))
    elif suffix in (".png", ".tif"):
        Image.fromarray(RNG.integers(0, 256, (100, 100), np.uint8)).save(source)
    else:
        soundfile.write(source, RNG.uniform(-0.3, 0.3, 50_000), 8000)
    output = tmp_path / f"out{suffix}"
    output.write_text("old")
    limit = (4096, 4096)
    done = run(
        *("apply", source, "identity", "-o", output),
        folder=tmp_path,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, limit),
        env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
    )
    assert (done.returncode, done.stderr) == (
        2,
        f"sigconv: no room to write {output}: free some space or write elsewhere\n",
    )
    assert output.read_text() == "old"
    assert sorted(os.listdir(tmp_path)) == sorted([output.name, source.name])


@POSIX
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupt_leaves_nothing_behind(tmp_path, number):
    np.save(tmp_path / "x.npy", RNG.normal(size=3_000_000))
    np.save(tmp_path / "k.npy", np.ones(30_000))
    (tmp_path / "out.npy").write_text("old")
    with on_terminal("apply", "x.npy", "k.npy", "-o", "out.npy", "--method", "direct", folder=tmp_path) as screen:
        assert screen.wait_for(b"direct")  # the bar shows that it computes
        screen.process.send_signal(number)
        assert screen.finish() == b""
    assert screen.process.returncode == 128 + number
    assert b"Traceback" not in screen.shown
    assert (tmp_path / "out.npy").read_text() == "old"
    assert sorted(os.listdir(tmp_path)) == ["k.npy", "out.npy", "x.npy"]
