"""A file is written whole or not at all."""

import errno
import os

import numpy as np
import pytest
from made_files import sample

from sigconv import files
from sigconv.files import Signal
from sigconv.files.replace import GuardedFile, beside, replacing

pytest.importorskip("soundfile")
pytest.importorskip("PIL.Image")
POSIX = pytest.mark.skipif(os.name != "posix", reason="permissions and links as on POSIX")


@pytest.mark.parametrize("failure", [RuntimeError, KeyboardInterrupt])
def test_an_existing_file_survives_and_nothing_is_left(tmp_path, failure):
    path = tmp_path / "x.npy"
    path.write_text("old")

    def fail():
        with replacing(path) as file:
            file.write(b"new")
            raise failure

    with pytest.raises(failure):
        fail()
    assert path.read_text() == "old"
    assert os.listdir(tmp_path) == ["x.npy"]


def test_a_new_file_takes_the_place_of_the_old_one(tmp_path):
    path = tmp_path / "x.npy"
    path.write_text("old and long")
    with replacing(path) as file:
        file.write(b"new")
        assert path.read_text() == "old and long"
    assert path.read_bytes() == b"new"
    assert os.listdir(tmp_path) == ["x.npy"]


def test_an_error_names_the_file_and_not_the_temporary_one(tmp_path):
    with pytest.raises(FileNotFoundError) as raised, replacing(tmp_path / "none" / "x.npy"):
        pass
    assert raised.value.filename == str(tmp_path / "none" / "x.npy")
    with pytest.raises(FileNotFoundError, match="none"):
        files.write(tmp_path / "none" / "x.npy", Signal(np.zeros(1), "array", (0,)))


@POSIX
def test_permissions_of_old_and_new_files(tmp_path):
    path = tmp_path / "x.npy"
    previous = os.umask(0o027)
    try:
        with beside(path) as temporary:
            temporary.write_text("1")
        assert path.stat().st_mode & 0o777 == 0o640
        path.chmod(0o604)
        with beside(path) as temporary:
            temporary.write_text("2")
    finally:
        os.umask(previous)
    assert path.stat().st_mode & 0o777 == 0o604


@POSIX
def test_a_link_stays_a_link(tmp_path):
    (tmp_path / "folder").mkdir()
    real, link = tmp_path / "folder" / "real.npy", tmp_path / "link.npy"
    real.write_text("old")
    link.symlink_to(real)
    files.write(link, Signal(np.zeros(2), "array", (0,)))
    assert link.is_symlink()
    np.testing.assert_array_equal(np.load(real), [0, 0])


class FullDisk:
    """Takes some bytes, then none."""

    def __init__(self, room):
        self.room = room
        self.position = 0

    def write(self, data):
        if self.position + len(data) > self.room:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        self.position += len(data)
        return len(data)

    def seek(self, offset, whence=0):
        self.position = offset if whence == 0 else self.position + offset
        return self.position

    def tell(self):
        return self.position

    def flush(self):
        pass


@pytest.mark.parametrize("suffix", [s for s in files.SUFFIXES if s not in (".tiff", ".jpeg")])
@pytest.mark.parametrize("room", [0, 100, 3000])
def test_every_encoder_reports_a_full_disk(suffix, room, tmp_path, capfd):
    sample(tmp_path / f"x{suffix}")
    signal = files.read(tmp_path / f"x{suffix}")
    file = GuardedFile(FullDisk(room))

    def encode():
        files._TYPES[suffix].write(file, suffix, signal)
        file.check()

    with pytest.raises(OSError, match=os.strerror(errno.ENOSPC)) as raised:
        encode()
    assert raised.value.errno == errno.ENOSPC
    assert capfd.readouterr() == ("", "")  # libsndfile's callbacks print what they can't raise


def test_a_guarded_file_keeps_its_first_error_only():
    disk = FullDisk(2)
    file = GuardedFile(disk)
    file.check()
    assert file.write(b"abc") == 3
    assert file.write(b"a") == 1
    assert disk.position == 0
    assert file.read() == b""
    with pytest.raises(OSError, match=os.strerror(errno.ENOSPC)):
        file.check()
