"""The functions of layers, named and called as PyTorch's: signatures and docstrings, tiny bodies."""

from __future__ import annotations

from typing import Any, Unpack

import numpy as np
from numpy.typing import ArrayLike, DTypeLike, NDArray

from ..semantics.dtypes import check_dtype
from .describe import describe
from .layer import Options, checked_options, conv
from .plan import Plan, choose
from .transposed import conv_transpose

Array = NDArray[Any]


def conv1d(
    input: ArrayLike,
    weight: ArrayLike,
    bias: ArrayLike | None = None,
    stride: int | tuple[int, ...] = 1,
    padding: Any = 0,
    dilation: int | tuple[int, ...] = 1,
    groups: int = 1,
    *,
    padding_mode: str = "zeros",
    flip: bool = False,
    method: str = "auto",
) -> Array:
    """Return a layer over one axis: `sigconv.nn.conv2d` has the description.

    Examples
    --------
    >>> from sigconv import nn
    >>> nn.conv1d([[1, 2, 3, 4]], [[[10, 1]]], bias=[100])
    array([[112, 123, 134]])
    """
    options = _options(stride, padding, dilation, groups, padding_mode, flip)
    return conv(1, input, weight, bias, method, options)


def conv2d(
    input: ArrayLike,
    weight: ArrayLike,
    bias: ArrayLike | None = None,
    stride: int | tuple[int, ...] = 1,
    padding: Any = 0,
    dilation: int | tuple[int, ...] = 1,
    groups: int = 1,
    *,
    padding_mode: str = "zeros",
    flip: bool = False,
    method: str = "auto",
) -> Array:
    """Return a layer over two axes: what deep-learning frameworks call convolution, with channels.

    y[b, o, p, q] = bias[o] + Σ_c Σ_i Σ_j ext(x)[b, c, s p + d i − lo, s q + d j − lo] weight[o, c, i, j]

    The kernel slides as it is, unless `flip`, and is never conjugated; c runs over the channels of o's group.

    Parameters
    ----------
    input : array_like
        (batch, in, rows, columns), or without the batch.
    weight : array_like
        (out, in/groups, rows of taps, columns of taps), of the input's dtype. Booleans and integers of any kind may
        meet; they are summed exactly. Python ints and Fractions are taken too.
    bias : array_like, optional
        (out,): added to each output channel.
    stride, padding, dilation, groups, padding_mode, flip
        See `sigconv.nn.Options`.
    method : {"auto", "direct", "fft", "overlap-add", "winograd"}
        How; the result's meaning, shape and dtype never depend on it. "direct" are products of matrices, or for one
        input channel a group the loops of `sigconv.convolve`; "fft" and "overlap-add" meet the channels at every
        frequency; "winograd" takes 16 products for four outputs by 3 × 3 taps, where a direct sum takes 36. "auto"
        takes the least estimated time.

    Returns
    -------
    ndarray
        (batch, out, rows, columns), of the operands' dtype; for booleans and integers int64, or uint64
        if both are unsigned.

    Raises
    ------
    ArgumentValueError, ArgumentTypeError
        Before any work, if an argument can't be served: at least wherever PyTorch raises.
    ResultOverflowError
        If an exact integer result does not fit.

    Notes
    -----
    V. Dumoulin and F. Visin, A guide to convolution arithmetic for deep learning, arXiv:1603.07285, has the shapes.
    Inf and NaN reach the outputs whose windows they lie in, whatever the method.

    Examples
    --------
    >>> import numpy as np
    >>> from sigconv import nn
    >>> photo = np.arange(2 * 9).reshape(2, 3, 3)
    >>> nn.conv2d(photo, np.ones((1, 2, 2, 2), int))
    array([[[52, 60],
            [76, 84]]])
    """
    options = _options(stride, padding, dilation, groups, padding_mode, flip)
    return conv(2, input, weight, bias, method, options)


def conv3d(
    input: ArrayLike,
    weight: ArrayLike,
    bias: ArrayLike | None = None,
    stride: int | tuple[int, ...] = 1,
    padding: Any = 0,
    dilation: int | tuple[int, ...] = 1,
    groups: int = 1,
    *,
    padding_mode: str = "zeros",
    flip: bool = False,
    method: str = "auto",
) -> Array:
    """Return a layer over three axes: `sigconv.nn.conv2d` has the description.

    Examples
    --------
    >>> import numpy as np
    >>> from sigconv import nn
    >>> nn.conv3d(np.ones((1, 2, 2, 2)), np.ones((1, 1, 2, 2, 2)))
    array([[[[8.]]]])
    """
    options = _options(stride, padding, dilation, groups, padding_mode, flip)
    return conv(3, input, weight, bias, method, options)


def _options(stride: Any, padding: Any, dilation: Any, groups: Any, padding_mode: Any, flip: Any) -> dict[str, Any]:
    return {
        "stride": stride,
        "padding": padding,
        "dilation": dilation,
        "groups": groups,
        "padding_mode": padding_mode,
        "flip": flip,
    }


