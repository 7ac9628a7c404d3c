"""The points: problems of every kind that people have, as data; each makes its operands from a seed."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from math import prod
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]

_SHORT = {"float32": "f32", "float64": "f64", "complex64": "c64", "complex128": "c128"}
# Points of these kinds are measured when they are asked for; they answer other questions than the grid.
EXTRA_KINDS = ("size",)


class Layer(NamedTuple):
    """What a layer of a network has beside its operands: signal (batch, in, …), kernel (out, in, …)."""

    stride: int
    padding: int


@dataclass(frozen=True)
class Point:
    """One problem.

    `convolved` is the number of trailing axes that are convolved (0: all); a kernel with just so many axes is shared by
    the rest. With `pieces`, the signal's first axis holds signals that come one after the other to one kept kernel.
    `peaks` are the largest integers of signal and kernel.
    """

    kind: str
    signal: tuple[int, ...]
    kernel: tuple[int, ...]
    dtype: str = "float64"
    mode: str = "same"
    label: str = ""
    operator: str = "convolve"
    boundary: str = "zero"
    center: int | None = None
    convolved: int = 0
    kernel_dtype: str | None = None
    peaks: tuple[int, int] = (255, 255)
    gaussian: bool = False
    itself: bool = False
    pieces: bool = False
    layer: Layer | None = None
    large: bool = False

    @property
    def name(self) -> str:
        """Shapes, dtype and what is special: easy to type, and unique within a kind."""
        shapes = ["x".join(map(str, shape)) for shape in (self.signal, self.kernel)]
        parts = [*shapes, _SHORT.get(self.dtype, self.dtype), "" if self.mode == "same" else self.mode, self.label]
        return "_".join(filter(None, parts))

    @property
    def ndim(self) -> int:
        """How many axes are convolved."""
        return self.convolved or len(self.signal) - self.pieces

    @property
    def axes(self) -> tuple[int, ...] | None:
        """The convolved axes as sigconv takes them."""
        return tuple(range(-self.convolved, 0)) if self.convolved else None

    @property
    def batch(self) -> tuple[int, ...]:
        """The lengths of the result's axes that are not convolved; those of a layer's signal."""
        signals, kernels = (shape[: len(shape) - self.ndim] for shape in (self.signal, self.kernel))
        return signals if self.layer else np.broadcast_shapes(signals, kernels)

    @property
    def space(self) -> tuple[int, ...]:
        """The lengths of the signal's convolved axes."""
        return self.signal[len(self.signal) - self.ndim :]

    @property
    def taps(self) -> tuple[int, ...]:
        """The lengths of the kernel's convolved axes."""
        return self.kernel[len(self.kernel) - self.ndim :]

    @property
    def shared(self) -> bool:
        """Whether one kernel serves all of the batch."""
        return len(self.kernel) == self.ndim

    @property
    def bank(self) -> bool:
        """Whether there are several kernels for one signal."""
        return prod(self.signal[: len(self.signal) - self.ndim]) < prod(self.batch)

    @property
    def result_dtype(self) -> np.dtype[Any]:
        """What the operands make together."""
        return np.result_type(self.dtype, self.kernel_dtype or self.dtype)

    @property
    def exact(self) -> bool:
        """Whether the result is of integers."""
        return self.result_dtype.kind in "iu"

    @property
    def window(self) -> tuple[tuple[int, int], ...]:
        """Which outputs [start, stop) of the full result are wanted on each convolved axis."""
        return tuple(_window(n, m, self.mode, self.center) for n, m in zip(self.space, self.taps, strict=True))

    @property
    def halo(self) -> tuple[tuple[int, int], ...]:
        """How far the outputs reach beyond the signal, before and behind, on each convolved axis."""
        triples = zip(self.window, self.space, self.taps, strict=True)
        return tuple((m - 1 - start, stop - n) for (start, stop), n, m in triples)

    @property
    def products(self) -> int:
        """How many products a direct sum takes."""
        inputs = self.kernel[1] if self.layer else 1
        outputs = self.signal[0] * self.kernel[0] * prod(self.space) if self.layer else self.outputs
        stride = self.layer.stride if self.layer else 1
        return outputs * prod(self.taps) * inputs // int(stride**self.ndim)

    @property
    def outputs(self) -> int:
        """How many numbers the result has."""
        return prod(self.batch) * prod(stop - start for start, stop in self.window)

    @property
    def padded(self) -> int:
        """How many samples transforms take that are as long as the full result."""
        return prod(self.batch) * prod(n + m - 1 for n, m in zip(self.space, self.taps, strict=True))

    def piece(self) -> Point:
        """Return the problem of one of the pieces."""
        return replace(self, signal=self.signal[1:], pieces=False)

    def operands(self) -> tuple[Array, Array]:
        """Return signal and kernel, the same ones every time."""
        rng = np.random.default_rng(zlib.crc32(self.name.encode()))
        signal = _samples(rng, self.signal, self.dtype, self.peaks[0])
        if self.itself:
            return signal, signal
        kernel_dtype = self.kernel_dtype or self.dtype
        if self.gaussian:
            return signal, _gaussian(self.kernel).astype(kernel_dtype)
        return signal, _samples(rng, self.kernel, kernel_dtype, self.peaks[1])


