"""Every method × mode × boundary × orientation × dtype × layout, held to the definition.

The parameters iterate over the registry, so a new method is tested without a new test.
"""

from fractions import Fraction
from functools import cache
from itertools import product

import numpy as np
import oracle
import pytest
import strategies
from strategies import BOUNDARIES, DTYPES, LINEAR, MODES, center_of, contains, pairwise, samples

import sigconv

METHODS = sigconv.methods()
SHOWN = 5  # a failing sweep shows its first few cases


# --- helpers ---------------------------------------------------------------------------------------------------------


def options_of(row, fill=None):
    """Build the keywords of a call; a fill value is only an argument of the constant boundary."""
    options = {name: row[name] for name in ("flip", "conjugate", "boundary", "center", "stride", "dilation", "axes")
               if name in row}  # fmt: skip
    if fill is not None and "constant" in np.atleast_1d(options.get("boundary", "zero")):
        options["fill_value"] = fill
    return options


def expected(signal, kernel, mode, method, options):
    """Give the dtype, the exact values and the bound of a call."""
    dtype = oracle.result_dtype(signal.dtype, kernel.dtype, options.get("boundary", "zero"), mode)
    values = oracle.slide(signal, kernel, mode, **options)
    if dtype.kind not in "fc":
        return dtype, values, 0.0
    return dtype, values, oracle.bound(signal, kernel, mode, dtype=dtype, method=method, **options)


def faults(method, signal, kernel, mode="full", **options):
    """Run one call and say everything that is wrong with it: values, dtype, shape, changed inputs."""
    signal, kernel = np.asarray(signal), np.asarray(kernel)
    before = signal.tobytes(), kernel.tobytes()
    got = sigconv.slide(signal, kernel, mode, method, **options)
    dtype, values, limits = expected(signal, kernel, mode, method, options)
    found = oracle.violations(np.asarray(got), values, limits)
    if got.dtype != dtype or not got.dtype.isnative:
        found.append(f"dtype {got.dtype} instead of {dtype}")
    if before != (signal.tobytes(), kernel.tobytes()):
        found.append("an input was changed")
    said = f"{method} {shown(signal)} * {shown(kernel)} {mode} {options}: "
    return [said + found[0] + f" and {len(found) - 1} more" * (len(found) > 1)] if found else []


def shown(array):
    """Describe an operand of a failing case, with its samples where they are few."""
    samples = np.array2string(array, max_line_width=1000, separator=",").replace("\n", "")
    return f"{array.dtype}{array.shape}" + samples * (array.size <= 8)


def check(method, signal, kernel, mode="full", **options):
    """Assert that one call agrees with the definition."""
    found = faults(method, signal, kernel, mode, **options)
    assert not found, "\n".join(found[:SHOWN])


def rng_of(*key):
    """Give a generator that depends on a name alone, so that every method meets the same samples."""
    return np.random.default_rng(list("/".join(map(str, key)).encode()))


# --- one axis, exhaustively ------------------------------------------------------------------------------------------

SIGNAL = np.array([2, -3, 5, 7, -11])
KERNEL = np.array([1, 4, -2, 3, 6, -5, 8])


def sweep(mode):
    """List every length, orientation, centre, stride and dilation of one axis."""
    centers = (lambda m: (None, *range(m))) if mode == "same" else (lambda m: (None,))
    for n, m, flip, stride, dilation in product(range(1, 6), range(1, 8), (True, False), (1, 2, 3), (1, 2)):
        for center in centers(m):
            yield n, m, {"flip": flip, "stride": stride, "dilation": dilation, "center": center}


@cache
def swept(mode, boundary):
    """Give the sweep with its exact results, made once for all methods."""
    kernel = np.abs(KERNEL) if boundary == "renormalize" else KERNEL
    fill = {"fill_value": -4} if boundary == "constant" else {}
    cases = []
    for n, m, options in sweep(mode):
        options = {**options, "boundary": boundary, **fill}
        cases.append((SIGNAL[:n], kernel[:m], options, oracle.slide(SIGNAL[:n], kernel[:m], mode, **options)))
    return cases


