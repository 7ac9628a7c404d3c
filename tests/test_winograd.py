"""Minimal filtering of layers: exact in small whole numbers, within its bound, and as direct sums where it can't be."""

from fractions import Fraction
from itertools import product

import numpy as np
import pytest
from numpy.lib.stride_tricks import sliding_window_view

from sigconv import nn
from sigconv.errors import ArgumentValueError, ResultOverflowError
from sigconv.methods.bounds import winograd_factor, winograd_underflow
from sigconv.nn import winograd
from sigconv.nn.plan import choose

pytest.importorskip("numba", reason="the compiled loops need Numba")
PAD = {"zeros": "constant", "reflect": "reflect", "replicate": "edge", "circular": "wrap"}
CALLS = (nn.conv1d, nn.conv2d, nn.conv3d)


def whole(rng, *shape, dtype=np.float32, peak=9):
    """Give small whole numbers, whose sums are exact in floats."""
    return rng.integers(-peak, peak + 1, shape).astype(dtype)


def expected(x, w, padding, groups=1, mode="zeros"):
    """Sum over NumPy's windows in whole numbers."""
    padded = np.pad(x.astype(np.int64), ((0, 0), (0, 0), *padding), PAD[mode])
    windows = sliding_window_view(padded, w.shape[2:], tuple(range(2, x.ndim)))
    parts, kernels = np.split(windows, groups, 1), np.split(w.astype(np.int64), groups)
    last = tuple(range(2 - w.ndim, 0))
    sums = [np.tensordot(p, k, ((1, *last), (1, *last))) for p, k in zip(parts, kernels, strict=True)]
    return np.moveaxis(np.concatenate(sums, axis=-1), -1, 1)


def check(x, w, padding=1, groups=1, mode="zeros"):
    """Hold a layer, as it is and flipped, to the exact sums; the padding is one number, or a pair for each axis."""
    pairs = ((padding, padding),) * (x.ndim - 2) if isinstance(padding, int) else padding
    options = {"padding": pairs, "groups": groups, "padding_mode": mode, "method": "winograd"}
    result = nn.Conv(w, **options)(x)
    assert result.dtype == x.dtype
    np.testing.assert_array_equal(result, expected(x, w, pairs, groups, mode))
    flipped = np.flip(w, tuple(range(2, w.ndim)))
    np.testing.assert_array_equal(CALLS[x.ndim - 3](x, flipped, flip=True, **options), result)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("taps", [(3, 3), (1, 3), (3,)])
def test_sizes_around_tiles_pieces_and_blocks(taps, dtype):
    """Odd and even lengths, shorter and longer than what a register and a group hold; channels around a block."""
    rng = np.random.default_rng(1)
    for n, inputs, outputs in [(1, 2, 1), (2, 3, 7), (3, 2, 8), (4, 5, 9), (7, 17, 16), (31, 3, 3), (33, 2, 5)]:
        for more in (0, 1):
            space = (n + 2, 2 * n + more)[-len(taps) :]
            check(whole(rng, 3, inputs, *space, dtype=dtype), whole(rng, outputs, inputs, *taps, dtype=dtype))
    check(whole(rng, 2, 3, *(5, 700)[-len(taps) :], dtype=dtype), whole(rng, 4, 3, *taps, dtype=dtype))


@pytest.mark.parametrize("mode", list(PAD))
def test_what_is_outside(mode):
    rng = np.random.default_rng(2)
    x, w = whole(rng, 2, 4, 9, 12), whole(rng, 6, 2, 3, 3)
    for padding in (((0, 0), (0, 0)), ((1, 1), (1, 1)), ((2, 0), (0, 3)), ((5, 6), (7, 8))):
        check(x, w, padding, 2, mode)
        check(x[:, :, 0], w[:, :, 0], padding[1:], 2, mode)
        check(x, w[:, :, :1], padding, 2, mode)
    check(x, w, ((40, 3), (2, 50)) if mode in ("zeros", "replicate") else ((8, 8), (11, 11)), 2, mode)


def test_groups_of_tiles_and_tiles_of_the_result(monkeypatch):
    """Cut into tiles of samples, groups, rows, columns and outputs, and these into small groups of tiles."""
    rng = np.random.default_rng(3)
    x, w = whole(rng, 5, 12, 23, 31), whole(rng, 66, 4, 3, 3)
    for least, tiles, outputs, held in [(1, 4, 8, 1), (1 << 12, 32, 8, 1 << 14), (1 << 16, 64, 16, 1 << 20)]:
        for name, value in {"_LEAST": least, "_SHARES": 1000, "_TILES": tiles, "_OUTPUTS": outputs}.items():
            monkeypatch.setattr(winograd, name, value)
        monkeypatch.setattr(winograd, "_BYTES", held)
        monkeypatch.setattr(winograd, "_MULTIPLE", 32)
        choose.cache_clear()
        check(x, w, groups=3)
        check(x[:, :4, 0], w[:, :, 0])
        check(x[:1, :4], w[:20])
    choose.cache_clear()


