"""SIMD vectors for Numba: a value type whose operations are single LLVM instructions.

A vector holds several pieces, each as large as a register of this machine, so that one line of a loop works on a whole
block of registers. Memory is addressed by integers, in bytes: the caller keeps the arrays alive and answers for their
bounds. Complex samples are pairs of lanes, (real, imaginary).

Only the documented `numba.extending` is used.
"""

import hashlib
import operator
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from llvmlite import ir  # type: ignore[import-untyped]
from llvmlite.binding import get_host_cpu_features  # type: ignore[import-untyped]
from numba import config, njit, types
from numba.extending import intrinsic, lower_builtin, models, register_model, type_callable

from . import watch


def _features() -> set[str]:
    """Return the features of the CPU that is compiled for: this one's, unless NUMBA_CPU_FEATURES says otherwise."""
    asked: Any = config
    if asked.CPU_FEATURES is None:
        return {name for name, there in get_host_cpu_features().items() if there and asked.ENABLE_AVX}
    return {name[1:] for name in asked.CPU_FEATURES.split(",") if name.startswith("+")}


PIECE = 64 if "avx512f" in _features() else 32 if "avx" in _features() else 16  # bytes of a register
LINE = 64  # bytes of a line of a cache


def version(*files: str) -> int:
    """Return a number that changes with this file or some near it, for functions that are compiled from them.

    Numba's cache watches a function's own file alone; what a closure holds is part of the cache's key.
    """
    names = (Path(__file__).name, Path(watch.__file__).name, "by_address.py", *files)
    sources = b"".join((Path(__file__).parent / name).read_bytes() for name in names)
    return int(hashlib.sha256(sources + bytes(watch.WATCHING)).hexdigest()[:15], 16)


_Code = Callable[..., Any]
instruction: Callable[[_Code], _Code] = intrinsic(prefer_literal=True)
# For functions that compiled code alone calls: wrappers for others would double the time of compiling them.
_inner: Callable[..., Any] = partial(
    njit, nogil=True, error_model="numpy", no_cpython_wrapper=True, no_cfunc_wrapper=True
)
inner: Callable[[_Code], _Code] = _inner
# For those that are called once or twice: Numba writes them into what calls them, and compiles one function less.
inlined: Callable[[_Code], _Code] = partial(_inner, inline="always")
# What such functions are given in place of literals: for each of those Numba would compile them once more.
ZERO, ONE, NO, YES = np.int64(0), np.int64(1), np.False_, np.True_
_LLVM = {types.float32: ir.FloatType(), types.float64: ir.DoubleType(), types.int64: ir.IntType(64)}
_INDEX = ir.IntType(32)
# A product and a sum may become one instruction that rounds once; nothing is assumed of NaN, Inf or the order.
_FLAGS = ("contract",)


class Vector(types.Type):
    """Some lanes of one element type."""

    def __init__(self, element: Any, lanes: int) -> None:
        self.element, self.lanes = element, lanes
        super().__init__(f"Vector({element}, {lanes})")

    @property
    def pieces(self) -> int:
        """How many registers it fills."""
        return self.lanes // lanes_of(self.element)


@register_model(Vector)
class _VectorModel(models.PrimitiveModel):
    def __init__(self, manager: Any, vector: Vector) -> None:
        super().__init__(manager, vector, ir.VectorType(_LLVM[vector.element], vector.lanes))  # type: ignore[no-untyped-call]


def real_of(sample: Any) -> Any:
    """Return the type of the lanes that hold samples of a type."""
    return sample.underlying_float if isinstance(sample, types.Complex) else sample


def lanes_of(sample: Any) -> int:
    """Return how many lanes a piece has."""
    return PIECE * 8 // int(real_of(sample).bitwidth)


def vector_of(sample: Any, pieces: Any) -> Vector:
    """Return the type of vectors of some pieces (a literal)."""
    return Vector(real_of(sample), lanes_of(sample) * pieces.literal_value)


def shuffled(builder: Any, a: Any, b: Any, lanes: list[int]) -> Any:
    return builder.shuffle_vector(a, b, ir.Constant(ir.VectorType(_INDEX, len(lanes)), lanes))


