"""The engines: every FFT engine against the definition, the lengths, the pool."""

from itertools import product

import numpy as np
import pytest

from sigconv.engines import transforms
from sigconv.engines.lengths import block_length, fast_length, is_fast, spread_rows, tile_length
from sigconv.engines.protocol import spectrum_shape

ENGINES = ["numpy", "scipy", *(["fftw"] if transforms.installed("pyfftw") else [])]
SHAPES = [((12,), (0,)), ((3, 10), (1,)), ((6, 4, 9), (0, 2)), ((5, 4), (0, 1)), ((7, 2, 3), (0, 1, 2))]


def dft(data, axes):
    """Return the discrete Fourier transform as a sum over the samples of each axis."""
    for axis in axes:
        n = data.shape[axis]
        wave = np.exp(-2j * np.pi * np.outer(np.arange(n), np.arange(n)) / n)
        data = np.moveaxis(np.tensordot(wave, data, axes=(1, axis)), 0, axis)
    return data


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("dtype", ["f4", "f8", "c8", "c16"])
@pytest.mark.parametrize(("shape", "axes"), SHAPES)
def test_an_engine_transforms_there_and_back(engine, dtype, shape, axes):
    """Forward is the sum over the samples, halved on the last axis for real data; inverse returns N times the data."""
    data = np.random.default_rng(0).random(shape).astype(dtype)
    with transforms.lease(engine, "forward", shape, axes, data.dtype) as forward:
        forward.input[...] = data
        spectrum = forward.run().copy()
    kept = tuple(slice(0, n) for n in spectrum_shape(shape, axes, data.dtype))
    size = data.size * np.finfo(dtype).eps
    assert np.abs(spectrum - dft(data, axes)[kept]).max() <= 16 * size
    with transforms.lease(engine, "inverse", shape, axes, data.dtype) as inverse:
        inverse.input[...] = spectrum
        back = inverse.run().copy()
    count = np.prod([shape[a] for a in axes])
    assert back.dtype == data.dtype
    assert np.abs(back / count - data).max() <= 16 * size


def test_fast_lengths_are_the_next_smooth_ones():
    """Above 16 the next even 7-smooth number, by trial of every number."""

    def smooth(n):
        for p in (2, 3, 5, 7):
            while n % p == 0:
                n //= p
        return n == 1

    for n in [*range(17, 2000), 99_991, 1_000_003]:
        expected = next(m for m in range(n, 2 * n + 2) if m % 2 == 0 and smooth(m))
        assert fast_length(n) == expected
    assert [fast_length(n) for n in (1, 2, 10, 11, 13, 15, 16)] == [1, 2, 10, 12, 14, 15, 16]
    assert [n for n in range(1, 40) if not is_fast(n)] == [17, 19, 23, 29, 31, 34, 37, 38]


def test_long_columns_do_not_share_cache_lines():
    """No row of a long column is a multiple of 4,096 bytes, unless its axis is fixed; short columns stay."""
    assert spread_rows((256, 256, 256), (False,) * 3, 16, halved=True) == (256, 270, 256)  # 129 frequencies a row
    assert spread_rows((256, 256, 256), (False,) * 3, 16, halved=False) == (256, 270, 270)
    assert spread_rows((1024, 1024), (False, True), 8, halved=False) == (1024, 1024)
    assert spread_rows((128, 256), (False, False), 16, halved=False) == (128, 256)
    assert spread_rows((32, 256), (False, False), 16, halved=False) == (32, 256)
    assert spread_rows((40, 256), (False, False), 16, halved=False) == (40, 270)
    assert spread_rows((40, 160, 16), (False,) * 3, 8, halved=False) == (40, 162, 16)
    assert spread_rows((4096,), (False,), 16, halved=False) == (4096,)
    # Rows of 2,048 bytes are too close for columns of 2^a, and for complex doubles.
    assert spread_rows((256, 256, 256), (False,) * 3, 8, halved=True) == (256, 270, 256)
    assert spread_rows((80, 128), (False, False), 16, halved=False) == (80, 140)
    assert spread_rows((80, 256), (False, False), 8, halved=False) == (80, 256)
    # Rows of 256 · 8 bytes collide after any even number of them: the last axis has to grow, too.
    assert spread_rows((256, 256, 256), (False,) * 3, 8, halved=False) == (256, 270, 270)
    for lengths in product((64, 256, 512, 540, 4096), repeat=3):
        for itemsize in (8, 16, 32):
            spread = spread_rows(lengths, (False,) * 3, itemsize, halved=False)
            assert all(new < 1.6 * old for new, old in zip(spread, lengths, strict=True))


def test_block_lengths_are_the_fast_ones():
    """Of one axis 2^a, or 5·2^a up to 1,280; of several 5·2^a, or 2^a up to 128."""
    assert [block_length(n) for n in (16, 17, 33, 129, 1025, 1281, 3000)] == [16, 20, 40, 160, 1280, 2048, 4096]
    assert [tile_length(n) for n in (16, 17, 33, 100, 129, 257, 321)] == [16, 20, 40, 128, 160, 320, 640]


def test_the_pool_keeps_within_its_limit(monkeypatch):
    """Idle transforms are used again; beyond the limit the oldest go."""
    pool = transforms._Pool()
    monkeypatch.setattr(transforms, "_MOST_BYTES", 3000)
    made = [transforms.NUMPY.forward((n,), (0,), np.dtype(float)) for n in (100, 200, 150)]
    keys = [("numpy", "forward", t.input.shape, (0,), t.input.dtype) for t in made]
    for key, transform in zip(keys, made, strict=True):
        pool.give(key, transform)
    assert pool.take(keys[0]) is None  # 800 + 1600 + 1200 bytes are over the limit: the first went
    assert pool.take(keys[1]) is made[1]
    assert pool.take(keys[1]) is None
    assert pool.take(keys[2]) is made[2]
    assert pool._bytes == 0
