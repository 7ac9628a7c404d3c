"""WAV, FLAC and OGG: what comes back, what is clipped, what is refused."""

import os
import struct

import numpy as np
import pytest
from made_files import RNG, audio
from scipy.io import wavfile

from sigconv import files
from sigconv.errors import FileError
from sigconv.files import Signal

soundfile = pytest.importorskip("soundfile")


@pytest.mark.parametrize(
    ("name", "subtype", "bits"),
    [
        ("x.wav", "PCM_U8", 8),
        ("x.wav", "PCM_16", 16),
        ("x.wav", "PCM_24", 24),
        ("x.wav", "PCM_32", 32),
        ("x.flac", "PCM_S8", 8),
        ("x.flac", "PCM_16", 16),
        ("x.flac", "PCM_24", 24),
    ],
)
def test_whole_number_audio_comes_back_bit_for_bit(tmp_path, name, subtype, bits):
    scale = 2 ** (bits - 1)
    whole = np.concatenate([RNG.integers(-scale, scale, (997, 3)), [[-scale, scale - 1, 0]]])
    path = tmp_path / name
    assert files.write(path, audio(whole / scale, subtype, 44100)) == 0
    stored, rate = soundfile.read(path, dtype="int32")
    assert rate == 44100
    np.testing.assert_array_equal(stored >> (32 - bits), whole)
    back = files.read(path)
    np.testing.assert_array_equal(back.data * scale, whole)
    assert (back.kind, back.axes, back.rate, back.subtype, back.channels) == ("audio", (0,), 44100, subtype, 3)


@pytest.mark.parametrize(("subtype", "dtype"), [("FLOAT", np.float32), ("DOUBLE", np.float64)])
def test_float_audio_is_neither_clipped_nor_rounded(tmp_path, subtype, dtype):
    data = np.array([[0.1], [-7.5], [1e-20], [3e5]], dtype).astype(float)
    assert files.write(tmp_path / "x.wav", audio(data, subtype)) == 0
    stored, rate = soundfile.read(tmp_path / "x.wav", dtype=dtype.__name__)
    assert (rate, soundfile.info(tmp_path / "x.wav").subtype) == (8000, subtype)
    np.testing.assert_array_equal(stored, data[:, 0])


def test_audio_is_clipped_not_wrapped_and_rounded_to_the_nearest(tmp_path):
    data = [1.0, 1.5, -1.0, -2.0, 0.7 / 32768, -0.7 / 32768, 32767 / 32768]
    assert files.write(tmp_path / "x.wav", audio(data, "PCM_16")) == 3
    _, stored = wavfile.read(tmp_path / "x.wav")
    np.testing.assert_array_equal(stored, [32767, 32767, -32768, -32768, 1, -1, 32767])


@pytest.mark.parametrize(
    ("suffix", "wanted", "used"),
    [
        (".flac", "FLOAT", "PCM_24"),
        (".flac", "PCM_U8", "PCM_S8"),
        (".wav", "PCM_S8", "PCM_U8"),
        (".wav", "VORBIS", "PCM_16"),
        (".ogg", "PCM_24", "VORBIS"),
        (".wav", None, "PCM_16"),
    ],
)
def test_a_container_takes_the_nearest_subtype(tmp_path, suffix, wanted, used):
    path = tmp_path / f"x{suffix}"
    files.write(path, audio(np.zeros((100, 1)), wanted))
    assert soundfile.info(path).subtype == used


def test_long_recordings_are_written_in_blocks(tmp_path, monkeypatch):
    """libsndfile's Vorbis encoder crashes the process when it gets some million samples at once."""
    sizes = []
    write = soundfile.SoundFile.write

    def watched(self, data):
        sizes.append(data.size)
        write(self, data)

    monkeypatch.setattr(soundfile.SoundFile, "write", watched)
    data = np.zeros((100_000, 3))
    data[[5, 50_000, 99_999], 1] = 2.0
    assert files.write(tmp_path / "x.wav", audio(data)) == 3
    assert max(sizes) <= 1 << 16
    np.testing.assert_array_equal(np.flatnonzero(files.read(tmp_path / "x.wav").data[:, 1]), [5, 50_000, 99_999])


