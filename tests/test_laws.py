"""The algebra of the two operators, for every method: exactly on integers, within the bound on complex numbers."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import oracle
import pytest
import strategies
from hypothesis import given
from hypothesis import strategies as st
from strategies import BOUNDARIES, LINEAR, MODES, contains, integer_arrays, pairwise, problems, shapes, signals

import sigconv

METHODS = sigconv.methods()
PAD_MODES = {name: "constant" if name == "zero" else name for name in LINEAR}

every_method = pytest.mark.parametrize("method", METHODS)


def equal(got, wanted):
    """Compare two integer results, shape included."""
    assert np.asarray(got).tolist() == np.asarray(wanted).tolist()


def reversed_on_all_axes(array):
    """Read an array backwards on each axis."""
    return np.flip(array)


# --- convolution as a product ----------------------------------------------------------------------------------------


@every_method
@given(problem=problems(["zero"]), data=st.data())
def test_commutativity(method, problem, data):
    """f ∗ g = g ∗ f, in full and where one contains the other."""
    f, g = data.draw(integer_arrays(problem["shape"])), data.draw(integer_arrays(problem["kernel_shape"]))
    modes = ["full", "valid"] if contains(f.shape, g.shape, (1,) * f.ndim) else ["full"]
    for mode in modes:
        equal(sigconv.convolve(f, g, mode, method), sigconv.convolve(g, f, mode, method))


@every_method
@given(f=signals(), g=signals(), h=signals())
def test_associativity(method, f, g, h):
    """(f ∗ g) ∗ h = f ∗ (g ∗ h)."""
    left = sigconv.convolve(sigconv.convolve(f, g, "full", method), h, "full", method)
    equal(left, sigconv.convolve(f, sigconv.convolve(g, h, "full", method), "full", method))


@every_method
@given(problem=problems(LINEAR), data=st.data(), a=st.integers(-5, 5), b=st.integers(-5, 5))
def test_linearity_in_the_signal(method, problem, data, a, b):
    """Slide(a f + b g) = a slide(f) + b slide(g) under every boundary that is made of the signal's samples."""
    f, g = (data.draw(integer_arrays(problem["shape"])) for _ in range(2))
    kernel = data.draw(integer_arrays(problem["kernel_shape"]))
    slid = [sigconv.slide(x, kernel, problem["mode"], method, **problem["options"]) for x in (a * f + b * g, f, g)]
    equal(slid[0], a * slid[1] + b * slid[2])


@every_method
@given(problem=problems(LINEAR), data=st.data(), a=st.integers(-5, 5), b=st.integers(-5, 5))
def test_linearity_in_the_kernel(method, problem, data, a, b):
    """The same holds for the kernel, whatever the boundary."""
    f, g = (data.draw(integer_arrays(problem["kernel_shape"])) for _ in range(2))
    signal = data.draw(integer_arrays(problem["shape"]))
    slid = [sigconv.slide(signal, h, problem["mode"], method, **problem["options"]) for h in (a * f + b * g, f, g)]
    equal(slid[0], a * slid[1] + b * slid[2])


@every_method
@given(f=signals(), g=signals(), before=st.integers(0, 5), after=st.integers(0, 5))
def test_shift(method, f, g, before, after):
    """Zeros around the signal are zeros around the result."""
    shifted = sigconv.convolve(np.pad(f, (before, after)), g, "full", method)
    equal(shifted, np.pad(sigconv.convolve(f, g, "full", method), (before, after)))


@every_method
@given(f=signals(), g=signals(), shift=st.integers(-7, 7), flip=st.booleans())
def test_circular_shift(method, f, g, shift, flip):
    """A rolled signal gives the rolled result under the wrap boundary."""
    rolled = sigconv.slide(np.roll(f, shift), g, "same", method, flip=flip, boundary="wrap")
    equal(rolled, np.roll(sigconv.slide(f, g, "same", method, flip=flip, boundary="wrap"), shift))