def conv_transpose1d(
    input: ArrayLike,
    weight: ArrayLike,
    bias: ArrayLike | None = None,
    stride: int | tuple[int, ...] = 1,
    padding: Any = 0,
    output_padding: int | tuple[int, ...] = 0,
    groups: int = 1,
    dilation: int | tuple[int, ...] = 1,
    *,
    method: str = "auto",
) -> Array:
    """Return a transposed layer over one axis: `sigconv.nn.conv_transpose2d` has the description.

    Examples
    --------
    >>> from sigconv import nn
    >>> nn.conv_transpose1d([[1, 2]], [[[1, 10, 100]]], stride=2)
    array([[  1,  10, 102,  20, 200]])
    """
    return conv_transpose(1, input, weight, bias, stride, padding, output_padding, groups, dilation, method)


def conv_transpose2d(
    input: ArrayLike,
    weight: ArrayLike,
    bias: ArrayLike | None = None,
    stride: int | tuple[int, ...] = 1,
    padding: Any = 0,
    output_padding: int | tuple[int, ...] = 0,
    groups: int = 1,
    dilation: int | tuple[int, ...] = 1,
    *,
    method: str = "auto",
) -> Array:
    """Return a transposed layer over two axes: the transpose of `conv2d` with the same weight.

    y[b, o, s p + d i − lo, s q + d j − lo] += x[b, c, p, q] weight[c, o, i, j] for all p, q, i, j; and the bias.

    ⟨conv(x), y⟩ = ⟨x, conv_transpose(y)⟩ for real weights; with complex ones, conv_transpose of the conjugated weight.

    Parameters
    ----------
    input : array_like
        (batch, in, rows, columns), or without the batch.
    weight : array_like
        (in, out/groups, rows of taps, columns of taps): for the adjoint of a layer its weight as it is.
    bias : array_like, optional
        (out,): added to each output channel.
    stride, padding, dilation, groups, method
        Those of the layer that this one transposes; see `sigconv.nn.Options`.
    output_padding : int or tuple of int
        Samples added behind: of the lengths that the layer maps to the input's, which one the output has. Less than
        the stride or the dilation.

    Returns
    -------
    ndarray
        (batch, out, rows, columns), with (n − 1) s − padding + d (m − 1) + 1 + output_padding samples on each axis.

    Raises
    ------
    ArgumentValueError, ArgumentTypeError, ResultOverflowError
        As `conv2d`.

    Notes
    -----
    Every s-th output on an axis is a layer of stride 1 over every s-th tap, so no zeros are multiplied.

    Examples
    --------
    >>> import numpy as np
    >>> from sigconv import nn
    >>> nn.conv_transpose2d([[[1, 2], [3, 4]]], np.ones((1, 1, 2, 2), int), stride=2)
    array([[[1, 1, 2, 2],
            [1, 1, 2, 2],
            [3, 3, 4, 4],
            [3, 3, 4, 4]]])
    """
    return conv_transpose(2, input, weight, bias, stride, padding, output_padding, groups, dilation, method)


def conv_transpose3d(
    input: ArrayLike,
    weight: ArrayLike,
    bias: ArrayLike | None = None,
    stride: int | tuple[int, ...] = 1,
    padding: Any = 0,
    output_padding: int | tuple[int, ...] = 0,
    groups: int = 1,
    dilation: int | tuple[int, ...] = 1,
    *,
    method: str = "auto",
) -> Array:
    """Return a transposed layer over three axes: `sigconv.nn.conv_transpose2d` has the description.

    Examples
    --------
    >>> import numpy as np
    >>> from sigconv import nn
    >>> nn.conv_transpose3d(np.full((1, 1, 1, 1), 5), np.ones((1, 1, 1, 1, 2), int))
    array([[[[5, 5]]]])
    """
    return conv_transpose(3, input, weight, bias, stride, padding, output_padding, groups, dilation, method)


def plan(
    input_shape: tuple[int, ...],
    weight_shape: tuple[int, ...],
    input_dtype: DTypeLike = float,
    weight_dtype: DTypeLike | None = None,
    method: str = "auto",
    **options: Unpack[Options],
) -> Plan:
    """Return how a layer would be computed, decided by shapes, dtypes and options alone.

    `print(plan)` is a line, `plan.explain()` a table of all candidates: what `method="auto"` does is this choice.

    Parameters
    ----------
    input_shape, weight_shape : tuple of int
        The operands' shapes.
    input_dtype, weight_dtype : dtype
        Their dtypes; the weight's is the input's if not given.
    method, **options
        As in `sigconv.nn.conv2d`.

    Returns
    -------
    Plan
        An immutable, hashable value.

    Raises
    ------
    ArgumentValueError, ArgumentTypeError
        As the call itself would.

    Examples
    --------
    >>> from sigconv import nn
    >>> nn.plan((8, 64, 56, 56), (64, 64, 3, 3), "float32", padding=1).method
    'winograd'
    >>> nn.plan((4, 96, 56, 56), (96, 1, 31, 31), "float32", padding=15, groups=96).problem.shape
    (4, 96, 56, 56)
    """
    dtypes = [check_dtype("input", np.dtype(d)) for d in (input_dtype, weight_dtype or input_dtype)]
    return choose(describe(tuple(input_shape), tuple(weight_shape), *dtypes, **checked_options(options)), method)
