"""What the tests draw from: names, samples of every dtype, pairwise coverage, Hypothesis strategies."""

import math
from collections.abc import Callable, Sequence
from itertools import combinations, product
from typing import Any

import numpy as np
from hypothesis import strategies as st

MODES = ("full", "same", "valid")
BOUNDARIES = ("zero", "constant", "edge", "symmetric", "reflect", "wrap", "renormalize")
LINEAR = BOUNDARIES[:-1]  # the boundaries under which integers stay integers

FLOATS = ("float16", "float32", "float64", "longdouble")
COMPLEX = ("complex64", "complex128", "clongdouble")
SIGNED = ("int8", "int16", "int32", "int64")
UNSIGNED = ("uint8", "uint16", "uint32", "uint64")
INTEGERS = ("bool", *SIGNED, *UNSIGNED)
DTYPES = FLOATS + COMPLEX + INTEGERS


# --- samples ---------------------------------------------------------------------------------------------------------


def samples(rng: np.random.Generator, dtype: Any, shape: Any, positive: bool = False) -> np.ndarray:
    """Draw small samples that use the whole mantissa; `positive` ones sum to something whatever is left out."""
    dtype = np.dtype(dtype)
    if dtype.kind == "b":
        return np.ones(shape, bool) if positive else rng.integers(0, 2, shape).astype(bool)
    if dtype.kind in "iu":
        low = 1 if positive else 0 if dtype.kind == "u" else -9
        return rng.integers(low, 10, shape).astype(dtype)
    if dtype.kind == "f":
        return real_samples(rng, dtype, shape, positive)
    parts = real_samples(rng, dtype, shape, positive), real_samples(rng, dtype, shape)
    result = np.empty(shape, dtype)
    result.real, result.imag = parts
    return result


def real_samples(rng: np.random.Generator, dtype: np.dtype, shape: Any, positive: bool = False) -> np.ndarray:
    """Draw floats, from [½, 3½) or from [−3, 3); the second draw fills the last bits of a longdouble."""
    low, high = (0.5, 3.5) if positive else (-3, 3)
    real = np.empty(0, dtype).real.dtype
    return np.asarray(rng.uniform(low, high, shape).astype(real) + rng.uniform(-(2.0**-55), 2.0**-55, shape), real)


def fill_for(dtype: Any) -> Any:
    """Give a fill value, not zero, that the dtype holds exactly."""
    return {"b": True, "u": 3, "i": -2, "f": -1.5, "c": 1 - 2j}[np.dtype(dtype).kind]


# --- coverage --------------------------------------------------------------------------------------------------------


def pairwise(
    parameters: dict[str, Sequence[Any]], allowed: Callable[[dict[str, Any]], bool] = lambda row: True
) -> list[dict[str, Any]]:
    """Give few rows in which every allowed pair of values of two parameters occurs, always the same rows."""
    wanted = pairs_of(parameters, allowed)
    rows: list[dict[str, Any]] = []
    while wanted:
        (name, i), (other, j) = seed = next(iter(wanted))
        chosen = complete({name: i, other: j}, parameters, allowed, wanted, len(rows))
        del wanted[seed]  # also where no row could be completed
        if chosen is not None:
            rows.append(values_of(chosen, parameters))
            for pair in combinations(sorted(chosen.items()), 2):
                wanted.pop(pair, None)
    return rows


def values_of(chosen: dict[str, int], parameters: dict[str, Sequence[Any]]) -> dict[str, Any]:
    """Turn chosen positions into values."""
    return {name: parameters[name][i] for name, i in chosen.items()}


def pairs_of(parameters: dict[str, Sequence[Any]], allowed: Callable[[dict[str, Any]], bool]) -> dict[Any, None]:
    """List every allowed pair; a dict, because it keeps its order and forgets quickly."""
    pairs = {}
    for name, other in combinations(sorted(parameters), 2):
        for i, j in product(range(len(parameters[name])), range(len(parameters[other]))):
            if allowed({name: parameters[name][i], other: parameters[other][j]}):
                pairs[(name, i), (other, j)] = None
    return pairs


def complete(
    chosen: dict[str, int],
    parameters: dict[str, Sequence[Any]],
    allowed: Callable[[dict[str, Any]], bool],
    wanted: dict[Any, None],
    turn: int,
) -> dict[str, int] | None:
    """Choose the other values greedily, each to meet as many wanted pairs as it can; ties go round."""
    for name in parameters:
        if name in chosen:
            continue
        count = len(parameters[name])
        order = [(i + turn) % count for i in range(count)]
        options = [i for i in order if allowed(values_of({**chosen, name: i}, parameters))]
        if not options:
            return None
        chosen[name] = max(options, key=lambda i: gain(chosen, name, i, wanted))
    return chosen


def gain(chosen: dict[str, int], name: str, i: int, wanted: dict[Any, None]) -> int:
    """Count the wanted pairs that a value would meet."""
    return sum(tuple(sorted((item, (name, i)))) in wanted for item in chosen.items())


def contains(n: Sequence[int], m: Sequence[int], dilation: Sequence[int]) -> bool:
    """Say whether `valid` is defined: one operand contains the other."""
    reach = [d * (k - 1) + 1 for k, d in zip(m, dilation, strict=True)]
    return all(a >= b for a, b in zip(n, reach, strict=True)) or all(a <= b for a, b in zip(n, reach, strict=True))


def center_of(choice: str | None, m: int) -> int | None:
    """Give the index of a tap by its place."""
    return {None: None, "first": 0, "second": min(1, m - 1), "middle": m // 2, "last": m - 1}[choice]


# --- Hypothesis ------------------------------------------------------------------------------------------------------


def integer_arrays(shape: Any, low: int = -9, high: int = 9) -> st.SearchStrategy[np.ndarray]:
    """Draw an int64 array of a shape."""
    shape = (shape,) if isinstance(shape, int) else tuple(shape)
    count = math.prod(shape)
    numbers = st.lists(st.integers(low, high), min_size=count, max_size=count)
    return numbers.map(lambda values: np.array(values, np.int64).reshape(shape))


def signals(max_size: int = 6, min_size: int = 1) -> st.SearchStrategy[np.ndarray]:
    """Draw a 1-D int64 array."""
    return st.integers(min_size, max_size).flatmap(integer_arrays)


def shapes(ndim: int, max_size: int = 4) -> st.SearchStrategy[tuple[int, ...]]:
    """Draw a shape."""
    return st.tuples(*[st.integers(1, max_size)] * ndim)


@st.composite
def problems(draw: st.DrawFn, boundaries: Sequence[str] = BOUNDARIES, max_ndim: int = 2) -> dict[str, Any]:
    """Draw shapes and every option of a call that is no error."""
    ndim = draw(st.integers(1, max_ndim))
    per_axis = lambda strategy: draw(st.tuples(*[strategy] * ndim))  # noqa: E731
    shape, kernel_shape = draw(shapes(ndim)), draw(shapes(ndim, 5))
    dilation = per_axis(st.integers(1, 2))
    modes = MODES if contains(shape, kernel_shape, dilation) else MODES[:2]
    mode = draw(st.sampled_from(modes))
    center = tuple(draw(st.integers(0, m - 1)) for m in kernel_shape) if draw(st.booleans()) else None
    return {
        "shape": shape,
        "kernel_shape": kernel_shape,
        "mode": mode,
        "options": {
            "flip": draw(st.booleans()),
            "conjugate": draw(st.booleans()),
            "boundary": per_axis(st.sampled_from(boundaries)),
            "center": center if mode == "same" else None,
            "stride": per_axis(st.integers(1, 3)),
            "dilation": dilation,
        },
    }