@every_method
@given(problem=problems(BOUNDARIES), data=st.data())
def test_identity(method, problem, data):
    """A unit tap on the centre gives the signal back, under every boundary."""
    signal = data.draw(integer_arrays(problem["shape"]))
    center = tuple(data.draw(st.integers(0, m - 1)) for m in problem["kernel_shape"])
    delta = np.zeros(problem["kernel_shape"], np.int64)
    delta[center] = 1
    options = {**problem["options"], "stride": 1, "center": center}
    if "renormalize" in options["boundary"]:  # a float result: the factor is 1/1, but a transform rounds
        got = sigconv.slide(signal, delta, "same", method, **options)
        limits = oracle.bound(signal, delta, "same", dtype=float, method=method, **options)
        assert not oracle.violations(got, oracle.exact(signal), limits)
    else:
        equal(sigconv.slide(signal, delta, "same", method, **options), signal)


@every_method
@given(f=signals(), g=signals())
def test_convolution_theorem(method, f, g):
    """`same` with tap 0 on output i and the wrap boundary is the product of the discrete Fourier transforms."""
    n = len(f)
    folded = np.bincount(np.arange(len(g)) % n, g, n)  # what lies n taps further meets the same sample
    product_of_transforms = np.fft.ifft(np.fft.fft(f) * np.fft.fft(folded)).real.round().astype(int)
    equal(sigconv.convolve(f, g, "same", method, boundary="wrap", center=0), product_of_transforms)


# --- correlation -----------------------------------------------------------------------------------------------------


def complex_arrays(shape):
    """Draw Gaussian integers as complex128."""
    return st.tuples(integer_arrays(shape), integer_arrays(shape)).map(lambda parts: parts[0] + 1j * parts[1])


@every_method
@given(problem=problems(LINEAR), data=st.data())
def test_duality(method, problem, data):
    """Correlation is convolution with the reversed and conjugated kernel, to the bit."""
    signal = data.draw(complex_arrays(problem["shape"]))
    kernel = data.draw(complex_arrays(problem["kernel_shape"]))
    options = {name: problem["options"][name] for name in ("boundary", "stride", "dilation")}
    if problem["mode"] == "same":
        options["center"] = tuple(data.draw(st.integers(0, m - 1)) for m in kernel.shape)
    correlated = sigconv.correlate(signal, kernel, problem["mode"], method, **options)
    if "center" in options:  # the same tap has another index in the reversed kernel
        options["center"] = tuple(m - 1 - c for m, c in zip(kernel.shape, options["center"], strict=True))
    turned = reversed_on_all_axes(kernel).conj()
    slid = sigconv.slide(signal, turned, problem["mode"], method, flip=True, **options)
    assert correlated.tobytes() == slid.tobytes()


@every_method
@given(data=st.data(), n=st.integers(1, 7), m=st.integers(1, 7))
def test_mirror_law(method, data, n, m):
    """corr(f, g)[k] = conj(corr(g, f)[−k]), lag by lag."""
    f, g = data.draw(complex_arrays(n)), data.draw(complex_arrays(m))
    there = dict(zip(sigconv.lags(n, m), sigconv.correlate(f, g, "full", method), strict=True))
    back = dict(zip(sigconv.lags(m, n), sigconv.correlate(g, f, "full", method), strict=True))
    limits = oracle.bound(f, g, flip=False, dtype=complex, method=method)
    for (lag, value), limit in zip(there.items(), limits, strict=True):
        assert abs(value - back[-lag].conj()) <= 2 * limit  # each side is within its bound of the same number


@given(data=st.data(), mode=st.sampled_from(MODES), stride=st.integers(1, 3), dilation=st.integers(1, 3))
def test_lags(data, mode, stride, dilation):
    """An event at sample p under tap q shows at lag p − d q, in every mode."""
    n, m = data.draw(st.integers(1, 7)), data.draw(st.integers(1, 5))
    p, q = data.draw(st.integers(0, n - 1)), data.draw(st.integers(0, m - 1))
    center = data.draw(st.none() | st.integers(0, m - 1)) if mode == "same" else None
    options = {"center": center, "stride": stride, "dilation": dilation}
    found = sigconv.correlate(np.eye(n, dtype=int)[p], np.eye(m, dtype=int)[q], mode, "direct", **options)
    lags = list(sigconv.lags(n, m, mode, **options))
    assert len(lags) == len(found)
    equal(
        [lag for lag, value in zip(lags, found, strict=True) if value], [lag for lag in lags if lag == p - dilation * q]
    )


