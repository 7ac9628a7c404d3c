"""The definition, in loops over exact numbers: what every method of the library is held to.

It imports nothing of the library. Integers stay Python ints, floats become the Fractions that they are, complex
numbers become pairs of Fractions, so a result here has no rounding at all. `bound` gives the error that the contract
allows a method of floating-point arithmetic, from the operands alone.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from fractions import Fraction
from itertools import product
from typing import Any, NamedTuple

import numpy as np

MISSING = object()
"""What `read` gives where the renormalize boundary has no sample."""

LOST = object()
"""What stands in the signal for NaN and for samples under a mask; `nan` says what becomes of them."""

UNDEFINED = None
"""The value of an output that has no number: a renormalised sum whose taps in range sum to zero."""

TRANSFORM_CONSTANT = 16
"""The published constant c of the bound of transforms."""


class Gaussian:
    """A complex number with exact real and imaginary parts."""

    __slots__ = ("im", "re")

    def __init__(self, re: Any, im: Any = 0):
        """Hold two ints or Fractions."""
        self.re, self.im = re, im

    def __add__(self, other: Any) -> Gaussian:
        """Add a Gaussian or a real number."""
        other = gaussian(other)
        return Gaussian(self.re + other.re, self.im + other.im)

    __radd__ = __add__

    def __mul__(self, other: Any) -> Gaussian:
        """Multiply by a Gaussian or a real number."""
        other = gaussian(other)
        return Gaussian(self.re * other.re - self.im * other.im, self.re * other.im + self.im * other.re)

    __rmul__ = __mul__

    def __truediv__(self, other: Any) -> Gaussian:
        """Divide by a Gaussian or a real number."""
        other = gaussian(other)
        scale = Fraction(1, 1) / (other.re * other.re + other.im * other.im)
        return self * Gaussian(other.re * scale, -other.im * scale)

    def __rtruediv__(self, other: Any) -> Gaussian:
        """Divide a real number by this one."""
        return gaussian(other) / self

    def __neg__(self) -> Gaussian:
        """Give the number with both signs changed."""
        return Gaussian(-self.re, -self.im)

    def __eq__(self, other: object) -> bool:
        """Compare exactly with a Gaussian or a real number."""
        other = gaussian(other)
        return bool(self.re == other.re and self.im == other.im)

    def __hash__(self) -> int:
        """Hash both parts."""
        return hash((self.re, self.im))

    def __abs__(self) -> float:
        """Give the magnitude, as a float."""
        return math.hypot(float(self.re), float(self.im))

    def conjugate(self) -> Gaussian:
        """Give the complex conjugate."""
        return Gaussian(self.re, -self.im)

    def __repr__(self) -> str:
        """Show both parts."""
        return f"({self.re} + {self.im}i)"


def gaussian(value: Any) -> Gaussian:
    """Take a real number as a complex one."""
    return value if isinstance(value, Gaussian) else Gaussian(value)


# --- exact numbers ---------------------------------------------------------------------------------------------------


def exact(array: Any) -> np.ndarray:
    """Turn an array into an object array of exact numbers (ints, Fractions, Gaussians)."""
    array = np.asarray(array)
    if array.dtype.kind in "iu":
        return array.astype(object)
    result = np.empty(array.shape, object)
    result.flat = [exact_number(value) for value in array.flat]
    return result


def exact_number(value: Any) -> Any:
    """Turn one number into an int, a Fraction or a Gaussian; what is none of them (a letter) stays."""
    if isinstance(value, bool | np.bool | int | np.integer):
        return int(value)
    if value is not LOST and value != value:
        return LOST
    if isinstance(value, complex | np.complexfloating):
        return Gaussian(exact_number(value.real), exact_number(value.imag))
    if isinstance(value, float | np.floating):
        return Fraction(*value.as_integer_ratio())
    return value


def magnitudes(array: np.ndarray) -> np.ndarray:
    """Give the absolute values of exact numbers, as Python floats in an object array."""
    result = np.empty(array.shape, object)
    result.flat = [LOST if value is LOST else float(abs(value)) for value in array.flat]
    return result


# --- one axis --------------------------------------------------------------------------------------------------------


class Axis(NamedTuple):
    """One convolved axis: lengths, and how the kernel lies on it."""

    n: int
    m: int
    flip: bool
    dilation: int
    rule: str
    window: range

    @property
    def reach(self) -> int:
        """The length of the kernel with its holes."""
        return self.dilation * (self.m - 1) + 1


def source(position: int, n: int, rule: str) -> int | None:
    """Give the index of the sample that stands at a position of the extended axis; None where none does."""
    if 0 <= position < n:
        return position
    if rule == "edge":
        return 0 if position < 0 else n - 1
    if rule == "wrap":
        return position % n
    if rule == "symmetric":  # abcd|dcba, repeated for ever
        position %= 2 * n
        return position if position < n else 2 * n - 1 - position
    if rule == "reflect":  # abcd|cb, repeated for ever; one sample repeats itself
        position %= max(2 * n - 2, 1)
        return position if position < n else 2 * n - 2 - position
    if rule in ("zero", "constant", "renormalize"):
        return None
    raise ValueError(rule)


def window(n: int, reach: int, mode: str, flip: bool, center: int | None, dilation: int) -> tuple[int, int]:
    """Give [start, stop): which positions of the full result a mode keeps."""
    if mode == "full":
        return 0, n + reach - 1
    if mode == "valid":  # where the shorter operand lies wholly on the longer one
        return min(n, reach) - 1, max(n, reach)
    if mode != "same":
        raise ValueError(mode)
    if center is None:
        return (reach - 1) // 2, (reach - 1) // 2 + n
    # Tap c reads position k − d c when flipped, k − (reach − 1) + d c when not; output 0 has it on sample 0.
    start = dilation * center if flip else reach - 1 - dilation * center
    return start, start + n


def sources(axis: Axis, k: int) -> list[int | None]:
    """Give, for each tap of the kernel as passed, the sample that output k multiplies it with."""
    first, step = (k, -axis.dilation) if axis.flip else (k - (axis.reach - 1), axis.dilation)
    return [source(first + step * j, axis.n, axis.rule) for j in range(axis.m)]


# --- all axes --------------------------------------------------------------------------------------------------------


class Setting(NamedTuple):
    """Exact operands with their convolved axes last, and one `Axis` for each of these."""

    signal: np.ndarray
    kernel: np.ndarray
    axes: tuple[int, ...]
    space: tuple[Axis, ...]
    fill: Any
    nan: str = "propagate"

    @property
    def batch(self) -> tuple[int, ...]:
        """The broadcast shape of the axes that are not convolved."""
        return self.signal.shape[: self.signal.ndim - len(self.space)]

    @property
    def renormalized(self) -> bool:
        """Whether an axis has the renormalize boundary, or missing samples are made up for."""
        return self.nan == "renormalize" or any(axis.rule == "renormalize" for axis in self.space)

    @property
    def taps(self) -> int:
        """How many products one output sums."""
        return math.prod(axis.m for axis in self.space)


def setting(
    signal: Any,
    kernel: Any,
    mode: str = "full",
    *,
    flip: bool,
    conjugate: bool = False,
    axes: Any = None,
    boundary: Any = "zero",
    fill_value: Any = 0,
    center: Any = None,
    stride: Any = 1,
    dilation: Any = 1,
    nan: str = "propagate",
    mask: Any = None,
) -> Setting:
    """Broadcast the operands and describe each convolved axis."""
    x, h, order = aligned(hidden(exact(signal), mask), exact(kernel), axes)
    if conjugate:
        h = conjugated(h)
    first = x.ndim - len(order)
    per_axis = [spread(option, order) for option in (boundary, center, stride, dilation)]
    lengths = zip(x.shape[first:], h.shape[first:], *per_axis, strict=True)
    space = [axis_of(n, m, mode, flip, *options) for n, m, *options in lengths]
    return Setting(x, h, tuple(sorted(order)), tuple(space), exact_number(fill_value), nan)


def hidden(x: np.ndarray, mask: Any) -> np.ndarray:
    """Take the masked samples out."""
    if mask is not None:
        x[np.broadcast_to(mask, x.shape)] = LOST
    return x


def axis_of(n: int, m: int, mode: str, flip: bool, rule: str, center: int | None, stride: int, dilation: int) -> Axis:
    """Describe one axis; `valid` never reads outside, so it has no boundary."""
    start, stop = window(n, dilation * (m - 1) + 1, mode, flip, center, dilation)
    return Axis(n, m, flip, dilation, "zero" if mode == "valid" else rule, range(start, stop, stride))


def conjugated(array: np.ndarray) -> np.ndarray:
    """Conjugate each exact number."""
    result = np.empty(array.shape, object)
    result.flat = [value.conjugate() for value in array.flat]
    return result


def aligned(x: np.ndarray, h: np.ndarray, axes: Any) -> tuple[np.ndarray, np.ndarray, tuple[int, ...]]:
    """Right-align and broadcast, convolved axes moved last; also give these axes in the order asked."""
    if axes is None:
        if x.ndim != h.ndim:
            raise ValueError("axes=None needs operands with the same number of axes")
        return x, h, tuple(range(x.ndim))
    ndim = max(x.ndim, h.ndim)
    order = tuple(axis % ndim for axis in ((axes,) if isinstance(axes, int) else axes))
    if h.ndim == len(order):  # lies on the convolved axes, shared by all the rest
        lengths = dict(zip(sorted(order), h.shape, strict=True))
        h = h.reshape([lengths.get(axis, 1) for axis in range(ndim)])
    x, h = (spaced(a, ndim, order) for a in (x, h))
    batch = np.broadcast_shapes(x.shape[: ndim - len(order)], h.shape[: ndim - len(order)])
    x, h = (np.broadcast_to(a, batch + a.shape[ndim - len(order) :]) for a in (x, h))
    return x, h, order


def spaced(array: np.ndarray, ndim: int, order: tuple[int, ...]) -> np.ndarray:
    """Add leading axes of length 1 and move the convolved axes last, in ascending order."""
    array = array.reshape((1,) * (ndim - array.ndim) + array.shape)
    return np.moveaxis(array, sorted(order), range(ndim - len(order), ndim))


def spread(option: Any, order: tuple[int, ...]) -> list[Any]:
    """Give an option for each convolved axis, ascending; a tuple is paired with `axes` in the order given."""
    values = option if isinstance(option, tuple | list) else (option,) * len(order)
    return [value for _, value in sorted(zip(order, values, strict=True), key=lambda pair: pair[0])]


def read(x: np.ndarray, index: tuple[int | None, ...], rules: Sequence[str], fill: Any) -> Any:
    """Give ext(x): pads are applied axis by axis, so the last axis that pads with a constant wins."""
    constant = None
    for i, rule in zip(index, rules, strict=True):
        if i is None:
            if rule == "renormalize":
                return MISSING
            constant = fill if rule == "constant" else 0
    return x[index] if constant is None else constant


def total(case: Setting, x: np.ndarray, taps: Sequence[Any], rows: Iterable[list[int | None]]) -> Any:
    """Give one output's sum of products, and the sum of the taps that met a sample."""
    products, present = 0, 0
    rules = [axis.rule for axis in case.space]
    for tap, index in zip(taps, product(*rows), strict=True):
        value = read(x, index, rules, case.fill)
        if value is LOST:
            if case.nan == "propagate":
                return UNDEFINED, UNDEFINED
            value = 0 if case.nan == "omit" else MISSING
        if value is not MISSING:
            products += value * tap
            present += tap
    return products, present


