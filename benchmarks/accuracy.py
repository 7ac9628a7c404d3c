"""Random cases of every kind, held to the proven bounds: `python -m benchmarks.accuracy --cases 200000`.

Lengths are log-uniform up to 2¹⁶, sizes cover the dtype's whole range, also within one array. Two outputs of each case
are compared with exact arithmetic: products of doubles are split into two doubles without error, and `math.fsum` adds
all of them and the output itself exactly. Prints, for each method, dtype and range of lengths, how many times the
error the bound is where it is tightest, and every violation; exits with 1 if there is one.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import defaultdict
from collections.abc import Iterator
from math import fsum, inf, log2, prod, sqrt
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

import sigconv
from sigconv.methods.orientation import orient
from sigconv.semantics.boundary import BOUNDARIES
from sigconv.study.allowed import Bounds
from sigconv.study.exact import entry, read
from sigconv.text import columns

Array = NDArray[Any]
Index = tuple[int, ...]
Ratios = dict[tuple[str, str, int], list[float]]

DTYPES = ("f4", "f8", "c8", "c16")
KINDS = ("level", "noise", "passages", "mixed")
BANDS = (16, 256, 4096, 65536)
_LONGEST = 16  # log2 of lengths
_PRODUCTS = 1 << 26  # of direct sums
_SPLITTER = 2.0**27 + 1
_LEAST = 1 << 12  # no product of numbers that are not zero is below 2^-4096


class Case(NamedTuple):
    """One problem with its operands, made from a seed alone."""

    seed: int
    method: str
    kind: str
    signal: Array
    kernel: Array
    mode: str
    options: dict[str, Any]

    @property
    def stratum(self) -> tuple[str, str, int]:
        """Method, dtype and the range of the longer operand's length."""
        size = max(self.signal.size, self.kernel.size)
        return self.method, str(self.signal.dtype), next(band for band in BANDS if size <= band)


