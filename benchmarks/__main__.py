"""`python -m benchmarks`: sigconv beside its peers, and beside itself."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .report import Report

RESULTS = Path(__file__).parent / "RESULTS.md"
_LIBRARIES = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


def parser() -> argparse.ArgumentParser:
    """Return the command's arguments."""
    made = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    made.add_argument("--kind", nargs="+", default=[], help="only points of these kinds")
    made.add_argument("--match", nargs="+", default=[], help="only points whose names contain one of these")
    made.add_argument("--large", action="store_true", help="also the very large points")
    made.add_argument("--peers", nargs="+", default=[], help="only peers whose names contain one of these")
    made.add_argument("--list", action="store_true", help="list the points and their peers, and do nothing")
    made.add_argument("--rounds", type=int, default=5, help="rounds, of which the best counts (default: 5)")
    made.add_argument("--threads", type=int, nargs="+", default=[2], help="threads of all libraries (default: 2)")
    made.add_argument("--limit", type=float, default=20.0, help="leave out peers that would take longer, in seconds")
    made.add_argument("--no-first", action="store_true", help="without first calls in fresh processes")
    made.add_argument("--regret", action="store_true", help="also the regret of auto over the points")
    made.add_argument("--only-regret", action="store_true", help="regret alone, no peers")
    made.add_argument("--random", type=int, default=0, metavar="N", help="regret also over N random problems")
    made.add_argument("--planning", action="store_true", help="how long planning takes, and nothing else")
    made.add_argument("--json", type=Path, metavar="FILE", help="write all figures as JSON")
    made.add_argument("--plot", type=Path, metavar="FILE", help="draw the ratios")
    made.add_argument("--write", action="store_true", help=f"write {RESULTS.name}")
    return made


def main(arguments: Sequence[str] | None = None) -> int:
    """Run what was asked, and return the exit status: 1 if an output was wrong."""
    asked = parser().parse_args(arguments)
    for name in _LIBRARIES:  # read when a library is loaded, so before any is
        os.environ.setdefault(name, str(max(asked.threads)))
    if asked.planning:
        from . import planning

        print(planning.text())
        return 0
    from . import run
    from .report import text

    points = run.select(asked.kind, asked.match, asked.large)
    if asked.list:
        print("\n".join(run.listed(points, asked.peers, asked.limit)))
        return 0
    started = perf_counter()
    report = run.run(points, asked)
    print(text(report))
    print(f"took {perf_counter() - started:.0f} s", file=sys.stderr)
    _write(report, asked)
    return int(any(entry.error for result in report.results for entry in result.entries))


def _write(report: Report, asked: argparse.Namespace) -> None:
    from . import figure
    from . import report as reports

    if asked.json:
        reports.write(asked.json, json.dumps(reports.as_dict(report), indent=1))
    if asked.plot:
        figure.draw(report.results, asked.plot)
    if asked.write:
        reports.write(RESULTS, reports.page(report))


if __name__ == "__main__":
    sys.exit(main())
