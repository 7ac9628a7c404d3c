"""What every reader refuses, and arrays."""

import os
import sys
from pathlib import Path

import numpy as np
import pytest
from made_files import RNG, audio, image, sample

from sigconv import files
from sigconv.errors import FileError
from sigconv.files import Signal, memory

soundfile = pytest.importorskip("soundfile")
pytest.importorskip("PIL.Image")


@pytest.mark.parametrize("suffix", [".wav", ".flac", ".ogg", ".png", ".jpg", ".tif", ".npy"])
@pytest.mark.parametrize("kept", [0.01, 0.5, 0.99])
def test_a_truncated_file(tmp_path, suffix, kept):
    path = tmp_path / f"x{suffix}"
    sample(path)
    whole = path.read_bytes()
    files.read(path)
    path.write_bytes(whole[: int(kept * len(whole))])
    with pytest.raises(FileError, match=r"(truncated|does not hold)") as raised:
        files.read(path)
    assert str(path) in str(raised.value)
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize("suffix", files.SUFFIXES)
def test_empty_and_foreign_content(tmp_path, suffix):
    path = tmp_path / f"x{suffix}"
    path.write_bytes(b"")
    with pytest.raises(FileError, match=r"\(0 bytes\)"):
        files.read(path)
    path.write_text("just some text, whatever the name says")
    with pytest.raises(FileError, match="does not hold"):
        files.read(path)
    path.write_bytes(b"GIF89a and more of it")
    with pytest.raises(FileError, match=r"holds GIF data: rename it to \.gif"):
        files.read(path)


def test_a_recording_without_samples(tmp_path):
    soundfile.write(tmp_path / "x.wav", np.zeros((0, 1)), 8000)
    with pytest.raises(FileError, match="no samples"):
        files.read(tmp_path / "x.wav")


@pytest.mark.parametrize("name", ["x.mp3", "x", "x.npz"])
def test_an_unsupported_suffix(tmp_path, name):
    with pytest.raises(FileError, match=r"\.wav, \.flac"):
        files.read(tmp_path / name)


def test_a_file_that_is_not_there_and_a_folder(tmp_path):
    with pytest.raises(FileNotFoundError):
        files.read(tmp_path / "x.wav")
    (tmp_path / "folder.npy").mkdir()
    with pytest.raises(OSError, match=r"folder\.npy"):
        files.read(tmp_path / "folder.npy")


@pytest.mark.parametrize(
    ("suffix", "module", "extra"), [(".wav", "soundfile", "audio"), (".png", "PIL.Image", "image")]
)
def test_a_missing_library_is_named_with_its_extra(tmp_path, monkeypatch, suffix, module, extra):
    path = tmp_path / f"x{suffix}"
    sample(path)
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(FileError, match=rf'pip install "sigconv\[{extra}\]"'):
        files.read(path)


@pytest.mark.parametrize("suffix", [".wav", ".npy"])
def test_a_file_larger_than_the_memory(tmp_path, monkeypatch, suffix):
    path = tmp_path / f"x{suffix}"
    sample(path)
    monkeypatch.setattr(memory, "available", lambda: 1000)
    with pytest.raises(MemoryError, match=r"reading .*x\."):
        files.read(path)


def test_the_limit_of_a_container_leaves_room_for_what_is_only_cached(tmp_path):
    for name, text in [("max", "1000"), ("current", "900"), ("stat", "anon 500\nactive_file 300\ninactive_file 50")]:
        (tmp_path / f"memory.{name}").write_text(text)
    assert memory._container_free(tmp_path) == 1000 - (900 - 350)
    (tmp_path / "memory.max").write_text("max")
    assert memory._container_free(tmp_path) is None
    assert memory._container_free(tmp_path / "none") is None


def test_the_free_memory_is_plausible():
    room = memory.available()
    assert room is None or 2**20 < room < 2**50


@pytest.mark.parametrize("dtype", ["?", "i1", "<u8", "<f2", "<f4", ">f8", "<c8", "<c16"])
def test_an_array_keeps_shape_dtype_and_values(tmp_path, dtype):
    data = np.asfortranarray(RNG.integers(0, 2, (3, 4, 2)).astype(dtype))
    assert files.write(tmp_path / "x.npy", Signal(data, "array", (0, 1, 2))) == 0
    stored = np.load(tmp_path / "x.npy")
    assert stored.dtype == data.dtype
    back = files.read(tmp_path / "x.npy")
    np.testing.assert_array_equal(back.data, data)
    assert (back.data.dtype, back.axes, type(back.data)) == (data.dtype, (0, 1, 2), np.ndarray)


class Trap:
    def __reduce__(self):
        return os.mkdir, ("sprung",)


def test_a_pickle_in_an_array_file_is_never_run(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    np.save("x.npy", np.array([Trap()], dtype=object), allow_pickle=True)
    with pytest.raises(FileError, match="not plain numbers"):
        files.read("x.npy")
    assert not Path("sprung").exists()


@pytest.mark.parametrize("data", [np.array(["a", "b"]), np.zeros(3, [("a", int)]), np.zeros(3, "M8[s]")])
def test_an_array_of_anything_but_numbers(tmp_path, data):
    np.save(tmp_path / "x.npy", data)
    with pytest.raises(FileError, match="numbers"):
        files.read(tmp_path / "x.npy")


def test_an_array_that_claims_to_be_huge(tmp_path):
    with open(tmp_path / "x.npy", "wb") as file:
        np.lib.format.write_array_header_1_0(file, {"descr": "<f8", "fortran_order": False, "shape": (10**12,)})
        file.write(bytes(800))
    with pytest.raises(FileError, match="truncated"):
        files.read(tmp_path / "x.npy")


def test_python_objects_are_not_written(tmp_path):
    with pytest.raises(FileError, match="object"):
        files.write(tmp_path / "x.npy", Signal(np.array([1, None], dtype=object), "array", (0,)))
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize("name", ["x.wav", "x.png"])
def test_a_signal_of_another_kind(tmp_path, name):
    with pytest.raises(FileError, match=r"can't hold an array: write \.npy"):
        files.write(tmp_path / name, Signal(np.zeros((3, 3)), "array", (0, 1)))
    files.write(tmp_path / "x.npy", audio([0.5]))
    np.testing.assert_array_equal(np.load(tmp_path / "x.npy"), [0.5])


def test_a_signal_describes_itself():
    assert audio(np.zeros((480, 2))).describe() == "480 samples × 2 channels, 8000 Hz"
    assert image(np.zeros((4, 6))).describe() == "4 × 6 pixels"
    assert Signal(np.zeros((4, 6), np.float32), "array", (1,)).describe() == "array of shape (4, 6), float32"
    assert Signal(np.zeros((4, 6)), "array", (-1,)).channels == 4
