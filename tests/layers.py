"""Layers by their definition, in loops over exact numbers, and random ones; imports nothing of the library."""

from itertools import product

import numpy as np

# Where the sample at a position comes from, by PyTorch's names; None: nowhere.
SOURCES = {
    "zeros": lambda i, n: i if 0 <= i < n else None,
    "reflect": lambda i, n: -i if i < 0 else 2 * (n - 1) - i if i >= n else i,
    "replicate": lambda i, n: min(max(i, 0), n - 1),
    "circular": lambda i, n: i % n,
}
METHODS = ("direct", "fft", "overlap-add")


def indices(shape):
    """Give all indices of a shape."""
    return product(*map(range, shape))


def layer(x, w, bias, stride, padding, dilation, groups, padding_mode="zeros", flip=False):
    """Sum the products of a layer; x has a batch, `padding` is a pair for each axis."""
    taps = w.shape[2:]
    spans = [d * (m - 1) + 1 for m, d in zip(taps, dilation, strict=True)]
    space = [(n + sum(p) - span) // s + 1 for n, p, span, s in zip(x.shape[2:], padding, spans, stride, strict=True)]
    y = np.zeros((len(x), len(w), *space), object)
    each = len(w) // groups
    for b, o, c, *rest in indices((len(x), len(w), w.shape[1], *space, *taps)):
        at, tap = rest[: len(space)], rest[len(space) :]
        read = [m - 1 - j for j, m in zip(tap, taps, strict=True)] if flip else tap
        places = zip(at, tap, stride, padding, dilation, x.shape[2:], strict=True)
        source = [SOURCES[padding_mode](k * s + j * d - p[0], n) for k, j, s, p, d, n in places]
        if None not in source:
            y[(b, o, *at)] += x[(b, o // each * w.shape[1] + c, *source)] * w[(o, c, *read)]
    return y if bias is None else y + bias.astype(object).reshape(-1, *(1,) * len(space))


def transposed(x, w, bias, stride, padding, output_padding, groups, dilation):
    """Send every sample times every tap to where it belongs."""
    taps, space = w.shape[2:], x.shape[2:]
    lengths = [
        (n - 1) * s - sum(p) + d * (m - 1) + 1 + e
        for n, s, p, d, m, e in zip(space, stride, padding, dilation, taps, output_padding, strict=True)
    ]
    each = x.shape[1] // groups
    y = np.zeros((len(x), groups * w.shape[1], *lengths), object)
    for b, c, o, *rest in indices((len(x), x.shape[1], w.shape[1], *space, *taps)):
        at, tap = rest[: len(space)], rest[len(space) :]
        places = zip(at, tap, stride, padding, dilation, strict=True)
        target = [k * s + j * d - p[0] for k, j, s, p, d in places]
        if all(0 <= t < n for t, n in zip(target, lengths, strict=True)):
            y[(b, c // each * w.shape[1] + o, *target)] += x[(b, c, *at)] * w[(c, o, *tap)]
    return y if bias is None else y + bias.astype(object).reshape(-1, *(1,) * len(space))


def random_options(rng, ndim, largest=4):
    """Draw everything that a layer has beside its dtype; some of it may be refused."""
    groups, inputs, outputs, batch = (int(v) for v in rng.integers(1, largest, 4))
    space, taps, stride, dilation, padding, extra = (
        [int(v) for v in rng.integers(low, high, ndim)]
        for low, high in ((1, 9), (1, 5), (1, 4), (1, 4), (0, 5), (0, 3))
    )
    return {
        "groups": groups,
        "inputs": groups * inputs,
        "outputs": groups * outputs,
        "batch": batch,
        "space": space,
        "taps": taps,
        "stride": stride,
        "dilation": dilation,
        "padding": padding,
        "output_padding": extra,
        "padding_mode": str(rng.choice(list(SOURCES))),
        "method": str(rng.choice(["auto", *METHODS])),
        "bias": bool(rng.random() < 0.5),
        "transposed": bool(rng.random() < 0.3),
        "batched": bool(rng.random() < 0.8),
        "complex": bool(rng.random() < 0.2),
    }