@pytest.mark.parametrize("boundary", LINEAR)
@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("method", METHODS)
def test_every_window_exactly(method, mode, boundary):
    """Integers come out exactly for all 35 pairs of lengths, with every orientation, centre, stride and dilation."""
    wrong = []
    for signal, kernel, options, values in swept(mode, boundary):
        got = sigconv.slide(signal, kernel, mode, method, **options)
        if got.tolist() != values.tolist() or got.dtype != np.int64:
            wrong.append(f"{signal} {kernel} {options}: {got!r} instead of {values.tolist()}")
    assert not wrong, f"{len(wrong)} wrong:\n" + "\n".join(wrong[:SHOWN])


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("method", METHODS)
def test_every_renormalised_window(method, mode):
    """The renormalised sums stay within their bound for the same sweep (every third case)."""
    wrong = []
    for signal, kernel, options, values in swept(mode, "renormalize")[::3]:
        got = sigconv.slide(signal, kernel, mode, method, **options)
        limits = oracle.bound(signal, kernel, mode, dtype=float, method=method, **options)
        found = oracle.violations(got, values, limits)
        wrong += [f"{signal} {kernel} {options}: {text}" for text in found]
    assert not wrong, f"{len(wrong)} wrong:\n" + "\n".join(wrong[:SHOWN])


@pytest.mark.parametrize("method", METHODS)
def test_no_number_where_the_taps_in_range_vanish(method):
    """A partial sum of zero gives NaN, with no warning, and leaves the other outputs alone."""
    check(method, np.array([1.0, 2, 3, 4]), np.array([1.0, -1, 2]), "same", flip=True, boundary="renormalize")
    check(method, [5], [1, 1], flip=True, boundary="renormalize", dilation=2)


# --- one axis, every dtype -------------------------------------------------------------------------------------------

ROWS = pairwise(
    {
        "kernel_dtype": DTYPES,
        "m": range(1, 8),
        "n": range(1, 6),
        "boundary": BOUNDARIES,
        "mode": MODES,
        "place": (None, "first", "middle", "last"),
        "stride": (1, 2, 3),
        "dilation": (1, 2),
        "flip": (True, False),
        "conjugate": (True, False),
    }
)


def row_faults(method, dtype, row):
    """Run one row of the coverage with a signal of some dtype."""
    rng = rng_of("row", dtype, *row.values())
    positive = row["boundary"] == "renormalize"
    signal, kernel = samples(rng, dtype, row["n"]), samples(rng, row["kernel_dtype"], row["m"], positive)
    center = center_of(row["place"], row["m"]) if row["mode"] == "same" else None
    options = options_of({**row, "center": center}, strategies.fill_for(dtype))
    return faults(method, signal, kernel, row["mode"], **options)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("method", METHODS)
def test_every_dtype(method, dtype):
    """Every pair of dtypes, with every pair of options covered, is within the bound and has the dtype promised."""
    found = [text for row in ROWS for text in row_faults(method, dtype, row)]
    assert not found, f"{len(found)} wrong:\n" + "\n".join(found[:SHOWN])


@pytest.mark.full
@pytest.mark.parametrize("boundary", BOUNDARIES)
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("method", METHODS)
def test_every_dtype_in_every_window(method, dtype, boundary):
    """The long run: the whole sweep in every dtype."""
    fill = strategies.fill_for(dtype)
    for mode in MODES:
        for n, m, options in sweep(mode):
            rng = rng_of("sweep", dtype, n, m)
            kernel = samples(rng, dtype, m, positive=boundary == "renormalize")
            options = options_of({**options, "boundary": boundary}, fill)
            check(method, samples(rng, dtype, n), kernel, mode, **options)


# --- two and three axes ----------------------------------------------------------------------------------------------

