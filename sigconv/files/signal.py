"""What a file holds: the samples, which axes are time or space, and what has to survive a round trip."""

from dataclasses import dataclass, replace
from typing import Any, Literal

from numpy.typing import NDArray

Kind = Literal["audio", "image", "array"]


@dataclass(frozen=True, eq=False)
class Signal:
    """The content of one file.

    Parameters
    ----------
    data : ndarray
        Audio: float64 in [−1, 1), frames × channels (also for one channel). Image: rows × columns for grey,
        rows × columns × 3 for colour, in the file's own dtype. Array: as it is.
    kind : "audio", "image" or "array"
        What kind of file it came from, or goes to.
    axes : tuple of int
        The axes of `data` that are time or space; the rest are channels.
    rate : int, optional
        Audio: samples a second.
    subtype : str, optional
        How a file stores one sample: audio, libsndfile's name ("PCM_16", "FLOAT", "VORBIS" …); image, the dtype's
        name ("uint8", "uint16", "int32", "float32"). None: the usual one of the file type.
    alpha : ndarray, optional
        Image: the transparency, rows × columns; it is not part of `data`, and is written back as it was.
    profile : bytes, optional
        Image: the ICC colour profile.
    """

    data: NDArray[Any]
    kind: Kind
    axes: tuple[int, ...]
    rate: int | None = None
    subtype: str | None = None
    alpha: NDArray[Any] | None = None
    profile: bytes | None = None

    @property
    def channels(self) -> int:
        """The number of samples at one point of time or space."""
        spatial = {axis % self.data.ndim for axis in self.axes}
        count = 1
        for axis, length in enumerate(self.data.shape):
            count *= 1 if axis in spatial else length
        return count

    def squeezed(self) -> NDArray[Any]:
        """Return the samples, without the axis of the channels where there is one channel."""
        return self.data[:, 0] if self.kind == "audio" and self.data.shape[1:] == (1,) else self.data

    @property
    def noun(self) -> str:
        """Its kind as it stands in a sentence."""
        return {"audio": "a recording", "image": "a picture", "array": "an array"}[self.kind]

    def with_data(self, data: NDArray[Any]) -> "Signal":
        """Return a signal that differs from this one in its samples only."""
        return replace(self, data=data)

    def describe(self) -> str:
        """Return the size in words, such as ``"48000 samples × 2 channels, 44100 Hz"``."""
        if self.kind == "array":
            return f"array of shape {self.data.shape}, {self.data.dtype}"
        lengths = [str(self.data.shape[axis]) for axis in self.axes]
        unit = "samples" if self.kind == "audio" else "pixels"
        channels = f" × {self.channels} channels" if self.channels > 1 else ""
        rate = f", {self.rate} Hz" if self.rate else ""
        return f"{' × '.join(lengths)} {unit}{channels}{rate}"