def test_the_input_may_lie_anyhow_in_memory():
    rng = np.random.default_rng(4)
    x, w = whole(rng, 3, 20, 5, 44), whole(rng, 10, 5, 3, 3)
    check(x.transpose(0, 2, 1, 3), w)
    check(x.transpose(0, 2, 3, 1), w)
    check(x.transpose(0, 2, 1, 3)[:, ::-1, ::-1, ::-1], w)
    check(x.transpose(0, 2, 1, 3)[:, :, ::2, 1::3], w)
    check(np.broadcast_to(x[:, :1, :1].transpose(0, 2, 1, 3), (3, 5, 20, 44)), w)
    odd = np.zeros(x.nbytes + 1, np.uint8)[1:].view(np.float32).reshape(3, 5, 20, 44)
    odd[...] = x.transpose(0, 2, 1, 3)
    assert not odd.flags.aligned
    check(odd, w)
    swapped = nn.conv2d(odd.astype(">f4"), w.astype(">f4"), padding=1, method="winograd")
    np.testing.assert_array_equal(swapped, expected(odd, w, ((1, 1), (1, 1))))


def test_nothing_is_written_beside_the_outputs():
    """Margins, which no sample meets, hold the bias; a transposed layer of stride 1 is a layer."""
    rng = np.random.default_rng(5)
    x, w, bias = whole(rng, 2, 3, 7, 9), whole(rng, 8, 3, 3, 3), whole(rng, 8)
    result = nn.conv2d(x, w, bias, padding=6, method="winograd")
    np.testing.assert_array_equal(result, expected(x, w, ((6, 6), (6, 6))) + bias[:, None, None])
    turned = nn.conv_transpose2d(x, w.swapaxes(0, 1), bias, method="winograd")
    flipped = np.flip(w, (2, 3))
    np.testing.assert_array_equal(turned, expected(x, flipped, ((2, 2), (2, 2))) + bias[:, None, None])


REFUSED = [
    ((4, 3, 9, 9), (5, 3, 3, 3), "float32", {"stride": (1, 2)}, "a stride leaves some of them out"),
    ((4, 3, 9, 9), (5, 3, 3, 3), "float32", {"dilation": 2}, "a dilation sets them apart"),
    ((4, 3, 9, 9), (5, 3, 3, 5), "float32", {}, "3, 1 × 3 or 3 × 3 taps"),
    ((4, 3, 9, 9), (5, 3, 3, 1), "float32", {}, "3, 1 × 3 or 3 × 3 taps"),
    ((4, 3, 9, 9, 9), (5, 3, 3, 3, 3), "float32", {}, "3, 1 × 3 or 3 × 3 taps"),
    ((4, 3, 9), (3, 1, 3), "float32", {"groups": 3}, "several channels"),
    ((4, 3, 9), (5, 3, 3), "complex64", {}, "float32 and float64, not in complex64"),
    ((4, 3, 9), (5, 3, 3), "longdouble", {}, "float32 and float64"),
    ((4, 3, 9), (5, 3, 3), "object", {}, "float32 and float64, not in object"),
]


@pytest.mark.parametrize(("shape", "weight", "dtype", "options", "words"), REFUSED, ids=range(len(REFUSED)))
def test_what_it_cannot_serve_it_says(shape, weight, dtype, options, words):
    with pytest.raises(ArgumentValueError, match="winograd"):
        nn.plan(shape, weight, dtype, method="winograd", **options)
    table = nn.plan(shape, weight, dtype, **options).explain()
    row = next(line for line in table.splitlines() if line.startswith("winograd"))
    assert "can't serve" in row
    assert words in row


def test_auto_takes_it_where_channels_are_many():
    many, few = nn.plan((8, 64, 56, 56), (64, 64, 3, 3), "float32"), nn.plan((8, 3, 56, 56), (4, 3, 3, 3), "float32")
    assert (many.method, few.method) == ("winograd", "direct")
    assert "chosen: the least estimated time" in many.explain()
    assert nn.plan((1, 16, 9, 9), (16, 16, 3, 3), "float32").method == "direct"  # too few to load loops for


def test_the_bits_do_not_depend_on_the_workers(monkeypatch):
    rng = np.random.default_rng(6)
    x, w = rng.standard_normal((4, 32, 41, 43)).astype("f"), rng.standard_normal((40, 32, 3, 3)).astype("f")
    monkeypatch.setattr(winograd, "_LEAST", 1 << 16)
    choose.cache_clear()
    several = nn.conv2d(x, w, padding=1, method="winograd")
    monkeypatch.setenv("SIGCONV_NUM_THREADS", "1")
    np.testing.assert_array_equal(nn.conv2d(x, w, padding=1, method="winograd"), several)
    choose.cache_clear()


