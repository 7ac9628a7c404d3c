"""numpy.convolve and numpy.correlate beside sigconv's."""

import numpy as np
import pytest

from sigconv.compat import numpy as ours

MODES = ("full", "same", "valid", 0, 1, 2)


@pytest.mark.parametrize("char", "?bBhHiIlLqQefdgFDG")
@pytest.mark.parametrize("name", ["convolve", "correlate"])
def test_every_dtype_mode_and_length(char, name):
    """Values, shapes and dtypes are NumPy's, for every pair of dtypes; integers of any size wrap."""
    rng = np.random.default_rng(1)
    for other in "?bBhHiIlLqQefdgFDG":
        for n, m in [(1, 1), (5, 3), (3, 5), (6, 4), (4, 6), (2, 7)]:
            for mode in MODES:
                wraps = np.result_type(char, other).kind in "iu"
                x, h = made(rng, n, char, wraps), made(rng, m, other, wraps)
                expected, found = getattr(np, name)(x, h, mode), getattr(ours, name)(x, h, mode)
                assert found.dtype == expected.dtype
                assert np.array_equal(found, expected), (other, n, m, mode)


def made(rng, n, char, wraps):
    """Return integers over the dtype's whole range where sums wrap, else whole numbers whose sums are exact."""
    if wraps and char != "?":
        limits = np.iinfo(char)
        return rng.integers(limits.min, limits.max, n, dtype=char, endpoint=True)
    values = rng.integers(0, 5, n).astype(char)
    return values + 1j * rng.integers(0, 5, n).astype(char) if char in "FDG" else values


def test_names_of_the_arguments():
    """The keywords are NumPy's."""
    assert ours.convolve(a=2, v=3, mode="full").tolist() == [6]
    assert ours.correlate(a=[1, 2], v=[3]).tolist() == [3, 6]


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        *((name, ([], [1])) for name in ("convolve", "correlate")),
        *((name, ([1], [])) for name in ("convolve", "correlate")),
        *((name, ([1], [[1]])) for name in ("convolve", "correlate")),
        *(("convolve", ([1], [1], mode)) for mode in ("spam", "f", 3, None)),
        ("correlate", (2, 3)),
    ],
)
def test_errors(name, arguments):
    """Where NumPy raises, so do we, by the same built-in exception."""
    with pytest.raises((ValueError, TypeError)) as caught:
        getattr(np, name)(*arguments)
    with pytest.raises(caught.type):
        getattr(ours, name)(*arguments)