def _window(n: int, m: int, mode: str, center: int | None) -> tuple[int, int]:
    if mode == "full":
        return 0, n + m - 1
    if mode == "valid":
        return m - 1, n
    start = (m - 1) // 2 if center is None else center
    return start, start + n


def _samples(rng: np.random.Generator, shape: tuple[int, ...], dtype: str, peak: int) -> Array:
    """Return noise: normal, or integers up to the peak."""
    kind = np.dtype(dtype).kind
    if kind in "iu":
        return rng.integers(0 if kind == "u" else -peak, peak, shape, dtype, endpoint=True)
    if kind == "c":
        return (rng.standard_normal(shape) + 1j * rng.standard_normal(shape)).astype(dtype)
    return rng.standard_normal(shape, np.float32) if dtype == "float32" else rng.standard_normal(shape)


def _gaussian(shape: tuple[int, ...]) -> Array:
    """Return a Gaussian of three standard deviations a side; nothing says that it is separable."""
    lines = [np.exp(-0.5 * np.linspace(-3, 3, size) ** 2) for size in shape]
    whole: Array = lines[0] if len(lines) == 1 else np.multiply.outer(*lines)
    return whole / whole.sum()


def _images() -> Iterator[Point]:
    for size in (3, 5, 9, 15, 31):
        for dtype in ("float32", "float64"):
            yield Point("image", (1024, 1024), (size, size), dtype)
    yield Point("image", (4096, 4096), (31, 31), "float32")
    yield Point("image", (2048, 2048), (61, 61), "float32", gaussian=True, label="gaussian")
    film: dict[str, Any] = {"boundary": "reflect", "label": "reflect", "convolved": 2, "kernel_dtype": "float32"}
    for dtype in ("uint8", "float32"):
        yield Point("image", (3, 2160, 3840), (9, 9), dtype, **film)
    yield Point("image", (2048, 2048), (513, 513), "float32")
    yield Point("image", (1024, 1024), (1024, 1024), "float64", "full")
    yield Point("image", (1000, 256, 256), (33, 33), "float32", convolved=2)


def _audio() -> Iterator[Point]:
    yield Point("audio", (2_000,), (64,))
    yield Point("audio", (48_000,), (32,), "float32")
    yield Point("audio", (48_000,), (128,), "float32")
    for taps in (16, 64, 128, 512):
        for dtype in ("float32", "float64"):
            yield Point("audio", (1_000_000,), (taps,), dtype)
    yield Point("audio", (10_000_000,), (4_096,), "float32", large=True)


