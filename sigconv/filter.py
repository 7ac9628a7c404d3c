"""A prepared kernel, called on any number of signals; and its adjoint."""

from __future__ import annotations

from contextlib import suppress
from functools import partial
from typing import Any, Unpack

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .adjoint import Adjoint
from .engines.recent import Recent
from .errors import ArgumentValueError
from .methods.execute import Prepared
from .methods.missing import check_taps
from .methods.registry import check_method
from .methods.workers import available_workers
from .planning.plan import Plan, choose
from .planning.stored import current
from .semantics.describe import describe
from .semantics.missing import as_signal
from .semantics.operands import as_operand, read_only
from .semantics.options import Options, arguments
from .semantics.problem import Problem

Array = NDArray[Any]

_KEPT = 8  # prepared kernels, one for each kind of signal met


class Filter:
    """A kernel that is oriented and transformed once, and called on any number of signals.

    y = f(x) is `slide(x, kernel, …)` with the arguments of the filter; the default is a convolution in mode "same".
    A filter may be shared between threads.

    Parameters
    ----------
    kernel : array_like
        Copied, so that changing it later has no effect.
    mode, flip, conjugate, method, workers, max_bytes, **options
        As in `slide`.

    Raises
    ------
    ArgumentValueError, ArgumentTypeError
        If an argument can't be served; what depends on the signal's shape is raised by the call.

    Examples
    --------
    >>> import sigconv
    >>> smooth = sigconv.Filter([0.25, 0.5, 0.25], boundary="reflect")
    >>> smooth([0.0, 4.0, 0.0, 0.0])
    array([2., 2., 1., 0.])
    >>> smooth.adjoint([1.0, 0.0, 0.0, 0.0])
    array([0.5, 0.5, 0. , 0. ])
    """

    def __init__(
        self,
        kernel: ArrayLike,
        mode: str = "same",
        *,
        flip: bool = True,
        conjugate: bool = False,
        method: str = "auto",
        workers: int | None = None,
        max_bytes: int | None = None,
        **options: Unpack[Options],
    ) -> None:
        self._kernel = as_operand("kernel", kernel).copy()
        self._asked = arguments(options, mode=mode, flip=flip, conjugate=conjugate)
        self._method, self._max_bytes = method, max_bytes
        self._workers = workers
        self._prices = current()  # a filter stays as it is, whatever is calibrated
        self._check()
        self._prepared = Recent[Prepared](_KEPT)

    def _check(self) -> None:
        """Raise what is wrong whatever the signal: one sample of any dtype on every axis stands for it."""
        problem = self._of_one_sample()
        choose(problem, "direct")
        check_taps(self._kernel, problem)
        check_method(self._method)
        available_workers(self._workers)

    def _of_one_sample(self) -> Problem:
        """Return the problem of a signal of one sample: of as few axes as may be, or more to tell the named ones apart.

        An axis that is counted from the front and one from the back may be the same in a signal of few axes.
        """
        axes = self._asked.get("axes")
        named = [a for a in (axes if isinstance(axes, tuple) else (axes,)) if isinstance(a, int)]
        ahead, behind = max([0, *(a + 1 for a in named)]), max([0, *(-a for a in named)])
        fewest = max(self._kernel.ndim, ahead, behind)
        shapes = [((1,) * ndim, self._kernel.shape) for ndim in (fewest, max(fewest, ahead + behind))]
        dtypes = np.dtype(object), self._kernel.dtype
        with suppress(ArgumentValueError):
            return describe(*shapes[0], *dtypes, **self._asked)
        return describe(*shapes[1], *dtypes, **self._asked)

    def __call__(self, signal: ArrayLike, out: Array | None = None, mask: ArrayLike | None = None) -> Array:
        """Return the filtered signal, in `out` if that is given; True in `mask` hides a sample, as in `convolve`."""
        array, hidden = as_signal(signal, mask)
        plan = self.plan(array.shape, array.dtype)
        plan = plan if hidden is None else plan.masked
        return plan.apply(self._prepare(plan), signal, out, self._workers, mask=mask)

    def plan(self, signal_shape: tuple[int, ...], signal_dtype: Any = float) -> Plan:
        """Return how a signal of some shape and dtype is filtered."""
        dtypes = np.dtype(signal_dtype), self._kernel.dtype
        problem = describe(tuple(signal_shape), self._kernel.shape, *dtypes, **self._asked)
        return choose(problem, self._method, self._max_bytes, self._prices)

    def explain(self, signal_shape: tuple[int, ...], signal_dtype: Any = float) -> str:
        """Return the candidates for a signal of some shape and dtype, and what was found in the kernel's values."""
        plan = self.plan(signal_shape, signal_dtype)
        return f"{plan.explain()}\n{self._prepare(plan).found}".rstrip()

    @property
    def kernel(self) -> Array:
        """The kernel as it was given, which can't be written to."""
        return read_only(self._kernel)

    @property
    def adjoint(self) -> Adjoint:
        """The adjoint operator f*, for which ⟨f(x), y⟩ = ⟨x, f*(y)⟩."""
        return Adjoint(self._kernel, self._asked, self._method, self._workers)

    def _prepare(self, plan: Plan) -> Prepared:
        """Return the prepared kernel of a plan; the last few are kept."""
        return self._prepared.get(plan, partial(plan.prepare, self._kernel, self._workers))
