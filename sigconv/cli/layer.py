"""The command `apply --layer`: the channels of a file through a layer of a network, feature maps out."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from .. import files, nn
from ..errors import ArgumentValueError
from ..files import Signal
from ..files import layer as layers


def transform(signal: str, layer: str, output: str, name: str | None, method: str) -> str:
    """Apply a layer to a file and write its feature maps, (channels, *space).

    Parameters
    ----------
    signal : str
        A recording, a picture, or an array (channels, *space), with or without a batch before.
    layer : str
        A file of weights: see `sigconv.files.layer.read`.
    output : str
        The NPY file to write.
    name : str or None
        Which of the file's layers.
    method : str
        As in `sigconv.nn.conv2d`.

    Returns
    -------
    str
        What was written and how it was computed, in a line.

    Raises
    ------
    SigconvError
        When a file or an option can't be served.
    OSError
        When a file can't be read or written.
    """
    source = files.read(signal)
    files.check_target(output, Signal(source.data, "array", source.axes))
    weight, bias, options = layers.read(layer, name)
    prepared = nn.Conv(weight, bias, method=method, **options)
    samples, scale = _samples(source, weight.dtype)
    maps = prepared(samples)
    result = Signal(maps, "array", tuple(range(maps.ndim)))
    files.write(output, result)
    scaled = f", samples divided by {scale}" if scale != 1 else ""
    return f"{output}: {result.describe()}, method {prepared.plan(samples.shape, samples.dtype).method}{scaled}"


def _samples(source: Signal, dtype: np.dtype[Any]) -> tuple[NDArray[Any], int]:
    """Return the samples with the channels first, and what they were divided by: integers fill [0, 1] for floats."""
    if source.kind == "array":
        return source.data, 1
    data, scale = source.data, 1
    if len(source.axes) == data.ndim:
        data = data[..., None]
    if data.dtype.kind in "iu" and dtype.kind in "fc":
        scale = int(np.iinfo(data.dtype).max)
    if dtype.kind not in "fc" and data.dtype.kind == "f":
        raise ArgumentValueError(f"the weights are {dtype} and the samples {data.dtype}: use a layer of floats")
    channels_first = np.moveaxis(data, -1, 0)
    return (channels_first / scale).astype(dtype) if dtype.kind in "fc" else channels_first, scale
