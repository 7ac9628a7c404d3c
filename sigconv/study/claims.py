"""What is claimed of convolution, correlation and the frameworks' convolution, true or false.

f ∗ g is convolution, f ⋆ g correlation (g conjugated), f ⊛ g the kernel slid without a flip, as in deep learning.
A bar is the complex conjugate, flip g is g read backwards. Sources: A. V. Oppenheim and R. W. Schafer, Discrete-Time
Signal Processing, sec. 2.4 and 8.6; R. N. Bracewell, The Fourier Transform and Its Applications, ch. 3.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from .algebra import Algebra, Value

Sides = Callable[[Algebra, Value, Value, Value], tuple[Value, Value] | None]


@dataclass(frozen=True)
class Claim:
    """A claim of two sides that are equal, or are not.

    Parameters
    ----------
    name, statement : str
        The claim in words and as a formula.
    true : bool
        Whether it holds for all f, g and h.
    operands : int
        How many of f, g and h it is about.
    sides : callable
        ``sides(algebra, f, g, h)``: left and right; None where the claim says nothing about these operands.
    """

    name: str
    statement: str
    true: bool
    operands: int
    sides: Sides


def _valid(a: Algebra, f: Value, g: Value, h: Value) -> tuple[Value, Value] | None:
    if not a.contains(f, g):
        return None
    return a.convolve(f, g, "valid"), a.convolve(g, f, "valid")


CLAIMS = (
    Claim(
        "convolution commutes",
        "f ∗ g = g ∗ f",
        True,
        2,
        lambda a, f, g, h: (
            a.convolve(f, g),
            a.convolve(g, f),
        ),
    ),
    Claim(
        "its valid outputs commute",
        "valid(f ∗ g) = valid(g ∗ f)",
        True,
        2,
        _valid,
    ),
    Claim(
        "its same outputs commute for any lengths",
        "same(f ∗ g) = same(g ∗ f)",
        False,
        2,
        lambda a, f, g, h: (
            a.convolve(f, g, "same"),
            a.convolve(g, f, "same"),
        ),
    ),
    Claim(
        "convolution is associative",
        "(f ∗ g) ∗ h = f ∗ (g ∗ h)",
        True,
        3,
        lambda a, f, g, h: (
            a.convolve(a.convolve(f, g), h),
            a.convolve(f, a.convolve(g, h)),
        ),
    ),
    Claim(
        "it distributes over sums",
        "f ∗ (g + h) = f ∗ g + f ∗ h",
        True,
        3,
        lambda a, f, g, h: (
            a.convolve(f, a.add(g, h)),
            a.add(a.convolve(f, g), a.convolve(f, h)),
        ),
    ),
    Claim(
        "a shift comes out as a shift",
        "shift(f) ∗ g = shift(f ∗ g)",
        True,
        2,
        lambda a, f, g, h: (
            a.convolve(a.shift(f, 2), g),
            a.shift(a.convolve(f, g), 2),
        ),
    ),
    Claim(
        "the impulse is the identity",
        "same(f ∗ δ) = f, δ = [0 1 0]",
        True,
        1,
        lambda a, f, g, h: (
            a.convolve(f, a.impulse(f), "same"),
            f,
        ),
    ),
    Claim(
        "the convolution theorem",
        "f ∗ g = DFT⁻¹(DFT(f) · DFT(g))",
        True,
        2,
        lambda a, f, g, h: (
            a.modulo(a.convolve(f, g)),
            a.by_transforms(f, g),
        ),
    ),
    Claim(
        "correlation is convolution with a flip",
        "f ⋆ g = f ∗ flip ḡ",
        True,
        2,
        lambda a, f, g, h: (
            a.correlate(f, g),
            a.convolve(f, a.flip(a.conjugate(g))),
        ),
    ),
    Claim(
        "correlation commutes",
        "f ⋆ g = g ⋆ f",
        False,
        2,
        lambda a, f, g, h: (
            a.correlate(f, g),
            a.correlate(g, f),
        ),
    ),
    Claim(
        "correlation's mirror law",
        "(f ⋆ g)[k] = conj((g ⋆ f)[−k])",
        True,
        2,
        lambda a, f, g, h: (
            a.correlate(f, g),
            a.flip(a.conjugate(a.correlate(g, f))),
        ),
    ),
    Claim(
        "correlation is associative",
        "(f ⋆ g) ⋆ h = f ⋆ (g ⋆ h)",
        False,
        3,
        lambda a, f, g, h: (
            a.correlate(a.correlate(f, g), h),
            a.correlate(f, a.correlate(g, h)),
        ),
    ),
    Claim(
        "DL convolution is convolution with a flip",
        "f ⊛ g = f ∗ flip g",
        True,
        2,
        lambda a, f, g, h: (
            a.framework(f, g),
            a.convolve(f, a.flip(g)),
        ),
    ),
    Claim(
        "DL convolution commutes",
        "f ⊛ g = g ⊛ f",
        False,
        2,
        lambda a, f, g, h: (
            a.framework(f, g),
            a.framework(g, f),
        ),
    ),
    Claim(
        "DL convolution is associative",
        "(f ⊛ g) ⊛ h = f ⊛ (g ⊛ h)",
        False,
        3,
        lambda a, f, g, h: (
            a.framework(a.framework(f, g), h),
            a.framework(f, a.framework(g, h)),
        ),
    ),
)
