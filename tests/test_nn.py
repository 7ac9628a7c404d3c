"""Layers held to their definition in exact integers, to hand-computed numbers, to their laws, and to their refusals."""

import copy
import threading

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from layers import METHODS, SOURCES, layer, transposed

import sigconv
from sigconv import nn
from sigconv.errors import ArgumentTypeError, ArgumentValueError, ResultOverflowError
from sigconv.methods.bounds import transform_bound

CONV = {1: nn.conv1d, 2: nn.conv2d, 3: nn.conv3d}
TRANSPOSED = {1: nn.conv_transpose1d, 2: nn.conv_transpose2d, 3: nn.conv_transpose3d}


def integers(rng, shape, peak=9):
    return rng.integers(-peak, peak + 1, shape)


@st.composite
def layers(draw, max_ndim=2):
    """Draw a layer that is no error: shapes and options, its integers from a seed."""
    ndim = draw(st.integers(1, max_ndim))
    per_axis = lambda low, high: draw(st.lists(st.integers(low, high), min_size=ndim, max_size=ndim))  # noqa: E731
    groups, inputs, outputs, batch = (draw(st.integers(1, 3)) for _ in range(4))
    space, taps, stride, dilation = per_axis(2, 7), per_axis(1, 4), per_axis(1, 3), per_axis(1, 3)
    mode = draw(st.sampled_from(list(SOURCES)))
    padding = []
    for n, m, d in zip(space, taps, dilation, strict=True):
        span = d * (m - 1) + 1
        most = {"zeros": 9, "replicate": 9, "reflect": n - 1, "circular": n}[mode]
        low, high = (draw(st.integers(0, most)) for _ in range(2))
        padding.append((low, high) if n + low + high >= span else (min(most, span), min(most, span)))
        if n + sum(padding[-1]) < span:
            space[len(padding) - 1] = n = max(n, span)
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    x = integers(rng, (batch, groups * inputs, *space))
    w = integers(rng, (groups * outputs, inputs, *taps))
    bias = integers(rng, groups * outputs, 99) if draw(st.booleans()) else None
    options = {"stride": stride, "padding": padding, "dilation": dilation, "groups": groups}
    return x, w, bias, options | {"padding_mode": mode, "flip": draw(st.booleans())}


@given(layers(), st.sampled_from(METHODS))
def test_layers_are_their_definition(drawn, method):
    x, w, bias, options = drawn
    result = CONV[x.ndim - 2](x, w, bias, method=method, **options)
    assert result.dtype == np.int64
    np.testing.assert_array_equal(result, layer(x, w, bias, **options).astype(np.int64))


