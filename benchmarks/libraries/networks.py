"""PyTorch's layers."""

from __future__ import annotations

from math import prod
from typing import Any

from ..peers import Peer
from ..points import Array, Point
from .common import Binary, direct_seconds, floats_only, sliding

_PAD_MODES = {"zero": "constant", "reflect": "reflect"}


def _bind(point: Point, threads: int) -> Binary:
    import torch
    import torch.nn.functional

    torch.set_num_threads(threads)
    functional: Any = torch.nn.functional
    layer = getattr(functional, f"conv{point.ndim}d")
    if point.layer is not None:
        options = point.layer._asdict()
        return lambda x, k: layer(torch.from_numpy(x), torch.from_numpy(k), **options).numpy()
    return _grouped(point, torch, layer, functional.pad)


def _grouped(point: Point, torch: Any, layer: Any, pad: Any) -> Binary:
    """Return the layer on as many groups as there are kernels, or on one of a bank, the boundary first."""
    kernels = prod(point.kernel[: len(point.kernel) - point.ndim])
    groups = 1 if point.bank else kernels
    evenly = point.boundary == "zero" and all(low == high for low, high in point.halo)
    around = [width for pair in reversed(point.halo) for width in pair]
    padding = tuple(low for low, _ in point.halo) if evenly else 0
    dtype = getattr(torch, str(point.result_dtype))

    def run(x: Array, k: Array) -> Any:
        signal = torch.from_numpy(x).to(dtype).reshape(-1, groups, *point.space)
        weight = torch.from_numpy(sliding(k, point).copy()).reshape(kernels, 1, *point.taps)
        if not evenly:
            signal = pad(signal, around, mode=_PAD_MODES[point.boundary])
        result = layer(signal, weight, padding=padding, groups=groups)
        return result.numpy().reshape(*point.batch, *result.shape[2:])

    return run


def _why_not(point: Point) -> str | None:
    if point.layer is not None:
        return None
    if point.boundary not in _PAD_MODES:
        return "no such boundary"
    return floats_only(point) or ("three axes at most" if point.ndim > 3 else None)


def _seconds(point: Point) -> float:
    return direct_seconds(5e10 if point.layer else 2e9)(point)


def _bytes(point: Point) -> int:
    """In float64 every window of an image is written out; 4-byte floats have loops without that."""
    if point.result_dtype.itemsize == 4 or point.layer:
        return 0
    return 2 * point.products // max(1, prod(point.batch)) * point.result_dtype.itemsize


PEERS = [Peer("torch layer", "torch", _why_not, _bind, _seconds, bytes=_bytes)]
