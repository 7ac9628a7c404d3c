"""The plans of earlier calls, by all that decides them, what is loaded too: a look-up takes a microsecond."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from ..engines.protocol import Array
from ..methods.registry import check_method
from ..semantics.describe import describe
from ..semantics.options import Options, arguments
from .loading import PROCESS
from .plan import Plan, choose

plans: dict[Any, Plan] = {}
_KNOWN = 4096


def planned(signal: Array, kernel: Array, operator: tuple[Any, ...], options: Options) -> Plan:
    """Return the plan of a call, kept from an earlier one if there was one."""
    arrays = signal.shape, kernel.shape, signal.dtype, kernel.dtype
    key = (arrays, operator, exactly(operator, options), PROCESS.ready)
    try:
        return plans[key]
    except (KeyError, TypeError):  # TypeError: an argument that can't be hashed, and is refused below
        pass
    mode, flip, conjugate, method, max_bytes = operator
    asked = arguments(options, mode=mode, flip=flip, conjugate=conjugate)
    check_method(method)
    ready = PROCESS.refresh() if method == "auto" else None
    chosen = choose(describe(*arrays, **asked), method, max_bytes, ready=ready)
    keep(key, chosen)
    return chosen


def exactly(operator: tuple[Any, ...], options: Options) -> tuple[Any, ...]:
    """Return what tells arguments apart that are equal: types, because 1 is True, and repr of what is rarely given."""
    return type(operator[1]), type(operator[2]), repr(options) if options else ""


def forget() -> None:
    """Forget the plans of earlier calls, since they would be planned otherwise now."""
    plans.clear()


def keep(key: Any, chosen: Plan) -> None:
    """Keep a plan for later calls, if its key can be looked up."""
    if len(plans) >= _KNOWN:
        plans.clear()
    with suppress(TypeError):  # a dtype may be an object that can't be hashed
        plans[key] = chosen