def make(seed: int) -> Case:
    """Return a random case."""
    rng = np.random.default_rng(seed)
    method, dtype = str(rng.choice(sigconv.methods())), np.dtype(str(rng.choice(DTYPES)))
    kind, mode = str(rng.choice(KINDS)), str(rng.choice(["full", "same", "valid"]))
    n, m = (int(2 ** rng.uniform(0, _LONGEST)) for _ in range(2))
    if method == "direct":
        m = min(m, max(1, _PRODUCTS // n))
    shapes = [(n,), (m,)]
    if rng.random() < 0.1:
        m = min(m, n)
        shapes = [(max(1, int(sqrt(size))),) * 2 for size in (n, m)]
    options = {"boundary": str(rng.choice(BOUNDARIES[:-1]))} if mode == "same" and rng.random() < 0.3 else {}
    if kind == "level" and mode == "same":
        options = {}
    exponents = _exponents(rng, dtype)
    x, h = (numbers(rng, shape, dtype, kind, e) for shape, e in zip(shapes, exponents, strict=True))
    return Case(seed, method, kind, x, h, mode, options)


def _exponents(rng: np.random.Generator, dtype: np.dtype[Any]) -> tuple[int, int]:
    """Return the exponents of both operands: anywhere in the range, so that the result may still be in it."""
    info = np.finfo(dtype)
    low, high = int(info.minexp) - int(info.nmant) // 2, int(info.maxexp) - 1
    signal = int(rng.integers(low, high))
    kernel = int(rng.integers(max(low, low - signal), min(high, high - signal)))
    return (signal, kernel) if rng.random() < 0.5 else (kernel, signal)


def numbers(rng: np.random.Generator, shape: Index, dtype: np.dtype[Any], kind: str, exponent: int) -> Array:
    """Return random numbers below 2^exponent: of one size and phase, noise, noise in passages, or of any size each."""
    size, real = prod(shape), np.finfo(dtype).dtype
    values = rng.uniform(0.9, 1, size) if kind == "level" else rng.uniform(-1, 1, size)
    if dtype.kind == "c":
        turned = np.exp(2j * np.pi * rng.random()) if kind == "level" else 0.7 + 0.7j * rng.uniform(-1, 1, size)
        values = values * turned * 0.99
    width = rng.uniform(0, max(1, exponent - int(np.finfo(dtype).minexp))) if kind in ("passages", "mixed") else 0
    parts = size if kind == "mixed" else int(rng.integers(1, 9))
    exponents = (exponent - rng.uniform(0, width, parts)).astype(int)[np.arange(size) * parts // size]
    wide = values.astype(np.result_type(dtype, np.float64))
    with np.errstate(under="ignore"):
        parts_of = wide.view(np.float64).reshape(size, -1)
        return np.ldexp(parts_of, exponents[:, None]).astype(real).reshape(-1).view(dtype).reshape(shape)


class Outcome(NamedTuple):
    """The largest error of a case beside its bound: the least bound/error, and whether an output is further off."""

    ratio: float
    violation: str


def run(case: Case) -> Outcome:
    """Compute a case and hold some of its outputs to their bounds."""
    x, h = case.signal, case.kernel
    if case.mode == "valid" and len({a >= b for a, b in zip(x.shape, h.shape, strict=True) if a != b}) > 1:
        return Outcome(inf, "")
    plan = sigconv.plan(x.shape, h.shape, x.dtype, h.dtype, case.mode, case.method, **case.options)
    prepared = plan.prepare(h, workers=1)
    result, bounds = plan.apply(prepared, x, workers=1), Bounds(prepared, x)
    oriented, ratio = orient(h, plan.problem), inf
    for index in _sample(case, result):
        taps = entry(oriented, plan.problem, index).reshape(-1)
        samples = read(entry(x, plan.problem, index), plan.problem, index)[0].reshape(-1)
        with np.errstate(over="ignore"):
            error, value = distance(samples, taps, result[index])
            bound = bounds.at(index)
            if error > bound and case.method == "direct" and _overflows(samples, taps):
                continue
            if error > bound:
                return Outcome(0.0, f"seed {case.seed}: error {error:.3g}, bound {bound:.3g}, exact {value:.6g}")
        ratio = min(ratio, float(bound / error)) if error else ratio
    return Outcome(ratio, "")


def _sample(case: Case, result: Array) -> Iterator[Index]:
    """Yield the place of the largest output, and another one."""
    largest = int(np.argmax(np.abs(np.nan_to_num(result, nan=inf))))
    for flat in {largest, int(np.random.default_rng(case.seed + 1).integers(result.size))}:
        yield tuple(int(i) for i in np.unravel_index(flat, result.shape))


def _overflows(samples: Array, taps: Array) -> bool:
    """Return whether a plain sum may leave the range on its way."""
    size = np.abs(samples.astype(np.longdouble if samples.dtype.kind != "c" else np.clongdouble))
    return bool((size * np.abs(taps)).sum() * 2 >= np.finfo(samples.dtype).max)


def distance(samples: Array, taps: Array, found: Any) -> tuple[Any, Any]:
    """Return |Σ samples · taps − found|, rounded once, and about |Σ|; 0 where the sum is too large, as found is."""
    pairs = _products(samples, taps)
    sizes = [int(np.frexp(np.float64(part))[1]) for part in (found.real, found.imag) if np.isfinite(part)]
    top = max(*sizes, *(int(exponents.max(initial=-_LEAST)) for part in pairs for _, exponents in part))
    parts = [_error(part, number, top) for part, number in zip(pairs, (found.real, found.imag), strict=False)]
    error, value = (np.ldexp(np.longdouble(np.hypot(*p, *[0] * (2 - len(p)))), top) for p in zip(*parts, strict=True))
    limit = np.finfo(samples.dtype).max
    spacing = limit * np.finfo(samples.dtype).eps * 2 ** (log2(taps.size) + 8)
    return (0 if value >= limit - spacing and not np.isfinite(found) else error), value


def _products(samples: Array, taps: Array) -> list[list[tuple[Array, Array]]]:
    """Return the products that the real part, and the imaginary one, of a sum is made of."""
    if samples.dtype.kind != "c":
        return [[_split(samples, taps)]]
    (a, b), (c, d) = (samples.real, samples.imag), (taps.real, taps.imag)
    return [[_split(a, c), _split(-b, d)], [_split(a, d), _split(b, c)]]


def _split(a: Array, b: Array) -> tuple[Array, Array]:
    """Return numbers from 1/4 to 1 with what rounding has cut from them, whose sum is the product, and exponents."""
    (a, a_exponents), (b, b_exponents) = np.frexp(a.astype(np.float64)), np.frexp(b.astype(np.float64))
    product = a * b
    a_high, b_high = (_SPLITTER * v - (_SPLITTER * v - v) for v in (a, b))
    a_low, b_low = a - a_high, b - b_high
    error = a_low * b_low - (((product - a_high * b_high) - a_low * b_high) - a_high * b_low)
    exponents = np.where(product == 0, -_LEAST, a_exponents + b_exponents)
    return np.stack([product, error]), exponents


def _error(products: list[tuple[Array, Array]], found: Any, top: int) -> tuple[float, float]:
    """Return |Σ − found|, rounded once, and about |Σ|, in units of 2^top."""
    terms = np.concatenate([np.ldexp(both, exponents - top).reshape(-1) for both, exponents in products])
    size = abs(float(terms.sum()))
    if not np.isfinite(found):
        return inf, size
    mantissa, exponent = np.frexp(np.float64(found))
    return abs(fsum([*terms[terms != 0].tolist(), -float(np.ldexp(mantissa, int(exponent) - top))])), size


def table(ratios: Ratios) -> list[str]:
    """Return a row for each method and dtype: how many cases of each range of lengths, and their tightest bound."""
    rows = [("method", "dtype", *(f"up to {band}" for band in BANDS))]
    for method, dtype in dict.fromkeys(key[:2] for key in sorted(ratios)):
        found = [ratios.get((method, dtype, band), []) for band in BANDS]
        rows.append((method, dtype, *(f"{min(r):.3g} of {len(r)}" if r else "-" for r in found)))
    return columns(rows, right=range(2, 2 + len(BANDS)))


def campaign(
    cases: int, first: int = 0, seconds: float = inf
) -> tuple[list[str], dict[tuple[str, str, int], list[float]]]:
    """Return the violations and the ratios of some cases, one after the other, for so many seconds at most."""
    ratios: dict[tuple[str, str, int], list[float]] = defaultdict(list)
    violations = []
    for seed in range(first, first + cases):
        case = make(seed)
        outcome = run(case)
        ratios[case.stratum].append(outcome.ratio)
        if outcome.violation:
            violations.append(f"{outcome.violation} ({case.method} {case.kind} {case.signal.dtype} {case.mode})")
    return violations, dict(ratios)


def main() -> int:
    """Run the campaign and print what was found."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.accuracy", description=__doc__.splitlines()[0])
    parser.add_argument("--cases", type=int, default=1000, help="how many cases (default: %(default)s)")
    parser.add_argument("--first", type=int, default=0, help="the seed of the first one (default: %(default)s)")
    arguments = parser.parse_args()
    begin = time.monotonic()
    violations, ratios = campaign(arguments.cases, arguments.first)
    print(*violations[:50], *table(ratios), sep="\n")
    print(f"{sum(map(len, ratios.values()))} cases in {time.monotonic() - begin:.0f} s, {len(violations)} violations.")
    print("Each field: the least bound / error of its cases, of how many cases.")
    return bool(violations)


if __name__ == "__main__":
    sys.exit(main())