SIZES_2D = [  # signal, kernel, dilation
    ((1, 1), (1, 1), (1, 1)),
    ((4, 3), (2, 3), (1, 1)),
    ((3, 4), (2, 2), (2, 1)),
    ((4, 4), (3, 2), (1, 3)),
    ((5, 2), (4, 1), (1, 2)),
    ((2, 3), (4, 3), (1, 1)),
    ((1, 4), (3, 4), (2, 1)),
    ((2, 2), (2, 3), (2, 2)),
    ((4, 1), (1, 5), (1, 1)),  # neither contains the other
    ((2, 4), (3, 2), (1, 1)),
]
SIZES_3D = [
    ((2, 3, 2), (2, 2, 1), (1, 1, 1)),
    ((3, 1, 4), (2, 1, 2), (1, 2, 3)),
    ((3, 3, 3), (2, 2, 2), (2, 1, 2)),
    ((1, 2, 2), (2, 2, 3), (1, 1, 1)),
    ((2, 1, 3), (2, 2, 2), (1, 2, 2)),
    ((2, 3, 1), (1, 2, 2), (1, 1, 1)),  # neither contains the other
]


def possible(row):
    """Leave out `valid` where neither operand contains the other."""
    return not (row.get("mode") == "valid" and "sizes" in row and not contains(*row["sizes"]))


def rows_of(sizes):
    """Cover all pairs of the options of several axes."""
    ndim = len(sizes[0][0])
    per_axis = {f"boundary{i}": BOUNDARIES for i in range(ndim)}
    strides = {f"stride{i}": (1, 2, 3) for i in range(ndim)}
    shared = {"sizes": sizes, "mode": MODES, "flip": (True, False), "conjugate": (True, False)}
    others = {"place": (None, "first", "second", "last"), "dtype": ("int32", "float64", "complex64")}
    rows = pairwise({**per_axis, **shared, **strides, **others}, possible)
    return [{**row, "ndim": ndim} for row in rows]


def collect(row, name):
    """Gather an option's entries for all axes."""
    return tuple(row[f"{name}{i}"] for i in range(row["ndim"]))


@pytest.mark.parametrize("row", rows_of(SIZES_2D) + rows_of(SIZES_3D), ids=lambda row: f"{row['ndim']}d")
@pytest.mark.parametrize("method", METHODS)
def test_more_axes(method, row):
    """Each pair of options of two and of three axes is met, mixed boundaries and their corners among them."""
    rng = rng_of("axes", *row.values())
    shape, kernel_shape, dilation = row["sizes"]
    boundary = collect(row, "boundary")
    center = tuple(center_of(row["place"], m) for m in kernel_shape)
    options = options_of(
        {**row, "boundary": boundary, "stride": collect(row, "stride"), "dilation": dilation}
        | {"center": center if row["mode"] == "same" and row["place"] else None},
        strategies.fill_for(row["dtype"]),
    )
    kernel = samples(rng, row["dtype"], kernel_shape, positive="renormalize" in boundary)
    check(method, samples(rng, row["dtype"], shape), kernel, row["mode"], **options)


BROADCASTS = [  # signal shape, kernel shape, axes
    ((3, 4), (2,), -1),  # one kernel for all rows
    ((3, 4), (2,), 0),  # one kernel for all columns
    ((2, 4), (2, 3), 1),  # a kernel for each channel
    ((2, 4), (3, 1, 2), -1),  # a bank
    ((4,), (3, 2), -1),  # a bank on one signal
    ((1, 4), (3, 2), 1),  # the signal is repeated too
    ((2, 3, 4), (2, 3), (1, 2)),  # one image kernel for a stack
    ((2, 3, 4), (2, 3), (2, 1)),  # named in the other order
    ((2, 3, 4), (2, 2), (0, 2)),  # the middle axis is the batch
    ((2, 3, 4), (2, 2), (-1, 0)),
    ((3, 2, 2), (1, 3, 1), 1),  # a kernel with all axes
    ((2, 3, 4), (3, 1, 2), (0, 2)),
    ((2, 2, 3), (2, 2, 1, 2, 2), (-2, -1)),  # a bank of image kernels
    ((2, 2, 3), (2,), (1,)),
    ((3, 2), (2, 2), (1, 0)),  # all axes, in the other order
]
CROSSWISE = [((2, 3, 4), (3, 1, 2), (0, 2))]  # neither contains the other


