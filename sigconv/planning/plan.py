"""A plan: one problem, every candidate with its cost, and the one that was chosen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache, partial
from os import PathLike
from typing import Any

from numpy.typing import ArrayLike

from ..engines.protocol import Array
from ..methods import at_once, itself
from ..methods.execute import Prepared, apply, prepare
from ..methods.in_one_go import InOneGo, LineInOneGo, in_one_go
from ..methods.missing import MARK, Renormalization, check_taps, completed, marked
from ..methods.output import apart, check_out, written
from ..methods.protocol import Components, Estimate, Method, Settings
from ..methods.registry import check_method, serving
from ..methods.small import Run, shortcut
from ..methods.workers import Progress, available_workers
from ..semantics.kept import kept
from ..semantics.missing import Mask, as_signal
from ..semantics.operands import as_planned
from ..semantics.options import check_limit
from ..semantics.problem import Problem, given
from .candidate import Asked, Candidate, best, cheapest, offers, price, promising, room_of_each, threads, wait_of
from .cost import Prices
from .explain import explain, summary
from .loading import PROCESS, Wait
from .stored import current
from .structure import Structure, sought, structures

Ways = Sequence[tuple[Method, Settings]]


@dataclass(frozen=True)
class Plan:
    """How a problem will be computed: an immutable value, decided by shapes, dtypes and options alone.

    `print(plan)` is a line, `plan.explain()` a table of all candidates. `plan(signal, kernel)` computes.
    Made by `sigconv.plan`.

    Attributes
    ----------
    problem : Problem
        What is asked.
    method : str
        The chosen method.
    forced : bool
        Whether the caller named the method.
    max_bytes : int, optional
        The limit on working memory, which fewer threads keep, if need be.
    prices : str
        Where the estimates' prices come from: "priors" or "calibrated".
    wait : Wait, optional
        Of a call's plan: what the call loses by not loading what would be faster.
    """

    problem: Problem
    method: str
    estimate: Estimate
    forced: bool
    max_bytes: int | None
    prices: str
    asked: Asked = field(compare=False, repr=False)
    wait: Wait | None = None

    def __reduce__(self) -> tuple[Any, ...]:
        return given(self)

    def __str__(self) -> str:
        return summary(self.problem, self.method, self.estimate)

    def explain(self) -> str:
        """Return a table of all candidates: estimated time and memory, and why each was chosen or not."""
        return explain(self)

    def plot(self, path: str | PathLike[str] | None = None) -> Any:
        """Draw the estimated time and memory of all candidates; return the axes, and write them to a file if named.

        ``axes[0, 0].figure`` is the figure. Needs matplotlib: ``pip install "sigconv[plot]"``.
        """
        from .picture import draw

        return draw(self, path)

    def prepare(self, kernel: Any, workers: int | None = None) -> Prepared:
        """Return the kernel, oriented and transformed, ready for any number of signals; changing it has no effect."""
        array = as_planned("kernel", kernel, self.problem)
        check_taps(array, self.problem)
        return self._prepared(array.copy(), workers)

    def apply(
        self,
        prepared: Prepared,
        signal: Any,
        out: Array | None = None,
        workers: int | None = None,
        progress: Progress | None = None,
        mask: ArrayLike | None = None,
    ) -> Array:
        """Return the result for one signal and a kernel that this plan prepared."""
        check_out(out, self.problem)
        workers = available_workers(workers)
        array, hidden = as_signal(signal, mask)
        threads = self._threads(workers, prepared)
        array, lost = completed(self.problem, as_planned("signal", array, self.problem), hidden)
        if lost is not None:
            return self._of_present(prepared, array, lost, out, threads, progress)
        return self._applied(prepared, array, out, threads, progress)

    def __call__(
        self,
        signal: Any,
        kernel: Any,
        *,
        out: Array | None = None,
        workers: int | None = None,
        mask: ArrayLike | None = None,
    ) -> Array:
        """Return the result for a signal and a kernel of the planned shapes and dtypes."""
        check_out(out, self.problem)
        available_workers(workers)
        array, hidden = as_signal(signal, mask)
        return self.compute(
            as_planned("signal", array, self.problem), as_planned("kernel", kernel, self.problem), out, workers, hidden
        )

    def compute(
        self, signal: Array, kernel: Array, out: Array | None, workers: int | None, hidden: Mask | None
    ) -> Array:
        """Return the result for arrays that are known to be those that were planned for."""
        if hidden is not None and self.masked is not self:
            return self.masked.compute(signal, kernel, out, workers, hidden)
        if hidden is not None or self.problem.nan != "propagate":
            check_taps(kernel, self.problem)
            signal, lost = completed(self.problem, signal, hidden)
            if lost is not None:
                prepared = self._prepared(apart(kernel, out), workers)
                return self._of_present(prepared, signal, lost, out, self._threads(workers, prepared), None)
        if self.small is not None and out is None:
            result = self.small(signal, kernel)
            if result is not None:
                return result
        quick = self._at_once
        if quick and (result := quick(signal, kernel, out, self._threads(workers))) is not None:
            return result
        workers = available_workers(workers)
        own = self._own_ways if itself.one_array(signal, kernel) else ()
        prepared = self._prepared(apart(kernel, out), workers, own)
        return self._applied(prepared, signal, out, self._threads(workers, prepared), None, quick is not None)

    def _applied(
        self,
        prepared: Prepared,
        signal: Array,
        out: Any,
        workers: int | None,
        progress: Progress | None,
        tried: bool = False,
    ) -> Array:
        """Return the result of a prepared kernel, by compiled calls where these are its way, unless that was tried."""
        quick = self.compiled if progress is None and self._taken(prepared) is self.estimate and not tried else None
        result = quick.apply(prepared, signal, out, workers) if quick else None
        mend = partial(self._other, workers=workers)
        return apply(prepared, signal, out, workers, progress, mend) if result is None else result

    def _of_present(
        self, prepared: Prepared, signal: Array, lost: Mask, out: Any, workers: int | None, progress: Progress | None
    ) -> Array:
        """Return the result for a signal that is zero where a sample is missing, which the result shows."""
        if prepared.renormalize is not None:
            result = prepared.renormalize(prepared, signal, lost.hidden, workers, progress)
            return written(result.astype(self.problem.result_dtype, copy=False), out)
        result = self._applied(prepared, signal, out, workers, progress)
        return marked(prepared.problem, result, lost, self._sums, workers)

    def _other(self, problem: Problem, signal: Array, kernel: Array, workers: int | None) -> Array:
        """Return the result of another problem."""
        return self._for(problem, self.max_bytes)(signal, kernel, workers=workers)

    def _sums(self, problem: Problem, kernel: Array) -> Prepared:
        """Return a kernel for the plain sums of another problem, which nothing renormalises."""
        room = room_of_each(self.problem, problem, self.method if self.forced else "auto", self.asked)
        return self._for(problem, room).prepare(kernel)._replace(weights=None)

    def _for(self, problem: Problem, max_bytes: int | None) -> Plan:
        """Return the plan of another problem, by the same method if that was named."""
        return choose(problem, self.method if self.forced else "auto", max_bytes)

    def _prepared(self, kernel: Array, workers: int | None, ways: Ways = ()) -> Prepared:
        plain = self.problem if self.problem.nan == "propagate" else replace(self.problem, nan="propagate")
        prepared = prepare(plain, ways or self._ways, kernel, self.small, workers)
        PROCESS.note(self._taken(prepared).needs)
        if self.problem.nan == "renormalize":
            prepared = prepared._replace(renormalize=Renormalization(plain, kernel, self._sums))
        return prepared

    def _taken(self, prepared: Prepared) -> Estimate:
        """Return the estimate of the way that a prepared kernel takes."""
        found = (s.estimate for s in self._sought if s.estimate and s.method is prepared.method)
        return next(found, self.estimate)

    def _threads(self, workers: int | None, prepared: Prepared | None = None) -> int | None:
        """Return how many threads may work: fewer than asked where memory is limited."""
        taken = self._taken(prepared) if prepared else self.estimate
        return workers if self.max_bytes is None else threads(self.problem, taken, self.max_bytes, workers)

    @kept
    def masked(self) -> Plan:
        """The plan for signals with a mask, which within a limit has room for marking the outputs that met it."""
        limited = self.problem.nan == "propagate" and self.max_bytes is not None
        return self._for(replace(self.problem, nan=MARK), self.max_bytes) if limited else self

    @kept
    def structures(self) -> tuple[Structure, ...]:
        """What a kernel's values may allow, to take another way: few taps that are not zero, few outer products.

        Nothing where the caller named the method.
        """
        return () if self.forced else structures(self.problem, price(self.estimate, self.asked), self.asked)

    @kept
    def _sought(self) -> tuple[Structure, ...]:
        """What is looked for in a kernel's values."""
        return () if self.forced else sought(self.problem, price(self.estimate, self.asked), self.asked)

    @kept
    def _ways(self) -> Ways:
        """The methods that may serve, the one that depends on the kernel's values first."""
        found = [(s.method, s.estimate.settings) for s in self._sought if s.estimate]
        return [*found, (serving(self.method, self.problem), self.estimate.settings)]

    @kept
    def _own_ways(self) -> Ways:
        """The methods for a signal that is its own kernel, if that spares a transform."""
        spared = self.method == "fft" and itself.serves(self.problem)
        return [*self._ways[:-1], (itself.ITSELF, self.estimate.settings)] if spared else []

    @kept
    def candidates(self) -> tuple[Candidate, ...]:
        """All methods, with their estimates or the reasons why they can't serve."""
        return tuple([best(o, self.asked) for o in offers(self.problem, self.asked)])

    @kept
    def small(self) -> Run | None:
        """A function of signal and kernel that computes the whole result at once, where that is the way."""
        settings = self.estimate.settings
        whole = self.method == "direct" and settings.engine == "numpy" and settings.tile == self.problem.shape
        return shortcut(self.problem) if whole else None

    @kept
    def _at_once(self) -> at_once.Compiled | LineInOneGo | None:
        """What computes the result of a call in compiled calls, unless the kernel's values decide."""
        quick = self.compiled if len(self._ways) == 1 else None
        if not isinstance(quick, (at_once.Compiled, LineInOneGo)):
            return None
        PROCESS.note(self.estimate.needs)
        return quick

    @kept
    def compiled(self) -> at_once.Compiled | InOneGo | None:
        """What computes the result in compiled calls, a tile in each or all blocks, where that is the way."""
        settings = self.estimate.settings
        if self.method == "overlap-add":
            return in_one_go(self.problem, settings)
        direct = self.method == "direct" and settings.engine == "numba"
        return at_once.compiled(self.problem, settings.tile) if direct else None


def choose(
    problem: Problem,
    method: str = "auto",
    max_bytes: int | None = None,
    prices: Prices | None = None,
    ready: Components | None = None,
) -> Plan:
    """Return the plan of a problem: the cheapest method that serves within the memory limit, or the one named.

    `prices` are those of this machine, if not given.
    `ready` are the components that are loaded; None means that loading costs nothing, as for a plan that is kept.

    Raises
    ------
    ArgumentValueError, ArgumentTypeError
        If the method is unknown or can't serve the problem, or nothing fits in `max_bytes`.
    """
    check_method(method)
    check_limit(max_bytes)
    return _choose(problem, method, Asked(max_bytes, prices or current(), ready, method != "auto"))


@lru_cache(maxsize=1024)
def _choose(problem: Problem, method: str, asked: Asked) -> Plan:
    offered = promising(problem, method, asked)
    chosen = cheapest(offered, asked)
    wait = None if asked.ready is None else wait_of(offered, chosen, asked, asked.ready)
    how = chosen.method, chosen.served, method != "auto"
    return Plan(problem, *how, asked.max_bytes, asked.prices.source, asked, wait)
