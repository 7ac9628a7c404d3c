"""Pooling, sizes and the parts of an output, held to numbers by hand, to PyTorch and to the layers themselves."""

import itertools

import numpy as np
import pytest
from layers import SOURCES

from sigconv import nn
from sigconv.errors import ArgumentTypeError, ArgumentValueError

MAX = (nn.max_pool1d, nn.max_pool2d, nn.max_pool3d)
AVG = (nn.avg_pool1d, nn.avg_pool2d, nn.avg_pool3d)


def test_pooling_by_hand():
    x = [[3, 1, 4, 1, 5, 9, 2]]
    np.testing.assert_array_equal(nn.max_pool1d(x, 3), [[4, 9]])
    np.testing.assert_array_equal(nn.max_pool1d(x, 3, ceil_mode=True), [[4, 9, 2]])
    np.testing.assert_array_equal(nn.max_pool1d(x, 3, stride=2, padding=1), [[3, 4, 9, 9]])
    np.testing.assert_array_equal(nn.max_pool1d(x, 2, stride=1, dilation=3), [[3, 5, 9, 2]])
    x = np.array(x, float)
    np.testing.assert_array_equal(nn.avg_pool1d(x, 2), [[2, 2.5, 7]])
    np.testing.assert_array_equal(nn.avg_pool1d(x, 2, padding=1), [[1.5, 2.5, 3, 5.5]])
    np.testing.assert_array_equal(nn.avg_pool1d(x, 2, padding=1, count_include_pad=False), [[3, 2.5, 3, 5.5]])
    np.testing.assert_array_equal(nn.avg_pool2d([[[1.0, 2], [3, 6]]], 2, divisor_override=3), [[[4]]])


def test_negative_samples_win_over_the_padding_of_max_pool():
    assert nn.max_pool1d(np.full((1, 2), -5, np.int8), 2, padding=1).tolist() == [[-5, -5]]
    assert nn.max_pool1d([[-np.inf, -3.0]], 1, padding=0).tolist() == [[-np.inf, -3.0]]
    assert np.isnan(nn.max_pool1d([[np.nan, 3.0]], 2)).all()
    assert nn.max_pool1d(np.array([[True, False]]), 2).dtype == bool


@pytest.mark.parametrize("ndim", [1, 2, 3])
def test_pooling_agrees_with_pytorch(ndim):
    torch = pytest.importorskip("torch", reason="PyTorch is the witness: pip install torch")
    theirs = torch.nn.functional
    rng, served = np.random.default_rng(ndim), 0
    for _ in range(200):
        shape = [2, 3, *(int(n) for n in rng.integers(1, 9, ndim))]
        kernel, stride, dilation = ([int(v) for v in rng.integers(1, 4, ndim)] for _ in range(3))
        padding = [int(v) for v in rng.integers(0, 2, ndim)]
        ceil, whole = bool(rng.integers(2)), bool(rng.integers(2))
        x = rng.standard_normal(shape)
        calls = [
            (MAX, "max", {"dilation": dilation, "ceil_mode": ceil}),
            (AVG, "avg", {"count_include_pad": whole, "ceil_mode": ceil}),
        ]
        for ours, name, options in calls:
            call = getattr(theirs, f"{name}_pool{ndim}d")
            try:
                expected = call(torch.from_numpy(x), kernel, stride, padding, **options).numpy()
            except RuntimeError as error:
                if "smaller than kernel size" in str(error):
                    continue  # of the avg_pool functions, the one of three axes alone leaves the padding out
                with pytest.raises(ArgumentValueError):
                    ours[ndim - 1](x, kernel, stride, padding, **options)
                continue
            served += 1
            result = ours[ndim - 1](x, kernel, stride, padding, **options)
            assert result.dtype == expected.dtype
            np.testing.assert_allclose(result, expected, rtol=0, atol=1e-14, err_msg=str((shape, kernel, options)))
    assert served > 100


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: nn.max_pool1d(np.zeros((1, 4)), 3, padding=2), "at most half"),
        (lambda: nn.max_pool1d(np.zeros((1, 4)), 5), "less than a window"),
        (lambda: nn.max_pool1d(np.zeros((1, 4)), 0), "kernel_size=0"),
        (lambda: nn.max_pool1d(np.zeros((1, 4)), 2, stride=0), "stride=0"),
        (lambda: nn.max_pool1d(np.zeros((1, 4), complex), 2), "have an order"),
        (lambda: nn.max_pool1d(np.zeros(4), 2), "axes of space"),
        (lambda: nn.avg_pool1d(np.zeros((1, 4), int), 2), "no whole number"),
        (lambda: nn.avg_pool1d(np.zeros((1, 4)), 2, count_include_pad=1), "True or False"),
        (lambda: nn.avg_pool2d(np.zeros((1, 4, 4)), 2, divisor_override=0), "divisor_override=0"),
        (lambda: nn.avg_pool2d(np.zeros((1, 4, 4)), 2, ceil_mode=1), "True or False"),
        (lambda: nn.parameter_count(3, 64, 3, groups=2), "must divide"),
        (lambda: nn.parameter_count(3, 64, 0), "kernel=0"),
        (lambda: nn.output_shape((3, 9, 9), (4, 3, 10, 1)), "larger than the padded input"),
        (lambda: nn.receptive_field([(3, 1, 1, 1)]), "is no layer"),
        (lambda: nn.receptive_field([(3, 0)]), "stride=0"),
        (lambda: nn.receptive_field([3, nn.Conv(np.ones((1, 1, 3, 3)))]), "the same number"),
        (lambda: nn.contributions(np.ones((1, 4)), np.ones((1, 1, 2)), at=(0, 3)), "is no index"),
        (lambda: nn.contributions(np.ones((1, 4)), np.ones((1, 1, 2)), at=(0, -1)), "use at least 0"),
        (lambda: nn.contributions(np.ones((1, 4)), np.ones((1, 1, 2)), at=(0,)), "has 1 numbers"),
    ],
    ids=[str(i) for i in range(19)],
)
def test_refusals_say_what_to_do(call, words):
    with pytest.raises((ArgumentValueError, ArgumentTypeError), match=words):
        call()