def broadcast_cases():
    """Pair every kind of broadcasting with the options."""
    parameters = {"shapes": BROADCASTS, "mode": MODES, "boundary": BOUNDARIES, "stride": (1, 2), "flip": (True, False)}
    parameters |= {"dtype": ("int64", "float32", "complex128")}
    return pairwise(parameters, lambda row: row.get("mode") != "valid" or row.get("shapes") not in CROSSWISE)


@pytest.mark.parametrize("row", broadcast_cases(), ids=lambda row: "-".join(map(str, row["shapes"])).replace(" ", ""))
@pytest.mark.parametrize("method", METHODS)
def test_axes_and_broadcasting(method, row):
    """Axes that are not convolved broadcast as NumPy's do, in any position."""
    rng = rng_of("broadcast", *row.values())
    shape, kernel_shape, axes = row["shapes"]
    kernel = samples(rng, row["dtype"], kernel_shape, positive=row["boundary"] == "renormalize")
    options = options_of({**row, "axes": axes}, strategies.fill_for(row["dtype"]))
    check(method, samples(rng, row["dtype"], shape), kernel, row["mode"], **options)


@pytest.mark.parametrize("method", METHODS)
def test_options_pair_with_axes_in_the_order_given(method):
    """With axes=(-1, 0), the first entry of each tuple belongs to the last axis."""
    rng = rng_of("order")
    signal, kernel = samples(rng, "int64", (5, 2, 4)), samples(rng, "int64", (3, 2))
    options = {"axes": (-1, 0), "boundary": ("wrap", "edge"), "stride": (1, 2), "dilation": (2, 1), "center": (1, 2)}
    check(method, signal, kernel, "same", flip=False, **options)


@pytest.mark.parametrize("method", [*METHODS, "auto"])
@pytest.mark.parametrize("dtype", ["uint8", "float32", "complex128"])
def test_no_kernels_at_all(dtype, method):
    """A bank without a kernel gives an empty result, also where kernels of several axes are looked at."""
    for shape, axes in (((3, 1), (1, 2)), ((30, 50), (1, 2)), ((50,), (1,))):
        kernels = np.empty((0, *(40 if n > 1 else 1 for n in shape)), dtype)
        for boundary in ("zero", "renormalize"):
            result = sigconv.convolve(np.ones((1, *shape), "f"), kernels, "same", method, axes=axes, boundary=boundary)
            assert result.shape == (0, *shape)


@pytest.mark.parametrize("method", METHODS)
def test_empty_batch(method):
    """A batch of nothing gives an empty result of the right shape and dtype."""
    got = sigconv.convolve(np.ones((0, 4), np.float32), np.ones(3, np.float32), "full", method, axes=1)
    assert got.shape == (0, 6)
    assert got.dtype == np.float32


@pytest.mark.parametrize("method", [*METHODS, "auto"])
def test_an_empty_batch_with_componentwise_accuracy(method):
    """Nothing is checked where nothing is computed."""
    signal, kernel = np.ones((0, 1, 5), np.float32), np.ones((3, 8), np.float32)
    result = sigconv.convolve(signal, kernel, "full", method, axes=(1, 2), accuracy="componentwise")
    assert result.shape == (0, 3, 12)


@pytest.mark.parametrize("method", [*METHODS, "auto"])
def test_the_holes_of_one_tap_are_none(method):
    """A dilation says how far taps are apart, and one tap is alone."""
    signal, kernel = np.arange(40), np.array([45], np.int16)
    result = sigconv.slide(signal, kernel, "full", method, flip=False, dilation=2**70)
    assert result.tolist() == (45 * signal).tolist()


