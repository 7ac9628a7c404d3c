"""sigconv: convolution and correlation, every convention spelled out, every method with the same answer."""

from importlib import import_module
from typing import Any

from .adjoint import Adjoint
from .api import convolve, correlate, lags, plan, slide
from .errors import (
    ArgumentTypeError,
    ArgumentValueError,
    FileError,
    ResultOverflowError,
    SigconvError,
)
from .filter import Filter
from .methods.registry import methods
from .planning.plan import Plan
from .semantics.operands import Separable
from .semantics.options import Options

__version__ = "0.1.0"

__all__ = [
    "Adjoint",
    "ArgumentTypeError",
    "ArgumentValueError",
    "FileError",
    "Filter",
    "Options",
    "Plan",
    "ResultOverflowError",
    "Separable",
    "SigconvError",
    "calibrate",
    "compare",
    "convolve",
    "correlate",
    "error_bound",
    "explorer",
    "gallery",
    "lags",
    "methods",
    "nn",
    "plan",
    "slide",
    "trace",
    "verify",
]


def __getattr__(name: str) -> Any:
    """Import what only some callers need when it is first asked for."""
    if name == "compare":
        from .study.compare import compare

        return compare
    if name == "error_bound":
        from .study.error_bound import error_bound

        return error_bound
    if name == "trace":
        from .study.trace import trace

        return trace
    if name == "verify":
        from .study.verify import verify

        return verify
    if name in ("explorer", "gallery"):
        return import_module(f".study.{name}", __name__)
    if name == "nn":
        return import_module(".nn", __name__)
    if name == "calibrate":
        from .study.calibrate import calibrate

        return calibrate
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
