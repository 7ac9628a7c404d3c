"""Small signals and files for the tests of reading and writing."""

import numpy as np

from sigconv import files
from sigconv.files import Signal

RNG = np.random.default_rng(20240501)


def audio(data, subtype=None, rate=8000):
    """A recording."""
    return Signal(np.asarray(data, float), "audio", (0,), rate, subtype)


def image(data, **details):
    """A picture."""
    return Signal(np.asarray(data), "image", (0, 1), **details)


def sample(path):
    """Write a file of noise, several kilobytes long."""
    if path.suffix in (".wav", ".flac", ".ogg"):
        files.write(path, audio(RNG.uniform(-0.5, 0.5, (20_000, 2))))
    elif path.suffix == ".npy":
        files.write(path, Signal(RNG.normal(size=(40, 50)), "array", (0, 1)))
    else:
        files.write(path, image(RNG.integers(0, 256, (90, 80, 3), np.uint8)))
