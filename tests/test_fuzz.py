"""Fuzz targets: damaged files for every reader, and arguments of all kinds for `slide`.

What is not an error of sigconv's own is a finding. SIGCONV_FUZZ_SECONDS (6 by default) are shared by all targets. The
cases are the same in every run; with SIGCONV_FUZZ_RANDOM=1 every other one is new, and a failure names its seed.
"""

import os
import random
import time
import warnings
from pathlib import Path

import numpy as np
import pytest
from made_files import sample

import sigconv
from sigconv import files
from sigconv.errors import SigconvError
from sigconv.files import layer

SECONDS = float(os.environ.get("SIGCONV_FUZZ_SECONDS", "6"))
RANDOM = os.environ.get("SIGCONV_FUZZ_RANDOM") == "1"
READERS = [".wav", ".flac", ".ogg", ".png", ".jpg", ".tif", ".npy", ".npz", ".safetensors"]
PARTS = 8  # of the cases of arguments, so that several workers share them
FEWEST = 40  # cases of a test, however long they take
SHARES = {"reader": 0.4 / len(READERS), "arguments": 0.6 / PARTS}  # of the seconds, of one test


def seeds(share, first=0, step=1):
    """Yield seeds until a share of the time is over: every `step`-th from `first` on, and if asked others in turn."""
    end, number = time.monotonic() + SECONDS * share, first
    while time.monotonic() < end or number < FEWEST * step:
        yield number
        if RANDOM:
            yield random.SystemRandom().randrange(1 << 31, 1 << 32)
        number += step


# --- files -----------------------------------------------------------------------------------------------------------

TELLING = [
    b"\0",
    b"\xff",
    b"\x7f",
    b"\x80",
    b"\xff\xff\xff\x7f",
    b"\xff\xff\xff\xff",
    b"\0\0\0\x80",
    b"\xff" * 8,
    b"{",
    b"-",
]


def damaged(rng, content):
    """Return a file's bytes with some damage; mostly near the beginning, where the headers are."""
    content = bytearray(content)
    for _ in range(rng.choice([1, 1, 2, 5, 20])):
        place = rng.randrange(min(len(content), rng.choice([64, 400, 1 << 30])) or 1)
        kind = rng.randrange(5)
        if kind == 0:
            content[place : place + 1] = bytes([rng.randrange(256)])
        elif kind == 1:
            put = rng.choice(TELLING)
            content[place : place + len(put)] = put
        elif kind == 2:
            del content[place : place + rng.choice([1, 2, 8, 100])]
        elif kind == 3:
            piece = content[place : place + rng.choice([1, 4, 30])]
            content[place:place] = piece
        else:
            del content[max(1, len(content) - rng.randrange(1, 200)) :]
    return bytes(content)


def good(path):
    """Write a small file that can be read."""
    weights = {"weight": np.ones((2, 3, 3), "f"), "bias": np.zeros(2, "f")}
    if path.suffix == ".npz":
        np.savez_compressed(path, **weights, stride=2)
    elif path.suffix == ".safetensors":
        pytest.importorskip("safetensors.numpy", reason="weights: pip install safetensors").save_file(weights, path)
    else:
        pytest.importorskip("soundfile", reason="audio files: pip install soundfile")
        pytest.importorskip("PIL.Image", reason="pictures: pip install pillow")
        sample(path)


@pytest.mark.parametrize("suffix", READERS)
def test_a_damaged_file_is_read_or_refused(tmp_path, suffix):
    path = tmp_path / f"x{suffix}"
    good(path)
    content, read = path.read_bytes(), layer.read if suffix in layer.SUFFIXES else files.read
    read(path)
    for seed in seeds(SHARES["reader"]):
        path.write_bytes(damaged(random.Random(seed), content))
        told = ""
        try:
            read(path)
        except (SigconvError, MemoryError) as error:
            told = str(error)
        except Exception as error:
            pytest.fail(f"seed {seed}: {type(error).__name__}: {error}")
        assert "\n" not in told, f"seed {seed}"


# --- arguments -------------------------------------------------------------------------------------------------------

DTYPES = "?bBhHiIlLefdgFDGO"
WORDS = [
    "",
    "full",
    "same",
    "valid",
    "zero",
    "reflect",
    "wrap",
    "constant",
    "nearest",
    "auto",
    "direct",
    "fft",
    "overlap-add",
]
NUMBERS = [0, 1, -1, 2, 3, 7, True, False, None, 0.5, 1.0, float("nan"), float("inf"), 1 << 31, 1 << 62, 1 << 70, 1j]
ODDITIES = [b"same", {}, [], (), object(), [1, [2]], np.float64(2), np.array(1), np.array([1, 2]), "é", print]


