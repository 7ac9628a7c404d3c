"""Files that lie about their sizes or unpack to very much: a typed error, soon, and without much memory."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from sigconv.errors import FileError

pytest.importorskip("soundfile", reason="audio files: pip install soundfile")
pytest.importorskip("PIL.Image", reason="pictures: pip install pillow")
pytest.importorskip("safetensors", reason="weights: pip install safetensors")
pytest.importorskip("resource", reason="the memory of a process is measured as POSIX does")

# What is nonsense but says so nowhere: sixty axes of one sample, and a picture that names itself as the next one.
FINE = {"shape (1, 1).npy", "circle.tif"}

READ = """
import resource, sys, time
from pathlib import Path
import bad_files, soundfile, safetensors.numpy
from PIL import Image, ImageOps, JpegImagePlugin, PngImagePlugin, TiffImagePlugin
from sigconv import files
from sigconv.files import layer

def used():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)

for path in sorted(Path(sys.argv[1]).iterdir()):
    before, begin = used(), time.process_time()
    try:
        (layer if path.suffix in layer.SUFFIXES else files).read(path)
        told = "nothing"
    except Exception as error:
        told = f"{type(error).__name__}: {error}"
    print(path.name, path.stat().st_size, used() - before, time.process_time() - begin, ascii(told), sep="|")
"""


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory):
    """Return what a process that reads all of them says of each: size, bytes taken, seconds of work, error."""
    import bad_files

    folder = tmp_path_factory.mktemp("bad")
    for name, content in bad_files.bad_files():
        (folder / name).write_bytes(content)
    done = subprocess.run(
        [sys.executable, "-c", READ, str(folder)],
        capture_output=True,
        text=True,
        timeout=300,
        cwd=Path(__file__).parent,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parent.parent)},
    )
    assert (done.returncode, done.stderr) == (0, "")
    return {line.split("|")[0]: line.split("|")[1:] for line in done.stdout.splitlines()}


def test_each_is_refused_with_a_typed_error(outcomes):
    """An error of one line; a size that is only too large for this machine is said to be that."""
    assert len(outcomes) > 35
    for name, (_, _, _, told) in outcomes.items():
        if name not in FINE:
            assert told.startswith(("'FileError: ", '"FileError: ', "'MemoryError: reading ")), (name, told)
        assert "\\n" not in told, (name, told)
    assert issubclass(FileError, ValueError)


def test_none_takes_long_or_much_memory(outcomes):
    for name, (size, taken, seconds, _) in outcomes.items():
        assert int(taken) < (64 << 20) + 2 * int(size), name
        assert float(seconds) < 2, name  # of the processor, for files that promise hours of work
