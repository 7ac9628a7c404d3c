"""Straight-line code over vectors of 64 bytes, for Numba: Python writes LLVM's instructions while it computes.

A function of `code` and some integers, which loads vectors, computes with them (with +, −, × and generic functions such
as butterflies) and stores them, becomes a function that compiled code calls as `function(sample, (integers…))`. All
its loops are unrolled, and its vectors stay in registers. A vector has 64 bytes whatever the machine's registers: LLVM
splits it where they are narrower.

Integers are addresses and distances in bytes: who calls answers for the bounds.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from typing import Any

import numpy as np
from llvmlite import ir  # type: ignore[import-untyped]
from numba import types
from numba.extending import intrinsic

from ..simd import _FLAGS, _LLVM, _shuffled, _splat, real_of

BYTES = 64


class Number:
    """An integer, or a vector of floats, of the code that is being written: an operator writes an instruction."""

    __slots__ = ("builder", "value")

    def __init__(self, builder: Any, value: Any) -> None:
        self.builder, self.value = builder, value

    def __add__(self, other: Number | float) -> Number:
        return self._written("add", other)

    def __sub__(self, other: Number | float) -> Number:
        return self._written("sub", other)

    def __mul__(self, other: Number | float) -> Number:
        return self._written("mul", other)

    def half(self) -> Number:
        """Return half of an even integer."""
        return Number(self.builder, self.builder.ashr(self.value, ir.Constant(self.value.type, 1)))

    def __neg__(self) -> Number:
        return Number(self.builder, self.builder.fneg(self.value))

    def _written(self, name: str, other: Number | float) -> Number:
        operand = other.value if isinstance(other, Number) else self._constant(other)
        if isinstance(self.value.type, ir.IntType):
            return Number(self.builder, getattr(self.builder, name)(self.value, operand))
        return Number(self.builder, getattr(self.builder, f"f{name}")(self.value, operand, flags=_FLAGS))

    def _constant(self, number: float) -> Any:
        """Return a number in all lanes, rounded to their precision."""
        kind = self.value.type
        if isinstance(kind, ir.IntType):
            return ir.Constant(kind, number)
        rounded = float(np.float32(number)) if kind.element == ir.FloatType() else number
        return ir.Constant(kind, [rounded] * kind.count)


class Code:
    """What straight-line code loads and stores, in the precision of some samples.

    `interleaved` says that the samples are complex, so that real and imaginary parts take turns in memory.
    """

    def __init__(self, builder: Any, sample: Any) -> None:
        self.interleaved = isinstance(sample, types.Complex)
        self._builder, self._element = builder, _LLVM[real_of(sample)]
        self.itemsize = int(real_of(sample).bitwidth) // 8
        self.lanes = BYTES // self.itemsize
        self._vector = ir.VectorType(self._element, self.lanes)

    def load(self, address: Number, aligned: bool = True) -> Number:
        """Return the vector at a multiple of 64 bytes, or at any sample's place."""
        return self._number(
            self._builder.load(self._place(address, self._vector), align=BYTES if aligned else self.itemsize)
        )

    def store(self, address: Number, vector: Number, aligned: bool = True) -> None:
        """Write a vector to a multiple of 64 bytes, or to any sample's place."""
        place = self._place(address, self._vector)
        self._builder.store(vector.value, place, align=BYTES if aligned else self.itemsize)

    def broadcast(self, address: Number) -> Number:
        """Return a vector with the one number at an address in all lanes."""
        number = self._builder.load(self._place(address, self._element), align=self.itemsize)
        return self._number(_splat(self._builder, number, self.lanes))

    def deinterleave(self, first: Number, second: Number) -> tuple[Number, Number]:
        """Return the even and the odd lanes of two vectors one after the other: real and imaginary parts."""
        lanes = list(range(2 * self.lanes))
        return self._shuffled(first, second, lanes[::2]), self._shuffled(first, second, lanes[1::2])

    def interleave(self, even: Number, odd: Number) -> tuple[Number, Number]:
        """Return the two vectors whose even and odd lanes are given."""
        lanes = [i // 2 + self.lanes * (i % 2) for i in range(2 * self.lanes)]
        return self._shuffled(even, odd, lanes[: self.lanes]), self._shuffled(even, odd, lanes[self.lanes :])

    def transpose(self, rows: Sequence[Number]) -> list[Number]:
        """Return as many vectors as they have lanes with rows and columns exchanged."""
        result = list(rows)
        for distance, low, high in transposition(self.lanes):
            for k in range(self.lanes):
                if not k & distance:
                    a, b = result[k], result[k + distance]
                    result[k], result[k + distance] = self._shuffled(a, b, low), self._shuffled(a, b, high)
        return result

    def where_reaches(self, number: Number, limit: Number) -> AbstractContextManager[None]:
        """Return a context whose instructions run only where an integer is at least a limit."""
        context: AbstractContextManager[None] = self._builder.if_then(
            self._builder.icmp_signed(">=", number.value, limit.value)
        )
        return context

    def _number(self, value: Any) -> Number:
        return Number(self._builder, value)

    def _place(self, address: Number, kind: Any) -> Any:
        return self._builder.inttoptr(address.value, kind.as_pointer())

    def _shuffled(self, a: Number, b: Number, lanes: list[int]) -> Number:
        return self._number(_shuffled(self._builder, a.value, b.value, lanes))


def transposition(count: int) -> list[tuple[int, list[int], list[int]]]:
    """Return the steps of a transpose of `count` vectors: the distance of two rows, the lanes of the two that result.

    A step exchanges a bit of the row's number with one of the lane's. Two rows are interleaved within each 128 bits, or
    exchange whole parts of 128 bits: single instructions on every x86, whatever its width.

    >>> [distance for distance, low, high in transposition(16)]
    [2, 1, 4, 8]
    >>> transposition(8)[0]
    (1, [0, 8, 2, 10, 4, 12, 6, 14], [1, 9, 3, 11, 5, 13, 7, 15])
    """
    group = count // 4  # lanes of 128 bits
    parts = [list(range(i, i + group)) for i in range(0, 2 * count, group)]
    half = group // 2
    low, high = (
        [i + row for part in parts[:4] for i in part[first : first + half] for row in (0, count)] for first in (0, half)
    )
    even, odd = ([lane for part in parts[first::2] for lane in part] for first in (0, 1))
    within = [(1 << bit, low, high) for bit in reversed(range(half.bit_length()))]
    return [*within, (group, even, odd), (2 * group, even, odd)]


def straight_line(body: Callable[..., None]) -> Callable[..., None]:
    """Return the function of compiled code whose instructions `body(code, *integers)` writes.

    Compiled code calls it with any value of the samples' type and a tuple of the integers.
    """

    @intrinsic
    def instructions(typing: Any, sample: Any, integers: Any) -> Any:
        def write(context: Any, builder: Any, signature: Any, args: Any) -> Any:
            _align_stack(builder)
            numbers = [Number(builder, builder.extract_value(args[1], i)) for i in range(len(integers))]
            body(Code(builder, sample), *numbers)
            return context.get_dummy_value()

        return types.void(sample, integers), write

    return instructions


def _align_stack(builder: Any) -> None:
    """Place the function's stack at a multiple of 64 bytes, for the vectors that it spills.

    LLVM does so for an aligned variable, which it keeps where an empty piece of assembly takes its address.
    """
    with builder.goto_entry_block():
        variable = builder.alloca(ir.ArrayType(ir.IntType(8), BYTES))
        variable.align = BYTES
    builder.asm(ir.FunctionType(ir.VoidType(), [variable.type]), "", "r", [variable], True)