def _places(builder: Any, address: Any, step: Any, vector: Vector) -> list[Any]:
    """Return the pointers to the pieces of a vector, which lie `step` bytes apart."""
    piece = ir.VectorType(_LLVM[vector.element], lanes_of(vector.element)).as_pointer()
    places = [apart(builder, address, step, i) for i in range(vector.pieces)]
    for place in places:
        watch.check(builder, place, PIECE)
    return [builder.inttoptr(place, piece) for place in places]


def _align(vector: Vector) -> int:
    """Return the alignment that NumPy gives: an element's."""
    return int(vector.element.bitwidth) // 8


def _joined(builder: Any, parts: list[Any]) -> Any:
    """Return the parts, of one size, in one vector."""
    while len(parts) > 1:
        if len(parts) % 2:
            parts = [*parts, ir.Constant(parts[0].type, ir.Undefined)]
        lanes = list(range(2 * parts[0].type.count))
        parts = [shuffled(builder, a, b, lanes) for a, b in zip(parts[::2], parts[1::2], strict=True)]
    return parts[0]


def _splat(builder: Any, value: Any, lanes: int) -> Any:
    undefined = ir.Constant(ir.VectorType(value.type, lanes), ir.Undefined)
    first = builder.insert_element(undefined, value, ir.Constant(_INDEX, 0))
    return shuffled(builder, first, undefined, [0] * lanes)