# --- the two operators -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("method", METHODS)
def test_convolve_and_correlate_are_slides(method, mode):
    """`convolve` flips, `correlate` conjugates, and `slide` says both."""
    rng = rng_of("operators")
    signal, kernel = samples(rng, "complex128", 5), samples(rng, "complex128", 4)
    flipped = sigconv.slide(signal, kernel, mode, method, flip=True, boundary="edge")
    assert sigconv.convolve(signal, kernel, mode, method, boundary="edge").tobytes() == flipped.tobytes()
    conjugated = sigconv.slide(signal, kernel, mode, method, flip=False, conjugate=True, boundary="wrap")
    assert sigconv.correlate(signal, kernel, mode, method, boundary="wrap").tobytes() == conjugated.tobytes()


# --- objects, scalars, layouts ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("boundary", LINEAR)
@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("method", ["direct", "auto"])
def test_objects(method, mode, boundary):
    """Python ints of any size and Fractions are summed as they are."""
    signal = np.array([10**30, -3, Fraction(1, 3), 2**70, 5], object)
    kernel = np.array([Fraction(2, 7), 10**25, -1], object)
    fill = {"fill_value": Fraction(1, 2)} if boundary == "constant" else {}
    options = {"boundary": boundary, "stride": 2, "dilation": 2, **fill}
    got = sigconv.convolve(signal, kernel, mode, method, **options)
    assert got.dtype == object
    assert got.tolist() == oracle.convolve(signal, kernel, mode, **options).tolist()


def test_objects_meet_no_silent_ghosts():
    """A tap is multiplied with samples only: Python's numbers are slow, and most ghosts of a long kernel are zeros."""
    products = []

    class Tap(Fraction):
        def __mul__(self, samples):
            products.append(np.size(samples))
            return Fraction(self) * samples

    signal, kernel = np.array([[1, 2], [3, 4]]), np.arange(1, 81).reshape(8, 10)
    got = sigconv.convolve(signal, np.array([[Tap(int(tap)) for tap in row] for row in kernel], object))
    assert got.tolist() == sigconv.convolve(signal, kernel).tolist()
    assert sum(products) == signal.size * kernel.size


@pytest.mark.parametrize("method", [name for name in METHODS if name != "direct"])
def test_objects_have_no_transform(method):
    """Only direct sums take objects; a forced transform says so."""
    with pytest.raises(sigconv.SigconvError, match="object"):
        sigconv.convolve(np.array([1, 2], object), np.array([3], object), "full", method)


@pytest.mark.parametrize("method", METHODS)
def test_lists_and_scalars(method):
    """What numpy.asarray takes is taken."""
    assert sigconv.convolve([1, 2], (3, 4), "full", method).tolist() == [3, 10, 8]
    assert sigconv.convolve([[True]], [[False]], "full", method).dtype == np.int64
    product_of_two = sigconv.convolve(3, 4, "full", method)
    assert np.ndim(product_of_two) == 0
    assert product_of_two == 12
    assert sigconv.correlate(np.complex64(2), np.complex64(1j), "same", method) == -2j


LAYOUTS = {
    "read-only": lambda a: read_only(a.copy()),
    "strided": lambda a: spaced_out(a),
    "backwards": lambda a: a[::-1, ::-1].copy()[::-1, ::-1],
    "byte-swapped": lambda a: a.astype(a.dtype.newbyteorder("S")),
    "Fortran": np.asfortranarray,
    "transposed": lambda a: np.ascontiguousarray(a.T).T,
    "unaligned": lambda a: unaligned(a),
    "zero stride": lambda a: np.broadcast_to(a[:1], a.shape),
}


def read_only(array):
    """Forbid writing."""
    array.setflags(write=False)
    return array


def spaced_out(array):
    """Leave gaps between the samples."""
    wide = np.zeros([2 * n for n in array.shape], array.dtype)
    wide[::2, 1::2] = array
    return wide[::2, 1::2]


