"""The compiled loops of direct sums: exact on small integers, whatever the shape, and never outside their arrays."""

import hashlib
import importlib
from pathlib import Path

import numpy as np
import pytest
from memory import peak_of

import sigconv
from sigconv.engines.transforms import installed

if not installed("numba"):
    pytest.skip("numba, which compiles the loops, is not installed", allow_module_level=True)

from sigconv.engines import by_address, loops, rows, simd, watch

DTYPES = ["f4", "f8", "c8", "c16", "i8"]
GUARD = 99


@pytest.fixture(autouse=True)
def _always_compiled(monkeypatch):
    """Small problems take the compiled loops too."""
    names = ("methods.direct", "planning.plan", "planning.known")
    direct, plan, known = (importlib.import_module(f"sigconv.{name}") for name in names)
    estimates = direct.Direct.estimates

    def compiled(*arguments):
        found = estimates(*arguments)
        return [e for e in found if e.settings.engine == "numba"] or found

    monkeypatch.setattr(direct.Direct, "estimates", compiled)
    monkeypatch.setattr(plan, "shortcut", lambda problem: None)
    monkeypatch.setattr(known, "plans", {})
    plan._choose.cache_clear()
    yield
    plan._choose.cache_clear()


def small_integers(rng, shape, dtype):
    """Return integers, Gaussian ones for complex dtypes, whose sums are exact in every dtype."""
    values = rng.integers(-5, 6, shape)
    return (values + 1j * rng.integers(-5, 6, shape) if np.dtype(dtype).kind == "c" else values).astype(dtype)


def plain_sums(data, taps, counts, steps):
    """Return the sums by their definition: the last taps meet the first samples."""
    out = np.zeros(counts, complex if data.dtype.kind == "c" else np.int64)
    for tap in np.ndindex(taps.shape):
        begins = [d * (n - 1 - t) for t, n, (_, d) in zip(tap, taps.shape, steps, strict=True)]
        index = [slice(b, b + s * (c - 1) + 1, s) for b, c, (s, _) in zip(begins, counts, steps, strict=True)]
        out += (taps[tap] * data[tuple(index)]).astype(out.dtype)
    return out


def guarded(values, guard):
    """Return a copy of an array in the midst of guard values, and the buffer around it."""
    buffer = np.full(
        [n + 2 * 70 if i == values.ndim - 1 else n + 2 for i, n in enumerate(values.shape)], guard, values.dtype
    )
    inner = buffer[(*(slice(1, -1),) * (values.ndim - 1), slice(70, -70))]
    inner[...] = values
    return inner, buffer


def summed(data, taps, counts, steps):
    """Return the loops' sums of guarded data, written into a guarded array, of which only the inside may change."""
    # What lies around is NaN where there is one: a sample read by mistake would reach a sum.
    samples, _ = guarded(data, GUARD if data.dtype.kind == "i" else np.nan)
    out, buffer = guarded(np.zeros(counts, data.dtype), GUARD)
    spans = tuple(rows.Span(0, n, n, "zero") for n in data.shape)
    read = rows.rows_of(samples, spans, steps[-1][0], counts[-1], data.dtype, 0)
    rows.fill_sums(read, taps, out, steps)
    result = out.copy()
    out[...] = GUARD
    assert (buffer == GUARD).all()
    return result


@pytest.mark.parametrize("dtype", DTYPES)
def test_every_width(dtype):
    """Outputs from one to three blocks wide: ends overlap, and what is less than a piece wide is cut."""
    rng = np.random.default_rng(1)
    lanes = simd.PIECE // np.dtype(dtype).itemsize
    for width in [*range(1, 3 * lanes + 2), *range(7 * lanes, 25 * lanes, 2 * lanes + 1)]:
        for taps in (1, 5, 2 * lanes + 3):
            data, kernel = (small_integers(rng, n, dtype) for n in (width + taps - 1, taps))
            expected = plain_sums(data, kernel, (width,), ((1, 1),))
            assert np.array_equal(summed(data, kernel, (width,), ((1, 1),)), expected), (width, taps)


