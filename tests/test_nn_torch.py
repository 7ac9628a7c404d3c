"""PyTorch as a witness: random layers agree in shape, dtype and value, and are refused where PyTorch refuses them."""

import numpy as np
import pytest
from layers import random_options

from sigconv import nn
from sigconv.errors import SigconvError
from sigconv.methods.bounds import transform_bound

torch = pytest.importorskip("torch", reason="PyTorch is the witness: pip install torch")
F = torch.nn.functional

CALLS = {
    False: [nn.conv1d, nn.conv2d, nn.conv3d],
    True: [nn.conv_transpose1d, nn.conv_transpose2d, nn.conv_transpose3d],
}
PIECES = 20  # of the long run, each a test


def tensor(array):
    return None if array is None else torch.from_numpy(array)


def operands(rng, o):
    """Draw the input, the weight and the bias of a layer."""

    def samples(*shape):
        real = rng.standard_normal(shape)
        return real + 1j * rng.standard_normal(shape) if o["complex"] else real

    first, second = ("inputs", "outputs") if o["transposed"] else ("outputs", "inputs")
    between = o[first], o[second] // o["groups"]
    batch = (o["batch"],) if o["batched"] else ()
    bias = samples(o["outputs"]) if o["bias"] else None
    return samples(*batch, o["inputs"], *o["space"]), samples(*between, *o["taps"]), bias


def theirs(x, w, bias, o):
    """Return PyTorch's result, or None where it refuses."""
    ndim, padding = len(o["taps"]), o["padding"]
    x, w, bias = map(tensor, (x, w, bias))
    try:
        if o["transposed"]:
            call = (F.conv_transpose1d, F.conv_transpose2d, F.conv_transpose3d)[ndim - 1]
            options = (o["stride"], padding, o["output_padding"], o["groups"], o["dilation"])
            return call(x, w, bias, *options).numpy()
        if o["padding_mode"] != "zeros":
            around = [side for p in reversed(padding) for side in (p, p)]
            x, padding = F.pad(x, around, mode=o["padding_mode"]), 0
        call = (F.conv1d, F.conv2d, F.conv3d)[ndim - 1]
        return call(x, w, bias, o["stride"], padding, o["dilation"], o["groups"]).numpy()
    except RuntimeError:
        return None


def ours(x, w, bias, o):
    """Return our result, or None where we refuse."""
    call = CALLS[o["transposed"]][len(o["taps"]) - 1]
    names = ("stride", "padding", "dilation", "groups", "method")
    names += ("output_padding",) if o["transposed"] else ("padding_mode",)
    try:
        return call(x, w, bias, **{name: o[name] for name in names})
    except SigconvError:
        return None


def check(seed, ndim, count, largest=4):
    """Compare some random layers; return how many neither refused."""
    rng, served = np.random.default_rng([seed, ndim]), 0
    for _ in range(count):
        o = random_options(rng, ndim, largest)
        x, w, bias = operands(rng, o)
        expected, result = theirs(x, w, bias, o), ours(x, w, bias, o)
        assert (expected is None) == (result is None), o
        if expected is None:
            continue
        served += 1
        assert (result.shape, result.dtype) == (expected.shape, expected.dtype), o
        norms = np.linalg.norm(x.reshape(-1)) * np.linalg.norm(w.reshape(-1))
        # Both have an error within the bound; blocks here are shorter than 2¹² samples.
        assert np.abs(result - expected).max(initial=0) <= 2 * transform_bound(np.dtype(float), 2**12, norms), o
    return served


@pytest.mark.parametrize("ndim", [1, 2, 3])
def test_random_layers_agree_with_pytorch(ndim):
    assert check(0, ndim, 150) > 50


@pytest.mark.full
@pytest.mark.parametrize("piece", range(PIECES))
@pytest.mark.parametrize("ndim", [1, 2, 3])
def test_five_thousand_random_layers_agree_with_pytorch(ndim, piece):
    """At least 5,000 layers that PyTorch serves, for each number of axes."""
    served, seed = 0, 1000 * (piece + 1)
    while served < 5000 // PIECES:
        served += check(seed, ndim, 50)
        seed += 1


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64", "complex64", "complex128"])
def test_float_dtypes_are_pytorchs(dtype):
    rng = np.random.default_rng(1)
    x, w = rng.standard_normal((2, 4, 20)).astype(dtype), rng.standard_normal((6, 4, 3)).astype(dtype)
    expected, result = F.conv1d(tensor(x), tensor(w)).numpy(), nn.conv1d(x, w)
    assert result.dtype == expected.dtype
    np.testing.assert_allclose(result, expected, rtol=0, atol=200 * float(np.finfo(dtype).eps))


@pytest.mark.parametrize("taps", range(1, 7))
@pytest.mark.parametrize("dilation", [1, 2, 3])
def test_same_is_pytorchs(taps, dilation, recwarn):
    """Its side for even reaches; PyTorch warns that it copies there."""
    x, w = np.arange(1.0, 13).reshape(1, 12), 10.0 ** np.arange(taps).reshape(1, 1, taps)
    expected = F.conv1d(tensor(x), tensor(w), padding="same", dilation=dilation).numpy()
    np.testing.assert_array_equal(nn.conv1d(x, w, padding="same", dilation=dilation), expected)


@pytest.mark.parametrize("mode", ["zeros", "reflect", "replicate", "circular"])
def test_padding_modes_are_those_of_pytorchs_layers(mode):
    torch.manual_seed(0)
    layer = torch.nn.Conv2d(4, 6, (3, 5), stride=2, padding=(2, 3), padding_mode=mode, groups=2, dtype=torch.float64)
    x = torch.randn(2, 4, 9, 10, dtype=torch.float64)
    weight, bias = (p.detach().numpy() for p in (layer.weight, layer.bias))
    ours_ = nn.Conv(weight, bias, stride=2, padding=(2, 3), padding_mode=mode, groups=2)
    np.testing.assert_allclose(ours_(x.numpy()), layer(x).detach().numpy(), rtol=0, atol=1e-14)
