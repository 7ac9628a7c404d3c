"""What the documents show is executed: the boundaries' diagrams, README's example, table and commands."""

import re
from pathlib import Path

import numpy as np
import pytest

import sigconv
from sigconv.semantics import boundary

README = (Path(__file__).parent.parent / "README.md").read_text(encoding="utf-8")
# A line of the diagrams: names, then left ghosts | signal | right ghosts.
DIAGRAM = re.compile(r"^ {4}([a-z, ]+?) +([a-d0]{3})\|abcd\|([a-d0]{3})", re.MULTILINE)
LETTERS = {"a": 1, "b": 2, "c": 3, "d": 4, "0": 0}


def diagrams():
    """Return each name with the ghosts that the docstring draws."""
    rows = DIAGRAM.findall(boundary.__doc__)
    return [(name, left, right) for names, left, right in rows for name in names.split(", ")]


def test_every_boundary_with_ghosts_has_a_diagram():
    """All but `renormalize`, which has no ghosts."""
    assert {name for name, _, _ in diagrams()} == set(boundary.BOUNDARIES) - {"renormalize"}


@pytest.mark.parametrize("method", sigconv.methods())
@pytest.mark.parametrize(("name", "left", "right"), diagrams())
def test_the_diagrams_are_true(name, left, right, method):
    """A kernel that is a single 1 reads the ghosts off: three steps before the signal, and three behind it."""
    before, behind = np.eye(7, dtype=int)[[6, 0]]
    signal, options = [1, 2, 3, 4], {"boundary": name, "flip": True}
    shifted = [sigconv.slide(signal, kernel, "same", method, **options) for kernel in (before, behind)]
    assert shifted[0][:3].tolist() == [LETTERS[x] for x in left]
    assert shifted[1][1:].tolist() == [LETTERS[x] for x in right]


def test_the_example_of_the_readme():
    """README's example runs, and its plan is printed as shown but for the estimates."""
    (example,) = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
    names: dict = {"print": lambda text: names.setdefault("printed", text)}
    exec(example, names)  # the example is our own text
    assert names["smooth"].shape == (1_000_000,)
    (shown,) = re.findall(r"```text\n(.*?)```", README, re.DOTALL)
    assert names["printed"].splitlines()[:2] == shown.splitlines()[:2]
    assert [line.split()[0] for line in names["printed"].splitlines()] == [
        line.split()[0] for line in shown.splitlines()
    ]


def test_the_commutativity_that_the_readme_claims():
    """Full convolution commutes, correlation mirrors, the framework's convolution does neither."""
    x, h = np.array([1, 2 + 1j, 3]), np.array([4, 5j])
    assert np.array_equal(sigconv.convolve(x, h), sigconv.convolve(h, x))
    assert not np.array_equal(sigconv.correlate(x, h), sigconv.correlate(h, x))
    assert np.array_equal(sigconv.correlate(x, h), sigconv.correlate(h, x)[::-1].conj())
    assert not np.array_equal(sigconv.slide(x, h, flip=False), sigconv.slide(h, x, flip=False))


def test_every_place_that_the_readme_names_is_there():
    """The map of the package names files and folders that exist."""
    (tree,) = re.findall(r"^    sigconv/\n((?:      .*\n)+)", README, re.MULTILINE)
    root = Path(sigconv.__file__).parent
    named = re.findall(r"^      (\w+(?:\.py|/))", tree, re.MULTILINE)
    assert len(named) >= 8
    assert not [name for name in named if not (root / name).exists()]
