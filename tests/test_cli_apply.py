"""The command `apply` on good input, held against NumPy and SciPy."""

import numpy as np
import pytest
import scipy.ndimage
import scipy.signal
from command import make_inputs, run, succeed

soundfile = pytest.importorskip("soundfile")
Image = pytest.importorskip("PIL.Image")
pytest.importorskip("typer")


def pixels(path):
    with Image.open(path) as picture:
        return np.asarray(picture)


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    return make_inputs(tmp_path_factory.mktemp("made"))


def test_a_named_kernel_on_a_recording(made, tmp_path):
    told = succeed("apply", made / "mono.wav", "lowpass:31:0.1", "-o", "o.wav", folder=tmp_path)
    assert told.startswith("o.wav: 2000 samples, 8000 Hz, method ")
    data, _ = soundfile.read(made / "mono.wav")
    expected = scipy.signal.convolve(data, scipy.signal.firwin(31, 0.1, fs=1), "same")
    result, rate = soundfile.read(tmp_path / "o.wav")
    np.testing.assert_allclose(result, expected, atol=1e-7)
    assert (rate, soundfile.info(tmp_path / "o.wav").subtype) == (8000, "FLOAT")


def test_a_stereo_kernel_goes_channel_by_channel(made, tmp_path):
    succeed("apply", made / "stereo.wav", made / "short.flac", "-o", "o.flac", "--mode", "full", folder=tmp_path)
    data, _ = soundfile.read(made / "stereo.wav")
    kernel, _ = soundfile.read(made / "short.flac")
    expected = np.stack([np.convolve(data[:, c], kernel[:, c]) for c in range(2)], axis=1)
    result, _ = soundfile.read(tmp_path / "o.flac")
    np.testing.assert_allclose(result, expected, atol=2**-23)
    assert soundfile.info(tmp_path / "o.flac").subtype == "PCM_24"


@pytest.mark.parametrize("shape", [(5,), (5, 1)])
def test_a_mono_kernel_is_shared_by_all_channels(made, tmp_path, shape):
    taps = np.arange(1.0, 6) / 15
    np.save(tmp_path / "mono.npy", taps.reshape(shape))
    succeed("apply", made / "stereo.wav", "mono.npy", "-o", "o.npy", "--boundary", "edge", folder=tmp_path)
    data, _ = soundfile.read(made / "stereo.wav")
    expected = np.stack([np.convolve(np.pad(data[:, c], 2, "edge"), taps, "valid") for c in range(2)], axis=1)
    np.testing.assert_allclose(np.load(tmp_path / "o.npy"), expected, atol=1e-15)


@pytest.mark.parametrize("name", ["grey", "colour"])
def test_a_picture_is_rounded_and_clipped(made, tmp_path, name):
    told = succeed("apply", made / f"{name}.png", "sobel-x", "-o", "o.png", "--boundary", "symmetric", folder=tmp_path)
    data = pixels(made / f"{name}.png").astype(float)
    taps = np.array([[1, 0, -1], [2, 0, -2], [1, 0, -1]])
    taps = taps if data.ndim == 2 else taps[..., None]
    exact = scipy.ndimage.convolve(data, taps, mode="reflect")  # scipy.ndimage's name for symmetric
    np.testing.assert_array_equal(pixels(tmp_path / "o.png"), np.clip(exact, 0, 255))
    clipped = np.count_nonzero((exact < 0) | (exact > 255))
    assert f"\n{clipped} of {exact.size} samples were clipped" in told
    assert "--normalize" not in told


def test_transparency_stays_and_normalize_keeps_the_brightness(made, tmp_path):
    np.save(tmp_path / "k.npy", np.full((3, 3), 7))
    plain = succeed("apply", made / "alpha.png", "k.npy", "-o", "o.png", folder=tmp_path)
    assert "or use --normalize" in plain
    normalized = succeed("apply", made / "alpha.png", "k.npy", "-o", "o.png", "--normalize", folder=tmp_path)
    assert "clipped" not in normalized
    data, result = pixels(made / "alpha.png"), pixels(tmp_path / "o.png")
    np.testing.assert_array_equal(result[..., 3], data[..., 3])
    expected = scipy.ndimage.convolve(data[..., 0].astype(float), np.full((3, 3), 1 / 9), mode="constant")
    assert np.abs(result[..., 0] - expected).max() <= 0.5 + 1e-9


@pytest.mark.parametrize("method", ["direct", "fft", "overlap-add"])
def test_correlation_of_arrays_by_every_method(made, tmp_path, method):
    told = succeed(
        *("apply", made / "x.npy", made / "k.npy", "-o", "o.npy", "--mode", "full"),
        *("--operator", "correlate", "--method", method),
        folder=tmp_path,
    )
    assert told == f"o.npy: array of shape (23, 34), float64, method {method}\n"
    expected = scipy.signal.correlate(np.load(made / "x.npy"), np.load(made / "k.npy"))
    np.testing.assert_allclose(np.load(tmp_path / "o.npy"), expected, atol=1e-13)


def test_missing_samples(tmp_path):
    np.save(tmp_path / "gap.npy", [1.0, np.nan, 3.0, 5.0])
    np.save(tmp_path / "k.npy", np.ones(3))
    for nan, expected in (("omit", [1, 4, 8, 8]), ("renormalize", [1 * 3 / 2, 4 * 3 / 2, 8 * 3 / 2, 8])):
        succeed("apply", "gap.npy", "k.npy", "-o", "o.npy", "--nan", nan, folder=tmp_path)
        np.testing.assert_allclose(np.load(tmp_path / "o.npy"), expected, rtol=1e-15)
    done = run("apply", "gap.npy", "k.npy", "-o", "o.npy", "--nan", "raise", folder=tmp_path)
    assert (done.returncode, "index 1" in done.stderr) == (2, True)


def test_axes_and_a_boundary_for_each(made, tmp_path):
    succeed("apply", made / "x.npy", "box:3", "-o", "rows.npy", "--axes", "-1", "--boundary", "wrap", folder=tmp_path)
    data = np.load(made / "x.npy")
    expected = scipy.ndimage.uniform_filter1d(data, 3, axis=-1, mode="wrap")
    np.testing.assert_allclose(np.load(tmp_path / "rows.npy"), expected, atol=1e-14)
    succeed("apply", made / "x.npy", "box:3", "-o", "both.npy", "--boundary", "wrap,edge", folder=tmp_path)
    expected = scipy.ndimage.uniform_filter(data, 3, mode=["wrap", "nearest"])
    np.testing.assert_allclose(np.load(tmp_path / "both.npy"), expected, atol=1e-14)