def test_lags_by_hand():
    """Four samples under three taps: lags −2 … 3, of which `same` keeps four and `valid` two."""
    assert list(sigconv.lags(4, 3)) == [-2, -1, 0, 1, 2, 3]
    assert list(sigconv.lags(4, 3, "same")) == [-1, 0, 1, 2]
    assert list(sigconv.lags(4, 3, "valid")) == [0, 1]
    assert list(sigconv.lags(2, 4, "valid")) == [-2, -1, 0]
    assert list(sigconv.lags(5, 2, "same")) == [-1, 0, 1, 2, 3]  # scipy's correlation_lags is off by one here
    assert list(sigconv.lags(4, 3, "same", center=0)) == [0, 1, 2, 3]
    assert list(sigconv.lags(4, 3, stride=2, dilation=2)) == [-4, -2, 0, 2]


# --- boundaries and axes ---------------------------------------------------------------------------------------------


def padded(signal, boundary, widths, fill):
    """Write the ghosts out, axis by axis, by successive calls of numpy.pad."""
    for axis, (rule, width) in enumerate(zip(boundary, widths, strict=True)):
        pads = [(width, width) if i == axis else (0, 0) for i in range(signal.ndim)]
        value = {"constant_values": fill if rule == "constant" else 0} if PAD_MODES[rule] == "constant" else {}
        signal = np.pad(signal, pads, mode=PAD_MODES[rule], **value)
    return signal


@every_method
@given(problem=problems(LINEAR), data=st.data())
def test_boundary_is_a_padded_signal(method, problem, data):
    """Every boundary gives what `valid` gives on the signal with its ghosts written out."""
    signal = data.draw(integer_arrays(problem["shape"]))
    kernel = data.draw(integer_arrays(problem["kernel_shape"]))
    flip, boundary, dilation = (problem["options"][name] for name in ("flip", "boundary", "dilation"))
    reach = [d * (m - 1) for m, d in zip(kernel.shape, dilation, strict=True)]
    fill = {"fill_value": -3} if "constant" in boundary else {}
    got = sigconv.slide(signal, kernel, "full", method, flip=flip, boundary=boundary, dilation=dilation, **fill)
    ghosts = padded(signal, boundary, reach, -3)
    equal(got, sigconv.slide(ghosts, kernel, "valid", method, flip=flip, dilation=dilation))


@every_method
@given(problem=problems(BOUNDARIES), data=st.data())
def test_modes_are_windows_of_the_full_result(method, problem, data):
    """`same` and `valid` are parts of `full`; a stride keeps every s-th output."""
    signal, kernel = data.draw(integer_arrays(problem["shape"])), data.draw(integer_arrays(problem["kernel_shape"], 1))
    mode, options = problem["mode"], problem["options"]
    if mode == "valid":
        options = {**options, "boundary": "zero"}
    got = sigconv.slide(signal, kernel, mode, method, **options)
    whole = sigconv.slide(signal, kernel, "full", method, **{**options, "center": None, "stride": 1})
    case = oracle.setting(signal, kernel, mode, **options)
    part = whole[np.ix_(*(list(axis.window) for axis in case.space))]
    if got.dtype == np.int64:
        equal(got, part)
        return
    values = oracle.slide(signal, kernel, mode, **options)
    limits = oracle.bound(
        signal, kernel, "full", dtype=float, method=method, **{**options, "center": None, "stride": 1}
    )
    assert not oracle.violations(part, values, limits[np.ix_(*(list(axis.window) for axis in case.space))])