def sums(case: Setting, only: Sequence[tuple[int, ...]] | None = None) -> tuple[np.ndarray, np.ndarray]:
    """Give the sums of products and the sums of the taps that met a sample, for all outputs or for some."""
    indices = list(np.ndindex(*(len(axis.window) for axis in case.space))) if only is None else only
    wanted = [sorted({index[a] for index in indices}) for a in range(len(case.space))]
    rows = [{i: sources(axis, axis.window[i]) for i in some} for axis, some in zip(case.space, wanted, strict=True)]
    products, present = (np.empty((*case.batch, len(indices)), object) for _ in range(2))
    for b in np.ndindex(*case.batch):
        x, taps = case.signal[(*b, ...)], list(case.kernel[(*b, ...)].flat)
        for i, index in enumerate(indices):
            row = [table[k] for table, k in zip(rows, index, strict=True)]
            products[(*b, i)], present[(*b, i)] = total(case, x, taps, row)
    return (products, present) if only is not None else (shaped(case, products), shaped(case, present))


def shaped(case: Setting, outputs: np.ndarray) -> np.ndarray:
    """Give a flat list of outputs the result's shape, the convolved axes back in their places."""
    lengths = tuple(len(axis.window) for axis in case.space)
    return restored(case, outputs.reshape(case.batch + lengths))


