"""WAV, FLAC and OGG files, through soundfile."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import FileError
from . import complete, memory, optional
from .replace import GuardedFile
from .signal import Signal

_COMPLETE = {".wav": complete.wav, ".ogg": complete.ogg}  # libsndfile finds a truncated FLAC itself
_CONTAINERS = {".wav": "WAV", ".flac": "FLAC", ".ogg": "OGG"}
_WAV_LIMIT = 2**32 - 2**16  # the length of the samples has 32 bits; RF64 is the same with 64
_BITS = {"PCM_S8": 8, "PCM_U8": 8, "PCM_16": 16, "PCM_24": 24, "PCM_32": 32}
_UNBOUNDED = ("FLOAT", "DOUBLE")
# What comes nearest where a container does not know the subtype.
_NEAREST = {"PCM_U8": "PCM_S8", "PCM_S8": "PCM_U8", "PCM_32": "PCM_24", "FLOAT": "PCM_24", "DOUBLE": "PCM_24"}
_BLOCK = 1 << 16  # samples written at once: libsndfile's Vorbis encoder overruns its stack on very long blocks


def read(path: Path) -> Signal:
    """Read all channels as float64, frames × channels, full scale being 1."""
    soundfile = optional.load("soundfile", "audio", "audio files")
    if not _COMPLETE.get(path.suffix.lower(), lambda _: True)(path):
        raise FileError(f"{path} is truncated: it ends before its own header says; copy or record it again")
    try:
        with soundfile.SoundFile(path) as file:
            _check_length(path, file)
            data = file.read(dtype="float64", always_2d=True)
            return Signal(data, "audio", (0,), file.samplerate, file.subtype)
    except soundfile.SoundFileError as error:
        raise FileError(f"{path} is damaged or truncated ({_reason(error)}): copy or record it again") from error


def _check_length(path: Path, file: Any) -> None:
    if file.frames == 0:
        raise FileError(f"{path} holds no samples: record it again")
    if file.frames > 2**60:
        raise FileError(f"{path} does not say how long it is (its recording was cut off): convert it to WAV")
    memory.require(8 * file.frames * file.channels, f"reading {path}")


def write(file: GuardedFile, suffix: str, signal: Signal) -> int:
    """Write the samples in the signal's subtype, or the nearest that the container has; return how many were clipped.

    Raises
    ------
    FileError
        For complex or non-finite samples, no sample rate, or more channels than the container takes.
    """
    soundfile = optional.load("soundfile", "audio", "audio files")
    data = _frames(signal)
    container = _CONTAINERS[suffix]
    subtype = _subtype(soundfile, container, signal.subtype)
    if container == "WAV" and data.size * _BITS.get(subtype, 64) // 8 > _WAV_LIMIT:
        container = "RF64"
    clipped = 0
    try:
        with soundfile.SoundFile(file, "w", signal.rate, data.shape[1], subtype, format=container) as output:
            for block in _blocks(data):
                samples, count = _fit(block, subtype)
                output.write(samples)
                file.check()
                clipped += count
    except soundfile.SoundFileError as error:
        what = f"{data.shape[1]} channels at {signal.rate} Hz as {subtype}"
        raise FileError(f"a {suffix} file can't hold {what} ({_reason(error)}): write .wav or .npy") from error
    return clipped


def _frames(signal: Signal) -> NDArray[Any]:
    if signal.rate is None:
        raise FileError("an audio file needs a sample rate and the signal has none: set it, or write .npy")
    if np.iscomplexobj(signal.data):
        raise FileError("an audio file can't hold complex numbers: write .npy")
    if signal.data.ndim > 2:
        raise FileError(f"an audio file holds frames × channels, not {signal.data.ndim} axes: write .npy")
    return signal.data if signal.data.ndim == 2 else signal.data.reshape(-1, 1)


def _subtype(soundfile: Any, container: str, wanted: str | None) -> str:
    for subtype in (wanted, _NEAREST.get(wanted or "")):
        if subtype and soundfile.check_format(container, subtype):
            return subtype
    return str(soundfile.default_subtype(container))


def _blocks(data: NDArray[Any]) -> Iterator[NDArray[np.float64]]:
    step = max(1, _BLOCK // data.shape[1])
    for start in range(0, len(data), step):
        yield np.asarray(data[start : start + step], np.float64)


def _fit(block: NDArray[np.float64], subtype: str) -> tuple[NDArray[Any], int]:
    """Return what to hand to libsndfile, and how many samples were clipped.

    Whole numbers are made here, as libsndfile rounds towards −∞; it takes them in the top bits of an int32.
    """
    if subtype in _UNBOUNDED:
        return block, 0
    if not np.isfinite(block).all():
        raise FileError(f"NaN or infinite samples can't be stored as {subtype}: write .npy")
    bits = _BITS.get(subtype)
    if bits is None:
        return _clip(block, -1.0, 1.0)
    full_scale = 2.0 ** (bits - 1)
    whole, clipped = _clip(np.rint(block * full_scale), -full_scale, full_scale - 1)
    return (whole * 2.0 ** (32 - bits)).astype(np.int32), clipped


def _clip(values: NDArray[np.float64], low: float, high: float) -> tuple[NDArray[np.float64], int]:
    fitted = np.clip(values, low, high)
    return fitted, int(np.count_nonzero(fitted != values))


def _reason(error: Exception) -> str:
    """libsndfile's own words, without the path that the error repeats; it often has none."""
    return getattr(error, "error_string", "") or str(error) or "libsndfile gives no reason"