def anything(rng):
    """Return a value that an argument may or may not take."""
    kind = rng.randrange(4)
    if kind == 0:
        return rng.choice(WORDS)
    if kind == 1:
        return rng.choice(NUMBERS)
    if kind == 2:
        return rng.choice(ODDITIES)
    return tuple(anything(rng) for _ in range(rng.randrange(4)))


def sensible(rng, name, ndim):
    """Return a value that an option often takes."""
    each = {
        "mode": lambda: rng.choice(["full", "same", "valid"]),
        "method": lambda: rng.choice(["auto", "direct", "fft", "overlap-add"]),
        "flip": lambda: rng.random() < 0.5,
        "conjugate": lambda: rng.random() < 0.5,
        "axes": lambda: tuple(rng.sample(range(-ndim, ndim), rng.randrange(ndim + 1))) if ndim else (),
        "boundary": lambda: rng.choice(["zero", "constant", "edge", "symmetric", "reflect", "wrap", "renormalize"]),
        "fill_value": lambda: rng.choice([0, 1, 2.5, -1]),
        "center": lambda: rng.randrange(3),
        "stride": lambda: rng.randrange(1, 5),
        "dilation": lambda: rng.randrange(1, 5),
        "workers": lambda: rng.randrange(1, 4),
        "max_bytes": lambda: rng.choice([None, 1 << 10, 1 << 20]),
        "nan": lambda: rng.choice(["propagate", "omit", "renormalize", "raise"]),
        "accuracy": lambda: rng.choice(["normwise", "componentwise"]),
        "out": lambda: np.zeros([rng.randrange(1, 9) for _ in range(ndim)]),
    }
    return each[name]()


OPTIONS = ["mode", "method", "flip", "conjugate", "axes", "boundary", "fill_value", "center", "stride", "dilation"]
OPTIONS += ["workers", "max_bytes", "out", "nan", "accuracy"]


def operand(rng):
    """Return an array of up to three axes and of any dtype, now and then with numbers that are none."""
    dtype = rng.choice(DTYPES)
    sizes = [0, 1, 1, 2, 3, 5, 8] if dtype == "O" else [0, 1, 1, 2, 3, 5, 8, 40]  # Python's numbers are slow
    shape = [rng.choice(sizes) for _ in range(rng.choice([0, 1, 1, 1, 2, 2, 3]))]
    array = np.random.default_rng(rng.randrange(1 << 30)).integers(0, 50, shape).astype(dtype)
    if array.dtype.kind in "fc" and array.size and rng.random() < 0.2:
        array.flat[rng.randrange(array.size)] = rng.choice([np.nan, np.inf, -np.inf, np.finfo(array.dtype).max])
    return anything(rng) if rng.random() < 0.05 else array


def arguments(rng):
    """Return the operands and the options of a call."""
    signal, kernel = operand(rng), operand(rng)
    ndim = getattr(signal, "ndim", 1)
    options = {"flip": True}
    for name in rng.sample(OPTIONS, rng.randrange(6)):
        options[name] = anything(rng) if rng.random() < 0.15 else sensible(rng, name, ndim)
    return signal, kernel, options


@pytest.mark.parametrize("part", range(PARTS))
def test_arguments_are_served_or_refused(part):
    """By `slide`; and where a method serves, `plan` for the same shapes says so, and the shape of the result."""
    served = refused = 0
    for seed in seeds(SHARES["arguments"], part, PARTS):
        signal, kernel, options = arguments(random.Random(seed))
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("error")
                result = sigconv.slide(signal, kernel, **options)
            kept = {name: value for name, value in options.items() if name not in ("workers", "out")}
            signal, kernel = np.asarray(signal), np.asarray(kernel)
            plan = sigconv.plan(signal.shape, kernel.shape, signal.dtype, kernel.dtype, **kept)
            assert plan.problem.shape == result.shape, f"seed {seed}"
            served += 1
        except (SigconvError, MemoryError):
            refused += 1
        except Exception as error:
            pytest.fail(f"seed {seed}: {type(error).__name__}: {error}")
    assert served > refused / 20
    assert refused > served / 20


def test_the_seconds_are_shared():
    assert len(READERS) * SHARES["reader"] + PARTS * SHARES["arguments"] == pytest.approx(1)
    assert set(READERS) == (set(files.SUFFIXES) - {".jpeg", ".tiff"}) | set(layer.SUFFIXES)
    assert Path(__file__).name == "test_fuzz.py"
