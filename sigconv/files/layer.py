"""Weights of a layer from NPZ and safetensors files."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..errors import FileError
from . import memory, optional

SUFFIXES = (".npz", ".safetensors")
_UNPACKED, _RATIO = 64 << 20, 30  # bytes that are never too many; how many times its size a larger file may become
OPTIONS = ("stride", "padding", "dilation", "groups", "padding_mode", "flip")


class Layer(NamedTuple):
    """The weight and the bias of a layer, and those of its options that the file has."""

    weight: NDArray[Any]
    bias: NDArray[Any] | None
    options: dict[str, Any]


def read(path: str | os.PathLike[str], name: str | None = None) -> Layer:
    """Read one layer: the arrays `weight` and `bias`, or of a network `NAME.weight` and `NAME.bias`.

    Options (`stride`, `padding`, `dilation`, `groups`, `padding_mode`, `flip`) are arrays of an NPZ file, or metadata
    of a safetensors file in JSON, under names like those of the arrays.

    Parameters
    ----------
    path : path
        A file with one of the `SUFFIXES`.
    name : str, optional
        Which layer, where the file has several.

    Returns
    -------
    Layer

    Raises
    ------
    FileError
        When the file is none of these, or damaged, or has no such layer.
    OSError
        When the file is not there or may not be read.
    """
    path = Path(path)
    readers = {".npz": _npz, ".safetensors": _safetensors}
    if path.suffix.lower() not in readers:
        raise FileError(f"{path} has the suffix {path.suffix!r}: layers are {' or '.join(SUFFIXES)} files")
    memory.require(path.stat().st_size, f"reading {path}")
    arrays, options = readers[path.suffix.lower()](path)
    prefix = _prefix(path, arrays, name)
    named = {option: options[prefix + option] for option in OPTIONS if prefix + option in options}
    return Layer(arrays[f"{prefix}weight"], arrays.get(f"{prefix}bias"), named)


def _prefix(path: Path, arrays: dict[str, Any], name: str | None) -> str:
    """Return what stands before the names of the layer's arrays."""
    prefixes = sorted(key.removesuffix("weight") for key in arrays if key == "weight" or key.endswith(".weight"))
    convolutions = [prefix for prefix in prefixes if arrays[f"{prefix}weight"].ndim > 2]
    wanted = convolutions if name is None else [p for p in prefixes if p == (f"{name}." if name else "")]
    if len(wanted) == 1:
        return wanted[0]
    known = ", ".join(prefix.removesuffix(".") or "weight" for prefix in convolutions) or "none"
    asked = "has" if name is None else f"has no layer {name!r}; it has"
    raise FileError(f"{path} {asked} {len(convolutions)} layers with taps ({known}): name one of them")


def _npz(path: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    """Read an NPZ file; nothing in it is ever executed (no pickles)."""
    try:
        with open(path, "rb") as raw, np.load(raw, allow_pickle=False) as file:
            _check_size(path, sum(member.file_size for member in file.zip.infolist()))
            arrays = {key: file[key] for key in file.files}
    except (FileError, MemoryError):
        raise
    except Exception as error:  # what damaged input leads to in zipfile, zlib and NumPy is not limited to a few types
        reason = " ".join(str(error).split())
        raise FileError(f"{path} is damaged or no NPZ file of numbers ({reason}): save it again") from error
    options = {key: value.tolist() for key, value in arrays.items() if value.ndim < 3}
    return arrays, options


def _check_size(path: Path, unpacked: int) -> None:
    """Refuse a small file that becomes very large."""
    if unpacked > max(_UNPACKED, _RATIO * path.stat().st_size):
        raise FileError(f"{path} unpacks to {unpacked} bytes, which weights never do: save it uncompressed")
    memory.require(2 * unpacked, f"reading {path}")


def _safetensors(path: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    """Read a safetensors file."""
    library = optional.load("safetensors", "layers", "safetensors files")
    try:
        with library.safe_open(path, framework="numpy") as file:
            arrays = {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118 (no mapping)
            options = {key: _value(text) for key, text in (file.metadata() or {}).items()}
    except (library.SafetensorError, TypeError, AttributeError) as error:
        raise FileError(f"{path} is damaged, or holds numbers that NumPy has not ({error}): save it again") from error
    return arrays, options


def _value(text: str) -> Any:
    """Return a number, list or string of the metadata."""
    try:
        return json.loads(text)
    except ValueError:
        return text
