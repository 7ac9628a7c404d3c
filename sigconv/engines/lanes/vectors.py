"""Straight-line code over vectors of 64 bytes, for Numba: Python writes LLVM's instructions while it computes.

A function of `code` and some integers, which loads vectors, computes with them (with +, −, × and generic functions such
as butterflies) and stores them, becomes part of a compiled function. All its loops are unrolled, and its vectors stay
in registers. A vector has 64 bytes whatever the machine's registers: LLVM
splits it where they are narrower.

Integers are addresses and distances in bytes: who calls answers for the bounds.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from functools import wraps
from typing import Any

import numpy as np
from llvmlite import ir  # type: ignore[import-untyped]
from numba import types

from .. import watch
from ..simd import _FLAGS, _LLVM, PIECE, _splat, real_of, shuffled

BYTES = 64
_PREFETCH = "llvm.prefetch.p0i8"


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

    def unless_negative(self, number: Number, other: Number) -> Number:
        """Return this integer, or the other one where a number is negative."""
        zero = ir.Constant(number.value.type, 0)
        negative = self.builder.icmp_signed("<", number.value, zero)
        return Number(self.builder, self.builder.select(negative, other.value, self.value))

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

    `interleaved` says that the samples are complex, so that real and imaginary parts take turns in memory. The vectors
    may be parts of those of 64 bytes, `begin` bytes behind the address that is given.
    """

    def __init__(self, builder: Any, sample: Any, width: int = BYTES, begin: int = 0) -> None:
        self.interleaved = isinstance(sample, types.Complex)
        self._builder, self._sample, self._element = builder, sample, _LLVM[real_of(sample)]
        self.itemsize = int(real_of(sample).bitwidth) // 8
        self.lanes = BYTES // self.itemsize
        self.size = self.itemsize * (2 if self.interleaved else 1)  # bytes of a sample
        self.width, self.begin, self._lanes = width, begin, width // self.itemsize
        self._vector = ir.VectorType(self._element, self._lanes)

    def registers(self) -> list[Code]:
        """Return what loads and stores the parts of vectors that fill a register each."""
        return [Code(self._builder, self._sample, PIECE, begin) for begin in range(0, BYTES, PIECE)]

    def load(self, address: Number, aligned: bool = True) -> Number:
        """Return the vector at a multiple of 64 bytes, or at any sample's place."""
        return self._number(self._builder.load(self._part(address), align=self.width if aligned else self.itemsize))

    def store(self, address: Number, vector: Number, aligned: bool = True) -> None:
        """Write a vector to a multiple of 64 bytes, or to any sample's place."""
        self._builder.store(vector.value, self._part(address), align=self.width if aligned else self.itemsize)

    def broadcast(self, address: Number) -> Number:
        """Return a vector with the one number at an address in all lanes."""
        number = self._builder.load(self._place(address, self._element, self.itemsize), align=self.itemsize)
        return self._number(_splat(self._builder, number, self._lanes))

    def zeros(self) -> Number:
        """Return a vector of zeros."""
        return self._number(ir.Constant(self._vector, [0.0] * self._lanes))

    def integer(self, address: Number) -> Number:
        """Return the integer of 64 bits at an address."""
        return self._number(watch.integer(self._builder, address.value))

    def copy(self, target: Number, source: Number) -> None:
        """Copy a sample."""
        kind = ir.IntType(8 * self.size)
        sample = self._builder.load(self._place(source, kind, self.size), align=self.itemsize)
        self._builder.store(sample, self._place(target, kind, self.size), align=self.itemsize)

    def deinterleave(self, first: Number, second: Number) -> tuple[Number, Number]:
        """Return the even and the odd lanes of two vectors one after the other: real and imaginary parts."""
        lanes = list(range(2 * self._lanes))
        return self._shuffled(first, second, lanes[::2]), self._shuffled(first, second, lanes[1::2])

    def interleave(self, even: Number, odd: Number) -> tuple[Number, Number]:
        """Return the two vectors whose even and odd lanes are given."""
        lanes = [i // 2 + self._lanes * (i % 2) for i in range(2 * self._lanes)]
        return self._shuffled(even, odd, lanes[: self._lanes]), self._shuffled(even, odd, lanes[self._lanes :])

    def transpose(self, rows: Sequence[Number]) -> list[Number]:
        """Return as many vectors as they have lanes with rows and columns exchanged."""
        step = self.lanes // 4
        nearby = [
            row for first in range(0, self.lanes, step) for row in self.exchange_within(rows[first : first + step])
        ]
        result = list(nearby)
        for first in range(step):
            result[first::step] = self.exchange_parts(nearby[first::step])
        return result

    def exchange_within(self, rows: Sequence[Number]) -> list[Number]:
        """Return the rows, as many as 128 bits have lanes, transposed within each 128 bits."""
        half = self.lanes // 8
        low, high = (
            [
                i + row
                for part in range(0, self._lanes, 2 * half)
                for i in range(part + first, part + first + half)
                for row in (0, self._lanes)
            ]
            for first in (0, half)
        )
        for distance in reversed(range(half.bit_length())):
            rows = self._paired(rows, 1 << distance, low, high)
        return list(rows)

    def exchange_parts(self, rows: Sequence[Number]) -> list[Number]:
        """Return four rows transposed as 4 × 4 parts of 128 bits."""
        size = self.lanes // 4
        even, odd = (
            [part + i for part in range(first, 2 * self.lanes, 2 * size) for i in range(size)] for first in (0, size)
        )
        return self._paired(self._paired(rows, 1, even, odd), 2, even, odd)

    def _paired(self, rows: Sequence[Number], distance: int, first: list[int], second: list[int]) -> list[Number]:
        """Return rows of which each two, some distance apart, give the two that result from their lanes."""
        result = list(rows)
        for k in range(len(rows)):
            if not k & distance:
                a, b = rows[k], rows[k + distance]
                result[k], result[k + distance] = self._shuffled(a, b, first), self._shuffled(a, b, second)
        return result

    def fetch(self, address: Number) -> None:
        """Ask for the 64 bytes at an address to be brought to the second-level cache; any address is allowed."""
        byte, word = ir.IntType(8).as_pointer(), ir.IntType(32)
        kind = ir.FunctionType(ir.VoidType(), [byte, word, word, word])
        module = self._builder.module
        function = module.globals.get(_PREFETCH) or ir.Function(module, kind, _PREFETCH)
        reading, second_level, data = (ir.Constant(word, number) for number in (0, 2, 1))
        self._builder.call(function, [self._builder.inttoptr(address.value, byte), reading, second_level, data])

    def settle(self) -> None:
        """Let all stores so far be done before what follows, so that no vector stays in a register for it."""
        self._builder.asm(ir.FunctionType(ir.VoidType(), []), "", "~{memory}", [], True)

    def where_reaches(self, number: Number, limit: Number) -> AbstractContextManager[None]:
        """Return a context whose instructions run only where an integer is at least a limit."""
        context: AbstractContextManager[None] = self._builder.if_then(
            self._builder.icmp_signed(">=", number.value, limit.value)
        )
        return context

    def _number(self, value: Any) -> Number:
        return Number(self._builder, value)

    def _part(self, address: Number) -> Any:
        return self._place(address + self.begin, self._vector, self.width)

    def _place(self, address: Number, kind: Any, size: int) -> Any:
        watch.check(self._builder, address.value, size)
        return self._builder.inttoptr(address.value, kind.as_pointer())

    def _shuffled(self, a: Number, b: Number, lanes: list[int]) -> Number:
        return self._number(shuffled(self._builder, a.value, b.value, lanes))


def in_registers(body: Callable[..., None]) -> Callable[..., None]:
    """Return a body that computes lane by lane, for one register of its vectors after the other.

    LLVM would split them instruction by instruction, and have all parts in registers at once: far too many.
    """

    @wraps(body)
    def written(*arguments: Any) -> None:
        n = next(i for i, argument in enumerate(arguments) if isinstance(argument, Code))
        for part in arguments[n].registers():
            body(*arguments[:n], part, *arguments[n + 1 :])

    return written


def align_stack(builder: Any) -> None:
    """Place the function's stack at a multiple of 64 bytes, for the vectors that it spills.

    LLVM does so for an aligned variable, which it keeps where an empty piece of assembly takes its address.
    """
    with builder.goto_entry_block():
        variable = builder.alloca(ir.ArrayType(ir.IntType(8), BYTES))
        variable.align = BYTES
        builder.asm(ir.FunctionType(ir.VoidType(), [variable.type]), "", "r", [variable], True)
