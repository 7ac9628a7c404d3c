"""Do the tests notice when the code is wrong? Small changes, one at a time, and the tests that should fail for each.

    python tests/mutants.py --sample 150

takes a seeded sample of all mutants of `sigconv/semantics` and `sigconv/planning`, runs the tests on each in a copy of
the repository, and says of each which test noticed it, or that none did. It is no part of the test run: 150 mutants
take an hour. What was stopped is continued with `--skip` and the number of mutants done.
"""

from __future__ import annotations

import argparse
import ast
import copy
import os
import random
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).parent.parent
PACKAGES = ("semantics", "planning")
# The order is that of how much they find in how little time; the first failure ends a run.
TESTS = [
    *("sigconv/semantics", "sigconv/planning", "tests/test_arguments.py", "tests/test_plan.py"),
    *("tests/test_loading.py", "tests/test_small.py", "tests/test_missing.py", "tests/test_nonfinite.py"),
    *("tests/test_calibrate.py", "tests/test_separable.py", "tests/test_blocks.py", "tests/test_structure.py"),
    *("tests/test_integers.py", "tests/test_robustness.py", "tests/test_matrix.py"),
]
# What takes so many times the CPU time of the unchanged code loops for ever; what has waited so long waits for ever.
TIMES, WAITED = 5, 3600
BYTES = 6 << 30
SURVIVES, FAILS, LOOPS = "survives", "killed by a test", "killed by time"

COMPARED = {ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt, ast.Eq: ast.NotEq, ast.NotEq: ast.Eq}
COMPARED |= {ast.In: ast.NotIn, ast.NotIn: ast.In, ast.Is: ast.IsNot, ast.IsNot: ast.Is}
COMPUTED = {ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.FloorDiv, ast.FloorDiv: ast.Mult, ast.Div: ast.Mult}
COMPUTED |= {ast.Mod: ast.Add, ast.LShift: ast.RShift, ast.BitOr: ast.BitAnd, ast.BitAnd: ast.BitOr, ast.Pow: ast.Mult}
EXCHANGED = {"min": "max", "max": "min", "all": "any", "any": "all", "minimum": "maximum"}


def changes(node):
    """Yield functions that change a node of a syntax tree in place, each in another way."""
    if isinstance(node, ast.Compare) and type(node.ops[0]) in COMPARED:
        yield lambda n: n.ops.__setitem__(0, COMPARED[type(n.ops[0])]())
    if isinstance(node, (ast.BinOp, ast.AugAssign)) and type(node.op) in COMPUTED:
        yield lambda n: setattr(n, "op", COMPUTED[type(n.op)]())
    if isinstance(node, ast.BoolOp):
        yield lambda n: setattr(n, "op", ast.Or() if isinstance(n.op, ast.And) else ast.And())
    if isinstance(node, (ast.If, ast.IfExp)):
        yield lambda n: setattr(n, "test", ast.UnaryOp(ast.Not(), n.test))
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, (ast.Not, ast.USub)):
        yield lambda n: setattr(n, "operand", ast.UnaryOp(n.op, n.operand))  # −(−x), not not x
    if isinstance(node, ast.Constant) and type(node.value) in (int, bool):
        yield lambda n: setattr(n, "value", not n.value if isinstance(n.value, bool) else n.value + 1)
    if isinstance(node, ast.Return) and node.value is not None:
        yield lambda n: setattr(n, "value", ast.Constant(None))
    if isinstance(node, ast.Raise):
        yield lambda n: n.__dict__.update(ast.Expr(ast.Constant(0)).__dict__) or setattr(n, "__class__", ast.Expr)
    if isinstance(node, ast.Call) and getattr(node.func, "id", getattr(node.func, "attr", "")) in EXCHANGED:
        yield exchange


def exchange(call):
    """Call the opposite function."""
    name = "id" if isinstance(call.func, ast.Name) else "attr"
    setattr(call.func, name, EXCHANGED[getattr(call.func, name)])


