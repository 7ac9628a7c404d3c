"""What `verify` found: a finding for each claim, a table, a dict."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ..text import columns
from . import html
from .claims import Claim
from .counterexample import Counterexample

_HEADER = ("claim", "statement", "integers", "floats", "allowed", "verdict")
_LEGEND = (
    "f ∗ g is convolution, f ⋆ g correlation (g conjugated), f ⊛ g what deep-learning frameworks call convolution.",
    "On integers both sides are compared exactly; on floats by their largest difference over the largest value,",
    "beside the sum of both sides' bounds.",
)


@dataclass(frozen=True)
class Finding:
    """What was found about one claim.

    Attributes
    ----------
    claim : Claim
        What is claimed, and whether it is true.
    equal, cases : int
        For how many of the triples of integer arrays both sides were equal.
    difference : float or None
        The largest difference of both sides on floats, over the largest value; None if they have different shapes.
    allowed : float
        What rounding allows for that.
    counterexample : Counterexample or None
        The smallest one, where the claim is false.
    """

    claim: Claim
    equal: int
    cases: int
    difference: float | None
    allowed: float
    counterexample: Counterexample | None

    @property
    def holds(self) -> bool:
        """Whether the claim held in every case and has no counterexample."""
        within = self.difference is not None and self.difference <= self.allowed
        return within and self.equal == self.cases and self.counterexample is None

    @property
    def as_expected(self) -> bool:
        """Whether it holds if it is true, and has a counterexample if it is false."""
        return self.holds if self.claim.true else self.counterexample is not None

    def as_dict(self) -> dict[str, Any]:
        """Return the finding as what JSON can hold."""
        shown = None if self.counterexample is None else self.counterexample.as_dict()
        return {
            "claim": self.claim.name,
            "statement": self.claim.statement,
            "true": self.claim.true,
            "holds": self.holds,
            "as_expected": self.as_expected,
            "integers": {"cases": self.cases, "equal": self.equal},
            "floats": {"difference": self.difference, "allowed": self.allowed},
            "counterexample": shown,
        }


@dataclass(frozen=True, repr=False)
class Verification:
    """The result of `sigconv.verify`.

    Attributes
    ----------
    findings : tuple of Finding
        One for each claim.
    operands : str
        What the claims were checked on.
    """

    findings: tuple[Finding, ...]
    operands: str

    @property
    def ok(self) -> bool:
        """Whether every true claim holds and every false one has a counterexample."""
        return all(finding.as_expected for finding in self.findings)

    def table(self) -> str:
        """Return the verification as text: a row for each claim, and the counterexamples."""
        rows = columns([_HEADER, *map(_cells, self.findings)], right=[3, 4])
        return "\n".join([self.operands, "", *rows, "", *self._notes(), "", *_LEGEND])

    def as_dict(self) -> dict[str, Any]:
        """Return everything as what JSON can hold."""
        return {"ok": self.ok, "operands": self.operands, "claims": [f.as_dict() for f in self.findings]}

    def __repr__(self) -> str:
        return self.table()

    def _repr_html_(self) -> str:
        rows = [_cells(finding) for finding in self.findings]
        return html.table(_HEADER, rows, self.operands) + html.lines([*self._notes(), " ".join(_LEGEND)])

    def _notes(self) -> list[str]:
        """Return the counterexamples, and whether all is as it should be."""
        shown = [f"{f.claim.statement} is false: {f.counterexample}." for f in self.findings if f.counterexample]
        unexpected = [f.claim.statement for f in self.findings if not f.as_expected]
        if unexpected:
            return [*shown, f"NOT as it should be: {'; '.join(unexpected)}. Please report this."]
        return [*shown, "Every true claim holds, and every false one has a counterexample."]


def _cells(finding: Finding) -> tuple[str, ...]:
    integers = f"{finding.equal} of {finding.cases} equal"
    return (finding.claim.name, finding.claim.statement, integers, *_floats(finding), _verdict(finding))


def _floats(finding: Finding) -> tuple[str, str]:
    """Return the difference and what is allowed; dashes where the claim says nothing about the given floats."""
    if finding.difference is None:
        return "shapes differ", "-"
    if not finding.allowed:
        return "-", "-"
    return _rounded(finding.difference), _rounded(finding.allowed)


def _verdict(finding: Finding) -> str:
    if finding.as_expected:
        return "true" if finding.claim.true else "false, as it should be"
    return "FALSE" if finding.claim.true else "NO COUNTEREXAMPLE"


def _rounded(value: float) -> str:
    return f"{value:.1e}" if value else "0"