def restored(case: Setting, array: np.ndarray) -> np.ndarray:
    """Move the convolved axes from last to their places."""
    return np.moveaxis(array, range(array.ndim - len(case.axes), array.ndim), case.axes)


def kernel_sums(case: Setting, outputs: np.ndarray, only: Any) -> np.ndarray:
    """Give the sum of the kernel that each output was made with."""
    totals = np.empty(case.batch, object)
    for b in np.ndindex(*case.batch):
        totals[b] = sum(case.kernel[(*b, ...)].flat)
    if only is not None:
        return np.broadcast_to(totals[..., None], outputs.shape)
    ones = tuple(1 for _ in case.space)
    return np.broadcast_to(restored(case, totals.reshape(case.batch + ones)), outputs.shape)


def slide(signal: Any, kernel: Any, mode: str = "full", *, only: Any = None, **options: Any) -> np.ndarray:
    """Give the exact result as an object array; with `only`, just the outputs at these indices, in a row."""
    case = setting(signal, kernel, mode, **options)
    products, present = sums(case, only)
    if not case.renormalized:
        return products
    totals = kernel_sums(case, products, only)
    result = np.empty(products.shape, object)
    for i in np.ndindex(*products.shape):
        defined = present[i] is not UNDEFINED and present[i] != 0
        result[i] = products[i] * (totals[i] / exact_divisor(present[i])) if defined else UNDEFINED
    return result


