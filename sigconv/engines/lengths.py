"""Transform lengths that every engine is fast at: 2^a 3^b 5^c 7^d, even where that costs nothing."""

from __future__ import annotations

from bisect import bisect_left
from functools import cache, lru_cache
from math import prod


@lru_cache(maxsize=4096)
def fast_length(minimum: int) -> int:
    """Return the smallest fast length of at least `minimum`: 7-smooth, and even above 16 (real transforms halve it).

    >>> fast_length(1021), fast_length(13)
    (1024, 14)
    """
    if minimum <= 16:
        return next(n for n in range(max(1, minimum), 17) if n not in (11, 13))
    return 2 * _smooth((minimum + 1) // 2)


def block_length(minimum: int) -> int:
    """Return the smallest 2^a, or 5·2^a up to 1,280, of at least `minimum`: where a length may be chosen, the fastest.

    >>> block_length(1025), block_length(1281)
    (1280, 2048)
    """
    power = 1 << (minimum - 1).bit_length()
    five = power // 8 * 5
    return five if minimum <= five <= _LONGEST_FIVE else power


def tile_length(minimum: int) -> int:
    """Return the smallest 5·2^a, or 2^a up to 128, of at least `minimum`: for blocks of several axes.

    Columns of longer rows of 2^a complex numbers fall on the same few cache lines, which makes them many times slower.

    >>> tile_length(100), tile_length(200)
    (128, 320)
    """
    power = 1 << (minimum - 1).bit_length()
    five = 5 * (1 << max(2, (-(-minimum // 5) - 1).bit_length()))
    return min(power, five) if power <= 128 else five


def spread_rows(lengths: tuple[int, ...], fixed: tuple[bool, ...], itemsize: int, halved: bool) -> tuple[int, ...]:
    """Return lengths of several axes, some a little longer, so that no long column falls on a few cache lines.

    A column's samples lie a row apart; where that is a multiple of 4,096 bytes, they share one set of cache lines, and
    the transform is up to seven times slower. Two sets, of 2,048 bytes, are too few for columns of 2^a samples, and for
    complex numbers of double precision. `itemsize` is that of a frequency; `halved` says that the last axis is.

    >>> spread_rows((512, 512), (False, False), 16, halved=False)
    (512, 540)
    """
    spread = list(lengths)
    for axis in range(len(lengths) - 2, -1, -1):
        column = lengths[axis]
        apart = 4096 if itemsize < 16 and column & (column - 1) else 2048
        if not _is_long(column) or _row(spread, axis, halved) * itemsize % apart:
            continue
        inner = [i for i in range(axis + 1, len(lengths)) if not fixed[i]]
        # All fast lengths are even, so lengthening one axis may not do: they take turns, and a few must be enough.
        for turn in range(_TURNS if inner else 0):
            longer = inner[turn % len(inner)]
            spread[longer] = fast_length(spread[longer] + 1)
            if _row(spread, axis, halved) * itemsize % apart:
                break
    return tuple(spread)


def _is_long(column: int) -> bool:
    """Return whether a column is too long for those that share cache lines; FFTW reads short powers of two at once."""
    return column >= (_LONG_COLUMN if column & (column - 1) else _LONG_POWER)


def _row(lengths: list[int], axis: int, halved: bool) -> int:
    """Return how far apart an axis' samples lie."""
    last = lengths[-1] // 2 + 1 if halved else lengths[-1]
    return prod(lengths[axis + 1 : -1], start=last)


_LONG_COLUMN, _LONG_POWER = 40, 200
_TURNS = 8
_LONGEST_FIVE = 1280


def column_length(minimum: int) -> int:
    """Return the smallest 2^a 3^b 5^c of at least `minimum`: for the columns and rows of panels.

    >>> column_length(1021), column_length(257)
    (1024, 270)
    """
    return _smooth(minimum, (3, 5))


def fold_length(minimum: int) -> tuple[int, int]:
    """Return the lengths of columns and rows into which an axis is folded, with a product of at least `minimum`.

    >>> fold_length(1 << 20)
    (1024, 1024)
    """
    root = max(1, int(minimum**0.5))
    rows = {column_length(n) for n in (root, root * 5 // 4, root * 3 // 2, root * 2)}
    pairs = ((column_length(-(-minimum // row)), row) for row in sorted(rows))
    return min(pairs, key=prod)


def _smooth(minimum: int, primes: tuple[int, ...] = (3, 5, 7)) -> int:
    """Return the smallest product of powers of 2 and of some primes of at least `minimum`."""
    numbers = _smooth_octave((minimum - 1).bit_length(), primes)
    return numbers[bisect_left(numbers, minimum)]


@cache
def _smooth_octave(power: int, primes: tuple[int, ...]) -> list[int]:
    """Return all products of powers of 2 and of some primes above 2^(power − 1) and up to 2^power."""
    limit, found = 1 << power, [1]
    for prime in primes:
        powers = [prime**i for i in range(power + 1) if prime**i <= limit]
        found = [number * factor for number in found for factor in powers if number * factor <= limit]
    return sorted(number << (limit // number).bit_length() - 1 for number in found)


@lru_cache(maxsize=4096)
@lru_cache(maxsize=256)
def radices(length: int, most: int = 8) -> tuple[int, ...]:
    """Return the passes of a transform of 2^a 3^b 5^c points: odd ones, then powers of two, as few as `most` allows.

    >>> radices(4096), radices(320), radices(480, 4)
    ((8, 8, 8, 8), (5, 8, 8), (3, 5, 2, 4, 4))
    """
    odd = []
    for radix in (3, 5):
        while length % radix == 0:
            odd.append(radix)
            length //= radix
    bits = length.bit_length() - 1
    count = -(-bits // (most.bit_length() - 1))
    return (*odd, *(1 << (bits + i) // count for i in range(count)))


def is_fast(length: int) -> bool:
    """Return whether a length has no prime factor above 13.

    >>> is_fast(1000), is_fast(1009)
    (True, False)
    """
    for prime in (2, 3, 5, 7, 11, 13):
        while length % prime == 0:
            length //= prime
    return length == 1