@every_method
@given(shape=shapes(3, 3), kernel_shape=shapes(2, 3), order=st.permutations(range(3)), data=st.data())
def test_axes_permutation(method, shape, kernel_shape, order, data):
    """Transposed operands, with the axes renamed, give the transposed result."""
    signal, kernel = data.draw(integer_arrays(shape)), data.draw(integer_arrays(kernel_shape))
    whole = kernel[:, None, :]  # with all axes, so that it can be transposed too
    result = sigconv.convolve(signal, whole, "same", method, axes=(0, 2), boundary=("wrap", "edge"))
    renamed = order.index(0), order.index(2)
    turned = sigconv.convolve(
        signal.transpose(order), whole.transpose(order), "same", method, axes=renamed, boundary=("wrap", "edge")
    )
    equal(turned, result.transpose(order))


@given(problem=problems(LINEAR), data=st.data())
def test_the_method_changes_no_integer(problem, data):
    """All methods and `auto` give the same integers, shapes and dtypes."""
    signal, kernel = data.draw(integer_arrays(problem["shape"])), data.draw(integer_arrays(problem["kernel_shape"]))
    results = [
        sigconv.slide(signal, kernel, problem["mode"], name, **problem["options"]) for name in (*METHODS, "auto")
    ]
    assert len({(result.tobytes(), result.shape, result.dtype.str) for result in results}) == 1


# --- plans, filters, separable kernels -------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", ["int32", "float32", "complex128"])
@every_method
@given(problem=problems(BOUNDARIES), seed=st.integers(0, 99))
def test_plans_and_filters_repeat_the_call(method, dtype, problem, seed):
    """A plan and a filter give the bits of the plain call."""
    rng = np.random.default_rng(seed)
    signal = strategies.samples(rng, dtype, problem["shape"])
    kernel = strategies.samples(rng, dtype, problem["kernel_shape"], positive=True)
    mode, options = problem["mode"], problem["options"]
    plain = sigconv.slide(signal, kernel, mode, method, **options)
    plan = sigconv.plan(signal.shape, kernel.shape, signal.dtype, kernel.dtype, mode, method, **options)
    applied = sigconv.Filter(kernel, mode, method=method, **options)
    assert plan.method == method
    assert plan(signal, kernel).tobytes() == plain.tobytes()
    assert applied(signal).tobytes() == plain.tobytes()
    out = np.zeros_like(plain)
    assert applied(signal, out=out) is out
    assert out.tobytes() == plain.tobytes()


@pytest.mark.parametrize("dtype", ["int64", "float32"])
@every_method
def test_a_filter_is_shared_between_threads(method, dtype):
    """Threads that call one filter, also with signals of different lengths, get the bits of plain calls."""
    rng = np.random.default_rng(3)
    kernel = strategies.samples(rng, dtype, 50)
    signals_of_many_lengths = [strategies.samples(rng, dtype, 400 + 10 * (i % 12)) for i in range(48)]
    shared = sigconv.Filter(kernel, method=method, boundary="wrap", workers=1)
    with ThreadPoolExecutor(4) as pool:
        results = list(pool.map(shared, signals_of_many_lengths))
    for signal, result in zip(signals_of_many_lengths, results, strict=True):
        plain = sigconv.convolve(signal, kernel, "same", method, boundary="wrap")
        assert result.tobytes() == plain.tobytes()


def test_a_plan_is_a_value():
    """Equal questions have equal plans, which hash alike and cannot be changed."""
    one, two = (sigconv.plan((30, 40), (5, 5), np.float32, boundary="edge") for _ in range(2))
    assert one == two
    assert hash(one) == hash(two)
    assert one != sigconv.plan((30, 41), (5, 5), np.float32, boundary="edge")
    with pytest.raises(AttributeError):
        one.method = "other"
    assert "\n" not in str(one)
    assert one.method in METHODS
    assert one.method in str(one)
    assert all(name in one.explain() for name in METHODS)


