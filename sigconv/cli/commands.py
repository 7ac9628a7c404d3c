"""The commands and their options."""

import json
import tempfile
import webbrowser
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import typer

from .. import __version__, files
from ..errors import ArgumentValueError, FileError
from ..files import optional
from ..files.replace import beside, check_place
from ..study import kernels
from . import info as facts
from .apply import Choices, transform
from .layer import transform as transform_layer
from .operands import load, parse_boundary
from .progress import progress_bar

_ITSELF = "A file of the signal's kind, .npy, or a name: "

SignalFile = Annotated[str, typer.Argument(help=f"A file: {', '.join(files.SUFFIXES)}.")]
_KERNEL = _ITSELF + ", ".join(kernels.names()) + "."
Mode = Annotated[str, typer.Option(help="full, same or valid.")]
Operator = Annotated[str, typer.Option(help="convolve (flips the kernel) or correlate.")]
Boundary = Annotated[
    str,
    typer.Option(help="zero, edge, symmetric, reflect, wrap or renormalize; one, or one for each axis with commas."),
]
Axes = Annotated[
    str | None,
    typer.Option(help="The convolved axes, such as 0 or 0,1. Default: time; rows and columns; all axes of an array."),
]
Method = Annotated[str, typer.Option(help="auto, direct, fft or overlap-add; for layers also winograd.")]
Nan = Annotated[str, typer.Option(help="What a missing sample (NaN) does: propagate, omit, renormalize or raise.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON instead of tables.")]

app = typer.Typer(rich_markup_mode=None, pretty_exceptions_enable=False, add_completion=False, no_args_is_help=True)


def _version(asked: bool) -> None:
    if asked:
        _show(f"sigconv {__version__}")
        raise typer.Exit


@app.callback()
def options(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and exit.")
    ] = False,
) -> None:
    """Convolution and correlation of recordings, pictures and arrays."""


@app.command()
def apply(
    signal: SignalFile,
    output: Annotated[str, typer.Option("--output", "-o", help="The file to write: of the signal's kind, or .npy.")],
    kernel: Annotated[str | None, typer.Argument(help=_KERNEL)] = None,
    mode: Mode = "same",
    operator: Operator = "convolve",
    boundary: Boundary = "zero",
    method: Method = "auto",
    axes: Axes = None,
    normalize: Annotated[bool, typer.Option("--normalize", help="Divide the kernel by its sum.")] = False,
    layer: Annotated[str | None, typer.Option(help="Instead of a kernel: weights, .npz or .safetensors.")] = None,
    name: Annotated[str | None, typer.Option(help="Which layer of the file of weights.")] = None,
    nan: Nan = "propagate",
) -> None:
    """Convolve or correlate a file with a kernel, or take it through a layer of a network; write the result."""
    choices = Choices(mode, operator, parse_boundary(boundary), method, normalize, nan)
    if layer is not None:
        _check_layer(kernel, axes, choices)
        _show(transform_layer(signal, layer, output, name, method))
        return
    if kernel is None or name is not None:
        raise ArgumentValueError("give a kernel, or --layer FILE and, if it has several, --name")
    with progress_bar() as progress:
        summary = transform(load(signal, kernel, axes), output, choices, progress)
    _show(summary)


def _check_layer(kernel: str | None, axes: str | None, choices: Choices) -> None:
    """Raise if something was asked that a layer brings itself."""
    if kernel is not None or axes is not None or choices != Choices("same", "convolve", "zero", choices.method, False):
        raise ArgumentValueError(
            "--layer brings its own kernel, padding and stride: beside it, give --output, --name and --method"
        )


