"""Random integer convolutions up to the limits of every dtype, held to Python's integers.

    python tests/integer_campaign.py --cases 20000

draws cases by their number, a third of them so that the largest result lies within 1% of the limit of its dtype, on
either side, and prints how many gave the exact result, and how many the error that names the first one that does not
fit. The tests take a sample of the same cases.

The reference packs the operands into two long integers, multiplies these, and unpacks the product (L. Kronecker's
substitution; D. Harvey, Faster polynomial multiplication via multipoint Kronecker substitution, J. Symbolic Comput. 44
(2009) 1502–1510).
"""

import argparse
import re
import sys
from collections import Counter
from math import prod
from typing import NamedTuple

import numpy as np

import sigconv

DTYPES = ("bool", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64")
BOUNDARIES = ("zero", "constant", "edge", "symmetric", "reflect", "wrap")
PADS = {"zero": "constant"}
WIDE = {"int32", "int64", "uint32", "uint64"}
NEAR = 0.01


class Case(NamedTuple):
    """A call of `slide`."""

    signal: np.ndarray
    kernel: np.ndarray
    mode: str
    method: str
    options: dict


# --- the reference ---------------------------------------------------------------------------------------------------


def packed(values, size):
    """Put integers into one, each in its own bytes; negative ones borrow from the next."""
    plus, minus = (b"".join(max(0, sign * v).to_bytes(size, "little") for v in values) for sign in (1, -1))
    return int.from_bytes(plus, "little") - int.from_bytes(minus, "little")


def line_product(x, h):
    """Convolve two lists of Python integers."""
    terms, count = min(len(x), len(h)), len(x) + len(h) - 1
    largest, tap = max(map(abs, x)), max(map(abs, h))
    size = max(largest, tap, largest * tap * terms).bit_length() // 8 + 1
    half = 1 << (8 * size - 1)
    offset = int.from_bytes(half.to_bytes(size, "little") * count, "little")
    data = (packed(x, size) * packed(h, size) + offset).to_bytes(size * count + 1, "little")
    return [int.from_bytes(data[i : i + size], "little") - half for i in range(0, size * count, size)]


def full_product(x, h):
    """Convolve arrays of Python integers on all axes: rows so far apart that their tails do not meet are one line."""
    shape = tuple(n + m - 1 for n, m in zip(x.shape, h.shape, strict=True))
    lines = []
    for array in (x, h):
        padded = np.zeros(shape, object)
        padded[tuple(slice(0, n) for n in array.shape)] = array
        lines.append(list(map(int, padded.reshape(-1))))
    return np.array(line_product(*lines)[: prod(shape)], object).reshape(shape)


def spread(kernel, dilation):
    """Write the zeros between the taps out."""
    result = np.zeros([dilation * (m - 1) + 1 for m in kernel.shape], object)
    result[(slice(None, None, dilation),) * kernel.ndim] = kernel
    return result


def reference(case):
    """Give the exact results of a case as Python integers."""
    options = case.options
    if options["axes"] is not None:  # every row by itself
        rows = [case._replace(signal=row, options=options | {"axes": None}) for row in case.signal]
        return np.array([reference(row) for row in rows], object)
    kernel = case.kernel.astype(object) if options["flip"] else np.flip(case.kernel.astype(object))
    kernel, signal, stride = spread(kernel, options["dilation"]), case.signal.astype(object), options["stride"]
    boundary = "zero" if case.mode == "valid" else options["boundary"]
    before = [m - 1 if boundary != "zero" else 0 for m in kernel.shape]
    filled = {"constant_values": options.get("fill_value", 0)} if boundary in ("zero", "constant") else {}
    extended = np.pad(signal, [(b, b) for b in before], PADS.get(boundary, boundary), **filled)
    windows = []
    for n, m, b in zip(signal.shape, kernel.shape, before, strict=True):
        start, stop = {
            "full": (0, n + m - 1),
            "same": ((m - 1) // 2, (m - 1) // 2 + n),
            "valid": (min(n, m) - 1, max(n, m)),
        }[case.mode]
        windows.append(slice(start + b, stop + b, stride))
    return full_product(extended, kernel)[tuple(windows)]


# --- the cases -------------------------------------------------------------------------------------------------------


def draw(number):
    """Give a case by its number, and whether its largest result is to lie near the limit."""
    rng, near = np.random.default_rng([20260, number]), number % 3 == 0
    while True:
        case = draw_once(rng, near)
        if case is not None:
            return case, near


def draw_once(rng, near):
    """Draw a case; None where the largest result can't be brought near the limit."""
    dtypes = [str(rng.choice(DTYPES)) for _ in range(2)]
    if near and not (set(dtypes) & {"int64", "uint64"} or set(dtypes) <= WIDE):
        return None
    shape, taps, axes = shapes(rng)
    one_sign = bool(rng.random() < (0.7 if near else 0.3))
    signal, kernel = (integers(rng, s, d, one_sign) for s, d in zip((shape, taps), dtypes, strict=True))
    boundary = str(rng.choice(BOUNDARIES, p=[0.5, 0.1, 0.1, 0.1, 0.1, 0.1]))
    mode = str(rng.choice(["full", "same", "valid"]))
    inside = [n >= m for n, m in zip(shape[-len(taps) :], taps, strict=True)]
    if mode == "valid" and not all(inside) and (any(inside) or axes is not None):
        mode = "full"
    options = {
        "flip": bool(rng.random() < 0.7),
        "boundary": boundary,
        "stride": int(rng.choice([1, 1, 1, 2, 3])),
        "dilation": 1 if mode == "valid" else int(rng.choice([1, 1, 1, 2, 3])),
        "axes": axes,
    }
    if boundary == "constant" and mode != "valid":
        options["fill_value"] = int(integers(rng, (1,), dtypes[0], one_sign)[0])
    elif boundary == "constant":
        options["boundary"] = "zero"
    method = str(rng.choice(["auto", *sigconv.methods()]))
    case = Case(signal, kernel, mode, method, options)
    return brought_near(rng, case) if near else case


def shapes(rng):
    """Draw the shapes of signal and kernel: a line, an image, or a batch of lines."""
    kind = rng.choice(["line", "long line", "image", "large image", "batch"], p=[0.5, 0.15, 0.2, 0.03, 0.12])
    if kind == "line":
        return (log_uniform(rng, 1, 600),), (log_uniform(rng, 1, 200),), None
    if kind == "long line":
        return (log_uniform(rng, 3000, 20_000),), (log_uniform(rng, 1, 300),), None
    if kind == "batch":
        return (int(rng.integers(1, 5)), log_uniform(rng, 1, 300)), (log_uniform(rng, 1, 60),), -1
    most, taps = (40, 9) if kind == "image" else (150, 20)
    least = 1 if kind == "image" else 128
    return tuple(log_uniform(rng, least, most, 2)), tuple(log_uniform(rng, 1, taps, 2)), None


def log_uniform(rng, low, high, count=None):
    """Draw whole numbers whose logarithms are even."""
    drawn = np.exp(rng.uniform(np.log(low), np.log(high + 1), count))
    return int(drawn) if count is None else [int(v) for v in drawn]


def integers(rng, shape, dtype, one_sign):
    """Draw integers of some number of bits, the largest magnitudes and zeros often among them."""
    if dtype == "bool":
        return rng.integers(0, 2, shape).astype(bool)
    info = np.iinfo(dtype)
    bits = int(rng.integers(1, info.bits + 1))
    low, high = max(info.min, -(2**bits)), min(info.max, 2**bits - 1)
    if one_sign:
        low = 0
    values = rng.integers(low, high, shape, dtype=dtype, endpoint=True)
    chosen = rng.choice(4, shape, p=[0.05, 0.15, 0.15, 0.65])
    return np.choose(chosen, [np.zeros_like(values), np.array(low, dtype), np.array(high, dtype), values])


def brought_near(rng, case):
    """Scale an operand so that the largest result comes within 1% of the limit."""
    limits = np.iinfo(result_dtype(case))
    values = reference(case).reshape(-1)
    largest = max(values, key=abs, default=0)
    if largest == 0:
        return None
    target = (1 + rng.uniform(-NEAR, NEAR)) * (limits.max if largest > 0 else -limits.min)
    name = "signal" if case.signal.dtype.itemsize >= case.kernel.dtype.itemsize else "kernel"
    scaled, options = rescaled(getattr(case, name), target / abs(largest)), dict(case.options)
    if "fill_value" in options and name == "signal":
        fill = rescaled(np.array([options["fill_value"]], case.signal.dtype), target / abs(largest))
        if fill is None:
            return None
        options["fill_value"] = int(fill[0])
    if scaled is None:
        return None
    case = case._replace(**{name: scaled}, options=options)
    return case if is_near(reference(case), result_dtype(case)) else None


def rescaled(array, factor):
    """Multiply integers, and round them; None if they pass the limits of their dtype."""
    limits, whole = np.iinfo(array.dtype) if array.dtype != bool else None, int(factor * 2**60)
    if limits is None:
        return None
    values = [v * whole >> 60 for v in array.reshape(-1).tolist()]
    if min(values) < limits.min or max(values) > limits.max:
        return None
    return np.array(values, array.dtype).reshape(array.shape)


def result_dtype(case):
    """Give uint64 if both operands are unsigned, else int64."""
    return np.uint64 if case.signal.dtype.kind == case.kernel.dtype.kind == "u" else np.int64


# --- the run ---------------------------------------------------------------------------------------------------------


def first_misfit(values, dtype):
    """Give the index of the first exact result that the dtype can't hold, or None."""
    limits = np.iinfo(dtype)
    bad = [i for i, v in enumerate(values.reshape(-1).tolist()) if not limits.min <= v <= limits.max]
    return tuple(int(i) for i in np.unravel_index(bad[0], values.shape)) if bad else None


def is_near(values, dtype):
    """Say whether the largest result lies within 1% of the limit, on either side."""
    limits, flat = np.iinfo(dtype), values.reshape(-1).tolist()
    shares = [max(flat, default=0) / limits.max, min(flat, default=0) / (limits.min or -np.inf)]
    return abs(max(shares) - 1) <= 1.001 * NEAR


def outcome(number):
    """Run a case: "exact", "overflow" or what is wrong, and whether it was near the limit."""
    case, _ = draw(number)
    dtype, values = result_dtype(case), reference(case)
    misfit = first_misfit(values, dtype)
    try:
        got = sigconv.slide(case.signal, case.kernel, case.mode, case.method, **case.options)
    except sigconv.ResultOverflowError as error:
        named = re.search(r"at index (\(?[\d, ]+\)?)", str(error))
        index = tuple(int(i) for i in re.findall(r"\d+", named[1]))
        verdict = "overflow" if index == misfit else f"wrong: index {index} instead of {misfit}"
    else:
        right = misfit is None and got.dtype == dtype and got.tolist() == values.tolist()
        verdict = "exact" if right else f"wrong: misfit {misfit}, dtype {got.dtype}"
    return verdict, is_near(values, dtype)


def main():
    """Run all cases, print their count by outcome, and fail if one is wrong."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--cases", type=int, default=20_000)
    parser.add_argument("--first", type=int, default=0, help="the number of the first case")
    arguments = parser.parse_args()
    counts = Counter()
    for number in range(arguments.first, arguments.first + arguments.cases):
        verdict, near = outcome(number)
        counts[verdict.partition(":")[0], near] += 1
        if verdict.startswith("wrong"):
            print(f"case {number}: {verdict}", flush=True)
    for name in ("exact", "overflow", "wrong"):
        print(
            f"{name:9} {counts[name, False] + counts[name, True]:6}, {counts[name, True]} of them within 1% of a limit"
        )
    return int(any(name == "wrong" for name, _ in counts))


if __name__ == "__main__":
    sys.exit(main())
