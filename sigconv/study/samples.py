"""Real data that matplotlib ships: a recording and a photograph."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import FileError
from .kernels import kernel

Sample = tuple[str, NDArray[Any], str, NDArray[Any], tuple[int, ...]]


def samples() -> list[Sample]:
    """Return (name, signal, name of the kernel, kernel, axes) of an EEG recording and of a grey photograph.

    Raises
    ------
    FileError
        If matplotlib or Pillow, which bring and read them, are not installed.
    """
    try:
        from matplotlib.cbook import get_sample_data
        from PIL import Image
    except ImportError:
        raise FileError('the sample data need matplotlib and Pillow: pip install "sigconv[plot,image]"') from None
    recording, photograph = (get_sample_data(name, asfileobj=False) for name in ("eeg.dat", "grace_hopper.jpg"))
    channels = np.fromfile(str(recording), "<f8").reshape(800, 4).T.copy()
    with Image.open(str(photograph)) as picture:
        photo = np.asarray(picture.convert("L"), np.float32)
    low_pass, gaussian = "lowpass:101:0.1", "gaussian:31"
    return [
        (
            "EEG recording, 4 channels of 800 samples (matplotlib's eeg.dat)",
            channels,
            low_pass,
            kernel(low_pass, 1),
            (1,),
        ),
        (
            "photograph, 600 × 512 pixels (matplotlib's grace_hopper.jpg)",
            photo,
            gaussian,
            kernel(gaussian, 2, np.float32),
            (0, 1),
        ),
    ]
