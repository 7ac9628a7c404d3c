"""Layers of networks: convolution with channels, as deep learning means it, by the fastest way; equal to PyTorch's."""

from .functional import (
    conv1d,
    conv2d,
    conv3d,
    conv_transpose1d,
    conv_transpose2d,
    conv_transpose3d,
    plan,
)
from .layer import Conv, Options
from .plan import Plan

__all__ = [
    "Conv",
    "Options",
    "Plan",
    "conv1d",
    "conv2d",
    "conv3d",
    "conv_transpose1d",
    "conv_transpose2d",
    "conv_transpose3d",
    "plan",
]
