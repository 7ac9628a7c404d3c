"""Layers of networks: convolution with channels, as deep learning means it, by the fastest way; equal to PyTorch's."""

from .contributions import Contributions, contributions
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
from .pooling import avg_pool1d, avg_pool2d, avg_pool3d, max_pool1d, max_pool2d, max_pool3d
from .sizes import output_shape, parameter_count, receptive_field

__all__ = [
    "Contributions",
    "Conv",
    "Options",
    "Plan",
    "avg_pool1d",
    "avg_pool2d",
    "avg_pool3d",
    "contributions",
    "conv1d",
    "conv2d",
    "conv3d",
    "conv_transpose1d",
    "conv_transpose2d",
    "conv_transpose3d",
    "max_pool1d",
    "max_pool2d",
    "max_pool3d",
    "output_shape",
    "parameter_count",
    "plan",
    "receptive_field",
]
