"""PNG, JPEG and TIFF files, through Pillow.

A picture comes as it is meant to be seen: the camera's orientation mark (EXIF) is applied on reading and not written
again, so rows always run downwards and columns to the right. Palette and 1-bit pictures become colour and grey. The
colour profile is kept; other metadata is not.
"""

import warnings
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import FileError
from . import optional
from .replace import GuardedFile
from .signal import Signal

_FORMATS = {".png": "PNG", ".jpg": "JPEG", ".jpeg": "JPEG", ".tif": "TIFF", ".tiff": "TIFF"}
_DTYPES = {"JPEG": ("uint8",), "PNG": ("uint8", "uint16"), "TIFF": ("uint8", "uint16", "int32", "float32")}
_CONVERSIONS = {"1": "L", "P": "RGB", "PA": "RGBA", "RGBX": "RGB", "YCbCr": "RGB", "La": "LA", "RGBa": "RGBA"}
_GREY = ("L", "LA", "I;16", "I;16B", "I;16L", "I;16N", "I", "F")
_COLOUR = ("RGB", "RGBA")
_JPEG_QUALITY = 95  # above it files grow and the picture hardly changes


def read(path: Path) -> Signal:
    """Read one picture, with its transparency beside it.

    Raises
    ------
    FileError
        When it is damaged, too large to be safe, has several pages, or samples that Pillow would cut.
    """
    image = optional.load("PIL.Image", "image", "pictures")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Pillow warns of damaged metadata, which is not read; bombs are checked below
        try:
            with image.open(path, formats=[_FORMATS[path.suffix.lower()]]) as picture:
                _check(path, picture, image.MAX_IMAGE_PIXELS)
                return _signal(_upright(_plain(path, picture)), picture.info.get("icc_profile"))
        except (FileError, MemoryError):
            raise
        except image.DecompressionBombError as error:
            raise FileError(f"{path} is too large to be opened safely ({error}): make it smaller") from error
        except Exception as error:  # what a decoder raises on damaged input is not limited to a few types
            raise FileError(f"{path} is damaged or truncated ({_reason(error)}): copy or save it again") from error


def _check(path: Path, picture: Any, limit: int | None) -> None:
    width, height = picture.size
    if limit is not None and width * height > limit:
        raise FileError(f"{path} has {width} × {height} pixels, Pillow's safe limit is {limit}: make it smaller")
    frames = getattr(picture, "n_frames", 1)
    if frames > 1 and picture.format in ("TIFF", "PNG"):  # a camera's JPEG may carry a preview as a second one
        raise FileError(f"{path} holds {frames} pictures: save the one you mean")
    if not picture.mode.startswith("I") and any(";16" in str(tile[3]) for tile in picture.tile):
        raise FileError(f"{path} is a 16-bit colour picture, which Pillow cuts to 8 bits: save it as .npy or 8-bit")


def _plain(path: Path, picture: Any) -> Any:
    """Convert palettes, 1-bit pictures and the like to grey or colour, a transparent colour to an alpha channel."""
    if picture.format == "PNG" and picture.mode == "I":  # 16-bit grey in older versions of Pillow
        return picture.convert("I;16")
    if "transparency" in picture.info and picture.mode in ("1", "L", "RGB", "P"):
        return picture.convert("LA" if picture.mode in ("1", "L") else "RGBA")
    if picture.mode in _CONVERSIONS:
        return picture.convert(_CONVERSIONS[picture.mode])
    if picture.mode not in _GREY + _COLOUR:
        raise FileError(f"{path} is a {picture.mode} picture: convert it to grey or RGB first")
    return picture


def _upright(picture: Any) -> Any:
    return optional.load("PIL.ImageOps", "image", "pictures").exif_transpose(picture)


def _signal(picture: Any, profile: bytes | None) -> Signal:
    samples = np.asarray(picture)
    alpha = None
    if picture.mode in ("LA", "RGBA"):
        samples, alpha = samples[..., :-1], samples[..., -1].copy()
    if picture.mode == "LA":
        samples = samples[..., 0]
    native = samples.astype(samples.dtype.newbyteorder("="), order="C")
    return Signal(native, "image", (0, 1), subtype=native.dtype.name, alpha=alpha, profile=profile)


def write(file: GuardedFile, suffix: str, signal: Signal) -> int:
    """Write the samples rounded and clipped to the range of the signal's subtype; return how many were clipped.

    Raises
    ------
    FileError
        For complex or non-finite samples, a shape or a depth that the format has not, or an alpha channel that does
        not fit.
    """
    image = optional.load("PIL.Image", "image", "pictures")
    kind = _FORMATS[suffix]
    _check_shape(signal.data)
    samples, clipped = _fit(signal.data, _depth(signal, kind))
    samples = _with_alpha(samples, signal.alpha, kind)
    options = {"icc_profile": signal.profile} if signal.profile else {}
    try:
        image.fromarray(samples).save(file, kind, **options, **({"quality": _JPEG_QUALITY} if kind == "JPEG" else {}))
    except (OSError, ValueError, TypeError) as error:
        raise FileError(f"a {suffix} file can't hold this picture ({_reason(error)}): write .png or .npy") from error
    return clipped


def _check_shape(data: NDArray[Any]) -> None:
    if np.iscomplexobj(data):
        raise FileError("a picture can't hold complex numbers: write .npy")
    if not (data.ndim == 2 or (data.ndim == 3 and data.shape[2] == 3)):
        raise FileError(f"a picture is rows × columns or rows × columns × 3, not of shape {data.shape}: write .npy")


def _depth(signal: Signal, kind: str) -> str:
    wanted = signal.subtype or ("uint16" if signal.data.dtype == np.uint16 else "uint8")
    if wanted not in _DTYPES[kind]:
        raise FileError(f"a {kind} picture can't hold {wanted} samples: write .tif or .npy")
    if wanted != "uint8" and signal.data.ndim == 3:
        raise FileError(f"a colour picture can't hold {wanted} samples: write .npy")
    return wanted


def _fit(data: NDArray[Any], dtype: str) -> tuple[NDArray[Any], int]:
    if dtype == "float32":
        return data.astype(np.float32), 0
    if not np.isfinite(data).all():
        raise FileError(f"NaN or infinite samples can't be stored as {dtype}: write .npy")
    whole = np.rint(data)
    limits = np.iinfo(dtype)
    fitted = np.clip(whole, limits.min, limits.max)
    return fitted.astype(dtype), int(np.count_nonzero(fitted != whole))


def _with_alpha(samples: NDArray[Any], alpha: NDArray[Any] | None, kind: str) -> NDArray[Any]:
    if alpha is None:
        return samples
    if kind == "JPEG":
        raise FileError("a JPEG picture can't hold transparency: write .png or .tif")
    if alpha.shape != samples.shape[:2]:
        size = " × ".join(map(str, samples.shape[:2]))
        raise FileError(
            f"the picture's transparency is {' × '.join(map(str, alpha.shape))} pixels and the result {size}: "
            "use mode same, or save the picture without transparency"
        )
    return np.dstack([samples, alpha])


def _reason(error: Exception) -> str:
    return str(error) or type(error).__name__