@every_method
@given(data=st.data(), mode=st.sampled_from(MODES), boundary=st.sampled_from(LINEAR))
def test_separable_is_an_outer_product(method, data, mode, boundary):
    """`Separable` stands for the outer product of its kernels."""
    first, second = data.draw(signals(4)), data.draw(signals(4))
    signal = data.draw(integer_arrays((5, 6)))
    separable, dense = sigconv.Separable(first, second), np.multiply.outer(first, second)
    wanted = sigconv.convolve(signal, dense, mode, method, boundary=boundary)
    equal(sigconv.convolve(signal, separable, mode, method, boundary=boundary), wanted)
    equal(sigconv.Filter(separable, mode, method=method, boundary=boundary)(signal), wanted)


# --- the adjoint -----------------------------------------------------------------------------------------------------


def inner(a, b):
    """Give Σ a conj(b) without rounding."""
    return sum(x * y.conjugate() for x, y in zip(oracle.exact(a).flat, oracle.exact(b).flat, strict=True))


@every_method
@given(problem=problems(LINEAR), data=st.data())
def test_adjoint_exactly(method, problem, data):
    """⟨f(x) − f(0), y⟩ = ⟨x, f.adjoint(y)⟩ to the last integer; f(0) is what a fill value adds."""
    kernel, x = data.draw(integer_arrays(problem["kernel_shape"])), data.draw(integer_arrays(problem["shape"]))
    fill = {"fill_value": 4} if "constant" in problem["options"]["boundary"] else {}
    applied = sigconv.Filter(kernel, problem["mode"], method=method, **problem["options"], **fill)
    result = applied(x) - applied(np.zeros_like(x))
    y = data.draw(integer_arrays(result.shape))
    back = applied.adjoint(y, shape=x.shape)
    assert back.shape == x.shape
    assert inner(result, y) == inner(x, back)


BROADCASTS = [
    ((3, 4), (2,), -1),
    ((3, 4), (3, 2), 1),
    ((2, 4), (3, 1, 2), -1),
    ((1, 4), (3, 2), 1),
    ((2, 3, 4), (2, 2), (0, 2)),
]


@pytest.mark.parametrize(("shape", "kernel_shape", "axes"), BROADCASTS)
@every_method
@given(mode=st.sampled_from(MODES), boundary=st.sampled_from(LINEAR), data=st.data())
def test_adjoint_of_broadcasting(method, shape, kernel_shape, axes, mode, boundary, data):
    """What was repeated on the way there is summed on the way back."""
    kernel, x = data.draw(integer_arrays(kernel_shape)), data.draw(integer_arrays(shape))
    applied = sigconv.Filter(kernel, mode, method=method, axes=axes, boundary=boundary)
    result = applied(x)
    y = data.draw(integer_arrays(result.shape))
    back = applied.adjoint(y, shape=x.shape)
    assert back.shape == x.shape
    assert inner(result, y) == inner(x, back)


@pytest.mark.parametrize("mode", MODES)
@every_method
def test_adjoint_finds_its_shape(method, mode):
    """Without stride and broadcasting the signal's shape follows from the result's."""
    applied = sigconv.Filter([1, 2, 3], mode, method=method, boundary="edge")
    y = np.arange(applied(np.arange(7)).size)
    equal(applied.adjoint(y), applied.adjoint(y, shape=(7,)))


ADJOINT_ROWS = pairwise(
    {
        "n": (1, 2, 4, 6),
        "m": (1, 2, 3, 5),
        "stride": (1, 2, 3),
        "dilation": (1, 2),
        "flip": (True, False),
        "conjugate": (True, False),
        "boundary": BOUNDARIES,
    }
)


@pytest.mark.parametrize("mode", MODES)
@every_method
def test_adjoint_of_complex_filters(method, mode):
    """On complex numbers ⟨f(x), y⟩ and ⟨x, f.adjoint(y)⟩ differ by no more than both sides' bounds."""
    for row in ADJOINT_ROWS:
        rng = np.random.default_rng([MODES.index(mode), row["n"], row["m"], row["stride"]])
        options = {name: row[name] for name in ("flip", "conjugate", "boundary", "stride", "dilation")}
        kernel = strategies.samples(rng, complex, row["m"], positive=True)
        x = strategies.samples(rng, complex, row["n"])
        defined = [value is not oracle.UNDEFINED for value in oracle.slide(x, kernel, mode, **options)]
        applied = sigconv.Filter(kernel, mode, method=method, **options)
        result = applied(x)
        if not all(defined):  # an output that is no number has no adjoint
            continue
        y = strategies.samples(rng, complex, result.shape)
        back = applied.adjoint(y, shape=x.shape)
        limit = forward_error(x, kernel, y, mode, method, options)
        limit += float((np.abs(x) * adjoint_bound(x.shape, kernel, y, mode, method, options)).sum())
        assert abs(inner(result, y) + -inner(x, back)) <= limit * (1 + 1e-9), (row, kernel, x, y)


