"""Compiled products of layers at the edges of their blocks, held to exact sums of integers by NumPy's windows."""

import numpy as np
import pytest
from numpy.lib.stride_tricks import sliding_window_view

from sigconv import nn
from sigconv.nn import products
from sigconv.nn.plan import choose

channels = pytest.importorskip("sigconv.engines.channels", reason="the compiled loops need Numba")
PAD = {"zeros": "constant", "reflect": "reflect", "replicate": "edge", "circular": "wrap"}
CALLS = (nn.conv1d, nn.conv2d, nn.conv3d)


@pytest.fixture(autouse=True)
def compiled(monkeypatch):
    """Every layer in floats is computed by the loops, however small it is."""
    monkeypatch.setattr(products, "_COMPILED", 0)
    choose.cache_clear()
    yield
    choose.cache_clear()


def whole(rng, *shape, dtype=np.float32):
    """Give small whole numbers, whose sums are exact in floats."""
    return rng.integers(-9, 10, shape).astype(dtype)


def expected(x, w, stride, padding, dilation, groups=1, mode="zeros"):
    """Sum over NumPy's windows in whole numbers."""
    padded = np.pad(x.astype(np.int64), ((0, 0), (0, 0), *((p, p) for p in padding)), PAD[mode])
    taps, axes = w.shape[2:], tuple(range(2, x.ndim))
    windows = sliding_window_view(padded, [d * (m - 1) + 1 for m, d in zip(taps, dilation, strict=True)], axes)
    windows = windows[(..., *(slice(None, None, d) for d in dilation))]
    windows = windows[(slice(None), slice(None), *(slice(None, None, s) for s in stride))]
    parts, kernels = np.split(windows, groups, 1), np.split(w.astype(np.int64), groups)
    last = tuple(range(-len(taps), 0))
    sums = [np.tensordot(p, k, ((1, *last), (1, *last))) for p, k in zip(parts, kernels, strict=True)]
    return np.moveaxis(np.concatenate(sums, axis=-1), -1, 1)