@app.command()
def compare(
    signal: Annotated[
        str | None, typer.Argument(help="A file; without one, a recording and a photograph are compared.")
    ] = None,
    kernel: Annotated[str | None, typer.Argument(help="A file or a name, as for apply; a Gaussian by default.")] = None,
    mode: Mode = "same",
    operator: Operator = "convolve",
    boundary: Boundary = "zero",
    methods: Annotated[str | None, typer.Option(help="The methods to compare, with commas. Default: all.")] = None,
    repeats: Annotated[int, typer.Option(min=1, help="How often each method is timed.")] = 3,
    axes: Axes = None,
    as_json: AsJson = False,
    plot: Annotated[str | None, typer.Option(help="Also draw a figure to this file (.png, .svg, .pdf).")] = None,
) -> None:
    """Time direct sums against FFT methods; see whether they agree."""
    from ..study.compare import compare as measure

    figures = _figures(plot)
    asked: dict[str, Any] = {"mode": mode, "operator": operator, "boundary": parse_boundary(boundary)}
    asked |= {"methods": methods.split(",") if methods else None, "repeats": repeats}
    documents = []
    for name, data, kernel_name, taps, convolved in _cases(signal, kernel, axes):
        with progress_bar() as progress:
            comparison = measure(data, taps, axes=convolved, progress=progress, **asked)
        documents.append({"signal": name, "kernel": kernel_name, **comparison.as_dict()})
        if not as_json:
            _show(f"{name}, kernel {kernel_name}\n\n{comparison.table()}\n")
        if figures is not None:
            with beside(next(figures)) as temporary:
                comparison.plot(temporary)
    if as_json:
        _show(json.dumps({"comparisons": documents}, indent=2))


@app.command()
def calibrate() -> None:
    """Measure this machine, so that the fastest method is chosen by its own speed: some seconds, once."""
    from ..study.calibrate import calibrate as measure

    with progress_bar() as progress:
        path = measure(progress)
    _show(f"wrote {path}")


@app.command()
def verify(
    signal: Annotated[str | None, typer.Argument(help="A file; without one, seeded arrays are taken.")] = None,
    kernel: Annotated[str | None, typer.Argument(help="A file or a name, as for apply; a Gaussian by default.")] = None,
    method: Method = "auto",
    axes: Axes = None,
    as_json: AsJson = False,
) -> None:
    """Check the algebra of convolution; exit status 1 if a claim fails."""
    from ..study.verify import verify as check

    if signal is None:
        result = check(method=method)
    else:
        pair = load(signal, kernel, axes)
        result = check(pair.signal.squeezed(), pair.kernel, axes=pair.axes, method=method)
    _show(json.dumps(result.as_dict(), indent=2) if as_json else result.table())
    if not result.ok:
        raise typer.Exit(1)


@app.command()
def gallery(
    name: Annotated[str | None, typer.Argument(help="A kernel's name; without one, all are listed.")] = None,
    axes: Annotated[int | None, typer.Option(min=1, help="Of how many axes the named kernel is shown.")] = None,
) -> None:
    """List the named kernels, or explain one."""
    from ..study.gallery import describe, table

    _show(table() if name is None else describe(name, axes))


@app.command()
def explore(
    output: Annotated[
        str | None, typer.Option("--output", "-o", help="Write the page to this file (.html) and do not open it.")
    ] = None,
) -> None:
    """Open a web page on which every number can be followed. It needs no network."""
    from ..study import explorer

    if output is not None:
        _show(f"wrote {explorer.write(output)}")
        return
    page = explorer.write(Path(tempfile.mkdtemp(prefix="sigconv-")) / "explorer.html")
    opened = webbrowser.open(page.as_uri())
    _show(f"opened {page}" if opened else f"no browser could be started: open {page}, or write the page with -o")


@app.command()
def info() -> None:
    """Print versions, engines, the CPU, where the prices come from and the number of workers."""
    _show("\n".join(facts.lines()))


def _cases(signal: str | None, kernel: str | None, axes: str | None) -> list[tuple[str, Any, str, Any, Any]]:
    """What is compared: name, signal, the kernel's name, kernel, axes."""
    if signal is None:
        from ..study.compare import samples

        return list(samples())
    pair = load(signal, kernel, axes)
    return [(signal, pair.signal.squeezed(), pair.name, pair.kernel, pair.axes)]


def _figures(plot: str | None) -> Iterator[Path] | None:
    """Names for the figures: FILE, then FILE-2 …; what is wrong with FILE shall show before minutes of measuring."""
    if plot is None:
        return None
    optional.load("matplotlib", "plot", "figures")
    path = Path(plot)
    if path.suffix.lower() not in (".png", ".svg", ".pdf"):
        raise FileError(f"{path} has the suffix {path.suffix!r}: figures are .png, .svg or .pdf")
    check_place(path)
    return (path if number == 1 else path.with_stem(f"{path.stem}-{number}") for number in range(1, 1000))


def _show(text: str) -> None:
    """Print at once, so that a closed pipe shows here and not when Python ends."""
    typer.echo(text)