# The matrices of F(2, 3), as the paper has them.
B = np.array([[1, 0, -1, 0], [0, 1, 1, 0], [0, -1, 1, 0], [0, 1, 0, -1]])
G = np.array([[2, 0, 0], [1, 1, 1], [1, -1, 1], [0, 0, 2]]) / 2
A = np.array([[1, 1, 1, 0], [0, 1, -1, -1]])


def test_the_constant_of_the_bound():
    """‖Q‖₂ of all that meets in an output, where nothing cancels; and the matrices give the sums."""
    for row in range(2):
        sums, sizes = (np.einsum("k,ki,kj->ij", f(A[row]), f(B), f(G)) for f in (np.array, np.abs))
        np.testing.assert_array_equal(sums, np.eye(4, 3, -row))
        one = np.linalg.norm(sizes, 2) * np.expm1(6 * np.log1p(2.0**-53))
        for axes in (1, 2):
            assert winograd_factor(np.dtype(float), 6 - 5 * axes - 1, axes) == pytest.approx(
                one * np.linalg.norm(sizes, 2) ** (axes - 1), rel=1e-12, abs=0
            )


def tile_norms(x, pairs):
    """Give ‖x_t‖₂ for the outputs of each tile: of the samples of all channels that it reads."""
    padded = np.pad(x.astype(float), ((0, 0), (0, 0), *((a, b + 2) for a, b in pairs)))
    axes = tuple(range(2, x.ndim))
    squares = (sliding_window_view(padded, (4,) * len(axes), axes) ** 2).sum((1, *range(-len(axes), 0)))
    kept = squares[(slice(None), *(slice(None, None, 2) for _ in axes))]
    for axis in range(1, 1 + len(axes)):
        kept = np.repeat(kept, 2, axis)
    return np.sqrt(kept)[:, None]


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("ndim", [1, 2])
@pytest.mark.parametrize("kind", ["noise", "one sign", "mixed sizes", "against"])
def test_errors_are_within_the_bound(kind, ndim, dtype):
    """Held to exact sums of fractions; signs against Q's, and sizes along its singular vectors, come nearest."""
    rng = np.random.default_rng(7)
    inputs, space = 5, (6, 7)[:ndim]
    bits = np.finfo(dtype).nmant
    x = rng.integers(2 ** (bits - 1), 2**bits, (2, inputs, *space)).astype(dtype)
    w = rng.integers(2 ** (bits - 1), 2**bits, (4, inputs, *(3,) * ndim)).astype(dtype)
    if kind in ("noise", "mixed sizes"):
        x, w = (v * rng.choice([-1, 1], v.shape).astype(dtype) for v in (x, w))
    if kind == "mixed sizes":
        x, w = (np.ldexp(v, rng.integers(-40, 1, v.shape)) for v in (x, w))
    if kind == "against":
        x, w = x * (1 - 2 * (np.indices(x.shape)[-1] % 2)), w * np.resize([1, -1, 1], 3)
    x, w = x.astype(dtype), w.astype(dtype)
    result = CALLS[ndim - 1](x, w, padding=1, method="winograd")
    pairs = ((1, 1),) * ndim
    exact = fractions(x, w, pairs)
    norms = tile_norms(x, pairs)[(slice(None), slice(None), *(slice(0, n) for n in result.shape[2:]))]
    taps = np.sqrt((w.astype(float) ** 2).sum(tuple(range(1, w.ndim)))).reshape(-1, *(1,) * ndim)
    bound = winograd_factor(np.dtype(dtype), inputs, ndim) * norms * taps
    bound = bound + winograd_underflow(np.dtype(dtype), inputs * 3**ndim)
    errors = np.array([abs(Fraction(float(a)) - b) for a, b in zip(result.flat, exact.flat, strict=True)], float)
    assert np.all(errors.reshape(result.shape) <= bound)
    assert np.max(errors.reshape(result.shape) / bound) > 1e-4  # the bound says something
    assert np.all(np.abs(result) <= 2 * norms * taps)


