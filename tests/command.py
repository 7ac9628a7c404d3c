"""The command as a process, on inputs made here."""

import os
import signal
import subprocess
import sys
import threading
import time
from contextlib import contextmanager, suppress

import numpy as np
import pytest

RNG = np.random.default_rng(7)
POSIX = pytest.mark.skipif(os.name != "posix", reason="signals, limits and terminals of POSIX")


def run(*arguments, folder, python=("-m", "sigconv"), **options):
    command = [sys.executable, *python, *map(str, arguments)]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, encoding="utf-8", timeout=120, **options)


def succeed(*arguments, folder):
    done = run(*arguments, folder=folder)
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


class Screen:
    """What a process wrote to its terminal; read all the time, as a terminal that nobody reads stops the process."""

    def __init__(self, process, descriptor):
        self.process = process
        self.shown = b""
        self._descriptor = descriptor
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self):
        with suppress(OSError):  # how Linux says that the other end is closed
            while data := os.read(self._descriptor, 1 << 16):
                self.shown += data

    def wait_for(self, wanted):
        """Return whether something shows up before the process ends, or a minute is over."""
        end = time.monotonic() + 60
        while wanted not in self.shown and self.process.poll() is None and time.monotonic() < end:
            time.sleep(0.01)
        return wanted in self.shown

    def finish(self):
        """Return what the process wrote to stdout, when it has ended and all is read."""
        told, _ = self.process.communicate(timeout=60)
        self._reader.join(timeout=60)
        return told


@contextmanager
def on_terminal(*arguments, folder):
    """Start the command with a terminal as its stderr."""
    import pty

    descriptor, terminal = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "sigconv", *arguments],
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=terminal,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # ignored under nohup, say
    )
    os.close(terminal)
    try:
        yield Screen(process, descriptor)
    finally:
        process.kill()
        process.wait()
        process.stdout.close()
        os.close(descriptor)


def make_inputs(folder):
    """Write inputs, good and bad, into a folder, and return it."""
    import soundfile
    from PIL import Image

    soundfile.write(folder / "mono.wav", RNG.uniform(-0.3, 0.3, 2000), 8000, "FLOAT")
    soundfile.write(folder / "stereo.wav", RNG.uniform(-0.3, 0.3, (2000, 2)), 8000, "PCM_24")
    soundfile.write(folder / "stereo48.wav", RNG.uniform(-0.1, 0.1, (50, 2)), 48000)
    soundfile.write(folder / "three.wav", RNG.uniform(-0.1, 0.1, (50, 3)), 8000)
    soundfile.write(folder / "short.flac", RNG.uniform(-0.1, 0.1, (50, 2)), 8000)
    for name, shape in [("grey", (30, 40)), ("colour", (30, 40, 3)), ("alpha", (30, 40, 4))]:
        Image.fromarray(RNG.integers(0, 256, shape, np.uint8)).save(folder / f"{name}.png")
    np.save(folder / "x.npy", RNG.normal(size=(20, 30)))
    np.save(folder / "k.npy", RNG.normal(size=(4, 5)))
    np.save(folder / "line.npy", RNG.normal(size=5))
    np.save(folder / "text.npy", np.array(["a"]))
    np.save(folder / "huge_numbers.npy", np.full(9, 2**62))
    np.save(folder / "threes.npy", np.full(2, 3))
    (folder / "text.wav").write_text("no recording")
    (folder / "empty.png").write_bytes(b"")
    (folder / "png.jpg").write_bytes((folder / "grey.png").read_bytes())
    (folder / "cut.wav").write_bytes((folder / "stereo.wav").read_bytes()[:5000])
    with open(folder / "sparse.npy", "wb") as file:  # a file of 1 TB that takes no room
        np.lib.format.write_array_header_1_0(file, {"descr": "<f8", "fortran_order": False, "shape": (10**6, 125_000)})
        if os.name == "posix":
            file.truncate(file.tell() + 10**12)
    return folder