def forward_error(x, kernel, y, mode, method, options):
    """Bound the error of ⟨f(x), y⟩: every output's bound times the magnitude that it meets."""
    limits = oracle.bound(x, kernel, mode, dtype=complex, method=method, **options)
    return float((limits * np.abs(y)).sum())


def adjoint_bound(shape, kernel, y, mode, method, options):
    """Bound the error of each sample of f.adjoint(y).

    The adjoint scales y by the factors w (1 but for renormalize), slides it the other way over all positions that f
    reads, and adds the ghosts of each sample, c of them at most: each position has the bound of a sum of m products,
    each sum over ghosts c roundings more, each factor its own relative error.
    """
    rule, m = oracle.arithmetic(complex), kernel.size
    case = oracle.setting(np.ones(shape, complex), kernel, mode, **options)
    factors, factor_errors = factors_of(case, kernel, mode, method, options)
    axis = case.space[0]
    read = [oracle.source(p, axis.n, axis.rule) for p in range(axis.window[0] - axis.reach + 1, axis.window[-1] + 1)]
    ghosts = np.array([read.count(i) for i in range(axis.n)])
    weights = absolute_matrix(case) * np.abs(factors * y)[:, None]
    count = m + 4 + int(ghosts.max())
    limits = (weights * (factor_errors[:, None] + 2 * count * rule.u)).sum(axis=0) + ghosts * m * rule.eta
    if method != "direct":
        norms = float(np.linalg.norm(factors * y) * np.linalg.norm(kernel))
        limits += ghosts * rule.transform(m, oracle.transform_length(case), norms)
    return limits * (1 + 1e-9)


def factors_of(case, kernel, mode, method, options):
    """Give the renormalising factors and a bound of their relative errors (that of a signal of ones)."""
    _, present = oracle.sums(case)
    if not case.renormalized:
        return np.ones(len(present)), np.zeros(len(present))
    total = sum(case.kernel.flat)
    factors = np.array([complex(*map(float, parts(total / p))) for p in present])
    ones = np.ones(case.signal.shape, complex)
    limits = oracle.bound(ones, kernel, mode, dtype=complex, method=method, **options)
    return factors, limits / abs(total)


def parts(value):
    """Give the real and the imaginary part of an exact number."""
    return oracle.gaussian(value).re, oracle.gaussian(value).im


def absolute_matrix(case):
    """Give the matrix of the filter with the kernel's magnitudes: row k is output k, column i is sample i."""
    units = np.eye(case.space[0].n, dtype=int).astype(object)
    kernel = oracle.magnitudes(case.kernel)
    columns = [oracle.sums(case._replace(signal=unit, kernel=kernel))[0] for unit in units]
    return np.array(columns, float).T


@every_method
def test_adjoint_of_a_renormalised_filter_on_integers(method):
    """The adjoint scales before it slides back: checked against the transposed matrix of exact numbers."""
    kernel, options = np.array([1, 2, 4]), {"flip": True, "boundary": "renormalize"}
    columns = [oracle.slide(unit, kernel, "same", **options) for unit in np.eye(5, dtype=int)]
    y = np.array([3, -1, 4, 1, -5])
    wanted = np.array([sum(a * int(b) for a, b in zip(column, y, strict=True)) for column in columns], object)
    back = sigconv.Filter(kernel, "same", method=method, boundary="renormalize").adjoint(y)
    limits = adjoint_bound((5,), kernel, y, "same", method, options)
    assert not oracle.violations(back, wanted, limits)