def skipped(tree):
    """Return the nodes that no test can be asked about: annotations, and what `TYPE_CHECKING` guards."""
    roots = []
    for node in ast.walk(tree):
        roots += [getattr(node, name, None) for name in ("annotation", "returns")]
        if isinstance(node, ast.If) and getattr(node.test, "id", "") == "TYPE_CHECKING":
            roots.append(node)
        roots += getattr(node, "decorator_list", [])  # the sizes of caches
    return {id(inner) for root in roots if root is not None for inner in ast.walk(root)}


def mutants(path):
    """Yield (line, source) for every mutant of a file."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    out = skipped(tree)
    for number, node in enumerate(ast.walk(tree)):
        for way, _ in enumerate(list(changes(node)) if id(node) not in out else []):
            changed = copy.deepcopy(tree)
            target = list(ast.walk(changed))[number]
            before = ast.unparse(target)
            list(changes(target))[way](target)
            yield f"{path.relative_to(ROOT)}:{node.lineno}: {before[:90]!r}, change {way}", ast.unparse(changed)


def run_tests(folder, seconds):
    """Return how the tests end in some CPU time, and the last line that they print."""
    command = [sys.executable, "-m", "pytest", "-x", "-q", "-n", "0", "-p", "no:cacheprovider", *TESTS]
    environment = {**os.environ, "PYTHONPATH": str(folder)}

    def limit():
        resource.setrlimit(resource.RLIMIT_AS, (BYTES, BYTES))
        resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))

    try:
        done = subprocess.run(
            command, cwd=folder, capture_output=True, text=True, timeout=WAITED, env=environment, preexec_fn=limit
        )
    except subprocess.TimeoutExpired:
        return LOOPS, ""
    ends = {0: SURVIVES, -signal.SIGXCPU: LOOPS, -signal.SIGKILL: LOOPS}
    told = [line for line in done.stdout.splitlines() if line.startswith(("FAILED", "ERROR"))]
    return ends.get(done.returncode, FAILS), told[-1] if told else ""


def tried(folder, path, source, seconds):
    """Return how the tests end on a mutant, and the last line that they print."""
    target = folder / path.relative_to(ROOT)
    original = target.read_text(encoding="utf-8")
    target.write_text(source, encoding="utf-8")
    try:
        return run_tests(folder, seconds)
    finally:
        target.write_text(original, encoding="utf-8")


def allowed(folder):
    """Return the CPU seconds that a mutant has; the tests must pass without one."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    end, line = run_tests(folder, resource.RLIM_INFINITY)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if end != SURVIVES:
        raise SystemExit(f"the tests fail without a mutant: {line}")
    return round(TIMES * (after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime))


def main():
    """Run a sample and report."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sample", type=int, default=150)
    parser.add_argument("--skip", type=int, default=0, help="so many of the sample, which were done before")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", default="", help="part of the names of the files")
    asked = parser.parse_args()
    files = [
        f for package in PACKAGES for f in sorted((ROOT / "sigconv" / package).glob("*.py")) if asked.only in f.name
    ]
    found = [(path, *mutant) for path in files for mutant in mutants(path)]
    sample = random.Random(asked.seed).sample(found, min(asked.sample, len(found)))
    folder = Path(tempfile.mkdtemp()) / "copy"
    shutil.copytree(ROOT, folder, ignore=shutil.ignore_patterns(".git", "notebooks"))
    seconds, ends = allowed(folder), Counter()
    for number, (path, name, source) in enumerate(sample[asked.skip :], asked.skip + 1):
        end, line = tried(folder, path, source, seconds)
        ends[end] += 1
        print(f"{number} of {len(sample)} from {len(found)} mutants: {end}: {name} {line[:160]}", flush=True)
    print(*(f"{count} {end}" for end, count in ends.items()), sep=", ")
    shutil.rmtree(folder.parent)


if __name__ == "__main__":
    main()