def _layers() -> Iterator[Point]:
    yield Point("layers", (8, 64, 56, 56), (64, 64, 3, 3), "float32", convolved=2, layer=Layer(1, 1))
    for channels, size in ((64, 56), (256, 28)):
        shapes = (8, channels, size, size), (256, channels, 1, 1)
        yield Point("layers", *shapes, "float32", convolved=2, layer=Layer(1, 0))
    options: dict[str, Any] = {"operator": "correlate", "label": "depthwise", "convolved": 2}
    yield Point("layers", (8, 384, 28, 28), (384, 31, 31), "float32", **options)
    yield Point("layers", (4, 96, 56, 56), (96, 31, 31), "float32", **options)
    causal: dict[str, Any] = {"center": 0, "label": "causal", "convolved": 1, "large": True}
    yield Point("layers", (16, 768, 16_384), (768, 16_384), "float32", **causal)
    yield Point("layers", (4, 256, 8_192), (256, 8_192), "float32", **(causal | {"large": False}))
    for batch in (4, 8):
        yield Point("layers", (batch, 3, 224, 224), (64, 3, 7, 7), "float32", convolved=2, layer=Layer(2, 3))


def _others() -> Iterator[Point]:
    yield Point("channels", (64, 48_000), (256,), "float32", convolved=1, label="shared")
    yield Point("channels", (8, 480_000), (8, 96_000), "float32", "full", convolved=1, label="own")
    yield Point("radar", (512, 4_096), (256,), "complex64", operator="correlate", convolved=1)
    yield Point("radar", (1_000_000,), (1_000,), "complex128", operator="correlate")
    yield Point("radar", (1, 100_000), (64, 256), "complex64", "full", "bank", operator="correlate", convolved=1)
    yield Point("seismic", (30, 500_000), (400,), "float32", "valid", operator="correlate", convolved=1)
    long = 1 << 20
    yield Point("long", (long,), (long,), "float64", "full", "itself", operator="correlate", itself=True)
    yield Point("long", (1_000_000,), (1_000_000,), "float64", "full")
    yield Point("long", (999_983,), (10_007,))
    yield Point("volume", (128, 512, 512), (33, 65, 65), "float32", large=True)
    yield Point("volume", (256, 256, 256), (5, 5, 5), "float32")
    yield Point("volume", (128, 128, 128), (128, 128, 128), "float32", "full")
    yield Point("exact", (1_000_000,), (101,), "int16", peaks=(32_767, 32_767))
    yield Point("exact", (1_000_000,), (1_000,), "int32", peaks=(1 << 20, 1 << 12))
    yield Point("reuse", (20, 100_000), (1_000,), "float64", pieces=True)
    yield Point("reuse", (1000, 256, 256), (33, 33), "float32", pieces=True)


def grid() -> tuple[Point, ...]:
    """Return all points, by kind."""
    tiny = [Point("tiny", (n,), (m,), mode="full") for n, m in ((8, 3), (32, 8), (100, 100))]
    tiny.append(Point("tiny", (16, 16), (3, 3), mode="full"))
    sizes = [Point("size", (10**power,), (101,)) for power in range(2, 7)]
    return (*tiny, *_audio(), *_others(), *_images(), *_layers(), *sizes)


def random_points(count: int, seed: int = 0) -> Iterator[Point]:
    """Yield problems of random shapes, dtypes, modes and boundaries, from samples by the dozen to half a million."""
    rng = np.random.default_rng(seed)
    for number in range(count):
        ndim = int(rng.choice([1, 1, 2, 3]))
        samples = np.exp(rng.uniform(np.log(30), np.log(1 << 19)))
        sizes = np.maximum(2, samples ** (1 / ndim) * rng.uniform(0.5, 2, ndim)).astype(int)
        kernel = np.maximum(1, np.exp(rng.uniform(0, np.log(np.minimum(sizes, 20_000))))).astype(int)
        dtype = str(rng.choice(["float32", "float64", "float64", "complex64", "int16"]))
        mode, boundary = str(rng.choice(["full", "same", "valid"])), str(rng.choice(["zero", "zero", "reflect"]))
        yield Point(
            *("random", tuple(sizes.tolist()), tuple(kernel.tolist()), dtype, mode, f"{boundary}_{number}"),
            boundary=boundary,
        )