def test_sizes_of_known_networks():
    """AlexNet's, VGG-16's and ResNet-50's own figures."""
    assert nn.parameter_count(3, 96, (11, 11)) == 34_944
    assert nn.parameter_count(96, 256, (5, 5), groups=2) == 307_456
    assert nn.parameter_count(512, 512, (3, 3)) == 2_359_808
    assert nn.output_shape((3, 227, 227), (96, 3, 11, 11), stride=4) == (96, 55, 55)
    block = [3, 3, (2, 2)]
    assert nn.receptive_field([*block, *block, *[3, 3, 3, (2, 2)] * 3]) == 212
    assert nn.receptive_field([]) == 1
    layers = [nn.Conv(np.ones((1, 1, 3, 5)), stride=(2, 1)), nn.Conv(np.ones((1, 1, 3, 3)), dilation=2)]
    assert nn.receptive_field(layers) == (3 + 2 * 4, 5 + 4)


@pytest.mark.parametrize("mode", list(SOURCES))
@pytest.mark.parametrize("flip", [False, True])
def test_the_contributions_add_up_to_the_layer(mode, flip):
    rng = np.random.default_rng(10)
    x, w, bias = rng.integers(-9, 10, (2, 4, 6, 5)), rng.integers(-9, 10, (6, 2, 3, 2)), rng.integers(-9, 10, 6)
    options = {"stride": (2, 1), "padding": ((3, 2), (1, 3)), "dilation": (1, 2), "groups": 2}
    options |= {"padding_mode": mode, "flip": flip}
    y = nn.conv2d(x, w, bias, **options)
    for at in itertools.product(*map(range, y.shape)):
        one = nn.contributions(x, w, bias, at=at, **options)
        assert one.total == y[at]
        assert one.channels == ((0, 1) if at[1] < 3 else (2, 3))
        assert (one.products == one.windows * one.kernels).all()
        assert one.sums.tolist() == [p.sum() for p in one.products]
    without = nn.contributions(x[1], w, at=(5, 0, 0), **options)
    assert without.total + bias[5] == y[1, 5, 0, 0]


def test_contributions_of_floats_keep_their_dtype():
    one = nn.contributions(np.ones((1, 3), "f"), np.ones((1, 1, 2), "f"), at=(0, 1))
    assert (one.products.dtype, one.total.dtype, one.total) == (np.float32, np.float32, 2)
    assert one.kernels.tolist() == [[1, 1]]