def unaligned(array):
    """Start one byte off the alignment."""
    raw = np.zeros(array.nbytes + 1, np.uint8)
    shifted = raw[1:].view(array.dtype).reshape(array.shape)
    shifted[...] = array
    return shifted


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("dtype", ["int16", "float16", "float64", "complex64", "longdouble"])
@pytest.mark.parametrize("method", METHODS)
def test_layouts(method, dtype, layout):
    """The memory layout of the operands makes no difference."""
    rng = rng_of("layout", dtype)
    signal, kernel = (LAYOUTS[layout](samples(rng, dtype, shape)) for shape in [(5, 4), (3, 2)])
    check(method, signal, kernel, "same", flip=True, boundary="reflect")


@pytest.mark.parametrize("boundary", BOUNDARIES)
@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("method", METHODS)
def test_wide_boundaries(method, mode, boundary):
    """Twenty-one taps on five samples read ghosts four signals away."""
    rng = rng_of("wide")
    signal, kernel = samples(rng, "float64", 5), samples(rng, "float64", 21, positive=True)
    options = options_of({"boundary": boundary}, -1.5)
    check(method, signal, kernel, mode, flip=True, **options)
    check(method, np.arange(5), np.arange(1, 22), mode, flip=False, **options_of({"boundary": boundary}, -3))


# --- larger sizes, where blocks are really blocks --------------------------------------------------------------------

LARGE = [  # signal, kernel, axes
    ((3000,), (300,), None),
    ((20_011,), (50,), None),
    ((300,), (3000,), None),
    ((200, 200), (31, 31), None),
    ((30, 1201), (5, 40), None),
    ((24, 20, 17), (5, 3, 6), None),
    ((7, 1501), (64,), 1),
    ((1501, 5), (64,), 0),
    ((2, 900), (3, 1, 33), -1),
]


@cache
def large_operands(shape, kernel_shape, seed=0):
    """Draw integers whose sums of products are exact in float64 and whose kernel sums are positive."""
    rng = np.random.default_rng(seed)
    return read_only(rng.integers(-100, 101, shape)), read_only(rng.integers(1, 51, kernel_shape))


def outputs_sample(shape, seed=0, count=24):
    """Choose some outputs, the first and the last among them."""
    rng = np.random.default_rng(seed)
    inner = [tuple(int(rng.integers(length)) for length in shape) for _ in range(count - 2)]
    return [(0,) * len(shape), *inner, tuple(length - 1 for length in shape)]


def large_faults(method, signal, kernel, mode, axes, dtype=None, **options):
    """Compare a seeded sample of the outputs with the definition, batch by batch; integers may stand for floats."""
    operands = [a if dtype is None else a.astype(dtype) for a in (signal, kernel)]
    got = np.asarray(sigconv.slide(*operands, mode, method, axes=axes, **options))
    case = oracle.setting(signal, kernel, mode, axes=axes, **options)
    lengths = tuple(len(axis.window) for axis in case.space)
    space = tuple(axis % got.ndim for axis in (range(got.ndim) if axes is None else np.atleast_1d(axes)))
    rows = np.moveaxis(got, space, range(got.ndim - len(space), got.ndim)).reshape(*case.batch, *lengths)
    only = outputs_sample(lengths, count=20 if got.ndim == 1 else 12)
    picked = rows[(..., *(np.array(index) for index in zip(*only, strict=True)))]
    values = oracle.slide(signal, kernel, mode, axes=axes, only=only, **options)
    if got.dtype.kind not in "fc":
        return oracle.violations(picked, values)
    limits = oracle.bound(signal, kernel, mode, dtype=got.dtype, method=method, axes=axes, only=only, **options)
    return oracle.violations(picked, values, limits)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("turn", range(len(LARGE)))
@pytest.mark.parametrize("method", METHODS)
def test_large(method, turn, mode):
    """Sizes that need several blocks, on a seeded sample of the outputs; boundaries and dtypes take turns."""
    shape, kernel_shape, axes = LARGE[turn]
    turn += 2 * MODES.index(mode)
    signal, kernel = large_operands(shape, kernel_shape)
    dtype = ("int64", "float64", "float32", "complex64")[turn % 4]
    options = {"flip": turn % 2 == 0, "boundary": BOUNDARIES[turn % 7]}
    assert not large_faults(method, signal, kernel, mode, axes, dtype, **options)