@given(layers(), st.sampled_from(METHODS), st.data())
def test_transposed_layers_are_their_definition(drawn, method, data):
    x, w, _, options = drawn
    options = {name: options[name] for name in ("stride", "dilation", "groups")}
    spans = [(m - 1) * d + 1 for m, d in zip(w.shape[2:], options["dilation"], strict=True)]
    padding = [(data.draw(st.integers(0, span // 2)), data.draw(st.integers(0, span // 2))) for span in spans]
    extra = [data.draw(st.integers(0, max(s, d) - 1)) for s, d in zip(options["stride"], options["dilation"])]  # noqa: B905
    weight = integers(np.random.default_rng(1), (x.shape[1], len(w) // options["groups"], *w.shape[2:]))
    lengths = [
        (n - 1) * s + span - sum(p) + e
        for n, s, span, p, e in zip(x.shape[2:], options["stride"], spans, padding, extra, strict=True)
    ]
    if min(lengths) < 1:
        return
    options |= {"padding": padding, "output_padding": extra}
    result = TRANSPOSED[x.ndim - 2](x, weight, method=method, **options)
    np.testing.assert_array_equal(result, transposed(x, weight, None, **options).astype(np.int64))


@given(layers(max_ndim=3))
def test_the_transposed_layer_is_the_adjoint(drawn):
    """⟨conv(x), y⟩ = ⟨x, conv_transpose(y)⟩ in exact integers; output_padding says which length x has."""
    x, w, _, options = drawn
    options = {name: options[name] for name in ("stride", "dilation", "groups")}
    padding = [((m - 1) * d, (m - 1) * d // 2) for m, d in zip(w.shape[2:], options["dilation"], strict=True)]
    y = CONV[x.ndim - 2](x, w, padding=padding, **options)
    y = integers(np.random.default_rng(2), y.shape)
    spans = [(m - 1) * d + 1 for m, d in zip(w.shape[2:], options["dilation"], strict=True)]
    extra = [
        n - ((k - 1) * s - sum(p) + span)
        for n, k, s, p, span in zip(x.shape[2:], y.shape[2:], options["stride"], padding, spans, strict=True)
    ]
    back = TRANSPOSED[x.ndim - 2](y, w, padding=padding, output_padding=extra, **options)
    assert np.sum(CONV[x.ndim - 2](x, w, padding=padding, **options) * y) == np.sum(x * back)


def test_the_adjoint_of_a_complex_layer_has_conjugated_weights():
    """Sums of small integers are exact in floats, where a transform, which may be cheaper, would round."""
    rng = np.random.default_rng(3)
    x, y, w = (integers(rng, s) + 1j * integers(rng, s) for s in ((2, 4, 9), (2, 6, 4), (6, 2, 3)))
    forward = nn.conv1d(x, w, stride=2, groups=2, method="direct")
    back = nn.conv_transpose1d(y, w.conj(), stride=2, groups=2, method="direct")
    assert np.vdot(y, forward) == np.vdot(back, x)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("depthwise", [True, False])
def test_flip_is_the_mathematical_convolution(method, depthwise):
    rng = np.random.default_rng(4)
    x, w = integers(rng, (3, 8, 9)), integers(rng, (3 if depthwise else 2, 1 if depthwise else 3, 3, 4))
    result = nn.conv2d(x, w, padding=(2, 3), groups=3 if depthwise else 1, flip=True, method=method)
    if depthwise:
        expected = np.stack([sigconv.convolve(x[c], w[c, 0]) for c in range(3)])
    else:
        expected = np.stack([sum(sigconv.convolve(x[c], w[o, c]) for c in range(3)) for o in range(2)])
    np.testing.assert_array_equal(result, expected)


def test_numbers_by_hand():
    x = [[1, 2, 3, 4], [10, 20, 30, 40]]
    w = [[[1, 0, -1], [1, 1, 1]], [[0, 1, 0], [0, 0, 2]]]
    np.testing.assert_array_equal(nn.conv1d(x, w), [[58, 88], [62, 83]])
    np.testing.assert_array_equal(nn.conv1d(x, w, [100, -100], padding=1), [[128, 158, 188, 173], [-59, -38, -17, -96]])
    np.testing.assert_array_equal(nn.conv1d(x, w, stride=2, padding=((1, 0),)), [[28, 88], [41, 83]])
    np.testing.assert_array_equal(nn.conv1d([[1, 2, 3, 4]], [[[1, 10]]], padding="same"), [[21, 32, 43, 4]])
    np.testing.assert_array_equal(nn.conv1d([[1, 2, 3, 4]], [[[1, 10]]], padding="valid"), [[21, 32, 43]])


LARGE = [
    ((2, 16, 40, 37), (24, 16, 3, 3), {"padding": 1}),
    ((2, 16, 40, 37), (24, 16, 3, 3), {}),
    ((1, 6, 61, 64), (12, 3, 7, 5), {"stride": (2, 3), "padding": (3, 2), "groups": 2}),
    ((1, 24, 300), (3, 24, 9), {"dilation": 3, "padding": 40, "padding_mode": "reflect"}),
    ((2, 32, 16, 16), (40, 32, 1, 1), {}),
    ((2, 32, 16, 16), (5, 32, 1, 1), {"stride": 2}),
    ((1, 8, 12, 13, 14), (16, 8, 3, 3, 3), {"padding": 1, "padding_mode": "circular"}),
    ((2, 12, 50, 50), (12, 1, 15, 15), {"padding": 7, "groups": 12}),
    ((2, 12, 50, 50), (24, 1, 15, 15), {"padding": 7, "groups": 12, "stride": 2}),
    ((1, 64, 3, 3), (128, 64, 3, 3), {}),
    ((3, 16, 300), (16, 16, 300), {"padding": 150}),
    ((2, 4, 9), (8, 4, 3), {"padding": 700}),
    ((2, 4, 9), (4, 1, 3), {"padding": 700, "groups": 4, "stride": 2}),
]


@pytest.mark.parametrize("method", ["auto", *METHODS])
@pytest.mark.parametrize(("shape", "weight_shape", "options"), LARGE, ids=lambda v: str(v) if v != {} else "plain")
def test_large_layers_are_exact_by_every_method(shape, weight_shape, options, method):
    """In integers all methods give the same bits: those of sums of int64 over shifted copies of the padded input."""
    rng = np.random.default_rng(5)
    x, w, bias = integers(rng, shape), integers(rng, weight_shape), integers(rng, weight_shape[0])
    result = nn.Conv(w, bias, method=method, **options)(x)
    np.testing.assert_array_equal(result, shifted(x, w, options) + bias.reshape(-1, *(1,) * (x.ndim - 2)))


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("dtype", ["float32", "float64", "complex64", "complex128", "float16", "longdouble"])
@pytest.mark.parametrize(("shape", "weight_shape", "options"), LARGE[:7:2], ids=str)
def test_large_layers_in_floats_lie_within_the_bound(shape, weight_shape, options, dtype, method):
    """Small integers in floats have an exact result; the error is at most that of a transform of 2²⁰ samples."""
    rng = np.random.default_rng(6)
    x, w = integers(rng, shape, 3), integers(rng, weight_shape, 3)
    result = CONV[x.ndim - 2](x.astype(dtype), w.astype(dtype), method=method, **options)
    assert result.dtype == np.dtype(dtype)
    computed = np.dtype(np.float32 if dtype == "float16" else dtype)
    norms = np.linalg.norm(x.reshape(-1)) * np.linalg.norm(w.reshape(len(w), -1), axis=1).max()
    bound = transform_bound(computed, 2**20, norms)
    exact = shifted(x, w, options)
    rounding = np.abs(exact) * 2.0**-11 if dtype == "float16" else 0
    assert np.all(np.abs(result - exact) <= bound + rounding)


def shifted(x, w, options):
    """Sum shifted copies of the padded input times a matrix for each tap, in int64."""
    ndim, groups = x.ndim - 2, options.get("groups", 1)
    spread = lambda value: value if isinstance(value, tuple) else (value,) * ndim  # noqa: E731
    stride, dilation = spread(options.get("stride", 1)), spread(options.get("dilation", 1))
    padding = [(0, 0), (0, 0), *((p, p) for p in spread(options.get("padding", 0)))]
    names = {"zeros": "constant", "replicate": "edge", "circular": "wrap", "reflect": "reflect"}
    x = np.pad(x, padding, names[options.get("padding_mode", "zeros")])
    spans = [d * (m - 1) + 1 for m, d in zip(w.shape[2:], dilation, strict=True)]
    counts = [(n - span) // s + 1 for n, span, s in zip(x.shape[2:], spans, stride, strict=True)]
    x = x.reshape(len(x), groups, -1, *x.shape[2:])
    w = w.reshape(groups, -1, *w.shape[1:])
    total = 0
    for tap in np.ndindex(w.shape[3:]):
        places = zip(tap, stride, dilation, counts, strict=True)
        window = tuple(slice(j * d, j * d + s * (k - 1) + 1, s) for j, s, d, k in places)
        matrices, samples = w[(..., *tap)], x[(..., *window)]
        total = total + np.einsum("goc,bgc...->bgo...", matrices, samples)
    return total.reshape(len(x), -1, *counts)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("inputs", [1, 2])
def test_inf_and_nan_stay_in_their_windows(method, inputs):
    x, w = np.zeros((1, inputs, 40)), np.ones((2, inputs, 3))
    x[0, 0, 7], x[0, 0, 30] = np.inf, np.nan
    finite = np.isfinite(nn.conv1d(x, w, padding=1, method=method))
    assert sorted(np.flatnonzero(~finite[0, 1])) == [6, 7, 8, 29, 30, 31]


@pytest.mark.parametrize("method", ["auto", *METHODS])
def test_integers_never_wrap(method):
    big = np.array([[2**62, 2**62, -(2**62)]])
    with pytest.raises(ResultOverflowError, match="does not fit in int64"):
        nn.conv1d(big, [[[1, 1]]], method=method)
    assert nn.conv1d([[2**62]], [[[2]]], bias=[-1], method=method) == [[2**63 - 1]]
    with pytest.raises(ResultOverflowError):
        nn.conv1d([[1]], [[[1]]], bias=[2**63 - 1], method=method)
    unsigned = np.array([[2**63, 2**62]], np.uint64)
    result = nn.conv1d(unsigned, np.array([[[1, 1]]], np.uint8), method=method)
    assert (result.dtype, result[0, 0]) == (np.uint64, 2**63 + 2**62)
    with pytest.raises(ResultOverflowError):
        nn.conv1d(unsigned, np.array([[[0, 1]]], np.uint8), bias=[-(2**62) - 1], method=method)


def test_overflow_names_where_the_result_does_not_fit():
    x, w = np.zeros((3, 4, 5, 6), np.int64), np.ones((6, 2, 1, 1), np.int64)
    x[2, 2, 4, 3], w[:4], w[4] = 2**62, 0, 2  # the second group's second output channel
    options = {"groups": 2, "padding": ((2, 0), (1, 0))}
    with pytest.raises(ResultOverflowError, match=r"at index \(2, 4, 6, 4\) does not fit in int64"):
        nn.conv2d(x, w, **options)
    with pytest.raises(ResultOverflowError, match=r"at index \(4, 6, 4\) does not fit"):
        nn.conv2d(x[2], w, **options)
    with pytest.raises(ResultOverflowError, match=r"at index \(0, 1, 7\) does not fit in int64"):
        nn.conv_transpose1d([[[0, 0, 2**62]]], [[[0, 0, 0], [0, 2, 0]]], stride=3)


@pytest.mark.parametrize("method", ["fft", "auto"])
def test_long_lines_of_integers_are_exact(method):
    """One channel by one transform so long that its axis is folded into two."""
    rng = np.random.default_rng(17)
    x, w = integers(rng, (1, 1, 1 << 21), 99), integers(rng, (1, 1, 3000), 99)
    result = nn.conv1d(x, w, method=method)
    for k in (0, 1, 1_000_003, result.shape[-1] - 1):
        assert result[0, 0, k] == x[0, 0, k : k + 3000] @ w[0, 0]


@pytest.mark.parametrize("method", METHODS)
def test_wide_integers_are_exact(method):
    """Products of up to 60 bits: no float holds their sums."""
    rng = np.random.default_rng(12)
    x, w = integers(rng, (2, 3, 40), 2**29), integers(rng, (4, 3, 3), 2**29)
    bias = integers(rng, 4, 2**60)
    expected = shifted(x, w, {"padding": 1}) + bias[:, None]
    np.testing.assert_array_equal(nn.conv1d(x, w, bias, padding=1, method=method), expected)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("channels", [1, 2])
def test_an_output_in_the_holes_of_the_kernel_is_zero(method, channels):
    """The first outputs of the window meet no sample: they lie between two taps, further apart than the samples."""
    x, w = np.ones((channels, 1), int), np.ones((channels, 1, 3), int)
    result = nn.conv_transpose1d(x, w, padding=1, dilation=3, output_padding=2, method=method)
    np.testing.assert_array_equal(result, channels * np.array([[0, 0, 1, 0, 0, 1, 0]]))


def test_python_ints_have_no_limit():
    x, w = np.array([[10**30, 1]], object), np.array([[[1, 10**30]], [[1, 1]]], object)
    assert nn.conv1d(x, w, np.array([5, 0], object)).tolist() == [[2 * 10**30 + 5], [10**30 + 1]]
    with pytest.raises(ArgumentValueError, match="no transform"):
        nn.conv1d(x, w, method="fft")


def test_any_layout_of_memory_serves():
    rng = np.random.default_rng(7)
    x, w = rng.standard_normal((2, 16, 40, 40)).astype("f"), rng.standard_normal((16, 16, 3, 3)).astype("f")
    expected = nn.conv2d(x, w)
    spaced = np.zeros((2, 16, 40, 80), "f")
    spaced[..., ::2] = x
    readonly = x.copy()
    readonly.flags.writeable = False
    raw = np.zeros(x.nbytes + 1, np.uint8)
    unaligned = raw[1:].view("f").reshape(x.shape)
    unaligned[...] = x
    views = [np.asfortranarray(x), spaced[..., ::2], x[:, :, ::-1].copy()[:, :, ::-1], x[..., ::-1].copy()[..., ::-1]]
    for view in (*views, x.astype(">f4"), readonly, unaligned):
        np.testing.assert_array_equal(nn.conv2d(view, w), expected)
    turned = np.moveaxis(np.moveaxis(w, 0, -1).copy(), -1, 0)
    np.testing.assert_array_equal(nn.conv2d(x, turned), expected)


def test_a_batch_is_optional_and_may_be_empty():
    x, w = np.arange(24.0).reshape(2, 3, 4), np.ones((5, 3, 2))
    np.testing.assert_array_equal(nn.conv1d(x[0], w), nn.conv1d(x, w)[0])
    assert nn.conv1d(x[:0], w, np.zeros(5)).shape == (0, 5, 3)
    assert nn.conv_transpose1d(x[0], np.ones((3, 5, 2))).shape == (5, 5)
    assert nn.conv_transpose1d(x[:0], np.ones((3, 5, 2))).shape == (0, 5, 5)
    assert nn.plan((0, 3, 4), (5, 3, 2)).explain().endswith("chosen: the least estimated time")


def test_the_bits_do_not_depend_on_the_workers(monkeypatch):
    rng = np.random.default_rng(8)
    x, w = rng.standard_normal((3, 16, 60, 60)).astype("f"), rng.standard_normal((16, 16, 3, 3)).astype("f")
    for method in METHODS:
        several = nn.conv2d(x, w, padding=1, method=method)
        monkeypatch.setenv("SIGCONV_NUM_THREADS", "1")
        np.testing.assert_array_equal(nn.conv2d(x, w, padding=1, method=method), several)
        monkeypatch.delenv("SIGCONV_NUM_THREADS")


def test_a_layer_object_keeps_its_weights():
    rng = np.random.default_rng(9)
    x, w, bias = integers(rng, (2, 4, 9, 9)), integers(rng, (6, 2, 3, 3)), integers(rng, 6)
    expected = nn.conv2d(x, w, bias, stride=2, groups=2)
    prepared = nn.Conv(w, bias, stride=2, groups=2)
    w[...], bias[...] = 0, 0
    results = []
    threads = [threading.Thread(target=lambda: results.append(prepared(x))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for result in (*results, prepared(x)):
        np.testing.assert_array_equal(result, expected)
    np.testing.assert_array_equal(prepared(x[0]), expected[0])
    np.testing.assert_array_equal(prepared(x.astype(np.int8)), expected)
    assert "direct" in prepared.explain(x.shape)


@pytest.mark.parametrize("method", ["auto", *METHODS])
@pytest.mark.parametrize("dtype", ["f4", "f8", "c16", "i4", "f2"])
@pytest.mark.parametrize(("groups", "taps"), [(1, 3), (2, 3), (4, 9)])
def test_a_layer_is_not_changed_through_its_weights(method, dtype, groups, taps):
    """They can't be written to: what is prepared later is the same, also of a copy."""
    rng = np.random.default_rng(9)
    shapes = (2, 4, 40, 40), (4, 4 // groups, taps, taps), 4
    x, w, bias = (integers(rng, shape).astype(dtype) for shape in shapes)
    prepared = nn.Conv(w, bias, groups=groups, method=method)
    for conv in (prepared, copy.deepcopy(prepared)):
        for batch in (x, x[:1]):
            want = nn.conv2d(batch, w, bias, groups=groups, method=method)
            for _ in range(2):
                np.testing.assert_array_equal(conv(batch), want)
                for name in ("weight", "bias"):
                    with pytest.raises(ValueError, match="read-only"):
                        getattr(conv, name)[...] = 0
                    with pytest.raises(AttributeError):
                        setattr(conv, name, w)
    np.testing.assert_array_equal(prepared.weight, w, strict=True)
    np.testing.assert_array_equal(prepared.bias, bias, strict=True)
    assert nn.Conv(w).bias is None


def test_plans_print_themselves():
    plan = nn.plan((1, 8, 100), (8, 8, 60), "float32", padding=30, method="fft")
    assert str(plan).startswith("fft (engine")
    assert "8 to 8 channels" in plan.explain()
    assert "chosen: forced by method=" in plan.explain()
    assert plan == nn.plan((1, 8, 100), (8, 8, 60), "float32", padding=[30], method="fft")
    assert {c.method for c in nn.plan((1, 8, 99), (8, 1, 9), groups=8).candidates} == {*sigconv.methods(), "winograd"}


X, W = np.zeros((2, 4, 7, 8)), np.zeros((6, 4, 3, 2))
REFUSED = [
    (X, W, {"stride": 0}, "stride=0: use at least 1"),
    (X, W, {"stride": (1, -1)}, "use at least 1"),
    (X, W, {"stride": (1, 2, 3)}, "3 entries for 2 axes"),
    (X, W, {"stride": 1.5}, "whole number"),
    (X, W, {"stride": True}, "whole number"),
    (X, W, {"dilation": 0}, "dilation=0"),
    (X, W, {"padding": -1}, "padding=-1"),
    (X, W, {"padding": ((1, 2, 3), 0)}, "a number or a pair"),
    (X, W, {"padding": "full"}, "'same' or 'valid'"),
    (X, W, {"padding": "same", "stride": 2}, "stride 1 only"),
    (X, W, {"groups": 0}, "groups=0"),
    (X, W, {"groups": 3}, "4 channels"),
    (X, W[:5, :2], {"groups": 2}, "must divide"),
    (X, W, {"dilation": 9}, "larger than the padded input"),
    (X[:, :, :2], W, {}, "larger than the padded input"),
    (X, W, {"padding": 7, "padding_mode": "reflect"}, "use at most 6"),
    (X, W, {"padding": (8, 0), "padding_mode": "circular"}, "use at most 7"),
    (X, W, {"padding_mode": "constant"}, "zeros, reflect, replicate, circular"),
    (X, W, {"bias": np.zeros(5)}, "a number for each output channel"),
    (X, W, {"bias": np.zeros(6, "f")}, "convert the bias"),
    (X, W, {"method": "fast"}, "use auto, direct, fft, overlap-add, winograd"),
    (X, W, {"flip": 1}, "True or False"),
    (X[:, :3], W, {}, "3 channels"),
    (X[:, :0], W[:, :0], {}, "none empty"),
    (X[:, :, :0], W, {"padding": 3}, "only the batch may be empty"),
    (X[0, 0], W, {}, "2 axes of space"),
    (X, W[0], {}, "axes of taps"),
    (X, W[:0], {}, "none empty"),
    (X.astype("f"), W, {}, "convert one of them"),
    (X, W.astype(complex), {}, "convert one of them"),
    (X.astype(int), W, {}, "convert one of them"),
    (X.astype("U1"), W, {}, "booleans, integers, floats"),
]


@pytest.mark.parametrize(("x", "w", "options", "words"), REFUSED, ids=[str(i) for i in range(len(REFUSED))])
def test_refusals_say_what_to_do(x, w, options, words):
    with pytest.raises((ArgumentValueError, ArgumentTypeError), match=words):
        nn.conv2d(x, w, **options)


T = np.zeros((4, 6, 3, 2))
REFUSED_TRANSPOSED = [
    (T, {"output_padding": 1}, "less than one of them"),
    (T, {"output_padding": -1, "stride": 2}, "output_padding=-1"),
    (T, {"padding": 9}, "use less padding"),
    (T, {"padding": "same"}, "takes numbers"),
    (T, {"groups": 3}, "must divide"),
    (T[:3], {}, "4 channels"),
    (T, {"bias": np.zeros(4)}, "a number for each output channel"),
    (T[0], {}, "axes of taps"),
]


@pytest.mark.parametrize(("w", "options", "words"), REFUSED_TRANSPOSED, ids=[str(i) for i in range(8)])
def test_transposed_refusals_say_what_to_do(w, options, words):
    with pytest.raises((ArgumentValueError, ArgumentTypeError), match=words):
        nn.conv_transpose2d(X, w, **options)


def test_unknown_keywords_are_refused():
    with pytest.raises(ArgumentTypeError, match="unknown keyword 'strides'"):
        nn.Conv(W, strides=2)
    with pytest.raises(ArgumentValueError, match="use \\(out, in/groups"):
        nn.Conv(np.zeros((2, 2)))


@pytest.mark.parametrize("wrong", [(True, 2), (1.0, 2), [1, np.float32(2)], ((1, True), (0, 1))])
@pytest.mark.parametrize("name", ["stride", "padding", "dilation"])
@pytest.mark.parametrize("layer", [nn.conv2d, nn.conv_transpose2d])
def test_whole_numbers_in_a_tuple(layer, name, wrong):
    """A number that equals a whole one is refused, also after a call with the whole ones."""
    x, w = np.ones((1, 3, 9, 9)), np.ones((3, 3, 3, 3))
    layer(x, w, **{name: (1, 2)})
    with pytest.raises(sigconv.ArgumentTypeError, match=f"{name}=.*whole number"):
        layer(x, w, **{name: wrong})