def fractions(x, w, pairs):
    """Sum products of fractions."""
    padded = np.pad(x.astype(object), ((0, 0), (0, 0), *pairs))
    padded = np.frompyfunc(lambda v: Fraction(float(v)), 1, 1)(padded)
    taps = np.frompyfunc(lambda v: Fraction(float(v)), 1, 1)(w)
    counts = [n - 2 for n in padded.shape[2:]]
    total = np.zeros((len(x), len(w), *counts), object)
    for c, *tap in product(range(w.shape[1]), *map(range, w.shape[2:])):
        window = padded[(slice(None), c, *(slice(t, t + n) for t, n in zip(tap, counts, strict=True)))]
        total += window[:, None] * taps[(slice(None), c, *tap)].reshape(-1, *(1,) * len(counts))
    return total


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_what_is_not_finite_stays_in_its_windows(dtype):
    x, w = np.zeros((2, 4, 12, 70), dtype), np.ones((9, 4, 3, 3), dtype)
    x[0, 1, 5, 33], x[1, 3, 0, 0] = np.inf, np.nan
    result = nn.conv2d(x, w, padding=1, method="winograd")
    seen = np.zeros((2, 12, 70), bool)
    seen[0, 4:7, 32:35] = seen[1, :2, :2] = True
    assert (~np.isfinite(result) == seen[:, None]).all()
    assert (result[0][:, seen[0]] == np.inf).all()
    w[2, 1, 0, 1] = np.nan
    assert np.flatnonzero(np.isnan(nn.conv2d(np.ones_like(x), w, method="winograd")).all((0, 2, 3))).tolist() == [2]


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_no_overflow_on_the_way(dtype):
    """Sums of samples, of weights and of products that are too large, where the outputs are not."""
    large = np.finfo(dtype).max
    for sample, weight in [(large, 1), (large, 0.25), (1, large), (2.0 ** (np.finfo(dtype).maxexp // 2), None)]:
        x, w = np.zeros((1, 2, 6, 6), dtype), np.zeros((3, 2, 3, 3), dtype)
        x[0, 0, 2:4, 2:4] = sample
        x[0, 0, 2, 2] = x[0, 0, 3, 3] = -sample
        w[:, 0, 1, 1] = sample / 2 if weight is None else weight
        direct = nn.conv2d(x, w, padding=1, method="direct")
        assert np.isfinite(direct).all()
        np.testing.assert_array_equal(nn.conv2d(x, w, padding=1, method="winograd"), direct)
    x[...], w[...] = large, 1
    assert np.isinf(nn.conv2d(x, w, method="winograd")).all()


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_no_underflow_on_the_way(dtype):
    """Weights of one output channel whose halves would lose their bits, met by samples that bring them back."""
    info, rng = np.finfo(dtype), np.random.default_rng(8)
    x, w = whole(rng, 2, 3, 8, 8, dtype=dtype), whole(rng, 4, 3, 3, 3, dtype=dtype)
    w[0] = 0
    loud, soft = info.maxexp - 8, np.array([0, info.minexp - info.nmant, -info.maxexp // 2, -info.maxexp // 2])
    result = nn.conv2d(np.ldexp(x, loud), np.ldexp(w, soft.reshape(-1, 1, 1, 1)), padding=1, method="winograd")
    scaled = np.ldexp(result.astype(float), -loud - soft.reshape(-1, 1, 1))
    np.testing.assert_array_equal(scaled, expected(x, w, ((1, 1), (1, 1))))


def test_integers_are_exact():
    """By sums that are exact in halves and quarters, cut into limbs where they must be; out of range is an error."""
    rng = np.random.default_rng(9)
    for peak in (9, 2**15, 2**20, 2**25, 2**27):
        for shape, weight in [((2, 5, 9, 10), (7, 5, 3, 3)), ((2, 5, 30), (7, 5, 3))]:
            x, w = (rng.choice([-1, 1], s) * rng.integers(peak - 2, peak + 1, s) for s in (shape, weight))
            result = CALLS[len(shape) - 3](x, w, padding=1, method="winograd")
            assert result.dtype == np.int64
            np.testing.assert_array_equal(result, expected(x, w, ((1, 1),) * (len(shape) - 2)))
    with pytest.raises(ResultOverflowError, match="does not fit in int64"):
        nn.conv1d(np.full((2, 5), 2**62), np.ones((1, 2, 3), int), method="winograd")
    unsigned = nn.conv1d(np.full((2, 5), 2**60, np.uint64), np.ones((1, 2, 3), np.uint8), method="winograd")
    assert (unsigned.dtype, unsigned.tolist()) == (np.uint64, [[6 * 2**60] * 3])


def test_half_precision_is_computed_in_single():
    rng = np.random.default_rng(10)
    x, w = (rng.standard_normal(s).astype(np.float16) for s in ((2, 8, 9, 9), (4, 8, 3, 3)))
    result = nn.conv2d(x, w, method="winograd")
    assert result.dtype == np.float16
    single = nn.conv2d(x.astype("f"), w.astype("f"), method="winograd")
    np.testing.assert_array_equal(result, single.astype(np.float16))