@pytest.mark.parametrize("boundary", LINEAR)
@pytest.mark.parametrize("method", METHODS)
def test_large_sums_all_outputs(method, boundary):
    """Every output of 3,000 samples with 300 taps, against the padded signal summed in int64."""
    signal, kernel = large_operands((3000,), (300,))
    mode = "constant" if boundary == "zero" else boundary
    padded = np.pad(signal, 299, mode=mode)
    got = sigconv.convolve(signal, kernel, "full", method, boundary=boundary)
    np.testing.assert_array_equal(got, np.convolve(padded, kernel, "valid"))


@pytest.mark.parametrize("options", [{"stride": 7}, {"dilation": 5}, {"stride": (3, 1), "dilation": (1, 4)}])
@pytest.mark.parametrize("method", METHODS)
def test_large_with_stride_and_dilation(method, options):
    """Blocks keep the step of the outputs and the holes of the kernel."""
    two = isinstance(next(iter(options.values())), tuple)
    signal, kernel = large_operands((90, 110) if two else (4001,), (9, 7) if two else (120,))
    for mode in MODES:
        assert not large_faults(method, signal, kernel, mode, None, flip=False, boundary="symmetric", **options)


LARGEST = [  # so many products that direct sums are worth compiled loops, where there are any
    ((60_000,), (200,), None, {"boundary": "edge"}),
    ((60_001,), (500,), None, {"boundary": "wrap", "stride": 5, "dilation": 3}),
    ((150, 161), (24, 17), None, {"boundary": ("zero", "reflect"), "stride": (1, 2), "dilation": (2, 1)}),
    ((140, 150), (30, 21), None, {"boundary": ("constant", "zero"), "fill_value": 7, "stride": (3, 2)}),
    ((8, 4000), (3, 1, 60), -1, {"boundary": "symmetric"}),
    ((4000, 6), (200,), 0, {"boundary": "renormalize", "stride": 2}),
    ((50, 40, 30), (6, 5, 4), None, {"boundary": ("wrap", "edge", "zero"), "dilation": (1, 2, 3)}),
]


@pytest.mark.parametrize("turn", range(len(LARGEST)))
@pytest.mark.parametrize("method", METHODS)
def test_largest(method, turn):
    """Millions of products, whichever loop or engine sums them; modes, orientations and dtypes take turns."""
    shape, kernel_shape, axes, options = LARGEST[turn]
    signal, kernel = large_operands(shape, kernel_shape)
    for mode, place in (("full", turn), ("same", turn + 2)):
        dtype = ("int64", "float64", "float32", "complex64", "complex128")[place % 5]
        assert not large_faults(method, signal, kernel, mode, axes, dtype, flip=turn % 2 == 0, **options)


@pytest.mark.parametrize("method", METHODS)
def test_largest_of_wide_integers(method):
    """The same where single products need more than one limb."""
    rng = rng_of("wide integers")
    signal, kernel = rng.integers(-(2**40), 2**40, 50_000), rng.integers(-(2**13), 2**13, 201)
    for options in ({}, {"stride": 2, "boundary": "reflect"}, {"dilation": 2}):
        assert not large_faults(method, signal, kernel, "same", None, flip=True, **options)


@pytest.mark.parametrize("method", METHODS)
def test_large_samples_of_every_precision(method):
    """Full mantissas, in every precision, over several blocks."""
    for dtype in strategies.FLOATS + strategies.COMPLEX:
        rng = rng_of("precision", dtype)
        signal, kernel = samples(rng, dtype, 1201), samples(rng, dtype, 40)
        assert not large_faults(method, signal, kernel, "same", None, flip=True, boundary="wrap"), dtype


# --- out, workers, memory --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("make", [np.zeros, lambda shape: np.zeros(shape[::-1]).T, lambda shape: np.zeros(shape, ">f4"),
                                  lambda shape: np.zeros(shape, complex)[::-1]])  # fmt: skip