def exact_divisor(value: Any) -> Any:
    """Make a division by an int exact."""
    return Fraction(value) if isinstance(value, int) else value


def convolve(signal: Any, kernel: Any, mode: str = "full", **options: Any) -> np.ndarray:
    """Give y[k] = Σ_j signal[k − j] kernel[j]."""
    return slide(signal, kernel, mode, flip=True, **options)


def correlate(signal: Any, kernel: Any, mode: str = "full", **options: Any) -> np.ndarray:
    """Give c[k] = Σ_n signal[n + k] conj(kernel[n]), at ascending lags."""
    return slide(signal, kernel, mode, flip=False, conjugate=True, **options)


# --- dtypes and bounds -----------------------------------------------------------------------------------------------


def result_dtype(
    signal: Any, kernel: Any, boundary: Any = "zero", mode: str = "full", nan: str = "propagate"
) -> np.dtype:
    """Give the dtype of the result: exact integers, else what NumPy promotes to, in native byte order."""
    signal, kernel = np.dtype(signal), np.dtype(kernel)
    if signal.kind in "biu" and kernel.kind in "biu":
        boundaries = boundary if isinstance(boundary, tuple) else (boundary,)
        # A boundary has no effect on `valid`.
        if nan == "renormalize" or ("renormalize" in boundaries and mode != "valid"):
            return np.dtype(np.float64)
        return np.dtype(np.uint64 if signal.kind == kernel.kind == "u" else np.int64)
    return np.result_type(signal, kernel).newbyteorder("=")