@pytest.mark.parametrize("dtype", DTYPES)
def test_every_number_of_taps(dtype):
    """One to forty taps in a line, and in a column: chains of every length."""
    rng = np.random.default_rng(2)
    for taps in range(1, 41):
        for shape in ((taps,), (taps, 2)):
            counts = (150,) if len(shape) == 1 else (9, 21)
            steps = ((1, 1),) * len(shape)
            data = small_integers(rng, [c + n - 1 for c, n in zip(counts, shape, strict=True)], dtype)
            kernel = small_integers(rng, shape, dtype)
            assert np.array_equal(summed(data, kernel, counts, steps), plain_sums(data, kernel, counts, steps)), shape


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("dilation", [1, 2, 3])
@pytest.mark.parametrize("stride", [1, 2, 3, 5])
def test_strides_and_dilations(dtype, stride, dilation):
    """Phases of the last axis, steps of the others, for one, two and three axes, in blocks along and across rows."""
    rng = np.random.default_rng(3)
    for counts, taps in (((77,), (20,)), ((9, 40), (4, 3)), ((3, 2), (2, 2)), ((2, 11, 19), (2, 3, 3))):
        for order in (1, -1):
            steps = tuple((stride, dilation) if order == 1 or i else (dilation, 1) for i in range(len(taps)))
            sizes = [s * (c - 1) + d * (n - 1) + 1 for c, n, (s, d) in zip(counts, taps, steps, strict=True)]
            data, kernel = small_integers(rng, sizes, dtype), small_integers(rng, taps, dtype)
            assert np.array_equal(summed(data, kernel, counts, steps), plain_sums(data, kernel, counts, steps))


@pytest.mark.parametrize("rows_of_outputs", range(1, 21))
def test_every_number_of_rows(rows_of_outputs):
    """Blocks across rows, the last of which overlap those before them."""
    rng = np.random.default_rng(4)
    for width in (3, 16, 37):
        counts, steps = (rows_of_outputs, width), ((1, 1), (1, 1))
        data = small_integers(rng, (rows_of_outputs + 4, width + 2), "f4")
        kernel = small_integers(rng, (5, 3), "f4")
        assert np.array_equal(summed(data, kernel, counts, steps), plain_sums(data, kernel, counts, steps))


SHAPES = [
    ((90,), (7,), None),
    ((400, 3), (33,), 0),
    ((3, 200), (3, 21), -1),
    ((1, 200), (4, 21), -1),
    ((40, 50), (5, 3), None),
    ((40, 50), (1, 40), None),
    ((3, 12, 30), (3, 4, 4), (1, 2)),
    ((12, 3, 30), (4, 1, 4), (0, 2)),
    ((9, 10, 21), (3, 4, 5), None),
]


BOUNDARIES = ["zero", "constant", "edge", "symmetric", "reflect", "wrap", "mixed"]


@pytest.mark.parametrize("boundary", BOUNDARIES)
@pytest.mark.parametrize(("shape", "kernel_shape", "axes"), SHAPES)
def test_calls_are_exact(shape, kernel_shape, axes, boundary):
    """Samples of every dtype and byte order give the sums that the plain loops give for Python ints."""
    convolved = len(shape) if axes is None else np.size(axes)
    options = {"axes": axes, "boundary": boundary}
    if boundary == "mixed":
        options["boundary"] = ("constant", "zero", "wrap")[:convolved] if convolved > 1 else ("constant",)
    if boundary in ("constant", "mixed"):
        options["fill_value"] = 1
    rng = np.random.default_rng(5)
    taps = rng.integers(0, 9, kernel_shape)
    for name in ("?", "u1", "i2", "i4", "u8", "f2", "f4", "f8", "c8", ">f4", ">i4"):
        values = rng.integers(0, 2 if name == "?" else 9, shape)
        expected = sigconv.convolve(values.astype(object), taps.astype(object), "same", "direct", **options)
        got = sigconv.convolve(values.astype(name), taps, "same", "direct", **options)
        assert np.array_equal(got, expected.astype(got.dtype)), name


