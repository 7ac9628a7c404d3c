"""The command `apply --layer`: files of weights, good and bad, on pictures, recordings and arrays."""

import numpy as np
import pytest
from command import make_inputs, run, succeed

from sigconv import nn

soundfile = pytest.importorskip("soundfile", reason="audio files: pip install soundfile")
Image = pytest.importorskip("PIL.Image", reason="pictures: pip install pillow")
pytest.importorskip("typer", reason="the command: pip install typer")

RNG = np.random.default_rng(11)
WEIGHT, BIAS = RNG.standard_normal((4, 3, 3, 3)).astype("f"), RNG.standard_normal(4).astype("f")


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    folder = make_inputs(tmp_path_factory.mktemp("made"))
    np.savez(folder / "one.npz", weight=WEIGHT, bias=BIAS, stride=2, padding=[1, 2], padding_mode="replicate")
    flat = np.zeros((5, 4), "f")
    np.savez(folder / "net.npz", **{"a.weight": WEIGHT, "b.weight": WEIGHT[:, :1], "b.bias": BIAS, "head.weight": flat})
    np.savez(folder / "none.npz", **{"head.weight": flat})
    np.savez(folder / "whole.npz", weight=np.ones((2, 3, 1, 1), np.int8))
    np.savez(folder / "line.npz", weight=RNG.standard_normal((2, 2, 9)))
    (folder / "text.npz").write_text("no weights")
    (folder / "text.safetensors").write_text("no weights")
    return folder


def pixels(path):
    with Image.open(path) as picture:
        return np.moveaxis(np.asarray(picture), -1, 0)


def test_a_layer_on_a_picture(made, tmp_path):
    told = succeed("apply", made / "colour.png", "--layer", made / "one.npz", "-o", "o.npy", folder=tmp_path)
    assert told == "o.npy: array of shape (4, 15, 21), float32, method direct, samples divided by 255\n"
    x = (pixels(made / "colour.png") / 255).astype("f")
    expected = nn.conv2d(x, WEIGHT, BIAS, stride=2, padding=(1, 2), padding_mode="replicate")
    np.testing.assert_array_equal(np.load(tmp_path / "o.npy"), expected)


def test_integers_stay_as_they_are(made, tmp_path):
    succeed("apply", made / "colour.png", "--layer", made / "whole.npz", "-o", "o.npy", folder=tmp_path)
    result = np.load(tmp_path / "o.npy")
    assert result.dtype == np.int64
    np.testing.assert_array_equal(result[1], pixels(made / "colour.png").sum(axis=0))


def test_a_named_layer_on_a_grey_picture(made, tmp_path):
    arguments = ("--layer", made / "net.npz", "--name", "b", "-o", "o.npy", "--method", "fft")
    assert "method fft" in succeed("apply", made / "grey.png", *arguments, folder=tmp_path)
    assert np.load(tmp_path / "o.npy").shape == (4, 28, 38)


def test_a_layer_on_a_recording_and_on_an_array(made, tmp_path):
    succeed("apply", made / "stereo.wav", "--layer", made / "line.npz", "-o", "o.npy", folder=tmp_path)
    assert np.load(tmp_path / "o.npy").shape == (2, 1992)
    np.save(tmp_path / "x.npy", np.ones((5, 3, 8, 8), "f"))
    succeed("apply", "x.npy", "--layer", made / "one.npz", "-o", "o.npy", folder=tmp_path)
    assert np.load(tmp_path / "o.npy").shape == (5, 4, 4, 5)


def test_safetensors_with_options_in_the_metadata(made, tmp_path):
    writer = pytest.importorskip("safetensors.numpy", reason="safetensors files: pip install safetensors")
    options = {"c1.stride": "2", "c1.padding": "[1, 2]", "c1.padding_mode": "replicate"}
    writer.save_file({"c1.weight": WEIGHT, "c1.bias": BIAS}, tmp_path / "n.safetensors", options)
    succeed("apply", made / "colour.png", "--layer", "n.safetensors", "-o", "s.npy", folder=tmp_path)
    succeed("apply", made / "colour.png", "--layer", made / "one.npz", "-o", "z.npy", folder=tmp_path)
    np.testing.assert_array_equal(np.load(tmp_path / "s.npy"), np.load(tmp_path / "z.npy"))


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["colour.png", "--layer", "net.npz"], "has 2 layers with taps (a, b): name one of them"),
        (["colour.png", "--layer", "net.npz", "--name", "c"], "has no layer 'c'"),
        (["colour.png", "--layer", "none.npz"], "has 0 layers with taps (none)"),
        (["colour.png", "--layer", "text.npz"], "no NPZ file"),
        (["colour.png", "--layer", "text.safetensors"], "is damaged"),
        (["colour.png", "--layer", "grey.png"], "layers are .npz or .safetensors"),
        (["colour.png", "--layer", "missing.npz"], "no such file"),
        (["colour.png", "box:3", "--layer", "one.npz"], "brings its own kernel"),
        (["colour.png", "--layer", "one.npz", "--boundary", "edge"], "brings its own kernel"),
        (["colour.png"], "give a kernel, or --layer"),
        (["colour.png", "box:3", "--name", "a"], "give a kernel, or --layer"),
        (["grey.png", "--layer", "one.npz"], "the input has 1 channels"),
        (["stereo.wav", "--layer", "whole.npz"], "use a layer of floats"),
    ],
    ids=[str(i) for i in range(13)],
)
def test_what_is_wrong_is_said(made, arguments, words):
    done = run("apply", *arguments, "-o", "o.npy", folder=made)
    assert done.returncode == 2
    assert words in done.stderr
    assert not (made / "o.npy").exists()


def test_feature_maps_are_no_picture(made):
    done = run("apply", "colour.png", "--layer", "one.npz", "-o", "o.png", folder=made)
    assert done.returncode == 2
    assert "write .npy" in done.stderr