def working_dtype(dtype: Any) -> np.dtype:
    """Give the real dtype that a result is computed in."""
    real = np.empty(0, dtype).real.dtype
    return np.dtype(np.float32) if real == np.float16 else real


class Bounds(NamedTuple):
    """What the bound needs to know about the arithmetic."""

    u: float
    eta: float
    complexity: int  # the roundings of a product: 1 for real numbers, 3 (over √5) for complex ones

    def direct(self, m: int, weight: float) -> float:
        """Give γ_m (|x| ∗ |h|) + m η; a complex product brings two roundings more."""
        count = m + self.complexity - 1
        return count * self.u / (1 - count * self.u) * weight + m * self.eta

    def transform(self, m: int, length: int, norms: float) -> float:
        """Give 16 u log2(L) ‖x‖ ‖h‖ + m η."""
        return TRANSFORM_CONSTANT * self.u * math.log2(max(length, 2)) * norms + m * self.eta


def arithmetic(dtype: Any) -> Bounds:
    """Give the roundoff of the precision that a result of this dtype is computed in."""
    info = np.finfo(working_dtype(dtype))
    return Bounds(float(info.eps) / 2, float(info.smallest_subnormal), 3 if np.dtype(dtype).kind == "c" else 1)


def bound(
    signal: Any, kernel: Any, mode: str = "full", *, dtype: Any, method: str = "auto", only: Any = None, **options: Any
) -> np.ndarray:
    """Give the error allowed to each output: `direct` its own bound, any other method the larger one."""
    case = setting(signal, kernel, mode, **options)
    sizes = case._replace(signal=magnitudes(case.signal), kernel=magnitudes(case.kernel), fill=float(abs(case.fill)))
    weights, taps = (defined(array) for array in sums(sizes, only))
    limits = error_of_sums(sizes, weights, dtype, method, only)
    if case.renormalized:
        ones = indicator(sizes)
        present_limits = error_of_sums(ones, taps, dtype, method, only)
        limits = renormalized_error(case, limits, present_limits, taps, dtype, only)
    if np.dtype(dtype) == np.float16:
        limits = limits + half_spacings(slide(signal, kernel, mode, only=only, **options), limits)
    return limits * (1 + 1e-9)  # these few float operations round too


def defined(outputs: np.ndarray) -> np.ndarray:
    """Give sums of magnitudes, 0 for outputs that have no number."""
    return np.array([0.0 if value is UNDEFINED else float(value) for value in outputs.flat]).reshape(outputs.shape)


def indicator(case: Setting) -> Setting:
    """Give the case with ones for the samples that are not lost, and for zeros outside if some may be lost."""
    ones = np.empty(case.signal.shape, object)
    ones.flat = [LOST if value is LOST else 1.0 for value in case.signal.flat]
    numbers = ("zero", "constant") if case.nan == "renormalize" else ("constant",)
    space = tuple(a._replace(rule="constant") if a.rule in numbers else a for a in case.space)
    return case._replace(signal=ones, fill=1.0, space=space)


def error_of_sums(sizes: Setting, weights: np.ndarray, dtype: Any, method: str, only: Any) -> np.ndarray:
    """Give the bound of plain sums of products from the magnitudes of the operands."""
    rule, m = arithmetic(dtype), sizes.taps
    direct = np.vectorize(lambda weight: rule.direct(m, weight), [float])(weights.astype(float))
    if method == "direct":
        return direct
    length = transform_length(sizes)
    transform = np.empty(sizes.batch, float)
    for b in np.ndindex(*sizes.batch):
        transform[b] = rule.transform(m, length, extended_norm(sizes, b) * norm(sizes.kernel[(*b, ...)].flat))
    if only is not None:
        return np.maximum(direct, transform[..., None])
    return np.maximum(direct, restored(sizes, transform.reshape(sizes.batch + (1,) * len(sizes.space))))