@pytest.mark.parametrize("dtype", ["f4", "f8", "c8", "c16"])
def test_numbers_that_are_not_finite(dtype):
    """NaN and Inf reach the outputs that meet them, as in a plain sum, and no others; 0 · Inf is NaN."""
    data = small_integers(np.random.default_rng(6), 200, dtype)
    data[[20, 90, 93, 150]] = np.nan, np.inf, -np.inf, np.inf
    kernel = np.array([1, 0, 2, -1, 3], dtype)
    with np.errstate(all="ignore"):
        expected = np.convolve(data, kernel, "valid")
    got = summed(data, kernel, (196,), ((1, 1),))
    finite = np.isfinite(expected)
    assert 0 < finite.sum() < 196
    assert np.array_equal(np.isfinite(got), finite)
    assert np.array_equal(got[finite], expected[finite])
    if np.dtype(dtype).kind == "f":
        assert np.array_equal(got, expected, equal_nan=True)


@pytest.mark.parametrize("bits", [4, 12, 20, 30, 45, 61])
def test_integers_of_every_size(bits):
    """Sums that fit in single precision, in double precision, in one int64, and only in several."""
    rng = np.random.default_rng(bits)
    signal = rng.integers(-(2**bits), 2**bits, 300)
    signal[100] = -(2**bits)
    odd = 2 * rng.integers(-(2**9), 2**9, 21) + 1
    for taps in (rng.integers(-3, 4, 21), odd, np.array([2**40 + 1, -(2**40)]), np.array([2**62 // 2**bits, 1])):
        expected = sigconv.convolve(signal.astype(object), taps.astype(object), "same", "direct")
        if max(map(abs, expected)) < 2**63:
            assert sigconv.convolve(signal, taps, "same", "direct").tolist() == expected.tolist()
        if bits == 12:
            assert sigconv.convolve(signal.astype("i2"), taps, "same", "direct").tolist() == expected.tolist()


@pytest.mark.parametrize("make", [
    lambda a: a[::-1], lambda a: a[::2], lambda a: a.T, lambda a: np.broadcast_to(a[:1], a.shape),
    lambda a: a[:, ::-1], lambda a: a[3:, 5:], lambda a: a[..., None][:, :, 0],
])  # fmt: skip
def test_layouts_of_signals_and_results(make):
    """Steps of any size and sign between the samples, and between the results."""
    rng = np.random.default_rng(7)
    signal, kernel = make(small_integers(rng, (70, 90), "f4")), small_integers(rng, (3, 5), "f4")
    expected = sigconv.convolve(signal.astype(object), kernel.astype(object), "valid", "direct")
    assert np.array_equal(sigconv.convolve(signal, kernel, "valid", "direct"), expected)
    out = np.zeros([2 * n for n in expected.shape], "f4")
    for place in (out[::2, ::2], out[: expected.shape[0], : expected.shape[1]][::-1]):
        out[...] = GUARD
        sigconv.convolve(signal, kernel, "valid", "direct", out=place)
        assert np.array_equal(place, expected)
        place[...] = GUARD
        assert (out == GUARD).all()


def test_lines_inside_are_read_in_place():
    """What needs no ghosts, conversion or sorting is not copied."""
    line, image = np.zeros(500, "f4"), np.zeros((50, 501), "f4")
    span = rows.Span(10, 400, 500, "zero")
    assert np.shares_memory(rows.rows_of(line, (span,), 1, 380, line.dtype, 0).samples, line)
    assert np.shares_memory(
        rows.rows_of(image, (rows.Span(3, 50, 50, "wrap"), span), 1, 380, line.dtype, 0).samples, image
    )
    for other, stride in ((span._replace(start=-1), 1), (span, 2)):
        assert not np.shares_memory(rows.rows_of(line, (other,), stride, 380, line.dtype, 0).samples, line)
    assert not np.shares_memory(rows.rows_of(line, (span,), 1, 380, np.dtype("f8"), 0).samples, line)


def test_images_of_bytes_are_converted_tile_by_tile():
    """The working memory of a large uint8 image is that of a few tiles."""
    image, kernel = np.ones((2048, 2048), np.uint8), np.ones((3, 3), np.float32)
    result = sigconv.convolve(image, kernel, "same", "direct", workers=1)
    used = peak_of(sigconv.convolve, image, kernel, "same", "direct", workers=1)
    assert used < result.nbytes + image.nbytes


@pytest.mark.parametrize("dtype", ["u1", "f4", "c16"])
def test_workers_and_places_do_not_change_a_bit(dtype):
    """One worker and two give the same bytes, and so does a plan that is used again."""
    rng = np.random.default_rng(8)
    signal = rng.integers(0, 200, (700, 900)).astype(dtype) / (1 if dtype == "u1" else np.dtype(dtype).type(7))
    kernel = rng.random((7, 9)).astype("f4")
    one, two = (sigconv.convolve(signal, kernel, "same", "direct", workers=n, boundary="reflect") for n in (1, 2))
    assert one.tobytes() == two.tobytes()


def test_compiled_code_belongs_to_its_vectors():
    """A change of a file that they are made of, which Numba's cache does not watch, has the loops compiled anew."""
    sources = b"".join(Path(module.__file__).read_bytes() for module in (simd, watch, by_address))
    assert hashlib.sha256(sources + bytes(watch.WATCHING)).hexdigest().startswith(f"{loops.VERSION:x}".zfill(15))
    nothing = np.zeros(0, np.int64)
    arguments = (
        0,
        nothing,
        0,
        simd.PIECE,
        nothing,
        nothing,
        0,
        0,
        nothing,
        0,
        nothing,
        simd.PIECE,
        simd.PIECE,
        (8, 0, 0, 0),
    )
    assert loops.sum_bands(*arguments) == loops.VERSION
    assert loops._compiled(1)[0](*arguments) == 1


@pytest.mark.parametrize("stride", [1, 3])
def test_narrow_rows_are_read_by_the_piece(stride):
    """Where an output row is less than a piece, every line of the copy is long enough for a whole one."""
    lanes = simd.PIECE // 4
    for width in range(1, lanes):
        reach = stride * (width - 1) + 10
        read = rows.rows_of(
            np.zeros(reach, "f4"), (rows.Span(0, reach, reach, "zero"),), stride, width, np.dtype("f4"), 0
        )
        assert read.samples.size // stride >= 9 // stride + lanes


@pytest.mark.parametrize("stride", [1, 3])
@pytest.mark.parametrize("axis", [0, 1])
@pytest.mark.parametrize("boundary", ["zero", "reflect", "wrap"])
def test_long_lines_are_cut_where_the_signal_ends(boundary, axis, stride):
    """What is read in place and what is copied with its ghosts join in every tile, on small integers."""
    rng = np.random.default_rng(4)
    lines, kernel = rng.integers(-9, 9, (2, 300_007)).astype(float), rng.integers(-9, 9, 61).astype(float)
    padded = np.pad(lines, ((0, 0), (30, 30)), mode="constant" if boundary == "zero" else boundary)
    expected = np.array([np.convolve(line, kernel, "valid")[::stride] for line in padded])
    signal, options = (lines.T, {"axes": 0}) if axis == 0 else (lines, {"axes": 1})
    result = sigconv.convolve(signal, kernel, "same", "direct", boundary=boundary, stride=stride, **options)
    assert np.array_equal(result.T if axis == 0 else result, expected)
    assert sigconv.plan(300_007, 61, method="direct").estimate.settings.tile[0] < 300_007


@pytest.mark.parametrize(
    "array",
    [np.arange(12.0).reshape(3, 4)[1:, 2:], np.arange(5)[::-1], np.zeros(()), np.empty((0, 3)), np.ones(4, "?")[2:]],
    ids=["part", "backwards", "no axis", "empty", "bytes"],
)
def test_addresses_are_those_of_the_first_elements(array):
    """As NumPy says by another way, also where the first element is the last in memory, and where there is none."""
    from sigconv.engines.addresses import address_of

    assert address_of(array) == array.ctypes.data
    array.setflags(write=False)
    assert address_of(array) == array.ctypes.data