def check(x, w, stride=1, padding=0, dilation=1, groups=1, mode="zeros"):
    """Hold a layer to the exact sums."""
    ndim = x.ndim - 2
    given = [v if isinstance(v, tuple) else (v,) * ndim for v in (stride, padding, dilation)]
    options = dict(zip(("stride", "padding", "dilation"), given, strict=True), groups=groups, padding_mode=mode)
    layer = nn.Conv(w, method="direct", **options)
    assert "numba" in str(layer.plan(x.shape, x.dtype))
    np.testing.assert_array_equal(layer(x), expected(x, w, *given, groups, mode))
    flipped = np.flip(w, tuple(range(2, w.ndim)))
    result = CALLS[ndim - 1](x, flipped, method="direct", flip=True, **options)
    np.testing.assert_array_equal(result, expected(x, w, *given, groups, mode))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_rows_around_a_panel(dtype):
    rng = np.random.default_rng(1)
    rows = [v + more for v, _ in (channels.TALL, channels.WIDE) for more in (-1, 0, 1)]
    for outputs in {1, *rows, 2 * channels.TALL[0] + 1}:
        check(whole(rng, 2, 3, 9, 11, dtype=dtype), whole(rng, outputs, 3, 3, 3, dtype=dtype), padding=1)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_columns_around_a_block(dtype):
    """A plane of one column more or less than half a block, a block and two, of one signal and several."""
    rng = np.random.default_rng(2)
    for rows, pieces in (channels.TALL, channels.WIDE):
        width = pieces * channels.PIECE // np.dtype(dtype).itemsize
        for count in {1, *(n + more for n in (width // 2, width, 2 * width) for more in (-1, 0, 1))}:
            check(whole(rng, 3, 2, count, dtype=dtype), whole(rng, rows, 2, 1, dtype=dtype))
            check(whole(rng, 1, 2, count, dtype=dtype), whole(rng, rows, 2, 3, dtype=dtype), padding=1)


@pytest.mark.parametrize("lines", [1, 7, 20])
@pytest.mark.parametrize("held", [1, 1 << 14])
def test_sums_over_parts_of_the_channels_and_chunks_of_columns(monkeypatch, lines, held):
    """So few lines are gathered at once that the sums are continued, so few bytes that there are many chunks."""
    monkeypatch.setattr(channels, "_LINES", lines)
    monkeypatch.setattr(channels, "_BYTES", held)
    rng = np.random.default_rng(3)
    for outputs in (3, 8, 17):
        check(whole(rng, 3, 7, 6, 13), whole(rng, outputs, 7, 2, 3), padding=(1, 1))


@pytest.mark.parametrize("mode", list(PAD))
@pytest.mark.parametrize("stride", [1, 2, 3, 4, 5])
def test_strides_dilations_and_what_is_outside(mode, stride):
    rng = np.random.default_rng(stride)
    check(whole(rng, 2, 3, 150), whole(rng, 9, 3, 5), stride, 4, 2, mode=mode)
    check(whole(rng, 2, 3, 40, 37), whole(rng, 9, 3, 4, 3), (1, stride), (3, 2), (1, 3), mode=mode)
    check(whole(rng, 2, 3, 20, 140), whole(rng, 9, 3, 3, 3), (stride, stride), (2, 1), mode=mode)
    check(whole(rng, 1, 2, 9, 8, 20), whole(rng, 5, 2, 3, 2, 3), (2, 1, stride), 1, mode=mode)


def test_groups_and_tiles(monkeypatch):
    """Tiles of several samples, groups, rows of space and outputs, cut where that leaves unequal ones."""
    rng = np.random.default_rng(4)
    x, w = whole(rng, 5, 12, 23, 9), whole(rng, 30, 4, 3, 3)
    for least in (1 << 6, 1 << 14, 1 << 18):
        monkeypatch.setattr(products, "_LEAST", least)
        monkeypatch.setattr(products, "_COLUMNS", 20)
        monkeypatch.setattr(products, "_ROWS", 8)
        choose.cache_clear()
        check(x, w, padding=1, groups=3)
        check(x[:, :4], w, stride=2, padding=(2, 1))


def test_the_input_may_lie_anyhow_in_memory():
    rng = np.random.default_rng(5)
    x, w = whole(rng, 3, 40, 5, 44), whole(rng, 10, 5, 3, 3)
    check(x.transpose(0, 2, 3, 1), w, padding=1)
    check(x.transpose(0, 2, 1, 3)[:, ::-1, ::-1, ::-1], w, padding=1)
    check(x.transpose(0, 2, 1, 3)[:, :, ::2, 1::2], w, stride=(1, 2), padding=1)
    check(x.transpose(0, 2, 1, 3).astype(">f4"), w, padding=1)
    bytes_ = np.zeros(x.nbytes + 1, np.uint8)
    odd = bytes_[1:].view(np.float32).reshape(3, 40, 5, 44)
    odd[...] = x
    assert not odd.flags.aligned
    check(odd.transpose(0, 2, 1, 3), w, padding=1)


def test_nothing_is_written_beside_the_outputs():
    """Planes with margins, which no sample meets, hold the bias; the transposed layer writes every second output."""
    rng = np.random.default_rng(6)
    x, w, bias = whole(rng, 2, 3, 17, 19), whole(rng, 8, 3, 2, 2), whole(rng, 8)
    result = nn.conv2d(x, w, bias, padding=5, method="direct")
    sums = expected(x, w, (1, 1), (5, 5), (1, 1))
    np.testing.assert_array_equal(result, sums + bias[:, None, None])
    turned = nn.conv_transpose2d(x, w.transpose(1, 0, 2, 3), bias, stride=2, method="direct")
    whole_ = nn.conv_transpose2d(x.astype(int), w.transpose(1, 0, 2, 3).astype(int), bias.astype(int), stride=2)
    np.testing.assert_array_equal(turned, whole_)


def test_what_is_not_finite_stays_in_its_windows():
    x, w = np.zeros((2, 4, 12, 70), np.float32), np.ones((9, 4, 3, 3), np.float32)
    x[0, 1, 5, 33], x[1, 3, 0, 0] = np.inf, np.nan
    bad = ~np.isfinite(nn.conv2d(x, w, padding=1, method="direct"))
    seen = np.zeros((2, 12, 70), bool)
    seen[0, 4:7, 32:35] = seen[1, :2, :2] = True
    assert (bad == seen[:, None]).all()