def transform_length(case: Setting) -> int:
    """Give a power of two that no alias-free transform of the extended signal needs to exceed, on each axis."""
    lengths = [axis.n + 3 * axis.reach for axis in case.space]  # the halo is at most reach − 1 on each side
    return math.prod(1 << (length - 1).bit_length() for length in lengths)


def extended_norm(sizes: Setting, b: tuple[int, ...]) -> float:
    """Give ‖ext x‖₂ over all positions that any output reads; no block of it has a larger norm."""
    rules = [axis.rule for axis in sizes.space]
    spans = []
    for axis in sizes.space:
        positions = range(axis.window[0] - axis.reach + 1, axis.window[-1] + 1)
        spans.append([source(p, axis.n, axis.rule) for p in positions])
    values = (read(sizes.signal[(*b, ...)], index, rules, sizes.fill) for index in product(*spans))
    return norm(value for value in values if value is not MISSING and value is not LOST)


def norm(values: Iterable[float]) -> float:
    """Give the Euclidean norm."""
    return math.sqrt(math.fsum(value * value for value in values))


def renormalized_error(
    case: Setting, limits: np.ndarray, present_limits: np.ndarray, present_sizes: np.ndarray, dtype: Any, only: Any
) -> np.ndarray:
    """Give the bound of t S / p from those of the sum t, the kernel's sum S and the sum p of the taps present."""
    rule = arithmetic(dtype)
    products, present = sums(case, only)
    totals = kernel_sums(case, products, only)
    total_sizes = kernel_sums(case._replace(kernel=magnitudes(case.kernel)), products, only)
    result = np.full(products.shape, math.inf)
    for i in np.ndindex(*products.shape):
        t, s, p = (0.0 if array[i] is UNDEFINED else float(abs(array[i])) for array in (products, totals, present))
        if p == 0 or present_sizes[i] == total_sizes[i]:  # undefined, or an interior output, which is unchanged
            result[i] = limits[i]
            continue
        e_t, e_p, e_s = limits[i], present_limits[i], rule.direct(case.taps, total_sizes[i])
        if e_p < p:
            quotient = (t * e_s + e_t * s + e_t * e_s) / (p - e_p) + t * s * e_p / (p * (p - e_p))
            result[i] = quotient + 8 * rule.u * (t * s / p + quotient)
    return result


def half_spacings(values: np.ndarray, limits: np.ndarray) -> np.ndarray:
    """Give what rounding to float16 may add: half of the spacing at the largest magnitude allowed."""
    result = np.zeros(values.shape)
    for i in np.ndindex(*values.shape):
        if values[i] is not UNDEFINED:
            result[i] = float(np.spacing(np.float16(abs(float(values[i])) + limits[i]))) / 2
    return result


# --- comparing -------------------------------------------------------------------------------------------------------


def difference(got: Any, value: Any) -> float:
    """Give |got − value|, exactly but for the last rounding; 0 for a NaN where no number is defined."""
    if value is UNDEFINED:
        return 0.0 if got != got else math.inf
    if got != got or abs(got) == math.inf:
        return math.inf
    return float(abs(exact_number(got) + -value))


def violations(got: np.ndarray, values: np.ndarray, limits: np.ndarray | float = 0.0) -> list[str]:
    """List the outputs that are further from the exact value than their bound allows."""
    if got.shape != values.shape:
        return [f"shape {got.shape} instead of {values.shape}"]
    limits = np.broadcast_to(limits, values.shape)
    found = []
    for i in np.ndindex(*values.shape):
        error = difference(got[i], values[i])
        if not error <= limits[i]:
            found.append(f"at {i}: {got[i]!r}, exact {values[i]}, error {error:.3g} over the bound {limits[i]:.3g}")
    return found
