"""The methods, in the order in which they are shown; a new one is added here."""

from __future__ import annotations

from collections.abc import Iterable

from ..errors import ArgumentValueError
from ..semantics.problem import Problem
from .checked import Checked
from .direct import Direct
from .fft import FFT
from .overlap_add import OverlapAdd
from .protocol import Method
from .rounding import Exactly

METHODS: dict[str, Method] = {method.name: method for method in (Direct(), Exactly(FFT()), Exactly(OverlapAdd()))}


def serving(name: str, problem: Problem) -> Method:
    """Return a method as it serves a problem: checked, where it is one of transforms and each output must be right."""
    method = METHODS[name]
    plain = name == "direct" or not problem.componentwise or problem.result_dtype.kind == "O"
    return method if plain else Checked(method)


def methods() -> tuple[str, ...]:
    """Return the names of the methods that `method=` takes beside "auto".

    >>> methods()
    ('direct', 'fft', 'overlap-add')
    """
    return tuple(METHODS)


def check_method(name: object, known: Iterable[str] = METHODS) -> None:
    """Raise unless the name is a method's or "auto"."""
    if not isinstance(name, str) or name not in ("auto", *known):
        raise ArgumentValueError(f"method={name!r}: use auto, {', '.join(known)}")