@instruction
def load(typing: Any, sample: Any, address: Any, step: Any, pieces: Any) -> Any:
    """Return the pieces at `address`, `address + step`, …; `sample` is any value of the samples' type."""
    result = vector_of(sample, pieces)

    def code(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return loaded(builder, args[1], args[2], result)

    return result(sample, types.intp, types.intp, pieces), code


@instruction
def store(typing: Any, address: Any, step: Any, vector: Any) -> Any:
    """Write the pieces to `address`, `address + step`, …."""

    def code(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        stored(builder, args[0], args[1], args[2], vector)
        return context.get_dummy_value()

    return types.void(types.intp, types.intp, vector), code


@instruction
def zeros(typing: Any, sample: Any, pieces: Any) -> Any:
    """Return a vector of zeros for samples of a type."""
    result = vector_of(sample, pieces)
    return result(sample, pieces), lambda context, builder, signature, args: ir.Constant(
        context.get_value_type(result), None
    )


@instruction
def splat(typing: Any, value: Any, like: Any) -> Any:
    """Return a vector of the type of `like` with one value in all lanes."""
    return like(like.element, like), lambda context, builder, signature, args: _splat(builder, args[0], like.lanes)


@instruction
def splat_pair(typing: Any, even: Any, odd: Any, like: Any) -> Any:
    """Return a vector of the type of `like` with one value in all even lanes and another in all odd ones."""

    def code(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        pair: Any = ir.Constant(ir.VectorType(args[0].type, 2), ir.Undefined)
        for i in (0, 1):
            pair = builder.insert_element(pair, args[i], ir.Constant(_INDEX, i))
        return shuffled(builder, pair, pair, [i % 2 for i in range(like.lanes)])

    return like(like.element, like.element, like), code


@instruction
def interleave(typing: Any, even: Any, odd: Any) -> Any:
    """Return a vector of twice as many lanes, from two vectors in turn."""
    lanes = [i // 2 + even.lanes * (i % 2) for i in range(2 * even.lanes)]
    result = Vector(even.element, 2 * even.lanes)
    return result(even, even), lambda context, builder, signature, args: shuffled(builder, args[0], args[1], lanes)


@instruction
def every_other(typing: Any, vector: Any, first: Any) -> Any:
    """Return the even lanes of a vector (first = 0), or the odd ones (1)."""
    lanes = list(range(first.literal_value, vector.lanes, 2))
    result = Vector(vector.element, vector.lanes // 2)
    return result(vector, first), lambda context, builder, signature, args: shuffled(builder, args[0], args[0], lanes)


@instruction
def transpose(typing: Any, sample: Any, source: Any, step: Any, target: Any, target_step: Any) -> Any:
    """Copy a square of complex samples, a piece wide, with rows and columns exchanged; rows lie `step` bytes apart."""
    size = lanes_of(sample) // 2
    whole = Vector(real_of(sample), lanes_of(sample) * size)

    def pairs(elements: list[int]) -> list[int]:
        return [2 * e + part for e in elements for part in (0, 1)]

    def code(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        rows = [builder.load(place, align=_align(whole)) for place in _places(builder, args[1], args[2], whole)]
        for bit in (1 << b for b in range(size.bit_length() - 1)):  # a bit of the row's number and of the column's
            low = pairs([size + j - bit if j & bit else j for j in range(size)])
            high = pairs([size + j if j & bit else j + bit for j in range(size)])
            for i in (i for i in range(size) if not i & bit):
                a, b = rows[i], rows[i + bit]
                rows[i], rows[i + bit] = shuffled(builder, a, b, low), shuffled(builder, a, b, high)
        for row, place in zip(rows, _places(builder, args[3], args[4], whole), strict=True):
            builder.store(row, place, align=_align(whole))
        return context.get_dummy_value()

    return types.void(sample, types.intp, types.intp, types.intp, types.intp), code


@instruction
def swap_pairs(typing: Any, vector: Any) -> Any:
    """Return the vector with its lanes exchanged in pairs: imaginary parts stand where real ones did."""
    lanes = [i ^ 1 for i in range(vector.lanes)]
    return vector(vector), lambda context, builder, signature, args: shuffled(builder, args[0], args[0], lanes)


@instruction
def pair_lanes(typing: Any, even: Any, odd: Any) -> Any:
    """Return the even lanes of one vector and the odd ones of another."""
    lanes = [i + even.lanes * (i % 2) for i in range(even.lanes)]
    return even(even, even), lambda context, builder, signature, args: shuffled(builder, args[0], args[1], lanes)


def _arithmetic(symbol: Any, of_floats: str, of_integers: str) -> None:
    """Give vectors an operator."""

    @type_callable(symbol)
    def typed(context: Any) -> Any:
        return lambda a, b: a if isinstance(a, Vector) and a == b else None

    @lower_builtin(symbol, Vector, Vector)  # type: ignore[no-untyped-call, untyped-decorator]
    def written(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        if isinstance(signature.return_type.element, types.Float):
            return getattr(builder, of_floats)(*args, flags=_FLAGS)
        return getattr(builder, of_integers)(*args)


_arithmetic(operator.add, "fadd", "add")
_arithmetic(operator.sub, "fsub", "sub")
_arithmetic(operator.mul, "fmul", "mul")


@instruction
def multiply_add(typing: Any, a: Any, b: Any, c: Any) -> Any:
    """Return a·b + c, rounded once where the machine can."""
    return a(a, a, a), lambda context, builder, signature, args: added(builder, *args)


def added(builder: Any, a: Any, b: Any, c: Any) -> Any:
    """Write a·b + c."""
    if isinstance(c.type.element, ir.IntType):
        return builder.add(builder.mul(a, b), c)
    return builder.fadd(builder.fmul(a, b, flags=_FLAGS), c, flags=_FLAGS)


def loaded(builder: Any, address: Any, step: Any, vector: Vector) -> Any:
    """Write what loads the pieces of a vector, which lie `step` bytes apart."""
    places = _places(builder, address, step, vector)
    whole = _joined(builder, [builder.load(place, align=_align(vector)) for place in places])
    return shuffled(builder, whole, whole, list(range(vector.lanes)))


def stored(builder: Any, address: Any, step: Any, value: Any, vector: Vector) -> None:
    """Write what stores the pieces of a vector `step` bytes apart."""
    lanes = lanes_of(vector.element)
    for i, place in enumerate(_places(builder, address, step, vector)):
        piece = shuffled(builder, value, value, list(range(i * lanes, (i + 1) * lanes)))
        builder.store(piece, place, align=_align(vector))


def repeated(builder: Any, address: Any, vector: Vector) -> Any:
    """Write what loads the number at an address into all lanes of a vector."""
    watch.check(builder, address, _align(vector))
    place = builder.inttoptr(address, _LLVM[vector.element].as_pointer())
    return _splat(builder, builder.load(place, align=_align(vector)), vector.lanes)


def apart(builder: Any, address: Any, step: Any, count: int) -> Any:
    """Write the address that stands so many steps behind another."""
    return builder.add(address, builder.mul(step, ir.Constant(step.type, count)))