def test_an_ogg_file_without_its_last_page(tmp_path):
    path = tmp_path / "x.ogg"
    files.write(path, audio(RNG.uniform(-0.5, 0.5, (50_000, 1))))
    path.write_bytes(path.read_bytes().rpartition(b"OggS")[0])
    with pytest.raises(FileError, match="truncated"):
        files.read(path)


def test_a_long_ogg_file_is_all_there_and_sounds_alike(tmp_path):
    time = np.arange(300_000) / 44100
    tone = 0.5 * np.sin(2 * np.pi * np.outer(time, [440, 880]))
    files.write(tmp_path / "x.ogg", audio(tone, rate=44100))
    back = files.read(tmp_path / "x.ogg")
    assert back.data.shape == tone.shape
    assert np.abs(back.data - tone).max() < 0.05


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_audio_that_whole_numbers_cannot_hold(tmp_path, value):
    with pytest.raises(FileError, match=r"PCM_16.*\.npy"):
        files.write(tmp_path / "x.wav", audio([0, value], "PCM_16"))
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize(
    ("signal", "message"),
    [
        (audio(np.zeros((5, 12))), "12 channels at 8000 Hz"),
        (audio(np.zeros((5, 2, 2))), "frames × channels"),
        (Signal(np.zeros(5), "audio", (0,)), "sample rate"),
        (Signal(np.zeros(5, complex), "audio", (0,), 8000), "complex"),
    ],
)
def test_what_a_flac_file_cannot_hold(tmp_path, signal, message):
    with pytest.raises(FileError, match=message):
        files.write(tmp_path / "x.flac", signal)
    assert os.listdir(tmp_path) == []


def wav_bytes(tmp_path, frames=1000):
    files.write(tmp_path / "whole.wav", audio(np.linspace(-0.5, 0.5, frames), "PCM_16"))
    return (tmp_path / "whole.wav").read_bytes()


@pytest.mark.parametrize("length", [0xFFFFFFFF, 0x7FFFFFFF])
def test_a_recording_from_a_pipe_does_not_say_its_length(tmp_path, length):
    whole = wav_bytes(tmp_path)
    place = whole.index(b"data") + 4
    streamed = whole[:place] + struct.pack("<I", length) + whole[place + 4 :]
    (tmp_path / "x.wav").write_bytes(streamed)
    assert files.read(tmp_path / "x.wav").data.shape == (1000, 1)


def test_the_long_form_of_wav(tmp_path):
    path = tmp_path / "x.wav"
    soundfile.write(path, np.full((1000, 2), 0.25), 8000, "PCM_16", format="RF64")
    assert path.read_bytes()[:4] == b"RF64"
    np.testing.assert_array_equal(files.read(path).data, np.full((1000, 2), 0.25))
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(FileError, match="truncated"):
        files.read(path)


def test_odd_chunks_before_the_samples_are_skipped(tmp_path):
    whole = wav_bytes(tmp_path)
    place = whole.index(b"data")
    extra = b"note" + struct.pack("<I", 3) + b"abc\0"
    size = struct.pack("<I", len(whole) - 8 + len(extra))
    (tmp_path / "x.wav").write_bytes(whole[:4] + size + whole[8:place] + extra + whole[place:])
    assert files.read(tmp_path / "x.wav").data.shape == (1000, 1)


def test_a_flac_file_of_unknown_length(tmp_path):
    path = tmp_path / "x.flac"
    files.write(path, audio(np.zeros((1000, 1))))
    content = bytearray(path.read_bytes())
    content[21] &= 0xF0  # the number of samples: 36 bits of the first block
    content[22:26] = bytes(4)
    path.write_bytes(content)
    with pytest.raises(FileError, match="how long"):
        files.read(path)
