"""The structure of the package: what it imports, which way imports point, what it exports."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import sigconv

ROOT = Path(sigconv.__file__).parent

# From the ground up: a layer may import itself and what stands before it.
LAYERS = [
    ("errors", "text", "drawing"),
    ("semantics",),
    ("engines",),
    ("methods",),
    ("planning",),
    ("adjoint",),
    ("filter",),
    ("api",),
    ("compat",),
    ("nn",),
    ("files",),
    ("study",),
    ("cli",),
    ("__main__",),
]
RANK = {name: rank for rank, layer in enumerate(LAYERS) for name in layer}
# The package's face hands names on: it imports from everywhere, and stands beside `api` for who imports it.
FACES = {"__init__"}
RANK |= {"__init__": RANK["api"]}

# What `import sigconv` may load: itself, numpy and the standard library. The rest waits until it is needed.
HEAVY = ("scipy", "numba", "llvmlite", "pyfftw", "matplotlib", "typer", "rich", "click", "soundfile", "PIL", "torch")
LIGHT = {
    *("sigconv", "sigconv.adjoint", "sigconv.api", "sigconv.errors", "sigconv.filter", "sigconv.text"),
    *(f"sigconv.semantics{m}" for m in ("", ".boundary", ".describe", ".dtypes", ".kept", ".operands", ".options")),
    *("sigconv.semantics.missing", "sigconv.semantics.problem", "sigconv.semantics.window"),
    *("sigconv.engines.forks", "sigconv.engines.machine", "sigconv.engines.plain_residues", "sigconv.engines.recent"),
    *(f"sigconv.engines{m}" for m in ("", ".lengths", ".plain_fft", ".plain_loops", ".protocol", ".transforms")),
    *(f"sigconv.methods{m}" for m in (".checked", ".norms")),
    *(f"sigconv.methods{m}" for m in ("", ".bounds", ".direct", ".exact", ".execute", ".fft", ".orientation")),
    *(f"sigconv.methods.{m}" for m in ("overlap_add", "protocol", "registry", "renormalize", "spectral", "tiles")),
    *(
        "sigconv.engines.interrupts",
        "sigconv.engines.kept_file",
        "sigconv.engines.own_spectrum",
        "sigconv.methods.again",
        "sigconv.methods.at_once",
        "sigconv.methods.in_one_go",
        "sigconv.methods.itself",
        "sigconv.methods.nest",
        "sigconv.methods.workers",
        "sigconv.methods.direct_price",
        "sigconv.methods.direct_tiles",
        "sigconv.methods.engine_blocks",
        "sigconv.methods.lane_tiles",
        "sigconv.methods.lanes",
        "sigconv.methods.layout",
        "sigconv.methods.missing",
        "sigconv.methods.nonfinite",
        "sigconv.methods.output",
        "sigconv.methods.paired",
        "sigconv.methods.panels",
        "sigconv.methods.scaling",
        "sigconv.methods.residues",
        "sigconv.methods.rounded_tiles",
        "sigconv.methods.rounding",
        "sigconv.methods.separable",
        "sigconv.methods.shares",
        "sigconv.methods.small",
        "sigconv.methods.sparse",
        "sigconv.methods.transform_method",
        "sigconv.planning.candidate",
    ),
    *(
        f"sigconv.planning{m}"
        for m in ("", ".cost", ".explain", ".known", ".loading", ".plan", ".stored", ".structure")
    ),
}


def modules():
    """Return every source file of the package with its module name in parts."""
    for path in sorted(ROOT.rglob("*.py")):
        yield path, path.relative_to(ROOT).with_suffix("").parts


def imported(path, parts):
    """Return the modules of the package that a file imports, wherever in the file, in parts."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.level:
            base = parts[: len(parts) - node.level]
            named = tuple(node.module.split(".")) if node.module else ()
            yield (*base, *named) or ("__init__",)
            if base and not named:
                yield from ((*base, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "sigconv":
            yield tuple(node.module.split(".")[1:]) or ("__init__",)


@pytest.mark.parametrize(("path", "parts"), list(modules()), ids=lambda v: ".".join(v) if isinstance(v, tuple) else "")
def test_imports_point_one_way(path, parts):
    """No file imports from a layer above its own."""
    if parts[0] in FACES:
        return
    for target in imported(path, parts):
        assert RANK[target[0]] <= RANK[parts[0]], f"{'.'.join(parts)} imports {'.'.join(target)}"


def test_every_part_has_its_layer():
    """A new file or folder of the package must be given a place."""
    assert {parts[0] for _, parts in modules()} == set(RANK)


def test_a_backward_import_is_seen(tmp_path):
    """The check above can fail: it finds imports in functions too."""
    path = tmp_path / "window.py"
    path.write_text("def f():\n    from ..planning.plan import Plan\n")
    assert list(imported(path, ("semantics", "window"))) == [("planning", "plan")]


def test_only_engines_touch_the_engines_libraries():
    """pyfftw, scipy.fft and numba are imported by the engines alone."""
    for path, parts in modules():
        if parts[0] != "engines":
            text = path.read_text(encoding="utf-8")
            for name in ("pyfftw", "numba", "scipy.fft"):
                assert f"import {name}" not in text, path
                assert f"from {name}" not in text, path


def loaded(statement):
    """Return the modules that a statement loads in a fresh interpreter."""
    code = f"import sys; {statement}; print('\\n'.join(sys.modules))"
    return set(subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split())


def test_the_import_is_light():
    """`import sigconv` loads the listed modules of its own, numpy, and nothing heavy."""
    found = loaded("import sigconv")
    assert {name for name in found if name.partition(".")[0] == "sigconv"} == LIGHT
    assert not [name for name in found if name.partition(".")[0] in HEAVY]


def test_a_small_call_stays_light():
    """A small first call needs neither numba nor pyfftw nor scipy, whatever the method."""
    calls = "; ".join(f"sigconv.convolve([1.0, 2.0], [1.0, 3.0], 'full', {m!r})" for m in sigconv.methods())
    found = loaded(f"import sigconv; {calls}")
    assert not [name for name in found if name.partition(".")[0] in HEAVY]


def test_the_exported_names_exist():
    """Everything in `__all__` is there, and documented."""
    for name in sigconv.__all__:
        assert getattr(sigconv, name).__doc__, name
    with pytest.raises(AttributeError):
        sigconv.no_such_name  # noqa: B018