@pytest.mark.parametrize("method", METHODS)
def test_out(method, make):
    """The result is written into `out`, of any layout, cast by same_kind, and `out` is returned."""
    rng = rng_of("out")
    signal, kernel = samples(rng, "float64", (6, 5)), samples(rng, "float64", (2, 3))
    out = make((7, 7))
    assert sigconv.convolve(signal, kernel, "full", method, out=out) is out
    np.testing.assert_array_equal(out, sigconv.convolve(signal, kernel, "full", method).astype(out.dtype))


@pytest.mark.parametrize("boundary", ["zero", "wrap", "renormalize"])
@pytest.mark.parametrize("shift", [-2, 0, 3])
@pytest.mark.parametrize("n", [12, 200_000])
@pytest.mark.parametrize("method", METHODS)
def test_out_may_overlap_the_signal(method, n, shift, boundary):
    """A result written over the signal is the one of a copied signal."""
    rng = rng_of("overlap", n)
    buffer, kernel = samples(rng, "float64", n + 10), samples(rng, "float64", 5, positive=True)
    signal, out = buffer[5 : 5 + n], buffer[5 + shift : 5 + shift + n]
    alone = sigconv.convolve(signal.copy(), kernel, "same", method, boundary=boundary)
    sigconv.convolve(signal, kernel, "same", method, boundary=boundary, out=out)
    assert out.tobytes() == alone.tobytes()


@pytest.mark.parametrize("m", [7, 100_000])
@pytest.mark.parametrize("method", METHODS)
def test_out_may_overlap_the_kernel(method, m):
    """Nor does it matter when the result covers the kernel, tile after tile."""
    kernel = np.arange(1, m + 1) % 1009
    alone = sigconv.convolve([2, -1, 5], kernel.copy(), "valid", method)
    got = sigconv.convolve([2, -1, 5], kernel, "valid", method, out=kernel[1 : m - 1])
    assert got.tolist() == alone.tolist() == kernel[1 : m - 1].tolist()


@pytest.mark.parametrize("method", METHODS)
def test_out_of_exact_integers(method):
    """Integers may be written into floats, which is a same_kind cast."""
    out = np.zeros(3)
    assert sigconv.convolve([1, 2], [3, 4], "full", method, out=out).tolist() == [3, 10, 8]


@pytest.mark.parametrize("dtype", ["int32", "float32", "complex128"])
@pytest.mark.parametrize(("shape", "kernel_shape", "axes"), [LARGE[1], LARGE[3], LARGE[5], LARGE[6]])
@pytest.mark.parametrize("method", METHODS)
def test_workers_do_not_change_a_bit(method, shape, kernel_shape, axes, dtype):
    """One worker and two give the same bytes."""
    rng = rng_of("workers", shape, dtype)
    signal, kernel = samples(rng, dtype, shape), samples(rng, dtype, kernel_shape)
    one, two, three = (
        sigconv.convolve(signal, kernel, "same", method, axes=axes, boundary="edge", workers=workers)
        for workers in (1, 2, None)
    )
    assert one.tobytes() == two.tobytes() == three.tobytes()


@pytest.mark.parametrize("method", [name for name in METHODS if name != "direct"])
def test_max_bytes_refuses_before_any_work(method):
    """A limit that nothing meets is an error that says how much is needed."""
    vast = np.broadcast_to(np.float64(0), (1 << 24, 1 << 22))
    with pytest.raises(sigconv.ArgumentValueError, match=r"\d{9}.*max_bytes.*1000"):
        sigconv.convolve(vast, vast[:1000, :1000], "full", method, max_bytes=1000)


@pytest.mark.parametrize("method", METHODS)
def test_max_bytes_that_is_enough_changes_nothing(method):
    """A generous limit leaves the result as it is."""
    signal, kernel = large_operands((200, 200), (31, 31))
    free = sigconv.convolve(signal, kernel, "same", method)
    limited = sigconv.convolve(signal, kernel, "same", method, max_bytes=1 << 33)
    assert free.tobytes() == limited.tobytes()
